#!/bin/sh
# Runs the tests of one build and ends with `N passed, N failed`, the sum of
# every runner.  Fails when any failed or none ran.
#   B=build/release tests/run.sh [unit|integration]
set -u
cd "$(dirname "$0")/.."
B=${B:-build/release}
PYTHON=${PYTHON:-/usr/bin/python3}
what=${1:-all}
passed=0 failed=0
add() { passed=$((passed + $1)); failed=$((failed + $2)); }

unit() {
	for test in "$B"/tests/unit/test_*; do
		case $test in *.o | *.d | *.log | *.tidy) continue ;; esac
		log=$test.log
		timeout 120 "$test" >"$log" 2>&1
		status=$?
		ok=$(grep -c '^\[       OK \]' "$log")
		bad=$(grep -c '^\[  FAILED  \] [a-z]' "$log")
		# a crash or a sanitizer's report fails even with no row of its own
		[ $status -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
		[ "$bad" -eq 0 ] || { echo "--- ${test##*/}"; cat "$log"; }
		printf '  %-32s %3d passed, %d failed\n' "${test##*/}" "$ok" "$bad"
		add "$ok" "$bad"
	done
}

integration() {
	log=$B/integration.log
	TOWPATH_BUILD=$(cd "$B" && pwd) $PYTHON tests/integration/run.py >"$log" 2>&1
	cat "$log"
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
	if [ -n "$line" ]; then
		ok=${line%% *}
		bad=${line#*, }
		add "$ok" "${bad%% *}"
	else
		add 0 1
	fi
}

house() {
	log=$B/layers.log
	if sh tests/layers_test.sh >"$log" 2>&1; then add 1 0; else cat "$log"; add 0 1; fi
}

case $what in
unit) unit ;;
integration) integration ;;
*) unit; house; integration ;;
esac
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
