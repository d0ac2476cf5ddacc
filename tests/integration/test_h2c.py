"""h2c:// backends: gRPC, streams that share a connection, and peers that
reset, refuse, leave or break the rules."""

import contextlib
import subprocess
import threading
import unittest

from towpath import Backend, Http2, Https, free_port, http, wait_for
from towpath.edge import Case, answer_all, request, response
from towpath.h2_backend import H2Backend
from towpath.http2 import INTERNAL_ERROR, REFUSED_STREAM
from towpath.util import PATIENCE, program

GRPC = ("content-type", "application/grpc")


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

    def test_curl_makes_a_grpc_call(self):
        def behave(peer):
            while r := peer.request():
                peer.respond(r, bytes(r.body), fields=[GRPC],
                             trailers=[("grpc-status", "0")])
        with H2Backend(behave) as b:
            host = self.host_of(b.url)
            for version in ("--http2", "--http1.1"):
                out = subprocess.run(
                    ["curl", "-sk", version, "-D", "-", "--noproxy", "*",
                     "--resolve", f"{host}:{self.daemon.https}:127.0.0.1",
                     "-H", "Content-Type: application/grpc", "-H",
                     "TE: trailers",
                     "--data-binary", "call", "-m", str(PATIENCE),
                     f"https://{host}:{self.daemon.https}/pkg.Service/Call"],
                    capture_output=True, check=True).stdout
                with self.subTest(version):
                    self.assertIn(b" 200", out)
                    self.assertIn(b"\r\n\r\ncall", out)
                    self.assertIn(b"grpc-status: 0", out)

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
            with Https(self.daemon.http, host, plain=True) as c:
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

    def test_what_was_answered_is_not_asked_again(self):
        """GOAWAY and REFUSED_STREAM that lie."""
        def behave(peer):
            while r := peer.request():
                peer.headers(r.stream, [(":status", "200")])
                peer.data(r.stream, b"half")
                if r.path == "/goaway":
                    peer.go_away(0)
                else:
                    peer.reset(r.stream, REFUSED_STREAM)
        with H2Backend(behave) as b:
            host = self.host_of(b.url)
            with Http2(self.daemon.https, host) as c:
                for path in ("/goaway", "/refused"):
                    self.assertFalse(c.get(path).ended)
            wait_for(lambda: self.coded("H18", host))

    def test_a_websocket_is_not_told_that_it_is_open(self):
        """An ordinary answer to a request that asked to switch: 200 would say
        in HTTP/2 that it had."""
        with H2Backend() as b, Backend(behave=answer_all) as c:
            for url in (b.url, c.address):
                host = self.host_of(url)
                with self.subTest(url), \
                        Http2(self.daemon.https, host) as h:
                    stream = h.headers(
                        [(":method", "CONNECT"), (":protocol", "websocket"),
                         (":scheme", "https"), (":path", "/chat"),
                         (":authority", host),
                         ("sec-websocket-version", "13")], False)
                    got = h.finish(stream)
                    self.assertEqual(
                        (got.status, got.headers["x-towpath-error"]),
                        (502, "H25"))

    def test_what_is_no_http2_is_h17(self):
        def behave(sock):
            sock.recv(65536)
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
                         b"\r\n")
            sock.recv(65536)
        with Backend(behave=behave) as b:
            host = self.host_of(f"h2c://{b.address}")
            answer = http(self.daemon.http, host)
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
                    self.connect(host, tls=False) as slow:
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
            with self.connect(host, tls=False) as s:
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

    def test_nghttps_server(self):
        folder = self.daemon.dir / "htdocs"
        folder.mkdir()
        folder.chmod(0o755)
        big = bytes(range(256)) * 8000
        (folder / "big").write_bytes(big)
        (folder / "small").write_bytes(b"small")
        port = free_port()
        with program(port, "/usr/sbin/nghttpd", "--no-tls", "-d", folder,
                     "--trailer", "x-sum: 77", "--echo-upload", port):
            host = self.host_of(f"h2c://127.0.0.1:{port}")
            with Http2(self.daemon.https, host, {4: 4 << 20},
                       windows=False) as c:
                c.open_window(0, 64 << 20)  # room for all, once
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
            with Https(self.daemon.http, host, plain=True) as c:
                self.assertEqual(c.request("/big").body, big)
                self.assertEqual(c.request("/", "POST", big).body, big)


if __name__ == "__main__":
    unittest.main()
