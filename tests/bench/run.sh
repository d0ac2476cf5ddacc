#!/bin/sh
# Prints the limits this project promises, measured on this machine, and the
# figures beside nginx, HAProxy and Caddy.
#   B=build/release tests/bench/run.sh
#   B=... tests/bench/run.sh limits [latency|changes|syscalls|many ...]
#   B=... tests/bench/run.sh peers [--rounds N] [--only nginx,towpath] [ROW ...]
#   B=build/asan tests/bench/run.sh soak [SECONDS [SEED]]
#   B=... tests/bench/run.sh abuse
#   B=... tests/bench/run.sh upgrade [ROUNDS]
#   B=... tests/bench/run.sh certificates [storm|store ...]
set -eu
cd "$(dirname "$0")/../.."
TOWPATH_BUILD=$(cd "${B:-build/release}" && pwd)
export TOWPATH_BUILD
python=${PYTHON:-/usr/bin/python3}
what=${1:-all}
[ $# = 0 ] || shift
case $what in
limits | peers | soak | abuse | upgrade | certificates) exec "$python" "tests/bench/$what.py" "$@" ;;
all) ;;
*) exec "$python" tests/bench/limits.py "$what" "$@" ;;
esac
status=0
"$python" tests/bench/limits.py || status=$?
"$python" tests/bench/peers.py || status=$?
exit $status
