"""https:// backends: who is proved, who is not, and what is resumed."""

import contextlib
import datetime
import socket
import ssl
import threading
import unittest

from towpath import Backend, Ca, Https, free_port, http, wait_for
from towpath.edge import (Case, OK, all_of, answer_all, answer_one, head_of,
                          request)
from towpath.tls_backend import TlsBackend, tls_context
from towpath.util import PATIENCE, program

INSIDE = "shop.internal.example"


def answer_and_part(sock):
    answer_one(sock)
    with contextlib.suppress(OSError):
        sock.unwrap()


class Tls(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.inner = Ca("Inner CA")
        cls.inner_pem = cls.daemon.file("inner.pem", cls.inner.root_pem)

    def caused(self, cause, host):
        wait_for(lambda: any(f'cause="{cause}"' in x and "code=H21" in x
                             and host in x for x in self.daemon.lines()),
                 what=f"cause={cause} of {host}")

    def test_the_backend_is_proved_by_name_and_told_the_visitors_host(self):
        heads = []

        def behave(sock):
            while (head := head_of(sock)[0]):
                heads.append(head)
                sock.sendall(OK)
        with TlsBackend(self.inner.issue(INSIDE), behave) as b:
            host = self.host_of(b.url, backend_ca=self.inner_pem,
                                backend_host=INSIDE)
            self.assertEqual(http(self.daemon.http, host).body, b"ok")
            self.assertIn(f"Host: {host}\r\n".encode(), heads[0] + b"\r\n")
            self.assertEqual(b.shaken, [(INSIDE, "http/1.1", False)])
            wait_for(lambda: any(f"backend={b.url} " in x and host in x
                                 for x in self.daemon.lines()))

    def test_an_address_is_proved_by_an_address_and_has_no_sni(self):
        with TlsBackend(self.inner.issue("127.0.0.1"), answer_all) as b:
            host = self.host_of(b.url, backend_ca=self.inner_pem)
            self.assertEqual(http(self.daemon.http, host).status, 200)
            self.assertEqual(b.shaken[0][0], None)

    def test_what_is_not_proved_gets_no_request(self):
        now = datetime.datetime.utcnow()
        day = datetime.timedelta(days=1)
        issue = self.inner.issue
        cases = [
            ("not trusted", Ca("Other").issue(INSIDE)),
            ("of another name", issue("other.internal.example")),
            ("expired", issue(INSIDE, not_before=now - 9 * day,
                              not_after=now - day)),
            ("not valid yet", issue(INSIDE, not_before=now + day,
                                    not_after=now + 9 * day)),
            ("not for servers", issue(INSIDE, client_only=True)),
        ]
        got = []

        def behave(sock):
            got.append(sock.recv(1))
        for cause, identity in cases:
            with self.subTest(cause), TlsBackend(identity, behave) as b:
                host = self.host_of(b.url, backend_ca=self.inner_pem,
                                    backend_host=INSIDE)
                answer = http(self.daemon.http, host)
                self.assertEqual((answer.status,
                                  answer.headers["x-towpath-error"]),
                                 (503, "H21"))
                self.caused(f"certificate {cause}", host)
        self.assertNotIn(b"G", got)

    def test_the_systems_roots_do_not_vouch_for_a_private_ca(self):
        with TlsBackend(self.inner.issue("127.0.0.1"), answer_all) as b:
            host = self.host_of(b.url)
            self.assertEqual(http(self.daemon.http, host).status, 503)
            self.caused("certificate not trusted", host)
        # and they were there to be asked
        self.assertNotIn("no CA certificates", self.daemon.log_text())

    def test_a_name_is_proved_as_it_is_written(self):
        with TlsBackend(self.inner.issue("localhost"), answer_all) as b:
            host = self.host_of(f"https://localhost:{b.port}",
                                backend_ca=self.inner_pem)
            self.assertEqual(http(self.daemon.http, host).status, 200)
            self.assertEqual(b.shaken[0][0], "localhost")

    def test_a_tunnel_goes_through_tls(self):
        def behave(sock):
            head_of(sock)
            sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n"
                         b"Connection: Upgrade\r\nUpgrade: echo\r\n\r\n")
            while data := sock.recv(65536):
                sock.sendall(data)
            with contextlib.suppress(OSError):
                sock.unwrap()
        with TlsBackend(self.inner.issue("127.0.0.1"), behave) as b:
            host = self.host_of(b.url, backend_ca=self.inner_pem)
            with self.connect(host, tls=False) as s:
                s.settimeout(PATIENCE)
                s.sendall(request(host, "/", "GET", "Connection: Upgrade",
                                  "Upgrade: echo") + b"early")
                data = b""
                while not data.endswith(b"early"):
                    data += s.recv(65536)
                self.assertIn(b"101 Switching", data)
                big = b"x" * 500_000
                sender = threading.Thread(target=s.sendall, args=(big,))
                sender.start()
                got = 0
                while got < len(big):
                    got += len(s.recv(65536))
                sender.join()
                s.shutdown(socket.SHUT_WR)
                self.assertEqual(s.recv(1), b"")

    def test_a_backend_without_tls_is_told_so(self):
        def garbage(sock):
            sock.recv(65536)
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        def silent(sock):
            sock.recv(65536)
        for behave, cause in ((garbage, "TLS handshake failed"),
                              (silent, "TLS handshake cut")):
            with self.subTest(cause), Backend(behave=behave) as b:
                host = self.host_of(f"https://{b.address}",
                                    backend_ca=self.inner_pem)
                self.assertEqual(http(self.daemon.http, host).status, 503)
                self.caused(cause, host)

    def test_sessions_are_resumed(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = tls_context(identity := self.inner.issue(INSIDE))
            context.minimum_version = context.maximum_version = version
            with self.subTest(version), \
                    TlsBackend(identity, answer_and_part, context) as b:
                host = self.host_of(b.url, backend_ca=self.inner_pem,
                                    backend_host=INSIDE)
                # on one connection, so by one worker
                with Https(self.daemon.http, host, plain=True) as c:
                    for _ in range(3):
                        self.assertEqual(c.request().status, 200)
                self.assertEqual([x[2] for x in b.shaken],
                                 [False, True, True])

    def test_another_ca_holds_at_once_for_idle_connections_too(self):
        other = self.daemon.file("other.pem", Ca("Other").root_pem)
        with TlsBackend(self.inner.issue("127.0.0.1"), answer_all) as b:
            host = self.host_of(b.url, backend_ca=self.inner_pem)
            app = host.split(".")[0]
            with Https(self.daemon.http, host, plain=True) as c:
                self.assertEqual(c.request().status, 200)
                self.daemon.cli("apps", "set", app, f"backend_ca={other}")
                self.assertEqual(c.request().status, 503)
                self.daemon.cli("apps", "set", app,
                                f"backend_ca={self.inner_pem}")
                self.assertEqual(c.request().status, 200)

    def test_connections_are_kept_and_bodies_are_whole_both_ways(self):
        size = 3_000_000
        body = bytes(range(256)) * (size // 256)

        def behave(sock):
            while (data := head_of(sock))[0]:
                rest = data[1]
                while len(rest) < len(body):
                    rest += sock.recv(1 << 20)
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
                             % len(rest) + rest)
        with TlsBackend(self.inner.issue("127.0.0.1"), behave) as b:
            host = self.host_of(b.url, backend_ca=self.inner_pem)
            with Https(self.daemon.http, host, plain=True) as c:
                for _ in range(2):
                    answer = c.request(method="PUT", body=body)
                    self.assertEqual(answer.body, body)
            self.assertEqual(len(b.shaken), 1)

    def test_an_end_without_goodbye_is_a_cut(self):
        def behave(sock):
            head, _ = head_of(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf")
            if b"/whole" in head:
                with contextlib.suppress(OSError):
                    sock.unwrap()
        with TlsBackend(self.inner.issue("127.0.0.1"), behave) as b:
            host = self.host_of(b.url, backend_ca=self.inner_pem)
            for path, whole in (("/whole", True), ("/cut", False)):
                with self.subTest(path), self.connect(host, tls=False) as s:
                    s.sendall(request(host, path, "GET", "Connection: close"))
                    data, _ = all_of(s)
                    self.assertIn(b"half", data)
                    self.assertEqual(data.endswith(b"0\r\n\r\n"), whole)
            wait_for(lambda: self.coded("H18", host))

    def test_openssls_server(self):
        identity = self.inner.issue("127.0.0.1")
        chain = self.daemon.file("peer.pem", identity.chain_pem)
        key = self.daemon.file("peer.key", identity.key_pem)
        for version in ("-tls1_2", "-tls1_3"):
            port = free_port()
            with self.subTest(version), \
                    program(port, "openssl", "s_server", "-accept", port,
                            "-cert", chain, "-cert_chain", chain, "-key", key,
                            version, "-www", "-quiet"):
                host = self.host_of(f"https://127.0.0.1:{port}",
                                    backend_ca=self.inner_pem)
                for _ in range(2):
                    answer = http(self.daemon.http, host)
                    self.assertEqual(answer.status, 200)
                    self.assertIn(b"Cipher", answer.body)


if __name__ == "__main__":
    unittest.main()
