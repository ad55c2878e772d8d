#!/bin/sh
# valgrind.sh PROGRAM... - the unit tests among these, and then the daemon at
# work, below valgrind: a wrong access or a definite or possible loss fails.
# Speaks TAP.
# Started by make check-valgrind in the build directory; logs stay in
# tests/valgrind/log.
here=$(cd "$(dirname "$0")" && pwd)
log=$(pwd)/tests/valgrind/log
command -v valgrind >/dev/null || { echo "1..0 # SKIP no valgrind"; exit 0; }
rm -rf "$log"
mkdir -p "$log"
export DMARCD_TEST_FEW=1	# fewer rounds of what takes long: everything is some 40 times slower here
export srcdir CMOCKA_MESSAGE_OUTPUT=TAP
options="--vgdb=no --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,possible --errors-for-leak-kinds=definite,possible
    --suppressions=$here/valgrind.supp --num-callers=24 --child-silent-after-fork=yes"
n=0 bad=0
ok() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - valgrind: $2"
	else
		echo "not ok $n - valgrind: $2"
		bad=1
	fi
}

# what valgrind calls wrong
wrongs='Invalid|Conditional jump|Use of|Syscall param|Source and dest|Mismatched|Argument|Jump to|[0-9,].*(definitely|possibly) lost in'
# said LOG...: the first of these, and where it came about
said() {
	grep -hE -m 1 -A 12 "^==[0-9]+== +($wrongs)" "$@" | head -n 30
}

# ---- unit tests, as many at a time as there are processors ------------------

unit() {
	name=$(basename "$1")
	# shellcheck disable=SC2086 # a list of options is meant
	timeout 900 valgrind $options --log-file="$log/$name.%p" "./$1" >"$log/$name.out" 2>"$log/$name.err"
	echo $? >"$log/$name.rc"
}
units=
for t; do
	case $t in
	*/test_sandbox* | */test_supervisor*) ;;	# they would lock valgrind in; the daemon is watched below
	tests/unit/test_*) units="$units $t" ;;
	esac
done
# shellcheck disable=SC2086
set -- $units
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
# each takes the next one when it is done with the last
worker() {
	while :; do
		t=$( (
			flock 9
			head -n 1 "$log/todo"
			sed -i 1d "$log/todo"
		) 9>"$log/lock")
		[ -n "$t" ] || break
		unit "$t"
	done
}
# the longest first
printf '%s\n' "$@" | awk '/test_(store|query|alert|alert_dns|upgrade|aggregate|tls_store)$/ { print; next } { rest = rest $0 "\n" } END { printf "%s", rest }' >"$log/todo"
i=0
while [ "$i" -lt "$jobs" ]; do
	worker &
	i=$((i + 1))
done
wait
for t; do
	name=$(basename "$t")
	rc=$(cat "$log/$name.rc")
	ok "$rc" "$name"
	[ "$rc" -eq 0 ] || { grep -h -A 3 '^not ok' "$log/$name.out"; said "$log/$name".[0-9]*; } | sed 's/^/# /'
done

# ---- the daemon: every process of it, until it ends --------------------------

dir=$(mktemp -d "${TMPDIR:-/tmp}/dmarcd-valgrind-XXXXXX") || exit 1
daemon=
cleanup() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
printf 'state = "%s/state"\ndecoders = 1\nhttp {\n\tlisten = "127.0.0.1:0"\n}\nlimits {\n\tseconds = 300\n}\nresolver {\n\tservers = "127.0.0.1:9"\n}\n' "$dir" >"$dir/conf"
program=./tests/valgrind/dmarcd-open
under() {
	what=$1
	shift
	# shellcheck disable=SC2086
	valgrind $options --trace-children=yes --log-file="$log/$what.%p" "$@"
}

row() {
	echo "<record><row><source_ip>192.0.2.$1</source_ip><count>$1</count><policy_evaluated><disposition>none</disposition>" \
	    "<dkim>pass</dkim><spf>fail</spf><reason><type>other</type><comment>c</comment></reason></policy_evaluated></row><identifiers>" \
	    "<header_from>example.com</header_from></identifiers><auth_results><dkim><domain>example.com</domain><result>pass</result>" \
	    "<selector>s</selector></dkim><spf><domain>b.example.com</domain><result>softfail</result></spf></auth_results></record>"
}
report() {
	echo "<?xml version=\"1.0\"?><feedback><report_metadata><org_name>rep.example</org_name><email>r@rep.example</email><report_id>$1" \
	    "</report_id><date_range><begin>1767225600</begin><end>1767311999</end></date_range></report_metadata><policy_published>" \
	    "<domain>example.com</domain><p>none</p></policy_published>$(row 1)$(row 2)$(row 3)</feedback>"
}
mail() {
	printf 'From: <r@rep.example>\nSubject: =?utf-8?Q?Report?= Domain: example.com\nMIME-Version: 1.0\n'
	printf 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: application/gzip\n'
	printf 'Content-Transfer-Encoding: base64\n\n'
	base64
	printf -- '--b--\n'
}
report one | gzip | mail >"$dir/good"
report two | gzip | head -c 200 | mail >"$dir/cut"
report three | sed 's/rep\.example/a \& b < c/' >"$dir/repaired"
report four | sed 's,<count>2</count>,<count>-2</count>,' >"$dir/partial"
printf 'Subject: hello\n\nI am out of office.\n' >"$dir/none"
printf '<!DOCTYPE feedback [<!ENTITY a "b">]><feedback>&a;</feedback>' >"$dir/dtd"
{ report five; report six; } >"$dir/two"
failed=0
for m in good cut repaired partial none dtd two; do
	under deliver $program -c "$dir/conf" deliver <"$dir/$m" || failed=1
done
ok $failed "mail is delivered"

# not by under(): the signals are for the daemon, not for a shell around it
# shellcheck disable=SC2086
valgrind $options --trace-children=yes --log-file="$log/serve.%p" $program -c "$dir/conf" serve >"$dir/out" 2>"$dir/err" &
daemon=$!
url=
i=0
while [ -z "$url" ] && [ $i -lt 600 ] && kill -0 $daemon 2>/dev/null; do
	url=$(sed -n 's,^dmarcd is ready: \(http://.*\)/$,\1,p' "$dir/err" "$dir/out" | head -n 1)
	i=$((i + 1))
	sleep 0.2
done
get() {
	if command -v curl >/dev/null; then
		curl -s -m 120 "$@"
	else
		node -e 'const [u, m] = process.argv.slice(1); fetch(u, m ? { method: "POST", headers: { "X-Dmarcd-Action": "1" } } : {}).then((r) => r.text())
		    .then((t) => process.stdout.write(t))' "$1" "${2:+post}"
	fi
}
post() {
	get "$1" -X POST -H "X-Dmarcd-Action: 1"
}
# settled: the spool is read and nothing waits to be done
settled() {
	i=0
	while [ $i -lt 600 ]; do
		get "$url/api/v1/ingest" >"$dir/ingest"
		if grep -q '"spool":{"new":0' "$dir/ingest" && grep -q '"reports":'"$1"',' "$dir/ingest" && ! grep -q '"state":"waiting"' "$dir/ingest"; then
			return 0
		fi
		i=$((i + 1))
		sleep 0.2
	done
	return 1
}
settled 5
ok $? "the daemon reads all of it"
failed=0
for q in meta overview "timeseries?t=all" "breakdown?by=ip&t=all" "rows?t=all" domains domains/example.com "reports?t=all" reports/1 \
    "reports/1/raw?as=xml" "reports/1/raw?as=original" reporters ingest ingest/items/1 ingest/items/2 ingest/items/1/raw nothing "rows?x=1"; do
	[ -n "$(get "$url/api/v1/$q")" ] || failed=1
done
[ -n "$(get "$url/")" ] || failed=1
ok $failed "the API answers"
post "$url/api/v1/ingest/items/1/retry" >/dev/null
post "$url/api/v1/ingest/items/2/discard" >/dev/null
settled 5
ok $? "messages are read again and discarded"
kill -HUP $daemon
settled 5
ok $? "and after a reload it answers"
kill -TERM $daemon
wait $daemon
ok $? "the daemon ends"
daemon=
for c in "reports" "records" "sources" "domains" "quarantine list" "quarantine show 1" "quarantine retry --all" "reprocess" "verify" "report 1" \
    "import $dir/good" "config show" "backup $dir/backup"; do
	# shellcheck disable=SC2086
	under "${c%% *}" $program -c "$dir/conf" $c >"$dir/out" 2>&1
	rc=$?
	case $c in
	*retry*) [ $rc -ne 1 ] || rc=0 ;;	# some stay
	esac
	ok $rc "dmarcd ${c%% /*}"
	[ $rc -eq 0 ] || sed 's/^/# /' "$dir/out"
done

# What valgrind said of any process. A decoder is killed when it is done with, and is not asked what it lost: the unit tests of
# what it does are.
wrong=$(grep -lE "^==[0-9]+== +($wrongs|ERROR SUMMARY: [1-9]|Process terminating with default action of signal (4|6|7|8|11|31) )" "$log"/*.[0-9]*)
[ -z "$wrong" ]
ok $? "no process did anything wrong"
[ -z "$wrong" ] || for f in $wrong; do
	echo "# see $f"
	said "$f" | sed 's/^/# /'
done
echo "1..$n"
[ $bad -eq 0 ]
