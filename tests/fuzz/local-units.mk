# fuzz targets of the reading rooms; without --enable-fuzzing they replay their
# seeds in make check. `make fuzz SECONDS=60` runs each for that long.
FUZZ_READING = tests/fuzz/fuzz_aggregate tests/fuzz/fuzz_container tests/fuzz/fuzz_message tests/fuzz/fuzz_reader \
	tests/fuzz/fuzz_wire tests/fuzz/fuzz_authres tests/fuzz/fuzz_trust tests/fuzz/fuzz_tlsrpt \
	tests/fuzz/fuzz_bounce tests/fuzz/fuzz_copy
check_PROGRAMS += $(FUZZ_READING)
tests_fuzz_fuzz_aggregate_SOURCES = tests/fuzz/fuzz_aggregate.c tests/unit/recorder.c tests/unit/recorder.h
tests_fuzz_fuzz_container_SOURCES = tests/fuzz/fuzz_container.c
tests_fuzz_fuzz_message_SOURCES = tests/fuzz/fuzz_message.c
tests_fuzz_fuzz_reader_SOURCES = tests/fuzz/fuzz_reader.c tests/unit/recorder.c tests/unit/recorder.h \
	tests/unit/tls_recorder.c tests/unit/tls_recorder.h
tests_fuzz_fuzz_wire_SOURCES = tests/fuzz/fuzz_wire.c
tests_fuzz_fuzz_authres_SOURCES = tests/fuzz/fuzz_authres.c
tests_fuzz_fuzz_trust_SOURCES = tests/fuzz/fuzz_trust.c
tests_fuzz_fuzz_bounce_SOURCES = tests/fuzz/fuzz_bounce.c
tests_fuzz_fuzz_bounce_LDADD = $(DMARCD_LIBS)
tests_fuzz_fuzz_tlsrpt_SOURCES = tests/fuzz/fuzz_tlsrpt.c tests/unit/tls_recorder.c tests/unit/tls_recorder.h
tests_fuzz_fuzz_tlsrpt_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_fuzz_fuzz_tlsrpt_LDADD = $(DMARCD_LIBS)
tests_fuzz_fuzz_aggregate_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_fuzz_fuzz_reader_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_fuzz_fuzz_aggregate_LDADD = $(DMARCD_LIBS)
tests_fuzz_fuzz_container_LDADD = $(DMARCD_LIBS)
tests_fuzz_fuzz_message_LDADD = $(DMARCD_LIBS)
tests_fuzz_fuzz_reader_LDADD = $(DMARCD_LIBS)
tests_fuzz_fuzz_wire_LDADD = $(DMARCD_LIBS)
tests_fuzz_fuzz_authres_LDADD = $(DMARCD_LIBS)
tests_fuzz_fuzz_trust_LDADD = $(DMARCD_LIBS)
tests_fuzz_fuzz_copy_SOURCES = tests/fuzz/fuzz_copy.c tests/unit/copy_read.c tests/unit/copy_read.h tests/unit/recorder.c \
	tests/unit/recorder.h tests/unit/tls_recorder.c tests/unit/tls_recorder.h
tests_fuzz_fuzz_copy_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_fuzz_fuzz_copy_LDADD = $(DMARCD_LIBS)
if FUZZING
tests_fuzz_fuzz_copy_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_aggregate_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_container_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_message_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_reader_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_wire_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_authres_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_trust_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_bounce_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_tlsrpt_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_copy_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_aggregate_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_container_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_message_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_reader_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_wire_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_authres_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_trust_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_bounce_SOURCES += tests/fuzz/replay.c
tests_fuzz_fuzz_tlsrpt_SOURCES += tests/fuzz/replay.c
TESTS += $(FUZZ_READING)
endif
EXTRA_DIST += \
	tests/fuzz/fuzz_aggregate.in tests/fuzz/fuzz_aggregate.dict \
	tests/fuzz/fuzz_authres.in tests/fuzz/fuzz_authres.dict \
	tests/fuzz/fuzz_trust.in tests/fuzz/fuzz_trust.dict \
	tests/fuzz/fuzz_bounce.in tests/fuzz/fuzz_bounce.dict \
	tests/fuzz/fuzz_container.in \
	tests/fuzz/fuzz_copy.in tests/fuzz/fuzz_copy.dict \
	tests/fuzz/fuzz_message.in tests/fuzz/fuzz_message.dict \
	tests/fuzz/fuzz_reader.in \
	tests/fuzz/fuzz_tlsrpt.in tests/fuzz/fuzz_tlsrpt.dict \
	tests/fuzz/fuzz_wire.in
