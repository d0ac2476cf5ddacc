"""Tests that need no certificate: apps at NAME.apps.example, asked over plain
HTTP, with backends that do as they are told."""

import concurrent.futures
import contextlib
import threading
import unittest

from .backend import Backend
from .client import Https, http
from .daemon import Daemon
from .util import wait_for

DOMAIN = "apps.example"


class Gate:
    """Behaviour of a backend that answers each request only when it is let:
    gate.open() for all, gate.one() for one of those that wait."""

    def __init__(self):
        self.places = threading.Semaphore(0)
        self.taken = 0
        self.lock = threading.Lock()

    def __call__(self, sock):
        stream = sock.makefile("rb")
        while line := stream.readline():
            path = line.split()[1].decode()
            while stream.readline() not in (b"\r\n", b""):
                pass
            with self.lock:
                self.taken += 1
            self.places.acquire()
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
                         % (len(path), path.encode()))

    def one(self):
        self.places.release()

    def open(self):
        self.places.release(10000)


class AppCase(unittest.TestCase):
    config = {}

    @classmethod
    def setUpClass(cls):
        sections = {"platform": {"apps_domain": DOMAIN}, **cls.config}
        cls.daemon = Daemon(**sections)
        cls.n_apps = 0
        cls.stack = contextlib.ExitStack()
        cls.pool = concurrent.futures.ThreadPoolExecutor(40)

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()
        cls.daemon.close()
        cls.pool.shutdown(wait=False, cancel_futures=True)

    @classmethod
    def backend(cls, name="sample", behave=None, **kw):
        return cls.stack.enter_context(Backend(name, behave, **kw))

    def gated(self):
        """(gate, backend): opened at the latest when the test ends."""
        gate = Gate()
        self.addCleanup(gate.open)
        return gate, self.backend(behave=gate)

    def app(self, *backends, **settings):
        """(name, host) of a new app."""
        cls = type(self)
        cls.n_apps += 1
        name, d = f"app{cls.n_apps}", self.daemon
        d.cli("apps", "create", name,
              *(w for b in backends for w in ("--backend", b)))
        if settings:
            d.cli("apps", "set", name,
                  *(f"{k}={v}" for k, v in settings.items()))
        return name, f"{name}.{DOMAIN}"

    def ask(self, host, path="/", **kw):
        return http(self.daemon.http, host, path, **kw)

    def later(self, host, path="/", **kw):
        """The same, to be waited for: .result()."""
        return self.pool.submit(self.ask, host, path, **kw)

    def lines_of(self, host):
        return [x for x in self.daemon.lines() if f"host={host} " in x]

    def refused(self, code, host, path="/", **kw):
        """The answer carries this code, and so does the log."""
        answer = self.ask(host, path, **kw)
        self.assertEqual(answer.headers.get("x-towpath-error"), code)
        return answer, wait_for(lambda: [
            x for x in self.lines_of(host) if f" code={code} " in x])[-1]

    def names(self, host, n, **kw):
        """Names of the backends that answered n requests on one connection."""
        with Https(self.daemon.http, host, plain=True) as c:
            return [c.request("/", **kw).json()["name"] for _ in range(n)]

    def wait_queued(self, request_id):
        """The request with that id waits in a worker's queue."""
        wait_for(lambda: f"request {request_id}: queued" in
                 self.daemon.log_text(), what=f"{request_id} is queued")
