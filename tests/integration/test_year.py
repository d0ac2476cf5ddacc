"""A year goes by, from event to event: certificates of 90, 45 and 6 days, a
custom one that ends in between, a CA that is away for a while and changes its
mind.  No handshake is left without a valid certificate."""

import datetime
import threading
import unittest

from cryptography import x509

from towpath import DAY, HOUR, Ca, CaCase, seconds, served, wait_for
from towpath.client import patient_handshake


class Visitor(threading.Thread):
    """Shakes hands all the time; keeps what went wrong."""

    def __init__(self, port, host):
        super().__init__(daemon=True)
        self.port, self.host = port, host
        self.failed, self.seen, self.count = [], [], 0
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.01):
            try:
                with patient_handshake(self.port, self.host) as s:
                    der = s.getpeercert(binary_form=True)
            except OSError as e:
                self.failed.append(repr(e))
                continue
            self.count += 1
            if der not in self.seen:
                self.seen.append(der)

    def stop(self):
        self.over.set()
        self.join()


class Year(CaCase):
    @classmethod
    def prepare(cls, ca):
        ca.processing_polls = 0

    def look(self, *hosts):
        """Each gets a certificate that is valid now; what they get."""
        got = []
        for host in hosts:
            asked = datetime.datetime.utcfromtimestamp(int(self.now()))
            leaf = x509.load_der_x509_certificate(
                served(self.daemon.https, host))
            answered = datetime.datetime.utcfromtimestamp(self.now())
            self.assertLessEqual(leaf.not_valid_before, answered, host)
            # notAfter's own second still counts as valid (RFC 5280)
            self.assertLessEqual(asked, leaf.not_valid_after, host)
            self.assertNotIn("towpath", leaf.issuer.rfc4514_string(), host)
            got.append(leaf)
        return got

    def due(self, hosts):
        """When the next of them is renewed."""
        return min(seconds(self.info(h)["renews_at"]) for h in hosts)

    def is_quiet(self):
        o = self.daemon.json("acme")
        return o["orders_in_flight"] + o["orders_waiting"] == 0

    def renewed(self, hosts):
        """Those that were due have new ones, which are served."""
        for host in hosts:
            wait_for(lambda: (seconds(self.info(host)["renews_at"])
                              > self.now()), every=0.1,
                     what=f"{host} is renewed")
            wait_for(self.is_quiet, every=0.1, what="no order is under way")
            last = self.ca.certificates_for(host)[-1]
            wait_for(lambda: served(self.daemon.https, host) == last.der,
                     what=f"the last one of {host} is served")

    def pass_renewal(self, hosts):
        """On to the next renewal, those of the same two days together."""
        times = [seconds(self.info(h)["renews_at"]) for h in hosts]
        self.move_to(max(t for t in times if t < min(times) + 2 * DAY))
        self.look(*hosts)
        self.renewed(hosts)

    def test_certificates_of_90_and_45_days(self):
        d, start = self.daemon, self.now()
        long, short = "long.year.test", "short.year.test"
        fallback = "custom.year.test"
        self.ca.lifetimes[short] = 45 * DAY
        own = Ca().issue(fallback, not_after=datetime.datetime
                         .utcfromtimestamp(int(start) + 100 * DAY))
        d.cli("domains", "add", fallback, "--app", "shop",
              d.file("c.pem", own.chain_pem), d.file("c.key", own.key_pem))
        both = [self.add(long), self.add(short)]
        hosts = [*both, fallback]
        wait_for(lambda: self.info(fallback)["dns"] == "ok")
        with self.subTest("until the custom one is about to end"):
            while self.due(both) < start + 86 * DAY:
                self.pass_renewal(both)
                self.look(fallback)
            self.assertEqual(self.ca.certificates_for(fallback), [])
        with self.subTest("the fallback is there before it is needed"):
            self.move_to(max(self.now(), start + 88 * DAY))
            self.look(*hosts)
            wait_for(lambda: self.ca.certificates_for(fallback))
            self.wait_certificates(fallback, 1)
            self.assertEqual(served(d.https, fallback), own.der)
            self.renewed(both)
            self.move_to(start + 100 * DAY)
            leaf = self.look(*hosts)[2]
            self.assertEqual(leaf.serial_number,
                             self.ca.certificates_for(fallback)[0].serial)
            self.renewed(hosts)
        with self.subTest("the CA is away when they are due"):
            self.pass_renewal(hosts)
            self.ca.stop()
            self.move_to(self.due(hosts))
            late = [h for h in hosts
                    if seconds(self.info(h)["renews_at"]) < self.now()]
            for host in late:
                self.wait_fault(host, "A11")
            self.look(*hosts)
            self.move(2 * DAY)
            self.look(*hosts)
            self.ca.start()
            self.move(DAY)
            self.renewed(hosts)
            wait_for(lambda: not any(self.info(h)["fault"] for h in late),
                     what="the fault is over")
        with self.subTest("the CA changes its mind"):
            old = self.ca.certificates_for(long)[-1]
            self.ca.windows[old.cert_id] = (self.now() - HOUR,
                                            self.now() - HOUR / 2)
            n = len(self.ca.certificates_for(long))
            self.move(2 * DAY)
            self.look(*hosts)
            self.wait_certificates(long, n + 1)
            self.renewed(hosts)
        with self.subTest("the rest of the year"):
            while self.now() < start + 365 * DAY:
                self.pass_renewal(hosts)
        # never more orders than renewals: at most one in 27 days, and one for
        # the change of mind
        for host in hosts:
            wait_for(lambda: (len(self.ca.orders_for(host))
                              == len(self.ca.certificates_for(host))),
                     what=f"each order of {host} has its certificate")
            self.assertLessEqual(len(self.ca.orders_for(host)), 15)

    def test_certificates_of_six_days(self):
        host = "six.year.test"
        self.ca.lifetimes[host] = 160 * HOUR
        self.add(host)
        while len(self.ca.certificates_for(host)) < 4:
            self.pass_renewal([host])
        first, second = self.ca.certificates_for(host)[:2]
        # half of its life, and what jitter or the CA's window make of it
        self.assertTrue(70 * HOUR < second.not_before - first.not_before
                        < 84 * HOUR)
        self.ca.refuse("newOrder", "serverInternal", host=host)
        self.ca.refuse("renewalInfo", "serverInternal", host=host)
        self.move_to(self.due([host]))
        self.wait_fault(host, "A25")
        self.move(50 * HOUR)
        self.look(host)
        self.ca.heal()
        self.move(24 * HOUR)
        self.look(host)
        self.renewed([host])
        self.assertIsNone(self.info(host)["fault"])

    def test_a_renewal_drops_no_handshake(self):
        d, host = self.daemon, self.add("busy.year.test")
        before = served(d.https, host)
        visitor = Visitor(d.https, host)
        visitor.start()
        self.addCleanup(visitor.stop)
        wait_for(lambda: visitor.count > 5)
        self.pass_renewal_of(host)
        wait_for(lambda: len(visitor.seen) > 1, what="the new one is served")
        # from the first one on that got it, all do
        renewed = self.ca.certificates_for(host)[-1].der
        self.assertEqual(served(d.https, host), renewed)
        n = visitor.count
        wait_for(lambda: visitor.count > n + 5)
        visitor.stop()
        self.assertEqual(visitor.failed, [])
        self.assertEqual(visitor.seen, [before, renewed])
        # the one before is kept as long as it is valid
        history = d.json("certs", "history", host)
        self.assertEqual(len(history), 2)
        self.assertEqual(history[0]["predecessor"], history[1]["number"])


if __name__ == "__main__":
    unittest.main()
