# what the DNS says of our own domains
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_records
TESTS += tests/unit/test_records
endif
tests_unit_test_records_SOURCES = tests/unit/test_records.c tests/unit/fresh.h
tests_unit_test_records_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_records_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
# what domains say of themselves
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_said
TESTS += tests/unit/test_said
endif
tests_unit_test_said_SOURCES = tests/unit/test_said.c
tests_unit_test_said_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_said_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
# alerts about them
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_alert_dns
TESTS += tests/unit/test_alert_dns
endif
tests_unit_test_alert_dns_SOURCES = tests/unit/test_alert_dns.c tests/unit/fresh.h tests/unit/cases.h
tests_unit_test_alert_dns_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_alert_dns_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
# MTA-STS policies
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_policy
TESTS += tests/unit/test_policy
endif
tests_unit_test_policy_SOURCES = tests/unit/test_policy.c tests/unit/fresh.h tests/unit/cases.h
tests_unit_test_policy_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_policy_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
