"""Certificates for tests, made with python3-cryptography."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import (AuthorityInformationAccessOID,
                                   ExtendedKeyUsageOID, NameOID)

_PEM = serialization.Encoding.PEM
_DER = serialization.Encoding.DER


def make_key(kind="ecdsa-p256"):
    """A private key; kind as towpath writes it."""
    if kind.startswith("rsa-"):
        return rsa.generate_private_key(65537, int(kind[4:]))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    curve = {"ecdsa-p256": ec.SECP256R1, "ecdsa-p384": ec.SECP384R1,
             "ecdsa-p521": ec.SECP521R1}[kind]
    return ec.generate_private_key(curve())


def _name(cn):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)])


def _san(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Identity:
    """A leaf certificate with its key and what is above it."""

    def __init__(self, certificate, key, above):
        self.certificate = certificate
        self.key = key
        self.above = above  # certificates from the issuer up to the root

    @property
    def pem(self):
        return self.certificate.public_bytes(_PEM)

    @property
    def der(self):
        return self.certificate.public_bytes(_DER)

    @property
    def chain_pem(self):
        """Leaf and intermediates, no root: what a server sends."""
        return b"".join(c.public_bytes(_PEM)
                        for c in [self.certificate] + self.above[:-1])

    @property
    def chain_der(self):
        return [c.public_bytes(_DER)
                for c in [self.certificate] + self.above[:-1]]

    @property
    def root_pem(self):
        return self.above[-1].public_bytes(_PEM)

    @property
    def key_pem(self):
        return self.key.private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())

    def encrypted_key_pem(self, passphrase):
        return self.key.private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase.encode()))

    def pkcs12(self, passphrase):
        return pkcs12.serialize_key_and_certificates(
            b"towpath", self.key, self.certificate, self.above[:-1],
            serialization.BestAvailableEncryption(passphrase.encode()))

    @property
    def names(self):
        san = self.certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName)
        return san.value.get_values_for_type(x509.DNSName)


class Asked:
    """The key of a request, as far as a CA needs it."""

    def __init__(self, csr):
        self.csr = x509.load_pem_x509_csr(csr.encode())

    def public_key(self):
        return self.csr.public_key()

    @property
    def names(self):
        return self.csr.extensions.get_extension_for_class(
            x509.SubjectAlternativeName).value.get_values_for_type(
                x509.DNSName)


class Ca:
    """A root and one intermediate; issues leaves under the intermediate."""

    def __init__(self, name="Test CA"):
        self.root_key = make_key()
        self.root = self._sign(f"{name} root", self.root_key, None, True)
        self.middle_key = make_key()
        self.middle = self._sign(f"{name} intermediate", self.middle_key,
                                 (self.root, self.root_key), True)

    @property
    def root_pem(self):
        return self.root.public_bytes(_PEM)

    def issue(self, *names, days=90, key="ecdsa-p256", not_before=None,
              not_after=None, client_only=False, issuer_url=None):
        """A leaf for names or addresses; not_before and not_after are datetimes (UTC),
        issuer_url is where it says its issuer's certificate is."""
        private = make_key(key) if isinstance(key, str) else key
        certificate = self._sign(
            names[0], private, (self.middle, self.middle_key), False,
            names=names, days=days, not_before=not_before,
            not_after=not_after, client_only=client_only,
            issuer_url=issuer_url)
        return Identity(certificate, private, [self.middle, self.root])

    @staticmethod
    def _sign(cn, key, issuer, is_ca, names=(), days=3650, not_before=None,
              not_after=None, client_only=False, issuer_url=None):
        now = datetime.datetime.utcnow().replace(microsecond=0)
        builder = (x509.CertificateBuilder()
                   .subject_name(_name(cn[:64]))
                   .issuer_name(issuer[0].subject if issuer else _name(cn))
                   .public_key(key.public_key())
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(
                       not_before or now - datetime.timedelta(hours=1))
                   .not_valid_after(
                       not_after or now + datetime.timedelta(days=days))
                   .add_extension(x509.BasicConstraints(is_ca, None), True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(
                       key.public_key()), False))
        above = issuer[1] if issuer else key
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(
                above.public_key()), False)
        if issuer_url:
            builder = builder.add_extension(
                x509.AuthorityInformationAccess([x509.AccessDescription(
                    AuthorityInformationAccessOID.CA_ISSUERS,
                    x509.UniformResourceIdentifier(issuer_url))]), False)
        if not is_ca:
            use = (ExtendedKeyUsageOID.CLIENT_AUTH if client_only
                   else ExtendedKeyUsageOID.SERVER_AUTH)
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_san(n) for n in names]), False)
            builder = builder.add_extension(x509.ExtendedKeyUsage([use]), False)
        return builder.sign(above, hashes.SHA256())
