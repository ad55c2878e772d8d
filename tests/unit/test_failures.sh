#!/bin/sh
# Failure reports through every face: what tells of a person in them is planted
# in a mail, and looked for in all that comes out. TAP. Run in the build
# directory.
dmarcd=${DMARCD:-./dmarcd}
srcdir=${srcdir:-.}
dir=$(mktemp -d "${TMPDIR:-/tmp}/test_failures.XXXXXX") || exit 1
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; wait; rm -rf "$dir"' EXIT
unset DMARCD_STATE
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# Nothing planted in what came out: local parts, names, subjects, bodies.
clean() {
	if grep -a -q -i 'planted' "$dir/out" "$dir/err"; then
		grep -a -i -h 'planted' "$dir/out" "$dir/err" | head -n 3 | cut -c1-300 | sed 's/^/# /'
		ok 1 "$1: nothing of a person"
	else
		ok 0 "$1: nothing of a person"
	fi
}

run() {
	"$dmarcd" -c "$dir/conf" "$@" >"$dir/out" 2>"$dir/err"
}

mkdir "$dir/mail"
cat >"$dir/conf" <<EOF
state = "$dir/state"
decoders = 1
http { listen = "127.0.0.1:0" }
resolver { enabled = no }
EOF

# The sample of all of them. Local parts, names, subject and body are planted.
sample() {
	cat <<EOF
Return-Path: <plantedlocal@example.com>
Received: from [192.0.2.4] (plantedhelo [192.0.2.4]) by mx.receiver.example (authenticated as plantedlocal)
	with ESMTPSA id plantedid for <plantedrcpt@receiver.example>; Mon, 05 Oct 2026 10:02:07 +0000
Authentication-Results: mx.receiver.example; auth=pass smtp.auth=plantedlocal
Received-SPF: fail (plantedlocal) client-ip=192.0.2.4
From: "Plantedname Family" <plantedlocal@example.com>
To: Plantedname <plantedrcpt@receiver.example>, "planted quoted"@example.com
Subject: =?utf-8?q?Plantedsubject_of_the?= letter
Thread-Topic: Plantedsubject
X-Auth-User: plantedlocal
X-Note: plantedlocal
List-Unsubscribe: <https://x.example/?plantedlocal>
DKIM-Signature: v=1; d=example.com; s=s1; i=plantedlocal@example.com; b=abc
Message-ID: <plantedid@example.com>
Date: Mon, 05 Oct 2026 10:02:05 +0000
Content-Type: multipart/mixed; boundary="planted"; name="plantedfile"

--planted
Content-Type: text/plain

plantedbody of the letter
--planted
Content-Type: application/xml; name="plantedfile.xml"

<feedback><report_metadata><org_name>planted.example</org_name></report_metadata></feedback>
--planted--
EOF
}

report() {
	cat <<EOF
From: reporter <plantedreporter@receiver.example>
To: ruf@example.com
Subject: FW: Plantedsubject of the letter
Date: Mon, 05 Oct 2026 10:02:11 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b1"

--b1
Content-Type: text/plain

A message of plantedlocal@example.com with the subject Plantedsubject was received from IP 192.0.2.4.
--b1
Content-Type: message/feedback-report

Feedback-Type: auth-failure
User-Agent: Filter/1.0 (plantedreporter@receiver.example)
Version: 1
Auth-Failure: dmarc
Authentication-Results: mx.receiver.example; spf=fail smtp.mailfrom=plantedlocal@example.com; dmarc=fail header.from=example.com
Identity-Alignment: dkim, spf
Original-Envelope-Id: plantedid
Original-Mail-From: <bounce+plantedlocal=example.com@bulk.example.net>
Original-Rcpt-To: <plantedrcpt@receiver.example>
Reported-URI: https://x.example/plantedlocal
Source-IP: 192.0.2.4
Arrival-Date: Mon, 05 Oct 2026 10:02:08 +0000
Reported-Domain: example.com
DKIM-Identity: plantedlocal@example.com
DKIM-Canonicalized-Header: cGxhbnRlZHN1YmplY3Q=
DKIM-Canonicalized-Body: cGxhbnRlZGJvZHk=
X-Reporter-Extra: plantedlocal

--b1
Content-Type: message/rfc822

EOF
	sample
	echo "--b1--"
}

report >"$dir/mail/1.eml"
# a notice in words
{
	printf 'From: plantedreporter@receiver.example\nTo: ruf@example.com\nSubject: Plantedsubject of the letter\n\n'
	printf 'A message claiming to be from you has failed the published DMARC policy for your domain.\n\n'
	printf '  Sender Domain: example.com\n  Sender IP Address: 192.0.2.5\n  SPF Alignment: no\n  DKIM Alignment: no\n'
	printf '  DMARC Results: Reject, plantedlocal@example.com\n\n------ This is a copy of the headers.\n'
	sample
} >"$dir/mail/2.eml"
# a complaint
report | sed 's/^Feedback-Type: .*/Feedback-Type: abuse/; s/192\.0\.2\.4$/192.0.2.6/; s/<plantedid@/<plantedid2@/' >"$dir/mail/3.eml"
# one that cannot be read
{
	printf 'From: plantedreporter@receiver.example\nSubject: FW: Plantedsubject\n'
	printf 'Content-Type: multipart/report; report-type=feedback-report; boundary=b1\n\n--b1\nContent-Type: text/plain\n\n'
	printf 'about plantedlocal@example.com\n--b1--\n'
} >"$dir/mail/4.eml"
# an aggregate report and a failure report in one mail
{
	printf 'From: me@example.org\nSubject: Fwd: two\nContent-Type: multipart/mixed; boundary=out\n\n--out\nContent-Type: text/xml\n\n'
	printf '<feedback><report_metadata><org_name>rep.example</org_name><report_id>r1</report_id><date_range><begin>1791158400</begin>'
	printf '<end>1791244799</end></date_range></report_metadata><policy_published><domain>example.com</domain><p>reject</p>'
	printf '</policy_published><record><row><source_ip>192.0.2.4</source_ip><count>7</count><policy_evaluated><disposition>reject'
	printf '</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>example.com</header_from>'
	printf '</identifiers><auth_results><spf><domain>example.com</domain><result>fail</result></spf></auth_results></record></feedback>\n'
	printf -- '--out\nContent-Type: message/rfc822\n\n'
	report | sed 's/^Source-IP: .*/Source-IP: 192.0.2.7/; s/<plantedid@/<plantedid3@/'
	printf -- '--out--\n'
} >"$dir/mail/5.eml"

run import --format json "$dir"/mail/[1-5].eml
[ $? -eq 1 ]
ok $? "import: four are stored, one cannot be read"
clean "import"
run reports
[ "$(wc -l <"$dir/out")" -eq 2 ]
ok $? "one aggregate report counts: those in samples do not"
for f in table json csv; do
	run reports --type failures --format $f
	clean "reports --type failures --format $f"
done
[ "$(wc -l <"$dir/out")" -eq 5 ]
ok $? "four failure reports are there"
for id in f1 f2 f3 f4; do
	for f in table json csv; do
		run report $id --format $f
		clean "report $id --format $f"
	done
done
for c in "reports --format json" "report 1" "report 1 --format json" "records --t all --format json" "sources --t all --format json" "domains --t all --format json"; do
	# shellcheck disable=SC2086
	run $c
	clean "$c"
done
# exports, all forms, with all that is logged on the way
for f in csv ndjson parsedmarc-json parsedmarc-csv; do
	for k in failures records reports; do
		run -v export --kind $k --format $f
		ok $? "export --kind $k --format $f"
		clean "export --kind $k --format $f"
	done
done
run export --kind failures --format ndjson
[ "$(wc -l <"$dir/out")" -eq 4 ]
ok $? "the four are in the export"
run -v export --kind failures --cursor "$dir/cursor" --output "$dir/series"
cat "$dir/cursor" "$dir/series" >"$dir/out"
clean "export --cursor"
rm -f "$dir/cursor" "$dir/series"
run report 1 --raw mail
[ $? -eq 1 ]
ok $? "a mail with a failure report in it is not shown as it came"
clean "report 1 --raw mail"
run report 1 --raw xml
clean "report 1 --raw xml"
run report f1 --raw mail
[ $? -eq 2 ]
ok $? "the original of a failure report needs --reveal"
clean "report f1 --raw mail"
run verify --originals
ok $? "verify --originals finds nothing"
clean "verify"
run reprocess -v
ok $? "reprocess"
grep -q '0 figures, 0 verdicts, 0 rows, 0 details' "$dir/out"
ok $? "reprocess: everything is as it was"
clean "reprocess"

# both ways between failures and rows
run report f1 --format json
grep -q '"rows":{"messages":7,"rows":1,"reports":\["1"\]' "$dir/out"
ok $? "a failure report knows the rows of its source and day"
run report 1 --format json
grep -q '"failures":1' "$dir/out"
ok $? "and the aggregate report knows of it"
run sources --t all --format json
grep -q '"failures":1' "$dir/out"
ok $? "and the source"

# the API
if command -v node >/dev/null; then
	"$dmarcd" -c "$dir/conf" -v serve >"$dir/log" 2>&1 &
	pid=$!
	tries=0
	while ! grep -q 'is ready' "$dir/log" && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	# one that cannot be read, by the way of the spool
	"$dmarcd" -c "$dir/conf" deliver <"$dir/mail/4.eml"
	tries=0
	while [ "$("$dmarcd" -c "$dir/conf" quarantine list --format csv | wc -l)" -lt 2 ] && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	for c in "quarantine list" "quarantine list --format json" "quarantine show 1" "quarantine show 1 --raw" "quarantine show 1 --format json"; do
		# shellcheck disable=SC2086
		run $c
		clean "$c"
	done
	run quarantine list
	grep -q 'failure-report' "$dir/out"
	ok $? "what cannot be read is in quarantine, and says nothing"
	base=$(sed -n 's/.*ready: \(http:[^ ]*\)$/\1/p' "$dir/log" | head -n 1)
	cat >"$dir/ask.mjs" <<'EOF'
import { writeFileSync } from "node:fs";
const base = process.argv[2] + "api/v1/";
const get = async (p, o) => { const r = await fetch(base + p, o); return [r.status, await r.text()]; };
const all = ["failures", "failures?total=1&type=auth-failure", "failures?ip=192.0.2.0/24&domain=example.com&t=all", "failures/f1", "failures/f2",
	"failures/f3", "failures/f4", "reports?t=all", "reports/1", "reports/1/raw?as=mail", "reports/1/raw?as=original", "reports/1/raw?as=xml",
	"failures/f1/raw", "failures/f2/raw", "failures/f3/raw", "failures/f99/raw", "failures/f1/raw?as=mail",
	...["failures", "records", "reports"].flatMap((k) => ["csv", "ndjson", "parsedmarc-json", "parsedmarc-csv"].map((f) => `export?t=all&kind=${k}&format=${f}`)),
	"rows?t=all", "breakdown?by=ip&t=all", "ingest", "domains?t=all", "overview?t=all", "meta", "failures/f99", "failures?type=", "failures?spf=pass"];
for (const p of all) {
	const [status, text] = await get(p);
	console.log(status, p, text);
}
const bad = [await get("failures/f1/reveal"), await get("failures/f1/reveal", { method: "POST" }),
	await get("failures/f1/reveal", { method: "POST", headers: { "X-Dmarcd-Action": "1", "Sec-Fetch-Site": "cross-site" } }),
	await get("failures/f99/reveal", { method: "POST", headers: { "X-Dmarcd-Action": "1" } }),
	await get("reports", { method: "POST", headers: { "X-Dmarcd-Action": "1" } })];
console.log("refused", bad.map(([s]) => s).join(","), bad.map(([, t]) => t).join(" "));
const [status, text] = await get("failures/f1/reveal", { method: "POST", headers: { "X-Dmarcd-Action": "1" } });
console.error("revealed", status, text);
console.log("after", ...await get("failures/f1"));
const file = async (o) => {
	const r = await fetch(base + "failures/f1/raw", o);
	return [r.status, r.headers.get("content-type"), r.headers.get("content-disposition"), r.headers.get("x-content-type-options"),
		r.headers.get("content-security-policy"), r.headers.get("cache-control"), await r.text()];
};
const masked = await file();
console.log("masked file", masked.slice(0, 6).join(" | "));
console.log("masked text", JSON.stringify(masked[6]));
console.log("refused files", (await file({ method: "POST" }))[0], (await get("failures/f99/raw", { method: "POST", headers: { "X-Dmarcd-Action": "1" } }))[0]);
const bare = await file({ method: "POST", headers: { "X-Dmarcd-Action": "1" } });
console.log("bare file", bare.slice(0, 6).join(" | "));
writeFileSync(process.argv[3], bare[6]);
console.log("looks", JSON.parse((await get("failures/f1"))[1]).reveals.length);
EOF
	node "$dir/ask.mjs" "$base" "$dir/bare.eml" >"$dir/out" 2>"$dir/revealed"
	: >"$dir/err"
	clean "the API"
	grep -q '^200 failures/f1 .*"masked":true' "$dir/out"
	ok $? "the API tells of failures, masked"
	grep -q '^200 failures?total=1&type=auth-failure .*"total":{"n":3}' "$dir/out"
	ok $? "three are authentication failures, the complaint is none"
	grep -q '^403 reports/1/raw?as=mail' "$dir/out"
	ok $? "the API does not show the mail with a failure report in it"
	grep -q '^refused 405,403,403,404,405 ' "$dir/out"
	ok $? "reveal wants POST, our header, our pages and a report"
	grep -q '^revealed 200 .*plantedlocal@example.com.*"masked":false' "$dir/revealed" && grep -q 'Plantedsubject of the letter' "$dir/revealed"
	ok $? "reveal shows it"
	grep -q '"who":"web, 127.0.0.1"' "$dir/revealed"
	ok $? "and who looked is written down"
	grep -q '^after 200 .*"masked":true.*"who":"web, 127.0.0.1"' "$dir/out"
	ok $? "where the next one sees it, though nothing else has changed"
	grep -q '^masked file 200 | message/rfc822 | attachment; filename="failure-f1-masked.eml" | nosniff | sandbox' "$dir/out"
	ok $? "the file of a failure report: its type, its name, nothing to run"
	grep -q '^masked text .*report-type=feedback-report.*Feedback-Type: auth-failure.*Source-IP: 192.0.2.4.*redacted@example.com' "$dir/out"
	ok $? "without a reveal it is the masked form"
	grep -q '^refused files 403 404$' "$dir/out"
	ok $? "as it came it is given to our pages only"
	grep -q '^bare file 200 | message/rfc822 | attachment; filename="failure-f1.eml" | nosniff | sandbox; default-src .none. | no-store$' "$dir/out"
	ok $? "and then with the same care"
	cmp -s "$dir/bare.eml" "$dir/mail/1.eml"
	ok $? "it is the mail as it came"
	grep -q '^looks 2$' "$dir/out"
	ok $? "that was a look, too"
	grep -q '^200 export?t=all&kind=failures&format=ndjson .*"masked":true' "$dir/out"
	ok $? "the API exports failures, masked"
	cp "$dir/log" "$dir/out"
	clean "the log of the daemon"
	grep -q 'f1 is shown unmasked' "$dir/log"
	ok $? "the log says that it was shown"
	run status
	rc=$?
	[ $rc -le 1 ] && grep -q '^daemon *running' "$dir/out"
	ok $? "status: the daemon runs (exit code $rc)"
	clean "status"
	kill "$pid"
	wait "$pid"
	pid=
	run status --format json
	[ $? -eq 75 ] && grep -q '"running":false,"well":false,"look":\["the daemon is not running' "$dir/out"
	ok $? "status: it does not run, exit code 75"
fi

run report f1 --reveal
grep -q 'plantedlocal@example.com' "$dir/out" && grep -q 'Plantedsubject' "$dir/out"
ok $? "--reveal shows it"
! grep -q 'plantedbody' "$dir/out"
ok $? "but no body: none is stored"
run report f1 --reveal --raw mail
cmp -s "$dir/out" "$dir/mail/1.eml"
ok $? "--reveal --raw mail is the mail as it came"
run report f1 --format json
[ "$(grep -o '"who":"command line' "$dir/out" | wc -l)" -eq 2 ]
ok $? "each look from the command line is written down"
run import "$dir/mail"
run report f1 --format json
grep -q '"duplicates":1' "$dir/out"
ok $? "it came again, and is there once"

# bodies, when they are wanted
sed 's/^state.*/&\nstore { keep_failure_bodies = yes }/; s#/state"#/state2"#' "$dir/conf" >"$dir/conf.new" && cp "$dir/conf" "$dir/conf.old"
cp "$dir/conf.new" "$dir/conf"
run import "$dir/mail/1.eml"
run report f1 --reveal
grep -q 'plantedbody' "$dir/out"
ok $? "keep_failure_bodies stores the body"
run report f1
clean "the body is masked all the same"

# redaction before storing: nothing planted reaches the disk
sed 's/^state.*/&\nstore { redact = all }/; s#/state"#/state3"#' "$dir/conf.old" >"$dir/conf"
run import "$dir/mail/1.eml" "$dir/mail/2.eml" "$dir/mail/3.eml"
ok $? "import with redact = all"
run report f1 --reveal
clean "redact = all: nothing to reveal"
! grep -a -r -q -i planted "$dir/state3"
ok $? "redact = all: nothing in the files of the store"
run import "$dir/mail/1.eml"
run report f1 --format json
grep -q '"duplicates":1' "$dir/out"
ok $? "redact = all: it is the same report when it comes again"
sed 's/^state.*/&\nstore { redact = local-parts }/; s#/state"#/state4"#' "$dir/conf.old" >"$dir/conf"
run import "$dir/mail/1.eml"
run report f1 --reveal --format json
grep -q 'Plantedsubject of the letter' "$dir/out" && ! grep -q 'plantedlocal@' "$dir/out"
ok $? "redact = local-parts keeps the subject, but no address"

# they go: rows, originals, and what the files held
sed 's/^state.*/&\nstore { keep_failures = 1 keep_quarantine = 1 }/' "$dir/conf.old" >"$dir/conf"
sleep 2
printf 'Subject: nothing\n\nnothing\n' | "$dmarcd" -c "$dir/conf" import - >/dev/null 2>&1
run reports --type failures --format csv
[ "$(wc -l <"$dir/out")" -eq 1 ]
ok $? "kept long enough: the reports are gone"
rm -rf "$dir/state/quarantine"
if grep -a -r -l -i planted "$dir/state" >"$dir/err"; then
	ok 1 "nothing of them is left on the disk"
else
	ok 0 "nothing of them is left on the disk"
fi
run reports --format csv
[ "$(wc -l <"$dir/out")" -eq 2 ]
ok $? "the aggregate report stays"
run verify
ok $? "verify finds nothing amiss"
plan
