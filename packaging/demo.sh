#!/bin/sh
# The main job, live: a local CA (Debian's pebble) with its DNS, a sample app and
# the router; a domain goes to HTTPS before your eyes, an uploaded certificate
# takes over and gives way again.  Then the console opens, on a terminal.
#   B=build/release packaging/demo.sh
set -eu
cd "$(dirname "$0")/.."
B=${B:-build/release}
PYTHON=${PYTHON:-/usr/bin/python3}
exec "$PYTHON" packaging/demo.py "$B"
