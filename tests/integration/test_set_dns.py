"""Records of domains, made at the DNS provider: `domains add --set-dns`."""

import json
import subprocess
import unittest

from towpath import Daemon, Directory, Named, Pebble, Refused, Route53
from towpath import free_port, wait_for

OURS = "192.0.2.10"


class WithBind(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.named = n = Named("customer.test")
        # with CAA, for nobody here serves the parent
        n.update(f"add edge.customer.test 1 A {OURS}",
                 'add customer.test 1 CAA 0 issue "ca.test"')
        cls.pebble = Pebble(free_port(), dns=n.address)
        cls.ca = Directory(cls.pebble, {"caaIdentities": ["ca.test"]})
        cls.daemon = Daemon(
            ca=cls.ca, acme={"challenges": "dns-01"},
            platform={"addresses": OURS, "cname_target": "edge.customer.test"},
            dns={"provider": "rfc2136"},
            dns_rfc2136={"server": n.address, "key_name": n.key_name,
                         "key_secret": n.key_secret})
        cls.daemon.cli("apps", "create", "shop")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.ca.close()
        cls.pebble.close()
        cls.named.close()

    def test_a_new_domain_is_live_in_one_step(self):
        d, host = self.daemon, "new.customer.test"
        d.cli("domains", "add", host, "--app", "shop", "--set-dns",
              "--confirm", host, "--wait")
        self.assertEqual(self.named.records(host, "CNAME"),
                         ["edge.customer.test."])
        self.assertIn("nothing to change",
                      d.cli("domains", "set-dns", host, "--confirm", host))

    def test_P19_what_is_in_the_way_is_shown_first(self):
        d, host = self.daemon, "old.customer.test"
        self.named.update(f"add {host} 1 A 198.51.100.7",
                          f"add beside.{host} 1 A 198.51.100.8")
        with self.assertRaises(Refused) as refused:
            d.cli("domains", "add", host, "--app", "shop", "--set-dns")
        self.assertIn("P19", refused.exception.stderr)
        d.cli("domains", "add", host, "--app", "shop")
        shown = d.cli("domains", "set-dns", host, "--dry-run")
        self.assertIn("198.51.100.7", shown)
        self.assertIn("edge.customer.test", shown)
        self.assertEqual(self.named.records(host, "A"), ["198.51.100.7"])
        d.cli("domains", "set-dns", host, "--confirm", host)
        self.assertEqual(self.named.records(host, "CNAME"),
                         ["edge.customer.test."])
        self.assertEqual(self.named.records(f"beside.{host}", "A"),
                         ["198.51.100.8"])
        wait_for(lambda: d.json("domains", "info", host)["dns"] == "ok",
                 what="the name leads here")

    def test_other_changes_than_those_that_were_shown(self):
        d, host = self.daemon, "race.customer.test"
        self.named.update(f"add {host} 1 A 198.51.100.7")
        d.cli("domains", "add", host, "--app", "shop")
        shown = self.api(host, "?dry_run=1", {})["changes"]
        self.named.update(f"add {host} 1 A 198.51.100.9")
        wait_for(lambda: self.api(host, "?dry_run=1", {})["changes"] != shown,
                 what="another plan")
        self.assertEqual(self.api(host, "", {"agreed": shown})["code"], "P19")
        self.assertEqual(len(self.named.records(host, "A")), 2)
        self.assertEqual(self.api(host, "", {})["code"], "P19")

    def api(self, host, query, body):
        return json.loads(subprocess.run(
            ["curl", "-s", "--unix-socket", self.daemon.socket, "-d",
             json.dumps(body), "-H", "Content-Type: application/json",
             f"http://localhost/v1/domains/{host}/dns{query}"],
            capture_output=True, text=True, timeout=30, check=True).stdout)

    def test_a_caa_record_beside_the_others(self):
        d, host = self.daemon, "strict.customer.test"
        self.named.update(f'add {host} 1 CAA 0 issue "other.test"',
                          f"add {host} 1 A {OURS}")
        d.cli("domains", "add", host, "--app", "shop")
        wait_for(lambda: (d.json("domains", "info", host)["fault"] or {}).get(
            "code") == "A15", what="told that CAA forbids it")
        self.assertIn("nothing to change", d.cli(
            "domains", "set-dns", host, "--dry-run"))
        d.cli("domains", "set-dns", host, "--repair-caa", "--confirm", host)
        self.assertEqual(self.named.records(host, "CAA"),
                         ['0 issue "ca.test"', '0 issue "other.test"'])
        d.cli("certs", "renew", host, "--wait")


class WithRoute53(unittest.TestCase):
    def test_an_apex_and_what_else_it_has(self):
        with Pebble(free_port()) as ca:
            aws = Route53(lambda n, v: ca.set_txt(n, v),
                          {"customer.test": "Z1"})
            self.addCleanup(aws.close)
            # 127.0.0.1 is where all names lead
            with Daemon(ca=ca, platform={"addresses": OURS,
                                         "cname_target": ""},
                        dns={"provider": "route53"},
                        dns_route53={"access_key_id": aws.key_id,
                                     "secret_access_key": aws.secret,
                                     "endpoint": aws.endpoint}) as d:
                host, mail = "customer.test", ("Z1", "customer.test", "MX")
                aws.sets[mail] = (300, ["10 mail.customer.test."])
                aws.sets["Z1", host, "A"] = (60, ["127.0.0.1"])
                d.cli("apps", "create", "shop")
                d.cli("domains", "add", host, "--app", "shop", "--set-dns",
                      "--confirm", host)
                self.assertEqual(aws.sets["Z1", host, "A"], (60, [OURS]))
                self.assertEqual(aws.sets[mail],
                                 (300, ["10 mail.customer.test."]))

    def test_without_a_provider(self):
        with Daemon() as d:
            d.cli("apps", "create", "shop")
            d.cli("domains", "add", "www.customer.test", "--app", "shop")
            with self.assertRaises(Refused) as refused:
                d.cli("domains", "set-dns", "www.customer.test", "--dry-run")
            self.assertIn("D32", refused.exception.stderr)


if __name__ == "__main__":
    unittest.main()
