/*
 * test_reader.c - whole mails and files to reports, as a decoder walks them.
 */
#include <sys/mman.h>

#include <unistd.h>

#include "cases.h"
#include "pack.h"
#include "recorder.h"

#include "decode/reader.h"
#include "report/refusal.h"

#define L "\r\n"
#define REPORT(id, rows) "<?xml version=\"1.0\"?><feedback><report_metadata><org_name>rep.example</org_name><report_id>" id "</report_id>"	\
    "<date_range><begin>1722816000</begin><end>1722902399</end></date_range></report_metadata><policy_published><domain>example.com"		\
    "</domain><p>none</p></policy_published>" rows "</feedback>"
#define ROW(ip) "<record><row><source_ip>" ip "</source_ip><count>1</count></row><identifiers><header_from>example.com</header_from>"	\
    "</identifiers></record>"
#define ONE REPORT("id1", ROW("192.0.2.1"))
#define TWO REPORT("id2", ROW("192.0.2.2"))
#define LATE "<feedback>" ROW("192.0.2.9") "<policy_published><domain>example.com</domain><p>none</p></policy_published><report_metadata>"	\
    "<org_name>rep.example</org_name><report_id>late</report_id><date_range><begin>1722816000</begin><end>1722902399</end></date_range>"	\
    "</report_metadata></feedback>"

struct test {
	struct recorder	 r;		/* first: the report sink's */
	struct buf	 raw, log;	/* log: payloads and refusals in their order */
	struct limits	 limits;
	struct reader	*reader;
	struct reader_result res;
	struct err	 e;
	struct buf	 mail;
};

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
on_raw(void *ctx, const void *p, size_t n, struct err *e)
{
	struct test	*t = ctx;

	(void)e;
	return (buf_add(&t->raw, p, n) ? 0 : -1);
}

/* What is in a TLS report is looked at in test_tls_mail.c. */
static int
on_tls(void *ctx, const struct tls_item *it, struct err *e)
{
	struct test	*t = ctx;

	(void)e;
	return (it->kind != TLS_END || buf_cstr(&t->log, "tls ") ? 0 : -1);
}

static struct reader_calls	 calls = { .payload = on_payload, .refused = on_refused, .tls = on_tls, .raw = on_raw };

static int
setup(void **state)
{
	struct test	*t = calloc(1, sizeof(*t));

	calls.report = recorder_sink;
	t->limits = limits_default;
	t->reader = reader_new(&t->limits, &calls, t);
	*state = t;
	return (t->reader == NULL);
}

static int
teardown(void **state)
{
	struct test	*t = *state;

	reader_free(t->reader);
	recorder_free(&t->r);
	buf_free(&t->raw);
	buf_free(&t->log);
	buf_free(&t->mail);
	free(t);
	return (0);
}

static int
run_job(struct test *t, struct reader_job job, struct str bytes)
{
	int	 fd = memfd_create("mail", MFD_CLOEXEC), rv;

	assert_true(fd != -1);
	assert_int_equal(pwrite(fd, bytes.p, bytes.len, (off_t)job.offset), (ssize_t)bytes.len);
	job.fd = fd;
	job.bytes = bytes.len;
	recorder_clear(&t->r);
	buf_clear(&t->raw);
	buf_clear(&t->log);
	(void)buf_cstr(&t->raw, "");
	(void)buf_cstr(&t->log, "");
	memset(&t->e, 0, sizeof(t->e));
	rv = reader_run(t->reader, &job, &t->res, &t->e);
	(void)close(fd);
	return (rv);
}

static void
run(struct test *t, struct str bytes)
{
	if (run_job(t, (struct reader_job){ .extract = -1 }, bytes) != 0)
		fail_msg("%s", t->e.msg);
}

static void
has(const struct test *t, const char *what)
{
	if (t->r.text.p == NULL || strstr(t->r.text.p, what) == NULL)
		fail_msg("there is no \"%s\" in\n%s\n%s", what, t->r.text.p, t->log.p);
}

/* --- Building mails ----------------------------------------------------------------- */

static void
mail_begin(struct test *t)
{
	buf_clear(&t->mail);
	(void)buf_cstr(&t->mail, "From: Reports <reports@mail.rep.example>" L "Subject: Report Domain: example.com Submitter: rep.example" L
	    "Content-Type: multipart/mixed; boundary=\"b1\"" L L);
}

static void
mail_part(struct test *t, const char *header, struct str body, bool base64)
{
	(void)buf_printf(&t->mail, "--b1" L "%s%s" L, header, base64 ? "Content-Transfer-Encoding: base64" L : "");
	if (base64)
		pack_base64(&t->mail, body, 76);
	else {
		(void)buf_str(&t->mail, body);
		(void)buf_cstr(&t->mail, L);
	}
}

static void
mail_gzip(struct test *t, struct str doc)
{
	struct buf	 b = { 0 };

	pack_gzip(&b, doc);
	mail_part(t, "Content-Type: application/gzip; name=\"a.xml.gz\"" L, buf_as_str(&b), true);
	buf_free(&b);
}

static struct str
mail_end(struct test *t)
{
	(void)buf_cstr(&t->mail, "--b1--" L);
	return (buf_as_str(&t->mail));
}

/* --- Tests ---------------------------------------------------------------------------- */

static void
test_bare(void **state)
{
	struct test	*t = *state;
	struct buf	 b = { 0 };

	run(t, STR(ONE));
	assert_int_equal(t->res.reports, 1);
	assert_false(t->res.mail);
	has(t, "id=[id1]");
	assert_string_equal(t->log.p, "p0 ");
	pack_gzip(&b, STR(TWO));
	run(t, buf_as_str(&b));
	has(t, "id=[id2]");
	run(t, STR(""));
	assert_int_equal(t->res.reports + t->res.refused, 0);
	run(t, STR("just text"));
	assert_int_equal(t->res.reports + t->res.refused, 0);
	buf_free(&b);
}

static void
test_forms(void **state)
{
	struct test	*t = *state;

	/* A7 no multipart */
	buf_clear(&t->mail);
	(void)buf_cstr(&t->mail, "Content-Type: application/gzip" L "Content-Transfer-Encoding: base64" L L);
	{
		struct buf	 b = { 0 };

		pack_gzip(&b, STR(ONE));
		pack_base64(&t->mail, buf_as_str(&b), 60);
		buf_free(&b);
	}
	run(t, buf_as_str(&t->mail));
	assert_true(t->res.mail);
	has(t, "id=[id1]");
	/* A1 A2 A3: any type */
	mail_begin(t);
	mail_part(t, "Content-Type: image-no/such; name=x.dat" L, STR(ONE), true);
	run(t, mail_end(t));
	has(t, "id=[id1]");
	/* A6 text part that is the report; A17 a disclaimer behind it */
	mail_begin(t);
	mail_part(t, "Content-Type: text/plain" L, STR(ONE), false);
	mail_part(t, "Content-Type: text/html" L, STR("<html><p>disclaimer</p></html>"), false);
	run(t, mail_end(t));
	assert_int_equal(t->res.reports, 1);
	assert_int_equal(t->res.refused, 0);
	assert_string_equal(t->log.p, "p0 ");
	assert_int_equal(t->res.from.len, strlen("Reports <reports@mail.rep.example>"));
	/* A20 no report */
	mail_begin(t);
	mail_part(t, "Content-Type: text/plain" L, STR("out of office"), false);
	mail_part(t, "Content-Type: text/xml" L, STR("<rss><item/></rss>"), false);
	run(t, mail_end(t));
	assert_int_equal(t->res.reports + t->res.refused, 0);
}

static void
test_several(void **state)
{
	struct test			*t = *state;
	const struct pack_entry		 en[] = { { "1.xml", STR(REPORT("id3", "")) }, { "2.xml", STR(REPORT("id4", ROW("192.0.2.4"))) } };
	struct buf			 b = { 0 };

	/* A21 B3: all are read, each under its own number */
	pack_zip(&b, en, 2, 0);
	mail_begin(t);
	mail_gzip(t, STR(ONE));
	mail_part(t, "Content-Type: application/zip" L, buf_as_str(&b), true);
	mail_part(t, "Content-Type: application/tlsrpt+json" L, STR("{\"date-range\":{\"start-datetime\":\"2026-10-04\"},\"policies\":[]}"), false);
	mail_gzip(t, STR(TWO));
	run(t, mail_end(t));
	assert_string_equal(t->log.p, "p0 p1 p2 p524288 tls p3 ");
	assert_int_equal(t->res.reports, 5);
	has(t, "id=[id1]");
	has(t, "id=[id4]");
	/* one of them is broken: the others count */
	mail_begin(t);
	mail_gzip(t, STR(ONE));
	mail_part(t, "Content-Type: application/zip" L, (struct str){ b.p, 60 }, true);
	mail_gzip(t, STR("<feedback>" ROW("192.0.2.3")));
	mail_gzip(t, STR(TWO));
	run(t, mail_end(t));
	assert_int_equal(t->res.reports, 2);
	assert_int_equal(t->res.refused, 2);
	assert_null(strstr(t->r.text.p, "192.0.2.3"));
	has(t, "id=[id2]");
	buf_free(&b);
}

/* What was odd about one attachment is not said of the next. */
static void
test_quirks(void **state)
{
	struct test	*t = *state;
	struct buf	 b = { 0 };

	pack_gzip(&b, STR(ONE));
	(void)buf_cstr(&b, "\r\n");
	mail_begin(t);
	mail_part(t, "", buf_as_str(&b), true);
	mail_gzip(t, STR(TWO));
	run(t, mail_end(t));
	has(t, "gzip-tail");
	assert_true((t->r.quirks & QUIRK_GZIP_TAIL) == 0);
	buf_free(&b);
	/* and it is kept when the document is read a second time */
	pack_gzip(&b, STR(REPORT("a & b", ROW("192.0.2.1"))));
	(void)buf_cstr(&b, "\r\n");
	run(t, buf_as_str(&b));
	has(t, "gzip-tail");
	has(t, "recovered");
	buf_free(&b);
}

static void
big(struct buf *b, const char *doc)
{
	const char	*at = strstr(doc, "</record>") + 9;

	(void)buf_add(b, doc, (size_t)(at - doc));
	(void)buf_cstr(b, "<!--");
	for (size_t i = 0; i < 70000; i++)
		(void)buf_cstr(b, "1234567890");
	(void)buf_cstr(b, "-->");
	(void)buf_cstr(b, at);
}

/* X15 a large document with the metadata last is read twice; what stands around it is told once. */
static void
test_twice(void **state)
{
	struct test	*t = *state;
	struct buf	 b = { 0 }, first = { 0 };
	struct str	 cut;

	run(t, STR(LATE));
	has(t, "id=[late]");
	(void)buf_str(&first, buf_as_str(&t->r.text));
	big(&b, LATE);
	run(t, buf_as_str(&b));
	assert_string_equal(t->r.text.p, first.p);
	assert_int_equal(t->res.reports, 1);

	mail_begin(t);
	mail_part(t, "", STR("\xd0\xcf\x11\xe0 msg"), true);
	mail_gzip(t, STR(ONE));
	mail_gzip(t, STR("<feedback>" ROW("192.0.2.3")));
	mail_gzip(t, buf_as_str(&b));
	mail_part(t, "", STR("PK\5\6"), true);
	mail_gzip(t, STR(TWO));
	mail_gzip(t, buf_as_str(&b));
	run(t, mail_end(t));
	assert_int_equal(t->res.reports, 4);
	assert_int_equal(t->res.refused, 3);
	cut = (struct str){ t->log.p, t->log.len };
	assert_true(str_starts(cut, "refused(an Outlook"));
	assert_non_null(strstr(t->log.p, ") p0 p1 refused("));
	assert_non_null(strstr(t->log.p, ") p2 refused(the zip archive has no files in it) p3 p4 "));
	buf_free(&b);
	buf_free(&first);
}

/* Many of them in one mail: each may ask to be read again. */
static void
test_many_twice(void **state)
{
	struct test	*t = *state;
	struct buf	 b = { 0 };

	big(&b, LATE);
	mail_begin(t);
	for (int i = 0; i < 12; i++)
		mail_gzip(t, buf_as_str(&b));
	run(t, mail_end(t));
	assert_int_equal(t->res.reports, 12);
	assert_int_equal(t->res.refused, 0);
	buf_free(&b);
}

static void
test_attached(void **state)
{
	struct test	*t = *state;
	struct buf	 inner = { 0 };

	/* A10: a mail in a mail, in base64 and not */
	mail_begin(t);
	mail_gzip(t, STR(ONE));
	mail_end(t);
	(void)buf_str(&inner, buf_as_str(&t->mail));
	buf_clear(&t->mail);
	(void)buf_cstr(&t->mail, "From: boss@example.com" L "Subject: FW" L "Content-Type: multipart/mixed; boundary=b0" L L "--b0" L
	    "Content-Type: message/rfc822" L L);
	(void)buf_str(&t->mail, buf_as_str(&inner));
	(void)buf_cstr(&t->mail, "--b0" L "Content-Type: message/rfc822" L "Content-Transfer-Encoding: base64" L L);
	pack_base64(&t->mail, buf_as_str(&inner), 76);
	(void)buf_cstr(&t->mail, "--b0--" L);
	run(t, buf_as_str(&t->mail));
	assert_int_equal(t->res.reports, 2);
	assert_true(str_eq(t->res.subject, STR("FW")));
	buf_free(&inner);
}

/* A10 five deep, each in base64 or as it stands; beyond the limit it is said so. */
static void
test_attached_deep(void **state)
{
	struct test	*t = *state;
	struct buf	 inner = { 0 };

	for (int way = 0; way < 3; way++)	/* all plain, all in base64, in turns */
		for (int deep = 1; deep <= 7; deep++) {
			bool	 over = 2 * deep + 1 > 12;

			t->limits.mime_depth = 12;
			mail_begin(t);
			mail_gzip(t, STR(ONE));
			mail_end(t);
			for (int i = 0; i < deep; i++) {
				bool	 packed = way == 1 || (way == 2 && i % 2 == 0);

				buf_clear(&inner);
				(void)buf_str(&inner, buf_as_str(&t->mail));
				buf_clear(&t->mail);
				(void)buf_printf(&t->mail, "Subject: FW" L "Content-Type: multipart/mixed; boundary=x%d" L L "--x%d" L
				    "Content-Type: message/rfc822" L "%s" L, i, i, packed ? "Content-Transfer-Encoding: base64" L : "");
				if (packed)
					pack_base64(&t->mail, buf_as_str(&inner), 76);
				else
					(void)buf_str(&t->mail, buf_as_str(&inner));
				(void)buf_printf(&t->mail, "--x%d" L "Content-Type: text/xml" L L TWO L "--x%d--" L, i, i);
			}
			run(t, buf_as_str(&t->mail));
			if (over) {
				if (t->res.refused == 0)
					fail_msg("way %d, %d deep: %u reports and nothing is refused", way, deep, t->res.reports);
				continue;
			}
			if (t->res.reports != (unsigned)deep + 1 || t->res.refused != 0)
				fail_msg("way %d, %d deep: %u reports, %u refused: %s", way, deep, t->res.reports, t->res.refused, t->log.p);
			has(t, "id=[id1]");
		}
	buf_free(&inner);
}

static void
test_extract(void **state)
{
	struct test			*t = *state;
	const struct pack_entry		 en[] = { { "1.xml", STR(ONE) }, { "2.xml", STR(TWO) } };
	struct buf			 zip = { 0 }, gz = { 0 };
	struct reader_job		 job = { 0 };
	struct str			 mail;

	pack_zip(&zip, en, 2, 0);
	pack_gzip(&gz, STR(LATE));
	mail_begin(t);
	mail_part(t, "Content-Type: text/plain" L, STR("hello"), false);
	mail_part(t, "Content-Type: application/zip" L, buf_as_str(&zip), true);
	mail_part(t, "Content-Type: application/gzip" L, buf_as_str(&gz), true);
	mail = mail_end(t);
	job.offset = 100;	/* originals lie in a file with others */
	job.extract = 1;
	assert_int_equal(run_job(t, job, mail), 0);
	assert_true(str_eq(buf_as_str(&t->raw), STR(TWO)));
	job.extract = 2;
	assert_int_equal(run_job(t, job, mail), 0);
	assert_true(str_eq(buf_as_str(&t->raw), STR(LATE)));
	job.packed = true;
	assert_int_equal(run_job(t, job, mail), 0);
	assert_true(str_eq(buf_as_str(&t->raw), buf_as_str(&gz)));
	job.extract = 1;
	assert_int_equal(run_job(t, job, mail), 0);
	assert_true(str_eq(buf_as_str(&t->raw), buf_as_str(&zip)));
	job.extract = 3;
	assert_int_equal(run_job(t, job, mail), 0);
	assert_int_equal(t->raw.len, 0);
	/* a bare file */
	job = (struct reader_job){ .extract = 0, .packed = true };
	assert_int_equal(run_job(t, job, buf_as_str(&gz)), 0);
	assert_true(str_eq(buf_as_str(&t->raw), buf_as_str(&gz)));
	job.packed = false;
	assert_int_equal(run_job(t, job, buf_as_str(&gz)), 0);
	assert_true(str_eq(buf_as_str(&t->raw), STR(LATE)));
	buf_free(&zip);
	buf_free(&gz);
}

static void
test_flags(void **state)
{
	struct test	*t = *state;
	struct buf	 b = { 0 };

	/* JSON that is no report of ours is none */
	run(t, STR("{\"organization-name\": \"x\"}"));
	assert_int_equal(t->res.refused + t->res.reports, 0);
	mail_begin(t);
	mail_part(t, "Content-Type: message/feedback-report" L, STR("Feedback-Type: auth-failure"), false);
	run(t, mail_end(t));
	assert_true(t->res.failure);
	/* B8, AX32 */
	pack_gzip(&b, STR("unused"));
	run(t, buf_as_str(&b));
	assert_true(t->res.unused);
	assert_int_equal(t->res.refused + t->res.reports, 0);
	run(t, STR("unused"));
	assert_false(t->res.unused);
	buf_free(&b);
}

static void
test_derived(void **state)
{
	struct test		*t = *state;
	static const char	 bare[] = "<feedback><report_metadata><date_range/></report_metadata><policy_published/></feedback>";
	struct reader_job	 job = { .extract = -1, .filename = STR("in/mx.rep.example!sub.example.com!1722816000!1722902399.xml") };

	/* SF7: the name of the file itself */
	assert_int_equal(run_job(t, job, STR(bare)), 0);
	has(t, "org=[mx.rep.example]");
	has(t, "begin=1722816000 end=1722902399 domain=[sub.example.com]");
	/* R1: who sent the mail, when nothing else is known */
	buf_clear(&t->mail);
	(void)buf_cstr(&t->mail, "From: DMARC <noreply@Mail.Rep.Example>" L "Content-Type: text/xml; name=\"!example.com!1722816000!1722902399.xml\"" L L);
	(void)buf_cstr(&t->mail, bare);
	run(t, buf_as_str(&t->mail));
	has(t, "org=[Mail.Rep.Example]");
	has(t, "domain=[example.com]");
}

static void
test_limits(void **state)
{
	struct test	*t = *state;

	/* the reader holds the limits by reference */
	t->limits.mime_parts = 2;
	mail_begin(t);
	mail_gzip(t, STR(ONE));
	mail_gzip(t, STR(TWO));
	mail_gzip(t, STR(ONE));
	run(t, mail_end(t));
	assert_int_equal(t->res.reports, 2);
	assert_int_equal(t->res.refused, 1);
	assert_int_equal(t->res.first.code, ERR_LIMIT);
	assert_non_null(strstr(t->log.p, "mime_parts = 2"));
}

/* It has no time at all: what is large ends before its end, with a reason. */
static void
test_too_slow(void **state)
{
	struct test	*t = *state;
	struct buf	 b = { 0 };

	t->limits.seconds = 0;
	(void)buf_cstr(&b, "<feedback>");
	for (size_t i = 0; i < (size_t)48 << 20; i += 8)
		(void)buf_cstr(&b, "       \n");
	run(t, buf_as_str(&b));
	assert_int_equal(t->res.reports, 0);
	assert_int_equal(t->res.refused, 1);
	assert_int_equal(refusal_of(&t->res.first), REFUSAL_TOO_SLOW);
	buf_free(&b);
}

static void
test_read_error(void **state)
{
	struct test		*t = *state;
	struct reader_job	 job = { .fd = -1, .bytes = 10, .extract = -1 };

	assert_int_equal(reader_run(t->reader, &job, &t->res, &t->e), -1);
	assert_int_equal(t->e.code, ERR_TEMP);
	/* and the reader can be used again; a file that is shorter than was said is read as far as it goes */
	run(t, STR(ONE));
	assert_int_equal(t->res.reports, 1);
}

static void
test_sink_fails(void **state)
{
	struct test	*t = *state;
	struct reader_job job = { .extract = -1 };

	for (unsigned at = 1; at <= 3; at++) {
		int	 fd = memfd_create("mail", MFD_CLOEXEC);

		assert_int_equal(pwrite(fd, ONE, sizeof(ONE) - 1, 0), (ssize_t)sizeof(ONE) - 1);
		job.fd = fd;
		job.bytes = sizeof(ONE) - 1;
		recorder_clear(&t->r);
		t->r.fail_at = at;
		memset(&t->e, 0, sizeof(t->e));
		assert_int_equal(reader_run(t->reader, &job, &t->res, &t->e), -1);
		assert_int_equal(t->e.code, ERR_TEMP);
		assert_string_equal(t->e.msg, "asked to fail");
		(void)close(fd);
	}
	run(t, STR(TWO));
	has(t, "id=[id2]");
}

#define NAMED(n, f) { .name = (n), .test_func = (f), .setup_func = setup, .teardown_func = teardown }

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		NAMED("a file that is a report", test_bare),
		NAMED("A1 A2 A3 A6 A7 A17 A20 M1 M2 M3 M4 M15 forms of mail", test_forms),
		NAMED("A21 B3 M13 several reports in one mail", test_several),
		NAMED("A16 B1 M11 notes belong to their attachment", test_quirks),
		NAMED("X15 AX29 metadata last in a large document", test_twice),
		NAMED("X15 a dozen of them in one mail", test_many_twice),
		NAMED("A10 attached mails", test_attached),
		NAMED("A10 mails attached to attached mails, five deep", test_attached_deep),
		NAMED("the text and the attachment come back", test_extract),
		NAMED("B8 G1 what is no aggregate report has a name", test_flags),
		NAMED("SF7 R1 D1 what mail and file name tell", test_derived),
		NAMED("limits of a mail", test_limits),
		NAMED("limits: computing time", test_too_slow),
		NAMED("a file that cannot be read", test_read_error),
		NAMED("a sink that fails", test_sink_fails),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
