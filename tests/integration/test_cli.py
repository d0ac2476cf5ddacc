"""The command line as a person and as a script meet it: exit statuses, what is
printed where, and one line with a code for whatever is refused."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import unittest

from cryptography.hazmat.primitives import serialization
from towpath import (BUILD, Backend, Ca, Daemon, Terminal, faults, served,
                     wait_for)

TOWPATH = BUILD / "towpath"

# Stands in for ssh: `-L HERE:THERE` on one machine is a relay of bytes.
SSH = '''#!/usr/bin/python3
import socket, socketserver, sys, threading
here, there = sys.argv[sys.argv.index("-L") + 1].split(":")
class Relay(socketserver.BaseRequestHandler):
    def handle(self):
        with socket.socket(socket.AF_UNIX) as far:
            far.connect(there)
            threading.Thread(target=copy, args=(far, self.request),
                             daemon=True).start()
            copy(self.request, far)
def copy(a, b):
    while data := a.recv(65536):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
Server(here, Relay).serve_forever()
'''


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.app = Backend()
        cls.daemon = Daemon()
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()

    def add(self, host, *more):
        self.daemon.cli("domains", "add", host, "--app", "shop", *more)
        return host

    def ends(self, status, *args, **kw):
        """The command ends with that status; gives the finished process."""
        result = self.daemon.run(*args, **kw)
        self.assertEqual(result.returncode, status,
                         f"{args}: {result.stdout}{result.stderr}")
        return result

    def refused(self, code, *args, status=1, **kw):
        """One line on stderr with the code, nothing on stdout."""
        result = self.ends(status, *args, **kw)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 1, result.stderr)
        self.assertTrue(lines[0].startswith(f"towpath: {code} "), lines[0])
        self.assertEqual(result.stdout, "")
        return lines[0]


class Words(unittest.TestCase):
    """What needs no daemon."""

    def run_alone(self, *args):
        return subprocess.run([TOWPATH, *args], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False)

    def test_without_a_command_and_a_terminal_it_prints_its_help(self):
        result = self.run_alone()
        self.assertEqual(result.returncode, 0)
        self.assertIn("domains add HOST", result.stdout)

    def test_every_command_of_the_help_has_help_of_its_own(self):
        names = re.findall(r"^  ([a-z]+(?: [a-z]+)?)(?= {2,}| [A-Z[]|$)",
                           self.run_alone("help").stdout, re.M)
        self.assertGreater(len(names), 30)
        for name in names:
            with self.subTest(name):
                result = self.run_alone("help", *name.split())
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertTrue(result.stdout.startswith(f"towpath {name}"))

    def test_a_fault_code_is_explained(self):
        for word in ("D12", "d12", "H12", "t10"):
            told = self.run_alone("help", word).stdout
            for part in (word.upper(), "Cause", "What to do", "See also"):
                self.assertIn(part, told)
            self.assertLess(max(map(len, told.splitlines())), 80)
        told = json.loads(self.run_alone("-j", "help", "D12").stdout)
        self.assertEqual(set(told), {"code", "text", "cause", "action"})
        result = self.run_alone("help", "D99")
        self.assertEqual(result.returncode, 2)
        self.assertIn("D99", result.stderr)

    def test_the_version(self):
        self.assertRegex(self.run_alone("--version").stdout,
                         r"^towpath \d+\.\d+\.\d+\n$")

    def test_wrong_usage_is_one_line_and_exit_2(self):
        for args in (["frobnicate"], ["domains", "add"], ["apps", "set", "x"],
                     ["apps", "create", "x", "--nonsense"], ["apps", "-z"],
                     ["apps", "info", "a", "b"], ["domains", "--app"],
                     ["apps", "info", ""], ["apps", "--json=yes"],
                     ["domains", "add", "a.example", "--wait=soon"],
                     ["domains", "set", "a.example", "automatic=maybe"],
                     ["apps", "set", "shop", "force_https"],
                     ["certs", "rollback", "a.example", "--to", "one"],
                     ["events", "--after", "-"], ["completion", "fish"],
                     ["-s", "nonsense", "apps"],
                     ["-s", "https://api.example", "apps"], ["console"]):
            with self.subTest(args):
                result = self.run_alone(*args)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertRegex(result.stderr, r"^towpath: P18 [^\n]*\n$")
                self.assertEqual(result.stdout, "")

    def test_a_daemon_that_is_not_there_is_exit_3(self):
        for args in (["apps"], ["domains", "add", "a.example"],
                     ["certs", "history", "a.example"], ["status", "--check"],
                     ["events", "-f"], ["acme"]):
            with self.subTest(args):
                result = self.run_alone("-s", "/nonexistent/sock", *args)
                self.assertEqual(result.returncode, 3)
                self.assertRegex(result.stderr,
                                 r"^towpath: P20 /nonexistent/sock: [^\n]*\n$")

    def test_under_json_a_failure_is_a_problem_document(self):
        result = self.run_alone("-j", "-s", "/nonexistent/sock", "apps")
        self.assertEqual((result.returncode, result.stdout), (3, ""))
        problem = json.loads(result.stderr)
        self.assertEqual(problem["code"], "P20")
        self.assertIn("/nonexistent/sock", problem["detail"])
        self.assertTrue(problem["action"])

    def test_completion_completes(self):
        script = self.run_alone("completion", "bash").stdout
        for words, expected in ((["towpath", "cer"], "certs"),
                                (["towpath", "certs", "ro"], "rollback"),
                                (["towpath", "certs", "add", "h", "--by"],
                                 "--bypass")):
            line = " ".join(words)
            result = subprocess.run(
                ["bash", "-c", f"{script}\nCOMP_WORDS=({line})\n"
                 f"COMP_CWORD={len(words) - 1}\n_towpath\n"
                 "echo ${COMPREPLY[@]}"], capture_output=True, text=True,
                check=False, env={"PATH": "/usr/bin:/bin"})
            self.assertEqual(result.stdout.split(), [expected], result.stderr)
        self.assertIn("bashcompinit\n",
                      self.run_alone("completion", "zsh").stdout)

    def test_the_manual_pages_are_clean_roff(self):
        page = self.run_alone("help", "--man").stdout
        self.assertTrue(page.startswith(".TH TOWPATH 1 "))
        self.assertIn(".SS certs rollback HOST", page)
        codes = self.run_alone("help", "--man", "faults").stdout
        self.assertTrue(codes.startswith(".TH TOWPATH-FAULTS 7 "))
        for line in (page + codes).splitlines():
            if line.startswith((".", "'")):
                self.assertRegex(line,
                                 r"^\.(TH|SH|SS|TP|PP|B|BR|I|IR|br)\b")

    def test_every_code_is_in_its_manual_page(self):
        page = self.run_alone("help", "--man", "faults").stdout
        for code in [*faults.table(), *faults.router_table()]:
            self.assertIn(f".B {code}\n", page)


class Output(Case):
    def test_without_a_terminal_there_are_tabs_and_no_header(self):
        self.add("tabs.test.example")
        row = next(line for line in self.daemon.cli("domains").splitlines()
                   if line.startswith("tabs.test.example\t"))
        columns = row.split("\t")
        self.assertEqual(len(columns), 7)
        self.assertEqual(columns[1:3], ["shop", "Pending DNS"])
        self.assertNotIn("HOST", self.daemon.cli("domains"))

    def test_on_a_terminal_columns_align_and_times_are_local(self):
        self.add("terminal.test.example")
        with Terminal(self.daemon, "domains", columns=160) as t:
            t.wait("terminal.test.example")
            head, row = t.row("HOST"), t.row("terminal.test.example")
            self.assertEqual(head.index("STATUS"), row.index("Pending DNS"))
        with Terminal(self.daemon, "domains", "info",
                      "terminal.test.example") as t:
            t.wait("Created")
            self.assertRegex(t.row("Created"), r"\d\d:\d\d:\d\d UTC$")

    def test_json_of_a_list_is_one_array_of_all_pages(self):
        with Daemon() as d:
            d.cli("apps", "create", "many")
            for i in range(3):
                d.cli("domains", "add", f"d{i}.test.example", "--app", "many")
            hosts = [x["host"] for x in d.json("domains")]
            self.assertEqual(sorted(hosts),
                             [f"d{i}.test.example" for i in range(3)])
            self.assertEqual(d.json("domains", "--status", "In use"), [])

    def test_json_times_are_utc(self):
        self.add("utc.test.example")
        info = self.daemon.json("domains", "info", "utc.test.example")
        self.assertRegex(info["created_at"],
                         r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_the_socket_comes_from_the_environment_too(self):
        env = dict(os.environ, TOWPATH_SOCKET=str(self.daemon.socket))
        out = subprocess.run([TOWPATH, "apps"], env=env, capture_output=True,
                             text=True, check=True).stdout
        self.assertTrue(out.startswith("shop\t"))

    def test_a_server_is_reached_by_ssh(self):
        with tempfile.TemporaryDirectory() as folder:
            ssh = pathlib.Path(folder, "ssh")
            ssh.write_text(SSH)
            ssh.chmod(0o755)
            env = dict(os.environ, XDG_RUNTIME_DIR=folder,
                       PATH=f"{folder}:{os.environ['PATH']}")
            result = subprocess.run(
                [TOWPATH, "-s", f"ssh://edge-1{self.daemon.socket}", "apps"],
                env=env, capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertTrue(result.stdout.startswith("shop\t"))
            self.assertEqual(os.listdir(folder), ["ssh"], "left something")


class Names(Case):
    def test_heroku_and_scalingo_forms_and_options_anywhere(self):
        d = self.daemon
        d.cli("apps:create", "forms")
        d.cli("-a", "forms", "domains-add", "one.forms.example")
        d.cli("domains:add", "two.forms.example", "--app=forms")
        hosts = {x["host"] for x in d.json("domains", "-aforms")}
        self.assertEqual(hosts, {"one.forms.example", "two.forms.example"})
        d.cli("domains:remove", "-c", "one.forms.example", "one.forms.example")

    def test_a_host_may_be_unicode_and_answers_are_a_labels(self):
        out = self.daemon.cli("domains", "add", "käse.example", "--app",
                              "shop")
        self.assertIn("xn--kse-qla.example", out)
        self.assertIn("In letters\tkäse.example",
                      self.daemon.cli("domains", "info", "KÄSE.example"))

    def test_destroying_needs_its_name_again(self):
        host = self.add("precious.test.example")
        for args in (("domains", "remove", host),
                     ("domains", "remove", host, "--confirm", "other")):
            line = self.refused("P19", *args, status=2)
            self.assertIn(f"--confirm {host}", line)
        self.daemon.json("domains", "info", host)
        self.daemon.cli("domains", "remove", host, "-c", host)
        self.refused("N15", "domains", "info", host)
        self.refused("P19", "apps", "destroy", "shop", status=2)

    def test_destroying_asks_on_a_terminal(self):
        host = self.add("asked.test.example")
        with Terminal(self.daemon, "domains", "remove", host) as t:
            t.wait(f"Type {host}")
            t.keys("no", "enter")
            t.wait("P19")
        self.daemon.json("domains", "info", host)
        with Terminal(self.daemon, "domains", "remove", host) as t:
            t.wait(f"Type {host}")
            t.keys(host, "enter")
            t.wait(f"Removed {host}")

    def test_read_only_changes_nothing(self):
        self.refused("P15", "--read-only", "apps", "create", "ghost")
        self.refused("N16", "apps", "info", "ghost")
        self.daemon.cli("--read-only", "apps")

    def test_waiting_for_what_does_not_come_is_exit_4(self):
        host = "waits.test.example"
        result = self.ends(4, "domains", "add", host, "--app", "shop",
                           "--wait=1")
        self.assertRegex(result.stderr, rf"^towpath: [^\n]*{host}[^\n]*\n$")
        self.assertIn("DNS record", result.stdout)

    def test_check_says_why_a_name_does_not_reach_us(self):
        for host in (self.add("unchecked.test.example"),
                     "never-added.test.example"):
            result = self.ends(1, "domains", "check", host)
            self.assertRegex(result.stderr, r"^towpath: D\d\d [^\n]*\n$")

    def test_domain_settings(self):
        host = self.add("set.test.example")
        self.daemon.cli("domains", "set", host, "automatic=off",
                        "reference=customer-42")
        info = self.daemon.json("domains", "info", host)
        self.assertEqual((info["automatic"], info["reference"]),
                         (False, "customer-42"))
        self.daemon.cli("domains", "set", host, "reference=", "automatic=")
        info = self.daemon.json("domains", "info", host)
        self.assertEqual((info["automatic"], info["reference"]), (True, None))
        self.refused("N16", "domains", "set", host, "app=nobody")
        self.refused("P18", "domains", "set", host, "colour=red", status=2)

    def test_bad_domains_are_refused(self):
        self.add("once.test.example")
        for code, *args in (
                ("N10", "domains", "add", "no spaces.example"),
                ("N10", "domains", "info", "192.0.2.1"),
                ("N10", "certs", "history", "a..b"),
                ("N11", "domains", "add", "once.test.example", "-ashop"),
                ("N15", "domains", "info", "none.test.example"),
                ("N15", "domains", "set", "none.test.example", "origin=x"),
                ("N15", "domains", "remove", "none.test.example", "-c",
                 "none.test.example"),
                ("N16", "domains", "add", "x.test.example", "-anobody"),
                ("N20", "domains", "add", "x.test.example"),
                ("N16", "apps", "info", "nobody"),
                ("N16", "apps", "info", ".."),
                ("N18", "apps", "create", "Upper"),
                ("N17", "apps", "create", "shop")):
            with self.subTest(args):
                self.refused(code, *args)


class Backends(Case):
    def addresses(self, app):
        return {b["address"]: b for b in self.daemon.json("backends", app)}

    def test_add_set_drain_resume_remove(self):
        d = self.daemon
        d.cli("apps", "create", "pool")
        d.cli("backends", "add", "pool", "10.0.0.1:80*3", "10.0.0.2:80")
        self.assertEqual(self.addresses("pool")["10.0.0.1:80"]["weight"], 3)
        d.cli("backends", "drain", "pool", "10.0.0.1:80")
        self.assertEqual(self.addresses("pool")["10.0.0.1:80"]["state"],
                         "draining")
        d.cli("backends", "resume", "pool", "10.0.0.1:80")
        self.assertNotEqual(self.addresses("pool")["10.0.0.1:80"]["state"],
                            "draining")
        d.cli("backends", "remove", "pool", "10.0.0.1:80")
        self.assertNotIn("10.0.0.1:80", self.addresses("pool"))
        d.cli("backends", "set", "pool", "10.0.0.9:80", "[::1]:9")
        kept = {a for a, b in self.addresses("pool").items()
                if b["state"] != "draining"}
        self.assertEqual(kept, {"10.0.0.9:80", "[::1]:9"})
        self.assertIn("pool\t10.0.0.9:80\t", d.cli("backends"))

    def test_bad_backends_are_refused_and_none_is_added(self):
        d = self.daemon
        d.cli("apps", "create", "strict", "--backend", "10.0.0.1:80")
        before = d.json("backends", "strict")
        for code, *args in (
                ("N19", "add", "strict", "nowhere"),
                ("N19", "add", "strict", "10.0.0.5:80", "10.0.0.1:0"),
                ("N19", "add", "strict", "ftp://10.0.0.1:80"),
                ("N19", "add", "strict", "10.0.0.7:80*0"),
                ("N19", "set", "strict", "10.0.0.1"),
                ("N19", "add", "strict", "169.254.169.254:80"),
                ("N19", "add", "strict", f"unix:{d.socket}"),
                ("N23", "add", "strict", "10.0.0.1:80"),
                ("N24", "remove", "strict", "10.9.9.9:80"),
                ("N24", "drain", "strict", "10.9.9.9:80"),
                ("N24", "remove", "strict", "10.0.0.1:80", "10.9.9.9:80"),
                ("N16", "add", "nobody", "10.0.0.1:80")):
            with self.subTest(args):
                self.refused(code, "backends", *args)
        self.assertEqual(d.json("backends", "strict"), before)

    def test_settings_are_kept_put_back_and_judged(self):
        d = self.daemon
        d.cli("apps", "create", "tuned")
        d.cli("apps", "set", "tuned", "idle_timeout=90s", "force_https=on")
        settings = d.json("apps", "info", "tuned")["settings"]
        self.assertEqual((settings["idle_timeout"], settings["force_https"]),
                         (90, True))
        d.cli("apps", "set", "tuned", "idle_timeout=")
        self.assertNotEqual(
            d.json("apps", "info", "tuned")["settings"].get("idle_timeout"),
            90)
        self.refused("N21", "apps", "set", "tuned", "colour=red")
        self.refused("N22", "apps", "set", "tuned", "sticky=perhaps")


class Certificates(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ca = Ca()

    def serves(self, host, identity):
        self.assertEqual(served(self.daemon.https, host), identity.der)

    def test_der_files_and_flags_and_standard_input(self):
        d, ca = self.daemon, self.ca
        der = serialization.Encoding.DER
        for n, prepare in enumerate((
                lambda i: ["-", d.file("k.key", i.key_pem)],
                lambda i: ["--cert", d.file("f.crt", i.pem), "--chain",
                           d.file("f.chain", ca.middle.public_bytes(
                               serialization.Encoding.PEM)),
                           "--key", d.file("f.key", i.key_pem)],
                lambda i: [d.file("key.der", i.key.private_bytes(
                    der, serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption())), d.file("leaf.der", i.der),
                    d.file("middle.der", ca.middle.public_bytes(der))],
                lambda i: [d.file("old.der", i.key.private_bytes(
                    der, serialization.PrivateFormat.TraditionalOpenSSL,
                    serialization.NoEncryption())),
                    d.file("c.pem", i.chain_pem)])):
            with self.subTest(n):
                host = self.add(f"form{n}.test.example")
                own = ca.issue(host)
                d.cli("certs", "add", host, *prepare(own),
                      stdin=own.chain_pem.decode() if n == 0 else None)
                self.serves(host, own)

    def test_a_dry_run_tells_and_changes_nothing(self):
        d = self.daemon
        host = self.add("dry.test.example")
        own = self.ca.issue(host, "www." + host)
        d.upload("add", host, own)
        other = self.ca.issue(host, "new." + host)
        files = [d.file("dry.pem", other.chain_pem),
                 d.file("dry.key", other.key_pem)]
        before = d.json("certs", "history", host)
        out = d.json("certs", "update", host, *files, "--dry-run")
        self.assertEqual(out["names_gained"], ["new." + host])
        self.assertEqual([n["name"] for n in out["names_lost"]],
                         ["www." + host])
        text = d.cli("certs", "update", host, *files, "--dry-run")
        self.assertIn("Would serve\t" + host, text)
        self.assertEqual(d.json("certs", "history", host), before)
        self.serves(host, own)

    def test_app_installs_on_every_domain_that_is_covered(self):
        d = self.daemon
        d.cli("apps", "create", "wide")
        hosts = ["a.wide.example", "b.wide.example", "c.other.example"]
        for host in hosts:
            d.cli("domains", "add", host, "--app", "wide")
        own = self.ca.issue("*.wide.example")
        d.cli("certs", "add", "--app", "wide",
              d.file("wide.pem", own.chain_pem),
              d.file("wide.key", own.key_pem))
        self.serves(hosts[0], own)
        self.serves(hosts[1], own)
        self.assertEqual(d.json("certs", "history", hosts[2]), [])
        self.refused("C15", "certs", "update", "--app", "shop",
                     d.file("wide.pem", own.chain_pem),
                     d.file("wide.key", own.key_pem))

    def test_list_info_and_history(self):
        d = self.daemon
        host = self.add("info.test.example")
        self.refused("C26", "certs", "info", host)
        own = self.ca.issue(host)
        d.upload("add", host, own)
        info = d.json("certs", "info", host)
        self.assertEqual((info["source"], info["names"]), ("custom", [host]))
        self.assertIn(f"Common name\t{host}", d.cli("certs", "info", host))
        self.assertEqual(len(d.cli("certs", "history", host).splitlines()), 1)
        listed = [c for c in d.json("certs", "--app", "shop")
                  if c["host"] == host]
        self.assertEqual(len(listed), 1)

    def test_export_keeps_keys_private(self):
        d = self.daemon
        host = self.add("export.test.example")
        own = self.ca.issue(host)
        d.upload("add", host, own)
        self.assertEqual(d.cli("certs", "export", host).encode(),
                         own.chain_pem)
        out = d.dir / "export.pem"
        out.write_text("old")
        out.chmod(0o644)
        d.cli("certs", "export", host, "--with-key", "-o", out)
        self.assertEqual(out.stat().st_mode & 0o777, 0o600)
        key = serialization.load_pem_private_key(
            out.read_bytes().split(b"-----END CERTIFICATE-----\n")[-1], None)
        self.assertEqual(key.private_numbers(), own.key.private_numbers())
        self.assertIn("certificate.export",
                      [e["name"] for e in d.json("events", "--host", host)])
        with Terminal(d, "certs", "export", host, "--with-key") as t:
            t.wait("never written to a terminal")
            self.assertNotIn("PRIVATE KEY", t.text)
        self.refused("C36", "certs", "export", host, "--number", 999)
        self.refused("S24", "certs", "export", host, "-o",
                     "/nonexistent/folder/x")

    def test_bad_files_are_refused_before_anything_is_sent(self):
        d = self.daemon
        host = self.add("files.test.example")
        own = self.ca.issue(host)
        chain = d.file("good.pem", own.chain_pem)
        key = d.file("good.key", own.key_pem)
        big = d.file("big.pem", b"-" * (1024 * 1024 + 1))
        empty = d.file("empty.pem", b"")
        for code, *files in (
                ("S24", chain, "/nonexistent/key.pem"),
                ("S24", chain, d.dir),
                ("C20", chain, big), ("C19", chain, empty),
                ("S24", chain, key, "--passphrase-file", "/nonexistent/p"),
                ("C19", chain, key, "--passphrase-file", empty),
                ("C18", d.file("a.bin", os.urandom(2000) + b"\0"),
                 d.file("b.bin", os.urandom(2000) + b"\0"))):
            with self.subTest(code):
                self.refused(code, "certs", "add", host, *files)
        self.refused("P18", "certs", "add", host, status=2)
        self.refused("P18", "certs", "add", chain, key, status=2)
        self.refused("C27", "certs", "rollback", host)
        self.refused("C26", "certs", "remove", host)

    def test_a_domain_and_its_certificate_are_added_both_or_neither(self):
        d = self.daemon
        host = "both.test.example"
        other = self.ca.issue("elsewhere.test.example")
        files = [d.file("both.pem", other.chain_pem),
                 d.file("both.key", other.key_pem)]
        self.refused("C15", "domains", "add", host, "-ashop", *files)
        self.refused("N15", "domains", "info", host)


class Import(Case):
    def lines(self, *objects):
        return "".join((o if isinstance(o, str) else json.dumps(o)) + "\n"
                       for o in objects)

    def test_refused_lines_are_told_by_number_and_the_others_are_taken(self):
        d = self.daemon
        own = Ca().issue("i1.import.example")
        path = d.file("import.jsonl", self.lines(
            {"type": "app", "name": "imported", "backends": ["10.0.0.1:80"]},
            {"type": "domain", "host": "i1.import.example",
             "app": "imported"},
            "",
            {"type": "domain", "host": "-bad-.example", "app": "imported"},
            "{broken",
            {"type": "certificate", "host": "i1.import.example",
             "certificate": own.chain_pem.decode(),
             "private_key": own.key_pem.decode()},
            {"type": "domain", "host": "i2.import.example", "app": "nobody"},
            {"type": "domain", "host": "i3.import.example",
             "app": "imported"}))
        # each line by itself: what needs the app of line 1 is refused
        dry = self.ends(1, "import", path, "--dry-run")
        self.assertEqual(dry.stdout, "1 would be taken, 6 refused\n")
        self.refused("N16", "apps", "info", "imported")
        result = self.ends(1, "import", path)
        self.assertEqual(result.stdout, "4 taken, 3 refused\n")
        told = [re.match(r"towpath: ([A-Z]\d\d) line (\d+): ", line).groups()
                for line in result.stderr.splitlines()]
        self.assertEqual(told, [("N10", "4"), ("P10", "5"), ("N16", "7")])
        self.assertEqual(served(d.https, "i1.import.example"), own.der)
        d.json("domains", "info", "i3.import.example")

    def test_many_lines_from_standard_input_keep_their_numbers(self):
        d = self.daemon
        d.cli("apps", "create", "bulk")
        objects = [{"type": "domain", "host": f"b{i}.bulk.example",
                    "app": "bulk"} for i in range(1205)]
        objects[700]["host"] = "not a host"
        out = json.loads(self.ends(1, "-j", "import", "-",
                                   stdin=self.lines(*objects)).stdout)
        self.assertEqual((out["taken"], out["refused"]), (1204, 1))
        self.assertEqual([x["line"] for x in out["lines"] if not x["ok"]],
                         [701])
        self.assertEqual([x["line"] for x in out["lines"]],
                         list(range(1, 1206)))
        # more than a page of 1000: -j is still one array
        self.assertEqual(len(d.json("domains", "--app", "bulk")), 1204)
        self.assertEqual(
            len(d.cli("domains", "--app", "bulk").splitlines()), 1204)

    def test_a_line_that_no_request_can_hold_is_refused_by_itself(self):
        long = '{"type": "app", "name": "' + "x" * (4 * 1024 * 1024) + '"}'
        result = self.ends(1, "import", "-", stdin=self.lines(
            {"type": "app", "name": "before"}, long,
            {"type": "app", "name": "after"}))
        self.assertEqual(result.stdout, "2 taken, 1 refused\n")
        self.assertRegex(result.stderr, r"^towpath: P16 line 2: [^\n]*\n$")

    def test_a_file_that_cannot_be_read_is_refused(self):
        self.refused("S24", "import", "/nonexistent/file")


class Following(Case):
    def follow(self, *args):
        process = subprocess.Popen(
            [TOWPATH, "-s", self.daemon.socket, "events", *args],
            stdout=subprocess.PIPE, text=True, env=self.daemon.environment())
        lines = []
        thread = threading.Thread(
            target=lambda: lines.extend(iter(process.stdout.readline, "")))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.send_signal, signal.SIGTERM)
        return lines

    def test_events_are_followed_as_one_object_a_line(self):
        last = self.daemon.json("events")[-1]["sequence"]
        lines = self.follow("-f", "-j", "--host", "new.test.example",
                            "--after", str(last))
        self.add("other.test.example")
        self.add("new.test.example")
        wait_for(lambda: lines, what="an event")
        event = json.loads(lines[0])
        self.assertEqual((event["name"], event["host"]),
                         ("domain.add", "new.test.example"))
        self.assertFalse([line for line in lines if "other.test" in line])

    def test_following_survives_a_restart_of_the_daemon(self):
        with Daemon() as d:
            d.cli("apps", "create", "shop")
            process = subprocess.Popen(
                [TOWPATH, "-s", d.socket, "events", "--tail", "--after", "0"],
                stdout=subprocess.PIPE, text=True)
            seen = []
            thread = threading.Thread(
                target=lambda: seen.extend(iter(process.stdout.readline, "")))
            thread.start()
            try:
                wait_for(lambda: any("app.create" in s for s in seen),
                         what="the first event")
                d.stop()
                d.start()
                d.cli("apps", "create", "later")
                wait_for(lambda: any("later" in s for s in seen),
                         what="the event after the restart")
                self.assertEqual(
                    len([s for s in seen if "\tshop\t" in s]), 1)
            finally:
                process.terminate()
                process.wait()
                thread.join()
                process.stdout.close()


if __name__ == "__main__":
    unittest.main()
