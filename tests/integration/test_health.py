"""Active health checks: backends that answer badly at health_path get no
requests, those that answer well again do; told by events, API and CLI."""

import os
import socket
import socketserver
import threading
import unittest

from towpath import AppCase, wait_for


class Patient:
    """Behaviour of a backend whose health a test decides: /health answers
    .status, or not at all when that is None; others answer 200."""

    def __init__(self):
        self.status = 200
        self.hosts = []
        self.requests = 0

    def __call__(self, sock):
        stream = sock.makefile("rb")
        while line := stream.readline():
            path = line.split()[1]
            while (field := stream.readline()) not in (b"\r\n", b""):
                if field.lower().startswith(b"host:") and path == b"/health":
                    self.hosts.append(field.split()[1].decode())
            if path != b"/health":
                self.requests += 1
            elif self.status is None:
                return
            status = self.status if path == b"/health" else 200
            sock.sendall(b"HTTP/1.1 %d Told\r\nContent-Length: 2\r\n\r\nok"
                         % status)


CHECKS = {"health_path": "/health", "health_interval": "100ms",
          "slow_start": 0}


class Health(AppCase):
    def patient(self):
        behave = Patient()
        return behave, self.backend(behave=behave)

    def states(self, name):
        return [b["state"] for b in self.daemon.json("backends", name)]

    def wait_states(self, name, *states):
        wait_for(lambda: self.states(name) == list(states),
                 what=f"{name}: {states}")

    def events(self, name, what):
        return [e for e in self.daemon.json("events", "--app", name)
                if e["name"] == what]

    def test_a_sick_backend_gets_nothing_until_it_is_well(self):
        sick, a = self.patient()
        well, b = self.patient()
        name, host = self.app(a.address, b.address, balance="roundrobin",
                              health_threshold=2, **CHECKS)
        sick.status = 500
        self.wait_states(name, "down", "up")
        told = self.daemon.json("backends", name)[0]
        self.assertEqual(told["fault"]["code"], "N29")
        self.assertIn("500", told["fault"]["text"])
        self.assertIn("\tdown\t", self.daemon.cli("backends", name))
        sick.requests = 0
        for _ in range(10):
            self.assertEqual(self.ask(host).status, 200)
        self.assertEqual(sick.requests, 0)
        self.assertGreaterEqual(well.requests, 10)

        sick.status = 204
        self.wait_states(name, "up", "up")
        self.assertIsNone(self.daemon.json("backends", name)[0]["fault"])
        wait_for(lambda: self.ask(host).status == 200 and sick.requests)
        self.assertEqual(len(self.events(name, "backend.down")), 1)
        self.assertEqual(len(self.events(name, "backend.up")), 1)
        event = self.events(name, "backend.down")[0]
        self.assertEqual(event["backend"]["address"], a.address)
        self.assertEqual(event["backend"]["state"], "down")
        self.assertEqual(event["fault"]["code"], "N29")
        self.assertEqual(event["by"], "towpath")

    def test_all_down_is_told_at_once(self):
        sick, b = self.patient()
        name, host = self.app(b.address, health_threshold=1, **CHECKS)
        self.assertEqual(self.ask(host).status, 200)
        sick.status = None
        self.wait_states(name, "down")
        self.refused("H10", host)
        # no more checks, so nobody is down
        self.daemon.cli("apps", "set", name, "health_path=")
        self.assertEqual(self.states(name), ["up"])
        self.assertEqual(self.ask(host).status, 200)

    def test_nobody_listens_then_somebody_does(self):
        with socket.socket() as nobody:
            nobody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            nobody.bind(("127.0.0.1", 0))
            at = nobody.getsockname()
            name, host = self.app(f"127.0.0.1:{at[1]}", health_threshold=1,
                                  **CHECKS)
            self.wait_states(name, "down")
            self.refused("H10", host)
            self.backend("new", at=at)
        self.wait_states(name, "up")
        wait_for(lambda: self.ask(host).status == 200)

    def test_a_few_bad_answers_are_borne(self):
        sick, b = self.patient()
        name, _ = self.app(b.address, health_threshold=100, **CHECKS)
        sick.status = 503
        wait_for(lambda: len(sick.hosts) > 5)
        self.assertEqual(self.states(name), ["up"])
        self.assertEqual(set(sick.hosts), {f"{name}.apps.example"})

    def test_what_is_down_stays_so_over_a_restart(self):
        sick, b = self.patient()
        name, host = self.app(b.address, health_threshold=1, **CHECKS)
        sick.status = 500
        self.wait_states(name, "down")
        self.daemon.stop()
        self.daemon.start()
        self.refused("H10", host)
        self.assertEqual(len(self.events(name, "backend.down")), 1)

    def test_workers_go_on_without_control(self):
        _, b = self.patient()
        name, host = self.app(b.address, health_threshold=1, **CHECKS)
        self.assertEqual(self.ask(host).status, 200)
        os.kill(self.daemon.children()["control"], 9)
        for _ in range(10):
            self.assertEqual(self.ask(host).status, 200)
        wait_for(lambda: self.daemon.run("backends", name).returncode == 0)
        self.wait_states(name, "up")

    def test_removed_backends_are_not_asked(self):
        sick, a = self.patient()
        _, b = self.patient()
        name, _ = self.app(a.address, b.address, health_threshold=1, **CHECKS)
        wait_for(lambda: sick.hosts)
        self.daemon.cli("backends", "remove", name, a.address)
        # one may be under way
        seen = len(sick.hosts) + 1
        self.daemon.cli("apps", "set", name, "health_interval=200ms")
        self.wait_states(name, "up")
        self.assertLessEqual(len(sick.hosts), seen)

    def test_a_unix_socket_is_asked_too(self):
        path = self.daemon.dir / "app.sock"
        sick = Patient()

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                sick(self.request)

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True
        with Server(str(path), Handler) as server:
            path.chmod(0o777)
            threading.Thread(target=server.serve_forever,
                             kwargs={"poll_interval": 0.05},
                             daemon=True).start()
            name, host = self.app(f"unix:{path}", health_threshold=1, **CHECKS)
            wait_for(lambda: sick.hosts)
            self.assertEqual(self.ask(host).status, 200)
            sick.status = 500
            self.wait_states(name, "down")
            server.shutdown()


if __name__ == "__main__":
    unittest.main()
