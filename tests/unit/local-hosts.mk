# host names: their rules, and the store
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_lookup tests/unit/test_hosts
TESTS += tests/unit/test_lookup tests/unit/test_hosts
endif
tests_unit_test_lookup_SOURCES = tests/unit/test_lookup.c
tests_unit_test_lookup_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_lookup_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_hosts_SOURCES = tests/unit/test_hosts.c tests/unit/fresh.h
tests_unit_test_hosts_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_hosts_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
