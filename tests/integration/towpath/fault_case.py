"""For tests of fault codes: provoke one, read what to do, do it, see it gone."""

import json
import socket
import unittest

from .backend import Backend
from .daemon import Daemon
from .util import wait_for


class FaultCase(unittest.TestCase):
    """A daemon for the class, with an app `shop` that answers."""

    config = {}

    @classmethod
    def setUpClass(cls):
        cls.app = Backend("shop")
        cls.addClassCleanup(cls.app.close)
        cls.daemon = cls.make_daemon()
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.cli("apps", "create", "shop", "--backend", cls.app.address)

    @classmethod
    def make_daemon(cls):
        return Daemon(**cls.config)

    def refused(self, code, *args, status=1, **kw):
        """The command fails with that code; returns what to do."""
        result = self.daemon.run("-j", *args, **kw)
        self.assertEqual(result.returncode, status,
                         result.stdout + result.stderr)
        problem = json.loads(result.stderr)
        self.assertEqual(problem["code"], code, problem)
        self.assertTrue(problem["detail"] and problem["action"], problem)
        return problem["action"]

    def fault_of(self, host):
        return self.daemon.json("domains", "info", host)["fault"] or {}

    def wait_fault(self, code, host):
        """The domain gets that code; its fault, with what to do.  The list of
        problems shows the same."""
        fault = wait_for(
            lambda: (f := self.fault_of(host)).get("code") == code and f,
            what=f"{host} has {code}")
        self.assertTrue(fault["text"] and fault["action"], fault)
        return fault

    def wait_cured(self, code, host):
        wait_for(lambda: self.fault_of(host).get("code") != code,
                 what=f"{host} is rid of {code}")

    def api(self, method, path, body=b"", raw=None):
        """(status, document) of a request that no client of ours would send;
        raw: these bytes instead."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.daemon.socket))
            s.settimeout(30)
            s.sendall(raw or f"{method} {path} HTTP/1.1\r\nHost: x\r\n"
                      "Connection: close\r\nContent-Length: "
                      f"{len(body)}\r\n\r\n".encode() + body)
            answer = b""
            while piece := s.recv(65536):
                answer += piece
        head, _, text = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(text or b"null")

    def api_refused(self, code, status, method, path, body=b"", raw=None):
        got, problem = self.api(method, path, body, raw)
        self.assertEqual((got, problem["code"]), (status, code))
        self.assertTrue(problem["detail"] and problem["action"], problem)
        return problem["action"]
