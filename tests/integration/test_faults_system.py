"""Faults of the system (S): towpathd does not start, or cannot do what it is
asked; what it says is done, and it starts."""

import contextlib
import os
import pathlib
import pwd
import shutil
import socket
import socketserver
import sqlite3
import subprocess
import threading
import unittest

from towpath import BUILD, Daemon, wait_for
from towpath.daemon import USER
from towpath.fault_case import FaultCase

PRIVILEGED = pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
ROOT = os.geteuid() == 0


class Start(unittest.TestCase):
    """What towpathd says before it starts: one line with the code."""

    def daemon(self, **sections):
        d = Daemon(start=False, **sections)
        self.addCleanup(d.close)
        return d

    def refused(self, code, d, *flags, command=()):
        """It does not start; what it says to do."""
        if d.process is None:
            d.write_config()
        result = subprocess.run(
            [*command, BUILD / "towpathd", *flags, "-c", d.conf],
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn(f"({code}). ", result.stderr)
        return result.stderr.split(f"({code}). ", 1)[1].strip()

    def test_S10_S11_S23_a_configuration_with_mistakes(self):
        d = self.daemon()
        for code, section, keys, words in (
                ("S10", "router", {"workers": "2\nworkers two"},
                 "`key = value`"),
                ("S11", "router", {"colour": "red"}, "towpath.conf(5)"),
                ("S23", "router", {"drain_timeout": "soon"},
                 "towpath.conf(5)")):
            before = dict(d.config[section])
            d.config[section].update(keys)
            action = self.refused(code, d, "-t")
            self.assertIn(words, action)
            self.assertIn("`towpathd -t`", action)
            d.config[section] = before
        d.start()

    def test_S12_a_port_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            d = self.daemon(listen={
                "http": f"127.0.0.1:{taken.getsockname()[1]}"})
            action = self.refused("S12", d)
        self.assertIn("`ss -ltnp`", action)
        self.assertIn("[listen]", action)
        d.config["listen"]["http"] = f"127.0.0.1:{d.http}"
        d.start()

    def test_S13_a_store_that_cannot_be_opened(self):
        d = self.daemon()
        folder = d.store.parent
        folder.rmdir()
        folder.write_text("a file in the place of the folder")
        self.assertIn("[store] path", self.refused("S13", d))
        folder.unlink()
        d.start()

    def test_S14_S15_a_master_key_that_is_gone_or_broken(self):
        d = self.daemon()
        d.start()
        d.stop()
        key, backup = d.dir / "master.key", d.dir / "backup.key"
        key.rename(backup)
        self.assertIn("Restore the file named in [store] master_key",
                      self.refused("S14", d))
        key.write_text("not base64 at all\n")
        self.assertIn("restore it from your backup", self.refused("S15", d))
        key.write_bytes(backup.read_bytes())
        d.start()

    def test_S16_S17_a_store_that_cannot_be_read(self):
        d = self.daemon()
        d.start()
        d.cli("apps", "create", "kept")
        d.stop()
        backup = d.dir / "backup.db"
        with contextlib.closing(sqlite3.connect(d.store)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(d.store, backup)
            db.execute("PRAGMA user_version = 99999")
        self.assertIn("restore the copy made before the upgrade",
                      self.refused("S17", d))
        for part in d.store.parent.glob("towpath.db-*"):
            part.unlink()
        d.store.write_bytes(b"this is no database" * 1000)
        self.assertIn("Restore the file at [store] path", self.refused("S16", d))
        for part in d.store.parent.glob("towpath.db-*"):
            part.unlink()
        d.store.write_bytes(backup.read_bytes())
        d.start()
        self.assertIn("kept", d.cli("apps"))

    def test_S18_a_user_that_is_not_there(self):
        d = self.daemon(router={"user": "nosuchuser"})
        if ROOT:  # who is not root stays who they are
            self.assertIn("change towpath.conf", self.refused("S18", d))
            d.config["router"]["user"] = USER
        d.start()

    def test_S21_a_port_that_is_for_root(self):
        """Where the machine lets everybody have it, it is nobody's fault."""
        low = next((p for p in range(int(PRIVILEGED.read_text()) - 1, 600, -1)
                    if self.is_free(p)), None)
        if low is None:
            return
        d = self.daemon(listen={"http": f"127.0.0.1:{low}"})
        if ROOT:
            shutil.chown(d.dir, USER)
        command = ["setpriv", f"--reuid={USER}", "--clear-groups",
                   f"--regid={pwd.getpwnam(USER).pw_gid}"] if ROOT else []
        self.assertIn("above 1023 in [listen]",
                      self.refused("S21", d, command=command))
        d.config["listen"]["http"] = f"127.0.0.1:{d.http}"
        d.start()

    @staticmethod
    def is_free(port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) != 0

    def test_S22_a_second_towpathd(self):
        first, second = self.daemon(), self.daemon()
        first.start()
        second.config["control"]["socket"] = first.socket
        action = self.refused("S22", second)
        self.assertIn("Stop it first", action)
        first.stop()
        second.socket = first.socket
        second.start()

    def test_S24_a_file_that_is_not_there(self):
        d = self.daemon(acme={"eab_hmac_key": "@/nonexistent/eab.key"})
        self.assertIn("`ls -l FILE`", self.refused("S24", d, "-t"))
        key = d.file("eab.key", "c2VjcmV0LXNlY3JldA\n")
        d.config["acme"].update(eab_kid="kid", eab_hmac_key=f"@{key}")
        d.start()


class Garbage(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline() not in (b"\r\n", b""):
            pass
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<oops>")


class Running(FaultCase):
    def test_S19_the_store_is_away(self):
        d = self.daemon
        with contextlib.closing(sqlite3.connect(
                d.store, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            action = self.refused("S19", "apps", "create", "later")
            self.assertIn("`df`", action)
            self.assertIn("try again", action)
            db.execute("ROLLBACK")
        d.cli("apps", "create", "later")

    def test_S20_more_than_one_machine_should_answer(self):
        """Clients that follow router lines."""
        d = self.daemon
        ask = (b"GET /v1/logs HTTP/1.1\r\nHost: x\r\n"
               b"Accept: text/event-stream\r\n\r\n")
        with contextlib.ExitStack() as stack:
            for _ in range(32):
                s = stack.enter_context(socket.socket(socket.AF_UNIX))
                s.connect(str(d.socket))
                s.settimeout(60)
                s.sendall(ask)
                self.assertIn(b" 200 ", s.recv(65536))
            action = self.api_refused("S20", 503, "", "", raw=ask.replace(
                b"Host: x", b"Host: x\r\nConnection: close"))
            self.assertIn("remove load", action)

        def follows():
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(str(d.socket))
                s.settimeout(60)
                s.sendall(ask)
                return b" 200 " in s.recv(65536)
        wait_for(follows, what="there is room again")

    def test_S25_an_answer_that_cannot_be(self):
        path = self.daemon.dir / "other.sock"
        with socketserver.ThreadingUnixStreamServer(str(path),
                                                    Garbage) as server:
            threading.Thread(target=server.serve_forever, args=(0.05,),
                             daemon=True).start()
            result = subprocess.run([BUILD / "towpath", "-s", path, "apps"],
                                    capture_output=True, text=True,
                                    timeout=60, check=False)
            server.shutdown()
        self.assertEqual(result.returncode, 1)
        self.assertIn("S25", result.stderr)
        self.assertIn("`journalctl -u towpath`", result.stderr)
        self.daemon.cli("apps")


if __name__ == "__main__":
    unittest.main()
