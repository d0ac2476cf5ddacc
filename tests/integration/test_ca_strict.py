"""The CA double is no easy examiner: what a client gets wrong is refused, with
the problem that RFC 8555 and RFC 9773 name for it."""

import hashlib
import hmac
import json
import ssl
import unittest
import urllib.error
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature)

from towpath import CaDouble
from towpath.ca_jws import b64, unb64
from towpath.pki import make_key

SECRET = b64(b"a secret of thirty-two octets...")


class Client:
    """An ACME client that can be told to get one thing wrong."""

    def __init__(self, ca, key=None):
        self.ca, self.key, self.kid = ca, key or make_key(), None
        numbers = self.key.public_key().public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256",
                    "x": b64(numbers.x.to_bytes(32, "big")),
                    "y": b64(numbers.y.to_bytes(32, "big"))}
        self.context = ssl.create_default_context(cafile=str(ca.ca_file))

    def send(self, method, url, body=None, content="application/jose+json"):
        """(status, headers, body)"""
        request = urllib.request.Request(url, body, method=method, headers={
            "Content-Type": content, "User-Agent": "strict/1"})
        try:
            answer = urllib.request.urlopen(request, timeout=30,
                                            context=self.context)
        except urllib.error.HTTPError as e:
            answer = e
        with answer:
            return answer.status, answer.headers, answer.read()

    def nonce(self):
        return self.send("HEAD", self.ca.url("new-nonce"))[1]["Replay-Nonce"]

    def sign(self, head, payload, key=None):
        protected = b64(json.dumps(head).encode())
        body = "" if payload is None else b64(json.dumps(payload).encode())
        der = (key or self.key).sign(f"{protected}.{body}".encode(),
                                     ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(der)
        return {"protected": protected, "payload": body, "signature": b64(
            r.to_bytes(32, "big") + s.to_bytes(32, "big"))}

    def post(self, url, payload, key=None, content="application/jose+json",
             head=None):
        """(status, headers, object); head: changes to the header, None takes
        a member away."""
        whole = {"alg": "ES256", "nonce": self.nonce(), "url": url,
                 **({"kid": self.kid} if self.kid else {"jwk": self.jwk}),
                 **(head or {})}
        whole = {k: v for k, v in whole.items() if v is not None}
        status, headers, body = self.send(
            "POST", url, json.dumps(self.sign(whole, payload, key)).encode(),
            content)
        try:
            return status, headers, json.loads(body)
        except ValueError:
            return status, headers, body.decode()

    def register(self, **more):
        answer = self.post(self.ca.url("new-account"),
                           {"termsOfServiceAgreed": True, **more})
        self.kid = answer[1]["Location"]
        return answer

    def order(self, *names, **more):
        return self.post(self.ca.url("new-order"), {"identifiers": [
            {"type": "dns", "value": n} for n in names], **more})

    def csr(self, *names, key=None):
        return b64(x509.CertificateSigningRequestBuilder()
                   .subject_name(x509.Name([]))
                   .add_extension(x509.SubjectAlternativeName(
                       [x509.DNSName(n) for n in names]), False)
                   .sign(key or make_key(), hashes.SHA256())
                   .public_bytes(serialization.Encoding.DER))


class Strict(unittest.TestCase):
    def setUp(self):
        self.ca = CaDouble()
        self.addCleanup(self.ca.close)
        self.client = Client(self.ca)

    def refused(self, answer, type_):
        self.assertGreaterEqual(answer[0], 400)
        self.assertEqual(answer[2]["type"].rsplit(":", 1)[-1], type_)
        self.assertTrue(answer[1]["Replay-Nonce"])

    def issue(self, client, *names):
        """Whatever is to be proved counts as proved."""
        _, headers, order = client.order(*names)
        for a in self.ca.orders[-1].authorizations:
            a.status = "valid"
        status, _, order = client.post(order["finalize"],
                                       {"csr": client.csr(*names)})
        self.assertEqual(status, 200, order)
        client.post(headers["Location"], None)
        status, _, order = client.post(headers["Location"], None)
        self.assertEqual(order["status"], "valid")
        return self.ca.certificates[-1]

    def test_what_is_signed_wrongly(self):
        c = self.client
        self.refused(c.order("a.test"), "malformed")  # no account yet
        self.assertEqual(c.register()[0], 201)
        url = self.ca.url("new-order")
        nonce = c.nonce()
        self.assertEqual(c.post(url, {"identifiers": [
            {"type": "dns", "value": "a.test"}]}, head={"nonce": nonce})[0], 201)
        for type_, head in [("badNonce", {"nonce": nonce}),
                            ("badNonce", {"nonce": "invented"}),
                            ("unauthorized", {"url": url + "x"}),
                            ("badSignatureAlgorithm", {"alg": "none"}),
                            ("malformed", {"jwk": c.jwk}),
                            ("malformed", {"nonce": None}),
                            ("accountDoesNotExist", {
                                "kid": self.ca.url("account", 9)})]:
            with self.subTest(head=head):
                self.refused(c.post(url, {}, head=head), type_)
        self.refused(c.post(url, {}, key=make_key()), "malformed")
        self.refused(c.post(url, {}, content="application/json"), "malformed")

    def test_an_account_is_found_again_by_its_key(self):
        first = self.client.register()
        again = Client(self.ca, self.client.key).register()
        self.assertEqual((first[0], again[0]), (201, 200))
        self.assertEqual(first[1]["Location"], again[1]["Location"])
        self.refused(Client(self.ca).post(
            self.ca.url("new-account"), {"onlyReturnExisting": True}),
            "accountDoesNotExist")
        self.refused(Client(self.ca).post(self.ca.url("new-account"), {}),
                     "userActionRequired")

    def test_an_account_is_bound(self):
        self.ca.bindings = {"kid-1": SECRET}
        c, url = self.client, self.ca.url("new-account")
        self.refused(c.register(), "externalAccountRequired")
        c.kid = None

        def binding(secret, kid="kid-1"):
            head = b64(json.dumps({"alg": "HS256", "kid": kid,
                                   "url": url}).encode())
            body = b64(json.dumps(c.jwk).encode())
            mac = hmac.new(unb64(secret), f"{head}.{body}".encode(),
                           hashlib.sha256).digest()
            return {"protected": head, "payload": body, "signature": b64(mac)}
        for wrong in (binding(b64(b"another")), binding(SECRET, "kid-2")):
            self.refused(c.register(externalAccountBinding=wrong),
                         "unauthorized")
            c.kid = None
        self.assertEqual(c.register(
            externalAccountBinding=binding(SECRET))[0], 201)

    def test_a_key_is_rolled_over(self):
        c, url = self.client, self.ca.url("key-change")
        c.register()
        new = Client(self.ca)
        inner = new.sign({"alg": "ES256", "jwk": new.jwk, "url": url},
                         {"account": c.kid, "oldKey": c.jwk})
        wrong = new.sign({"alg": "ES256", "jwk": new.jwk, "url": url},
                         {"account": c.kid, "oldKey": new.jwk})
        self.refused(c.post(url, wrong), "malformed")
        self.assertEqual(c.post(url, inner)[0], 200)
        self.refused(c.order("a.test"), "malformed")  # the old key
        new.kid = c.kid
        self.assertEqual(new.order("a.test")[0], 201)
        taken = Client(self.ca)
        taken.register()
        inner = taken.sign({"alg": "ES256", "jwk": taken.jwk, "url": url},
                           {"account": c.kid, "oldKey": new.jwk})
        status, headers, _ = new.post(url, inner)
        self.assertEqual((status, headers["Location"]), (409, taken.kid))

    def test_an_order_goes_by_its_steps(self):
        c, other = self.client, Client(self.ca)
        c.register()
        other.register()
        _, headers, order = c.order("a.test", "b.test")
        self.refused(other.post(headers["Location"], None), "unauthorized")
        self.refused(c.post(headers["Location"], {}), "malformed")
        self.refused(c.post(order["finalize"], {"csr": c.csr("a.test")}),
                     "orderNotReady")
        for a in self.ca.orders[-1].authorizations:
            a.status = "valid"
        for csr in (c.csr("a.test"), c.csr("a.test", "b.test", "c.test"),
                    c.csr("a.test", "b.test", key=c.key), b64(b"none")):
            self.refused(c.post(order["finalize"], {"csr": csr}), "badCSR")
        self.refused(c.order(), "malformed")
        self.refused(c.order("Upper.test"), "rejectedIdentifier")
        self.refused(c.post(self.ca.url("new-order"), {"identifiers": [
            {"type": "ip", "value": "127.0.0.1"}]}), "unsupportedIdentifier")
        self.assertEqual(self.ca.certificates, [])

    def test_what_is_replaced_is_checked(self):
        c, other = self.client, Client(self.ca)
        c.register()
        other.register()
        old = self.issue(c, "a.test", "b.test")
        self.refused(c.order("c.test", replaces=old.cert_id), "malformed")
        self.refused(c.order("a.test", replaces="AAAA.AAAA"), "malformed")
        self.refused(other.order("a.test", replaces=old.cert_id),
                     "unauthorized")
        self.assertEqual(c.order("a.test", replaces=old.cert_id)[0], 201)
        again = c.order("b.test", replaces=old.cert_id)
        self.refused(again, "alreadyReplaced")
        self.assertEqual(again[0], 409)
        url = self.ca.url("renewal-info", old.cert_id)
        status, headers, body = c.send("GET", url)
        self.assertEqual((status, headers["Retry-After"]), (200, "21600"))
        self.assertIn("suggestedWindow", json.loads(body))
        self.assertEqual(
            c.send("GET", self.ca.url("renewal-info", "AAAA.AAAA"))[0], 404)

    def test_a_certificate_is_revoked_once_and_by_its_owner(self):
        c, other = self.client, Client(self.ca)
        c.register()
        other.register()
        der = b64(self.issue(c, "a.test").der)
        url = self.ca.url("revoke-cert")
        self.refused(other.post(url, {"certificate": der}), "unauthorized")
        self.refused(c.post(url, {"certificate": der, "reason": 2}),
                     "badRevocationReason")
        self.assertEqual(c.post(url, {"certificate": der, "reason": 1})[0],
                         200)
        self.refused(c.post(url, {"certificate": der}), "alreadyRevoked")


if __name__ == "__main__":
    unittest.main()
