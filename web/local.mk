# web: the web app, built by npm into web/dist, then embedded into the library.
# With WEB_NPM the work is done in web/work of the build directory, on a copy of
# the sources: the source tree may be read-only, and a developer's own
# node_modules stays as it is. A release archive brings web/dist along, and then
# nothing is built. Without either, web/plain is embedded.

# EXTRA_DIST names directories whole; these are the files that the bundle depends on.
WEB_INPUT = web/package.json web/package-lock.json web/.npmrc web/tsconfig.json web/build.mjs web/texts.mjs web/world.mjs
EXTRA_DIST += $(WEB_INPUT) web/README.md web/lint.mjs web/test.mjs web/.gitignore \
	web/src web/mock web/e2e web/test web/plain

noinst_PROGRAMS += web/embed
web_embed_SOURCES = web/embed.c
web_embed_LDADD =

nodist_libdmarcd_a_SOURCES += src/http/assets_data.c
libdmarcd_a_SOURCES += src/http/assets.h
CLEANFILES += src/http/assets_data.c

if WEB_NPM
WEB_DIST = web/dist
WEB_STAMP = web/work.stamp

# npm ci once for each state of the lock file. esbuild's program comes in a
# package of its own, so no install script has to run; tools that only tests
# need are left out.
web/modules.stamp: web/package.json web/package-lock.json web/.npmrc
	$(AM_V_GEN)$(MKDIR_P) web/work && rm -rf web/work/node_modules && \
	for f in package.json package-lock.json .npmrc; do \
		rm -f web/work/$$f && cp $(srcdir)/web/$$f web/work/$$f || exit 1; \
	done && \
	(cd web/work && $(NPM) ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1 || \
	    { cat npm.log; echo "npm could not fetch the web app's packages; './configure --without-web' builds without them"; exit 1; }) && \
	touch $@

# The list of sources is looked at each time, but changes only when they do.
web/sources.list: web-look
	@$(MKDIR_P) web && (cd $(srcdir) && find web/src src/explain/en.txt -type f -exec cksum {} + | LC_ALL=C sort -k 3) >$@.new && \
	if cmp -s $@.new $@; then rm -f $@.new; else mv -f $@.new $@; fi
web-look:

web/work.stamp: web/modules.stamp web/sources.list web/build.mjs web/texts.mjs web/world.mjs web/tsconfig.json
	$(AM_V_GEN)rm -rf web/work/src web/dist.new && cp -R $(srcdir)/web/src web/work/src && chmod -R u+w web/work/src && \
	rm -f web/work/build.mjs web/work/texts.mjs web/work/world.mjs web/work/tsconfig.json && \
	cp $(srcdir)/web/build.mjs $(srcdir)/web/texts.mjs $(srcdir)/web/world.mjs $(srcdir)/web/tsconfig.json web/work/ && \
	new=`pwd`/web/dist.new && texts=`cd $(srcdir)/src/explain && pwd` && \
	(cd web/work && $(NODE) build.mjs --out="$$new" --texts="$$texts" >build.log || { cat build.log; exit 1; }) && \
	rm -rf web/dist && mv web/dist.new web/dist && touch $@

CLEANFILES += web/work.stamp web/sources.list web/modules.stamp
web-clean:
	rm -rf web/work web/dist.new web/dist
else
web-clean:
if WEB
WEB_DIST = $(srcdir)/web/dist
WEB_STAMP = $(srcdir)/web/dist/index.html
else
WEB_DIST = $(srcdir)/web/plain
WEB_STAMP = $(srcdir)/web/plain/index.html
endif
endif

src/http/assets_data.c: web/embed$(EXEEXT) $(WEB_STAMP)
	$(AM_V_GEN)$(MKDIR_P) src/http && ./web/embed$(EXEEXT) $(WEB_DIST) $@

# The bundle travels with the archive, so that it builds without npm.
dist-hook: web-dist-hook
web-dist-hook: $(WEB_STAMP)
if WEB
	rm -rf $(distdir)/web/dist && cp -R $(WEB_DIST) $(distdir)/web/dist && chmod -R u+w $(distdir)/web/dist
else
	@echo "make dist: the archive must bring the web app along; configure with npm" >&2; exit 1
endif
.PHONY: web-dist-hook web-look
