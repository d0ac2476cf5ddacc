"""A certificate before DNS moves: the challenge is served by somebody else."""

import http.server
import threading
import unittest

from towpath import Daemon, Pebble, Refused, free_port, wait_for


class Elsewhere:
    """The web server that the name leads to now."""

    def __init__(self):
        self.files = {}
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                body = owner.files.get(self.path)
                self.send_response(404 if body is None else 200)
                self.end_headers()
                self.wfile.write((body or "").encode())

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class ByHand(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.elsewhere = Elsewhere()
        cls.ca = Pebble(cls.elsewhere.port)
        # all names lead to 127.0.0.1, where we are not
        cls.ca.set_a("edge.towpath.test", "192.0.2.10")
        cls.daemon = Daemon(
            ca=cls.ca, platform={"addresses": "192.0.2.10"},
            dns={"provider": "exec"}, dns_exec={"command": "/bin/true"})
        cls.daemon.cli("apps", "create", "shop")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.ca.close()
        cls.elsewhere.close()

    def order(self, host):
        """{type: challenge} of a new domain that leads elsewhere."""
        d = self.daemon
        d.cli("domains", "add", host, "--app", "shop")
        return {c["type"]: c for c in d.json("domains", "challenge", host)}

    def serve(self, challenge):
        path = challenge["url"].split("/", 3)[3]
        self.elsewhere.files["/" + path] = challenge["body"]

    def issued(self, host):
        """It has one, and still leads elsewhere."""
        wait_for(lambda: any(c["source"] == "automatic" for c in
                             self.daemon.json("certs", "history", host)),
                 what="the certificate is there")
        self.assertEqual(self.daemon.json("domains", "info", host)["dns"],
                         "pending")

    def test_a_file_elsewhere(self):
        d, host = self.daemon, "www.customer.test"
        offered = self.order(host)
        self.assertEqual(sorted(offered), ["dns-01", "http-01"])
        self.assertTrue(offered["http-01"]["expires_at"])
        self.assertEqual(offered["dns-01"]["name"], f"_acme-challenge.{host}")
        shown = d.cli("domains", "challenge", host)
        self.assertIn(offered["http-01"]["url"], shown)
        self.assertIn(offered["dns-01"]["value"], shown)
        self.serve(offered["http-01"])
        d.cli("domains", "challenge", host, "--done", "--wait")
        self.issued(host)

    def test_a_record_is_seen_without_a_word(self):
        # it is looked at again within seconds of being ordered
        host = "txt.customer.test"
        record = self.order(host)["dns-01"]
        self.ca.set_txt(record["name"], [record["value"]])
        self.issued(host)

    def test_a_wildcard_has_a_record_only(self):
        host = "*.wild.customer.test"
        offered = self.order(host)
        self.assertEqual(list(offered), ["dns-01"])
        self.assertEqual(offered["dns-01"]["name"],
                         "_acme-challenge.wild.customer.test")
        self.ca.set_txt(offered["dns-01"]["name"],
                        [offered["dns-01"]["value"]])
        self.daemon.cli("domains", "challenge", host, "--done", "--wait")
        self.issued(host)

    def test_it_outlives_a_restart(self):
        d, host = self.daemon, "later.customer.test"
        before = self.order(host)
        d.stop()
        d.start()
        after = {c["type"]: c for c in d.json("domains", "challenge", host)}
        self.assertEqual(before, after)
        self.serve(after["http-01"])
        d.cli("domains", "challenge", host, "--done", "--type", "http-01",
              "--wait")
        self.issued(host)

    def test_they_are_no_orders_in_flight(self):
        host = "slow.customer.test"
        self.order(host)
        self.assertEqual(self.daemon.json("acme")["orders_in_flight"], 0)
        self.daemon.cli("domains", "remove", host, "--confirm", host)

    def test_N31_nothing_that_waits(self):
        d, host = self.daemon, "none.customer.test"
        d.cli("domains", "add", host, "--app", "shop")
        with self.assertRaises(Refused) as refused:
            d.cli("domains", "challenge", host, "--done")
        self.assertIn("N31", refused.exception.stderr)
        d.cli("domains", "challenge", host)
        d.cli("domains", "challenge", host, "--done", "--type", "dns-01")


class Moved(unittest.TestCase):
    def test_the_name_comes_to_lead_here_meanwhile(self):
        port, host = free_port(), "www.customer.test"
        with Pebble(port) as ca, Daemon(ca=ca, http=port) as d:
            ca.set_a(host, "192.0.2.99")
            d.cli("apps", "create", "shop")
            d.cli("domains", "add", host, "--app", "shop")
            d.cli("domains", "challenge", host)
            ca.set_a(host, "127.0.0.1")
            d.wait_status(host, "In use")


if __name__ == "__main__":
    unittest.main()
