"""A real name server (bind9) with one zone that takes signed updates."""

import base64
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from .util import free_port, wait_for

OPTIONS = """
options {{
	directory "{dir}";
	listen-on port {port} {{ 127.0.0.1; }};
	listen-on-v6 {{ none; }};
	pid-file "{dir}/{name}.pid";
	session-keyfile none;
	recursion no;
	notify no;
	dnssec-validation no;
	allow-query {{ any; }};
}};
controls {{ }};
"""
PRIMARY = OPTIONS + """
key "{key}" {{ algorithm hmac-sha256; secret "{secret}"; }};
zone "{zone}" {{
	type primary;
	file "{dir}/zone";
	allow-update {{ key "{key}"; }};
}};
"""
# Nobody tells it of changes: it looks by itself, sooner or later.
SECONDARY = OPTIONS + """
zone "{zone}" {{
	type secondary;
	primaries {{ 127.0.0.1 port {primary}; }};
	file "{dir}/copy";
	min-refresh-time {refresh};
	max-refresh-time {refresh};
}};
"""
ZONE = """$TTL 1
@ IN SOA ns.{zone}. hostmaster.{zone}. 1 3600 600 86400 1
@ IN NS ns.{zone}.
@ IN A 127.0.0.1
* IN A 127.0.0.1
*.shop IN A 127.0.0.1
"""


class Named:
    """with Named("customer.test") as n: n.address, n.key_name, n.key_secret.

    Every name of the zone points at 127.0.0.1.  refresh: another one,
    at n.secondary, has changes so many seconds later.
    """

    key_name = "towpath-key"

    def __init__(self, zone, refresh=None):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="named-"))
        self.key_secret = base64.b64encode(os.urandom(32)).decode()
        self.processes = []
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        (self.dir / "zone").write_text(ZONE.format(zone=zone))
        self.start(PRIMARY, dir=self.dir, name="first", port=port,
                   key=self.key_name, zone=zone, secret=self.key_secret)
        if refresh:
            second = free_port()
            self.secondary = f"127.0.0.1:{second}"
            self.start(SECONDARY, dir=self.dir, name="second", port=second,
                       zone=zone, primary=port, refresh=refresh)

    def start(self, config, name, port, zone, **values):
        path, log = self.dir / f"{name}.conf", self.dir / f"{name}.log"
        path.write_text(config.format(
            name=name, port=port, zone=zone, **values))
        with open(log, "wb") as out:
            self.processes.append(subprocess.Popen(
                ["named", "-g", "-c", path], stdout=out, stderr=out))
        # it runs a moment before it answers for the zone
        wait_for(lambda: "hostmaster" in self.ask(
            f"127.0.0.1:{port}", zone, "SOA"), what="named has the zone")

    @staticmethod
    def ask(server, name, kind):
        """What dig +short prints."""
        host, port = server.split(":")
        return subprocess.run(
            ["dig", "+short", "-p", port, f"@{host}", name, kind],
            capture_output=True, text=True, timeout=30, check=False).stdout

    def txt(self, name):
        """The TXT values that stand at a name."""
        out = self.ask(self.address, name, "TXT")
        return re.findall(r'"([^"]*)"', out)

    def update(self, *lines):
        """As nsupdate(1) reads them: "add www.customer.test 5 A 192.0.2.1"."""
        text = "\n".join([f"server {self.address.replace(':', ' ')}", *lines,
                          "send", ""])
        subprocess.run(
            ["nsupdate", "-y",
             f"hmac-sha256:{self.key_name}:{self.key_secret}"], input=text,
            text=True, timeout=30, check=True, capture_output=True)

    def records(self, name, kind):
        """Sorted lines of what stands there."""
        return sorted(self.ask(self.address, name, kind).splitlines())

    def stop_secondary(self):
        process = self.processes.pop()
        process.terminate()
        process.wait(30)

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
