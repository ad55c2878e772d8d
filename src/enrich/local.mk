# src/enrich: who sends. senders.txt is the catalogue, catalogue.c reads it;
# identity.c names a source by its evidence; class.c says what that means.
libdmarcd_a_SOURCES += \
	src/enrich/thresholds.h \
	src/enrich/catalogue.c src/enrich/catalogue.h \
	src/enrich/identity.c src/enrich/identity.h \
	src/enrich/class.c src/enrich/class.h \
	src/enrich/places.c src/enrich/places.h \
	src/enrich/ranges.c src/enrich/ranges.h \
	src/enrich/mmdb.c src/enrich/mmdb.h \
	src/enrich/host.c src/enrich/host.h
nodist_libdmarcd_a_SOURCES += src/enrich/senders.c
BUILT_SOURCES += src/enrich/senders.c
CLEANFILES += src/enrich/senders.c
EXTRA_DIST += src/enrich/senders.txt src/enrich/embed-text.sh

# The catalogue becomes one C string; comments are left out.
src/enrich/senders.c: src/enrich/senders.txt src/enrich/embed-text.sh
	$(AM_V_GEN)$(MKDIR_P) src/enrich && \
	$(SHELL) $(srcdir)/src/enrich/embed-text.sh $(srcdir)/src/enrich/senders.txt > $@.tmp && mv $@.tmp $@
