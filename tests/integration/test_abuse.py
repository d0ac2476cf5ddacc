"""Attacks on one port, while somebody else visits: they are answered, the
worker's memory stays where it was, and nothing is left behind.  The bench runs
the same in full size and measures."""

import contextlib
import socket
import threading
import time
import unittest

from towpath import wait_for
from towpath.abuse import (SLOW_MODES, Visitor, descriptors, half_open,
                           many_fields, rss, slow, sockets)
from towpath.edge import Case, all_of, request
from towpath.util import IS_ASAN, PATIENCE

# MB that an attack of this size may cost; a sanitizer keeps freed memory.
SLACK = 400 if IS_ASAN else 40


class Abuse(Case):
    config = {"router": {"workers": 1, "log_level": "info"}}

    def worker(self):
        return self.workers()[0]

    def connections(self):
        """Clients' ones; those to backends wait for the next request."""
        return self.daemon.json("status")["workers"]["connections_open"]

    @contextlib.contextmanager
    def unharmed(self):
        """The visitor gets every answer, memory stays, all is tidied up."""
        pid = self.worker()
        before = rss(pid)
        with Visitor(self.daemon.https, self.host) as visitor:
            wait_for(lambda: len(visitor.took) > 4)
            yield visitor
            n = len(visitor.took)
            wait_for(lambda: len(visitor.took) > n + 10)
            self.assertLess(rss(pid) - before, SLACK, "MB")
        # a machine that is busy enough loses a handshake to its deadline
        self.assertLess(len(visitor.wrong), 1 + len(visitor.took) / 20,
                        visitor.wrong)
        self.assertEqual(self.worker(), pid)
        wait_for(lambda: self.connections() < 10,
                 what="connections are forgotten")

    def test_slow_heads_bodies_ranges_and_readers(self):
        """slowhttptest, all four modes at once."""
        with self.unharmed() as visitor, contextlib.ExitStack() as attacks:
            for mode in SLOW_MODES:
                path = "/bytes/100000" if mode == "slow read" else "/"
                attacks.enter_context(
                    slow(mode, self.daemon.http, self.host, path))
            wait_for(lambda: sockets(self.worker()) > 300,
                     what="the attack is on")
            n = len(visitor.took)
            wait_for(lambda: len(visitor.took) > n + 30)

    def test_a_hundred_thousand_fields(self):
        with self.unharmed():
            answers = [many_fields(self.daemon.http, self.host, 100_000)
                       for _ in range(5)]
        for data in answers:
            self.assertIn(data[:13], (b"HTTP/1.1 431 ", b""), data[:200])
        self.assertIn(b"HTTP/1.1 431 ", b"".join(answers))

    def test_handshakes_that_never_go_on(self):
        with descriptors() as most:
            n = min(400 if IS_ASAN else 1500, most // 3)
            with self.unharmed() as visitor, \
                    half_open(self.daemon.https, self.host, n) as socks:
                wait_for(lambda: len(socks) == n)
                seen = len(visitor.took)
                wait_for(lambda: len(visitor.took) > seen + 20)

    def test_who_asks_and_never_reads(self):
        """Thousands of pipelined requests for large answers, none of which is
        taken: what waits for each client has its limit."""
        data = request(self.host, "/bytes/200000") * 200
        with self.unharmed() as visitor:
            socks = []
            for _ in range(30):
                s = socket.create_connection(("127.0.0.1", self.daemon.http))
                s.settimeout(0.05)
                try:
                    s.sendall(data)
                except OSError:
                    pass
                socks.append(s)
            seen = len(visitor.took)
            wait_for(lambda: len(visitor.took) > seen + 20)
            for s in socks:
                s.close()

    def test_chunks_of_one_byte_are_borne_and_empty_talk_is_not(self):
        with self.unharmed():
            with self.connect(self.host) as s:
                s.settimeout(PATIENCE)
                s.sendall(request(self.host, "/", "POST",
                                  "Transfer-Encoding: chunked")
                          + b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n")
                self.assertEqual(s.recv(12), b"HTTP/1.1 200")
            for talk in (b"1;" + b"e" * 100_000 + b"\r\nx\r\n",
                         b"0" * 100_000 + b"1\r\nx\r\n",
                         b"1;e=f\r\nx\r\n" * 100_000,
                         b"0\r\n" + b"T: " + b"t" * 100_000 + b"\r\n"):
                with self.connect(self.host, tls=False) as s:
                    try:
                        s.sendall(request(self.host, "/", "POST",
                                          "Transfer-Encoding: chunked")
                                  + talk)
                    except OSError:
                        pass
                    if talk.count(b"\r\n") < 10:
                        self.assertTrue(all_of(s, PATIENCE)[0].startswith(
                            b"HTTP/1.1 400 "), talk[:20])

    def test_connections_that_come_and_go(self):
        def knock(port, data):
            for _ in range(500):
                try:
                    with socket.create_connection(("127.0.0.1", port)) as s:
                        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     b"\1\0\0\0\0\0\0\0")
                        s.sendall(data)
                except OSError:
                    pass
                time.sleep(0.001)
        with self.unharmed():
            threads = [
                threading.Thread(target=knock, args=args) for args in (
                    (self.daemon.http, request(self.host)),
                    (self.daemon.http, b"GET / HT"),
                    (self.daemon.https, b"\x16\x03\x01\x02\x00\x01"),
                    (self.daemon.https, request(self.host)))]
            for t in threads:
                t.start()
            for t in threads:
                t.join()


if __name__ == "__main__":
    unittest.main()
