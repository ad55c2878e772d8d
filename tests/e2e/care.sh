#!/bin/sh
# The care-taking commands over a month of generated mail: quarantine,
# reprocess, verify, backup, vacuum, with damage done on purpose and processes
# killed on the way. TAP. Run in the build directory.
dmarcd=${DMARCD:-./dmarcd}
gen=${DMARCD_GEN:-./tests/gen/dmarcd-gen}
dbsql=${DBSQL:-./tests/unit/dbsql}
dir=$(mktemp -d "${TMPDIR:-/tmp}/care.XXXXXX") || exit 1
running=
trap 'test -z "$running" || kill -9 $running 2>/dev/null; rm -rf "$dir"' EXIT
unset DMARCD_STATE
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

run() {
	"$dmarcd" --state "$dir/state" "$@" >"$dir/out" 2>"$dir/err" </dev/null
}

# runs CODE WHAT COMMAND...
runs() {
	want=$1 what=$2
	shift 2
	run "$@"
	got=$?
	[ "$got" -eq "$want" ]
	ok $? "$what: exit code $want (is $got)"
}

says() {
	grep -qF -e "$2" "$dir/$1"
	ok $? "$3"
}

sql() {
	"$dbsql" "$dir/state/dmarcd.db" "$1"
}

# Everything that counts, in an order that does not depend on how it was stored; who the senders were is found out again
# by whoever looks next.
sums() {
	sql "SELECT domain, day, reporter, outcome, sum(messages), sum(rows) FROM rollup GROUP BY 1, 2, 3, 4; SELECT id, domain, reporter, report_id, day, superseded_by, quirks, hex(hash), duplicates, records,
	    messages, disp_none, dkim_pass, spf_pass, dmarc_pass, verdict_pass, differs, source_ips FROM report ORDER BY id;
	    SELECT * FROM record; SELECT id, outcome FROM evidence; SELECT * FROM intake"
}

# mail FILE REPORT_ID COUNT [MORE]: a report as plain XML in a mail
mail() {
	{
		printf 'From: reports@example.net\r\nTo: rua@example.com\r\nSubject: Report Domain: example.com Report-ID: %s\r\n' "$2"
		printf 'MIME-Version: 1.0\r\nContent-Type: application/xml; name=a.xml\r\n\r\n'
		document "$2" "$3"
		printf '%s' "${4-}"
	} >"$1"
}

document() {
	printf '<?xml version="1.0"?>\n<feedback><report_metadata><org_name>example.net</org_name><email>reports@example.net</email>'
	printf '<report_id>%s</report_id><date_range><begin>1779235200</begin><end>1779321599</end></date_range></report_metadata>\n' "$1"
	printf '<policy_published><domain>example.com</domain><p>none</p></policy_published>\n<record><row><source_ip>192.0.2.7</source_ip>'
	printf '<count>%s</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>pass</spf></policy_evaluated>' "$2"
	printf '</row><identifiers><header_from>example.com</header_from></identifiers><auth_results><spf><domain>example.com</domain>'
	printf '<result>pass</result></spf></auth_results></record></feedback>\n'
}

"$gen" demo --until 2026-05-31 --out maildir "$dir/mail" --manifest "$dir/manifest" >/dev/null 2>&1 ||
    { echo "1..0 # SKIP the generator did not run"; exit 0; }
mkdir "$dir/more"
mail "$dir/more/1.eml" version-1 10
mail "$dir/more/2.eml" version-1 12
mail "$dir/more/3.eml" other 5
run import --progress never "$dir/mail"
ok $(($? > 1)) "the mail is taken in"
for i in 1 2 3; do
	runs 0 "report $i of our own" import "$dir/more/$i.eml"
done
[ "$(sql "SELECT count(*) FROM report WHERE superseded_by IS NOT NULL")" -eq 1 ]
ok $? "one of them replaces another"

# --- who sent: found out by the first who asks -----------------------------------------
fresh() {
	sql "SELECT count(*) FROM fresh"
}
[ "$(fresh)" -gt 0 ]
ok $? "import leaves it to others to find out who sent"
runs 0 "a list of reports needs no senders" reports --t all
[ "$(fresh)" -gt 0 ] && [ "$(sql "SELECT count(*) FROM sender_of")" -eq 0 ]
ok $? "and has not looked for any"
runs 0 "senders right after import" senders --t all --limit 0 --format json
[ "$(fresh)" -eq 0 ] && [ "$(wc -l <"$dir/out")" -gt 3 ] && ! grep -q "Not looked at yet" "$dir/out"
ok $? "all of them are known"
cp "$dir/out" "$dir/senders"
runs 0 "senders a second time" senders --t all --limit 0 --format json
cmp -s "$dir/out" "$dir/senders"
ok $? "says the same"
mail "$dir/more/4.eml" asked 7
runs 0 "one more report" import "$dir/more/4.eml"
[ "$(fresh)" -gt 0 ]
ok $? "its day is to be looked at"
runs 0 "reports of a sender" reports --t all --sender 2
[ "$(fresh)" -eq 0 ]
ok $? "have been looked for"
# With a daemon people look at any time.
printf 'state = "%s"\nhttp { listen = "127.0.0.1:0" }\nresolver { enabled = no }\n' "$dir/state" >"$dir/conf"
"$dmarcd" -c "$dir/conf" serve >"$dir/log" 2>&1 &
running=$!
i=0
until { flock -n "$dir/state/spool/lock" true 2>/dev/null; [ $? -eq 1 ]; } || [ $i -gt 100 ]; do
	i=$((i + 1))
	sleep 0.1
done
mail "$dir/more/5.eml" beside 8
runs 0 "a report beside the daemon" import "$dir/more/5.eml"
[ "$(fresh)" -eq 0 ]
ok $? "import finds out who sent"
kill -TERM $running
wait $running
running=
# What an import has left, the daemon does at its start.
mail "$dir/more/6.eml" before 9
runs 0 "a report before the daemon" import "$dir/more/6.eml"
"$dmarcd" -c "$dir/conf" serve >"$dir/log" 2>&1 &
running=$!
i=0
until [ "$(fresh)" -eq 0 ] || [ $i -gt 300 ]; do
	i=$((i + 1))
	sleep 0.1
done
kill -TERM $running
wait $running
running=
[ "$(fresh)" -eq 0 ]
ok $? "the daemon finds out who sent first of all"

# --- quarantine ---------------------------------------------------------------------
runs 0 "an empty quarantine" quarantine list
mail "$dir/cut.eml" cut-1 3
# Cut inside the records, and a mail with two documents, one of them sound.
head -c 700 "$dir/cut.eml" >"$dir/cut2.eml"
{
	printf 'From: =?utf-8?q?Evil_=1B[31m?= <evil@example.org>\r\nSubject: two\r\nMIME-Version: 1.0\r\n'
	printf 'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/xml\r\n\r\n'
	document sound 4
	printf '\r\n--b\r\nContent-Type: application/xml\r\n\r\n'
	printf '<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY a "b">]>\n<feedback>\033[31m</feedback>\n\r\n--b--\r\n'
} >"$dir/two.eml"
deep='<feedback><report_metadata><org_name>example.net</org_name><email>a@example.net</email><x>'
{
	printf 'From: a@example.net\r\nContent-Type: application/xml\r\n\r\n%s' "$deep"
	i=0
	while [ $i -lt 40 ]; do printf '<d>'; i=$((i + 1)); done
	while [ $i -gt 0 ]; do printf '</d>'; i=$((i - 1)); done
	printf '</x><report_id>deep</report_id><date_range><begin>1779235200</begin><end>1779321599</end></date_range></report_metadata>'
	document deep 9 | sed -n 's/.*\(<policy_published>.*\)/\1/p; /^<record>/p'
} >"$dir/deep.eml"
run import --format json "$dir/cut2.eml"
says out '"reason_code":"cut-short"' "import says the code of a document that is cut short"
run import --format json "$dir/deep.eml"
says out '"reason_code":"over-limit"' "and of one that is over a limit"
says out '"part":1' "and the part"
printf 'state = "%s"\nhttp { listen = "127.0.0.1:0" }\nresolver { enabled = no }\nlimits { quarantine_bytes = 1M }\n' "$dir/state" >"$dir/conf"
printf 'state = "%s"\nlimits { xml_depth = 64 }\n' "$dir/state" >"$dir/deeper.conf"
for m in cut2 two deep; do
	"$dmarcd" -c "$dir/conf" deliver <"$dir/$m.eml" 2>"$dir/err"
	ok $? "$m goes into the spool"
done
"$dmarcd" -c "$dir/conf" serve >"$dir/log" 2>&1 &
running=$!
i=0
until [ "$(sql "SELECT count(*) FROM quarantine")" -eq 3 ] && [ -z "$(ls "$dir/state/spool/new")" ] || [ $i -gt 300 ]; do
	i=$((i + 1))
	sleep 0.1
done
kill -TERM $running
wait $running
running=
cp "$dir/log" "$dir/err"
[ "$(sql "SELECT count(*) FROM quarantine")" -eq 3 ]
ok $? "the daemon put three into quarantine"
runs 0 "quarantine list" quarantine list
says out cut-short "it has a code"
says out dtd "another one has another"
runs 0 "quarantine list as JSON" quarantine list --format json
[ "$(wc -l <"$dir/out")" -eq 3 ]
ok $? "three objects"
id=$(sed -n 's/^{"id":"\([0-9]*\)".*"reason":"dtd".*/\1/p' "$dir/out")
grep '"reason":"dtd"' "$dir/out" | grep -q '"part":2,"entry":null,"line":1,"byte":'
ok $? "part, line and byte are told"
runs 0 "quarantine list as CSV" quarantine list --format csv
runs 0 "quarantine show" quarantine show "$id"
says out "<feedback>" "the message is shown"
! grep -q "$(printf '\033')" "$dir/out"
ok $? "no escape sequence reaches the terminal"
runs 0 "quarantine show --raw" quarantine show "$id" --raw
cmp -s "$dir/out" "$dir/two.eml"
ok $? "it is the message, byte for byte"
runs 1 "quarantine show of none" quarantine show 999
runs 2 "quarantine show without id" quarantine show
runs 2 "quarantine retry of nothing" quarantine retry
runs 2 "quarantine discard without a terminal" quarantine discard "$id"
runs 2 "quarantine does what?" quarantine eat
stored=$(sql "SELECT count(*) FROM message")
runs 1 "retry with everything as it was" quarantine retry --all
[ "$(sql "SELECT count(*) FROM quarantine")" -eq 3 ] && [ "$(ls "$dir/state/quarantine" | wc -l)" -eq 3 ]
ok $? "all stay"
[ "$(sql "SELECT duplicates FROM report WHERE report_id = 'sound'")" -eq 0 ]
ok $? "what was read before does not count as having come again"
"$dmarcd" -c "$dir/deeper.conf" quarantine retry --all --format json >"$dir/out" 2>"$dir/err"
[ $? -eq 1 ]
ok $? "retry with a higher limit: some are still there"
says out '"result":"stored"' "one is stored"
[ "$(sql "SELECT count(*) FROM quarantine")" -eq 2 ] && [ "$(ls "$dir/state/quarantine" | wc -l)" -eq 2 ]
ok $? "its row and its file are gone"
[ "$(sql "SELECT messages FROM report WHERE report_id = 'deep'")" -eq 9 ]
ok $? "its report counts"
[ "$(sql "SELECT count(*) FROM message")" -eq "$stored" ]
ok $? "and the message is still one message"
[ "$(sql "SELECT pack IS NOT NULL FROM message JOIN report ON report.message = message.id WHERE report_id = 'deep'")" -eq 1 ]
ok $? "of which the original is kept now"
runs 0 "verify after that" verify
runs 0 "discard" quarantine discard --yes "$id"
[ "$(sql "SELECT count(*) FROM quarantine")" -eq 1 ] && [ "$(ls "$dir/state/quarantine" | wc -l)" -eq 1 ]
ok $? "row and file are gone"
rm -f "$dir"/state/quarantine/*
runs 1 "verify misses a file of quarantine" verify
says out quarantine "and says so"
runs 1 "retry of one whose file is gone" quarantine retry --all
runs 0 "discard all" quarantine discard --yes --all

# Past the limit the oldest go, and the log says so.
for i in 1 2 3; do
	{
		cat "$dir/cut2.eml"
		printf '<!-- %s ' "$i"
		head -c 450000 /dev/zero | tr '\0' x
	} >"$dir/large.eml"
	"$dmarcd" -c "$dir/conf" deliver <"$dir/large.eml"
	sleep 1
done
"$dmarcd" -c "$dir/conf" serve >"$dir/log" 2>&1 &
running=$!
i=0
until grep -q "are gone" "$dir/log" || [ $i -gt 300 ]; do
	i=$((i + 1))
	sleep 0.1
done
kill -TERM $running
wait $running
running=
cp "$dir/log" "$dir/err"
says log "quarantine is over the limit quarantine_bytes = 1048576: the oldest 1 message in it" "a full quarantine lets go of the oldest, and says so"
run quarantine list --format json
[ "$(wc -l <"$dir/out")" -eq 2 ] && [ "$(ls "$dir/state/quarantine" | wc -l)" -eq 2 ]
ok $? "two of three are left, rows and files"
runs 0 "discard them" quarantine discard --yes --all

# --- verify and reprocess ------------------------------------------------------------
runs 0 "verify" verify
"$dmarcd" -c "$dir/deeper.conf" verify --originals >"$dir/out" 2>"$dir/err"
ok $? "verify --originals"
runs 1 "verify --originals with a lower limit" verify --originals
says out over "says which limit"
sums >"$dir/sums"
before=$(sql "SELECT group_concat(value) FROM meta WHERE key IN ('epoch', 'generation')")
"$dmarcd" -c "$dir/deeper.conf" reprocess >"$dir/out" 2>"$dir/err"
ok $? "reprocess"
says out "changed: 0 figures, 0 verdicts, 0 rows, 0 details; 0 new" "nothing changes in a store that is sound"
sums | cmp -s - "$dir/sums"
ok $? "not a row"
[ "$(sql "SELECT group_concat(value) FROM meta WHERE key IN ('epoch', 'generation')")" = "$before" ]
ok $? "and readers need not read anew"
# The store has a report that only the higher limit lets through.
reprocess() {
	"$dmarcd" -c "$dir/deeper.conf" reprocess "$@" >"$dir/out" 2>"$dir/err"
}

# damage KIND SQL [SENTENCE]: verify finds it and says what differs, reprocess mends it, nothing is left of it
damage() {
	sql "$2"
	runs 1 "$1: verify finds it" verify --format json
	[ -z "$3" ] || { grep -qE "$3" "$dir/out"; ok $? "$1: it says what differs"; }
	reprocess
	ok $? "$1: reprocess"
	runs 0 "$1: verify finds nothing more" verify
	sums >"$dir/now"
	cmp -s "$dir/now" "$dir/sums"
	ok $? "$1: all is as it was"
}
# Ids depend on which decoder was first: reports that count and have several records, always the same ones.
of() {
	sql "SELECT id FROM report WHERE superseded_by IS NULL AND records > 2 AND messages > 0 ORDER BY report_id LIMIT 1 OFFSET $1"
}
r5=$(of 5) r9=$(of 9) r20=$(of 20) r30=$(of 30) r40=$(of 40)
[ -n "$r5" ] && [ -n "$r40" ]
ok $? "there are reports to do damage to"
damage "a daily sum" "UPDATE rollup SET messages = messages + 1 WHERE rows = (SELECT max(rows) FROM rollup)" \
    '"kind":"rollup".*the sum of [^ ]+ on [0-9-]+ .*is [0-9]+ messages in [0-9]+ rows; the records say [0-9]+ in [0-9]+'
damage "a daily sum too many" "INSERT INTO rollup (domain, day, reporter, outcome, sender, messages, rows) VALUES (1, 15000, 1, 1, 0, 7, 7)" 'is 7 messages in 7 rows; the records say 0 in 0'
damage "daily sums that are missing" "DELETE FROM rollup WHERE domain = 2" 'is 0 messages in 0 rows; the records say [1-9]'
damage "a report's sum" "UPDATE report SET messages = messages + 3 WHERE id = $r5" \
    '"kind":"report","id":'"$r5"',"text":"report '"$r5"': messages is [0-9]+; its records say [0-9]+"'
damage "a report's verdict" "UPDATE report SET verdict_pass = verdict_pass + 1 WHERE id = $r9" "report $r9: verdict_pass is [0-9]+; its records say [0-9]+"
damage "a record's count" "UPDATE record SET count = count + 1 WHERE report = $r20" "report $r20: messages is [0-9]+; its records say [0-9]+"
damage "records that are missing" "DELETE FROM record WHERE report = $r30" "report $r30 counts messages and has no records"
damage "a record too many" "INSERT INTO record SELECT domain, day, (SELECT min(id) FROM source WHERE id NOT IN
    (SELECT source FROM record WHERE report = $r40)), report, evidence, count, seq FROM record WHERE report = $r40 LIMIT 1" \
    "report $r40: messages is [0-9]+; its records say [0-9]+"
damage "a verdict" "UPDATE evidence SET outcome = (SELECT max(id) FROM outcome) WHERE id < 20" 'rollup.*the records say [0-9]+'
damage "the intake" "UPDATE intake SET messages = messages + 1 WHERE result = 0" 'the intake of [0-9-]+ counts [0-9]+ messages as stored; there are [0-9]+'
damage "a report's key" "UPDATE report SET end = end + 1 WHERE report_id = 'version-1' AND superseded_by IS NULL;
    UPDATE report SET messages = messages + 1 WHERE id = $r5"

sql "UPDATE evidence SET outcome = (SELECT b.id FROM outcome a JOIN outcome b USING (disposition, dkim, spf)
    WHERE a.id = evidence.outcome ORDER BY b.id = a.id LIMIT 1) WHERE id < 50"
reprocess --verdicts
ok $? "reprocess --verdicts"
[ "$(sql "SELECT group_concat(id || ':' || outcome) FROM evidence")" = "$(awk -F'|' 'NF == 2 { printf "%s%s:%s", c, $1, $2; c = "," }' "$dir/sums")" ]
ok $? "judges as before"
reprocess
runs 0 "verify after that" verify
sums | cmp -s - "$dir/sums"
ok $? "all is as it was"

# What older rules have judged: a command says so, the daemon judges anew.
rules=$(sql "SELECT value FROM meta WHERE key = 'rules'")
[ "${rules:-0}" -gt 0 ]
ok $? "a store knows by which rules it was judged: $rules"
sql "UPDATE meta SET value = 1 WHERE key = 'rules'"
run import "$dir/two.eml"
says err "judged by older rules" "import says so"
reprocess --verdicts
ok $? "reprocess --verdicts after a change of rules"
[ "$(sql "SELECT value FROM meta WHERE key = 'rules'")" -eq "$rules" ]
ok $? "remembers by which rules"
run import "$dir/two.eml"
! grep -q "older rules" "$dir/err"
ok $? "import has nothing more to say"
sums >"$dir/sums"
sql "UPDATE meta SET value = 1 WHERE key = 'rules'"
"$dmarcd" -c "$dir/conf" serve >"$dir/log" 2>&1 &
running=$!
i=0
until grep -q "judged anew by newer rules" "$dir/log" || [ $i -gt 300 ]; do
	i=$((i + 1))
	sleep 0.1
done
kill -TERM $running
wait $running
running=
cp "$dir/log" "$dir/err"
says log "combinations judged anew by newer rules" "the daemon judges anew at its start, and says so"
[ "$(sql "SELECT value FROM meta WHERE key = 'rules'")" -eq "$rules" ] && sums | cmp -s - "$dir/sums"
ok $? "and changes nothing where nothing is different"
runs 2 "--since and --verdicts" reprocess --since 2026-05-01 --verdicts
runs 0 "--since of a day to come" reprocess --since 2199-01-01
says out "0 reports read again" "reads nothing"

# What an original says counts, as far as it can still be read.
file="$dir/state/originals/$(sql "SELECT pack.name FROM report JOIN message ON message.id = report.message JOIN pack ON pack.id = message.pack
    WHERE report_id = 'other'")"
other=$(sql "SELECT id FROM report WHERE report_id = 'other'")
cp "$file" "$dir/pack"
# overwrite WITH: five bytes at "<count" of that report
overwrite() {
	at=$(LC_ALL=C grep -abo '<report_id>other' "$file" | head -n 1 | cut -d : -f 1)
	count=$(tail -c "+$at" "$file" | LC_ALL=C grep -abo '<count' | head -n 1 | cut -d : -f 1)
	printf '%s' "$1" | dd of="$file" bs=1 seek=$((at + count)) conv=notrunc 2>/dev/null
}
overwrite 'xxxxx'
runs 0 "an original's bytes: the sums are right all the same" verify
"$dmarcd" -c "$dir/deeper.conf" verify --originals --format json >"$dir/out" 2>"$dir/err"
[ $? -eq 1 ]
ok $? "an original's bytes: verify --originals finds it"
grep -q '"kind":"reread","id":'"$other"',"text":"report '"$other"' cannot be read from its original any more: ' "$dir/out" && [ "$(wc -l <"$dir/out")" -eq 1 ]
ok $? "an original's bytes: it names the report and says why"
reprocess
[ $? -eq 1 ]
ok $? "an original's bytes: reprocess says that it could not read it"
grep -q "report $other stays as it is" "$dir/err"
ok $? "an original's bytes: and that the report stays as it is"
sums | cmp -s - "$dir/sums"
ok $? "an original's bytes: nothing has changed"
# A digit that is another one would be read without a complaint.
cp "$dir/pack" "$file"
overwrite '<count>7'
"$dmarcd" -c "$dir/deeper.conf" verify --originals --format json >"$dir/out" 2>"$dir/err"
[ $? -eq 1 ]
ok $? "an original's digit: verify --originals finds it"
grep -q '"kind":"reread","id":'"$other"',.*is damaged' "$dir/out" && [ "$(wc -l <"$dir/out")" -eq 1 ]
ok $? "an original's digit: by its seal"
reprocess
[ $? -eq 1 ] && grep -q "report $other stays as it is" "$dir/err"
ok $? "an original's digit: reprocess does not believe it"
sums | cmp -s - "$dir/sums"
ok $? "an original's digit: nothing has changed"
# What an older version kept has no seal, and is read as it is.
plain=${file%.sealed.pack}.pack
mv "$file" "$plain"
sql "UPDATE pack SET name = replace(name, '.sealed.pack', '.pack') WHERE name = '${file##*/}'"
cp "$dir/pack" "$plain"
"$dmarcd" -c "$dir/deeper.conf" verify --originals >"$dir/out" 2>"$dir/err"
ok $? "an original without a seal: verify --originals reads it"
mv "$plain" "$file"
sql "UPDATE pack SET name = replace(name, '.pack', '.sealed.pack') WHERE name = '${plain##*/}'"
overwrite 'xxxxx'
# The record as well: that cannot be mended, and is not called mended.
sql "UPDATE record SET count = count + 1 WHERE report = $other"
runs 1 "record and original: verify finds it" verify
reprocess
[ $? -eq 1 ]
ok $? "record and original: reprocess says that it could not mend it"
runs 1 "record and original: verify still finds it" verify
says out "report $other: messages is 5; its records say 6" "record and original: and says what"
cp "$dir/pack" "$file"
reprocess
ok $? "record and original: mended when the original is back"
"$dmarcd" -c "$dir/deeper.conf" verify --originals >"$dir/out" 2>"$dir/err"
ok $? "record and original: verify --originals finds nothing more"
sums | cmp -s - "$dir/sums"
ok $? "record and original: all is as it was"
: >"$file"
runs 1 "a pack that is cut off: verify finds it" verify
says out "has 0 bytes" "a pack that is cut off: it says so"
cp "$dir/pack" "$file"

mv "$dir/state/originals" "$dir/originals"
runs 1 "verify misses originals" verify
says out original "and says so"
reprocess
ok $? "reprocess without originals"
says out "their originals are gone" "says so"
sums | cmp -s - "$dir/sums"
ok $? "and leaves all as it was"
mv "$dir/originals" "$dir/state/originals"

# --- Killed on the way ---------------------------------------------------------------------
# A store that is sound and where every report is to change: all counts doubled.
sql "UPDATE record SET count = count * 2; UPDATE rollup SET messages = messages * 2; UPDATE report SET messages = messages * 2,
    disp_none = disp_none * 2, disp_quarantine = disp_quarantine * 2, disp_reject = disp_reject * 2, disp_pass = disp_pass * 2,
    disp_other = disp_other * 2, dkim_pass = dkim_pass * 2, spf_pass = spf_pass * 2, dmarc_pass = dmarc_pass * 2,
    verdict_pass = verdict_pass * 2, differs = differs * 2; UPDATE meta SET value = value * 2 WHERE key = 'messages'"
runs 0 "a store in which all has to change is sound" verify
bad=0
for t in 0.05 0.1 0.2 0.3 0.4 0.15 0.25 0.35; do
	"$dmarcd" -c "$dir/deeper.conf" -q reprocess >/dev/null 2>&1 &
	running=$!
	sleep $t
	kill -9 $running 2>/dev/null
	wait $running 2>/dev/null
	running=
	run verify || bad=$((bad + 1))
done
ok $bad "reprocess killed eight times: totals were those of the records each time"
reprocess
ok $? "reprocess to the end"
sums | cmp -s - "$dir/sums"
ok $? "all is as it was"
runs 0 "verify" verify

# --- backup, vacuum ----------------------------------------------------------------------------
"$gen" bulk --until 2026-04-30 --reports 3000 --out mbox "$dir/bulk" >/dev/null 2>&1
"$dmarcd" --state "$dir/state" -q import --progress never "$dir/bulk" &
running=$!
mkdir "$dir/copy"
bad=0
for i in 1 2 3; do
	run backup --force --with-originals "$dir/copy" "$dir/copy/dmarcd.db" || bad=$((bad + 1))
	"$dmarcd" -c "$dir/deeper.conf" --state "$dir/copy" verify --originals >"$dir/out" 2>"$dir/err" || bad=$((bad + 1))
	rm -f "$dir/copy/dmarcd.db-wal" "$dir/copy/dmarcd.db-shm"
done
ok $bad "backups while import writes open and verify"
wait $running
ok $? "import is not disturbed"
running=
[ "$(ls -l "$dir/copy/dmarcd.db" | cut -c 1-10)" = "-rw-------" ]
ok $? "only the owner can read it"
runs 2 "backup does not overwrite" backup "$dir/copy/dmarcd.db"
runs 2 "backup does not overwrite the database itself" backup --force "$dir/state/dmarcd.db"
runs 75 "backup to a place that does not exist" backup "$dir/none/b.db"
[ -z "$(find "$dir" -maxdepth 2 -name '*.tmp')" ]
ok $? "nothing half is left"

# Users, tokens, the log and what was sent come along, as they are, and a copy of all is a state directory.
echo 'correct horse battery' | "$dmarcd" --state "$dir/state" user add --role admin anna >"$dir/out" 2>"$dir/err"
ok $? "a user"
mkdir -p "$dir/state/notify" "$dir/state/http"
echo '{"sent":1}' >"$dir/state/notify/weekly.json"
echo 'half' >"$dir/state/notify/weekly.json.tmp"
echo 'a secret' >"$dir/state/http/sessions"
chmod 640 "$dir/state/notify/weekly.json"
runs 0 "backup with users" backup --with-originals "$dir/whole" "$dir/whole/dmarcd.db"
cmp -s "$dir/state/users" "$dir/whole/users" && cmp -s "$dir/state/notify/weekly.json" "$dir/whole/notify/weekly.json" &&
	[ "$(ls -l "$dir/whole/users" | cut -c 1-10)" = "$(ls -l "$dir/state/users" | cut -c 1-10)" ] &&
	[ "$(ls -l "$dir/whole/notify/weekly.json" | cut -c 1-10)" = "-rw-r-----" ]
ok $? "users and what was sent are in it, with their modes"
[ ! -e "$dir/whole/http/sessions" ] && [ ! -e "$dir/whole/notify/weekly.json.tmp" ]
ok $? "sessions are not, nor what is half written"
"$dmarcd" --state "$dir/whole" user list >"$dir/out" 2>"$dir/err" && grep -q anna "$dir/out" &&
	"$dmarcd" -c "$dir/deeper.conf" --state "$dir/whole" verify --originals >"$dir/out" 2>"$dir/err"
ok $? "the copy is a state directory"
runs 0 "backup without originals" backup "$dir/plain.db"
cmp -s "$dir/state/users" "$dir/plain.db.state/users" && [ "$(ls -ld "$dir/plain.db.state" | cut -c 1-10)" = "drwx------" ]
ok $? "users lie beside it"
runs 0 "vacuum" vacuum
runs 0 "verify at the end" verify
plan
