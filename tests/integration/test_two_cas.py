"""Two CAs: what the first refuses for a reason of its own the other one takes,
and it comes back to the first by itself."""

import unittest

from towpath import Backend, CaDouble, Daemon, Refused, free_port, wait_for


class TwoCas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.first = CaDouble(cls.port)
        cls.second = CaDouble(cls.port, dns=cls.first.dns, seed=2)
        cls.app = Backend("shop")

    @classmethod
    def tearDownClass(cls):
        cls.app.close()
        cls.second.close()
        cls.first.close()

    def setUp(self):
        """What a CA is known for is remembered: each test has a daemon."""
        self.daemon = d = Daemon(
            ca=self.first, http=self.port, clock=True,
            acme_fallback={"directory": self.second.directory,
                           "ca_file": self.second.ca_file,
                           "agree_terms": "yes"})
        self.addCleanup(d.close)
        self.addCleanup(self.reset)
        d.cli("apps", "create", "shop", "--backend", self.app.address)

    def reset(self):
        for ca in (self.first, self.second):
            ca.heal()
            ca.offset = 0
        self.first.caa_identities = self.second.caa_identities = []
        self.first.bindings = {}

    def later(self, seconds):
        self.daemon.set_clock(seconds)
        self.first.offset = self.second.offset = seconds

    def add(self, host, *args):
        self.daemon.cli("domains", "add", host, "--app", "shop", *args)

    def fault_of(self, host):
        return self.daemon.json("domains", "info", host)["fault"] or {}

    def wait_fault(self, host, code):
        return wait_for(lambda: self.fault_of(host).get("code") == code and
                        self.fault_of(host), what=f"{host}: {code}")

    def issued_by(self, host):
        """How many certificates each CA has made."""
        return tuple(len(ca.certificates_for(host))
                     for ca in (self.first, self.second))

    def goes_to_the_second(self, host):
        self.add(host, "--wait")
        self.assertEqual(self.issued_by(host), (0, 1))

    def test_the_first_is_asked_first(self):
        self.add("www.first.test", "--wait")
        self.assertEqual(self.issued_by("www.first.test"), (1, 0))

    def test_an_error_inside_the_first(self):
        d, host = self.daemon, "www.inside.test"
        self.first.refuse("newOrder", "serverInternal")
        self.goes_to_the_second(host)
        events = d.json("events", "--host", host)
        moved = [e for e in events if e["name"] == "certificate.other_ca"]
        self.assertEqual([e["fault"]["code"] for e in moved], ["A25"])
        self.assertNotIn("certificate.fail", [e["name"] for e in events])
        # the next one does not ask it for a while...
        asked = self.first.count("newOrder")
        self.goes_to_the_second("www.inside2.test")
        self.assertEqual(self.first.count("newOrder"), asked)
        self.assertEqual(d.json("acme")["cas"][0]["fault"]["code"], "A25")
        # ...and then it does
        self.first.heal()
        self.later(1000)
        self.add("www.inside3.test", "--wait")
        self.assertEqual(self.issued_by("www.inside3.test"), (1, 0))

    def test_the_first_is_away(self):
        self.first.stop()
        try:
            self.goes_to_the_second("www.away.test")
        finally:
            self.first.start()

    def test_a_limit_that_is_far_from_passing(self):
        self.first.refuse("newOrder", "rateLimited", retry_after=86400)
        self.goes_to_the_second("www.limited.test")

    def test_a_limit_that_passes_soon_is_waited_for(self):
        host = "www.soon.test"
        self.first.refuse("newOrder", "rateLimited", retry_after=60)
        self.add(host)
        self.wait_fault(host, "A13")
        self.assertEqual(self.second.count("newOrder", host), 0)

    def test_a_name_that_the_first_does_not_serve(self):
        host = "www.rejected.test"
        self.first.refuse("newOrder", "rejectedIdentifier", host=host)
        self.goes_to_the_second(host)
        self.add("www.other.test", "--wait")
        self.assertEqual(self.issued_by("www.other.test"), (1, 0))

    def test_a_binding_that_is_not_configured(self):
        self.first.bindings = {"kid": "c2VjcmV0"}
        self.goes_to_the_second("www.unbound.test")

    def test_a_caa_record_that_forbids_the_first(self):
        host = "www.records.test"
        self.first.caa_identities = ["first.test"]
        self.second.caa_identities = ["second.test"]
        self.first.zone.set_caa("records.test", ("issue", "second.test"))
        self.goes_to_the_second(host)
        self.assertEqual(self.first.count("newOrder", host), 0)

    def test_a_challenge_that_fails_does_not_wander(self):
        host = "www.unreachable.test"
        self.first.refuse("validation", "connection", host=host)
        self.add(host)
        self.wait_fault(host, "A17")
        self.assertEqual(self.second.count("newOrder", host), 0)

    def test_both_refuse(self):
        host = "www.nobody.test"
        for ca in (self.first, self.second):
            ca.refuse("newOrder", "rejectedIdentifier", host=host)
        self.add(host)
        self.wait_fault(host, "A16")
        self.assertEqual(self.daemon.status_of(host), "Action required")
        self.assertEqual([ca.count("newOrder", host)
                          for ca in (self.first, self.second)], [1, 1])

    def test_a_domain_has_a_choice_of_its_own(self):
        d, host = self.daemon, "www.own.test"
        self.add(host, "--wait")
        d.cli("domains", "set", host, "ca=fallback")
        self.assertEqual(d.json("domains", "info", host)["ca"], "fallback")
        d.cli("certs", "renew", host, "--wait")
        self.assertEqual(self.issued_by(host), (1, 1))
        d.cli("domains", "set", host, "ca=first")
        self.first.refuse("newOrder", "serverInternal")
        d.cli("certs", "renew", host)
        self.wait_fault(host, "A25")
        self.assertEqual(self.issued_by(host), (1, 1))
        d.cli("domains", "set", host, "ca=")
        self.assertEqual(d.json("domains", "info", host)["ca"], "auto")
        with self.assertRaises(Refused) as e:
            d.cli("domains", "set", host, "ca=third")
        self.assertIn("P11", e.exception.stderr)

    def test_an_order_goes_on_where_it_began(self):
        d, host = self.daemon, "www.killed.test"
        before = self.first.count("finalize")
        self.first.hold("finalize")
        try:
            self.add(host)
            wait_for(lambda: self.first.count("finalize") > before,
                     what="the first has the order")
            d.kill()
        finally:
            self.first.release("finalize")
        d.start()
        d.wait_status(host, "In use")
        self.assertEqual(self.issued_by(host), (1, 0))
        self.assertEqual(self.second.count("newOrder", host), 0)


if __name__ == "__main__":
    unittest.main()
