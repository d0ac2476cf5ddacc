"""Everything that goes wrong in the life of a router, at random and at once:
clients that leave in the middle, backends that die, stall, lie and come back.

What must hold all the same: no answer goes to another request or differs from
what the backend said, nothing cut is told as whole, nobody waits for ever, and
every request that was answered has its one line in the log.
"""

import asyncio
import contextlib
import random
import re
import socket
import ssl
import struct
import uuid
from collections import Counter

import h2.config
import h2.connection
import h2.events
import h2.exceptions

RESET = struct.pack("ii", 1, 0)
GONE = (OSError, ssl.SSLError, EOFError, asyncio.IncompleteReadError,
        asyncio.LimitOverrunError)
# Longer than anything may take by the apps' settings, on the slowest machine.
STUCK_SECONDS = 60
SIZES = (0, 1, 1000, 20_000, 70_000, 300_000)


def pattern(name, size):
    """The bytes of a body: nobody else's."""
    text = (name + ":").encode()
    return (text * (size // len(text) + 1))[:size]


def reset(writer):
    """The peer shall see a reset."""
    with contextlib.suppress(OSError, AttributeError):
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


def fields_of(head):
    """(start line, {name: value}) of a head."""
    lines = head.decode("latin-1").split("\r\n")
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    return lines[0], fields


async def read_chunks(reader):
    """A chunked body to its end, trailers included."""
    body = b""
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        if size == 0:
            break
        body += (await reader.readexactly(size + 2))[:-2]
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return body


class Backend:
    """One that cannot be relied on."""

    def __init__(self, rng):
        self.rng = rng
        self.port = None
        self.writers = set()

    async def open(self):
        self.server = await asyncio.start_server(
            self.serve, "127.0.0.1", self.port or 0, limit=1 << 20)
        self.port = self.server.sockets[0].getsockname()[1]

    def close(self):
        """Dies with all its connections."""
        self.server.close()
        for writer in list(self.writers):
            reset(writer)

    async def serve(self, reader, writer):
        self.writers.add(writer)
        try:
            while await self.answer(reader, writer):
                await writer.drain()
        except GONE + (ValueError,):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def answer(self, reader, writer):
        """One request; whether the connection goes on."""
        head = await reader.readuntil(b"\r\n\r\n")
        start, fields = fields_of(head)
        name, method = fields["x-request-id"], start.split()[0]
        if "upgrade" in fields and self.rng.random() < 0.8:
            return await self.tunnel(reader, writer, fields)
        act = self.rng.choices(
            list(self.ACTS), [w for w, _ in self.ACTS.values()])[0]
        if act == "early":
            writer.write(b"HTTP/1.1 413 Too Much\r\nContent-Length: 4\r\n"
                         b"Connection: close\r\n\r\nmuch")
            await writer.drain()
            return False
        if fields.get("expect"):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "transfer-encoding" in fields:
            body = await read_chunks(reader)
        else:
            body = await reader.readexactly(
                int(fields.get("content-length", 0)))
        if body != pattern(name, len(body)):
            writer.write(b"HTTP/1.1 599 Broken Body\r\nContent-Length: 0\r\n"
                         b"\r\n")
            return True
        size = 0 if method == "HEAD" else self.rng.choice(SIZES)
        return await self.ACTS[act][1](self, writer, name, size)

    def head(self, name, size, framing, *more):
        how = {"length": f"Content-Length: {size}",
               "chunked": "Transfer-Encoding: chunked",
               "close": "Connection: close"}[framing]
        return "\r\n".join(
            ["HTTP/1.1 200 OK", how, f"X-Echo: {name}", f"X-Size: {size}",
             *more, "", ""]).encode()

    def chunks(self, data):
        out = []
        while data:
            n = self.rng.choice((1, 100, 5000, 100_000))
            out.append(b"%x\r\n%s\r\n" % (len(data[:n]), data[:n]))
            data = data[n:]
            if len(out) > 50:
                n = len(data) + 1
        return b"".join(out)

    async def say(self, writer, name, size):
        writer.write(self.head(name, size, "length") + pattern(name, size))
        return True

    async def say_in_chunks(self, writer, name, size):
        trailer = b"X-Trailer: " + name.encode() + b"\r\n"
        writer.write(self.head(name, size, "chunked")
                     + self.chunks(pattern(name, size)) + b"0\r\n"
                     + (trailer if self.rng.random() < 0.5 else b"") + b"\r\n")
        return True

    async def say_until_close(self, writer, name, size):
        writer.write(self.head(name, size, "close") + pattern(name, size))
        return False

    async def say_slowly(self, writer, name, size):
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                     + self.head(name, size, "length"))
        data = pattern(name, size)
        step = size // 5 + 1
        while data:
            await asyncio.sleep(0.05)
            writer.write(data[:step])
            data = data[step:]
            await writer.drain()
        return True

    async def leave(self, writer, name, size):
        return False

    async def die(self, writer, name, size):
        reset(writer)
        return False

    async def stall(self, writer, name, size):
        if size > 1000:
            writer.write(self.head(name, size, "length", "X-Lie: stalls")
                         + pattern(name, size // 2))
        await asyncio.sleep(5)
        return False

    async def cut(self, writer, name, size):
        if self.rng.random() < 0.5:
            writer.write(self.head(name, size + 10, "length", "X-Lie: cut")
                         + pattern(name, size))
        else:
            writer.write(self.head(name, size, "chunked", "X-Lie: cut")
                         + self.chunks(pattern(name, size)))
        return False

    async def say_too_much(self, writer, name, size):
        writer.write(self.head(name, size, "length") + pattern(name, size)
                     + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Lie: "
                       b"stray\r\n\r\nEVIL")
        return True

    async def babble(self, writer, name, size):
        writer.write(self.rng.choice((
            self.rng.randbytes(200), b"HTTP/1.1 200 OK\r\nContent-",
            b"HTTP/1.1 101 What\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Lie: chunk"
            b"\r\n\r\nfffffffffffffffff\r\nx",
            b"HTTP/1.1 200 OK\r\n" + b"X: " + b"h" * 70_000 + b"\r\n\r\n")))
        return False

    async def early(self, writer, name, size):
        return False  # was answered before its body was read

    ACTS = {"say": (30, say), "chunks": (20, say_in_chunks),
            "close": (8, say_until_close), "slow": (6, say_slowly),
            "leave": (3, leave), "die": (3, die), "stall": (2, stall),
            "cut": (5, cut), "too much": (3, say_too_much),
            "babble": (4, babble), "early": (4, early)}

    async def tunnel(self, reader, writer, fields):
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: "
                     b"Upgrade\r\nUpgrade: " + fields["upgrade"].encode()
                     + b"\r\nX-Echo: " + fields["x-request-id"].encode()
                     + b"\r\n\r\n")
        how = self.rng.randrange(4)
        left = self.rng.choice((100, 10_000, 1 << 40))
        while left > 0 and (piece := await reader.read(65536)):
            writer.write(piece)
            await writer.drain()
            left -= len(piece)
        if left <= 0 and how == 0:
            reset(writer)
        elif left <= 0 and how == 1:
            writer.write_eof()
            while await reader.read(65536):
                pass
        return False


class Request:
    """What a client knows of one."""

    def __init__(self):
        self.id = "soak-" + uuid.uuid4().hex
        self.status = None    # of its answer
        self.is_whole = False
        self.about = ""       # for who reads of it


class Soak:
    """await Soak(daemon, hosts, seed).run(seconds), then check()."""

    def __init__(self, daemon, hosts, seed):
        self.daemon, self.hosts = daemon, hosts
        self.rng = random.Random(seed)
        self.requests = []
        self.wrong = []
        self.did = Counter()
        self.is_over = False

    # --- what is wrong with an answer -----------------------------------------
    def judge(self, r, status, fields, body, is_whole):
        """An answer has come, or as much of it as did."""
        r.status, r.is_whole = status, is_whole
        self.did[f"{status}{'' if is_whole else ' cut'}"] += 1
        if status == 599:
            self.wrong.append(f"{r.id}: the backend got another body")
        if "x-lie" in fields and is_whole and "head" not in fields:
            self.wrong.append(f"{r.id}: {fields['x-lie']} told as whole")
        if "x-echo" not in fields:
            return
        if fields["x-echo"] != r.id:
            self.wrong.append(f"{r.id}: got the answer to {fields['x-echo']}")
        size = int(fields.get("x-size", len(body)))
        if body != pattern(r.id, size)[:len(body)]:
            self.wrong.append(f"{r.id}: another body")
        if is_whole and status == 200 and "x-lie" not in fields and \
                len(body) != size and "head" not in fields:
            self.wrong.append(f"{r.id}: {len(body)} bytes of {size}")

    def new_request(self):
        r = Request()
        self.requests.append(r)
        return r

    # --- clients ---------------------------------------------------------------
    async def connect(self, host, alpn=None):
        if alpn is None and self.rng.random() < 0.4:
            return await asyncio.open_connection(
                "127.0.0.1", self.daemon.http, limit=1 << 20)
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
        ctx.set_alpn_protocols([alpn or "http/1.1"])
        return await asyncio.open_connection(
            "127.0.0.1", self.daemon.https, ssl=ctx, server_hostname=host,
            limit=1 << 20)

    def ask(self, r, host):
        """(bytes of the head, of the body, whether it is a HEAD)"""
        rng = self.rng
        method = rng.choice(("GET", "GET", "HEAD", "POST", "PUT"))
        lines = [f"{method} /soak HTTP/1.1", f"Host: {host}",
                 f"X-Request-Id: {r.id}"]
        body = b""
        if method in ("POST", "PUT"):
            data = pattern(r.id, rng.choice(SIZES))
            if rng.random() < 0.4:
                lines.append("Transfer-Encoding: chunked")
                body = Backend.chunks(self, data) + rng.choice(
                    (b"0\r\n\r\n", b"0\r\nX-T: 1\r\n\r\n"))
            else:
                lines.append(f"Content-Length: {len(data)}")
                body = data
        if body and rng.random() < 0.1:
            lines.append("Expect: 100-continue")
        if rng.random() < 0.2:
            lines.append("TE: trailers")
        return ("\r\n".join(lines) + "\r\n\r\n").encode(), body, \
            method == "HEAD"

    async def h1(self, host):
        """Some requests, one after the other or pipelined."""
        reader, writer = await self.connect(host)
        try:
            for _ in range(self.rng.randrange(1, 8)):
                asked = []
                for _ in range(self.rng.choice((1, 1, 1, 3))):
                    r = self.new_request()
                    asked.append((r, *self.ask(r, host)))
                how = self.rng.randrange(24)
                for i, (r, head, body, _) in enumerate(asked):
                    r.about = f"{i} of {len(asked)}, {how}: {head!r} " \
                        f"{len(body)}"
                sender = asyncio.ensure_future(self.send(writer, asked, how))
                try:
                    for r, _, _, is_head in asked:
                        if not await self.receive(reader, r, is_head, how):
                            return
                finally:
                    sender.cancel()
                    await asyncio.gather(sender, return_exceptions=True)
        finally:
            writer.transport.abort()

    async def send(self, writer, asked, how):
        for _, head, body, _ in asked:
            data = head + body
            if how == 0:  # leaves in the middle of it
                data = data[:self.rng.randrange(len(data))]
            writer.write(data)
            await writer.drain()
            if how == 0:
                await asyncio.sleep(self.rng.random() / 10)
                if self.rng.random() < 0.5:
                    reset(writer)
                else:
                    writer.transport.abort()

    async def receive(self, reader, r, is_head, how):
        """Whether more may come on this connection."""
        status, fields, body, whole = None, {}, b"", False
        try:
            while status is None or status < 200:
                head = await reader.readuntil(b"\r\n\r\n")
                start, fields = fields_of(head[:-4])
                status = int(start.split()[1])
                if status == 101:
                    break
            r.status = status
            if how == 1:  # has seen enough
                return False
            if how == 2:
                await asyncio.sleep(self.rng.random())
            if is_head or status in (204, 304):
                fields["head"] = "1"
            elif fields.get("transfer-encoding") == "chunked":
                while True:
                    size = int(await reader.readuntil(b"\r\n"), 16)
                    if size == 0:
                        break
                    body += (await reader.readexactly(size + 2))[:-2]
                while await reader.readuntil(b"\r\n") != b"\r\n":
                    pass
            else:
                left = int(fields["content-length"])
                while left > 0:
                    piece = await reader.read(min(left, 65536))
                    if not piece:
                        raise EOFError
                    body += piece
                    left -= len(piece)
            whole = True
            # what was left in the middle must not be gone on with
            return how != 0 and fields.get("connection") != "close"
        finally:
            if status is not None:
                self.judge(r, status, fields, body, whole)

    async def tunnel(self, host):
        """An upgrade, and what goes through it."""
        reader, writer = await self.connect(host)
        r = self.new_request()
        try:
            data = pattern(r.id, self.rng.choice(SIZES))
            writer.write(
                f"GET /tunnel HTTP/1.1\r\nHost: {host}\r\nX-Request-Id: "
                f"{r.id}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
                .encode() + data[:100])
            head = await reader.readuntil(b"\r\n\r\n")
            start, fields = fields_of(head[:-4])
            status = int(start.split()[1])
            if status != 101:
                r.status = status
                return
            writer.write(data[100:])
            got = b""
            how = self.rng.randrange(4)
            with contextlib.suppress(*GONE):
                while len(got) < len(data):
                    piece = await reader.read(65536)
                    if not piece:
                        break
                    got += piece
                    if how == 0 and len(got) > len(data) // 2:
                        reset(writer)
                        break
            if how == 1 and writer.can_write_eof():
                writer.write_eof()
                await reader.read(1)
            self.judge(r, 101, fields, got, len(got) == len(data))
        finally:
            writer.transport.abort()

    async def h2(self, host):
        """Streams side by side."""
        reader, writer = await self.connect(host, "h2")
        c = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True))
        streams, how = {}, 3
        try:
            c.initiate_connection()
            for _ in range(self.rng.randrange(1, 6)):
                self.open_stream(c, streams, host)
            writer.write(c.data_to_send())
            how = self.rng.choice((0, 2, *range(3, 12)))
            while streams:
                data = await reader.read(65536)
                if not data:
                    return
                for event in c.receive_data(data):
                    self.on_h2(c, streams, event)
                if how == 0 and streams:  # one is not wanted any more
                    c.reset_stream(streams.popitem()[0], 8)
                    how = 1
                if how == 2:
                    reset(writer)
                    return
                writer.write(c.data_to_send())
                await writer.drain()
        except h2.exceptions.ProtocolError as e:
            if how == 1:
                return  # it knows no 1xx on a stream that it has reset
            self.wrong.append(f"HTTP/2 to {host}: {e!r}")
        finally:
            for r, status, fields, body in streams.values():
                if status is not None:
                    self.judge(r, status, fields, bytes(body), False)
            writer.transport.abort()

    def open_stream(self, c, streams, host):
        r = self.new_request()
        stream = c.get_next_available_stream_id()
        method = self.rng.choice(("GET", "HEAD", "POST"))
        fields = [(":method", method), (":scheme", "https"),
                  (":authority", host), (":path", "/soak"),
                  ("x-request-id", r.id)]
        c.send_headers(stream, fields, end_stream=method != "POST")
        if method == "POST":
            # within the windows that a connection begins with
            size = min(self.rng.choice((0, 1, 1000, 16_000)),
                       c.local_flow_control_window(stream))
            if self.rng.random() < 0.1:
                c.send_data(stream, pattern(r.id, size))
                c.reset_stream(stream, 8)
                return
            c.send_data(stream, pattern(r.id, size), end_stream=True)
        streams[stream] = [r, None, {"head": "1"} if method == "HEAD" else {},
                           bytearray()]

    def on_h2(self, c, streams, event):
        stream = getattr(event, "stream_id", None)
        if isinstance(event, h2.events.DataReceived):
            c.acknowledge_received_data(event.flow_controlled_length, stream)
        if stream not in streams:
            return
        known = streams[stream]
        if isinstance(event, h2.events.ResponseReceived):
            fields = {str(k): str(v) for k, v in
                      ((a if isinstance(a, str) else a.decode(),
                        b if isinstance(b, str) else b.decode("latin-1"))
                       for a, b in event.headers)}
            known[1] = int(fields[":status"])
            known[2] = {**fields, **known[2]}
            known[0].status = known[1]
        elif isinstance(event, h2.events.DataReceived):
            known[3] += event.data
        elif isinstance(event, (h2.events.StreamEnded,
                                h2.events.StreamReset)):
            r, status, fields, body = streams.pop(stream)
            if status is not None:
                self.judge(r, status, fields, bytes(body),
                           isinstance(event, h2.events.StreamEnded))

    async def noise(self, host):
        """No request at all."""
        reader, writer = await self.connect(host)
        try:
            writer.write(self.rng.choice((
                b"", b"GET / HT", self.rng.randbytes(300),
                b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")))
            await asyncio.wait_for(reader.read(1000), 0.3)
        except TimeoutError:
            pass
        finally:
            writer.transport.abort()

    async def visits(self):
        kinds = [self.h1] * 6 + [self.h2] * 3 + [self.tunnel] * 2 + \
            [self.noise]
        while not self.is_over:
            kind = self.rng.choice(kinds)
            self.did[kind.__name__] += 1
            try:
                await asyncio.wait_for(kind(self.rng.choice(self.hosts)),
                                       STUCK_SECONDS)
            except TimeoutError:
                self.wrong.append(f"stuck: {kind.__name__}")
            except GONE:
                pass

    async def fates(self, backends):
        """Backends that die and come back."""
        while not self.is_over:
            await asyncio.sleep(self.rng.random() * 2)
            b = self.rng.choice(backends)
            b.close()
            await asyncio.sleep(self.rng.random())
            await b.open()
            self.did["deaths"] += 1

    async def changes(self, change):
        """What people do meanwhile; change(rng) is called in a thread."""
        while not self.is_over:
            await asyncio.sleep(0.5)
            await asyncio.to_thread(change, self.rng)
            self.did["changes"] += 1

    async def run(self, seconds, backends, n_clients, change):
        """The whole of it: backends are open."""
        clients = [asyncio.ensure_future(self.visits())
                   for _ in range(n_clients)]
        others = [asyncio.ensure_future(self.fates(backends)),
                  asyncio.ensure_future(self.changes(change))]
        await asyncio.sleep(seconds)
        self.is_over = True
        await asyncio.gather(*clients, *others)
        for b in backends:
            b.close()

    # --- the reckoning ---------------------------------------------------------
    def unaccounted(self):
        """What the log and the clients do not agree on."""
        found = list(self.wrong)
        lines = {}
        for line in self.daemon.lines():
            match = re.search(r" request_id=(soak-\w+) ", line)
            if match and match[1] in lines:
                found.append(f"two lines: {line}")
            elif match:
                lines[match[1]] = line
        ours = {r.id: r for r in self.requests}
        found += [f"not ours: {line}" for name, line in lines.items()
                  if name not in ours]
        for r in self.requests:
            line = lines.get(r.id)
            if line is None and r.status is not None:
                found.append(f"no line: {r.id} {r.status} {r.about}")
            elif line and r.is_whole and r.status != 101 and \
                    f" status={r.status} " not in line:
                found.append(f"{r.status} told as {line}")
        if found:
            found += [line for line in self.daemon.lines()
                      if "code=H26" in line and "request_id=soak-" not in line]
        return found
