"""kill -9 at the worst moment: nothing acknowledged is lost, the database stays
whole, sites keep answering, all is well again within two seconds."""

import os
import random
import signal
import sqlite3
import threading
import time
import unittest

from towpath import (Backend, Ca, Daemon, Https, Pebble, Refused, free_port,
                     get, http, served, wait_for)
from towpath.util import IS_ASAN, alive

KILLS = 20
# A sanitizer's process starts several times slower.
WELL_AGAIN = 8 if IS_ASAN else 2


class Uploads(threading.Thread):
    """Uploads one certificate after the other; remembers what was
    acknowledged."""

    def __init__(self, daemon, host, ca):
        super().__init__(daemon=True)
        self.daemon_under_test, self.host, self.ca = daemon, host, ca
        self.acknowledged = []
        self.over = threading.Event()

    def run(self):
        key = "ecdsa-p256"
        while not self.over.is_set():
            identity = self.ca.issue(self.host, key=key)
            try:
                self.daemon_under_test.upload("update", self.host, identity)
            except Refused:
                time.sleep(0.02)
                continue
            self.acknowledged.append(identity)


class Kill(unittest.TestCase):
    """One daemon, its children killed in turn during uploads and orders."""

    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.ca = Pebble(port)
        cls.app = Backend()
        cls.daemon = Daemon(ca=cls.ca, http=port)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)
        cls.site = "site.kill.test"
        cls.daemon.cli("domains", "add", cls.site, "--app", "shop", "--wait")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()
        cls.ca.close()

    def answers(self):
        try:
            return get(self.daemon.https, self.site).status == 200
        except OSError:
            return False

    def kill_many(self, names):
        """Kills the named children in turn, KILLS times, while uploads and
        orders go on."""
        d, host = self.daemon, f"up-{names[0].replace(' ', '')}.kill.test"
        d.cli("domains", "add", host, "--app", "shop")
        d.upload("add", host, Ca().issue(host))
        uploads = Uploads(d, host, Ca())
        uploads.start()
        ordered, chance = [], random.Random(7)
        try:
            for i in range(KILLS):
                name = f"order-{names[0].replace(' ', '')}-{i}.kill.test"
                try:
                    d.cli("domains", "add", name, "--app", "shop")
                    ordered.append(name)
                except Refused:
                    pass
                time.sleep(chance.uniform(0, 0.15))
                pid = wait_for(lambda i=i: d.children().get(
                    names[i % len(names)]), timeout=WELL_AGAIN * 3)
                os.kill(pid, signal.SIGKILL)
                begun = time.monotonic()
                wait_for(self.answers, timeout=WELL_AGAIN,
                         what="the site answers again")
                wait_for(lambda: d.run("apps").returncode == 0,
                         timeout=WELL_AGAIN, what="the API answers again")
                wait_for(lambda pid=pid: len(set(d.children().values())
                                             - {pid}) == 6,
                         timeout=WELL_AGAIN, what="every child is there again")
                self.assertLess(time.monotonic() - begun, WELL_AGAIN)
        finally:
            uploads.over.set()
            uploads.join(60)
        self.check_nothing_lost(host, uploads.acknowledged, ordered)

    def check_nothing_lost(self, host, acknowledged, ordered):
        d = self.daemon
        self.assertTrue(acknowledged, "no upload went through at all")
        from cryptography.hazmat.primitives import hashes
        kept = {h["fingerprint_sha256"].replace(":", "").lower()
                for h in d.json("certs", "history", host)}
        for identity in acknowledged:
            self.assertIn(
                identity.certificate.fingerprint(hashes.SHA256()).hex(), kept,
                "an acknowledged upload was lost")
        known = {x["host"] for x in d.json("domains")}
        self.assertLessEqual(set(ordered), known)
        # the orders that were under way come to their end by themselves
        for name in ordered:
            d.wait_status(name, "In use", timeout=90)
        with sqlite3.connect(f"file:{d.store}?mode=ro", uri=True) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchone(),
                             ("ok",))
            (twice,) = db.execute(
                "SELECT count(*) FROM (SELECT host FROM installation WHERE "
                "removed_at IS NULL GROUP BY host, slot HAVING count(*) > 1)"
            ).fetchone()
            self.assertEqual(twice, 0)

    def test_kill_control(self):
        self.kill_many(["control"])

    def test_kill_keys(self):
        self.kill_many(["keys 0", "keys 1", "keys 2"])

    def test_kill_worker(self):
        self.kill_many(["worker 0", "worker 1"])


class WithoutControl(unittest.TestCase):
    def test_known_sites_serve_on_and_a_restarted_worker_serves_too(self):
        with Backend() as app, Daemon() as d:
            host, own = "alone.kill.test", Ca().issue("alone.kill.test")
            d.cli("apps", "create", "shop", "--backend", app.address)
            d.cli("domains", "add", host, "--app", "shop")
            d.upload("add", host, own)
            self.assertEqual(served(d.https, host), own.der)
            # kept from starting: its store is where no file can be opened
            # for writing, and every attempt is killed
            over = threading.Event()

            def hunt():
                while not over.is_set():
                    pid = d.children().get("control")
                    if pid:
                        try:
                            os.kill(pid, signal.SIGKILL)
                        except ProcessLookupError:
                            pass
                    time.sleep(0.005)
            hunter = threading.Thread(target=hunt, daemon=True)
            hunter.start()
            try:
                time.sleep(0.3)
                for _ in range(20):
                    self.assertEqual(get(d.https, host).status, 200)
                workers = {n: p for n, p in d.children().items()
                           if n.startswith("worker")}
                self.assertEqual(len(workers), 2)
                for pid in workers.values():
                    os.kill(pid, signal.SIGKILL)
                wait_for(lambda: len({p for n, p in d.children().items()
                                      if n.startswith("worker")}
                                     - set(workers.values())) == 2,
                         what="new workers")

                def answered():
                    try:
                        return get(d.https, host).certificate == own.der
                    except OSError:
                        return False
                wait_for(answered, timeout=WELL_AGAIN * 2,
                         what="new workers serve without control")
                for _ in range(20):
                    self.assertTrue(answered())
            finally:
                over.set()
                hunter.join()
            wait_for(lambda: d.run("apps").returncode == 0,
                     what="control is back")


class KillParent(unittest.TestCase):
    def test_an_immediate_start_takes_over_and_no_orphan_stays(self):
        with Backend() as app, Daemon(router={"drain_timeout": "3s"}) as d:
            host, own = "heir.kill.test", Ca().issue("heir.kill.test")
            d.cli("apps", "create", "shop", "--backend", app.address)
            d.cli("domains", "add", host, "--app", "shop")
            d.upload("add", host, own)
            with Https(d.https, host) as kept:
                self.assertEqual(kept.request("/").status, 200)
                orphans = list(d.children().values())
                self.assertEqual(len(orphans), 6)
                d.process.kill()
                d.process.wait()
                killed = time.monotonic()
                d.spawn()

                def new_serves():
                    new = d.children()
                    return (new.get("worker 0") and new.get("worker 1")
                            and get(d.https, host).certificate == own.der)
                wait_for(new_serves, timeout=WELL_AGAIN * 2,
                         what="the new one serves")
                self.assertLess(time.monotonic() - killed, WELL_AGAIN * 2)
                wait_for(lambda: not any(alive(p) for p in orphans),
                         timeout=3 + WELL_AGAIN, what="the orphans are gone")
            d.wait_ready()
            for _ in range(20):
                self.assertEqual(get(d.https, host).status, 200)

    def test_sigterm_finishes_open_requests_and_ends_with_0(self):
        def slow(sock):
            sock.recv(65536)
            time.sleep(1)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            time.sleep(0.5)
        with Backend(behave=slow) as app, Daemon() as d:
            d.cli("apps", "create", "shop", "--backend", app.address)
            d.cli("domains", "add", "term.kill.test", "--app", "shop")
            got = []
            t = threading.Thread(target=lambda: got.append(
                http(d.http, "term.kill.test")))
            t.start()
            time.sleep(0.3)
            children = list(d.children().values())
            self.assertEqual(d.stop(), 0)
            t.join(10)
            self.assertEqual(got[0].status, 200)
            self.assertEqual(got[0].body, b"ok")
            self.assertFalse(any(alive(p) for p in children))


if __name__ == "__main__":
    unittest.main()
