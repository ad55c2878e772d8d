# the fuzz target of failure reports
check_PROGRAMS += tests/fuzz/fuzz_failure
tests_fuzz_fuzz_failure_SOURCES = tests/fuzz/fuzz_failure.c
tests_fuzz_fuzz_failure_LDADD = $(DMARCD_LIBS)
if FUZZING
tests_fuzz_fuzz_failure_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_failure_SOURCES += tests/fuzz/replay.c
TESTS += tests/fuzz/fuzz_failure
endif
EXTRA_DIST += tests/fuzz/fuzz_failure.in tests/fuzz/fuzz_failure.dict
