# unit tests of whom to believe: src/dmarc/authres.c, src/dmarc/trust*.c
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_authres tests/unit/test_trust
TESTS += tests/unit/test_authres tests/unit/test_trust
endif
tests_unit_test_authres_SOURCES = tests/unit/test_authres.c tests/unit/cases.h
tests_unit_test_authres_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_authres_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_trust_SOURCES = tests/unit/test_trust.c tests/unit/cases.h
tests_unit_test_trust_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_trust_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)

# a database of each older schema is brought up to date
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_upgrade
TESTS += tests/unit/test_upgrade
endif
tests_unit_test_upgrade_SOURCES = tests/unit/test_upgrade.c tests/unit/seed.c tests/unit/seed.h tests/unit/cases.h
tests_unit_test_upgrade_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_upgrade_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
