# unit tests of TLS reports: reading them, in mails, the wire, the store, what they mean
if HAVE_CMOCKA
TLS_TESTS = tests/unit/test_tlsrpt
check_PROGRAMS += $(TLS_TESTS)
TESTS += $(TLS_TESTS)
endif
tests_unit_test_tlsrpt_SOURCES = tests/unit/test_tlsrpt.c tests/unit/cases.h tests/unit/tls_recorder.c tests/unit/tls_recorder.h
tests_unit_test_tlsrpt_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_tlsrpt_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
