#!/usr/bin/env python3
"""Attacks in full size, and what somebody else notices of them: the visitor's
latency before and meanwhile, and the worker's memory.

    tests/bench/run.sh abuse [NAME ...]

Exits 1 when the median doubles, or memory passes its ceiling.  Attackers and
visitor share this machine with the worker, so run it on an idle one.
"""

import contextlib
import multiprocessing
import pathlib
import socket
import ssl
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

# pylint: disable=wrong-import-position
import h2.config  # noqa
import h2.connection  # noqa

from servers import App  # noqa
from towpath import Ca, Daemon  # noqa
from towpath.abuse import (SLOW_MODES, Visitor, descriptors, half_open,  # noqa
                           many_fields, rss, slow)

HOST = "abuse.test.example"
CEILING = 512  # MB of a worker, its default
SECONDS = 8
SETTLE = 6 # until the attack is at its height
MISSED = []


def h2_socket(port):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
    ctx.set_alpn_protocols(["h2"])
    plain = socket.create_connection(("127.0.0.1", port), 10)
    return ctx.wrap_socket(plain, server_hostname=HOST)


@contextlib.contextmanager
def elsewhere(attack, *args):
    """attack(*args) in a process of its own, for a while."""
    process = multiprocessing.Process(target=attack, args=args, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def repeated(attack, pause):
    """attack(daemon) again and again, `pause` seconds between."""
    def run(daemon):
        while True:
            with contextlib.suppress(OSError, ssl.SSLError):
                attack(daemon)
            time.sleep(pause)
    return lambda daemon: elsewhere(run, daemon)


def rapid_reset(daemon):
    """Streams opened and reset at once, as many as the connection bears."""
    c = h2.connection.H2Connection(
        h2.config.H2Configuration(client_side=True))
    with h2_socket(daemon.https) as s:
        c.initiate_connection()
        for i in range(5000):
            stream = c.get_next_available_stream_id()
            c.send_headers(stream, [
                (":method", "GET"), (":scheme", "https"),
                (":authority", HOST), (":path", "/")], end_stream=True)
            c.reset_stream(stream, 8)
            if i % 100 == 99:
                s.sendall(c.data_to_send())


def continuations(daemon):
    """A head that never ends."""
    def frame(kind, flags, payload):
        return (len(payload).to_bytes(3, "big") + bytes([kind, flags])
                + (1).to_bytes(4, "big") + payload)
    with h2_socket(daemon.https) as s:
        s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                  + b"\0\0\0\4\0\0\0\0\0" + frame(1, 0, b""))
        for _ in range(2000):
            s.sendall(frame(9, 0, b"\0\1a\1b" * 3000))


def fields(daemon):
    many_fields(daemon.http, HOST, 100_000)


def slow_mode(mode):
    path = "/bytes/1000000" if mode == "slow read" else "/"

    def attack(daemon):
        return slow(mode, daemon.http, HOST, path, connections=2000)
    return attack


def ten_thousand(daemon):
    def run():
        with descriptors() as most:
            n = min(10_000, most - 500)
            with half_open(daemon.https, HOST, n) as socks:
                while len(socks) < n:
                    time.sleep(0.1)
                print(f"  {n} half-open handshakes", flush=True)
                time.sleep(3600)
    return elsewhere(run)


ATTACKS = {
    **{mode: slow_mode(mode) for mode in SLOW_MODES},
    "half-open handshakes": ten_thousand,
    "100,000 fields": repeated(fields, 0.2),
    "rapid reset": repeated(rapid_reset, 0.05),
    "continuation flood": repeated(continuations, 0.05),
}


def measure(daemon):
    with Visitor(daemon.https, HOST) as v:
        time.sleep(SECONDS)
    return v


def run(daemon, name, attack):
    worker = daemon.children()["worker 0"]
    quiet = measure(daemon)
    with attack(daemon):
        time.sleep(SETTLE)
        loud = measure(daemon)
        memory = rss(worker)
    ratio = loud.percentile(50) / quiet.percentile(50)
    fine = ratio < 2 and memory < CEILING and not loud.wrong
    print(f"{name:<22} median {quiet.percentile(50):6.2f} ms, then "
          f"{loud.percentile(50):6.2f} ({ratio:.2f})   99th "
          f"{quiet.percentile(99):6.1f}, then {loud.percentile(99):6.1f}   "
          f"{len(loud.wrong)} lost   {memory:.0f} MB   "
          f"{'ok' if fine else 'MISSED'}", flush=True)
    if loud.wrong:
        print("  lost:", loud.wrong[:3], [x for x in daemon.lines() if "code=" in x][-2:])
    if not fine:
        MISSED.append(name)
    time.sleep(2)


def main():
    names = sys.argv[1:] or list(ATTACKS)
    with App() as app, Daemon(
            router={"workers": 1, "log_level": "info"}) as d:
        d.cli("apps", "create", "shop", "--backend", f"127.0.0.1:{app.port}")
        d.cli("domains", "add", HOST, "--app", "shop")
        d.upload("add", HOST, Ca().issue(HOST))
        for name in names:
            run(d, name, ATTACKS[name])
    return 1 if MISSED else 0


sys.exit(main())
