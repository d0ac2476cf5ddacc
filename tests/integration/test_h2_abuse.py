"""HTTP/2 clients that mean harm: each costs its own connection and nothing
else, which a bystander on the same worker checks after every attack."""

import re
import struct
import threading
import unittest

from hyperframe import frame as frames

from towpath import Http2, wait_for
from towpath.http2 import (CANCEL, COMPRESSION_ERROR, ENHANCE_YOUR_CALM,
                           INTERNAL_ERROR, NO_ERROR, PREFACE, PROTOCOL_ERROR,
                           REFUSED_STREAM, Ended)
from towpath.util import IS_ASAN, PATIENCE
from test_h2 import OK, Case as Base, head_of

MANY = 20000


class Case(Base):
    config = {"router": {"workers": 1}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bystander = Http2(cls.daemon.https, cls.host)

    @classmethod
    def tearDownClass(cls):
        cls.bystander.close()
        super().tearDownClass()

    def tearDown(self):
        self.assertEqual(self.bystander.get().status, 200)
        self.assertEqual(self.bystander.goaways, [])


class Floods(Case):
    def flood(self, frame, times=MANY):
        c = self.client()
        self.assertEqual(c.get().status, 200)
        return c.flood(frame.serialize() * times)

    def many(self, c, method, ends, then):
        """Heads on many streams, each with a frame behind it."""
        block = c.block(c.fields(method=method))
        data = []
        for i in range(c.next_id, c.next_id + 2 * MANY, 2):
            f = frames.HeadersFrame(i, block)
            f.flags.add("END_HEADERS")
            if ends:
                f.flags.add("END_STREAM")
            data += [f.serialize(), then(i).serialize()]
        return b"".join(data)

    def test_rapid_reset(self):
        c = self.client()
        data = self.many(c, "GET", True, lambda i: frames.RstStreamFrame(
            i, error_code=CANCEL))
        self.assertEqual(c.flood(data), ENHANCE_YOUR_CALM)
        # as many requests as the limit lets through, and not all of them
        gone = [x for x in self.daemon.lines() if "code=H27" in x]
        self.assertLess(len(gone), MANY / 10)

    def test_streams_broken_so_that_the_server_resets_them(self):
        c = self.client()
        data = self.many(c, "POST", False, lambda i: frames.WindowUpdateFrame(
            i, window_increment=(1 << 31) - 1))  # beyond what there can be
        self.assertEqual(c.flood(data), ENHANCE_YOUR_CALM)

    def test_settings(self):
        self.assertEqual(self.flood(frames.SettingsFrame(
            0, settings={4: 65535})), ENHANCE_YOUR_CALM)

    def test_pings(self):
        before = self.counted()
        self.assertEqual(self.flood(frames.PingFrame(0, b"x" * 8)),
                         ENHANCE_YOUR_CALM)
        wait_for(lambda: self.counted() == before + 1)

    def counted(self):
        """Connections ended so far; pings are noise, or fill a queue."""
        text = self.peer("curl", "-sS", "--unix-socket", self.daemon.socket,
                         "http://towpath/metrics").decode()
        return sum(map(int, re.findall(
            r'towpath_http2_abuses_total\{reason="(?:noise|queue)"\} (\d+)',
            text)))

    def test_priorities(self):
        self.assertEqual(self.flood(frames.PriorityFrame(
            1, depends_on=3, stream_weight=5)), ENHANCE_YOUR_CALM)

    def test_window_updates(self):
        self.assertEqual(self.flood(frames.WindowUpdateFrame(
            0, window_increment=1)), ENHANCE_YOUR_CALM)

    def test_unknown_frames_are_passed_over(self):
        c = self.client()
        c.raw(b"\0\0\1\xee\0\0\0\0\0x" * MANY)
        self.assertEqual(c.get().status, 200)

    def test_empty_data(self):
        c = self.client(self.waiting())
        n = c.request(method="POST", ends=False)
        self.assertEqual(
            c.flood(frames.DataFrame(n, b"").serialize() * MANY),
            ENHANCE_YOUR_CALM)

    def waiting(self):
        """A host whose app answers nothing until the test is over."""
        over = threading.Event()
        self.addCleanup(over.set)

        def behave(sock):
            head_of(sock)
            over.wait(PATIENCE)
        return self.behaving(behave)

    def test_a_window_opened_byte_by_byte(self):
        c = self.client(settings={4: 0}, windows=False)
        n = c.request("/bytes/100000")
        self.assertEqual(
            c.flood(frames.WindowUpdateFrame(
                n, window_increment=1).serialize() * MANY),
            ENHANCE_YOUR_CALM)


class Heads(Case):
    def test_endless_continuations(self):
        c = self.client()
        n = c.next_id
        f = frames.HeadersFrame(n, c.block(c.fields()))
        piece = frames.ContinuationFrame(n, b"\x40\x01a\x01b").serialize()
        self.assertEqual(c.flood(f.serialize() + piece * 5000),
                         ENHANCE_YOUR_CALM)

    def test_a_bomb_of_headers(self):
        """A few bytes that unpack to many megabytes."""
        c = self.client()
        bomb = c.block(c.fields())
        bomb += b"\x40\x01a\x7f" + b"\xa1\x1e" + b"b" * 4000  # 127 + 3873
        f = frames.HeadersFrame(c.next_id, bomb + b"\xbe" * 12000)
        f.flags.add("END_HEADERS")
        f.flags.add("END_STREAM")
        self.assertEqual(c.flood(f.serialize()), ENHANCE_YOUR_CALM)

    def test_a_hundred_thousand_headers(self):
        c = self.client()
        block = c.block(c.fields()) + b"\x00\x01a\x01b" * 100000
        f = frames.HeadersFrame(c.next_id, block[:16000])
        data = f.serialize()
        for at in range(16000, len(block), 16000):
            f = frames.ContinuationFrame(c.next_id, block[at:at + 16000])
            if at + 16000 >= len(block):
                f.flags.add("END_HEADERS")
            data += f.serialize()
        self.assertEqual(c.flood(data), ENHANCE_YOUR_CALM)

    def test_what_is_not_hpack(self):
        c = self.client()
        c.headers([], block=b"\xff\xff\xff\xff\xff\xff")
        self.assertEqual(c.wait_end(), COMPRESSION_ERROR)

    def test_what_is_not_http2(self):
        c = self.client(start=False)
        c.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
        self.assertEqual(c.wait_end(), PROTOCOL_ERROR)
        c = self.client(start=False)
        c.raw(PREFACE + frames.PingFrame(0, b"x" * 8).serialize())
        self.assertEqual(c.wait_end(), PROTOCOL_ERROR)

    def test_a_frame_larger_than_allowed(self):
        c = self.client()
        c.raw(struct.pack(">I", 1 << 20)[1:] + b"\0\0\0\0\0\1")
        self.assertNotIn(c.wait_end(), (None, NO_ERROR))


class Stalls(Case):
    def test_more_streams_than_allowed(self):
        over = threading.Event()
        self.addCleanup(over.set)

        def behave(sock):
            head_of(sock)
            over.wait(PATIENCE)
            sock.sendall(OK)
        c = self.client(self.behaving(behave))
        opened = [c.request(f"/{i}") for i in range(100)]
        late = c.request("/late")
        error = None
        try:
            c.until(lambda: c.goaways or c.streams[late].is_over)
        finally:
            error = c.streams[late].reset
        if c.goaways:
            self.assertEqual(c.goaways[0][1], PROTOCOL_ERROR)
            return
        self.assertEqual(error, REFUSED_STREAM)
        over.set()
        for n in opened:
            self.assertEqual(c.finish(n).status, 200)

    def test_a_small_answer_that_is_never_taken_is_given_up(self):
        host = self.host_of(self.app.address, idle_timeout="1s")
        c = self.client(host, settings={4: 0}, windows=False)
        n = c.request("/bytes/100")
        self.assertEqual(c.finish(n).reset, CANCEL)
        self.assertEqual(c.streams[n].status, 200)
        c.send_settings({4: 65535})
        self.assertEqual(len(c.get("/bytes/100").body), 100)

    def test_a_large_answer_that_is_never_taken_is_given_up(self):
        host = self.host_of(self.app.address, idle_timeout="1s")
        c = self.client(host, windows=False)
        n = c.request("/bytes/5000000")
        self.assertEqual(c.finish(n).reset, INTERNAL_ERROR)
        line = self.line("code=H28", f"host={host}")
        self.assertIn("sock=client", line)

    def test_a_body_that_stops_coming_is_given_up(self):
        host = self.host_of(self.app.address, idle_timeout="1s")
        c = self.client(host)
        n = c.request("/", "POST", [("content-length", "100")], b"x",
                      ends=False)
        self.assertEqual(c.finish(n).reset, INTERNAL_ERROR)
        self.line("code=H28", f"host={host}")
        self.assertEqual(c.get().status, 200)

    def test_one_that_does_not_read_holds_little(self):
        """A hundred answers, none of them taken: what waits is bounded."""
        worker, = (pid for name, pid in self.daemon.children().items()
                   if name.startswith("worker"))

        def kilobytes():
            with open(f"/proc/{worker}/status") as f:
                return int(f.read().split("VmRSS:")[1].split()[0])
        before = kilobytes()
        c = self.client(settings={4: 0}, windows=False)
        seen = len(self.app.seen)
        for _ in range(100):
            c.request("/bytes/5000000")
        wait_for(lambda: len(self.app.seen) == seen + 100)
        c.settle()
        self.assertLess(kilobytes() - before, 400000 if IS_ASAN else 40000)


class Memory(Case):
    # a sanitizer's own memory is beyond any ceiling
    config = {"router": {"workers": 1,
                         "max_memory": "2G" if IS_ASAN else "32M"}}

    def tearDown(self):
        pass  # who is idle may be ended here, bystanders too

    def test_answers_that_are_not_taken_end_before_memory_does(self):
        if IS_ASAN:
            return
        holders = [self.client(settings={4: 0}, windows=False)
                   for _ in range(12)]
        for c in holders:
            try:
                for _ in range(100):
                    c.request("/bytes/300000")
            except OSError:
                break  # it came to that already
        wait_for(lambda: "memory is short" in self.daemon.log_text())
        wait_for(lambda: any(map(self.is_over, holders)))
        # somebody new is let in when there is room again
        wait_for(lambda: self.client().get().status == 200)

    @staticmethod
    def is_over(c):
        c.sock.settimeout(0.01)
        try:
            while True:
                c.read()
        except Ended:
            return True
        except TimeoutError:
            return False


if __name__ == "__main__":
    unittest.main()
