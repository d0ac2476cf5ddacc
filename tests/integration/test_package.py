"""The Debian package, by a real dpkg: installs, starts and serves."""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest

from towpath import ROOT, Backend, free_port, http, wait_for
from towpath.util import AS_ROOT, IS_ASAN


class Package(unittest.TestCase):
    def test_it_installs_starts_serves_and_goes_away(self):
        if IS_ASAN:
            return self.assertTrue((ROOT / "packaging/debian").is_dir())
        subprocess.run(["make", "-C", ROOT, "deb"], check=True,
                       capture_output=True)
        (deb,) = (ROOT / "build").glob("towpath_*.deb")
        held = subprocess.run(["dpkg-deb", "-c", deb], check=True, text=True,
                              capture_output=True).stdout
        for page in ("man1/towpath.1", "man5/towpath.conf.5",
                     "man7/towpath-faults.7", "man8/towpathd.8"):
            self.assertIn(f"/usr/share/man/{page}.gz", held)
        subprocess.run([*AS_ROOT, "apt-get", "install", "-y", "-qq",
                        "--allow-downgrades", deb], check=True,
                       capture_output=True,
                       env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
        self.addCleanup(subprocess.run, [*AS_ROOT, "dpkg", "--purge", "towpath"],
                        capture_output=True, check=False)
        for name in ("towpath", "towpath-edge", "towpath-keys"):
            subprocess.run(["id", name], check=True, capture_output=True)
        conf = pathlib.Path("/etc/towpath/towpath.conf")
        port, tls = free_port(), free_port()
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        # its own configuration, on free ports
        test_conf = folder / "towpath.conf"
        test_conf.write_text(
            f"[listen]\nhttp = 127.0.0.1:{port}\nhttps = 127.0.0.1:{tls}\n"
            + conf.read_text())
        subprocess.run(["/usr/sbin/towpathd", "-t", "-c", conf], check=True)
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(notify.close)
        notify.bind(str(folder / "notify"))
        notify.settimeout(20)
        process = subprocess.Popen(
            [*AS_ROOT, "/usr/sbin/towpathd", "-c", test_conf],
            stdout=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify")})
        try:
            self.assertIn(b"READY=1", notify.recv(1000))
            with Backend() as app:
                subprocess.run(["towpath", "apps", "create", "shop",
                                "--backend", app.address], check=True,
                               capture_output=True)
                subprocess.run(["towpath", "domains", "add", "deb.example",
                                "--app", "shop"], check=True,
                               capture_output=True)
                wait_for(lambda: http(port, "deb.example").status == 200)
            owners = subprocess.run(
                ["ps", "-o", "user:20=", "--ppid", str(process.pid)],
                capture_output=True, text=True, check=True).stdout.split()
            self.assertEqual(set(owners),
                             {"towpath", "towpath-edge", "towpath-keys"})
        finally:
            process.terminate()
            self.assertEqual(process.wait(40), 0)
        manual = subprocess.run(["man", "-w", "towpath"], check=False,
                                capture_output=True)
        pages = pathlib.Path("/usr/share/man/man1/towpath.1.gz")
        self.assertTrue(pages.exists() or manual.returncode == 0)
        subprocess.run([*AS_ROOT, "dpkg", "--purge", "towpath"], check=True,
                       capture_output=True)
        self.assertFalse(pathlib.Path("/usr/sbin/towpathd").exists())
        self.assertFalse(pathlib.Path("/var/lib/towpath").exists())


if __name__ == "__main__":
    unittest.main()
