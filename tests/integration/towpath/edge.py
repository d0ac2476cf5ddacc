"""What tests of the edge share: raw HTTP/1.1 and a case with apps on demand."""

import socket
import ssl
import unittest

from .backend import Backend
from .client import patient_handshake
from .daemon import Daemon
from .pki import Ca

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def head_of(sock):
    """The head of a request and what came behind it; b"" at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            return b"", b""
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def answer_all(sock):
    """Behaves: as an app that answers "ok" as long as it is asked."""
    while head_of(sock)[0]:
        sock.sendall(OK)


def answer_one(sock):
    """Behaves: the same, once."""
    head_of(sock)
    sock.sendall(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))


def request(host, path="/", method="GET", *fields, body=b""):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def all_of(sock, timeout=10):
    """Everything until the end, and whether the end was in good order."""
    sock.settimeout(timeout)
    data = b""
    try:
        while piece := sock.recv(1 << 20):
            data += piece
    except (ConnectionError, ssl.SSLError, TimeoutError):
        return data, False
    return data, True


def _fields(stream):
    fields = {}
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        fields[name.decode().lower()] = value.strip().decode()
    return fields


def response(stream, has_body=True):
    """One response off a socket's file: (status, headers, body); trailers are
    in headers["trailers"] when there are any."""
    status = int(stream.readline().split()[1])
    headers = _fields(stream)
    if not has_body or status < 200 or status in (204, 304):
        return status, headers, b""
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(stream.readline(), 16):
            body += stream.read(size)
            stream.readline()
        if trailers := _fields(stream):
            headers["trailers"] = trailers
        return status, headers, body
    return status, headers, stream.read(int(headers["content-length"]))


class Case(unittest.TestCase):
    config = {}
    daemon_class = Daemon

    @classmethod
    def setUpClass(cls):
        cls.app = Backend("shop")
        cls.daemon = cls.daemon_class(**cls.config)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)
        cls.host = "edge.test.example"
        cls.daemon.cli("domains", "add", cls.host, "--app", "shop")
        cls.ca = Ca()
        cls.own = cls.ca.issue(cls.host)
        cls.daemon.upload("add", cls.host, cls.own)
        cls.n_apps = 0

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.app.close()

    def new_app(self, backends, settings=(), tls=True):
        """A host of a new app; tls: with a certificate of its own."""
        type(self).n_apps += 1
        name, d = f"app{self.n_apps}", self.daemon
        host = f"{name}.test.example"
        d.cli("apps", "create", name)
        if backends:
            d.cli("backends", "add", name, *backends)
        if settings:
            d.cli("apps", "set", name, *settings)
        d.cli("domains", "add", host, "--app", name)
        if tls:
            d.upload("add", host, self.ca.issue(host))
        return host

    def host_of(self, *backends, **settings):
        return self.new_app(backends,
                            [f"{k}={v}" for k, v in settings.items()])

    def connect(self, host, tls=True):
        if tls:
            return patient_handshake(self.daemon.https, host)
        return socket.create_connection(("127.0.0.1", self.daemon.http))

    def workers(self):
        return [pid for name, pid in self.daemon.children().items()
                if name.startswith("worker")]

    def coded(self, code, host):
        return any(f"code={code} " in x and host in x
                   for x in self.daemon.lines())
