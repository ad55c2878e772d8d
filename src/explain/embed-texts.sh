#!/bin/sh
# usage: embed-texts.sh en.txt LANG.txt... > texts_data.c
# The messages as C: keys in the order of strcmp, and one array of texts for
# each language, NULL where it has none.
set -eu
LC_ALL=C
export LC_ALL

# "KEY = TEXT" lines of a file as KEY<TAB>TEXT, sorted
messages() {
	sed -n 's/^\([^# ][^ ]*\) = \(.*\)$/\1	\2/p' "$1" | sort
}

# a line that is neither message, comment nor empty is a mistake of ours
for f; do
	if grep -vnE '^(#.*|[^# ][^ ]* = .+)?$' "$f" | sed "s|^|$f:|" | grep . >&2; then
		echo "embed-texts.sh: the lines above are no messages" >&2
		exit 1
	fi
done

echo '/* Made by embed-texts.sh from the files of messages. */'
echo '#include "explain/texts.h"'
echo
echo 'const char *const explain_keys[] = {'
messages "$1" | awk -F '\t' '{ printf "\t\"%s\",\n", $1 }'
echo '};'
echo 'const size_t explain_nkeys = sizeof(explain_keys) / sizeof(explain_keys[0]);'
tmp=$(mktemp "${TMPDIR:-/tmp}/embed-texts.XXXXXX")
trap 'rm -f "$tmp"' EXIT
messages "$1" >"$tmp"
all=
for f; do
	lang=$(basename "$f" .txt)
	all="$all $lang"
	echo
	echo "static const char *const	 texts_${lang}[] = {"
	messages "$f" | awk -F '\t' -v keys="$tmp" '
	{ text[$1] = $2; left[$1] = 1 }
	END {
		while ((getline line < keys) > 0) {
			split(line, part, "\t")
			k = part[1]
			if (k in text) {
				s = text[k]
				gsub(/\\/, "\\\\", s)
				gsub(/"/, "\\\"", s)
				# two of them together begin a trigraph
				gsub(/\?/, "\\?", s)
				printf "\t\"%s\",\n", s
				delete left[k]
			} else
				print "\tNULL,"
		}
		for (k in left) {
			print "embed-texts.sh: no such message in English: " k > "/dev/stderr"
			bad = 1
		}
		exit bad
	}'
	echo '};'
done
echo
echo 'const struct explain_language explain_languages[] = {'
for lang in $all; do
	echo "	{ \"$lang\", texts_$lang },"
done
echo '};'
echo 'const size_t explain_nlanguages = sizeof(explain_languages) / sizeof(explain_languages[0]);'
