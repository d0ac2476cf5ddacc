"""An app that speaks HTTP/2 without TLS (h2c), frame by frame, and as badly as a
test wants it to."""

import contextlib
import socket
import struct

import hpack
from hyperframe import frame as frames

from .backend import Backend
from .http2 import PREFACE


class Request:
    """What came on one stream."""

    def __init__(self, stream):
        self.stream = stream
        self.fields = None
        self.trailers = None
        self.body = bytearray()
        self.ended = False
        self.reset = None

    @property
    def headers(self):
        return dict(self.fields)

    @property
    def path(self):
        return self.headers[":path"]


class H2Peer:
    """The server's end of one connection.

        def behave(sock):
            peer = H2Peer(sock)
            while r := peer.request():
                peer.respond(r, b"body", trailers=[("grpc-status", "0")])
    """

    def __init__(self, sock, settings=None, windows=True):
        self.sock = sock
        self.windows = windows
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.requests = {}
        self.waiting = []      # complete ones that request() has not given
        self.window_updates = {}
        self.settings = {}
        self._head = None
        if self._exactly(len(PREFACE)) == PREFACE:
            self.frame(frames.SettingsFrame(0, settings=settings or {}))

    # --- sending -------------------------------------------------------------
    def raw(self, data):
        self.sock.sendall(data)

    def frame(self, f):
        self.raw(f.serialize())

    def headers(self, stream, fields, ends=False):
        f = frames.HeadersFrame(stream, self.encoder.encode(fields))
        f.flags.add("END_HEADERS")
        if ends:
            f.flags.add("END_STREAM")
        self.frame(f)

    def data(self, stream, body, ends=False):
        f = frames.DataFrame(stream, body)
        if ends:
            f.flags.add("END_STREAM")
        self.frame(f)

    def reset(self, stream, code):
        self.frame(frames.RstStreamFrame(stream, error_code=code))

    def go_away(self, last, code=0):
        self.frame(frames.GoAwayFrame(0, last_stream_id=last, error_code=code))

    def respond(self, r, body=b"", status=200, fields=(), trailers=None):
        """A whole answer; windows are not looked at."""
        self.headers(r.stream, [(":status", str(status)), *fields],
                     not body and trailers is None)
        pieces = [body[i:i + 16000] for i in range(0, len(body), 16000)]
        for i, piece in enumerate(pieces):
            self.data(r.stream, piece,
                      trailers is None and i == len(pieces) - 1)
        if trailers is not None:
            self.headers(r.stream, trailers, True)

    # --- receiving -----------------------------------------------------------
    def _exactly(self, n):
        data = b""
        while len(data) < n:
            piece = self.sock.recv(n - len(data))
            if not piece:
                return None
            data += piece
        return data

    def read(self):
        """One frame, and what it means; None at the end."""
        head = self._exactly(9)
        if head is None:
            return None
        f, _ = frames.Frame.parse_frame_header(memoryview(head))
        length = struct.unpack(">I", b"\0" + head[:3])[0]
        body = self._exactly(length)
        if body is None:
            return None
        f.parse_body(memoryview(body))
        handler = getattr(self, "_on_" + type(f).__name__, None)
        if handler:
            handler(f)
        return f

    def _request(self, stream):
        return self.requests.setdefault(stream, Request(stream))

    def _end(self, r):
        r.ended = True
        self.waiting.append(r)

    def _on_SettingsFrame(self, f):
        if "ACK" in f.flags:
            return
        self.settings.update(f.settings)
        ack = frames.SettingsFrame(0)
        ack.flags.add("ACK")
        self.frame(ack)

    def _on_PingFrame(self, f):
        if "ACK" not in f.flags:
            ack = frames.PingFrame(0, f.opaque_data)
            ack.flags.add("ACK")
            self.frame(ack)

    def _on_WindowUpdateFrame(self, f):
        self.window_updates[f.stream_id] = (
            self.window_updates.get(f.stream_id, 0) + f.window_increment)

    def _on_RstStreamFrame(self, f):
        self._request(f.stream_id).reset = f.error_code

    def _on_DataFrame(self, f):
        r = self._request(f.stream_id)
        r.body += f.data
        ends = "END_STREAM" in f.flags
        if self.windows and f.flow_controlled_length:
            self.open_window(0, f.flow_controlled_length)
            if not ends:
                self.open_window(f.stream_id, f.flow_controlled_length)
        if ends:
            self._end(r)

    def open_window(self, stream, n):
        self.frame(frames.WindowUpdateFrame(stream, window_increment=n))

    def _on_HeadersFrame(self, f):
        self._head = (f.stream_id, "END_STREAM" in f.flags, f.data)
        if "END_HEADERS" in f.flags:
            self._head_done()

    def _on_ContinuationFrame(self, f):
        stream, ends, block = self._head
        self._head = (stream, ends, block + f.data)
        if "END_HEADERS" in f.flags:
            self._head_done()

    def _head_done(self):
        stream, ends, block = self._head
        r = self._request(stream)
        fields = self.decoder.decode(block)
        if r.fields is None:
            r.fields = fields
        else:
            r.trailers = dict(fields)
        if ends:
            self._end(r)

    def until(self, claim):
        """Reads until the claim is true; False when the end comes first."""
        while not claim():
            if self.read() is None:
                return False
        return True

    def request(self):
        """The next complete request; None at the end."""
        try:
            if not self.until(lambda: self.waiting):
                return None
        except (ConnectionError, socket.timeout):
            return None
        return self.waiting.pop(0)

    def begun(self):
        """The next request whose head has come; None at the end."""
        n = len(self.requests)
        if not self.until(lambda: len(self.requests) > n):
            return None
        return list(self.requests.values())[-1]


class H2Backend(Backend):
    """behave: of an H2Peer, for each connection.  peers: all of them."""

    def __init__(self, behave=None, settings=None, windows=True):
        self.peers = []

        def handle(sock):
            peer = H2Peer(sock, settings, windows)
            self.peers.append(peer)
            with contextlib.suppress(OSError):
                (behave or self.echo)(peer)
        super().__init__(behave=handle)

    @staticmethod
    def echo(peer):
        while r := peer.request():
            peer.respond(r, r.body, fields=[("content-type", "text/plain")],
                         trailers=r.trailers and list(r.trailers.items()))

    @property
    def url(self):
        return f"h2c://{self.address}"
