/*
 * test_http.c - the parts of src/http that need no socket.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/http.h"

/* --- query_string.c ---------------------------------------------------------- */

static const struct {
	const char	*label, *raw;
	int		 want;
	const char	*canonical;	/* or, with -1, a word of the sentence */
	const char	*param;		/* with -1 */
} queries[] = {
	{ "nothing",			"",			0,  "", NULL },
	{ "one",			"t=30d",		0,  "1,3:t30d", NULL },
	{ "order does not matter",	"b=2&a=1",		0,  "1,1:a1" "1,1:b2", NULL },
	{ "plus is a blank",		"q=a+b",		0,  "1,3:qa b", NULL },
	{ "an escaped plus is one",	"q=a%2Bb",		0,  "1,3:qa+b", NULL },
	{ "an escaped & is text",	"q=a%26c%3D1",		0,  "1,5:qa&c=1", NULL },
	{ "= in the value stays",	"q=a=b",		0,  "1,3:qa=b", NULL },
	{ "no =",			"q",			0,  "1,0:q", NULL },
	{ "empty pairs are nothing",	"&&a=1&",		0,  "1,1:a1", NULL },
	{ "UTF-8, escaped or not",	"a=%C3%A9&b=\xc3\xa9",	0,  "1,2:a\xc3\xa9" "1,2:b\xc3\xa9", NULL },
	{ "escapes of either case",	"a=%2f%2F",		0,  "1,2:a//", NULL },
	{ "escapes are undone once",	"a=%2525",		0,  "1,3:a%25", NULL },
	{ "doubled key",		"a=1&a=2",		-1, "twice", "a" },
	{ "doubled, once escaped",	"a=1&%61=2",		-1, "twice", "a" },
	{ "half an escape",		"a=%4",			-1, "hexadecimal", "a" },
	{ "escape at the end",		"a=%",			-1, "hexadecimal", "a" },
	{ "no digits",			"a=%zz",		-1, "hexadecimal", "a" },
	{ "NUL",			"a=%00",		-1, "control", "a" },
	{ "line end",			"a=1%0d%0aX: y",	-1, "control", "a" },
	{ "DEL",			"a=%7f",		-1, "control", "a" },
	{ "NUL in the key",		"a%00=1",		-1, "control", "" },
	{ "overlong slash",		"a=%c0%af",		-1, "UTF-8", "a" },
	{ "half a character",		"a=%c3",		-1, "UTF-8", "a" },
	{ "surrogate",			"a=%ed%a0%80",		-1, "UTF-8", "a" },
	{ "latin 1 in the key",		"\xe9=1",		-1, "UTF-8", "" },
	{ "no key",			"=1",			-1, "without a name", "" },
};

static void
test_query_string(void **state)
{
	struct query_string	 q;
	struct buf		 b = { 0 };
	struct str		 param;
	struct err		 e;
	int			 rv;

	(void)state;
	for (size_t i = 0; i < nitems(queries); i++) {
		memset(&e, 0, sizeof(e));
		rv = query_string_parse(&q, str_of(queries[i].raw), &param, &e);
		if (rv != queries[i].want)
			fail_msg("%s: %d, %s", queries[i].label, rv, e.msg);
		if (rv == -1) {
			if (strstr(e.msg, queries[i].canonical) == NULL || !str_eq(param, str_of(queries[i].param)))
				fail_msg("%s: \"%s\" of \"%.*s\"", queries[i].label, e.msg, (int)param.len, param.p);
			continue;
		}
		buf_clear(&b);
		assert_true(query_string_canonical(&q, &b));
		if (!str_eq(buf_as_str(&b), str_of(queries[i].canonical)))
			fail_msg("%s: \"%s\"", queries[i].label, b.p);
	}
	buf_free(&b);
}

static void
test_query_limits(void **state)
{
	struct query_string	 q;
	struct str		 param;
	struct err		 e = { 0 };
	struct buf		 b = { 0 };

	(void)state;
	for (int i = 0; i < QUERY_PARAMS; i++)
		buf_printf(&b, "k%d=v&", i);
	assert_int_equal(query_string_parse(&q, buf_as_str(&b), &param, &e), 0);
	assert_int_equal(q.n, QUERY_PARAMS);
	assert_true(str_eq(query_string_get(&q, "k63"), STR("v")));
	assert_null(query_string_get(&q, "k64").p);
	buf_cstr(&b, "one=more");
	assert_int_equal(query_string_parse(&q, buf_as_str(&b), &param, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);

	buf_clear(&b);
	buf_cstr(&b, "a=");
	while (b.len < QUERY_BYTES)
		buf_byte(&b, 'x');
	assert_int_equal(query_string_parse(&q, buf_as_str(&b), &param, &e), 0);
	assert_int_equal(q.p[0].value.len, QUERY_BYTES - 2);
	buf_byte(&b, 'x');
	assert_int_equal(query_string_parse(&q, buf_as_str(&b), &param, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	buf_free(&b);
}

static void
test_path_segment(void **state)
{
	static const struct { const char *raw, *want; } cases[] = {
		{ "shop.example", "shop.example" }, { "a%2Fb", "a/b" }, { "a+b", "a+b" }, { "%C3%A9", "\xc3\xa9" },
		{ "%2e%2e", NULL }, { "..", NULL }, { ".", NULL }, { "%00", NULL }, { "%", NULL }, { "%ff", NULL },
		{ "...", "..." },
	};
	char		 out[64];
	struct str	 s;
	struct err	 e;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		memset(&e, 0, sizeof(e));
		assert_int_equal(path_segment_decode(str_of(cases[i].raw), out, &s, &e), cases[i].want == NULL ? -1 : 0);
		if (cases[i].want != NULL)
			assert_true(str_eq(s, str_of(cases[i].want)));
		else
			assert_true(e.msg[0] != '\0');
	}
}

/* --- host.c --------------------------------------------------------------------- */

static void
test_host(void **state)
{
	static const struct { const char *host; bool want; } cases[] = {
		{ "localhost", true }, { "localhost:8080", true }, { "LOCALHOST", true }, { "127.0.0.1", true },
		{ "127.0.0.1:1", true }, { "127.1.2.3", true }, { "[::1]", true }, { "[::1]:8080", true },
		{ "[0:0:0:0:0:0:0:1]", true }, { "192.0.2.7", true }, { "192.0.2.7:80", true },
		{ "192.0.2.8", false }, { "evil.example", false }, { "evil.example:8080", false }, { "", false },
		{ ":80", false }, { "localhost.evil.example", false }, { "127.0.0.1.evil.example", false },
		{ "localhost:", true }, { "localhost:80x", false }, { "localhost:123456", false }, { "[::1", false },
		{ "[::1]x", false }, { "[]", false }, { "::1", false }, { "0.0.0.0", false }, { "[::]", false },
		{ "localhost evil.example", false }, { "127.0.0.1@evil.example", false }, { "2130706433", false },
		{ "127.1", false }, { "reports.example.com", true }, { "Reports.Example.COM:443", true }, { "x.reports.example.com", false },
	};
	char			*own[] = { (char *)(uintptr_t)"reports.example.com" };
	const struct str_list	 names = { own, 1 };

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		if (host_allowed(cases[i].host, "192.0.2.7", &names) != cases[i].want)
			fail_msg("\"%s\"", cases[i].host);
	assert_true(host_allowed("[2001:DB8::1]:80", "2001:db8:0::1", NULL));
}

/* --- etag.c, headers.c ------------------------------------------------------------ */

static void
test_etag_matches(void **state)
{
	static const struct { const char *list; bool want; } cases[] = {
		{ "W/\"7-ab\"", true }, { "\"7-ab\"", true }, { "*", true }, { "\"x\", W/\"7-ab\"", true },
		{ "\"x\",\"7-ab\"", true }, { "  W/\"7-ab\"  ", true }, { "", false }, { "7-ab", false },
		{ "W/\"7-a\"", false }, { "\"7-ab", false }, { "W/", false }, { "\"a,b\", \"7-ab\"", true },
		{ "W/\"8-ab\", W/\"9-ab\"", false },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		if (etag_matches(cases[i].list, "W/\"7-ab\"") != cases[i].want)
			fail_msg("%s", cases[i].list);
	assert_false(etag_matches("*", ""));
}

static void
test_accepts_gzip(void **state)
{
	static const struct { const char *list; bool want; } cases[] = {
		{ "gzip", true }, { "deflate, gzip", true }, { "GZIP;q=0.5", true }, { "*", true }, { "gzip ; q=1", true },
		{ "gzip;q=0.001", true }, { "", false }, { "br", false }, { "gzip;q=0", false }, { "gzip; q=0.000", false },
		{ "xgzip", false }, { "gzipx", false }, { "br, identity", false }, { "gzip;q=0, br", false },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		if (accepts_gzip(cases[i].list) != cases[i].want)
			fail_msg("%s", cases[i].list);
}

/* --- routes.c ---------------------------------------------------------------------- */

static void
test_routes(void **state)
{
	static const struct {
		const char	*base, *path;
		enum route_kind	 kind;
		const char	*route;		/* or the rest of the path */
		unsigned	 status;	/* of a reply */
	} cases[] = {
		{ "", "/",				ROUTE_INDEX, "/", 0 },
		{ "", "/domains/shop.example",		ROUTE_INDEX, "/domains/shop.example", 0 },
		{ "", "/assets/app-X.js",		ROUTE_ASSET, "/assets/app-X.js", 0 },
		{ "", "/assets/",			ROUTE_ASSET, "/assets/", 0 },
		{ "", "/healthz",			ROUTE_WORK,  "healthz", 0 },
		{ "", "/api/v1/overview",		ROUTE_WORK,  "overview", 0 },
		{ "", "/api/v1/domains",		ROUTE_WORK,  "domains", 0 },
		{ "", "/api/v1/domains/a",		ROUTE_WORK,  "domains/{}", 0 },
		{ "", "/api/v1/domains/a%2Fb",		ROUTE_WORK,  "domains/{}", 0 },
		{ "", "/api/v1/reports/1/raw",		ROUTE_WORK,  "reports/{}/raw", 0 },
		{ "", "/api/v1/domains/",		ROUTE_REPLY, NULL, 404 },
		{ "", "/api/v1/domains/a/b",		ROUTE_REPLY, NULL, 404 },
		{ "", "/api/v1/domains/..",		ROUTE_REPLY, NULL, 400 },
		{ "", "/api/v1/domains/%2e%2E",		ROUTE_REPLY, NULL, 400 },
		{ "", "/api/v1/domains/%ff",		ROUTE_REPLY, NULL, 400 },
		{ "", "/api/v1/overview/",		ROUTE_REPLY, NULL, 404 },
		{ "", "/api/v1/Overview",		ROUTE_REPLY, NULL, 404 },
		{ "", "/api/v1/",			ROUTE_REPLY, NULL, 404 },
		{ "", "/api/v1",			ROUTE_REPLY, NULL, 404 },
		{ "", "/api",				ROUTE_REPLY, NULL, 404 },
		{ "", "/api/v2/meta",			ROUTE_REPLY, NULL, 404 },
		{ "", "/apis",				ROUTE_INDEX, "/apis", 0 },
		{ "", "/../api/v1/meta",		ROUTE_INDEX, "/../api/v1/meta", 0 },
		{ "/r", "/r/",				ROUTE_INDEX, "/", 0 },
		{ "/r", "/r/api/v1/meta",		ROUTE_WORK,  "meta", 0 },
		{ "/r", "/r/healthz",			ROUTE_WORK,  "healthz", 0 },
		{ "/r", "/healthz",			ROUTE_WORK,  "healthz", 0 },
		{ "/r", "/",				ROUTE_REPLY, NULL, 307 },
		{ "/r", "/r",				ROUTE_REPLY, NULL, 307 },
		{ "/r", "/rx",				ROUTE_REPLY, NULL, 404 },
		{ "/r", "/api/v1/meta",			ROUTE_REPLY, NULL, 404 },
	};
	struct request	*rq;
	struct str	 rest;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		assert_non_null(rq = calloc(1, sizeof(*rq)));
		reply_init(&rq->reply);
		rq->path = str_of(cases[i].path);
		rq->query_raw = STR("");
		if (route_find(rq, cases[i].base, &rest) != cases[i].kind || rq->reply.status != cases[i].status)
			fail_msg("%s%s: status %u", cases[i].base, cases[i].path, rq->reply.status);
		if (cases[i].kind == ROUTE_WORK)
			assert_string_equal(rq->route->path, cases[i].route);
		else if (cases[i].route != NULL)
			assert_true(str_eq(rest, str_of(cases[i].route)));
		reply_free(&rq->reply);
		free(rq);
	}
}

/* --- problem.c ----------------------------------------------------------------------- */

static json_t *
problem_body(struct request *rq)
{
	json_t	*j = json_loadb(rq->reply.body, rq->reply.len, 0, NULL);

	assert_non_null(j);
	return (j);
}

static void
test_problem(void **state)
{
	struct request	*rq = calloc(1, sizeof(*rq));
	json_t		*j;
	const char	*s;

	(void)state;
	assert_non_null(rq);
	reply_init(&rq->reply);
	(void)snprintf(rq->id, sizeof(rq->id), "0badcafe-1");
	problem_param(rq, 400, STR("a/b~\"<"), "invalid_parameter", "is unknown");
	j = problem_body(rq);
	assert_int_equal(json_integer_value(json_object_get(j, "status")), 400);
	assert_string_equal(json_string_value(json_object_get(j, "request_id")), "0badcafe-1");
	s = json_string_value(json_object_get(json_array_get(json_object_get(j, "errors"), 0), "pointer"));
	assert_string_equal(s, "/query/a~1b~0\"<");
	json_decref(j);

	/* a sentence that was cut inside a character is told all the same */
	problem(rq, 500, "caf\xc3");
	j = problem_body(rq);
	assert_string_equal(json_string_value(json_object_get(j, "detail")), "caf?");
	json_decref(j);
	reply_free(&rq->reply);
	free(rq);
}

int
main(void)
{
	static const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_query_string), cmocka_unit_test(test_query_limits),
		cmocka_unit_test(test_path_segment), cmocka_unit_test(test_host), cmocka_unit_test(test_etag_matches),
		cmocka_unit_test(test_accepts_gzip), cmocka_unit_test(test_routes), cmocka_unit_test(test_problem),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
