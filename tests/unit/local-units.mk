# unit tests of the reading rooms: base, decode, report, dmarc, the writing
# side of the store, ingest
UNITS_TESTS = tests/unit/test_base tests/unit/test_dmarc
if HAVE_CMOCKA
check_PROGRAMS += $(UNITS_TESTS)
TESTS += $(UNITS_TESTS)
endif
tests_unit_test_base_SOURCES = tests/unit/test_base.c tests/unit/cases.h
tests_unit_test_base_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_base_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_dmarc_SOURCES = tests/unit/test_dmarc.c tests/unit/cases.h
tests_unit_test_dmarc_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_dmarc_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
