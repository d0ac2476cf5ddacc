"""A daemon beside a CA that can be shown TXT records only."""

import unittest

from .backend import Backend
from .client import get
from .daemon import Daemon
from .pebble import Pebble
from .util import free_port


class DnsCase(unittest.TestCase):
    """dns-01, with a CA that can reach no port of ours."""

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

    def order_both(self, apex):
        """One certificate for a name and all under it."""
        d, hosts = self.daemon, (apex, "*." + apex)
        for host in hosts:
            d.cli("domains", "add", host, "--app", "shop")
        d.cli("certs", "order", *hosts, "--wait")
        for name in (apex, "www." + apex):
            answer = get(d.https, name, "/", self.ca.roots())
            self.assertEqual(answer.status, 200)
        self.assertEqual(*[d.json("domains", "info", h)["certificate"]["serial"]
                           for h in hosts])
