"""A CA on its bad days: what it says and does that pebble cannot, and that it
hurts nobody but the one order that it is about."""

import signal
import time
import unittest

from towpath import HOUR, CaCase, seconds, wait_for


class BadDays(CaCase):
    def issued(self, *hosts):
        for host in hosts:
            self.daemon.wait_status(host, "In use")

    def requests(self, host, *steps):
        return [r for r in list(self.ca.requests)
                if r.host == host and r.step in steps]

    # --- nonces ---------------------------------------------------------------
    def test_nonces_that_are_refused_do_not_matter(self):
        self.ca.bad_nonce_percent = 30
        self.addCleanup(setattr, self.ca, "bad_nonce_percent", 0)
        hosts = [f"nonce{i}.customer.test" for i in range(6)]
        for host in hosts:
            self.add(host, wait=False)
        self.issued(*hosts)
        for host in hosts:
            self.assertEqual(len(self.ca.orders_for(host)), 1)
        refused = [r for r in self.ca.requests if r.status == 400]
        self.assertGreater(len(refused), 3)

    # --- patience -------------------------------------------------------------
    def test_the_ca_is_not_asked_before_it_said(self):
        told = {"challenge": 1, "finalize": 1, "processing": -3}
        self.ca.retry_after.update(told)
        self.addCleanup(self.ca.retry_after.update, dict.fromkeys(told))
        host = self.add("patience.customer.test")
        steps = self.requests(host, "challenge", "authz", "finalize", "order")
        told_by = [(r, after) for r, after in zip(steps, steps[1:])
                   if r.step in ("challenge", "finalize", "order")]
        self.assertGreaterEqual(len(told_by), 3)
        for r, after in told_by:
            self.assertGreaterEqual(after.at - r.at, 0.99, steps)

    def test_a_pause_of_the_ca_ends_no_order(self):
        """503 with Retry-After at each step of one order."""
        host = "pause.customer.test"
        for step in ("authz", "challenge", "finalize", "order", "certificate"):
            self.ca.refuse(step, "serverInternal", "maintenance", status=503,
                           retry_after=1, times=1, host=host)
        self.add(host)
        self.assertEqual(len(self.ca.orders_for(host)), 1)
        self.assertEqual(
            sum(r.status == 503 for r in self.ca.requests if r.host == host),
            5)

    def test_a_load_balancer_speaks_no_json(self):
        host = "balancer.customer.test"
        for step in ("authz", "order"):
            self.ca.spoil(step, "plain 503", times=1, host=host)
        self.add(host)
        self.assertEqual(len(self.ca.orders_for(host)), 1)

    def test_a_rate_limit_is_kept(self):
        host = "limited.customer.test"
        self.ca.refuse("newOrder", "rateLimited", "too many certificates",
                       retry_after=7 * HOUR, times=1, host=host)
        self.add(host, wait=False)
        fault = self.wait_fault(host, "A13")
        self.assertIn("too many certificates", fault["text"])
        at = seconds(self.info(host)["next_attempt_at"])
        self.assertTrue(6.5 * HOUR < at - self.now() < 7.1 * HOUR)
        self.assertEqual(self.ca.count("newOrder", host), 1)

    def test_a_paused_name_needs_a_person(self):
        host = "paused.customer.test"
        self.ca.pause(host)
        self.add(host, wait=False)
        fault = self.wait_fault(host, "A14")
        self.assertEqual(self.info(host)["status"], "Action required")
        self.assertIn("https://portal.ca.test/unpause", fault["action"])
        self.assertEqual(self.ca.count("newOrder", host), 1)
        self.ca.heal()  # the person has done so
        self.daemon.cli("certs", "renew", host, "--wait")

    # --- nonsense -------------------------------------------------------------
    def test_what_makes_no_sense_ends_in_time_and_hurts_no_other(self):
        cases = [
            ("order", "no json"), ("authz", "empty"), ("authz", "array"),
            ("authz", "missing status"), ("authz", "missing identifier"),
            ("newOrder", "missing finalize"), ("newOrder", "no json"),
            ("newOrder", "missing authorizations"), ("newOrder", "huge"),
            ("newOrder", "endless"), ("newOrder", "truncated"),
            ("finalize", "missing status"), ("order", "missing certificate"),
            ("certificate", "empty"), ("authz", "huge"),
            ("certificate", "endless"),
        ]
        hosts = [f"nonsense{i}.customer.test" for i in range(len(cases))]
        for host, (step, how) in zip(hosts, cases):
            self.ca.spoil(step, how, host=host)
            self.add(host, wait=False)
        fine = self.add("fine.customer.test")
        self.assertEqual(len(self.ca.orders_for(fine)), 1)
        for host, case in zip(hosts, cases):
            with self.subTest(case=case):
                self.wait_fault(host, "A12")
        # nothing is ordered again and again
        for host in hosts:
            self.assertLessEqual(self.ca.count("newOrder", host), 2)

    def test_a_certificate_that_is_none_is_refused(self):
        host = "nocert.customer.test"
        self.ca.spoil("certificate", "no json", host=host)
        self.add(host, wait=False)
        self.wait_fault(host, "A24")

    def test_an_answer_that_never_ends_holds_up_no_other(self):
        slow, fine = "drip.customer.test", "beside.customer.test"
        self.ca.spoil("authz", "drip", host=slow)
        self.ca.spoil("authz", "silent", host="silent.customer.test")
        self.add(slow, wait=False)
        self.add("silent.customer.test", wait=False)
        wait_for(lambda: self.ca.count("authz", slow))
        start = time.monotonic()
        self.add(fine)
        # (how it ends: test_fetch, slow_answer_times_out)
        self.assertEqual(len(self.ca.orders_for(fine)), 1, start)

    def test_another_content_type_is_no_reason(self):
        host = "type.customer.test"
        for step in ("newOrder", "order", "authz", "challenge", "finalize"):
            self.ca.spoil(step, "content type", host=host)
        self.add(host)

    # --- challenges -----------------------------------------------------------
    def test_unknown_challenges_are_passed_over(self):
        self.ca.odd_challenges = [
            {"type": "dns-persist-01", "status": "pending",
             "url": self.ca.base + "/odd", "accounturi": "x",
             "issuer-domain-names": ["ca.test"]}, 7, None, "x",
            {"type": "http-01"}, {"type": "http-01", "token": "../../etc",
                                  "url": "https://ca.test/evil"}]
        self.addCleanup(setattr, self.ca, "odd_challenges", [])
        self.add("odd.customer.test")

    def test_a_challenge_that_stays_pending_with_its_error_has_failed(self):
        self.ca.failed_stay_pending = True
        self.addCleanup(setattr, self.ca, "failed_stay_pending", False)
        host = "pending.customer.test"
        self.ca.refuse("validation", "unauthorized", "wrong answer", times=1,
                       host=host)
        self.add(host, wait=False)
        self.assertIn("wrong answer", self.wait_fault(host, "A18")["text"])

    def test_what_is_valid_already_is_not_proved_again(self):
        host = self.add("reuse.customer.test")
        self.ca.reuse_authorizations = True
        self.addCleanup(setattr, self.ca, "reuse_authorizations", False)
        self.daemon.cli("certs", "renew", host, "--wait")
        self.wait_certificates(host, 2)
        self.assertEqual(self.ca.count("challenge", host), 1)

    # --- each kind of refusal -------------------------------------------------
    def test_problems_of_a_new_order_become_faults_in_its_words(self):
        cases = [("rejectedIdentifier", "A16", "Action required"),
                 ("unsupportedIdentifier", "A16", "Action required"),
                 ("caa", "A15", "Action required"),
                 ("userActionRequired", "A29", "Action required"),
                 ("serverInternal", "A25", "Creating"),
                 ("conflict", "A22", "Creating")]
        hosts = [f"{t.lower()}.customer.test" for t, _, _ in cases]
        for host, (type_, _, _) in zip(hosts, cases):
            self.ca.refuse("newOrder", type_, f"words on {host}", host=host)
            self.add(host, wait=False)
        for host, (type_, code, status) in zip(hosts, cases):
            with self.subTest(type=type_):
                fault = self.wait_fault(host, code)
                self.assertIn(f"words on {host}", fault["text"])
                self.assertEqual(self.info(host)["status"], status)

    def test_an_account_that_is_forgotten_is_made_again(self):
        self.add("before.customer.test")
        n = len(self.ca.accounts)
        self.ca.forget_accounts()
        self.add("after.customer.test")
        self.assertEqual(len(self.ca.accounts), n + 1)


class Profiles(CaCase):
    config = {"acme": {"profile": "shortlived",
                       "preferred_chain": "double root C"}}
    alternates = 2

    @classmethod
    def prepare(cls, ca):
        ca.profiles = {"classic": None, "shortlived": 160 * HOUR}
        ca.renewal_info = False  # our own plan holds

    def reload(self, **acme):
        d = self.daemon
        before, log = d.children()["control"], d.log_text()
        d.config["acme"].update(acme)
        d.write_config()
        d.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "reload: done" in d.log_text()[len(log):],
                 what="it is reloaded")
        wait_for(lambda: d.children().get("control") not in (None, before)
                 and d.run("status").returncode == 0,
                 what="control has the new configuration")

    def test_1_a_short_lived_certificate_and_the_chain_that_is_wanted(self):
        host = self.add("short.customer.test")
        self.assertEqual(self.ca.orders_for(host)[0].profile, "shortlived")
        info = self.info(host)
        ends = seconds(info["expires_at"])
        begins = seconds(info["certificate"]["not_before"])
        self.assertEqual(ends - begins, 160 * HOUR - 1)
        left = ends - seconds(info["renews_at"])
        self.assertTrue(0.5 <= left / (160 * HOUR) <= 0.56)
        self.assertIsNone(info["fault"])
        # default, then B; C is the one
        wanted = [r.path.rsplit("/", 1)[-1] for r in self.ca.requests
                  if r.step == "certificate"]
        self.assertEqual(wanted[1:], ["1", "2"])
        self.assertIn("double root C", self.daemon.cli("certs", "info", host))

    def test_2_a_retired_profile_burns_no_order(self):
        host = self.add("kept.customer.test")
        self.ca.profiles = {"classic": None, "tiny": 24 * HOUR}
        self.reload(profile="shortlived", email="a@customer.test")
        new = self.add("new.customer.test", wait=False)
        fault = self.wait_fault(new, "A31")
        self.assertIn("classic, tiny", fault["text"])
        self.assertEqual(self.info(new)["status"], "Action required")
        self.assertEqual(self.ca.count("newOrder", new), 0)
        # who has a certificate keeps one
        self.pass_renewal_of(host)
        second = self.wait_certificates(host, 2)
        self.assertIsNone(second.order.profile)
        # what the fault says, followed
        self.reload(profile="tiny")
        self.daemon.cli("certs", "renew", new, "--wait")
        self.assertEqual(self.ca.orders_for(new)[0].profile, "tiny")

    def test_3_a_profile_that_is_refused_all_the_same(self):
        host = "refused.customer.test"
        self.ca.refuse("newOrder", "invalidProfile", "not for you", times=1,
                       host=host)
        self.add(host, wait=False)
        fault = self.wait_fault(host, "A31")
        self.assertIn("not for you", fault["text"])
        self.assertIn("classic, tiny", fault["text"])


if __name__ == "__main__":
    unittest.main()
