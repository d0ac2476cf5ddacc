"""Could an automatic certificate take over from the custom one today?  Asked
with every upload and every day, so that nobody learns it on the last."""

import unittest

from towpath import Backend, Ca, Daemon, Directory, Pebble, free_port, wait_for

DAY = 86400


class Fallback(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.pebble = Pebble(port)
        cls.ca = Directory(cls.pebble, {"caaIdentities": ["ca.test"]})
        cls.app = Backend("shop")
        cls.daemon = Daemon(ca=cls.ca, http=port, clock=True)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()
        cls.ca.close()
        cls.pebble.close()

    def upload(self, host, *flags, verb="update", days=365):
        own = Ca().issue(host, days=days)
        chain = self.daemon.file("own.pem", own.chain_pem)
        key = self.daemon.file("own.key", own.key_pem)
        return self.daemon.json("certs", verb, host, chain, key, *flags)

    def info(self, host):
        return self.daemon.json("domains", "info", host)

    def code(self, host):
        return (self.info(host)["fault"] or {}).get("code")

    def test_an_upload_says_whether_anything_could_follow(self):
        d = self.daemon
        d.cli("domains", "add", "ready.test", "--app", "shop",
              "--wait")
        self.assertEqual(self.upload("ready.test")["fallback"],
                         {"ready": True, "fault": None})
        self.pebble.set_a("away.test", "192.0.2.7")
        self.pebble.set_caa("refused.test", ("issue", "other.test"))
        for host, code in (("away.test", "D12"), ("refused.test", "A15"),
                           ("off.test", "A26")):
            with self.subTest(host):
                d.cli("domains", "add", host, "--app", "shop")
                if code == "A26":
                    d.cli("domains", "set", host, "automatic=off")
                for flags in (("--dry-run",), ()):
                    answer = self.upload(host, *flags)["fallback"]
                    self.assertFalse(answer["ready"])
                    self.assertEqual(answer["fault"]["code"], code)
                self.assertEqual(
                    self.info(host)["fallback"]["fault"]["code"], code)
                text = d.cli("certs", "info", host)
                self.assertIn(f"not ready: {code}", text)
        # a wish of the owner is no fault
        self.assertIsNone(self.info("off.test")["fault"])
        d.cli("domains", "set", "off.test", "automatic=on")
        self.assertTrue(self.info("off.test")["fallback"]["ready"])
        self.assertFalse(self.info("off.test")["fallback"]["stands_by"])
        self.assertTrue(self.info("ready.test")["fallback"]["stands_by"])

    def test_what_forbids_it_is_told_and_cured(self):
        d, host = self.daemon, "strict.test"
        own = Ca().issue(host, days=365)
        chain = d.file("s.pem", own.chain_pem)
        key = d.file("s.key", own.key_pem)
        d.cli("domains", "add", host, "--app", "shop", chain, key)
        wait_for(lambda: self.info(host)["dns"] == "ok", what="it reaches us")
        wait_for(lambda: self.info(host)["fallback"]["ready"])
        self.assertIsNone(self.info(host)["fault"])
        # found out by the daily look
        self.pebble.set_caa(host, ("issue", "other.test"))
        d.set_clock(2 * DAY)
        wait_for(lambda: self.code(host) == "C42", what="told of CAA")
        info = self.info(host)
        self.assertEqual((info["status"], info["serving"]),
                         ("Not used", "custom"))
        self.assertIn("CAA of strict.test", info["fault"]["text"])
        self.assertIn('CAA 0 issue "ca.test"', info["fault"]["action"])
        events = [e for e in d.json("events", "--host", host)
                  if e["name"] == "certificate.no_fallback"]
        self.assertEqual(len(events), 1)
        # the action, followed
        self.pebble.set_caa(host, ("issue", "other.test"),
                            ("issue", "ca.test"))
        d.cli("domains", "check", host)
        wait_for(lambda: self.info(host)["fault"] is None,
                 what="no longer told")
        self.assertTrue(self.info(host)["fallback"]["ready"])


if __name__ == "__main__":
    unittest.main()
