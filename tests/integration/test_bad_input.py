"""Whatever is wrong gets one clear line with its fault code; nothing is
half-applied."""

import base64
import datetime
import json
import os
import socket
import subprocess
import unittest

from towpath import (BUILD, Backend, Ca, Daemon, Identity, raw, served)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.app = Backend()
        cls.daemon = Daemon()
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)
        cls.daemon.cli("apps", "create", "other", "--backend",
                       cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()

    def refused(self, code, *args, status=1, **kw):
        """The command fails with that code in one line on stderr."""
        result = self.daemon.run(*args, **kw)
        self.assertEqual(result.returncode, status, result.stderr)
        lines = result.stderr.strip().splitlines()
        self.assertEqual(len(lines), 1, result.stderr)
        self.assertIn(code, lines[0])
        return lines[0]


class Certificates(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = "bad.test.example"
        cls.daemon.cli("domains", "add", cls.host, "--app", "shop")
        cls.ca = Ca()
        cls.own = cls.ca.issue(cls.host)
        cls.daemon.upload("add", cls.host, cls.own)

    def update(self, code, *files, flags=()):
        paths = [self.daemon.file(f"upload-{i}", data)
                 for i, data in enumerate(files)]
        before = self.daemon.json("certs", "history", self.host)
        line = self.refused(code, "certs", "update", self.host, *paths, *flags)
        self.assertEqual(self.daemon.json("certs", "history", self.host),
                         before, "something was half-applied")
        self.assertEqual(served(self.daemon.https, self.host), self.own.der)
        return line

    def test_a_key_of_another_certificate(self):
        other = self.ca.issue(self.host)
        self.update("C12", self.own.chain_pem, other.key_pem)

    def test_an_expired_chain(self):
        past = datetime.datetime.utcnow() - datetime.timedelta(days=1)
        old = self.ca.issue(self.host, not_after=past, not_before=past
                            - datetime.timedelta(days=90))
        self.update("C13", old.chain_pem, old.key_pem)

    def test_a_certificate_that_is_not_valid_yet(self):
        soon = datetime.datetime.utcnow() + datetime.timedelta(days=1)
        early = self.ca.issue(self.host, not_before=soon)
        self.update("C14", early.chain_pem, early.key_pem)

    def test_a_chain_for_another_name(self):
        other = self.ca.issue("elsewhere.test.example")
        line = self.update("C15", other.chain_pem, other.key_pem)
        self.assertIn("elsewhere.test.example", line)

    def test_an_encrypted_key_without_its_passphrase(self):
        key = self.own.encrypted_key_pem("secret")
        self.update("C16", self.own.chain_pem, key)
        word = self.daemon.file("wrong-word", "guess\n")
        self.update("C17", self.own.chain_pem, key,
                    flags=("--passphrase-file", word))

    def test_garbage(self):
        self.update("C18", os.urandom(5000))
        self.update("C18", b"<html><body>404</body></html>")
        self.update("C18", b"-----BEGIN CERTIFICATE-----\nAAAA\n"
                           b"-----END CERTIFICATE-----\n", self.own.key_pem)

    def test_an_empty_file(self):
        self.update("C19", b"")

    def test_a_file_of_50_megabytes(self):
        self.update("C20", b"-----BEGIN CERTIFICATE-----\n"
                    + b"A" * (50 * 1024 * 1024))

    def test_a_certificate_with_2000_names(self):
        names = [self.host] + [f"n{i}.test.example" for i in range(1999)]
        many = self.ca.issue(*names)
        self.update("C24", many.chain_pem, many.key_pem)

    def test_a_key_alone_and_a_certificate_without_any_key(self):
        self.update("C10", self.own.key_pem)
        fresh = self.ca.issue(self.host)
        self.update("C12", fresh.chain_pem)  # update keeps the existing key

    def test_a_weak_key(self):
        weak = self.ca.issue(self.host, key="rsa-1024")
        self.update("C23", weak.chain_pem, weak.key_pem)

    def test_a_certificate_for_clients_only(self):
        client = self.ca.issue(self.host, client_only=True)
        self.update("C33", client.chain_pem, client.key_pem)

    def test_update_with_the_certificate_alone_keeps_the_key(self):
        again = Identity(
            self.ca.issue(self.host, key=self.own.key).certificate,
            self.own.key, self.own.above)
        path = self.daemon.file("renewed.pem", again.chain_pem)
        self.daemon.cli("certs", "update", self.host, path)
        self.assertEqual(served(self.daemon.https, self.host), again.der)
        self.daemon.cli("certs", "rollback", self.host)
        self.assertEqual(served(self.daemon.https, self.host), self.own.der)

    def test_a_file_in_the_place_of_the_host(self):
        path = self.daemon.file("chain.pem", self.own.chain_pem)
        result = self.daemon.run("certs", "add", path, path)
        self.assertEqual(result.returncode, 2)
        self.assertIn("chain.pem", result.stderr)


class Domains(Case):
    def test_a_domain_registered_twice(self):
        self.daemon.cli("domains", "add", "twice.test.example", "--app",
                        "shop")
        self.refused("N11", "domains", "add", "TWICE.test.example.", "--app",
                     "shop")
        self.refused("N11", "domains", "add", "twice.test.example", "--app",
                     "other")

    def test_a_name_that_another_apps_wildcard_covers(self):
        own = Ca().issue("*.covered.example")
        chain = self.daemon.file("w.pem", own.chain_pem)
        key = self.daemon.file("w.key", own.key_pem)
        self.daemon.cli("domains", "add", "*.covered.example", "--app",
                        "shop", chain, key)
        self.refused("N12", "domains", "add", "a.covered.example", "--app",
                     "other")
        self.daemon.cli("domains", "add", "a.covered.example", "--app",
                        "shop")

    def test_a_wildcard_over_another_apps_name(self):
        self.daemon.cli("domains", "add", "b.under.example", "--app", "shop")
        own = Ca().issue("*.under.example")
        chain = self.daemon.file("u.pem", own.chain_pem)
        key = self.daemon.file("u.key", own.key_pem)
        self.refused("N12", "domains", "add", "*.under.example", "--app",
                     "other", chain, key)

    def test_a_wildcard_without_dns01(self):
        self.refused("N14", "domains", "add", "*.auto.example", "--app",
                     "shop")
        self.refused("N15", "domains", "info", "*.auto.example")

    def test_invalid_hosts(self):
        for host in ("no_dots", "x.-a.example", "a..example", "a.example:443",
                     "192.0.2.1", "a b.example", "*.*.example", "a.*.example",
                     "x" * 64 + ".example", ".example", "a.example/x",
                     ".".join(["a" * 50] * 6)):
            with self.subTest(host):
                self.refused("N10", "domains", "add", host, "--app", "shop")

    def test_an_idn_is_one_name_in_either_form(self):
        self.daemon.cli("domains", "add", "bücher.example", "--app", "shop")
        info = self.daemon.json("domains", "info", "xn--bcher-kva.example")
        self.assertEqual(info["host"], "xn--bcher-kva.example")
        self.refused("N11", "domains", "add", "xn--bcher-kva.example",
                     "--app", "shop")

    def test_an_unknown_app(self):
        self.refused("N16", "domains", "add", "x.test.example", "--app",
                     "nobody")
        self.refused("N20", "domains", "add", "x.test.example")

    def test_settings_and_backends(self):
        self.refused("N17", "apps", "create", "shop")
        self.refused("N18", "apps", "create", "Not_A_Label")
        self.refused("N21", "apps", "set", "shop", "colour=red")
        self.refused("N22", "apps", "set", "shop", "idle_timeout=soon")
        for backend in ("nowhere", "10.0.0.1", "10.0.0.1:99999",
                        "169.254.169.254:80", f"unix:{self.daemon.socket}",
                        f"127.0.0.1:{self.daemon.https}"):
            with self.subTest(backend):
                self.refused("N19", "backends", "add", "shop", backend)

    def test_wrong_usage_exits_2_and_unknown_daemon_3(self):
        for args in (("frobnicate",), ("domains", "add"),
                     ("apps", "create", "x", "--nonsense")):
            self.assertEqual(self.daemon.run(*args).returncode, 2, args)
        away = subprocess.run(
            [BUILD / "towpath", "-s", "/nonexistent/sock", "apps"],
            capture_output=True, text=True, check=False)
        self.assertEqual(away.returncode, 3)
        self.assertIn("P20", away.stderr)


class Api(Case):
    """What no CLI would send."""

    def ask(self, method, path, body=b"", headers=""):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.daemon.socket))
            s.settimeout(10)
            s.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}"
                      f"Connection: close\r\nContent-Length: {len(body)}"
                      "\r\n\r\n".encode() + body)
            answer = b""
            while piece := s.recv(65536):
                answer += piece
        head, _, text = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), text

    def test_errors_are_problem_documents_with_a_code(self):
        for status, code, method, path, body in (
                (404, "P12", "GET", "/v1/nothing", b""),
                (405, "P13", "DELETE", "/v1/apps", b""),
                (422, "P10", "POST", "/v1/apps", b"{broken"),
                (422, "P11", "POST", "/v1/apps", b'{"name": 5}'),
                (422, "P11", "POST", "/v1/domains", b"[]"),
                (404, "N15", "GET", "/v1/domains/none.example", b"")):
            with self.subTest(path=path, body=body):
                got, text = self.ask(method, path, body)
                problem = json.loads(text)
                self.assertEqual((got, problem["code"]), (status, code))
                self.assertIn("action", problem)

    def test_deep_json_and_nuls_are_refused(self):
        deep = b'{"name": ' + b"[" * 5000 + b"]" * 5000 + b"}"
        self.assertEqual(self.ask("POST", "/v1/apps", deep)[0], 422)
        self.assertEqual(
            self.ask("POST", "/v1/apps", b'{"name": "a\\u0000b"}')[0], 422)

    def test_base64_that_is_none(self):
        self.daemon.cli("domains", "add", "b64.test.example", "--app", "shop")
        got, text = self.ask(
            "POST", "/v1/domains/b64.test.example/certificate",
            json.dumps({"certificate": base64.b64encode(
                b"junk").decode()}).encode())
        self.assertEqual(got, 422)
        self.assertEqual(json.loads(text)["code"], "C18")


class Smuggling(Case):
    """Each is refused before any app sees it."""

    def test_smuggling_attempts_are_refused(self):
        d = self.daemon
        d.cli("domains", "add", "s.test.example", "--app", "shop")
        host = b"Host: s.test.example\r\n"
        seen = len(self.app.seen)
        for name, data in {
            "CL and TE": b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 4"
                b"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "two CL": b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 4\r\n"
                b"Content-Length: 5\r\n\r\nabcde",
            "CL list": b"POST / HTTP/1.1\r\n" + host
                + b"Content-Length: 4, 4\r\n\r\nabcd",
            "CL plus": b"POST / HTTP/1.1\r\n" + host
                + b"Content-Length: +4\r\n\r\nabcd",
            "obs-fold": b"GET / HTTP/1.1\r\n" + host + b"X: a\r\n b\r\n\r\n",
            "bare LF": b"GET / HTTP/1.1\n" + host + b"\r\n",
            "space before colon": b"GET / HTTP/1.1\r\n" + host
                + b"X : a\r\n\r\n",
            "two Host": b"GET / HTTP/1.1\r\n" + host + host + b"\r\n",
            "no Host": b"GET / HTTP/1.1\r\n\r\n",
            "TE other": b"POST / HTTP/1.1\r\n" + host
                + b"Transfer-Encoding: xchunked\r\n\r\n",
            "chunk size": b"POST / HTTP/1.1\r\n" + host
                + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
            "NUL": b"GET /\0 HTTP/1.1\r\n" + host + b"\r\n",
            "empty name": b"GET / HTTP/1.1\r\n" + host + b": a\r\n\r\n",
        }.items():
            with self.subTest(name):
                status, answer = raw(d.http, data, timeout=3)
                self.assertIn(status, (400, 501), answer[:200])
                if status == 400:
                    self.assertIn(b"H26", answer)
        # a chunked body may begin before its fault is seen; nothing else may
        self.assertLessEqual(len(self.app.seen) - seen, 0)

    def test_a_head_too_large_is_431(self):
        data = (b"GET / HTTP/1.1\r\nHost: s.test.example\r\nX: "
                + b"a" * 70000 + b"\r\n\r\n")
        self.assertEqual(raw(self.daemon.http, data)[0], 431)


class Hello(Case):
    """ClientHellos that are cut up, oversized or nameless."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = "hello.test.example"
        cls.daemon.cli("domains", "add", cls.host, "--app", "shop")
        cls.own = Ca().issue(cls.host)
        cls.daemon.upload("add", cls.host, cls.own)

    def hello(self, host):
        """The bytes of a real ClientHello, by Python's TLS."""
        import ssl
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
        inside, outside = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            ctx.wrap_bio(inside, outside, server_hostname=host).do_handshake()
        except ssl.SSLWantReadError:
            pass
        return outside.read()

    def first_answer(self, *pieces):
        """Content type of the first TLS record that comes back, or None."""
        import time
        with socket.create_connection(("127.0.0.1", self.daemon.https)) as s:
            s.settimeout(10)
            for piece in pieces:
                s.sendall(piece)
                time.sleep(0.02)
            try:
                data = s.recv(5)
            except ConnectionError:
                return None
            return data[0] if data else None

    def test_a_hello_in_single_bytes_and_in_two_records_is_understood(self):
        hello = self.hello(self.host)
        self.assertEqual(
            self.first_answer(*[hello[i:i + 97]
                                for i in range(0, len(hello), 97)]), 22)
        body = hello[5:]
        two = b"".join(b"\x16\x03\x01" + len(p).to_bytes(2, "big") + p
                       for p in (body[:60], body[60:]))
        self.assertEqual(self.first_answer(two), 22)

    def test_unknown_and_missing_sni_get_an_alert(self):
        self.assertEqual(
            self.first_answer(self.hello("unknown.test.example")), 21)
        self.assertEqual(self.first_answer(self.hello(None)), 21)

    def test_what_is_no_hello_ends_the_connection(self):
        for data in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff"
                     + b"\x01" * 70000, b"\x16\x03\x01\x00\x00" * 50,
                     b"\x80\x2e\x01\x00\x02"):
            with self.subTest(data[:10]):
                self.assertIn(self.first_answer(data), (21, None))

    def test_the_site_still_answers_after_all_that(self):
        self.assertEqual(served(self.daemon.https, self.host), self.own.der)


class Start(unittest.TestCase):
    """What towpathd says before it starts: exit 2, one line with the place."""

    def refused(self, daemon, code):
        daemon.write_config()
        result = subprocess.run(
            [BUILD / "towpathd", "-c", daemon.conf], capture_output=True,
            text=True, timeout=30, check=False)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn(code, result.stderr)
        self.assertNotIn("towpathd: control", result.stderr)
        return result.stderr

    def test_an_unknown_key_and_a_bad_value_are_told_with_their_line(self):
        for keys, line in (({"colour": "red"}, "colour"),
                           ({"drain_timeout": "soon"}, "drain_timeout")):
            with Daemon(start=False, router=keys) as d:
                d.write_config()
                result = subprocess.run(
                    [BUILD / "towpathd", "-t", "-c", d.conf],
                    capture_output=True, text=True, timeout=30, check=False)
                self.assertEqual(result.returncode, 2)
                self.assertRegex(result.stderr, rf"{d.conf}:\d+: .*{line}")

    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with Daemon(start=False, https=taken.getsockname()[1]) as d:
                self.assertIn(str(taken.getsockname()[1]),
                              self.refused(d, "S12"))

    def test_a_second_towpathd_on_the_same_store(self):
        with Daemon() as first, Daemon(start=False) as second:
            second.config["control"]["socket"] = first.socket
            self.refused(second, "S22")
            first.cli("apps")

    def test_a_store_whose_master_key_is_missing_or_broken(self):
        with Daemon() as d:
            d.cli("apps", "create", "shop")
            d.stop()
            key = d.dir / "master.key"
            text = key.read_bytes()
            key.unlink()
            self.refused(d, "S14")
            key.write_text("not base64 at all\n")
            self.refused(d, "S15")
            key.write_bytes(text)
            d.start()
            self.assertIn("shop", d.cli("apps"))

    def test_a_store_that_is_no_database(self):
        with Daemon(start=False) as d:
            (d.dir / "master.key").write_text(
                base64.b64encode(os.urandom(32)).decode() + "\n")
            d.store.write_bytes(b"this is no database" * 1000)
            self.refused(d, "S16")

    def test_the_master_key_is_private(self):
        with Daemon() as d:
            mode = (d.dir / "master.key").stat().st_mode & 0o777
            self.assertEqual(mode, 0o600)

    def test_a_missing_user_is_an_error_only_as_root(self):
        if os.geteuid() == 0:
            with Daemon(start=False, router={"user": "nosuchuser"}) as d:
                self.refused(d, "S18")
        else:
            with Daemon(router={"user": "nosuchuser"}) as d:
                d.cli("apps")


if __name__ == "__main__":
    unittest.main()
