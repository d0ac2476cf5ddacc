"""A DNS server that says what a test tells it: pebble's challtestsrv."""

import json
import subprocess
import urllib.request

from .util import free_port, wait_for


class Zone:
    """What challtestsrv can be told, by whoever runs one."""

    def _manage(self, path, body):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.dns_management}/{path}",
            data=json.dumps(body).encode(), method="POST")
        urllib.request.urlopen(request, timeout=10).read()

    def set_a(self, host, *addresses):
        """Nothing else is known of it."""
        self._manage("clear-a", {"host": host})
        self._manage("add-a", {"host": host, "addresses": addresses})

    def clear_a(self, host):
        self._manage("clear-a", {"host": host})

    def set_aaaa(self, host, *addresses):
        self._manage("clear-aaaa", {"host": host})
        self._manage("add-aaaa", {"host": host, "addresses": addresses})

    def set_cname(self, host, target):
        self._manage("set-cname", {"host": host, "target": target})

    def set_txt(self, name, values):
        self._manage("clear-txt", {"host": name + "."})
        for value in values:
            self._manage("set-txt", {"host": name + ".", "value": value})

    def set_caa(self, host, *policies):
        """policies: (tag, value); none: there is no CAA record."""
        self._manage("clear-caa", {"host": host})
        if policies:
            self._manage("add-caa", {"host": host, "policies": [
                {"tag": t, "value": v} for t, v in policies]})

    def set_servfail(self, host):
        self._manage("set-servfail", {"host": host})

    def clear_servfail(self, host):
        self._manage("clear-servfail", {"host": host})


class Dns(Zone):
    """with Dns() as dns: dns.address is HOST:PORT; a name has the default
    address (none: no address) until a test gives it another."""

    def __init__(self, default="", address=None):
        self.dns_management = free_port()
        self.address = address or f"127.0.0.1:{free_port()}"
        self.process = subprocess.Popen(
            ["pebble-challtestsrv", "-defaultIPv4", default, "-defaultIPv6",
             "", "-dns01", self.address, "-http01", "", "-https01", "",
             "-tlsalpn01", "", "-management",
             f"127.0.0.1:{self.dns_management}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: self.clear_a("ready.test") is None,
                 what="challtestsrv answers")

    def close(self):
        self.process.terminate()
        self.process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
