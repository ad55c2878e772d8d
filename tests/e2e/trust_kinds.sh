#!/bin/sh
# Failure reports and TLS reports: whose are they, are they about us, and who
# meets them? Mails that prove it, lie or say nothing; settings that change. TAP.
# Run in the build directory.
dmarcd=${DMARCD:-./dmarcd}
dir=$(mktemp -d "${TMPDIR:-/tmp}/trust_kinds.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
unset DMARCD_STATE
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

run() {
	"$dmarcd" -c "$dir/conf" "$@" >"$dir/out" 2>"$dir/err" </dev/null
}

conf() {
	# one decoder: reports get their numbers in the order of the files
	printf 'state = "%s/state"\ndecoders = 1\n%s\ntrust { %s }\nhttp { enabled = no }\nresolver { enabled = no }\n' "$dir" "$1" "$2" >"$dir/conf"
}

# failure FILE NAME DOMAIN FROM: a mail, its trace fields from standard input; NAME is part of the Message-ID
failure() {
	{
		cat
		printf 'From: %s\nTo: ruf@example.com\nSubject: FW: x\nDate: Mon, 05 Oct 2026 10:02:11 +0000\nMIME-Version: 1.0\n' "$4"
		printf 'Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: text/plain\n\nx\n--b\n'
		printf 'Content-Type: message/feedback-report\n\nFeedback-Type: auth-failure\nVersion: 1\nUser-Agent: t\nAuth-Failure: dmarc\n'
		printf 'Source-IP: 192.0.2.1\nArrival-Date: Mon, 05 Oct 2026 10:02:08 +0000\nReported-Domain: %s\n\n--b\n' "$3"
		printf 'Content-Type: text/rfc822-headers\n\nFrom: a@%s\nSubject: s\nMessage-ID: <%s@x.example>\n\n--b--\n' "$3" "$2"
	} >"$dir/$1"
}

# tls FILE ID DOMAIN ORG FROM
tls() {
	{
		cat
		printf 'From: %s\nTo: tls@example.com\nSubject: Report Domain: %s\nMIME-Version: 1.0\nContent-Type: application/tlsrpt+json\n\n' "$5" "$3"
		printf '{"organization-name":"%s","date-range":{"start-datetime":"2026-01-01T00:00:00Z","end-datetime":"2026-01-01T23:59:59Z"},' "$4"
		printf '"contact-info":"a@%s","report-id":"%s","policies":[{"policy":{"policy-type":"sts","policy-domain":"%s"},' "$4" "$2" "$3"
		printf '"summary":{"total-successful-session-count":3,"total-failure-session-count":0}}]}\n'
	} >"$dir/$1"
}

R='Received: from out.rep.example (out.rep.example [192.0.2.1]) by mx.example.com with ESMTPS id 1; Thu, 1 Jan 2026 00:00:00 +0000'
A='Authentication-Results: mx.example.com'

# ids WANT WHAT TYPE ARGUMENT...: which reports are listed
ids() {
	want=$1 what=$2 type=$3
	shift 3
	run reports --type "$type" --format csv "$@"
	got=$(awk -F, 'NR > 1 { print $1 }' "$dir/out" | sort | tr '\n' ' ' | sed 's/ $//')
	[ "$got" = "$want" ]
	ok $? "$type, $what: $want (is $got)"
}

failure 1 pass example.com r@rep.example <<MAIL
$A; dmarc=pass header.from=rep.example
$R
MAIL
failure 2 fail example.com r@rep.example <<MAIL
$A; dmarc=fail header.from=rep.example
$R
MAIL
failure 3 forged example.com r@rep.example <<MAIL
Received: from x by relay.elsewhere.example with SMTP; Thu, 1 Jan 2026 00:00:00 +0000
$A; dmarc=pass header.from=rep.example
MAIL
failure 4 foreign other.example r@rep.example <<MAIL
$A; dmarc=pass header.from=rep.example
$R
MAIL
failure 5 sub mail.example.com r@rep.example </dev/null
tls 6 pass example.com rep.example r@rep.example <<MAIL
$A; dmarc=pass header.from=rep.example
$R
MAIL
tls 7 fail example.com rep.example r@rep.example <<MAIL
$A; dmarc=fail header.from=rep.example
$R
MAIL
tls 8 foreign other.example rep.example r@rep.example <<MAIL
$A; dmarc=pass header.from=rep.example
$R
MAIL

conf '' ''
run import --progress never "$dir"/[1-8]
ok $? "the mails are taken in"
ids 'f1 f2 f3 f4 f5' "all count without settings" failures
ids 'f1 f2 f3 f4 f5' "all are unknown" failures --trust unknown
ids 't1 t2 t3' "all are unknown" tls --trust unknown

# Settings alone do not look into mails again: that is what reprocess is for.
conf '' 'authserv_ids = { "mx.example.com" }'
run reprocess
ok $? "reprocess"
ids 'f1 f4' "authenticated" failures --trust authenticated
ids 'f2' "unauthenticated" failures --trust unauthenticated
ids 'f3 f5' "unknown" failures --trust unknown
ids 't1 t3' "authenticated" tls --trust authenticated
ids 't2' "unauthenticated" tls --trust unauthenticated
ids 'f1 f2 f3 f4 f5' "they all count still" failures
run report f2
grep -q '^trust *unauthenticated' "$dir/out"
ok $? "report f2 says so"

# kept apart
conf 'domains = { "example.com" }' 'authserv_ids = { "mx.example.com" } unauthenticated = apart'
run reprocess --verdicts
ok $? "reprocess --verdicts with domains and unauthenticated = apart"
ids 'f1 f3 f5' "those that count" failures
ids 'f2 f4' "those that are kept apart" failures --apart yes
ids 'f1 f2 f3 f4 f5' "both" failures --apart all
ids 'f4' "foreign and authenticated" failures --apart yes --trust authenticated
ids 't1' "those that count" tls
ids 't2 t3' "those that are kept apart" tls --apart yes
run report f4
grep -q 'it counts in no figure: the domain is not ours' "$dir/out"
ok $? "report f4 says why"
run report t2
grep -q 'it counts in no figure: it is unauthenticated' "$dir/out"
ok $? "report t2 says why"
run report f2 --format json
grep -q '"trust":"unauthenticated","apart":"unauthenticated"' "$dir/out" && grep -q '"trust_by":{"detail":"failed","method":"dmarc","from_domain":"rep.example","authserv_id":"mx.example.com"}' "$dir/out"
ok $? "and why, for programs"
run domains --t all --format csv
! grep -q other.example "$dir/out"
ok $? "a foreign domain is not among the domains"

# The forged one comes again, from where it is said to be from.
failure 9 forged example.com r@rep.example <<MAIL
$A; dmarc=pass header.from=rep.example
$R
MAIL
run import --progress never "$dir/9"
ids 'f1 f3' "it came again, proved" failures --trust authenticated
run reprocess
ids 'f1 f3' "and is read again: the better proof holds" failures --trust authenticated
conf '' ''
run reprocess --verdicts
ids 'f1 f2 f3 f4 f5' "nobody is believed any more" failures --trust unknown
ids 't1 t2 t3' "nobody is believed any more" tls --trust unknown
run reports --type failures --code F1
[ $? -eq 2 ] && grep -q 'are not filtered by it' "$dir/err"
ok $? "a filter that says nothing here is refused"
run verify
ok $? "verify finds nothing"
plan
