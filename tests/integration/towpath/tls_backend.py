"""An app behind TLS, whose certificate and manners a test chooses."""

import contextlib
import ssl
import tempfile

from .backend import Backend


def tls_context(identity, alpn=("http/1.1",)):
    """A server's, with an Identity's chain and key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as f:
        f.write(identity.chain_pem + identity.key_pem)
        f.flush()
        context.load_cert_chain(f.name)
    context.set_alpn_protocols(alpn)
    return context


class TlsBackend(Backend):
    """An app behind TLS.  behave: of a socket that has shaken hands.

    seen: (SNI, ALPN, resumed) of every handshake."""

    def __init__(self, identity, behave, context=None):
        self.shaken = []
        self.names = {}
        context = context or tls_context(identity)
        context.sni_callback = self._on_name

        def handle(sock):
            with contextlib.suppress(OSError), \
                    context.wrap_socket(sock, server_side=True,
                                        suppress_ragged_eofs=False) as s:
                self.shaken.append((self.names.pop(s, None),
                                    s.selected_alpn_protocol(),
                                    s.session_reused))
                behave(s)

        super().__init__(behave=handle)

    def _on_name(self, sock, name, _context):
        self.names[sock] = name

    @property
    def url(self):
        return f"https://{self.address}"
