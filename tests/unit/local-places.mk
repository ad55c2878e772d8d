# where addresses are: our files, MaxMind's, and the data that was built
if HAVE_CMOCKA
PLACES_TESTS = tests/unit/test_places
check_PROGRAMS += $(PLACES_TESTS)
TESTS += $(PLACES_TESTS)
endif
tests_unit_test_places_SOURCES = tests/unit/test_places.c tests/unit/mmdb_write.c tests/unit/mmdb_write.h $(PACK_SOURCES)
tests_unit_test_places_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) -I$(top_srcdir)/tests/unit
tests_unit_test_places_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_places_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
TESTS += tests/unit/test_geo.sh
EXTRA_DIST += data/places.txt tests/unit/test_geo.sh

# A file of places, any bytes; seeds are made by the test of what writes them.
check_PROGRAMS += tests/fuzz/fuzz_places
tests_fuzz_fuzz_places_SOURCES = tests/fuzz/fuzz_places.c
tests_fuzz_fuzz_places_LDADD = $(DMARCD_LIBS)
if FUZZING
tests_fuzz_fuzz_places_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_places_SOURCES += tests/fuzz/replay.c
TESTS += tests/fuzz/fuzz_places
endif
EXTRA_DIST += tests/fuzz/fuzz_places.in

# What a look-up costs; make bench runs it with the files that were built.
check_PROGRAMS += tests/bench/places_bench
tests_bench_places_bench_SOURCES = tests/bench/places_bench.c
tests_bench_places_bench_LDADD = $(DMARCD_LIBS)
