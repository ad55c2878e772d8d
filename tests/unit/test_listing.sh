#!/bin/sh
# The listing commands over a month of generated mail: the sums of what they
# print are those of the generator's manifest. TAP. Run in the build directory.
dmarcd=${DMARCD:-./dmarcd}
gen=${DMARCD_GEN:-./tests/gen/dmarcd-gen}
dir=$(mktemp -d "${TMPDIR:-/tmp}/test_listing.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
unset DMARCD_STATE
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

run() {
	"$dmarcd" --state "$dir/state" "$@" >"$dir/out" 2>"$dir/err"
}

# The number of that name in the totals of the manifest, which is one object a line or pretty.
total() {
	tr -d ' \n' <"$dir/manifest" | sed 's/.*"totals":{//; s/"domains":.*//' | tr ',{}' '\n\n\n' | sed -n "s/^\"$1\"://p" | head -n 1
}

# The sum of a column of CSV whose first line names it; what is asked for here holds no comma in a cell.
column() {
	awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next } { s += $c } END { print s + 0 }' "$dir/out"
}

same() {
	[ -n "$1" ] && [ "$1" = "$2" ]
	ok $? "$3: $1"
}

"$gen" demo --until 2026-05-31 --out maildir "$dir/mail" --manifest "$dir/manifest" >/dev/null 2>&1 ||
    { echo "1..0 # SKIP the generator did not run"; exit 0; }
"$dmarcd" --state "$dir/state" import --progress never "$dir/mail" >/dev/null 2>"$dir/err"
ok $(($? > 1)) "the mail is taken in"

run reports --format csv
same "$(total messages)" "$(column messages)" "messages of all reports"
same "$(total dmarc_pass)" "$(column dmarc_pass)" "passing"
same "$(total dkim_pass)" "$(column dkim_pass)" "by DKIM"
same "$(total quarantine)" "$(column quarantine)" "quarantined"
same "$(total reports)" "$(($(wc -l <"$dir/out") - 1))" "reports"

run sources --t all --format csv
same "$(total messages)" "$(column m)" "messages of all sources"
same "$(total dmarc_pass)" "$(column pass)" "passing, of all sources"
same "$(total spf_pass)" "$(column spf_aligned)" "aligned SPF, of all sources"
same "$(total reject)" "$(column reject)" "refused, of all sources"
same "$(total source_ips)" "$(($(wc -l <"$dir/out") - 1))" "addresses"

for by in domain hfrom efrom reporter spf dkim align disp fwd; do
	run sources --t all --by "$by" --format csv
	same "$(total messages)" "$(column m)" "messages by $by"
done

run domains --t all --format csv
same "$(total messages)" "$(column m)" "messages of all domains"


run records --t all --format json
same "$(sed 's/.*"count":\([0-9]*\).*/\1/' "$dir/out" | awk '{ s += $1 } END { print s }')" "$(total messages)" "messages of all rows"
[ "$(sed 's/^{"id":"\([^"]*\)".*/\1/' "$dir/out" | sort | uniq -d | wc -l)" -eq 0 ]
ok $? "no row comes twice"

run records --t all --align none --format json
a=$(wc -l <"$dir/out")
run records --t all --align '!none' --format json
b=$(wc -l <"$dir/out")
run records --t all --format json
same "$((a + b))" "$(wc -l <"$dir/out" | tr -d ' ')" "a filter and its contrary make the whole"

run reports --limit 1 --format json
id=$(sed 's/^{"id":"\([0-9]*\)".*/\1/' "$dir/out")
run report "$id"
ok $? "one report in words"
grep -q '^policy ' "$dir/out"
ok $? "and its policy"
run report "$id" --format json
ok $? "one report as JSON"
run records --report "$id" --format json
ok $? "its rows, whenever it was"
[ -s "$dir/out" ]
ok $? "there are some"

run explain --t all --limit 0 --format json
m=$(sed 's/.*"hfrom":[^,]*,"m":\([0-9]*\),"rows".*/\1/' "$dir/out" | awk '{ s += $1 } END { print s }')
c=$(wc -l <"$dir/out" | tr -d ' ')
run records --t all --align none --format json
same "$m" "$(sed 's/.*"count":\([0-9]*\).*/\1/' "$dir/out" | awk '{ s += $1 } END { print s }')" "messages of all causes ($c) and of all failing rows"
[ "$c" -lt "$(wc -l <"$dir/out")" ]
ok $? "causes are fewer than rows"
run explain --t all --limit 3
grep -q '^  Why: ' "$dir/out" && grep -q '^  What the receiver did:' "$dir/out" && [ "$(grep -c '^[PF][0-9]*  ' "$dir/out")" -eq 3 ]
ok $? "three causes in words"
[ "$(awk '{ if (length($0) > 200) n++ } END { print n + 0 }' "$dir/out")" -eq 0 ] && ! LC_ALL=C grep -q "$(printf '\033')" "$dir/out"
ok $? "on short lines, without a control character"
row=$(sed -n 's/.*(for example row \([0-9#]*\)).*/\1/p' "$dir/out" | head -n 1)
[ -n "$row" ] || row=$(tr '\n' ' ' <"$dir/out" | sed 's/.*example *row *\([0-9]*#[0-9]*\)).*/\1/')
run explain "$row"
grep -q "(row $row)" "$dir/out" || tr '\n' ' ' <"$dir/out" | grep -q "(row *$row)"
ok $? "the row $row in words"
run explain "$row" --lang de
grep -q '^  Warum: ' "$dir/out"
ok $? "and in German"
run explain "$row" --format json
grep -q "^{\"id\":\"$row\"" "$dir/out"
ok $? "and as JSON"
run explain 1#999999
[ $? -eq 1 ] && grep -q 'has no row 999999' "$dir/err"
ok $? "a row that does not exist"

for wrong in "explain 12" "explain a#b" "explain 0#1" "explain --lang xx" "explain --format csv" "sources --spf passed" "sources --ip 192.0.2" "records --sort color" "sources --by size" "reports --t 900d" "domains --code P12" "report x"; do
	# shellcheck disable=SC2086
	run $wrong
	[ $? -eq 2 ] && [ -s "$dir/err" ]
	ok $? "$wrong is wrong usage"
done
run report 999999
[ $? -eq 1 ]
ok $? "a report that does not exist"
"$dmarcd" --state "$dir/nothing" reports >/dev/null 2>"$dir/err"
[ $? -eq 2 ] && grep -q 'nothing has been stored' "$dir/err"
ok $? "a state directory without a database"
plan
