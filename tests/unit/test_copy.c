/*
 * test_copy.c - JSON and CSV of parsedmarc to reports: its layouts, its times,
 * what is refused and with which line, and how large it may be.
 */
#include "cases.h"
#include "copy_read.h"

#define META_(begin, end, more) "\"report_metadata\":{\"org_name\":\"rep.example\",\"org_email\":\"a@rep.example\",\"report_id\":\"r1\","	\
    "\"begin_date\":\"" begin "\",\"end_date\":\"" end "\"" more ",\"errors\":[]}"
#define META META_("2026-04-28 00:00:00", "2026-04-28 23:59:59", "")
#define POLICY "\"policy_published\":{\"domain\":\"example.com\",\"adkim\":\"r\",\"aspf\":\"r\",\"p\":\"none\",\"sp\":\"none\",\"pct\":\"100\",\"fo\":\"0\"}"
#define ROW_(count, more) "{\"source\":{\"ip_address\":\"192.0.2.1\",\"country\":\"US\",\"base_domain\":null},\"count\":" count ","	\
    "\"alignment\":{\"spf\":true,\"dkim\":false,\"dmarc\":true},\"policy_evaluated\":{\"disposition\":\"none\",\"dkim\":\"fail\",\"spf\":\"pass\","	\
    "\"policy_override_reasons\":[{\"type\":\"forwarded\",\"comment\":null}]},\"identifiers\":{\"header_from\":\"example.com\","	\
    "\"envelope_from\":\"b.example\",\"envelope_to\":null},\"auth_results\":{\"dkim\":[{\"domain\":\"example.com\",\"selector\":\"none\","	\
    "\"result\":\"fail\"}],\"spf\":[{\"domain\":\"b.example\",\"scope\":\"mfrom\",\"result\":\"pass\"}]}" more "}"
#define ROW ROW_("2", "")
#define REPORT_(meta, rows) "{\"xml_schema\":\"draft\"," meta "," POLICY ",\"records\":[" rows "]}"
#define REPORT REPORT_(META, ROW)
#define TLS "{\"organization_name\":\"Rep\",\"begin_date\":\"2026-04-28T00:00:00Z\",\"end_date\":\"2026-04-28T23:59:59Z\",\"report_id\":\"t1\","	\
    "\"policies\":[{\"policy_domain\":\"example.com\",\"policy_type\":\"sts\",\"policy_strings\":[\"version: STSv1\"],"	\
    "\"successful_session_count\":10,\"failed_session_count\":3,\"failure_details\":[{\"result_type\":\"certificate-expired\","	\
    "\"failed_session_count\":3,\"sending_mta_ip\":\"192.0.2.9\",\"receiving_mx_hostname\":\"mx.example.com\",\"receiving_ip\":null}]}]}"
#define FAILURE "{\"feedback_type\":\"auth-failure\",\"user_agent\":\"x\",\"version\":\"1\",\"original_mail_from\":\"b@example.org\","	\
    "\"arrival_date\":null,\"arrival_date_utc\":\"2026-04-28 10:00:00\",\"auth_failure\":[\"dmarc\",\"spf\"],\"reported_domain\":\"example.com\","	\
    "\"source\":{\"ip_address\":\"192.0.2.77\"},\"sample_headers_only\":true,\"sample\":\"From: a@example.com\\nSubject: x\\n\\n\","	\
    "\"parsed_sample\":{\"headers\":{}}}"
#define COLUMNS "xml_schema,org_name,org_email,org_extra_contact_info,report_id,begin_date,end_date,errors,domain,adkim,aspf,p,sp,pct,fo,"	\
    "source_ip_address,count,spf_aligned,dkim_aligned,disposition,policy_override_reasons,policy_override_comments,envelope_from,"	\
    "header_from,envelope_to,dkim_domains,dkim_selectors,dkim_results,spf_domains,spf_scopes,spf_results"
#define CELLS(id, ip, count) "draft,\"rep, \"\"x\"\"\",a@rep.example,," id ",2026-04-27 20:00:00,2026-04-28 19:59:59,,example.com,r,r,none,none,100,0,"	\
    ip "," count ",True,False,none,\"forwarded,other\",\"'=a,none\",b.example,example.com,,\"example.com,d.example\",\"s1,none\",\"fail,pass\"," \
    "b.example,mfrom,pass"
#define UTC_DAY "begin=1777334400 end=1777420799"	/* 2026-04-28 */

/* has: pieces of what must come out, '|' between; "!x" must not. */
static const struct {
	const char	*name, *doc;
	int		 rv;
	const char	*has;
} docs[] = {
	{ "a report alone", REPORT, 0, "report org=[rep.example] email=[a@rep.example] id=[r1] " UTC_DAY " domain=[example.com] p=[none]|"
	    "row 1 len=4 count=2 disp=none dkim=fail spf=pass ip=[192.0.2.1]|from=[example.com] ef=[b.example]|!et=|dkim(fail d=[example.com])|"
	    "spf(pass d=[b.example] w=[mfrom])|reason( type=[forwarded])|copy,|time-zone" },
	{ "a list", "[" REPORT ",\n" REPORT "]", 0, "2 read" },
	{ "one a line", REPORT "\n" REPORT "\n" TLS "\n" FAILURE "\n", 0, "3 read|1 failures" },
	{ "the object that is printed", "{\"aggregate_reports\":[" REPORT "],\"forensic_reports\":[" FAILURE "],\"smtp_tls_reports\":[" TLS "]}", 0,
	    "2 read|1 failures" },
	{ "nothing in it", "{\"aggregate_reports\":[],\"forensic_reports\":[],\"smtp_tls_reports\":[]}", 0, "0 read" },
	{ "members sorted", "[{" POLICY ",\"records\":[" ROW "," ROW "]," META ",\"xml_schema\":\"1.0\"}]", 0, "version=[1.0]|row 2 |1 read" },
	{ "times of another zone: a day is the nearest UTC day", REPORT_(META_("2026-04-27 20:00:00", "2026-04-28 19:59:59", ""), ROW), 0,
	    UTC_DAY "|time-zone" },
	{ "east of it", REPORT_(META_("2026-04-28 05:30:00", "2026-04-29 05:29:59", ""), ROW), 0, UTC_DAY "|time-zone" },
	{ "the day of 23 hours", REPORT_(META_("2026-04-27 20:00:00", "2026-04-28 18:59:59", ""), ROW), 0, UTC_DAY "|time-zone" },
	{ "to the next midnight", REPORT_(META_("2026-04-27 20:00:00", "2026-04-28 20:00:00", ""), ROW), 0, "begin=1777334400 end=1777420800|time-zone" },
	{ "no whole day stays where it is", REPORT_(META_("2026-04-27 20:00:00", "2026-04-28 02:00:00", ""), ROW), 0,
	    "begin=1777320000 end=1777341600|time-zone" },
	{ "the interval of a row says it", REPORT_(META_("2026-04-27 21:00:00", "2026-04-28 03:00:00", ""),
	    ROW_("2", ",\"normalized_timespan\":false,\"interval_begin\":\"2026-04-28 01:00:00\",\"interval_end\":\"2026-04-28 07:00:00\"")), 0,
	    "begin=1777338000 end=1777359600|!time-zone" },
	{ "a long report in days", REPORT_(META_("2026-04-28 00:00:00", "2026-05-04 23:59:59", ",\"timespan_requires_normalization\":true"),
	    ROW_("2", ",\"normalized_timespan\":true,\"interval_begin\":\"2026-04-29 00:00:00\",\"interval_end\":\"2026-04-29 23:59:59\"")), 0,
	    "begin=1777334400 end=1777939199|split-days" },
	{ "seconds", REPORT_(META_("1777334400", "1777420799", ""), ROW), 0, UTC_DAY "|!time-zone" },
	{ "a zone is written", REPORT_(META_("2026-04-28T02:00:00+02:00", "2026-04-29T01:59:59+02:00", ""), ROW), 0, UTC_DAY "|!time-zone" },
	{ "TLS", TLS, 0, "policy sts domain=[example.com] line=[version: STSv1] ok=10 failed=3 details=3|certificate-expired from=[192.0.2.9]|"
	    "id=[t1] begin=1777334400|+copy" },
	{ "a failure report", FAILURE, 0, "feedback_type=auth-failure auth_failure=dmarc, spf arrival_date=Tue, 28 Apr 2026 10:00:00 +0000 "
	    "source_ip=192.0.2.77 reported_domain=example.com|original_mail_from=b@example.org sample_from=a@example.com sample_subject=x|"
	    "sample 1 at 1777370400" },
	{ "a count that is none", REPORT_(META, ROW "," ROW_("-1", "")), 0, "row 1 |refused 2|1 read" },
	{ "one without dates", "[\n" REPORT_("\"report_metadata\":{\"org_name\":\"x\"}", ROW) ",\n" REPORT "]", 0, "refused: no-date-range 2: |1 read" },
	{ "one without a policy", "[\n{\"xml_schema\":\"draft\"," META ",\"records\":[" ROW "]},\n" REPORT "]", 0, "refused: no-policy 2: |1 read" },
	{ "what is no report", "[\n" REPORT ",\n\n{\"a\":1},5]", 0, "1 read|refused: not-a-report 4: line 4" },
	{ "nothing of ours", "[{\"a\":1}]", 1, "0 read" },
	{ "cut short", "[" REPORT ",{\"xml_schema\":\"dr", -1, "1 read" },
	{ "bytes that are no UTF-8 in one", "[" REPORT_(META, "{\"count\":\"\xff\"}") ",\n" REPORT "]", 0, "refused: not-well-formed 1|1 read" },
	{ "characters that XML has not", REPORT_(META_("2026-04-28 00:00:00", "2026-04-28 23:59:59", ",\"org_extra_contact_info\":\"a\\u0001\\uffff<&>\\n\""),
	    ROW), 0, "extra=[a\xef\xbf\xbd\xef\xbf\xbd<&>]" },
	{ "brackets without end", "[{\"xml_schema\":[[[[[[[[[[[[[[[[[[[[", -1, "0 read" },
	{ "CSV", COLUMNS "\r\n" CELLS("r1", "192.0.2.1", "2") "\r\n" CELLS("r1", "192.0.2.2", "3") "\r\n" CELLS("r2", "192.0.2.1", "7") "\r\n", 0,
	    "org=[rep, \"x\"]|" UTC_DAY "|row 2 len=4 count=3 disp=none dkim=fail spf=pass|dkim(fail d=[example.com] w=[s1]) dkim(pass d=[d.example])|"
	    "reason( type=[forwarded] comment=[=a]) reason( type=[other])|count=7|2 read" },
	{ "CSV of one row without a line end", COLUMNS "\n" CELLS("r1", "192.0.2.1", "x"), 0, "refused: no-sound-row 2: |0 read" },
	{ "CSV cut short in a cell", COLUMNS "\n" CELLS("r1", "192.0.2.1", "2") "\n\"a", -1, "0 read" },
	{ "CSV without a column", "xml_schema,org_name\na,b\n", -1, "line 1: the table has no column org_email" },
};

static void
told(struct buf *out, struct copy_all *a, const struct err *e)
{
	struct str	 rest = buf_as_str(&a->refused), line;

	buf_clear(out);
	(void)buf_str(out, buf_as_str(&a->r.text));
	(void)buf_str(out, buf_as_str(&a->t.text));
	(void)buf_str(out, buf_as_str(&a->failures));
	while (rest.len > 0 && failure_line(&rest, &line))
		(void)buf_printf(out, "refused: %.*s\n", (int)line.len, line.p);
	for (unsigned i = 0; i < QUIRK_COUNT; i++)
		if ((a->r.quirks & (uint64_t)1 << i) != 0)
			(void)buf_printf(out, "%s,", quirk_names[i]);
	(void)buf_printf(out, "%u read %u failures %s%c", a->read, a->nfailures, e->msg, '\0');
}

static void
documents(void **state)
{
	static const size_t	 pieces[] = { 0, 1, 7, 512 };
	struct copy_all		 a = { 0 };
	struct buf		 out = { 0 };
	char			 has[1000], *save, *p;

	(void)state;
	for (size_t i = 0; i < nitems(docs); i++)
		for (size_t k = 0; k < nitems(pieces); k++) {
			struct err	 e = { 0 };

			if (copy_read(&a, &limits_default, str_of(docs[i].doc), pieces[k], &e) != docs[i].rv)
				fail_msg("%s: %s", docs[i].name, e.msg);
			told(&out, &a, &e);
			(void)snprintf(has, sizeof(has), "%s", docs[i].has);
			for (p = strtok_r(has, "|", &save); p != NULL; p = strtok_r(NULL, "|", &save))
				if ((strstr(out.p, p[0] == '!' ? p + 1 : p) != NULL) == (p[0] == '!'))
					fail_msg("%s: not as it should be with \"%s\":\n%s", docs[i].name, p, out.p);
		}
	copy_read_free(&a);
	buf_free(&out);
}

static void
shapes(void **state)
{
	static const struct { const char *head; enum copy_form form; } v[] = {
		{ "{\"xml_schema\": 1", COPY_JSON }, { "\xef\xbb\xbf [ {\n \"feedback_type\"", COPY_JSON }, { "{\"organization_name\"", COPY_JSON },
		{ "{\"organization-name\"", COPY_NONE }, { "{\"policies\"", COPY_NONE }, { "{\"smtp_tls_reports\":", COPY_JSON },
		{ "xml_schema,org_name", COPY_CSV }, { "xml_schema", COPY_NONE }, { "[1]", COPY_NONE }, { "[", COPY_NONE }, { "{}", COPY_NONE },
		{ "", COPY_NONE },
	};

	(void)state;
	for (size_t i = 0; i < nitems(v); i++)
		assert_int_equal(copy_looks_like(str_of(v[i].head)), v[i].form);
}

/* A report of so many rows, and so many reports: none of it is held. */
static void
large(void **state)
{
	static const char	 begin[] = "[{\"xml_schema\":\"draft\"," META "," POLICY ",\"records\":[" ROW, row[] = "," ROW;
	struct copy_all		 a = { .r.quiet = true };
	struct buf		 b = { 0 };
	struct err		 e = { 0 };

	(void)state;
	(void)buf_cstr(&b, begin);
	for (unsigned i = 0; i < 20000; i++)
		(void)buf_cstr(&b, row);
	(void)buf_cstr(&b, "]}");
	for (unsigned i = 0; i < 2000; i++)
		(void)buf_cstr(&b, ",\n" REPORT);
	(void)buf_cstr(&b, "]");
	assert_int_equal(copy_read(&a, &limits_default, buf_as_str(&b), 65536, &e), 0);
	assert_int_equal(a.read, 2001);
	assert_int_equal(a.nrefused, 0);
	buf_free(&b);
	copy_read_free(&a);
}

/* Of a sample only the beginning is held, and it ends with a whole character. */
static void
samples(void **state)
{
	struct limits	 l = limits_default;
	struct copy_all	 a = { 0 };
	struct err	 e = { 0 };

	(void)state;
	l.tls_value = 4096;
	for (unsigned shift = 0; shift < 14; shift++) {
		struct buf	 b = { 0 };

		(void)buf_cstr(&b, "[{\"feedback_type\":\"auth-failure\",\"source\":{\"ip_address\":\"192.0.2.7\"},\"sample\":\"From: a@example.com\\n\\n");
		for (unsigned i = 0; i < shift; i++)
			(void)buf_byte(&b, 'x');
		for (unsigned i = 0; i < 600; i++)
			(void)buf_cstr(&b, "\\ud83d\\ude00\xc3\xa4\\n");
		(void)buf_cstr(&b, "\"}]");
		assert_int_equal(copy_read(&a, &l, buf_as_str(&b), 0, &e), 0);
		assert_int_equal(a.nfailures, 1);
		assert_non_null(memmem(a.failures.p, a.failures.len, "sample_from=a@example.com", 25));
		buf_free(&b);
	}
	copy_read_free(&a);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(documents), cmocka_unit_test(shapes), cmocka_unit_test(large), cmocka_unit_test(samples),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
