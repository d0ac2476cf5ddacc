"""How a CA is shown that a name is ours: each type of challenge."""

import socket
import ssl
import unittest

from towpath import Backend, Daemon, Pebble, free_port, get, wait_for


def hello(port, host, protocols):
    """A handshake that offers these protocols; its certificate (DER)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(protocols)
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        with context.wrap_socket(s, server_hostname=host) as t:
            return t.selected_alpn_protocol(), t.getpeercert(True)


class TlsAlpn(unittest.TestCase):
    """tls-alpn-01, with a CA that cannot reach port 80 at all."""

    @classmethod
    def setUpClass(cls):
        https = free_port()
        cls.ca = Pebble(free_port(), https_port=https)
        cls.app = Backend("shop")
        cls.daemon = Daemon(ca=cls.ca, https=https)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()
        cls.ca.close()

    def test_what_failed_is_tried_in_another_way(self):
        d, host = self.daemon, "alpn.customer.test"
        d.cli("domains", "add", host, "--app", "shop")
        # http-01 fails: the CA finds nobody at its port
        wait_for(lambda: d.json("domains", "info", host)["fault"],
                 what="http-01 has failed")
        self.assertEqual(d.status_of(host), "Creating")
        d.cli("certs", "renew", host, "--wait")
        answer = get(d.https, host, "/", self.ca.roots())
        self.assertEqual(answer.status, 200)

    def test_nobody_else_is_shown_a_challenge(self):
        d, host = self.daemon, "quiet.customer.test"
        d.cli("domains", "add", host, "--app", "shop")
        with self.assertRaises(ssl.SSLError):
            hello(d.https, host, ["acme-tls/1"])


if __name__ == "__main__":
    unittest.main()
