"""Tests of what a CA does to us: the CA double, a daemon whose clock a test
moves, and one app."""

import datetime
import unittest

from .backend import Backend
from .ca_double import CaDouble
from .daemon import Daemon
from .util import wait_for

HOUR, DAY = 3600, 86400


def seconds(text):
    """Unix seconds of a time in the API; None stays None."""
    return text and datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp()


class CaCase(unittest.TestCase):
    config, alternates = {}, 0

    @classmethod
    def setUpClass(cls):
        cls.ca = CaDouble(n_alternates=cls.alternates)
        cls.prepare(cls.ca)
        cls.backend = Backend()
        cls.daemon = Daemon(ca=cls.ca, http=cls.ca.http_port, clock=True,
                            **cls.config)
        cls.daemon.cli("apps", "create", "shop", "--backend",
                       cls.backend.address)

    @classmethod
    def prepare(cls, ca):
        """Before the daemon sees it."""

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.backend.close()
        cls.ca.close()

    def setUp(self):
        self.addCleanup(self.ca.heal)

    def add(self, host, wait=True):
        self.daemon.cli("domains", "add", host, "--app", "shop",
                        *(["--wait"] if wait else []))
        return host

    def info(self, host):
        return self.daemon.json("domains", "info", host)

    def now(self):
        """As daemon and CA have it."""
        return self.ca.now()

    @classmethod
    def move(cls, by):
        """The clocks of both, so many seconds ahead."""
        cls.ca.offset += int(by)
        cls.daemon.set_clock(cls.ca.offset)

    @classmethod
    def move_to(cls, at):
        """Just past it; never back."""
        cls.move(max(0, at - cls.ca.now() + 2))

    def pass_renewal_of(self, host):
        """Moves on until one more has been ordered for host: a CA that is
        asked right before it may put the moment off."""
        n = len(self.ca.orders_for(host))
        while len(self.ca.orders_for(host)) == n:
            self.move_to(seconds(self.info(host)["renews_at"]))
            wait_for(lambda: len(self.ca.orders_for(host)) > n
                     or seconds(self.info(host)["renews_at"]) > self.now(),
                     every=0.1, what=f"{host} is ordered or put off")

    def wait_fault(self, host, code):
        """Its fault, once that has this code."""
        return wait_for(
            lambda: (self.info(host)["fault"] or {}).get("code") == code
            and self.info(host)["fault"], every=0.1,
            what=f"{host} has {code}")

    def wait_certificates(self, host, n):
        """The n-th certificate of host is installed; what the CA knows of
        it."""
        issued = wait_for(lambda: len(self.ca.certificates_for(host)) >= n
                          and self.ca.certificates_for(host)[n - 1],
                          what=f"{host} has {n} certificates")
        serial = f"{issued.serial:X}"
        wait_for(lambda: any(
            c["serial"].lstrip("0") == serial
            for c in self.daemon.json("certs", "history", host)),
            what=f"number {n} of {host} is installed")
        return issued
