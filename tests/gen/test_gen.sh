#!/bin/sh
# The generator gives the same bytes twice, and its manifest agrees with what
# can be counted in the XML by other means. TAP.
gen=${DMARCD_GEN:-./tests/gen/dmarcd-gen}
dir=$(mktemp -d "${TMPDIR:-/tmp}/test_gen.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
LC_ALL=C
export LC_ALL
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# is GOT WANTED WHAT
is() {
	[ "$1" = "$2" ]
	ok $? "$3"
	[ "$1" = "$2" ] || echo "# got '$1', wanted '$2'"
}

# One number of the manifest's totals (the first place it stands in).
total() {
	sed -n '/"totals"/,/"domains"/p' "$2" |
	    sed -n "s/.*\"$1\": \([0-9][0-9]*\).*/\1/p" | head -n 1
}

head_number() {
	sed -n "s/.*\"$1\": \([0-9][0-9]*\).*/\1/p" "$2" | head -n 1
}

# The sum of one number over the domains.
domains_sum() {
	sed -n '/"domains"/,/"days"/p' "$2" | grep -v differs |
	    sed -n "s/.*\"$1\": \([0-9][0-9]*\).*/\1/p" |
	    awk '{ s += $1 } END { print s + 0 }'
}

# All XML of a folder, each document once, one tag in a line, no prefixes.
tags() {
	cksum "$1"/*.xml | awk '!seen[$1 " " $2]++ { sub(/^[0-9]+ [0-9]+ /, ""); print }' |
	while IFS= read -r f; do
		cat "$f"
	done | tr -d '\n\t ' | sed 's/></>\n</g; s/d:\([a-z_]*>\)/\1/g'
}

# records, messages, messages that pass, rejected messages
count_tags() {
	tags "$1" | awk '
		/^<record>/ { r++; dkim = spf = ""; inside = 0 }
		/^<count>/ { v = $0; gsub(/[^0-9]/, "", v); c = v }
		/^<policy_evaluated>/ { inside = 1 }
		/^<disposition>/ && /reject/ { rej += c }
		inside && /^<dkim>pass/ { dkim = "pass" }
		inside && /^<spf>pass/ { spf = "pass" }
		/^<\/policy_evaluated>/ { inside = 0; m += c; if (dkim spf != "") p += c }
		END { printf "%d %d %d %d\n", r, m, p, rej }'
}

day=2026-05-31
"$gen" demo --until $day --out maildir "$dir/a" --manifest "$dir/a.json"
ok $? "demo as a Maildir"
"$gen" demo --until $day --out maildir "$dir/b" --manifest "$dir/b.json"
diff -r "$dir/a" "$dir/b" >/dev/null && cmp -s "$dir/a.json" "$dir/b.json"
ok $? "the same command gives the same bytes"
"$gen" demo --until $day --seed 2 --out maildir "$dir/c" --manifest "$dir/c.json"
! cmp -s "$dir/a.json" "$dir/c.json"
ok $? "another seed gives other data"
is "$(ls "$dir/a/new" | wc -l | tr -d ' ')" "$(head_number mails "$dir/a.json")" \
    "the manifest knows the number of mails"
tls=$(grep -o '"tls_reports": [0-9]*' "$dir/a.json" | awk '{ n += $2 } END { print n + 0 }')
is "$tls" 360 "demo: a TLS report a day from four reporters about each domain"
is "$(grep -l '^TLS-Report-Domain:' "$dir"/a/new/* | wc -l | tr -d ' ')" "$((tls + 1))" \
    "demo: each is a mail, and one comes twice"
is "$((tls + $(total reports "$dir/a.json") + $(head_number duplicates "$dir/a.json") + \
    $(head_number ignored "$dir/a.json") + $(head_number rejected "$dir/a.json") + $(head_number failures "$dir/a.json")))" \
    "$(head_number mails "$dir/a.json")" "each mail is a report, a duplicate, ignored, rejected or about a failure"
is "$(grep -l '^Feedback-Type: abuse' "$dir"/a/new/* | wc -l | tr -d ' ')" "$(head_number complaints "$dir/a.json")" \
    "the manifest knows the number of complaints"
for key in reports records messages dkim_pass spf_pass dmarc_pass; do
	is "$(domains_sum $key "$dir/a.json")" "$(total $key "$dir/a.json")" \
	    "demo: the domains add up to the total of $key"
done
for d in example.com example.org example.net; do
	grep -q "\"$d\": {\"reports\"" "$dir/a.json"
	ok $? "demo reports on $d"
done
if command -v node >/dev/null; then
	node -e 'JSON.parse(require("fs").readFileSync(process.argv[1]))' "$dir/a.json"
	ok $? "the manifest is JSON"
else
	ok 0 "the manifest is JSON # SKIP no node"
fi

"$gen" demo --until $day --out xml "$dir/x" --manifest "$dir/x.json"
is "$(count_tags "$dir/x")" "$(total records "$dir/x.json") $(total messages "$dir/x.json") \
$(total dmarc_pass "$dir/x.json") $(total reject "$dir/x.json")" \
    "demo: records, messages, passing and rejected, counted in the XML"
is "$(sed 's/"mails".*//' "$dir/x.json" | cksum)" "$(sed 's/"mails".*//' "$dir/a.json" | cksum)" \
    "XML and mail have the same totals"
if command -v xmllint >/dev/null; then
	xmllint --noout "$dir"/x/*.xml
	ok $? "xmllint takes every document"
else
	ok 0 "xmllint takes every document # SKIP no xmllint"
fi

for corpus in typical diverse; do
	"$gen" bulk --reports 300 --domains 5 --days 7 --corpus $corpus --until $day \
	    --out xml "$dir/$corpus" --manifest "$dir/$corpus.json"
	is "$(total reports "$dir/$corpus.json")" 300 "$corpus: as many reports as asked for"
	is "$(count_tags "$dir/$corpus")" "$(total records "$dir/$corpus.json") \
$(total messages "$dir/$corpus.json") $(total dmarc_pass "$dir/$corpus.json") \
$(total reject "$dir/$corpus.json")" "$corpus: the manifest agrees with the XML"
done

"$gen" bulk --reports 50 --until $day --out mbox "$dir/box"
is "$(grep -c '^From ' "$dir/box")" 50 "an mbox with a From line for each mail"
"$gen" bulk --reports 5 --until $day --out files "$dir/eml"
is "$(ls "$dir/eml" | wc -l | tr -d ' ')" 5 "one file for each mail"
is "$(grep -L "$(printf '\r')\$" "$dir"/eml/*.eml | wc -l | tr -d ' ')" 0 "lines of .eml end in CRLF"
gz=$(grep -l 'ype: application/gzip' "$dir"/a/new/* | head -n 1)
awk '/application\/gzip/ { part = 1 } part && body && /^(--.*)?$/ { exit }
    part && body { print } part && /^$/ { body = 1 }' "$gz" | base64 -d 2>/dev/null | gzip -t
ok $? "a gzip part of a mail is whole"
"$gen" bulk --big-mail 1 --until $day --out files "$dir/big" --manifest "$dir/big.json"
bytes=$(head_number bytes "$dir/big.json")
[ "$bytes" -gt 990000 ] && [ "$bytes" -lt 1020000 ]
ok $? "a big mail has the size asked for"
"$gen" bulk --giant-records 2000 --until $day --out xml "$dir/giant" --manifest "$dir/giant.json"
is "$(count_tags "$dir/giant" | cut -d' ' -f1)" 2000 "a giant report has the records asked for"

"$gen" --help >"$dir/help"
ok $? "--help"
"$gen" demo --out maildir "$dir/q" 2>"$dir/err"
is $? 2 "a missing day is wrong usage"
"$gen" bulk --until 2026-02-30 --out maildir "$dir/q" 2>"$dir/err"
is $? 2 "the 30th of February is wrong usage"
"$gen" demo --reports 5 --until $day --out maildir "$dir/q" 2>"$dir/err"
is $? 2 "an option of bulk does not fit demo"
"$gen" demo --until $day --out maildir "$dir/no/such/place" 2>"$dir/err"
is $? 1 "a folder that cannot be made is an error"
grep -q "$dir/no/such/place" "$dir/err"
ok $? "and the message names it"
plan
