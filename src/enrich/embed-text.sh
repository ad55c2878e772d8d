#!/bin/sh
# embed-text.sh FILE: the catalogue as a C string, for src/enrich/local.mk.
# Lines keep their numbers, so that a fault names the right one.
set -eu
LC_ALL=C
export LC_ALL
echo '/* Made from senders.txt by embed-text.sh. */'
echo 'extern const char catalogue_text[];'
echo 'const char catalogue_text[] ='
sed -e 's/^#.*//' -e 's/[\\"]/\\&/g' -e 's/	/\\t/g' -e 's/^/	"/' -e 's/$/\\n"/' "$1"
echo '	;'
