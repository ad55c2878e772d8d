#!/bin/sh
# Reads sample reports and compares what is stored with a table of what a
# correct reader finds (expected.tsv): our own samples in tests/data, and those
# in the folder $DMARCD_CORPUS when it is set. TAP. Run in the build directory.
srcdir=${srcdir:-.}
dmarcd=${DMARCD:-./dmarcd}
dir=$(mktemp -d "${TMPDIR:-/tmp}/test_corpus.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
unset DMARCD_STATE

if ! node --version >/dev/null 2>&1; then
	echo "1..0 # SKIP no node to compare with"
	exit 0
fi

# compare NAME SAMPLES TABLE
compare() {
	"$dmarcd" --state "$dir/$1" import --format json "$2" >"$dir/import" 2>"$dir/err"
	code=$?
	if [ $code -ne 0 ] && [ $code -ne 1 ]; then
		echo "not ok - $1: import ends with $code"
		sed 's/^/# /' "$dir/err"
		return
	fi
	if ! "$dmarcd" --state "$dir/$1" reports --format json >"$dir/reports" 2>"$dir/err" ||
	    ! "$dmarcd" --state "$dir/$1" reports --type tls --format json >>"$dir/reports" 2>"$dir/err"; then
		echo "not ok - $1: reports fails"
		sed 's/^/# /' "$dir/err"
		return
	fi
	node "$srcdir/tests/corpus/compare.mjs" "$3" "$dir/import" "$dir/reports" 2>&1
	"$dmarcd" --state "$dir/$1" reports --type failures --format json 2>"$dir/err" | sed -n 's/^{"id":"\(f[0-9]*\)".*/\1/p' |
	while read -r id; do
		"$dmarcd" --state "$dir/$1" report "$id" --reveal --format json 2>>"$dir/err"
	done >"$dir/revealed"
	node "$srcdir/tests/corpus/compare_failures.mjs" "$3" "$dir/import" "$dir/revealed" 2>&1 ||
		echo "not ok - $1: failure reports are not as they should be"
}

{
	compare own "$srcdir/tests/data/reports" "$srcdir/tests/data/expected.tsv"
	compare own-tls "$srcdir/tests/data/tls-reports" "$srcdir/tests/data/tls-expected.tsv"
	if [ -n "$DMARCD_CORPUS" ]; then
		compare corpus "$DMARCD_CORPUS" "$DMARCD_CORPUS/expected.tsv"
	fi
} >"$dir/out"
# one plan for both
awk '/^ok |^not ok / { sub(/^ok [0-9]*/, "ok"); sub(/^not ok [0-9]*/, "not ok"); sub(/ok/, "ok " ++n) }
    /^1\.\.[0-9]+$/ { next }
    { print }
    END { print "1.." n + 0 }' "$dir/out"
! grep -q '^not ok' "$dir/out"
