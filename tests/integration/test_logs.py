"""What operators see of single requests: router lines in memory, followed and
filtered, the access log across SIGUSR1, and why a request went as it did."""

import json
import re
import select
import signal
import socket
import subprocess
import threading
import unittest

from towpath import BUILD, Backend, Daemon, Https, free_port, http, wait_for

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z at=\w+ .* http=1\.1")
HOST, OTHER = "www.example.com", "shop.example.org"


class InMemory(unittest.TestCase):
    """access_log = off: lines are there all the same."""

    @classmethod
    def setUpClass(cls):
        cls.backend = Backend()
        cls.dead = f"127.0.0.1:{free_port()}"
        cls.d = Daemon(router={"access_log": "off"})
        for app, host, backend in (("web", HOST, cls.backend.address),
                                   ("shop", OTHER, cls.backend.address),
                                   ("gone", "gone.example.com", cls.dead)):
            cls.d.cli("apps", "create", app, "--backend", backend)
            cls.d.cli("domains", "add", host, "--app", app)

    @classmethod
    def tearDownClass(cls):
        cls.d.close()
        cls.backend.close()

    def logs(self, *filters):
        return self.d.json("logs", *filters)

    def ask(self, host, path="/"):
        """A request whose line is in memory when this returns: its id."""
        answer = http(self.d.http, host, path)
        wait_for(lambda: any(o["path"] == path for o in self.logs(
            "--host", host)), what=f"the line of {path}")
        return answer.headers["x-request-id"]

    def test_lines_are_kept_with_all_their_fields(self):
        request_id = self.ask(HOST, '/say?"hello"')
        line = next(o for o in self.logs("--app", "web")
                    if o["request_id"] == request_id)
        self.assertEqual(line["path"], '/say?"hello"')
        self.assertEqual(line["backend"], self.backend.address)
        self.assertEqual((line["status"], line["method"], line["level"]),
                         (200, "GET", "info"))
        self.assertGreaterEqual(line["service_ms"], 0)
        self.assertRegex(line["line"], LINE)
        self.assertIn(line["line"], self.d.cli("logs", "--app", "web"))

    def test_filters_leave_out_the_rest(self):
        self.ask(HOST, "/filter-web")
        self.ask(OTHER, "/filter-shop")
        self.ask("nobody.example.net", "/filter-unknown")
        cases = ((("--app", "shop"), lambda o: o.get("app") == "shop"),
                 (("--host", HOST), lambda o: o["host"] == HOST),
                 (("--code", "T10"), lambda o: o.get("code") == "T10"),
                 (("--status", "4xx"), lambda o: 400 <= o["status"] < 500),
                 (("--status", "200"), lambda o: o["status"] == 200))
        for filters, is_right in cases:
            with self.subTest(filters=filters):
                lines = self.logs("-n", "1000", *filters)
                self.assertTrue(lines)
                for o in lines:
                    self.assertTrue(is_right(o), o)
        self.assertEqual(self.logs("--app", "shop", "--code", "T10"), [])
        self.assertEqual(self.d.run("logs", "--status", "9").returncode, 1)

    def test_lines_of_all_workers_come_in_the_order_of_time(self):
        for i in range(20):
            http(self.d.http, HOST, f"/order/{i}")
        times = [o["at"] for o in self.logs("-n", "1000")]
        self.assertGreaterEqual(len(times), 20)
        self.assertEqual(times, sorted(times))
        self.assertEqual(len(self.logs("-n", "3")), 3)

    def test_a_follower_sees_what_matches_as_it_happens(self):
        command = [BUILD / "towpath", "-s", self.d.socket, "logs", "-f", "-n",
                   "0", "--app", "shop"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as p:
            try:
                self.read_follower(p)
            finally:
                p.kill()

    def read_follower(self, p):
        seen = b""
        for i in range(1000):
            # it may not have begun yet: until it shows one, there are more
            http(self.d.http, HOST, f"/not-for-it/{i}")
            http(self.d.http, OTHER, f"/for-it/{i}")
            if select.select([p.stdout], [], [], 0.1)[0]:
                seen += p.stdout.read1()
            if b"\n" in seen:
                break
        self.assertIn(b"/for-it/", seen)
        self.assertNotIn(b"/not-for-it/", seen)

    def test_a_slow_follower_is_told_how_much_it_missed(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(str(self.d.socket))
            s.settimeout(60)
            s.sendall(b"GET /v1/logs?limit=0&app=web HTTP/1.1\r\nHost: x\r\n"
                      b"Accept: text/event-stream\r\n\r\n")
            seen = s.recv(64)
            self.assertIn(b" 200 ", seen)
            path = "/" + "x" * 1900
            with Https(self.d.http, HOST, plain=True) as c:
                for _ in range(600):  # far more than is held for it
                    c.request(path)
            while not (missed := re.search(rb'"missed":(\d+)}', seen)):
                piece = s.recv(65536)
                self.assertTrue(piece, "the stream ended")
                seen = seen[-64:] + piece
        self.assertGreater(int(missed[1]), 0)

    def test_explain_tells_which_rule_answered(self):
        self.d.cli("apps", "create", "secure", "--backend",
                   self.backend.address)
        self.d.cli("apps", "set", "secure", "force_https=on")
        self.d.cli("domains", "add", "secure.example.com", "--app", "secure")
        request_id = self.ask("secure.example.com")
        why = self.d.json("explain", request_id)
        self.assertEqual(why["rule"], "force_https")
        self.assertEqual(why["tries"], [])
        self.assertEqual(why["request"]["status"], 301)

    def test_explain_tells_what_each_backend_did(self):
        why = self.d.json("explain", self.ask(HOST, "/explained"))
        self.assertEqual(
            [(t["backend"], t["code"]) for t in why["tries"]],
            [(self.backend.address, None)])
        why = self.d.json("explain", self.ask("gone.example.com"))
        self.assertEqual(why["tries"][0]["backend"], self.dead)
        self.assertEqual(why["tries"][0]["code"], "H21")
        text = self.d.cli("explain", why["request"]["request_id"])
        self.assertIn("gone.example.com belongs to the app gone", text)
        self.assertIn(f"{self.dead} failed", text)

    def test_explain_tells_of_the_connection(self):
        with Https(self.d.https, HOST) as c:
            request_id = c.request("/tls").headers["x-request-id"]
        why = wait_for(lambda: self.d.json("explain", request_id))
        self.assertEqual(why["sni"], HOST)

    def test_what_nobody_remembers_is_p22(self):
        result = self.d.run("-j", "explain", "f" * 32)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(json.loads(result.stderr)["code"], "P22")


class File(unittest.TestCase):
    def test_reopened_under_load_no_line_is_lost_or_torn(self):
        threads, each = 4, 500
        with Backend() as b, Daemon() as d:
            d.cli("apps", "create", "web", "--backend", b.address)
            d.cli("domains", "add", HOST, "--app", "web")

            def load(k):
                with Https(d.http, HOST, plain=True) as c:
                    for i in range(each):
                        c.request(f"/load/{k}/{i}/")

            loads = [threading.Thread(target=load, args=(k,))
                     for k in range(threads)]
            for t in loads:
                t.start()
            old = []
            for i in range(5):
                old.append(d.access_log.with_suffix(f".{i}"))
                d.access_log.rename(old[-1])
                d.process.send_signal(signal.SIGUSR1)
                wait_for(d.access_log.exists, what="a new access log")
            for t in loads:
                t.join()
            dropped = d.json("status")["workers"]["log_lines_dropped"]
            self.assertEqual(d.stop(), 0)
            lines = "".join(f.read_text()
                            for f in old + [d.access_log]).splitlines()
        for line in lines:
            self.assertRegex(line, LINE)
            self.assertEqual(line.count(" at="), 1)
        seen = sorted(m[0] for m in map(
            re.compile(r"/load/\d+/\d+/").search, lines) if m)
        self.assertEqual(seen, sorted(f"/load/{k}/{i}/" for k in range(threads)
                                      for i in range(each)))
        self.assertEqual(dropped, 0)


if __name__ == "__main__":
    unittest.main()
