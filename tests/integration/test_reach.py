"""Does a name reach us?  What several resolvers see of it, what is to be done,
who answers behind addresses that are not ours, and names that move away."""

import json
import socket
import threading
import unittest

from towpath import (Backend, Daemon, Pebble, Resolver, Signed, free_port,
                     served, wait_for)

EDGE = "edge.towpath.test"
DAY = 86400


def follow(resolvers, records):
    """Does what the records of a diagnosis say, as a person would."""
    for r in records:
        for resolver in resolvers:
            have = [x for x in resolver.names.get(r["name"], ())
                    if x[:2] not in ((r["type"], r["value"]),
                                     (r["type"], r["was"]))]
            if r["do"] != "delete":
                have.append((r["type"], r["value"], r["ttl"]))
            resolver.set(r["name"], *have)


class Case(unittest.TestCase):
    config = {}

    @classmethod
    def setUpClass(cls):
        cls.one, cls.two = Resolver(), Resolver()
        for r in (cls.one, cls.two):
            r.set(EDGE, ("A", "127.0.0.1", 60))
        config = {"dns": {"resolvers": f"{cls.one.address} {cls.two.address}"}}
        cls.daemon = Daemon(**{**config, **cls.config})
        cls.daemon.cli("apps", "create", "shop")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.one.close()
        cls.two.close()

    def both(self, name, *records):
        self.one.set(name, *records)
        self.two.set(name, *records)

    def look(self, host):
        """The diagnosis, whatever it is."""
        return json.loads(self.daemon.run("-j", "domains", "check",
                                          host).stdout)

    def assertFault(self, code, host):
        seen = self.look(host)
        self.assertFalse(seen["eligible"])
        self.assertEqual(seen["fault"]["code"], code, seen)
        return seen

    def assertCured(self, seen):
        """The records of the diagnosis, followed, are enough."""
        follow((self.one, self.two), seen["records"])
        again = self.look(seen["host"])
        self.assertTrue(again["eligible"], again)
        self.assertEqual((again["fault"], again["records"]), (None, []))

    def did(self, seen):
        return [(r["do"], r["type"], r["value"]) for r in seen["records"]]


class Faults(Case):
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


class Seen(Case):
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


class Targets(Case):
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


class Cdn(Case):
    """Addresses that are not ours, and what answers there."""

    @classmethod
    def setUpClass(cls):
        http = free_port()
        cls.port, cls.cdn, cls.stranger = cls.fronts(http)
        cls.config = {"http": http, "dns": {
            "probe_port": cls.port, "check_interval": "1s"},
            "control": {"webhook_networks": "127.0.0.0/8"}}
        cls.one, cls.two = Resolver(), Resolver()
        cls.config["dns"]["resolvers"] = cls.one.address
        cls.ca = Pebble(cls.port)
        cls.app = Backend("shop")
        cls.daemon = Daemon(ca=cls.ca, **cls.config)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def fronts(cls, http):
        """A port on which a CDN (127.0.0.2) hands on what it is asked, and a
        stranger (127.0.0.3) does not."""
        cls.origin = http

        def relay(sock):
            with socket.create_connection(("127.0.0.1", cls.origin)) as inner:
                cls.hands_on(sock, inner)
        for _ in range(50):
            cdn = Backend("cdn", behave=relay, at=("127.0.0.2", 0))
            try:
                return cdn.port, cdn, Backend(
                    "stranger", at=("127.0.0.3", cdn.port))
            except OSError:
                cdn.close()
        raise AssertionError("no port is free on both addresses")

    @staticmethod
    def hands_on(sock, inner):
        def pump(a, b):
            try:
                while piece := a.recv(65536):
                    b.sendall(piece)
                b.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        back = threading.Thread(target=pump, args=(inner, sock))
        back.start()
        pump(sock, inner)
        back.join()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.ca.close()
        cls.app.close()
        cls.cdn.close()
        cls.stranger.close()

    def test_a_cdn_that_leads_here_reaches_us(self):
        host = "www.cdn.test"
        self.one.set(host, ("A", "127.0.0.2", 60))
        self.ca.set_a(host, "127.0.0.2")
        self.daemon.cli("domains", "add", host, "--app", "shop", "--wait")
        seen = self.look(host)
        self.assertTrue(seen["eligible"], seen)
        self.assertTrue(seen["cdn"])
        self.assertIn("tls-alpn-01 cannot", seen["message"])
        self.assertEqual(self.daemon.json("domains", "info", host)["dns"],
                         "ok")

    def test_tls_alpn_01_is_not_tried_through_a_cdn(self):
        host = "www.alpn.test"
        self.one.set(host, ("A", "127.0.0.2", 60))
        with Daemon(dns=self.config["dns"], control=self.config["control"],
                    acme={"challenges": "tls-alpn-01"}) as d:
            type(self).origin = d.http
            try:
                d.cli("apps", "create", "shop")
                d.cli("domains", "add", host, "--app", "shop")
                fault = wait_for(
                    lambda: d.json("domains", "info", host)["fault"])
            finally:
                type(self).origin = self.daemon.http
        self.assertEqual(fault["code"], "A27")
        self.assertIn("CDN", fault["text"])

    def test_D12_says_what_answered(self):
        host = "www.strange.test"
        self.one.set(host, ("A", "127.0.0.3", 60))
        seen = self.assertFault("D12", host)
        self.assertIn("answers with a page of its own (BaseHTTP",
                      seen["fault"]["text"])
        self.assertFalse(seen["probe"]["came_back"])

    def test_a_cdn_beside_a_stranger_is_not_enough(self):
        host = "www.half.test"
        self.one.set(host, ("A", "127.0.0.2", 60), ("A", "127.0.0.3", 60))
        self.assertFault("D12", host)

    def test_nobody_is_asked_twice_within_the_interval(self):
        d = Daemon(http=None, dns={
            "probe_port": self.port, "check_interval": "1h",
            "resolvers": self.one.address},
            control={"webhook_networks": "127.0.0.0/8"})
        with d:
            host = "www.often.test"
            self.one.set(host, ("A", "127.0.0.3", 60))
            before = len(self.stranger.seen)
            for _ in range(3):
                d.run("domains", "check", host)
            self.assertEqual(len(self.stranger.seen) - before, 1)

    def test_private_addresses_are_not_asked(self):
        with Daemon(dns={"probe_port": self.port,
                         "resolvers": self.one.address}) as d:
            self.one.set("www.ssrf.test", ("A", "127.0.0.3", 60))
            before = len(self.stranger.seen)
            result = d.run("domains", "check", "www.ssrf.test")
            self.assertIn("not an address on the Internet", result.stderr)
            self.assertEqual(len(self.stranger.seen), before)


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


class Pace(unittest.TestCase):
    """How often a name is looked at."""

    def test_looks_grow_rarer_until_a_person_touches_the_name(self):
        host = "www.pace.test"
        with Resolver() as r, Daemon(clock=True, dns={
                "resolvers": r.address, "check_interval": "60s"}) as d:
            d.cli("apps", "create", "shop")
            d.cli("domains", "add", host, "--app", "shop")

            def pause():
                """Between the last look and the next."""
                info = d.json("domains", "info", host)
                at = [api_time(info[k]) for k in ("dns_checked_at",
                                                  "next_attempt_at")]
                return at[1] - at[0]

            def paused(seconds):
                wait_for(lambda: abs(pause() - seconds) < 60,
                         what=f"the next look is {seconds} s away")

            def touched(*command):
                d.run(*command)
                paused(60)
            paused(60)
            d.set_clock(3 * 3600)
            paused(3600)
            d.set_clock(2 * DAY)
            paused(4 * 3600)
            touched("domains", "check", host)
            d.set_clock(4 * DAY)
            paused(4 * 3600)
            touched("domains", "set", host, "reference=seen")


def api_time(text):
    import datetime
    return datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp()


class Lost(unittest.TestCase):
    """A live name that moves away, and comes back."""

    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.ca = Pebble(port, validity=90 * DAY)
        cls.dns = Resolver()
        cls.dns.set(EDGE, ("A", "127.0.0.1", 60))
        cls.app = Backend("shop")
        cls.daemon = Daemon(ca=cls.ca, http=port, clock=True,
                            dns={"resolvers": cls.dns.address,
                                 "check_interval": "60s"})
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()
        cls.dns.close()
        cls.ca.close()

    def info(self, host):
        return self.daemon.json("domains", "info", host)

    def events(self, host):
        return [e["name"] for e in self.daemon.json("events", "--host", host)]

    def test_D20_a_name_that_moved_away_is_parked_until_it_is_back(self):
        d, host = self.daemon, "www.lost.test"
        self.dns.set(host, ("CNAME", EDGE, 300))
        d.cli("domains", "add", host, "--app", "shop", "--wait")
        before = served(d.https, host)
        self.dns.set(host, ("A", "203.0.113.9", 300))
        d.set_clock(DAY + 60)  # the daily look
        wait_for(lambda: self.info(host)["dns"] == "lost", what="it is told")
        info = self.info(host)
        self.assertEqual((info["status"], info["fault"]["code"]),
                         ("In use", "D20"))
        self.assertEqual([r["do"] for r in info["records"]],
                         ["delete", "create"])
        self.assertEqual(self.events(host).count("domain.dns_lost"), 1)
        # the renewal is long due: looked at, not ordered
        d.set_clock(80 * DAY)
        wait_for(lambda: api_time(self.info(host)["dns_checked_at"]) >
                 api_time(info["dns_checked_at"]) + DAY,
                 what="it is looked at")
        self.assertNotIn("certificate.fail", self.events(host))
        self.assertEqual(self.events(host).count("certificate.renew"), 0)
        self.assertEqual(served(d.https, host), before)
        # the action, followed
        follow([self.dns], info["records"])
        d.set_clock(80 * DAY + 5 * 3600)
        wait_for(lambda: self.events(host).count("certificate.renew") == 1,
                 what="it is renewed by itself")
        info = self.info(host)
        self.assertEqual((info["dns"], info["fault"], info["records"]),
                         ("ok", None, []))
        self.assertNotEqual(served(d.https, host), before)


if __name__ == "__main__":
    unittest.main()
