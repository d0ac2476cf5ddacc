"""The control process among hostile and unlucky clients, dead resolvers and a
clock that jumps."""

import contextlib
import datetime
import json
import os
import pathlib
import signal
import socket
import sqlite3
import threading
import time
import unittest

from towpath import Ca, Daemon, Pebble, free_port, served, wait_for
from towpath.util import IS_ASAN

YEAR = 365 * 86400


def connect(daemon):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect(str(daemon.socket))
    return s


def request(method, path, body=None, headers=""):
    data = b"" if body is None else (
        body if isinstance(body, bytes) else json.dumps(body).encode())
    return (f"{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}"
            f"Content-Length: {len(data)}\r\n\r\n").encode() + data


def ask(daemon, method, path, body=None, headers=""):
    """(status, parsed body)."""
    with connect(daemon) as s:
        s.sendall(request(method, path, body,
                          headers + "Connection: close\r\n"))
        answer = b""
        while piece := s.recv(65536):
            answer += piece
    head, _, text = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(text) if text else None


def add(daemon, host, app="shop", **members):
    return ask(daemon, "POST", "/v1/domains",
               {"host": host, "app": app, **members})


def look(daemon, sql, *values):
    """The first column of the first row of a query of the store."""
    with contextlib.closing(sqlite3.connect(
            f"file:{daemon.store}?mode=ro", uri=True)) as db:
        return db.execute(sql, values).fetchone()[0]


class Process:
    """What the control process uses."""

    def __init__(self, daemon):
        self.proc = pathlib.Path(f"/proc/{daemon.children()['control']}")

    def descriptors(self):
        return len(os.listdir(self.proc / "fd"))

    def memory(self):
        for line in (self.proc / "status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise LookupError("VmRSS")

    def cpu(self):
        stat = (self.proc / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.daemon.cli("apps", "create", "shop", "--backend", "127.0.0.1:1")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()

    def ask(self, method, path, body=None):
        return ask(self.daemon, method, path, body)

    def assertRefused(self, code, method, path, body=None):
        status, answer = self.ask(method, path, body)
        self.assertGreaterEqual(status, 400, (method, path))
        self.assertEqual(answer["code"], code, (method, path))


class Input(Case):
    def test_what_is_no_object_is_refused(self):
        for body in (b"[]", b"null", b'"x"', b"5"):
            self.assertRefused("P11", "POST", "/v1/domains", body)
            self.assertRefused("P11", "POST", "/v1/apps", body)
        self.assertRefused("P10", "POST", "/v1/domains", b'{"a":1}{')
        self.assertRefused("P10", "POST", "/v1/apps", b"[" * 100000)

    def test_a_certificate_of_a_wrong_type_is_not_left_out(self):
        for wrong in ("PEM", [], 5, True):
            self.assertEqual(add(self.daemon, "type.in.example",
                                 certificate=wrong)[1]["code"], "P11")
            self.assertEqual(
                self.ask("GET", "/v1/domains/type.in.example")[0], 404)
        line = {"host": "type.in.example", "app": "shop", "type": "domain",
                "certificate": "PEM"}
        answer = self.ask("POST", "/v1/import", json.dumps(line).encode())[1]
        self.assertEqual(answer["lines"][0]["fault"]["code"], "P11")

    def test_backends_that_are_not_given_are_not_taken_away(self):
        path = "/v1/apps/shop/backends"
        before = self.ask("GET", path)[1]
        for body in ({}, {"backends": None}, {"backend": []}):
            self.assertRefused("P11", "PUT", path, body)
        self.assertRefused("P11", "POST", path, {})
        self.assertEqual(self.ask("GET", path)[1], before)
        line = {"type": "app", "name": "inlet", "backends": "127.0.0.1:1"}
        answer = self.ask("POST", "/v1/import", json.dumps(line).encode())[1]
        self.assertEqual(answer["lines"][0]["fault"]["code"], "P11")
        self.assertEqual(self.ask("GET", "/v1/apps/inlet")[0], 404)

    def test_a_subject_as_long_as_a_book_costs_nobody_the_keys(self):
        add(self.daemon, "csr.in.example")
        path = "/v1/domains/csr.in.example/csr"
        self.assertRefused("P11", "POST", path, {"subject": "CN=" * 50000})
        self.assertEqual(self.ask("POST", path, {})[0], 201)

    def test_hosts_in_paths_may_be_written_in_each_way(self):
        self.assertEqual(add(self.daemon, "bücher.in.example")[0], 201)
        for name in ("b%C3%BCcher.in.example", "xn--bcher-kva.in.example",
                     "XN--BCHER-KVA.in.example.", "B%c3%bccher.in.example"):
            status, answer = self.ask("GET", "/v1/domains/" + name)
            self.assertEqual((status, answer and answer["host"]),
                             (200, "xn--bcher-kva.in.example"), name)
        for name in ("%00", "%zz", "a%2Fb", "%2e%2e", "a" * 5000):
            self.assertEqual(self.ask("GET", "/v1/domains/" + name)[0], 422)

    def test_a_dry_run_does_not_answer_for_what_is_done_then(self):
        host, own = "key.in.example", Ca().issue("key.in.example")
        add(self.daemon, host)
        path = f"/v1/domains/{host}/certificate"
        upload = {"certificate": own.chain_pem.decode(),
                  "private_key": own.key_pem.decode()}
        for query, status in (("?dry_run=1", 200), ("", 201), ("", 201)):
            self.assertEqual(
                ask(self.daemon, "POST", path + query, upload,
                    "Idempotency-Key: same\r\n")[0], status)

    def test_an_app_with_domains_stays(self):
        add(self.daemon, "stays.in.example")
        self.assertRefused("N25", "DELETE", "/v1/apps/shop")
        self.assertEqual(self.ask("GET", "/v1/apps/shop")[0], 200)

    def test_a_moved_domain_has_tickets_of_its_own(self):
        self.ask("POST", "/v1/apps", {"name": "other"})
        add(self.daemon, "moves.in.example")
        before = self.generation("moves.in.example")
        self.ask("PATCH", "/v1/domains/moves.in.example", {"app": "other"})
        moved = self.generation("moves.in.example")
        self.assertGreater(moved, before)
        self.ask("PATCH", "/v1/apps/other", {"settings": {"min_tls": "1.3"}})
        self.assertGreater(self.generation("moves.in.example"), moved)

    def generation(self, host):
        return look(self.daemon, "SELECT generation FROM domain WHERE"
                    " host = ?", host)

    def test_two_at_once_on_one_domain_give_one_domain(self):
        answers = []

        def work():
            answers.append(add(self.daemon, "both.in.example")[0])
        threads = [threading.Thread(target=work) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(sorted(answers), [201] + [409] * 7)


class Load(Case):
    def test_half_open_clients_block_nobody(self):
        idle = [connect(self.daemon) for _ in range(200)]
        try:
            for i, s in enumerate(idle):
                s.sendall(request("POST", "/v1/domains", b"x" * 999)[:-1 - i])
            begun = time.monotonic()
            for _ in range(20):
                self.assertEqual(self.ask("GET", "/v1/status")[0], 200)
            self.assertLess(time.monotonic() - begun, 20 if IS_ASAN else 5)
        finally:
            for s in idle:
                s.close()

    def test_who_never_reads_costs_bounded_memory(self):
        for i in range(300):
            add(self.daemon, f"m{i}.load.example")
        process = Process(self.daemon)
        before = process.memory()
        deaf = [connect(self.daemon) for _ in range(20)]
        try:
            for s in deaf[:10]:
                s.sendall(request("GET", "/v1/domains?limit=1000") * 100)
            for s in deaf[10:]:
                s.sendall(request("GET", "/v1/events?after=0",
                                  headers="Accept: text/event-stream\r\n"))
            for i in range(100):
                self.assertEqual(
                    self.ask("PATCH", "/v1/apps/shop", {"settings": {
                        "max_active": i}})[0], 200)
            self.assertLess(process.memory() - before,
                            (200 if IS_ASAN else 40) << 20)
        finally:
            for s in deaf:
                s.close()

    def test_a_client_that_leaves_before_its_answer_costs_nothing(self):
        host, own = "left.load.example", Ca().issue("left.load.example")
        add(self.daemon, host)
        process = Process(self.daemon)
        before = process.descriptors()
        upload = {"certificate": own.chain_pem.decode(), "complete": True,
                  "private_key": own.key_pem.decode()}
        for i in range(20):
            with connect(self.daemon) as s:
                s.sendall(request("POST", f"/v1/domains/l{i}.example/check"))
            with connect(self.daemon) as s:
                s.sendall(request(
                    "PUT", f"/v1/domains/{host}/certificate", upload))
        wait_for(lambda: served(self.daemon.https, host) == own.der,
                 what="the upload is done all the same")
        wait_for(lambda: process.descriptors() <= before,
                 what="descriptors are given back")

    def test_thousands_of_calls_leave_nothing_behind(self):
        def calls(n):
            with connect(self.daemon) as s:
                for i in range(n):
                    body = {"settings": {"max_active": i % 100}}
                    for r in (request("PATCH", "/v1/apps/shop", body),
                              request("GET", "/v1/domains?limit=5"),
                              request("POST", "/v1/domains", {"host": "!"}),
                              request("GET", "/v1/status")):
                        s.sendall(r)
                        self.read_one(s)
        process = Process(self.daemon)
        calls(250)
        memory, descriptors = process.memory(), process.descriptors()
        calls(1000)
        wait_for(lambda: process.descriptors() <= descriptors)
        if not IS_ASAN:  # its quarantine grows
            self.assertLess(process.memory() - memory, 4 << 20)

    def read_one(self, s):
        got = b""
        while b"\r\n\r\n" not in got:
            got += s.recv(65536)
        head, _, body = got.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split()[0])
        while len(body) < length:
            body += s.recv(65536)


class Resolvers(unittest.TestCase):
    def test_dns_that_never_answers_leaves_control_at_ease(self):
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        with silent, Daemon(dns={"resolvers": f"127.0.0.1:{port}"}) as d:
            d.cli("apps", "create", "shop")
            lines = "\n".join(json.dumps(
                {"type": "domain", "host": f"h{i}.dead.example",
                 "app": "shop"}) for i in range(2000))
            answer = ask(d, "POST", "/v1/import", lines.encode())[1]
            self.assertEqual(answer["taken"], 2000)
            process = Process(d)
            cpu, begun = process.cpu(), time.monotonic()
            slowest = 0
            while time.monotonic() - begun < 6:
                at = time.monotonic()
                self.assertEqual(ask(d, "GET", "/v1/status")[0], 200)
                slowest = max(slowest, time.monotonic() - at)
                time.sleep(0.1)
            self.assertLess(slowest, 5 if IS_ASAN else 1)
            if not IS_ASAN:
                self.assertLess(process.cpu() - cpu, 3)
            self.assertLess(process.descriptors(), 200)


    def test_names_that_wait_for_dead_dns_hold_up_no_other_work(self):
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        host = "ends.dead.example"
        soon = datetime.datetime.utcnow() + datetime.timedelta(hours=1)
        with silent, Daemon(clock=True, dns={
                "resolvers": f"127.0.0.1:{port}"}) as d:
            d.cli("apps", "create", "shop")
            lines = "\n".join(json.dumps(
                {"type": "domain", "host": f"h{i}.dead.example",
                 "app": "shop"}) for i in range(4000))
            ask(d, "POST", "/v1/import", lines.encode())
            time.sleep(1)  # until no more looks can begin
            add(d, host)
            d.upload("add", host, Ca().issue(host, not_after=soon))
            d.set_clock(3700)
            d.wait_status(host, "Pending DNS")


class End(unittest.TestCase):
    def test_what_is_under_way_ends_with_the_daemon(self):
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        lines = "\n".join(json.dumps(
            {"type": "domain", "host": f"h{i}.end.example", "app": "shop"})
            for i in range(9000))
        # closing looks for what a sanitizer says of it
        with silent, Daemon(dns={"resolvers": f"127.0.0.1:{port}"}) as d:
            d.cli("apps", "create", "shop")
            with connect(d) as check, connect(d) as bulk, connect(d) as left:
                check.sendall(request(
                    "POST", "/v1/domains/slow.end.example/check"))
                bulk.sendall(request("POST", "/v1/import", lines.encode()))
                left.sendall(request(
                    "POST", "/v1/domains/left.end.example/check"))
                left.close()
                time.sleep(0.1)
                begun = time.monotonic()
                self.assertEqual(d.stop(), 0)
                self.assertLess(time.monotonic() - begun, 10)


class Orders(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.ca = Pebble(port)
        cls.daemon = Daemon(ca=cls.ca, http=port, clock=True,
                            acme={"max_orders": 2})
        cls.daemon.cli("apps", "create", "shop")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.ca.close()

    def tearDown(self):
        self.daemon.set_clock(0)

    def orders(self, host):
        return look(self.daemon, "SELECT count(*) FROM attempt WHERE"
                    " kind = 'order' AND host = ?", host)

    def test_never_more_are_in_flight_than_allowed(self):
        hosts = [f"f{i}.flight.example" for i in range(12)]
        for host in hosts:
            add(self.daemon, host)
        most = 0
        while any(self.daemon.status_of(h) != "In use" for h in hosts):
            most = max(most, look(
                self.daemon, "SELECT count(*) FROM acme_order WHERE"
                " url IS NOT NULL AND ended_at IS NULL"))
        self.assertIn(most, (1, 2))

    def test_a_kill_between_the_steps_is_no_second_order(self):
        for i in range(5):
            host = f"k{i}.killed.example"
            add(self.daemon, host)
            time.sleep(0.05 + 0.04 * i)
            os.kill(self.daemon.children()["control"], signal.SIGKILL)
            wait_for(lambda: self.daemon.run("apps").returncode == 0)
            self.daemon.wait_status(host, "In use", timeout=150)
            self.assertLessEqual(self.orders(host), 1, host)

    def test_a_domain_removed_during_its_order_comes_back_whole(self):
        host = "gone.order.example"
        for _ in range(5):
            self.assertEqual(add(self.daemon, host)[0], 201)
            time.sleep(0.03)
            self.assertEqual(
                ask(self.daemon, "DELETE", f"/v1/domains/{host}")[0], 204)
        self.assertEqual(add(self.daemon, host)[0], 201)
        self.daemon.wait_status(host, "In use")

    def test_a_name_that_is_lost_tells_when_it_is_looked_at_again(self):
        host = "lost.order.example"
        add(self.daemon, host)
        self.daemon.wait_status(host, "In use")
        self.ca.set_a(host, "192.0.2.1")
        ask(self.daemon, "POST", f"/v1/domains/{host}/check")
        info = self.info(host)
        self.assertEqual((info["status"], info["dns"]), ("In use", "lost"))
        self.assertIsNotNone(info["next_attempt_at"])

    def test_what_a_ca_that_is_away_left_undone_is_done_when_it_is_back(self):
        host = "away.order.example"
        self.ca.stop()
        try:
            self.daemon.stop()
            self.daemon.start()
            add(self.daemon, host)  # DNS is away too
            self.assertEqual(self.daemon.status_of(host), "Pending DNS")
        finally:
            self.ca.start()
        self.daemon.wait_status(host, "In use", timeout=90)

    def test_a_clock_that_is_set_back_by_years_delays_nothing(self):
        host = "back.clock.example"
        self.ca.set_a(host, "192.0.2.1")
        self.daemon.set_clock(YEAR)
        time.sleep(1.5)
        add(self.daemon, host)
        self.daemon.wait_status(host, "Pending DNS")
        wait_for(lambda: self.info(host)["fault"])
        self.daemon.set_clock(0)
        self.ca.set_a(host, "127.0.0.1")
        self.daemon.wait_status(host, "In use")

    def test_a_clock_that_is_set_on_by_years_is_survived(self):
        host = "on.clock.example"
        add(self.daemon, host)
        self.daemon.wait_status(host, "In use")
        self.daemon.set_clock(20 * YEAR)
        wait_for(lambda: self.info(host)["status"] != "In use")
        self.assertEqual(self.info(host)["serving"], "automatic")
        self.daemon.set_clock(0)
        self.daemon.wait_status(host, "In use")

    def info(self, host):
        return ask(self.daemon, "GET", f"/v1/domains/{host}")[1]


if __name__ == "__main__":
    unittest.main()
