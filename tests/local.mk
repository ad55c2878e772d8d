# tests
include tests/gen/local.mk
include tests/bench/local.mk
include tests/e2e/local.mk
include tests/unit/local-conf.mk
include tests/fuzz/local-conf.mk
include tests/fuzz/local-dns.mk
include tests/unit/local-query.mk
include tests/unit/local-mailbox.mk
include tests/unit/local-units.mk
include tests/unit/local-failure.mk
include tests/unit/local-senders.mk
include tests/unit/local-summary.mk
include tests/unit/local-alert.mk
include tests/unit/local-hosts.mk
include tests/unit/local-records.mk
include tests/unit/local-places.mk
include tests/unit/local-tls.mk
include tests/unit/local-sandbox.mk
include tests/unit/local-trust.mk
include tests/unit/local-process.mk
include tests/unit/local-copy.mk
include tests/fuzz/local-units.mk
include tests/fuzz/local-failure.mk
include tests/fuzz/local.mk
include tests/corpus/local.mk
include tests/valgrind/local.mk

# Is there a passing test for each rule of rules.txt? After all other tests: it reads their logs.
TESTS += tests/rules.sh
EXTRA_DIST += tests/tap.sh tests/rules.sh tests/rules.txt
rules_log = tests/rules.sh.log
$(rules_log): $(TEST_LOGS:tests/rules.sh.log=)
