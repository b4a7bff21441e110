# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sourced by the lab's tests: a lab of their own, the actors in it, what was found, and the tidying up.
set -uo pipefail
[ "$(id -u)" -eq 0 ] || { echo "needs root for network namespaces" >&2; exit 1; }
PATH=$PATH:/usr/sbin:/sbin
export PRICELAG_LAB=${PRICELAG_LAB:-test}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" # so that BUILD may be relative, which make needs where the path has spaces
build=${BUILD:-build}
pricelag=$(readlink -f "$build/pricelag")
node_ns=/run/netns/pl-node-$PRICELAG_LAB
work=$(mktemp -d /tmp/pricelag-test.XXXXXX)
passed=0 failed=0 skipped=0

cleanup() {
	local status=$? group
	trap '' INT TERM HUP
	for group in $(jobs -p); do end_group "$group"; done
	"$root/scripts/lab" down >/dev/null
	if [ -n "${KEEP-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# end_group PID [SIGNAL]: ends a process group that this shell started with setsid, and waits for it
end_group() {
	local i
	kill "-${2:-TERM}" -- "-$1" 2>/dev/null || kill "-${2:-TERM}" "$1" 2>/dev/null || return 0
	for ((i = 0; i < 60; i++)); do kill -0 -- "-$1" 2>/dev/null || break; sleep 0.1; done
	kill -KILL -- "-$1" 2>/dev/null
	wait "$1" 2>/dev/null
	return 0
}

# check NAME COMMAND…: one test
check() {
	local name=$1
	shift
	if "$@"; then passed=$((passed + 1)); echo "ok    $name"; else failed=$((failed + 1)); echo "FAIL  $name"; fi
}

skip() { skipped=$((skipped + 1)); echo "skip  $1: $2"; }

# add_up OUTPUT: a program's own closing line counts as ours
add_up() {
	local p f s
	if read -r p f s < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' <<<"$1" | tail -1) && [ -n "$s" ]; then
		passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	else
		failed=$((failed + 1))
		echo "FAIL  ended without a closing line"
	fi
}

# compare SCRIPT ARGUMENTS…: runs a comparison of tests/lab and counts its tests
compare() {
	local out
	out=$(node "$root/tests/lab/$1" "${@:2}" 2>&1)
	printf '%s\n' "$out" | grep -vE '^[0-9]+ passed, '
	add_up "$out"
}

closing_line() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
}

in_node() { "$root/scripts/lab" exec node "$@"; }

# actors_start DIR [name=value…]: returns when all of them run. Their process group is $actors.
actors_start() {
	local i dir=$1
	mkdir -p "$dir"
	"$root/scripts/lab" up >"$dir/lab.log" 2>&1 || { cat "$dir/lab.log"; return 1; }
	setsid node "$root/tests/lab/actors/main.mjs" "$@" >"$dir/actors.log" 2>&1 </dev/null &
	actors=$!
	for ((i = 0; i < 600; i++)); do
		[ ! -e "$dir/ready" ] || return 0
		kill -0 "$actors" 2>/dev/null || break
		sleep 0.1
	done
	echo "the actors do not start:"
	cat "$dir/actors.log"
	return 1
}

actors_stop() { end_group "$actors"; }

# Programs of the kernel side on the node's interfaces, as bpftool lists them.
attached() { nsenter --net="$node_ns" bpftool net show 2>/dev/null | grep -E 'venue0|chain0'; }
