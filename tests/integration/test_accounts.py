"""Accounts with a CA: another key, another contact, and what a CA says when it
does not want us."""

import unittest

from towpath import (Backend, CaDouble, Daemon, Pebble, Refused, free_port,
                     wait_for)


class AccountCase(unittest.TestCase):
    """A CA double for all; each test has a daemon of its own."""

    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.ca = CaDouble(cls.port)
        cls.app = Backend("shop")

    @classmethod
    def tearDownClass(cls):
        cls.app.close()
        cls.ca.close()

    def begin(self, **sections):
        self.daemon = d = Daemon(ca=self.ca, http=self.port, **sections)
        self.addCleanup(d.close)
        self.addCleanup(self.ca.heal)
        d.cli("apps", "create", "shop", "--backend", self.app.address)
        return d

    def add(self, host, *args):
        self.daemon.cli("domains", "add", host, "--app", "shop", *args)

    def account(self):
        """As the CA has it: the one of this daemon."""
        url = self.daemon.json("acme")["cas"][0]["account"]
        return self.ca.accounts[int(url.rsplit("/", 1)[1]) - 1]

    def wait_fault(self, host, code):
        return wait_for(lambda: (f := self.daemon.json(
            "domains", "info", host)["fault"]) and f["code"] == code and f,
            what=f"{host}: {code}")


class Rollover(AccountCase):
    """One daemon for all of them, whose account lives through it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon = Daemon(ca=cls.ca, http=cls.port)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        super().tearDownClass()

    def begin(self):
        self.addCleanup(self.ca.heal)
        return self.daemon

    def test_another_key_for_the_same_account(self):
        d = self.begin()
        self.add("one.rollover.test", "--wait")
        before, account = dict(self.account().jwk), self.account()
        d.cli("acme", "rollover")
        self.assertIs(self.account(), account)
        self.assertNotEqual(account.jwk, before)
        self.add("two.rollover.test", "--wait")
        self.assertIs(self.ca.orders_for("two.rollover.test")[0].account,
                      account)
        self.assertIn("account.rollover",
                      [e["name"] for e in d.json("events")])
        d.kill()
        d.start()
        self.add("three.rollover.test", "--wait")
        self.assertIs(self.account(), account)

    def test_A34_orders_under_way_are_waited_for(self):
        d, host = self.begin(), "busy.rollover.test"
        before = self.ca.count("finalize")
        self.ca.hold("finalize")
        try:
            self.add(host)
            wait_for(lambda: self.ca.count("finalize") > before,
                     what="an order is under way")
            changes = self.ca.count("keyChange")
            call = Later(d, "acme", "rollover")
            wait_for(lambda: d.json("acme")["cas"][0]["key_changing"],
                     what="it waits for the order")
            with self.assertRaises(Refused) as e:
                d.cli("acme", "rollover")
            self.assertIn("A34", e.exception.stderr)
            self.assertEqual(self.ca.count("keyChange"), changes)
        finally:
            self.ca.release("finalize")
        if call.code():  # it waits for a time only, and this took longer
            self.assertEqual(call.code(), "A34")
            d.cli("acme", "rollover")
        self.assertEqual(self.ca.count("keyChange"), changes + 1)
        d.wait_status(host, "In use")

    def killed_in_the_middle(self, answers):
        """keyChange is on its way when everything is killed."""
        d = self.begin()
        self.add(f"before{answers}.killed.test", "--wait")
        account, before = self.account(), dict(self.account().jwk)
        changes = self.ca.count("keyChange")
        if not answers:
            self.ca.refuse("keyChange", "serverInternal")
        self.ca.hold("keyChange")
        try:
            Later(d, "acme", "rollover")
            wait_for(lambda: self.ca.count("keyChange") > changes,
                     what="the CA hears of the new key")
            d.kill()
        finally:
            self.ca.release("keyChange")
        wait_for(lambda: [r for r in list(self.ca.requests)
                          if r.step == "keyChange"][-1].status,
                 what="the CA has decided")
        self.assertEqual(account.jwk != before, answers)
        self.ca.heal()
        d.start()
        self.add(f"after{answers}.killed.test", "--wait")
        self.assertIs(self.account(), account)
        d.cli("acme", "rollover")
        self.add(f"last{answers}.killed.test", "--wait")

    def test_killed_after_the_ca_took_it(self):
        self.killed_in_the_middle(True)

    def test_killed_before_the_ca_took_it(self):
        self.killed_in_the_middle(False)

    def test_refused_it_keeps_the_key_it_had(self):
        d = self.begin()
        self.add("one.refused.test", "--wait")
        before = dict(self.account().jwk)
        self.ca.refuse("keyChange", "malformed", "we do not like it", times=1)
        with self.assertRaises(Refused) as e:
            d.cli("acme", "rollover")
        self.assertIn("we do not like it", e.exception.stderr)
        self.assertEqual(self.account().jwk, before)
        self.add("two.refused.test", "--wait")

    def test_A33_a_ca_that_offers_no_such_thing(self):
        d = self.begin()
        self.ca.spoil("directory", "missing keyChange")
        d.stop()
        d.start()
        with self.assertRaises(Refused) as e:
            d.cli("acme", "rollover")
        self.assertIn("A33", e.exception.stderr)
        self.ca.heal()
        d.stop()
        d.start()
        d.cli("acme", "rollover")

    def test_a_ca_that_is_not_configured(self):
        d = self.begin()
        with self.assertRaises(Refused) as e:
            d.cli("acme", "rollover", "--ca", "fallback")
        self.assertIn("P11", e.exception.stderr)


class Lost(AccountCase):
    """Accounts that the CA does not want, or does not know (any more)."""

    def test_a_ca_that_has_lost_its_memory_gets_another_account(self):
        self.begin()
        self.add("one.memory.test", "--wait")
        before = self.account()
        self.ca.forget_accounts()
        self.add("two.memory.test", "--wait")
        self.assertIsNot(self.account(), before)

    def test_a_deactivated_account_is_given_up_for_another_one(self):
        d, host = self.begin(), "two.deactivated.test"
        self.add("one.deactivated.test", "--wait")
        before = self.account()
        before.status = "deactivated"
        self.add(host)
        fault = self.wait_fault(host, "A20")
        self.assertEqual(d.status_of(host), "Action required")
        self.assertIn("towpath acme rollover --new-account", fault["action"])
        d.cli("acme", "rollover", "--new-account")
        self.assertIsNot(self.account(), before)
        d.cli("certs", "renew", host, "--wait")

    def test_the_link_of_a_paused_name_is_told_wherever_one_looks(self):
        d, host = self.begin(), "www.paused.test"
        link = "https://portal.ca.test/unpause?jwt=" + 900 * "x"
        self.ca.refuse("newOrder", "rateLimited",
                       f"Please visit: {link}", host=host)
        self.add(host)
        self.assertIn(link, self.wait_fault(host, "A14")["action"])
        self.assertEqual(d.status_of(host), "Action required")
        self.assertIn(link, d.cli("acme"))
        failed = [e for e in d.json("events", "--host", host)
                  if e["name"] == "certificate.fail"]
        self.assertIn(link, failed[-1]["fault"]["action"])
        self.ca.heal()
        d.cli("certs", "renew", host, "--wait")
        self.assertNotIn(link, d.cli("acme"))


class Later:
    """A command that goes on while the test does."""

    def __init__(self, daemon, *args):
        import threading
        self.result = None

        def work():
            self.result = daemon.run(*args)
        self.thread = threading.Thread(target=work, daemon=True)
        self.thread.start()

    def code(self):
        """That of its fault; "" when it was done."""
        self.thread.join(60)
        if self.result.returncode == 0:
            return ""
        return self.result.stderr.split(":")[1].split()[0].strip()


class Contact(AccountCase):
    def test_another_address_is_told(self):
        d = self.begin(acme={"email": "one@towpath.test"})
        self.add("one.contact.test", "--wait")
        self.assertEqual(self.account().contact, ["mailto:one@towpath.test"])
        d.config["acme"]["email"] = "two@towpath.test"
        d.stop()
        d.start()
        wait_for(lambda: self.account().contact
                 == ["mailto:two@towpath.test"], what="the CA is told")
        wait_for(lambda: "another contact" in d.log_text(),
                 what="that is written down")
        asked = self.ca.count("account")
        d.stop()
        d.start()
        self.add("two.contact.test", "--wait")
        self.assertEqual(self.ca.count("account"), asked)

    def test_an_address_that_the_ca_refuses_keeps_nothing_back(self):
        d = self.begin(acme={"email": "one@towpath.test"})
        self.add("one.refusal.test", "--wait")
        self.ca.refuse("account", "invalidContact")
        d.config["acme"]["email"] = "two@towpath.test"
        d.stop()
        d.start()
        self.add("two.refusal.test", "--wait")


class WithPebble(unittest.TestCase):
    def test_another_key(self):
        port = free_port()
        with Backend("shop") as app, Pebble(port) as ca, \
                Daemon(ca=ca, http=port) as d:
            d.cli("apps", "create", "shop", "--backend", app.address)
            d.cli("domains", "add", "one.pebble.test", "--app", "shop",
                  "--wait")
            d.cli("acme", "rollover")
            d.cli("domains", "add", "two.pebble.test", "--app", "shop",
                  "--wait")


if __name__ == "__main__":
    unittest.main()
