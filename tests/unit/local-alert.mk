# alerts: each rule on a story made for it, silence on a healthy domain, what is remembered
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_alert
TESTS += tests/unit/test_alert
endif
tests_unit_test_alert_SOURCES = tests/unit/test_alert.c tests/unit/cases.h
tests_unit_test_alert_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_alert_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
