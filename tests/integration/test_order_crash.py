"""kill -9 at each step of an order: it goes on where it stood, and the CA hears
of one order."""

import contextlib
import os
import signal
import sqlite3
import unittest

from towpath import Backend, CaDouble, Daemon, Route53, wait_for


class CrashCase(unittest.TestCase):
    @classmethod
    def sections(cls):
        return {"acme": {"challenges": "http-01"}}

    @classmethod
    def setUpClass(cls):
        cls.ca = CaDouble()
        cls.ca.reuse_orders = True  # as Let's Encrypt does
        cls.app = Backend("shop")
        cls.daemon = Daemon(ca=cls.ca, http=cls.ca.http_port,
                            **cls.sections())
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)
        # the account is there, so that each step below is one of an order
        cls.daemon.cli("domains", "add", "first.crash.test", "--app", "shop",
                       "--wait")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()
        cls.ca.close()

    def setUp(self):
        self.host = f"{self.id().rsplit('test_', 1)[1]}.crash.test".replace("_", "-")
        self.ca.processing_polls = 1
        self.addCleanup(self.ca.release_all)

    # --- what stands in the store --------------------------------------------
    def row(self):
        """(state, url) of the open order; None: there is none."""
        with contextlib.closing(sqlite3.connect(
                f"file:{self.daemon.store}?mode=ro", uri=True)) as db:
            return db.execute(
                "SELECT state, url FROM acme_order WHERE host = ? AND"
                " ended_at IS NULL", (self.host,)).fetchone()

    def wait_state(self, *states):
        wait_for(lambda: (self.row() or ("",))[0] in states,
                 what=f"the order is {' or '.join(states)}")

    # --- what is done to it --------------------------------------------------
    def order(self):
        self.daemon.cli("domains", "add", self.host, "--app", "shop")

    def child(self, name):
        return wait_for(lambda: self.daemon.children().get(name), what=name)

    def keys_of_control(self):
        return self.child(max(n for n in self.daemon.children()
                              if n.startswith("keys")))

    def kill_control(self):
        old = self.child("control")
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: self.daemon.children().get("control", old) != old,
                 what="another control")

    def kill_all(self):
        self.daemon.kill()
        self.daemon.start()

    def held(self, step, act):
        """Does act and waits until the CA holds one more request of STEP."""
        n = self.ca.count(step)
        act()
        wait_for(lambda: self.ca.count(step) > n, what=f"{step} is held")

    def ends_well(self):
        self.daemon.wait_status(self.host, "In use")
        self.assertEqual(len(self.ca.orders_for(self.host)), 1)
        self.assertEqual(len(self.ca.certificates_for(self.host)), 1)
        history = self.daemon.json("certs", "history", self.host)
        self.assertEqual([i["number"] for i in history], [1])
        self.assertIsNone(self.row())

    @contextlib.contextmanager
    def keys_stopped(self):
        keys = self.keys_of_control()
        os.kill(keys, signal.SIGSTOP)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(keys, signal.SIGCONT)


class AtEachStep(CrashCase):
    def killed_at(self, step, *states):
        """Both ways, while STEP waits for its answer."""
        self.ca.hold(step)
        self.held(step, self.order)
        self.wait_state(*states)
        self.held(step, self.kill_control)
        self.held(step, self.kill_all)
        self.ca.release(step)
        self.ends_well()

    # --- the steps -----------------------------------------------------------
    def test_before_the_ca_is_asked(self):
        self.kill_control()  # it had read the directory already
        self.killed_at("directory", "new")

    def test_while_it_is_ordered(self):
        self.killed_at("newOrder", "new")

    def test_while_an_authorization_is_read(self):
        self.killed_at("authz", "authorizing")

    def test_while_the_challenge_is_posted(self):
        self.killed_at("challenge", "challenging")

    def looked_at(self):
        """The CA has looked; that answer is held."""
        self.ca.hold("challenge")
        self.held("challenge", self.order)
        self.ca.hold("authz")
        self.held("authz", lambda: self.ca.release("challenge"))
        self.wait_state("validating")
        wait_for(lambda: self.ca.authorizations[-1].status == "valid",
                 what="the CA is content")

    def test_while_the_ca_looks(self):
        self.looked_at()
        self.kill_control()
        self.ca.release("authz")
        self.ends_well()

    def test_all_is_killed_while_the_ca_looks(self):
        self.looked_at()
        self.kill_all()
        self.ca.release("authz")
        self.ends_well()

    def test_before_there_is_a_key(self):
        self.looked_at()
        with self.keys_stopped():
            self.ca.release("authz")
            self.wait_state("ready")
            self.kill_control()
        self.ends_well()

    def test_before_the_certificate_is_taken(self):
        self.ca.hold("certificate")
        self.held("certificate", self.order)
        with self.keys_stopped():
            self.ca.release("certificate")
            self.wait_state("issued")
            self.kill_control()
        self.ends_well()

    def test_while_it_is_finalized(self):
        self.killed_at("finalize", "finalizing")

    def test_while_the_ca_signs(self):
        self.ca.processing_polls = 1000
        self.ca.hold("finalize")
        self.held("finalize", self.order)
        self.held("order", lambda: self.ca.release("finalize"))
        self.wait_state("processing")
        self.held("order", self.kill_control)
        self.held("order", self.kill_all)
        for o in self.ca.orders_for(self.host):
            o.polls_left = 0
        self.ends_well()

    def test_while_it_is_downloaded(self):
        self.killed_at("certificate", "downloading")

    def test_an_order_for_several(self):
        hosts = [self.host, f"b.{self.host}"]
        for host in hosts:
            self.daemon.cli("domains", "add", host, "--app", "shop", "--wait")
        self.ca.hold("finalize")
        self.held("finalize", lambda: self.daemon.cli(
            "certs", "order", *hosts))
        self.held("finalize", self.kill_control)
        self.ca.release("finalize")
        wait_for(lambda: {tuple(self.daemon.json("domains", "info", h)
                                ["certificate"]["names"]) for h in hosts}
                 == {tuple(hosts)}, what="both have it")
        self.assertEqual(len([o for o in self.ca.orders_for(hosts[1])
                              if len(o.names) == 2]), 1)

    # --- the others ----------------------------------------------------------
    def test_keys_and_workers_die_meanwhile(self):
        self.ca.hold("finalize")
        self.held("finalize", self.order)
        for name, pid in self.daemon.children().items():
            if name != "control":
                os.kill(pid, signal.SIGKILL)
        self.ca.release("finalize")
        self.ends_well()

    def test_the_store_is_busy_meanwhile(self):
        self.ca.hold("challenge")
        self.held("challenge", self.order)
        with contextlib.closing(sqlite3.connect(
                self.daemon.store, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            n = self.daemon.log_text().count("busy")
            self.ca.release("challenge")
            wait_for(lambda: self.ca.authorizations[-1].status == "valid",
                     what="the CA is content")
            self.assertEqual(self.row()[0], "challenging", n)
            db.execute("ROLLBACK")
        self.ends_well()


class WhilePublishing(CrashCase):
    """dns-01: the record is at the provider, or on its way there."""

    @classmethod
    def sections(cls):
        cls.aws = Route53(cls.ca.zone.set_txt, {"crash.test": "Z1"})
        return {"acme": {"challenges": "dns-01"},
                "dns": {"provider": "route53"},
                "dns_route53": {"access_key_id": cls.aws.key_id,
                                "secret_access_key": cls.aws.secret,
                                "endpoint": cls.aws.endpoint}}

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.aws.close()

    def test_the_provider_does_not_answer(self):
        with self.aws.lock:
            self.order()
            self.wait_state("publishing")
            self.kill_control()
            self.wait_state("publishing", "authorizing")
            self.kill_all()
            self.wait_state("publishing", "authorizing")
        self.ends_well()
        wait_for(lambda: not self.aws.sets, what="no record is left behind")


if __name__ == "__main__":
    unittest.main()
