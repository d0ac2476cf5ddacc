"""CAA is looked at before an order: what a CA would refuse is not ordered."""

import json
import unittest

from towpath import Backend, Daemon, Directory, Pebble, free_port, wait_for


class Caa(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.pebble = Pebble(port)
        cls.ca = Directory(cls.pebble, {"caaIdentities": ["ca.test"]})
        cls.app = Backend("shop")
        cls.daemon = Daemon(ca=cls.ca, http=port)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()
        cls.ca.close()
        cls.pebble.close()

    def fault_of(self, host):
        return self.daemon.json("domains", "info", host)["fault"] or {}

    def test_A15_a_parent_that_names_another_ca(self):
        d, host = self.daemon, "www.strict.test"
        self.pebble.set_caa("strict.test", ("issue", "somebody.test"))
        d.cli("domains", "add", host, "--app", "shop")
        wait_for(lambda: self.fault_of(host).get("code") == "A15",
                 what="told of the CAA record")
        self.assertEqual(d.status_of(host), "Action required")
        self.assertIn('strict.test CAA 0 issue "ca.test"',
                      self.fault_of(host)["action"])
        seen = json.loads(d.run("-j", "domains", "check", host).stdout)
        self.assertEqual(
            [(c["ca"], c["allowed"], c["fault"]["code"])
             for c in seen["caa"]], [("ca.test", False, "A15")])
        # the CA has not heard of it
        self.assertNotIn(host, (self.pebble.dir / "pebble.log").read_text())
        # the action, followed
        self.pebble.set_caa("strict.test", ("issue", "somebody.test"),
                            ("issue", "ca.test"))
        seen = d.json("domains", "check", host)
        self.assertEqual(
            [(c["allowed"], c["fault"]) for c in seen["caa"]], [(True, None)])
        d.wait_status(host, "In use")

    def test_the_nearest_set_counts(self):
        d, host = self.daemon, "www.inner.outer.test"
        self.pebble.set_caa("outer.test", ("issue", ";"))
        self.pebble.set_caa("inner.outer.test", ("issue", "ca.test"))
        d.cli("domains", "add", host, "--app", "shop", "--wait")

    def test_methods_that_are_allowed(self):
        d, host = self.daemon, "www.methods.test"
        self.pebble.set_caa(
            "methods.test", ("issue", "ca.test; validationmethods=tls-alpn-01"))
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        self.assertNotIn(f"GET http://{host}", (
            self.pebble.dir / "pebble.log").read_text())

    def test_dns_that_does_not_say(self):
        d, host = self.daemon, "www.broken.test"
        self.pebble.set_servfail("broken.test")
        d.cli("domains", "add", host, "--app", "shop")
        wait_for(lambda: self.fault_of(host).get("code") == "A19",
                 what="told that DNS does not say")


if __name__ == "__main__":
    unittest.main()
