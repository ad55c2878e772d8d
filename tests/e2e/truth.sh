#!/bin/sh
command -v sqlite3 >/dev/null || { echo "1..0 # SKIP no sqlite3"; exit 0; }
exec "$(dirname "$0")/e2e.sh" truth
