# unit tests of src/mailbox and src/spool
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_mailbox tests/unit/test_spool
TESTS += tests/unit/test_mailbox tests/unit/test_spool
endif
tests_unit_test_mailbox_SOURCES = tests/unit/test_mailbox.c
tests_unit_test_mailbox_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_mailbox_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_spool_SOURCES = tests/unit/test_spool.c
tests_unit_test_spool_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_spool_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
