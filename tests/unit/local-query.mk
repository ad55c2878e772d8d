# unit tests of the reading side of src/store and of src/answer
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_query
TESTS += tests/unit/test_query
endif
TESTS += tests/unit/test_listing.sh
EXTRA_DIST += tests/unit/test_listing.sh
tests_unit_test_query_SOURCES = tests/unit/test_query.c tests/unit/seed.c tests/unit/seed.h tests/unit/places_made.h $(PACK_SOURCES)
tests_unit_test_query_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_query_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_query_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
# a look at speed, by hand: tests/bench/query_bench [RECORDS]
check_PROGRAMS += tests/bench/query_bench
tests_bench_query_bench_SOURCES = tests/bench/query_bench.c tests/unit/seed.c tests/unit/seed.h
tests_bench_query_bench_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_bench_query_bench_LDADD = $(DMARCD_LIBS)
