"""The console on a real terminal, at 80x24 unless said: what it shows changes
by itself, and certificates are uploaded and rolled back by keys alone."""

import os
import pathlib
import random
import shutil
import signal
import tempfile
import unittest

from towpath import (Backend, Ca, Daemon, Pebble, Terminal, free_port, served,
                     wait_for)


def top(terminal):
    return terminal.rows[0]


def listed(terminal, host):
    """The row of the list that has the host (it is in the filter too)."""
    return next((r for r in terminal.rows
                 if host in r and "filter:" not in r), "")


def select(terminal, host):
    """Filters the list to one domain."""
    terminal.keys("/")
    terminal.wait("filter:")
    terminal.keys(host, "enter")
    terminal.wait(f">  {host[:8]}")


class Folder:
    """A folder with a chain and its key, as people have them."""

    def __init__(self, identity):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="towpath-"))
        (self.path / "fullchain.pem").write_bytes(identity.chain_pem)
        (self.path / "site.key").write_bytes(identity.key_pem)
        (self.path / "notes.txt").write_text("of no use\n")

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path)


class Live(unittest.TestCase):
    """With a CA and a DNS that the test moves."""

    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.ca = Pebble(port)
        cls.app = Backend("shop")
        cls.daemon = Daemon(ca=cls.ca, http=port)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()
        cls.ca.close()

    def test_statuses_change_before_your_eyes(self):
        d, host = self.daemon, "live.customer.test"
        self.ca.set_a(host, "192.0.2.1")
        with Terminal(d) as t:
            t.wait("live")
            d.cli("domains", "add", host, "--app", "shop")
            t.wait(host)
            t.wait(lambda t: "D12" in t.row(host))
            self.assertIn("? Pending DNS", t.row(host))
            select(t, host)
            t.keys("enter")
            t.wait("DO THIS at your DNS provider")
            self.assertIn("WHY? D12", t.text)
            self.assertIn("edge.towpath.test", t.text)
            self.ca.set_a(host, "127.0.0.1")
            t.wait("\u2713 In use")
            t.wait("All is well")
            t.keys("esc")
            t.wait(lambda t: "\u2713 In use" in listed(t, host))
            self.assertIn("automatic", listed(t, host))

    def test_a_domain_is_added_and_removed_by_keys(self):
        d, host = self.daemon, "added.customer.test"
        with Terminal(d) as t:
            t.wait("live")
            t.keys("a")
            t.wait("Add a domain")
            t.keys(host, "enter", "ctrl-u", "shop", "enter")
            t.wait("Domains > " + host)
            d.wait_status(host, "In use")
            t.wait("\u2713 In use")
            t.keys("D")
            t.wait("Remove the domain")
            t.keys("enter", "enter")  # no name was typed: nothing happens
            t.wait(lambda t: "Remove the domain" not in t.text)
            d.json("domains", "info", host)
            t.keys("D")
            t.wait("Remove the domain")
            t.keys(host, "enter", "enter")
            t.wait("STATUS")
            wait_for(lambda: host not in [x["host"] for x in
                                          d.json("domains")],
                     what="it is removed")
            t.wait(lambda t: not t.row(host) or "removed" in t.text)


class Certificates(unittest.TestCase):
    """Without a CA: custom certificates need none."""

    @classmethod
    def setUpClass(cls):
        cls.app = Backend()
        cls.daemon = Daemon()
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)
        cls.issuer = Ca()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()

    def add(self, host):
        self.daemon.cli("domains", "add", host, "--app", "shop")

    def upload_by_keys(self, t, host):
        """From the list with the host selected, to the list."""
        t.keys("u")
        t.wait("1 Files")
        t.wait("fullchain.pem")
        self.assertNotIn("notes.txt", t.text)
        self.assertIn("leaf + 1", t.row("fullchain.pem"))
        self.assertIn("private key", t.row("site.key"))
        t.keys("enter")  # the chain; the cursor goes to the key
        t.wait(">  site.key")
        t.keys("enter")
        t.wait("2 Check")
        t.wait("WHO WILL USE IT")
        self.assertIn(host, t.text)
        t.keys("enter")
        t.wait("Use this certificate for")
        t.wait("[ Cancel ]")
        t.keys("tab")
        t.wait("[ Use it ]")
        t.keys("enter")
        t.wait("the certificate is installed")

    def test_upload_and_rollback_by_keys_alone(self):
        d, host = self.daemon, "keys.test.example"
        self.add(host)
        a, b = self.issuer.issue(host), self.issuer.issue(host)
        with Folder(a) as folder, Terminal(d, directory=folder) as t:
            t.wait("live")
            select(t, host)
            self.upload_by_keys(t, host)
            self.assertEqual(served(d.https, host), a.der)
            t.wait(lambda t: "custom" in listed(t, host))
        with Folder(b) as folder, Terminal(d, directory=folder) as t:
            t.wait("live")
            select(t, host)
            self.upload_by_keys(t, host)
            self.assertEqual(served(d.https, host), b.der)
            t.keys("R")
            t.wait(f"Roll back {host} to")
            self.assertIn("NOW", t.text)
            self.assertIn("AFTER", t.text)
            if "Type the domain" in t.text:
                t.keys(host, "enter")
            else:
                t.keys("tab")
            t.wait("[ Roll back ]")
            t.keys("enter")
            t.wait("rolled back")
            self.assertEqual(served(d.https, host), a.der)
            t.wait("3 versions")

    def test_a_wrong_key_is_refused_and_nothing_changes(self):
        d, host = self.daemon, "wrong.test.example"
        self.add(host)
        good, other = self.issuer.issue(host), self.issuer.issue(host)
        with Folder(good) as folder:
            (folder / "site.key").write_bytes(other.key_pem)
            with Terminal(d, directory=folder) as t:
                t.wait("live")
                select(t, host)
                t.keys("u")
                t.wait(">  fullchain.pem")
                t.keys("enter")
                t.wait(">  site.key")
                t.keys("enter")
                t.wait("IT CANNOT BE USED")
                self.assertIn("C12", t.text)
        self.assertEqual(d.json("certs", "history", host), [])

    def test_an_encrypted_key_asks_for_its_passphrase(self):
        d, host = self.daemon, "locked.test.example"
        self.add(host)
        a = self.issuer.issue(host)
        with Folder(a) as folder:
            (folder / "site.key").write_bytes(a.encrypted_key_pem("secret"))
            with Terminal(d, directory=folder) as t:
                t.wait("live")
                select(t, host)
                t.keys("u")
                t.wait(">  fullchain.pem")
                t.keys("enter")
                t.wait(">  site.key")
                t.keys("enter")
                t.wait("Passphrase")
                t.keys("wrong", "enter")
                t.wait("C17")
                t.keys("secret", "enter")
                t.wait("WHO WILL USE IT")
                self.assertNotIn("secret", t.text)
                t.keys("enter")
                t.wait("Use this certificate for")
                t.keys("tab", "enter")
                t.wait("the certificate is installed")
        self.assertEqual(served(d.https, host), a.der)

    def test_pem_text_is_pasted(self):
        d, host = self.daemon, "pasted.test.example"
        self.add(host)
        a = self.issuer.issue(host)
        text = (a.chain_pem + a.key_pem).decode().replace("\n", "\r")
        with Terminal(d) as t:
            t.wait("live")
            select(t, host)
            t.keys("u")
            t.wait("1 Files")
            t.keys("\x1b[200~" + text + "\x1b[201~")
            t.wait("WHO WILL USE IT")
            self.assertNotIn("BEGIN", t.text)
            t.keys("enter")
            t.wait("Use this certificate for")
            t.keys("tab", "enter")
            t.wait("the certificate is installed")
        self.assertEqual(served(d.https, host), a.der)


class Terminals(unittest.TestCase):
    """What the terminal is like, and a daemon that goes."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.daemon.cli("apps", "create", "shop")
        for n in range(30):
            cls.daemon.cli("domains", "add", f"n{n:02}.test.example", "--app",
                           "shop")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()

    def test_the_last_state_stays_while_the_daemon_is_away(self):
        with Daemon() as d, Terminal(d) as t:
            d.cli("apps", "create", "shop")
            d.cli("domains", "add", "stays.test.example", "--app", "shop")
            t.wait("stays.test.example")
            d.stop()
            t.wait("OFFLINE")
            t.wait("data from")
            self.assertIn("stays.test.example", t.text)
            t.keys("D")
            t.wait("offline")
            self.assertNotIn("Remove the domain", t.text)
            d.start()
            t.wait("\u2713 live")
            t.keys("D")
            t.wait("Remove the domain")

    def test_it_works_at_40x12_and_after_any_resize(self):
        with Terminal(self.daemon, rows=12, columns=40) as t:
            t.wait("n00.test.example")
            t.keys("j", "j", "enter")
            t.wait("[Diagnosis]")
            t.keys("esc")
            for _ in range(40):
                t.resize(random.randint(1, 50), random.randint(1, 150))
                t.feed(0.02)
            t.resize(24, 80)
            t.wait(lambda t: "live" in top(t) and ">  n02" in t.text)
            t.resize(3, 20)
            t.wait("needed")
            t.resize(24, 80)
            t.wait(">  n02")

    def test_a_c_locale_gets_ascii_and_no_colour_is_honoured(self):
        env = {"LC_ALL": "C", "NO_COLOR": "1"}
        with Terminal(self.daemon, env=env) as t:
            t.wait("live")
            t.wait("n00.test.example")
            self.assertTrue(t.text.isascii(), t.text)
            colours = {cell.fg for row in t.screen.buffer.values()
                       for cell in row.values()}
            self.assertLessEqual(colours, {"default"})

    def test_the_cursor_is_on_the_selected_row(self):
        with Terminal(self.daemon) as t:
            t.wait(">  n00")
            t.keys("j")
            t.wait(">  n01")
            self.assertIn("n01", t.rows[t.screen.cursor.y])

    def test_help_is_searched_and_unknown_keys_are_answered(self):
        with Terminal(self.daemon) as t:
            t.wait(">  n00")
            t.keys("?")
            t.wait("Help")
            t.keys("upload")
            t.wait(lambda t: "upload a custom certificate" in t.text
                   and "add a domain" not in t.text)
            t.keys("esc", "Z")
            t.wait("no such key here")
            t.keys(":", "n07")
            t.wait("Domain: n07.test.example")
            t.keys("enter")
            t.wait("Domains > n07.test.example")

    def test_q_and_sigterm_end_it_in_order(self):
        for end in ("q", signal.SIGTERM):
            t = Terminal(self.daemon)
            t.wait("live")
            if end == "q":
                t.keys("q")
            else:
                os.kill(t.pid, end)
            wait_for(lambda t=t: os.waitpid(t.pid, os.WNOHANG),
                     what="it ends")
            os.close(t.fd)

    def test_read_only_changes_nothing(self):
        with Terminal(self.daemon, "--read-only") as t:
            t.wait(">  n00")
            self.assertIn("read-only", top(t))
            t.keys("D")
            t.wait("read-only: D is off")


if __name__ == "__main__":
    unittest.main()
