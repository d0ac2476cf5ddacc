#!/usr/bin/env python3
"""The limits of the main job, each printed with what was measured:

    latency   from `domains add` to the first verified HTTPS answer: 2 s
    changes   1,000 certificate changes under load, seen by both workers: 0 late
    syscalls  system calls per proxied keep-alive HTTPS request: 4
    many      100,000 domains with certificates: start to first handshake 0.3 s,
              one more certificate live in 20 ms, all processes under 60 MB

Exits 1 when one is missed.
"""

import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

# pylint: disable=wrong-import-position
from towpath import (Backend, Ca, Daemon, Https, Pebble, free_port,  # noqa
                     get, served, wait_for)
from towpath.pki import make_key  # noqa

MISSED = []


def report(name, value, unit, limit, fine):
    print(f"{name:<58} {value:>9} {unit:<4} limit {limit:<6} "
          f"{'ok' if fine else 'MISSED'}", flush=True)
    if not fine:
        MISSED.append(name)


class Api:
    """The control API on its socket, over one kept connection."""

    def __init__(self, daemon):
        self.path = str(daemon.socket)
        self.connection = http.client.HTTPConnection("towpath")
        self.connection.sock = socket.socket(socket.AF_UNIX)
        self.connection.sock.connect(self.path)

    def ask(self, method, path, body=None):
        data = json.dumps(body) if body is not None else None
        self.connection.request(method, path, data,
                                {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        text = response.read()
        if response.status >= 300:
            sys.exit(f"{method} {path}: {response.status} {text[:500]}")
        return json.loads(text) if text else None


def upload_body(identity):
    return {"certificate": identity.chain_pem.decode(),
            "private_key": identity.key_pem.decode()}


# --- latency -------------------------------------------------------------------
def latency():
    port, worst = free_port(), 0
    with Pebble(port) as ca, Backend() as app, Daemon(ca=ca, http=port) as d:
        d.cli("apps", "create", "shop", "--backend", app.address)
        roots = ca.roots()
        for i in range(5):
            host = f"soon{i}.bench.test"
            begun = time.monotonic()
            d.cli("domains", "add", host, "--app", "shop")

            def answered(host=host):
                try:
                    return get(d.https, host, "/", roots).status == 200
                except OSError:
                    return False
            wait_for(answered, every=0.01)
            worst = max(worst, time.monotonic() - begun)
    report("domains add to first HTTPS answer, worst of 5",
           f"{worst:.2f}", "s", "2", worst < 2)


# --- changes -------------------------------------------------------------------
def full_handshakes(api):
    return [w["handshakes_full"]
            for w in api.ask("GET", "/v1/status")["workers"]["each"]]


def changes(connections=16):
    count = int(os.environ.get("CHANGES", 1000))
    with Backend() as app, Daemon() as d:
        d.cli("apps", "create", "shop", "--backend", app.address)
        host, other, ca = "change.bench.test", "load.bench.test", Ca()
        for name in (host, other):
            d.cli("domains", "add", name, "--app", "shop")
            d.upload("add", name, ca.issue(name))
        identities = [ca.issue(host) for _ in range(20)]
        api, load = Api(d), [Load(d.https, other) for _ in range(2)]
        late = failed = unseen = more = 0
        begun = time.monotonic()
        for i in range(count):
            identity = identities[i % len(identities)]
            api.ask("PUT", f"/v1/domains/{host}/certificate",
                    upload_body(identity))
            before = full_handshakes(api)
            # the kernel chooses who accepts: on until each worker did
            made, seen = 0, False
            while made < connections or not seen and made < 20 * connections:
                for _ in range(connections):
                    try:
                        late += served(d.https, host) != identity.der
                    except OSError:
                        failed += 1
                made += connections
                seen = all(a != b for a, b in
                           zip(before, full_handshakes(api)))
            unseen += not seen
            more += made > connections
        took = time.monotonic() - begun
        dropped = sum(one.end() for one in load)
        print(f"    in {took:.0f} s, beside {sum(one.done for one in load)} "
              "requests on connections older than the first change;\n"
              f"    {more} times one worker took the first {connections} "
              "connections, and more were made")
    report(f"{count} changes, connections that got the old certificate", late,
           "", "0", late == 0)
    report(f"{count} changes, handshakes failed", failed, "", "0",
           failed == 0)
    report(f"{count} changes, requests of others dropped", dropped, "", "0",
           dropped == 0)
    report(f"{count} changes, a worker not seen after one", unseen,
           "", "0", unseen == 0)


class Load(threading.Thread):
    """Requests on one connection that lasts, so that every full handshake in
    the meantime is one of those that look for the new certificate."""

    def __init__(self, port, host):
        super().__init__(daemon=True)
        self.over, self.done, self.dropped = threading.Event(), 0, 0
        self.connection = Https(port, host)
        self.start()

    def run(self):
        while not self.over.is_set():
            try:
                self.dropped += self.connection.request("/").status != 200
                self.done += 1
            except (OSError, http.client.HTTPException):
                self.dropped += 1
                return

    def end(self):
        """Ends it; how many requests were dropped."""
        self.over.set()
        self.join()
        self.connection.close()
        return self.dropped


# --- syscalls ------------------------------------------------------------------
def syscalls(requests=10000, connections=32):
    nginx = nginx_backend()
    with nginx, Daemon(router={"log_level": "info"}) as d:
        d.cli("apps", "create", "shop", "--backend", nginx.address)
        host = "calls.bench.test"
        d.cli("domains", "add", host, "--app", "shop")
        d.upload("add", host, Ca().issue(host))
        workers = [p for n, p in d.children().items()
                   if n.startswith("worker")]
        with tempfile.TemporaryDirectory() as folder:
            # the URL's host is the SNI, and no resolver knows it
            (pathlib.Path(folder) / "here.lua").write_text(
                "local resolve = wrk.resolve\n"
                "function wrk.resolve(_, port) "
                "resolve('127.0.0.1', port) end\n")
            wrk = subprocess.Popen(
                ["wrk", "-t1", f"-c{connections}", "-d60s", "-s",
                 f"{folder}/here.lua", f"https://{host}:{d.https}/"],
                stdout=subprocess.DEVNULL)
            try:
                time.sleep(1.5)  # every connection is warm
                begun = answered(d)
                tracers = [subprocess.Popen(
                    ["strace", "-c", "-f", "-o", f"{folder}/{pid}", "-p",
                     str(pid)], stderr=subprocess.DEVNULL)
                    for pid in workers]
                time.sleep(0.5)
                first = answered(d)
                wait_for(lambda: answered(d) - first >= requests, timeout=60)
                for t in tracers:
                    t.send_signal(signal.SIGINT)
                for t in tracers:
                    t.wait()
                ended = answered(d)
            finally:
                wrk.terminate()
                wrk.wait()
            calls = {}
            for pid in workers:
                for line in pathlib.Path(f"{folder}/{pid}").read_text(
                        ).splitlines():
                    m = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+"
                                 r"(?:\d+\s+)?(\w+)$", line)
                    if m and m[2] != "total":
                        calls[m[2]] = calls.get(m[2], 0) + int(m[1])
    count = ended - begun
    counted = {k: v for k, v in calls.items() if k != "epoll_wait"}
    each = sum(counted.values()) / count
    print("    " + ", ".join(f"{k} {v / count:.3f}" for k, v in sorted(
        calls.items(), key=lambda kv: -kv[1])[:8]) + f"  ({count} requests)")
    report("system calls per proxied HTTPS request, epoll_wait aside",
           f"{each:.3f}", "", "4", round(each, 1) <= 4)


def answered(daemon):
    return Api(daemon).ask("GET", "/v1/status")[
        "workers"]["requests_total"]


class nginx_backend:  # pylint: disable=invalid-name
    """An app that costs nothing: nginx answering 1 KB."""

    def __enter__(self):
        self.dir = tempfile.TemporaryDirectory()
        root = pathlib.Path(self.dir.name)
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        (root / "index.html").write_bytes(b"x" * 1024)
        os.chmod(root, 0o755)
        (root / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {root}/pid; error_log /dev/null;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000000;
  client_body_temp_path {root}/a; proxy_temp_path {root}/b;
  fastcgi_temp_path {root}/c; uwsgi_temp_path {root}/d;
  scgi_temp_path {root}/e;
  server {{ listen 127.0.0.1:{self.port}; root {root}; }} }}
""")
        self.process = subprocess.Popen(
            ["nginx", "-c", root / "nginx.conf", "-p", root],
            stderr=subprocess.DEVNULL)
        wait_for(lambda: socket.create_connection(
            ("127.0.0.1", self.port)).close() is None)
        return self

    def __init__(self):
        self.dir = self.process = self.port = self.address = None

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.dir.cleanup()


# --- many ----------------------------------------------------------------------
def pss(daemon):
    """MB of all processes, the pages of the database's files left out."""
    total = 0
    for pid in [daemon.process.pid, *daemon.children().values()]:
        ours = True
        for line in pathlib.Path(f"/proc/{pid}/smaps").read_text(
                ).splitlines():
            if re.match(r"^[0-9a-f]+-[0-9a-f]+ ", line):
                ours = "towpath.db" not in line
            elif line.startswith("Pss:") and ours:
                total += int(line.split()[1])
    return total / 1024


def many():
    count, ca = int(os.environ.get("MANY", 100_000)), Ca()
    keys = [make_key() for _ in range(50)]
    # the interval is the default: each of them is looked at all the time
    with Backend() as app, Daemon(dns={"check_interval": "60s"}) as d, \
            tempfile.TemporaryDirectory() as folder:
        d.cli("apps", "create", "shop", "--backend", app.address)
        path = pathlib.Path(folder) / "import.jsonl"
        begun = time.monotonic()
        sample = {}
        with open(path, "w") as f:
            for i in range(count):
                host = f"c{i}.many.bench.test"
                own = ca.issue(host, key=keys[i % len(keys)])
                if i % (count // 200 or 1) == 0:
                    sample[host] = own.der
                f.write(json.dumps({
                    "host": host, "app": "shop", "automatic": False,
                    "certificate": upload_body(own)}) + "\n")
        print(f"    made {count} certificates in "
              f"{time.monotonic() - begun:.0f} s")
        begun = time.monotonic()
        d.cli("import", path, timeout=1800)
        took = time.monotonic() - begun
        print(f"    imported in {took:.0f} s: {count / took:.0f} a second")
        d.stop()
        hosts = list(sample)
        begun = time.monotonic()
        d.spawn()
        first = None
        while first != sample[hosts[0]]:
            try:
                first = served(d.https, hosts[0])
            except OSError:
                time.sleep(0.002)
        start = time.monotonic() - begun
        report(f"{count} domains: start to first handshake", f"{start:.3f}",
               "s", "0.3", start < 0.3)
        d.wait_ready()
        api, worst = Api(d), 0
        for i in range(10):
            own = ca.issue(hosts[0])
            begun = time.monotonic()
            api.ask("PUT", f"/v1/domains/{hosts[0]}/certificate",
                    upload_body(own))
            live = served(d.https, hosts[0]) == own.der
            worst = max(worst, time.monotonic() - begun if live else 9)
        report(f"{count} domains: one more certificate live, worst of 10",
               f"{worst * 1000:.1f}", "ms", "20", worst < 0.02)
        for host in hosts[1:101]:
            for _ in range(4):
                assert served(d.https, host) == sample[host], host
        mb = pss(d)
        report(f"{count} domains, 100 visited: PSS of all processes",
               f"{mb:.1f}", "MB", "60", mb < 60)


def main():
    chosen = sys.argv[1:] or ["latency", "changes", "syscalls", "many"]
    for name in chosen:
        {"latency": latency, "changes": changes, "syscalls": syscalls,
         "many": many}[name]()
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main())
