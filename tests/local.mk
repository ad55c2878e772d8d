# tests
include tests/gen/local.mk
include tests/bench/local.mk
include tests/e2e/local.mk
include tests/unit/local-conf.mk
include tests/fuzz/local-conf.mk
include tests/unit/local-query.mk
include tests/unit/local-units.mk
