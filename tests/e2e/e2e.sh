#!/bin/sh
# e2e.sh NAME... - runs NAME.test.ts and speaks TAP; skips where Node or its
# packages are not to be had. Started by make check in the build directory.
build=$(pwd)
here=$(cd "$(dirname "$0")" && pwd)
skip() {
	echo "1..0 # SKIP $*"
	exit 0
}
command -v node >/dev/null || skip "no node"
command -v openssl >/dev/null || skip "no openssl"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 18 ? 0 : 1)' || skip "node is older than 18"
# A release archive may be unpacked where nobody may write: packages go beside the build.
at=$here
if ! [ -w "$here" ]; then
	at=$build/tests/e2e/src
	mkdir -p "$at" && cp -R "$here"/. "$at"/ 2>/dev/null
	chmod -R u+w "$at"
fi
# Installed once, and again when the list of packages has changed.
fresh() {
	cmp -s "$at/package-lock.json" "$at/node_modules/.installed"
}
if ! fresh; then
	# one at a time: make runs tests side by side
	(
		command -v flock >/dev/null && flock 9
		fresh || { cd "$at" && npm ci --no-audit --no-fund >"$build/tests/e2e/npm.log" 2>&1 &&
		    cp package-lock.json node_modules/.installed; }
	) 9>"$build/tests/e2e/npm.lock"
	fresh || skip "npm ci failed, see tests/e2e/npm.log"
fi
OPENAPI=$(cd "$here/../../schema" && pwd)/openapi.yaml
export OPENAPI
E2E_BUILD=$build E2E_OUT=$build/tests/e2e/dist exec node "$at/run.mjs" "$@"
