#!/bin/sh
exec "$(dirname "$0")/e2e.sh" watch
