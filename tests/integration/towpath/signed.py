"""A zone with DNSSEC and a resolver that checks it: bind9 twice."""

import pathlib
import shutil
import subprocess
import tempfile

from .util import free_port, wait_for

SERVER = """
options {{
	directory "{dir}";
	listen-on port {port} {{ 127.0.0.1; }};
	listen-on-v6 {{ none; }};
	pid-file "{dir}/{name}.pid";
	session-keyfile none;
	allow-query {{ any; }};
	{options}
}};
controls {{ }};
{zones}
"""
AUTHORITY = 'zone "{zone}" {{ type primary; file "{dir}/zone.signed"; }};'
FORWARD = """
trust-anchors {{ {anchor} }};
zone "{zone}" {{
	type forward; forward only;
	forwarders {{ 127.0.0.1 port {port}; }};
}};
"""
ZONE = """$TTL 1
@ IN SOA ns.{zone}. admin.{zone}. 1 3600 600 86400 1
@ IN NS ns.{zone}.
ns IN A 127.0.0.1
www IN A 127.0.0.1
"""


class Signed:
    """with Signed("signed.test") as z: z.resolver, z.sign(expired=True).

    www.signed.test points at 127.0.0.1.
    """

    def __init__(self, zone, expired=False):
        self.zone = zone
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="signed-"))
        self.ports = {"authority": free_port(), "resolver": free_port()}
        self.resolver = f"127.0.0.1:{self.ports['resolver']}"
        self.running = []
        (self.dir / "zone").write_text(ZONE.format(zone=zone))
        key = self._tool("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f",
                         "KSK", zone).strip()
        with open(self.dir / "zone", "a") as f:
            f.write(f"$INCLUDE {self.dir / key}.key\n")
        public = (self.dir / f"{key}.key").read_text().splitlines()[-1]
        words = public.split("DNSKEY")[1].split()
        self._configure("authority", "recursion no;", AUTHORITY.format(
            zone=zone, dir=self.dir))
        self._configure(
            "resolver", "recursion yes; dnssec-validation yes; "
            "servfail-ttl 0; qname-minimization off;", FORWARD.format(
                zone=zone, port=self.ports["authority"],
                anchor=f'{zone}. static-key {" ".join(words[:3])} '
                       f'"{"".join(words[3:])}";'))
        self.sign(expired)

    def _tool(self, *command):
        return subprocess.run(command, cwd=self.dir, check=True, text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE).stdout

    def _configure(self, name, options, zones):
        (self.dir / f"{name}.conf").write_text(SERVER.format(
            dir=self.dir, name=name, port=self.ports[name], options=options,
            zones=zones))

    def _start(self, name):
        path = self.dir / f"{name}.log"
        with open(path, "wb") as log:
            self.running.append(subprocess.Popen(
                ["named", "-g", "-c", self.dir / f"{name}.conf"], stdout=log,
                stderr=log))
        wait_for(lambda: "running" in path.read_text(),
                 what=f"{name} answers")

    def sign(self, expired=False):
        """Anew; both servers forget what they knew."""
        self._stop()
        times = (["-s", "20200101000000", "-e", "20200201000000"] if expired
                 else [])
        self._tool("dnssec-signzone", "-q", "-P", "-z", *times, "-o",
                   self.zone,
                   "zone")
        self._start("authority")
        self._start("resolver")

    def _stop(self):
        for p in self.running:
            p.terminate()
        for p in self.running:
            p.wait(30)
        self.running = []

    def close(self):
        self._stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
