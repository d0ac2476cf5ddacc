#!/usr/bin/env python3
"""Runs every tests/integration/test_*.py, each module in a process of its own,
two at a time, and ends with `N passed, N failed`.

    tests/integration/run.py [MODULE or MODULE.Class.test ...]
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 900


def run(name):
    """(name, passed, failed, seconds, output) of one module."""
    begun = time.monotonic()
    try:
        result = subprocess.run(
            [sys.executable, "-m", "unittest", "-v", name], cwd=HERE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", timeout=TIMEOUT)
        output, status = result.stdout, result.returncode
    except subprocess.TimeoutExpired as e:
        output = (e.stdout or b"").decode(errors="replace") + "\nhung\n"
        status = 1
    ran = re.search(r"^Ran (\d+) tests?", output, re.M)
    ran = int(ran[1]) if ran else 0
    bad = sum(int(n) for n in re.findall(
        r"(?:failures|errors|skipped)=(\d+)",
        (re.findall(r"^(?:FAILED|OK).*$", output, re.M) or [""])[-1]))
    if status != 0 or ran == 0:
        bad = max(bad, 1)
    return name, max(ran - bad, 0), bad, time.monotonic() - begun, output


def main():
    names = sys.argv[1:] or sorted(p.stem for p in HERE.glob("test_*.py"))
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for name, ok, bad, seconds, output in pool.map(run, names):
            passed += ok
            failed += bad
            if bad:
                print(f"--- {name}\n{output}")
            print(f"  {name:<32} {ok:3} passed, {bad} failed  {seconds:.1f} s",
                  flush=True)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed else 1


sys.exit(main())
