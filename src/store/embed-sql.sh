#!/bin/sh
# Writes the SQL files named as arguments as a C array, one string each.
set -eu
echo '/* made from schema/ by src/store/embed-sql.sh */'
echo '#include "store/store_int.h"'
echo 'const char *const store_migrations[] = {'
for f in "$@"; do
	# comments and tabs are for readers of the file, not for the database
	LC_ALL=C sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/	/\\t/g' -e 's/^/"/' -e 's/$/\\n"/' "$f"
	echo ','
done
echo '};'
echo "const unsigned store_nmigrations = $#;"
