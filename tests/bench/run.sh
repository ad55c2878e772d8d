#!/bin/sh
# The benchmarks of dmarcd against its floor programs, in one go: import,
# fetch from a real Dovecot, peak memory, bytes on disk. Prints a table and
# writes bench.json. Run by `make bench` in the build directory, or
#
#   tests/bench/run.sh [import] [fetch] [memory] [export] [places] [http]
#
# http, with a million records, takes some minutes: it is done when it is named.
#
# Environment: DMARCD (./dmarcd), BENCH_REPORTS (20000), BENCH_ROUNDS (3),
# BENCH_DIR (where the data goes; default a fresh folder under TMPDIR, removed
# at the end), BENCH_OUT (bench.json), BENCH_PROGRAMS (./tests: where gen/ and
# bench/ were built).
set -u
here=$(cd "$(dirname "$0")" && pwd)
dmarcd=${DMARCD:-./dmarcd}
programs=${BENCH_PROGRAMS:-./tests}
reports=${BENCH_REPORTS:-20000}
rounds=${BENCH_ROUNDS:-3}
out=${BENCH_OUT:-bench.json}
gen=$programs/gen/dmarcd-gen
measure=$programs/bench/measure
until=2026-05-31
LC_ALL=C
export LC_ALL

fail() {
	echo "bench: $*" >&2
	exit 1
}

for p in "$dmarcd" "$gen" "$measure" "$programs/bench/floor_import" "$programs/bench/floor_fetch" "$programs/bench/places_bench"; do
	[ -x "$p" ] || fail "$p is missing: run 'make bench' in the build directory"
done
if [ -n "${BENCH_DIR:-}" ]; then
	dir=$BENCH_DIR
	mkdir -p "$dir" || exit 1
	made=
else
	dir=$(mktemp -d "${TMPDIR:-/tmp}/dmarcd-bench.XXXXXX") || exit 1
	made=$dir
fi
chmod 755 "$dir"
cleanup() {
	[ -e "$dir/dovecot/run" ] && sh "$here/../e2e/dovecot.sh" stop "$dir/dovecot"
	[ -n "$made" ] && rm -rf "$made"
}
trap cleanup EXIT
trap 'exit 130' HUP INT TERM

number() {	# KEY FILE: the first number under that key
	sed -n "s/.*\"$1\": \([0-9.][0-9.]*\).*/\1/p" "$2" | head -n 1
}
# "seconds" and the like stand in the last line; the key may occur before.
measured() {
	sed -n '$p' "$2" | sed "s/.*{\"exit\"/{\"exit\"/; s/.*\"$1\": \([0-9.]*\).*/\1/"
}
median() {
	sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
calc() {	# EXPRESSION FORMAT
	awk "BEGIN { printf \"$2\", $1 }"
}
size() {
	if [ -e "$1" ]; then wc -c <"$1" | tr -d ' '; else echo 0; fi
}
list() {	# FILE of numbers -> a, b, c
	paste -s -d, "$1" | sed 's/,/, /g'
}
json_parts=
json_add() {	# one more member of bench.json
	json_parts="$json_parts,
  $1"
}
line() {
	printf '%-24s %10s %12s %12s %9s\n' "$@"
}

# run RESULT COMMAND...: its time goes to RESULT, its words to RESULT.log
run() {
	result=$1
	shift
	"$measure" "$@" 3>"$result" >"$result.log" 2>&1 ||
	    fail "'$*' failed with code $?: $(tail -n 3 "$result.log")"
}
run_memory() {
	result=$1
	shift
	"$measure" -m "$@" 3>"$result" >"$result.log" 2>&1 ||
	    fail "'$*' failed with code $?: $(tail -n 3 "$result.log")"
}

corpus() {	# NAME: a Maildir, and its files in the page cache
	[ -e "$dir/$1.json" ] || {
		"$gen" bulk --corpus "$1" --reports "$reports" --until $until \
		    --out maildir "$dir/$1" --manifest "$dir/$1.json" || exit 1
	}
	find "$dir/$1/new" -type f -exec cat {} + >/dev/null
}

# The stored totals must be right, or the speed means nothing.
verify() {
	command -v node >/dev/null || return 0
	"$dmarcd" --state "$dir/state" reports --limit 100000000 --format json \
	    >"$dir/reports.json" 2>"$dir/verify.log" || {
		echo "# totals not compared: $(tail -n 1 "$dir/verify.log")"
		return 0
	}
	node "$here/compare_manifest.mjs" "$dir/$1.json" "$dir/reports.json" >"$dir/verify.log" ||
	    fail "$1: the totals are wrong: $(head -n 3 "$dir/verify.log")"
	echo "# $1: $(cat "$dir/verify.log")"
}

bench_import() {
	for c in typical diverse; do
		corpus $c
		: >"$dir/d.seconds"
		: >"$dir/f.seconds"
		: >"$dir/d.cpu"
		records=$(sed -n '/"totals"/s/.*"records": \([0-9]*\).*/\1/p' "$dir/$c.json")
		i=0
		while [ $i -lt "$rounds" ]; do
			rm -rf "$dir/state" "$dir/floor.db" "$dir/floor.db-wal" "$dir/floor.db-shm"
			sync
			run "$dir/d" "$dmarcd" --state "$dir/state" -q import "$dir/$c"
			measured seconds "$dir/d" >>"$dir/d.seconds"
			calc "$(measured user "$dir/d") + $(measured sys "$dir/d")" '%.2f\n' >>"$dir/d.cpu"
			sync
			run "$dir/f" "$programs/bench/floor_import" "$dir/floor.db" "$dir/$c"
			measured seconds "$dir/f" >>"$dir/f.seconds"
			[ "$(number records "$dir/f.log")" = "$records" ] ||
			    fail "floor_import stored $(number records "$dir/f.log") records, not $records"
			i=$((i + 1))
		done
		d=$(median <"$dir/d.seconds") f=$(median <"$dir/f.seconds")
		ratio=$(calc "$f / $d" %.2f)
		line "import, $c" "$d s" "$(calc "$reports / $d" %.0f) rep/s" \
		    "$(calc "$records / $d" %.0f) rec/s" "$ratio"
		line "  floor" "$f s" "$(calc "$reports / $f" %.0f) rep/s" \
		    "$(calc "$records / $f" %.0f) rec/s" ""
		db=$(($(size "$dir/state/dmarcd.db") + $(size "$dir/state/dmarcd.db-wal")))
		fdb=$(size "$dir/floor.db")
		line "  bytes per record" "$(calc "$db / $records" %.0f)" "floor" \
		    "$(calc "$fdb / $records" %.0f)" "$(calc "$db / $fdb" %.2f)"
		json_add "\"import_$c\": {\"reports\": $reports, \"records\": $records,
    \"mail_bytes\": $(number bytes "$dir/$c.json"), \"dmarcd_seconds\": [$(list "$dir/d.seconds")],
    \"dmarcd_cpu_seconds\": [$(list "$dir/d.cpu")], \"floor_seconds\": [$(list "$dir/f.seconds")],
    \"ratio\": $ratio, \"dmarcd_db_bytes\": $db, \"floor_db_bytes\": $fdb,
    \"bytes_per_record\": $(calc "$db / $records" %.1f),
    \"floor_bytes_per_record\": $(calc "$fdb / $records" %.1f)}"
		verify $c
	done
}

start_dovecot() {
	[ -e "$dir/dovecot/run" ] && return 0
	sh "$here/../e2e/dovecot.sh" start "$dir/dovecot" u big
	rv=$?
	[ $rv -ne 77 ] || return 1
	[ $rv -eq 0 ] || fail "Dovecot does not start"
	. "$dir/dovecot/env"
}

fetch_conf() {	# USER FILE
	cat >"$2" <<END
state = "$dir/state"
mailbox "bench" {
	protocol = imap
	host = "127.0.0.1"
	port = $IMAPS_PORT
	tls = implicit
	tls_ca_file = "$CA_FILE"
	user = "$1"
	password_file = "$PASSWORD_FILE"
	folder = "INBOX"
	after = keep
}
END
}

bench_fetch() {
	corpus typical
	start_dovecot || {
		echo "# fetch: no Dovecot here (Debian: dovecot-imapd dovecot-pop3d openssl)"
		return 0
	}
	sh "$here/../e2e/dovecot.sh" fill "$dir/dovecot" u "$dir/typical" || exit 1
	fetch_conf u "$dir/fetch.conf"
	# The first opening makes Dovecot's indexes: not part of the matter.
	run "$dir/f" "$programs/bench/floor_fetch" 127.0.0.1 "$IMAPS_PORT" u "$PASSWORD_FILE"
	: >"$dir/d.seconds"
	: >"$dir/f.seconds"
	: >"$dir/s.seconds"
	i=0
	while [ $i -lt "$rounds" ]; do
		rm -rf "$dir/state"
		sync
		# what the bare loop throws away ends in the spool here, safe on the disk
		run "$dir/d" "$dmarcd" -c "$dir/fetch.conf" -q fetch --spool-only
		measured seconds "$dir/d" >>"$dir/d.seconds"
		run "$dir/s" "$dmarcd" -c "$dir/fetch.conf" -q fetch
		measured seconds "$dir/s" >>"$dir/s.seconds"
		sync
		run "$dir/f" "$programs/bench/floor_fetch" 127.0.0.1 "$IMAPS_PORT" u "$PASSWORD_FILE"
		measured seconds "$dir/f" >>"$dir/f.seconds"
		[ "$(number messages "$dir/f.log")" = "$reports" ] ||
		    fail "floor_fetch got $(number messages "$dir/f.log") messages, not $reports"
		i=$((i + 1))
	done
	d=$(median <"$dir/d.seconds") f=$(median <"$dir/f.seconds")
	ratio=$(calc "$f / $d" %.2f)
	line "fetch into the spool" "$d s" "$(calc "$reports / $d" %.0f) msg/s" "" "$ratio"
	line "  floor (thrown away)" "$f s" "$(calc "$reports / $f" %.0f) msg/s" "" ""
	s=$(median <"$dir/s.seconds")
	line "  then stored from it" "$s s" "$(calc "$reports / $s" %.0f) msg/s" "" ""
	json_add "\"fetch\": {\"messages\": $reports, \"dmarcd_seconds\": [$(list "$dir/d.seconds")],
    \"floor_seconds\": [$(list "$dir/f.seconds")], \"ratio\": $ratio}"
	verify typical
}

# memory NAME RESULT: the highest VmHWM of any process, and one line for each
# kind of process.
memory_line() {
	max=$(measured max_kb "$2")
	line "memory, $1" "$(calc "$max / 1024" %.1f) MB" "sum" \
	    "$(calc "$(measured sum_kb "$2") / 1024" %.1f) MB" ""
	tr '{' '\n' <"$2" | sed -n 's/^"name": "\(.*\)", "kb": \([0-9]*\)}.*/\2 \1/p' |
	    awk '{ kb = $1; $1 = ""; n[$0]++; if (kb > m[$0]) m[$0] = kb }
		END { for (k in n) printf "  %8.1f MB  %d x%s\n", m[k] / 1024, n[k], k }' | sort -rn
	json_add "\"memory_$1\": $(sed -n '$p' "$2")"
}

bench_memory() {
	corpus typical
	rm -rf "$dir/state"
	run_memory "$dir/m" "$dmarcd" --state "$dir/state" -q import "$dir/typical"
	memory_line import "$dir/m"

	"$gen" bulk --giant-records 150000 --until $until --out xml "$dir/giant" \
	    --manifest "$dir/giant.json" || exit 1
	rm -rf "$dir/state"
	run_memory "$dir/m" "$dmarcd" --state "$dir/state" -q import "$dir/giant"
	memory_line giant_xml "$dir/m"
	verify giant
	rm -rf "$dir/giant"

	"$gen" bulk --big-mail 30 --until $until --out maildir "$dir/big" \
	    --manifest "$dir/big.json" || exit 1
	rm -rf "$dir/state"
	run_memory "$dir/m" "$dmarcd" --state "$dir/state" -q import "$dir/big"
	memory_line big_mail "$dir/m"
	verify big
	start_dovecot || return 0
	sh "$here/../e2e/dovecot.sh" fill "$dir/dovecot" big "$dir/big" || exit 1
	fetch_conf big "$dir/big.conf"
	rm -rf "$dir/state"
	run_memory "$dir/m" "$dmarcd" -c "$dir/big.conf" -q fetch
	memory_line big_mail_fetched "$dir/m"
	verify big
}

# Every record as a line of CSV; NDJSON, which says much more, beside it.
bench_export() {
	corpus typical
	rm -rf "$dir/state" "$dir/floor.db" "$dir/floor.db-wal" "$dir/floor.db-shm"
	run "$dir/d" "$dmarcd" --state "$dir/state" -q import "$dir/typical"
	run "$dir/f" "$programs/bench/floor_import" "$dir/floor.db" "$dir/typical"
	: >"$dir/d.seconds"
	: >"$dir/f.seconds"
	: >"$dir/j.seconds"
	i=0
	while [ $i -lt "$rounds" ]; do
		sync
		run "$dir/d" "$dmarcd" --state "$dir/state" -q export --output "$dir/export"
		measured seconds "$dir/d" >>"$dir/d.seconds"
		run "$dir/j" "$dmarcd" --state "$dir/state" -q export --format ndjson --output "$dir/export.nd"
		measured seconds "$dir/j" >>"$dir/j.seconds"
		sync
		run "$dir/f" "$programs/bench/floor_export" "$dir/floor.db" "$dir/floor.csv"
		measured seconds "$dir/f" >>"$dir/f.seconds"
		i=$((i + 1))
	done
	records=$(number records "$dir/f.log")
	rows=$(($(wc -l <"$dir/export") - 1))
	messages=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "count") c = i; next } { s += $c } END { print s }' "$dir/export")
	[ "$messages" = "$(number messages "$dir/f.log")" ] ||
	    fail "the export says $messages messages, not $(number messages "$dir/f.log")"
	run_memory "$dir/m" "$dmarcd" --state "$dir/state" -q export --format ndjson --output "$dir/export.nd"
	d=$(median <"$dir/d.seconds") f=$(median <"$dir/f.seconds") j=$(median <"$dir/j.seconds")
	ratio=$(calc "$f / $d" %.2f)
	line "export, CSV" "$d s" "$(calc "$rows / $d" %.0f) row/s" "" "$ratio"
	line "  floor" "$f s" "$(calc "$records / $f" %.0f) row/s" "" ""
	line "  NDJSON" "$j s" "$(calc "$rows / $j" %.0f) row/s" "$(calc "$(measured max_kb "$dir/m") / 1024" %.1f) MB" ""
	json_add "\"export\": {\"rows\": $rows, \"dmarcd_seconds\": [$(list "$dir/d.seconds")], \"ndjson_seconds\": [$(list "$dir/j.seconds")],
    \"floor_seconds\": [$(list "$dir/f.seconds")], \"ratio\": $ratio, \"max_kb\": $(measured max_kb "$dir/m")}"
	rm -f "$dir/export" "$dir/export.nd" "$dir/floor.csv"
}

# Country and network of an address: with the files that were built, if any.
bench_places() {
	data=${BENCH_DATA:-./data}
	if [ ! -f "$data/country.dat" ] || [ ! -f "$data/network.dat" ]; then
		line places "no data" "" "" ""
		return 0
	fi
	"$programs/bench/places_bench" "$data/country.dat" "$data/network.dat" >"$dir/places" || fail "the files of places cannot be read"
	line "place of IPv4" "$(number v4_ns "$dir/places") ns" "" "" ""
	line "place of IPv6" "$(number v6_ns "$dir/places") ns" "" "" ""
	json_add "\"places\": $(cat "$dir/places")"
}

# What people wait for in the web app, with a million records: see http_bench.mjs.
bench_http() {
	command -v node >/dev/null || {
		line "http" "no node" "" "" ""
		return 0
	}
	"$gen" bulk --corpus typical --reports "${BENCH_HTTP_REPORTS:-96000}" --until $until --out maildir "$dir/million" --manifest "$dir/million.json" || exit 1
	rm -rf "$dir/http"
	"$dmarcd" --state "$dir/http" -q import "$dir/million" >"$dir/http.log" 2>&1 || fail "import: $(tail -n 3 "$dir/http.log")"
	rm -rf "$dir/million"
	printf 'state = "%s"\nhttp { listen = "127.0.0.1:0" }\nresolver { enabled = no }\n' "$dir/http" >"$dir/http.conf"
	# who sent is found out first: then nothing else works; the daemon that is measured has just started
	for round in senders measured; do
		"$dmarcd" -c "$dir/http.conf" serve >"$dir/http.log" 2>&1 &
		served=$!
		url=
		for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			url=$(sed -n 's/.*ready: \(http[^ ]*\)/\1/p' "$dir/http.log" | head -n 1)
			[ -z "$url" ] || break
			sleep 0.5
		done
		[ -n "$url" ] || fail "the daemon does not start: $(tail -n 2 "$dir/http.log")"
		if [ $round = senders ]; then
			sleep "${BENCH_HTTP_WAIT:-90}"
		else
			node "$here/http_bench.mjs" "$url" >"$dir/http.out" || fail "http: $(tail -n 3 "$dir/http.out")"
		fi
		kill "$served"
		wait "$served"
	done
	sed '$d' "$dir/http.out"
	line "http, $(sed -n '/"totals"/s/.*"records": \([0-9]*\).*/\1/p' "$dir/million.json") rec" "" "" "" "$(measured ratio "$dir/http.out")"
	json_add "\"http\": $(sed -n '$p' "$dir/http.out")"
	rm -rf "$dir/http"
}

cpu=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1 | tr -d '"\\')
cpus=$(getconf _NPROCESSORS_ONLN)
echo "# $cpus x ${cpu:-unknown processor}, $reports reports, median of $rounds rounds; ratio: dmarcd's speed to the floor's, bytes to bytes"
line "what" "time" "" "" "ratio"
[ $# -gt 0 ] || set -- import fetch memory export places
for what; do
	case $what in
	import | fetch | memory | export | places | http)
		bench_$what
		;;
	*)
		fail "no such benchmark: $what (import, fetch, memory, export, places, http)"
		;;
	esac
done
cat >"$out" <<END
{
  "date": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
  "machine": {"cpus": $cpus, "cpu": "$cpu", "kernel": "$(uname -r)"},
  "rounds": $rounds$json_parts
}
END
echo "# written to $out"
