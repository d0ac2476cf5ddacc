"""A towpathd of its own for a test: fresh folder, free ports, real processes."""

import json
import os
import pathlib
import pwd
import shutil
import signal
import struct
import subprocess
import tempfile

from .util import BUILD, PATIENCE, alive, free_port, wait_for

# What a root test drops to; a plain user stays who they are.
USER = "daemon"


class Refused(Exception):
    """A command that ended with another exit status than 0."""

    def __init__(self, result):
        super().__init__(f"exit {result.returncode}: "
                         f"{result.stderr.strip() or result.stdout.strip()}")
        self.status = result.returncode
        self.stderr = result.stderr
        self.stdout = result.stdout


class Ended(Exception):
    """A daemon that ended while it was to come up: not to be waited for."""


class Daemon:
    """with Daemon(ca=pebble) as d: d.cli("apps", "create", "shop").

    Keyword arguments change the configuration: sections as dictionaries, e.g.
    router={"drain_timeout": "5s"}.  A value may be a list: a repeated key.
    """

    def __init__(self, ca=None, http=None, https=None, start=True, clock=False,
                 program=BUILD / "towpathd", **sections):
        self.program = program
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="towpath-"))
        self.dir.chmod(0o755)
        self.http = http or free_port()
        self.https = https or (ca and ca.take_https_port()) or free_port()
        self.socket = self.dir / "control.sock"
        self.store = self.dir / "state" / "towpath.db"
        self.store.parent.mkdir()
        self.access_log = self.dir / "access.log"
        self.log = self.dir / "towpathd.log"
        self.conf = self.dir / "towpath.conf"
        self.clock = self.dir / "clock" if clock else None
        if clock:
            self.clock.write_bytes(struct.pack("<q", 0))
        if os.geteuid() == 0:
            account = pwd.getpwnam(USER)
            os.chown(self.store.parent, account.pw_uid, account.pw_gid)
        self.config = {
            "listen": {"http": f"127.0.0.1:{self.http}",
                       "https": f"127.0.0.1:{self.https}"},
            "router": {"workers": 2, "user": USER, "drain_timeout": "5s",
                       "access_log": self.access_log, "log_level": "debug"},
            "platform": {"addresses": "127.0.0.1",
                         "cname_target": "edge.towpath.test"},
            "store": {"path": self.store,
                      "master_key": self.dir / "master.key"},
            "control": {"socket": self.socket},
            "acme": {"agree_terms": "yes"},
            "dns": {"check_interval": "1s"},
        }
        if ca:
            self.config["acme"].update(directory=ca.directory,
                                       ca_file=ca.ca_file)
            self.config["dns"]["resolvers"] = ca.dns
        else:
            # no CA: nothing listens there, and nothing leaves this machine
            self.config["acme"]["directory"] = "https://127.0.0.1:1/dir"
            self.config["dns"]["resolvers"] = "127.0.0.1:1"
        for section, keys in sections.items():
            name = section.replace("_", ".")
            self.config.setdefault(name, {}).update(keys)
        self.process = None
        if start:
            self.start()

    # --- life ----------------------------------------------------------------
    def write_config(self):
        lines = []
        for section, keys in self.config.items():
            lines.append(f"[{section}]")
            for key, value in keys.items():
                for v in value if isinstance(value, list) else [value]:
                    lines.append(f"{key} = {v}")
        # at once: a running daemon may be reading it
        part = self.conf.with_suffix(".part")
        part.write_text("\n".join(lines) + "\n")
        part.rename(self.conf)

    def environment(self):
        env = dict(os.environ)
        if self.clock:
            env.update(TOWPATH_TEST="1", TOWPATH_CLOCK=str(self.clock))
        return env

    def spawn(self):
        """Starts towpathd without waiting for it."""
        self.write_config()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "-c", self.conf], stdout=log, stderr=log,
                env=self.environment())
        return self.process

    def start(self):
        self.spawn()
        try:
            self.wait_ready()
        except (AssertionError, Ended) as e:
            print(self.log_text()[-4000:])
            self.close()
            raise AssertionError(str(e)) from e

    def wait_ready(self):
        wait_for(lambda: self._is_up(), what="towpathd is up")

    def _is_up(self):
        if self.process.poll() is not None:
            raise Ended(self.log_text()[-2000:])
        return (self.run("status", "--check").returncode in (0, 1)
                and self.serves())

    def serves(self):
        """Plain HTTP answers readiness."""
        from .client import http
        return http(self.http, "any.test",
                    "/.well-known/towpath/ready").status == 200

    def stop(self, sig=signal.SIGTERM, timeout=PATIENCE):
        """Ends it in order and returns its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        """kill -9 of the parent and of whatever is left of its children."""
        children = self.children()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in children.values():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def close(self):
        try:
            if self.process is not None and self.process.poll() is None:
                try:
                    self.stop(timeout=20)
                except subprocess.TimeoutExpired:
                    pass
            report = self.sanitizer_report()
            assert not report, report
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- what it is ----------------------------------------------------------
    def children(self):
        """{"control": pid, "keys 0": pid, ...} by their names in ps."""
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                stat = (entry / "stat").read_text()
                parent = int(stat.rsplit(")", 1)[1].split()[1])
                if parent != self.process.pid:
                    continue
                title = (entry / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            title = title.rstrip(b"\0").decode(errors="replace")
            if title.startswith("towpathd: ") and alive(entry.name):
                found[title[len("towpathd: "):]] = int(entry.name)
        return found

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def sanitizer_report(self):
        text = self.log_text()
        for mark in ("ERROR: AddressSanitizer", "runtime error:",
                     "ERROR: LeakSanitizer"):
            if mark in text:
                return text[max(0, text.index(mark) - 200):][:4000]
        return ""

    def lines(self):
        """Router lines written so far."""
        if not self.access_log.exists():
            return []
        return self.access_log.read_text(errors="replace").splitlines()

    def set_clock(self, offset):
        """Moves all processes by offset seconds from now (clock=True)."""
        # in place: who reads a mapped file while it is cut dies of it
        with open(self.clock, "r+b") as f:
            f.write(struct.pack("<q", offset))

    # --- asking it -----------------------------------------------------------
    def run(self, *args, stdin=None, timeout=120):
        """The CLI; returns the finished process, whatever its status."""
        return subprocess.run(
            [BUILD / "towpath", "-s", self.socket, *map(str, args)],
            input=stdin, capture_output=True, text=not isinstance(stdin, bytes),
            timeout=timeout, env=self.environment())

    def cli(self, *args, **kw):
        """The CLI; its standard output, or Refused."""
        result = self.run(*args, **kw)
        if result.returncode != 0:
            raise Refused(result)
        return result.stdout

    def json(self, *args, **kw):
        return json.loads(self.cli("-j", *args, **kw))

    def file(self, name, data):
        """Writes a file beside the configuration; its path."""
        path = self.dir / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def upload(self, verb, host, identity, *flags):
        """`certs add|update HOST` with an Identity's chain and key."""
        chain = self.file("chain.pem", identity.chain_pem)
        key = self.file("key.pem", identity.key_pem)
        return self.cli("certs", verb, host, chain, key, *flags)

    def status_of(self, host):
        return self.json("domains", "info", host)["status"]

    def wait_status(self, host, status, timeout=PATIENCE):
        wait_for(lambda: self.status_of(host) == status, timeout,
                 every=0.05, what=f"{host} is {status}")
