/*
 * test_authres.c - Authentication-Results: taken apart, and what it proves.
 * The names carry section and row of the rule.
 */
#include "cases.h"

#include "dmarc/authres.h"

static struct authres	 out;

/*
 * What was understood, in short: "id|method=result prop=value ...;..." where
 * properties are ptype.name or .name, reason and comment follow as r{} and c{}.
 */
static void
show(const struct authres *a, struct buf *b)
{
	(void)buf_str(b, a->id.p == NULL ? STR("-") : a->id);
	(void)buf_cstr(b, a->none ? "|none" : "|");
	for (unsigned i = 0; i < a->nresults; i++) {
		const struct authres_result	*r = &a->results[i];

		(void)buf_printf(b, "%s%.*s=%.*s", i == 0 ? "" : "; ", (int)r->method.len, r->method.p, (int)r->result.len, r->result.p);
		for (unsigned k = r->first_prop; k < r->first_prop + r->nprops; k++) {
			(void)buf_byte(b, ' ');
			(void)buf_str(b, a->props[k].ptype);
			(void)buf_byte(b, '.');
			(void)buf_str(b, a->props[k].property);
			(void)buf_byte(b, '=');
			(void)buf_str(b, a->props[k].value);
		}
		if (r->reason.p != NULL)
			(void)buf_printf(b, " r{%.*s}", (int)r->reason.len, r->reason.p);
		if (r->comment.p != NULL)
			(void)buf_printf(b, " c{%.*s}", (int)r->comment.len, r->comment.p);
	}
}

static const struct parse_case { const char *name, *in, *want; } parses[] = {
	/* 7: the examples */
	{ "7.1", "mx.example.com; dkim=pass header.d=google.com; dmarc=pass (p=REJECT) header.from=google.com",
	    "mx.example.com|dkim=pass header.d=google.com; dmarc=pass header.from=google.com c{p=REJECT}" },
	{ "7.2 upper case, version", "MX.Example.COM 1; dmarc=pass header.from=Google.com",
	    "mx.example.com|dmarc=pass header.from=Google.com" },
	{ "7.4 none", "mx.example.com; none", "mx.example.com|none" },
	{ "7.5", "mx.example.com; spf=pass smtp.mailfrom=b@bounces.rep.example; dkim=fail header.d=rep.example",
	    "mx.example.com|spf=pass smtp.mailfrom=b@bounces.rep.example; dkim=fail header.d=rep.example" },
	{ "7.6 a comment that looks like a result",
	    "mx.example.com (comment; dmarc=pass header.from=rep.example); dmarc=fail header.from=rep.example",
	    "mx.example.com|dmarc=fail header.from=rep.example" },
	/* 6: variants */
	{ "6.1 no authserv-id", "dmarc=fail (p=none; dis=none) header.from=example.com",
	    "-|dmarc=fail header.from=example.com c{p=none; dis=none}" },
	{ "6.1 no authserv-id, one vendor's whole line",
	    "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=rep.example; dkim=pass (signature was verified) header.d=rep.example;"
	    "dmarc=pass action=none header.from=rep.example;compauth=pass reason=100",
	    "-|spf=pass smtp.mailfrom=rep.example c{sender IP is 192.0.2.1}; dkim=pass header.d=rep.example c{signature was verified}; "
	    "dmarc=pass .action=none header.from=rep.example; compauth=pass r{100}" },
	{ "6.2 unknown methods", "mx.example.com; dkim-atps=neutral; dkim-adsp=none; x-vs=spam:high score=10; dmarc=pass",
	    "mx.example.com|dkim-atps=neutral; dkim-adsp=none; x-vs=spam:high .score=10; dmarc=pass" },
	{ "6.3 an address outside token", "mx.example.com; spf=pass smtp.mailfrom=bounce+a=b/c@x.example; dkim=none",
	    "mx.example.com|spf=pass smtp.mailfrom=bounce+a=b/c@x.example; dkim=none" },
	{ "6.4 header.i with @ in front", "mx.example.com; dkim=pass header.i=@example.com header.s=s1",
	    "mx.example.com|dkim=pass header.i=@example.com header.s=s1" },
	{ "6.5 a comment behind a reason",
	    "mx.example.com; dkim=fail reason=\"signature verification failed\" (2048-bit key) header.d=rep.example",
	    "mx.example.com|dkim=fail header.d=rep.example r{signature verification failed} c{2048-bit key}" },
	{ "6.6 empty value in quotes", "mx.example.com; spf=pass smtp.mailfrom=\"\" smtp.helo=mail.rep.example",
	    "mx.example.com|spf=pass smtp.mailfrom= smtp.helo=mail.rep.example" },
	{ "6.6 null sender", "mx.example.com; spf=none smtp.mailfrom=<>; dmarc=pass", "mx.example.com|spf=none smtp.mailfrom=; dmarc=pass" },
	{ "6.6 nothing behind =, end of the result", "mx.example.com; spf=none smtp.mailfrom=; dmarc=pass",
	    "mx.example.com|spf=none smtp.mailfrom=; dmarc=pass" },
	{ "6.6 nothing behind =, a property follows", "mx.example.com; spf=none smtp.mailfrom= smtp.helo=a.example",
	    "mx.example.com|spf=none smtp.mailfrom= smtp.helo=a.example" },
	{ "6.6 an address in <>", "mx.example.com; spf=pass smtp.mailfrom=<a@rep.example>",
	    "mx.example.com|spf=pass smtp.mailfrom=a@rep.example" },
	{ "6.7 a ; at the end", "mx.example.com; dmarc=pass header.from=rep.example;",
	    "mx.example.com|dmarc=pass header.from=rep.example" },
	{ "6.7 two ;", "mx.example.com;; dmarc=pass;;dkim=none; ;", "mx.example.com|dmarc=pass; dkim=none" },
	{ "6.7 no space behind ;, none before (", "mx.example.com;dkim=pass(ok)header.d=rep.example;dmarc=pass(p=NONE)",
	    "mx.example.com|dkim=pass header.d=rep.example c{ok}; dmarc=pass c{p=NONE}" },
	{ "6.7 tabs and folds", "mx.example.com;\r\n\tdkim=pass\r\n\t header.d=rep.example;\n dmarc=pass",
	    "mx.example.com|dkim=pass header.d=rep.example; dmarc=pass" },
	{ "6.7 folded inside a comment", "mx.example.com; dmarc=pass (p=REJECT\r\n\tsp=NONE) header.from=rep.example",
	    "mx.example.com|dmarc=pass header.from=rep.example c{p=REJECT   sp=NONE}" },
	{ "6.8 header.from as an address", "mx.example.com; dmarc=pass header.from=a@rep.example",
	    "mx.example.com|dmarc=pass header.from=a@rep.example" },
	{ "6.9 version glued", "mx.example.com 1;dmarc=pass", "mx.example.com|dmarc=pass" },
	/* 1: the grammar */
	{ "1 no-result", "example.org 1; none", "example.org|none" },
	{ "1 comments everywhere",
	    "(a) mx.example.com (b(c;d)e) 1 (f) ; (g) dkim (h) / (i) 1 (j) = (k) pass (l) reason (m) = (n) \"good\" (o) header (p) . "
	    "(q) d (r) = (s) rep.example (t) ; (u) spf=none (v)",
	    "mx.example.com|dkim=pass header.d=rep.example r{good} c{l}; spf=none c{v}" },
	{ "1 backslash in a comment", "mx.example.com (a\\)b;dkim=pass); dmarc=fail", "mx.example.com|dmarc=fail" },
	{ "1 ; and = in a quoted text", "mx.example.com; dkim=fail reason=\"a; dmarc=pass \\\"b\\\" (c)\"; spf=none",
	    "mx.example.com|dkim=fail r{a; dmarc=pass \"b\" (c)}; spf=none" },
	{ "1 quoted authserv-id", "\"mx.example.com\"; dmarc=pass", "mx.example.com|dmarc=pass" },
	{ "1 a quoted local part cannot say more than it is",
	    "mx.example.com; spf=fail smtp.mailfrom=\"x; dmarc=pass header.from=google.com\"@attacker.example",
	    "mx.example.com|spf=fail smtp.mailfrom=x; dmarc=pass header.from=google.com@attacker.example" },
	{ "1 keywords in upper case", "mx.example.com; DKIM=PASS Header.D=rep.example; DMARC=Fail",
	    "mx.example.com|dkim=pass header.d=rep.example; dmarc=fail" },
	{ "1 method with a version", "mx.example.com; dkim/1=pass", "mx.example.com|dkim=pass" },
	{ "1 no authserv-id but a version of the method", "dkim/1 = pass; spf=none", "-|dkim=pass; spf=none" },
	{ "1 other ptypes", "mx.example.com; iprev=pass policy.iprev=192.0.2.1; dnswl=pass dns.zone=list.example dns.sec=no",
	    "mx.example.com|iprev=pass policy.iprev=192.0.2.1; dnswl=pass dns.zone=list.example dns.sec=no" },
	{ "1 several signatures", "mx.example.com; dkim=pass header.d=a.example header.b=\"ab+/=\"; dkim=fail header.d=b.example",
	    "mx.example.com|dkim=pass header.d=a.example header.b=ab+/=; dkim=fail header.d=b.example" },
	{ "1 id only", "mx.example.com", "mx.example.com|" },
	{ "1 8-bit in a value", "mx.example.com; spf=pass smtp.mailfrom=b\xc3\xbc@rep.example",
	    "mx.example.com|spf=pass smtp.mailfrom=b\xc3\xbc@rep.example" },
};

static void
test_parse(void **state)
{
	const struct parse_case	*c = *state;
	struct buf		 b = { 0 };
	struct err		 e = { 0 };

	if (authres_parse(str_of(c->in), &out, &e) == -1)
		fail_msg("%s", e.msg);
	show(&out, &b);
	assert_string_equal(buf_as_str(&b).p, c->want);
	buf_free(&b);
}

/* 3.5: a field that violates the grammar gives nothing at all. */
static const struct bad_case { const char *name, *in; } bads[] = {
	{ "3.5 nothing", "" },
	{ "3.5 only blanks", " \r\n\t" },
	{ "3.5 only a comment", "(mx.example.com; dmarc=pass)" },
	{ "3.5 a ; first", "; dmarc=pass header.from=rep.example" },
	{ "3.5 a comment without an end", "mx.example.com; dmarc=pass (p=none header.from=rep.example" },
	{ "3.5 a backslash at the end of a comment", "mx.example.com; dmarc=pass (\\" },
	{ "3.5 a quoted text without an end", "mx.example.com; dmarc=pass; dkim=fail reason=\"x" },
	{ "3.5 a bracket too many", "mx.example.com; dmarc=pass ) header.from=rep.example" },
	{ "3.5 no ; behind the id", "mx.example.com dmarc=pass header.from=rep.example" },
	{ "3.5 version 2", "mx.example.com 2; dmarc=pass" },
	{ "3.5 version 11", "mx.example.com 11; dmarc=pass" },
	{ "3.5 method of version 2", "mx.example.com; dmarc/2=pass" },
	{ "3.5 a method without a result", "mx.example.com; dkim=pass; dmarc=" },
	{ "3.5 a method without =", "mx.example.com; dkim=pass; dmarc pass" },
	{ "3.5 a word that is no property", "mx.example.com; dmarc=pass header.from=rep.example really" },
	{ "3.5 a property without a name", "mx.example.com; dmarc=pass header.=rep.example" },
	{ "3.5 none and more", "mx.example.com; none; dmarc=pass" },
	{ "3.5 more and none", "mx.example.com; dmarc=pass; none" },
	{ "3.5 a NUL-like control character", "mx.example.com; dmarc=pass\x01" },
};

static void
test_bad(void **state)
{
	const struct bad_case	*c = *state;
	struct err		 e = { 0 };

	assert_int_equal(authres_parse(str_of(c->in), &out, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_true(e.msg[0] != '\0');
	assert_int_equal(out.nresults, 0);
	assert_null(out.id.p);
}

static void
test_bounds(void **state)
{
	struct buf	 b = { 0 };
	struct err	 e = { 0 };

	(void)state;
	(void)buf_cstr(&b, "mx.example.com");
	for (int i = 0; i < AUTHRES_RESULTS; i++)
		(void)buf_cstr(&b, "; dkim=pass header.d=a.example");
	assert_int_equal(authres_parse(buf_as_str(&b), &out, &e), 0);
	assert_int_equal(out.nresults, AUTHRES_RESULTS);
	(void)buf_cstr(&b, "; dmarc=pass");
	assert_int_equal(authres_parse(buf_as_str(&b), &out, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(out.nresults, 0);

	buf_clear(&b);
	(void)buf_cstr(&b, "mx.example.com; dkim=pass");
	for (int i = 0; i < AUTHRES_PROPS; i++)
		(void)buf_cstr(&b, " header.d=a");
	assert_int_equal(authres_parse(buf_as_str(&b), &out, &e), 0);
	assert_int_equal(out.nprops, AUTHRES_PROPS);
	(void)buf_cstr(&b, " header.d=a");
	assert_int_equal(authres_parse(buf_as_str(&b), &out, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);

	/* brackets in brackets, as deep as a field is long */
	buf_clear(&b);
	(void)buf_cstr(&b, "mx.example.com ");
	for (int i = 0; i < 8000; i++)
		(void)buf_byte(&b, '(');
	for (int i = 0; i < 8000; i++)
		(void)buf_byte(&b, ')');
	(void)buf_cstr(&b, "; dmarc=pass");
	assert_int_equal(authres_parse(buf_as_str(&b), &out, &e), 0);
	assert_int_equal(out.nresults, 1);

	while (b.len < AUTHRES_BYTES)
		(void)buf_byte(&b, ' ');
	assert_int_equal(authres_parse(buf_as_str(&b), &out, &e), 0);
	(void)buf_byte(&b, ' ');
	assert_int_equal(authres_parse(buf_as_str(&b), &out, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	buf_free(&b);
}

static void
test_prop(void **state)
{
	struct err	 e = { 0 };

	(void)state;
	assert_int_equal(authres_parse(STR("mx; spf=pass smtp.mailfrom=a@b.example smtp.helo=h.example .x=y"), &out, &e), -1);
	assert_int_equal(authres_parse(STR("mx; spf=pass mailfrom=no smtp.mailfrom=a smtp.mailfrom=b; dkim=none header.d=c"), &out, &e), 0);
	assert_true(str_eq(authres_prop(&out, &out.results[0], "smtp", "mailfrom"), STR("a")));
	assert_null(authres_prop(&out, &out.results[0], "header", "d").p);
	assert_true(str_eq(authres_prop(&out, &out.results[1], "header", "d"), STR("c")));
}

int
main(void)
{
	struct cases	 c = { 0 };

	CASES_ADD(&c, parses, test_parse);
	CASES_ADD(&c, bads, test_bad);
	case_add(&c, "bounds", test_bounds, NULL);
	case_add(&c, "a property by its name", test_prop, NULL);
	return (cases_run(&c, "authres"));
}
