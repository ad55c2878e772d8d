/*
 * test_message.c - mails to their parts; the codes are those of the rules for
 * mail (A). Each mail is read at once, byte by byte, in pieces, and cut in two
 * at every place: all must give the same.
 */
#include "cases.h"

#include "decode/message.h"

struct parts {
	struct buf	 text;
	bool		 open;
	unsigned	 n;
};

static int
on_begin(void *ctx, const struct mime_part *p, bool *want, struct err *e)
{
	struct parts	*t = ctx;

	(void)e;
	assert_false(t->open);
	t->open = *want = true;
	t->n++;
	(void)buf_printf(&t->text, "{%.*s|%.*s%s|", (int)p->type.len, p->type.p, (int)p->filename.len, p->filename.p,
	    p->attached_mail ? "|mail" : "");
	return (0);
}

static int
on_data(void *ctx, const void *p, size_t n, struct err *e)
{
	struct parts	*t = ctx;

	(void)e;
	assert_true(t->open && n > 0);
	(void)buf_add(&t->text, p, n);
	return (0);
}

static int
on_end(void *ctx, struct err *e)
{
	struct parts	*t = ctx;

	(void)e;
	assert_true(t->open);
	t->open = false;
	(void)buf_cstr(&t->text, "}");
	return (0);
}

static const struct mime_sink	 sink = { on_begin, on_data, on_end, NULL };

/* A copy of just these bytes: reading past them is seen. */
static int
feed(struct message *m, const char *p, size_t n, struct err *e)
{
	char	*copy = malloc(n + (n == 0));
	int	 rv;

	assert_non_null(copy);
	memcpy(copy, p, n);
	rv = message_feed(m, copy, n, e);
	free(copy);
	return (rv);
}

/* Pieces of so many bytes; at: first one cut there. Behind the parts: from and subject. */
static int
read_mail(struct message *m, struct parts *t, struct str s, size_t at, size_t piece, struct err *e)
{
	int	 rv = 0;

	buf_clear(&t->text);
	t->open = false;
	t->n = 0;
	message_reset(m);
	if (at > 0)
		rv = feed(m, s.p, at, e);
	for (; at < s.len && rv == 0; at += piece)
		rv = feed(m, s.p + at, s.len - at < piece ? s.len - at : piece, e);
	if (rv == 0)
		rv = message_finish(m, e);
	assert_true(rv == -1 || !t->open);
	(void)buf_printf(&t->text, " from=[%.*s] subject=[%.*s]%s", (int)message_from(m).len, message_from(m).p,
	    (int)message_subject(m).len, message_subject(m).p, message_noise(m) ? " noise" : "");
	return (rv);
}

#define L "\r\n"
#define MIXED "Content-Type: multipart/mixed; boundary=\"b1\"" L
#define END "--b1--" L

static const struct mail_case { const char *name, *mail, *want; } mails[] = {
	{ "plain", "From: a@example.com" L "Subject: s" L L "body" L, "{||body\r\n} from=[a@example.com] subject=[s]" },
	{ "A7 M1 the mail is the archive", "Content-Type: application/gzip; name=x.gz" L "Content-Transfer-Encoding: base64" L L "AAEC" L "Aw==" L,
	    "{application/gzip|x.gz|\0\1\2\3" },
	{ "A1 upper case", "CONTENT-TYPE: Application/X-GZIP" L "content-transfer-encoding: BASE64" L L "QUJD" L, "{application/x-gzip||ABC}" },
	{ "A5 ContentType:", "ContentType: application/zip" L L "x", "{application/zip||x}" },
	{ "A8 alternative", "Content-Type: multipart/alternative; boundary=b1" L L "--b1" L L "one" L "--b1" L L "two" L END, "{||one\r\n}{||two\r\n}" },
	{ "A8 M14 nests", MIXED L "--b1" L "Content-Type: multipart/related; boundary=b2" L L "--b2" L L "in" L "--b2--" L "--b1" L L "out" L END,
	    "{||in\r\n}{||out\r\n}" },
	{ "A9 inline", MIXED L "--b1" L "Content-Disposition: inline; filename=\"a!b.xml\"" L L "<x/>" L END, "{|a!b.xml|<x/>\r\n}" },
	{ "A10 attached mail", MIXED L "--b1" L "Content-Type: message/rfc822" L L "Subject: inner" L "Content-Type: text/xml" L L "<x/>" L END,
	    "{text/xml||<x/>\r\n} from=[] subject=[]" },
	{ "A10 attached mail with parts", MIXED "Subject: outer" L L "--b1" L "Content-Type: message/rfc822" L L "Content-Type: multipart/mixed; boundary=b2"
	    L L "--b2" L L "in" L "--b2--" L "--b1" L L "out" L END, "{||in\r\n}{||out\r\n} from=[] subject=[outer]" },
	{ "A10 attached mail in base64", MIXED L "--b1" L "Content-Type: message/rfc822" L "Content-Transfer-Encoding: base64" L L "QQ==" L END,
	    "{message/rfc822||mail|A}" },
	{ "A10 digest", "Content-Type: multipart/digest; boundary=b1" L L "--b1" L L "Subject: x" L L "text" L END, "{||text\r\n}" },
	{ "A12 M5 name in pieces", MIXED L "--b1" L "Content-Type: application/gzip;" L "\tname*0=\"rep.example!example.com!1!2.xm\";" L "\tname*1=l.gz" L L
	    "x" L END, "{application/gzip|rep.example!example.com!1!2.xml.gz|x" },
	{ "A12 M5 name percent-encoded", "Content-Disposition: attachment; filename*=UTF-8''a%20b.xml" L L "x", "{|a b.xml|x}" },
	{ "A12 M5 name in an encoded word", "Content-Type: text/xml; name=\"=?utf-8?Q?a=21b.xml?=\"" L L "x", "{text/xml|a!b.xml|x}" },
	{ "A13 M16 stray symbols", "Content-Transfer-Encoding: base64" L L "Q!U#JD" L "*" L "REVG" L, "{||ABCDEF} from=[] subject=[] noise" },
	{ "A13 M16 padding missing", "Content-Transfer-Encoding: base64" L L "QUI", "{||AB} from=[] subject=[] noise" },
	{ "A13 URL-safe alphabet", "Content-Transfer-Encoding: base64" L L "-_-_", "{||\xfb\xff\xbf} from=[] subject=[] noise" },
	{ "A13 padding in the middle", "Content-Transfer-Encoding: base64" L L "QQ==QkM=" L, "{||ABC} from=[] subject=[]" },
	{ "A14 odd line lengths", "Content-Transfer-Encoding: base64" L L "Q" L "UJDR" L "EV" L L "G" L, "{||ABCDEF} from=[] subject=[]" },
	{ "A14 mixed line ends", "Content-Transfer-Encoding: base64" L L "QUJD\nREVG\r\n", "{||ABCDEF} from=[] subject=[]" },
	{ "A15 binary", "Content-Transfer-Encoding: binary" L L "\x1f\x8b\x08\xff\r\n\n\r x", "{||\x1f\x8b\x08\xff\r\n\n\r x}" },
	{ "A15 8bit", "Content-Transfer-Encoding: 8bit" L L "caf\xc3\xa9\n", "{||caf\xc3\xa9\n}" },
	{ "A15 M16 quoted-printable", "Content-Transfer-Encoding: quoted-printable" L L "a=3Db=" L "c  " L "d=e=C3=A9=zz" L, "{||a=bc\r\nd=e\xc3\xa9=zz\r\n}" },
	{ "A15 unknown encoding", "Content-Transfer-Encoding: x-none" L L "abc" L, "{||abc\r\n}" },
	{ "A17 M15 footer behind the report", MIXED L "--b1" L "Content-Type: application/gzip" L L "zip" L "--b1" L "Content-Type: text/plain" L L "disclaimer"
	    L END "epilogue" L, "{application/gzip||zip\r\n}{text/plain||disclaimer\r\n} from" },
	{ "A18 subject in words", "Subject: =?utf-8?B?UmVwb3J0IERvbWFpbjo=?= =?utf-8?Q?_x?=" L L "b", "subject=[Report Domain: x]" },
	{ "A18 folded subject", "Subject: Report Domain: example.com" L "\tSubmitter: rep.example" L L "b",
	    "subject=[Report Domain: example.com Submitter: rep.example]" },
	{ "A19 no header at all", L "body", "{||body} from=[] subject=[]" },
	{ "A19 empty", "", "from=[] subject=[]" },
	{ "A19 header without a body", "Subject: x" L, "{||} from=[] subject=[x]" },
	{ "A19 the first Subject counts", "Subject: one" L "Subject: two" L L, "subject=[one]" },
	{ "CR alone", "From: a@example.com\rContent-Type: multipart/mixed; boundary=b1\r\r--b1\r\rone\r--b1\rContent-Transfer-Encoding: base64\r\rQUJD\r--b1--\r",
	    "{||one\r}{||ABC} from=[a@example.com]" },
	{ "LF alone", "Content-Type: multipart/mixed; boundary=b1\n\n--b1\n\none\n--b1--\n", "{||one\n}" },
	{ "mbox line in front", "From MAILER-DAEMON Thu Jan  1 00:00:00 2026\nSubject: x\n\nb\n", "{||b\n} from=[] subject=[x]" },
	{ "boundary with blanks behind", MIXED L "--b1  " L L "one" L "--b1-- " L, "{||one\r\n}" },
	{ "boundary that begins another", "Content-Type: multipart/mixed; boundary=b" L L "--b" L "Content-Type: multipart/mixed; boundary=bb" L L
	    "--bb" L L "in" L "--bb--" L "--b" L L "out" L "--b--" L, "{||in\r\n}{||out\r\n}" },
	{ "boundary of 70 characters", "Content-Type: multipart/mixed; boundary=\"1234567890123456789012345678901234567890123456789012345678901234567890\""
	    L L "--1234567890123456789012345678901234567890123456789012345678901234567890" L L "x" L, "{||x\r\n}" },
	{ "no end boundary", MIXED L "--b1" L L "one" L, "{||one\r\n}" },
	{ "inner multipart without an end", MIXED L "--b1" L "Content-Type: multipart/mixed; boundary=b2" L L "--b2" L L "in" L "--b1" L L "out" L END,
	    "{||in\r\n}{||out\r\n}" },
	{ "multipart without a boundary", "Content-Type: multipart/mixed" L L "--b1" L L "one" L, "{multipart/mixed||--b1\r\n\r\none\r\n}" },
	{ "dashes in a body", MIXED L "--b1" L L "-- " L "--b" L "--b2" L "---b1" L END, "{||-- \r\n--b\r\n--b2\r\n---b1\r\n}" },
	{ "a part without a header end", MIXED L "--b1" L "Content-Type: text/plain" L "--b1" L L "two" L END, "{text/plain||}{||two\r\n}" },
	{ "preamble", MIXED L "This is MIME." L "--b1" L L "x" L END, "{||x\r\n}" },
	{ "comment behind the type", "Content-Type: text/xml (report)" L L "x", "{text/xml||x}" },
	{ "boundary in quotes with ;", "Content-Type: multipart/mixed; a=\"x;boundary=no\"; boundary=\"b;1\"" L L "--b;1" L L "x" L "--b;1--" L, "{||x\r\n}" },
};

/* What stands behind takes no NUL: a decoder that hands one on is not believed. */
static void
test_nul(void **state)
{
	static const char	 mail[] = "From: a\0b@example.com" L "Subject: x\0y =?utf-8?Q?=00?= =?utf-8?B?AA==?= =?utf-16be?B?AAAAQQ==?=" L L "b";
	struct parts		 t = { 0 };
	struct message		*m = message_new(&limits_default, &sink, &t, 0);
	struct err		 e = { 0 };

	(void)state;
	assert_int_equal(read_mail(m, &t, (struct str){ mail, sizeof(mail) - 1 }, 0, 10, &e), 0);
	assert_non_null(strstr(t.text.p, "from=[a?b@example.com] subject=[x?y ???A]"));
	message_free(m);
	buf_free(&t.text);
}

static void
test_mail(void **state)
{
	const struct mail_case	*c = *state;
	struct parts		 t = { 0 };
	struct message		*m = message_new(&limits_default, &sink, &t, 0);
	struct str		 s = str_of(c->mail);
	struct buf		 first = { 0 };
	struct err		 e = { 0 };

	assert_non_null(m);
	if (read_mail(m, &t, s, 0, s.len + 1, &e) != 0)
		fail_msg("%s", e.msg);
	if (memmem(t.text.p, t.text.len, c->want, strlen(c->want)) == NULL)
		fail_msg("there is no \"%s\" in\n%s", c->want, t.text.p);
	(void)buf_str(&first, buf_as_str(&t.text));
	for (size_t at = 1; at < s.len; at++) {
		assert_int_equal(read_mail(m, &t, s, at, s.len, &e), 0);
		if (!str_eq(buf_as_str(&first), buf_as_str(&t.text)))
			fail_msg("cut at %zu: %s\n%s", at, t.text.p, first.p);
	}
	for (size_t piece = 1; piece < 12; piece++) {
		assert_int_equal(read_mail(m, &t, s, 0, piece, &e), 0);
		if (!str_eq(buf_as_str(&first), buf_as_str(&t.text)))
			fail_msg("in pieces of %zu: %s", piece, t.text.p);
	}
	message_free(m);
	buf_free(&t.text);
	buf_free(&first);
}

/* --- Lines without an end (A14) ------------------------------------------------------- */

static const struct { const char *name, *cte, *unit, *out; } longs[] = {
	{ "A14 one line of base64", "base64", "QUJD", "ABC" },
	{ "A14 one line of quoted-printable", "quoted-printable", "a=3D", "a=" },
	{ "A14 one line, not encoded", "7bit", "<a/>", "<a/>" },
};

static void
test_long(void **state)
{
	static const size_t	 pieces[] = { 1, 4096, 65536, 65537, 100003, 1 << 20 };
	const char *const	*c = *state;	/* name, cte, unit, out */
	struct parts		 t = { 0 };
	struct message		*m = message_new(&limits_default, &sink, &t, 0);
	struct buf		 b = { 0 };
	struct err		 e = { 0 };
	const char		*p;

	(void)buf_printf(&b, "X: y" L "Content-Transfer-Encoding: %s" L L, c[1]);
	for (size_t i = 0; i < 50000; i++)
		(void)buf_cstr(&b, c[2]);
	(void)buf_cstr(&b, L);
	for (size_t k = 0; k < nitems(pieces); k++) {
		assert_int_equal(read_mail(m, &t, buf_as_str(&b), 0, pieces[k], &e), 0);
		assert_non_null(p = strstr(t.text.p, "||"));
		for (size_t i = 0; i < 50000; i++)
			if (memcmp(p + 2 + i * strlen(c[3]), c[3], strlen(c[3])) != 0)
				fail_msg("in pieces of %zu: byte %zu is wrong", pieces[k], i * strlen(c[3]));
		assert_memory_equal(p + 2 + 50000 * strlen(c[3]), c[1][0] == 'b' ? "}" : "\r\n}", c[1][0] == 'b' ? 1 : 3);
	}
	message_free(m);
	buf_free(&b);
	buf_free(&t.text);
}

static void
test_long_header(void **state)
{
	struct parts	 t = { 0 };
	struct message	*m = message_new(&limits_default, &sink, &t, 0);
	struct buf	 b = { 0 };
	struct err	 e = { 0 };

	(void)state;
	(void)buf_cstr(&b, "Subject: ");
	for (size_t i = 0; i < 200000; i++)
		(void)buf_byte(&b, 'x');
	(void)buf_cstr(&b, L "Content-Transfer-Encoding: base64" L L "QUJD" L);
	for (size_t piece = 1000; piece < 1000000; piece *= 7) {
		assert_int_equal(read_mail(m, &t, buf_as_str(&b), 0, piece, &e), 0);
		assert_non_null(strstr(t.text.p, "ABC"));
		assert_true(message_subject(m).len > 0 && message_subject(m).len <= 1000);
	}
	/* past header_bytes fields are not looked at, the body still is */
	buf_clear(&b);
	for (size_t i = 0; i < 30000; i++)
		(void)buf_printf(&b, "X-%zu: y" L, i);
	(void)buf_cstr(&b, "Subject: late" L L "body" L);
	assert_int_equal(read_mail(m, &t, buf_as_str(&b), 0, 65536, &e), 0);
	assert_non_null(strstr(t.text.p, "{||body\r\n} from=[] subject=[]"));
	message_free(m);
	buf_free(&b);
	buf_free(&t.text);
}

/* --- Limits ----------------------------------------------------------------------------- */

static void
test_limits(void **state)
{
	struct limits	 l = limits_default;
	struct parts	 t = { 0 };
	struct message	*m;
	struct buf	 b = { 0 };
	struct err	 e = { 0 };

	(void)state;
	l.mime_depth = 3;
	l.mime_parts = 3;
	m = message_new(&l, &sink, &t, 0);
	for (int depth = 1; depth <= 5; depth++) {
		buf_clear(&b);
		for (int i = 0; i < depth; i++)
			(void)buf_printf(&b, "Content-Type: multipart/mixed; boundary=b%d" L L "--b%d" L, i, i);
		(void)buf_cstr(&b, L "deep" L);
		memset(&e, 0, sizeof(e));
		assert_int_equal(read_mail(m, &t, buf_as_str(&b), 0, 10, &e), depth <= 3 ? 0 : -1);
		if (depth > 3) {
			assert_int_equal(e.code, ERR_LIMIT);
			assert_non_null(strstr(e.msg, "mime_depth = 3"));
		}
		/* attached mails count, too */
		buf_clear(&b);
		for (int i = 0; i < depth; i++)
			(void)buf_cstr(&b, "Content-Type: message/rfc822" L L);
		(void)buf_cstr(&b, L "deep" L);
		assert_int_equal(read_mail(m, &t, buf_as_str(&b), 0, 10, &e), depth <= 3 ? 0 : -1);
	}
	for (int n = 1; n <= 5; n++) {
		buf_clear(&b);
		(void)buf_cstr(&b, MIXED L);
		for (int i = 0; i < n; i++)
			(void)buf_cstr(&b, "--b1" L L "x" L);
		(void)buf_cstr(&b, END);
		assert_int_equal(read_mail(m, &t, buf_as_str(&b), 0, 10, &e), n <= 3 ? 0 : -1);
		if (n > 3)
			assert_non_null(strstr(e.msg, "mime_parts = 3"));
	}
	message_free(m);
	buf_free(&b);
	buf_free(&t.text);
}

static void
test_looks_like(void **state)
{
	(void)state;
	assert_true(message_looks_like(STR("Received: from x")));
	assert_true(message_looks_like(STR("From x@y Thu")));
	assert_true(message_looks_like(STR("\r\nSubject: x")));
	assert_true(message_looks_like(STR("X-A_b.c: 1")));
	assert_false(message_looks_like(STR("")));
	assert_false(message_looks_like(STR("<?xml version:")));
	assert_false(message_looks_like(STR("\x1f\x8b:")));
	assert_false(message_looks_like(STR("no colon here")));
	assert_false(message_looks_like(STR("{\"a\": 1}")));
}

int
main(void)
{
	struct cases	 c = { 0 };

	CASES_ADD(&c, mails, test_mail);
	CASES_ADD(&c, longs, test_long);
	case_add(&c, "NUL in headers and in encoded words", test_nul, NULL);
	case_add(&c, "header lines without an end", test_long_header, NULL);
	case_add(&c, "limits: mime_depth, mime_parts", test_limits, NULL);
	case_add(&c, "what looks like a mail", test_looks_like, NULL);
	return (cases_run(&c, "message"));
}
