# unit tests of what another program wrote down: its layouts, and in the store beside originals
if HAVE_CMOCKA
COPY_TESTS = tests/unit/test_copy
check_PROGRAMS += $(COPY_TESTS)
TESTS += $(COPY_TESTS)
endif
tests_unit_test_copy_SOURCES = tests/unit/test_copy.c tests/unit/cases.h tests/unit/copy_read.c tests/unit/copy_read.h \
	tests/unit/recorder.c tests/unit/recorder.h tests/unit/tls_recorder.c tests/unit/tls_recorder.h
tests_unit_test_copy_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_copy_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
