"""NAME.apps_domain: a wildcard's certificate, or one for each app."""

import json
import unittest

from cryptography import x509

from towpath import (Backend, Ca, CaDouble, Daemon, Refused, Route53, get, http,
                     served, wait_for)

ZONE = "apps.towpath.test"
WILD = f"*.{ZONE}"


def names(daemon, host):
    """Of the certificate that a visitor of host gets."""
    leaf = x509.load_der_x509_certificate(served(daemon.https, host))
    try:
        return leaf.extensions.get_extension_for_class(
            x509.SubjectAlternativeName).value.get_values_for_type(
                x509.DNSName)
    except x509.ExtensionNotFound:
        return []  # the placeholder


class ZoneCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ca = CaDouble()
        cls.app = Backend("shop")
        cls.daemon = Daemon(ca=cls.ca, http=cls.ca.http_port,
                            **cls.sections())

    @classmethod
    def sections(cls):
        return {"platform": {"apps_domain": ZONE}}

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()
        cls.ca.close()

    def create(self, name):
        self.daemon.cli("apps", "create", name, "--backend", self.app.address)
        return f"{name}.{ZONE}"

    def hosts(self):
        return [d["host"] for d in self.daemon.json("domains")]

    def code(self, *args):
        with self.assertRaises(Refused) as refused:
            self.daemon.cli("-j", *args)
        return json.loads(refused.exception.stderr)["code"]

    def wait_names(self, host, *expected):
        wait_for(lambda: names(self.daemon, host) == list(expected),
                 what=f"{host} is served {expected}")


class ByName(ZoneCase):
    """Neither a DNS provider nor an upload."""

    def test_each_app_has_one_of_its_own(self):
        host = self.create("shop")
        self.daemon.wait_status(host, "In use")
        self.assertEqual(names(self.daemon, host), [host])
        self.assertEqual(get(self.daemon.https, host, "/",
                             self.ca.roots()[0]).status, 200)
        self.assertIn(host, self.hosts())
        self.assertEqual(self.daemon.json("apps", "info", "shop")["domains"],
                         0)

    def test_it_goes_with_its_app_and_no_other_way(self):
        host = self.create("gone")
        self.assertEqual(self.code("domains", "remove", host, "-c", host),
                         "N13")
        self.assertEqual(self.code("domains", "set", host, "app=shop"), "N13")
        self.assertEqual(self.code("domains", "add", f"www.{ZONE}", "--app",
                                   "gone"), "N13")
        self.daemon.cli("apps", "destroy", "gone", "-c", "gone")
        self.assertNotIn(host, self.hosts())


class ByUpload(ZoneCase):
    """A certificate that was uploaded for the whole zone."""

    def test_it_serves_every_app_until_it_is_removed(self):
        d, before = self.daemon, self.create("before")
        d.wait_status(before, "In use")
        n = self.ca.count("newOrder")
        wild = Ca().issue(WILD, days=90)
        d.upload("add", WILD, wild, "--dry-run")
        self.assertIn(before, self.hosts())
        d.upload("add", WILD, wild)
        after = self.create("after")
        self.assertEqual(self.hosts(), [WILD])
        self.assertEqual(names(d, after), [WILD])
        # its own is better, and still there
        self.assertEqual(names(d, before), [before])
        self.assertEqual(self.ca.count("newOrder"), n)
        # a name of no app is no site
        self.assertEqual(http(d.http, f"nobody.{ZONE}", "/").status, 404)
        d.stop()
        d.start()
        self.assertEqual(self.hosts(), [WILD])
        d.cli("certs", "remove", WILD, "--force")
        self.wait_names(after, after)
        wait_for(lambda: self.hosts() == [after, before],
                 what="the zone's is gone")


class ByProvider(ZoneCase):
    @classmethod
    def sections(cls):
        cls.aws = Route53(cls.ca.zone.set_txt, {"towpath.test": "Z1"})
        return {"platform": {"apps_domain": ZONE},
                "dns": {"provider": "route53"},
                "dns_route53": {"access_key_id": cls.aws.key_id,
                                "secret_access_key": cls.aws.secret,
                                "endpoint": cls.aws.endpoint}}

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.aws.close()

    def test_one_by_dns01_for_all_and_each_its_own_when_that_fails(self):
        d = self.daemon
        one, two = self.create("one"), self.create("two")
        d.wait_status(WILD, "In use")
        self.assertEqual(self.hosts(), [WILD])
        for host in (one, two):
            self.assertEqual(names(d, host), [WILD])
        self.assertEqual(self.ca.count("newOrder"), 1)
        self.assertEqual(self.code("domains", "remove", WILD, "-c", WILD),
                         "N13")


class WithoutWildcard(ByProvider):
    """The CA will not sign the wildcard."""

    def test_one_by_dns01_for_all_and_each_its_own_when_that_fails(self):
        self.ca.refuse("newOrder", "rejectedIdentifier", "not this",
                       host=WILD)
        host = self.create("alone")
        self.wait_names(host, host)
        self.assertEqual(self.hosts(), [WILD, host])


if __name__ == "__main__":
    unittest.main()
