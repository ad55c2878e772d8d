# tests/e2e: the parts of the house against real and misbehaving servers
check_PROGRAMS += tests/e2e/fetch_driver
tests_e2e_fetch_driver_SOURCES = tests/e2e/fetch_driver.c
tests_e2e_fetch_driver_LDADD = $(DMARCD_LIBS)
# the http role alone, for api.test.ts
check_PROGRAMS += tests/e2e/http_driver
tests_e2e_http_driver_SOURCES = tests/e2e/http_driver.c tests/unit/seed.c tests/unit/seed.h
tests_e2e_http_driver_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_e2e_http_driver_LDADD = $(DMARCD_LIBS)
TESTS += tests/e2e/fetch.sh tests/e2e/hostile.sh tests/e2e/api.sh tests/e2e/daemon.sh
EXTRA_DIST += tests/e2e/fetch.sh tests/e2e/hostile.sh tests/e2e/api.sh tests/e2e/api.test.ts \
	tests/e2e/lib/http.ts tests/e2e/lib/openapi.ts tests/bench/http_load.mjs tests/e2e/dovecot.sh tests/e2e/e2e.sh tests/e2e/run.mjs \
	tests/e2e/package.json tests/e2e/package-lock.json tests/e2e/.npmrc tests/e2e/tsconfig.json \
	tests/e2e/fetch.test.ts tests/e2e/hostile.test.ts tests/e2e/lib/certs.ts tests/e2e/lib/dovecot.ts \
	tests/e2e/lib/fetcher.ts tests/e2e/lib/ports.ts tests/e2e/lib/servers.ts \
	tests/e2e/daemon.sh tests/e2e/daemon.test.ts tests/e2e/soak.ts tests/e2e/lib/daemon.ts

# quarantine, reprocess, verify, backup; dbsql does the damage
check_PROGRAMS += tests/unit/dbsql
tests_unit_dbsql_SOURCES = tests/unit/dbsql.c
tests_unit_dbsql_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_dbsql_LDADD = $(SQLITE_LIBS)
TESTS += tests/e2e/care.sh tests/e2e/trust.sh tests/e2e/trust_kinds.sh
EXTRA_DIST += tests/e2e/care.sh tests/e2e/trust.sh tests/e2e/trust_kinds.sh

# summaries: figures, mail by a real server, once each
TESTS += tests/e2e/summary.sh
EXTRA_DIST += tests/e2e/summary.sh tests/e2e/summary.test.ts tests/e2e/lib/smtp.ts

# any process killed at any time: the short form
TESTS += tests/e2e/kills.sh
EXTRA_DIST += tests/e2e/kills.sh tests/e2e/kills.test.ts tests/e2e/lib/story.ts

# Hostile content; `make hostile` does it with all that is large, which takes some minutes and gigabytes.
TESTS += tests/e2e/content.sh
EXTRA_DIST += tests/e2e/content.sh tests/e2e/content.test.ts tests/e2e/lib/content/bytes.ts tests/e2e/lib/content/containers.ts \
	tests/e2e/lib/content/documents.ts tests/e2e/lib/content/kind.ts tests/e2e/lib/content/mails.ts \
	tests/e2e/lib/content/report.ts tests/e2e/lib/content/set.ts tests/e2e/lib/content/texts.ts
hostile: dmarcd$(EXEEXT) tests/bench/measure$(EXEEXT)
	CONTENT_FULL=1 $(SHELL) $(top_srcdir)/tests/e2e/e2e.sh content

.PHONY: hostile

# The long form, some minutes: tests/e2e/soak.ts says what it does. SOAK names parts of it.
soak: dmarcd$(EXEEXT) tests/gen/dmarcd-gen$(EXEEXT) tests/bench/measure$(EXEEXT) tests/unit/dbsql$(EXEEXT)
	SOAK="$(SOAK)" $(SHELL) $(top_srcdir)/tests/e2e/e2e.sh soak

.PHONY: soak

# host names, from a name server of our own on loopback
TESTS += tests/e2e/resolver.sh tests/e2e/records.sh
EXTRA_DIST += tests/e2e/records.sh tests/e2e/records.test.ts tests/e2e/resolver.sh tests/e2e/resolver.test.ts tests/e2e/lib/dns.ts tests/e2e/lib/place.ts

# what another program wrote down
TESTS += tests/e2e/copies.sh
EXTRA_DIST += tests/e2e/copies.sh

# what is old
TESTS += tests/e2e/purge.sh
EXTRA_DIST += tests/e2e/purge.sh

# exports
TESTS += tests/e2e/export.sh
EXTRA_DIST += tests/e2e/export.sh tests/e2e/export_check.mjs
# users, sessions, tokens, proxies, HTTPS; who sees what; what strangers try
TESTS += tests/e2e/login.sh
EXTRA_DIST += tests/e2e/login.sh tests/e2e/login.test.ts tests/e2e/lib/access.ts

# decisions about senders, over HTTP and by command, of a daemon that is killed
TESTS += tests/e2e/decide.sh
EXTRA_DIST += tests/e2e/decide.sh tests/e2e/decide.test.ts

# what needs somebody: put off, fixed, proven by later reports
TESTS += tests/e2e/todo.sh
EXTRA_DIST += tests/e2e/todo.sh tests/e2e/todo.test.ts

# files handed in over HTTP
TESTS += tests/e2e/upload.sh
EXTRA_DIST += tests/e2e/upload.sh tests/e2e/upload.test.ts

# sums of all faces against SQL over the records
TESTS += tests/e2e/truth.sh
EXTRA_DIST += tests/e2e/truth.sh tests/e2e/truth.test.ts

# alerts: webhook, mail, command; servers that are down or not who they say
TESTS += tests/e2e/alerts.sh
EXTRA_DIST += tests/e2e/alerts.sh tests/e2e/alerts.test.ts tests/e2e/lib/hook.ts

# what the DNS says, told: twice seen, once said
TESTS += tests/e2e/watch.sh
EXTRA_DIST += tests/e2e/watch.sh tests/e2e/watch.test.ts

# Pictures of all pages: make screenshots; SCREENSHOTS=million with a million records, SHOTS=part of a name
screenshots: dmarcd$(EXEEXT) tests/gen/dmarcd-gen$(EXEEXT)
	BUILD=`pwd` SCREENSHOTS="$(SCREENSHOTS)" $(SHELL) $(top_srcdir)/tests/screenshots.sh "$${SCREENSHOTS_DIR:-$(abs_top_srcdir)/out/screenshots}" $(SHOTS)

.PHONY: screenshots
EXTRA_DIST += tests/screenshots.sh

# users, tokens and mutes over HTTP; what lives in the configuration file
TESTS += tests/e2e/people.sh
EXTRA_DIST += tests/e2e/people.sh tests/e2e/people.test.ts
