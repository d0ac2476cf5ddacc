"""What goes over the wire: headers to backends and clients, router lines, and
each H and T code that can happen, provoked by a real misbehaving peer."""

import json
import re
import socket
import time
import unittest

from towpath import (Backend, Ca, Daemon, Https, free_port, get, http, raw,
                     wait_for)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.app = Backend("shop")
        cls.daemon = Daemon()
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)
        cls.host = "wire.test.example"
        cls.daemon.cli("domains", "add", cls.host, "--app", "shop")
        cls.own = Ca().issue(cls.host, "also.test.example")
        cls.daemon.upload("add", cls.host, cls.own)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()

    def line(self, request_id):
        """The router line of a request, as a dictionary."""
        def found():
            for text in reversed(self.daemon.lines()):
                if f"request_id={request_id} " in text + " ":
                    return text
            return None
        text = wait_for(found, what=f"a router line of {request_id}")
        fields = dict(re.findall(
            r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)', text))
        fields["text"] = text
        return {k: json.loads(v) if v.startswith('"') else v
                for k, v in fields.items()}


class Headers(Case):
    def test_headers_to_the_backend(self):
        answer = get(self.daemon.https, self.host, "/h", headers={
            "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "gopher",
            "X-Real-IP": "6.6.6.6", "Connection": "close, X-Drop",
            "X-Drop": "me", "X-Keep": "me"})
        got = {}
        for name, value in answer.json()["headers"]:
            got.setdefault(name.lower(), []).append(value)
        self.assertEqual(got["x-forwarded-for"], ["6.6.6.6, 127.0.0.1"])
        for name, value in {
            "x-forwarded-proto": "https",
            "x-forwarded-port": str(self.daemon.https),
            "x-forwarded-host": self.host,
            "x-towpath-forwarded-host": self.host,
            "x-forwarded-ip": "127.0.0.1", "x-real-ip": "127.0.0.1",
            "via": "1.1 towpath", "x-keep": "me", "host": self.host,
        }.items():
            self.assertEqual(got.get(name), [value], name)
        self.assertRegex(got["x-request-start"][0], r"^t=\d{13}$")
        self.assertRegex(got["x-request-id"][0], r"^[0-9a-f-]{36}$")
        self.assertNotIn("x-drop", got)
        self.assertEqual(answer.headers["x-request-id"],
                         got["x-request-id"][0])
        self.assertEqual(answer.headers["via"], "1.1 towpath")

    def test_a_good_request_id_is_kept_and_a_bad_one_replaced(self):
        good = "abcdefghij0123456789+/=-"
        answer = get(self.daemon.https, self.host,
                     headers={"X-Request-Id": good})
        self.assertEqual(answer.headers["x-request-id"], good)
        for bad in ("short", "x" * 201, "with blank 0123456789012"):
            answer = get(self.daemon.https, self.host,
                         headers={"X-Request-Id": bad})
            self.assertNotEqual(answer.headers["x-request-id"], bad)

    def test_the_router_line(self):
        answer = get(self.daemon.https, self.host, '/a"b\\c?d=1')
        line = self.line(answer.headers["x-request-id"])
        self.assertRegex(line["text"],
                         r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z at=info ")
        for name, value in {
            "at": "info", "method": "GET", "path": '/a"b\\c?d=1',
            "host": self.host, "fwd": "127.0.0.1", "app": "shop",
            "backend": self.app.address, "status": "200",
            "protocol": "https", "tls": "1.3",
            "bytes": str(len(answer.body)),
        }.items():
            self.assertEqual(line.get(name), value, name)
        for name in ("connect", "queue", "service"):
            self.assertRegex(line[name], r"^\d+ms$")

    def test_bodies_stream_both_ways(self):
        with Https(self.daemon.https, self.host) as c:
            body = b"y" * 3_000_000
            self.assertEqual(c.request("/up", "POST", body).json()["length"],
                             len(body))
            self.assertEqual(len(c.request("/bytes/5000000").body), 5_000_000)
            parts = iter([b"a" * 1000, b"b" * 100000, b"c"])
            answer = c.request("/chunked", "POST", parts,
                               headers={"Transfer-Encoding": "chunked"})
            self.assertEqual(answer.json()["length"], 101001)
            self.assertEqual(c.request("/", "HEAD").body, b"")
            self.assertEqual(c.request("/after").status, 200)

    def test_ready_answers_on_any_host(self):
        self.assertEqual(http(self.daemon.http, "unknown.test.example",
                              "/.well-known/towpath/ready").status, 200)


class Codes(Case):
    def host_of(self, name, *backends, **settings):
        d = self.daemon
        d.cli("apps", "create", name)
        if backends:
            d.cli("backends", "add", name, *backends)
        if settings:
            d.cli("apps", "set", name,
                  *(f"{k}={v}" for k, v in settings.items()))
        host = f"{name}.test.example"
        d.cli("domains", "add", host, "--app", name)
        return host

    def expect(self, code, status, host, path="/", **kw):
        answer = http(self.daemon.http, host, path, **kw)
        self.assertEqual(answer.status, status)
        self.assertEqual(answer.headers.get("x-towpath-error"), code)
        line = self.line(answer.headers["x-request-id"])
        self.assertEqual(line["code"], code)
        return answer, line

    def test_h81_an_app_that_never_had_a_backend(self):
        _, line = self.expect("H81", 503, self.host_of("blank"))
        self.assertEqual(line["at"], "info")
        self.assertEqual(line["desc"], "Blank app")

    def test_h14_an_app_whose_last_backend_was_removed(self):
        host = self.host_of("emptied", self.app_address)
        self.daemon.cli("backends", "remove", "emptied", self.app_address)
        _, line = self.expect("H14", 503, host)
        self.assertEqual(line["desc"], "No web processes running")

    @property
    def app_address(self):
        return type(self).app_backend.address

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.app_backend = Backend("codes")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.app_backend.close()

    def test_h21_a_backend_that_refuses(self):
        _, line = self.expect("H21", 503,
                              self.host_of("refused", f"127.0.0.1:{free_port()}"))
        self.assertEqual(line["desc"], "Backend connection refused")

    def test_h12_a_backend_that_never_answers(self):
        def silent(sock):
            sock.recv(65536)
            time.sleep(3)
        with Backend(behave=silent) as b:
            _, line = self.expect("H12", 503, self.host_of(
                "silent", b.address, first_byte_timeout="300ms"))
            self.assertEqual(line["desc"], "Request timeout")

    def test_h13_a_backend_that_closes_without_a_response(self):
        with Backend(behave=lambda s: s.recv(65536)) as b:
            self.expect("H13", 503, self.host_of("closing", b.address),
                        method="POST", body=b"x")

    def test_h17_a_backend_that_speaks_no_http(self):
        def nonsense(sock):
            sock.recv(65536)
            sock.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")
        with Backend(behave=nonsense) as b:
            self.expect("H17", 503, self.host_of("nonsense", b.address))

    def test_h18_a_backend_that_breaks_off_its_body(self):
        def short(sock):
            sock.recv(65536)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        with Backend(behave=short) as b:
            host = self.host_of("short", b.address)
            status, data = raw(
                self.daemon.http, b"GET / HTTP/1.1\r\nHost: "
                + host.encode() + b"\r\n\r\n")
            self.assertEqual(status, 200)
            self.assertTrue(data.endswith(b"abc"), data)
            ident = re.search(rb"X-Request-Id: (\S+)", data, re.I)[1].decode()
            line = self.line(ident)
            self.assertEqual((line["code"], line["sock"]), ("H18", "backend"))

    def test_h27_a_client_that_leaves(self):
        def slow(sock):
            sock.recv(65536)
            time.sleep(1)
        with Backend(behave=slow) as b:
            host = self.host_of("left", b.address)
            with socket.create_connection(
                    ("127.0.0.1", self.daemon.http)) as s:
                s.sendall(b"GET /left HTTP/1.1\r\nHost: " + host.encode()
                          + b"\r\n\r\n")
                time.sleep(0.2)
            wait_for(lambda: any("code=H27" in x and host in x
                                 for x in self.daemon.lines()),
                     what="H27 in the log")

    def test_h80_maintenance(self):
        _, line = self.expect("H80", 503, self.host_of(
            "resting", self.app_address, maintenance="on"))
        self.assertEqual(line["at"], "info")

    def test_t10_no_such_domain(self):
        answer, line = self.expect("T10", 404, "unknown.test.example")
        self.assertNotIn("app", line)
        self.assertIn("T10", answer.body.decode())

    def test_h31_a_host_that_the_connections_certificate_does_not_cover(self):
        host = self.host_of("misdirected", self.app_address)
        with Https(self.daemon.https, self.host) as c:
            answer = c.request("/", host=host)
            self.assertEqual(answer.status, 421)
            self.assertEqual(answer.headers["x-towpath-error"], "H31")

    def test_errors_are_json_for_who_asks_for_json(self):
        answer = http(self.daemon.http, "unknown.test.example",
                      headers={"Accept": "application/json"})
        self.assertEqual(answer.json()["code"], "T10")

    def test_a_failing_backend_is_tried_around(self):
        host = self.host_of("pair", f"127.0.0.1:{free_port()}", self.app_address)
        for _ in range(20):
            self.assertEqual(http(self.daemon.http, host).status, 200)

    def test_force_https_redirects_by_method(self):
        host = self.host_of("forced", self.app_address, force_https="on")
        for method, status in (("GET", 301), ("POST", 308)):
            answer = http(self.daemon.http, host, "/a?b", method=method)
            self.assertEqual(answer.status, status)
            self.assertEqual(answer.headers["location"],
                             f"https://{host}/a?b")

    def test_a_unix_socket_is_a_backend(self):
        import threading
        path = self.daemon.dir / "app.sock"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            path.chmod(0o666)
            listener.listen()

            def serve():
                s, _ = listener.accept()
                with s:
                    s.recv(65536)
                    s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
                              b"unix")
            threading.Thread(target=serve, daemon=True).start()
            host = self.host_of("local", f"unix:{path}")
            self.assertEqual(http(self.daemon.http, host).body, b"unix")


if __name__ == "__main__":
    unittest.main()
