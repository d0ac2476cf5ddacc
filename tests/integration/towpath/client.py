"""Visitors: TLS handshakes and HTTP requests to one address with any name."""

import http.client as http_client
import json
import re
import socket
import ssl

from .util import PATIENCE


class Answer:
    """A response: status, headers (lower-case names), body, and the leaf
    certificate (DER) of the connection it came on, None for plain HTTP."""

    def __init__(self, response, body, certificate):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.body = body
        self.certificate = certificate

    def json(self):
        return json.loads(self.body)


def context(ca_pem=None, version=None):
    """A client context; verifies against ca_pem when given, else nothing."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_pem is None:
        c.check_hostname = False
        c.verify_mode = ssl.CERT_NONE
    else:
        c.load_verify_locations(cadata=ca_pem.decode())
    if version:
        c.minimum_version = c.maximum_version = version
    return c


def handshake(port, host, ca_pem=None, version=None, session=None,
              ctx=None):
    """A connected ssl socket with that SNI (None: no SNI)."""
    ctx = ctx or context(ca_pem, version)
    if host is None:
        ctx.check_hostname = False
    plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        return ctx.wrap_socket(plain, server_hostname=host, session=session)
    except Exception:
        plain.close()
        raise


def patient_handshake(port, host):
    """The same, where it matters to nobody that a busy machine lets one miss
    the deadline that a signature has."""
    for _ in range(5):
        try:
            return handshake(port, host)
        except ssl.SSLError as e:
            if "INTERNAL_ERROR" not in str(e):
                raise
    return handshake(port, host)


def served(port, host):
    """DER of the leaf certificate that a new full handshake gets."""
    with handshake(port, host) as s:
        return s.getpeercert(binary_form=True)


class Https:
    """A keep-alive connection for one host; plain=True speaks HTTP only."""

    def __init__(self, port, host, ca_pem=None, plain=False, version=None):
        self.host = host
        self.connection = http_client.HTTPConnection("127.0.0.1", port,
                                                     timeout=PATIENCE)
        if plain:
            self.connection.connect()
            self.certificate = None
        else:
            self.connection.sock = handshake(port, host, ca_pem, version)
            self.certificate = self.connection.sock.getpeercert(True)

    def request(self, path="/", method="GET", body=None, headers=None,
                host=None):
        fields = {"Host": host or self.host, **(headers or {})}
        self.connection.request(method, path, body=body, headers=fields,
                                encode_chunked="Transfer-Encoding" in fields)
        response = self.connection.getresponse()
        return Answer(response, response.read(), self.certificate)

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def get(port, host, path="/", ca_pem=None, **kw):
    """One HTTPS request on a connection of its own."""
    with Https(port, host, ca_pem) as c:
        return c.request(path, **kw)


# the name `http` is the request, as `get` is the HTTPS one
def _plain(port, host, path="/", **kw):
    with Https(port, host, plain=True) as c:
        return c.request(path, **kw)


http = _plain


def raw(port, data, tls_host=None, timeout=5):
    """Sends bytes as they are and returns (status, all that came back)."""
    s = (handshake(port, tls_host) if tls_host else
         socket.create_connection(("127.0.0.1", port)))
    with s:
        s.settimeout(timeout)
        s.sendall(data)
        answer = b""
        try:
            while True:
                piece = s.recv(65536)
                if not piece:
                    break
                answer += piece
        except (TimeoutError, ConnectionError, ssl.SSLError):
            pass
    match = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    return (int(match[1]) if match else 0), answer
