"""Faults of names, apps and requests (N and P): each is provoked, what it says
is done, and then it is gone."""

import re
import subprocess
import unittest

from towpath import BUILD, Backend, Ca, Dns, free_port, http, wait_for
from towpath.fault_case import Daemon, FaultCase


class Names(FaultCase):
    @classmethod
    def make_daemon(cls):
        cls.dns = Dns()
        cls.addClassCleanup(cls.dns.close)
        return Daemon(dns={"resolvers": cls.dns.address},
                      platform={"apps_domain": "apps.test"},
                      control={"webhook_networks": "127.0.0.0/8"})

    def add(self, host, *args):
        return self.daemon.cli("domains", "add", host, "--app", "shop", *args)

    def test_N10_not_a_host_name(self):
        action = self.refused("N10", "domains", "add", "www.a.test:443",
                              "--app", "shop")
        self.assertIn("no port", action)
        self.add("www.a.test")

    def test_N11_a_domain_registered_twice(self):
        self.add("twice.test")
        self.daemon.cli("apps", "create", "second")
        action = self.refused("N11", "domains", "add", "twice.test", "--app",
                              "second")
        self.assertIn("towpath domains set twice.test app=NAME", action)
        self.daemon.cli("domains", "set", "twice.test", "app=second")
        told = self.daemon.json("domains", "info", "twice.test")
        self.assertEqual(told["app"], "second")

    def test_N12_a_name_under_another_apps_wildcard(self):
        own, d = Ca().issue("*.taken.test"), self.daemon
        self.add("*.taken.test", d.file("w.pem", own.chain_pem),
                 d.file("w.key", own.key_pem))
        d.cli("apps", "create", "third")
        action = self.refused("N12", "domains", "add", "a.taken.test",
                              "--app", "third")
        self.assertIn("towpath domains remove", action)
        d.cli("domains", "remove", "*.taken.test", "--confirm",
              "*.taken.test")
        d.cli("domains", "add", "a.taken.test", "--app", "third")

    def test_N13_a_name_of_the_platforms_own(self):
        action = self.refused("N13", "domains", "add", "x.apps.test", "--app",
                              "shop")
        self.assertIn("customer", action)
        self.add("x.customer.test")

    def test_N14_a_wildcard_without_a_dns_provider(self):
        d, own = self.daemon, Ca().issue("*.auto.test")
        action = self.refused("N14", "domains", "add", "*.auto.test", "--app",
                              "shop")
        self.assertIn("Upload a certificate together", action)
        self.add("*.auto.test", d.file("a.pem", own.chain_pem),
                 d.file("a.key", own.key_pem))

    def test_N15_no_such_domain(self):
        action = self.refused("N15", "domains", "info", "none.test")
        self.assertIn("towpath domains add", action)
        self.add("none.test")
        self.daemon.cli("domains", "info", "none.test")

    def test_N16_no_such_app(self):
        action = self.refused("N16", "apps", "info", "late")
        self.assertIn("towpath apps create", action)
        self.daemon.cli("apps", "create", "late")
        self.daemon.cli("apps", "info", "late")

    def test_N17_an_app_of_this_name(self):
        action = self.refused("N17", "apps", "create", "shop")
        self.assertIn("Choose another name", action)
        self.daemon.cli("apps", "create", "shop-2")

    def test_N18_not_a_name_for_an_app(self):
        action = self.refused("N18", "apps", "create", "My_App")
        self.assertIn("a-z", action)
        self.daemon.cli("apps", "create", "my-app")

    def test_N19_not_a_backend(self):
        action = self.refused("N19", "backends", "add", "shop", "127.0.0.1")
        self.assertIn("ADDRESS:PORT", action)
        self.daemon.cli("backends", "add", "shop",
                        f"127.0.0.1:{free_port()}")

    def test_N20_no_app_was_named(self):
        action = self.refused("N20", "domains", "add", "whose.test")
        self.assertIn("--app", action)
        self.add("whose.test")

    def test_N21_N22_a_setting_that_is_none_and_a_value_that_does_not_fit(
            self):
        d = self.daemon
        action = self.refused("N21", "apps", "set", "shop", "idle=5s")
        command = re.search(r"`towpath (.*)`", action)[1].split()
        self.assertIn("\n  idle_timeout [55s]", d.cli(*command))
        action = self.refused("N22", "apps", "set", "shop",
                              "idle_timeout=soon")
        command = re.search(r"`towpath (.*)`", action)[1].split()
        self.assertIn("30s, 5m", d.cli(*command))
        d.cli("apps", "set", "shop", "idle_timeout=5s")

    def test_N23_N24_a_backend_that_is_there_and_one_that_is_not(self):
        d, address = self.daemon, f"127.0.0.1:{free_port()}"
        d.cli("apps", "create", "one", "--backend", address)
        action = self.refused("N23", "backends", "add", "one", address)
        self.assertIn("towpath backends set", action)
        d.cli("backends", "set", "one", address)
        other = f"127.0.0.1:{free_port()}"
        action = self.refused("N24", "backends", "remove", "one", other)
        self.assertIn("`towpath backends one`", action)
        listed = d.json("backends", "one")[0]["address"]
        d.cli("backends", "remove", "one", listed)

    def test_N25_an_app_that_has_domains(self):
        d = self.daemon
        d.cli("apps", "create", "full")
        d.cli("domains", "add", "full.test", "--app", "full")
        action = self.refused("N25", "apps", "destroy", "full", "--confirm",
                              "full")
        self.assertIn("towpath domains remove", action)
        d.cli("domains", "remove", "full.test", "--confirm", "full.test")
        d.cli("apps", "destroy", "full", "--confirm", "full")

    def test_N26_a_page_that_cannot_be_fetched(self):
        d = self.daemon
        action = self.refused("N26", "apps", "set", "shop",
                              f"error_page=http://127.0.0.1:{free_port()}/")
        self.assertIn("upload the page as a file", action)
        d.cli("apps", "set", "shop",
              f"error_page={d.file('sorry.html', '<p>sorry')}")

    def test_N28_a_backend_that_cannot_be_resolved(self):
        action = self.refused("N28", "backends", "add", "shop",
                              "nowhere.test:80")
        self.assertIn("give the address itself", action)
        self.daemon.cli("backends", "add", "shop", "127.0.0.9:80")

    def test_N29_a_backend_that_is_not_well(self):
        d = self.daemon
        status = [b"500 Broken"]

        def behave(sock):
            while sock.recv(65536):
                sock.sendall(b"HTTP/1.1 " + status[0]
                             + b"\r\nContent-Length: 0\r\n\r\n")
        with Backend(behave=behave) as sick:
            d.cli("apps", "create", "sick", "--backend", sick.address)
            d.cli("apps", "set", "sick", "health_path=/up",
                  "health_interval=1s", "health_threshold=1")

            def fault():
                return d.json("backends", "sick")[0]["fault"]
            told = wait_for(fault, what="the backend's fault")
            self.assertEqual(told["code"], "N29")
            self.assertIn("used again by itself", told["action"])
            status[0] = b"200 OK"
            wait_for(lambda: fault() is None, what="it is well")

    def test_N30_one_certificate_for_two_apps(self):
        d = self.daemon
        d.cli("apps", "create", "fourth")
        for host in ("s1.test", "s2.test"):
            self.add(host)
        d.cli("domains", "add", "s3.test", "--app", "fourth")
        action = self.refused("N30", "certs", "order", "s1.test", "s3.test")
        self.assertIn("Leave out the names of other apps", action)
        d.cli("certs", "order", "s1.test", "s2.test")


class Requests(FaultCase):
    def test_P10_a_body_that_is_not_json(self):
        action = self.api_refused("P10", 422, "POST", "/v1/apps", b"{broken")
        self.assertIn("one JSON document", action)
        self.assertEqual(
            self.api("POST", "/v1/apps", b'{"name": "json"}')[0], 201)

    def test_P11_a_field_that_is_wrong(self):
        action = self.api_refused("P11", 422, "POST", "/v1/apps",
                                  b'{"name": 5}')
        self.assertIn("/v1/openapi.json", action)
        described = self.api("GET", "/v1/openapi.json")[1]
        self.assertEqual(described["components"]["schemas"]["NewApp"]
                         ["properties"]["name"]["type"], "string")
        self.assertEqual(
            self.api("POST", "/v1/apps", b'{"name": "five"}')[0], 201)

    def test_P12_P13_a_path_and_a_method_that_are_not_there(self):
        for code, status, method, path in (
                ("P12", 404, "GET", "/v1/app"),
                ("P13", 405, "DELETE", "/v1/apps")):
            action = self.api_refused(code, status, method, path)
            self.assertIn("/v1/openapi.json", action)
        paths = self.api("GET", "/v1/openapi.json")[1]["paths"]
        self.assertIn("get", paths["/v1/apps"])
        self.assertEqual(self.api("GET", "/v1/apps")[0], 200)

    def test_P14_a_body_that_is_too_large(self):
        action = self.api_refused(
            "P14", 413, "POST", "/v1/apps",
            raw=b"POST /v1/apps HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            b"Content-Length: 99999999\r\n\r\n")
        self.assertIn("less", action)
        self.assertEqual(
            self.api("POST", "/v1/apps", b'{"name": "small"}')[0], 201)

    def test_P15_what_one_may_not_do(self):
        action = self.refused("P15", "--read-only", "apps", "create", "ro")
        self.assertEqual(action, "Repeat without --read-only")
        self.daemon.cli("apps", "create", "ro")

    def test_P16_a_line_of_an_import(self):
        d = self.daemon
        result = d.run("import", "-", stdin='{"type": "ap", "name": "in"}\n')
        self.assertEqual(result.returncode, 1)
        self.assertIn("P16", result.stderr)
        self.assertIn("Correct the line", d.cli("help", "P16"))
        d.cli("import", "-", stdin='{"type": "app", "name": "in"}\n')

    def test_P18_words_of_a_command(self):
        action = self.refused("P18", "domains", "add", status=2)
        self.assertTrue(action.startswith("Usage: towpath domains add HOST "),
                        action)
        self.daemon.cli("domains", "add", "words.test", "--app", "shop")

    def test_P19_destroying_without_saying_so_twice(self):
        d = self.daemon
        d.cli("apps", "create", "doomed")
        action = self.refused("P19", "apps", "destroy", "doomed", status=2)
        self.assertIn("--confirm", action)
        d.cli("apps", "destroy", "doomed", "--confirm", "doomed")

    def test_P20_a_daemon_that_is_away(self):
        away = subprocess.run(
            [BUILD / "towpath", "-s", self.daemon.dir / "no.sock", "apps"],
            capture_output=True, text=True, check=False)
        self.assertEqual(away.returncode, 3)
        self.assertRegex(away.stderr, r"P20 .*control socket \(-s\)")
        self.daemon.cli("apps")

    def test_P21_what_is_not_http(self):
        action = self.api_refused("P21", 400, "", "", raw=b"hello\r\n\r\n")
        self.assertIn("well-formed", action)
        self.assertEqual(self.api("GET", "/v1/apps")[0], 200)

    def test_P22_a_request_that_nobody_remembers(self):
        d = self.daemon
        d.cli("domains", "add", "seen.test", "--app", "shop")
        action = self.refused("P22", "explain", "0" * 36)
        self.assertIn("towpath logs", action)
        http(d.http, "seen.test", "/")
        line = wait_for(lambda: d.json("logs", "--host", "seen.test"),
                        what="a router line")[0]
        self.assertIn("seen.test", d.cli("explain", line["request_id"]))


if __name__ == "__main__":
    unittest.main()
