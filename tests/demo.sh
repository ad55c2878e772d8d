#!/bin/sh
# A month of report mail in a real mailbox, fetched, read and served: what
# ./bootstrap demo runs once all is built.
#
#   tests/demo.sh [--once] [--spool]
#
# --once   leave as soon as all figures are right (or are not: exit code 1)
# --spool  no Dovecot: put the mail into the spool with `dmarcd deliver`
#
# The data is in out/demo/ and begins anew each time. Environment: BUILD
# (./build: where dmarcd and tests/gen/dmarcd-gen are), DEMO_PORT (8377, or the
# next free one), DEMO_WAIT (300: seconds for all mail to be read).
set -u
top=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
build=${BUILD:-$top/build}
dmarcd=$build/dmarcd
gen=$build/tests/gen/dmarcd-gen
here=$top/out/demo
once='' spool='' served='' dovecot=''

for a; do
	case $a in
	--once) once=yes ;;
	--spool) spool=yes ;;
	*)
		echo "usage: demo.sh [--once] [--spool]" >&2
		exit 2
		;;
	esac
done

say() {
	printf '%s\n' "demo: $*"
}

# finish CODE: stop what we started, in order
finish() {
	trap '' INT TERM HUP
	if [ -n "$served" ]; then
		kill -TERM "$served" 2>/dev/null
		wait "$served" 2>/dev/null
	fi
	if [ -n "$dovecot" ]; then
		sh "$top/tests/e2e/dovecot.sh" stop "$dovecot"
		rm -rf "$dovecot"
	fi
	exit "$1"
}

# A port that nobody listens on, from $1 upwards.
free_port() {
	port=$1
	while grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf '%04X' "$port") [0-9A-F:]* 0A" \
	    /proc/net/tcp /proc/net/tcp6 2>/dev/null; do
		port=$((port + 1))
	done
	echo "$port"
}

for p in "$dmarcd" "$gen"; do
	[ -x "$p" ] || {
		say "$p is missing: run ./bootstrap demo" >&2
		exit 1
	}
done
rm -rf "$here"
mkdir -p "$here" || exit 1
trap 'finish 0' INT TERM HUP

last=$(date -u -d yesterday +%Y-%m-%d 2>/dev/null) || last=$(date -u +%Y-%m-%d)
say "making a month of report mail up to $last"
"$gen" demo --until "$last" --out maildir "$here/mail" --manifest "$here/manifest.json" || finish 1
mails=$(find "$here/mail/new" "$here/mail/cur" -type f 2>/dev/null | wc -l)
port=$(free_port "${DEMO_PORT:-8377}")
cat >"$here/dmarcd.conf" <<END
state = "$here/state"
http { listen = "127.0.0.1:$port" }
# its addresses are nobody's: the DNS knows no names of them
resolver { enabled = no }
END

# The demo's addresses are reserved for documentation and are in no country, so
# it brings made-up ones along.
if [ -x "$build/data/pack" ]; then
	day=$(date -u +%Y%m%d)
	for k in country:countries network:networks; do
		"$build/data/pack" "${k%:*}" "$here/${k%:*}.dat" "$day" "$top/tests/gen/demo/places.note" \
		    "$top/tests/gen/demo/${k#*:}.csv" >/dev/null || finish 1
	done
	cat >>"$here/dmarcd.conf" <<END
# made up, see $top/tests/gen/demo
geo {
	country = "$here/country.dat"
	network = "$here/network.dat"
}
END
fi

if [ -z "$spool" ]; then
	# Not below the source tree: Dovecot's users must be able to get there.
	dovecot=$(mktemp -d "${TMPDIR:-/tmp}/dmarcd-demo.XXXXXX") || finish 1
	sh "$top/tests/e2e/dovecot.sh" start "$dovecot" demo
	case $? in
	0) ;;
	77)
		say "there is no Dovecot here: the mail goes into the spool"
		rm -rf "$dovecot"
		dovecot='' spool=yes
		;;
	*)
		say "Dovecot does not start here: the mail goes into the spool"
		rm -rf "$dovecot"
		dovecot='' spool=yes
		;;
	esac
fi
if [ -n "$spool" ]; then
	say "delivering $mails messages into the spool"
	find "$here/mail/new" "$here/mail/cur" -type f | sort | while read -r m; do
		"$dmarcd" -c "$here/dmarcd.conf" deliver <"$m" || exit 1
	done || finish 1
else
	say "putting $mails messages into a mailbox of a local Dovecot"
	sh "$top/tests/e2e/dovecot.sh" fill "$dovecot" demo "$here/mail" || finish 1
	# shellcheck source=/dev/null
	. "$dovecot/env"
	cat >>"$here/dmarcd.conf" <<END
mailbox "demo" {
	host = "localhost"
	port = $IMAPS_PORT
	tls_ca_file = "$CA_FILE"
	user = "demo"
	password_file = "$PASSWORD_FILE"
	interval = 30s
}
END
fi

"$dmarcd" -c "$here/dmarcd.conf" -q config check || finish 1
"$dmarcd" -c "$here/dmarcd.conf" serve >"$here/dmarcd.log" 2>&1 &
served=$!

# right: whether the web app's figures are those of the manifest
right() {
	if command -v node >/dev/null; then
		node "$top/tests/bench/compare_manifest.mjs" "$here/manifest.json" "http://127.0.0.1:$port" \
		    >"$here/compare.log" 2>&1
	else
		want=$(sed -n 's/.*"reports": *\([0-9]*\).*/\1/p' "$here/manifest.json" | head -n 1)
		got=$("$dmarcd" -c "$here/dmarcd.conf" reports --format json --limit 1000000 2>"$here/compare.log" | wc -l)
		[ "$got" -eq "${want:-0}" ]
	fi
}

# What the daemon complains of, as it comes: who waits should know why.
complained=0
complaints() {
	n=$(grep -c ' error: ' "$here/dmarcd.log")
	[ "$n" -le "$complained" ] || grep ' error: ' "$here/dmarcd.log" | tail -n "$((n - complained))" >&2
	complained=$n
}

left=${DEMO_WAIT:-300}
code=0
until right; do
	if ! kill -0 "$served" 2>/dev/null; then
		say "the daemon has ended; its log is $here/dmarcd.log:" >&2
		tail -n 5 "$here/dmarcd.log" >&2
		finish 1
	fi
	complaints
	left=$((left - 1))
	if [ "$left" -le 0 ]; then
		say "after ${DEMO_WAIT:-300} seconds the figures are not those of the manifest:" >&2
		head -n 10 "$here/compare.log" >&2
		code=1
		break
	fi
	sleep 1
done
[ $code -ne 0 ] || say "all is read, and the figures equal the manifest ($here/manifest.json)"
[ -z "$once" ] || finish $code

cat <<END

    http://127.0.0.1:$port/

Three domains: example.com is in order, example.org has work to do, example.net
is imitated. From another machine: ssh -L $port:127.0.0.1:$port THIS-HOST
On the command line: $dmarcd -c $here/dmarcd.conf domains
Ctrl-C stops it.

END
wait "$served"
rv=$?
served=''
say "the daemon has ended with exit code $rv; its log is $here/dmarcd.log" >&2
finish 1
