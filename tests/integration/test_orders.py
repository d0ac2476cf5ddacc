"""One automatic certificate for several domains of an app."""

import json
import socket
import unittest

from cryptography import x509

from towpath import (Backend, Ca, CaDouble, Daemon, Refused, Route53, Terminal,
                     get, served, wait_for)


def ask(daemon, method, path, body=None):
    """(status, document) of the API."""
    data = json.dumps(body or {}).encode()
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(daemon.socket))
        s.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\n"
                  f"Connection: close\r\nContent-Length: {len(data)}\r\n\r\n"
                  .encode() + data)
        answer = s.makefile("rb").read()
    head, _, text = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(text)


class Orders(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ca = CaDouble()
        cls.app = Backend("shop")
        cls.daemon = Daemon(ca=cls.ca, http=cls.ca.http_port, clock=True)
        for name in ("shop", "other"):
            cls.daemon.cli("apps", "create", name, "--backend",
                           cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()
        cls.ca.close()

    def add(self, *hosts, app="shop", wait=False):
        for host in hosts:
            self.daemon.cli("domains", "add", host, "--app", app,
                            *(["--wait"] if wait else []))

    def info(self, host):
        return self.daemon.json("domains", "info", host)

    def names(self, host):
        certificate = self.info(host)["certificate"]
        return certificate and sorted(certificate["names"])

    def fault(self, *args):
        """The code that a command is refused with."""
        with self.assertRaises(Refused) as refused:
            self.daemon.cli("-j", *args)
        self.assertEqual(refused.exception.status, 1)
        return json.loads(refused.exception.stderr)["code"]

    def events(self, name):
        return [(e["host"], (e["fault"] or {}).get("code"))
                for e in self.daemon.json("events", "--name", name)]

    def test_one_order_one_certificate_all_at_once(self):
        hosts = ["a.one.test", "b.one.test", "c.one.test"]
        self.ca.hold("newOrder")  # none of them orders for itself meanwhile
        self.add(*hosts)
        made = self.daemon.json("certs", "order", *hosts)
        self.assertEqual((made["status"], made["names"], made["auto_renew"]),
                         ("Creating", hosts, True))
        self.ca.release("newOrder")
        wait_for(lambda: [self.names(h) for h in hosts] == [hosts] * 3,
                 what="all have it")
        self.assertEqual(len({self.info(h)["certificate"]["serial"]
                              for h in hosts}), 1)
        for host in hosts:
            self.assertEqual(get(self.daemon.https, host, "/",
                                 self.ca.roots()[0]).status, 200)
            self.assertEqual(self.info(host)["set"], {
                "number": made["number"], "names": hosts, "auto_renew": True})
        self.assertEqual(
            len([o for o in self.ca.orders_for(hosts[1])
                 if o.names == hosts or sorted(o.names) == hosts]), 1)
        shown = self.daemon.cli("certs", "info", hosts[2])
        self.assertIn("a.one.test, b.one.test, c.one.test", shown)

    def test_renewed_as_one(self):
        hosts = ["a.renew.test", "b.renew.test"]
        self.add(*hosts, wait=True)
        self.daemon.cli("certs", "order", *hosts, "--wait")
        before = self.info(hosts[0])["certificate"]["serial"]
        n = len(self.ca.orders_for(hosts[0]))
        self.daemon.cli("certs", "renew", hosts[1], "--wait")
        wait_for(lambda: self.info(hosts[0])["certificate"]["serial"]
                 != before, what="the other one has it too")
        self.assertEqual([self.names(h) for h in hosts], [hosts] * 2)
        self.assertEqual(len(self.ca.orders_for(hosts[0])), n + 1)

    def test_one_fails_its_validation_and_the_others_go_on(self):
        hosts = ["a.fail.test", "b.fail.test", "c.fail.test"]
        self.add(*hosts, wait=True)
        self.ca.refuse("validation", "unauthorized", "not what was asked",
                       host=hosts[1])
        self.addCleanup(self.ca.heal)
        self.daemon.cli("certs", "order", *hosts)
        left = [hosts[0], hosts[2]]
        wait_for(lambda: [self.names(h) for h in left] == [left] * 2,
                 what="the others have theirs")
        self.assertEqual(self.info(hosts[0])["set"]["names"], left)
        self.assertIsNone(self.info(hosts[1])["set"])
        self.assertEqual(self.info(hosts[1])["fault"]["code"], "A18")
        # it keeps what it had
        self.assertEqual(self.names(hosts[1]), [hosts[1]])
        self.assertIn((hosts[1], "A18"), self.events("certificate.shrink"))

    def test_one_that_does_not_reach_us_keeps_nobody_waiting(self):
        hosts = ["a.wait.test", "b.wait.test"]
        self.ca.zone.set_a(hosts[1], "192.0.2.1")
        self.add(*hosts)
        made = self.daemon.json("certs", "order", *hosts)
        self.daemon.set_clock(30)  # it waits for a first look at both
        self.daemon.wait_status(hosts[0], "In use")
        self.assertEqual(self.names(hosts[0]), [hosts[0]])
        self.assertEqual(
            self.daemon.json("domains", "info", hosts[0])["set"]["number"],
            made["number"])
        self.ca.zone.set_a(hosts[1], "127.0.0.1")
        self.daemon.run("domains", "check", hosts[1])
        wait_for(lambda: [self.names(h) for h in hosts] == [hosts] * 2,
                 what="both have it, once both reach us")

    def test_one_that_moved_away_is_left_out_of_the_renewal(self):
        hosts = ["a.lost.test", "b.lost.test", "c.lost.test"]
        self.add(*hosts, wait=True)
        self.daemon.cli("certs", "order", *hosts, "--wait")
        self.ca.zone.set_a(hosts[2], "192.0.2.1")

        def is_lost():
            self.daemon.run("domains", "check", hosts[2])
            return self.info(hosts[2])["dns"] == "lost"
        wait_for(is_lost, every=0.2, what="it is seen elsewhere")
        self.daemon.cli("certs", "renew", hosts[0], "--wait")
        self.assertEqual([self.names(h) for h in hosts],
                         [hosts[:2], hosts[:2], hosts])
        self.assertEqual(self.info(hosts[0])["set"]["names"], hosts[:2])
        self.assertIn((hosts[2], "D20"), self.events("certificate.shrink"))

    def test_who_leaves_does_not_stop_the_rest(self):
        hosts = ["a.leave.test", "b.leave.test", "c.leave.test"]
        self.add(*hosts, wait=True)
        self.ca.hold("newOrder")
        self.daemon.cli("certs", "order", *hosts)
        self.daemon.cli("domains", "remove", hosts[0], "--confirm", hosts[0])
        self.daemon.cli("domains", "set", hosts[1], "app=other")
        self.ca.release("newOrder")
        self.assertIsNone(self.info(hosts[1])["set"])
        self.assertIsNone(self.info(hosts[2])["set"])
        self.daemon.cli("certs", "renew", hosts[2], "--wait")
        self.assertEqual(self.names(hosts[2]), [hosts[2]])
        self.assertEqual(
            [h for h, _ in self.events("certificate.shrink")
             if h.endswith("leave.test")], hosts[:2])

    def test_not_renewed_when_not_wished(self):
        hosts = ["a.once.test", "b.once.test"]
        self.add(*hosts, wait=True)
        self.daemon.cli("certs", "order", *hosts, "--no-auto-renew", "--wait")
        self.assertEqual(self.names(hosts[0]), hosts)
        for host in hosts:
            self.daemon.cli("certs", "renew", host, "--wait")
            self.assertEqual(self.names(host), [host])
            self.assertIsNone(self.info(host)["set"])

    def test_another_order_takes_a_name_along(self):
        hosts = ["a.again.test", "b.again.test", "c.again.test"]
        self.add(*hosts, wait=True)
        self.daemon.cli("certs", "order", *hosts, "--wait")
        self.daemon.cli("certs", "order", *hosts[:2], "--wait")
        self.assertEqual(self.names(hosts[0]), hosts[:2])
        self.assertEqual(self.names(hosts[2]), hosts)
        self.assertIsNone(self.info(hosts[2])["set"])
        self.daemon.cli("certs", "order", hosts[0], "--wait")
        wait_for(lambda: self.names(hosts[0]) == hosts[:1],
                 what="one of its own again")

    def test_removed_and_added_again(self):
        """It has back what it had: the CA hears nothing."""
        d, host = self.daemon, "back.test"
        self.add(host, wait=True)
        custom = Ca().issue(host)
        d.upload("add", host, custom)
        history = d.json("certs", "history", host)
        n = self.ca.count("newOrder")
        d.cli("domains", "remove", host, "--confirm", host)
        self.add(host)
        d.wait_status(host, "Not used")
        self.assertEqual(served(d.https, host), custom.der)
        self.assertEqual(d.json("certs", "history", host), history)
        d.cli("certs", "remove", host)
        self.assertEqual(get(d.https, host, "/",
                             self.ca.roots()[0]).status, 200)
        wait_for(lambda: self.info(host)["dns"] == "ok", what="DNS is known")
        self.assertEqual(d.status_of(host), "In use")
        self.assertEqual(self.ca.count("newOrder"), n)

    def test_as_programs_order_it(self):
        hosts = ["a.api.test", "b.api.test"]
        self.add(*hosts, wait=True)
        with Terminal(self.daemon, "console", hosts[0]) as t:
            made = ask(self.daemon, "POST", "/v1/certificates",
                       {"names": hosts, "auto_renew": False})
            self.assertEqual(made[0], 201)
            self.assertEqual(made[1]["names"], hosts)
            path = f"/v1/certificates/{made[1]['number']}"
            wait_for(lambda: ask(self.daemon, "GET", path)[1]["status"]
                     == "In use", what="it is issued")
            t.keys("3")
            t.wait(hosts[0])
            t.keys("]")  # from the diagnosis to ACME
            t.wait(lambda t: hosts[1] in t.row("shared with"))
        status, known = ask(self.daemon, "GET", path)
        self.assertEqual((status, known["certificate"]["names"]),
                         (200, hosts))
        for path in ("/v1/certificates/999", "/v1/certificates/x"):
            status, problem = ask(self.daemon, "GET", path)
            self.assertEqual((status, problem["code"]), (404, "C36"))
        for body in ({}, {"names": []}, {"names": [1]}, {"names": "a"}):
            status, problem = ask(self.daemon, "POST", "/v1/certificates",
                                  body)
            self.assertEqual((status, problem["code"]), (422, "P11"), body)

    def test_what_cannot_be_one_certificate(self):
        d = self.daemon
        self.add("a.bad.test", "b.bad.test", wait=True)
        self.add("c.bad.test", app="other", wait=True)
        self.assertEqual(self.fault("certs", "order", "a.bad.test",
                                    "c.bad.test"), "N30")
        self.assertEqual(self.fault("certs", "order", "a.bad.test",
                                    "nobody.test"), "N15")
        d.cli("domains", "set", "b.bad.test", "automatic=off")
        self.assertEqual(self.fault("certs", "order", "a.bad.test",
                                    "b.bad.test"), "A26")
        many = [f"n{i}.bad.test" for i in range(101)]
        lines = "\n".join(json.dumps({"type": "domain", "host": h,
                                      "app": "shop"}) for h in many)
        # no orders for these: the test is about the number
        for h in many:
            self.ca.zone.set_a(h, "192.0.2.1")
        d.cli("import", d.file("many.jsonl", lines))
        self.assertEqual(self.fault("certs", "order", *many), "C24")


class Wildcards(unittest.TestCase):
    """With a DNS provider: apex and wildcard, and names under a wildcard."""

    @classmethod
    def setUpClass(cls):
        cls.ca = CaDouble()
        cls.app = Backend("shop")
        cls.aws = Route53(cls.ca.zone.set_txt, {"customer.test": "Z1"})
        cls.daemon = Daemon(
            ca=cls.ca, http=cls.ca.http_port,
            platform={"default_app": "shop"}, dns={"provider": "route53"},
            dns_route53={"access_key_id": cls.aws.key_id,
                         "secret_access_key": cls.aws.secret,
                         "endpoint": cls.aws.endpoint})
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.aws.close()
        cls.app.close()
        cls.ca.close()

    def served_names(self, host):
        """The names of the certificate that a visitor of host gets."""
        self.assertEqual(get(self.daemon.https, host, "/",
                             self.ca.roots()[0]).status, 200)
        leaf = x509.load_der_x509_certificate(served(self.daemon.https, host))
        return leaf.extensions.get_extension_for_class(
            x509.SubjectAlternativeName).value.get_values_for_type(
                x509.DNSName)

    def test_apex_and_wildcard_in_one_order(self):
        d, names = self.daemon, ["*.apex.customer.test", "apex.customer.test"]
        for host in names:
            d.cli("domains", "add", host)
        d.cli("certs", "order", *names, "--wait")
        for host in ("apex.customer.test", "any.apex.customer.test"):
            self.assertEqual(sorted(self.served_names(host)), names)
        wait_for(lambda: not self.aws.sets, what="no record is left behind")

    def test_a_name_under_a_wildcard(self):
        """It has one of its own, unless automatic is off for it."""
        d, wild = self.daemon, "*.wild.customer.test"
        own, none = "own.wild.customer.test", "none.wild.customer.test"
        d.cli("domains", "add", wild, "--wait")
        d.cli("domains", "add", none)
        d.cli("domains", "set", none, "automatic=off")
        d.cli("domains", "add", own)
        wait_for(lambda: self.served_names(own) == [own],
                 what="it has its own")
        d.wait_status(none, "In use")
        self.assertEqual(self.served_names(none), [wild])
        self.assertEqual(d.json("domains", "info", none)["serving"],
                         "automatic")
        self.assertEqual(d.json("domains", "info", own)["app"], "shop")


if __name__ == "__main__":
    unittest.main()
