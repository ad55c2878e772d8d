#!/bin/sh
# Whose report is it? Mails that prove it, fail, lie, or say nothing; settings
# that change, and reprocess; what is kept apart. TAP. Run in the build directory.
dmarcd=${DMARCD:-./dmarcd}
dir=$(mktemp -d "${TMPDIR:-/tmp}/trust.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
unset DMARCD_STATE
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

run() {
	"$dmarcd" -c "$dir/conf" "$@" >"$dir/out" 2>"$dir/err" </dev/null
}

# conf DOMAINS TRUST: the settings from here on
conf() {
	printf 'state = "%s/state"\n%s\ntrust { %s }\nhttp { enabled = no }\nresolver { enabled = no }\n' "$dir" "$1" "$2" >"$dir/conf"
}

# document ID COUNT DOMAIN ORG
document() {
	cat <<XML
<?xml version="1.0"?>
<feedback><report_metadata><org_name>$4</org_name><email>reports@$4</email><report_id>$1</report_id>
<date_range><begin>1767225600</begin><end>1767311999</end></date_range></report_metadata>
<policy_published><domain>$3</domain><p>none</p></policy_published>
<record><row><source_ip>192.0.2.1</source_ip><count>$2</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim>
<spf>fail</spf></policy_evaluated></row><identifiers><header_from>$3</header_from></identifiers><auth_results><dkim>
<domain>$3</domain><result>pass</result></dkim></auth_results></record></feedback>
XML
}

# mail FILE ID COUNT DOMAIN ORG FROM, with the trace fields from standard input
mail() {
	{
		cat
		printf 'From: %s\nTo: rua@example.com\nSubject: Report Domain: %s Report-ID: %s\nMIME-Version: 1.0\n' "$6" "$4" "$2"
		printf 'Content-Type: application/xml; name=a.xml\n\n'
		document "$2" "$3" "$4" "$5"
	} >"$dir/$1"
}

R='Received: from out.rep.example (out.rep.example [192.0.2.1]) by mx.example.com with ESMTPS id 1; Thu, 1 Jan 2026 00:00:00 +0000'
A='Authentication-Results: mx.example.com'

# sum ARGUMENT...: messages of the reports that these filters list
sum() {
	run reports --format csv "$@" || { echo failed; return; }
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "messages") c = i; next } { s += $c } END { print s + 0 }' "$dir/out"
}

# lists WANT WHAT ARGUMENT...
lists() {
	want=$1 what=$2
	shift 2
	got=$(sum "$@")
	[ "$got" = "$want" ]
	ok $? "$what: $want (is $got)"
}

# total WANT WHAT ARGUMENT...: of the figures, by domain
total() {
	want=$1 what=$2
	shift 2
	run sources --t all --by domain --format csv "$@"
	got=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "m") c = i; next } { s += $c } END { print s + 0 }' "$dir/out")
	[ "$got" = "$want" ]
	ok $? "$what: $want (is $got)"
}

sound() {
	run verify
	ok $? "verify finds nothing after $1"
}

# says ID TEXT: a report in words
says() {
	run reports --format csv --apart all
	id=$(awk -F, -v want="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "report_id") c = i; next } $c == want { print $1 }' "$dir/out" | head -n 1)
	run report "${id:-0}"
	grep -qF -e "$2" "$dir/out"
	ok $? "report $1: $2"
}

mail 01-pass pass 1 example.com rep.example 'Reports <a@rep.example>' <<MAIL
$A;
	dkim=pass header.d=rep.example; dmarc=pass (p=REJECT
	 sp=NONE) header.from=rep.example
$R
MAIL
mail 02-fail fail 2 example.com rep.example a@rep.example <<MAIL
$A; dkim=pass header.d=esp.example; dmarc=fail header.from=rep.example
$R
MAIL
mail 03-forged forged 4 example.com rep.example a@rep.example <<MAIL
$A; spf=fail smtp.mailfrom=attacker.example
$R
$A; dmarc=pass header.from=rep.example
MAIL
mail 04-forged-none forged-none 8 example.com rep.example a@rep.example <<MAIL
$A; none
$R
$A; dmarc=pass header.from=rep.example
MAIL
mail 05-foreign-id foreign-id 16 example.com rep.example a@rep.example <<MAIL
Authentication-Results: mx.attacker.example; dmarc=pass header.from=rep.example
$R
MAIL
mail 06-several several 32 example.com rep.example 'a@rep.example, b@rep.example' <<MAIL
$A; dmarc=pass header.from=rep.example
$R
MAIL
mail 07-service service 64 example.com rep.example reports@service.example <<MAIL
$A; dmarc=pass header.from=service.example
$R
MAIL
mail 08-below below 128 example.com rep.example a@rep.example <<MAIL
Received: from x by relay.elsewhere.example with SMTP; Thu, 1 Jan 2026 00:00:00 +0000
$A; dmarc=pass header.from=rep.example
MAIL
mail 09-domain domain 256 other.example rep.example a@rep.example <<MAIL
$A; dmarc=pass header.from=rep.example
$R
MAIL
document file 512 sub.example.com rep.example >"$dir/10-file.xml"
mail 11-lie-of-pass pass 1000 example.com rep.example a@rep.example <<MAIL
$A; dmarc=fail header.from=rep.example
$R
MAIL
ALL=1023

# Nothing is configured: everything counts, and of nothing it is known whose it is.
conf '' ''
run import --progress never "$dir"/[01]*
ok $? "the mails are taken in"
total $((ALL + 999)) "figures without settings: the later version counts"
lists $((ALL + 999)) "unknown without settings" --trust unknown
says fail "unknown: what mx.example.com says about the mail proves nothing, or is not to be believed"
sound "import"

# Then somebody says whom to believe.
conf '' 'authserv_ids = { "mx.example.com" }'
run reprocess
ok $? "reprocess with authserv_ids"
total $ALL "figures: the authenticated version counts again"
lists $((1 + 256)) "authenticated" --trust authenticated
lists $((2 + 4 + 64)) "unauthenticated" --trust unauthenticated
lists $((8 + 16 + 32 + 128 + 512)) "unknown" --trust unknown
lists 64 "of another organisation" --trust authenticated-other
total $((1 + 256)) "rows of authenticated reports" --trust authenticated
says pass "authenticated: mx.example.com found that the mail is from rep.example (dmarc)"
says fail "unauthenticated: mx.example.com found that the mail is not from rep.example (dmarc)"
says service "unauthenticated: mx.example.com found that the mail is from service.example (dmarc), which is not the reporter"
says foreign-id "unknown: what mx.attacker.example says"
says file "unknown: no mail server says anything about it"
sound "authserv_ids"

# The lie comes again, now that it is known for one.
run import --progress never "$dir/11-lie-of-pass"
total $ALL "figures after the lie came again"

# Unauthenticated reports apart, foreign domains apart, a service that is believed.
conf 'domains = { "example.com" }' 'authserv_ids = { "mx.example.com" } services = { "service.example" } unauthenticated = apart'
run reprocess
ok $? "reprocess with domains, services and unauthenticated = apart"
total $((1 + 8 + 16 + 32 + 64 + 128 + 512)) "figures without what is kept apart"
lists $((2 + 4 + 256 + 1000)) "kept apart" --apart yes
lists $((ALL + 1000)) "both" --apart all
lists $((1 + 64)) "authenticated, the service among them" --trust authenticated
total 0 "a foreign domain has no figures" --domain other.example
says domain "it counts in no figure: the domain is not ours"
says fail "it counts in no figure: it is unauthenticated"
run domains --t all --format csv
! grep -q other.example "$dir/out"
ok $? "a foreign domain is not among the domains"
sound "apart"

# What comes now comes to the right side at once, also through the daemon's ingester.
mail 12-late late 5 example.com rep.example a@rep.example <<MAIL
$A; dmarc=fail header.from=rep.example
$R
MAIL
mail 13-good good 7 example.com rep.example a@rep.example <<MAIL
$A; dmarc=pass header.from=rep.example
$R
MAIL
for f in 12-late 13-good; do
	"$dmarcd" -c "$dir/conf" deliver <"$dir/$f" >"$dir/out" 2>"$dir/err"
done
"$dmarcd" -c "$dir/conf" serve >"$dir/out" 2>"$dir/err" </dev/null &
daemon=$!
tries=0
while [ -n "$(ls "$dir/state/spool/new")" ] && [ $tries -lt 200 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
kill $daemon
wait $daemon
total $((1 + 8 + 16 + 32 + 64 + 128 + 512 + 7)) "figures after two deliveries"
lists $((2 + 4 + 256 + 1000 + 5)) "kept apart after two deliveries" --apart yes

# Another idea of which hosts are ours needs the originals ...
conf 'domains = { "example.com" }' 'authserv_ids = { "mx.example.com" } services = { "service.example" } unauthenticated = apart
	received_by = { "mx.example.com", "relay.elsewhere.example" }'
run reprocess
lists $((1 + 64 + 128 + 7)) "authenticated with another received_by" --trust authenticated
sound "received_by"

# ... the rest does without: back to the start by what was noted.
conf '' ''
run reprocess --verdicts
total $((ALL + 7 + 5)) "figures without settings, by what was noted"
lists 0 "kept apart without settings, but a version that was replaced" --apart yes
sound "reprocess --verdicts"
conf 'domains = { "example.com" }' 'authserv_ids = { "mx.example.com" } services = { "service.example" } unauthenticated = apart'
run reprocess --verdicts
lists $((2 + 4 + 256 + 5)) "kept apart again" --apart yes
sound "the way back"

# Faults of the settings are named.
conf 'domains = { "*.example.com" }' 'authserv_id = "mx.example.com" unauthenticated = off'
run config check
grep -qF "a name stands for all below it, without a star" "$dir/out" "$dir/err" &&
    grep -qF "is 'authserv_ids' meant?" "$dir/out" "$dir/err" && grep -qF 'unauthenticated "off" is not one of count|apart' "$dir/out" "$dir/err"
ok $? "config check names three faults"
plan
