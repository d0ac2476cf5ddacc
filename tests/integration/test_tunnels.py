"""WebSocket and other upgrades from HTTP/1.1 clients: what is switched, what is
relayed, how each way ends."""

import base64
import hashlib
import os
import signal
import socket
import struct
import threading
import time
import unittest

from towpath import Backend, wait_for
from towpath.edge import OK, Case, all_of, head_of, request, response
from towpath.util import PATIENCE

ASK = ("Connection: Upgrade", "Upgrade: thing/1")
SWITCH = (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
          b"Upgrade: thing/1\r\n\r\n")
RESET = struct.pack("ii", 1, 0)


def exactly(sock, n):
    data = b""
    while len(data) < n:
        piece = sock.recv(n - len(data))
        if not piece:
            break
        data += piece
    return data


def frame(payload, opcode=2, masked=True):
    """A WebSocket frame (RFC 6455, 5.2)."""
    n, mask = len(payload), os.urandom(4)
    first = bytes([0x80 | opcode])
    bit = 0x80 if masked else 0
    if n < 126:
        head = first + bytes([bit | n])
    elif n < 65536:
        head = first + bytes([bit | 126]) + n.to_bytes(2, "big")
    else:
        head = first + bytes([bit | 127]) + n.to_bytes(8, "big")
    if not masked:
        return head + payload
    keys = mask * (n // 4 + 1)
    return head + mask + bytes(a ^ b for a, b in zip(payload, keys))


def read_frame(sock):
    """(opcode, payload) of the next frame."""
    first, second = exactly(sock, 2)
    n = second & 0x7f
    if n >= 126:
        n = int.from_bytes(exactly(sock, 2 if n == 126 else 8), "big")
    mask = exactly(sock, 4) if second & 0x80 else bytes(4)
    data = exactly(sock, n)
    return first & 15, bytes(a ^ b for a, b in zip(data, mask * (n // 4 + 1)))


def websocket(sock):
    """A backend that speaks RFC 6455: echoes messages, answers a close."""
    head, rest = head_of(sock)
    key = next(line.split(b":")[1].strip() for line in head.split(b"\r\n")
               if line.lower().startswith(b"sec-websocket-key:"))
    accept = base64.b64encode(hashlib.sha1(
        key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    assert rest == b""
    sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept
                 + b"\r\n\r\n")
    while True:
        opcode, payload = read_frame(sock)
        sock.sendall(frame(payload, opcode, masked=False))
        if opcode == 8:
            return


class Tunnels(Case):
    config = {"router": {"workers": 1}}

    def behaving(self, behave, **settings):
        def quietly(sock):
            try:
                behave(sock)
            except OSError:
                pass
        b = Backend(behave=quietly)
        self.addCleanup(b.close)
        return self.host_of(b.address, **settings)

    def open(self, host, tls=True, behind=b""):
        """A socket behind whose 101 we are; its head."""
        s = self.connect(host, tls)
        self.addCleanup(s.close)
        s.settimeout(PATIENCE)
        s.sendall(request(host, "/", "GET", *ASK) + behind)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = s.recv(1)
            self.assertTrue(piece, head)
            head += piece
        return s, head

    def line_of(self, host):
        return wait_for(lambda: next(
            (x for x in self.daemon.lines() if f"host={host} " in x), None))

    def test_a_websocket_speaks_both_ways(self):
        host = self.behaving(websocket)
        for tls in (True, False):
            with self.subTest(tls=tls), self.connect(host, tls) as s:
                s.settimeout(PATIENCE)
                key = base64.b64encode(os.urandom(16)).decode()
                s.sendall(request(
                    host, "/chat", "GET", "Connection: keep-alive, Upgrade",
                    "Upgrade: websocket", f"Sec-WebSocket-Key: {key}",
                    "Sec-WebSocket-Version: 13"))
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += s.recv(1)
                self.assertTrue(head.startswith(b"HTTP/1.1 101 "), head)
                lower = head.lower()
                for field in (b"\r\nconnection: upgrade\r\n",
                              b"\r\nupgrade: websocket\r\n",
                              b"\r\nsec-websocket-accept: ",
                              b"\r\nvia: 1.1 towpath\r\n"):
                    self.assertEqual(lower.count(field), 1, field)
                self.assertNotIn(b"content-length", lower)
                for size in (0, 1, 125, 126, 65535, 65536, 300_000):
                    data = os.urandom(size)
                    s.sendall(frame(data))
                    self.assertEqual(read_frame(s), (2, data))
                s.sendall(frame(b"\x03\xe8", 8))
                self.assertEqual(read_frame(s), (8, b"\x03\xe8"))
                self.assertEqual(s.recv(1), b"")
        line = self.line_of(host)
        self.assertIn("at=info", line)
        self.assertIn(" status=101 ", line)

    def test_what_the_backend_is_asked(self):
        heads = []

        def behave(sock):
            heads.append(head_of(sock)[0])
            sock.sendall(SWITCH)
        host = self.behaving(behave)
        self.open(host)
        lower = heads[0].lower() + b"\r\n"
        self.assertEqual(lower.count(b"\r\nconnection: upgrade\r\n"), 1)
        self.assertEqual(lower.count(b"\r\nupgrade: thing/1\r\n"), 1)
        self.assertNotIn(b"transfer-encoding", lower)
        self.assertIn(b"\r\nx-forwarded-for: ", lower)

    def test_bytes_right_behind_either_head_are_not_lost(self):
        def behave(sock):
            _, rest = head_of(sock)
            sock.sendall(SWITCH + b"first words")
            while len(rest) < 11:
                rest += sock.recv(100)
            sock.sendall(b"<" + rest + b">")
        host = self.behaving(behave)
        for tls in (True, False):
            for behind in (b"hello world", b""):
                with self.subTest(tls=tls, behind=behind):
                    s, _ = self.open(host, tls, behind)
                    if not behind:
                        s.sendall(b"hello world")
                    self.assertEqual(all_of(s, PATIENCE)[0],
                                     b"first words<hello world>")

    def test_either_way_ends_for_itself(self):
        """A FIN goes on, and the other way lives."""
        def client_ends_first(sock):
            head_of(sock)
            sock.sendall(SWITCH)
            got, _ = all_of(sock, PATIENCE)
            sock.sendall(b"%d," % len(got) + b"z" * 300_000)

        def backend_ends_first(sock):
            head_of(sock)
            sock.sendall(SWITCH + b"bye")
            sock.shutdown(socket.SHUT_WR)
            got.append(all_of(sock, PATIENCE))
        got = []
        host = self.behaving(client_ends_first)
        s, _ = self.open(host, tls=False)
        s.sendall(b"y" * 500_000)
        s.shutdown(socket.SHUT_WR)
        data, fine = all_of(s, PATIENCE)
        self.assertEqual((data[:7], len(data), fine),
                         (b"500000,", 300_007, True))
        self.assertIn(" status=101 ", self.line_of(host))

        host = self.behaving(backend_ends_first)
        s, _ = self.open(host, tls=False)
        self.assertEqual(all_of(s, PATIENCE), (b"bye", True))
        time.sleep(0.1)
        s.sendall(b"x" * 200_000)
        s.shutdown(socket.SHUT_WR)
        wait_for(lambda: got)
        self.assertEqual(got, [(b"x" * 200_000, True)])
        self.assertIn(" status=101 ", self.line_of(host))

    def test_over_tls_a_goodbye_is_the_fin(self):
        def behave(sock):
            head_of(sock)
            sock.sendall(SWITCH)
            got.append(all_of(sock, PATIENCE))
            sock.sendall(b"later")
        got = []
        host = self.behaving(behave)
        s, _ = self.open(host)
        s.sendall(b"w" * 100_000)
        try:
            # says goodbye and waits for ours
            s.unwrap().close()
        except OSError:
            pass  # data came before it, which this client does not take
        wait_for(lambda: got)
        self.assertEqual(got, [(b"w" * 100_000, True)])

    def test_a_slow_reader_holds_the_other_side_back(self):
        """Each way has its own pace, and memory is no buffer."""
        sent = {}

        def flood(sock):
            head_of(sock)
            sock.sendall(SWITCH)
            sent["backend"] = 0
            sock.settimeout(1)
            try:
                while sent["backend"] < 200_000_000:
                    sent["backend"] += sock.send(b"b" * 100_000)
            except TimeoutError:
                pass
            sent["stalled"] = True
            sock.settimeout(PATIENCE)
            sock.sendall(b"!")
            all_of(sock, PATIENCE)
        host = self.behaving(flood)
        s, _ = self.open(host, tls=False)
        wait_for(lambda: sent.get("backend", 0) > 0)
        s.settimeout(0.5)
        mine = 0
        try:
            while mine < 200_000_000:
                mine += s.send(b"c" * 100_000)
        except TimeoutError:
            pass
        self.assertLess(mine, 100_000_000)
        wait_for(lambda: "stalled" in sent)
        self.assertLess(sent["backend"], 100_000_000)
        s.settimeout(PATIENCE)
        self.assertEqual(exactly(s, sent["backend"] + 1)[-2:], b"b!")

    def test_a_refused_upgrade_is_an_ordinary_response(self):
        def behave(sock):
            while head_of(sock)[0]:
                sock.sendall(OK)
        host = self.behaving(behave)
        with self.connect(host) as s:
            stream = s.makefile("rb")
            for _ in range(3):
                s.sendall(request(host, "/", "GET", *ASK))
                self.assertEqual(response(stream)[::2], (200, b"ok"))

    def test_a_101_that_nobody_asked_for_is_no_answer(self):
        def behave(sock):
            head_of(sock)
            sock.sendall(SWITCH + b"evil")
        host = self.behaving(behave)
        asks = (
            (),
            ("Upgrade: thing/1",),  # without Connection it means nothing
            # whose requests we would not see any more
            ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
             "HTTP2-Settings: AAMAAABkAAQAAP__"),
        )
        for fields in asks:
            with self.subTest(fields), self.connect(host) as s:
                s.sendall(request(host, "/", "GET", *fields))
                status, headers, _ = response(s.makefile("rb"))
                self.assertEqual((status, headers["x-towpath-error"]),
                                 (503, "H17"))

    def test_a_body_and_an_upgrade_do_not_go_together(self):
        heads = []

        def behave(sock):
            heads.append(head_of(sock)[0].lower())
            sock.sendall(OK)
        host = self.behaving(behave)
        with self.connect(host) as s:
            s.sendall(request(host, "/", "POST", *ASK, "Content-Length: 3",
                              body=b"abc"))
            self.assertEqual(response(s.makefile("rb"))[0], 200)
        self.assertNotIn(b"upgrade", heads[0])

    def test_an_idle_tunnel_ends_and_a_busy_one_lives(self):
        def behave(sock):
            head_of(sock)
            sock.sendall(SWITCH)
            while piece := sock.recv(1000):
                sock.sendall(piece)
        host = self.behaving(behave, idle_timeout="2s")
        s, _ = self.open(host)
        begun = time.monotonic()
        for _ in range(5):
            time.sleep(0.6)
            s.sendall(b"ping")
            self.assertEqual(exactly(s, 4), b"ping")
        all_of(s, PATIENCE)
        self.assertGreater(time.monotonic() - begun, 4.9)
        wait_for(lambda: self.coded("H15", host))

    def test_a_reset_on_either_side_ends_both(self):
        ended = []

        def behave(sock):
            head_of(sock)
            sock.sendall(SWITCH + b"now")
            if len(ended) == 0:
                ended.append(all_of(sock, PATIENCE))
            else:
                time.sleep(0.1)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                sock.close()
        host = self.behaving(behave)
        s, _ = self.open(host, tls=False)
        self.assertEqual(exactly(s, 3), b"now")
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        s.close()
        wait_for(lambda: ended)
        wait_for(lambda: self.coded("H27", host))
        s, _ = self.open(host, tls=False)
        self.assertFalse(all_of(s, PATIENCE)[1], "a clean end")
        wait_for(lambda: self.coded("H18", host))

    def test_many_tunnels_at_once(self):
        host, done = self.behaving(websocket), []

        def talk(i):
            s, _ = self.open_websocket(host, tls=i % 2 == 0)
            for j in range(20):
                text = b"%d-%d" % (i, j) * 50
                s.sendall(frame(text))
                if read_frame(s) != (2, text):
                    return
            s.close()
            done.append(i)
        threads = [threading.Thread(target=talk, args=(i,)) for i in range(30)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(len(done), 30)

    def open_websocket(self, host, tls):
        s = self.connect(host, tls)
        s.settimeout(PATIENCE)
        s.sendall(request(host, "/", "GET", "Connection: Upgrade",
                          "Upgrade: websocket", "Sec-WebSocket-Key: abc",
                          "Sec-WebSocket-Version: 13"))
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += s.recv(1)
        return s, head


class Drained(Case):
    config = {"router": {"workers": 1, "drain_timeout": "3s"}}

    def test_a_tunnel_lives_until_the_drain_is_over(self):
        with Backend(behave=websocket) as b:
            host = self.host_of(b.address)
            s, _ = Tunnels.open_websocket(self, host, True)
            s.sendall(frame(b"a"))
            self.assertEqual(read_frame(s), (2, b"a"))
            self.daemon.process.send_signal(signal.SIGTERM)
            begun = time.monotonic()
            time.sleep(0.5)
            s.sendall(frame(b"still here"))
            self.assertEqual(read_frame(s), (2, b"still here"))
            all_of(s, PATIENCE)
            self.assertGreater(time.monotonic() - begun, 2.5)
            self.assertEqual(self.daemon.process.wait(PATIENCE), 0)
            self.assertTrue(self.coded("H24", host))


if __name__ == "__main__":
    unittest.main()
