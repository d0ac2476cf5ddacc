#!/usr/bin/python3
"""Certificates in bulk: a thousand names at once beside a CA, and a hundred
thousand domains in the store.  Prints the limits promised, and what was
measured.

    tests/bench/certificates.py [storm|store ...]      NAMES=1000 DOMAINS=100000
"""

import json
import os
import pathlib
import sqlite3
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from towpath import (Backend, Ca, Daemon, Pebble, free_port,  # noqa: E402
                     served, wait_for)

NAMES = int(os.environ.get("NAMES", 1000))
DOMAINS = int(os.environ.get("DOMAINS", 100_000))
STORM_S = 180
QUIET_S = 10  # the others' handshakes, before
DUE = 2000    # domains that are due at once
MISSED = []


def report(name, value, unit, limit, fine):
    print(f"  {name:<58} {value:>10} {unit:<4} {limit:>10}  "
          f"{'ok' if fine else 'MISSED'}", flush=True)
    if not fine:
        MISSED.append(name)


def percentile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))] * 1000


class Others(threading.Thread):
    """A visitor of a domain that has nothing to do with it: a full handshake
    all the time."""

    def __init__(self, daemon, host, expected):
        super().__init__(daemon=True)
        self.d, self.host, self.expected = daemon, host, expected
        self.seconds, self.failed, self.ends = [], [], False

    def run(self):
        while not self.ends:
            begun = time.monotonic()
            try:
                if served(self.d.https, self.host) != self.expected:
                    self.failed.append("another certificate")
            except OSError as e:
                self.failed.append(repr(e))
            self.seconds.append(time.monotonic() - begun)
            time.sleep(0.02)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ends = True
        self.join()


class Flight(threading.Thread):
    """How many orders the CA has in hand, as the store says."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.d, self.most, self.looks, self.ends = daemon, 0, 0, False

    def run(self):
        sql = ("SELECT count(*) FROM acme_order"
               " WHERE ended_at IS NULL AND url IS NOT NULL")
        with sqlite3.connect(f"file:{self.d.store}?mode=ro", uri=True,
                             timeout=30) as db:
            while not self.ends:
                self.most = max(self.most, db.execute(sql).fetchone()[0])
                self.looks += 1
                time.sleep(0.02)

    __enter__, __exit__ = Others.__enter__, Others.__exit__


def imported(d, lines, name="import.jsonl"):
    d.cli("import", d.file(name, "\n".join(map(json.dumps, lines)) + "\n"),
          timeout=600)


def in_use(d):
    return d.json("status")["domains"]["In use"]


def storm():
    """NAMES registered at once."""
    port = free_port()
    own, max_orders = Ca().issue("steady.other.test"), 20
    with Pebble(port) as ca, Backend("shop") as app, \
            Daemon(ca=ca, http=port, router={"log_level": "info"},
                   acme={"max_orders": max_orders}) as d:
        d.cli("apps", "create", "shop", "--backend", app.address)
        d.cli(
            "domains", "add", "steady.other.test", "--app", "shop",
            d.file("own.pem", own.chain_pem), d.file("own.key", own.key_pem))
        with Others(d, "steady.other.test", own.der) as before:
            time.sleep(QUIET_S)
        hosts = [f"n{i}.customer{i}.test" for i in range(NAMES)]
        with Others(d, "steady.other.test", own.der) as during, \
                Flight(d) as flight:
            begun = time.monotonic()
            imported(d, ({"host": h, "app": "shop"} for h in hosts))
            wait_for(lambda: in_use(d) >= NAMES, timeout=4 * STORM_S,
                     every=0.25, what=f"{NAMES} names are in use")
            took = time.monotonic() - begun
        placeholders = [h for h in hosts
                        if b"Pebble Intermediate" not in served(d.https, h)]
        report(f"{NAMES} names at once: all live", f"{took:.1f}", "s",
               STORM_S, took < STORM_S)
        report("  names without a certificate of the CA",
               len(placeholders), "", 0, not placeholders)
        report(f"  orders at the CA, most of {flight.looks} looks",
               flight.most, "", max_orders, flight.most <= max_orders)
        fails = len(before.failed) + len(during.failed)
        report(f"  others' full handshakes: {len(before.seconds)} before, "
               f"{len(during.seconds)} during, failed", fails, "", 0,
               fails == 0)
        for part in (0.5, 0.99):
            was, now = (percentile(x.seconds, part) for x in (before, during))
            # a CA and its tests share the machine: what counts is that a
            # visitor does not notice
            report(f"  others' full handshakes, {part * 100:.0f} % within; "
                   f"{was:.1f} ms before", f"{now:.1f}", "ms", 100, now < 100)


# --- many in the store --------------------------------------------------------
def columns(db, table, *without):
    names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    return [n for n in names if n not in without]


def copy(db, table, n, **changes):
    """n copies of the one row of a table; changes: SQL by column, in which i
    is 1..n."""
    kept = columns(db, table, *changes)
    db.execute(
        f"WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k"
        f" WHERE i < {n}) INSERT INTO {table}"
        f" ({', '.join([*kept, *changes])})"
        f" SELECT {', '.join([*kept, *changes.values()])} FROM k,"
        f" (SELECT * FROM {table} LIMIT 1)")


def multiply(d, n):
    """The one domain with its certificate becomes n + 1."""
    with sqlite3.connect(d.store) as db:
        host = "'c' || i || '.customer' || (i / 10) || '.test'"
        day = "CAST(strftime('%s', 'now') AS INTEGER)"
        copy(db, "certificate", n, id="i + 1000000",
             fingerprint="randomblob(32)", common_name=host,
             names=f"json_array({host})")
        copy(db, "installation", n, id="i + 1000000", host=host,
             certificate_id="i + 1000000")
        later = f"{day} + 600 + (i * 7919) % 86400"
        copy(db, "domain", n, id="i + 1000000", host=host,
             check_at=later, next_at=later)
        if "renewal" in [r[0] for r in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'")] and \
                db.execute("SELECT count(*) FROM renewal").fetchone()[0]:
            copy(db, "renewal", n, certificate_id="i + 1000000",
                 poll_at=later)
        db.execute("UPDATE domain_tally SET n = (SELECT count(*) FROM domain)"
                   " WHERE status = 'In use' AND fault_code = ''")


def memory_mb(d, field):
    pid = d.children()["control"]
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return 0


def make_due(d, n):
    """n domains are to be looked at now."""
    with sqlite3.connect(d.store, timeout=60) as db:
        db.execute("UPDATE domain SET next_at = 1 + id % 1000, check_at = 1"
                   " WHERE id > 1000000 AND id <= ?", (1000000 + n,))


def store():
    """DOMAINS with certificates in the store."""
    port = free_port()
    with Pebble(port) as ca, Backend("shop") as app, \
            Daemon(ca=ca, http=port, router={"log_level": "info"},
                   dns={"check_interval": "60s"}) as d:
        d.cli("apps", "create", "shop", "--backend", app.address)
        d.cli("domains", "add", "first.customer.test", "--app", "shop",
              "--wait")
        one = served(d.https, "first.customer.test")
        d.stop()
        begun = time.monotonic()
        multiply(d, DOMAINS - 1)
        print(f"    made {DOMAINS} domains in {time.monotonic() - begun:.0f}"
              f" s: {d.store.stat().st_size >> 20} MB", flush=True)
        d.start()
        wait_for(lambda: in_use(d) == DOMAINS, what="all are in use")
        time.sleep(5)
        figures = d.json("status")["scheduler"]
        report(f"{DOMAINS} domains, none due: found, worst",
               f"{figures['find_worst_us'] / 1000:.2f}", "ms", 10,
               figures["find_worst_us"] < 10_000)
        report("  control, resident", f"{memory_mb(d, 'VmRSS'):.1f}", "MB",
               100, memory_mb(d, "VmRSS") < 100)
        make_due(d, DUE)
        wait_for(lambda: d.json("status")["scheduler"]["attended"] >= DUE,
                 timeout=300, every=0.25, what="those that are due are seen")
        figures = d.json("status")["scheduler"]
        report(f"  {DUE} due at once: found, worst",
               f"{figures['find_worst_us'] / 1000:.2f}", "ms", 10,
               figures["find_worst_us"] < 10_000)
        # what people ask for, all of it
        for words in (("domains",), ("certs",), ("acme",), ("status",),
                      ("domains", "--problems")):
            begun = time.monotonic()
            text = d.cli(*words, timeout=600)
            print(f"    towpath {' '.join(words)}: "
                  f"{text.count(chr(10))} lines in "
                  f"{time.monotonic() - begun:.2f} s", flush=True)
        assert served(d.https, f"c{DOMAINS - 1}.customer"
                      f"{(DOMAINS - 1) // 10}.test") == one
        report("  control after all were listed, at its most",
               f"{memory_mb(d, 'VmHWM'):.1f}", "MB", 100,
               memory_mb(d, "VmHWM") < 100)


def main():
    print(f"  {'':<58} {'measured':>10} {'':<4} {'at most':>10}")
    for name in sys.argv[1:] or ["storm", "store"]:
        {"storm": storm, "store": store}[name]()
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main())
