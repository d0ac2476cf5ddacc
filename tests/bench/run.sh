#!/bin/sh
# Prints the limits this project promises, measured on this machine.
#   B=build/release tests/bench/run.sh [latency|changes|syscalls|many ...]
set -eu
cd "$(dirname "$0")/../.."
TOWPATH_BUILD=$(cd "${B:-build/release}" && pwd)
export TOWPATH_BUILD
exec "${PYTHON:-/usr/bin/python3}" tests/bench/limits.py "$@"
