"""HTTP/1.1 to the letter between client and backend: trailers, framing, early
answers, slow and half-gone clients."""

import json
import socket
import struct
import subprocess
import threading
import time
import unittest

from towpath import Backend, get, wait_for
from towpath.edge import OK, Case, all_of, head_of, request, response
from towpath.util import PATIENCE

RESET = struct.pack("ii", 1, 0)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Proxy(Case):
    config = {"router": {"workers": 1}}

    def behaving(self, behave, **settings):
        def quietly(sock):
            try:
                behave(sock)
            except OSError:
                pass
        b = Backend(behave=quietly)
        self.addCleanup(b.close)
        return self.host_of(b.address, **settings)

    def body_of(self, sock, rest, end=b"0\r\n\r\n"):
        while not rest.endswith(end):
            piece = sock.recv(65536)
            if not piece:
                break
            rest += piece
        return rest


class Trailers(Proxy):
    def test_a_requests_trailers_reach_the_backend(self):
        bodies = []

        def behave(sock):
            while True:
                head, rest = head_of(sock)
                if not head:
                    return
                bodies.append(self.body_of(sock, rest, b"\r\n\r\n"))
                sock.sendall(OK)
        host = self.behaving(behave)
        for tls in (True, False):
            with self.connect(host, tls) as s:
                s.sendall(request(
                    host, "/", "POST", "Transfer-Encoding: chunked",
                    "Trailer: X-Sum, Content-Length", body=b"3\r\nabc\r\n0\r\n"
                    b"X-Sum: 42 \r\nContent-Length: 5\r\nHost: evil\r\n"
                    b"X-Forwarded-For: 1.2.3.4\r\nAuthorization: x\r\n"
                    b"Empty:\r\n\r\n"))
                self.assertEqual(response(s.makefile("rb"))[0], 200)
        self.assertEqual(bodies, [b"3\r\nabc\r\n0\r\nX-Sum: 42\r\nEmpty: \r\n"
                                  b"\r\n"] * 2)

    def test_a_responses_trailers_reach_the_client(self):
        heads = []

        def behave(sock):
            while head := head_of(sock)[0]:
                heads.append(head.lower())
                sock.sendall(CHUNKED + b"3\r\nabc\r\n0\r\nGrpc-Status: 0\r\n"
                             b"Set-Cookie: a=b\r\nTransfer-Encoding: x\r\n"
                             b"X-Request-Id: forged\r\n\r\n")
        host = self.behaving(behave)
        with self.connect(host) as s:
            stream = s.makefile("rb")
            for fields in (("TE: trailers", "Connection: TE"), ()):
                s.sendall(request(host, "/", "GET", *fields))
                _, headers, body = response(stream)
                self.assertEqual(body, b"abc")
                self.assertEqual(headers["trailers"], {"grpc-status": "0"})
        self.assertIn(b"\r\nte: trailers", heads[0])
        self.assertNotIn(b"\r\nte:", heads[1])
        # HTTP/1.0 has no chunks, so there is no place for any
        with self.connect(host) as s:
            s.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            self.assertTrue(all_of(s)[0].endswith(b"\r\n\r\nabc"))

    def test_too_many_trailers_end_the_exchange(self):
        def behave(sock):
            head, rest = head_of(sock)
            if b"GET" in head:
                sock.sendall(CHUNKED + b"0\r\n" + b"A: b\r\n" * 5000)
            self.body_of(sock, rest)
        host = self.behaving(behave)
        with self.connect(host) as s:
            s.sendall(request(host, "/", "POST", "Transfer-Encoding: chunked",
                              body=b"0\r\n" + b"A: b\r\n" * 100))
            status, headers, _ = response(s.makefile("rb"))
            self.assertEqual((status, headers["x-towpath-error"]),
                             (400, "H26"))
        with self.connect(host) as s:
            s.sendall(request(host))
            data, _ = all_of(s)
            self.assertFalse(data.endswith(b"0\r\n\r\n"), data[-100:])


class Framing(Proxy):
    def test_chunk_sizes_that_overflow_are_refused_both_ways(self):
        sizes = (b"10000000000000005", b"ffffffffffffffff0",
                 b"fffffffffffffffff", b"-5", b"+5", b"0x5", b"5 ", b" 5", b"")

        def behave(sock):
            head, rest = head_of(sock)
            if b"GET" in head:
                size = sizes[int(head.split()[1][1:])]
                sock.sendall(CHUNKED + size + b"\r\nhello\r\n0\r\n\r\n")
            else:
                self.body_of(sock, rest)
                seen.append(rest)
        seen = []
        host = self.behaving(behave)
        for i, size in enumerate(sizes):
            with self.subTest(size):
                with self.connect(host) as s:
                    s.sendall(request(
                        host, "/", "POST", "Transfer-Encoding: chunked",
                        body=size + b"\r\nhello\r\n0\r\n\r\n"
                        + request(host, "/smuggled")))
                    data, _ = all_of(s)
                    self.assertTrue(data.startswith(b"HTTP/1.1 400 "), data)
                    self.assertEqual(data.count(b"HTTP/1.1 "), 1)
                with self.connect(host) as s:
                    s.sendall(request(host, f"/{i}"))
                    data, _ = all_of(s)
                    self.assertFalse(data.endswith(b"0\r\n\r\n"), data)
        self.assertNotIn(b"smuggled", b"".join(seen))

    def test_both_framings_at_once_are_refused(self):
        for fields in (
                ("Content-Length: 5", "Transfer-Encoding: chunked"),
                ("Content-Length: 5", "Content-Length: 5"),
                ("Content-Length: 5", "Content-Length: 6"),
                ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
                ("Transfer-Encoding: gzip, chunked",),
                ("Transfer-Encoding: xchunked",),
                ("Content-Length: 5, 5",), ("Content-Length: -1",)):
            with self.subTest(fields), self.connect(self.host, False) as s:
                s.sendall(request(self.host, "/x", "POST", *fields,
                                  body=b"0\r\n\r\n"))
                data, _ = all_of(s)
                self.assertIn(data[9:12], (b"400", b"501"))
        self.assertNotIn(("POST", "/x"), self.app.seen)

    def test_bodies_that_must_not_be_are_not(self):
        """A HEAD's, a 204's and a 304's, though the backend sends one."""
        bad = {"/head": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
               "/204": b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n"
                       b"evil",
               "/304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n"
                       b"\r\nevil",
               "/100": b"HTTP/1.1 100 Continue\r\nContent-Length: 4\r\n\r\n"
                       b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}

        def behave(sock):
            while head := head_of(sock)[0]:
                sock.sendall(bad[head.split()[1].decode()])
        host = self.behaving(behave)
        with self.connect(host) as s:
            stream = s.makefile("rb")
            for _ in range(3):
                for path in bad:
                    method = "HEAD" if path == "/head" else "GET"
                    s.sendall(request(host, path, method))
                    status, headers, body = response(
                        stream, path == "/100")
                    if status == 100:
                        status, headers, body = response(stream)
                    self.assertNotIn(b"evil", body)
                    self.assertEqual(status, {"/204": 204, "/304": 304}.get(
                        path, 200))

    def test_http_10_clients_are_spoken_to_in_their_own_way(self):
        def behave(sock):
            while head := head_of(sock)[0]:
                if b"/chunked" in head:
                    sock.sendall(CHUNKED + b"3\r\nabc\r\n0\r\n\r\n")
                elif b"/early" in head:
                    sock.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK)
                else:
                    sock.sendall(OK)
        host = self.behaving(behave)

        def ask(path, *fields):
            lines = [f"GET {path} HTTP/1.0", f"Host: {host}", *fields]
            return ("\r\n".join(lines) + "\r\n\r\n").encode()
        with self.connect(host) as s:
            stream = s.makefile("rb")
            for _ in range(2):
                s.sendall(ask("/", "Connection: keep-alive"))
                _, headers, body = response(stream)
                self.assertEqual((headers["connection"], body),
                                 ("keep-alive", b"ok"))
            s.sendall(ask("/early", "Connection: keep-alive"))
            self.assertEqual(response(stream)[0], 200)
            s.sendall(ask("/chunked", "Connection: keep-alive"))
            data, fine = all_of(s)
            self.assertTrue(fine)
            self.assertNotIn(b"chunked", data)
            self.assertTrue(data.endswith(b"\r\n\r\nabc"), data)

    def test_sni_and_host_that_disagree_are_told_apart(self):
        other = self.host_of(self.app.address)
        with self.connect(self.host) as s:
            stream = s.makefile("rb")
            s.sendall(request(other, "/stolen"))
            status, headers, _ = response(stream)
            self.assertEqual((status, headers["x-towpath-error"]),
                             (421, "H31"))
        with self.connect(self.host) as s:
            # the target's authority wins over Host
            s.sendall(request(self.host, f"http://{other}/stolen"))
            self.assertEqual(response(s.makefile("rb"))[0], 421)
        self.assertNotIn(("GET", "/stolen"), self.app.seen)

    def test_curl_gets_what_it_asks_for(self):
        """A real client, uploads by length and in chunks with Expect."""
        path = self.daemon.file("upload", b"u" * 300_000)
        for how in (["-T", str(path)], ["-T", str(path), "-H",
                    "Transfer-Encoding: chunked"], ["-I"], ["-0"],
                    ["-X", "DELETE"], ["-H", "Expect: 100-continue",
                                       "--data-binary", f"@{path}"]):
            with self.subTest(how):
                result = subprocess.run(
                    ["curl", "-sSk", "--http1.1", "--max-time", "30",
                     "--retry", "5", "--retry-all-errors",
                     "--resolve",
                     f"{self.host}:{self.daemon.https}:127.0.0.1", *how,
                     f"https://{self.host}:{self.daemon.https}/c"],
                    capture_output=True, timeout=60, check=False)
                self.assertEqual(result.returncode, 0, result.stderr)
                if how[0] in ("-T", "-H"):
                    self.assertEqual(json.loads(result.stdout)["length"],
                                     300_000)


class Clients(Proxy):
    def test_an_early_answer_to_an_upload_is_not_lost_to_a_reset(self):
        """The backend closes with our bytes unread, which resets us while its
        answer is still in our buffers."""
        def behave(sock):
            head_of(sock)
            sock.sendall(b"HTTP/1.1 413 Too Much\r\nContent-Length: 4\r\n"
                         b"Connection: close\r\n\r\nmuch")
            time.sleep(0.05)
            sock.close()
        host = self.behaving(behave)
        for _ in range(10):
            with self.connect(host, tls=False) as s:
                s.settimeout(PATIENCE)
                s.sendall(request(host, "/", "POST",
                                  "Content-Length: 50000000"))
                stop = threading.Event()

                def upload():
                    try:
                        while not stop.is_set():
                            s.sendall(b"u" * 50_000)
                    except (OSError, ValueError):
                        pass
                t = threading.Thread(target=upload)
                t.start()
                try:
                    self.assertEqual(s.recv(12), b"HTTP/1.1 413")
                finally:
                    stop.set()
                    t.join()

    def test_who_sends_a_whole_body_before_it_reads_gets_its_answer(self):
        """Though it takes longer than anybody wants to read it."""
        def behave(sock):
            head_of(sock)
            sock.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n"
                         b"Connection: close\r\n\r\nno")
        host = self.behaving(behave)
        for tls in (True, False):
            with self.connect(host, tls) as s:
                s.settimeout(PATIENCE)
                s.sendall(request(host, "/", "POST",
                                  "Content-Length: 5000000"))
                for _ in range(25):
                    s.sendall(b"u" * 200_000)
                    time.sleep(0.1)
                data, fine = all_of(s, PATIENCE)
                self.assertTrue(data.startswith(b"HTTP/1.1 401 "), data)
                self.assertTrue(data.endswith(b"\r\n\r\nno"), data)

    def test_a_trickle_is_as_good_as_idle(self):
        """Bytes come before every deadline, and far too few of them."""
        host = self.behaving(
            lambda s: self.body_of(s, head_of(s)[1]), idle_timeout="2s")
        with self.connect(host) as s:
            s.sendall(request(host, "/", "POST", "Content-Length: 100000"))
            begun = time.monotonic()
            s.settimeout(0.3)
            data = None
            while data is None and time.monotonic() - begun < PATIENCE:
                try:
                    s.sendall(b"x")
                    data = s.recv(100)
                except TimeoutError:
                    pass
                except OSError:
                    data = b""
            self.assertEqual(data, b"")
            self.assertGreater(time.monotonic() - begun, 1.9)
        wait_for(lambda: self.coded("H28", host))

    def test_who_resets_while_nothing_is_read_is_noticed(self):
        """A second request waits unread when the client resets: the first
        must not live on until its timeout."""
        seen = []

        def behave(sock):
            head_of(sock)
            seen.append("asked")
            all_of(sock, PATIENCE)
            seen.append("gone")
        host = self.behaving(behave, first_byte_timeout="60s")
        s = self.connect(host, tls=False)
        s.sendall(request(host) + request(host, "/second"))
        wait_for(lambda: seen)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        s.close()
        wait_for(lambda: "gone" in seen)
        wait_for(lambda: self.coded("H27", host))

    def test_who_half_closes_in_the_middle_has_left(self):
        seen = []

        def behave(sock):
            head_of(sock)
            seen.append("asked")
            all_of(sock, PATIENCE)
            seen.append("gone")
        host = self.behaving(behave)
        for tls in (False, True):
            seen.clear()
            s = self.connect(host, tls)
            s.sendall(request(host))
            wait_for(lambda: seen)
            s.shutdown(socket.SHUT_WR)
            wait_for(lambda: "gone" in seen)
            s.close()
        wait_for(lambda: self.coded("H27", host))

    def test_what_tls_has_decrypted_is_not_left_unread(self):
        """Many requests in one record: nothing on the socket would wake us
        for the second."""
        n = 50
        with self.connect(self.host) as s:
            s.settimeout(PATIENCE)
            stream = s.makefile("rb")
            data = b"".join(request(self.host, f"/r{i}") for i in range(n))
            self.assertLess(len(data), 16384)
            s.sendall(data)
            for i in range(n):
                self.assertIn(f"/r{i}".encode(), response(stream)[2])
            body = b"q" * 16000  # head and body in one record, then a next
            s.sendall(request(self.host, "/up", "POST",
                              f"Content-Length: {len(body)}", body=body))
            s.sendall(request(self.host, "/next"))
            self.assertEqual(json.loads(response(stream)[2])["length"],
                             len(body))
            self.assertIn(b"/next", response(stream)[2])

    def test_stray_bytes_of_a_backend_end_its_connection(self):
        """Also when they come later, while the connection is idle."""
        n, served = [0], []

        def behave(sock):
            n[0] += 1
            mine = n[0]
            while head := head_of(sock)[0]:
                served.append(mine)
                body = head.split()[1]
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
                             % (len(body), body))
                time.sleep(0.05)
                sock.sendall(OK)
        host = self.behaving(behave)
        for i in range(5):
            path = f"/{i}"
            self.assertEqual(get(self.daemon.https, host, path).body,
                             path.encode())
            time.sleep(0.15)
        self.assertEqual(served, [1, 2, 3, 4, 5])


if __name__ == "__main__":
    unittest.main()
