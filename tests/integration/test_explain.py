"""`towpath explain HOST`: the whole story of a host, for a person top to bottom
and for a program as JSON."""

import unittest

from towpath import (Backend, Ca, CaDouble, Daemon, Terminal, free_port,
                     wait_for)


class Explain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.ca = CaDouble(port)
        cls.ca.caa_identities = ["ca.test"]
        cls.app = Backend("shop")
        cls.daemon = Daemon(ca=cls.ca, http=port,
                            platform={"apps_domain": "apps.test"})
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()
        cls.ca.close()

    def told(self, host):
        return self.daemon.json("explain", host)

    def test_a_live_domain(self):
        d, host = self.daemon, "live.test"
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        told = self.told(host)
        self.assertEqual(told["domain"]["status"], "In use")
        self.assertTrue(told["dns"]["reaches"])
        self.assertEqual([c["allowed"] for c in told["caa"]], [True])
        self.assertIn(self.ca.directory, told["budget"])
        self.assertEqual([o["state"] for o in told["orders"]], ["valid"])
        self.assertEqual(told["orders"][0]["directory"], self.ca.directory)
        self.assertIn(told["orders"][0]["challenge"],
                      ("http-01", "tls-alpn-01"))
        served = [c for c in told["serving"]["candidates"] if c["chosen"]]
        self.assertEqual([c["from"] for c in served], ["automatic"])
        self.assertEqual(told["history"][0]["number"], 1)
        self.assertIn("certificate.issue", [e["name"] for e in told["events"]])
        self.assertIn("renewal", [n["what"] for n in told["next"]])
        text = d.cli("explain", host)
        for part in (f"{host}, of the app shop: In use",
                     "Nothing is wrong.", "The name leads to this router.",
                     "What visitors get", "Served: the automatic one",
                     "is renewed"):
            self.assertIn(part, text)

    def test_a_name_that_points_elsewhere(self):
        d, host = self.daemon, "www.elsewhere.test"
        self.ca.zone.set_a(host, "192.0.2.1")
        d.cli("domains", "add", host, "--app", "shop")
        wait_for(lambda: self.told(host)["dns"]["fault"], what="looked")
        told = self.told(host)
        self.assertEqual(told["dns"]["fault"]["code"], "D12")
        self.assertEqual(told["serving"]["serving"], "placeholder")
        self.assertEqual(told["orders"], [])
        self.assertIn("dns_check", [n["what"] for n in told["next"]])
        fault = told["domain"]["fault"]
        row = next(x for x in d.cli("domains", "--problems").splitlines()
                   if x.startswith(host)).split("\t")
        self.assertEqual(row[6], f"D12 {fault['text']}")
        self.assertTrue(row[7].endswith("Z"), row)
        self.assertEqual(row[8], fault["action"])
        self.assertIn("D12 The name points elsewhere: ", d.cli("status"))
        text = d.cli("explain", host)
        self.assertIn(f"create {host}. 300 CNAME edge.towpath.test.", text)
        self.assertIn("There was none.", text)

    def test_the_cas_own_words(self):
        d, host = self.daemon, "words.test"
        self.ca.refuse("validation", "unauthorized",
                       "The key authorization of words.test is a teapot",
                       host=host)
        d.cli("domains", "add", host, "--app", "shop")
        told = wait_for(lambda: [
            x for x in [self.told(host)] if x["orders"]
            and x["orders"][-1]["state"] == "failed"],
            what="a failed order")[0]
        order = told["orders"][-1]
        self.assertEqual(order["fault"]["code"], "A18")
        self.assertEqual(order["said"]["type"],
                         "urn:ietf:params:acme:error:unauthorized")
        self.assertEqual(order["said"]["detail"],
                         "The key authorization of words.test is a teapot")
        self.assertTrue(order["said_url"].startswith(self.ca.base + "/authz/"))
        self.assertIn("order", [n["what"] for n in told["next"]])
        text = d.cli("explain", host)
        self.assertIn('The CA said: "The key authorization of words.test is a'
                      ' teapot" (urn:ietf:params:acme:error:unauthorized)',
                      text)
        self.assertIn(f"At {order['said_url']}", text)

    def test_caa_records_before_anything_is_ordered(self):
        host = "www.strict.test"
        self.ca.zone.set_caa("strict.test", ("issue", "other.test"))
        told = self.told(host)
        self.assertEqual([(c["allowed"], c["fault"]["code"])
                          for c in told["caa"]], [(False, "A15")])
        self.assertIn("A15 ", self.daemon.cli("explain", host))

    def test_why_one_is_served_and_the_others_are_not(self):
        d, host = self.daemon, "both.test"
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        d.upload("add", host, Ca().issue(host, days=30))
        told = self.told(host)
        self.assertEqual(
            [(c["from"], c["chosen"]) for c in told["serving"]["candidates"]],
            [("custom", True), ("automatic", False)])
        self.assertTrue(told["fallback"]["ready"])
        switch = next(n for n in told["next"] if n["what"] == "switch")
        self.assertIn("automatic", switch["text"])
        text = d.cli("explain", host)
        self.assertIn("a custom certificate goes before it", text)
        self.assertIn("The automatic one is ready.", text)

    def test_hosts_that_are_no_domains(self):
        d = self.daemon
        own = Ca().issue("*.wild.test")
        d.cli("domains", "add", "*.wild.test", "--app", "shop",
              d.file("w.pem", own.chain_pem), d.file("w.key", own.key_pem))
        # with that one the zone's names need none of their own
        d.upload("add", "*.apps.test", Ca().issue("*.apps.test"))
        for host, by, words in (
                ("a.wild.test", "wildcard", "*.wild.test"),
                ("shop.apps.test", "app", "gave the app shop"),
                ("edge.towpath.test", "platform", "platform itself"),
                ("nobody.test", None, "towpath domains add nobody.test")):
            with self.subTest(host):
                told = self.told(host)
                self.assertIsNone(told["domain"])
                self.assertEqual(told["answers"]["by"], by)
                self.assertTrue(told["dns"]["reaches"])
                text = d.cli("explain", host)
                self.assertIn(f"{host} is not a domain here", text)
                self.assertIn(words, text)

    def test_what_is_neither_a_host_nor_a_request(self):
        self.assertIn("P22", self.daemon.run("explain", "x" * 20).stderr)
        self.assertIn("N10", self.daemon.run("explain", "192.0.2.1").stderr)

    def test_a_terminal_of_80_columns(self):
        d, host = self.daemon, "terminal.test"
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        with Terminal(d, "explain", host, rows=60) as t:
            t.wait("What happens next")
            t.wait("is renewed")

    def test_the_console_tells_it_too(self):
        d, host = self.daemon, "console.test"
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        with Terminal(d, "console", host, rows=60) as t:
            t.wait("[Diagnosis]")
            t.keys("tab", "tab", "tab", "tab")
            t.wait("[Why]")
            t.wait("The name leads to this router.")
            t.wait("What happens next")


if __name__ == "__main__":
    unittest.main()
