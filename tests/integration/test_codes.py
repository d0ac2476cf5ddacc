"""Every code of the router, provoked by a real misbehaving backend or client:
its status, what the client is shown, and its line in the log."""

import contextlib
import json
import re
import select
import signal
import socket
import threading
import unittest

from towpath import Backend, Daemon, Https, edge, free_port, http, wait_for
from towpath.edge import OK, all_of, head_of, request
from towpath.util import PATIENCE

# code: (status, at=, desc=); the status of H26 depends on its cause
CODES = {
    "H10": (503, "error", "App crashed"),
    "H11": (503, "error", "Backlog too deep"),
    "H12": (503, "error", "Request timeout"),
    "H13": (503, "error", "Connection closed without response"),
    "H14": (503, "error", "No web processes running"),
    "H15": (503, "error", "Idle connection"),
    "H17": (503, "error", "Poorly formatted HTTP response"),
    "H18": (503, "error", "Server Request Interrupted"),
    "H19": (503, "error", "Backend connection timeout"),
    "H20": (503, "error", "App boot timeout"),
    "H21": (503, "error", "Backend connection refused"),
    "H22": (503, "error", "Connection limit reached"),
    "H24": (503, "error", "Forced close"),
    "H25": (502, "error", "HTTP Restriction"),
    "H26": (400, "error", "Request Error"),
    "H27": (499, "warning", "Client Request Interrupted"),
    "H28": (499, "warning", "Client Connection Idle"),
    "H31": (421, "warning", "Misdirected Request"),
    "H80": (503, "info", "Maintenance mode"),
    "H81": (503, "info", "Blank app"),
    "H99": (503, "error", "Platform error"),
    "T10": (404, "error", "No such domain"),
    "T11": (429, "warning", "Client rate limit reached"),
    "T12": (403, "warning", "Address not allowed"),
}

def says(data):
    """A backend that answers these bytes, and is gone."""
    def behave(sock):
        head_of(sock)
        sock.sendall(data)
    return behave


class Holding:
    """A backend that answers when it is told to: with Holding() as b."""

    def __init__(self, first=b""):
        self.first = first
        self.asked = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.backend = Backend(behave=self.behave)
        self.address = self.backend.address

    def behave(self, sock):
        head_of(sock)
        sock.sendall(self.first)
        self.asked.release()
        self.go_on.wait(60)
        with contextlib.suppress(OSError):
            sock.sendall(OK)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.go_on.set()
        self.backend.close()


class Case(edge.Case):
    config = {"router": {"workers": 1, "drain_timeout": "1s"}}

    def host_of(self, *backends, **settings):
        return self.new_app(
            backends, [f"{k}={v}" for k, v in settings.items()], tls=False)

    def line(self, part):
        """The router line with this in it, as a dictionary."""
        def found():
            return next((x for x in reversed(self.daemon.lines())
                         if part in x), None)
        text = wait_for(found, what=f"a router line with {part}")
        fields = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)', text)
        return {k: json.loads(v) if v.startswith('"') else v
                for k, v in fields}

    def logged(self, code, part, status=None):
        """The line says what the table says of the code."""
        line = self.line(part)
        expected = CODES[code]
        self.assertEqual(
            (line.get("code"), int(line["status"]), line["at"],
             line.get("desc")),
            (code, status or expected[0], *expected[1:]))
        return line

    def shown(self, code, host, path="/", status=None, **kw):
        """The client is shown the code; in HTML, and in JSON if it asks."""
        status = status or CODES[code][0]
        headers = {**kw.pop("headers", {}), "Accept": "application/json"}
        answer = http(self.daemon.http, host, path, headers=headers, **kw)
        self.assertEqual(
            (answer.headers.get("x-towpath-error"), answer.status),
            (code, status))
        self.assertEqual(answer.headers["content-type"],
                         "application/problem+json")
        body = answer.json()
        self.assertEqual((body["code"], body["status"], body["request_id"]),
                         (code, status, answer.headers["x-request-id"]))
        self.assertEqual(answer.headers["cache-control"], "no-store")
        return self.logged(code, answer.headers["x-request-id"], status)

    def begin(self, host, path="/", method="GET", *fields, body=b""):
        """A connection with a request on it."""
        s = self.connect(host, tls=False)
        s.settimeout(PATIENCE)
        s.sendall(request(host, path, method, *fields, body=body))
        return s


def rest_of(sock):
    """All that comes until the end, however that comes."""
    return all_of(sock, PATIENCE)[0]


class Backends(Case):
    """What the app does wrong."""

    def test_h10_every_backend_is_down(self):
        host = self.host_of(f"127.0.0.1:{free_port()}")
        # one that refuses is told first, until it is known to be down
        wait_for(lambda: http(self.daemon.http, host)
                 .headers["x-towpath-error"] == "H10")
        self.shown("H10", host)

    def test_h11_the_queue_is_full(self):
        with Holding() as b:
            host = self.host_of(b.address, max_active=1, queue=1,
                                queue_timeout="60s")
            with contextlib.ExitStack() as stack:
                one = stack.enter_context(self.begin(host))
                b.asked.acquire()
                two, three = (stack.enter_context(self.begin(host))
                              for _ in range(2))
                # one of them waits; the other is told that there is no room
                told = select.select([two, three], [], [], 60)[0]
                self.assertEqual(len(told), 1)
                self.assertIn(b"X-Towpath-Error: H11", told[0].recv(4096))
                self.shown("H11", host)
                b.go_on.set()
                waits = two if told[0] is three else three
                self.assertIn(b"200 OK", one.recv(4096))
                self.assertIn(b"200 OK", waits.recv(4096))

    def test_h12_no_first_byte_in_time(self):
        with Holding() as b:
            self.shown("H12", self.host_of(
                b.address, first_byte_timeout="200ms"))

    def test_h13_closed_without_a_response(self):
        with Backend(behave=head_of) as b:
            self.shown("H13", self.host_of(b.address))
        with Backend(behave=says(b"HTTP/1.1 200 OK\r\nContent-")) as b:
            self.shown("H13", self.host_of(b.address))

    def test_h14_the_last_backend_was_removed(self):
        host = self.host_of(self.app.address)
        self.daemon.cli("backends", "remove", host.split(".")[0],
                        self.app.address)
        self.shown("H14", host)

    def test_h15_the_response_stops_coming(self):
        with Holding(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") as b:
            host = self.host_of(b.address, idle_timeout="200ms")
            with self.begin(host, "/h15") as s:
                data = rest_of(s)
        self.assertTrue(data.endswith(b"half"), data)
        line = self.logged("H15", 'path="/h15"')
        self.assertEqual(line["sock"], "backend")

    def test_h17_what_comes_is_no_http(self):
        with Backend(behave=says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")) as b:
            self.shown("H17", self.host_of(b.address))

    def test_h18_the_response_is_cut_short(self):
        short = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"
        with Backend(behave=says(short)) as b:
            with self.begin(self.host_of(b.address), "/h18") as s:
                data = rest_of(s)
        self.assertTrue(data.endswith(b"abc"), data)
        line = self.logged("H18", 'path="/h18"')
        self.assertEqual(line["sock"], "backend")

    def test_h19_nobody_takes_the_connection(self):
        # what has no room in a listener's queue is not answered at all
        with socket.socket() as deaf, contextlib.ExitStack() as stack:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            for _ in range(8):
                s = stack.enter_context(socket.socket())
                s.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    s.connect(deaf.getsockname())
            self.shown("H19", self.host_of(
                "127.0.0.1:%d" % deaf.getsockname()[1],
                connect_timeout="300ms"))

    def test_h20_no_first_backend_in_time(self):
        self.shown("H20", self.host_of(queue=5, queue_timeout="200ms"))

    def test_h21_the_connection_is_refused(self):
        self.shown("H21", self.host_of(f"127.0.0.1:{free_port()}"))

    def test_h22_every_backend_has_all_it_may(self):
        with Holding() as b:
            host = self.host_of(b.address, max_active=1)
            with self.begin(host) as s:
                b.asked.acquire()
                self.shown("H22", host)
                b.go_on.set()
                self.assertIn(b"200 OK", s.recv(4096))

    def test_h25_a_response_that_may_not_be_passed_on(self):
        endless = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 5000
        with Backend(behave=says(endless + OK)) as b:
            host = self.host_of(b.address)
            with self.begin(host, "/h25", "GET",
                            "Connection: close") as s:
                self.assertIn(b"HTTP/1.1 502", rest_of(s))
        self.logged("H25", 'path="/h25"')

    def test_h81_there_never_was_a_backend(self):
        self.shown("H81", self.host_of())


class Clients(Case):
    """What the client does wrong, or may not do."""

    def test_h26_a_request_that_may_not_be_passed_on(self):
        host = self.host_of(self.app.address, max_body=10, max_headers=512)
        for status, cause, kw in (
                (413, "body too large", {"method": "POST", "body": b"x" * 11}),
                (417, "unknown expectation", {"headers": {"Expect": "tea"}}),
                (431, "head too large", {"headers": {"X-A": "a" * 600}})):
            line = self.shown("H26", host, status=status, **kw)
            self.assertEqual(line["cause"], cause)
        with self.begin(host, "/h26", "GET", "Host: other") as s:
            self.assertIn(b"X-Towpath-Error: H26", rest_of(s))
        self.logged("H26", 'cause="bad host"')

    def test_h27_the_client_leaves(self):
        with Holding() as b:
            host = self.host_of(b.address)
            with self.begin(host, "/h27"):
                b.asked.acquire()
            line = self.logged("H27", 'path="/h27"')
        self.assertEqual(line["sock"], "client")

    def test_h28_the_client_stops_sending(self):
        host = self.host_of(self.app.address, idle_timeout="300ms")
        with self.begin(host, "/h28", "POST", "Content-Length: 10",
                        body=b"abc") as s:
            rest_of(s)
        line = self.logged("H28", 'path="/h28"')
        self.assertEqual(line["sock"], "client")

    def test_h31_the_certificate_does_not_cover_the_host(self):
        other = self.host_of(self.app.address)
        with Https(self.daemon.https, self.host) as c:
            answer = c.request("/", host=other)
        self.assertEqual(
            (answer.status, answer.headers["x-towpath-error"]), (421, "H31"))
        self.logged("H31", answer.headers["x-request-id"])

    def test_t10_there_is_no_such_domain(self):
        line = self.shown("T10", "unknown.test.example")
        self.assertNotIn("app", line)

    def test_t11_the_client_asks_too_often(self):
        host = self.host_of(self.app.address, rate="1/h")
        self.assertEqual(http(self.daemon.http, host).status, 200)
        self.shown("T11", host)

    def test_t12_the_clients_address_is_not_let_in(self):
        self.shown("T12", self.host_of(self.app.address, deny="127.0.0.0/8"))

    def test_h80_maintenance(self):
        self.shown("H80", self.host_of(self.app.address, maintenance="on"))

    def test_the_page_is_html_for_who_does_not_ask_for_json(self):
        for accept in (None, "text/html,*/*;q=0.8", "*/*"):
            answer = http(self.daemon.http, "unknown.test.example",
                          headers={"Accept": accept} if accept else {})
            self.assertEqual(answer.headers["content-type"],
                             "text/html; charset=utf-8")
            self.assertIn(answer.headers["x-request-id"].encode(),
                          answer.body)
            self.assertIn(b"T10", answer.body)

    def test_a_head_has_a_page_without_its_body(self):
        answer = http(self.daemon.http, "unknown.test.example", method="HEAD")
        self.assertEqual((answer.status, answer.body), (404, b""))
        self.assertGreater(int(answer.headers["content-length"]), 0)


class Platform(unittest.TestCase):
    """What is our own fault, or our own end."""

    def test_h24_the_drain_is_over(self):
        with Holding() as b, Daemon(router={"drain_timeout": "500ms"}) as d:
            case = Case()
            case.daemon = d
            d.cli("apps", "create", "held", "--backend", b.address)
            d.cli("domains", "add", "held.test.example", "--app", "held")
            with case.begin("held.test.example", "/h24") as s:
                b.asked.acquire()
                d.process.send_signal(signal.SIGTERM)
                self.assertIn(b"X-Towpath-Error: H24", rest_of(s))
            d.process.wait(60)
            case.logged("H24", 'path="/h24"')

    def test_h99_the_store_cannot_be_read(self):
        with Daemon(router={"workers": 1}) as d:
            case = Case()
            case.daemon = d
            d.cli("apps", "create", "shop", "--backend", "127.0.0.1:9")
            d.cli("domains", "add", "h99.test.example", "--app", "shop")
            # no worker has read these tables yet: what it finds is damaged
            for suffix, head in (("", 4096), ("-wal", 32)):
                path = d.store.with_name(d.store.name + suffix)
                size = path.stat().st_size
                if size > head:
                    with open(path, "r+b") as f:
                        f.seek(head)
                        f.write(b"\xff" * (size - head))
            case.shown("H99", "h99.test.example")


class Table(unittest.TestCase):
    def test_every_code_has_its_test(self):
        names = [name for case in (Backends, Clients, Platform)
                 for name in dir(case)]
        for code in CODES:
            self.assertTrue([n for n in names
                             if n.startswith(f"test_{code.lower()}_")], code)


if __name__ == "__main__":
    unittest.main()
