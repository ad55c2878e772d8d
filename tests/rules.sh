#!/bin/sh
# rules.sh [TREE...] - is there a passing test for every rule of rules.txt?
# Reads the logs of the other tests below TREE (default: here), prints every
# rule with the number of its passing tests, and fails for a rule without one.
# Speaks TAP.
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- .
# npm's own tests of packages are not ours
logs=$(find "$@" -name node_modules -prune -o -path '*/tests/*' -name '*.log' ! -name 'rules.sh.log' ! -name test-suite.log -print)
# shellcheck disable=SC2086 # names of ours, without blanks
awk '
function fail(what) {
	print "not ok " ++n " - " what
	bad = 1
}
# "AX1-AX41" or one code: each of them to codes[]
function add(word, text,    from, to, letters, i) {
	from = to = word
	if (split(word, ends, "-") == 2) {
		from = ends[1]
		to = ends[2]
	}
	letters = from
	sub(/[0-9]+$/, "", letters)
	sub(/^[A-Z]+/, "", from)
	sub(/^[A-Z]+/, "", to)
	for (i = from + 0; i <= to + 0; i++) {
		codes[++ncodes] = letters i
		words[letters i] = text
	}
}
FNR == 1 && NR > 1 { rules = 1 }
!rules {
	if ($0 !~ /^#/ && $0 != "") {
		text = $0
		sub(/^[^\t]*\t/, "", text)
		add($1, text)
	}
	next
}
/^1\.\.0 *# *SKIP/ { skipped[FILENAME] = 1 }
/^ *ok [0-9]+/ && !/# TODO/ {
	name = $0
	counts = !/# SKIP/
	sub(/^ *ok [0-9]+ *-? */, "", name)
	count = split(name, w, " ")
	for (i = 1; i <= count && w[i] ~ /^[A-Z][A-Z]?[0-9]+(-[A-Z]+[0-9]+)?:?$/; i++) {
		sub(/:$/, "", w[i])
		if (split(w[i], ends, "-") == 2) {
			letters = ends[1]
			sub(/[0-9]+$/, "", letters)
			sub(/^[A-Z]+/, "", ends[1])
			sub(/^[A-Z]+/, "", ends[2])
			for (k = ends[1] + 0; k <= ends[2] + 0; k++)
				if (counts)
					tests[letters k]++
				else
					without[letters k] = 1
		} else if (counts)
			tests[w[i]]++
		else
			without[w[i]] = 1
	}
}
END {
	for (f in skipped)
		some = some " " f
	# as names of tests, so that make check prints them
	for (i = 1; i <= ncodes; i++) {
		c = codes[i]
		if (!(c in tests))
			continue
		item = c " (" tests[c] ")"
		total++
		if (length(line) + length(item) > 95) {
			print "ok " ++n " - " line
			line = ""
		}
		line = line (line == "" ? "" : ", ") item
	}
	if (line != "")
		print "ok " ++n " - " line
	print "# tests for each rule: " ncodes " rules, " total + 0 " with a passing test"
	for (i = 1; i <= ncodes; i++)
		if (!(codes[i] in tests)) {
			if (codes[i] in without)
				print "ok " ++n " - " codes[i] " (" words[codes[i]] ") # SKIP its test was skipped"
			else if (some != "")
				print "ok " ++n " - " codes[i] " (" words[codes[i]] ") # SKIP these were not run:" some
			else
				fail(codes[i] " (" words[codes[i]] ") has no passing test")
		}
	if (!bad)
		print "ok " ++n " - " ncodes " rules, " total + 0 " with a passing test; tests of all others were skipped"
	print "1.." n
}' "$here/rules.txt" $logs
