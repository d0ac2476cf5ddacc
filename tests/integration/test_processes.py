"""The family of processes: who runs as what, what each holds, and what the
parent does when told to reload, to reopen its log or to end."""

import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import tempfile
import unittest
from unittest import mock

from towpath import Daemon, http, wait_for
from towpath.util import BUILD, IS_ASAN, PATIENCE

ROOT = os.geteuid() == 0
FAMILY = {"control", "keys 0", "keys 1", "keys 2", "worker 0", "worker 1"}
# CAP_SETUID, CAP_SETGID, CAP_NET_BIND_SERVICE, CAP_KILL
PARENT_CAPS = 1 << 7 | 1 << 6 | 1 << 10 | 1 << 5


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(re.findall(r"^(\w+):\t(.*)$", text, re.M))


def open_files(pid):
    """(target, may be written) of every descriptor."""
    found = []
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        info = pathlib.Path(f"/proc/{pid}/fdinfo/{fd.name}").read_text()
        flags = int(re.search(r"flags:\s*(\d+)", info)[1], 8)
        found.append((os.readlink(fd), flags & os.O_ACCMODE != os.O_RDONLY))
    return found


def whole_family(d):
    """Its pids by name, once all have started: one worker serves before two,
    and a process that the kernel has made is not in its sandbox yet."""
    def all_started():
        pids = d.children()
        return set(pids) == FAMILY and all(
            status_of(pid).get("Seccomp") == "2" for pid in pids.values())
    wait_for(all_started, what="the whole family in its sandboxes")
    return d.children()


def towpathd(*args):
    return subprocess.run([BUILD / "towpathd", *map(str, args)],
                          capture_output=True, text=True, timeout=PATIENCE,
                          check=False)


class Family(unittest.TestCase):
    """One daemon, looked at."""

    @classmethod
    def setUpClass(cls):
        cls.d = Daemon()
        cls.pids = whole_family(cls.d)

    @classmethod
    def tearDownClass(cls):
        cls.d.close()

    def test_all_are_there_under_their_names(self):
        self.assertEqual(set(self.pids), FAMILY)

    def test_each_is_in_its_sandbox_and_has_no_power(self):
        for name, pid in self.pids.items():
            with self.subTest(name):
                s = status_of(pid)
                self.assertEqual(s["NoNewPrivs"], "1")
                self.assertEqual(s["Seccomp"], "2")
                for caps in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                    self.assertEqual(int(s[caps], 16), 0, caps)
                if ROOT:
                    self.assertNotIn("0", s["Uid"].split())
                    self.assertNotIn("0", s["Gid"].split())

    def test_none_leaves_a_core(self):
        for name, pid in self.pids.items():
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
            self.assertRegex(limits, r"Max core file size\s+0\s+0", name)

    def test_the_parent_keeps_at_most_four_capabilities(self):
        s = status_of(self.d.process.pid)
        for caps in ("CapPrm", "CapEff") + (("CapBnd",) if ROOT else ()):
            self.assertEqual(int(s[caps], 16) & ~PARENT_CAPS, 0, caps)

    def test_no_other_process_of_the_user_may_look_into_them(self):
        if ROOT or IS_ASAN:
            return  # root may, and a sanitizer must
        for pid in self.pids.values():
            with self.assertRaises(PermissionError):
                open_files(pid)

    def test_workers_hold_nothing_of_the_store_that_can_be_written(self):
        if not ROOT:
            return
        for name in ("worker 0", "worker 1"):
            held = [f for f in open_files(self.pids[name])
                    if f[0].startswith(str(self.d.store))]
            self.assertTrue(held, "a worker reads the store")
            self.assertEqual([f for f in held if f[1]], [])

    def test_keys_hold_no_file_but_the_master_key(self):
        if not ROOT:
            return
        for name in ("keys 0", "keys 1", "keys 2"):
            for target, writable in open_files(self.pids[name]):
                if target.startswith("/dev/null") or "[" in target \
                        or target == str(self.d.log):
                    continue
                self.assertFalse(writable, target)
                self.assertTrue(target.endswith("master.key"), target)

    def test_the_control_socket_is_not_for_everybody(self):
        mode = self.d.socket.stat().st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o660)

    def test_master_key_and_store_are_protected(self):
        self.assertEqual(
            stat.S_IMODE((self.d.dir / "master.key").stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.d.store.stat().st_mode) & 0o007, 0)


class Restart(unittest.TestCase):
    def test_a_child_that_dies_is_replaced_and_its_siblings_stay(self):
        with Daemon() as d:
            for name in sorted(FAMILY):
                with self.subTest(name):
                    before = whole_family(d)
                    os.kill(before[name], signal.SIGKILL)
                    wait_for(lambda n=name, b=before: d.children().get(
                        n, b[n]) != b[n], what=f"a new {name}")
                    after = d.children()
                    for other in FAMILY - {name}:
                        self.assertEqual(after[other], before[other], other)
                    wait_for(lambda: d.run("apps").returncode == 0)
                    wait_for(d.serves)

    def test_a_child_that_cannot_live_is_not_started_in_a_frenzy(self):
        with Daemon() as d:
            seen = set()

            def dies_again():
                pid = d.children().get("keys 1")
                if pid and pid not in seen:
                    seen.add(pid)
                    os.kill(pid, signal.SIGKILL)
                return len(seen) >= 5
            wait_for(dies_again, every=0.005)
            log = d.log_text()
            times = re.findall(r"keys 1 died signal=9", log)
            self.assertLessEqual(len(times), 6)


class Start(unittest.TestCase):
    def test_version_and_usage(self):
        result = towpathd("-V")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r"^towpathd \d+\.\d+")
        self.assertEqual(towpathd("-x").returncode, 2)
        self.assertEqual(towpathd("what").returncode, 2)

    def test_a_good_configuration_is_checked_in_silence(self):
        with Daemon(start=False) as d:
            d.write_config()
            result = towpathd("-t", "-c", d.conf)
            self.assertEqual((result.returncode, result.stdout, result.stderr),
                             (0, "", ""))
            self.assertFalse(d.store.exists(), "it only looked")

    def test_a_configuration_that_is_not_there(self):
        result = towpathd("-t", "-c", "/nowhere/towpath.conf")
        self.assertEqual(result.returncode, 2)
        self.assertIn("/nowhere/towpath.conf", result.stderr)

    def test_a_user_or_group_that_does_not_exist(self):
        for sections in ({"router": {"user": "nosuchuser"}},
                         {"router": {"edge_user": "nosuchuser"}},
                         {"control": {"group": "nosuchgroup"}}):
            with self.subTest(sections), Daemon(start=False,
                                                **sections) as d:
                d.write_config()
                for args in (("-t", "-c", d.conf), ("-c", d.conf)):
                    if not ROOT:  # who runs it is who it runs as
                        self.assertEqual(towpathd("-t", *args).returncode, 0)
                        continue
                    result = towpathd(*args)
                    self.assertEqual(result.returncode, 2)
                    self.assertIn("S18", result.stderr)
                    self.assertIn("nosuch", result.stderr)

    def test_a_key_without_a_store_is_kept(self):
        with Daemon(start=False) as d:
            d.start()
            d.stop()
            key = (d.dir / "master.key").read_bytes()
            for file in d.store.parent.iterdir():
                file.unlink()
            d.start()
            self.assertEqual((d.dir / "master.key").read_bytes(), key)

    def test_a_stale_socket_is_replaced(self):
        with Daemon() as d:
            d.kill()
            self.assertTrue(d.socket.exists())
            d.start()
            d.cli("apps")
            d.stop()
            self.assertFalse(d.socket.exists(), "nothing is left behind")

    def test_systemd_is_told(self):
        folder = tempfile.mkdtemp()
        path = os.path.join(folder, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(path)
            s.settimeout(PATIENCE)
            with mock.patch.dict(os.environ, NOTIFY_SOCKET=path):
                with Daemon() as d:
                    self.assertEqual(s.recv(100), b"READY=1")
                    d.stop()
                    self.assertEqual(s.recv(100), b"STOPPING=1")
        os.unlink(path)
        os.rmdir(folder)


class Signals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.d = Daemon(router={"log_level": "info"})

    @classmethod
    def tearDownClass(cls):
        cls.d.close()

    def reload(self, expected):
        self.d.process.send_signal(signal.SIGHUP)
        wait_for(lambda: expected in self.d.log_text(), what=expected)

    def test_a_bad_file_changes_nothing(self):
        before = whole_family(self.d)
        self.d.conf.write_text("[router]\ncolour = red\n")
        self.reload("nothing changed: " + str(self.d.conf) + ":2")
        self.assertEqual(self.d.children(), before)
        self.d.cli("apps")
        self.d.write_config()

    def test_what_cannot_change_is_refused_by_name(self):
        before = whole_family(self.d)
        self.d.config["router"]["workers"] = 3
        self.d.write_config()
        self.reload("router.workers cannot change")
        self.assertEqual(self.d.children(), before)
        self.d.config["router"]["workers"] = 2
        self.d.write_config()

    def test_the_log_level_changes_at_once(self):
        self.d.config["router"]["log_level"] = "debug"
        self.d.write_config()
        self.reload("router.log_level changed")

    def test_the_access_log_is_opened_again(self):
        http(self.d.http, "one.any.test")
        wait_for(lambda: any("one.any.test" in x for x in self.d.lines()))
        moved = self.d.dir / "access.log.1"
        self.d.access_log.rename(moved)
        self.d.process.send_signal(signal.SIGUSR1)
        wait_for(self.d.access_log.exists, what="a new log")

        def written_to_the_new_one():
            http(self.d.http, "two.any.test")
            return any("two.any.test" in x for x in self.d.lines())
        wait_for(written_to_the_new_one)
        self.assertIn("one.any.test", moved.read_text())

    def test_children_leave_signals_to_their_parent(self):
        before = whole_family(self.d)
        for pid in before.values():
            for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM,
                           signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE):
                os.kill(pid, number)
        self.d.cli("apps")
        self.assertEqual(self.d.children(), before)


if __name__ == "__main__":
    unittest.main()
