"""Where things are, free ports, waiting for what must come true."""

import contextlib
import os
import pathlib
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("TOWPATH_BUILD", ROOT / "build/release"))
IS_ASAN = "asan" in BUILD.name
# What only root may do: cores of other users' processes, installing a package.
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]
# Sanitizers and a shared machine are slow; a deadline here only says "hung".
PATIENCE = 60 if IS_ASAN else 30


_given = set()


def free_port():
    """A TCP port on 127.0.0.1 that nobody listened on just now; never the same
    twice, for who was given one may not listen on it yet."""
    while True:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def wait_for(claim, timeout=PATIENCE, every=0.02, what=None):
    """Calls claim() until it returns something true, and returns that."""
    end = time.monotonic() + timeout
    last = None
    while True:
        try:
            value = claim()
            if value:
                return value
            last = value
        except (OSError, AssertionError, LookupError, ValueError) as e:
            last = e
        if time.monotonic() > end:
            raise AssertionError(
                f"not within {timeout} s: {what or claim}; last: {last!r}")
        time.sleep(every)


def alive(pid):
    """Whether a process runs (a zombie does not)."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def program(port, *command):
    """Another program that serves on a port, while the block runs."""
    with subprocess.Popen([str(x) for x in command], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as p:
        try:
            wait_for(lambda: socket.create_connection(
                ("127.0.0.1", port)).close() is None, what=command[0])
            yield
        finally:
            p.kill()
