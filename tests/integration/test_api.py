"""The API on the control socket: what programs rely on."""

import json
import socket
import threading
import unittest

from cryptography import x509
from towpath import Backend, Ca, Daemon, Refused, served, wait_for


class PublicKey:
    """A key of which only the public half is known, for Ca.issue."""

    def __init__(self, key):
        self.key = key

    def public_key(self):
        return self.key


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.app = Backend("shop")
        cls.daemon = Daemon()
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(str(self.daemon.socket))
        s.settimeout(20)
        return s

    def ask(self, method, path, body=None, headers=""):
        """(status, headers as text, parsed body)."""
        data = b"" if body is None else (
            body if isinstance(body, bytes) else json.dumps(body).encode())
        with self.connect() as s:
            s.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}"
                      f"Connection: close\r\nContent-Length: {len(data)}"
                      "\r\n\r\n".encode() + data)
            answer = b""
            while piece := s.recv(65536):
                answer += piece
        head, _, text = answer.partition(b"\r\n\r\n")
        return (int(head.split()[1]), head.decode(),
                json.loads(text) if text else None)

    def test_lists_come_in_pages_that_name_the_next(self):
        for i in range(5):
            self.ask("POST", "/v1/domains",
                     {"host": f"p{i}.page.example", "app": "shop"})
        seen, path = [], "/v1/domains?limit=2&app=shop&after=p"
        while path:
            status, head, page = self.ask("GET", path)
            self.assertEqual(status, 200)
            self.assertLessEqual(len(page), 2)
            seen += [d["host"] for d in page]
            link = [h for h in head.split("\r\n") if h.startswith("Link:")]
            path = link[0].split("<")[1].split(">")[0] if link else None
        self.assertEqual([h for h in seen if h.endswith(".page.example")],
                         [f"p{i}.page.example" for i in range(5)])
        self.assertEqual(self.ask("GET", "/v1/domains?limit=0")[2]["code"],
                         "P11")

    def test_a_repeated_post_with_its_key_does_nothing_and_answers_the_same(
            self):
        key = "Idempotency-Key: 7f3a\r\n"
        first = self.ask("POST", "/v1/apps", {"name": "once"}, key)
        again = self.ask("POST", "/v1/apps", {"name": "once"}, key)
        self.assertEqual(first[0], 201)
        self.assertEqual(first[2], again[2])
        self.assertEqual(again[0], 201)
        self.assertEqual(
            self.ask("POST", "/v1/apps", {"name": "once"})[2]["code"], "N17")

    def test_events_are_followed_from_where_one_was(self):
        with self.connect() as s:
            s.sendall(b"GET /v1/events?name=domain.* HTTP/1.1\r\nHost: x\r\n"
                      b"Accept: text/event-stream\r\n\r\n")
            got = s.recv(4096)
            self.assertIn(b"text/event-stream", got)
            hosts = [f"e{i}.event.example" for i in range(3)]
            for host in hosts:
                self.ask("POST", "/v1/domains", {"host": host, "app": "shop"})
            while b"e2.event.example" not in got:
                got += s.recv(65536)
        events = [json.loads(line[6:]) for line in got.decode().split("\n")
                  if line.startswith("data: ")]
        added = [e["host"] for e in events if e["name"] == "domain.add"]
        self.assertEqual(added[:3], hosts)
        numbers = [e["sequence"] for e in events]
        self.assertEqual(numbers, sorted(numbers))
        with self.connect() as s:
            s.sendall(b"GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/"
                      b"event-stream\r\nLast-Event-ID: %d\r\n\r\n"
                      % (numbers[0] - 1))
            got = b""
            while b"\n\n" not in got:
                got += s.recv(65536)
        self.assertIn(b"id: %d\n" % numbers[0], got)

    def test_a_request_made_here_is_answered_by_its_certificate_alone(self):
        host = "csr.api.example"
        self.ask("POST", "/v1/domains", {"host": host, "app": "shop"})
        status, _, answer = self.ask(
            "POST", f"/v1/domains/{host}/csr", {"subject": "CN=" + host})
        self.assertEqual(status, 201)
        csr = x509.load_pem_x509_csr(answer["csr"].encode())
        self.assertTrue(csr.is_signature_valid)
        own = Ca().issue(host, key=PublicKey(csr.public_key()))
        status, _, answer = self.ask(
            "POST", f"/v1/domains/{host}/certificate",
            {"certificate": own.chain_pem.decode()})
        self.assertEqual((status, answer["hosts"]), (201, [host]))
        self.assertEqual(served(self.daemon.https, host), own.der)

    def test_one_upload_serves_every_covered_domain_of_the_app(self):
        hosts = [f"{n}.all.example" for n in ("a", "b")] + ["c.else.example"]
        for host in hosts:
            self.ask("POST", "/v1/domains", {"host": host, "app": "shop"})
        own = Ca().issue("*.all.example", "all.example")
        status, _, answer = self.ask(
            "PUT", f"/v1/domains/{hosts[0]}/certificate",
            {"certificate": own.chain_pem.decode(),
             "private_key": own.key_pem.decode(), "all_covered": True})
        self.assertEqual(status, 201)
        self.assertEqual(sorted(answer["hosts"]), hosts[:2])
        for host in hosts[:2]:
            self.assertEqual(served(self.daemon.https, host), own.der)

    def test_a_refused_upload_with_a_domain_leaves_no_domain(self):
        ca, host = Ca(), "half.api.example"
        own, other = ca.issue(host), ca.issue(host)
        status, _, answer = self.ask("POST", "/v1/domains", {
            "host": host, "app": "shop",
            "certificate": {"certificate": own.chain_pem.decode(),
                            "private_key": other.key_pem.decode()}})
        self.assertEqual((status, answer["code"]), (422, "C12"))
        self.assertEqual(self.ask("GET", f"/v1/domains/{host}")[0], 404)

    def test_platform_names_are_reserved(self):
        for host in ("edge.towpath.test", "x.edge.towpath.test"):
            self.assertEqual(
                self.ask("POST", "/v1/domains",
                         {"host": host, "app": "shop"})[2]["code"], "N13")

    def test_import_takes_what_is_right_and_tells_what_is_not(self):
        ca = Ca()
        own = ca.issue("one.import.example")
        lines = [
            {"type": "app", "name": "bulk", "backends": [self.app.address]},
            {"type": "domain", "host": "one.import.example", "app": "bulk"},
            {"type": "certificate", "host": "one.import.example",
             "certificate": own.chain_pem.decode(),
             "private_key": own.key_pem.decode()},
            {"type": "domain", "host": "ONE.import.example", "app": "bulk"},
            {"type": "domain", "host": "two.import.example", "app": "none"},
            {"type": "domain", "host": "three.import.example",
             "app": "bulk", "certificate": {
                 "certificate": own.chain_pem.decode(),
                 "private_key": own.key_pem.decode()}},
        ]
        body = b"\n".join(json.dumps(o).encode() for o in lines) + b"\n{bad\n"
        dry = self.ask("POST", "/v1/import?dry_run=1", body)[2]
        self.assertEqual(self.ask("GET", "/v1/apps/bulk")[0], 404)
        self.assertEqual(len(dry["lines"]), 7)
        status, _, answer = self.ask("POST", "/v1/import", body)
        self.assertEqual(status, 200)
        codes = [(o["fault"] or {}).get("code") for o in answer["lines"]]
        self.assertEqual(codes,
                         [None, None, None, "N11", "N16", "C15", "P10"])
        self.assertEqual([o["line"] for o in answer["lines"]],
                         list(range(1, 8)))
        self.assertEqual((answer["taken"], answer["refused"]), (3, 4))
        self.assertEqual(served(self.daemon.https, "one.import.example"),
                         own.der)
        # the line that was refused for its certificate left no domain
        self.assertEqual(
            self.ask("GET", "/v1/domains/three.import.example")[0], 404)

    def test_many_at_once_are_all_answered(self):
        failures = []

        def work(n):
            for i in range(20):
                host = f"w{n}-{i}.many.example"
                status = self.ask("POST", "/v1/domains",
                                  {"host": host, "app": "shop"})[0]
                if status != 201:
                    failures.append((host, status))
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(failures, [])
        counts = self.ask("GET", "/v1/status")[2]["domains"]
        total, path = 0, "/v1/domains?limit=1000"
        total = len(self.ask("GET", path)[2])
        self.assertEqual(sum(counts.values()), total)

    def test_a_slow_follower_costs_nobody_else(self):
        with self.connect() as slow:
            slow.sendall(b"GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\n"
                         b"Accept: text/event-stream\r\n\r\n")
            for i in range(50):
                self.ask("PATCH", "/v1/apps/shop",
                         {"settings": {"max_active": i}})
            wait_for(lambda: self.ask("GET", "/v1/status")[0] == 200,
                     what="the API answers")


class Refusals(unittest.TestCase):
    def test_a_certificate_stays_until_something_can_take_over(self):
        with Daemon() as d:
            host, own = "stay.api.example", Ca().issue("stay.api.example")
            d.cli("apps", "create", "shop")
            d.cli("domains", "add", host, "--app", "shop")
            d.upload("add", host, own)
            with self.assertRaises(Refused) as e:
                d.cli("certs", "remove", host)
            self.assertIn("C29", e.exception.stderr)
            d.cli("certs", "remove", host, "--force")
            self.assertEqual(d.status_of(host), "Pending DNS")
            d.cli("certs", "rollback", host)
            self.assertEqual(served(d.https, host), own.der)

    def test_until_the_terms_are_agreed_to_a_person_has_to_act(self):
        with Daemon(acme={"agree_terms": "no"}) as d:
            d.cli("apps", "create", "shop")
            d.cli("domains", "add", "terms.api.example", "--app", "shop")
            info = d.json("domains", "info", "terms.api.example")
            self.assertEqual(info["status"], "Action required")
            self.assertEqual(info["fault"]["code"], "A10")
            self.assertEqual(d.run("status", "--check").returncode, 1)


if __name__ == "__main__":
    unittest.main()
