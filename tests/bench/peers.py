#!/usr/bin/env python3
"""nginx, HAProxy, Caddy and towpath on the same app, certificate and client:
CPU time, or memory, per unit of work, and towpath's ratio to the best peer.

    peers.py [--rounds N] [--only nginx,towpath] [ROW...]

Rounds are short and interleaved, because machines that run this are shared:
every round measures each server once, a ratio is taken within a round, and the
table shows the median of the rounds and the middle half of them.  CPU time is
that of each server's processes alone (for towpath: parent, control, keys and
worker), so a busy machine makes rounds longer, not figures larger; what it
does to caches and clocks it does to all.
"""

import argparse
import os
import pathlib
import platform
import resource
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

# pylint: disable=wrong-import-position
from account import cpu_ns, median, pss_bytes, quartiles  # noqa
from servers import ALL, HOSTS, TOOLS, App  # noqa
from towpath import Ca  # noqa

KB, MB = 1 << 10, 1 << 20
ECDSA, RSA = HOSTS["ecdsa"], HOSTS["rsa"]

# What wrk and h2load are given to offer, which they have no option for.
OPENSSL_CONF = """openssl_conf = a
[a]
ssl_conf = b
[b]
system_default = c
[c]
MinProtocol = TLSv1.3
Ciphersuites = TLS_AES_128_GCM_SHA256
Groups = X25519
"""

# The URL's host is the SNI, and no resolver knows it.
WRK_LUA = """local resolve = wrk.resolve
function wrk.resolve(_, port) resolve('127.0.0.1', port) end
local n = 0
function done(summary)
  local e = summary.errors
  io.write("requests ", summary.requests, " errors ", e.connect + e.read +
    e.write + e.status + e.timeout, "\\n")
end
"""


class Failed(Exception):
    """A client that did not get all it asked for."""


class Tools:
    """The clients; each call does work and returns how much."""

    def __init__(self, folder):
        self.lua = folder / "here.lua"
        self.lua.write_text(WRK_LUA)
        conf = folder / "openssl.cnf"
        conf.write_text(OPENSSL_CONF)
        self.env = dict(os.environ, OPENSSL_CONF=str(conf))

    def run(self, *command):
        done = subprocess.run(
            list(map(str, command)), capture_output=True, text=True,
            env=self.env, timeout=600, check=False)
        if done.returncode != 0:
            raise Failed(f"{command}: {done.stdout} {done.stderr}")
        return done.stdout

    def wrk(self, port, path, seconds):
        words = self.run(
            "wrk", "-t1", "-c32", f"-d{seconds}s", "-s", self.lua,
            f"https://{ECDSA}:{port}{path}").split()
        at = words.index("errors")
        if words[at + 1] != "0":
            raise Failed(f"wrk counts {words[at + 1]} errors")
        return int(words[at - 1])

    def h2load(self, port, path, count):
        text = self.run(
            "h2load", "-n", count, "-c", 16, "-m", 8,
            f"--connect-to=127.0.0.1:{port}", f"https://{ECDSA}:{port}{path}")
        if (f" {count} succeeded" not in text or "protocol: h2" not in text or
                f"({count * KB}) data" not in text):
            raise Failed(f"h2load: {text}")
        return count

    def client(self, port, host, work, path="/", count=1, threads=8):
        self.run(TOOLS / "client", "-c", threads, "-n", count, port, host,
                 work, path)
        return count


# name: (title, unit of the figure, gate, goal, peers compared with, work)
CPU_ROWS = {
    "http1": ("keep-alive HTTPS request, 1 KB, HTTP/1.1", 0.95, 0.85, None,
              lambda t, s: t.wrk(s.port, "/bytes/1024", 1)),
    "http2": ("the same over HTTP/2", 0.95, 0.80, None,
              lambda t, s: t.h2load(s.port, "/bytes/1024", 6000)),
    "full": ("full TLS 1.3 handshake, ECDSA P-256", 0.80, 0.70, None,
             lambda t, s: t.client(s.port, ECDSA, "full", count=800)),
    "resumed": ("resumed handshake", 0.75, 0.65, None,
                lambda t, s: t.client(s.port, ECDSA, "resumed", count=800)),
    "rsa": ("full TLS 1.3 handshake, RSA-2048", 1.30, 1.00, None,
            lambda t, s: t.client(s.port, RSA, "full", count=400)),
    "down10m": ("10 MB response (to nginx)", 1.00, 0.90, ["nginx"],
                lambda t, s: t.client(s.port, ECDSA, "get",
                                      f"/bytes/{10 * MB}", 24, 4)),
    "down64k": ("64 KB response (to nginx)", 1.00, 0.90, ["nginx"],
                lambda t, s: t.client(s.port, ECDSA, "get",
                                      f"/bytes/{64 << 10}", 2000, 8)),
    "up10m": ("10 MB upload", None, None, None,
              lambda t, s: t.client(s.port, ECDSA, "put", "/", 24, 4)),
}
# name: (title, gate, goal, connections, work)
MEMORY_ROWS = {
    "idle": ("memory per idle TLS keep-alive connection", 1.00, 0.85, 3000),
    "websocket": ("memory per idle WebSocket, 10,000 of them", None, None,
                  10000),
}


def line(*columns):
    widths = (48, 10, 10, 10, 10, 7, 13, 6, 6, 0)
    print("".join(f"{c:<{w}}" if i in (0, 9) else f"{c:>{w}}"
                  for i, (c, w) in enumerate(zip(columns, widths))),
          flush=True)


class Row:
    """What the rounds of one row gave: server name -> figures."""

    def __init__(self, title, unit, gate, goal, against=None):
        self.title, self.unit = title, unit
        self.gate, self.goal, self.against = gate, goal, against
        self.figures = {}

    def add(self, name, figure):
        self.figures.setdefault(name, []).append(figure)

    def best(self):
        peers = [n for n in self.figures if n != "towpath" and
                 (self.against is None or n in self.against)]
        return min(peers, key=lambda n: median(self.figures[n]), default=None)

    def show(self):
        """Prints it; False: the gate is missed."""
        best, ratio, spread, verdict, ok = self.best(), "", "", "", True
        if best and "towpath" in self.figures:
            ratios = [a / b for a, b in zip(self.figures["towpath"],
                                            self.figures[best])]
            ratio = median(ratios)
            spread = "{:.2f}-{:.2f}".format(*quartiles(ratios))
            if self.gate is not None:
                ok = ratio <= self.gate
                verdict = ("MISSED" if not ok else
                           "goal" if ratio <= self.goal else "ok")
            ratio = f"{ratio:.2f}"
        line(f"{self.title}, {self.unit}",
             *(f"{median(self.figures[s.name]):.1f}"
               if s.name in self.figures else "-" for s in ALL),
             ratio, spread,
             "-" if self.gate is None else f"{self.gate:.2f}",
             "-" if self.goal is None else f"{self.goal:.2f}",
             f"  {best or ''} {verdict}")
        return ok


def measure_once(work, tools, server):
    """us for one unit.  On a machine that is busy beyond measure a server may
    give up on something (towpath a signature after 100 ms): once more."""
    pids = server.pids()
    for left in (2, 1, 0):
        before = cpu_ns(pids)
        try:
            count = work(tools, server)
        except Failed as failure:
            if left == 0:
                sys.exit(f"{server.name}: {failure}")
            print(f"    {server.name}, once more: {str(failure)[:200]}")
            continue
        time.sleep(0.02)  # what it does behind the last answer
        return (cpu_ns(pids) - before) / 1000 / count


def cpu_row(name, tools, servers, rounds):
    title, gate, goal, against, work = CPU_ROWS[name]
    row = Row(title, "us", gate, goal, against)
    for server in servers:  # pools, caches and branch predictors are warm
        measure_once(work, tools, server)
    for i in range(rounds):
        turn = i % len(servers)
        for server in servers[turn:] + servers[:turn]:
            row.add(server.name, measure_once(work, tools, server))
    return row


def memory_row(name, tools, server_classes, identities, app):
    title, gate, goal, count = MEMORY_ROWS[name]
    # client, both sides of the proxy, and what else it has open
    room = (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200) // 2
    if count > room:
        print(f"    {room} connections: more descriptors are not allowed")
        count = room
    row = Row(title, "KB", gate, goal)
    for kind in server_classes:
        with kind(identities, app) as server:
            work = "websocket" if name == "websocket" else "idle"
            # buffers and tables that come with the first, not with each
            tools.client(server.port, ECDSA, "get", "/bytes/1024", 200)
            before = pss_bytes(server.pids())
            holder = subprocess.Popen(
                [TOOLS / "client", "-n", str(count), str(server.port), ECDSA,
                 work, "/bytes/1024"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE)
            if holder.stdout.readline() != b"open\n":
                sys.exit(f"{server.name}: {count} connections do not open")
            time.sleep(1.5)
            row.add(server.name,
                    (pss_bytes(server.pids()) - before) / count / 1024)
            holder.stdin.close()
            holder.wait()
    return row


def raise_limit():
    wanted = 65536
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for target in (wanted, hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE,
                               (max(target, soft), max(target, hard)))
            return
        except (ValueError, OSError):
            pass


def describe(servers):
    print(f"machine: {os.cpu_count()} cores, Linux {platform.release()}, "
          f"load {os.getloadavg()[0]:.1f}")
    print("all: TLS 1.3, AES-128-GCM, X25519; leaf and one intermediate; "
          "access log on")
    for server in servers:
        print(f"{server.name}: {server.says}")
        if server.name == "towpath":
            for text in server.configuration().splitlines():
                print(f"    {text}")
    print("ratio: median over rounds of towpath / best peer, and the middle "
          "half of the rounds\n")


def measure(options, tools, identities, app):
    kinds = [k for k in ALL if not options.only or
             k.name in options.only.split(",")]
    rows = options.row or [*CPU_ROWS, *MEMORY_ROWS]
    missed = 0
    servers = []
    try:
        for kind in kinds:
            servers.append(kind(identities, app).__enter__())
        describe(servers)
        line("", *(k.name for k in ALL), "ratio", "half", "gate", "goal",
             "  best peer")
        for name in rows:
            if name in CPU_ROWS:
                missed += not cpu_row(name, tools, servers,
                                      options.rounds).show()
    finally:
        for server in servers:
            server.__exit__()
    for name in rows:
        if name in MEMORY_ROWS:
            missed += not memory_row(name, tools, kinds, identities,
                                     app).show()
    return missed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only")
    parser.add_argument("row", nargs="*",
                        metavar="ROW")
    options = parser.parse_args()
    raise_limit()
    ca = Ca()
    identities = {"ecdsa": ca.issue(ECDSA),
                  "rsa": ca.issue(RSA, key="rsa-2048")}
    with tempfile.TemporaryDirectory() as folder, App() as app:
        missed = measure(options, Tools(pathlib.Path(folder)), identities,
                         app)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
