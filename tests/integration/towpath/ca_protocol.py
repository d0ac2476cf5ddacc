"""The protocol of the CA double: accounts, orders, authorizations, challenges,
certificates and renewal information (RFC 8555, RFC 9773).  What a test may
turn is in ca_double.py."""

import datetime
import re
import secrets
import threading

from cryptography import x509

from . import ca_validation
from .ca_jws import (Jws, Problem, b64, canonical, malformed, public_key,
                     thumbprint, unb64)

_NAME = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]"
                   r"[a-z0-9-]{0,62}")


def stamp(seconds):
    return datetime.datetime.utcfromtimestamp(seconds).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


class Account:
    def __init__(self, number, jwk, contact):
        self.number, self.jwk, self.contact = number, jwk, contact
        self.status, self.binding = "valid", None


class Challenge:
    def __init__(self, authorization, type_):
        self.authorization, self.type = authorization, type_
        self.token = b64(secrets.token_bytes(24))
        self.status, self.error, self.validated_at = "pending", None, None


class Authorization:
    def __init__(self, number, account, name, expires_at, types):
        self.number, self.account, self.name = number, account, name
        self.host = name[2:] if name.startswith("*.") else name
        self.is_wildcard = name.startswith("*.")
        self.expires_at, self.status = expires_at, "pending"
        self.challenges = [Challenge(self, t) for t in types
                           if t == "dns-01" or not self.is_wildcard]


class Order:
    """Of an account; replaces: an Issued, or None."""

    def __init__(self, number, account, names, profile, replaces):
        self.number, self.account, self.names = number, account, names
        self.profile, self.replaces = profile, replaces
        self.authorizations, self.error, self.certificate = [], None, None
        self.csr, self.polls_left, self.is_forgotten = None, 0, False
        self.in_window = False  # of the certificate that it replaces
        self.made_at = self.expires_at = 0

    def status(self, now):
        if self.error or (not self.csr and now >= self.expires_at):
            return "invalid"
        if self.certificate:
            return "valid"
        if self.csr:
            return "processing"
        states = {a.status for a in self.authorizations}
        if "invalid" in states:
            return "invalid"
        return "ready" if states == {"valid"} else "pending"


class Protocol:
    """Each of these answers (status, headers, object or text)."""

    # --- documents -----------------------------------------------------------
    def url(self, *words):
        return "/".join([self.base, *map(str, words)])

    def directory_document(self):
        o = {"newNonce": self.url("new-nonce"),
             "newAccount": self.url("new-account"),
             "newOrder": self.url("new-order"),
             "revokeCert": self.url("revoke-cert"),
             "keyChange": self.url("key-change"), "meta": {}}
        if self.renewal_info:
            o["renewalInfo"] = self.url("renewal-info")
        meta = o["meta"]
        if self.terms:
            meta["termsOfService"] = self.terms
        if self.caa_identities:
            meta["caaIdentities"] = self.caa_identities
        if self.profiles:
            meta["profiles"] = {p: self.url("docs", p) for p in self.profiles}
        if self.bindings:
            meta["externalAccountRequired"] = True
        return o

    def order_document(self, order):
        o = {"status": order.status(self.now()),
             "expires": stamp(order.expires_at),
             "identifiers": [{"type": "dns", "value": n}
                             for n in order.names],
             "authorizations": [self.url("authz", a.number)
                                for a in order.authorizations],
             "finalize": self.url("finalize", order.number)}
        if order.profile:
            o["profile"] = order.profile
        if order.replaces:
            o["replaces"] = order.replaces.cert_id
        if order.error:
            o["error"] = order.error
        if o["status"] == "valid":
            o["certificate"] = self.url("cert", order.number)
        return o

    def challenge_document(self, c):
        o = {"type": c.type, "url": self.url("chall", c.authorization.number,
                                             c.type),
             "status": c.status, "token": c.token}
        if c.error:
            o["error"] = c.error
        if c.validated_at:
            o["validated"] = stamp(c.validated_at)
        return o

    def authorization_document(self, a):
        shown = ([c for c in a.challenges if c.status == "valid"]
                 if a.status == "valid" else a.challenges)
        o = {"status": a.status, "expires": stamp(a.expires_at),
             "identifier": {"type": "dns", "value": a.host},
             "challenges": self.odd_challenges
             + [self.challenge_document(c) for c in shown]}
        if a.is_wildcard:
            o["wildcard"] = True
        return o

    def account_document(self, a):
        o = {"status": a.status, "contact": a.contact,
             "orders": self.url("orders", a.number)}
        if a.binding:
            o["externalAccountBinding"] = a.binding
        return o

    # --- accounts ------------------------------------------------------------
    def account_of(self, jwk):
        mark = thumbprint(jwk)
        return next((a for a in self.accounts
                     if thumbprint(a.jwk) == mark), None)

    def new_account(self, jws, payload):
        jwk = jws.head["jwk"]
        account = self.account_of(jwk)
        if account is None:
            if payload.get("onlyReturnExisting"):
                raise Problem("accountDoesNotExist", "no account of this key")
            if self.terms and payload.get("termsOfServiceAgreed") is not True:
                raise Problem("userActionRequired", "agree to the terms",
                              instance=self.terms)
            contact = payload.get("contact", [])
            if not all(isinstance(c, str) and c.startswith("mailto:")
                       for c in contact):
                raise Problem("unsupportedContact", "mailto: and no other")
            account = Account(len(self.accounts) + 1, jwk, contact)
            account.binding = self.check_binding(jwk, payload)
            self.accounts.append(account)
            status = 201
        else:
            if account.status != "valid":
                raise Problem("unauthorized", f"it is {account.status}")
            status = 200
        return status, {"Location": self.url("account", account.number)}, \
            self.account_document(account)

    def check_binding(self, jwk, payload):
        given = payload.get("externalAccountBinding")
        if given is None:
            if self.bindings:
                raise Problem("externalAccountRequired", "bind the account")
            return None
        inner = Jws(given)
        if "nonce" in inner.head or inner.head.get("url") != \
                self.url("new-account"):
            raise malformed("the binding's header")
        if inner.head.get("kid") not in self.bindings:
            raise Problem("unauthorized", "this kid was never given out")
        inner.verify_mac(self.bindings[inner.head["kid"]])
        if canonical(inner.payload()) != canonical(jwk):
            raise malformed("the binding is of another key")
        return given

    def account(self, account, payload):
        if payload:
            if payload.get("status") == "deactivated":
                account.status = "deactivated"
            if "contact" in payload:
                account.contact = payload["contact"]
        return 200, {}, self.account_document(account)

    def key_change(self, jws, account):
        inner = Jws(jws.raw)
        inner.check_head(self.url("key-change"), has_nonce=False)
        if "jwk" not in inner.head:
            raise malformed("the inner JWS has no jwk")
        new = inner.head["jwk"]
        inner.verify(new)
        said = inner.payload() or {}
        if said.get("account") != self.url("account", account.number):
            raise malformed("the inner JWS is about another account")
        if canonical(said.get("oldKey")) != canonical(account.jwk):
            raise malformed("oldKey is not the account's key")
        holder = self.account_of(new)
        if holder is not None:
            raise Problem("malformed", "this key has an account", status=409,
                          headers={"Location": self.url("account",
                                                        holder.number)})
        account.jwk = new
        return 200, {}, self.account_document(account)

    # --- orders --------------------------------------------------------------
    def names_of(self, payload):
        names = []
        for i in payload.get("identifiers") or []:
            if not isinstance(i, dict) or i.get("type") != "dns":
                raise Problem("unsupportedIdentifier", "dns and no other")
            name = i.get("value")
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise Problem("rejectedIdentifier", f"no name: {name!r}",
                              identifier=i)
            if name not in names:
                names.append(name)
        if not names:
            raise malformed("an order for nothing")
        if len(names) > self.max_names:
            raise malformed(f"more than {self.max_names} names")
        return names

    def replaced_by(self, account, payload, names):
        """RFC 9773, 5.  A failed check ends the order."""
        cert_id = payload.get("replaces")
        if cert_id is None or not self.renewal_info:
            return None
        old = self.find_certificate(cert_id)
        if old is None:
            raise malformed("replaces names no certificate of ours")
        if old.order.account is not account:
            raise Problem("unauthorized", "replaces is of another account")
        if not set(old.names) & set(names):
            raise malformed("replaces has no name in common")
        if any(o.replaces is old and o.status(self.now()) != "invalid"
               for o in self.orders):
            raise Problem("alreadyReplaced", f"{cert_id} was replaced")
        return old

    def new_order(self, account, payload):
        names = self.names_of(payload)
        if "notBefore" in payload or "notAfter" in payload:
            raise malformed("no wishes for notBefore and notAfter")
        profile = payload.get("profile")
        if self.profiles and profile not in (None, *self.profiles):
            raise Problem("invalidProfile", f"no profile {profile}")
        again = self.same_order(account, names)
        if again:
            return 201, {"Location": self.url("order", again.number)}, \
                self.order_document(again)
        replaces = self.replaced_by(account, payload, names)
        order = Order(len(self.orders) + 1, account, names,
                      profile if self.profiles else None, replaces)
        order.made_at, order.expires_at = self.now(), self.now() + 7 * 86400
        if replaces:
            start, end = self.window_of(replaces)
            order.in_window = start <= self.now() < end
        for name in names:
            order.authorizations.append(self.authorization_for(account, name))
        self.orders.append(order)
        return 201, {"Location": self.url("order", order.number)}, \
            self.order_document(order)

    def same_order(self, account, names):
        """Of the same names and not finalized yet, when that is wished."""
        if not self.reuse_orders:
            return None
        return next((o for o in self.orders if o.account is account
                     and o.names == names and not o.is_forgotten
                     and o.status(self.now()) in ("pending", "ready")), None)

    def authorization_for(self, account, name):
        now = self.now()
        for a in self.authorizations if self.reuse_authorizations else []:
            if a.account is account and a.name == name and \
                    a.status == "valid" and a.expires_at > now:
                return a
        a = Authorization(len(self.authorizations) + 1, account, name,
                          now + 7 * 86400, self.challenge_types)
        self.authorizations.append(a)
        return a

    def mine(self, things, number, account):
        """One of the account's own; a stranger's is as if it were not there
        (RFC 8555 leaves 403 and 404 to the server)."""
        try:
            thing = things[int(number) - 1]
        except (ValueError, IndexError):
            thing = None
        if thing is None or getattr(thing, "is_forgotten", False):
            raise Problem("malformed", "no such thing", status=404)
        if thing.account is not account:
            raise Problem("unauthorized", "it is another account's")
        return thing

    def order(self, account, number, payload):
        if payload is not None:
            raise malformed("an order is read with POST-as-GET")
        order = self.mine(self.orders, number, account)
        headers = {}
        if order.status(self.now()) == "processing":
            if order.polls_left > 0:
                order.polls_left -= 1
            else:
                self.issue(order)
            headers = self.told("processing")
        elif order.status(self.now()) == "pending":
            headers = self.told("order")
        return 200, headers, self.order_document(order)

    def finalize(self, account, number, payload):
        order = self.mine(self.orders, number, account)
        if order.status(self.now()) != "ready":
            raise Problem("orderNotReady",
                          f"it is {order.status(self.now())}")
        if payload is None or set(payload) != {"csr"}:
            raise malformed("finalize wants csr and nothing else")
        order.csr = self.hierarchy.check_request(
            unb64(payload["csr"]), order.names, public_key(account.jwk))
        order.polls_left = self.processing_polls
        if order.polls_left == 0:
            self.issue(order)
        return 200, {"Location": self.url("order", order.number),
                     **self.told("finalize")}, self.order_document(order)

    def issue(self, order):
        now = self.now()
        before = now - self.backdate
        life = (self.lifetimes.get(order.names[0])
                or self.profiles.get(order.profile) or self.lifetime)
        order.certificate = self.hierarchy.issue(
            order.csr, order.names, before, before + life - 1, order)
        self.certificates.append(order.certificate)

    def certificate(self, account, number, chain):
        order = self.mine(self.orders, number, account)
        if order.certificate is None:
            raise Problem("malformed", "there is none", status=404)
        chains = order.certificate.chains
        links = [f'<{self.url("cert", order.number, i)}>;rel="alternate"'
                 for i in range(len(chains)) if i != chain]
        if chain >= len(chains):
            raise Problem("malformed", "no such chain", status=404)
        return 200, {"Link": links,
                     "Content-Type": "application/pem-certificate-chain"}, \
            chains[chain]

    # --- authorizations and challenges ---------------------------------------
    def authorization(self, account, number, payload):
        a = self.mine(self.authorizations, number, account)
        if payload is not None:
            if payload.get("status") != "deactivated":
                raise malformed("an authorization is read with POST-as-GET")
            a.status = "deactivated"
        headers = self.told("authz") if a.status == "pending" else {}
        return 200, headers, self.authorization_document(a)

    def challenge(self, account, number, type_, payload):
        a = self.mine(self.authorizations, number, account)
        c = next((c for c in a.challenges if c.type == type_), None)
        if c is None:
            raise Problem("malformed", "no such challenge", status=404)
        if payload is not None:
            if payload != {}:
                raise malformed("a challenge is begun with {}")
            if a.status != "pending" or c.status not in ("pending",
                                                         "processing"):
                raise malformed(f"the authorization is {a.status}")
            if c.status == "pending":
                c.status = "processing"
                threading.Thread(target=self.validate, args=(c,),
                                 daemon=True).start()
        return 200, {"Link": [f'<{self.url("authz", a.number)}>;rel="up"'],
                     **self.told("challenge")}, self.challenge_document(c)

    def look(self, c, jwk):
        host = c.authorization.host
        expected = f"{c.token}.{thumbprint(jwk)}"
        if c.type == "http-01":
            ca_validation.http_01(self.address_of(host, self.http_port), host,
                                  c.token, expected)
        elif c.type == "tls-alpn-01":
            ca_validation.tls_alpn_01(
                self.address_of(host, self.https_port), host, expected)
        else:
            ca_validation.dns_01(self.dns, host, expected)

    def validate(self, c):
        """In a thread of its own."""
        a, error = c.authorization, None
        try:
            self.raise_refusal("validation", a.name)
            for _ in range(self.perspectives):
                self.look(c, a.account.jwk)
        except Problem as p:
            error = {**p.document(), "status": p.status}
        with self.lock:
            c.error = error
            if error is None:
                c.status, c.validated_at = "valid", self.now()
                a.status = "valid"
                a.expires_at = self.now() + 30 * 86400
            elif self.failed_stay_pending:
                c.status = "pending"
            else:
                c.status = a.status = "invalid"
                for order in self.orders:
                    if a in order.authorizations and not order.csr:
                        order.error = error

    # --- certificates --------------------------------------------------------
    def find_certificate(self, cert_id):
        return next((c for c in self.certificates if c.cert_id == cert_id),
                    None)

    def window_of(self, certificate):
        """As a test has set it; else as Let's Encrypt's."""
        window = self.windows.get(certificate.cert_id, self.window)
        if window is not None:
            return window
        life = certificate.not_after + 1 - certificate.not_before
        left = life / 2 if life < 10 * 86400 else life / 3
        middle = certificate.not_after - left
        return middle - life / 100, middle + life / 100

    def renewal(self, cert_id):
        certificate = self.find_certificate(cert_id)
        if certificate is None:
            raise Problem("malformed", "no such certificate", status=404)
        start, end = self.window_of(certificate)
        o = {"suggestedWindow": {"start": stamp(start), "end": stamp(end)}}
        if self.explanation_url:
            o["explanationURL"] = self.explanation_url
        return 200, self.told("renewalInfo"), o

    def revoke(self, jws, account, payload):
        der = unb64(payload.get("certificate"))
        certificate = next((c for c in self.certificates if c.der == der), None)
        if certificate is None:
            raise Problem("malformed", "not a certificate of ours", status=404)
        if account is None:  # by the certificate's own key
            key = x509.load_der_x509_certificate(der).public_key()
            if key.public_numbers() != \
                    public_key(jws.head["jwk"]).public_numbers():
                raise Problem("unauthorized", "not the certificate's key")
        elif certificate.order.account is not account:
            raise Problem("unauthorized", "it is another account's")
        reason = payload.get("reason", 0)
        if reason not in (0, 1, 3, 4, 5):
            raise Problem("badRevocationReason", f"{reason}")
        if certificate.revoked is not None:
            raise Problem("alreadyRevoked", "it was revoked before")
        certificate.revoked = reason
        return 200, {}, ""
