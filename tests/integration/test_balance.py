"""Where a request goes: weights and turns, who is left alone, what is tried
again, who waits and for how long, who comes back to the same backend, and who
asks too often."""

import concurrent.futures
import contextlib
import re
import socket
import threading
import unittest

from towpath import AppCase, Https, get, wait_for


def garbage(sock):
    sock.recv(65536)
    sock.sendall(b"this is not HTTP\r\n\r\n")


def silent(sock):
    sock.recv(65536)


def identity(i):
    """A request id of our own, and the header that gives it."""
    text = f"balance-test-{i:020d}"
    return text, {"X-Request-Id": text}


class Balancing(AppCase):
    config = {"clock": True}

    def test_turns_go_by_weight(self):
        a, b = self.backend("a"), self.backend("b")
        _, host = self.app(f"{a.address}*3", b.address, balance="roundrobin",
                           slow_start=0)
        names = self.names(host, 40)
        self.assertEqual(names.count("a"), 30)
        self.assertEqual(names.count("b"), 10)

    def test_two_random_choices_see_the_weights(self):
        a, b, c = (self.backend(x) for x in "abc")
        _, host = self.app(f"{a.address}*8", b.address, c.address,
                           slow_start=0)
        names = self.names(host, 200)
        # a is drawn 8 times of 10: below 100 of 200 is one in 10^20
        self.assertGreater(names.count("a"), 100)
        self.assertLess(names.count("a"), 200)

    def test_the_least_busy_gets_the_next(self):
        gate, busy = self.gated()
        idle = self.backend("idle")
        _, host = self.app(busy.address, idle.address, balance="least",
                           slow_start=0)
        held = []
        while not gate.taken:  # by chance, as both are idle
            held.append(self.later(host))
            wait_for(lambda: gate.taken or held[-1].done())
        names = [self.ask(host).json()["name"] for _ in range(30)]
        self.assertEqual(set(names), {"idle"})
        gate.open()
        for h in held:
            self.assertEqual(h.result().status, 200)

    def test_a_new_backend_gets_a_growing_share(self):
        d = self.daemon
        old, new = self.backend("old"), self.backend("new")
        d.set_clock(0)
        name, host = self.app(old.address, balance="roundrobin",
                              slow_start="10m")
        d.set_clock(5000)
        d.cli("backends", "add", name, new.address)
        self.assertIn(self.names(host, 110).count("new"), range(8, 31))
        d.set_clock(5000 + 300)
        self.assertIn(self.names(host, 110).count("new"), range(30, 46))
        d.set_clock(5000 + 700)
        self.assertIn(self.names(host, 110).count("new"), (54, 55, 56))

    def test_a_drained_backend_gets_nothing_until_it_is_resumed(self):
        a, b = self.backend("a"), self.backend("b")
        name, host = self.app(a.address, b.address, balance="roundrobin",
                              slow_start=0)
        self.daemon.cli("backends", "drain", name, a.address)
        self.assertEqual(set(self.names(host, 10)), {"b"})
        self.daemon.cli("backends", "resume", name, a.address)
        self.assertEqual(set(self.names(host, 10)), {"a", "b"})


class Failures(AppCase):
    def nobody(self):
        """An address where nobody listens, nor will."""
        s = self.stack.enter_context(socket.socket())
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % s.getsockname()[1]

    def test_what_was_not_sent_is_sent_elsewhere(self):
        good = self.backend("good")
        _, host = self.app(self.nobody(), good.address, balance="roundrobin",
                           slow_start=0)
        for method in ("POST", "GET", "POST", "GET"):
            answer = self.ask(host, method=method, body=b"x")
            self.assertEqual(answer.status, 200)

    def test_what_got_no_answer_is_asked_elsewhere_if_it_may_be(self):
        good, bad = self.backend("good"), self.backend(behave=silent)
        _, host = self.app(bad.address, good.address, balance="roundrobin",
                           slow_start=0)
        for _ in range(4):
            self.assertEqual(self.ask(host).json()["name"], "good")
        _, host = self.app(bad.address, good.address, balance="roundrobin",
                           slow_start=0)
        answers = [self.ask(host, method="POST", body=b"x")
                   for _ in range(4)]
        codes = [x.headers.get("x-towpath-error") for x in answers]
        self.assertIn("H13", codes)  # never told twice what is done once
        self.assertIn(None, codes)

    def test_bad_answers_in_a_row_are_left_alone(self):
        good, bad = self.backend("good"), self.backend(behave=garbage)
        _, host = self.app(bad.address, good.address, balance="roundrobin",
                           slow_start=0)
        with Https(self.daemon.http, host, plain=True) as c:
            answers = [c.request() for _ in range(60)]
        bad_ones = [x for x in answers if x.status != 200]
        self.assertEqual({x.headers["x-towpath-error"] for x in bad_ones},
                         {"H17"})
        # every other one would be 30; probes of it come seldom
        self.assertGreaterEqual(len(bad_ones), 3)
        self.assertLess(len(bad_ones), 12)

    def test_the_only_backend_is_asked_however_badly_it_answers(self):
        bad = self.backend(behave=garbage)
        _, host = self.app(bad.address)
        for _ in range(12):
            self.refused("H17", host)

    def test_nobody_at_any_address(self):
        _, host = self.app(self.nobody(), self.nobody())
        self.refused("H21", host)
        # both are known to be away by now, as soon as both workers know
        wait_for(lambda: self.ask(host).headers["x-towpath-error"] == "H10")
        wait_for(lambda: any(" code=H10 " in x for x in self.lines_of(host)))

    def test_a_backend_that_comes_back_is_used_again(self):
        address = self.nobody()
        _, host = self.app(address)
        self.assertEqual(self.ask(host).status, 503)
        self.backend("back", at=("127.0.0.1", int(address.split(":")[1])))
        wait_for(lambda: self.ask(host).json()["name"] == "back")

    def test_a_connection_that_is_not_taken_ends_in_time(self):
        with contextlib.ExitStack() as stack:
            deaf = stack.enter_context(socket.socket())
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            for _ in range(4):  # until the kernel takes no more for it
                s = stack.enter_context(socket.socket())
                s.setblocking(False)
                s.connect_ex(deaf.getsockname())
            _, host = self.app(f"127.0.0.1:{deaf.getsockname()[1]}",
                               connect_timeout="200ms")
            self.refused("H19", host)

    def test_no_first_byte_in_time(self):
        _, slow = self.gated()
        _, host = self.app(slow.address, first_byte_timeout="200ms")
        self.refused("H12", host)

    def test_a_response_that_stops(self):
        done = threading.Event()
        self.addCleanup(done.set)

        def stops(sock):
            sock.recv(65536)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
            done.wait(60)
        _, host = self.app(self.backend(behave=stops).address,
                           idle_timeout="200ms")
        with self.assertRaises(Exception):
            self.ask(host)
        wait_for(lambda: any(" code=H15 " in x for x in self.lines_of(host)))


class Waiting(AppCase):
    def test_no_backend_at_all(self):
        name, host = self.app()
        self.refused("H81", host)
        self.daemon.cli("backends", "add", name, "127.0.0.1:1")
        self.daemon.cli("backends", "remove", name, "127.0.0.1:1")
        self.refused("H14", host)

    def test_a_full_backend_refuses_without_a_queue(self):
        gate, b = self.gated()
        _, host = self.app(b.address, max_active=2)
        held = []
        for i in range(2):
            held.append(self.later(host, f"/{i}"))
            wait_for(lambda: gate.taken == i + 1)
        for _ in range(8):  # whichever worker is asked
            self.refused("H22", host)
        gate.open()
        for i, h in enumerate(held):
            self.assertEqual(h.result().body, f"/{i}".encode())
        wait_for(lambda: self.ask(host).status == 200)

    def test_what_is_active_is_told(self):
        gate, b = self.gated()
        name, host = self.app(b.address)
        held = [self.later(host) for _ in range(3)]
        wait_for(lambda: gate.taken == 3)
        told = self.daemon.json("backends", name)[0]
        self.assertEqual(told["active"], 3)
        gate.open()
        for h in held:
            h.result()
        wait_for(lambda: self.daemon.json("backends", name)[0]["active"] == 0)

    def test_who_waits_has_a_turn_and_who_finds_no_place_is_told(self):
        gate, b = self.gated()
        _, host = self.app(b.address, max_active=1, queue=1)
        first = self.later(host, "/first")
        wait_for(lambda: gate.taken == 1)
        request_id, headers = identity(1)
        second = self.later(host, "/second", headers=headers)
        self.wait_queued(request_id)
        for _ in range(4):
            self.refused("H11", host)
        gate.one()
        self.assertEqual(first.result().body, b"/first")
        gate.one()
        self.assertEqual(second.result().body, b"/second")
        line = wait_for(lambda: [x for x in self.lines_of(host)
                                 if request_id in x])[0]
        self.assertRegex(line, r" queue=\d+ms ")
        self.assertNotIn(" queue=0ms ", line)

    def test_waiting_ends_in_time(self):
        gate, b = self.gated()
        _, host = self.app(b.address, max_active=1, queue=9,
                           queue_timeout="200ms")
        first = self.later(host)
        wait_for(lambda: gate.taken == 1)
        _, line = self.refused("H11", host)
        self.assertIn('cause="queue_timeout"', line)
        waited = int(re.search(r" queue=(\d+)ms ", line)[1])
        self.assertGreater(waited, 0)
        gate.open()
        self.assertEqual(first.result().status, 200)

    def test_who_goes_away_leaves_the_queue(self):
        gate, b = self.gated()
        _, host = self.app(b.address, max_active=1, queue=1)
        first = self.later(host)
        wait_for(lambda: gate.taken == 1)
        request_id, _ = identity(2)
        with socket.create_connection(("127.0.0.1", self.daemon.http)) as s:
            s.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n"
                      f"X-Request-Id: {request_id}\r\n\r\n".encode())
            self.wait_queued(request_id)
        wait_for(lambda: any(request_id in x and " code=H27 " in x
                             for x in self.lines_of(host)))
        request_id, headers = identity(3)
        third = self.later(host, headers=headers)
        self.wait_queued(request_id)
        gate.open()
        self.assertEqual(first.result().status, 200)
        self.assertEqual(third.result().status, 200)
        self.assertEqual(gate.taken, 2)

    def test_an_app_without_a_backend_is_waited_for(self):
        name, host = self.app(queue=5, queue_timeout="200ms")
        self.refused("H20", host)
        self.daemon.cli("apps", "set", name, "queue_timeout=60s")
        request_id, headers = identity(4)
        early = self.later(host, headers=headers)
        self.wait_queued(request_id)
        self.daemon.cli("backends", "add", name, self.backend("new").address)
        self.assertEqual(early.result().json()["name"], "new")


class InLine(AppCase):
    config = {"router": {"workers": 1}}

    def test_first_come_first_served(self):
        gate, b = self.gated()
        _, host = self.app(b.address, max_active=1, queue=20)
        first = self.later(host, "/first")
        wait_for(lambda: gate.taken == 1)
        order, waiting = [], []

        def wait(i):
            _, headers = identity(100 + i)
            order.append(self.ask(host, f"/{i}", headers=headers).body)
        for i in range(6):
            waiting.append(self.pool.submit(wait, i))
            self.wait_queued(identity(100 + i)[0])
        for i in range(7):
            wait_for(lambda: gate.taken == i + 1)
            gate.one()
            wait_for(lambda: len(order) == i)
        self.assertEqual(first.result().body, b"/first")
        self.assertEqual(order, [f"/{i}".encode() for i in range(6)])


class Sticky(AppCase):
    def cookie(self, answer):
        """name=value of what is set, and its attributes."""
        pair, *rest = answer.headers["set-cookie"].split("; ")
        return pair, set(rest)

    def test_a_visitor_comes_back_to_the_same_backend(self):
        backends = [self.backend(f"b{i}") for i in range(4)]
        name, host = self.app(*(b.address for b in backends), sticky="on",
                              slow_start=0)
        first = self.ask(host)
        home = first.json()["name"]
        pair, attributes = self.cookie(first)
        self.assertEqual(attributes, {"Max-Age=86400", "Path=/", "HttpOnly",
                                      "SameSite=Lax"})
        for b in backends:
            self.assertNotIn(str(b.port), pair)
        headers = {"Cookie": f"theme=dark; {pair}"}
        for _ in range(12):  # on either worker
            answer = self.ask(host, headers=headers)
            self.assertEqual(answer.json()["name"], home)
            self.assertNotIn("set-cookie", answer.headers)
        self.assertIn("Secure", self.cookie(get(self.daemon.https, host))[1])

        self.daemon.stop()
        self.daemon.start()
        self.assertEqual(self.ask(host, headers=headers).json()["name"], home)

        address = next(b.address for b in backends
                       if b.server.name == home)
        self.daemon.cli("backends", "drain", name, address)
        moved = self.ask(host, headers=headers)
        self.assertNotEqual(moved.json()["name"], home)
        self.assertNotEqual(self.cookie(moved)[0], pair)

    def test_strange_cookies_are_nobodys(self):
        a = self.backend("a")
        _, host = self.app(a.address, sticky="on")
        for value in ("", "x", "0" * 16, "f" * 16, "1" * 4000):
            headers = {"Cookie": f"towpath_sticky={value}"}
            answer = self.ask(host, headers=headers)
            self.assertEqual(answer.status, 200)
            self.assertIn("set-cookie", answer.headers)

    def test_without_the_setting_nothing_is_set(self):
        _, host = self.app(self.backend().address)
        self.assertNotIn("set-cookie", self.ask(host).headers)


class Rates(AppCase):
    config = {"router": {"workers": 2, "trusted_proxies": "127.0.0.1"}}

    def test_a_client_that_asks_too_often_is_told_to_wait(self):
        _, host = self.app(self.backend().address, rate="6/h")
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(lambda _: self.ask(host), range(24)))
        good = [x for x in answers if x.status == 200]
        self.assertEqual(len(good), 6)
        answer, line = self.refused("T11", host)
        self.assertEqual(answer.status, 429)
        # one more in ten minutes
        self.assertIn(int(answer.headers["retry-after"]), range(400, 601))
        self.assertIn("at=warning", line)
        self.assertIn("status=429", line)

    def test_each_client_has_a_rate_of_its_own(self):
        _, host = self.app(self.backend().address, rate="100/h:1")
        _, other = self.app(self.backend().address, rate="1/h")

        def ask(client, h=host):
            return self.ask(h, headers={"X-Forwarded-For": client}).status
        self.assertEqual(ask("192.0.2.1"), 200)
        self.assertEqual(ask("192.0.2.1"), 429)
        self.assertEqual(ask("192.0.2.2"), 200)
        self.assertEqual(ask("192.0.2.1", other), 200)
        self.assertEqual(ask("2001:db8::1"), 200)
        self.assertEqual(ask("2001:db8::2"), 429)
        self.assertEqual(ask("2001:db8:0:1::2"), 200)


if __name__ == "__main__":
    unittest.main()
