/*
 * test_trust.c - whose report is it? The header of a mail, the settings, and
 * what follows. The names carry section and row of the rule.
 */
#include "cases.h"

#include "dmarc/dmarc.h"
#include "dmarc/trust.h"
#include "process/trust.h"

static struct trust_trace	 trace;
static struct authres		 scratch;

/* "a, b" to a list */
static struct str_list
list(const char *text, char **v, char *room, size_t size)
{
	struct str_list	 l = { v, 0 };

	(void)snprintf(room, size, "%s", text == NULL ? "" : text);
	for (char *p = room; *p != '\0';) {
		size_t	 n = strcspn(p, " ");

		l.v[l.n++] = p;
		p += n;
		if (*p == ' ')
			*p++ = '\0';
	}
	return (l);
}

/* A header: lines "A: ", "R: " and "F: " for the three fields. */
static void
read_header(const char *h)
{
	trust_trace_reset(&trace);
	while (*h != '\0') {
		size_t		 n = strcspn(h, "\n");
		struct str	 v = { h + 3, n - 3 };

		if (h[0] == 'A')
			trust_trace_results(&trace, v, &scratch);
		else if (h[0] == 'R')
			trust_trace_received(&trace, v);
		else
			trust_trace_from(&trace, v);
		h += n;
		if (*h == '\n')
			h++;
	}
}

#define MX "mx.example.com"
#define OWN "R: from out.rep.example (out.rep.example [192.0.2.1]) by mx.example.com (Postfix) with ESMTPS id 1; Tue, 1 Sep 2026\n"
#define FOREIGN "R: from a.example by relay.attacker.example with SMTP; Tue, 1 Sep 2026\n"

static const struct mail_case {
	const char		*name, *ids, *by, *header;
	enum trust_proof	 proof;
	enum trust_method	 method;
	const char		*id;		/* NULL: absent */
} mails[] = {
	{ "7.1", MX, NULL, "A: mx.example.com; dkim=pass header.d=google.com; dmarc=pass (p=REJECT) header.from=google.com\nF: a@google.com",
	    PROOF_PASS, TRUST_BY_DMARC, MX },
	{ "7.2", MX, NULL, "A: MX.Example.COM 1; dmarc=pass header.from=Google.com\nF: <a@google.com>", PROOF_PASS, TRUST_BY_DMARC, MX },
	{ "7.3", MX, NULL, "A: mx.attacker.example; dmarc=pass header.from=google.com\nF: a@google.com",
	    PROOF_NONE, TRUST_BY_NOTHING, "mx.attacker.example" },
	{ "7.4", MX, NULL, "A: mx.example.com; none\nF: a@x.example", PROOF_NONE, TRUST_BY_NOTHING, MX },
	{ "7.5", MX, NULL, "A: mx.example.com; spf=pass smtp.mailfrom=b@bounces.rep.example; dkim=fail header.d=rep.example\nF: a@rep.example",
	    PROOF_PASS, TRUST_BY_SPF, MX },
	{ "7.6", MX, NULL, "A: mx.example.com (comment; dmarc=pass header.from=rep.example); dmarc=fail header.from=rep.example\nF: a@rep.example",
	    PROOF_FAIL, TRUST_BY_DMARC, MX },
	{ "7.7", MX, NULL, "A: mx.example.com; dkim=pass header.d=esp.example; dmarc=fail header.from=rep.example\nF: a@rep.example",
	    PROOF_FAIL, TRUST_BY_DMARC, MX },

	{ "3.1 nothing is configured", "", NULL, "A: mx.example.com; dmarc=pass header.from=rep.example\nF: a@rep.example",
	    PROOF_NONE, TRUST_BY_NOTHING, MX },
	{ "3.1 an id that only ends alike", MX, NULL, "A: a.mx.example.com; dmarc=pass header.from=rep.example\nF: a@rep.example",
	    PROOF_NONE, TRUST_BY_NOTHING, "a.mx.example.com" },
	{ "3.1 no authserv-id is not trusted", MX, NULL, "A: dmarc=pass header.from=rep.example\nF: a@rep.example",
	    PROOF_NONE, TRUST_BY_NOTHING, NULL },
	{ "6.1 no authserv-id, and the operator says that it is so", "(none)", NULL,
	    "A: spf=fail smtp.mailfrom=x.example; dmarc=pass action=none header.from=rep.example\nF: a@rep.example",
	    PROOF_PASS, TRUST_BY_DMARC, NULL },
	{ "3.2 below a foreign Received", MX, NULL, OWN FOREIGN "A: mx.example.com; dmarc=pass header.from=rep.example\nF: a@rep.example",
	    PROOF_NONE, TRUST_BY_NOTHING, NULL },
	{ "3.2 above it, below our own", MX, NULL, OWN "A: mx.example.com; dmarc=pass header.from=rep.example\n" FOREIGN "F: a@rep.example",
	    PROOF_PASS, TRUST_BY_DMARC, MX },
	{ "3.2 hosts of the id's organisation are ours", MX, NULL,
	    "R: from mx.example.com by store.example.com with LMTP\nA: mx.example.com; dmarc=pass header.from=rep.example\n" OWN "F: a@rep.example",
	    PROOF_PASS, TRUST_BY_DMARC, MX },
	{ "3.2 a Received that names no host ends nothing", MX, NULL,
	    "R: by 2001:db8::1 with SMTP id x\nR: from a by localhost\nR: by [192.0.2.9]\n"
	    "A: mx.example.com; dmarc=pass header.from=rep.example\nF: a@rep.example", PROOF_PASS, TRUST_BY_DMARC, MX },
	{ "3.2 trusted_received_by: a host in the list", MX, "store.example.net mx.example.com",
	    "R: from mx.example.com by store.example.net\nA: mx.example.com; dmarc=pass header.from=rep.example\n" OWN "F: a@rep.example",
	    PROOF_PASS, TRUST_BY_DMARC, MX },
	{ "3.2 trusted_received_by: a host below a name of the list", MX, "example.net",
	    "R: from mx.example.com by store.example.net\nA: mx.example.com; dmarc=pass header.from=rep.example\nF: a@rep.example",
	    PROOF_PASS, TRUST_BY_DMARC, MX },
	{ "3.2 trusted_received_by: a host outside", MX, "mx.example.com",
	    "R: from mx.example.com by store.example.com\nA: mx.example.com; dmarc=pass header.from=rep.example\nF: a@rep.example",
	    PROOF_NONE, TRUST_BY_NOTHING, NULL },
	{ "3.2 trusted_received_by: a Received without a host", MX, "mx.example.com",
	    "R: from mx.example.com with SMTP\nA: mx.example.com; dmarc=pass header.from=rep.example\nF: a@rep.example",
	    PROOF_NONE, TRUST_BY_NOTHING, NULL },
	{ "3.2 a greeting that is \"by\"", MX, "mx.example.com",
	    "R: from by (by evil.example [192.0.2.1]) (by (x)) by mx.example.com with ESMTP\n"
	    "A: mx.example.com; dmarc=pass header.from=rep.example\nF: a@rep.example", PROOF_PASS, TRUST_BY_DMARC, MX },
	{ "3.2 a forged field below our Received, ours above", MX, NULL,
	    "A: mx.example.com; spf=fail smtp.mailfrom=attacker.example; dkim=none\n" OWN
	    "A: mx.example.com; dmarc=pass header.from=rep.example\nF: a@rep.example", PROOF_FAIL, TRUST_BY_SPF, MX },
	{ "3.2 a forged field below, ours says none", MX, NULL,
	    "A: mx.example.com; none\n" OWN "A: mx.example.com; dmarc=pass header.from=rep.example\nF: a@rep.example",
	    PROOF_NONE, TRUST_BY_NOTHING, MX },
	{ "3.3 several fields of one server", MX, NULL,
	    "A: mx.example.com; dmarc=pass header.from=rep.example\nA: mx.example.com; dkim=pass header.d=rep.example\n"
	    "A: mx.example.com; spf=softfail smtp.mailfrom=rep.example\n" OWN "F: a@rep.example", PROOF_PASS, TRUST_BY_DMARC, MX },
	{ "3.3 the uppermost dmarc wins", MX, NULL,
	    "A: mx.example.com; dmarc=fail header.from=rep.example\nA: mx.example.com; dmarc=pass header.from=rep.example\nF: a@rep.example",
	    PROOF_FAIL, TRUST_BY_DMARC, MX },
	{ "3.3 the uppermost answer on one signature wins", "mx.example.com relay.example.com", NULL,
	    "A: relay.example.com; dkim=fail header.d=rep.example\nA: mx.example.com; dkim=pass header.d=Rep.Example\nF: a@rep.example",
	    PROOF_FAIL, TRUST_BY_DKIM, "relay.example.com" },
	{ "3.3 answers on other signatures stand beside it", "mx.example.com relay.example.com", NULL,
	    "A: relay.example.com; dkim=fail header.d=list.example\nA: mx.example.com; dkim=pass header.d=rep.example\nF: a@rep.example",
	    PROOF_PASS, TRUST_BY_DKIM, MX },
	{ "3.3 two signatures of one domain in one field", MX, NULL,
	    "A: mx.example.com; dkim=fail header.d=rep.example header.s=a; dkim=pass header.d=rep.example header.s=b\nF: a@rep.example",
	    PROOF_PASS, TRUST_BY_DKIM, MX },
	{ "3.5 a field that is broken gives nothing", MX, NULL,
	    "A: mx.example.com; dmarc=pass header.from=rep.example (\nF: a@rep.example", PROOF_NONE, TRUST_BY_NOTHING, NULL },

	{ "4 dmarc=pass for a subdomain", MX, NULL, "A: mx.example.com; dmarc=pass header.from=dmarc.rep.example\nF: a@mail.rep.example",
	    PROOF_PASS, TRUST_BY_DMARC, MX },
	{ "4 dmarc=pass for another domain proves nothing", MX, NULL, "A: mx.example.com; dmarc=pass header.from=esp.example\nF: a@rep.example",
	    PROOF_NONE, TRUST_BY_NOTHING, MX },
	{ "4 dmarc=pass that names none proves nothing", MX, NULL, "A: mx.example.com; dmarc=pass (p=none)\nF: a@rep.example",
	    PROOF_NONE, TRUST_BY_NOTHING, MX },
	{ "4 dmarc=fail that names none is enough", MX, NULL, "A: mx.example.com; dmarc=fail (p=none); dkim=pass header.d=rep.example\nF: a@rep.example",
	    PROOF_FAIL, TRUST_BY_DMARC, MX },
	{ "4 policy.dmarc=none: pass is pass", MX, NULL, "A: mx.example.com; dmarc=pass policy.dmarc=none header.from=rep.example\nF: a@rep.example",
	    PROOF_PASS, TRUST_BY_DMARC, MX },
	{ "4 dmarc=none alone", MX, NULL, "A: mx.example.com; dmarc=none header.from=rep.example\nF: a@rep.example",
	    PROOF_NONE, TRUST_BY_NOTHING, MX },
	{ "4 bestguesspass alone", MX, NULL, "A: mx.example.com; dmarc=bestguesspass header.from=rep.example\nF: a@rep.example",
	    PROOF_NONE, TRUST_BY_NOTHING, MX },
	{ "4 dmarc=none and a signature", MX, NULL, "A: mx.example.com; dmarc=none; dkim=pass header.d=mail.rep.example\nF: a@rep.example",
	    PROOF_PASS, TRUST_BY_DKIM, MX },
	{ "4 a signature by header.i", MX, NULL, "A: mx.example.com; dkim=pass header.i=@rep.example\nF: a@rep.example",
	    PROOF_PASS, TRUST_BY_DKIM, MX },
	{ "4 only a foreign signature", MX, NULL, "A: mx.example.com; dkim=pass header.d=esp.example; spf=none\nF: a@rep.example",
	    PROOF_FAIL, TRUST_BY_DKIM, MX },
	{ "4 only none", MX, NULL, "A: mx.example.com; dkim=none; spf=none smtp.mailfrom=rep.example; dmarc=none\nF: a@rep.example",
	    PROOF_NONE, TRUST_BY_NOTHING, MX },
	{ "4 spf=pass of the greeting is not of the sender", MX, NULL, "A: mx.example.com; spf=pass smtp.helo=rep.example smtp.mailfrom=<>\nF: a@rep.example",
	    PROOF_FAIL, TRUST_BY_SPF, MX },
	{ "4 spf=hardfail", MX, NULL, "A: mx.example.com; spf=hardfail smtp.mailfrom=rep.example\nF: a@rep.example", PROOF_FAIL, TRUST_BY_SPF, MX },
	{ "4 a local part that says more than it is", MX, NULL,
	    "A: mx.example.com; spf=pass smtp.mailfrom=\"x; dmarc=pass header.from=google.com; @google.com\"@attacker.example\nF: a@google.com",
	    PROOF_FAIL, TRUST_BY_SPF, MX },

	{ "4 several addresses in From", MX, NULL, "A: mx.example.com; dmarc=pass header.from=rep.example\nF: a@rep.example, b@rep.example",
	    PROOF_NONE, TRUST_BY_NOTHING, MX },
	{ "4 two From fields", MX, NULL, "A: mx.example.com; dmarc=pass header.from=rep.example\nF: a@rep.example\nF: a@rep.example",
	    PROOF_NONE, TRUST_BY_NOTHING, MX },
	{ "4 no From", MX, NULL, "A: mx.example.com; dmarc=pass header.from=rep.example", PROOF_NONE, TRUST_BY_NOTHING, MX },
};

static void
test_mail(void **state)
{
	const struct mail_case	*c = *state;
	char			*v[8], *w[8], room[300], room2[300];
	struct trust_settings	 t = { .authserv_ids = list(c->ids, v, room, sizeof(room)),
				    .received_by = list(c->by, w, room2, sizeof(room2)) };
	struct trust_mail	 m;

	read_header(c->header);
	trust_mail(&t, &trace, &m);
	assert_int_equal(m.proof, c->proof);
	assert_int_equal(m.method, c->method);
	assert_true(str_eq(m.id, str_of(c->id)));
	assert_int_equal(m.field.p != NULL, c->proof != PROOF_NONE);
}

/* --- From ------------------------------------------------------------------------- */

static const struct from_case { const char *name, *in, *want; } froms[] = {
	{ "F plain", "a@rep.example", "rep.example" },
	{ "F in <>", "<a@Rep.Example.>", "rep.example" },
	{ "F with a name", "Reports of rep <noreply@rep.example>", "rep.example" },
	{ "F a quoted name with a comma and an address", "\"a@x.example, b\" <a@rep.example>", "rep.example" },
	{ "F a name that is an address", "a@google.com <a@rep.example>", "rep.example" },
	{ "F a quote in a quoted name", "\"a\\\"<b@x.example>\" <a@rep.example>", "rep.example" },
	{ "F a comment", "a@rep.example (b@x.example, <c@y.example>)", "rep.example" },
	{ "F a comment in front", "(x) a@rep.example", "rep.example" },
	{ "F a quoted local part", "\"a b\"@rep.example", "rep.example" },
	{ "F a quoted local part in <>", "x <\"a>b@google.com\"@rep.example>", "rep.example" },
	{ "F encoded words", "=?utf-8?B?YSA8YkB4LmV4YW1wbGU+?= <a@rep.example>", "rep.example" },
	{ "F a comma at the end", "a@rep.example,", "rep.example" },
	{ "F folded", "Reports\r\n\t<a@rep.example>", "rep.example" },
	{ "F U-label", "a@b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
	{ "F two", "a@rep.example, b@rep.example", NULL },
	{ "F two in <>", "x <a@rep.example>, y <b@rep.example>", NULL },
	{ "F two <> in one", "<a@x.example> <a@rep.example>", NULL },
	{ "F something behind <>", "<a@x.example> a@rep.example", NULL },
	{ "F a group", "all: a@rep.example;", NULL },
	{ "F an empty group", "undisclosed:;", NULL },
	{ "F no address", "Mail Delivery System", NULL },
	{ "F blanks in it", "Reports a@rep.example", NULL },
	{ "F a literal", "a@[192.0.2.1]", NULL },
	{ "F <> without an end", "x <a@rep.example", NULL },
	{ "F empty <>", "x <>", NULL },
	{ "F nothing", "", NULL },
};

static void
test_from(void **state)
{
	const struct from_case	*c = *state;

	trust_trace_reset(&trace);
	trust_trace_from(&trace, str_of(c->in));
	assert_true(str_eq(trace.from, str_of(c->want)));
}

/* --- The report inside ---------------------------------------------------------------- */

static const struct report_case {
	const char		*name;
	enum trust_proof	 proof;
	const char		*from, *reporter;
	enum trust		 want;
} reports[] = {
	{ "4 reporter and sender are one", PROOF_PASS, "google.com", "google.com", TRUST_AUTHENTICATED },
	{ "4 a subdomain of the reporter", PROOF_PASS, "dmarc.rep.example", "rep.example", TRUST_AUTHENTICATED },
	{ "4 another organisation", PROOF_PASS, "esp.example", "rep.example", TRUST_OTHER },
	{ "4 a service of the operator's list", PROOF_PASS, "out.service.example", "rep.example", TRUST_AUTHENTICATED },
	{ "4 a reporter without a domain", PROOF_PASS, "rep.example", "some gateway", TRUST_OTHER },
	{ "4 a house with two names", PROOF_PASS, "microsoft.com", "outlook.com", TRUST_AUTHENTICATED },
	{ "4 not the other way round", PROOF_PASS, "outlook.com", "microsoft.com", TRUST_OTHER },
	{ "4 failed", PROOF_FAIL, "rep.example", "rep.example", TRUST_FAILED },
	{ "4 failed, no From", PROOF_FAIL, NULL, "rep.example", TRUST_FAILED },
	{ "4 nothing is known", PROOF_NONE, "rep.example", "rep.example", TRUST_UNKNOWN },
};

static void
test_report(void **state)
{
	const struct report_case	*c = *state;
	char				*v[2], room[100];
	struct trust_settings		 t = { .services = list("service.example", v, room, sizeof(room)) };

	assert_int_equal(trust_report(&t, c->proof, str_of(c->from), str_of(c->reporter)), c->want);
}

static void
test_apart(void **state)
{
	char			*v[4], room[100];
	struct trust_settings	 t = { .domains = list("example.com example.org", v, room, sizeof(room)) };

	(void)state;
	assert_int_equal(trust_apart(&t, TRUST_FAILED, STR("example.com")), APART_NO);
	assert_int_equal(trust_apart(&t, TRUST_UNKNOWN, STR("a.example.org")), APART_NO);
	assert_int_equal(trust_apart(&t, TRUST_AUTHENTICATED, STR("example.net")), APART_FOREIGN);
	assert_int_equal(trust_apart(&t, TRUST_AUTHENTICATED, STR("badexample.com")), APART_FOREIGN);
	t.apart = true;
	assert_int_equal(trust_apart(&t, TRUST_FAILED, STR("example.com")), APART_UNAUTHENTICATED);
	assert_int_equal(trust_apart(&t, TRUST_OTHER, STR("example.com")), APART_UNAUTHENTICATED);
	assert_int_equal(trust_apart(&t, TRUST_FAILED, STR("example.net")), APART_FOREIGN);
	assert_int_equal(trust_apart(&t, TRUST_UNKNOWN, STR("example.com")), APART_NO);
	assert_int_equal(trust_apart(&t, TRUST_AUTHENTICATED, STR("example.com")), APART_NO);
	t.domains.n = 0;
	assert_int_equal(trust_apart(&t, TRUST_UNKNOWN, STR("example.net")), APART_NO);
	assert_true(trust_rank(TRUST_AUTHENTICATED) > trust_rank(TRUST_UNKNOWN));
	assert_true(trust_rank(TRUST_UNKNOWN) > trust_rank(TRUST_FAILED));
	assert_int_equal(trust_rank(TRUST_FAILED), trust_rank(TRUST_OTHER));
}

/* However long a header is, the trace ends, and nothing half read counts. */
static void
test_bounds(void **state)
{
	char			*v[2], room[100];
	struct trust_settings	 t = { .authserv_ids = list(MX, v, room, sizeof(room)) };
	struct trust_mail	 m;
	struct buf		 b = { 0 };

	(void)state;
	trust_trace_reset(&trace);
	trust_trace_from(&trace, STR("a@rep.example"));
	for (int i = 0; i < 100; i++)
		trust_trace_received(&trace, STR("from a by mx.example.com"));
	trust_trace_results(&trace, STR("mx.example.com; dmarc=pass header.from=rep.example"), &scratch);
	assert_int_equal(trace.nfields, TRUST_FIELDS);
	trust_mail(&t, &trace, &m);
	assert_int_equal(m.proof, PROOF_NONE);

	trust_trace_reset(&trace);
	trust_trace_from(&trace, STR("a@rep.example"));
	(void)buf_cstr(&b, "mx.example.com");
	for (int i = 0; i < 40; i++)
		(void)buf_cstr(&b, "; dkim=pass header.d=esp.example");
	trust_trace_results(&trace, buf_as_str(&b), &scratch);
	assert_int_equal(trace.nresults, 40);
	/* this one would pass the bound: none of it is there */
	trust_trace_results(&trace, buf_as_str(&b), &scratch);
	assert_true(trace.full);
	assert_int_equal(trace.nresults, 40);
	assert_int_equal(trace.nfields, 1);
	trust_trace_results(&trace, STR("mx.example.com; dmarc=pass header.from=rep.example"), &scratch);
	assert_int_equal(trace.nfields, 1);

	/* kept as written: one line, valid UTF-8, cut between characters */
	trust_trace_reset(&trace);
	buf_clear(&b);
	(void)buf_cstr(&b, "mx.example.com;\r\n\tdmarc=pass (");
	for (int i = 0; i < 900; i++)
		(void)buf_cstr(&b, "\xc3\xa9");
	(void)buf_cstr(&b, ") header.from=rep.example");
	trust_trace_results(&trace, buf_as_str(&b), &scratch);
	assert_int_equal(trace.nfields, 1);
	assert_true(str_utf8_ok(trace.fields[0].text));
	assert_true(trace.fields[0].text.len <= TRUST_TEXT && trace.fields[0].text.len > TRUST_TEXT - 4);
	assert_true(str_starts(trace.fields[0].text, "mx.example.com; dmarc=pass (\xc3\xa9"));
	trust_trace_results(&trace, STR("mx\xff; dmarc=pass (\xff)"), &scratch);
	assert_true(str_eq(trace.fields[1].text, STR("mx?; dmarc=pass (?)")));
	assert_true(str_eq(trace.fields[1].name, STR("?")));
	buf_free(&b);
}

/* --- From a decoder to the ingester -------------------------------------------------------- */

static int
no_begin(void *ctx, const struct mime_part *part, bool *want, struct err *e)
{
	(void)ctx;
	(void)part;
	(void)e;
	*want = false;
	return (0);
}

static int
no_data(void *ctx, const void *p, size_t n, struct err *e)
{
	(void)ctx;
	(void)p;
	(void)n;
	(void)e;
	return (0);
}

static int
no_end(void *ctx, struct err *e)
{
	(void)ctx;
	(void)e;
	return (0);
}

static void
frame_of(const char *mail, struct buf *b)
{
	static const struct mime_sink	 sink = { .begin = no_begin, .data = no_data, .end = no_end };
	struct message			*m = message_new(&limits_default, &sink, NULL, 0);
	struct err			 e = { 0 };

	assert_non_null(m);
	assert_int_equal(message_feed(m, mail, strlen(mail), &e), 0);
	assert_int_equal(message_finish(m, &e), 0);
	buf_clear(b);
	trust_put(b, m);
	message_free(m);
}

/* What was sent arrives; of every other frame nothing does. */
static void
test_frame(void **state)
{
	static struct trust_trace	 got;
	char				*v[2], room[100];
	struct trust_settings		 t = { .authserv_ids = list(MX, v, room, sizeof(room)) };
	struct trust_mail		 m;
	struct trust_kept		 k;
	struct buf			 b = { 0 };
	struct err			 e = { 0 };
	struct wire			 w;

	(void)state;
	frame_of("From: a@rep.example\nReceived: from x by mx.example.com\n\nAuthentication-Results: in the body\n", &b);
	assert_int_equal(b.len, 0);
	frame_of("Return-Path: <>\nReceived: from x\n by store.example.com\nAUTHENTICATION-RESULTS : mx.example.com;\n\tdkim=pass header.d=rep.example;\n"
	    " dmarc=pass header.from=rep.example\nFrom: \"x, y\" <a@rep.example>\n"
	    "Content-Type: message/rfc822\n\nAuthentication-Results: mx.example.com; dmarc=fail header.from=rep.example\nFrom: b@inner.example\n\nx\n",
	    &b);
	assert_true(b.len > WIRE_HEAD && b.len < wire_max[WIRE_TRUST]);
	assert_int_equal((unsigned char)b.p[4], WIRE_TRUST);
	w = (struct wire){ (unsigned char *)b.p + WIRE_HEAD, (unsigned char *)b.p + b.len, false };
	assert_int_equal(trust_get(&w, &got, &e), 0);
	assert_int_equal(got.nfields, 2);
	assert_int_equal(got.nresults, 2);
	trust_mail(&t, &got, &m);
	assert_int_equal(m.proof, PROOF_PASS);
	trust_keep(&k, &m);
	assert_true(str_eq(k.mail.from, STR("rep.example")));
	assert_true(str_eq(k.mail.id, STR(MX)));
	assert_true(str_eq(k.mail.field, STR(MX "; dkim=pass header.d=rep.example; dmarc=pass header.from=rep.example")));
	for (size_t n = WIRE_HEAD; n < b.len; n++) {
		w = (struct wire){ (unsigned char *)b.p + WIRE_HEAD, (unsigned char *)b.p + n, false };
		assert_int_equal(trust_get(&w, &got, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		assert_int_equal(got.nfields, 0);
	}
	/* any byte may be another one: then it is refused, or sound */
	for (size_t n = WIRE_HEAD; n < b.len; n++)
		for (unsigned x = 1; x < 256; x += 5) {
			b.p[n] = (char)(b.p[n] ^ (char)x);
			w = (struct wire){ (unsigned char *)b.p + WIRE_HEAD, (unsigned char *)b.p + b.len, false };
			if (trust_get(&w, &got, &e) == 0) {
				trust_mail(&t, &got, &m);
				trust_keep(&k, &m);
				assert_true(got.nfields <= TRUST_FIELDS && got.nresults <= TRUST_RESULTS);
			}
			b.p[n] = (char)(b.p[n] ^ (char)x);
		}
	/* a name that is none, though its length is right */
	for (size_t n = WIRE_HEAD; n + 11 < b.len; n++)
		if (memcmp(b.p + n, "rep.example", 11) == 0 && (unsigned char)b.p[n - 1] == 12) {
			b.p[n] = 'R';
			w = (struct wire){ (unsigned char *)b.p + WIRE_HEAD, (unsigned char *)b.p + b.len, false };
			assert_int_equal(trust_get(&w, &got, &e), -1);
			b.p[n] = 'r';
		}
	buf_free(&b);
}

int
main(void)
{
	struct cases	 c = { 0 };
	struct err	 e = { 0 };

	if (dmarc_init(&e) == -1)
		return (99);
	CASES_ADD(&c, mails, test_mail);
	CASES_ADD(&c, froms, test_from);
	CASES_ADD(&c, reports, test_report);
	case_add(&c, "what is kept apart, and who wins a key", test_apart, NULL);
	case_add(&c, "bounds", test_bounds, NULL);
	case_add(&c, "from a decoder to the ingester", test_frame, NULL);
	return (cases_run(&c, "trust"));
}
