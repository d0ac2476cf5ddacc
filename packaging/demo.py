#!/usr/bin/env python3
"""What `make demo` shows; see demo.sh.  Uses the parts the tests use: the real
router, a real CA and a real client, all on this machine and free ports."""

import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ["TOWPATH_BUILD"] = str((ROOT / sys.argv[1]).resolve())
sys.path.insert(0, str(ROOT / "tests/integration"))

# pylint: disable=wrong-import-position
from towpath import Backend, Ca, Daemon, Pebble, free_port  # noqa: E402

HOST = "www.customer.test"
BEGUN = time.monotonic()


def say(text):
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}",
          flush=True)


def towpath(daemon, *args):
    """Shows a command and what it prints."""
    print(f"  $ towpath {' '.join(str(a) for a in args)}", flush=True)
    for line in daemon.cli(*args).splitlines():
        print(f"    {line}", flush=True)


def watch(daemon, until):
    """Prints every status HOST goes through until the one that is meant."""
    last, end = None, time.monotonic() + 60
    while last != until:
        domain = daemon.json("domains", "info", HOST)
        if domain["status"] != last:
            last = domain["status"]
            fault = domain["fault"]
            print(f"    {time.monotonic() - BEGUN:6.2f} s  {HOST}  {last}"
                  + (f"  ({fault['code']} {fault['text']})" if fault else ""),
                  flush=True)
        if time.monotonic() > end:
            sys.exit(f"{HOST} is still {last} after a minute")
        time.sleep(0.005)


def visit(daemon, ca_pem):
    """A visitor's request with curl, the certificate verified."""
    bundle = daemon.file("roots.pem", ca_pem)
    command = ["curl", "-sS", "--cacert", str(bundle), "--resolve",
               f"{HOST}:{daemon.https}:127.0.0.1", "-w",
               "\n%{http_code} verify=%{ssl_verify_result}\n",
               f"https://{HOST}:{daemon.https}/bytes/20"]
    print(f"  $ curl https://{HOST}/   (roots: this CA alone)", flush=True)
    answer = subprocess.run(command, capture_output=True, text=True,
                            check=False)
    if answer.returncode != 0:
        sys.exit(f"curl: {answer.stderr}")
    for line in answer.stdout.splitlines():
        print(f"    {line}")


def story(daemon, ca, app):
    say("1. A customer's app, and the domain before its DNS points here")
    towpath(daemon, "apps", "create", "shop", "--backend", app.address)
    ca.set_a(HOST, "192.0.2.1")
    towpath(daemon, "domains", "add", HOST, "--app", "shop")
    watch(daemon, "Pending DNS")

    say("2. The customer sets the record; the rest happens by itself")
    ca.set_a(HOST, "127.0.0.1")
    towpath(daemon, "domains", "check", HOST)
    watch(daemon, "In use")
    visit(daemon, ca.roots())

    say("3. The customer uploads a certificate: it takes over at once")
    own = Ca("Customer's CA")
    identity = own.issue(HOST, days=200)
    chain = daemon.file("chain.pem", identity.chain_pem)
    key = daemon.file("key.pem", identity.key_pem)
    towpath(daemon, "certs", "add", HOST, chain, key)
    watch(daemon, "Not used")
    visit(daemon, own.root_pem)

    say("4. It is removed: the automatic one is back at once")
    towpath(daemon, "certs", "remove", HOST)
    watch(daemon, "In use")
    visit(daemon, ca.roots())
    towpath(daemon, "certs", "history", HOST)


def main():
    http = free_port()
    with Pebble(http) as ca, Backend("sample") as app, \
            Daemon(ca=ca, http=http) as daemon:
        print(f"CA {ca.directory}, DNS {ca.dns}, app {app.address}\n"
              f"router http://127.0.0.1:{daemon.http} "
              f"https://127.0.0.1:{daemon.https}")
        story(daemon, ca, app)
        if sys.stdin.isatty() and sys.stdout.isatty():
            say("5. The console (q leaves and ends the demo)")
            time.sleep(2)
            subprocess.run([os.environ["TOWPATH_BUILD"] + "/towpath", "-s",
                            str(daemon.socket)], check=False)
    say("done")


main()
