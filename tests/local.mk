# tests
include tests/gen/local.mk
include tests/bench/local.mk
