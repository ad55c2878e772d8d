#!/bin/sh
# dmarcd purge, by hand and by the daemon: counts first, lets go what is old by
# kind while mail comes in, and what is left adds up. TAP. Run in the build
# directory.
dmarcd=${DMARCD:-./dmarcd}
gen=${GEN:-./tests/gen/dmarcd-gen}
dir=$(mktemp -d "${TMPDIR:-/tmp}/purge.XXXXXX") || exit 1
served=
trap '[ -z "$served" ] || kill $served 2>/dev/null; rm -rf "$dir"' EXIT
unset DMARCD_STATE
LC_ALL=C
export LC_ALL
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

run() {
	"$dmarcd" -c "$dir/conf" "$@" >"$dir/out" 2>"$dir/err" </dev/null
}

printf 'state = "%s/state"\nhttp { enabled = no }\n' "$dir" >"$dir/conf"
"$gen" demo --until 2024-05-31 --out mbox "$dir/demo" || exit 1
"$gen" bulk --until 2024-10-31 --days 5 --reports 400 --out mbox "$dir/later" || exit 1
run -q import --progress never "$dir/demo"
run export --kind reports --format ndjson --cursor "$dir/cursor" --output "$dir/series"

run purge
[ $? -eq 2 ]
ok $? "an age has to be given"
for bad in soon 5x 3d 2999-01-01; do
	run purge --older-than $bad
	[ $? -eq 2 ]
	ok $? "--older-than $bad"
done
run purge --older-than 90d --type nothing
[ $? -eq 2 ]
ok $? "--type nothing"

run records --t all --limit 0 --format csv
cp "$dir/out" "$dir/all"
sum() {
	awk -F, -v from="$2" -v to="$3" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
	    $c["day"] >= from && $c["day"] <= to { r++; s += $c["count"] } END { print r + 0, s + 0 }' "$1"
}
run purge --older-than 2024-05-20 --type reports
ok $? "what would go is counted"
want=$(sum "$dir/all" 0000 2024-05-19)
[ "$(sed 's/^would go: [0-9]* aggregate reports, \([0-9]*\) rows, \([0-9]*\) messages$/\1 \2/' "$dir/out")" = "$want" ]
ok $? "as many rows and messages as the records say ($want)"
run records --t all --limit 0 --format csv
cmp -s "$dir/out" "$dir/all"
ok $? "and all is there still"

# --- while mail comes in ---------------------------------------------------------------------
"$dmarcd" -c "$dir/conf" -q import --progress never "$dir/later" 2>"$dir/import.err" &
importing=$!
run purge --older-than 2024-05-20 --type reports --type tls --yes
ok $? "it goes while mail comes in"
[ "$(sed -n 's/^gone: [0-9]* aggregate reports, \([0-9]*\) rows, \([0-9]*\) messages$/\1 \2/p' "$dir/out")" = "$want" ]
ok $? "as much as was counted"
wait $importing
ok $? "what comes in is not disturbed"
run verify
ok $? "what is left adds up"
run records --t all --limit 0 --format csv --to 2024-05-31
[ "$(sum "$dir/out" 0000 2024-05-19)" = "0 0" ] && [ "$(sum "$dir/out" 2024-05-20 2024-05-31)" = "$(sum "$dir/all" 2024-05-20 2024-05-31)" ]
ok $? "the days from then on are as they were"
run reports --type tls --limit 0 --format csv
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next } $c["day"] < "2024-05-20" { bad = 1 } END { exit bad }' "$dir/out" && [ "$(wc -l <"$dir/out")" -gt 1 ]
ok $? "TLS reports, too"
run reprocess
ok $? "reprocess of what is left"
run verify
ok $? "adds up"

# --- all of it: numbers are not given again -----------------------------------------------------
run purge --older-than 10d --yes
ok $? "all that is old"
run verify
ok $? "nothing adds up to nothing"
run reports --limit 0 --format csv
[ "$(wc -l <"$dir/out")" -le 1 ]
ok $? "no report is left"
[ "$(find "$dir/state/quarantine" -type f 2>/dev/null | wc -l)" -eq 0 ]
ok $? "nothing is in quarantine"
before=$(wc -l <"$dir/series")
run -q import --progress never "$dir/later"
run export --kind reports --format ndjson --cursor "$dir/cursor" --output "$dir/series"
run reports --limit 0 --format csv
[ $(($(wc -l <"$dir/series") - before)) -eq $(($(wc -l <"$dir/out") - 1)) ]
ok $? "a series of exports goes on"
run verify
ok $? "and all adds up"

# --- by the daemon -----------------------------------------------------------------------------------
run -q import --progress never "$dir/demo"
printf 'state = "%s/state"\nhttp { enabled = no }\nstore { keep_reports = 1d }\n' "$dir" >"$dir/conf"
"$dmarcd" -c "$dir/conf" serve >"$dir/log" 2>&1 &
served=$!
tries=0
while ! grep -qs keep_reports "$dir/log" && [ $tries -lt 300 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
grep -q 'kept long enough (keep_reports): [1-9][0-9]* aggregate reports' "$dir/log"
ok $? "the daemon does it, and says so"
kill -TERM $served
wait $served
served=
run domains --from 2024-05-01 --to 2024-05-31 --format csv
run records --t all --limit 0 --format csv --to 2024-05-31
[ "$(wc -l <"$dir/out")" -le 1 ]
ok $? "nothing of then is left"
run verify
ok $? "what is left adds up"
plan
