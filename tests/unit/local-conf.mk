# unit tests of src/conf and of what the commands share
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_conf tests/unit/test_cli
TESTS += tests/unit/test_conf tests/unit/test_cli
endif
tests_unit_test_conf_SOURCES = tests/unit/test_conf.c
tests_unit_test_conf_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_conf_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_cli_SOURCES = tests/unit/test_cli.c
tests_unit_test_cli_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_cli_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)

# the program from outside, and all that is no C
TESTS += tests/unit/test_commands.sh tests/unit/test_texts.sh
EXTRA_DIST += tests/demo.sh tests/unit/test_commands.sh tests/unit/test_texts.sh
EXTRA_DIST += src/README.md
