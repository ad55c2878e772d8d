#!/bin/sh
# Pictures of every page, wide, tablet, phone and dark, from a daemon of its
# own with the demo's month; with SCREENSHOTS=million it has a million records
# more. Run by `make screenshots` in the build directory:
#
#   tests/screenshots.sh [DIR [PART-OF-A-NAME]]
#
# DIR (out/screenshots in the source tree) gets a PNG for each page and size,
# index.html with all of them, and sheet-SIZE.png. Wants Chromium and npm.
set -u
top=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
build=${BUILD:-$(pwd -P)}
out=${1:-$top/out/screenshots}
LC_ALL=C
export LC_ALL

fail() {
	echo "screenshots: $*" >&2
	exit 1
}
for p in "$build/dmarcd" "$build/tests/gen/dmarcd-gen"; do
	[ -x "$p" ] || fail "$p is missing: run 'make screenshots' in the build directory"
done
[ -e "$top/web/node_modules/playwright-core" ] ||
    (cd "$top/web" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || fail "npm could not fetch the packages of web/"
dir=$(mktemp -d "${TMPDIR:-/tmp}/dmarcd-screenshots.XXXXXX") || exit 1
served=
cleanup() {
	[ -z "$served" ] || kill "$served" 2>/dev/null
	[ -z "$served" ] || wait "$served" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' HUP INT TERM

last=$(date -u -d yesterday +%Y-%m-%d 2>/dev/null) || last=$(date -u +%Y-%m-%d)
cat >"$dir/dmarcd.conf" <<END
state = "$dir/state"
http { listen = "127.0.0.1:0" }
resolver { enabled = no }
END
if [ -x "$build/data/pack" ]; then
	for k in country:countries network:networks; do
		"$build/data/pack" "${k%:*}" "$dir/${k%:*}.dat" "$(date -u +%Y%m%d)" "$top/tests/gen/demo/places.note" \
		    "$top/tests/gen/demo/${k#*:}.csv" >/dev/null || exit 1
	done
	printf 'geo {\n\tcountry = "%s/country.dat"\n\tnetwork = "%s/network.dat"\n}\n' "$dir" "$dir" >>"$dir/dmarcd.conf"
fi
"$build/tests/gen/dmarcd-gen" demo --until "$last" --out maildir "$dir/demo" || exit 1
if [ "${SCREENSHOTS:-}" = million ]; then
	"$build/tests/gen/dmarcd-gen" bulk --corpus typical --reports "${SCREENSHOTS_REPORTS:-96000}" --until "$last" --out maildir "$dir/bulk" || exit 1
fi
for m in demo bulk; do
	[ ! -d "$dir/$m" ] || "$build/dmarcd" -c "$dir/dmarcd.conf" -q import "$dir/$m" >/dev/null 2>&1
done
"$build/dmarcd" -c "$dir/dmarcd.conf" serve >"$dir/log" 2>&1 &
served=$!
url='' left=100
while [ -z "$url" ] && [ $left -gt 0 ]; do
	url=$(sed -n 's/.*ready: \(http[^ ]*[0-9]\)\/.*/\1/p' "$dir/log" | head -n 1)
	left=$((left - 1))
	sleep 0.2
done
[ -n "$url" ] || fail "the daemon does not start: $(tail -n 2 "$dir/log")"
# who sent is found out while nothing else waits
left=600
while [ $left -gt 0 ] && [ "$(sqlite3 "$dir/state/dmarcd.db" 'SELECT count(*) FROM fresh' 2>/dev/null)" != 0 ]; do
	left=$((left - 1))
	sleep 0.5
	command -v sqlite3 >/dev/null || { sleep 20; break; }
done
rm -rf "$dir/demo" "$dir/bulk"
mkdir -p "$out" || exit 1
(cd "$top/web" && DMARCD_URL=$url node test.mjs run e2e/screenshots.ts "$(cd "$out" && pwd -P)" ${2:+"$2"}) || exit 1
echo "screenshots: $(find "$out" -name '*.png' | wc -l) pictures, $out/index.html shows them"
