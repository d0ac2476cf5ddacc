"""What stands between an exchange and its backend: TLS, HTTP/2, PROXY headers,
kinds of addresses, and backends that break every rule."""

import contextlib
import datetime
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import unittest

from towpath import (Backend, Ca, Http2, Https, Refused, free_port, get,
                     wait_for)
from towpath.edge import OK, Case, all_of, head_of, request, response
from towpath.h2_backend import H2Peer
from towpath.http2 import INTERNAL_ERROR, REFUSED_STREAM
from towpath.util import PATIENCE

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


def answer_one_plain(sock):
    head_of(sock)
    sock.sendall(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))


def answer_one(sock):
    answer_one_plain(sock)
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


GRPC = ("content-type", "application/grpc")


class H2Backend(Backend):
    """behave: of an H2Peer, for each connection.  peers: all of them."""

    def __init__(self, behave=None, settings=None, windows=True):
        self.peers = []

        def handle(sock):
            peer = H2Peer(sock, settings, windows)
            self.peers.append(peer)
            with contextlib.suppress(OSError):
                (behave or self.echo)(peer)
        super().__init__(behave=handle)

    @staticmethod
    def echo(peer):
        while r := peer.request():
            peer.respond(r, r.body, fields=[("content-type", "text/plain")],
                         trailers=r.trailers and list(r.trailers.items()))

    @property
    def url(self):
        return f"h2c://{self.address}"


class H2c(Case):
    def test_a_grpc_call_passes_whole_trailers_and_all(self):
        def behave(peer):
            while r := peer.request():
                peer.respond(r, b"\0\0\0\0\2ok", fields=[GRPC],
                             trailers=[("grpc-status", "0"),
                                       ("grpc-message", "fine")])
        with H2Backend(behave) as b:
            host = self.host_of(b.url)
            with Http2(self.daemon.https, host) as c:
                for i in range(3):
                    got = c.get("/pkg.Service/Call", "POST",
                                [GRPC, ("te", "trailers")],
                                body=b"\0\0\0\0\3abc")
                    self.assertEqual((got.status, got.body),
                                     (200, b"\0\0\0\0\2ok"))
                    self.assertEqual(got.trailers, {"grpc-status": "0",
                                                    "grpc-message": "fine"})
            sent = list(b.peers[0].requests.values())[0]
            self.assertEqual(sent.headers[":method"], "POST")
            self.assertEqual(sent.headers[":authority"], host)
            self.assertEqual(sent.headers["te"], "trailers")
            self.assertEqual(sent.body, b"\0\0\0\0\3abc")
            for name in ("host", "connection", "transfer-encoding"):
                self.assertNotIn(name, sent.headers)
            self.assertEqual(len(b.peers), 1)

    def test_a_trailers_only_answer_and_request_trailers(self):
        def behave(peer):
            while r := peer.request():
                if r.path == "/fails":
                    peer.headers(r.stream, [(":status", "200"), GRPC,
                                            ("grpc-status", "12")], True)
                else:
                    peer.respond(r, r.trailers["x-sum"].encode())
        with H2Backend(behave) as b:
            host = self.host_of(b.url)
            with Http2(self.daemon.https, host) as c:
                got = c.get("/fails", "POST", [GRPC, ("te", "trailers")],
                            body=b"x")
                self.assertEqual((got.headers["grpc-status"], got.body),
                                 ("12", b""))
                stream = c.request("/sum", "POST", ends=False)
                c.data(stream, b"abc")
                c.headers([("x-sum", "77")], True, stream)
                self.assertEqual(c.finish(stream).body, b"77")

    def test_http1_clients_are_served_too(self):
        with H2Backend() as b:
            host = self.host_of(b.url)
            with Https(self.daemon.https, host) as c:
                for body in (b"", b"abc", b"x" * 200_000):
                    answer = c.request("/", "POST", body)
                    self.assertEqual((answer.status, answer.body), (200, body))
                answer = c.request("/", "HEAD")
                self.assertEqual((answer.status, answer.body), (200, b""))
            self.assertEqual(len(b.peers), 1)
            first = list(b.peers[0].requests.values())[0]
            self.assertEqual(first.headers["x-forwarded-host"], host)

    def test_exchanges_share_a_connection_up_to_what_it_allows(self):
        go = threading.Event()

        def behave(peer):
            held = []
            while r := peer.request():
                held.append(r)
                if r.path == "/first":
                    peer.respond(held.pop(), b"1")
                    continue
                if len(held) < 2:
                    continue
                go.wait(PATIENCE)
                while held:
                    peer.respond(held.pop(), b"ok")
        with H2Backend(behave, settings={3: 2}) as b:
            host = self.host_of(b.url)
            with Http2(self.daemon.https, host) as c:
                c.get("/first")      # so that its SETTINGS are known
                streams = [c.request(f"/{i}") for i in range(4)]
                wait_for(lambda: sum(len(p.requests) for p in b.peers) == 5)
                self.assertEqual([len(p.requests) for p in b.peers], [3, 2])
                go.set()
                for stream in streams:
                    self.assertEqual(c.finish(stream).body, b"ok")

    def test_what_was_not_begun_goes_to_a_new_connection(self):
        """GOAWAY, and REFUSED_STREAM: even a POST, with its body."""
        for how in ("goaway", "refused"):
            def behave(peer):
                r = peer.request()
                if len(b.peers) == 1 and how == "goaway":
                    peer.go_away(0)
                    return
                if len(b.peers) == 1:
                    peer.reset(r.stream, REFUSED_STREAM)
                    peer.go_away(r.stream)
                    peer.request()
                    return
                while r:
                    peer.respond(r, r.body)
                    r = peer.request()
            with self.subTest(how), H2Backend(behave) as b:
                host = self.host_of(b.url)
                with Http2(self.daemon.https, host) as c:
                    got = c.get("/", "POST", body=b"precious")
                    self.assertEqual((got.status, got.body),
                                     (200, b"precious"))
                self.assertEqual(len(b.peers), 2)

    def test_a_connection_that_takes_its_leave_finishes_what_it_has(self):
        def behave(peer):
            r = peer.request()
            if len(b.peers) == 1:
                peer.go_away(r.stream)
            peer.respond(r, b"one")
            while r := peer.request():
                peer.respond(r, b"two")
        with H2Backend(behave) as b:
            host = self.host_of(b.url)
            with Http2(self.daemon.https, host) as c:
                self.assertEqual(c.get().body, b"one")
                self.assertEqual(c.get().body, b"one")
                self.assertEqual(c.get().body, b"two")
            self.assertEqual(len(b.peers), 2)

    def test_resets_have_their_codes(self):
        def behave(peer):
            while r := peer.request():
                if r.path == "/late":
                    peer.headers(r.stream, [(":status", "200")])
                    peer.data(r.stream, b"half")
                if r.path == "/wrong":
                    peer.headers(r.stream, [(":status", "200"),
                                            ("Upper", "case")], True)
                elif r.path == "/length":
                    peer.respond(r, b"four", fields=[("content-length", "5")])
                else:
                    peer.reset(r.stream, INTERNAL_ERROR)
        with H2Backend(behave) as b:
            for path, code in (("/early", "H13"), ("/late", "H18"),
                               ("/wrong", "H17")):
                host = self.host_of(b.url)
                with self.subTest(path), \
                        Http2(self.daemon.https, host) as c:
                    got = c.get(path)
                    if path == "/late":
                        self.assertFalse(got.ended)
                    else:
                        self.assertEqual(got.headers["x-towpath-error"], code)
                    wait_for(lambda: self.coded(code, host))
            self.assertTrue(any('code=H13' in x and 'cause="INTERNAL_ERROR"'
                                in x for x in self.daemon.lines()))
            host = self.host_of(b.url)
            with Http2(self.daemon.https, host) as c:
                self.assertFalse(c.get("/length").ended)

    def test_what_is_no_http2_is_h17(self):
        def behave(sock):
            sock.recv(65536)
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
                         b"\r\n")
            sock.recv(65536)
        with Backend(behave=behave) as b:
            host = self.host_of(f"h2c://{b.address}")
            answer = get(self.daemon.https, host)
            self.assertEqual(answer.headers["x-towpath-error"], "H17")

    def test_a_slow_client_holds_up_only_itself(self):
        size = 4_000_000

        def behave(peer):
            """Sends within the windows it is given, round robin."""
            left, opened = {}, {}
            window = {0: 65535}

            def room(stream):
                base = peer.settings.get(4, 65535)
                return min(65535 + peer.window_updates.get(0, 0)
                           - sum(opened.values()),
                           base + peer.window_updates.get(stream, 0)
                           - opened[stream])
            del window
            while True:
                while peer.waiting:
                    r = peer.waiting.pop(0)
                    peer.headers(r.stream, [(":status", "200")])
                    left[r.stream] = size if r.path == "/big" else 3
                    opened[r.stream] = 0
                for stream in list(left):
                    n = min(left[stream], room(stream), 16000)
                    if n > 0:
                        left[stream] -= n
                        opened[stream] += n
                        peer.data(stream, b"x" * n, left[stream] == 0)
                    if left[stream] == 0:
                        del left[stream]
                if not any(room(s) > 0 for s in left) and not peer.read():
                    return
        with H2Backend(behave) as b:
            host = self.host_of(b.url)
            with Http2(self.daemon.https, host) as c, \
                    self.connect(host) as slow:
                # two connections may be of two workers; on one it must hold
                slow.sendall(request(host, "/big"))
                big = c.request("/big")
                c.windows = False
                c.until(lambda: len(c.streams[big].body) >= 65535)
                for _ in range(3):
                    c.open_window(0, 10)
                    self.assertEqual(c.get("/small").body, b"xxx")
                c.windows = True
                c.open_window(0, 65535)
                c.open_window(big, 65535)
                self.assertEqual(len(c.finish(big).body), size)
                stream = slow.makefile("rb")
                self.assertEqual(len(response(stream)[2]), size)

    def test_an_upload_goes_at_the_backends_pace(self):
        go = threading.Event()

        def behave(peer):
            r = peer.begun()
            go.wait(PATIENCE)
            while not r.ended and peer.read():
                peer.open_window(0, 100_000)
                if not r.ended:
                    peer.open_window(r.stream, 100_000)
            peer.respond(r, str(len(r.body)).encode())
        with H2Backend(behave, windows=False) as b:
            host = self.host_of(b.url)
            with self.connect(host) as s:
                s.sendall(request(host, "/", "POST",
                                  "Content-Length: 16000000"))
                s.settimeout(0.2)
                sent = 0
                with contextlib.suppress(TimeoutError):
                    while sent < 16_000_000:
                        sent += s.send(b"x" * 16000)
                self.assertLess(sent, 15_500_000)
                go.set()
                s.settimeout(PATIENCE)
                while sent < 16_000_000:
                    sent += s.send(b"x" * min(16000, 16_000_000 - sent))
                self.assertEqual(response(s.makefile("rb"))[2], b"16000000")

    def test_an_answer_before_the_end_of_the_upload(self):
        def behave(peer):
            while r := peer.begun():
                peer.respond(r, b"enough", status=413)
        with H2Backend(behave) as b:
            host = self.host_of(b.url)
            with Http2(self.daemon.https, host) as c:
                for _ in range(2):
                    stream = c.request("/", "POST", ends=False)
                    got = c.finish(stream)
                    self.assertEqual((got.status, got.body), (413, b"enough"))
            self.assertEqual(len(b.peers), 1)

    def test_a_client_that_goes_resets_its_stream_alone(self):
        def behave(peer):
            while r := peer.request():
                if r.path == "/ok":
                    peer.respond(r, b"ok")
                else:
                    peer.headers(r.stream, [(":status", "200")])
        with H2Backend(behave) as b:
            host = self.host_of(b.url)
            with Http2(self.daemon.https, host) as c:
                stream = c.request("/never")
                c.until(lambda: c.streams[stream].headers)
                c.reset(stream)
                self.assertEqual(c.get("/ok").body, b"ok")
                peer = b.peers[0]
                wait_for(lambda: any(r.reset is not None
                                     for r in peer.requests.values()))
            self.assertEqual(len(b.peers), 1)


class RealPeers(Case):
    """Programs that other people wrote."""

    def setUp(self):
        self.inner = Ca("Inner CA")
        identity = self.inner.issue("127.0.0.1")
        self.chain = self.daemon.file("peer.pem", identity.chain_pem)
        self.key = self.daemon.file("peer.key", identity.key_pem)
        self.pem = self.daemon.file("inner.pem", self.inner.root_pem)
        self.port = free_port()

    @contextlib.contextmanager
    def peer(self, *command):
        with subprocess.Popen([str(x) for x in command],
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as p:
            try:
                wait_for(lambda: socket.create_connection(
                    ("127.0.0.1", self.port)).close() is None)
                yield
            finally:
                p.kill()

    def test_openssls_server(self):
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version), \
                    self.peer("openssl", "s_server", "-accept", self.port,
                              "-cert", self.chain, "-cert_chain", self.chain,
                              "-key", self.key, version, "-www", "-quiet"):
                host = self.host_of(f"https://127.0.0.1:{self.port}",
                                    backend_ca=self.pem)
                for _ in range(2):
                    answer = get(self.daemon.https, host)
                    self.assertEqual(answer.status, 200)
                    self.assertIn(b"Cipher", answer.body)

    def test_nghttps_server(self):
        folder = self.daemon.dir / "htdocs"
        folder.mkdir()
        folder.chmod(0o755)
        big = bytes(range(256)) * 8000
        (folder / "big").write_bytes(big)
        (folder / "small").write_bytes(b"small")
        with self.peer("/usr/sbin/nghttpd", "--no-tls", "-d", folder,
                       "--trailer", "x-sum: 77", "--echo-upload", self.port):
            host = self.host_of(f"h2c://127.0.0.1:{self.port}")
            with Http2(self.daemon.https, host) as c:
                streams = [c.request("/big" if i % 3 == 0 else "/small")
                           for i in range(20)]
                for i, stream in enumerate(streams):
                    got = c.finish(stream)
                    self.assertEqual(got.body,
                                     big if i % 3 == 0 else b"small")
                    self.assertEqual(got.trailers, {"x-sum": "77"})
                self.assertEqual(c.get("/up", "POST", body=b"abc").body,
                                 b"abc")
                self.assertEqual(c.get("/none").status, 404)
            with Https(self.daemon.https, host) as c:
                self.assertEqual(c.request("/big").body, big)
                self.assertEqual(c.request("/", "POST", big).body, big)


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
        self.assertEqual(get(self.daemon.https,
                             self.host_of(f"unix:{a}")).body, b"ok")
        host = self.host_of(f"h2c://unix:{b}")
        with Https(self.daemon.https, host) as c:
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
                    answer_one_plain(sock)
            threading.Thread(target=serve, daemon=True).start()
            host = self.host_of(f"[::1]:{listener.getsockname()[1]}")
            self.assertEqual(get(self.daemon.https, host).body, b"ok")

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
                        Https(self.daemon.https, host) as c:
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
                with self.connect(host) as s:
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
            with Https(self.daemon.https, host) as c:
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
                with self.connect(host) as s:
                    mine = s.getsockname()[1]
                    stream = s.makefile("rb")
                    for _ in range(2):
                        s.sendall(request(host))
                        self.assertEqual(response(stream)[0], 200)
                if version == "v1":
                    first = (f"PROXY TCP4 127.0.0.1 127.0.0.1 {mine} "
                             f"{self.daemon.https}\r\n").encode()
                else:
                    first = (0x21, 0x11, socket.inet_aton("127.0.0.1") * 2 +
                             struct.pack(">HH", mine, self.daemon.https))
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
                    with Https(self.daemon.https, host) as c:
                        for _ in range(2):
                            self.assertEqual(c.request().status, 200)
        self.assertEqual(firsts, [b"PROXY TCP4"] * 4)


if __name__ == "__main__":
    unittest.main()
