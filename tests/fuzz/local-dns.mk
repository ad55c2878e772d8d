# Names out of records, and look-ups with any answers; as the others.
check_PROGRAMS += tests/fuzz/fuzz_dns
tests_fuzz_fuzz_dns_SOURCES = tests/fuzz/fuzz_dns.c
tests_fuzz_fuzz_dns_LDADD = $(DMARCD_LIBS)
if FUZZING
tests_fuzz_fuzz_dns_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_dns_SOURCES += tests/fuzz/replay.c
TESTS += tests/fuzz/fuzz_dns
endif
EXTRA_DIST += tests/fuzz/fuzz_dns.in
# TXT records: SPF, DMARC, keys
check_PROGRAMS += tests/fuzz/fuzz_txt
tests_fuzz_fuzz_txt_SOURCES = tests/fuzz/fuzz_txt.c
tests_fuzz_fuzz_txt_LDADD = $(DMARCD_LIBS)
if FUZZING
tests_fuzz_fuzz_txt_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_txt_SOURCES += tests/fuzz/replay.c
TESTS += tests/fuzz/fuzz_txt
endif
EXTRA_DIST += tests/fuzz/fuzz_txt.in tests/fuzz/fuzz_txt.dict
