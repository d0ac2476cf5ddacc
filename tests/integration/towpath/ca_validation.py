"""How the CA double looks for what proves a name: really, over the network."""

import hashlib
import http.client
import secrets
import socket
import ssl
import struct

from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier

from .ca_jws import Problem, b64

TIMEOUT = 10
_ACME_ID = ObjectIdentifier("1.3.6.1.5.5.7.1.31")


def http_01(address, host, token, expected):
    connection = http.client.HTTPConnection(*address, timeout=TIMEOUT)
    path = f"/.well-known/acme-challenge/{token}"
    try:
        connection.request("GET", path, headers={
            "Host": host, "User-Agent": "towpath-ca-double", "Accept": "*/*"})
        response = connection.getresponse()
        body = response.read(200)
    except (OSError, http.client.HTTPException) as e:
        raise Problem("connection", f"{host}: {e}") from e
    finally:
        connection.close()
    if response.status != 200:
        raise Problem("unauthorized",
                      f"http://{host}{path} answers {response.status}")
    if body.decode(errors="replace").rstrip() != expected:
        raise Problem("unauthorized", f"http://{host}{path} has {body[:80]!r}")


def tls_alpn_01(address, host, expected):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["acme-tls/1"])
    try:
        with socket.create_connection(address, TIMEOUT) as plain:
            with context.wrap_socket(plain, server_hostname=host) as s:
                chosen = s.selected_alpn_protocol()
                der = s.getpeercert(binary_form=True)
    except OSError as e:
        raise Problem("tls", f"{host}: {e}") from e
    certificate = x509.load_der_x509_certificate(der)
    san = certificate.extensions.get_extension_for_class(
        x509.SubjectAlternativeName).value
    try:
        proof = certificate.extensions.get_extension_for_oid(_ACME_ID)
    except x509.ExtensionNotFound as e:
        raise Problem("unauthorized", "no acmeIdentifier") from e
    digest = hashlib.sha256(expected.encode()).digest()
    if (chosen != "acme-tls/1" or [n.value for n in san] != [host]
            or not proof.critical or proof.value.value != b"\x04\x20" + digest):
        raise Problem("unauthorized", f"{host}: not our certificate")


def _skip_name(data, at):
    while data[at] != 0:
        if data[at] & 0xC0:
            return at + 2
        at += 1 + data[at]
    return at + 1


def txt_values(server, name):
    """The TXT values that a DNS server has, by one question over UDP."""
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
    number = secrets.randbits(16)
    question = (struct.pack(">6H", number, 0x100, 1, 0, 0, 0) + labels
                + b"\0" + struct.pack(">2H", 16, 1))
    host, port = server.rsplit(":", 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(TIMEOUT)
        s.connect((host, int(port)))
        s.send(question)
        data = s.recv(65535)
    values, at = [], _skip_name(data, 12) + 4
    for _ in range(struct.unpack_from(">H", data, 6)[0]):
        at = _skip_name(data, at)
        kind, _, _, n = struct.unpack_from(">2HIH", data, at)
        at += 10
        if kind == 16:
            text, end = b"", at + n
            while at < end:
                text += data[at + 1:at + 1 + data[at]]
                at += 1 + data[at]
            values.append(text.decode())
        else:
            at += n
    return values


def dns_01(server, host, expected):
    name = f"_acme-challenge.{host}"
    try:
        values = txt_values(server, name)
    except (OSError, IndexError, struct.error) as e:
        raise Problem("dns", f"{name}: {e}") from e
    if b64(hashlib.sha256(expected.encode()).digest()) not in values:
        raise Problem("unauthorized", f"{name} has {values}")
