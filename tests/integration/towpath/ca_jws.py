"""JWS as ACME has it (RFC 8555, 6.2), for the CA double: what a client signed
is verified to the letter, and what is wrong is a problem document."""

import base64
import hashlib
import hmac
import json
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    encode_dss_signature)

PREFIX = "urn:ietf:params:acme:error:"
STATUS = {"accountDoesNotExist": 400, "alreadyReplaced": 409, "caa": 403,
          "externalAccountRequired": 403, "orderNotReady": 403,
          "rateLimited": 429, "serverInternal": 500, "unauthorized": 403,
          "userActionRequired": 403}


class Problem(Exception):
    """A problem document (RFC 8555, 6.7); `more` are further members."""

    def __init__(self, type_, detail, status=None, headers=None, **more):
        super().__init__(f"{type_}: {detail}")
        self.type, self.detail = type_, detail
        self.status = status or STATUS.get(type_, 400)
        self.headers, self.more = headers or {}, more

    def document(self):
        return {"type": PREFIX + self.type, "detail": self.detail, **self.more}


def malformed(detail):
    return Problem("malformed", detail)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    """base64url without padding, and nothing else (RFC 7515, 2)."""
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise malformed("not base64url without padding")
    if len(text) % 4 == 1:
        raise malformed("base64url of no length that there is")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def canonical(jwk):
    """The members that a thumbprint is made of (RFC 7638)."""
    members = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}
    if not isinstance(jwk, dict) or jwk.get("kty") not in members:
        raise Problem("badPublicKey", "the jwk is no EC or RSA key")
    try:
        wanted = {m: jwk[m] for m in members[jwk["kty"]]}
    except KeyError as e:
        raise Problem("badPublicKey", f"the jwk has no {e}") from e
    return json.dumps(wanted, sort_keys=True, separators=(",", ":"))


def thumbprint(jwk):
    return b64(hashlib.sha256(canonical(jwk).encode()).digest())


def public_key(jwk):
    canonical(jwk)
    if jwk["kty"] == "RSA":
        n = int.from_bytes(unb64(jwk["n"]), "big")
        if n.bit_length() < 2048:
            raise Problem("badPublicKey", "an RSA key under 2048 bits")
        return rsa.RSAPublicNumbers(
            int.from_bytes(unb64(jwk["e"]), "big"), n).public_key()
    if jwk["crv"] != "P-256":
        raise Problem("badPublicKey", "no curve but P-256")
    x, y = unb64(jwk["x"]), unb64(jwk["y"])
    if len(x) != 32 or len(y) != 32:
        raise Problem("badPublicKey", "coordinates are not of 32 octets")
    try:
        return ec.EllipticCurvePublicNumbers(
            int.from_bytes(x, "big"), int.from_bytes(y, "big"),
            ec.SECP256R1()).public_key()
    except ValueError as e:
        raise Problem("badPublicKey", "a point that is not on P-256") from e


class Jws:
    """A flattened JWS, parsed; its signature is checked by verify()."""

    def __init__(self, text):
        try:
            o = json.loads(text) if isinstance(text, (bytes, str)) else text
        except ValueError as e:
            raise malformed("the body is no JSON") from e
        if not isinstance(o, dict) or set(o) != {"protected", "payload",
                                                 "signature"}:
            raise malformed("the body is no flattened JWS")
        self.signed = f"{o['protected']}.{o['payload']}".encode()
        try:
            self.head = json.loads(unb64(o["protected"]))
        except ValueError as e:
            raise malformed("the protected header is no JSON") from e
        if not isinstance(self.head, dict):
            raise malformed("the protected header is no object")
        self.raw = unb64(o["payload"])
        self.signature = unb64(o["signature"])

    def payload(self):
        """The object in it; None for POST-as-GET."""
        if self.raw == b"":
            return None
        try:
            o = json.loads(self.raw)
        except ValueError as e:
            raise malformed("the payload is no JSON") from e
        if not isinstance(o, dict):
            raise malformed("the payload is no object")
        return o

    def check_head(self, url, has_nonce=True):
        wanted = {"alg", "url"} | ({"nonce"} if has_nonce else set())
        if not wanted <= set(self.head):
            raise malformed("the protected header lacks one of "
                            + ", ".join(sorted(wanted)))
        if not has_nonce and "nonce" in self.head:
            raise malformed("an inner JWS has no nonce")
        if ("jwk" in self.head) == ("kid" in self.head):
            raise malformed("exactly one of jwk and kid is to be there")
        if self.head["url"] != url:
            raise Problem("unauthorized",
                          f"signed for {self.head['url']}, sent to {url}")

    def verify(self, jwk):
        key, alg = public_key(jwk), self.head["alg"]
        wanted = "RS256" if isinstance(key, rsa.RSAPublicKey) else "ES256"
        if alg != wanted:
            raise Problem("badSignatureAlgorithm", f"{alg} is not {wanted}",
                          algorithms=["ES256", "RS256"])
        try:
            if alg == "RS256":
                key.verify(self.signature, self.signed, padding.PKCS1v15(),
                           hashes.SHA256())
                return
            if len(self.signature) != 64:
                raise malformed("an ES256 signature has 64 octets")
            r, s = (int.from_bytes(self.signature[i:i + 32], "big")
                    for i in (0, 32))
            key.verify(encode_dss_signature(r, s), self.signed,
                       ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as e:
            raise malformed("the signature is not of this key") from e

    def verify_mac(self, secret):
        """Of an external account binding (RFC 8555, 7.3.4)."""
        if self.head.get("alg") != "HS256":
            raise malformed("a binding is made with HS256")
        mac = hmac.new(unb64(secret), self.signed, hashlib.sha256).digest()
        if not hmac.compare_digest(mac, self.signature):
            raise Problem("unauthorized", "the binding's MAC is wrong")
