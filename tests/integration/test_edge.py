"""The worker under hostile and unlucky peers: what is pipelined, cut, slow,
half-closed, reused, resumed, killed or drained."""

import contextlib
import json
import os
import pathlib
import random
import re
import select
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from towpath import (Backend, Ca, Daemon, Https, get, handshake, http,
                     served, wait_for)
from towpath.edge import OK, Case, all_of, head_of, request, response
from towpath.util import BUILD, IS_ASAN


class Messages(Case):
    def test_pipelined_requests_are_answered_in_order(self):
        for tls in (True, False):
            with self.subTest(tls=tls), self.connect(self.host, tls) as s:
                s.sendall(b"".join(request(self.host, f"/p{i}")
                                   for i in range(300)))
                stream = s.makefile("rb")
                for i in range(300):
                    status, _, body = response(stream)
                    self.assertEqual(status, 200)
                    self.assertIn(f'"/p{i}"'.encode(), body)

    def test_pipelined_bodies_are_not_taken_for_requests(self):
        evil = request(self.host, "/evil")
        with self.connect(self.host) as s:
            s.sendall(request(self.host, "/a", "POST",
                              f"Content-Length: {len(evil)}", body=evil)
                      + request(self.host, "/b", "POST",
                                "Transfer-Encoding: chunked",
                                body=b"%x\r\n%s\r\n0\r\n\r\n"
                                % (len(evil), evil))
                      + request(self.host, "/c"))
            stream = s.makefile("rb")
            for path in ("/a", "/b", "/c"):
                self.assertIn(f'"{path}"'.encode(), response(stream)[2])
        self.assertNotIn(("GET", "/evil"), self.app.seen)

    def test_many_small_writes_in_one_record_or_many(self):
        data = request(self.host, "/bytes")
        with self.connect(self.host) as s:
            for i in range(len(data)):
                s.sendall(data[i:i + 1])
            self.assertEqual(response(s.makefile("rb"))[0], 200)

    def test_responses_without_a_body_leave_the_connection_in_step(self):
        answers = {
            "/204": b"HTTP/1.1 204 No Content\r\n\r\n",
            "/304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n"
                    b"\r\n",
            "/head": b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",
            "/chunkedhead": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
                            b"\r\n\r\n",
            "/early": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK,
            "/zero": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "/chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n",
        }

        def behave(sock):
            while (head := head_of(sock)[0]):
                sock.sendall(answers[head.split()[1].decode()])
        with Backend(behave=behave) as b, \
                self.connect(host := self.host_of(b.address)) as s:
            stream = s.makefile("rb")
            for _ in range(3):
                for path in answers:
                    is_head = "head" in path
                    s.sendall(request(host, path,
                                      "HEAD" if is_head else "GET"))
                    status, headers, body = response(stream, not is_head)
                    if path == "/early":
                        self.assertEqual((status, headers["link"]),
                                         (103, "</a>"))
                        status, headers, body = response(stream)
                    self.assertEqual(status, {"/204": 204, "/304": 304}.get(
                        path, 200))
                    self.assertEqual(body, {"/early": b"ok", "/chunks":
                                            b"abcde"}.get(path, b""))
                    if path == "/204":
                        self.assertNotIn("content-length", headers)
                    if path == "/head":
                        self.assertEqual(headers["content-length"], "5000")

    def test_expect_100_continue_is_the_backends_to_answer(self):
        def behave(sock):
            while True:
                head, _ = head_of(sock)
                if not head:
                    return
                if b"/no" in head:
                    sock.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n"
                                 b"\r\n")
                    continue
                sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = b""
                while len(body) < 5:
                    body += sock.recv(65536)
                sock.sendall(OK)
        with Backend(behave=behave) as b:
            host = self.host_of(b.address)
            with self.connect(host) as s:
                stream = s.makefile("rb")
                for _ in range(2):
                    s.sendall(request(host, "/yes", "POST",
                                      "Content-Length: 5",
                                      "Expect: 100-continue"))
                    self.assertEqual(response(stream)[0], 100)
                    s.sendall(b"hello")
                    self.assertEqual(response(stream)[0], 200)
                s.sendall(request(host, "/no", "POST", "Content-Length: 5",
                                  "Expect: 100-continue"))
                status, headers, _ = response(stream)
                self.assertEqual((status, headers["connection"]),
                                 (401, "close"))

    def test_chunked_bodies_stream_both_ways_at_once(self):
        def echo(sock):
            _, rest = head_of(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                         b"\r\n" + rest)
            while (piece := sock.recv(65536)):
                sock.sendall(piece)
                if piece.endswith(b"0\r\n\r\n"):
                    return
        with Backend(behave=echo) as b, \
                self.connect(host := self.host_of(b.address)) as s:
            s.sendall(request(host, "/", "POST", "Transfer-Encoding: chunked"))
            stream = s.makefile("rb")
            while stream.readline() != b"\r\n":
                pass
            for i in range(200):
                piece = b"%04d" % i * 50
                s.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                got = b""
                while len(got) < len(piece):
                    size = int(stream.readline(), 16)
                    got += stream.read(size)
                    stream.readline()
                self.assertEqual(got, piece)
            s.sendall(b"0\r\n\r\n")
            self.assertEqual(stream.readline(), b"0\r\n")

    def test_an_absolute_target_reaches_the_app_as_it_was_meant(self):
        for behind, path in (("", "/"), ("/a?b", "/a?b"), ("?a=/b", "/?a=/b"),
                             ("?", "/?"), ("/?x=http://y", "/?x=http://y")):
            with self.subTest(behind), self.connect(self.host) as s:
                s.sendall(request(self.host, f"http://{self.host}{behind}"))
                status, _, body = response(s.makefile("rb"))
                self.assertEqual(status, 200)
                self.assertEqual(json.loads(body)["path"], path)

    def test_a_close_with_requests_behind_it_loses_no_answer(self):
        """Unread bytes in the kernel would turn our FIN into a reset."""
        for tls in (True, False):
            with self.subTest(tls=tls), self.connect(self.host, tls) as s:
                s.sendall(request(self.host, "/bytes/300000", "GET",
                                  "Connection: close")
                          + request(self.host) * 4000)
                data, fine = all_of(s)
                self.assertTrue(data.endswith(b"x" * 300000), len(data))
                self.assertTrue(fine)


class Cuts(Case):
    def behaving(self, behave):
        b = Backend(behave=behave)
        self.addCleanup(b.close)
        return self.host_of(b.address)

    def connect_strictly(self, host, tls):
        """To whom an end of TLS without a goodbye is an error."""
        if not tls:
            return self.connect(host, tls)
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
        ctx.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        s = handshake(self.daemon.https, host, ctx=ctx)
        s.suppress_ragged_eofs = False
        return s

    def test_a_truncated_body_is_never_told_as_complete(self):
        starts = {
            "/length": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
            "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                        b"\r\n3\r\nabc\r\n",
            "/inchunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                        b"\r\n64\r\nabc",
        }

        def behave(sock):
            sock.sendall(starts[head_of(sock)[0].split()[1].decode()])
            time.sleep(0.1)
        host = self.behaving(behave)
        for version in ("1.1", "1.0"):
            for tls in (True, False):
                for path in starts:
                    with self.subTest(path=path, tls=tls, version=version), \
                            self.connect_strictly(host, tls) as s:
                        s.sendall(request(host, path).replace(
                            b"HTTP/1.1", b"HTTP/" + version.encode()))
                        data, fine = all_of(s)
                        self.assertIn(b"abc", data)
                        self.assertFalse(data.endswith(b"0\r\n\r\n"), data)
                        if b"Content-Length" not in data and \
                                b"chunked" not in data:
                            self.assertFalse(fine, "a clean end")

    def test_a_body_until_the_end_that_was_reset_is_cut(self):
        def behave(sock):
            head_of(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\n\r\nabc")
            time.sleep(0.1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            b"\1\0\0\0\0\0\0\0")
            sock.close()
        host = self.behaving(behave)
        with self.connect(host) as s:
            s.sendall(request(host))
            self.assertFalse(all_of(s)[0].endswith(b"0\r\n\r\n"))
        wait_for(lambda: self.coded("H18", host))

    def test_a_body_until_the_end_is_whole_with_the_end(self):
        def behave(sock):
            head_of(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"y" * 100000)
        host = self.behaving(behave)
        self.assertEqual(get(self.daemon.https, host).body, b"y" * 100000)

    def test_an_early_answer_to_an_upload_reaches_the_client(self):
        def behave(sock):
            head_of(sock)
            sock.sendall(b"HTTP/1.1 413 Too Much\r\nContent-Length: 4\r\n"
                         b"Connection: close\r\n\r\nmuch")
        host = self.behaving(behave)
        for tls in (True, False):
            for size in (1000, 60_000, 20_000_000):
                with self.subTest(tls=tls, size=size), \
                        self.connect(host, tls) as s:
                    s.sendall(request(host, "/", "POST",
                                      f"Content-Length: {size}"))
                    for _ in range(0, size, 1000):
                        if size > 65536 and select.select([s], [], [], 0)[0]:
                            break  # as a browser does: it reads and leaves
                        s.sendall(b"z" * 1000)
                    else:
                        # a short one is read to its end, and goes on
                        s.sendall(request(host, "/", "GET",
                                          "Connection: close"))
                    got = all_of(s)[0]
                    self.assertTrue(got.startswith(b"HTTP/1.1 413"), got)
                    self.assertIn(b"much", got)
                    self.assertEqual(got.count(b"HTTP/1.1 413"),
                                     1 if size > 65536 else 2)

    def test_our_own_413_closes_after_it_was_read(self):
        host = self.host_of(self.app.address, max_body="1000")
        for fields, body in (
                (("Content-Length: 5000000",), b"q" * 5_000_000),
                (("Transfer-Encoding: chunked",),
                 b"1000\r\n" + b"q" * 4096 + b"\r\n0\r\n\r\n")):
            with self.connect(host) as s:
                try:
                    s.sendall(request(host, "/", "POST", *fields, body=body))
                except OSError:
                    pass
                self.assertTrue(all_of(s)[0].startswith(b"HTTP/1.1 413"))

    def test_an_aborted_exchange_never_gives_its_connection_on(self):
        """A half-read response must not answer the next request."""
        def behave(sock):
            while (head := head_of(sock)[0]):
                path = head.split()[1]
                if path == b"/slow":
                    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n"
                                 b"\r\nhalf")
                    time.sleep(0.3)
                    try:
                        sock.sendall(b"p" * 196)
                    except OSError:
                        return
                else:
                    body = b"me:" + path
                    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n"
                                 b"\r\n%s" % (len(body), body))
        host = self.behaving(behave)
        for i in range(10):
            with self.connect(host) as s:
                s.sendall(request(host, "/slow"))
                s.recv(10)
            self.assertEqual(get(self.daemon.https, host, f"/n{i}").body,
                             f"me:/n{i}".encode())

    def test_bytes_behind_a_response_never_answer_the_next_request(self):
        def behave(sock):
            while (head := head_of(sock)[0]):
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
                             + head.split()[1][-3:]
                             + b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
                             + b"BAD")
        host = self.behaving(behave)
        with Https(self.daemon.https, host) as c:
            for i in range(100, 130):
                self.assertEqual(c.request(f"/{i}").body, str(i).encode())

    def test_a_request_on_a_dead_idle_connection_is_repeated_unseen(self):
        """The backend closes every connection after its second request's
        head: to the client that must never show."""
        def behave(sock):
            if head_of(sock)[0]:
                sock.sendall(OK)
            head_of(sock)
        host = self.behaving(behave)
        with Https(self.daemon.https, host) as c:
            for _ in range(20):
                self.assertEqual(c.request("/").status, 200)
            for _ in range(5):
                self.assertEqual(c.request("/", "DELETE").status, 200)
        self.assertFalse(self.coded("H13", host))

    def test_a_post_that_may_have_been_seen_is_not_repeated(self):
        seen = []

        def behave(sock):
            head = head_of(sock)[0]
            if head:
                seen.append(head.split()[0])
        host = self.behaving(behave)
        answer = get(self.daemon.https, host, method="POST", body=b"pay")
        self.assertEqual((answer.status, answer.headers["x-towpath-error"]),
                         (503, "H13"))
        self.assertEqual(seen, [b"POST"])

    def test_half_a_head_from_a_backend_is_no_answer(self):
        host = self.behaving(lambda s: (head_of(s), s.sendall(
            b"HTTP/1.1 200 OK\r\nContent-"), time.sleep(0.05)))
        answer = get(self.daemon.https, host)
        self.assertEqual(answer.headers["x-towpath-error"], "H13")

    def test_endless_interim_responses_end(self):
        def behave(sock):
            head_of(sock)
            try:
                for _ in range(200000):
                    sock.sendall(b"HTTP/1.1 103 Early\r\nX: "
                                 + b"h" * 900 + b"\r\n\r\n")
            except OSError:
                pass
        host = self.behaving(behave)
        with self.connect(host) as s:
            s.sendall(request(host, "/", "GET", "Connection: close"))
            data, _ = all_of(s)
            self.assertLess(len(data), 1_000_000)
            self.assertIn(b"X-Towpath-Error: H25", data)


# MB that a gigabyte in flight may cost; a sanitizer keeps freed memory.
SLACK = 400 if IS_ASAN else 16


class Slow(Case):
    def rss(self):
        """MB of the larger worker."""
        return max(int(re.search(
            r"VmRSS:\s+(\d+)",
            pathlib.Path(f"/proc/{pid}/status").read_text())[1])
            for pid in self.workers()) / 1024

    def test_a_slow_reader_costs_no_memory(self):
        size = 1 << 30

        def flood(sock):
            head_of(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
                         % size)
            block = b"f" * (1 << 20)
            try:
                for _ in range(1024):
                    sock.sendall(block)
            except OSError:
                pass
        with Backend(behave=flood) as b:
            host = self.host_of(b.address)
            before = self.rss()
            clients = [self.connect(host, tls)
                       for tls in (True, False) for _ in range(10)]
            for c in clients:
                c.sendall(request(host))
            time.sleep(2)
            self.assertLess(self.rss() - before, SLACK)
            got = 0
            while got < 50_000_000:
                got += len(clients[0].recv(1 << 20))
            self.assertLess(self.rss() - before, SLACK)
            for c in clients:
                c.close()

    def test_a_backend_that_reads_slowly_costs_no_memory(self):
        def lazy(sock):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            head_of(sock)
            time.sleep(4)
        with Backend(behave=lazy) as b:
            host = self.host_of(b.address)
            before, clients = self.rss(), []
            for tls in (True, False):
                for _ in range(10):
                    c = self.connect(host, tls)
                    c.settimeout(0.2)
                    clients.append(c)
                    try:
                        c.sendall(request(host, "/", "POST",
                                          "Content-Length: 100000000"))
                        c.sendall(b"u" * 20_000_000)
                    except (TimeoutError, OSError):
                        pass
            self.assertLess(self.rss() - before, SLACK)
            for c in clients:
                c.close()

    def test_thousands_of_idle_connections_and_half_open_handshakes(self):
        idle, half = (500, 200) if IS_ASAN else (5000, 2000)
        import resource
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        room = hard - 200
        idle, half = min(idle, room * 5 // 7), min(half, room * 2 // 7)
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
        before = sum(self.rss_of(p) for p in self.workers())
        open_ones = [handshake(self.daemon.https, self.host, ctx=ctx)
                     for _ in range(idle)]
        after = sum(self.rss_of(p) for p in self.workers())
        if not IS_ASAN:
            self.assertLess((after - before) * 1024 / idle, 40,
                            "KB of an idle TLS connection")
        halves = []
        for i in range(half):
            s = socket.create_connection(("127.0.0.1", self.daemon.https))
            s.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"[:i % 9 + 1])
            halves.append(s)
        self.assertEqual(get(self.daemon.https, self.host).status, 200)
        for s in open_ones[::max(1, idle // 50)]:
            s.sendall(request(self.host))
            self.assertTrue(s.recv(100).startswith(b"HTTP/1.1 200"))
        for s in open_ones + halves:
            s.close()
        wait_for(lambda: self.open_connections() < 20,
                 what="all are forgotten")

    def rss_of(self, pid):
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024

    def open_connections(self):
        return sum(os.readlink(f"/proc/{p}/fd/{f}").startswith("socket:")
                   for p in self.workers()
                   for f in os.listdir(f"/proc/{p}/fd"))

    def test_an_incomplete_head_ends_after_its_time(self):
        with self.connect(self.host, tls=False) as s:
            begun = time.monotonic()
            s.settimeout(20)
            s.sendall(b"GET / HT")

            def trickle():
                try:
                    for _ in range(30):
                        time.sleep(1)
                        s.sendall(b"a")
                except OSError:
                    pass
            threading.Thread(target=trickle, daemon=True).start()
            try:
                self.assertEqual(s.recv(100)[:13], b"")
            except ConnectionError:
                pass
            self.assertLess(time.monotonic() - begun, 13)


class Chaos(Case):
    """Everything goes wrong at random, and nothing breaks: no worker dies, no
    request, connection or parking place is counted for ever."""

    def backend(self, rng):
        def behave(sock):
            while True:
                head, _ = head_of(sock)
                if not head:
                    return
                act = rng.randrange(9)
                size = rng.choice((0, 3, 1000, 70_000, 400_000))
                start = (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
                         % size)
                if act == 0:
                    return
                if act == 1:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    b"\1\0\0\0\0\0\0\0")
                    sock.sendall(start + b"x" * (size // 2))
                    return
                if act == 2:
                    sock.sendall(start[:rng.randrange(len(start))])
                    return
                if act == 3:
                    sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                if act == 4:
                    sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                                 b"chunked\r\n\r\n5\r\nhello\r\n")
                    if rng.random() < 0.5:
                        sock.sendall(b"0\r\n\r\n")
                        continue
                    return
                if act == 5:
                    sock.sendall(rng.randbytes(100))
                    return
                sock.sendall(start + b"x" * size)

        def guarded(sock):
            try:
                behave(sock)
            except OSError:
                pass
        return Backend(behave=guarded)

    def visit(self, rng, hosts):
        host = rng.choice(hosts)
        data = b""
        for _ in range(rng.randrange(1, 6)):
            body = rng.randbytes(rng.choice((0, 5, 3000, 200_000)))
            data += rng.choice((
                request(host), request(host, "/", "HEAD"),
                request(host, "/", "PUT", f"Content-Length: {len(body)}",
                        body=body),
                request(host, "/", "POST", "Transfer-Encoding: chunked",
                        body=b"5\r\nhello\r\n0\r\n\r\n"),
                request(host, "/", "POST", "Content-Length: 5",
                        "Expect: 100-continue", body=b"hello"),
                request(host, "/", "GET", "Connection: close"),
                rng.randbytes(20)))
        s = self.connect(host, rng.random() < 0.5)
        with s:
            s.settimeout(0.3)
            at, end = 0, rng.choice((len(data), rng.randrange(len(data))))
            while at < end:
                n = rng.choice((1, 50, 2000, 100_000))
                s.sendall(data[at:min(at + n, end)])
                at += n
                if rng.random() < 0.1:
                    s.recv(rng.choice((1, 1000, 100_000)))
            how = rng.randrange(4)
            if how == 0:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             b"\1\0\0\0\0\0\0\0")
            elif how == 1:
                s.shutdown(socket.SHUT_WR)
            elif how == 2 and isinstance(s, ssl.SSLSocket):
                plain = s.detach()
                with socket.socket(fileno=plain) as p:
                    p.sendall(rng.randbytes(rng.randrange(300)))
                return
            all_of(s, 0.3)

    def test_chaos_hurts_nobody(self):
        seed = random.randrange(1 << 32)
        backends = [self.backend(random.Random(seed + i)) for i in range(2)]
        hosts = [self.host_of(*(b.address for b in backends)),
                 self.host_of(backends[0].address)]
        before = self.workers()
        end = time.monotonic() + 5

        def visits(rng):
            while time.monotonic() < end:
                try:
                    self.visit(rng, hosts)
                except OSError:
                    pass
        threads = [threading.Thread(target=visits,
                                    args=(random.Random(seed ^ i << 33),))
                   for i in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for b in backends:
            b.close()
        note = f"seed {seed}"
        self.assertEqual(self.workers(), before, note)
        self.assertEqual(get(self.daemon.https, self.host).status, 200, note)

        wait_for(lambda: self.daemon.json("status")["workers"][
            "requests_active"] == 0, 10, what=f"{note}: all is over")

    def test_hellos_that_were_tampered_with_hurt_nobody(self):
        rng = random.Random(7)
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
        before = self.workers()
        for i in range(300):
            out = ssl.MemoryBIO()
            try:
                ctx.wrap_bio(ssl.MemoryBIO(), out,
                             server_hostname=self.host).do_handshake()
            except ssl.SSLWantReadError:
                pass
            data = bytearray(out.read())
            for _ in range(rng.randrange(4)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            if i % 3 == 0:  # the message in many records
                body, data = data[5:], bytearray()
                while body:
                    n = rng.randrange(1, 200)
                    part, body = body[:n], body[n:]
                    data += b"\x16\x03\x01" + len(part).to_bytes(2, "big")
                    data += part
            if i % 5 == 0:
                data += rng.randbytes(rng.randrange(70_000))
            with socket.create_connection(
                    ("127.0.0.1", self.daemon.https)) as s:
                try:
                    cut = rng.randrange(len(data))
                    s.sendall(data[:cut])
                    s.sendall(data[cut:])
                    s.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                all_of(s, 1)
        self.assertEqual(self.workers(), before)
        self.assertEqual(served(self.daemon.https, self.host), self.own.der)

    def test_key_updates_and_renegotiation_are_borne_or_refused(self):
        for version, letter in (("tls1_3", "K"), ("tls1_3", "k"),
                                ("tls1_2", "R")):
            with self.subTest(version + letter):
                result = subprocess.run(
                    ["openssl", "s_client", "-connect",
                     f"127.0.0.1:{self.daemon.https}", "-servername",
                     self.host, f"-{version}", "-crlf"],
                    input=(letter + "\n").encode() * 3
                    + f"GET /k HTTP/1.1\nHost: {self.host}\n"
                      "Connection: close\n\n".encode(),
                    capture_output=True, timeout=20, check=False)
                self.assertEqual(result.returncode in (0, 1), True)
        self.assertEqual(get(self.daemon.https, self.host).status, 200)


class Resumption(Case):
    config = {"router": {"workers": 4}}

    def shake(self, host, folder, version, load=None, save=None):
        """(resumed?, output) of openssl s_client."""
        args = ["openssl", "s_client", "-connect",
                f"127.0.0.1:{self.daemon.https}", "-servername", host,
                f"-{version}", "-ign_eof"]
        if save:
            args += ["-sess_out", str(folder / save)]
        if load:
            args += ["-sess_in", str(folder / load)]
        result = subprocess.run(
            args, input=request(host, "/", "GET", "Connection: close"),
            capture_output=True, timeout=30, check=False)
        out = result.stdout.decode(errors="replace")
        self.assertIn("HTTP/1.1 200 OK", out, out[-500:])
        return "\nReused, " in out

    def test_sessions_resume_on_every_worker_and_on_their_host_only(self):
        other = self.host_of(self.app.address)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for version in ("tls1_2", "tls1_3"):
                with self.subTest(version):
                    self.assertFalse(self.shake(self.host, folder, version,
                                                save="s"))
                    for _ in range(8):
                        self.assertTrue(self.shake(self.host, folder, version,
                                                   load="s"))
                    self.assertFalse(self.shake(other, folder, version,
                                                load="s"))
                    self.assertTrue(self.shake(self.host, folder, version,
                                               load="s"))

    def test_a_new_certificate_ends_the_sessions_of_the_old(self):
        host = self.host_of(self.app.address)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for version in ("tls1_2", "tls1_3"):
                self.shake(host, folder, version, save=version)
                self.assertTrue(self.shake(host, folder, version,
                                           load=version))
            self.daemon.upload("update", host, self.ca.issue(host))
            for version in ("tls1_2", "tls1_3"):
                for _ in range(4):
                    self.assertFalse(self.shake(host, folder, version,
                                                load=version), version)

    def test_a_new_wildcard_certificate_ends_what_it_was_lent_for(self):
        d = self.daemon
        d.cli("domains", "add", "*.wide.example", "--app", "shop",
              *self.files(self.ca.issue("*.wide.example")))
        d.cli("domains", "add", "a.wide.example", "--app", "shop")
        with tempfile.TemporaryDirectory() as name:
            folder, host = pathlib.Path(name), "a.wide.example"
            self.shake(host, folder, "tls1_3", save="s")
            self.assertTrue(self.shake(host, folder, "tls1_3", load="s"))
            d.upload("update", "*.wide.example",
                     self.ca.issue("*.wide.example"))
            self.assertFalse(self.shake(host, folder, "tls1_3", load="s"))

    def files(self, identity):
        return (self.daemon.file("w.pem", identity.chain_pem),
                self.daemon.file("w.key", identity.key_pem))

    def test_a_tls13_only_app_resumes_no_tls12_session(self):
        host = self.host_of(self.app.address)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            self.shake(host, folder, "tls1_2", save="s")
            app = host.split(".")[0]
            self.daemon.cli("apps", "set", app, "min_tls=1.3")
            with self.assertRaises(AssertionError):
                self.shake(host, folder, "tls1_2", load="s")

    def test_rsa_and_ecdsa_certificates_serve_both_versions(self):
        for kind in ("rsa-2048", "ecdsa-p256", "ecdsa-p384"):
            host = self.host_of(self.app.address)
            self.daemon.upload("update", host, self.ca.issue(host, key=kind))
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                with handshake(self.daemon.https, host, self.ca.root_pem,
                               version) as s:
                    s.sendall(request(host, "/", "GET", "Connection: close"))
                    self.assertIn(b"200 OK", all_of(s)[0])


class Deaths(unittest.TestCase):
    def setUp(self):
        self.app = Backend("shop")
        self.daemon = Daemon(router={"workers": 1, "drain_timeout": "3s"})
        self.addCleanup(self.app.close)
        self.addCleanup(self.daemon.close)
        d, self.host = self.daemon, "edge.test.example"
        d.cli("apps", "create", "shop", "--backend", self.app.address)
        d.cli("domains", "add", self.host, "--app", "shop")
        self.own = Ca().issue(self.host)
        d.upload("add", self.host, self.own)

    def hello(self):
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
        out = ssl.MemoryBIO()
        try:
            ctx.wrap_bio(ssl.MemoryBIO(), out,
                         server_hostname=self.host).do_handshake()
        except ssl.SSLWantReadError:
            pass
        return out.read()

    def test_handshakes_live_through_the_death_of_keys(self):
        stop, failed, done = threading.Event(), [], []

        def knock():
            while not stop.is_set():
                try:
                    with handshake(self.daemon.https, self.host) as s:
                        s.sendall(request(self.host))
                        assert s.recv(100).startswith(b"HTTP/1.1 200")
                        done.append(1)
                except (OSError, AssertionError) as e:
                    failed.append(repr(e))
        threads = [threading.Thread(target=knock) for _ in range(4)]
        for t in threads:
            t.start()
        time.sleep(0.3)
        os.kill(self.daemon.children()["keys 0"], signal.SIGKILL)
        time.sleep(1.5)
        stop.set()
        for t in threads:
            t.join()
        self.assertEqual(failed, [])
        self.assertGreater(len(done), 20)

    def test_parked_handshakes_that_never_go_on_close_no_parking_place(self):
        """A client that was parked, let go on and then says nothing must not
        be counted as parked again when its time is over."""
        def round_of():
            keys = self.daemon.children()["keys 0"]
            socks = []
            os.kill(keys, signal.SIGKILL)
            for _ in range(20):
                s = socket.create_connection(("127.0.0.1", self.daemon.https))
                s.sendall(self.hello())
                socks.append(s)
            wait_for(lambda: self.daemon.children().get("keys 0", keys)
                     != keys)
            return socks
        first = round_of()
        time.sleep(3)  # longer than a handshake may be parked
        second = round_of()
        for s in first + second:
            s.close()
        for _ in range(3):
            self.assertEqual(served(self.daemon.https, self.host),
                             self.own.der)
        # parking still takes a handshake in
        keys = self.daemon.children()["keys 0"]
        os.kill(keys, signal.SIGKILL)
        self.assertEqual(served(self.daemon.https, self.host), self.own.der)

    def test_a_worker_killed_under_load_strands_nobody_after_it(self):
        worker = self.daemon.children()["worker 0"]
        open_one = Https(self.daemon.https, self.host)
        self.assertEqual(open_one.request("/").status, 200)
        os.kill(worker, signal.SIGKILL)
        self.assertEqual(get(self.daemon.https, self.host).status, 200)
        self.assertEqual(http(self.daemon.http, self.host).status, 200)
        self.assertEqual(open_one.connection.sock.recv(1), b"")
        open_one.close()

    def test_a_drain_finishes_what_is_open_and_closes_what_is_idle(self):
        begun = threading.Event()

        def slow(sock):
            head_of(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
            begun.set()
            time.sleep(1)
            sock.sendall(b"half")
        with Backend(behave=slow) as b:
            d = self.daemon
            d.cli("apps", "create", "slow", "--backend", b.address)
            d.cli("domains", "add", "slow.test.example", "--app", "slow")
            d.upload("add", "slow.test.example",
                     Ca().issue("slow.test.example"))
            idle = handshake(d.https, self.host)
            idle.sendall(request(self.host))
            response(idle.makefile("rb"))
            fresh = handshake(d.https, self.host)
            with handshake(d.https, "slow.test.example") as s:
                s.sendall(request("slow.test.example"))
                begun.wait(5)
                d.process.send_signal(signal.SIGTERM)
                time.sleep(0.2)
                self.assertEqual(all_of(idle, 1), (b"", True))
                fresh.sendall(request(self.host))
                status, headers, _ = response(fresh.makefile("rb"))
                self.assertEqual((status, headers["connection"]),
                                 (200, "close"))
                data, _ = all_of(s)
                self.assertTrue(data.endswith(b"halfhalf"), data)
            self.assertEqual(d.process.wait(10), 0)

    def test_a_head_that_is_under_way_when_the_drain_begins_is_served(self):
        with handshake(self.daemon.https, self.host) as s:
            stream = s.makefile("rb")
            s.sendall(request(self.host))
            response(stream)
            data = request(self.host, "/last")
            s.sendall(data[:20])
            time.sleep(0.2)
            self.daemon.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            s.sendall(data[20:])
            status, headers, body = response(stream)
            self.assertEqual((status, headers["connection"]), (200, "close"))
            self.assertIn(b"/last", body)

    def test_who_was_let_in_by_the_kernel_is_served_before_the_door_closes(
            self):
        worker = self.daemon.children()["worker 0"]
        os.kill(worker, signal.SIGSTOP)
        try:
            socks = []
            for _ in range(20):
                s = socket.create_connection(("127.0.0.1", self.daemon.http))
                s.sendall(request(self.host))
                socks.append(s)
            self.daemon.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
        finally:
            os.kill(worker, signal.SIGCONT)
        for s in socks:
            with s:
                self.assertEqual(all_of(s)[0][:12], b"HTTP/1.1 200")
        self.assertEqual(self.daemon.process.wait(10), 0)

    def test_nobody_is_let_in_and_left_alone_during_a_drain(self):
        with Backend(behave=lambda s: (head_of(s), time.sleep(20))) as b:
            self.daemon.cli("backends", "set", "shop", b.address)
            with handshake(self.daemon.https, self.host) as s:
                s.sendall(request(self.host))
                time.sleep(0.3)
                self.daemon.process.send_signal(signal.SIGTERM)
                time.sleep(0.5)
                for port in (self.daemon.http, self.daemon.https):
                    with self.assertRaises(ConnectionRefusedError):
                        socket.create_connection(("127.0.0.1", port)).close()

    def test_what_is_open_after_the_drain_is_told_h24(self):
        with Backend(behave=lambda s: (head_of(s), time.sleep(20))) as b:
            d = self.daemon
            d.cli("backends", "set", "shop", b.address)
            with handshake(d.https, self.host) as s:
                s.sendall(request(self.host))
                time.sleep(0.3)
                begun = time.monotonic()
                d.process.send_signal(signal.SIGTERM)
                self.assertIn(b"X-Towpath-Error: H24", all_of(s)[0])
                self.assertLess(time.monotonic() - begun, 6)
            self.assertEqual(d.process.wait(10), 0)


class Poor(Daemon):
    """Allowed few descriptors."""

    def spawn(self):
        self.write_config()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["prlimit", "--nofile=300:300", BUILD / "towpathd", "-c",
                 self.conf], stdout=log, stderr=log, env=self.environment())
        return self.process


class Descriptors(unittest.TestCase):
    def test_idle_connections_never_take_what_requests_need(self):
        """Many apps were visited; their kept connections fill the table."""
        n = 60
        with contextlib.ExitStack() as stack:
            apps = [stack.enter_context(Backend(f"a{i}")) for i in range(6)]
            d = stack.enter_context(Poor(router={"workers": 1}))
            for i, app in enumerate(apps):
                d.cli("apps", "create", f"a{i}", "--backend", app.address)
                d.cli("domains", "add", f"a{i}.example.test", "--app",
                      f"a{i}")
            clients = [socket.create_connection(("127.0.0.1", d.http))
                       for _ in range(n)]
            streams = [c.makefile("rb") for c in clients]
            for i in range(len(apps)):
                for c in clients:
                    c.sendall(request(f"a{i}.example.test"))
                for s in streams:
                    status, headers, _ = response(s)
                    self.assertEqual((i, status), (i, 200), headers)
            for c in clients:
                c.close()


if __name__ == "__main__":
    unittest.main()
