"""A CA of our own for tests: follows RFC 8555 and RFC 9773 to the letter, and
does on demand what real ones do on bad days.

    with CaDouble(router_port) as ca, Daemon(ca=ca, http=ca.http_port) as d:
        ca.lifetime = 6 * 86400
        ca.refuse("newOrder", "rateLimited", "too many", retry_after=60)
        ...
        ca.count("newOrder")

Everything that is set on it may be set at any time, also while it serves.
STEPs are: directory newNonce newAccount account newOrder order authz challenge
finalize certificate renewalInfo revoke keyChange, and for refuse() also
validation (the error is then the challenge's).
"""

import email.utils
import http.server
import json
import pathlib
import random
import re
import secrets
import shutil
import socket
import ssl
import tempfile
import threading
import time

from .ca_hierarchy import Hierarchy
from .ca_jws import Jws, Problem, malformed
from .ca_protocol import Protocol
from .dns import Dns
from .pki import Ca
from .util import PATIENCE, free_port

_ROUTES = (
    ("directory", r"/dir"), ("newNonce", r"/new-nonce"),
    ("newAccount", r"/new-account"), ("newOrder", r"/new-order"),
    ("revoke", r"/revoke-cert"), ("keyChange", r"/key-change"),
    ("account", r"/account/(\d+)"), ("order", r"/order/(\d+)"),
    ("authz", r"/authz/(\d+)"), ("challenge", r"/chall/(\d+)/([a-z0-9-]+)"),
    ("finalize", r"/finalize/(\d+)"), ("certificate", r"/cert/(\d+)(?:/(\d+))?"),
    ("renewalInfo", r"/renewal-info/([A-Za-z0-9_.-]+)"))
_BEFORE_ACCOUNT = ("newAccount",)


class Request:
    """One that came: step, method, path, host (of the order), payload."""

    def __init__(self, step, method, path, at):
        self.step, self.method, self.path, self.at = step, method, path, at
        self.host = self.payload = self.account = self.status = None

    def __repr__(self):
        return f"{self.method} {self.path} {self.host} -> {self.status}"


class _Rule:
    """Something to be done to a step, some times or always."""

    def __init__(self, step, action, times, host):
        self.step, self.action, self.host = step, action, host
        self.left = times

    def fits(self, step, host):
        return (self.step == step and self.left != 0
                and self.host in (None, host))

    def use(self):
        if self.left:
            self.left -= 1
        return self.action


def _missing(member):
    def spoil(answer):
        answer[2].pop(member, None)
    return spoil


class CaDouble(Protocol):
    """n_alternates: chains beside the default one.  What else there is to set
    are the attributes below."""

    def __init__(self, http_port=None, n_alternates=0, seed=1, dns=None):
        self.http_port = http_port or free_port()
        self.https_port, self._port_is_taken = free_port(), False
        self.addresses = {}  # host: (address, port) instead of the router's
        self.offset = 0      # of the clock, seconds
        # certificates
        self.lifetime, self.backdate = 90 * 86400, 3600
        self.profiles = {}   # name: lifetime in seconds, None: as above
        self.lifetimes = {}  # host: its own, whatever the profile
        self.hierarchy = Hierarchy("double", n_alternates)
        # what the directory says
        self.terms, self.caa_identities = "https://ca.test/terms", []
        self.bindings = {}   # kid: base64url of the secret; one is then wanted
        # renewal information; windows: {certID: (start, end)}, Unix seconds
        self.renewal_info, self.window, self.windows = True, None, {}
        self.explanation_url = ""
        # Retry-After: {"authz": 3, "renewalInfo": "text"}; also of order,
        # processing, finalize, challenge
        self.retry_after = {"renewalInfo": 21600}
        self.processing_polls = 1
        self.bad_nonce_percent = 0
        self.challenge_types = ["http-01", "tls-alpn-01", "dns-01"]
        self.odd_challenges = []  # objects of no known type, shown first
        self.failed_stay_pending = False  # as Caddy's and step-ca's do
        self.reuse_authorizations = False
        self.reuse_orders = False  # the same names again: the same order
        self.perspectives, self.max_names = 3, 100
        # what happened
        self.requests, self.accounts, self.orders = [], [], []
        self.authorizations, self.certificates = [], []
        self.lock = threading.RLock()
        self._random = random.Random(seed)
        self._nonces, self._rules, self._spoils = set(), [], []
        self._gates, self._closing = {}, threading.Event()
        self._own_dns = None if dns else Dns(default="127.0.0.1")
        self.zone = self._own_dns
        self.dns = dns or self._own_dns.address
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="ca-double-"))
        self.dir.chmod(0o755)  # the daemon's user reads ca.pem
        self._listen()

    def _listen(self):
        own = Ca("double listener")
        server = own.issue("localhost", days=3650)
        self.ca_file = self.dir / "ca.pem"
        self.ca_file.write_bytes(own.root_pem)
        (self.dir / "server.pem").write_bytes(server.chain_pem)
        (self.dir / "server.key").write_bytes(server.key_pem)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(self.dir / "server.pem",
                                  self.dir / "server.key")
        self._port = 0
        self.start()

    def start(self):
        """Again, at the same port, after stop()."""
        self._closing.clear()
        self._server = _Server(("127.0.0.1", self._port), self)
        self._port = self._server.server_port
        self.base = f"https://localhost:{self._port}"
        self.directory = self.base + "/dir"
        threading.Thread(target=self._server.serve_forever, args=(0.05,),
                         daemon=True).start()

    def stop(self):
        """Nothing listens any more; all that it knows is kept."""
        self._closing.set()
        for gate in list(self._gates.values()):
            gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.drop_all()

    def close(self):
        self.stop()
        if self._own_dns:
            self._own_dns.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def take_https_port(self):
        """For one daemon, as of Pebble; None for the others."""
        port = None if self._port_is_taken else self.https_port
        self._port_is_taken = True
        return port

    # --- what a test does to it ----------------------------------------------
    def now(self):
        return time.time() + self.offset

    def address_of(self, host, port):
        return self.addresses.get(host, ("127.0.0.1", port))

    def roots(self):
        """PEM of the roots: the default chain's first."""
        return self.hierarchy.roots_pem()

    def refuse(self, step, type_, detail="as the test wants it", status=None,
               retry_after=None, times=None, host=None, **more):
        """STEP is answered with this problem: times (None: until heal())."""
        headers = {}
        if retry_after is not None:
            headers["Retry-After"] = str(retry_after)
        self._rules.append(_Rule(
            step, Problem(type_, detail, status, headers, **more), times,
            host))

    def pause(self, host=None):
        """Let's Encrypt's way to say that nothing more is signed."""
        self.refuse("newOrder", "rateLimited",
                    "Your account is temporarily prevented from requesting "
                    f"certificates for {host or 'names'} and possibly others. "
                    "Please visit: https://portal.ca.test/unpause?jwt=secret",
                    host=host)

    def spoil(self, step, how, times=None, host=None):
        """What STEP answers is made bad.  how: a function that changes
        [status, headers, object or text], or one of: "no json", "empty",
        "array", "content type", "truncated", "huge", "endless", "drip",
        "silent", "cut", "plain 503", "missing MEMBER"."""
        self._spoils.append(_Rule(step, how, times, host))

    def heal(self):
        """No refusals, no spoiled answers, nobody held any more."""
        self._rules, self._spoils = [], []
        for step in list(self._gates):
            self.release(step)

    def hold(self, step):
        """Requests of STEP wait from now on, before anything is done, until
        release(step)."""
        self._gates[step] = threading.Event()

    def release(self, step):
        self._gates.pop(step).set()

    def release_all(self):
        for step in list(self._gates):
            self.release(step)

    def forget_orders(self):
        with self.lock:
            for o in self.orders:
                o.is_forgotten = True

    def forget_accounts(self):
        """Their keys are unknown from now on."""
        with self.lock:
            for a in self.accounts:
                a.status = "forgotten"
                a.jwk = {"kty": "EC", "crv": "P-256", "x": secrets.token_hex(),
                         "y": ""}

    def count(self, step, host=None):
        return sum(r.step == step and host in (None, r.host)
                   for r in list(self.requests))

    def orders_for(self, host):
        return [o for o in list(self.orders) if host in o.names]

    def certificates_for(self, host):
        return [c for c in list(self.certificates) if host in c.names]

    def told(self, step):
        value = self.retry_after.get(step)
        if isinstance(value, (int, float)) and value < 0:  # a date
            value = email.utils.formatdate(self.now() - value, usegmt=True)
        return {} if value is None else {"Retry-After": str(value)}

    # --- one request ---------------------------------------------------------
    def nonce(self):
        text = secrets.token_urlsafe(16)
        with self.lock:
            self._nonces.add(text)
        return text

    def _take_nonce(self, text):
        with self.lock:
            known = text in self._nonces
            self._nonces.discard(text)
            unlucky = self._random.random() * 100 < self.bad_nonce_percent
        if not known or unlucky:
            raise Problem("badNonce", "not one of ours (any more)")

    def raise_refusal(self, step, host):
        with self.lock:
            rule = next((r for r in self._rules if r.fits(step, host)), None)
            problem = rule.use() if rule else None
        if problem is not None:
            raise problem

    def _host_of(self, step, words, payload):
        """The first name of the order that a request is about."""
        try:
            if step == "newOrder":
                return payload["identifiers"][0]["value"]
            if step in ("authz", "challenge"):
                return self.authorizations[int(words[0]) - 1].name
            if step in ("order", "finalize", "certificate"):
                return self.orders[int(words[0]) - 1].names[0]
            if step == "renewalInfo":
                return self.find_certificate(words[0]).names[0]
        except (LookupError, TypeError, ValueError, AttributeError):
            pass
        return None

    def _open(self, jws, step, url):
        """Verifies; returns the account (None before there is one)."""
        jws.check_head(url)
        wants_key = step in _BEFORE_ACCOUNT
        if wants_key and "jwk" not in jws.head:
            raise malformed(f"{step} is signed with a jwk")
        if "jwk" in jws.head:
            if not wants_key and step != "revoke":
                raise malformed(f"{step} is signed with a kid")
            jws.verify(jws.head["jwk"])
            self._take_nonce(jws.head["nonce"])
            return None
        match = re.fullmatch(re.escape(self.base) + r"/account/(\d+)",
                             jws.head["kid"])
        number = int(match[1]) if match else 0
        if not 0 < number <= len(self.accounts) or \
                self.accounts[number - 1].status == "forgotten":
            raise Problem("accountDoesNotExist", "no such account")
        account = self.accounts[number - 1]
        jws.verify(account.jwk)
        self._take_nonce(jws.head["nonce"])
        if account.status != "valid":
            raise Problem("unauthorized", f"the account is {account.status}")
        return account

    def _post(self, request, words, body, headers):
        if headers.get("Content-Type") != "application/jose+json":
            raise Problem("malformed", "not application/jose+json", status=415)
        jws, step = Jws(body), request.step
        account = self._open(jws, step, self.base + request.path)
        request.account = account
        payload = None if step == "keyChange" else jws.payload()
        request.payload = payload
        request.host = self._host_of(step, words, payload)
        self.raise_refusal(step, request.host)
        if payload is None and step in ("newAccount", "newOrder", "revoke",
                                        "finalize"):
            raise malformed(f"{step} with nothing in it")
        if step == "newAccount":
            return self.new_account(jws, payload)
        if step == "keyChange":
            return self.key_change(jws, account)
        if step == "revoke":
            return self.revoke(jws, account, payload)
        if step == "newOrder":
            return self.new_order(account, payload)
        if step == "account":
            if int(words[0]) != account.number:
                raise Problem("unauthorized", "another account")
            return self.account(account, payload)
        if step == "order":
            return self.order(account, words[0], payload)
        if step == "authz":
            return self.authorization(account, words[0], payload)
        if step == "challenge":
            return self.challenge(account, words[0], words[1], payload)
        if step == "finalize":
            return self.finalize(account, words[0], payload)
        if payload is not None:
            raise malformed("a certificate is read with POST-as-GET")
        return self.certificate(account, words[0], int(words[1] or 0))

    def _get(self, request, words):
        request.host = self._host_of(request.step, words, None)
        self.raise_refusal(request.step, request.host)
        if request.step == "directory":
            return 200, {}, self.directory_document()
        if request.step == "newNonce":
            return (200 if request.method == "HEAD" else 204), {}, ""
        if request.step == "renewalInfo" and self.renewal_info:
            return self.renewal(words[0])
        raise Problem("malformed", "not by GET", status=405)

    def answer(self, method, path, headers, body):
        """[status, headers, object or text], and how to spoil it."""
        step, words = next(
            ((s, m.groups()) for s, r in _ROUTES
             for m in [re.fullmatch(r, path)] if m), (None, ()))
        request = Request(step, method, path, self.now())
        with self.lock:
            self.requests.append(request)
        request.host = self._host_of(step, words, None)
        gate = self._gates.get(step)
        if gate:
            gate.wait(PATIENCE)
        try:
            if step is None:
                raise Problem("malformed", "no such path", status=404)
            if not headers.get("User-Agent"):
                raise malformed("no User-Agent")
            with self.lock:
                made = (self._post(request, words, body, headers)
                        if method == "POST" else self._get(request, words))
            answer = [made[0], dict(made[1]), made[2]]
        except Problem as p:
            answer = [p.status, {"Content-Type": "application/problem+json",
                                 **p.headers}, p.document()]
        answer[1].setdefault("Link", []).append(
            f'<{self.directory}>;rel="index"')
        if method == "POST" or step == "newNonce":
            answer[1]["Replay-Nonce"] = self.nonce()
        answer[1]["Cache-Control"] = "no-store"
        request.status = answer[0]
        with self.lock:
            rule = next((r for r in self._spoils
                         if r.fits(step, request.host)), None)
            return answer, rule.use() if rule else None


def _as_bytes(answer):
    body = answer[2]
    if isinstance(body, (dict, list)):
        answer[1].setdefault("Content-Type", "application/json")
        return json.dumps(body).encode()
    return body if isinstance(body, bytes) else body.encode()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self):
        ca = self.server.ca
        n = int(self.headers.get("Content-Length") or 0)
        answer, how = ca.answer(self.command, self.path, self.headers,
                                self.rfile.read(n))
        if callable(how):
            how(answer)
            how = None
        elif how and how.startswith("missing "):
            _missing(how.split()[1])(answer)
        elif how == "array":
            answer[2] = [answer[2]] if isinstance(answer[2], dict) else ["x"]
        body = _as_bytes(answer)
        if how == "no json":
            body = b"<html><body>The load balancer is not amused</body></html>"
        elif how == "empty":
            body = b""
        elif how == "content type":
            answer[1]["Content-Type"] = "text/html"
        elif how == "plain 503":
            answer[0], body = 503, b"Service Unavailable"
            answer[1]["Content-Type"] = "text/plain"
        self._send(answer, body, how)

    def _send(self, answer, body, how):
        if how in ("silent", "cut"):
            if how == "silent":
                self.server.ca._closing.wait(10 * PATIENCE)
            self.close_connection = True
            return
        is_open = how in ("huge", "endless", "drip")
        self.send_response(answer[0])
        for name, value in answer[1].items():
            for v in value if isinstance(value, list) else [value]:
                self.send_header(name, v)
        if is_open:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(
                len(body) + (50 if how == "truncated" else 0)))
        self.end_headers()
        if self.command == "HEAD":
            return
        try:
            self._send_body(body, how)
        except OSError:
            self.close_connection = True

    def _send_body(self, body, how):
        closing = self.server.ca._closing
        if how == "huge":  # an object that is 8 MB long
            self.wfile.write(b'{"x":"' + b"a" * (8 << 20) + b'"}')
        elif how == "endless":
            while not closing.is_set():
                self.wfile.write(b" " * 65536)
        elif how == "drip":
            while not closing.wait(0.1):
                self.wfile.write(b" ")
                self.wfile.flush()
        else:
            self.wfile.write(body)
            self.close_connection |= how == "truncated"

    do_GET = do_HEAD = do_POST = _serve  # noqa: N815

    def log_message(self, *args):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, ca):
        self.ca, self.open = ca, set()
        super().__init__(address, _Handler)

    def finish_request(self, request, client_address):
        """In the connection's own thread: handshake, then requests."""
        try:
            request.settimeout(10 * PATIENCE)
            tls = self.ca._tls.wrap_socket(request, server_side=True)
        except OSError:
            return
        self.open.add(tls)
        try:
            super().finish_request(tls, client_address)
        except OSError:
            pass
        finally:
            self.open.discard(tls)
            tls.close()

    def drop_all(self):
        for tls in list(self.open):
            try:
                tls.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def handle_error(self, request, client_address):
        pass
