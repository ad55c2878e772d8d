# who sends: the catalogue, identity, classes, and the pass in the store
if HAVE_CMOCKA
SENDERS_TESTS = tests/unit/test_enrich tests/unit/test_senders tests/unit/test_requests
check_PROGRAMS += $(SENDERS_TESTS)
TESTS += $(SENDERS_TESTS)
endif
tests_unit_test_enrich_SOURCES = tests/unit/test_enrich.c tests/unit/cases.h
tests_unit_test_enrich_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_enrich_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_senders_SOURCES = tests/unit/test_senders.c tests/unit/cases.h
tests_unit_test_senders_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_senders_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_requests_SOURCES = tests/unit/test_requests.c
tests_unit_test_requests_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_requests_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)

# Classes against the truth of generated months; prints the confusion matrix.
check_PROGRAMS += tests/unit/truth
tests_unit_truth_SOURCES = tests/unit/truth.c
tests_unit_truth_LDADD = $(DMARCD_LIBS)
TESTS += tests/unit/test_truth.sh
EXTRA_DIST += tests/unit/test_truth.sh

# what people do about what needs them
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_todo
TESTS += tests/unit/test_todo
endif
tests_unit_test_todo_SOURCES = tests/unit/test_todo.c tests/unit/cases.h tests/unit/seed.c tests/unit/seed.h
tests_unit_test_todo_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_todo_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_todo_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
