"""A resolver that says what a test tells it, record by record: TTLs, refusals,
silence, broken signatures.  UDP and no more than that."""

import ipaddress
import socket
import struct
import threading

TYPES = {"A": 1, "CNAME": 5, "SOA": 6, "AAAA": 28, "CAA": 257}
RCODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3,
          "REFUSED": 5}
FLAG_CD = 0x10


def _name(text):
    out = b""
    for label in text.rstrip(".").split("."):
        out += bytes([len(label)]) + label.encode()
    return out + b"\0"


def _rdata(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "CNAME":
        return _name(value)
    flags, tag, value = value.split(" ", 2)
    return (bytes([int(flags), len(tag)]) + tag.encode() +
            value.strip('"').encode())


def _record(owner, kind, value, ttl):
    data = _rdata(kind, value)
    return (_name(owner) + struct.pack("!HHIH", TYPES[kind], 1, ttl, len(data))
            + data)


def _soa(minimum):
    data = _name("ns.test") + _name("admin.test") + struct.pack(
        "!IIIII", 1, 7, 7, 7, minimum)
    return _name("test") + struct.pack("!HHIH", 6, 1, 3600, len(data)) + data


class Resolver:
    """with Resolver() as r: r.set("www.test", ("A", "192.0.2.1", 300)).

    What it knows nothing of does not exist, and that is remembered for
    `minimum` seconds.
    """

    def __init__(self, minimum=42):
        self.minimum = minimum
        self.names = {}      # name: [(type, value, ttl)]
        self.rcodes = {}     # name: what is answered instead
        self.silent = set()  # names; "" is all
        self.bogus = set()   # names that only who does not check is told
        self.asked = []      # (name, type number)
        self.port = 0
        self.open()
        self.port = self.socket.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"

    def open(self):
        """Again where it was."""
        self.is_closed = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", self.port))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def set(self, name, *records):
        self.names[name] = records

    def forget(self, name):
        self.names.pop(name, None)

    def _serve(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(2048)
                if self.is_closed:
                    return
                answer = self._answer(query)
                if answer:
                    self.socket.sendto(answer, peer)
            except OSError:
                return

    def _answer(self, query):
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += query[at] + 1
        name = ".".join(labels)
        kind = struct.unpack("!H", query[at + 1:at + 3])[0]
        self.asked.append((name, kind))
        if name in self.silent or "" in self.silent:
            return None
        unchecked = query[3] & FLAG_CD
        rcode = self.rcodes.get(name, "NOERROR")
        if name in self.bogus and not unchecked:
            rcode = "SERVFAIL"
        found, authority, exists = [], b"", True
        if rcode == "NOERROR":
            found, exists = self._find(name, kind, 0)
            if not exists:
                rcode = "NXDOMAIN"
            if not found or found[-1][1] != kind:
                authority = _soa(self.minimum)
        return (query[:2] + struct.pack(
            "!BBHHHH", 0x81, 0x80 | unchecked | RCODES[rcode], 1, len(found),
            1 if authority else 0, 0) + query[12:at + 5] +
            b"".join(r for r, _ in found) + authority)

    def _find(self, name, kind, depth):
        """[(record, its type)], and whether the last name exists."""
        if name not in self.names:
            return [], False
        found = []
        for k, value, ttl in self.names[name]:
            if k == "CNAME" and depth < 12:
                rest, exists = self._find(value, kind, depth + 1)
                return ([(_record(name, k, value, ttl), TYPES[k])] + rest,
                        exists)
            if TYPES[k] == kind:
                found.append((_record(name, k, value, ttl), kind))
        return found, True

    def close(self):
        self.is_closed = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", self.socket.getsockname())  # wakes the thread
        self.thread.join(10)
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
