"""A short soak: see towpath/soak.py.  The long one is tests/bench/soak.py."""

import asyncio
import contextlib
import os
import random
import unittest

from towpath import Ca, Daemon, wait_for
from towpath.abuse import sockets
from towpath.soak import Backend, Soak
from towpath.util import IS_ASAN

SECONDS = float(os.environ.get("SOAK_SECONDS", 6))
SEED = int(os.environ.get("SOAK_SEED", int.from_bytes(os.urandom(4), "big")))
CLIENTS = 12 if IS_ASAN else 20


class Soaked(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(router={"workers": 2, "log_level": "info"})
        self.addCleanup(self.daemon.close)

    def apps(self, backends):
        """Two apps that share what they can, with short patience."""
        d, hosts = self.daemon, []
        for i, mine in enumerate((backends, backends[:2])):
            host = f"soak{i}.test.example"
            d.cli("apps", "create", f"soak{i}")
            d.cli("backends", "add", f"soak{i}",
                  *(f"127.0.0.1:{b.port}" for b in mine))
            d.cli("apps", "set", f"soak{i}", "connect_timeout=1s",
                  "first_byte_timeout=3s", "idle_timeout=3s")
            d.cli("domains", "add", host, "--app", f"soak{i}")
            d.upload("add", host, Ca().issue(host))
            hosts.append(host)
        return hosts

    def test_whatever_happens_every_request_is_accounted_for(self):
        note = asyncio.run(self.soak())
        print(note)

    async def soak(self):
        d, note = self.daemon, f"SOAK_SEED={SEED}"
        backends = []
        for i in range(4):
            backends.append(Backend(random.Random(SEED + i)))
            await backends[-1].open()
        hosts = await asyncio.to_thread(self.apps, backends)
        workers = {n: p for n, p in d.children().items() if "worker" in n}
        before = sum(map(sockets, workers.values()))

        def change(rng):
            first = f"127.0.0.1:{backends[0].port}"
            d.run(*rng.choice((
                ("backends", "drain", "soak0", first),
                ("backends", "resume", "soak0", first),
                ("apps", "set", "soak1", f"max_active={rng.choice((5, ''))}"),
                ("apps", "set", "soak0", "balance=least"),
                ("apps", "set", "soak0", "balance="))))
        soak = Soak(d, hosts, SEED)
        await soak.run(SECONDS, backends, CLIENTS, change)
        await asyncio.to_thread(
            wait_for, lambda: d.json("status")["workers"][
                "requests_active"] == 0, what=f"{note}: all is over")
        await asyncio.to_thread(
            wait_for, lambda: sum(map(sockets, workers.values()))
            <= before + 2, what=f"{note}: all is closed")
        self.assertEqual({n: p for n, p in d.children().items()
                          if "worker" in n}, workers, note)
        with contextlib.suppress(AssertionError):  # lines are batched
            await asyncio.to_thread(wait_for, lambda: not soak.unaccounted(),
                                    timeout=5)
        found = soak.unaccounted()
        self.assertEqual(found, [], f"{note}\n" + "\n".join(found[:20]))
        answered = sum(r.status is not None for r in soak.requests)
        self.assertGreater(answered, 50, note)
        return f"{note} asked={len(soak.requests)} answered={answered} " \
            f"{dict(soak.did)}"


if __name__ == "__main__":
    unittest.main()
