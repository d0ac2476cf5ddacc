"""dns-01 by a command of the operator's ([dns] provider = exec)."""

import os
import signal
import unittest

from towpath import (Backend, Daemon, Named, Pebble, free_port, get,
                     wait_for)
from towpath.util import alive

# What towpath.conf(5) has as its example, and a word about what was asked.
COMMAND = """#!/bin/sh
echo "$@" >> {dir}/asked
case $TOWPATH_NAME in
*.refused.customer.test) echo "no, and that is that" >&2; exit 3 ;;
*.slow.customer.test) [ $TOWPATH_ACTION = remove ] || exec sleep 1000 ;;
*.stuck.customer.test)
	[ -e {dir}/died ] || {{ touch {dir}/died; kill -9 $PPID; exit 1; }}
esac
{{
	echo server {server}
	echo zone customer.test
	case $TOWPATH_TYPE in
	TXT) data="\\"$TOWPATH_VALUE\\"" ;;
	*) data=$TOWPATH_VALUE ;;
	esac
	case $TOWPATH_ACTION in
	replace) echo del $TOWPATH_NAME $TOWPATH_TYPE ;;
	remove) echo del $TOWPATH_NAME $TOWPATH_TYPE "$data" ;;
	esac
	[ $TOWPATH_ACTION = remove ] ||
		echo add $TOWPATH_NAME $TOWPATH_TTL $TOWPATH_TYPE "$data"
	echo send
}} | exec nsupdate -y hmac-sha256:{key}:{secret}
"""


class Exec(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.named = Named("customer.test")
        cls.ca = Pebble(free_port(), dns=cls.named.address)
        cls.app = Backend("shop")
        cls.daemon = d = Daemon(
            ca=cls.ca, start=False, acme={"challenges": "dns-01"},
            dns={"provider": "exec"})
        cls.command = d.file("dns", COMMAND.format(
            dir=d.store.parent, server=cls.named.address.replace(":", " "),
            key=cls.named.key_name, secret=cls.named.key_secret))
        cls.command.chmod(0o755)
        d.config["dns.exec"] = {"command": f"{cls.command} --zone  one",
                                "timeout": "2s"}
        d.start()
        d.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()
        cls.ca.close()
        cls.named.close()

    def asked(self):
        path = self.daemon.store.parent / "asked"
        return path.read_text().splitlines() if path.exists() else []

    def fault_of(self, host):
        return wait_for(lambda: self.daemon.json(
            "domains", "info", host)["fault"], what="told what is wrong")

    def test_a_wildcard(self):
        d, name = self.daemon, "_acme-challenge.shop.customer.test"
        d.cli("domains", "add", "*.shop.customer.test", "--app", "shop",
              "--wait")
        answer = get(d.https, "a.shop.customer.test", "/", self.ca.roots())
        self.assertEqual(answer.status, 200)
        wait_for(lambda: self.named.txt(name) == [],
                 what="the record is removed")
        ours = [a for a in self.asked() if name in a]
        words = ours[0].split(" ")
        self.assertEqual(words[:5], ["--zone", "one", "add", name, "TXT"])
        self.assertEqual(words[6], "60")
        self.assertEqual(len(words[5]), 43)
        self.assertEqual(ours[1].split(" ")[2:6],
                         ["remove", name, "TXT", words[5]])

    def test_a_command_that_fails_says_why(self):
        host = "www.refused.customer.test"
        self.daemon.cli("domains", "add", host, "--app", "shop")
        fault = self.fault_of(host)
        self.assertEqual(fault["code"], "D30")
        self.assertIn("no, and that is that", fault["text"])

    def test_a_command_without_end_is_ended(self):
        host = "www.slow.customer.test"
        self.daemon.cli("domains", "add", host, "--app", "shop")
        fault = self.fault_of(host)
        self.assertEqual(fault["code"], "D31")
        self.assertIn("in time", fault["text"])

    def test_its_process_may_die(self):
        # the command kills it; the next one is asked the same again
        d = self.daemon
        d.cli("domains", "add", "www.stuck.customer.test", "--app", "shop",
              "--wait")
        second = wait_for(lambda: d.children().get("hook"), what="it is up")
        os.kill(second, signal.SIGKILL)
        wait_for(lambda: d.children().get("hook", second) != second,
                 what="another one is there")
        d.cli("domains", "add", "after.customer.test", "--app", "shop",
              "--wait")


    def test_records_of_a_domain(self):
        host = "set.customer.test"
        self.named.update(f"add {host} 1 A 198.51.100.7")
        self.daemon.cli("domains", "add", host, "--app", "shop", "--set-dns",
                        "--confirm", host)
        self.assertEqual(self.named.records(host, "CNAME"),
                         ["edge.towpath.test."])


class Upgrade(unittest.TestCase):
    def test_it_is_replaced_with_its_control(self):
        with Daemon(dns={"provider": "exec"},
                    dns_exec={"command": "/bin/true"}) as d:
            wait_for(lambda: "serving version=" in d.log_text(),
                     what="all are there")
            first = wait_for(lambda: d.children().get("hook"), what="it came")
            d.process.send_signal(signal.SIGUSR2)
            wait_for(lambda: "upgrade: done generation=2" in d.log_text(),
                     what="the upgrade is done")
            wait_for(lambda: not alive(first), what="the former one is gone")
            wait_for(lambda: "hook" in d.children(), what="another is there")
            self.assertEqual(d.stop(), 0)


class Reload(unittest.TestCase):
    def test_the_process_comes_and_goes_with_the_configuration(self):
        with Daemon() as d:
            self.assertNotIn("hook", d.children())
            d.config["dns"]["provider"] = "exec"
            d.config["dns.exec"] = {"command": "/bin/true"}
            d.write_config()
            d.process.send_signal(signal.SIGHUP)
            first = wait_for(lambda: d.children().get("hook"), what="it came")
            d.config["dns.exec"]["command"] = "/bin/false"
            d.write_config()
            d.process.send_signal(signal.SIGHUP)
            wait_for(lambda: d.children().get("hook", first) != first,
                     what="another one has the new command")
            del d.config["dns"]["provider"]
            d.write_config()
            d.process.send_signal(signal.SIGHUP)
            wait_for(lambda: "hook" not in d.children(), what="it went")

    def test_a_command_without_a_path_is_refused(self):
        with self.assertRaises(AssertionError):
            Daemon(dns={"provider": "exec"},
                   dns_exec={"command": "true"}).close()


if __name__ == "__main__":
    unittest.main()
