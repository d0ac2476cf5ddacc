"""An HTTP/2 client that sends whatever it is told to, frame by frame: good
manners are added only where a test asks for them.  The state machine of
python3-h2 would not let a test break the rules; its HPACK and frames do."""

import select
import socket
import ssl
import struct

import hpack
from hyperframe import frame as frames

from .client import context
from .util import PATIENCE

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR = 0, 1, 2, 3
STREAM_CLOSED, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 5, 7, 8, 11
COMPRESSION_ERROR = 9


class Ended(Exception):
    """The connection ended while something was awaited."""


class Stream:
    """What came back on one stream."""

    def __init__(self):
        self.interim = []      # header lists of 1xx
        self.headers = None    # dictionary, lower-case names
        self.fields = []       # the same with its order and repetitions
        self.trailers = None
        self.body = b""
        self.ended = False
        self.reset = None      # error code

    @property
    def status(self):
        return int(self.headers[":status"])

    @property
    def is_over(self):
        return self.ended or self.reset is not None


class Http2:
    """with Http2(port, host) as c: c.get("/").body

    settings: of the client, {number: value}.  windows: opens both windows by
    itself as bodies come; False: never, what is sent is up to the test.
    """

    def __init__(self, port, host, settings=None, windows=True, alpn=("h2",),
                 start=True):
        ctx = context()
        ctx.set_alpn_protocols(list(alpn))
        plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = ctx.wrap_socket(plain, server_hostname=host)
        self.host = host
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.decoder.max_header_list_size = 1 << 20
        self.windows = windows
        self.manners = True    # answers SETTINGS and PING
        self.streams = {}
        self.settings = {}     # of the server
        self.window_updates = {}
        self.goaways = []      # (last stream, error code)
        self.acked = 0         # SETTINGS of ours
        self.pongs = 0
        self.next_id = 1
        self._head = None      # a header block under way
        self._in = b""         # received, not understood yet
        if start:
            s = frames.SettingsFrame(0, settings=settings or {})
            self.raw(PREFACE + s.serialize())

    # --- sending -------------------------------------------------------------
    def raw(self, data):
        self.sock.sendall(data)

    def frame(self, f):
        self.raw(f.serialize())

    def fields(self, path="/", method="GET", extra=(), authority=None):
        return [(":method", method), (":scheme", "https"), (":path", path),
                (":authority", authority or self.host), *extra]

    def block(self, fields):
        """In HPACK, without a trace in the table: the same bytes again mean
        the same."""
        return self.encoder.encode([hpack.NeverIndexedHeaderTuple(*x)
                                    for x in fields], huffman=False)

    def headers(self, fields, ends=True, stream=None, block=None):
        """HEADERS as given, on a new stream unless told; its number."""
        if stream is None:
            stream, self.next_id = self.next_id, self.next_id + 2
        self.streams.setdefault(stream, Stream())
        f = frames.HeadersFrame(
            stream, self.block(fields) if block is None else block)
        f.flags.add("END_HEADERS")
        if ends:
            f.flags.add("END_STREAM")
        self.frame(f)
        return stream

    def request(self, path="/", method="GET", extra=(), body=None, ends=True,
                authority=None):
        """Sends a request, its body regardless of windows; its stream."""
        stream = self.headers(self.fields(path, method, extra, authority),
                              ends and body is None)
        if body is not None:
            self.data(stream, body, ends)
        return stream

    def data(self, stream, body, ends=False, pad=0):
        pieces = [body[i:i + 16000] for i in range(0, len(body), 16000)]
        for i, piece in enumerate(pieces or [b""]):
            f = frames.DataFrame(stream, piece)
            if pad:
                f.flags.add("PADDED")
                f.pad_length = pad
            if ends and i == max(len(pieces), 1) - 1:
                f.flags.add("END_STREAM")
            self.frame(f)

    def reset(self, stream, code=CANCEL):
        self.frame(frames.RstStreamFrame(stream, error_code=code))

    def open_window(self, stream, n):
        self.frame(frames.WindowUpdateFrame(stream, window_increment=n))

    def send_settings(self, settings):
        self.frame(frames.SettingsFrame(0, settings=settings))

    def ping(self):
        self.frame(frames.PingFrame(0, b"towpath!"))

    # --- receiving -----------------------------------------------------------
    def _receive(self):
        try:
            piece = self.sock.recv(65536)
        except (TimeoutError, ssl.SSLWantReadError):
            raise
        except OSError as e:
            raise Ended(repr(e)) from e
        if not piece:
            raise Ended("closed")
        self._in += piece

    def _exactly(self, n):
        while len(self._in) < n:
            self._receive()
        data, self._in = self._in[:n], self._in[n:]
        return data

    def read(self):
        """One frame, and what it means."""
        head = self._exactly(9)
        length = struct.unpack(">I", b"\0" + head[:3])[0]
        f, _ = frames.Frame.parse_frame_header(memoryview(head))
        f.parse_body(memoryview(self._exactly(length)))
        handler = getattr(self, "_on_" + type(f).__name__, None)
        if handler:
            handler(f)
        return f

    def _on_SettingsFrame(self, f):
        if "ACK" in f.flags:
            self.acked += 1
            return
        self.settings.update(f.settings)
        if not self.manners:
            return
        ack = frames.SettingsFrame(0)
        ack.flags.add("ACK")
        self.frame(ack)

    def _on_PingFrame(self, f):
        if "ACK" in f.flags:
            self.pongs += 1
            return
        if not self.manners:
            return
        ack = frames.PingFrame(0, f.opaque_data)
        ack.flags.add("ACK")
        self.frame(ack)

    def _on_GoAwayFrame(self, f):
        self.goaways.append((f.last_stream_id, f.error_code))

    def _on_WindowUpdateFrame(self, f):
        self.window_updates[f.stream_id] = (
            self.window_updates.get(f.stream_id, 0) + f.window_increment)

    def _on_RstStreamFrame(self, f):
        self.streams.setdefault(f.stream_id, Stream()).reset = f.error_code

    def _on_DataFrame(self, f):
        s = self.streams.setdefault(f.stream_id, Stream())
        s.body += f.data
        s.ended |= "END_STREAM" in f.flags
        if self.windows and f.flow_controlled_length:
            self.open_window(0, f.flow_controlled_length)
            if not s.is_over:
                self.open_window(f.stream_id, f.flow_controlled_length)

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
        number, ends, block = self._head
        s = self.streams.setdefault(number, Stream())
        fields = self.decoder.decode(block)
        s.ended |= ends
        if s.headers is not None:
            s.trailers = dict(fields)
        elif dict(fields).get(":status", "").startswith("1"):
            s.interim.append(dict(fields))
        else:
            s.fields, s.headers = fields, dict(fields)

    def until(self, claim):
        """Reads until the claim is true."""
        while not claim():
            self.read()

    def finish(self, stream):
        """Reads until that stream is over; what came on it."""
        s = self.streams[stream]
        self.until(lambda: s.is_over)
        return s

    def get(self, path="/", method="GET", extra=(), body=None,
            authority=None):
        return self.finish(self.request(path, method, extra, body,
                                        authority=authority))

    def settle(self):
        """Everything sent so far has been read there."""
        seen = self.pongs
        self.ping()
        self.until(lambda: self.pongs > seen)

    def wait_end(self):
        """Reads until the server ends it, or says that it will for an error;
        that error, 0 of a good end, None when it said nothing."""
        try:
            while not self.goaways or self.goaways[-1][1] == NO_ERROR:
                self.read()
        except Ended:
            pass
        return self.goaways[-1][1] if self.goaways else None

    def flood(self, data):
        """Sends all of it, or as much as is taken before the end; reads only
        as an attacker does: so that the end is seen.  As wait_end."""
        view = memoryview(data)
        self.sock.setblocking(False)
        try:
            while view:
                try:
                    view = view[self.sock.send(view[:16384]):]
                    wait = 0
                except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    wait = 0.05
                select.select([self.sock], [], [], wait)
                try:
                    self._receive()
                except ssl.SSLWantReadError:
                    pass
        except (OSError, Ended):
            pass
        self.sock.settimeout(PATIENCE)
        self.manners = False
        return self.wait_end()

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
