"""SIGHUP: another configuration, taken over as a whole or not at all, while
connections go on as if nothing had happened."""

import signal
import socket
import unittest
from http.client import HTTPException

from towpath import Daemon, Https, free_port, http, wait_for
from towpath.traffic import Traffic


def refused(port, address="127.0.0.1"):
    try:
        socket.create_connection((address, port)).close()
    except ConnectionRefusedError:
        return True
    return False


class Reload(unittest.TestCase):
    def setUp(self):
        self.d = Daemon()
        self.addCleanup(self.d.close)
        self.done = 0
        # SIGHUP is for a daemon that is up
        wait_for(lambda: "serving version=" in self.d.log_text())

    def hangup(self, expected):
        seen = self.d.log_text().count(expected)
        self.d.write_config()
        self.d.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.d.log_text().count(expected) > seen,
                 what=expected)

    def reload(self, **sections):
        for section, keys in sections.items():
            self.d.config[section].update(keys)
        self.hangup("reload: done")

    def refuse(self, expected, **sections):
        before = {s: dict(keys) for s, keys in self.d.config.items()}
        for section, keys in sections.items():
            self.d.config[section].update(keys)
        self.hangup(expected)
        self.d.config = before

    # --- addresses -----------------------------------------------------------
    def test_an_address_comes_and_another_goes(self):
        old, new = self.d.http, free_port()
        with Https(old, "any.test", plain=True) as c:
            c.request("/.well-known/towpath/ready")
            self.reload(listen={"http": f"127.0.0.1:{old} 127.0.0.1:{new}"})
            for port in (old, new):
                wait_for(lambda p=port: http(
                    p, "any.test", "/.well-known/towpath/ready").status == 200)
            self.reload(listen={"http": f"127.0.0.1:{new}"})
            wait_for(lambda: refused(old), what="the old one is closed")
            answer = c.request("/.well-known/towpath/ready")
            self.assertEqual(answer.status, 200, "who was in stays in")
        self.assertEqual(
            http(new, "any.test", "/.well-known/towpath/ready").status, 200)

    def test_an_address_changes_between_http_and_https(self):
        d = self.d
        self.reload(listen={"http": f"127.0.0.1:{d.https}",
                            "https": f"127.0.0.1:{d.http}"})

        def is_plain():
            try:
                return http(d.https, "any.test",
                            "/.well-known/towpath/ready").status == 200
            except HTTPException:
                return False  # a worker that has not heard of it yet
        wait_for(is_plain)

    def test_all_addresses_become_one_and_the_reverse(self):
        port = self.d.http
        self.reload(listen={"http": f"0.0.0.0:{port}"})
        wait_for(lambda: not refused(port, "127.0.0.2"))
        self.reload(listen={"http": f"127.0.0.1:{port}"})
        wait_for(lambda: refused(port, "127.0.0.2"))
        self.assertEqual(
            http(port, "any.test", "/.well-known/towpath/ready").status, 200)

    def test_a_port_that_is_taken_changes_nothing(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            port = s.getsockname()[1]
            self.refuse(f"nothing changed: 127.0.0.1:{port}",
                        listen={"http": f"127.0.0.1:{port}"},
                        router={"log_level": "info"})
        self.assertTrue(self.d.serves())
        self.assertIn("another program listens there", self.d.log_text())
        self.assertNotIn("log_level changed", self.d.log_text())

    # --- what else there is --------------------------------------------------
    def test_what_cannot_change_is_named_and_nothing_is_done(self):
        before = self.d.children()
        self.refuse("router.workers cannot change",
                    router={"workers": 3, "log_level": "info"})
        self.refuse("store.keep_events cannot change",
                    store={"keep_events": "1d"})
        self.refuse("control.socket cannot change",
                    control={"socket": self.d.dir / "other.sock"})
        self.assertNotIn("changed\n", self.d.log_text())
        self.assertEqual(self.d.children(), before)

    def test_a_wrong_line_is_named(self):
        self.d.config["router"]["colour"] = "red"
        self.hangup("nothing changed: " + str(self.d.conf) + ":")

    def test_an_unchanged_file_disturbs_nobody(self):
        before = self.d.children()
        self.reload()
        self.assertEqual(self.d.children(), before)

    def test_defaults_and_names_of_apps_hold_at_once(self):
        d = self.d
        with Traffic(d):
            name = "traffic.apps.example"
            self.assertEqual(http(d.http, name).status, 404)
            self.reload(platform={"apps_domain": "apps.example"})
            wait_for(lambda: http(d.http, name).status != 404)
            d.config["defaults"] = {"maintenance": "on"}
            self.reload()
            wait_for(lambda: http(d.http, name).headers.get(
                "x-towpath-error") == "H80", what="maintenance by default")

    def test_trusted_proxies_hold_for_connections_from_now_on(self):
        d = self.d
        said = {"X-Forwarded-For": "192.0.2.7"}

        def real_ip(c):
            fields = dict(c.request("/", headers=said).json()["headers"])
            return fields["X-Real-IP"]
        with Traffic(d) as t, Https(d.https, t.host) as before:
            self.assertEqual(real_ip(before), "127.0.0.1")
            self.reload(router={"trusted_proxies": "127.0.0.0/8"})

            def is_believed():
                with Https(d.https, t.host) as c:
                    return real_ip(c) == "192.0.2.7"
            wait_for(is_believed)
            self.assertEqual(real_ip(before), "127.0.0.1")

    def test_the_access_log_moves(self):
        d = self.d
        new = d.dir / "other.log"
        self.reload(router={"access_log": new})

        def is_there():
            http(d.http, "moved.any.test")
            return "moved.any.test" in new.read_text()
        wait_for(is_there)
        self.reload(router={"access_log": "off"})
        self.reload(router={"access_log": d.access_log})

        def is_back():
            http(d.http, "back.any.test")
            return any("back.any.test" in line for line in d.lines())
        wait_for(is_back)

    def test_control_takes_over_what_is_its(self):
        d = self.d
        before = d.children()
        self.assertTrue(d.json("acme")["terms_agreed"])
        self.reload(acme={"agree_terms": "no"})
        for i in range(10):  # callers wait for the next one
            d.cli("apps", "create", f"app{i}")
        self.assertFalse(d.json("acme")["terms_agreed"])
        after = d.children()
        self.assertNotEqual(before.pop("control"), after.pop("control"))
        self.assertEqual(before, after)

    def test_clients_notice_nothing(self):
        d, other = self.d, free_port()
        with Traffic(d, h1=3, h2=3, websockets=3) as t:
            for i in range(6):
                even = i % 2 == 0
                self.reload(
                    listen={"http": f"127.0.0.1:{other if even else d.http}"},
                    router={"trusted_proxies": "10.0.0.0/8" if even else "",
                            "max_connections": 5000 if even else "auto"},
                    acme={"email": "a@example.com" if even else ""})
                t.wait_for_more(3)
            t.check()


if __name__ == "__main__":
    unittest.main()
