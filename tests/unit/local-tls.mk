# unit tests of TLS reports: reading them, in mails, the wire, the store, what they mean
if HAVE_CMOCKA
TLS_TESTS = tests/unit/test_tlsrpt tests/unit/test_tls_mail tests/unit/test_tls_wire tests/unit/test_tls_store tests/unit/test_tls_ready
check_PROGRAMS += $(TLS_TESTS)
TESTS += $(TLS_TESTS)
endif
tests_unit_test_tlsrpt_SOURCES = tests/unit/test_tlsrpt.c tests/unit/cases.h tests/unit/tls_recorder.c tests/unit/tls_recorder.h
tests_unit_test_tlsrpt_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_tlsrpt_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_tls_mail_SOURCES = tests/unit/test_tls_mail.c tests/unit/cases.h tests/unit/tls_recorder.c tests/unit/tls_recorder.h \
	tests/unit/pack.c tests/unit/pack.h
tests_unit_test_tls_mail_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_tls_mail_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_tls_wire_SOURCES = tests/unit/test_tls_wire.c tests/unit/cases.h
tests_unit_test_tls_wire_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_tls_wire_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_tls_store_SOURCES = tests/unit/test_tls_store.c tests/unit/cases.h
tests_unit_test_tls_store_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_tls_store_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_tls_ready_SOURCES = tests/unit/test_tls_ready.c tests/unit/cases.h
tests_unit_test_tls_ready_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_tls_ready_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
