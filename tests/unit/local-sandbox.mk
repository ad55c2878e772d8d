# what each process may not do, tried from inside
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_sandbox
TESTS += tests/unit/test_sandbox
endif
tests_unit_test_sandbox_SOURCES = tests/unit/test_sandbox.c tests/unit/cases.h
tests_unit_test_sandbox_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_sandbox_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
