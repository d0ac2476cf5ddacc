"""More than a worker can hold: who waits is let in later, who holds something
for nothing is sent away first, and visitors are served all the while."""

import contextlib
import pathlib
import re
import resource
import socket
import ssl
import subprocess
import threading
import unittest

from towpath import Backend, Daemon, handshake, http, wait_for
from towpath.edge import OK, head_of, request
from towpath.util import IS_ASAN

READY = "/.well-known/towpath/ready"
HEAD = b"GET / HTTP/1.1\r\nHost: any.test\r\nX-Long: "


def worker(d):
    return d.children()["worker 0"]


def held(pid):
    """MB of memory that are no file's."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+)", text)[1]) / 1024


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1]
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / 100


def is_over(sock):
    """Whether the other side has ended it."""
    sock.settimeout(0.01)
    try:
        return sock.recv(65536) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


class Poor(Daemon):
    """Allowed fewer descriptors than its connections take."""

    def spawn(self):
        self.write_config()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["prlimit", "--nofile=40:40", self.program, "-c", self.conf],
                stdout=log, stderr=log, env=self.environment())
        return self.process


class Overload(unittest.TestCase):
    def start(self, **router):
        d = Daemon(router={"workers": 1, "log_level": "info", **router})
        self.addCleanup(d.close)
        return d

    def connections(self, port, n):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        return [stack.enter_context(
            socket.create_connection(("127.0.0.1", port))) for _ in range(n)]

    def ready(self, d):
        return http(d.http, "any.test", READY).status == 200

    def test_idle_connections_make_room_when_there_are_as_many_as_may_be(self):
        d = self.start(max_connections=20)
        idle = self.connections(d.http, 60)
        for _ in range(3):
            self.assertTrue(self.ready(d))
        wait_for(lambda: sum(map(is_over, idle)) >= 40)
        self.assertFalse(is_over(idle[-1]), "the oldest go first")

    def test_who_finds_no_room_waits_until_there_is(self):
        d = self.start(max_connections=4)
        under_way, go_on = threading.Semaphore(0), threading.Semaphore(0)

        def slow(sock):
            head_of(sock)
            under_way.release()
            go_on.acquire(timeout=60)
            sock.sendall(OK)
        app = Backend("slow", behave=slow)
        self.addCleanup(app.close)
        d.cli("apps", "create", "slow", "--backend", app.address)
        d.cli("domains", "add", "slow.example.test", "--app", "slow")
        busy = []
        for _ in range(4):
            busy += self.connections(d.http, 1)
            busy[-1].sendall(request("slow.example.test"))
            self.assertTrue(under_way.acquire(timeout=60))
        later = self.connections(d.http, 1)[0]
        later.sendall(request("any.test", READY))
        self.assertFalse(is_over(later))
        for c in busy:
            go_on.release()
        for c in (*busy, later):
            c.settimeout(60)
            self.assertIn(b"200 OK", c.recv(65536))

    def test_no_descriptor_left_is_no_busy_loop_and_no_refusal(self):
        d = Poor(start=False, router={"workers": 1, "log_level": "info",
                                      "max_connections": 32})
        self.addCleanup(d.close)
        d.start()
        idle = self.connections(d.http, 40)
        wait_for(lambda: "no descriptor left" in d.log_text())
        before = processor_seconds(worker(d))
        for _ in range(3):
            self.assertTrue(self.ready(d))
        wait_for(lambda: sum(map(is_over, idle)) >= 5)
        self.assertFalse(is_over(idle[-1]), "the oldest go first")
        self.assertLess(processor_seconds(worker(d)) - before, 1)

    def test_half_open_handshakes_do_not_keep_others_out(self):
        d = self.start()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        half = self.connections(d.https, 2300)
        for c in half[-50:]:
            c.sendall(b"\x16\x03\x01\x02")
        # an answer, whatever it says
        with self.assertRaisesRegex(ssl.SSLError, "(?i)unrecognized"):
            handshake(d.https, "any.test").close()
        self.assertTrue(self.ready(d))
        wait_for(lambda: is_over(half[0]))
        self.assertFalse(is_over(half[-1]), "the oldest go first")

    def test_memory_has_a_ceiling(self):
        if IS_ASAN:
            return  # its own memory is beyond any ceiling
        d = self.start(max_memory="32M")
        pid = worker(d)
        # heads that never end, of 50 KB each: 50 MB
        holders = self.connections(d.http, 1000)
        for c in holders:
            with contextlib.suppress(OSError):
                c.sendall(HEAD + b"x" * 50_000)
        wait_for(lambda: "memory is short" in d.log_text())
        self.assertTrue(self.ready(d))
        self.assertLess(held(pid), 40)
        wait_for(lambda: any(map(is_over, holders[:50])))
        for c in holders:
            c.close()
        wait_for(lambda: held(pid) < 28, what="what was held is given back")
        self.assertTrue(self.ready(d))
        self.assertEqual(worker(d), pid)


if __name__ == "__main__":
    unittest.main()
