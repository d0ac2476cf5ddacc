"""What the CA double signs with: a root, an intermediate, and as many other
roots that have signed the same intermediate as there are alternate chains."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .ca_jws import Problem, b64
from .pki import make_key

_PEM = serialization.Encoding.PEM
_DER = serialization.Encoding.DER
_OPEN = datetime.datetime(2020, 1, 1)
_END = datetime.datetime(2060, 1, 1)


def _utc(seconds):
    return datetime.datetime.utcfromtimestamp(int(seconds))


def _name(cn):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)])


def _refuse(detail):
    return Problem("badCSR", detail)


class Issued:
    """A certificate: names, serial, times, certID (RFC 9773, 4.1)."""

    def __init__(self, certificate, names, order, chains):
        self.certificate, self.names, self.order = certificate, names, order
        self.chains = chains  # PEM, the default first
        self.der = certificate.public_bytes(_DER)
        self.serial = certificate.serial_number
        self.not_before = int(certificate.not_valid_before.replace(
            tzinfo=datetime.timezone.utc).timestamp())
        self.not_after = int(certificate.not_valid_after.replace(
            tzinfo=datetime.timezone.utc).timestamp())
        self.revoked = None  # the reason's number
        aki = certificate.extensions.get_extension_for_class(
            x509.AuthorityKeyIdentifier).value.key_identifier
        octets = self.serial.to_bytes(self.serial.bit_length() // 8 + 1, "big")
        self.cert_id = f"{b64(aki)}.{b64(octets)}"


class Hierarchy:
    def __init__(self, name, n_alternates=0):
        self.key = make_key()
        self.roots, self.middles = [], []
        for i in range(1 + n_alternates):
            self.add_root(f"{name} root {'ABCDEFGH'[i]}", f"{name} issuer")

    def add_root(self, cn, middle):
        key = make_key()
        root = self._ca(_name(cn), key.public_key(), _name(cn), key, None)
        self.roots.append(root)
        self.middles.append(self._ca(
            _name(middle), self.key.public_key(), root.subject, key, 0))

    @staticmethod
    def _ca(subject, public, issuer, key, path_length):
        return (x509.CertificateBuilder().subject_name(subject)
                .issuer_name(issuer).public_key(public)
                .serial_number(x509.random_serial_number())
                .not_valid_before(_OPEN).not_valid_after(_END)
                .add_extension(x509.BasicConstraints(True, path_length), True)
                .add_extension(x509.KeyUsage(True, False, False, False, False,
                                             True, True, False, False), True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(
                    public), False)
                .add_extension(
                    x509.AuthorityKeyIdentifier.from_issuer_public_key(
                        key.public_key()), False)
                .sign(key, hashes.SHA256()))

    def roots_pem(self):
        return [r.public_bytes(_PEM) for r in self.roots]

    @staticmethod
    def check_request(der, names, account_key):
        """A CSR for exactly these names (RFC 8555, 7.4)."""
        try:
            csr = x509.load_der_x509_csr(der)
        except ValueError as e:
            raise _refuse("this is no CSR") from e
        if not csr.is_signature_valid:
            raise _refuse("it is not signed by its own key")
        public = csr.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            if public.key_size < 2048:
                raise _refuse("an RSA key under 2048 bits")
        elif not isinstance(public, ec.EllipticCurvePublicKey):
            raise _refuse("neither an RSA nor an EC key")
        if public.public_numbers() == account_key.public_numbers():
            raise _refuse("the account's key is no certificate's key")
        try:
            san = csr.extensions.get_extension_for_class(
                x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound as e:
            raise _refuse("it has no subjectAltName") from e
        asked = san.get_values_for_type(x509.DNSName)
        if len(asked) != len(list(san)):
            raise _refuse("it names something else than hosts")
        for cn in csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
            if cn.value not in asked:
                raise _refuse("its common name is not in subjectAltName")
        if sorted(asked) != sorted(names):
            raise _refuse(f"it is for {sorted(asked)}, not {sorted(names)}")
        return csr

    def issue(self, csr, names, not_before, not_after, order):
        cn = next((n for n in names if len(n) <= 64), None)
        leaf = (x509.CertificateBuilder()
                .subject_name(_name(cn) if cn else x509.Name([]))
                .issuer_name(self.middles[0].subject)
                .public_key(csr.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(_utc(not_before))
                .not_valid_after(_utc(not_after))
                .add_extension(x509.BasicConstraints(False, None), True)
                .add_extension(x509.KeyUsage(True, False, False, False, False,
                                             False, False, False, False), True)
                .add_extension(x509.ExtendedKeyUsage(
                    [ExtendedKeyUsageOID.SERVER_AUTH]), False)
                .add_extension(
                    x509.AuthorityKeyIdentifier.from_issuer_public_key(
                        self.key.public_key()), False)
                .add_extension(x509.SubjectAlternativeName(
                    [x509.DNSName(n) for n in names]), cn is None)
                .sign(self.key, hashes.SHA256()))
        chains = [leaf.public_bytes(_PEM) + m.public_bytes(_PEM)
                  for m in self.middles]
        return Issued(leaf, list(names), order, chains)
