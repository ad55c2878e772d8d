# src/http: the read API and the web app over HTTP; libmicrohttpd lives here.
# server.c is the role, routes.c the table, work.c the threads that wait for
# the database, api_*.c the answers.
libdmarcd_a_SOURCES += \
	src/http/http.h \
	src/http/api_answer.c \
	src/http/api_ingest.c \
	src/http/api_raw.c \
	src/http/etag.c \
	src/http/headers.c \
	src/http/host.c \
	src/http/problem.c \
	src/http/query_string.c src/http/query_string.h \
	src/http/reply.c \
	src/http/routes.c \
	src/http/server.c \
	src/http/static.c \
	src/http/work.c
