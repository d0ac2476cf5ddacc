"""Backends that are named by host: real DNS, followed while it changes."""

import json
import unittest

from towpath import AppCase, Backend, Dns, Refused, wait_for
from towpath.case import DOMAIN


class Names(AppCase):
    @classmethod
    def setUpClass(cls):
        cls.dns = Dns()
        cls.config = {"dns": {"resolvers": cls.dns.address}}
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.dns.close()

    def twins(self):
        """Two backends on one port of two addresses."""
        for _ in range(50):
            one = Backend("one", at=("127.0.0.1", 0))
            try:
                two = Backend("two", at=("127.0.0.2", one.port))
            except OSError:
                one.close()
                continue
            self.stack.enter_context(one)
            self.stack.enter_context(two)
            return one, two
        raise AssertionError("no port is free on both addresses")

    def refusal(self, *args):
        with self.assertRaises(Refused) as caught:
            self.daemon.cli(*args)
        return caught.exception.stderr

    def test_a_backend_by_name_has_all_its_addresses(self):
        one, two = self.twins()
        self.dns.set_a("pair.test", "127.0.0.1", "127.0.0.2")
        name, host = self.app(f"pair.test:{one.port}", balance="roundrobin",
                              slow_start=0)
        self.assertEqual(set(self.names(host, 10)), {"one", "two"})
        told = self.daemon.json("backends", name)[0]
        self.assertEqual(told["address"], f"pair.test:{one.port}")
        self.assertEqual(sorted(told["addresses"]),
                         sorted([one.address, two.address]))
        self.assertEqual((told["state"], told["fault"]), ("up", None))
        wait_for(lambda: f"backend={one.address} " in
                 "".join(self.lines_of(host)))

    def test_dns_is_followed_and_its_failure_survived(self):
        one, two = self.twins()
        self.dns.set_a("moving.test", "127.0.0.1")
        self.dns.set_a("failing.test", "127.0.0.1")
        _, moving = self.app(f"moving.test:{one.port}", slow_start=0)
        name, failing = self.app(f"failing.test:{one.port}")
        self.assertEqual(self.ask(moving).json()["name"], "one")
        self.dns.set_a("moving.test", "127.0.0.2")
        self.dns.set_servfail("failing.test")
        wait_for(lambda: self.ask(moving).json()["name"] == "two")

        def fault():
            return self.daemon.json("backends", name)[0]["fault"]
        self.assertEqual(wait_for(fault)["code"], "N28")
        self.assertEqual(self.ask(failing).json()["name"], "one")
        # the store knows the addresses: a restart without DNS serves
        self.daemon.stop()
        self.daemon.start()
        self.assertEqual(self.ask(failing).json()["name"], "one")

    def test_names_that_lead_nowhere_are_refused(self):
        self.dns.set_servfail("broken.test")
        self.dns.set_a("local.test", "169.254.1.1")
        self.dns.set_a("here.test", "127.0.0.1")
        name, host = self.app()
        for code, backend in (("N28", "missing.test:80"),
                              ("N28", "broken.test:80"),
                              ("N19", "local.test:80"),
                              ("N19", f"here.test:{self.daemon.http}")):
            with self.subTest(backend):
                text = self.refusal("backends", "add", name, backend)
                self.assertIn(code, text)
                self.assertIn("N", self.refusal(
                    "apps", "create", "fresh", "--backend", backend))
        self.assertEqual(self.daemon.json("backends", name), [])
        self.refused("H81", host)

    def test_what_is_forbidden_is_left_out(self):
        b = self.backend("b")
        self.dns.set_a("mixed.test", "169.254.1.1", "127.0.0.1")
        name, host = self.app(f"mixed.test:{b.port}")
        told = self.daemon.json("backends", name)[0]
        self.assertEqual(told["addresses"], [b.address])
        self.assertEqual(self.ask(host).json()["name"], "b")

    def test_localhost_is_here(self):
        b = self.backend("b")
        _, host = self.app(f"localhost:{b.port}")
        self.assertEqual(self.ask(host).json()["name"], "b")

    def test_an_import_is_resolved_after_it(self):
        b = self.backend("b")
        self.dns.set_a("imported.test", "127.0.0.1")
        line = {"type": "app", "name": "imported",
                "backends": [f"imported.test:{b.port}"]}
        self.daemon.cli("import", self.daemon.file(
            "import.jsonl", json.dumps(line) + "\n"))
        host = f"imported.{DOMAIN}"
        wait_for(lambda: self.ask(host).status == 200)
        self.assertEqual(self.ask(host).json()["name"], "b")


if __name__ == "__main__":
    unittest.main()
