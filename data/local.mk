# data: where addresses are. npm brings open data (data/README.md), pack makes
# the two files of it that dmarcd maps. Nothing of the data is in the sources:
# without npm, or when it cannot fetch, dmarcd is built without and says so. A
# release archive brings both files along.
EXTRA_DIST += data/README.md data/package.json data/package-lock.json data/.npmrc data/.gitignore \
	data/country.note data/network.note

PACK_SOURCES = data/pack_write.c data/pack.h
noinst_PROGRAMS += data/pack
data_pack_SOURCES = data/pack.c $(PACK_SOURCES) \
	src/base/buf.c src/base/err.c src/base/escape.c src/base/io.c src/base/str.c src/base/when.c src/enrich/ranges.c
data_pack_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
data_pack_LDADD =

PLACES = data/country.dat data/network.dat

if GEO_NPM
PLACES_DIR = data
PLACES_STAMP = data/places.stamp
all-local: $(PLACES_STAMP)

# What cannot be fetched is no error, and is tried again with the next make.
data/modules.stamp: data/package.json data/package-lock.json data/.npmrc
	$(AM_V_GEN)$(MKDIR_P) data/work && rm -rf data/work/node_modules && \
	for f in package.json package-lock.json .npmrc; do \
		rm -f data/work/$$f && cp $(srcdir)/data/$$f data/work/$$f || exit 1; \
	done && \
	if (cd data/work && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-retry-mintimeout=2000 >npm.log 2>&1); then touch $@; \
	else echo "npm could not fetch the data of countries and networks (data/work/npm.log): building without"; fi

PLACES_FROM = data/work/node_modules/@ip-location-db
data/places.stamp: data/modules.stamp data/pack$(EXEEXT) data/country.note data/network.note
	$(AM_V_GEN)test -f data/modules.stamp || exit 0; \
	day() { sed -n 's/.*"version": *"[0-9]*\.[0-9]*\.\([0-9]\{8\}\).*/\1/p' $(PLACES_FROM)/$$1/package.json; }; \
	./data/pack$(EXEEXT) country data/country.dat `day asn-country` $(srcdir)/data/country.note \
	    $(PLACES_FROM)/asn-country/asn-country-ipv4.csv $(PLACES_FROM)/asn-country/asn-country-ipv6.csv && \
	./data/pack$(EXEEXT) network data/network.dat `day asn` $(srcdir)/data/network.note \
	    $(PLACES_FROM)/asn/asn-ipv4.csv $(PLACES_FROM)/asn/asn-ipv6.csv && touch $@

CLEANFILES += data/modules.stamp data/places.stamp $(PLACES)
data-clean:
	rm -rf data/work
else
if GEO_DIST
PLACES_DIR = $(srcdir)/data
else
PLACES_DIR = data/none
endif
PLACES_STAMP =
data-clean:
endif

install-data-local: $(PLACES_STAMP)
	@for f in country.dat network.dat; do \
		if test -f $(PLACES_DIR)/$$f; then \
			$(MKDIR_P) "$(DESTDIR)$(pkgdatadir)" && $(INSTALL_DATA) $(PLACES_DIR)/$$f "$(DESTDIR)$(pkgdatadir)/$$f" || exit 1; \
		else echo "there is no $$f: dmarcd will not tell where addresses are"; fi; \
	done
uninstall-local:
	rm -f "$(DESTDIR)$(pkgdatadir)/country.dat" "$(DESTDIR)$(pkgdatadir)/network.dat"
	-test ! -d "$(DESTDIR)$(pkgdatadir)" || rmdir "$(DESTDIR)$(pkgdatadir)" 2>/dev/null || :

dist-hook: data-dist-hook
data-dist-hook: $(PLACES_STAMP)
	@for f in country.dat network.dat; do \
		if test -f $(PLACES_DIR)/$$f; then \
			rm -f $(distdir)/data/$$f && cp $(PLACES_DIR)/$$f $(distdir)/data/$$f && chmod u+w $(distdir)/data/$$f || exit 1; \
		else echo "make dist: the archive must bring data/$$f along; configure with npm, and let it fetch" >&2; exit 1; fi; \
	done
.PHONY: data-clean data-dist-hook
