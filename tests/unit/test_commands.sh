#!/bin/sh
# The program as people and scripts meet it: help, usage, exit codes,
# completion, config, deliver. TAP. Run in the build directory.
srcdir=${srcdir:-.}
dmarcd=${DMARCD:-./dmarcd}
dir=$(mktemp -d "${TMPDIR:-/tmp}/test_commands.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
unset DMARCD_STATE
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# run CODE WHAT ARGUMENTS...: the exit code is what is wanted
run() {
	want=$1 what=$2
	shift 2
	"$dmarcd" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	[ "$got" -eq "$want" ]
	ok $? "$what: exit code $want (is $got)"
}

# says FILE TEXT WHAT
says() {
	grep -qF -e "$2" "$dir/$1"
	ok $? "$3"
}

run 2 "no command"
run 0 "help" help
run 0 "--help" --help
run 0 "version" version
says out libconfuse "version names the libraries"
run 0 "--version" --version
run 2 "a command that does not exist" hlep
says err "is 'help' meant?" "the nearest command is named"
run 2 "help for a command that does not exist" help confg
says err "is 'config' meant?" "help names the nearest, too"
run 2 "an option that does not exist" version --verbos
says err "is --verbose meant?" "the nearest option is named"
run 2 "too many operands" version now
run 2 "an operand is missing" config
run 0 "options behind the command" version --quiet
if [ -w /dev/full ]; then
	"$dmarcd" help >/dev/full 2>"$dir/err"
	[ $? -eq 75 ]
	ok $? "a full disk is 75, not silence"
else
	skip "a full disk" "no /dev/full here"
fi

# Help of every command, both ways; nothing is wider than a terminal.
commands=$("$dmarcd" help | awk '/^  [a-z]/ { print $1 }')
[ -n "$commands" ]
ok $? "help lists commands"
for c in $commands; do
	"$dmarcd" help "$c" >"$dir/out" 2>"$dir/err" && "$dmarcd" "$c" --help >"$dir/err" &&
	    cmp -s "$dir/out" "$dir/err"
	ok $? "help $c and $c --help say the same"
	awk 'length > 80 && !/dmarcd\.conf/ { bad = 1; print } END { exit bad }' "$dir/out" >"$dir/err"
	ok $? "help $c fits into 80 columns, but for a long prefix"
	grep -q "^\.Ss $c\$" "$srcdir/src/dmarcd.8"
	ok $? "dmarcd(8) has a section on $c"
	missing=
	for o in $(sed -n '/^Options/,/^For every/s/^  .. \{0,2\}.*--\([a-z-]*\).*/\1/p' "$dir/out"); do
		grep -qE "^\.It .*Fl -$o( |\$)" "$srcdir/src/dmarcd.8" || missing="$missing --$o"
	done
	[ -z "$missing" ]
	ok $? "dmarcd(8) has the options of $c$missing"
done

# Completion.
for shell in bash zsh fish; do
	"$dmarcd" help --completion $shell >"$dir/$shell" 2>"$dir/err"
	ok $? "completion for $shell"
	if command -v $shell >/dev/null; then
		$shell -n "$dir/$shell" 2>"$dir/err"
		ok $? "$shell takes its completion"
	else
		skip "$shell takes its completion" "$shell is not installed"
	fi
done
if command -v bash >/dev/null; then
	# offered WORD...: what bash would offer for the last one
	offered() {
		bash -c 'compopt() { :; }; . "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dmarcd
		    echo "${COMPREPLY[@]}"' "$dir/bash" "$@" >"$dir/out" 2>"$dir/err"
	}
	offered dmarcd conf
	says out config "bash completes a command"
	offered dmarcd -c x config ""
	says out "check show" "bash completes the words of a command"
	offered dmarcd help --completion z
	says out zsh "bash completes the words of an option"
fi

# config
cat >"$dir/good.conf" <<END
state = "$dir/state"
mailbox "rua" { host = "imap.example.org" user = "rua@example.org" password_command = "echo hidden-secret" }
END
run 0 "config check" -c "$dir/good.conf" config check
run 0 "config show" -c "$dir/good.conf" config show
cp "$dir/out" "$dir/shown.conf"
run 0 "what config show prints is a configuration" -c "$dir/shown.conf" config check
printf 'decodrs = 1\nhttp { listen = "0.0.0.0:80" }\n' >"$dir/bad.conf"
run 2 "config check of a bad file" -c "$dir/bad.conf" config check
says err "$dir/bad.conf:1: unknown key 'decodrs'; is 'decoders' meant?" "a fault has file and line"
says err "$dir/bad.conf:2: listen" "all faults are named in one run"
run 2 "config check of no file" -c "$dir/none.conf" config check
run 0 "the sample" -c "$srcdir/contrib/dmarcd.conf.sample" config check
run 0 "--state wins" -c "$dir/good.conf" --state "$dir/other" config show
says out "state = \"$dir/other\"" "config show says the state directory in force"

# deliver
printf 'From someone@example.org Thu May 28 10:00:00 2026\nSubject: test\n\nbody\n' >"$dir/mail"
"$dmarcd" --state "$dir/state" deliver <"$dir/mail" >"$dir/out" 2>"$dir/err"
ok $? "deliver takes a message"
sed 1d "$dir/mail" | cmp -s - "$dir"/state/spool/new/*
ok $? "it is in the spool, without the separator of an mbox"
run 66 "deliver of nothing" --state "$dir/state" deliver
run 64 "deliver with an operand" --state "$dir/state" deliver x
printf 'limits { message_bytes = 64k }\n' >"$dir/small.conf"
awk 'BEGIN { for (i = 0; i < 2000; i++) print "0123456789012345678901234567890123456789" }' |
    "$dmarcd" -c "$dir/small.conf" --state "$dir/state" deliver >"$dir/out" 2>"$dir/err"
[ $? -eq 65 ]
ok $? "a message that is too large is 65"
"$dmarcd" -c "$dir/bad.conf" deliver <"$dir/mail" >"$dir/out" 2>"$dir/err"
[ $? -eq 75 ]
ok $? "a bad configuration is 75 for a mail server"
"$dmarcd" --state "$dir/mail/not/a/directory" deliver <"$dir/mail" >"$dir/out" 2>"$dir/err"
[ $? -eq 75 ]
ok $? "a state directory that cannot be made is 75"
[ "$(ls "$dir/state/spool/new" | wc -l)" -eq 1 ] && [ "$(ls "$dir/state/spool/tmp" | wc -l)" -eq 0 ]
ok $? "nothing else was left in the spool"

plan
