"""How a CA is shown that a name is ours: each type of challenge."""

import signal
import socket
import ssl
import unittest

from towpath import (Backend, Daemon, Named, Pebble, Route53, free_port,
                     get, wait_for)


def hello(port, host, protocols):
    """A handshake that offers these protocols; its certificate (DER)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(protocols)
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        with context.wrap_socket(s, server_hostname=host) as t:
            return t.selected_alpn_protocol(), t.getpeercert(True)


class TlsAlpn(unittest.TestCase):
    """tls-alpn-01, with a CA that cannot reach port 80 at all."""

    @classmethod
    def setUpClass(cls):
        cls.ca = Pebble(free_port())
        cls.app = Backend("shop")
        cls.daemon = Daemon(ca=cls.ca)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()
        cls.ca.close()

    def test_what_failed_is_tried_in_another_way(self):
        d, host = self.daemon, "alpn.customer.test"
        d.cli("domains", "add", host, "--app", "shop")
        # http-01 fails: the CA finds nobody at its port
        wait_for(lambda: d.json("domains", "info", host)["fault"],
                 what="http-01 has failed")
        self.assertEqual(d.status_of(host), "Creating")
        d.cli("certs", "renew", host, "--wait")
        answer = get(d.https, host, "/", self.ca.roots())
        self.assertEqual(answer.status, 200)

    def test_nobody_else_is_shown_a_challenge(self):
        d, host = self.daemon, "quiet.customer.test"
        d.cli("domains", "add", host, "--app", "shop")
        with self.assertRaises(ssl.SSLError):
            hello(d.https, host, ["acme-tls/1"])


class DnsCase(unittest.TestCase):
    """dns-01, with a CA that can reach no port of ours."""

    provider = None  # the section of the configuration

    @classmethod
    def start(cls, server=None, **sections):
        cls.ca = Pebble(free_port(), dns=server)  # port 80 is not reachable
        cls.app = Backend("shop")
        cls.daemon = Daemon(ca=cls.ca, **sections)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def stop(cls):
        cls.daemon.close()
        cls.app.close()
        cls.ca.close()


class WithRoute53(DnsCase):
    @classmethod
    def setUpClass(cls):
        cls.zones = {"customer.test": "Z1", "customer.test#": "P1",
                     "sub.customer.test": "Z2"}
        cls.aws = Route53(lambda n, v: cls.ca.set_txt(n, v), cls.zones,
                          throttle=1)
        cls.start(acme={"challenges": "dns-01"}, dns={"provider": "route53"},
                  dns_route53={"access_key_id": cls.aws.key_id,
                               "secret_access_key": cls.aws.secret,
                               "endpoint": cls.aws.endpoint})

    @classmethod
    def tearDownClass(cls):
        cls.stop()
        cls.aws.close()

    def gone(self, name):
        wait_for(lambda: not [k for k in self.aws.sets if k[1] == name],
                 what="the record is removed")

    def test_wildcard_and_others_of_the_zone(self):
        d, wild = self.daemon, "*.shop.customer.test"
        name = "_acme-challenge.shop.customer.test"
        d.cli("domains", "add", wild, "--app", "shop", "--wait")
        answer = get(d.https, "any.shop.customer.test", "/", self.ca.roots())
        self.assertEqual(answer.status, 200)
        self.gone(name)
        self.assertEqual(self.aws.refusals, [], "signatures that do not match")

    def test_what_stands_there_is_left_alone(self):
        name = "_acme-challenge.kept.customer.test"
        self.aws.sets["Z1", name, "TXT"] = (300, ['"somebody else\'s"'])
        self.daemon.cli("domains", "add", "kept.customer.test", "--app",
                        "shop", "--wait")
        wait_for(lambda: self.aws.sets["Z1", name, "TXT"] ==
                 (300, ['"somebody else\'s"']), what="ours is gone, it is not")

    def test_the_nearest_zone_is_taken(self):
        self.daemon.cli("domains", "add", "www.sub.customer.test", "--app",
                        "shop", "--wait")
        self.assertIn(("POST", "/2013-04-01/hostedzone/Z2/rrset/"),
                      self.aws.requests)

    def test_delegated_by_cname(self):
        self.ca.set_cname("_acme-challenge.www.elsewhere.test",
                          "www-elsewhere.customer.test")
        self.daemon.cli("domains", "add", "www.elsewhere.test", "--app",
                        "shop", "--wait")
        self.gone("www-elsewhere.customer.test")

    def test_D32_no_zone_for_the_name(self):
        d, host = self.daemon, "www.foreign.test"
        d.cli("domains", "add", host, "--app", "shop")
        fault = wait_for(lambda: d.json("domains", "info", host)["fault"],
                         what="told that there is no zone")
        self.assertEqual(fault["code"], "D32")
        self.assertIn("Delegate _acme-challenge", fault["action"])
        self.ca.set_cname(f"_acme-challenge.{host}",
                          "www-foreign.customer.test")
        self.assertIn(f"`towpath certs renew {host}`", fault["action"])
        d.cli("certs", "renew", host)
        d.wait_status(host, "In use")


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
