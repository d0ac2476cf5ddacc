"""What stands between an exchange and its backend: TLS, HTTP/2, PROXY headers,
kinds of addresses, and backends that break every rule."""

import contextlib
import datetime
import socket
import ssl
import tempfile
import threading
import unittest

from towpath import Backend, Ca, Https, get, wait_for
from towpath.edge import OK, Case, all_of, head_of, request

INSIDE = "shop.internal.example"


def tls_context(identity, alpn=("http/1.1",)):
    """A server's, with an Identity's chain and key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as f:
        f.write(identity.chain_pem + identity.key_pem)
        f.flush()
        context.load_cert_chain(f.name)
    context.set_alpn_protocols(alpn)
    return context


class TlsBackend(Backend):
    """An app behind TLS.  behave: of a socket that has shaken hands.

    seen: (SNI, ALPN, resumed) of every handshake."""

    def __init__(self, identity, behave, context=None):
        self.shaken = []
        self.names = {}
        context = context or tls_context(identity)
        context.sni_callback = self._on_name

        def handle(sock):
            with contextlib.suppress(OSError), \
                    context.wrap_socket(sock, server_side=True,
                                        suppress_ragged_eofs=False) as s:
                self.shaken.append((self.names.pop(s, None),
                                    s.selected_alpn_protocol(),
                                    s.session_reused))
                behave(s)

        super().__init__(behave=handle)

    def _on_name(self, sock, name, _context):
        self.names[sock] = name

    @property
    def url(self):
        return f"https://{self.address}"


def answer_all(sock):
    while head_of(sock)[0]:
        sock.sendall(OK)


def answer_one(sock):
    head_of(sock)
    sock.sendall(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
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
            self.assertEqual(get(self.daemon.https, host).body, b"ok")
            self.assertIn(f"Host: {host}\r\n".encode(), heads[0] + b"\r\n")
            self.assertEqual(b.shaken, [(INSIDE, "http/1.1", False)])
            wait_for(lambda: any(f"backend={b.url} " in x and host in x
                                 for x in self.daemon.lines()))

    def test_an_address_is_proved_by_an_address_and_has_no_sni(self):
        with TlsBackend(self.inner.issue("127.0.0.1"), answer_all) as b:
            host = self.host_of(b.url, backend_ca=self.inner_pem)
            self.assertEqual(get(self.daemon.https, host).status, 200)
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
                answer = get(self.daemon.https, host)
                self.assertEqual((answer.status,
                                  answer.headers["x-towpath-error"]),
                                 (503, "H21"))
                self.caused(f"certificate {cause}", host)
        self.assertNotIn(b"G", got)

    def test_the_systems_roots_do_not_vouch_for_a_private_ca(self):
        with TlsBackend(self.inner.issue("127.0.0.1"), answer_all) as b:
            host = self.host_of(b.url)
            self.assertEqual(get(self.daemon.https, host).status, 503)
            self.caused("certificate not trusted", host)

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
                self.assertEqual(get(self.daemon.https, host).status, 503)
                self.caused(cause, host)

    def test_sessions_are_resumed(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = tls_context(identity := self.inner.issue(INSIDE))
            context.minimum_version = context.maximum_version = version
            with self.subTest(version), \
                    TlsBackend(identity, answer_one, context) as b:
                host = self.host_of(b.url, backend_ca=self.inner_pem,
                                    backend_host=INSIDE)
                with Https(self.daemon.https, host) as c:  # of one worker
                    for _ in range(3):
                        self.assertEqual(c.request().status, 200)
                self.assertEqual([x[2] for x in b.shaken],
                                 [False, True, True])

    def test_another_ca_holds_at_once_for_idle_connections_too(self):
        other = self.daemon.file("other.pem", Ca("Other").root_pem)
        with TlsBackend(self.inner.issue("127.0.0.1"), answer_all) as b:
            host = self.host_of(b.url, backend_ca=self.inner_pem)
            app = host.split(".")[0]
            with Https(self.daemon.https, host) as c:
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
            with Https(self.daemon.https, host) as c:
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
                with self.subTest(path), self.connect(host) as s:
                    s.sendall(request(host, path))
                    data, _ = all_of(s)
                    self.assertIn(b"half", data)
                    self.assertEqual(data.endswith(b"0\r\n\r\n"), whole)
            wait_for(lambda: self.coded("H18", host))


if __name__ == "__main__":
    unittest.main()
