"""HTTP/2 to clients: messages, bodies, windows and ends; with real peers
(curl, h2load, python3-h2) and with frames made by hand."""

import base64
import hashlib
import json
import re
import signal
import ssl
import subprocess
import threading
import unittest

from h2 import config as h2_config
from h2 import connection as h2_connection
from h2 import events as h2_events

from towpath import Backend, Ca, Daemon, Http2, handshake, wait_for
from towpath.client import context
from towpath.http2 import (FLOW_CONTROL_ERROR, INTERNAL_ERROR, NO_ERROR,
                           PROTOCOL_ERROR)
from towpath.util import PATIENCE

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def head_of(sock):
    """The head of a request and what came behind it; b"" at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            return b"", b""
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


class Case(unittest.TestCase):
    config = {}

    @classmethod
    def setUpClass(cls):
        cls.app = Backend("shop")
        cls.daemon = Daemon(**cls.config)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)
        cls.host = "edge.test.example"
        cls.daemon.cli("domains", "add", cls.host, "--app", "shop")
        cls.ca = Ca()
        cls.daemon.upload("add", cls.host, cls.ca.issue(cls.host))
        cls.n_apps = 0

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()

    def host_of(self, *backends, **settings):
        """A host of a new app; with a certificate of its own."""
        type(self).n_apps += 1
        name, d = f"app{self.n_apps}", self.daemon
        host = f"{name}.test.example"
        d.cli("apps", "create", name)
        d.cli("backends", "add", name, *backends)
        if settings:
            d.cli("apps", "set", name,
                  *(f"{k}={v}" for k, v in settings.items()))
        d.cli("domains", "add", host, "--app", name)
        d.upload("add", host, self.ca.issue(host))
        return host

    def behaving(self, behave, **settings):
        b = Backend(behave=behave)
        self.addCleanup(b.close)
        return self.host_of(b.address, **settings)

    def client(self, host=None, **kw):
        c = Http2(self.daemon.https, host or self.host, **kw)
        self.addCleanup(c.close)
        return c

    def line(self, *marks):
        """The router line with all of these, once it is there."""
        return wait_for(lambda: next(
            (x for x in self.daemon.lines() if all(m in x for m in marks)),
            None), what=f"a line with {marks}")

    def peer(self, *command):
        """A client program's output."""
        r = subprocess.run(list(map(str, command)), capture_output=True,
                           timeout=PATIENCE * 2)
        self.assertEqual(r.returncode, 0, r.stderr)
        return r.stdout

    def curl(self, path, *args):
        d = self.daemon
        pem = d.file("root.pem", self.ca.root_pem)
        return self.peer(
            "curl", "-sS", "--http2", "--cacert", pem, "--noproxy", "*",
            "--resolve", f"{self.host}:{d.https}:127.0.0.1", *args,
            f"https://{self.host}:{d.https}{path}")


class Peers(Case):
    def test_curl_speaks_it_and_the_line_tells(self):
        out = self.curl("/curl", "-w", "\n%{http_version} %{http_code}")
        body, _, told = out.decode().rpartition("\n")
        self.assertEqual(told, "2 200")
        asked = json.loads(body)
        fields = {k.lower(): v for k, v in asked["headers"]}
        self.assertEqual(asked["path"], "/curl")
        self.assertEqual(fields["host"], f"{self.host}:{self.daemon.https}")
        self.assertEqual(fields["x-forwarded-proto"], "https")
        self.assertEqual(fields["via"], "1.1 towpath")
        line = self.line('path="/curl"')
        self.assertIn(" http=2", line)
        self.assertIn(fields["x-request-id"], line)

    def test_large_bodies_arrive_whole_both_ways(self):
        def digest(sock):
            head, rest = head_of(sock)
            n = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
            h = hashlib.sha256(rest)
            n -= len(rest)
            while n > 0:
                piece = sock.recv(1 << 20)
                h.update(piece)
                n -= len(piece)
            answer = h.hexdigest().encode() * 100000
            sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                         b"\r\n%x\r\n%s\r\n0\r\n\r\n"
                         % (len(answer), answer))
        host = self.behaving(digest)
        body = bytes(range(256)) * 40000  # 10 MB
        path = self.daemon.file("body", body)
        out = self.peer("curl", "-sSk", "--http2", "--noproxy", "*",
                        "--resolve", f"{host}:{self.daemon.https}:127.0.0.1",
                        "-T", path, f"https://{host}:{self.daemon.https}/up")
        self.assertEqual(
            out, hashlib.sha256(body).hexdigest().encode() * 100000)

    def test_h2load_finds_no_failure(self):
        d = self.daemon
        out = self.peer(
            "h2load", "-n", 600, "-c", 6, "-m", 20,
            f"--connect-to=127.0.0.1:{d.https}",
            f"https://{self.host}/bytes/3000").decode()
        self.assertIn("600 succeeded, 0 failed, 0 errored", out)
        self.assertIn("600 2xx", out)

    def test_alpn_chooses_and_refuses(self):
        for offered, chosen in ((["h2", "http/1.1"], "h2"),
                                (["http/1.1", "h2"], "h2"),
                                (["http/1.1"], "http/1.1"), ([], None)):
            ctx = context()
            if offered:
                ctx.set_alpn_protocols(offered)
            with self.subTest(offered), \
                    handshake(self.daemon.https, self.host, ctx=ctx) as s:
                self.assertEqual(s.selected_alpn_protocol(), chosen)
        ctx = context()
        ctx.set_alpn_protocols(["h3", "spdy/3"])
        with self.assertRaisesRegex(ssl.SSLError, "(?i)no.application"):
            handshake(self.daemon.https, self.host, ctx=ctx).close()


class Messages(Case):
    def asked(self, stream):
        self.assertEqual(stream.status, 200)
        asked = json.loads(stream.body)
        asked["fields"] = {}
        for k, v in asked["headers"]:
            asked["fields"].setdefault(k.lower(), []).append(v)
        return asked

    def test_cookie_crumbs_are_one_field_for_the_app(self):
        c = self.client()
        asked = self.asked(c.get(extra=[
            ("cookie", "a=1"), ("accept", "x/y"), ("cookie", "b=2"),
            ("cookie", "c=\"3; d\"")]))
        self.assertEqual(asked["fields"]["cookie"], ['a=1; b=2; c="3; d"'])
        self.assertEqual(asked["fields"]["accept"], ["x/y"])

    def test_malformed_heads_cost_their_stream_alone(self):
        good = self.client().fields()
        pseudo = dict(good)
        heads = {
            "upper case": good + [("X-Upper", "1")],
            "connection": good + [("connection", "close")],
            "keep-alive": good + [("keep-alive", "5")],
            "proxy-connection": good + [("proxy-connection", "x")],
            "transfer-encoding": good + [("transfer-encoding", "chunked")],
            "upgrade": good + [("upgrade", "websocket")],
            "te": good + [("te", "gzip")],
            "crlf": good + [("x-a", "1\r\nx-b: 2")],
            "lf": good + [("x-a", "1\n2")],
            "nul": good + [("x-a", "1\0002")],
            "blank before": good + [("x-a", " 1")],
            "crlf in a name": good + [("x-a\r\nx-b", "1")],
            "colon in a name": good + [("x:a", "1")],
            "empty name": good + [("", "1")],
            "late pseudo": good[:2] + [("x-a", "1")] + good[2:],
            "pseudo twice": good + [(":path", "/")],
            "unknown pseudo": good + [(":towpath", "1")],
            "of a response": good + [(":status", "200")],
            "no method": [x for x in good if x[0] != ":method"],
            "no scheme": [x for x in good if x[0] != ":scheme"],
            "no path": [x for x in good if x[0] != ":path"],
            "no authority": [x for x in good if x[0] != ":authority"],
            "empty path": [(k, "" if k == ":path" else v) for k, v in good],
            "two lengths": good + [("content-length", "0")] * 2,
            "bad length": good + [("content-length", "-1")],
            "length and no body": good + [("content-length", "5")],
            "lf in the path": [(k, "/\nx" if k == ":path" else v)
                               for k, v in good],
            "blank in the path": [(k, "/ HTTP/1.1" if k == ":path" else v)
                                  for k, v in good],
            "star": [(k, "*" if k == ":path" else v) for k, v in good],
            "protocol": good + [(":protocol", "websocket")],
        }
        refused = {  # by us, with an answer
            "fragment": {":path": "/a#b"}, "raw bytes": {":path": "/\xe9"},
            "scheme": {":scheme": "ftp"},
        }
        seen = len(self.app.seen)
        c = self.client()
        for name, fields in heads.items():
            with self.subTest(name):
                s = c.finish(c.headers(fields))
                self.assertEqual(s.reset, PROTOCOL_ERROR, s.headers)
        for name, change in refused.items():
            with self.subTest(name):
                s = c.finish(c.headers(list({**pseudo, **change}.items())))
                self.assertEqual(s.status, 400, name)
                self.assertEqual(s.headers["x-towpath-error"], "H26")
        s = c.finish(c.headers(good + [("host", "other.test.example")]))
        self.assertEqual(s.status, 400)
        self.assertEqual(len(self.app.seen), seen)
        self.assertEqual(c.get().status, 200)
        self.line('cause="malformed request"', "code=H26")
        self.line('cause="host unlike authority"')

    def test_host_may_stand_for_the_authority(self):
        c = self.client()
        fields = [x for x in c.fields("/h") if x[0] != ":authority"]
        asked = self.asked(c.finish(c.headers(fields + [("host", c.host)])))
        self.assertEqual(asked["fields"]["host"], [c.host])

    def test_a_length_unlike_the_body_is_an_error(self):
        ended = []

        def behave(sock):
            data = b""
            try:
                while piece := sock.recv(65536):
                    data += piece
                    if data.endswith(b"complete"):
                        sock.sendall(OK)
            except ConnectionError:
                pass
            ended.append(data)
        c = self.client(self.behaving(behave))
        for body in (b"short", b"far too much of it"):
            s = c.finish(c.request(
                "/", "POST", [("content-length", "8")], body))
            self.assertEqual(s.reset, PROTOCOL_ERROR)
        s = c.get("/", "POST", [("content-length", "8")], b"complete")
        self.assertEqual(s.status, 200)
        c.close()
        self.line("code=H27", f"host={c.host}")

    def test_responses_without_a_body_end_with_their_head(self):
        answers = {
            "/204": b"HTTP/1.1 204 No Content\r\n\r\n",
            "/304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n"
                    b"\r\n",
            "/head": b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",
            "/chunkedhead": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
                            b"\r\n\r\n",
            "/zero": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        }

        def behave(sock):
            while (head := head_of(sock)[0]):
                sock.sendall(answers[head.split()[1].decode()])
        c = self.client(self.behaving(behave))
        for _ in range(2):
            for path in answers:
                s = c.get(path, "HEAD" if "head" in path else "GET")
                self.assertTrue(s.ended, path)
                self.assertEqual(s.body, b"")
                self.assertEqual(s.status,
                                 {"/204": 204, "/304": 304}.get(path, 200))
                self.assertNotIn("transfer-encoding", s.headers)
                if path == "/head":
                    self.assertEqual(s.headers["content-length"], "5000")
                if path == "/204":
                    self.assertNotIn("content-length", s.headers)

    def test_interim_responses_come_through(self):
        def behave(sock):
            while True:
                head, rest = head_of(sock)
                if not head:
                    return
                sock.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
                if b"100-continue" in head.lower():
                    sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                    while len(rest) < 5:
                        rest += sock.recv(65536)
                sock.sendall(OK)
        c = self.client(self.behaving(behave))
        s = c.get()
        self.assertEqual([x[":status"] for x in s.interim], ["103"])
        self.assertEqual(s.interim[0]["link"], "</a>")
        self.assertEqual((s.status, s.body), (200, b"ok"))
        n = c.request("/", "POST", [("content-length", "5"),
                                    ("expect", "100-continue")], ends=False)
        c.until(lambda: len(c.streams[n].interim) == 2)
        c.data(n, b"hello", ends=True)
        self.assertEqual(c.finish(n).body, b"ok")

    def test_bodies_stream_both_ways_at_once(self):
        def echo(sock):
            _, rest = head_of(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                         b"\r\n" + rest)
            while (piece := sock.recv(65536)):
                sock.sendall(piece)
                if piece.endswith(b"0\r\n\r\n"):
                    return
        c = self.client(self.behaving(echo))
        n = c.request("/", "POST", ends=False)
        s = c.streams[n]
        for i in range(100):
            piece = b"%04d" % i * 50
            c.data(n, piece, pad=i)
            c.until(lambda: len(s.body) == (i + 1) * len(piece))
            self.assertTrue(s.body.endswith(piece))
        c.data(n, b"", ends=True)
        c.finish(n)
        self.assertEqual(len(s.body), 100 * 200)

    def test_an_authority_that_the_certificate_lacks_is_misdirected(self):
        other = self.host_of(self.app.address)
        c = self.client()
        s = c.get(authority=other)
        self.assertEqual(s.status, 421)
        self.assertEqual(s.headers["x-towpath-error"], "H31")
        self.assertEqual(c.get(authority=c.host.upper()).status, 200)

    def test_connect_is_refused(self):
        c = self.client()
        s = c.finish(c.headers([(":method", "CONNECT"),
                                (":authority", f"{c.host}:443")]))
        self.assertEqual(s.status, 400)
        self.assertEqual(c.get().status, 200)

    def test_a_head_too_large_is_told_so(self):
        c = self.client()
        self.assertEqual(
            c.get(extra=[(f"x-{i}", "v") for i in range(200)]).status, 431)
        c.encoder.header_table_size = 0
        s = c.finish(c.request(extra=[(f"x-{i}", "v" * 1000)
                                      for i in range(14)]))
        self.assertEqual(s.status, 200)
        self.assertEqual(c.settings[6], 65536)
        self.line("status=431", "code=H26")


class Bodies(Case):
    def test_an_early_answer_ends_an_upload_in_good_order(self):
        """A response before all of the request, then RST_STREAM(NO_ERROR)."""
        def behave(sock):
            head_of(sock)
            sock.sendall(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno")
            sock.close()
        c = self.client(self.behaving(behave))
        for _ in range(20):
            n = c.request("/", "POST", body=b"x" * 30000, ends=False)
            s = c.streams[n]
            c.until(lambda: s.reset is not None)
            self.assertEqual((s.status, s.body, s.ended, s.reset),
                             (413, b"no", True, NO_ERROR))

    def test_discarded_data_gives_the_connection_its_window_back(self):
        """More than any window, all of it for answers that came early."""
        host = self.host_of(self.app.address, max_body=10)
        c = self.client(host)
        c.settle()
        room = 65535 + c.window_updates.get(0, 0)
        sent = 0
        while sent < 3 * room:
            n = c.request("/", "POST", body=b"x" * 60000, ends=False)
            sent += 60000
            s = c.streams[n]
            c.until(lambda: s.is_over)
            self.assertEqual(s.status, 413)
            c.until(lambda: 65535 + c.window_updates[0] - sent > 100000)
        self.assertEqual(c.get("/", "HEAD").status, 200)
        self.assertEqual(c.goaways, [])

    def test_a_client_that_resets_is_gone_for_the_app(self):
        gone = threading.Event()

        def behave(sock):
            head_of(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
            try:
                if not sock.recv(1):
                    gone.set()
            except ConnectionError:
                gone.set()
        c = self.client(self.behaving(behave))
        n = c.request("/gone")
        c.until(lambda: c.streams[n].body == b"x")
        c.reset(n)
        self.assertTrue(gone.wait(PATIENCE))
        line = self.line("code=H27", f"host={c.host}", 'path="/gone"')
        self.assertIn("sock=client", line)
        self.assertIn("status=499", line)
        c.settle()
        self.assertEqual(c.goaways, [])

    def test_a_cut_response_is_never_told_as_complete(self):
        starts = {
            "/length": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
            "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                        b"\r\n3\r\nabc\r\n",
            "/inchunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                        b"\r\n64\r\nabc",
        }

        def behave(sock):
            sock.sendall(starts[head_of(sock)[0].split()[1].decode()])
        c = self.client(self.behaving(behave))
        for path in starts:
            s = c.get(path)
            self.assertFalse(s.ended, path)
            self.assertEqual(s.reset, INTERNAL_ERROR)
            self.line("code=H18", f'path="{path}"', f"host={c.host}")

    def test_resets_race_with_a_backends_close(self):
        def behave(sock):
            head_of(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n"
                         + b"x" * 60000)
        c = self.client(self.behaving(behave))
        for i in range(60):
            n = c.request(f"/race{i}")
            s = c.streams[n]
            if i % 3 == 0:
                c.until(lambda: s.headers is not None)
            if i % 3 != 1:
                c.reset(n)
            else:
                c.until(lambda: s.is_over)
        c.settle()
        self.assertEqual(c.goaways, [])
        wait_for(lambda: len([x for x in self.daemon.lines()
                              if f"host={c.host}" in x]) == 60)


class Trailers(Case):
    def test_trailers_go_both_ways(self):
        heard = []

        def behave(sock):
            head, rest = head_of(sock)
            while not rest.endswith(b"\r\n\r\n"):
                rest += sock.recv(65536)
            heard.append((head, rest))
            sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                         b"Trailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\n"
                         b"X-Sum: 42\r\nContent-Length: 9\r\n\r\n")
        c = self.client(self.behaving(behave))
        n = c.request("/", "POST", [("te", "trailers")], b"hello", ends=False)
        c.headers([("x-check", "7"), ("authorization", "me"),
                   ("host", "evil")], stream=n)
        s = c.finish(n)
        self.assertEqual((s.status, s.body), (200, b"abc"))
        self.assertEqual(s.trailers, {"x-sum": "42"})
        head, rest = heard[0]
        self.assertIn(b"te: trailers", head.lower())
        self.assertTrue(rest.endswith(b"0\r\nx-check: 7\r\n\r\n"), rest)

    def test_trailers_with_pseudo_headers_are_malformed(self):
        c = self.client()
        n = c.request("/", "POST", body=b"x", ends=False)
        c.headers([(":path", "/")], stream=n)
        self.assertEqual(c.finish(n).reset, PROTOCOL_ERROR)
        n = c.request("/", "POST", body=b"x", ends=False)
        c.headers([("x-check", "7")], stream=n, ends=False)
        self.assertEqual(c.finish(n).reset, PROTOCOL_ERROR)
        self.assertEqual(c.get().status, 200)


class Tunnels(Case):
    """Extended CONNECT (RFC 8441); the app speaks HTTP/1.1."""

    @staticmethod
    def upgrading(heard):
        def behave(sock):
            head, rest = head_of(sock)
            if not head:
                return
            fields = dict(x.split(b": ", 1) for x in
                          head.split(b"\r\n")[1:])
            heard.append((head, {k.lower(): v for k, v in fields.items()}))
            if b"/refused" in head:
                sock.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\n"
                             b"no")
                return
            sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n"
                         b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
                         b"Sec-WebSocket-Accept: x\r\n"
                         b"Sec-WebSocket-Protocol: chat\r\n\r\nhello")
            while rest != b"bye":
                if rest:
                    sock.sendall(rest)
                rest = sock.recv(65536)
                if not rest:
                    sock.sendall(b"farewell")
                    return
        return behave

    def setUp(self):
        self.heard = []
        self.ws_host = self.behaving(self.upgrading(self.heard))

    def connect_fields(self, path="/chat", protocol="websocket"):
        return [(":method", "CONNECT"), (":protocol", protocol),
                (":scheme", "https"), (":path", path),
                (":authority", self.ws_host), ("sec-websocket-version", "13"),
                ("sec-websocket-protocol", "chat")]

    def test_a_websocket_of_a_real_client(self):
        ctx = context()
        ctx.set_alpn_protocols(["h2"])
        h2 = h2_connection.H2Connection(
            h2_config.H2Configuration(header_encoding="utf-8"))
        with handshake(self.daemon.https, self.ws_host, ctx=ctx) as sock:
            events = []

            def until(kind):
                while True:
                    for event in events:
                        if isinstance(event, kind):
                            events.remove(event)
                            return event
                    sock.sendall(h2.data_to_send())
                    events.extend(h2.receive_data(sock.recv(65536)))
            h2.initiate_connection()
            changed = until(h2_events.RemoteSettingsChanged).changed_settings
            self.assertEqual(changed[8].new_value, 1)
            n = h2.get_next_available_stream_id()
            h2.send_headers(n, self.connect_fields())
            answer = dict(until(h2_events.ResponseReceived).headers)
            self.assertEqual(answer[":status"], "200")
            self.assertEqual(answer["sec-websocket-protocol"], "chat")
            self.assertNotIn("sec-websocket-accept", answer)
            self.assertNotIn("upgrade", answer)
            self.assertEqual(until(h2_events.DataReceived).data, b"hello")
            for i in range(50):
                h2.send_data(n, b"frame %d" % i)
                self.assertEqual(until(h2_events.DataReceived).data,
                                 b"frame %d" % i)
            h2.end_stream(n)
            self.assertEqual(until(h2_events.DataReceived).data, b"farewell")
            until(h2_events.StreamEnded)
        head, fields = self.heard[0]
        self.assertTrue(head.startswith(b"GET /chat HTTP/1.1\r\n"), head)
        self.assertEqual(fields[b"upgrade"], b"websocket")
        self.assertIn(b"pgrade", fields[b"connection"])
        self.assertEqual(len(base64.b64decode(
            fields[b"sec-websocket-key"], validate=True)), 16)
        line = self.line('path="/chat"', f"host={self.ws_host}")
        self.assertIn("http=2", line)

    def test_what_comes_before_the_answer_goes_through_first(self):
        c = self.client(self.ws_host)
        n = c.headers(self.connect_fields(), ends=False)
        c.data(n, b"early")
        c.data(n, b"bird")
        s = c.streams[n]
        c.until(lambda: s.body == b"helloearlybird")
        c.data(n, b"bye")
        c.until(lambda: s.ended)
        c.data(n, b"", ends=True)
        c.settle()
        self.assertIsNone(s.reset)
        self.line('path="/chat"', f"host={self.ws_host}")

    def test_a_refusal_is_an_answer_like_any(self):
        c = self.client(self.ws_host)
        n = c.headers(self.connect_fields("/refused"), ends=False)
        s = c.streams[n]
        c.until(lambda: s.is_over)
        self.assertEqual((s.status, s.body), (403, b"no"))
        self.assertEqual(c.get(authority=self.ws_host.upper(),
                               path="/refused").status, 403)

    def test_other_protocols_of_http_are_none(self):
        c = self.client(self.ws_host)
        for protocol in ("h2c", "a b", "x\ty", "h2"):
            n = c.headers(self.connect_fields(protocol=protocol), ends=False)
            s = c.streams[n]
            c.until(lambda: s.is_over)
            self.assertEqual(s.status, 400, protocol)
        self.assertEqual(self.heard, [])

    def test_a_reset_ends_the_apps_side(self):
        c = self.client(self.ws_host)
        n = c.headers(self.connect_fields(), ends=False)
        c.until(lambda: c.streams[n].body == b"hello")
        c.reset(n)
        self.line('path="/chat"', f"host={self.ws_host}")
        self.assertEqual(c.get(path="/refused").status, 403)


class Windows(Case):
    def test_a_body_stops_at_the_window_and_goes_on_as_it_opens(self):
        c = self.client(windows=False)
        n = c.request("/bytes/200000")
        s = c.streams[n]
        c.until(lambda: len(s.body) == 65535)
        c.settle()
        self.assertEqual(len(s.body), 65535)
        c.open_window(n, 1 << 20)
        c.settle()
        self.assertEqual(len(s.body), 65535)  # the connection's is shut
        c.open_window(0, 1)
        c.until(lambda: len(s.body) == 65536)
        c.open_window(0, 1 << 20)
        self.assertEqual(len(c.finish(n).body), 200000)
        self.assertEqual(c.get("/").status, 200)

    def test_settings_may_lower_a_window_below_zero(self):
        c = self.client(windows=False, settings={4: 30000})
        n = c.request("/bytes/100000")
        s = c.streams[n]
        c.until(lambda: len(s.body) == 30000)
        c.send_settings({4: 1000})  # minus 29000 now
        c.open_window(0, 1 << 20)
        c.open_window(n, 28999)
        c.settle()
        self.assertEqual(len(s.body), 30000)
        c.open_window(n, 29001 - 28999)
        c.until(lambda: len(s.body) == 30001)
        c.send_settings({4: 1 << 20})
        self.assertEqual(len(c.finish(n).body), 100000)

    def test_a_stream_that_is_shut_does_not_stop_the_others(self):
        c = self.client(windows=False, settings={4: 100})
        stuck = c.request("/bytes/5000")
        c.until(lambda: len(c.streams[stuck].body) == 100)
        c.send_settings({4: 65535})
        c.send_settings({4: 65535})
        for _ in range(5):
            n = c.request("/bytes/1000")
            self.assertEqual(len(c.finish(n).body), 1000)
        self.assertEqual(len(c.finish(stuck).body), 5000)

    def test_padding_counts_in_windows_and_not_in_bodies(self):
        c = self.client()
        n = c.request("/", "POST", [("content-length", "100000")], ends=False)
        room = 65535 + c.window_updates.get(0, 0)
        for i in range(1000):
            c.data(n, b"y" * 100, pad=200, ends=i == 999)
            if i % 100 == 99:
                c.settle()
        asked = json.loads(c.finish(n).body)
        self.assertEqual(asked["length"], 100000)
        self.assertGreaterEqual(room, 65535)
        self.assertEqual(c.goaways, [])

    @staticmethod
    def room(c, n):
        """What may be sent now on stream n, the only one so far."""
        s = c.streams[n]
        sent = getattr(s, "sent", 0)
        return min(65535 + c.window_updates.get(0, 0),
                   c.settings[4] + c.window_updates.get(n, 0)) - sent

    def send(self, c, n, size, ends=False):
        s = c.streams[n]
        c.data(n, b"x" * size, ends)
        s.sent = getattr(s, "sent", 0) + size

    def fill(self, c, n):
        """Sends until the window is shut and stays so."""
        for _ in range(5000):
            c.settle()
            if self.room(c, n) < 16000:
                break
            self.send(c, n, 16000)
        self.assertLess(self.room(c, n), 16000)
        return c.streams[n].sent

    def test_who_sends_beyond_the_window_loses_the_stream(self):
        go = threading.Event()
        self.addCleanup(go.set)

        def behave(sock):
            head_of(sock)
            go.wait(PATIENCE)
        c = self.client(self.behaving(behave))
        n = c.request("/", "POST", ends=False)
        self.fill(c, n)
        self.send(c, n, 16000)
        self.assertEqual(c.finish(n).reset, FLOW_CONTROL_ERROR)
        self.assertEqual(c.get(authority=self.host).status, 421)

    def test_windows_open_as_the_app_takes_and_not_before(self):
        size = 20_000_000
        go = threading.Event()
        self.addCleanup(go.set)

        def behave(sock):
            head, rest = head_of(sock)
            go.wait(PATIENCE)
            n = len(rest)
            while n < size:
                n += len(sock.recv(1 << 20))
            sock.sendall(OK)
        c = self.client(self.behaving(behave))
        n = c.request("/", "POST", [("content-length", str(size))],
                      ends=False)
        sent = self.fill(c, n)
        # what kernels hold is not ours to bound; the rest is
        self.assertLess(sent, size)
        go.set()
        while sent < size:
            piece = min(16000, size - sent)
            c.until(lambda: self.room(c, n) >= piece)
            self.send(c, n, piece, ends=sent + piece == size)
            sent += piece
        self.assertEqual(c.finish(n).body, b"ok")


class Ends(Case):
    config = {"router": {"workers": 1, "drain_timeout": "20s"}}

    def test_a_drain_lets_streams_end_and_says_which_was_the_last(self):
        go = threading.Event()
        self.addCleanup(go.set)

        def behave(sock):
            head_of(sock)
            go.wait(PATIENCE)
            sock.sendall(OK)
        busy = self.client(self.behaving(behave))
        idle = self.client()
        self.assertEqual(idle.get().status, 200)
        n = busy.request("/slow")
        busy.settle()
        self.daemon.process.send_signal(signal.SIGTERM)
        for c in (idle, busy):
            c.until(lambda c=c: len(c.goaways) == 2)
            self.assertEqual(c.goaways[0], ((1 << 31) - 1, NO_ERROR))
            self.assertEqual(c.goaways[1][1], NO_ERROR)
        self.assertEqual(busy.goaways[1][0], n)
        self.assertEqual(idle.wait_end(), NO_ERROR)
        go.set()
        self.assertEqual(busy.finish(n).body, b"ok")
        self.assertEqual(busy.wait_end(), NO_ERROR)
        self.assertEqual(self.daemon.process.wait(PATIENCE), 0)


if __name__ == "__main__":
    unittest.main()
