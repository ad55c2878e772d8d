#!/bin/sh
# What is no C: manuals without a warning of mandoc, scripts that the shell and
# its checker take, a unit that systemd takes. TAP. Run in the build directory.
srcdir=${srcdir:-.}
dir=$(mktemp -d "${TMPDIR:-/tmp}/test_texts.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
n=0

# check WHAT COMMAND...: succeeds and says nothing
check() {
	n=$((n + 1))
	what=$1
	shift
	if "$@" >"$dir/out" 2>&1 && [ ! -s "$dir/out" ]; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		sed 's/^/# /' "$dir/out" | head -n 20
	fi
}

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

for m in dmarcd.8 dmarcd.conf.5; do
	if command -v mandoc >/dev/null; then
		check "$m has no warning" mandoc -Tlint -Wwarning "$srcdir/src/$m"
	else
		skip "$m" "mandoc is not installed"
	fi
done

for s in "$srcdir/bootstrap" "$srcdir/.ci/run" "$srcdir"/tests/*.sh "$srcdir"/tests/*/*.sh "$srcdir"/src/*/*.sh; do
	[ -f "$s" ] || continue
	check "sh takes ${s#"$srcdir"/}" sh -n "$s"
	if command -v shellcheck >/dev/null; then
		check "shellcheck takes ${s#"$srcdir"/}" shellcheck -S warning "$s"
	else
		skip "shellcheck ${s#"$srcdir"/}" "shellcheck is not installed"
	fi
done

if command -v systemd-analyze >/dev/null; then
	# verify wants the programs to be there
	for unit in dmarcd.service dmarcd-summary.service; do
		sed -e 's|^\(Exec[A-Za-z]*=\)[^ ]*|\1/bin/true|' "contrib/systemd/$unit" >"$dir/$unit"
	done
	cp "$srcdir/contrib/systemd/dmarcd-summary.timer" "$dir"
	for unit in dmarcd.service dmarcd-summary.timer; do
		check "systemd takes $unit" env SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$dir/$unit"
	done
else
	skip "the unit" "systemd-analyze is not installed"
fi

echo "1..$n"
