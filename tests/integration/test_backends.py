"""Kinds of backends, PROXY headers to them, and answers that are none."""

import contextlib
import socket
import struct
import threading
import unittest

from towpath import Backend, Ca, Https, Refused, http, wait_for
from towpath.edge import (Case, OK, all_of, answer_all, answer_one, head_of,
                          request, response)
from towpath.h2_backend import H2Backend, H2Peer
from towpath.tls_backend import tls_context
from towpath.util import PATIENCE


class Kinds(Case):
    def unix(self, behave):
        """A listening Unix socket that workers may connect to; its path."""
        self.n_sockets = getattr(self, "n_sockets", 0) + 1
        path = self.daemon.dir / f"app{self.n_sockets}.sock"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        path.chmod(0o777)
        listener.listen()

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    sock, _ = listener.accept()
                    threading.Thread(target=behave, args=(sock,),
                                     daemon=True).start()
        threading.Thread(target=serve, daemon=True).start()
        self.addCleanup(listener.close)
        return path

    def test_unix_sockets_speak_both_versions(self):
        def h2(sock):
            with contextlib.suppress(OSError):
                H2Backend.echo(H2Peer(sock))
        a = self.unix(answer_all)
        b = self.unix(h2)
        self.assertEqual(http(self.daemon.http,
                              self.host_of(f"unix:{a}")).body, b"ok")
        host = self.host_of(f"h2c://unix:{b}")
        with Https(self.daemon.http, host, plain=True) as c:
            self.assertEqual(c.request("/", "POST", b"abc").body, b"abc")

    def test_ipv6(self):
        with socket.socket(socket.AF_INET6) as listener:
            try:
                listener.bind(("::1", 0))
            except OSError:
                return  # a machine without
            listener.listen()

            def serve():
                sock, _ = listener.accept()
                with sock:
                    answer_one(sock)
            threading.Thread(target=serve, daemon=True).start()
            host = self.host_of(f"[::1]:{listener.getsockname()[1]}")
            self.assertEqual(http(self.daemon.http, host).body, b"ok")

    def test_what_may_not_be_a_backend_is_refused(self):
        d = self.daemon
        for backend in ("169.254.169.254:80", "h2c://[fe80::1]:80",
                        "https://[::ffff:169.254.1.1]", "0.0.0.0:80",
                        f"127.0.0.1:{d.https}", f"https://127.0.0.1:{d.https}",
                        f"h2c://127.0.0.1:{d.http}", f"unix:{d.socket}",
                        f"https://unix:{d.socket}", "ftp://127.0.0.1:21"):
            with self.subTest(backend), self.assertRaisesRegex(
                    Refused, "N19"):
                d.cli("backends", "add", "shop", backend)

    def test_a_ca_file_that_is_none_is_refused(self):
        d = self.daemon
        key = d.file("only.key", Ca().issue("a.example").key_pem)
        for value in (key, d.file("half.pem", Ca().root_pem[:300])):
            with self.subTest(value), self.assertRaisesRegex(Refused, "N22"):
                d.cli("apps", "set", "shop", f"backend_ca={value}")
        ca = d.file("ca.pem", b"a comment\n" + Ca().root_pem)
        d.cli("apps", "set", "shop", f"backend_ca={ca}")
        stored = d.json("apps", "info", "shop")["settings"]["backend_ca"]
        self.assertTrue(stored.startswith("-----BEGIN CERTIFICATE-----\n"))
        d.cli("apps", "set", "shop", "backend_ca=")
        self.assertNotIn("backend_ca",
                         d.json("apps", "info", "shop")["settings"])


class Garbage(Case):
    """Heads that no client is to see, whatever they make of them."""

    heads = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
        b"Transfer-Encoding: chunked\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        b"Transfer-Encoding: chunked\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n",
        b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n",
        b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 2\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: b\0c\r\nContent-Length: 2\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 2\r\n",
        b"HTTP/1.1 200 OK\r\n: empty\r\nContent-Length: 2\r\n",
        b"<html>not found</html>\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 70_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200,
    ]

    def test_heads_that_are_no_http_are_h17(self):
        def behave(sock):
            head, _ = head_of(sock)
            number = int(head.split()[1][1:])
            sock.sendall(self.heads[number] + b"\r\nok")
            sock.settimeout(PATIENCE)
            with contextlib.suppress(OSError):
                sock.recv(1)  # it is for the router to close
        with Backend(behave=behave) as b:
            host = self.host_of(b.address)
            for i, head in enumerate(self.heads):
                with self.subTest(head[:60]), \
                        Https(self.daemon.http, host, plain=True) as c:
                    answer = c.request(f"/{i}")
                    self.assertEqual((answer.status,
                                      answer.headers["x-towpath-error"]),
                                     (503, "H17"))

    def test_a_chunk_that_is_none_is_a_cut(self):
        for chunk in (b"5\r\nhelloXX", b"zz\r\n", b"-1\r\n",
                      b"ffffffffffffffffff\r\n", b"5 \r\nhello\r\n0\r\n\r\n"):
            def behave(sock, chunk=chunk):
                head_of(sock)
                sock.sendall(b"HTTP/1.1 200 OK\r\n"
                             b"Transfer-Encoding: chunked\r\n\r\n"
                             b"3\r\nabc\r\n" + chunk)
                sock.settimeout(PATIENCE)
                with contextlib.suppress(OSError):
                    sock.recv(1)
            with self.subTest(chunk), Backend(behave=behave) as b:
                host = self.host_of(b.address)
                with self.connect(host, tls=False) as s:
                    s.sendall(request(host))
                    data, _ = all_of(s)
                    self.assertNotIn(b"\r\n0\r\n", data)
                wait_for(lambda: self.coded("H17", host))

    def test_a_body_that_must_not_be_is_nobodys(self):
        """HEAD, 204, 304 with bytes behind them, and a length that lies."""
        heads = {"/head": b"200 OK\r\nContent-Length: 5", "/204": b"204 No",
                 "/304": b"304 Not Modified\r\nContent-Length: 5",
                 "/long": b"200 OK\r\nContent-Length: 3"}
        n = []

        def behave(sock):
            n.append(1)
            while (head := head_of(sock)[0]):
                path = head.split()[1].decode()
                if path == "/ok":
                    sock.sendall(OK)
                else:
                    sock.sendall(b"HTTP/1.1 " + heads[path] +
                                 b"\r\n\r\nhello")
        with Backend(behave=behave) as b:
            host = self.host_of(b.address)
            with Https(self.daemon.http, host, plain=True) as c:
                for path in heads:
                    with self.subTest(path):
                        n.clear()
                        answer = c.request(path, "HEAD" if path == "/head"
                                           else "GET")
                        self.assertEqual(answer.body, b"hel" if path == "/long"
                                         else b"")
                        self.assertEqual(c.request("/ok").body, b"ok")


class Proxy(Case):
    def test_a_backend_is_told_of_the_client(self):
        firsts = []

        def behave(sock):
            mark = sock.recv(12, socket.MSG_WAITALL)
            if mark == b"\r\n\r\n\0\r\nQUIT\n":
                head = sock.recv(4, socket.MSG_WAITALL)
                rest = sock.recv(head[3], socket.MSG_WAITALL)
                firsts.append((head[0], head[1], rest))
            else:
                line = mark
                while not line.endswith(b"\r\n"):
                    line += sock.recv(1)
                firsts.append(line)
            answer_all(sock)
        for version in ("v1", "v2"):
            firsts.clear()
            with self.subTest(version), Backend(behave=behave) as b:
                host = self.host_of(b.address, proxy_protocol=version)
                with self.connect(host, tls=False) as s:
                    mine = s.getsockname()[1]
                    stream = s.makefile("rb")
                    for _ in range(2):
                        s.sendall(request(host))
                        self.assertEqual(response(stream)[0], 200)
                if version == "v1":
                    first = (f"PROXY TCP4 127.0.0.1 127.0.0.1 {mine} "
                             f"{self.daemon.http}\r\n").encode()
                else:
                    first = (0x21, 0x11, socket.inet_aton("127.0.0.1") * 2 +
                             struct.pack(">HH", mine, self.daemon.http))
                # no connection serves two requests
                self.assertEqual(firsts, [first, first])

    def test_it_comes_before_tls_and_before_http2(self):
        firsts = []
        inner = Ca("Inner CA")
        context = tls_context(inner.issue("127.0.0.1"))

        def line_of(sock):
            line = b""
            while not line.endswith(b"\r\n"):
                line += sock.recv(1)
            firsts.append(line[:10])

        def tls(sock):
            line_of(sock)
            with context.wrap_socket(sock, server_side=True) as s:
                answer_all(s)

        def h2(sock):
            line_of(sock)
            H2Backend.echo(H2Peer(sock))
        with Backend(behave=tls) as a, Backend(behave=h2) as b:
            pem = self.daemon.file("inner.pem", inner.root_pem)
            for scheme, backend in (("https", a), ("h2c", b)):
                with self.subTest(scheme):
                    host = self.host_of(f"{scheme}://{backend.address}",
                                        backend_ca=pem, proxy_protocol="v1")
                    with Https(self.daemon.http, host, plain=True) as c:
                        for _ in range(2):
                            self.assertEqual(c.request().status, 200)
        self.assertEqual(firsts, [b"PROXY TCP4"] * 4)


if __name__ == "__main__":
    unittest.main()
