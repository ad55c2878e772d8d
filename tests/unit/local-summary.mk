# summaries: sentences, times, what was sent, messages, settings
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_summary
TESTS += tests/unit/test_summary
endif
tests_unit_test_summary_SOURCES = tests/unit/test_summary.c
tests_unit_test_summary_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_summary_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
