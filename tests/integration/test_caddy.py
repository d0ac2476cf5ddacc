"""A second, unrelated CA issues too: Caddy's acme_server.  It never calls a
challenge invalid that has failed, shows one token for all of them and gives
twelve hours.  Each test runs in a network of its own (towpath/caddy.py)."""

import unittest

from towpath import Backend, Daemon, Dns, free_port, get, wait_for
from towpath.caddy import (DNS, ROUTER, Caddy, is_private,
                           test_in_private as run_private)

# For [dns] provider = exec: TXT records of challtestsrv.
COMMAND = """#!/bin/sh
case $TOWPATH_ACTION in
remove) what=clear-txt body='{{"host": "'$TOWPATH_NAME'."}}' ;;
*) what=set-txt
   body='{{"host": "'$TOWPATH_NAME'.", "value": "'$TOWPATH_VALUE'"}}' ;;
esac
exec curl -fsS -d "$body" http://127.0.0.1:{management}/$what
"""


class Private:
    """What runs inside."""

    def setUp(self):
        self.dns = Dns(default=ROUTER, address=DNS)
        self.addCleanup(self.dns.close)
        self.ca = Caddy()
        self.addCleanup(self.ca.close)
        self.app = Backend("shop")
        self.addCleanup(self.app.close)

    def begin(self, challenges, **sections):
        http, https = free_port(), free_port()
        self.daemon = d = Daemon(
            ca=self.ca, http=http, https=https, start=False,
            listen={"http": f"127.0.0.1:{http} {ROUTER}:80",
                    "https": f"127.0.0.1:{https} {ROUTER}:443"},
            platform={"addresses": f"{ROUTER} 127.0.0.10"},
            acme={"challenges": challenges}, **sections)
        self.addCleanup(d.close)
        return d

    def start(self):
        self.daemon.start()
        self.daemon.cli("apps", "create", "shop", "--backend",
                        self.app.address)

    def add(self, host, *args):
        self.daemon.cli("domains", "add", host, "--app", "shop", *args)

    def assert_served(self, host):
        answer = get(self.daemon.https, host, "/", self.ca.roots())
        self.assertEqual(answer.status, 200)


class Inside(Private, unittest.TestCase):
    def test_http_01(self):
        self.begin("http-01")
        self.start()
        self.add("www.http.test", "--wait")
        self.assert_served("www.http.test")
        # twelve hours: it is renewed at half of them
        info = self.daemon.json("domains", "info", "www.http.test")
        self.assertLess(info["renews_at"], info["expires_at"])
        self.daemon.cli("certs", "renew", "www.http.test", "--wait")
        self.assert_served("www.http.test")

    def test_tls_alpn_01(self):
        self.begin("tls-alpn-01")
        self.start()
        self.add("www.alpn.test", "--wait")
        self.assert_served("www.alpn.test")

    def test_dns_01(self):
        d = self.begin("dns-01", dns={"provider": "exec"})
        command = d.file("txt", COMMAND.format(
            management=self.dns.dns_management))
        command.chmod(0o755)
        d.config["dns.exec"] = {"command": command}
        self.start()
        self.add("*.wild.test", "--wait")
        self.assert_served("any.wild.test")

    def test_a_failed_challenge_stays_pending(self):
        """It leads to an address of ours where nobody listens."""
        d, host = self.begin("http-01"), "www.stuck.test"
        self.dns.set_a(host, "127.0.0.10")
        self.start()
        self.add(host)
        fault = wait_for(lambda: d.json("domains", "info", host)["fault"],
                         what="told of the failure")
        self.assertEqual(fault["code"], "A17")
        self.assertIn("stuck.test", fault["text"])
        # the action, followed
        self.dns.set_a(host, ROUTER)
        d.cli("certs", "renew", host, "--wait")
        self.assert_served(host)

    def test_another_key_for_the_account(self):
        """It offers keyChange in its directory, and answers that it does not
        have it: the account keeps the key it had."""
        d = self.begin("http-01")
        self.start()
        self.add("one.account.test", "--wait")
        d.run("acme", "rollover")
        self.add("two.account.test", "--wait")


class Outside(unittest.TestCase):
    """Each of those above, in a place of its own."""


def outside(name):
    def test(self):
        run_private(f"test_caddy.Inside.{name}")
    return test


for _name in [n for n in dir(Inside) if n.startswith("test_")]:
    setattr(Outside, _name, outside(_name))
if is_private():
    del Outside
else:
    del Inside

if __name__ == "__main__":
    unittest.main()
