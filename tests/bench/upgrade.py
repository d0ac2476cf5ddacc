#!/usr/bin/python3
"""Changes without a dropped byte, in full size: 32 clients on both versions of
HTTP and 50 WebSockets, while the binary is replaced 30 times and the
configuration 30 times; then binaries that are no good, and what may come in
the middle.  Prints what happened and fails unless nothing was lost.

    tests/bench/upgrade.py [ROUNDS]
"""

import os
import pathlib
import shutil
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from towpath import Daemon, wait_for  # noqa: E402
from towpath.traffic import Traffic  # noqa: E402
from towpath.util import BUILD  # noqa: E402

DRAIN = 10  # seconds, as is promised to a WebSocket
BAD = {
    "dies at once": ("#!/bin/sh\nkill -SEGV $$\n", 0o755),
    "hangs": ("#!/bin/sh\nsleep 1000\n", 0o755),
    "cannot be executed": ("#!/bin/sh\n", 0o644),
    "refuses its -t": ("#!/bin/sh\nexit 2\n", 0o755),
    "checks well and dies": (
        "#!/bin/sh\n[ \"$1\" = -t ] || kill -SEGV $$\n", 0o755),
    "checks well and hangs": (
        "#!/bin/sh\n[ \"$1\" = -t ] || sleep 1000\n", 0o755),
}


def put(d, source, mode=0o755):
    new = d.dir / "towpathd.new"
    if isinstance(source, str):
        new.write_text(source)
    else:
        shutil.copy(source, new)
    new.chmod(mode)
    new.rename(d.program)


def seen(d, text, times):
    wait_for(lambda: d.log_text().count(text) >= times, what=text)


def generations(d):
    """Those that live, the newest first."""
    return wait_for(lambda: [g["number"] for g in
                             d.json("status")["generations"]])


def upgrade(d, t):
    """One more; waits, as an operator would, while four live."""
    wait_for(lambda: len(generations(d)) < 4, timeout=4 * DRAIN, every=0.2)
    done = d.log_text().count("upgrade: done")
    t.changed()
    d.process.send_signal(signal.SIGUSR2)
    seen(d, "upgrade: done", done + 1)
    t.done()


def reload(d):
    done = d.log_text().count("reload: done")
    d.process.send_signal(signal.SIGHUP)
    seen(d, "reload: done", done + 1)


def changes(d, t, rounds):
    for i in range(rounds):
        upgrade(d, t)
        d.config["acme"]["email"] = f"a{i % 2}@example.com"
        d.write_config()
        reload(d)
        t.check()
    print(f"{rounds} upgrades and {rounds} reloads: {t.summary()}", flush=True)


def refusals(d, t):
    for name, (text, mode) in BAD.items():
        before, refused = generations(d), d.log_text().count("refused:")
        put(d, text, mode)
        d.process.send_signal(signal.SIGUSR2)
        seen(d, "refused:", refused + 1)
        t.wait_for_more(2)
        t.check()
        assert generations(d)[0] == before[0]
        print(f"a binary that {name}: refused, nobody noticed", flush=True)
    put(d, BUILD / "towpathd")


def middle(d, t):
    wait_for(lambda: len(generations(d)) < 3, timeout=4 * DRAIN, every=0.2)
    done = d.log_text().count("upgrade: done")
    t.changed()
    d.process.send_signal(signal.SIGUSR2)
    d.process.send_signal(signal.SIGUSR2)
    seen(d, "upgrade: done", done + 1)
    t.done()
    t.check()
    print("SIGUSR2 twice: once", flush=True)


def killed(d):
    """A new worker dies; with nobody there, for one that serves already takes
    its connections along."""
    done = d.log_text().count("upgrade: done")
    old = set(d.children().values())
    d.process.send_signal(signal.SIGUSR2)
    new = wait_for(lambda: [pid for name, pid in d.children().items()
                            if name.startswith("worker") and pid not in old],
                   every=0.001)
    os.kill(new[0], signal.SIGKILL)
    seen(d, "upgrade: done", done + 1)
    print("a new worker killed: started again", flush=True)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    d = Daemon(start=False, router={
        "upgrade_drain_timeout": f"{DRAIN}s", "log_level": "info"})
    d.program = d.dir / "towpathd"
    shutil.copy(BUILD / "towpathd", d.program)
    try:
        d.start()
        seen(d, "serving version=", 1)
        begun = time.monotonic()
        with Traffic(d, h1=16, h2=16, websockets=50, patience=DRAIN - 0.1,
                     pause=0.5) as t:
            changes(d, t, rounds)
            refusals(d, t)
            middle(d, t)
            t.wait_for_more(2)
            t.check()
            print(f"{time.monotonic() - begun:.0f} s: {t.summary()}")
        killed(d)
        d.process.send_signal(signal.SIGUSR2)
        assert d.stop() == 0
        print("SIGTERM in the middle: ended in good order")
    except BaseException:
        print(d.log_text()[-4000:])
        raise
    finally:
        d.close()


if __name__ == "__main__":
    main()
