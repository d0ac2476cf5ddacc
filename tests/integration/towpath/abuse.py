"""Attackers, each a context during which the attack goes on, and what a worker
costs meanwhile.  Used by the tests and, in full size, by the bench."""

import contextlib
import os
import pathlib
import re
import resource
import socket
import ssl
import subprocess
import threading
import time

from .client import Https
from .edge import request
from .util import PATIENCE

# slowhttptest's four modes: heads and bodies that never end, ranges by the
# thousand, answers that are hardly read.
SLOW_MODES = {
    "slow head": ["-H", "-i", "1", "-x", "8"],
    "slow body": ["-B", "-i", "1", "-s", "8192", "-x", "8"],
    "ranges": ["-R", "-a", "0", "-b", "3000", "-t", "HEAD"],
    "slow read": ["-X", "-w", "512", "-y", "1024", "-n", "1", "-z", "32",
                  "-k", "3"],
}


def rss(pid):
    """MB that a process has in memory."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024


def sockets(pid):
    """How many sockets a process has open."""
    n = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            n += os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:")
        except FileNotFoundError:
            pass
    return n


@contextlib.contextmanager
def descriptors():
    """As many as there may be, for a while; yields how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def slow(mode, port, host, path="/", connections=200, seconds=60):
    """slowhttptest in one of its modes, at the plain HTTP port."""
    attack = subprocess.Popen(
        ["slowhttptest", *SLOW_MODES[mode], "-c", str(connections), "-r",
         str(connections), "-l", str(seconds), "-d", f"127.0.0.1:{port}",
         "-u", f"http://{host}{path}", "-v", "0"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    try:
        yield attack
    finally:
        attack.kill()
        attack.wait()


def hello(host):
    """A ClientHello."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
    out = ssl.MemoryBIO()
    try:
        ctx.wrap_bio(ssl.MemoryBIO(), out, server_hostname=host).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


@contextlib.contextmanager
def half_open(port, host, n):
    """n handshakes that never go on: a third each before the first byte, in
    the middle of the ClientHello and behind it.  Kept at that number."""
    data = hello(host)
    kinds = [b"", data[:len(data) // 2], data]
    stop = threading.Event()
    socks = []

    def keep():
        while not stop.is_set():
            for i in range(n):
                if stop.is_set():
                    return
                if i < len(socks):
                    try:
                        socks[i].setblocking(False)
                        if socks[i].recv(65536) != b"":
                            continue
                        socks[i].close()
                    except BlockingIOError:
                        continue
                    except OSError:
                        socks[i].close()
                try:
                    s = socket.create_connection(("127.0.0.1", port))
                    s.sendall(kinds[i % 3])
                except OSError:
                    continue
                if i < len(socks):
                    socks[i] = s
                else:
                    socks.append(s)
            time.sleep(0.1)
    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield socks
    finally:
        stop.set()
        thread.join()
        for s in socks:
            s.close()


class Visitor:
    """Somebody who has nothing to do with it: visits in turns on a kept
    connection and on new ones, and notes how long each answer took."""

    def __init__(self, port, host):
        self.port, self.host = port, host
        self.took, self.wrong = [], []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        kept = None
        while not self.stop.is_set():
            for is_new in (False, True):
                begun = time.monotonic()
                try:
                    if is_new:
                        with Https(self.port, self.host) as c:
                            status = c.request("/").status
                    else:
                        kept = kept or Https(self.port, self.host)
                        status = kept.request("/").status
                    if status != 200:
                        self.wrong.append(status)
                except (OSError, ValueError) as e:
                    self.wrong.append(repr(e))
                    kept = None if not is_new else kept
                self.took.append(time.monotonic() - begun)
            time.sleep(0.02)
        if kept:
            kept.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def percentile(self, p):
        """Milliseconds."""
        took = sorted(self.took)
        return took[min(len(took) - 1, int(len(took) * p / 100))] * 1000


def many_fields(port, host, n):
    """One request of n fields, at the plain HTTP port; what came back."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as s:
        try:
            s.sendall(request(host)[:-2])
            for at in range(0, n, 1000):
                s.sendall(b"".join(b"X-%d: a\r\n" % i
                                   for i in range(at, min(at + 1000, n))))
            s.sendall(b"\r\n")
        except OSError:
            pass
        data = b""
        try:
            while piece := s.recv(65536):
                data += piece
        except OSError:
            pass
        return data
