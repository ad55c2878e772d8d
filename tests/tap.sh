# What scripts that say TAP share: . "$(dirname "$0")/../tap.sh"
# shellcheck shell=sh
n=0

# ok STATUS WHAT: of what fails, the last command's words are shown
ok() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		[ -z "${dir:-}" ] || sed 's/^/# /' "$dir/out" "$dir/err" 2>/dev/null | cut -c 1-200 | head -n 20
	fi
}

# At the end: how many there were.
plan() {
	echo "1..$n"
}
