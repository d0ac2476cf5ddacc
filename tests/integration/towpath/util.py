"""Where things are, free ports, waiting for what must come true."""

import contextlib
import fcntl
import os
import pathlib
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("TOWPATH_BUILD", ROOT / "build/release"))
IS_ASAN = "asan" in BUILD.name
# What only root may do: cores of other users' processes, installing a package.
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]
# Sanitizers and a shared machine are slow; a deadline here only says "hung".
PATIENCE = 60 if IS_ASAN else 30


# Below the ports that the kernel takes for outgoing connections, thousands of
# which come and go while tests run.
PORTS = range(10240, 32000)
_counter = pathlib.Path(tempfile.gettempdir()) / f"towpath-ports-{os.getuid()}"


def _turn():
    """A number that no other process on this machine has just been given."""
    with open(_counter, "a+b") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        f.seek(0)
        turn = int(f.read() or b"0")
        f.truncate(0)
        f.write(str(turn + 1).encode())
    return turn


def _is_free(port):
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        with socket.socket(type=kind) as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def free_port():
    """A port on 127.0.0.1, TCP and UDP, that nobody has; nobody else who asks
    here gets it, for who was given one may not listen on it yet."""
    while True:
        port = PORTS[_turn() % len(PORTS)]
        if _is_free(port):
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
