# the supervisor with real roles
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_supervisor
TESTS += tests/unit/test_supervisor
endif
tests_unit_test_supervisor_SOURCES = tests/unit/test_supervisor.c tests/unit/cases.h
tests_unit_test_supervisor_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_supervisor_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_supervisor_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=reader_run,--wrap=sandbox_enter
