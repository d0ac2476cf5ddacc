"""Faults of the certificate authority (A): a CA of ours says on demand what real
ones do on bad days; what towpath then says is done, and the fault is gone."""

import re
import signal
import unittest

from towpath import Ca, CaDouble, Daemon, free_port, served, wait_for
from towpath.fault_case import FaultCase


class Orders(FaultCase):
    """Ordered names fail in every way; time, or a person, mends it."""

    @classmethod
    def make_daemon(cls):
        port = free_port()
        cls.ca = CaDouble(port)
        cls.addClassCleanup(cls.ca.close)
        cls.seconds = 0
        return Daemon(ca=cls.ca, http=port, clock=True)

    def setUp(self):
        self.host = f"a{self.id().rsplit('test_', 1)[1].split('_')[0]}.test"
        self.host = self.host.lower()
        self.addCleanup(self.ca.heal)

    def later(self, seconds):
        cls = type(self)
        cls.seconds += seconds
        self.ca.offset = cls.seconds
        self.daemon.set_clock(cls.seconds)

    def add(self, code):
        self.daemon.cli("domains", "add", self.host, "--app", "shop")
        return self.wait_fault(code, self.host)["action"]

    def follow(self, action):
        """The first command that an action has."""
        self.daemon.cli(*re.search(r"`towpath ([^`]*)`", action)[1].split())

    def by_itself(self, code, action):
        self.assertIn("tried again", action)
        self.ca.heal()
        self.later(120)
        self.wait_cured(code, self.host)
        self.daemon.wait_status(self.host, "In use")

    def by_renewing(self, code, action):
        """What was wrong at the domain is right now, and a person says so."""
        self.assertIn(f"towpath certs renew {self.host}", action)
        self.ca.heal()
        self.follow(action)
        self.wait_cured(code, self.host)
        self.daemon.wait_status(self.host, "In use")

    def test_A12_an_answer_that_makes_no_sense(self):
        self.ca.spoil("newOrder", "no json", host=self.host)
        self.by_itself("A12", self.add("A12"))

    def test_A13_a_rate_limit(self):
        self.ca.refuse("newOrder", "rateLimited", "too many of this name",
                       retry_after=90, host=self.host)
        action = self.add("A13")
        self.daemon.cli("acme")
        self.by_itself("A13", action)

    def test_A14_a_name_that_is_paused(self):
        self.ca.pause(self.host)
        action = self.add("A14")
        self.assertIn("Open https://portal.ca.test/unpause", action)
        self.by_renewing("A14", action)

    def test_A16_a_name_that_it_does_not_take(self):
        d = self.daemon
        self.ca.refuse("newOrder", "rejectedIdentifier", "policy forbids",
                       host=self.host)
        action = self.add("A16")
        self.assertIn(f"towpath certs add {self.host} FILE", action)
        own = Ca().issue(self.host)
        d.upload("add", self.host, own)
        self.wait_cured("A16", self.host)
        self.assertEqual(served(d.https, self.host), own.der)

    def test_A17_it_cannot_connect(self):
        self.ca.refuse("validation", "connection", "refused", host=self.host)
        self.by_renewing("A17", self.add("A17"))

    def test_A18_another_server_answers(self):
        self.ca.refuse("validation", "unauthorized", "404", host=self.host)
        self.by_renewing("A18", self.add("A18"))

    def test_A19_it_cannot_resolve(self):
        self.ca.refuse("validation", "dns", "SERVFAIL", host=self.host)
        self.by_renewing("A19", self.add("A19"))

    def test_A22_an_order_that_ends_without_a_reason(self):
        def invalid(answer):
            answer[2]["status"] = "invalid"
        self.ca.spoil("order", invalid, host=self.host)
        self.ca.spoil("newOrder", invalid, host=self.host)
        action = self.add("A22")
        self.assertIn(f"towpath explain {self.host}", action)
        self.by_itself("A22", action)

    def test_A23_a_request_that_it_refuses(self):
        self.ca.refuse("finalize", "badCSR", "no such key", host=self.host)
        self.by_itself("A23", self.add("A23"))

    def test_A24_a_certificate_that_does_not_fit(self):
        other = Ca().issue(self.host).chain_pem.decode()

        def swap(answer):
            answer[2] = other
        self.ca.spoil("certificate", swap, host=self.host)
        self.by_itself("A24", self.add("A24"))

    def test_A25_an_error_of_its_own(self):
        self.ca.refuse("newOrder", "serverInternal", "oops", status=500,
                       host=self.host)
        self.by_itself("A25", self.add("A25"))

    def test_A26_automatic_certificates_are_off(self):
        d = self.daemon
        d.cli("domains", "add", self.host, "--app", "shop")
        d.cli("domains", "set", self.host, "automatic=off")
        action = self.wait_fault("A26", self.host)["action"]
        command = re.search(r"`towpath (domains set [^`]*)`", action)[1]
        d.cli(*command.split())
        self.wait_cured("A26", self.host)
        d.wait_status(self.host, "In use")

    def test_A29_a_person_is_wanted(self):
        self.ca.refuse("newOrder", "userActionRequired", "new terms",
                       host=self.host,
                       instance="https://ca.test/terms/2")
        action = self.add("A29")
        self.assertIn("Open https://ca.test/terms/2", action)
        self.by_renewing("A29", action)


class Authority(FaultCase):
    """What is wrong with the CA as a whole, or with our account there."""

    @classmethod
    def setUpClass(cls):
        pass

    def begin(self, **acme):
        port = free_port()
        self.ca = CaDouble(port)
        self.addCleanup(self.ca.close)
        self.daemon = Daemon(ca=self.ca, http=port, clock=True, acme=acme)
        self.addCleanup(self.daemon.close)
        wait_for(lambda: "serving version=" in self.daemon.log_text())
        self.daemon.cli("apps", "create", "shop")
        self.host = "www.account.test"

    def add(self, code):
        self.daemon.cli("domains", "add", self.host, "--app", "shop")
        return self.wait_fault(code, self.host)["action"]

    def reload(self, **acme):
        seen = self.daemon.log_text().count("reload: done")
        self.daemon.config["acme"].update(acme)
        self.daemon.write_config()
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.daemon.log_text().count("reload: done") > seen,
                 what="reloaded")

    def cured(self, code):
        self.wait_cured(code, self.host)
        self.daemon.wait_status(self.host, "In use")

    def test_A10_terms_that_nobody_agreed_to(self):
        self.begin(agree_terms="no")
        action = self.add("A10")
        self.assertIn("agree_terms = yes in [acme]", action)
        self.assertIn("systemctl reload towpath", action)
        self.reload(agree_terms="yes")
        self.cured("A10")

    def test_A11_it_cannot_be_reached(self):
        self.begin()
        self.ca.stop()
        action = self.add("A11")
        self.assertIn("tried again by itself", action)
        self.ca.start()
        self.ca.offset = 120
        self.daemon.set_clock(120)
        self.cured("A11")

    def test_A20_an_account_that_it_refuses(self):
        self.begin(email="nobody@invalid.test")
        self.ca.refuse("newAccount", "invalidContact", "no such mailbox")
        action = self.add("A20")
        self.assertIn("[acme] email", action)
        self.ca.heal()
        self.reload(email="somebody@customer.test")
        self.cured("A20")

    def test_A21_a_binding_that_it_wants(self):
        self.begin()
        self.ca.bindings = {"kid-1": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}
        action = self.add("A21")
        self.assertIn("eab_kid and eab_hmac_key in [acme]", action)
        kid, key = next(iter(self.ca.bindings.items()))
        self.reload(eab_kid=kid, eab_hmac_key=key)
        self.cured("A21")

    def test_A27_no_challenge_that_can_be_used(self):
        self.begin(challenges="http-01")
        self.ca.challenge_types = ["tls-alpn-01"]
        action = self.add("A27")
        self.assertIn("[acme] challenges", action)
        self.reload(challenges="http-01 tls-alpn-01")
        self.cured("A27")

    def test_A31_a_profile_that_it_does_not_offer(self):
        self.begin(profile="retired")
        self.ca.profiles = {"classic": None}
        action = self.add("A31")
        self.assertIn("[acme] profile", action)
        self.reload(profile="classic")
        self.cured("A31")


if __name__ == "__main__":
    unittest.main()
