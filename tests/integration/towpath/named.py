"""A real name server (bind9) with one zone that takes signed updates."""

import base64
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from .util import free_port, wait_for

CONFIG = """
options {{
	directory "{dir}";
	listen-on port {port} {{ 127.0.0.1; }};
	listen-on-v6 {{ none; }};
	pid-file "{dir}/named.pid";
	session-keyfile none;
	recursion no;
	dnssec-validation no;
	allow-query {{ any; }};
}};
controls {{ }};
key "{key}" {{ algorithm hmac-sha256; secret "{secret}"; }};
zone "{zone}" {{
	type primary;
	file "{dir}/zone";
	allow-update {{ key "{key}"; }};
}};
"""
ZONE = """$TTL 1
@ IN SOA ns.{zone}. admin.{zone}. 1 3600 600 86400 1
@ IN NS ns.{zone}.
@ IN A 127.0.0.1
* IN A 127.0.0.1
*.shop IN A 127.0.0.1
"""


class Named:
    """with Named("customer.test") as n: n.address, n.key_name, n.key_secret.

    Every name of the zone points at 127.0.0.1.
    """

    key_name = "towpath-key"

    def __init__(self, zone):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="named-"))
        self.key_secret = base64.b64encode(os.urandom(32)).decode()
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        (self.dir / "zone").write_text(ZONE.format(zone=zone))
        (self.dir / "named.conf").write_text(CONFIG.format(
            dir=self.dir, port=port, key=self.key_name, zone=zone,
            secret=self.key_secret))
        with open(self.dir / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["named", "-g", "-c", self.dir / "named.conf"], stdout=log,
                stderr=log)
        wait_for(lambda: "running" in (self.dir / "log").read_text(),
                 what="named answers")

    def txt(self, name):
        """The TXT values that stand at a name."""
        host, port = self.address.split(":")
        out = subprocess.run(
            ["dig", "+short", "-p", port, f"@{host}", name, "TXT"],
            capture_output=True, text=True, timeout=30, check=True).stdout
        return re.findall(r'"([^"]*)"', out)

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
