"""What an app's settings make of requests: redirects, who may come, limits,
header rules, pages of its own, origins of its domains."""

import json
import socket
import struct
import unittest

from towpath import (Backend, Ca, Daemon, Dns, Https, edge, get, http,
                     wait_for)
from towpath.daemon import Refused
from towpath.tls_backend import TlsBackend


class Case(edge.Case):
    def set(self, host, *settings):
        self.daemon.cli("apps", "set", host.split(".")[0], *settings)

    def host_of(self, *settings, tls=False, backends=None):
        """A host of a new app with these settings."""
        return self.new_app(backends or [self.app.address], settings, tls)

    def settings(self, host):
        return self.daemon.json("apps", "info",
                                host.split(".")[0])["settings"]

    def refused(self, code, *args):
        with self.assertRaises(Refused) as caught:
            self.daemon.cli(*args)
        self.assertIn(code, caught.exception.stderr)
        self.assertEqual(len(caught.exception.stderr.strip().splitlines()), 1)
        return caught.exception.stderr

    def get(self, host, path="/", **kw):
        return http(self.daemon.http, host, path, **kw)

    def seen(self, answer):
        """What the backend got, by lower-case name: a list of values."""
        got = {}
        for name, value in answer.json()["headers"]:
            got.setdefault(name.lower(), []).append(value)
        return got


class Redirects(Case):
    def test_force_https_keeps_the_method_of_what_is_no_get(self):
        host = self.host_of("force_https=on")
        for method, status in (("GET", 301), ("HEAD", 301), ("POST", 308),
                               ("DELETE", 308), ("OPTIONS", 308)):
            answer = self.get(host, "/a%20b?c=d", method=method)
            self.assertEqual(
                (answer.status, answer.headers["location"]),
                (status, f"https://{host}/a%20b?c=d"), method)

    def test_hsts_is_said_over_https_only_and_on_our_own_answers_too(self):
        host = self.host_of("hsts=365d", tls=True)
        name, value = "strict-transport-security", "max-age=31536000"
        d = self.daemon
        self.assertEqual(get(d.https, host).headers[name], value)
        self.assertNotIn(name, self.get(host).headers)
        self.set(host, "maintenance=on")
        answer = get(d.https, host)
        self.assertEqual((answer.status, answer.headers[name]), (503, value))
        self.set(host, "maintenance=", "hsts=")
        self.assertNotIn(name, get(d.https, host).headers)

    def test_an_hsts_of_the_apps_own_making_wins(self):
        host = self.host_of(
            "hsts=365d", "response_headers=Strict-Transport-Security: "
            "max-age=60; includeSubDomains", tls=True)
        with Https(self.daemon.https, host) as c:
            answer = c.request("/")
        self.assertEqual(answer.headers["strict-transport-security"],
                         "max-age=60; includeSubDomains")

    def test_a_canonical_host_is_reached_in_one_step(self):
        host = self.host_of("force_https=on")
        name = host.split(".")[0]
        d = self.daemon
        d.cli("domains", "add", f"www.{host}", "--app", name)
        self.set(host, f"canonical_host=www.{host}")
        answer = self.get(host, "/x?y", method="POST")
        self.assertEqual((answer.status, answer.headers["location"]),
                         (308, f"https://www.{host}/x?y"))
        self.set(host, "force_https=")
        self.assertEqual(self.get(host, "/x?y").headers["location"],
                         f"http://www.{host}/x?y")
        self.assertEqual(self.get(f"www.{host}").status, 200)

    def test_reserved_paths_come_before_every_rule(self):
        host = self.host_of("force_https=on", "maintenance=on",
                            "canonical_host=www.elsewhere.example",
                            "deny=0.0.0.0/0")
        answer = self.get(host, "/.well-known/towpath/ready")
        self.assertEqual((answer.status, answer.body), (200, b"ready\n"))
        self.assertEqual(self.get(host, "/.well-known/towpath/x").status, 404)


class Addresses(Case):
    config = {"router": {"trusted_proxies": "127.0.0.0/8"}}

    def from_(self, host, address):
        return self.get(host, headers={"X-Forwarded-For": address})

    def test_deny_keeps_out_and_says_t12(self):
        host = self.host_of("deny=192.0.2.0/24, 2001:db8::/32")
        for address, status in (("192.0.2.77", 403), ("192.0.3.1", 200),
                                ("2001:db8::1", 403), ("2001:db9::1", 200)):
            self.assertEqual(self.from_(host, address).status, status,
                             address)
        answer = self.from_(host, "192.0.2.77")
        self.assertEqual(answer.headers["x-towpath-error"], "T12")
        wait_for(lambda: any("code=T12" in x and "at=warning" in x
                             for x in self.daemon.lines()))

    def test_allow_lets_in_only_what_it_names(self):
        host = self.host_of("allow=192.0.2.0/24", "deny=192.0.2.66")
        for address, status in (("192.0.2.1", 200), ("192.0.2.66", 403),
                                ("198.51.100.1", 403), ("unknown", 403)):
            self.assertEqual(self.from_(host, address).status, status,
                             address)
        self.set(host, "allow=", "deny=")
        self.assertEqual(self.from_(host, "198.51.100.1").status, 200)

    def test_the_client_is_the_last_address_that_is_not_trusted(self):
        host = self.host_of("deny=203.0.113.9")
        # what a client claims stands before what our proxies saw
        answer = self.from_(host, "203.0.113.9, 198.51.100.4, 127.0.0.2")
        self.assertEqual(answer.status, 200)
        got = self.seen(answer)
        self.assertEqual(got["x-real-ip"], ["198.51.100.4"])
        self.assertEqual(
            got["x-forwarded-for"],
            ["203.0.113.9, 198.51.100.4, 127.0.0.2, 127.0.0.1"])
        self.assertEqual(
            self.from_(host, "198.51.100.4, 203.0.113.9").status, 403)

    def test_a_list_that_is_wrong_changes_nothing(self):
        host = self.host_of("deny=192.0.2.1")
        name = host.split(".")[0]
        for bad in ("deny=localhost", "deny=10.0.0.0/33", "allow=1.2.3",
                    "deny=192.0.2.2 oops"):
            self.refused("N22", "apps", "set", name, bad)
        self.assertEqual(self.settings(host)["deny"], ["192.0.2.1"])


class Behind(Daemon):
    """Behind a balancer: who does not begin as one is not answered."""

    def serves(self):
        return True


class ProxyProtocol(Case):
    config = {"listen": {"proxy_protocol": "on"},
              "router": {"trusted_proxies": "10.0.0.0/8"}}
    daemon_class = Behind

    def ask(self, header, *fields):
        with self.connect(self.host, tls=False) as s:
            s.sendall(header + edge.request(self.host, "/", "GET",
                                            "Connection: close", *fields))
            return edge.all_of(s, 60)[0]

    def test_who_connected_is_the_client(self):
        v2 = (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" +
              socket.inet_aton("192.0.2.8") + socket.inet_aton("192.0.2.1") +
              struct.pack("!HH", 4000, 80))
        for header in (b"PROXY TCP4 192.0.2.8 192.0.2.1 4000 80\r\n", v2):
            data = self.ask(header, "X-Forwarded-For: 6.6.6.6")
            self.assertIn(b'["X-Real-IP", "192.0.2.8"]', data)
            self.assertIn(b'["X-Forwarded-For", "6.6.6.6, 192.0.2.8"]', data)

    def test_a_trusted_one_is_believed_about_those_before_it(self):
        data = self.ask(b"PROXY TCP4 10.0.0.7 192.0.2.1 4000 80\r\n",
                        "X-Forwarded-For: 6.6.6.6, 192.0.2.5, 10.0.0.9",
                        "X-Forwarded-Proto: https")
        self.assertIn(b'["X-Real-IP", "192.0.2.5"]', data)
        self.assertIn(b'["X-Forwarded-Proto", "https"]', data)


class Limits(Case):
    def test_max_body_holds_for_lengths_and_for_chunks(self):
        host = self.host_of("max_body=1k")
        d = self.daemon
        self.assertEqual(http(d.http, host, method="POST",
                              body=b"x" * 1024).status, 200)
        answer = http(d.http, host, method="POST", body=b"x" * 1025)
        self.assertEqual((answer.status, answer.headers["x-towpath-error"]),
                         (413, "H26"))
        answer = http(d.http, host, method="POST",
                      body=iter([b"x" * 600, b"x" * 600]),
                      headers={"Transfer-Encoding": "chunked"})
        self.assertEqual(answer.status, 413)

    def test_max_headers_counts_the_whole_head(self):
        host = self.host_of("max_headers=512")
        self.assertEqual(self.get(host).status, 200)
        for path, headers in (("/" + "a" * 500, {}),
                              ("/", {"X-Long": "b" * 500})):
            answer = self.get(host, path, headers=headers)
            self.assertEqual(
                (answer.status, answer.headers["x-towpath-error"]),
                (431, "H26"))
        self.set(host, "max_headers=")
        self.assertEqual(self.get(host, "/" + "a" * 500).status, 200)


class HeaderRules(Case):
    def test_rules_for_responses(self):
        host = self.host_of("response_headers=-Server",
                            "response_headers=X-Frame-Options: DENY",
                            "response_headers=+Link: </a.css>; rel=preload",
                            "response_headers=Content-Type: text/x-own")
        headers = self.get(host).headers
        self.assertNotIn("server", headers)
        self.assertEqual(headers["x-frame-options"], "DENY")
        self.assertEqual(headers["link"], "</a.css>; rel=preload")
        self.assertEqual(headers["content-type"], "text/x-own")
        self.assertEqual(self.settings(host)["response_headers"][1],
                         "X-Frame-Options: DENY")
        self.set(host, "response_headers=")
        self.assertIn("server", self.get(host).headers)

    def test_rules_for_requests(self):
        host = self.host_of("request_headers=-Cookie\nX-Tenant: blue")
        got = self.seen(self.get(host, headers={
            "Cookie": "a=b", "X-Tenant": "red", "X-Other": "kept"}))
        self.assertNotIn("cookie", got)
        self.assertEqual(got["x-tenant"], ["blue"])
        self.assertEqual(got["x-other"], ["kept"])
        self.assertEqual(got["x-forwarded-host"], [host])

    def test_what_frames_a_message_or_is_ours_cannot_be_touched(self):
        host = self.host_of()
        name = host.split(".")[0]
        for key, rule in (("request_headers", "Host: evil.example"),
                          ("request_headers", "-X-Forwarded-For"),
                          ("request_headers", "Content-Length: 0"),
                          ("response_headers", "Transfer-Encoding: x"),
                          ("response_headers", "-Via"),
                          ("response_headers", "X-A: b\rSet-Cookie: c"),
                          ("response_headers", "nonsense")):
            text = self.refused("N22", "apps", "set", name, f"{key}={rule}")
            self.assertIn(key, text)
        self.assertEqual(self.settings(host), {})


class Shown(Case):
    def test_settings_are_shown_as_people_write_them(self):
        host = self.host_of(
            "idle_timeout=90s", "first_byte_timeout=0.25", "hsts=365d",
            "connect_timeout=2m",
            "max_body=75M", "max_headers=1000", "max_active=7",
            "force_https=yes", "maintenance=no", "min_tls=1.3",
            "deny=192.0.2.1 10.0.0.0/8", "response_headers=-Server")
        rows = [line.split("\t") for line in self.daemon.cli(
            "apps", "info", host.split(".")[0]).splitlines()]
        shown = [tuple(r) for r in rows if r[0].islower()]
        self.assertEqual(sorted(shown), sorted([
            ("idle_timeout", "90s"), ("first_byte_timeout", "250ms"),
            ("hsts", "365d"), ("connect_timeout", "2m"),
            ("max_body", "75M"), ("max_headers", "1000"),
            ("max_active", "7"), ("force_https", "on"),
            ("maintenance", "off"), ("min_tls", "1.3"),
            ("deny", "192.0.2.1"), ("deny", "10.0.0.0/8"),
            ("response_headers", "-Server")]))
        # every one of them is taken back as it is shown
        args = [f"{key}={value}" for key, value in shown]
        before = self.settings(host)
        self.set(host, *args)
        self.assertEqual(self.settings(host), before)

    def test_every_key_is_told_of_in_the_help_and_the_manual(self):
        text = self.daemon.cli("help", "apps", "set")
        manual = self.daemon.cli("help", "--man")
        for key in ("force_https [off]", "min_tls [1.2]", "deny",
                    "response_headers", "max_headers [0]"):
            self.assertIn(f"\n  {key}\n", text)
            self.assertIn(f".BR {key.split()[0]}", manual)

    def test_each_bad_value_gets_one_line_that_says_what_is_taken(self):
        name = self.host_of().split(".")[0]
        for bad, said in (
                ("force_https=maybe", "on or off"),
                ("hsts=soon", "a time like"),
                ("hsts=-1", "a time like"),
                ("max_body=lots", "a size like"),
                ("max_headers=10", "from 256 to 65536"),
                ("min_tls=1.1", "one of: 1.2 1.3"),
                ("canonical_host=*.example.com", "a host name"),
                ("allow=here", '"here"'),
                ("response_headers=-Via", "the router's own"),
                ("balance=best", "random2 least roundrobin")):
            self.assertIn(said, self.refused("N22", "apps", "set", name, bad))
        for twice in ("hsts=1", "error_page=https://a.example/"):
            self.refused("N22", "apps", "set", name, twice, twice)
        self.assertIn("N21", self.refused("N21", "apps", "set", name, "a=b"))


class Defaults(Case):
    config = {"router": {"trusted_proxies": "127.0.0.0/8"},
              "defaults": {"deny": ["192.0.2.1", "192.0.2.2"],
                           "response_headers": ["X-One: 1", "X-Two: 2"],
                           "max_body": "2k"}}

    def test_they_hold_until_an_app_says_otherwise(self):
        host = self.host_of()
        fields = {"X-Forwarded-For": "192.0.2.2"}
        self.assertEqual(self.get(host, headers=fields).status, 403)
        answer = self.get(host)
        self.assertEqual((answer.headers["x-one"], answer.headers["x-two"]),
                         ("1", "2"))
        self.set(host, "deny=198.51.100.1", "response_headers=X-Own: 1")
        answer = self.get(host, headers=fields)
        self.assertEqual(answer.status, 200)
        self.assertNotIn("x-one", answer.headers)
        self.assertEqual(self.get(host, method="POST",
                                  body=b"x" * 2049).status, 413)


class Origins(Case):
    config = {"platform": {"addresses": "127.0.0.1",
                           "apps_domain": "apps.test.example"}}

    def origin_of(self, host):
        return self.daemon.json("domains", "info", host)["origin"]

    def test_a_domain_with_an_origin_goes_there_by_the_apps_rules(self):
        host = self.host_of("response_headers=X-Rule: 1", "max_body=10")
        d = self.daemon
        with Backend("away") as away:
            d.cli("domains", "set", host, f"origin=http://{away.address}")
            answer = self.get(host, "/x")
            self.assertEqual(answer.json()["name"], "away")
            # an address has no name of its own: the visitor's is kept
            self.assertEqual(self.seen(answer)["host"], [host])
            self.assertEqual(answer.headers["x-rule"], "1")
            self.assertEqual(self.get(host, method="POST",
                                      body=b"x" * 11).status, 413)
            line = wait_for(lambda: [x for x in d.lines()
                                     if 'path="/x"' in x][0])
            self.assertIn(f"app={host.split('.')[0]} ", line)
            self.assertIn(f"backend={away.address} ", line)
            self.set(host, "maintenance=on")
            self.assertEqual(self.get(host).status, 503)
            self.set(host, "maintenance=")
        d.cli("domains", "set", host, "origin=")
        self.assertIsNone(self.origin_of(host))
        self.assertEqual(self.get(host).json()["name"], "shop")

    def test_an_origin_follows_its_domain_to_another_app(self):
        one, two = self.host_of(), self.host_of("response_headers=X-Two: 2")
        d = self.daemon
        with Backend("away") as away:
            d.cli("domains", "set", one, f"origin=http://{away.address}")
            self.assertNotIn("x-two", self.get(one).headers)
            d.cli("domains", "set", one, "app=" + two.split(".")[0])
            answer = self.get(one)
            self.assertEqual(answer.json()["name"], "away")
            self.assertEqual(answer.headers["x-two"], "2")

    def test_a_wildcards_origin_is_that_of_all_under_it(self):
        d = self.daemon
        name = self.host_of().split(".")[0]
        with Backend("away") as away:
            d.cli("domains", "add", "*.wide.example", "--app", name,
                  *(d.file("w.pem", i.chain_pem) if n == 0 else
                    d.file("w.key", i.key_pem)
                    for i in [self.ca.issue("*.wide.example")]
                    for n in range(2)))
            d.cli("domains", "set", "*.wide.example",
                  f"origin=http://{away.address}")
            self.assertEqual(self.get("a.wide.example").json()["name"],
                             "away")
            d.cli("domains", "add", "b.wide.example", "--app", name)
            self.assertEqual(self.get("b.wide.example").json()["name"],
                             "shop")

    def test_an_origin_that_leads_back_here_is_refused(self):
        host, other = self.host_of(), self.host_of()
        d = self.daemon
        for origin in (f"http://127.0.0.1:{d.http}",
                       f"https://127.0.0.1:{d.https}", f"https://{host}",
                       f"https://{other}:8443", "https://shop.apps.test.example",
                       "http://169.254.169.254:80", "not an origin",
                       f"unix:{d.socket}", "ftp://a.example"):
            self.refused("N19", "domains", "set", host, f"origin={origin}")
        self.assertIsNone(self.origin_of(host))
        self.assertEqual(self.get(host).json()["name"], "shop")

    def test_an_origin_is_no_app_of_anybody(self):
        host = self.host_of()
        d = self.daemon
        d.cli("domains", "set", host, f"origin=http://{self.app.address}")
        self.assertFalse([a for a in d.json("apps")
                          if not a["name"].isalnum()])
        for n in range(1, 30):
            self.refused("N16", "apps", "info", f"~{n}")
        d.cli("domains", "remove", host, "--confirm", host)
        d.cli("domains", "add", host, "--app", host.split(".")[0])
        self.assertIsNone(self.origin_of(host))


class OriginNames(Case):
    @classmethod
    def setUpClass(cls):
        cls.dns = Dns()
        cls.config = {"dns": {"resolvers": cls.dns.address}}
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.dns.close()

    def test_an_origin_by_name_is_proved_and_asked_by_that_name(self):
        heads, ca = [], Ca("Inner CA")

        def behave(sock):
            while head := edge.head_of(sock)[0]:
                heads.append(head + b"\r\n")
                sock.sendall(edge.OK)
        self.dns.set_a("away.test", "127.0.0.1")
        with TlsBackend(ca.issue("away.test"), behave) as away:
            # the app's backends are proved by another name than its origin
            host = self.host_of(
                "backend_host=inside.example",
                f"backend_ca={self.daemon.file('ca.pem', ca.root_pem)}")
            name = f"away.test:{away.port}"
            self.daemon.cli("domains", "set", host, f"origin=https://{name}")
            self.assertEqual(self.get(host).body, b"ok")
            self.assertEqual(away.shaken[0][0], "away.test")
            self.assertIn(f"Host: {name}\r\n".encode(), heads[0])
            self.assertIn(f"X-Forwarded-Host: {host}\r\n".encode(), heads[0])

    def test_a_name_that_leads_nowhere_or_back_here_is_refused(self):
        host, d = self.host_of(), self.daemon
        self.dns.set_a("back.test", "127.0.0.1")
        for code, origin in (("N28", "https://missing.test"),
                             ("N19", f"http://back.test:{d.http}")):
            self.refused(code, "domains", "set", host, f"origin={origin}")
        self.assertEqual(self.get(host).json()["name"], "shop")


def page_server(page, status=b"200 OK"):
    """A web server with one page, which the test may replace: pages[0]."""
    pages = [page]

    def behave(sock):
        while b"\r\n\r\n" not in sock.recv(65536):
            pass
        body = pages[0]
        sock.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Type: text/html"
                     b"\r\nConnection: close\r\nContent-Length: %d"
                     b"\r\n\r\n" % len(body) + body)
    return Backend(behave=behave), pages


class Pages(Case):
    config = {"control": {"webhook_networks": "127.0.0.0/8"}}

    def setUp(self):
        # the address of nothing: H10 or H21, whichever comes first
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.nobody = "127.0.0.1:%d" % s.getsockname()[1]

    def name(self, host):
        return host.split(".")[0]

    def test_an_uploaded_page_stands_for_every_error_of_ours(self):
        host = self.host_of(backends=[self.nobody])
        page = self.daemon.file("oops.html", "<h1>Oops {{code}}</h1>"
                                "{{request_id}} \u00fc")
        self.set(host, f"error_page={page}")
        answer = self.get(host)
        self.assertEqual(answer.status, 503)
        code = answer.headers["x-towpath-error"]
        self.assertEqual(
            answer.body.decode(), f"<h1>Oops {code}</h1>"
            f"{answer.headers['x-request-id']} \u00fc")
        self.assertEqual(answer.headers["content-type"],
                         "text/html; charset=utf-8")
        head = self.get(host, method="HEAD")
        self.assertEqual(head.body, b"")
        self.assertEqual(int(head.headers["content-length"]),
                         len(answer.body))
        asks_json = self.get(host, headers={"Accept": "application/json"})
        self.assertEqual(asks_json.json()["code"],
                         asks_json.headers["x-towpath-error"])
        # it is the client's fault: the app has nothing to say to that
        self.set(host, "max_headers=256")
        self.assertNotIn(b"Oops", self.get(host, "/" + "x" * 300).body)
        self.set(host, "error_page=")
        self.assertNotIn(b"Oops", self.get(host).body)

    def test_a_maintenance_page_stands_for_h80_alone(self):
        host = self.host_of(backends=[self.nobody])
        page = self.daemon.file("back.html", "<p>Back soon")
        self.set(host, f"maintenance_page={page}", "maintenance=on")
        answer = self.get(host)
        self.assertEqual((answer.status, answer.body,
                          answer.headers["x-towpath-error"]),
                         (503, b"<p>Back soon", "H80"))
        self.set(host, "maintenance=off")
        self.assertNotIn(b"Back soon", self.get(host).body)

    def test_the_largest_page_is_shown_whole(self):
        host = self.host_of("maintenance=on", tls=True)
        text = "<p>" + "0123456789abcdef" * 4095 + "{{code}}"
        self.set(host, f"maintenance_page={self.daemon.file('big', text)}")
        with Https(self.daemon.https, host) as c:
            for _ in range(3):
                self.assertEqual(c.request("/").body.decode(),
                                 text.replace("{{code}}", "H80"))
        self.refused("N22", "apps", "set", self.name(host),
                     "error_page=%s" % self.daemon.file(
                         "huge", "<p>" + "x" * (64 * 1024)))

    def test_a_page_is_known_by_its_digest_while_it_is_used(self):
        d = self.daemon
        one, two = self.host_of(), self.host_of("maintenance=on")
        page = d.file("one.html", "<p>only here")
        self.set(one, f"error_page={page}")
        digest = self.settings(one)["error_page"]
        self.assertTrue(digest.startswith("sha256:"))
        self.set(two, f"maintenance_page={digest}")
        self.assertEqual(self.get(two).body, b"<p>only here")
        self.set(one, "error_page=")
        d.cli("domains", "remove", one, "--confirm", one)
        d.cli("apps", "destroy", self.name(one), "--confirm", self.name(one))
        self.assertEqual(self.get(two).body, b"<p>only here")
        self.set(two, "maintenance_page=")
        self.refused("N22", "apps", "set", self.name(two),
                     f"error_page={digest}")

    def test_a_url_is_fetched_when_it_is_set(self):
        host = self.host_of("maintenance=on")
        server, pages = page_server(b"<p>first")
        with server:
            url = f"http://{server.address}/page"
            self.set(host, f"maintenance_page={url}")
            self.assertEqual(self.get(host).body, b"<p>first")
            self.assertEqual(self.settings(host)["maintenance_page"], url)
            pages[0] = b"<p>second"
            self.set(host, f"maintenance_page={url}")
            self.assertEqual(self.get(host).body, b"<p>second")
        # what was had stays when its server is gone
        self.assertEqual(self.get(host).body, b"<p>second")

    def test_a_url_that_gives_no_page_is_refused_and_changes_nothing(self):
        host = self.host_of("hsts=60")
        name = self.name(host)
        broken = (page_server(b"<p>gone", b"404 Not Found"),
                  page_server(b"plain words"), page_server(b"<p>\xff\xfe"),
                  page_server(b"<p>" + b"x" * (64 * 1024)))
        for server, _ in broken:
            with server:
                self.refused("N26", "apps", "set", name,
                             f"error_page=http://{server.address}/")
        self.refused("N26", "apps", "set", name,
                     f"error_page=http://{self.nobody}/")
        self.assertEqual(self.settings(host), {"hsts": 60})

    def test_a_file_that_is_not_there_or_is_no_page_is_refused(self):
        name = self.name(self.host_of())
        self.refused("S24", "apps", "set", name, "error_page=/no/such/file")
        self.refused("N22", "apps", "set", name, "error_page=%s" %
                     self.daemon.file("words.txt", "no markup in here"))
        self.refused("P18", "apps", "set", name, "error_page=%s" %
                     self.daemon.file("latin.html", b"<p>\xe4"))

    def test_an_imported_app_gets_its_page_by_itself(self):
        server, _ = page_server(b"<p>imported")
        with server:
            host = "imported.test.example"
            lines = [{"type": "app", "name": "imported", "settings": {
                          "maintenance": True,
                          "maintenance_page": f"http://{server.address}/"}},
                     {"type": "domain", "host": host, "app": "imported"}]
            self.daemon.cli("import", self.daemon.file(
                "import.jsonl", "\n".join(map(json.dumps, lines)) + "\n"))
            wait_for(lambda: self.get(host).body == b"<p>imported")


class PublicPages(Case):
    def test_a_private_address_is_not_asked_for_a_page(self):
        host = self.host_of()
        server, _ = page_server(b"<p>secret")
        with server:
            for url in (f"http://{server.address}/",
                        f"http://localhost:{server.port}/",
                        "http://169.254.169.254/latest/meta-data/"):
                self.refused("N26", "apps", "set", host.split(".")[0],
                             f"error_page={url}")
        self.assertEqual(self.settings(host), {})


class DefaultPages(unittest.TestCase):
    def test_the_platforms_page_is_every_apps_until_it_has_its_own(self):
        server, _ = page_server(b"<p>platform {{code}}")
        with server, Backend() as app, Daemon(
                control={"webhook_networks": "127.0.0.0/8"},
                defaults={"maintenance_page":
                          f"http://{server.address}/"}) as d:
            for name in ("one", "two"):
                d.cli("apps", "create", name, "--backend", app.address)
                d.cli("apps", "set", name, "maintenance=on")
                d.cli("domains", "add", f"{name}.example.test", "--app", name)
            d.cli("apps", "set", "two", "maintenance_page=%s" %
                  d.file("own.html", "<p>own"))
            wait_for(lambda: http(d.http, "one.example.test").body ==
                     b"<p>platform H80")
            self.assertEqual(http(d.http, "two.example.test").body,
                             b"<p>own")


if __name__ == "__main__":
    unittest.main()
