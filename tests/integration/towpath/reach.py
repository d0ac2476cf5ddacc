"""What tests of reach share: names in the zones of two resolvers, looked at."""

import datetime
import json
import unittest

from .daemon import Daemon
from .resolver import Resolver

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


def api_time(text):
    """Seconds since 1970 of a time of the API."""
    return datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp()


class ReachCase(unittest.TestCase):
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
