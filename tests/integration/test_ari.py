"""When to renew is the CA's to say (RFC 9773): its window is asked for, kept,
asked for again right before the order, and told to people; where it does not
say, or cannot be heard, our own plan stands."""

import threading
import unittest

from towpath import DAY, HOUR, CaCase, seconds, served, wait_for


class Renewals(CaCase):
    def polled(self, host, n=1):
        """Moves on until the CA has been asked about host n times in all, and
        gives what is known then."""
        while self.ca.count("renewalInfo", host) < n:
            at = seconds((self.info(host)["renewal"] or {}).get("next_at"))
            self.move_to(at or self.now() + 2 * HOUR)
            wait_for(lambda: (self.info(host)["renewal"] or {}).get("next_at")
                     and seconds(self.info(host)["renewal"]["next_at"])
                     > self.now(), what=f"{host} is asked about")
        return self.info(host)["renewal"]

    def renewed(self, host, n):
        certificate = self.wait_certificates(host, n)
        wait_for(lambda: served(self.daemon.https, host) == certificate.der,
                 what="the renewed certificate is served")
        return certificate

    def test_a_certificate_is_renewed_in_the_window_and_says_what_it_replaces(
            self):
        host = self.add("window.customer.test")
        first = self.ca.certificates_for(host)[0]
        known = self.polled(host)
        start, end = (seconds(known["window"][k]) for k in ("start", "end"))
        at = seconds(known["at"])
        self.assertEqual((start, end),
                         tuple(map(int, self.ca.window_of(first))))
        self.assertTrue(start <= at < end)
        self.assertEqual(seconds(self.info(host)["renews_at"]), at)
        # the instant stays while the window does
        self.assertEqual(self.polled(host, 2)["at"], known["at"])
        self.move_to(at)
        self.renewed(host, 2)
        order = self.ca.orders_for(host)[1]
        self.assertIs(order.replaces, first)
        self.assertTrue(order.in_window)
        asked = [r.step for r in self.ca.requests if r.host == host]
        self.assertEqual(asked[asked.index("newOrder", 3) - 1], "renewalInfo",
                         "asked again right before the order")

    def test_a_window_that_moves_to_now_renews_now_and_says_why(self):
        host = self.add("incident.customer.test")
        self.polled(host)
        first = self.ca.certificates_for(host)[0]
        self.move(DAY)
        self.polled(host, 2)  # the daemon itself has come to it by then
        why = "https://ca.test/incident-42"
        self.ca.explanation_url = why
        self.addCleanup(setattr, self.ca, "explanation_url", "")
        self.ca.windows[first.cert_id] = (self.now() - HOUR,
                                          self.now() - HOUR / 2)
        self.move_to(seconds(self.info(host)["renewal"]["next_at"]))
        self.renewed(host, 2)
        self.assertIs(self.ca.orders_for(host)[1].replaces, first)
        self.assertFalse(self.ca.orders_for(host)[1].in_window)
        self.assertIn(why, self.daemon.log_text())
        self.polled(host, self.ca.count("renewalInfo", host) + 1)
        self.assertIn(why, self.daemon.cli("domains", "info", host))
        # a window that a new certificate is born in does not order for ever
        self.ca.window = (self.now() - 2, self.now() - 1)
        self.addCleanup(setattr, self.ca, "window", None)
        self.polled(host, self.ca.count("renewalInfo", host) + 1)
        self.assertGreater(seconds(self.info(host)["renews_at"]), self.now())
        self.assertEqual(len(self.ca.orders_for(host)), 2)

    def test_a_window_that_moved_on_unheard_is_not_ordered_in(self):
        host = self.add("later.customer.test")
        at = seconds(self.polled(host)["at"])
        first = self.ca.certificates_for(host)[0]
        self.ca.windows[first.cert_id] = (at + 2 * DAY, at + 3 * DAY)
        self.move_to(at)
        wait_for(lambda: seconds(self.info(host)["renews_at"]) > self.now(),
                 what="it is put off")
        self.assertEqual(len(self.ca.orders_for(host)), 1)
        self.move_to(seconds(self.info(host)["renews_at"]))
        self.renewed(host, 2)

    def refused_once(self, host, type_, **kw):
        host = self.add(host)
        at = seconds(self.polled(host)["at"])
        self.ca.refuse("newOrder", type_, times=1, host=host, **kw)
        self.move_to(at)
        self.renewed(host, 2)
        asked = [r.payload for r in self.ca.requests
                 if r.step == "newOrder" and r.host == host]
        self.assertEqual(len(asked), 3)
        self.assertIn("replaces", asked[1])
        self.assertNotIn("replaces", asked[2])

    def test_what_was_replaced_already_is_ordered_once_more_without(self):
        self.refused_once("again.customer.test", "alreadyReplaced")

    def test_so_is_what_another_account_had(self):
        self.refused_once("stranger.customer.test", "unauthorized")

    def test_our_own_plan_stands_while_the_ca_is_not_heard(self):
        host = self.add("deaf.customer.test")
        life = 90 * DAY
        self.ca.refuse("renewalInfo", "serverInternal", host=host)
        known = self.polled(host)
        self.assertEqual(known["fault"]["code"], "A25")
        self.assertIsNone(known["window"])
        pauses = []
        for n in range(2, 4):
            known = self.polled(host, n)
            pauses.append(seconds(known["next_at"])
                          - seconds(known["asked_at"]))
        self.assertEqual(pauses, [600, 6000])
        self.assertIn("A25", self.daemon.cli("domains", "info", host))
        ends = seconds(self.info(host)["expires_at"])
        at = seconds(self.info(host)["renews_at"])
        self.assertTrue(1 / 3 <= (ends - at) / life <= 0.4)
        self.move_to(at)
        self.renewed(host, 2)

    def test_a_person_waits_for_no_window(self):
        host = self.add("byhand.customer.test")
        self.polled(host)
        first = self.ca.certificates_for(host)[0]
        self.daemon.cli("certs", "renew", host, "--wait")
        self.renewed(host, 2)
        self.assertIs(self.ca.orders_for(host)[1].replaces, first)

    def test_many_are_asked_about_a_few_at_once(self):
        hosts = [f"n{i}.many.test" for i in range(12)]
        for host in hosts:
            self.add(host, wait=False)
        for host in hosts:
            self.daemon.wait_status(host, "In use")

        def asked():
            return sum(self.ca.count("renewalInfo", h) for h in hosts)
        self.ca.hold("renewalInfo")
        self.move(2 * HOUR)
        wait_for(asked, what="the first is asked about")
        threading.Event().wait(1.5)  # the daemon's clock ticks meanwhile
        self.assertLessEqual(asked(), 4)
        self.ca.release("renewalInfo")
        wait_for(lambda: all(self.info(h)["renewal"] for h in hosts),
                 what="all are asked about")


class NoRenewalInformation(CaCase):
    @classmethod
    def prepare(cls, ca):
        ca.renewal_info = False

    def test_a_third_of_the_lifetime_is_left_then(self):
        host = self.add("plain.customer.test")
        info = self.info(host)
        life = 90 * DAY
        left = seconds(info["expires_at"]) - seconds(info["renews_at"])
        self.assertTrue(1 / 3 <= left / life <= 0.4)
        self.move(2 * HOUR)
        wait_for(lambda: seconds(self.info(host)["dns_checked_at"]) is not None)
        self.assertIsNone(self.info(host)["renewal"])
        self.move_to(seconds(info["renews_at"]))
        self.wait_certificates(host, 2)
        self.assertEqual(self.ca.count("renewalInfo"), 0)
        self.assertNotIn("replaces", [
            r for r in self.ca.requests if r.step == "newOrder"][1].payload)


if __name__ == "__main__":
    unittest.main()
