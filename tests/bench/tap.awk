# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The table of tests/bench/tap. First file: "case<TAB>name" in the order of the rows. Second file, a line a slice: round, the
# case whose four slices it belongs to, and "case wall_seconds cpu_seconds sent arrived read kept reported".
function median(list,   n) {
	n = sorted(list)
	return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
}
function sorted(list,   n, i, j, t) {
	n = split(list, a, " ")
	for (i = 2; i <= n; i++) for (j = i; j > 1 && a[j - 1] + 0 > a[j] + 0; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
	return n
}
NR == FNR { split($0, field, "\t"); rows[++row_count] = field[1]; names[field[1]] = field[2]; next }
{
	each[$3] = each[$3] " " 1e9 * $5 / $7
	sent[$3] += $6; arrived[$3] += $7; read[$3] += $8; kept[$3] += $9; reported[$3] += $10
	four = $1 " " $2
	if ($3 == "none") { seconds0[four] += $5; packets0[four] += $7; next }
	seconds[four] += $5; packets[four] += $7
	if (++slices[four] == 2) fours[$2] = fours[$2] (fours[$2] ? "," : "") four
}
END {
	# seconds0 is complete only now: the last slice of a four is one without a probe
	for (c in fours) {
		n = split(fours[c], list, ",")
		for (i = 1; i <= n; i++) {
			f = list[i]
			ratios[c] = ratios[c] " " 100 * (seconds0[f] / packets0[f]) / (seconds[f] / packets[f])
			added[c] = added[c] " " 1e9 * (seconds[f] / packets[f] - seconds0[f] / packets0[f])
		}
		more[c] = median(added[c])
	}
	base = median(each["none"])
	printf "\n%-33s %7s %6s %8s %15s %8s %10s %10s %10s %6s %8s\n", "", "ns each", "added", "of rate", "(least … most)", "of path",
		"arrived", "read", "kept", "lost", "reported"
	for (r = 1; r <= row_count; r++) {
		c = rows[r]
		if (c == "none" || c == "drop") {
			printf "%-33s %7.0f", names[c], base + more[c]
			if (c == "none") printf " %6s %8s %15s %8s %10d %10s", "", "", "", "", arrived[c], read[c] ? read[c] : "-"
			printf "\n"
			continue
		}
		rate = median(ratios[c])
		n = sorted(ratios[c])
		path = "-"
		if ("drop" in more) {
			own = base + more["drop"] - ("pass" in more ? more["pass"] : 0) # generator and wire, without the hook
			path = sprintf("%.1f %%", 100 * (base - own) / (base + more[c] - own))
		}
		printf "%-33s %7.0f %+6.0f %6.1f %% (%5.1f … %5.1f) %8s %10d %10s", names[c], base + more[c], more[c], rate, a[1], a[n], path,
			arrived[c], read[c] ? read[c] : "-"
		if (c != "pass") printf " %10d %6d %8d", kept[c], arrived[c] - kept[c], reported[c]
		printf "\n"
		if (c ~ /^(stopped|sets|all)$/ && arrived[c] - kept[c] > reported[c]) silent = names[c]
	}
	print "ns each: time on the packets' CPU for a packet that arrived; added: what a probe adds to it (pairs); of rate: what is left"
	print "of the packet rate (pairs, least and most of the rounds); of path: the same without the generator and the wire, which a"
	print "network card would be; read: by the receiver; kept: in what the probe made; reported: lost, as it says itself"
	if ("pass" in more && "stopped" in more && "sets" in more)
		printf "Of the %.0f ns that packets: sets adds, %.0f are the hook (a program that returns), %.0f the program (of what, make bench says), %.0f its process at work.\n",
			more["sets"], more["pass"], more["stopped"] - more["pass"], more["sets"] - more["stopped"]
	if (silent) { print "FAIL: " silent " lost packets without saying so"; exit 1 }
}
