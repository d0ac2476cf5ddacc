"""Does a name reach us?  What several resolvers see of it, and what is to be
done."""

import json
import socket
import unittest

from towpath import Daemon, Resolver, Signed, wait_for
from towpath.reach import DAY, EDGE, ReachCase

class Faults(ReachCase):
    """Each kind of wrong is told apart, and its records are its cure."""

    def test_D10_a_name_that_is_not_there(self):
        seen = self.assertFault("D10", "www.d10.test")
        self.assertEqual(seen["cached_for"], 42)  # as the SOA says
        self.assertEqual(self.did(seen), [("create", "CNAME", EDGE)])
        self.assertCured(seen)

    def test_D11_a_name_without_addresses(self):
        self.both("www.d11.test", ("CAA", '0 issue ";"', 60))
        self.assertCured(self.assertFault("D11", "www.d11.test"))

    def test_D12_a_name_that_points_elsewhere(self):
        self.both("www.d12.test", ("A", "203.0.113.7", 900),
                  ("AAAA", "2001:db8:f::7", 60))
        seen = self.assertFault("D12", "www.d12.test")
        self.assertEqual(self.did(seen), [
            ("delete", "A", "203.0.113.7"),
            ("delete", "AAAA", "2001:db8:f::7"), ("create", "CNAME", EDGE)])
        self.assertEqual(seen["cached_for"], 900)
        self.assertIn("not an address on the Internet",
                      seen["fault"]["text"])
        self.assertCured(seen)

    def test_D12_an_apex_that_points_elsewhere(self):
        self.both("d12.test", ("A", "203.0.113.7", 900))
        seen = self.assertFault("D12", "d12.test")
        self.assertEqual(self.did(seen), [("change", "A", "127.0.0.1")])
        self.assertCured(seen)

    def test_D12_a_cname_that_points_elsewhere(self):
        self.both("www.d12c.test", ("CNAME", "shop.other.test", 1200))
        self.both("shop.other.test", ("A", "203.0.113.7", 30))
        seen = self.assertFault("D12", "www.d12c.test")
        self.assertEqual(self.did(seen), [("change", "CNAME", EDGE)])
        self.assertEqual(seen["records"][0]["was"], "shop.other.test")
        # it is the CNAME that caches keep, not what is behind it
        self.assertEqual(seen["cached_for"], 1200)
        self.assertCured(seen)

    def test_D13_a_name_that_points_at_us_and_elsewhere(self):
        self.both("www.d13.test", ("A", "127.0.0.1", 60),
                  ("A", "203.0.113.7", 60))
        seen = self.assertFault("D13", "www.d13.test")
        self.assertEqual(self.did(seen), [("delete", "A", "203.0.113.7")])
        self.assertCured(seen)

    def test_D14_an_ipv6_address_that_was_forgotten(self):
        self.both("www.d14.test", ("A", "127.0.0.1", 60),
                  ("AAAA", "2001:db8:f::7", 60))
        seen = self.assertFault("D14", "www.d14.test")
        self.assertEqual(self.did(seen), [("delete", "AAAA", "2001:db8:f::7")])
        self.assertCured(seen)

    def fails(self, code, host, rcode):
        self.both(host, ("CNAME", EDGE, 60))
        for r in (self.one, self.two):
            r.rcodes[host] = rcode
        seen = self.assertFault(code, host)
        for r in (self.one, self.two):
            del r.rcodes[host]
        self.assertCured(seen)

    def test_D15_name_servers_that_fail(self):
        self.fails("D15", "www.d15.test", "SERVFAIL")

    def test_D16_no_answer_in_time(self):
        host = "www.d16.test"
        self.both(host, ("CNAME", EDGE, 60))
        self.one.close()
        self.two.close()
        seen = self.assertFault("D16", host)
        self.one.open()
        self.two.open()
        self.assertCured(seen)

    def test_D17_resolvers_that_refuse(self):
        self.fails("D17", "www.d17.test", "REFUSED")

    def test_D18_a_circle_of_cnames(self):
        self.both("www.d18.test", ("CNAME", "a.d18.test", 60))
        self.both("a.d18.test", ("CNAME", "www.d18.test", 60))
        self.assertCured(self.assertFault("D18", "www.d18.test"))

    def test_D21_signatures_are_told_from_failing_servers(self):
        host = "www.d21.test"
        self.both(host, ("CNAME", EDGE, 60))
        self.one.bogus.add(host)  # the other resolver does not check
        seen = self.assertFault("D21", host)
        self.assertIn("registrar", seen["fault"]["action"])
        self.one.bogus.discard(host)
        self.assertCured(seen)


class Unset(unittest.TestCase):
    def test_D19_a_platform_that_does_not_know_its_addresses(self):
        host = "www.d19.test"
        with Resolver() as r, Daemon(
                platform={"addresses": "", "cname_target": ""},
                dns={"resolvers": r.address}) as d:
            r.set(host, ("A", "127.0.0.1", 60))
            result = d.run("domains", "check", host)
            self.assertIn("D19", result.stderr)
            self.assertIn("[platform]", result.stderr)
            d.stop()
            d.config["platform"]["addresses"] = "127.0.0.1"
            d.start()
            d.cli("domains", "check", host)


class Seen(ReachCase):
    """What each resolver says, for people and programs."""

    def test_resolvers_that_disagree(self):
        host = "www.stale.test"
        self.one.set(host, ("CNAME", EDGE, 60))
        self.two.set(host, ("A", "203.0.113.7", 1700))
        seen = self.assertFault("D13", host)
        one, two = seen["resolvers"]
        self.assertEqual(one, {
            "resolver": self.one.address, "sees": "us", "a": "ok",
            "aaaa": "ok", "chain": [{"name": EDGE, "ttl": 60}],
            "addresses": [{"type": "A", "address": "127.0.0.1", "ours": True,
                           "ttl": 60}], "ttl": 60, "denial_ttl": None})
        self.assertEqual((two["sees"], two["ttl"]), ("elsewhere", 1700))
        self.assertFalse(two["addresses"][0]["ours"])
        self.assertEqual((seen["cached_for"], seen["records"]), (1700, []))
        self.assertIn("1700", seen["fault"]["action"])
        result = self.daemon.run("domains", "check", host)
        self.assertEqual(result.returncode, 1)
        rows = [x.split("\t") for x in result.stdout.splitlines()]
        self.assertIn([self.one.address, "us", f"CNAME {EDGE}", "60"], rows)
        self.assertIn([self.two.address, "elsewhere",
                       "A 203.0.113.7 (not us)", "1700"], rows)
        self.assertIn(["Cached for", "1700 s at most"], rows)

    def test_who_does_not_answer_does_not_outvote(self):
        host = "www.dead.test"
        self.both(host, ("CNAME", EDGE, 60))
        self.one.silent.add(host)
        seen = self.look(host)
        self.assertTrue(seen["eligible"], seen)
        self.assertEqual([r["sees"] for r in seen["resolvers"]],
                         ["timeout", "us"])

    def test_what_was_seen_is_kept(self):
        path = "/v1/domains/%s/eligibility"
        for host in ("www.kept.test", "www.stranger.test"):
            self.both(host, ("A", "203.0.113.7", 900))
        self.daemon.cli("domains", "add", "www.kept.test", "--app", "shop")
        for host in ("www.kept.test", "www.stranger.test"):
            seen = self.look(host)
            kept = api(self.daemon, path % host)
            for what in ("resolvers", "cached_for", "records", "probe"):
                self.assertEqual(kept[what], seen[what])
        self.daemon.stop()
        self.daemon.start()
        kept = api(self.daemon, path % "www.kept.test")
        self.assertEqual(kept["cached_for"], 900)
        self.assertEqual(len(kept["resolvers"]), 2)


def api(daemon, path):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(str(daemon.socket))
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n"
                  "Connection: close\r\n\r\n".encode())
        answer = b""
        while piece := s.recv(65536):
            answer += piece
    return json.loads(answer.partition(b"\r\n\r\n")[2])


class Targets(ReachCase):
    """A wildcard as CNAME target: each app has a name of its own."""

    config = {"platform": {"cname_target": "*.edge.test plain.edge.test",
                           "addresses": "127.0.0.1"}}

    def test_the_app_names_the_target(self):
        d, host = self.daemon, "www.target.test"
        d.cli("domains", "add", host, "--app", "shop")
        seen = self.assertFault("D10", host)
        self.assertEqual(self.did(seen), [
            ("create", "CNAME", "shop.edge.test")])
        # one that was told earlier, and any other of the list, are as good
        for target in ("shop.edge.test", "www-target-test.edge.test",
                       "plain.edge.test"):
            self.both(target, ("A", "127.0.0.1", 60))
            self.both(host, ("CNAME", target, 60))
            self.assertTrue(self.look(host)["eligible"], target)
            self.one.forget(target)
            self.two.forget(target)


class Retired(unittest.TestCase):
    """Addresses that were taken out of the configuration."""

    def test_an_old_address_is_ours_while_dns_may_remember_it(self):
        host = "www.old.test"
        with Resolver() as r, Daemon(clock=True, platform={
                "addresses": "127.0.0.1 192.0.2.9", "cname_target": ""},
                dns={"resolvers": r.address}) as d:
            r.set(host, ("A", "192.0.2.9", 60))
            self.assertTrue(d.json("domains", "check", host)["eligible"])
            d.stop()
            d.config["platform"]["addresses"] = "127.0.0.1"
            d.start()
            self.assertTrue(d.json("domains", "check", host)["eligible"])
            r.forget(host)
            result = d.run("-j", "domains", "check", host)
            self.assertEqual(
                [x["value"] for x in json.loads(result.stdout)["records"]],
                ["127.0.0.1"])
            r.set(host, ("A", "192.0.2.9", 60))
            d.set_clock(3 * DAY)
            self.assertEqual(d.run("domains", "check", host).returncode, 1)


class Dnssec(unittest.TestCase):
    """A real resolver that checks, and a real zone."""

    def test_D21_signatures_that_have_expired(self):
        with Signed("signed.test", expired=True) as zone, Daemon(
                platform={"cname_target": "www.signed.test"},
                dns={"resolvers": zone.resolver}) as d:
            host = "www.signed.test"

            def told():  # a resolver that is just up may be slow
                return d.run("domains", "check", host).stderr
            wait_for(lambda: "D21" in told(), what="told of the signatures")
            zone.sign()
            wait_for(lambda: told() == "", what="all is well")


if __name__ == "__main__":
    unittest.main()
