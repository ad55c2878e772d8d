# The configuration's fuzz target: libFuzzer's main with --enable-fuzzing, else
# a plain main that replays the seeds in make check.
check_PROGRAMS += tests/fuzz/fuzz_conf
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c
tests_fuzz_fuzz_conf_LDADD = $(DMARCD_LIBS)
if FUZZING
tests_fuzz_fuzz_conf_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_conf_SOURCES += tests/fuzz/replay.c
TESTS += tests/fuzz/fuzz_conf
endif
EXTRA_DIST += tests/fuzz/fuzz_conf.in tests/fuzz/fuzz_conf.dict
