/*
 * test_tls_mail.c - TLS reports in whatever they come in: the rules that need
 * a mail or a container around the JSON (T1, T2, T6, G1, G2, G4, A21).
 */
#include <sys/mman.h>

#include <unistd.h>

#include "cases.h"
#include "pack.h"
#include "tls_recorder.h"

#include "decode/reader.h"

#define L "\r\n"
#define JSON "{\"organization-name\":\"Rep\",\"date-range\":{\"start-datetime\":\"2026-10-04T00:00:00Z\",\"end-datetime\":\"2026-10-04T23:59:59Z\"},"	\
    "\"contact-info\":\"t@rep.example\",\"report-id\":\"r1\",\"policies\":[{\"policy\":{\"policy-type\":\"no-policy-found\",\"policy-domain\":"	\
    "\"example.com\"},\"summary\":{\"total-successful-session-count\":40,\"total-failure-session-count\":0}}]}"
#define NO_DOMAIN "{\"organization-name\":\"Rep\",\"date-range\":{\"start-datetime\":\"2026-10-04T00:00:00Z\",\"end-datetime\":\"2026-10-04T23:59:59Z\"},"	\
    "\"contact-info\":\"t@rep.example\",\"report-id\":\"r1\",\"policies\":[{\"policy\":{\"policy-type\":\"no-policy-found\"},"	\
    "\"summary\":{\"total-successful-session-count\":40,\"total-failure-session-count\":0}}]}"
#define XML "<?xml version=\"1.0\"?><feedback><report_metadata><org_name>rep.example</org_name><report_id>a1</report_id>"	\
    "<date_range><begin>1722816000</begin><end>1722902399</end></date_range></report_metadata><policy_published><domain>example.com"	\
    "</domain><p>none</p></policy_published></feedback>"

struct test {
	struct tls_recorder	 r;
	struct buf		 log, raw;
	bool			 aggregate;
	struct reader		*reader;
	struct reader_result	 res;
	struct buf		 mail, body;
};

static int
on_begin(void *ctx, const struct report_header *h, struct err *e)
{
	struct test	*t = ctx;

	(void)h, (void)e;
	t->aggregate = true;
	return (0);
}

static int
on_end(void *ctx, const struct report_trailer *tr, struct err *e)
{
	struct test	*t = ctx;

	(void)tr, (void)e;
	t->aggregate = false;
	return (buf_cstr(&t->log, "aggregate ") ? 0 : -1);
}

static void
on_again(void *ctx)
{
	struct test	*t = ctx;

	if (!t->aggregate)
		tls_record_again(&t->r);
	t->aggregate = false;
}

static int
on_payload(void *ctx, unsigned index, struct err *e)
{
	struct test	*t = ctx;

	(void)e;
	return (buf_printf(&t->log, "p%u ", index) ? 0 : -1);
}

static int
on_refused(void *ctx, const struct err *why, struct err *e)
{
	struct test	*t = ctx;

	(void)e;
	assert_false(t->r.open);
	return (buf_printf(&t->log, "refused(%s) ", why->msg) ? 0 : -1);
}

static int
on_tls(void *ctx, const struct tls_item *it, struct err *e)
{
	struct test	*t = ctx;

	if (it->kind == TLS_END)
		(void)buf_cstr(&t->log, "tls ");
	return (tls_record(&t->r, it, e));
}

static int
on_raw(void *ctx, const void *p, size_t n, struct err *e)
{
	struct test	*t = ctx;

	(void)e;
	return (buf_add(&t->raw, p, n) ? 0 : -1);
}

static const struct reader_calls	 calls = {
	.report = { .begin = on_begin, .end = on_end, .again = on_again },
	.payload = on_payload, .refused = on_refused, .tls = on_tls, .raw = on_raw
};

static int
setup(void **state)
{
	struct test	*t = calloc(1, sizeof(*t));

	t->reader = reader_new(&limits_default, &calls, t);
	*state = t;
	return (t->reader == NULL);
}

static int
teardown(void **state)
{
	struct test	*t = *state;

	reader_free(t->reader);
	tls_recorder_free(&t->r);
	buf_free(&t->log);
	buf_free(&t->raw);
	buf_free(&t->mail);
	buf_free(&t->body);
	free(t);
	return (0);
}

static void
run_job(struct test *t, struct reader_job job, struct str bytes)
{
	int		 fd = memfd_create("mail", MFD_CLOEXEC);
	struct err	 e = { 0 };

	assert_true(fd != -1);
	assert_int_equal(pwrite(fd, bytes.p, bytes.len, 0), (ssize_t)bytes.len);
	job.fd = fd;
	job.bytes = bytes.len;
	tls_recorder_clear(&t->r);
	buf_clear(&t->log);
	buf_clear(&t->raw);
	(void)buf_cstr(&t->log, "");
	(void)buf_cstr(&t->raw, "");
	if (reader_run(t->reader, &job, &t->res, &e) != 0)
		fail_msg("%s", e.msg);
	assert_false(t->r.open);
	(void)close(fd);
}

static void
run(struct test *t, struct str bytes)
{
	run_job(t, (struct reader_job){ .extract = -1 }, bytes);
}

static void
has(const struct test *t, const char *what)
{
	if (strstr(t->r.text.p, what) == NULL)
		fail_msg("there is no \"%s\" in\n%s\n%s", what, t->r.text.p, t->log.p);
}

/* A report mail as the standard has it; the part's type and encoding are given, its body is t->body. */
static void
mail(struct test *t, const char *fields, const char *type, const char *encoding)
{
	buf_clear(&t->mail);
	(void)buf_printf(&t->mail, "From: tls@mail.rep.example" L "%s"
	    "Content-Type: multipart/report; report-type=\"tlsrpt\"; boundary=\"b1\"" L L "--b1" L "Content-Type: text/plain" L L
	    "This is a TLS report." L "--b1" L "Content-Type: %s" L "Content-Transfer-Encoding: %s" L L, fields, type, encoding);
	(void)buf_str(&t->mail, buf_as_str(&t->body));
	(void)buf_cstr(&t->mail, L "--b1--" L);
	buf_clear(&t->body);
}

#define SUBJECT "Subject: Report Domain: example.net Submitter: s.example Report-ID: <735ff.e317+bf22029@example.net>" L

static void
gzipped(struct test *t, struct str json)
{
	struct buf	 gz = { 0 };

	pack_gzip(&gz, json);
	pack_base64(&t->body, buf_as_str(&gz), 76);
	buf_free(&gz);
}

static void
test_standard(void **state)
{
	struct test	*t = *state;

	gzipped(t, STR(JSON));
	mail(t, "TLS-Report-Domain: example.com" L "TLS-Report-Submitter: mail.rep.example" L SUBJECT, "application/tlsrpt+gzip", "base64");
	run(t, buf_as_str(&t->mail));
	assert_string_equal(t->log.p, "p524288 tls ");
	has(t, "submitter=[mail.rep.example]");
	has(t, " ok\n");
	assert_int_equal(t->res.reports, 1);
}

/* T1 G4: by content, whatever the type says; G1: not gzip although it says so. */
static void
test_types(void **state)
{
	static const char *const	 types[] = { "application/tlsrpt", "application/gzip", "application/json", "application/octet-stream",
					    "application/tlsrpt+json", "text/plain", "application/x-nonsense; name=\"x.dat\"" };
	struct test			*t = *state;
	const struct pack_entry		 en[] = { { "r.json", STR(JSON) } };
	struct buf			 zip = { 0 };

	for (size_t i = 0; i < nitems(types); i++) {
		gzipped(t, STR(JSON));
		mail(t, "", types[i], "base64");
		run(t, buf_as_str(&t->mail));
		assert_string_equal(t->log.p, "p524288 tls ");
		(void)buf_cstr(&t->body, JSON);
		mail(t, "", types[i], "7bit");
		run(t, buf_as_str(&t->mail));
		assert_string_equal(t->log.p, "p524288 tls ");
	}
	(void)buf_cstr(&t->body, JSON);
	mail(t, "", "application/tlsrpt+gzip", "8bit");
	run(t, buf_as_str(&t->mail));
	has(t, "ok=40");
	pack_zip(&zip, en, 1, 0);
	pack_base64(&t->body, buf_as_str(&zip), 76);
	mail(t, "", "application/tlsrpt+gzip", "base64");
	run(t, buf_as_str(&t->mail));
	has(t, "ok=40");
	run(t, buf_as_str(&zip));
	has(t, "ok=40");
	run(t, STR(JSON));
	has(t, "ok=40");
	buf_free(&zip);
}

/* T2 G2: odd lengths of lines, no line ends at all, base64 that nothing declares. */
static void
test_base64(void **state)
{
	static const size_t	 lengths[] = { 0, 3, 5, 77, 1000 };
	struct test		*t = *state;
	struct buf		 gz = { 0 };

	pack_gzip(&gz, STR(JSON));
	for (size_t i = 0; i < nitems(lengths); i++) {
		pack_base64(&t->body, STR(JSON), lengths[i]);
		mail(t, "", "application/tlsrpt+json", "base64");
		run(t, buf_as_str(&t->mail));
		assert_string_equal(t->log.p, "p524288 tls ");
		pack_base64(&t->body, buf_as_str(&gz), lengths[i]);
		mail(t, "", "application/tlsrpt+gzip", "7bit");
		run(t, buf_as_str(&t->mail));
		assert_string_equal(t->log.p, "p524288 tls ");
		has(t, "+base64-undeclared");
		pack_base64(&t->body, STR(JSON), lengths[i]);
		mail(t, "", "application/tlsrpt+json", "7bit");
		run(t, buf_as_str(&t->mail));
		assert_string_equal(t->log.p, "p524288 tls ");
	}
	/* base64 once more behind the one that is declared */
	buf_clear(&gz);
	pack_base64(&gz, STR(JSON), 76);
	pack_base64(&t->body, buf_as_str(&gz), 76);
	mail(t, "", "application/tlsrpt+json", "base64");
	run(t, buf_as_str(&t->mail));
	has(t, "ok=40");
	has(t, "+base64-undeclared");
	/* a word of letters is none */
	run(t, STR("abcdefghijklmnopqrstuvwxyz"));
	assert_string_equal(t->log.p, "");
	buf_free(&gz);
}

/* T6: the fields of the mail, then its subject. */
static void
test_domain(void **state)
{
	struct test	*t = *state;

	(void)buf_cstr(&t->body, NO_DOMAIN);
	mail(t, "TLS-Report-Domain: example.org" L SUBJECT, "application/tlsrpt+json", "7bit");
	run(t, buf_as_str(&t->mail));
	has(t, "domain=[example.org] derived");
	(void)buf_cstr(&t->body, NO_DOMAIN);
	mail(t, SUBJECT, "application/tlsrpt+json", "7bit");
	run(t, buf_as_str(&t->mail));
	has(t, "domain=[example.net] derived");
	(void)buf_cstr(&t->body, NO_DOMAIN);
	mail(t, "", "application/tlsrpt+json; name=\"s.example!example.com!1791072000!1791158399.json\"", "7bit");
	run(t, buf_as_str(&t->mail));
	has(t, "domain=[example.com] derived");
	/* a forwarded mail: what stands in its own header counts */
	(void)buf_cstr(&t->body, "From: tls@rep.example" L "TLS-Report-Domain: inner.example" L "Content-Type: application/tlsrpt+json" L L NO_DOMAIN);
	mail(t, "", "message/rfc822", "7bit");
	run(t, buf_as_str(&t->mail));
	has(t, "domain=[inner.example] derived");
	(void)buf_cstr(&t->body, NO_DOMAIN);
	mail(t, "", "application/tlsrpt+json", "7bit");
	run(t, buf_as_str(&t->mail));
	assert_string_equal(t->log.p, "p524288 refused(policy 1 (line 1): policy-domain is missing, and nothing else tells it) ");
}

/* A21: both kinds in one mail, each under numbers of its own; a large XML that is read twice takes none along. */
static void
test_both(void **state)
{
	struct test		*t = *state;
	struct reader_job	 job = { 0 };

	buf_clear(&t->mail);
	(void)buf_cstr(&t->mail, "From: a@rep.example" L "Content-Type: multipart/mixed; boundary=\"b1\"" L L "--b1" L
	    "Content-Type: application/json" L L JSON L "--b1" L "Content-Type: text/xml" L L XML L "--b1" L "Content-Type: application/json" L L
	    "{\"policies\": [}" L "--b1" L "Content-Type: application/json" L L NO_DOMAIN L "--b1" L "Content-Type: application/json" L L
	    "{\"a\":1}" L "--b1" L "Content-Type: text/xml" L L XML L "--b1--" L);
	run(t, buf_as_str(&t->mail));
	assert_string_equal(t->log.p, "p524288 tls p0 aggregate p524289 refused(not valid JSON at line 1, byte 15: a value should stand here) "
	    "p524290 refused(policy 1 (line 1): policy-domain is missing, and nothing else tells it) p524291 p1 aggregate ");
	assert_int_equal(t->res.reports, 3);
	assert_int_equal(t->res.refused, 2);
	/* and each is found again by its number */
	job.extract = READER_JSON;
	run_job(t, job, buf_as_str(&t->mail));
	assert_true(str_starts(buf_as_str(&t->raw), JSON));
	job.extract = READER_JSON + 2;
	run_job(t, job, buf_as_str(&t->mail));
	assert_true(str_starts(buf_as_str(&t->raw), NO_DOMAIN));
	job.extract = 1;
	run_job(t, job, buf_as_str(&t->mail));
	assert_true(str_starts(buf_as_str(&t->raw), XML));
	job.packed = true;
	job.extract = READER_JSON;
	run_job(t, job, buf_as_str(&t->mail));
	assert_true(str_starts(buf_as_str(&t->raw), JSON));
	job.extract = READER_JSON + 9;
	run_job(t, job, buf_as_str(&t->mail));
	assert_int_equal(t->raw.len, 0);
}

/* What is cut or damaged counts nothing. */
static void
test_damage(void **state)
{
	struct test	*t = *state;
	struct buf	 gz = { 0 };
	struct str	 s;

	pack_gzip(&gz, STR(JSON));
	s = buf_as_str(&gz);
	s.len -= 12;
	run(t, s);
	assert_int_equal(t->res.reports, 0);
	assert_string_equal(t->log.p, "p524288 refused(the gzip data is cut short) ");
	assert_string_equal(t->r.text.p, "");
	s = STR(JSON);
	s.len -= 2;
	run(t, s);
	assert_string_equal(t->log.p, "p524288 refused(the JSON is cut short at line 1, byte 335) ");
	/* mail that is no report, with braces in it */
	run(t, STR("From: a@example.com" L "Subject: hi" L L "{ this is a joke }"));
	assert_string_equal(t->log.p, "p524288 ");
	buf_free(&gz);
}

int
main(void)
{
	struct CMUnitTest	 tests[] = {
		{ "T6 a mail as the standard has it", test_standard, setup, teardown, NULL },
		{ "T1 G1 G4 types say nothing", test_types, setup, teardown, NULL },
		{ "T2 G2 base64 of any shape", test_base64, setup, teardown, NULL },
		{ "T6 policy-domain from the mail", test_domain, setup, teardown, NULL },
		{ "A21 both kinds in one mail", test_both, setup, teardown, NULL },
		{ "cut and damaged", test_damage, setup, teardown, NULL },
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
