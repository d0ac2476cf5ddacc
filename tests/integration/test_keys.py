"""Workers hold no private key: not a byte of one in their memory, under load,
while their keys process has it (so the scan works)."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import unittest

from cryptography.hazmat.primitives import serialization
from towpath import Backend, Ca, Daemon, Https, get, wait_for
from towpath.util import AS_ROOT, IS_ASAN


def needles(key):
    """What to look for: each secret number in either byte order, and each
    encoding of the key in slices, so that a fragment is found too."""
    numbers = key.private_numbers()
    if hasattr(numbers, "private_value"):
        secrets = [numbers.private_value]
    else:
        secrets = [numbers.d, numbers.p, numbers.q, numbers.dmp1,
                   numbers.dmq1, numbers.iqmp]
    found = set()
    for n in secrets:
        size = (n.bit_length() + 7) // 8
        for order in ("big", "little"):
            data = n.to_bytes(size, order)
            # 16 bytes anywhere in a row are no accident
            for at in range(0, len(data) - 16 + 1, 8):
                found.add(data[at:at + 16])
    pem = key.private_bytes(serialization.Encoding.PEM,
                            serialization.PrivateFormat.PKCS8,
                            serialization.NoEncryption())
    body = b"".join(pem.splitlines()[1:-1])
    # the head of the base64 is the same for all keys of a type
    for at in range(len(body) // 3, len(body) - 24, 16):
        found.add(body[at:at + 24])
    return found


# What gcore does, without the terabytes a sanitizer reserves and never fills.
DUMP = """
import re, sys
pid, out = sys.argv[1:]
with open(f"/proc/{pid}/mem", "rb", 0) as mem, open(out, "wb") as core:
    for line in open(f"/proc/{pid}/maps"):
        begin, end = (int(n, 16) for n in line.split()[0].split("-"))
        if "r" in line.split()[1] and end - begin < 1 << 28:
            try:
                mem.seek(begin)
                core.write(mem.read(end - begin))
            except (OSError, ValueError):
                pass
"""


def core_of(pid, folder):
    """Everything the process has in memory, by root's gcore."""
    core = f"{folder}/core.{pid}"
    dump = ([sys.executable, "-c", DUMP, str(pid), core] if IS_ASAN else
            ["gcore", "-a", "-o", f"{folder}/core", str(pid)])
    subprocess.run([*AS_ROOT, *dump], check=True, capture_output=True)
    subprocess.run([*AS_ROOT, "chmod", "644", core], check=True)
    return pathlib.Path(core).read_bytes()


class Keys(unittest.TestCase):
    def test_a_core_of_a_worker_holds_no_key_and_its_keys_process_does(self):
        with Backend() as app, Daemon() as d, \
                tempfile.TemporaryDirectory() as folder:
            d.cli("apps", "create", "shop", "--backend", app.address)
            ca, keys = Ca(), []
            for i, kind in enumerate(("ecdsa-p256", "rsa-2048",
                                      "ecdsa-p384")):
                host = f"key{i}.core.test"
                d.cli("domains", "add", host, "--app", "shop")
                own = ca.issue(host, key=kind)
                d.upload("add", host, own)
                keys.append((host, own.key))
            over = threading.Event()

            def load():
                while not over.is_set():
                    for host, _ in keys:
                        try:
                            get(d.https, host)
                        except OSError:
                            pass
            threads = [threading.Thread(target=load) for _ in range(4)]
            for t in threads:
                t.start()
            try:
                # both workers have served each key by now
                for host, _ in keys:
                    for _ in range(16):
                        get(d.https, host)
                children = d.children()
                workers = [core_of(children[f"worker {i}"], folder)
                           for i in (0, 1)]
                holders = [core_of(children[f"keys {i}"], folder)
                           for i in (0, 1)]
            finally:
                over.set()
                for t in threads:
                    t.join()
            for host, key in keys:
                for needle in needles(key):
                    for core in workers:
                        self.assertNotIn(needle, core, host)
                self.assertTrue(
                    any(needle in core for needle in needles(key)
                        for core in holders),
                    f"{host}: the scan finds nothing where the key is")

    def test_each_key_signs_what_each_client_asks_for(self):
        """Old clients want PKCS#1 in TLS 1.2, which reaches keys in another
        form than the rest."""
        wanted = {
            "rsa-2048": [("-tls1_2", "RSA+SHA256"), ("-tls1_2", "RSA+SHA512"),
                         ("-tls1_2", "RSA-PSS+SHA256"),
                         ("-tls1_3", "RSA-PSS+SHA256"),
                         ("-tls1_3", "RSA-PSS+SHA384")],
            "ecdsa-p256": [("-tls1_2", "ECDSA+SHA256"),
                           ("-tls1_2", "ECDSA+SHA384"),
                           ("-tls1_3", "ECDSA+SHA256")],
            "ecdsa-p384": [("-tls1_2", "ECDSA+SHA384"),
                           ("-tls1_3", "ECDSA+SHA384")],
        }
        with Backend() as app, Daemon() as d:
            d.cli("apps", "create", "shop", "--backend", app.address)
            ca = Ca()
            for kind, offers in wanted.items():
                host = kind + ".sign.test"
                d.cli("domains", "add", host, "--app", "shop")
                d.upload("add", host, ca.issue(host, key=kind))
                for version, algorithms in offers:
                    with self.subTest(kind, version=version,
                                      algorithms=algorithms):
                        said = subprocess.run(
                            ["openssl", "s_client", "-connect",
                             f"127.0.0.1:{d.https}", "-servername", host,
                             version, "-sigalgs", algorithms],
                            input=b"", capture_output=True).stdout
                        self.assertIn(b"Peer signature type", said)
                        self.assertNotIn(b"Cipher is (NONE)", said)

    def test_a_worker_has_no_writable_file_and_keys_no_socket_but_channels(
            self):
        with Backend() as app, Daemon() as d:
            d.cli("apps", "create", "shop", "--backend", app.address)
            for name, pid in d.children().items():
                for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
                    target = os.readlink(link)
                    flags = pathlib.Path(
                        f"/proc/{pid}/fdinfo/{link.name}").read_text()
                    mode = int(re.search(r"flags:\s+(\d+)", flags)[1], 8) & 3
                    if name.startswith("worker") and str(d.dir) in target:
                        writable = mode != os.O_RDONLY
                        is_log = target.endswith((".log",))
                        self.assertTrue(not writable or is_log,
                                        f"{name} may write {target}")
                    if name.startswith("keys") and target.startswith("/"):
                        self.assertTrue(
                            target.startswith(("/dev/", "/memfd:"))
                            or target.endswith("towpathd.log"),
                            f"{name} has {target} open")

    def test_every_child_is_confined(self):
        with Daemon() as d:
            # one worker serves while the other may still be starting
            wait_for(lambda: len(d.children()) == 6 and all(
                "Seccomp:\t2" in pathlib.Path(
                    f"/proc/{pid}/status").read_text()
                for pid in d.children().values()), what="all are confined")
            for name, pid in d.children().items():
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
                fields = dict(line.split(":\t", 1)
                              for line in status.splitlines() if ":\t" in line)
                self.assertEqual(fields["NoNewPrivs"].strip(), "1", name)
                self.assertEqual(fields["Seccomp"].strip(), "2", name)
                self.assertEqual(int(fields["CapEff"], 16), 0, name)
                if os.geteuid() == 0:
                    self.assertNotEqual(fields["Uid"].split()[0], "0", name)

    def test_a_master_key_may_be_changed_and_the_old_one_still_opens(self):
        with Backend() as app, Daemon() as d:
            host, own = "seal.core.test", Ca().issue("seal.core.test")
            d.cli("apps", "create", "shop", "--backend", app.address)
            d.cli("domains", "add", host, "--app", "shop")
            d.upload("add", host, own)
            self.assertNotIn(b"PRIVATE KEY", d.store.read_bytes())
            d.stop()
            import base64
            path = d.dir / "master.key"
            path.write_text(base64.b64encode(os.urandom(32)).decode() + "\n"
                            + path.read_text())
            d.start()
            with Https(d.https, host) as c:
                self.assertEqual(c.certificate, own.der)


if __name__ == "__main__":
    unittest.main()
