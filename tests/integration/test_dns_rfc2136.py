"""dns-01 by dynamic updates (RFC 2136) of a real name server."""

import signal
import unittest

from towpath import Daemon, DnsCase, Named, free_port, get, wait_for


class WithRfc2136(DnsCase):
    @classmethod
    def setUpClass(cls):
        cls.named = Named("customer.test")
        cls.start(server=cls.named.address, acme={"challenges": "dns-01"},
                  dns={"provider": "rfc2136"},
                  dns_rfc2136={"server": cls.named.address,
                               "key_name": cls.named.key_name,
                               "key_secret": cls.named.key_secret})

    @classmethod
    def tearDownClass(cls):
        cls.stop()
        cls.named.close()

    def test_wildcard_and_apex_in_one_order(self):
        self.order_both("customer.test")

    def test_a_wildcard(self):
        d = self.daemon
        d.cli("domains", "add", "*.shop.customer.test", "--app", "shop",
              "--wait")
        answer = get(d.https, "a.shop.customer.test", "/", self.ca.roots())
        self.assertEqual(answer.status, 200)
        wait_for(lambda: self.named.txt("_acme-challenge.shop.customer.test")
                 == [], what="the record is removed")

    def mended(self, host, wrong, right):
        """The fault with one value in [dns.rfc2136]; it goes with another."""
        with Daemon(ca=self.ca, acme={"challenges": "dns-01"},
                    dns={"provider": "rfc2136"},
                    dns_rfc2136={"server": self.named.address,
                                 "key_name": self.named.key_name,
                                 "key_secret": self.named.key_secret,
                                 **wrong}) as d:
            d.cli("apps", "create", "shop", "--backend", self.app.address)
            d.cli("domains", "add", host, "--app", "shop")
            fault = wait_for(lambda: d.json(
                "domains", "info", host)["fault"], what="told of the refusal")
            self.assertIn("[dns] in towpath.conf", fault["action"])
            wait_for(lambda: "serving version=" in d.log_text())
            d.config["dns.rfc2136"].update(right)
            d.write_config()
            d.process.send_signal(signal.SIGHUP)
            d.wait_status(host, "In use")
            return fault

    def test_D30_a_key_that_the_server_does_not_know(self):
        fault = self.mended("www.customer.test", {"key_name": "stranger"},
                            {"key_name": self.named.key_name})
        self.assertEqual(fault["code"], "D30")
        self.assertIn("NOTAUTH", fault["text"])

    def test_D31_a_server_that_is_not_there(self):
        fault = self.mended("away.customer.test",
                            {"server": f"127.0.0.1:{free_port()}"},
                            {"server": self.named.address})
        self.assertEqual(fault["code"], "D31")

    def test_a_key_that_is_none(self):
        with self.assertRaises(AssertionError):
            Daemon(ca=self.ca, dns={"provider": "rfc2136"}, dns_rfc2136={
                "server": self.named.address, "key_name": "k",
                "key_secret": "not base64!"}).close()


class WithSecondary(DnsCase):
    def begin(self, refresh, ca_asks="address", **dns):
        self.named = n = Named("customer.test", refresh=refresh)
        self.addCleanup(n.close)
        self.start(server=getattr(n, ca_asks), acme={"challenges": "dns-01"},
                   dns={"provider": "rfc2136", **dns,
                        "resolvers": f"{n.address} {n.secondary}"},
                   dns_rfc2136={"server": n.address, "key_name": n.key_name,
                                "key_secret": n.key_secret})
        self.addCleanup(self.stop)

    def test_D33_one_that_never_has_the_record(self):
        self.begin(refresh=3600, propagation_timeout="1s")
        d, host = self.daemon, "www.customer.test"
        d.cli("domains", "add", host, "--app", "shop")
        fault = wait_for(lambda: d.json("domains", "info", host)["fault"],
                         what="told which server lacks it")
        self.assertEqual(fault["code"], "D33")
        self.assertIn(self.named.secondary, fault["text"])
        # out of the zone's servers
        self.named.stop_secondary()
        d.cli("certs", "renew", host, "--wait")

    def test_the_ca_looks_when_all_servers_have_the_record(self):
        self.begin(refresh=2, ca_asks="secondary")
        d = self.daemon
        d.cli("domains", "add", "*.shop.customer.test", "--app", "shop",
              "--wait")
        self.assertNotIn("acme: failed", d.log_text())


if __name__ == "__main__":
    unittest.main()
