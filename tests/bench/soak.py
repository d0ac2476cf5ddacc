#!/usr/bin/env python3
"""The long soak: eight hours' worth of misfortune in five minutes, best run on
a build with sanitizers (make VARIANT=asan).

    B=build/asan tests/bench/run.sh soak [SECONDS [SEED]]
"""

import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

os.environ["SOAK_SECONDS"] = sys.argv[1] if len(sys.argv) > 1 else "300"
if len(sys.argv) > 2:
    os.environ["SOAK_SEED"] = sys.argv[2]
unittest.main(module="test_soak", argv=[sys.argv[0]])
