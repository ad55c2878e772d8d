# src/explain: a row in words. The sentences are in XX.txt, one file for each
# language; they become one C file here, and the web app's texts in web/.
explain_texts = src/explain/en.txt src/explain/ru.txt src/explain/pt.txt src/explain/cs.txt src/explain/de.txt
libdmarcd_a_SOURCES += \
	src/explain/explain.h src/explain/texts.h src/explain/bounce.h src/explain/bounce.c \
	src/explain/explain.c src/explain/texts.c
nodist_libdmarcd_a_SOURCES += src/explain/texts_data.c
BUILT_SOURCES += src/explain/texts_data.c
CLEANFILES += src/explain/texts_data.c
EXTRA_DIST += $(explain_texts) src/explain/embed-texts.sh

src/explain/texts_data.c: $(explain_texts) src/explain/embed-texts.sh
	$(AM_V_GEN)$(MKDIR_P) src/explain && \
	$(SHELL) $(srcdir)/src/explain/embed-texts.sh $(addprefix $(srcdir)/,$(explain_texts)) > $@.tmp && mv $@.tmp $@

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_explain tests/unit/test_bounce
TESTS += tests/unit/test_explain tests/unit/test_bounce
endif
tests_unit_test_explain_SOURCES = tests/unit/test_explain.c tests/unit/cases.h
tests_unit_test_explain_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_explain_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_bounce_SOURCES = tests/unit/test_bounce.c tests/unit/cases.h
tests_unit_test_bounce_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_bounce_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
