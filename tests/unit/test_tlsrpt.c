/*
 * test_tlsrpt.c - the text of TLS reports to items: every rule of the standard's
 * table of deviations (T1 to T18; those that need a mail around them are in
 * test_tls_mail.c) and of the field notes (G), under its code.
 */
#include "cases.h"
#include "tls_recorder.h"

#include "base/limits.h"
#include "report/refusal.h"
#include "report/tlsrpt.h"

/* 2026-10-04 */
#define D0 "1791072000"
#define D1 "1791158399"
#define RANGE "\"date-range\":{\"start-datetime\":\"2026-10-04T00:00:00Z\",\"end-datetime\":\"2026-10-04T23:59:59Z\"}"
#define HEAD "{\"organization-name\":\"Rep\"," RANGE ",\"contact-info\":\"t@rep.example\",\"report-id\":\"r1\",\"policies\":"
#define DOC(policies) HEAD "[" policies "]}"
#define POLICY(members) "\"policy\":{\"policy-type\":\"sts\",\"policy-domain\":\"example.com\",\"policy-string\":[\"version: STSv1\"]" members "}"
#define SUMMARY(ok, bad) "\"summary\":{\"total-successful-session-count\":" ok ",\"total-failure-session-count\":" bad "}"
#define ELEMENT "{" POLICY("") "," SUMMARY("40", "0") "}"
#define FAILING(total, details) "{" POLICY("") "," SUMMARY("40", total) ",\"failure-details\":" details "}"
#define DETAIL(members) "{\"result-type\":\"certificate-expired\",\"sending-mta-ip\":\"192.0.2.1\"" members "}"
#define TYPED(type, members) "{\"policy\":{\"policy-type\":" type ",\"policy-domain\":\"example.com\"" members "}," SUMMARY("1", "0") "}"
#define DATES(a, b) "{\"organization-name\":\"Rep\",\"date-range\":{\"start-datetime\":" a ",\"end-datetime\":" b "},\"contact-info\":\"c\","	\
    "\"report-id\":\"r1\",\"policies\":[" ELEMENT "]}"

/* has: pieces of what must come out, '|' between; "!x" must not; "refused: x" in what is said. */
static const struct doc_case {
	const char	*name, *json, *has;
} docs[] = {
	{ "plain", DOC(ELEMENT), " policy sts domain=[example.com] line=[version: STSv1] ok=40 failed=0 details=0\n|"
	    "end org=[Rep] contact=[t@rep.example] id=[r1] begin=" D0 " end=" D1 " ok\n|!+" },
	{ "the example of the standard", "{\"organization-name\":\"Sender Org\",\"date-range\":{\"start-datetime\":\"2026-10-04T00:00:00Z\","
	    "\"end-datetime\":\"2026-10-04T23:59:59Z\"},\"contact-info\":\"tls@sender.example\",\"report-id\":\"20261004-77\",\"policies\":["
	    "{\"policy\":{\"policy-type\":\"sts\",\"policy-string\":[\"version: STSv1\",\"mode: enforce\",\"mx: *.example.com\","
	    "\"max_age: 604800\"],\"policy-domain\":\"example.com\",\"mx-host\":[\"*.example.com\"]},"
	    "\"summary\":{\"total-successful-session-count\":40,\"total-failure-session-count\":2},\"failure-details\":[{\"result-type\":"
	    "\"certificate-expired\",\"sending-mta-ip\":\"2001:db8::25\",\"receiving-mx-hostname\":\"mx2.example.com\","
	    "\"receiving-ip\":\"198.51.100.9\",\"failed-session-count\":2}]}]}",
	    "  certificate-expired from=[2001:db8::25]/16 at=[198.51.100.9]/4 mx=[mx2.example.com] n=2\n|"
	    "mx=[*.example.com] ok=40 failed=2 details=2|!+" },
	{ "any order of members", "{\"policies\":[{\"failure-details\":[" DETAIL(",\"failed-session-count\":1") "]," SUMMARY("4", "1") ","
	    POLICY("") "}],\"report-id\":\"r1\",\"contact-info\":\"c\"," RANGE ",\"organization-name\":\"Rep\"}",
	    "n=1\n policy sts domain=[example.com]|id=[r1]|!+" },
	{ "T3 mx-host is a string", DOC("{" POLICY(",\"mx-host\":\"MX.example.com.\"") "," SUMMARY("1", "0") "}"),
	    " mx=[mx.example.com] |+mx-host-form" },
	{ "T3 mx-host with a prefix", DOC("{" POLICY(",\"mx-host\":[\"mx: a.example.com\",\"b.example.com\"]") "," SUMMARY("1", "0") "}"),
	    " mx=[a.example.com] mx=[b.example.com]|+mx-host-form" },
	{ "T3 mx-host-pattern", DOC("{" POLICY(",\"mx-host-pattern\":[\"*.example.com\"]") "," SUMMARY("1", "0") "}"),
	    " mx=[*.example.com]|+mx-host-form|!unknown-member" },
	{ "T4 policy-string missing", DOC(TYPED("\"sts\"", "")), "policy sts|+no-policy-string" },
	{ "T4 policy-string of no policy may be missing", DOC(TYPED("\"no-policy-found\"", "")), "policy no-policy-found|!+" },
	{ "T4 a list inside of a string", DOC(TYPED("\"tlsa\"", ",\"policy-string\":[\"[\\\"3 1 1 AA\\\",\\\"3 1 1 BB\\\"]\"]")),
	    " line=[3 1 1 AA] line=[3 1 1 BB]|+policy-string-form" },
	{ "T4 a list inside of a bare string", DOC(TYPED("\"tlsa\"", ",\"policy-string\":\"[\\\"3 1 1 AA\\\", \\\"3 1 1 BB\\\"]\"")),
	    " line=[3 1 1 AA] line=[3 1 1 BB]|+policy-string-form" },
	{ "T4 a bracket that is no list", DOC(TYPED("\"tlsa\"", ",\"policy-string\":\"[3 1 1 AA]\"")), " line=[[3 1 1 AA]]" },
	{ "G3 policy-string is one text", DOC(TYPED("\"sts\"", ",\"policy-string\":\"version: STSv1\\r\\nmode: testing\\r\\n\"")),
	    " line=[version: STSv1] line=[mode: testing]|+policy-string-form" },
	{ "T5 contact-info is null", "{\"organization-name\":\"Rep\"," RANGE ",\"contact-info\":null,\"report-id\":\"r1\",\"policies\":[" ELEMENT "]}",
	    "end org=[Rep] id=[r1]|+no-contact" },
	{ "T5 contact-info is missing", "{\"organization-name\":\"Rep\"," RANGE ",\"report-id\":\"r1\",\"policies\":[" ELEMENT "]}", "+no-contact" },
	{ "T6 policy-domain from a policy before", DOC(ELEMENT ",{\"policy\":{\"policy-type\":\"no-policy-found\"}," SUMMARY("1", "0") "}"),
	    " policy no-policy-found domain=[example.com] derived|+domain-derived" },
	{ "T6 policy-domain that nothing tells", DOC("{\"policy\":{\"policy-type\":\"no-policy-found\"}," SUMMARY("1", "0") "}"),
	    "refused: policy-domain is missing" },
	{ "T7 G3 failure-details is an empty list", DOC(FAILING("0", "[]")), "ok=40 failed=0|!+" },
	{ "T7 G3 failure-details is null", DOC(FAILING("0", "null")), "ok=40 failed=0|!+" },
	{ "T7 G3 a detail without MX and addresses", DOC(FAILING("3", "[{\"result-type\":\"sts-policy-fetch-error\",\"failed-session-count\":3}]")),
	    "  sts-policy-fetch-error n=3\n|+no-address|+no-place" },
	{ "T8 G3 sending-mta-ip is missing", DOC(FAILING("1", "[{\"result-type\":\"certificate-expired\",\"receiving-mx-hostname\":"
	    "\"mx.example.com\",\"failed-session-count\":1}]")), "mx=[mx.example.com] n=1|+no-address|!no-place" },
	{ "T9 additional-information", DOC(FAILING("1", "[" DETAIL(",\"additional-information\":\"https://rep.example/x\",\"failed-session-count\":1") "]")),
	    "info=[https://rep.example/x]|!+" },
	{ "T9 additional-info-uri", DOC(FAILING("1", "[" DETAIL(",\"additional-info-uri\":\"https://rep.example/x\",\"failed-session-count\":1") "]")),
	    "info=[https://rep.example/x]|+old-name|!unknown" },
	{ "T10 the failure total is missing", DOC("{" POLICY("") ",\"summary\":{\"total-successful-session-count\":4},\"failure-details\":["
	    DETAIL(",\"failed-session-count\":2") "," DETAIL(",\"failed-session-count\":3") "]}"), "ok=4 failed=5 details=5|+no-failure-total" },
	{ "T10 the summary is missing", DOC("{" POLICY("") "}"), "ok=0 failed=0|+no-success-total|+no-failure-total" },
	{ "T11 G4 totals disagree with the details", DOC(FAILING("1", "[" DETAIL(",\"failed-session-count\":1") "," DETAIL(",\"failed-session-count\":1") "]")),
	    "ok=40 failed=1 details=2|+totals-disagree|notes" },
	{ "T11 failures without details", DOC("{" POLICY("") "," SUMMARY("99", "102") "}"), "ok=99 failed=102 details=0|+no-details" },
	{ "T12 the end is the next midnight", DATES("\"2026-10-04T00:00:00Z\"", "\"2026-10-05T00:00:00Z\""), " end=1791158400 |+time-midnight" },
	{ "T12 24:00", DATES("\"2026-10-04T00:00:00Z\"", "\"2026-10-04T24:00:00Z\""), " end=1791158400 |+time-midnight|+time-form" },
	{ "T12 24:01 is none", DATES("\"2026-10-04T00:00:00Z\"", "\"2026-10-04T24:01:00Z\""), "begin=" D0 " end=" D1 "|+time-missing" },
	{ "T12 a week", DATES("\"2026-10-04T00:00:00Z\"", "\"2026-10-10T23:59:59Z\""), " begin=" D0 " end=1791676799 |+time-long" },
	{ "T12 a zone", DATES("\"2026-10-04T02:00:00+02:00\"", "\"2026-10-05T01:59:59+0200\""), "begin=" D0 " end=" D1 "|+time-form" },
	{ "T12 fractions", DATES("\"2026-10-04T00:00:00.000Z\"", "\"2026-10-04T23:59:59,999Z\""), "begin=" D0 " end=" D1 "|+time-form" },
	{ "T12 no zone", DATES("\"2026-10-04T00:00:00\"", "\"2026-10-04 23:59:59\""), "begin=" D0 " end=" D1 "|+time-form" },
	{ "T12 no seconds, a date, UTC", DATES("\"2026-10-04\"", "\"2026-10-04 23:59 UTC\""), "begin=" D0 " end=1791158340|+time-form" },
	{ "T12 numbers", DATES(D0, D1), "begin=" D0 " end=" D1 "|+time-form" },
	{ "T12 swapped", DATES("\"2026-10-04T23:59:59Z\"", "\"2026-10-04T00:00:00Z\""), "begin=" D0 " end=" D1 "|+time-swapped" },
	{ "T12 one of them is missing", DATES("\"2026-10-04T00:00:00Z\"", "null"), "begin=" D0 " end=" D1 "|+time-missing|repaired" },
	{ "T12 no time at all", DATES("\"yesterday\"", "\"today\""), "refused: no date-range that can be read" },
	{ "T12 the far future", DATES("\"9999-10-04T00:00:00Z\"", "\"9999-10-04T01:00:00Z\""), "refused: outside of all calendars" },
	{ "T13 an unknown policy-type", DOC(TYPED("\"spki\"", "")), " policy other word=[spki] |+policy-type-word" },
	{ "T13 no policy-type", DOC(TYPED("null", "")), " policy other domain=|+policy-type-word" },
	{ "T13 capitals", DOC(TYPED("\" STS\"", "")), " policy sts |+case-folded" },
	{ "T14 G3 policies is empty", DOC(""), "end org=[Rep]|empty +no-policies" },
	{ "T14 policies is null", HEAD "null}", "empty +no-policies +policies-form" },
	{ "T15 G3 report-id with a plus", "{\"organization-name\":\"Rep\"," RANGE ",\"contact-info\":\"c\",\"report-id\":\"1339+\",\"policies\":[" ELEMENT "]}",
	    "id=[1339+]|!+id" },
	{ "T15 no report-id", "{\"organization-name\":\"Rep\"," RANGE ",\"contact-info\":\"c\",\"policies\":[" ELEMENT "]}", "!id=|+id-derived" },
	{ "T16 host names, brackets, nothing as addresses", DOC(FAILING("3", "["
	    "{\"result-type\":\"certificate-expired\",\"sending-mta-ip\":\"out.rep.example\",\"receiving-ip\":\"\",\"failed-session-count\":1},"
	    "{\"result-type\":\"certificate-expired\",\"sending-mta-ip\":\"[192.0.2.9]\",\"failed-session-count\":1},"
	    "{\"result-type\":\"certificate-expired\",\"sending-mta-ip\":\"::ffff:192.0.2.9\",\"failed-session-count\":1}]")),
	    " from=[out.rep.example]/0 n=1| from=[[192.0.2.9]]/4 n=1| from=[::ffff:192.0.2.9]/4|+bad-address|+address-form" },
	{ "T17 a byte order mark", "\xef\xbb\xbf" DOC(ELEMENT), "ok=40|+byte-order-mark" },
	{ "T17 a comma too many", DOC(ELEMENT ","), "refused: not valid JSON at line 1, byte |refused: a value should stand here" },
	{ "T17 a comma too many inside", DOC("{" POLICY(",") "," SUMMARY("1", "0") "}"), "refused: not valid JSON at line 1, byte " },
	{ "T17 NaN", DOC("{" POLICY("") "," SUMMARY("NaN", "0") "}"), "refused: not valid JSON at line 1, byte " },
	{ "T17 the place is right", "{\n \"organization-name\": \"x\",\n \"report-id\": }", "refused: not valid JSON at line 3, byte 44:" },
	{ "T17 the place inside of a piece", "{\n \"organization-name\": \"x\",\n \"date-range\": {\n  \"a\": 1,\n  \"b\" 2}}",
	    "refused: not valid JSON at line 5, byte 63:" },
	{ "T17 junk behind the end", DOC(ELEMENT) " x", "refused: something stands behind the end" },
	{ "T17 cut short", HEAD "[" ELEMENT, "refused: cut short at line 1" },
	{ "T17 a wrong bracket", HEAD "[" ELEMENT "}]", "refused: the wrong bracket" },
	{ "T18 sts and tlsa with the same counts", DOC(ELEMENT "," TYPED("\"tlsa\"", ",\"policy-string\":[\"3 1 1 AA\"]")),
	    " policy sts domain=[example.com]|ok=40 failed=0| policy tlsa domain=[example.com]|ok=1 failed=0|!+" },
	{ "G4 counts as strings", DOC("{" POLICY("") "," SUMMARY("\"40\"", "\" 0 \"") "}"), "ok=40 failed=0|+count-form" },
	{ "G4 12.0 is 12", DOC("{" POLICY("") "," SUMMARY("12.0", "\"3.0\"") "}"), "ok=12 failed=3|+count-form" },
	{ "G3 extra members", DOC("{" POLICY(",\"x\":{\"y\":[1]}") "," SUMMARY("1", "0") ",\"z\":null}"), "ok=1|+unknown-member" },
	{ "G3 failed-session-count is missing", DOC(FAILING("1", "[" DETAIL("") "]")), "n=0|+no-failed-count" },
	/* numbers that are no counts: what they count is refused, by rule and never wrapped */
	{ "limit: 2^63-1 is a number, but too many sessions", DOC("{" POLICY("") "," SUMMARY("9223372036854775807", "0") "}"),
	    "refused: over the limit messages" },
	{ "number: 2^63", DOC(ELEMENT ",{" POLICY("") "," SUMMARY("9223372036854775808", "0") "}"),
	    "refused policy=2 detail=0 line=1 why=[a number in it is larger|partial +refused|ok=40|!ok=9" },
	{ "number: 2^63 as a text", DOC(ELEMENT ",{" POLICY("") "," SUMMARY("\"9223372036854775808\"", "0") "}"), "refused policy=2|partial" },
	{ "number: 2^64+1", DOC(ELEMENT ",{" POLICY("") "," SUMMARY("18446744073709551617", "0") "}"), "refused policy=2|partial|!ok=1 " },
	{ "number: negative", DOC(ELEMENT ",{" POLICY("") "," SUMMARY("-3", "0") "}"), "refused policy=2 detail=0 line=1 why=[a total is no whole" },
	{ "number: a fraction", DOC(ELEMENT ",{" POLICY("") "," SUMMARY("1.5", "0") "}"), "refused policy=2|partial" },
	{ "number: a huge exponent", DOC(ELEMENT ",{" POLICY("") "," SUMMARY("1e300", "0") "}"), "refused policy=2|partial" },
	{ "number: an exponent beyond doubles", DOC(ELEMENT ",{" POLICY("") "," SUMMARY("1e999", "0") "}"), "refused policy=2|partial" },
	{ "number: 2^53+2 as a real", DOC(ELEMENT ",{" POLICY("") "," SUMMARY("9007199254740994.0", "0") "}"), "refused policy=2|partial" },
	{ "number: a word", DOC(ELEMENT ",{" POLICY("") "," SUMMARY("\"many\"", "0") "}"), "refused policy=2|partial" },
	{ "number: true", DOC(ELEMENT ",{" POLICY("") "," SUMMARY("true", "0") "}"), "refused policy=2|partial" },
	{ "number: of a detail", DOC(FAILING("2", "[" DETAIL(",\"failed-session-count\":-1") "," DETAIL(",\"failed-session-count\":2") "]")),
	    "  refused policy=1 detail=1 line=1|  certificate-expired from=[192.0.2.1]/4 n=2|partial +refused" },
	{ "number: of a detail, beyond 2^63-1", DOC(FAILING("2", "[" DETAIL(",\"failed-session-count\":99999999999999999999") "]")),
	    "  refused policy=1 detail=1|failed=2 details=0|partial" },
	{ "number: the only policy", DOC("{" POLICY("") "," SUMMARY("-3", "0") "}"), "refused: policy 1 (line 1): a total is no whole number" },
	{ "number: with details that were sound", DOC(ELEMENT ",{\"failure-details\":[" DETAIL(",\"failed-session-count\":7") "]," SUMMARY("-1", "0")
	    "," POLICY("") "}"), "partial|!n=7" },
	/* duplicates: the last wins, and it is noted */
	{ "twice: a member of the report", "{\"report-id\":\"a\"," RANGE ",\"report-id\":\"b\",\"organization-name\":\"x\",\"contact-info\":\"c\","
	    "\"policies\":[" ELEMENT "]}", "id=[b]|+repeated-member|!id=[a]" },
	{ "twice: inside of a value", DOC("{" POLICY(",\"policy-domain\":\"example.org\"") "," SUMMARY("1", "0") "}"), "domain=[example.org]|+repeated-member" },
	{ "twice: the summary", DOC("{" POLICY("") "," SUMMARY("1", "0") "," SUMMARY("2", "0") "}"), "ok=2|+repeated-member" },
	{ "twice: the details", DOC("{" POLICY("") "," SUMMARY("1", "2") ",\"failure-details\":[" DETAIL(",\"failed-session-count\":9") "],"
	    "\"failure-details\":[" DETAIL(",\"failed-session-count\":2") "]}"), "n=2|details=2|+repeated-member|!n=9|!disagree" },
	{ "twice: all policies", "{" RANGE ",\"organization-name\":\"x\",\"contact-info\":\"c\",\"report-id\":\"r\",\"policies\":[" ELEMENT "],\"policies\":["
	    TYPED("\"no-policy-found\"", "") "]}", "begin\n policy no-policy-found|+repeated-member|!policy sts" },
	/* other shapes */
	{ "policies is one object", HEAD ELEMENT "}", "ok=40|+policies-form" },
	{ "an element is no object", DOC(ELEMENT ",null,7"), "refused policy=2 detail=0 line=1 why=[it is no object]|+policies-form|partial" },
	{ "failure-details is one object", DOC(FAILING("1", DETAIL(",\"failed-session-count\":1"))), "n=1|+details-form" },
	{ "a detail is no object", DOC(FAILING("1", "[null,\"x\"]")), "refused policy=1 detail=2|+details-form|partial" },
	{ "result-type unknown, in capitals, missing", DOC(FAILING("3", "[{\"result-type\":\"Certificate-Expired\",\"failed-session-count\":1},"
	    "{\"result-type\":\"quantum-failure\",\"failed-session-count\":1},{\"failed-session-count\":1}]")),
	    "  certificate-expired n=1|  other word=[quantum-failure] n=1|  other n=1|+result-type-word|+case-folded" },
	{ "every result-type is known", DOC(FAILING("11", "[{\"result-type\":\"starttls-not-supported\",\"failed-session-count\":1},"
	    "{\"result-type\":\"certificate-host-mismatch\",\"failed-session-count\":1},{\"result-type\":\"certificate-expired\",\"failed-session-count\":1},"
	    "{\"result-type\":\"certificate-not-trusted\",\"failed-session-count\":1},{\"result-type\":\"validation-failure\",\"failed-session-count\":1},"
	    "{\"result-type\":\"tlsa-invalid\",\"failed-session-count\":1},{\"result-type\":\"dnssec-invalid\",\"failed-session-count\":1},"
	    "{\"result-type\":\"dane-required\",\"failed-session-count\":1},{\"result-type\":\"sts-policy-fetch-error\",\"failed-session-count\":1},"
	    "{\"result-type\":\"sts-policy-invalid\",\"failed-session-count\":1},{\"result-type\":\"sts-webpki-invalid\",\"failed-session-count\":1}]")),
	    "details=11|!result-type-word|!other" },
	{ "names are compared without escapes", "{\"organiz\\u0061tion-name\":\"Rep\"," RANGE ",\"contact-info\":\"c\",\"report-id\":\"r1\",\"policies\":["
	    ELEMENT "]}", "org=[Rep]|!+" },
	{ "control bytes and blanks go", "{\"organization-name\":\"  a\\tb\\n\"," RANGE ",\"contact-info\":\"c\",\"report-id\":\"r\\u0000x\",\"policies\":["
	    ELEMENT "]}", "org=[a b]|id=[r x]|+encoding" },
	{ "bytes that are no UTF-8", "{\"organization-name\":\"M\xfcller\"," RANGE ",\"contact-info\":\"c\",\"report-id\":\"r\",\"policies\":[" ELEMENT "]}",
	    "org=[M\xef\xbf\xbdller]|+encoding" },
	{ "a policy domain in another form", DOC("{\"policy\":{\"policy-type\":\"no-policy-found\",\"policy-domain\":\"B\xc3\xbc" "cher.Example.\"},"
	    SUMMARY("1", "0") "}"), "domain=[xn--bcher-kva.example]|+domain-form" },
	{ "no TLS report: an object", "{\"a\":1}", "foreign" },
	{ "no TLS report: one name by chance", "{\"policies\":{\"x\":1}}", "foreign" },
	{ "no TLS report: a list", "[1,2]", "foreign" },
	{ "a TLS report without policies", "{\"organization-name\":\"Rep\"," RANGE ",\"report-id\":\"r1\"}", "refused: no list of policies" },
};

struct run {
	struct tls_recorder	 r;
	struct err		 e;
	int			 rv;
};

static void
read_in(struct run *x, const struct limits *l, struct str s, const struct tls_hints *h, size_t step)
{
	struct tlsrpt	*t;
	size_t		 n;

	memset(&x->e, 0, sizeof(x->e));
	tls_recorder_clear(&x->r);
	assert_non_null(t = tlsrpt_new(l, (tls_take_fn *)tls_record, &x->r));
	assert_int_equal(tlsrpt_start(t, h, &x->e), 0);
	x->rv = 0;
	for (; s.len > 0 && x->rv == 0; s.p += n, s.len -= n) {
		n = s.len < step ? s.len : step;
		x->rv = tlsrpt_feed(t, s.p, n, &x->e);
	}
	if (x->rv == 0)
		x->rv = tlsrpt_finish(t, &x->e);
	if (x->rv != 0 && tlsrpt_had_begun(t))
		tls_record_again(&x->r);
	assert_false(x->r.open);
	assert_true((x->rv == 0) == (x->r.done == 1));
	tlsrpt_free(t);
}

static void
check(const struct run *x, const char *want)
{
	char	 piece[512];
	size_t	 n;
	bool	 not;

	if (strcmp(want, "foreign") == 0) {
		assert_int_equal(x->rv, 1);
		return;
	}
	for (; *want != '\0'; want += n + (want[n] == '|')) {
		n = strcspn(want, "|");
		not = *want == '!';
		assert_true(n < sizeof(piece));
		memcpy(piece, want + not, n - not);
		piece[n - not] = '\0';
		if (strncmp(piece, "refused: ", 9) == 0) {
			assert_int_equal(x->rv, -1);
			assert_true(x->e.code == ERR_INPUT || x->e.code == ERR_LIMIT);
			if (strstr(x->e.msg, piece + 9) == NULL)
				fail_msg("there is no \"%s\" in %s", piece + 9, x->e.msg);
		} else {
			if (x->rv != 0)
				fail_msg("%s", x->e.msg);
			if ((strstr(x->r.text.p, piece) == NULL) != not)
				fail_msg("%s \"%s\" in\n%s", not ? "there is" : "there is no", piece, x->r.text.p);
		}
	}
}

/* In one go, and byte by byte: the same comes out. */
static void
test_doc(void **state)
{
	const struct doc_case	*c = *state;
	struct run		 x = { .rv = 0 }, y = { .rv = 0 };

	read_in(&x, &limits_default, str_of(c->json), NULL, SIZE_MAX);
	if (c->json[0] != '\0')
		check(&x, c->has);
	read_in(&y, &limits_default, str_of(c->json), NULL, 1);
	assert_int_equal(x.rv, y.rv);
	assert_string_equal(x.r.text.p, y.r.text.p);
	assert_string_equal(x.e.msg, y.e.msg);
	tls_recorder_free(&x.r);
	tls_recorder_free(&y.r);
}

static void
test_tail(void **state)
{
	static const char	 json[] = DOC(ELEMENT) "\n\0\0";
	struct run		 x = { .rv = 0 };

	(void)state;
	read_in(&x, &limits_default, (struct str){ json, sizeof(json) - 1 }, NULL, 7);
	check(&x, "ok=40|+trailing-junk");
	tls_recorder_free(&x.r);
}

/* What the mail tells takes the place of what the report does not. */
static void
test_hints(void **state)
{
	static const char	 bare[] = "{" RANGE ",\"policies\":[{\"policy\":{\"policy-type\":\"no-policy-found\"}," SUMMARY("1", "0") "}]}";
	struct run		 x = { .rv = 0 };
	struct tls_hints	 h = { .domain = STR("Example.ORG"), .submitter = STR("mail.rep.example") };

	(void)state;
	read_in(&x, &limits_default, STR(bare), &h, 100);
	check(&x, "domain=[example.org] derived|org=[mail.rep.example]|submitter=[mail.rep.example]|+org-derived|+domain-derived|repaired");
	h = (struct tls_hints){ .subject = STR("Report Domain: example.net Submitter: s.example Report-ID: <x+y@s.example>"),
	    .from_domain = STR("from.example") };
	read_in(&x, &limits_default, STR(bare), &h, 100);
	check(&x, "domain=[example.net] derived|org=[s.example]|id=[x+y@s.example]");
	h = (struct tls_hints){ .filename = STR("f.example!example.com!" D0 "!" D1 "!007.json.gz"), .from_domain = STR("from.example") };
	read_in(&x, &limits_default, STR("{\"organization-name\":\"\",\"policies\":[{" SUMMARY("1", "0") "}]}"), &h, 100);
	check(&x, "domain=[example.com] derived|org=[f.example]|id=[007]|begin=" D0 " end=" D1 "|+time-missing|policy other");
	h = (struct tls_hints){ .from_domain = STR("from.example") };
	read_in(&x, &limits_default, STR("{" RANGE ",\"policies\":[" ELEMENT "]}"), &h, 100);
	check(&x, "org=[from.example]");
	/* an empty list of policies is about what the mail says */
	h = (struct tls_hints){ .domain = STR("example.org") };
	read_in(&x, &limits_default, STR(DOC("")), &h, 100);
	check(&x, "about=[example.org]");
	/* hints that are no text are none */
	h = (struct tls_hints){ .submitter = STR("\xff\xfe"), .from_domain = STR("from.example") };
	read_in(&x, &limits_default, STR("{" RANGE ",\"policies\":[" ELEMENT "]}"), &h, 100);
	check(&x, "org=[from.example]|!submitter");
	/* the media type says it is one: then it must be */
	h = (struct tls_hints){ .declared = true };
	read_in(&x, &limits_default, STR("{\"a\":1}"), &h, 100);
	check(&x, "refused: no list of policies");
	tls_recorder_free(&x.r);
}

static void
test_limits(void **state)
{
	struct limits	 l = limits_default;
	struct run	 x = { .rv = 0 };
	struct buf	 b = { 0 };

	(void)state;
	l.tls_depth = 8;
	read_in(&x, &l, STR("{\"policies\":[],\"x\":[[[[[[[[1]]]]]]]]}"), NULL, 3);
	check(&x, "refused: over the limit tls_depth = 8 (line 1)");
	read_in(&x, &l, STR(DOC(ELEMENT ",{\"x\":[[[[1]]]]}")), NULL, 3);
	check(&x, "policy other");
	l.tls_details = 2;
	read_in(&x, &l, STR(DOC(FAILING("3", "[{},{},\n{}]"))), NULL, 3);
	check(&x, "refused: over the limit tls_details = 2 (line 2)");
	l.tls_policies = 1;
	read_in(&x, &l, STR(DOC(ELEMENT "," ELEMENT)), NULL, 3);
	check(&x, "refused: over the limit tls_policies = 1");
	l.tls_text = 256;
	(void)buf_cstr(&b, "{\"organization-name\":\"");
	for (int i = 0; i < 257; i++)
		(void)buf_byte(&b, 'a');
	(void)buf_cstr(&b, "\"," RANGE ",\"policies\":[]}");
	read_in(&x, &l, buf_as_str(&b), NULL, 3);
	check(&x, "refused: over the limit tls_text = 256 (line 1)");
	l.tls_bytes = 200;
	read_in(&x, &l, buf_as_str(&b), NULL, 3);
	check(&x, "refused: over the limit tls_bytes = 200");
	l = limits_default;
	l.tls_value = 4096;
	buf_clear(&b);
	(void)buf_cstr(&b, "{\"x\":[");
	for (int i = 0; i < 4096; i++)
		(void)buf_cstr(&b, "1,");
	(void)buf_cstr(&b, "1],\"policies\":[]," RANGE "}");
	read_in(&x, &l, buf_as_str(&b), NULL, 3);
	check(&x, "refused: over the limit tls_value = 4096: the value that begins at line 1, byte 6");
	l.messages = 50;
	read_in(&x, &l, STR(DOC(ELEMENT "," ELEMENT)), NULL, 3);
	check(&x, "refused: over the limit messages = 50: the totals add up to more");
	read_in(&x, &l, STR(DOC(FAILING("3", "[" DETAIL(",\"failed-session-count\":30") "," DETAIL(",\"failed-session-count\":30") "]"))), NULL, 3);
	check(&x, "refused: over the limit messages = 50: the details add up to more");
	buf_free(&b);
	tls_recorder_free(&x.r);
}

/* Whoever takes the items fails: that error comes out, nothing else happens. */
static void
test_taker_fails(void **state)
{
	struct run	 x = { .rv = 0 };
	unsigned	 n;

	(void)state;
	read_in(&x, &limits_default, STR(DOC(FAILING("1", "[" DETAIL("") "]") "," ELEMENT)), NULL, 50);
	n = x.r.calls;
	assert_int_equal(n, 5);
	for (unsigned i = 1; i < n; i++) {
		x.r.fail_at = i;
		read_in(&x, &limits_default, STR(DOC(FAILING("1", "[" DETAIL("") "]") "," ELEMENT)), NULL, 50);
		assert_int_equal(x.rv, -1);
		assert_int_equal(x.e.code, ERR_TEMP);
	}
	x.r.fail_at = 0;
	tls_recorder_free(&x.r);
}

/* Every quirk has a name and a sentence of its own, and the reader is the one that sets most. */
static void
test_quirks(void **state)
{
	(void)state;
	assert_true(TLS_QUIRK_COUNT < 63);
	for (int i = 0; i < TLS_QUIRK_COUNT; i++) {
		assert_true(strlen(tls_quirk_texts[i]) > 20);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(tls_quirk_names[i], tls_quirk_names[k]);
	}
}

int
main(void)
{
	struct cases	 c = { 0 };

	CASES_ADD(&c, docs, test_doc);
	case_add(&c, "T17 NULs behind the end", test_tail, NULL);
	case_add(&c, "T6 G3 what the mail around it tells", test_hints, NULL);
	case_add(&c, "limits, each by its name", test_limits, NULL);
	case_add(&c, "an error of the taker comes out", test_taker_fails, NULL);
	case_add(&c, "quirks have names and sentences", test_quirks, NULL);
	return (cases_run(&c, "tlsrpt"));
}
