# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sourced after lib.sh: what a demo in the lab $PRICELAG_LAB would have left behind.

# XDP and tc programs that no living process holds: a recording of somebody else's on this machine is none of ours
programs() {
	comm -23 <(bpftool prog show 2>/dev/null | sed -nE 's/^([0-9]+): (xdp|sched_cls) .*/\1/p' | sort) \
		<(grep -hs '^prog_id:' /proc/[0-9]*/fdinfo/* | awk '{print $2}' | sort -u) | wc -l
}
before=$(programs)

leftovers() {
	local now
	ls /run/netns 2>/dev/null | grep -E "^pl-(venue|node|chain)-$PRICELAG_LAB$"
	[ ! -e "/run/pricelag-lab-$PRICELAG_LAB" ] || echo "the lab's state is left"
	ls -d /tmp/pricelag-$PRICELAG_LAB.* 2>/dev/null
	pgrep -af "/tmp/pricelag-$PRICELAG_LAB\."
	now=$(programs)
	[ "$now" -le "$before" ] || echo "programs that nobody holds: $before before, $now now"
}

# The kernel frees programs and processes when it gets to it.
nothing_left() {
	local found i
	for ((i = 0; i < 50; i++)); do found=$(leftovers); [ -n "$found" ] || return 0; sleep 0.2; done
	echo "$found"
	return 1
}
