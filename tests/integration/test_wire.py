"""What goes over the wire: headers to backends and clients, and router lines."""

import json
import re
import socket
import threading
import unittest

from towpath import (Backend, Ca, Daemon, Https, free_port, get, http,
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


class Backends(Case):
    def host_of(self, name, *backends):
        d = self.daemon
        d.cli("apps", "create", name)
        d.cli("backends", "add", name, *backends)
        host = f"{name}.test.example"
        d.cli("domains", "add", host, "--app", name)
        return host

    def test_a_failing_backend_is_tried_around(self):
        host = self.host_of("pair", f"127.0.0.1:{free_port()}",
                            self.app.address)
        for _ in range(20):
            self.assertEqual(http(self.daemon.http, host).status, 200)

    def test_a_unix_socket_is_a_backend(self):
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
