# tests
include tests/gen/local.mk
include tests/bench/local.mk
include tests/e2e/local.mk
