"""A directory of a CA (RFC 8555, 7.1.1) in front of pebble's, which says more
than pebble's does; all else is asked of pebble itself."""

import http.server
import json
import ssl
import threading
import urllib.request

from .pki import Ca


class Directory:
    """with Directory(pebble, {"caaIdentities": ["ca.test"]}) as d: it takes the
    place of pebble for Daemon(ca=d)."""

    def __init__(self, pebble, meta):
        self.pebble, self.dns = pebble, pebble.dns
        own = Ca("directory listener")
        server = own.issue("localhost", days=365)
        ctx = ssl._create_unverified_context()
        with urllib.request.urlopen(pebble.directory, context=ctx,
                                    timeout=10) as r:
            document = json.load(r)
        document.setdefault("meta", {}).update(meta)
        body = json.dumps(document).encode()
        self.ca_file = pebble.dir / "both.pem"
        self.ca_file.write_bytes(own.root_pem + pebble.ca_file.read_bytes())

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        chain, key = pebble.dir / "dir.pem", pebble.dir / "dir.key"
        chain.write_bytes(server.chain_pem)
        key.write_bytes(server.key_pem)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(chain, key)
        self.server.socket = tls.wrap_socket(self.server.socket,
                                             server_side=True)
        self.directory = f"https://localhost:{self.server.server_port}/dir"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def take_https_port(self):
        return self.pebble.take_https_port()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
