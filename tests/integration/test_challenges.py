"""How a CA is shown that a name is ours: each type of challenge."""

import socket
import ssl
import unittest

from towpath import (Backend, Daemon, DnsCase, Pebble, Route53, free_port,
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


class WithRoute53(DnsCase):
    @classmethod
    def setUpClass(cls):
        cls.zones = {"customer.test": "Z1", "customer.test#": "P1",
                     "sub.customer.test": "Z2"}
        cls.aws = Route53(lambda n, v: cls.ca.set_txt(n, v), cls.zones,
                          throttle=1, token="IQoJb3JpZ2lu//session+token==")
        cls.start(acme={"challenges": "dns-01"}, dns={"provider": "route53"},
                  dns_route53={"access_key_id": cls.aws.key_id,
                               "secret_access_key": cls.aws.secret,
                               "session_token": cls.aws.token,
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

    def test_wildcard_and_apex_in_one_order(self):
        # two values at one name, while another change is under way
        self.aws.busy = 2
        self.order_both("both.customer.test")
        self.gone("_acme-challenge.both.customer.test")

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


if __name__ == "__main__":
    unittest.main()
