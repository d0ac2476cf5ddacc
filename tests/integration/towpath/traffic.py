"""Clients that never rest while something is done to the daemon, and that
forgive nothing: a connection that is refused or reset, an answer to another
question, a WebSocket that ends before its time."""

import json
import random
import select
import threading
import time

from .backend import Backend
from .client import handshake
from .http2 import Ended, Http2, REFUSED_STREAM
from .util import PATIENCE

UPGRADE = ("GET /tunnel HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\n"
           "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
SWITCHED = ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")


def echo(sock):
    """A backend whose WebSockets say back what they hear, byte by byte."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = sock.recv(1)
        if not piece:
            return
        head += piece
    sock.sendall(SWITCHED.encode())
    while piece := sock.recv(4096):
        sock.sendall(piece)


def _exactly(s, n):
    data = b""
    while len(data) < n:
        piece = s.recv(n - len(data))
        if not piece:
            raise ConnectionError("tunnel closed")
        data += piece
    return data


class _Client(threading.Thread):
    def __init__(self, traffic, number):
        super().__init__(daemon=True)
        self.traffic, self.number = traffic, number
        self.asked = 0

    def next_path(self):
        self.asked += 1
        return f"/{type(self).__name__}/{self.number}/{self.asked}"

    def check(self, path, status, body):
        if status != 200 or json.loads(body)["path"] != path:
            self.traffic.fail(self, f"{path}: {status} {body[:200]!r}")
        self.traffic.count(self)

    def run(self):
        while not self.traffic.stopping.is_set():
            try:
                self.live()
            except Exception as e:  # whatever it is, it must not be
                self.traffic.fail(self, repr(e))
                time.sleep(0.1)

    def rest(self):
        """A moment between two requests; False: it is over."""
        return not self.traffic.stopping.wait(random.uniform(0, 0.02))


class Http1Client(_Client):
    """Keep-alive until it is told to close, and never longer."""

    def live(self):
        with handshake(self.traffic.port, self.traffic.host) as s, \
                s.makefile("rb") as f:
            while self.rest():
                path = self.next_path()
                s.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.traffic.host}"
                          "\r\n\r\n".encode())
                if self.answer(path, f):
                    return

    def answer(self, path, f):
        line = f.readline()
        if not line:
            raise ConnectionError(f"{path}: closed without an answer")
        fields = {}
        while (field := f.readline().strip()):
            name, _, value = field.decode().partition(":")
            fields[name.lower()] = value.strip()
        body = f.read(int(fields["content-length"]))
        self.check(path, int(line.split()[1]), body)
        return fields.get("connection") == "close"


class Http2Client(_Client):
    """One request after the other, until there is a GOAWAY.  What that says is
    not begun is asked again elsewhere, as HTTP/2 means it to be."""

    def live(self):
        with Http2(self.traffic.port, self.traffic.host) as c:
            path = None
            try:
                while self.rest():
                    self.hear(c)
                    if c.goaways:
                        return
                    path = self.next_path()
                    stream = c.get(path)
                    if stream.reset == REFUSED_STREAM:
                        break
                    self.check(path, stream.status, stream.body)
                    path = None
            except Ended:
                if not c.goaways or (
                        path and c.goaways[-1][0] >= c.next_id - 2):
                    raise
            if path and self.counts_as_repeated(c):
                self.traffic.repeated += 1

    @staticmethod
    def counts_as_repeated(c):
        return c.goaways and c.goaways[-1][0] < c.next_id - 2

    @staticmethod
    def hear(c):
        while c.sock.pending() or select.select([c.sock], [], [], 0)[0]:
            c.read()


class WebSocket(_Client):
    """Says something now and then, and hears it back.  It may end no earlier
    than `patience` seconds after the first change that it lived to see."""

    def live(self):
        begun = time.monotonic()  # no later than the router's idea of it
        with self.traffic.tunnel() as s:
            self.traffic.count(self)
            try:
                while self.rest():
                    self.speak(s)
                    self.traffic.stopping.wait(self.traffic.pause)
            except OSError as e:
                if not self.traffic.may_end(begun):
                    raise ConnectionError(f"tunnel cut: {e!r}") from e
                self.traffic.ended += 1

    def speak(self, s):
        said = self.next_path().encode()
        s.sendall(said)
        heard = _exactly(s, len(said))
        if heard != said:
            self.traffic.fail(self, f"said {said!r}, heard {heard!r}")
        self.traffic.count(self)


class Traffic:
    """with Traffic(daemon, h1=4, h2=4, websockets=5) as t: ...; t.check()

    patience: how long a WebSocket must live after it was replaced; None: as
    long as the traffic.
    """

    host, host_ws = "www.traffic.example", "ws.traffic.example"

    def __init__(self, daemon, h1=0, h2=0, websockets=0, patience=None,
                 pause=0.05):
        self.port = daemon.https
        self.patience, self.pause = patience, pause
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.failures, self.counts = [], {}
        self.changes = []    # (begin, end) of what was done
        self.ended = 0       # WebSockets whose time had come
        self.repeated = 0    # HTTP/2 requests that were not begun
        self.apps = {"traffic": Backend("traffic"),
                     "tunnels": Backend("tunnels", behave=echo)}
        for (name, app), host in zip(self.apps.items(),
                                     (self.host, self.host_ws)):
            daemon.cli("apps", "create", name, "--backend", app.address)
            daemon.cli("domains", "add", host, "--app", name)
        self.clients = ([Http1Client(self, i) for i in range(h1)]
                        + [Http2Client(self, i) for i in range(h2)]
                        + [WebSocket(self, i) for i in range(websockets)])

    def __enter__(self):
        for c in self.clients:
            c.start()
        self.wait_for_more(1)
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for c in self.clients:
            c.join(PATIENCE)
        for app in self.apps.values():
            app.close()

    def tunnel(self):
        """A WebSocket that says nothing by itself."""
        s = handshake(self.port, self.host_ws)
        s.sendall(UPGRADE.format(self.host_ws).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += _exactly(s, 1)
        if head.split()[1] != b"101":
            raise ConnectionError(f"no tunnel: {head[:100]!r}")
        return s

    # --- told by the clients -------------------------------------------------
    def fail(self, client, what):
        with self.lock:
            self.failures.append(
                f"{time.strftime('%T')} {type(client).__name__} "
                f"{client.number}: {what}")

    def count(self, client):
        with self.lock:
            self.counts[client] = self.counts.get(client, 0) + 1

    def may_end(self, begun):
        """Whether the time of a WebSocket from then has come."""
        replaced = [max(begun, start) for start, end in self.changes
                    if end >= begun]
        return (self.patience is not None and replaced
                and time.monotonic() - replaced[0] >= self.patience)

    # --- for the test --------------------------------------------------------
    def changed(self):
        """A change begins, from which on WebSockets are replaced."""
        self.changes.append((time.monotonic(), float("inf")))

    def done(self):
        """It is done: those from now on are not of it."""
        self.changes[-1] = (self.changes[-1][0], time.monotonic())

    def wait_for_more(self, n):
        """Until each client has got n answers more, or something failed."""
        before = dict(self.counts)
        end = time.monotonic() + PATIENCE
        while not self.failures and any(
                self.counts.get(c, 0) < before.get(c, 0) + n
                for c in self.clients):
            if time.monotonic() > end:
                raise AssertionError(f"a client is stuck: {self.summary()}")
            time.sleep(0.01)

    def summary(self):
        kinds = {}
        for client, n in self.counts.items():
            kind = type(client).__name__
            kinds[kind] = kinds.get(kind, 0) + n
        return (f"{kinds}, ended {self.ended}, repeated {self.repeated}, "
                f"failed {len(self.failures)}")

    def check(self):
        if self.failures:
            raise AssertionError(self.summary() + "\n"
                                 + "\n".join(self.failures[:20]))
