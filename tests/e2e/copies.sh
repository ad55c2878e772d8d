#!/bin/sh
# What another program wrote down of reports: our export in its layouts comes
# back with the same totals, an original and its copy are one report whichever
# comes first, and what cannot be read is said with its line. TAP. Run in the
# build directory.
dmarcd=${DMARCD:-./dmarcd}
srcdir=${srcdir:-.}
gen=${GEN:-./tests/gen/dmarcd-gen}
dir=$(mktemp -d "${TMPDIR:-/tmp}/copies.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
unset DMARCD_STATE
LC_ALL=C
export LC_ALL
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# in STORE COMMAND...
in_store() {
	printf 'state = "%s/%s"\nhttp { enabled = no }\n' "$dir" "$1" >"$dir/conf"
	shift
	"$dmarcd" -c "$dir/conf" "$@" >"$dir/out" 2>"$dir/err" </dev/null
}

# All that counts, by what it can be asked for.
figures() {
	for d in example.com example.org example.net; do
		in_store "$1" sources --domain $d --limit 0 --format csv
		# the last columns are of failure reports and of what is known of senders later
		cut -d, -f 1-24 "$dir/out" | sort
		in_store "$1" domains --domain $d --format csv
		cat "$dir/out"
	done
	in_store "$1" records --t all --limit 0 --format csv
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
	    { s[$c["domain"] "," $c["ip"] "," $c["disp"] "," $c["policy_eval_dkim"] "," $c["policy_eval_spf"] "," $c["code"]] += $c["count"] }
	    END { for (k in s) print k "," s[k] }' "$dir/out" | sort
	in_store "$1" reports --type tls --limit 0 --format csv
	cut -d, -f 2- "$dir/out" | sort | wc -l
	in_store "$1" tls --format csv
	cat "$dir/out"
}

failures() {
	in_store "$1" reports --type failures --limit 0 --format json
	sed 's/.*"class":"\([^"]*\)".*"arrived":"\([^"]*\)".*"source_ip":\("[^"]*"\|null\).*"header_from":\("[^"]*"\|null\).*/\1 \2 \3 \4/' "$dir/out" | sort
}

"$gen" demo --until 2026-05-31 --out files "$dir/demo" || exit 1
in_store a -q import --progress never "$dir/demo"
for k in records:aggregate failures:forensic tls:smtp_tls; do
	in_store a export --kind "${k%:*}" --format parsedmarc-json --output "$dir/${k#*:}.json"
done
in_store a export --kind records --format parsedmarc-csv --output "$dir/aggregate.csv"
in_store a export --kind records --format parsedmarc-json --output "$dir/lines.json" --cursor "$dir/cursor"
figures a >"$dir/want"
[ "$(wc -l <"$dir/want")" -gt 200 ]
ok $? "the month has figures"

# --- round trip ---------------------------------------------------------------------------------
for f in aggregate.json aggregate.csv lines.json; do
	s=b.$f
	in_store "$s" import --progress never "$dir/$f" "$dir/smtp_tls.json"
	ok $? "$f is read"
	figures "$s" >"$dir/got"
	cmp "$dir/want" "$dir/got" >"$dir/err" 2>&1 || diff "$dir/want" "$dir/got" >"$dir/err"
	[ ! -s "$dir/err" ]
	ok $? "$f: the same totals by domain, source, disposition, DKIM and SPF, and TLS sessions"
	in_store "$s" verify
	ok $? "$f: verify finds no fault"
done
in_store b.aggregate.json import --progress never "$dir/forensic.json"
ok $? "failure reports are read"
for s in a b.aggregate.json; do
	failures $s >"$dir/failures.$s"
done
[ -s "$dir/failures.a" ] && cmp "$dir/failures.a" "$dir/failures.b.aggregate.json" >"$dir/err" 2>&1
ok $? "as many failure reports, of the same time, address and domain ($(wc -l <"$dir/failures.a"))"
in_store b.aggregate.json reports --limit 1 --format json
grep -q '"quirks":\[[^]]*"copy"' "$dir/out"
ok $? "that it is a copy is noted"
in_store b.aggregate.json reprocess
ok $? "reprocess reads copies again"
grep -q 'changed: 0 figures, 0 verdicts, 0 rows, 0 details; 0 new' "$dir/out"
ok $? "and nothing changes"

# --- once, whichever comes first --------------------------------------------------------------------
in_store a import --progress never "$dir/aggregate.json" "$dir/aggregate.csv" "$dir/smtp_tls.json" "$dir/forensic.json"
figures a >"$dir/got"
cmp "$dir/want" "$dir/got" >"$dir/err" 2>&1
ok $? "copies of what is here add nothing"
in_store a reports --limit 0 --format json
! grep -q '"copy"' "$dir/out"
ok $? "the originals stay"
failures a >"$dir/got"
cmp "$dir/failures.a" "$dir/got" >"$dir/err" 2>&1
ok $? "failure reports, too"
in_store b.aggregate.json -q import --progress never "$dir/demo"
figures b.aggregate.json >"$dir/got"
cmp "$dir/want" "$dir/got" >"$dir/err" 2>&1
ok $? "originals that come later add nothing"
in_store b.aggregate.json reports --limit 0 --format json
! grep -q '"copy"' "$dir/out"
ok $? "they take the copies' place"
in_store b.aggregate.json reports --type tls --limit 0 --format json
! grep -q '"copy"' "$dir/out"
ok $? "TLS reports, too"
failures b.aggregate.json >"$dir/got"
cmp "$dir/failures.a" "$dir/got" >"$dir/err" 2>&1
ok $? "failure reports, too"
in_store b.aggregate.json verify
ok $? "verify finds no fault"
in_store b.aggregate.json reprocess
grep -q 'changed: 0 figures, 0 verdicts, 0 rows, 0 details; 0 new' "$dir/out"
ok $? "reprocess leaves it so"

# The same report, in the time of another zone, and with a shorter id.
meta() {
	printf '{"xml_schema":"draft","report_metadata":{"org_name":"rep.example","org_email":"a@rep.example","report_id":"%s",' "$1"
	printf '"begin_date":"%s","end_date":"%s","errors":[]},"policy_published":{"domain":"example.com","p":"none"},' "$2" "$3"
	printf '"records":[{"source":{"ip_address":"192.0.2.1"},"count":2,"policy_evaluated":{"disposition":"none","dkim":"fail","spf":"pass"},'
	printf '"identifiers":{"header_from":"example.com"},"auth_results":{"dkim":[],"spf":[{"domain":"example.com","result":"pass"}]}}]}\n'
}
{
	printf '<?xml version="1.0"?><feedback><report_metadata><org_name>rep.example</org_name><email>a@rep.example</email>'
	printf '<report_id>&lt;r1@host.example&gt;</report_id><date_range><begin>1777320000</begin><end>1777341600</end></date_range></report_metadata>'
	printf '<policy_published><domain>example.com</domain><p>none</p></policy_published><record><row><source_ip>192.0.2.1</source_ip>'
	printf '<count>2</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>pass</spf></policy_evaluated></row>'
	printf '<identifiers><header_from>example.com</header_from></identifiers><auth_results><spf><domain>example.com</domain>'
	printf '<result>pass</result></spf></auth_results></record></feedback>\n'
} >"$dir/original.xml"
meta r1 '2026-04-27 15:30:00' '2026-04-27 21:30:00' >"$dir/copy.json"
for order in "original.xml copy.json" "copy.json original.xml"; do
	s=$(echo "$order" | tr -d ' .')
	for f in $order; do
		in_store "$s" import --progress never "$dir/$f"
	done
	in_store "$s" reports --limit 0 --format json
	[ "$(wc -l <"$dir/out")" -eq 1 ] && grep -q '"begin":1777320000' "$dir/out" && ! grep -q '"copy"' "$dir/out"
	ok $? "$order: one report, the original"
	in_store "$s" reprocess
	grep -q 'changed: 0 figures, 0 verdicts, 0 rows, 0 details; 0 new' "$dir/out"
	ok $? "$order: reprocess leaves it so"
	in_store "$s" verify
	ok $? "$order: verify finds no fault"
done
meta r2 '2026-04-27 15:30:00' '2026-04-27 21:30:00' >"$dir/other.json"
in_store "$s" import --progress never "$dir/other.json"
in_store "$s" reports --limit 0 --format json
[ "$(wc -l <"$dir/out")" -eq 2 ]
ok $? "another id is another report"

# --- what cannot be read ---------------------------------------------------------------------------------
{
	echo '['
	meta r1 '2026-04-27 00:00:00' '2026-04-27 23:59:59'
	printf ',\n'
	meta r2 'yesterday' '' 
	printf ',\n'
	meta r3 '2026-04-29 00:00:00' '2026-04-29 23:59:59' | sed 's/"count":2/"count":-2/'
	echo ']'
} >"$dir/half.json"
in_store c import --progress never --format json "$dir/half.json"
[ $? -eq 1 ] && grep -q '"result":"partial"' "$dir/out" && grep -q '"reason_code":"no-date-range"' "$dir/out" && grep -q '"line":4' "$dir/out"
ok $? "one report of three is read, and the line of the first other one is said"
cp "$dir/out" "$dir/err"
{
	printf '[{"xml_schema":'
	head -c 100000 /dev/zero | tr '\0' '['
} >"$dir/deep.json"
in_store c import --progress never "$dir/deep.json"
[ $? -eq 1 ] && grep -q 'limit tls_depth' "$dir/err"
ok $? "brackets without end"
plan
