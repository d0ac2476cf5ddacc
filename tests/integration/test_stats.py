"""Traffic as it is counted: `stats`, and /metrics as Prometheus reads it."""

import http.client
import os
import signal
import socket
import unittest

from prometheus_client.parser import text_string_to_metric_families

from towpath import Backend, Daemon, Refused, free_port, http as ask, raw
from towpath import wait_for

HOST = "www.example.com"


def scrape(port, path="/metrics", method="GET"):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    c.request(method, path)
    answer = c.getresponse()
    body = answer.read().decode()
    c.close()
    return answer, body


class Stats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = Backend()
        cls.dead = f"127.0.0.1:{free_port()}"
        cls.port = free_port()
        cls.d = Daemon(listen={"metrics": f"127.0.0.1:{cls.port}"})
        for app in ("web", "gone", "busy", "kept"):
            cls.d.cli("apps", "create", app, "--backend",
                      cls.dead if app == "gone" else cls.backend.address)
        for host, app in ((HOST, "web"), ("gone.example.com", "gone"),
                          ("busy.example.com", "busy"),
                          ("kept.example.com", "kept")):
            cls.d.cli("domains", "add", host, "--app", app)

    @classmethod
    def tearDownClass(cls):
        cls.d.close()
        cls.backend.close()

    def samples(self):
        """{(name, labels): value}, as a real parser reads them."""
        answer, text = scrape(self.port)
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith(
            "text/plain; version=0.0.4"))
        return {(s.name, tuple(sorted(s.labels.items()))): s.value
                for family in text_string_to_metric_families(text)
                for s in family.samples}

    def value(self, name, **labels):
        return self.samples().get((name, tuple(sorted(labels.items()))), 0)

    def stats(self, app):
        return self.d.json("stats", "--app", app)

    def test_an_app_is_counted_with_its_backends(self):
        for _ in range(10):
            self.assertEqual(ask(self.d.http, HOST, "/bytes/1000").status, 200)
        s = wait_for(lambda: (x := self.stats("web"))["requests"] >= 10 and x)
        self.assertEqual(s["statuses"]["2xx"], s["requests"])
        self.assertGreaterEqual(s["bytes_out"], 10000)
        self.assertGreater(s["requests_per_second"], 0)
        self.assertGreater(s["p50"], 0)
        self.assertLessEqual(s["p50"], s["p95"])
        self.assertLessEqual(s["p95"], s["p99"])
        self.assertEqual([b["address"] for b in s["backends"]],
                         [self.backend.address])
        self.assertGreaterEqual(s["backends"][0]["requests"], 10)
        listed = self.d.json("stats")
        self.assertIn("web", [a["app"] for a in listed["apps"]])
        self.assertGreaterEqual(listed["all"]["requests"], s["requests"])
        self.assertIn("web", self.d.cli("stats"))
        self.assertIn(self.backend.address, self.d.cli("stats", "-a", "web"))

    def test_failures_are_counted_where_they_happen(self):
        self.assertEqual(ask(self.d.http, "gone.example.com").status, 503)
        s = wait_for(lambda: (x := self.stats("gone"))["requests"] >= 1 and x)
        self.assertGreaterEqual(s["statuses"]["5xx"], 1)
        self.assertGreaterEqual(sum(s["codes"].values()), 1)
        self.assertGreaterEqual(s["backends"][0]["connect_failures"], 1)
        self.assertGreater(s["failures_per_second"], 0)

    def test_counts_go_on_when_the_app_changes_or_a_worker_dies(self):
        def count():
            for a in self.d.json("stats")["apps"]:
                if a["app"] == "kept":
                    return a["requests"]
            return 0

        for _ in range(20):
            ask(self.d.http, "kept.example.com")
        wait_for(lambda: count() == 20, what="all are counted")
        self.d.cli("apps", "set", "kept", "first_byte_timeout=20")
        ask(self.d.http, "kept.example.com")
        wait_for(lambda: count() == 21, what="counted on after a change")
        before = self.value("towpath_child_restarts_total", role="worker")
        pid = self.d.children()["worker 0"]
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: self.d.children().get("worker 0", pid) != pid)
        wait_for(lambda: self.value("towpath_child_restarts_total",
                                    role="worker") > before)
        wait_for(lambda: ask(self.d.http, "kept.example.com").status == 200)
        wait_for(lambda: count() >= 22, what="counted on after a crash")

    def test_an_app_that_is_none_is_refused(self):
        with self.assertRaises(Refused) as refused:
            self.d.cli("stats", "--app", "nobody")
        self.assertIn("N16", refused.exception.stderr)

    def test_metrics_are_what_prometheus_reads(self):
        for _ in range(5):
            ask(self.d.http, "busy.example.com")
        ask(self.d.http, "unknown.example.net")
        wait_for(lambda: self.value("towpath_requests_total", app="busy",
                                    status="2xx") >= 5)
        samples = self.samples()
        names = {name for name, _ in samples}
        for name in ("towpath_requests_total", "towpath_connections",
                     "towpath_request_seconds_bucket",
                     "towpath_request_seconds_sum",
                     "towpath_request_seconds_count",
                     "towpath_router_errors_total",
                     "towpath_tls_handshakes_total", "towpath_domains",
                     "towpath_certificates_expiring", "towpath_backends",
                     "towpath_acme_orders_total", "towpath_build_info",
                     "towpath_child_restarts_total",
                     "towpath_log_lines_dropped_total"):
            self.assertIn(name, names)
        bucket = "towpath_request_seconds_bucket"
        counts = [v for (n, labels), v in samples.items()
                  if n == bucket and ("app", "busy") in labels]
        self.assertEqual(counts, sorted(counts))
        self.assertEqual(counts[-1], self.value(
            "towpath_request_seconds_count", app="busy"))
        self.assertGreaterEqual(self.value(
            "towpath_router_errors_total", app="other", code="T10"), 1)
        self.assertEqual(self.value("towpath_domains", status="Pending DNS"),
                         4)
        for _, labels in samples:
            for _, value in labels:
                self.assertNotIn("example", value)

    def test_handshakes_are_counted_by_what_became_of_them(self):
        ok = {"result": "ok", "version": "1.3", "resumed": "no"}
        no = {"result": "refused", "version": "none", "resumed": "no"}
        name = "towpath_tls_handshakes_total"
        before = self.value(name, **ok), self.value(name, **no)
        raw(self.d.https, b"GET / HTTP/1.1\r\nHost: " + HOST.encode() +
            b"\r\nConnection: close\r\n\r\n", tls_host=HOST)
        with self.assertRaises(OSError):
            raw(self.d.https, b"", tls_host="unknown.example.net")
        wait_for(lambda: self.value(name, **ok) > before[0]
                 and self.value(name, **no) > before[1])

    def test_over_tcp_there_is_nothing_but_metrics(self):
        self.assertEqual(scrape(self.port, "/v1/status")[0].status, 404)
        self.assertEqual(scrape(self.port, "/v1/apps", "POST")[0].status, 404)
        self.assertEqual(scrape(self.port, method="POST")[0].status, 405)
        self.assertEqual(scrape(self.port, method="HEAD")[0].status, 200)
        self.assertEqual(raw(self.port, b"nonsense\r\n\r\n")[0], 400)

    def test_the_control_socket_gives_the_same(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(str(self.d.socket))
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n"
                      b"Connection: close\r\n\r\n")
            text = b""
            while piece := s.recv(65536):
                text += piece
        head, body = text.split(b"\r\n\r\n", 1)
        self.assertIn(b" 200 ", head)
        self.assertTrue(list(text_string_to_metric_families(body.decode())))


class Reload(unittest.TestCase):
    def test_sighup_opens_and_closes_the_address_for_metrics(self):
        port = free_port()
        with Daemon() as d:
            d.config["listen"]["metrics"] = f"127.0.0.1:{port}"
            d.write_config()
            d.process.send_signal(signal.SIGHUP)
            wait_for(lambda: scrape(port)[0].status == 200)
            del d.config["listen"]["metrics"]
            d.write_config()
            d.process.send_signal(signal.SIGHUP)
            wait_for(lambda: not self.is_open(port), what="it is closed")
            wait_for(lambda: d.run("stats").returncode == 0)

    @staticmethod
    def is_open(port):
        try:
            socket.create_connection(("127.0.0.1", port), 60).close()
        except ConnectionRefusedError:
            return False
        return True


if __name__ == "__main__":
    unittest.main()
