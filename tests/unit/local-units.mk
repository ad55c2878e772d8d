# unit tests of the reading rooms: base, decode, report, dmarc, the writing
# side of the store, ingest
if HAVE_CMOCKA
UNITS_TESTS = \
	tests/unit/test_base \
	tests/unit/test_dmarc \
	tests/unit/test_value \
	tests/unit/test_hints \
	tests/unit/test_aggregate \
	tests/unit/test_message \
	tests/unit/test_container \
	tests/unit/test_reader \
	tests/unit/test_wire \
	tests/unit/test_store \
	tests/unit/test_ingest
check_PROGRAMS += $(UNITS_TESTS)
TESTS += $(UNITS_TESTS)
endif
tests_unit_test_base_SOURCES = tests/unit/test_base.c tests/unit/cases.h
tests_unit_test_base_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_base_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_dmarc_SOURCES = tests/unit/test_dmarc.c tests/unit/cases.h
tests_unit_test_dmarc_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_dmarc_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_value_SOURCES = tests/unit/test_value.c tests/unit/cases.h
tests_unit_test_value_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_value_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_hints_SOURCES = tests/unit/test_hints.c tests/unit/cases.h
tests_unit_test_hints_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_hints_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_aggregate_SOURCES = tests/unit/test_aggregate.c tests/unit/cases.h tests/unit/recorder.c tests/unit/recorder.h
tests_unit_test_aggregate_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_aggregate_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_message_SOURCES = tests/unit/test_message.c tests/unit/cases.h
tests_unit_test_message_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_message_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_container_SOURCES = tests/unit/test_container.c tests/unit/cases.h tests/unit/pack.c tests/unit/pack.h
tests_unit_test_container_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_container_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_reader_SOURCES = tests/unit/test_reader.c tests/unit/cases.h tests/unit/recorder.c tests/unit/recorder.h tests/unit/pack.c tests/unit/pack.h
tests_unit_test_reader_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_reader_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_wire_SOURCES = tests/unit/test_wire.c tests/unit/cases.h
tests_unit_test_wire_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_wire_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_store_SOURCES = tests/unit/test_store.c tests/unit/cases.h
tests_unit_test_store_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_store_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_ingest_SOURCES = tests/unit/test_ingest.c tests/unit/cases.h
tests_unit_test_ingest_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ingest_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_ingest_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=reader_run,--wrap=sandbox_enter,--wrap=execv
