#!/bin/sh
# dmarcd export: the same rows and sums as the listings in every form, hostile
# texts, a file that is whole or not there, and a series that has each report
# once although it is killed again and again. TAP. Run in the build directory.
dmarcd=${DMARCD:-./dmarcd}
srcdir=${srcdir:-.}
gen=${GEN:-./tests/gen/dmarcd-gen}
dir=$(mktemp -d "${TMPDIR:-/tmp}/export.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
unset DMARCD_STATE
LC_ALL=C
export LC_ALL
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

run() {
	"$dmarcd" -c "$dir/conf" "$@" >"$dir/out" 2>"$dir/err" </dev/null
}

printf 'state = "%s/state"\nhttp { enabled = no }\n' "$dir" >"$dir/conf"

# --- a month of mail of all kinds, and a report full of malice --------------------------------
"$gen" demo --until 2026-05-31 --out files "$dir/demo" || exit 1
mkdir "$dir/evil"
{
	printf '<?xml version="1.0"?><feedback><report_metadata><org_name>+cmd|" /C calc"!A0</org_name><email>@SUM(1+1)</email>'
	printf '<report_id>=HYPERLINK("http://x.example","a,b")</report_id><date_range><begin>1779926400</begin><end>1780012799</end></date_range>'
	printf '<error>-2+3</error></report_metadata><policy_published><domain>example.com</domain><p>reject</p></policy_published>'
	printf '<record><row><source_ip>=1+1</source_ip><count>5</count><policy_evaluated><disposition>=none</disposition><dkim>-pass</dkim><spf>@fail</spf>'
	printf '<reason><type>+other</type><comment>=a\342\200\256b\302\205"c", d;\ne\tf</comment></reason></policy_evaluated></row>'
	printf '<identifiers><header_from>=evil.example</header_from><envelope_from>-x.example</envelope_from></identifiers>'
	printf '<auth_results><dkim><domain>=d.example</domain><selector>@s</selector><result>=pass</result></dkim><spf><domain>+s.example</domain>'
	printf '<scope>-mfrom</scope><result>@pass</result></spf></auth_results></record></feedback>\n'
} >"$dir/evil/1.xml"
run import --progress never "$dir/demo" "$dir/evil"
[ $? -le 1 ]
ok $? "the month is taken in"

for k in records reports failures tls; do
	for f in csv ndjson; do
		run export --kind $k --format $f
		ok $? "export --kind $k --format $f"
		cp "$dir/out" "$dir/$k.$f"
	done
done
run records --t all --limit 0 --format json
cp "$dir/out" "$dir/records.told"
# who sent is found out in between
for f in csv ndjson; do
	run export --format $f
	cp "$dir/out" "$dir/records.$f"
done
run reports --limit 0 --format json
cp "$dir/out" "$dir/reports.told"
for k in failures tls; do
	run reports --type $k --limit 0 --format json
	cp "$dir/out" "$dir/$k.told"
done
for k in 'pm records' 'pmf failures' 'pmt tls'; do
	# shellcheck disable=SC2086
	set -- $k
	run export --kind "$2" --format parsedmarc-json --output "$dir/$1.json"
	ok $? "export --kind $2 --format parsedmarc-json --output"
	[ "$2" = tls ] || run export --kind "$2" --format parsedmarc-csv --output "$dir/$1.csv"
done
if command -v node >/dev/null; then
	node "$srcdir/tests/e2e/export_check.mjs" $((n + 1)) "$dir" >"$dir/checked" 2>"$dir/err"
	rc=$?
	cat "$dir/checked"
	n=$((n + $(grep -c '^\(not \)\{0,1\}ok ' "$dir/checked")))
	ok $rc "the comparison came to its end"
fi

# --- filters --------------------------------------------------------------------------------------
run records --t all --limit 0 --format csv --domain example.com --align none
want=$(wc -l <"$dir/out")
run export --domain example.com --align none
[ "$(wc -l <"$dir/out")" -eq "$want" ] && [ "$want" -gt 2 ]
ok $? "a filter selects the same rows as in 'dmarcd records' ($want)"
run export --from 2026-05-10 --to 2026-05-11 --format ndjson
[ "$(sed 's/.*"day":"\([^"]*\)".*/\1/' "$dir/out" | sort -u | tr '\n' ' ')" = "2026-05-10 2026-05-11 " ]
ok $? "days"
run export --kind tls --code F1
[ $? -eq 2 ] && grep -q 'TLS reports have no such thing' "$dir/err"
ok $? "a filter that has no meaning is refused"
run export --kind tls --format parsedmarc-csv
[ $? -eq 2 ] && grep -q "documentation knows no CSV" "$dir/err"
ok $? "a layout that does not exist is refused"
run export --follow
[ $? -eq 2 ] && grep -q -e '--follow needs --cursor' "$dir/err"
ok $? "--follow needs a cursor"
run export --domain nowhere.example
[ $? -eq 0 ] && [ "$(wc -l <"$dir/out")" -eq 1 ]
ok $? "nothing selected: the heading alone"
run export --domain nowhere.example --format parsedmarc-json
[ "$(tr -d '\n' <"$dir/out")" = "[]" ]
ok $? "or an empty list"

# --- where it goes ------------------------------------------------------------------------------------
printf 'old\n' >"$dir/file"
run export --format csv --output "$dir/file"
run export --format csv
cmp -s "$dir/file" "$dir/out" && [ "$(find "$dir" -name 'file*' | wc -l)" -eq 1 ]
ok $? "--output writes the file, and nothing is left beside it"
printf 'old\n' >"$dir/file"
run export --output "$dir/nowhere/file"
[ $? -eq 75 ] && grep -q "nowhere" "$dir/err"
ok $? "an output that cannot be written is said"
if [ -e /dev/full ]; then
	"$dmarcd" -c "$dir/conf" export >/dev/full 2>"$dir/err"
	[ $? -eq 75 ]
	ok $? "a full disk is exit code 75"
fi
{ "$dmarcd" -c "$dir/conf" export --format ndjson 2>"$dir/err"; echo $? >"$dir/code"; } | head -n 1 >"$dir/out"
[ "$(wc -l <"$dir/out")" -eq 1 ] && [ ! -s "$dir/err" ] && [ "$(cat "$dir/code")" -eq 141 ]
ok $? "a reader that goes away ends it in silence (SIGPIPE)"

# --- one report with more rows than are held at once -------------------------------------------------------
"$gen" bulk --giant-records 120000 --until 2026-05-31 --out xml "$dir/giant" || exit 1
printf 'state = "%s/state3"\nhttp { enabled = no }\n' "$dir" >"$dir/conf3"
"$dmarcd" -c "$dir/conf3" -q import "$dir/giant" >"$dir/out" 2>"$dir/err"
rm -rf "$dir/giant"
"$dmarcd" -c "$dir/conf3" reports --format csv | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "messages") c = i; next } { print $c }' >"$dir/want"
"$dmarcd" -c "$dir/conf3" export | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "count") c = i; next }
	{ s += $c; if ($3 + 0 <= last) bad++; last = $3 + 0 } END { print s; print NR - 1, bad + 0 > "'"$dir/got"'" }' >"$dir/out"
cmp -s "$dir/out" "$dir/want" && [ "$(cat "$dir/got")" = "120000 0" ]
ok $? "a report of 120,000 rows comes out whole, in its order"
rm -rf "$dir/state3"

# --- a series ---------------------------------------------------------------------------------------------
run export --kind reports --format ndjson --cursor "$dir/c1" --output "$dir/s1"
[ "$(wc -l <"$dir/s1")" -eq "$(wc -l <"$dir/reports.ndjson")" ]
ok $? "--cursor: all of them at first"
run export --kind reports --format ndjson --cursor "$dir/c1" --output "$dir/s1"
[ "$(wc -l <"$dir/s1")" -eq "$(wc -l <"$dir/reports.ndjson")" ]
ok $? "then none"
run export --kind tls --format ndjson --cursor "$dir/c1" --output "$dir/s1"
[ $? -eq 2 ] && grep -q 'it is the cursor of --kind reports' "$dir/err"
ok $? "a cursor is of one export"
echo nonsense >"$dir/c2"
run export --kind reports --format ndjson --cursor "$dir/c2" --output "$dir/s2"
[ $? -eq 2 ] && grep -q 'this is not a cursor' "$dir/err"
ok $? "what is no cursor is left alone"
printf 'half a li' >>"$dir/s1"
run export --kind reports --format ndjson --cursor "$dir/c1" --output "$dir/s1"
[ "$(wc -l <"$dir/s1")" -eq "$(wc -l <"$dir/reports.ndjson")" ] && ! grep -q half "$dir/s1" && grep -q 'cut short' "$dir/err"
ok $? "what was being written is cut off"
run export --kind reports --format csv --cursor "$dir/c3" --output "$dir/s3"
run export --kind reports --format csv --cursor "$dir/c3" --output "$dir/s3"
[ "$(grep -c '^id,' "$dir/s3")" -eq 1 ] && [ "$(wc -l <"$dir/s3")" -eq "$(wc -l <"$dir/reports.csv")" ]
ok $? "CSV: one heading"

# A second store takes mail in while four exports of it are killed fifty times each.
printf 'state = "%s/state2"\nhttp { enabled = no }\n' "$dir" >"$dir/conf"
ls "$dir/demo" | sed "s#^#$dir/demo/#" >"$dir/files"
total=$(wc -l <"$dir/files")
# shellcheck disable=SC2046
run import --progress never $(head -n 5 "$dir/files")
KINDS="records:ndjson reports:csv failures:ndjson tls:parsedmarc-json"
kills=0
while [ $kills -lt 50 ]; do
	pids=
	for kf in $KINDS; do
		k=${kf%:*} f=${kf#*:}
		"$dmarcd" -c "$dir/conf" export --kind "$k" --format "$f" --follow --cursor "$dir/k.$k" --output "$dir/f.$k" >/dev/null 2>>"$dir/followed" &
		pids="$pids $!"
	done
	from=$((5 + kills * (total - 5) / 50 + 1)) to=$((5 + (kills + 1) * (total - 5) / 50))
	# shellcheck disable=SC2046
	run import --progress never $(sed -n "$from,${to}p" "$dir/files")
	# not always at the same moment of their work
	case $((kills % 5)) in
	0) ;;
	1) sleep 0.02 ;;
	2) sleep 0.05 ;;
	3) sleep 0.2 ;;
	4) sleep 1.2 ;;
	esac
	# shellcheck disable=SC2086
	kill -9 $pids
	# shellcheck disable=SC2086
	wait $pids 2>/dev/null
	kills=$((kills + 1))
done
pids=
for kf in $KINDS; do
	k=${kf%:*} f=${kf#*:}
	run export --kind "$k" --format "$f" --cursor "$dir/k.$k" --output "$dir/f.$k"
	ok $? "$k: goes on after $kills kills"
	run export --kind "$k" --format "$f"
	# of parsedmarc the elements of the list, a line each
	# (who sent it, whether its host has a name, and what was likely forwarded, is known a while after a row has come)
	later='s/"fwd":"[a-z]*",//; s/"sender":\(null\|{[^}]*}\),//; s/"ptr":\(null\|{[^}]*}\),//'
	sed '/^\[$/d; /^\]$/d; s/^\(.*\),$/\1/; '"$later" "$dir/out" | sort >"$dir/want"
	sed "$later" "$dir/f.$k" | sort >"$dir/got"
	cmp -s "$dir/want" "$dir/got" && [ "$(wc -l <"$dir/got")" -gt 1 ]
	ok $? "$k: each is there once, $(wc -l <"$dir/got" | tr -d ' ') lines"
done

# It ends between two reports when it is told to.
"$dmarcd" -c "$dir/conf" export --kind reports --format ndjson --follow --cursor "$dir/k.end" --output "$dir/f.end" >"$dir/out" 2>"$dir/err" &
pid=$!
tries=0
while [ ! -s "$dir/k.end" ] && [ $tries -lt 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
"$dmarcd" -c "$dir/conf" export --kind reports --format ndjson --cursor "$dir/k.other" --output "$dir/f.end" 2>"$dir/err"
[ $? -eq 75 ] && grep -q 'another export is writing' "$dir/err"
ok $? "two exports into one file are one too many"
kill -TERM $pid
wait $pid
ok $? "TERM ends --follow, with exit code 0"
plan
