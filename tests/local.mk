# tests
include tests/gen/local.mk
