"""Debian's pebble as CA and pebble-challtestsrv as DNS, on free ports."""

import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import urllib.request

from .dns import Zone
from .pki import Ca
from .util import free_port, wait_for


class Pebble(Zone):
    """with Pebble(http_port) as ca: ca.directory, ca.ca_file, ca.dns,
    ca.set_a(host, address), ca.roots().

    http_port is where the CA looks for http-01 answers: the router's.  Where
    it looks for those of tls-alpn-01 the first Daemon(ca=...) listens.  dns:
    another server than challtestsrv.
    """

    def __init__(self, http_port, nonce_reject=0, validity=None, sleep=False,
                 dns=None):
        self.https_port = free_port()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="pebble-"))
        self.dir.chmod(0o755)  # the daemon's user reads ca.pem
        ca = Ca("pebble listener")
        server = ca.issue("localhost", days=365)
        # clients connect to 127.0.0.1 by the name localhost
        (self.dir / "ca.pem").write_bytes(ca.root_pem)
        (self.dir / "server.pem").write_bytes(server.chain_pem)
        (self.dir / "server.key").write_bytes(server.key_pem)
        self.ca_file = self.dir / "ca.pem"
        self.port, self.management = free_port(), free_port()
        self.dns_port, self.dns_management = free_port(), free_port()
        self.directory = f"https://localhost:{self.port}/dir"
        self.dns = dns or f"127.0.0.1:{self.dns_port}"
        config = {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{self.management}",
            "certificate": str(self.dir / "server.pem"),
            "privateKey": str(self.dir / "server.key"),
            "httpPort": http_port, "tlsPort": self.https_port,
            "domainBlocklist": ["blocked.example"],
        }
        if validity:
            config["certificateValidityPeriod"] = validity
        (self.dir / "pebble.json").write_text(json.dumps({"pebble": config}))
        self.env = {**os.environ, "PEBBLE_WFE_NONCEREJECT": str(nonce_reject),
                    "PEBBLE_AUTHZREUSE": "0"}
        if not sleep:
            self.env["PEBBLE_VA_NOSLEEP"] = "1"
        self.processes = []
        self.start()

    def start(self):
        log = open(self.dir / "pebble.log", "ab")
        self.processes = [
            subprocess.Popen(
                ["pebble-challtestsrv", "-defaultIPv4", "127.0.0.1",
                 "-defaultIPv6", "", "-dns01",
                 f"127.0.0.1:{self.dns_port}", "-http01", "",
                 "-https01", "", "-tlsalpn01", "", "-management",
                 f"127.0.0.1:{self.dns_management}"],
                stdout=log, stderr=log),
            subprocess.Popen(
                ["pebble", "-config", self.dir / "pebble.json", "-dnsserver",
                 self.dns, "-strict"], stdout=log, stderr=log, env=self.env)]
        log.close()
        wait_for(self.roots, what="pebble answers")

    def take_https_port(self):
        """For one daemon; None for the others."""
        port, self.https_port = self.https_port, None
        return port

    def roots(self):
        """PEM of the root that its certificates end at."""
        ctx = ssl._create_unverified_context()
        url = f"https://127.0.0.1:{self.management}/roots/0"
        return urllib.request.urlopen(url, context=ctx, timeout=10).read()

    def stop(self):
        for p in self.processes:
            p.terminate()
        for p in self.processes:
            p.wait(10)
        self.processes = []

    def close(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
