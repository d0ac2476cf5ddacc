"""An app behind the router: a real HTTP server in threads, or one that
misbehaves exactly as a test says."""

import json
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler


class _Echo(BaseHTTPRequestHandler):
    """Tells what it was asked, as JSON; POST bodies come back by length."""

    protocol_version = "HTTP/1.1"
    timeout = 60

    def _answer(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            body = self._chunks()
        text = json.dumps({
            "name": self.server.name, "method": self.command,
            "path": self.path, "headers": list(self.headers.items()),
            "length": len(body), "body": body[:4096].decode("latin-1"),
        }).encode()
        self.server.seen.append((self.command, self.path))
        if self.path.startswith("/bytes/"):
            text = b"x" * int(self.path.split("/")[2])
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def _chunks(self):
        body = b""
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return body

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do_OPTIONS = _answer

    def log_message(self, *_):
        pass


class _Raw(socketserver.BaseRequestHandler):
    def handle(self):
        self.server.behave(self.request)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        pass  # a router that cuts a connection is what some tests want


class Backend:
    """with Backend() as b: b.address is HOST:PORT.

    behave: a function of one connected socket, for the misbehaving ones; it
    returns when the connection is to be closed.
    """

    def __init__(self, name="sample", behave=None, at=("127.0.0.1", 0)):
        handler = _Raw if behave else _Echo
        self.server = _Server(at, handler, bind_and_activate=True)
        self.server.socket.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.name = name
        self.server.behave = behave
        self.server.seen = []
        self.port = self.server.server_address[1]
        self.address = f"{at[0]}:{self.port}"
        threading.Thread(target=self.server.serve_forever,
                         kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def seen(self):
        """(method, path) of every request answered so far."""
        return self.server.seen

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
