"""Caddy's acme_server as a CA: other code than pebble's, with other habits.

It validates at ports 80 and 443 and asks the system's resolver, so whoever uses
it runs in_private(): with loopback and resolv.conf of its own.  Root may make
such a place, and on most systems anybody.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from .util import PATIENCE, free_port, wait_for

DNS = "127.0.0.8:53"    # the resolver of the private place
ROUTER = "127.0.0.9"    # where every name leads
TRIES = 3               # it may lose its port, or wait a minute for itself

# Inside: loopback is up, low ports are anybody's, names are asked of DNS.
PREPARE = """set -e
ip link set lo up
[ "$(id -u)" = 0 ] || echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
mount --bind "$1/resolv.conf" "$(readlink -f /etc/resolv.conf)"
mount --bind "$1/nsswitch.conf" "$(readlink -f /etc/nsswitch.conf)"
shift
[ "$(id -u)" = 0 ] || exec setpriv --inh-caps=-all --ambient-caps=-all "$@"
exec "$@"
"""
RESOLV = f"nameserver {DNS.split(':')[0]}\n"


def _run(command, timeout=120):
    result = subprocess.run(command, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True,
                            errors="replace", timeout=timeout)
    if result.returncode != 0:
        raise AssertionError(f"exit {result.returncode}:\n{result.stdout}")
    return result.stdout


def _in_place(command, timeout):
    """In a container that lets nobody make namespaces: as root, with the
    system's own resolv.conf changed for so long."""
    resolv = pathlib.Path("/etc/resolv.conf")
    before = resolv.read_text() if resolv.exists() else ""
    try:
        resolv.write_text(RESOLV)
        return _run(command, timeout)
    finally:
        resolv.write_text(before)


def in_private(*command, timeout=120):
    """Runs a command with a network and a resolv.conf of its own; what it
    printed, or AssertionError."""
    with tempfile.TemporaryDirectory(prefix="private-") as folder:
        os.chmod(folder, 0o755)
        pathlib.Path(folder, "resolv.conf").write_text(RESOLV)
        pathlib.Path(folder, "nsswitch.conf").write_text(
            "passwd: files\ngroup: files\nhosts: files dns\n")
        root = os.geteuid() == 0
        way = ["unshare", "-n", "-m", "sh", "-c", PREPARE, "sh", folder]
        if not root:
            way[1:1] = ["-U", "--map-current-user", "--keep-caps"]
        try:
            _run([*way, "true"])
        except AssertionError:
            if not root:
                raise
            return _in_place(command, timeout)
        return _run([*way, *command], timeout)


def test_in_private(name, timeout=120):
    """A test (MODULE.Class.name) of a module that only runs there."""
    env = "TOWPATH_PRIVATE=1"
    return in_private("env", env, sys.executable, "-m", "unittest", "-v", name,
                      timeout=timeout)


def is_private():
    return "TOWPATH_PRIVATE" in os.environ


class Caddy:
    """with Caddy() as ca: ca.directory, ca.ca_file, ca.dns."""

    def __init__(self):
        logs = []
        for _ in range(TRIES):
            self._start()
            try:
                wait_for(lambda: self.process.poll() is not None
                         or self._answers(), PATIENCE / 2, every=0.05,
                         what="caddy is up")
                if self.process.poll() is None:
                    return
            except AssertionError:
                pass
            logs.append(self.log_text())
            self.close()
        raise AssertionError("caddy does not come up:\n" + "\n".join(logs))

    def _start(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="caddy-"))
        self.dir.chmod(0o755)
        self.port = free_port()
        self.dns = DNS
        (self.dir / "Caddyfile").write_text(f"""{{
	admin off
	storage file_system {self.dir}/data
	skip_install_trust
	http_port {free_port()}
	https_port {self.port}
	auto_https disable_redirects
	default_bind 127.0.0.1
}}
https://127.0.0.1:{self.port} {{
	tls internal
	acme_server
}}
""")
        self.log = open(self.dir / "caddy.log", "wb")
        self.process = subprocess.Popen(
            ["caddy", "run", "--config", self.dir / "Caddyfile", "--adapter",
             "caddyfile"], stdout=self.log, stderr=self.log,
            env={**os.environ, "HOME": str(self.dir), "XDG_DATA_HOME":
                 str(self.dir), "XDG_CONFIG_HOME": str(self.dir)})
        self.directory = \
            f"https://127.0.0.1:{self.port}/acme/local/directory"
        self.root = self.dir / "data/pki/authorities/local/root.crt"
        self.ca_file = self.dir / "root.pem"

    def _answers(self):
        if not self.root.exists() or subprocess.run(
                ["curl", "-fsS", "-m", "5", "--cacert", self.root,
                 self.directory], capture_output=True).returncode != 0:
            return False
        # its folder is its own; the daemon's user reads a copy
        self.ca_file.write_bytes(self.root.read_bytes())
        return True

    def roots(self):
        return self.ca_file.read_bytes()

    def take_https_port(self):
        return None

    def log_text(self):
        return (self.dir / "caddy.log").read_text(errors="replace")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
