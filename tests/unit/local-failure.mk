# unit tests of failure reports: src/report/failure.c and what follows from it
if HAVE_CMOCKA
FAILURE_TESTS = tests/unit/test_failure
check_PROGRAMS += $(FAILURE_TESTS)
TESTS += $(FAILURE_TESTS)
endif
TESTS += tests/unit/test_failures.sh
EXTRA_DIST += tests/unit/test_failures.sh
tests_unit_test_failure_SOURCES = tests/unit/test_failure.c tests/unit/cases.h tests/unit/recorder.c tests/unit/recorder.h
tests_unit_test_failure_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_failure_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
