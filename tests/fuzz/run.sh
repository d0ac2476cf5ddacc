#!/bin/sh
# Runs every fuzz target of a build for a while and ends with `N passed, N
# failed`.  What is found new stays in the build's folder; an input that broke
# something is printed, to become a test.
#   SECONDS_EACH=60 tests/fuzz/run.sh [build/fuzz]
set -u
cd "$(dirname "$0")/../.."
B=${1:-build/fuzz}
passed=0 failed=0
for target in "$B"/tests/fuzz/fuzz_*; do
	case $target in *.o | *.d | *.log | *.tidy) continue ;; esac
	[ -x "$target" ] || continue
	name=${target##*/fuzz_}
	found=$B/fuzz/$name
	mkdir -p "$found" "$found.broken"
	seeds=tests/fuzz/corpus/$name
	[ -d "$seeds" ] || seeds=
	# shellcheck disable=SC2086 # no word when there are no seeds
	if "$target" -max_total_time="${SECONDS_EACH:-60}" -timeout=10 \
		-max_len=4096 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$found.broken/" "$found" $seeds \
		>"$target.log" 2>&1; then
		passed=$((passed + 1))
		printf '  %-32s %s runs\n' "fuzz_$name" \
			"$(sed -n 's/^stat::number_of_executed_units: *//p' "$target.log")"
	else
		failed=$((failed + 1))
		echo "--- fuzz_$name"
		tail -n 60 "$target.log"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
