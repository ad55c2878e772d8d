# tests/gen: the test-data generator
check_PROGRAMS += tests/gen/dmarcd-gen
tests_gen_dmarcd_gen_SOURCES = \
	tests/gen/dmarcd-gen.c tests/gen/gen.h tests/gen/util.c \
	tests/gen/reporters.c tests/gen/record.c tests/gen/render.c \
	tests/gen/mail.c tests/gen/failure.c tests/gen/output.c tests/gen/manifest.c \
	tests/gen/demo.c tests/gen/tls.c tests/gen/bulk.c tests/gen/months.c
tests_gen_dmarcd_gen_LDADD = $(ZLIB_LIBS)
TESTS += tests/gen/test_gen.sh
EXTRA_DIST += tests/gen/test_gen.sh tests/gen/README.md tests/gen/demo
