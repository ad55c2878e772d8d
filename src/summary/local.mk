# src/summary: what a day, a week or a month means, and how it reads; the
# sentences are in XX.txt and become one C file, as those of src/explain do.
summary_texts = src/summary/en.txt src/summary/ru.txt src/summary/pt.txt src/summary/cs.txt src/summary/de.txt
libdmarcd_a_SOURCES += \
	src/summary/summary.h src/summary/model.c \
	src/summary/say.c src/summary/say.h src/summary/words.c src/summary/words.h \
	src/summary/text.c src/summary/html.c src/summary/json.c src/summary/values.c src/summary/values.h
# the list to work off
libdmarcd_a_SOURCES += src/summary/tasks.h src/summary/tasks.c src/summary/tasks_json.c
# what became of reported fixes
libdmarcd_a_SOURCES += src/summary/fixes.c src/summary/fixes.h
# what became another one
libdmarcd_a_SOURCES += src/summary/changed.c src/summary/changed.h
nodist_libdmarcd_a_SOURCES += src/summary/words_data.c
BUILT_SOURCES += src/summary/words_data.c
CLEANFILES += src/summary/words_data.c
EXTRA_DIST += $(summary_texts)

src/summary/words_data.c: $(summary_texts) src/explain/embed-texts.sh
	$(AM_V_GEN)$(MKDIR_P) src/summary && \
	$(SHELL) $(srcdir)/src/explain/embed-texts.sh $(addprefix $(srcdir)/,$(summary_texts)) > $@.raw && \
	sed -e 's|explain/texts\.h|summary/words.h|' -e 's/explain_\(keys\|nkeys\|language\|languages\|nlanguages\)\>/words_\1/g' \
	    $@.raw > $@.tmp && rm -f $@.raw && mv $@.tmp $@
