"""A real terminal: the console on a pty, its screen kept by pyte."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

import pyte

from .util import BUILD, PATIENCE

KEYS = {"enter": "\r", "esc": "\x1b", "tab": "\t", "up": "\x1b[A",
        "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
        "space": " ", "backspace": "\x7f", "ctrl-u": "\x15"}


class Screen(pyte.Screen):
    """With SU and SD (ECMA-48, 8.3.147 and 8.3.113), which every terminal has
    and curses uses, but not pyte."""

    def _scroll(self, count, line, move):
        top, bottom = self.margins or (0, self.lines - 1)
        y, self.cursor.y = self.cursor.y, top if line == "top" else bottom
        for _ in range(min(count, bottom - top + 1)):
            move()
        self.cursor.y = y

    def scroll_up(self, count=1):
        self._scroll(count or 1, "bottom", self.index)

    def scroll_down(self, count=1):
        self._scroll(count or 1, "top", self.reverse_index)


class Stream(pyte.ByteStream):
    csi = dict(pyte.ByteStream.csi, S="scroll_up", T="scroll_down")
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down"}


class Terminal:
    """with Terminal(daemon, rows=24, columns=80) as t:
    t.wait("In use"); t.keys("j", "enter")."""

    def __init__(self, daemon, *args, rows=24, columns=80, env=None,
                 directory=None):
        self.screen = Screen(columns, rows)
        self.stream = Stream(self.screen)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.environ.update({"TERM": "xterm-256color", "TZ": "UTC",
                                   "LC_ALL": "C.UTF-8", **(env or {})})
                if directory:
                    os.chdir(directory)
                program = str(BUILD / "towpath")
                os.execv(program, [program, "-s", str(daemon.socket), *args])
            finally:
                os._exit(127)  # never the test's own clean-up
        self.resize(rows, columns)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def feed(self, seconds):
        """Lets the program draw for that long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([self.fd], [], [], left)
            if not ready:
                return
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return
            if not data:
                return
            self.stream.feed(data)

    @property
    def rows(self):
        return [row.rstrip() for row in self.screen.display]

    @property
    def text(self):
        return "\n".join(self.rows)

    def row(self, word):
        """The first row that has the word, or ''."""
        return next((r for r in self.rows if word in r), "")

    def keys(self, *names):
        """Presses keys: names of KEYS, else the text as typed."""
        for name in names:
            os.write(self.fd, KEYS.get(name, name).encode())
            self.feed(0.05)

    def wait(self, claim, timeout=PATIENCE):
        """Waits for a text on the screen, or for claim(self)."""
        if isinstance(claim, str):
            text, claim = claim, lambda t: text in t.text
        end = time.monotonic() + timeout
        while not claim(self):
            if time.monotonic() > end:
                raise AssertionError("not on the screen:\n" + self.text)
            self.feed(0.05)
        return self.text

    def close(self):
        try:
            os.kill(self.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        self.feed(0.3)
        os.close(self.fd)
        for _ in range(100):
            pid, _ = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
