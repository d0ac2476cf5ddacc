"""Names on their way: behind a CDN, looked at less and less often, and moved
away."""

import socket
import threading
import unittest

from towpath import (Backend, Daemon, Pebble, Resolver, free_port, served,
                     wait_for)
from towpath.reach import DAY, EDGE, ReachCase, api_time, follow


class Cdn(ReachCase):
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
