# src/http: the read API and the web app over HTTP; libmicrohttpd lives here.
# server.c is the role, routes.c the table, work.c the threads that wait for
# the database, api_*.c the answers.
libdmarcd_a_SOURCES += \
	src/http/http.h \
	src/http/access.c src/http/access.h \
	src/http/api_alerts.c \
	src/http/api_answer.c \
	src/http/api_ask.c \
	src/http/api_bounce.c \
	src/http/api_decide.c \
	src/http/api_export.c \
	src/http/api_failures.c \
	src/http/api_ingest.c \
	src/http/api_people.c \
	src/http/api_quarantine.c \
	src/http/api_raw.c \
	src/http/api_todo.c \
	src/http/api_search.c \
	src/http/api_settings.c \
	src/http/cache.c \
	src/http/etag.c \
	src/http/headers.c \
	src/http/host.c \
	src/http/problem.c \
	src/http/query_string.c src/http/query_string.h \
	src/http/reply.c \
	src/http/routes.c \
	src/http/server.c \
	src/http/static.c \
	src/http/upload.c \
	src/http/outflow.c \
	src/http/work.c

# Its tests: tests/unit for what needs no socket, tests/fuzz for the query.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_http
TESTS += tests/unit/test_http
tests_unit_test_http_SOURCES = tests/unit/test_http.c
tests_unit_test_http_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_http_LDADD = $(DMARCD_LIBS) $(CMOCKA_LIBS)
endif
check_PROGRAMS += tests/fuzz/fuzz_query
tests_fuzz_fuzz_query_SOURCES = tests/fuzz/fuzz_query.c
tests_fuzz_fuzz_query_LDADD = $(DMARCD_LIBS)
if FUZZING
tests_fuzz_fuzz_query_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_query_SOURCES += tests/fuzz/replay.c
TESTS += tests/fuzz/fuzz_query
endif
EXTRA_DIST += tests/fuzz/fuzz_query.in tests/fuzz/fuzz_query.dict
