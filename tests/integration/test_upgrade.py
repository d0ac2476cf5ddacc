"""SIGUSR2: another binary takes over, and nobody who is connected can tell;
one that is no good is refused, and nobody can tell either."""

import os
import shutil
import signal
import unittest

from towpath import Daemon, Https, wait_for
from towpath.traffic import Traffic
from towpath.util import BUILD, alive

ROOT = os.geteuid() == 0


def daemon(**router):
    """A daemon whose binary is a file of its own, to be replaced."""
    d = Daemon(start=False, router=router)
    d.program = d.dir / "towpathd"
    shutil.copy(BUILD / "towpathd", d.program)
    d.start()
    return d


def put(d, source, mode=0o755):
    """Another file takes the binary's place at once, as packages do it."""
    new = d.dir / "towpathd.new"
    if isinstance(source, str):
        new.write_text(source)
    else:
        shutil.copy(source, new)
    new.chmod(mode)
    new.rename(d.program)


def upgrade(d):
    d.process.send_signal(signal.SIGUSR2)


def generation(d):
    return d.json("status")["generation"]


def wait_log(d, text, times=1):
    wait_for(lambda: d.log_text().count(text) >= times, what=text)


def wait_generation(d, number):
    """Its control may answer a moment before its workers accept."""
    if number > 1:
        wait_log(d, f"upgrade: done generation={number} ")
    wait_for(lambda: generation(d) == number, what=f"generation {number}")


def wait_up(d):
    """SIGUSR2 is for when all are there."""
    wait_log(d, "serving version=")


class Traffics(unittest.TestCase):
    def test_clients_notice_nothing_of_changes(self):
        with daemon(upgrade_drain_timeout="1h") as d, \
                Traffic(d, h1=4, h2=4, websockets=5) as t:
            wait_up(d)
            pid = d.process.pid
            for i in range(3):
                upgrade(d)
                wait_generation(d, i + 2)
                t.wait_for_more(2)
                d.process.send_signal(signal.SIGHUP)
                wait_log(d, "reload: done", 2 * (i + 1))
                t.wait_for_more(2)
            self.assertEqual(d.process.pid, pid)
            self.assertIsNone(d.process.poll())
            t.check()
            living = d.json("status")["generations"]
            self.assertEqual([g["number"] for g in living], [4, 1])
            self.assertGreaterEqual(living[1]["connections"], 5)

    def test_a_websocket_may_stay_as_long_as_it_was_promised(self):
        with daemon(upgrade_drain_timeout="1500ms") as d, \
                Traffic(d, websockets=3, patience=1.4) as t:
            wait_up(d)
            t.changed()
            upgrade(d)
            wait_for(lambda: t.ended == 3)
            wait_log(d, "generation 1 has ended")
            t.wait_for_more(2)
            t.check()

    def test_a_shorter_time_holds_for_who_drains_already(self):
        with daemon(upgrade_drain_timeout="1h") as d, \
                Traffic(d, websockets=2, patience=0) as t:
            wait_up(d)
            t.changed()
            upgrade(d)
            wait_generation(d, 2)
            d.config["router"]["upgrade_drain_timeout"] = "0"
            d.write_config()
            d.process.send_signal(signal.SIGHUP)
            wait_log(d, "generation 1 has ended")
            t.check()

    def test_a_fifth_generation_is_refused(self):
        with daemon(upgrade_drain_timeout="1h") as d:
            wait_up(d)
            held = []
            with Traffic(d) as t:
                for i in range(3):
                    c = t.tunnel()
                    held.append(c)
                    upgrade(d)
                    wait_generation(d, i + 2)
                upgrade(d)
                wait_log(d, "4 generations live")
                numbers = [g["number"]
                           for g in d.json("status")["generations"]]
                self.assertEqual(numbers, [4, 3, 2, 1])
                held.pop(0).close()
                wait_log(d, "generation 1 has ended")
                upgrade(d)
                wait_generation(d, 5)
            for c in held:
                c.close()


class Refused(unittest.TestCase):
    """What is no good changes nothing."""

    @classmethod
    def setUpClass(cls):
        cls.d = daemon()
        wait_up(cls.d)
        cls.traffic = Traffic(cls.d, h1=2, h2=1, websockets=2).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.traffic.__exit__()
        cls.d.close()

    def refused(self, text, times=1):
        before, old = self.d.children(), generation(self.d)
        upgrade(self.d)
        wait_log(self.d, text, times)
        wait_generation(self.d, old)
        self.traffic.wait_for_more(2)
        self.traffic.check()
        return before

    def refused_untouched(self, text):
        seen = self.d.log_text().count(text)
        before = self.refused(text, seen + 1)
        self.assertEqual(self.d.children(), before)

    def test_a_file_that_cannot_be_executed(self):
        put(self.d, BUILD / "towpathd", mode=0o644)
        self.refused_untouched("-t ended with status 71")

    def test_no_file(self):
        self.d.program.unlink()
        self.refused_untouched("-t ended with status 71")

    def test_one_that_dies_at_once(self):
        put(self.d, "#!/bin/sh\nkill -SEGV $$\n")
        self.refused_untouched("-t ended with signal 11")

    def test_one_that_does_not_like_the_configuration(self):
        put(self.d, "#!/bin/sh\necho 'x.conf:1: bad' >&2\nexit 2\n")
        self.refused_untouched("-t ended with status 2")

    def test_one_that_only_checks_well(self):
        put(self.d, "#!/bin/sh\n[ \"$1\" = -t ] || kill -SEGV $$\n")
        self.refused_untouched(" ended with signal 11")

    def test_another_program(self):
        put(self.d, "#!/bin/sh\nexit 0\n")
        self.refused_untouched("is no towpathd")

    def test_a_configuration_that_became_bad(self):
        put(self.d, BUILD / "towpathd")
        self.d.conf.write_text("[router]\ncolour = red\n")
        self.refused_untouched("-t ended with status 2")
        self.d.write_config()

    def test_one_whose_processes_do_not_live(self):
        if not ROOT:
            return  # only another user can be kept from starting it
        put(self.d, BUILD / "towpathd", mode=0o700)
        self.refused("its processes do not live")
        wait_for(lambda: generation(self.d) == 1)
        names = {n.split()[0] for n in self.d.children()}
        self.assertEqual(names, {"control", "keys", "worker"})
        # and the former binary has not forgotten how to do it
        put(self.d, BUILD / "towpathd")
        self.assertEqual(generation(self.d), 1)


class InTheMiddle(unittest.TestCase):
    def test_twice_at_once_is_once(self):
        with daemon() as d, Traffic(d, h1=2, h2=1, websockets=1) as t:
            wait_up(d)
            upgrade(d)
            wait_log(d, "upgrade: trying")
            upgrade(d)
            wait_log(d, "upgrade: done")
            wait_generation(d, 2)
            t.wait_for_more(2)
            t.check()

    def test_before_all_are_up_it_waits(self):
        with daemon() as d:
            upgrade(d)
            wait_generation(d, 2)

    def test_new_processes_that_are_killed_are_started_again(self):
        with daemon() as d, Traffic(d, h1=2, h2=1, websockets=1) as t:
            wait_up(d)
            old = set(d.children().values())
            upgrade(d)

            def a_new_one():
                return [pid for pid in d.children().values()
                        if pid not in old]
            for pid in wait_for(a_new_one, every=0.001)[:1]:
                os.kill(pid, signal.SIGKILL)
            wait_log(d, "upgrade: done")
            wait_generation(d, 2)
            wait_for(lambda: d.json("status")["workers"]["up"] == 2)
            t.wait_for_more(2)
            t.check()

    def test_the_end_may_come_at_any_step(self):
        for text in ("upgrade: trying", "takes over", "upgrade: done"):
            with self.subTest(text), daemon() as d:
                wait_up(d)
                upgrade(d)
                wait_log(d, text)
                pids = d.children().values()
                self.assertEqual(d.stop(), 0)
                wait_for(lambda: not any(alive(pid) for pid in pids))

    def test_the_end_takes_former_generations_along(self):
        with daemon(drain_timeout="300ms") as d, Traffic(d) as t:
            wait_up(d)
            tunnel = t.tunnel()
            upgrade(d)
            wait_generation(d, 2)
            pids = d.children().values()
            self.assertEqual(d.stop(), 0)
            wait_for(lambda: not any(alive(pid) for pid in pids))
            tunnel.close()

    def test_a_request_under_way_is_answered_by_who_took_it(self):
        with daemon() as d, Traffic(d, h1=0) as t:
            wait_up(d)
            with Https(d.https, t.host) as c:
                self.assertEqual(c.request("/1").status, 200)
                upgrade(d)
                wait_generation(d, 2)
                answer = c.request("/2")
                self.assertEqual(answer.json()["path"], "/2")
                self.assertEqual(answer.headers["connection"], "close")

    def test_readiness_stays_while_others_take_over(self):
        with daemon() as d, Traffic(d) as t:
            wait_up(d)
            with Https(d.http, t.host, plain=True) as c:
                c.request("/.well-known/towpath/ready")
                upgrade(d)
                wait_generation(d, 2)
                answer = c.request("/.well-known/towpath/ready")
                self.assertEqual(answer.status, 200)


class Control(unittest.TestCase):
    def test_callers_wait_for_the_next_control(self):
        with daemon() as d:
            wait_up(d)
            upgrade(d)
            for i in range(20):
                d.cli("apps", "create", f"app{i}")
            wait_generation(d, 2)
            self.assertEqual(len(d.json("apps")), 20)

    def test_what_was_counted_goes_on(self):
        with daemon() as d, Traffic(d, h1=1) as t:
            wait_up(d)
            t.wait_for_more(5)
            before = d.json("status")["workers"]["requests_total"]
            upgrade(d)
            wait_generation(d, 2)
            after = d.json("status")["workers"]["requests_total"]
            self.assertGreaterEqual(after, before)
            t.check()


if __name__ == "__main__":
    unittest.main()
