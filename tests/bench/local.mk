# tests/bench: the floor programs and `make bench`. They are built by `make
# check` as well, so that they do not fall behind.
check_PROGRAMS += tests/bench/floor_import tests/bench/floor_fetch tests/bench/measure
tests_bench_floor_import_SOURCES = tests/bench/floor_import.c
tests_bench_floor_import_LDADD = $(XML_LIBS) $(SQLITE_LIBS) $(ARCHIVE_LIBS) $(ZLIB_LIBS)
tests_bench_floor_fetch_SOURCES = tests/bench/floor_fetch.c
tests_bench_floor_fetch_LDADD = $(ETPAN_LIBS)
tests_bench_measure_SOURCES = tests/bench/measure.c
tests_bench_measure_LDADD =

check_PROGRAMS += tests/bench/floor_export
tests_bench_floor_export_SOURCES = tests/bench/floor_export.c
tests_bench_floor_export_LDADD = $(SQLITE_LIBS)

EXTRA_DIST += tests/bench/run.sh tests/bench/http_bench.mjs tests/bench/compare_manifest.mjs tests/e2e/dovecot.sh

bench: dmarcd$(EXEEXT) tests/gen/dmarcd-gen$(EXEEXT) tests/bench/floor_import$(EXEEXT) \
    tests/bench/floor_fetch$(EXEEXT) tests/bench/floor_export$(EXEEXT) tests/bench/measure$(EXEEXT) tests/bench/places_bench$(EXEEXT)
	$(SHELL) $(top_srcdir)/tests/bench/run.sh $(BENCH)

.PHONY: bench
