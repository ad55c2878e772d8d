/*
 * test_dmarc.c - names, Organizational Domain, alignment, and what a row comes
 * to. Each test has the code of its vector.
 */
#include "cases.h"

#include "explain/explain.h"

#define L64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* --- NM: names --------------------------------------------------------------------- */

static const struct nm_case { const char *name, *in, *out; enum name_kind kind; int changed; } nms[] = {
	{ "NM1 E10 upper case and a dot",	"Example.COM.", "example.com", NAME_DOMAIN, 1 },
	{ "NM2 address with blanks",	" user@Mail.Example.com ", "mail.example.com", NAME_DOMAIN, 1 },
	{ "NM3 address in brackets",	"<bounce+x=y.example@send.example.net>", "send.example.net", NAME_DOMAIN, 1 },
	{ "NM4 E10 U-label",		"b\xc3\xbc" "cher.example", "xn--bcher-kva.example", NAME_DOMAIN, 1 },
	{ "NM5 @ in front",		"@example.com", "example.com", NAME_DOMAIN, 1 },
	{ "NM6 null sender",		"<>", "", NAME_EMPTY, 0 },
	{ "NM7 empty label",		"a..example.com", "a..example.com", NAME_INVALID, 0 },
	{ "NM8 label of 64",		L64 ".example", L64 ".example", NAME_INVALID, 0 },
	{ "NM9 quoted local part",	"\"odd@local\"@example.org", "example.org", NAME_DOMAIN, 1 },
	{ "NM10 address literal",	"user@[192.0.2.1]", "[192.0.2.1]", NAME_LITERAL, 1 },
	{ "NM label of 63",		L63 ".example", L63 ".example", NAME_DOMAIN, 0 },
	{ "NM nothing",			"", "", NAME_EMPTY, 0 },
	{ "NM blanks only",		" \t", "", NAME_EMPTY, 0 },
	{ "NM plain is unchanged",	"example.com", "example.com", NAME_DOMAIN, 0 },
	{ "NM blanks are no change",	" example.com\n", "example.com", NAME_DOMAIN, 0 },
	{ "NM underscore",		"_dmarc.example.com", "_dmarc.example.com", NAME_DOMAIN, 0 },
	{ "NM only a dot",		".", ".", NAME_INVALID, 0 },
	{ "NM dot in front",		".example.com", ".example.com", NAME_INVALID, 0 },
	{ "NM blank inside",		"exa mple.com", "exa mple.com", NAME_INVALID, 0 },
	{ "NM broken UTF-8",		"ex\xff.example", "ex\xff.example", NAME_INVALID, 1 },
	{ "NM half a bracket",		"user@example.com>", "example.com", NAME_DOMAIN, 1 },
	{ "NM blank before a bracket",	"example.com\n>", "example.com", NAME_DOMAIN, 1 },
	{ "NM blank behind the at sign", "user@ example.com .", "example.com", NAME_DOMAIN, 1 },
	{ "NM U-label, upper case, dot", "B\xc3\x9c" "CHER.Example.", "xn--bcher-kva.example", NAME_DOMAIN, 1 },
};

static void
test_nm(void **state)
{
	const struct nm_case	*c = *state;
	char			 out[DOMAIN_MAX + 1];
	size_t			 n;
	bool			 changed;

	assert_int_equal(domain_normal(str_of(c->in), out, &n, &changed), c->kind);
	assert_string_equal(out, c->out);
	assert_int_equal(n, strlen(out));
	if (c->kind != NAME_EMPTY)
		assert_int_equal(changed, c->changed);
	/* what came out once stays as it is */
	if (c->kind == NAME_DOMAIN) {
		char	 twice[DOMAIN_MAX + 1];

		assert_int_equal(domain_normal(str_of(out), twice, &n, &changed), NAME_DOMAIN);
		assert_string_equal(twice, out);
		assert_false(changed);
	}
}

static void
test_plain(void **state)
{
	static const char *const	 good[] = { "example.com", "Shop.EXAMPLE.org", "_dmarc.a-b.example", "xn--bcher-kva.example", "1" };
	static const char *const	 bad[] = { "", "a b", "a/b", "a\"b", "b\303\274cher.example", "a:80", "<b>", "a\n", "a%2e" };
	char				 text[DOMAIN_MAX + 1];

	(void)state;
	for (size_t i = 0; i < nitems(good); i++)
		assert_true(domain_plain(str_of(good[i])));
	for (size_t i = 0; i < nitems(bad); i++)
		assert_false(domain_plain(str_of(bad[i])));
	memset(text, 'a', sizeof(text));
	assert_true(domain_plain((struct str){ text, DOMAIN_MAX }));
	assert_false(domain_plain((struct str){ text, DOMAIN_MAX + 1 }));
	assert_false(domain_plain((struct str){ "a\0b", 3 }));
}

static void
test_nm_long(void **state)
{
	char	 in[2000], out[DOMAIN_MAX + 1];
	size_t	 n;

	(void)state;
	for (size_t len = 240; len < 1200; len++) {
		for (size_t i = 0; i < len; i++)
			in[i] = i % 10 == 9 ? '.' : 'a';
		in[len - 1] = 'a';
		in[len] = '\0';
		assert_int_equal(domain_normal((struct str){ in, len }, out, &n, NULL), len <= DOMAIN_MAX ? NAME_DOMAIN : NAME_INVALID);
		assert_int_equal(n, len <= DOMAIN_MAX ? len : 0);
	}
}

/* --- PS: Organizational Domain by the list ----------------------------------------------- */

static const struct ps_case { const char *name, *in, *org; } pss[] = {
	{ "PS1",  "example.com", "example.com" },
	{ "PS2",  "a.b.c.example.com", "example.com" },
	{ "PS3",  "com", "com" },
	{ "PS4",  "example.co.uk", "example.co.uk" },
	{ "PS5",  "x.y.example.co.uk", "example.co.uk" },
	{ "PS6",  "co.uk", "co.uk" },
	{ "PS7",  "a.foo.github.io", "foo.github.io" },
	{ "PS8",  "github.io", "github.io" },
	{ "PS9",  "b.kawasaki.jp", "b.kawasaki.jp" },
	{ "PS10", "a.b.kawasaki.jp", "a.b.kawasaki.jp" },
	{ "PS11", "x.a.b.kawasaki.jp", "a.b.kawasaki.jp" },
	{ "PS12", "x.city.kawasaki.jp", "city.kawasaki.jp" },
	{ "PS13", "city.kawasaki.jp", "city.kawasaki.jp" },
	{ "PS14", "kawasaki.jp", "kawasaki.jp" },
	{ "PS15", "x.www.ck", "www.ck" },
	{ "PS16", "foo.bar.ck", "foo.bar.ck" },
	{ "PS17", "bar.ck", "bar.ck" },
	{ "PS18", "a.host.unknowntld", "host.unknowntld" },
	{ "PS one label", "localhost", "localhost" },
	{ "PS underscore", "_x.mail.example.com", "example.com" },
	{ "PS nothing", "", "" },
};

static void
test_ps(void **state)
{
	const struct ps_case	*c = *state;
	struct str		 org = domain_org(str_of(c->in));

	assert_int_equal(org.len, strlen(c->org));
	assert_memory_equal(org.p, c->org, org.len);
	/* an organisation is its own */
	assert_true(str_eq(domain_org(org), org));
}

/* The option that leaves company suffixes out. */
static void
test_icann(void **state)
{
	static const struct { const char *in, *org; } cases[] = {
		{ "a.foo.github.io", "github.io" }, { "foo.github.io", "github.io" }, { "github.io", "github.io" }, { "io", "io" },
		{ "x.y.example.co.uk", "example.co.uk" }, { "co.uk", "co.uk" }, { "a.b.kawasaki.jp", "a.b.kawasaki.jp" },
		{ "x.city.kawasaki.jp", "city.kawasaki.jp" }, { "b.kawasaki.jp", "b.kawasaki.jp" }, { "x.www.ck", "www.ck" },
		{ "a.host.unknowntld", "host.unknowntld" }, { "localhost", "localhost" },
	};

	(void)state;
	assert_false(domain_aligned(STR("a.github.io"), STR("b.github.io"), false));
	dmarc_suffixes(true);
	for (size_t i = 0; i < nitems(cases); i++)
		if (!str_eq(domain_org(str_of(cases[i].in)), str_of(cases[i].org)))
			fail_msg("%s: %.*s", cases[i].in, (int)domain_org(str_of(cases[i].in)).len, domain_org(str_of(cases[i].in)).p);
	assert_true(domain_aligned(STR("a.github.io"), STR("b.github.io"), false));
	dmarc_suffixes(false);
	assert_false(domain_aligned(STR("a.github.io"), STR("b.github.io"), false));
}

static void
test_testing(void **state)
{
	static const struct { const char *word; int on; } cases[] = {
		{ "y", 1 }, { "Y", 1 }, { "true", 1 }, { "TRUE", 1 }, { "1", 1 }, { "n", 0 }, { "", 0 }, { "0", 0 }, { "yes please", 0 },
	};
	struct report_policy	 p = { 0 };

	(void)state;
	assert_false(policy_testing(&p));
	for (size_t i = 0; i < nitems(cases); i++) {
		p.testing = str_of(cases[i].word);
		if (policy_testing(&p) != (cases[i].on != 0))
			fail_msg("%s", cases[i].word);
	}
}

static const struct ps_case pss_icann[] = {
	{ "PS7 ICANN only",  "a.foo.github.io", "github.io" },
	{ "PS8 ICANN only",  "github.io", "github.io" },
	{ "PS5 ICANN only",  "x.y.example.co.uk", "example.co.uk" },
	{ "PS12 ICANN only", "x.city.kawasaki.jp", "city.kawasaki.jp" },
	{ "PS18 ICANN only", "a.host.unknowntld", "host.unknowntld" },
	{ "PS3 ICANN only",  "com", "com" },
	{ "PS6 ICANN only",  "co.uk", "co.uk" },
};

static void
test_ps_icann(void **state)
{
	const struct ps_case	*c = *state;
	struct str		 org = domain_org_icann(str_of(c->in));

	assert_int_equal(org.len, strlen(c->org));
	assert_memory_equal(org.p, c->org, org.len);
}

static void
test_al11_icann(void **state)
{
	(void)state;
	assert_true(str_eq(domain_org_icann(STR("a.github.io")), domain_org_icann(STR("b.github.io"))));
}

static void
test_ps19(void **state)
{
	char			*names[] = { (char[]){ "example.com" }, (char[]){ "example.org" } };
	const struct str_list	 some = { names, nitems(names) };

	(void)state;
	assert_false(str_eq(domain_org(STR("bad-example.com")), domain_org(STR("example.com"))));
	assert_false(domain_below(STR("bad-example.com"), STR("example.com")));
	assert_true(domain_below(STR("a.example.com"), STR("example.com")));
	assert_true(domain_below(STR("example.com"), STR("example.com")));
	assert_false(domain_below(STR("example.com"), STR("a.example.com")));
	assert_false(domain_below(STR_NONE, STR("example.com")));
	assert_false(domain_below(STR("example.com"), STR("")));
	assert_true(domain_below_any(STR("a.example.org"), &some));
	assert_false(domain_below_any(STR("example.net"), &some));
	assert_false(domain_below_any(STR("example.net"), &(const struct str_list){ NULL, 0 }));
	assert_null(domain_org(STR_NONE).p);
}

/* --- AL: alignment -------------------------------------------------------------------------- */

static const struct al_case { const char *name, *from, *id; int strict, want; } als[] = {
	{ "AL1",  "example.com", "example.com", 1, 1 },
	{ "AL2",  "example.com", "EXAMPLE.com.", 1, 1 },
	{ "AL3",  "example.com", "mail.example.com", 1, 0 },
	{ "AL4",  "example.com", "mail.example.com", 0, 1 },
	{ "AL5",  "mail.example.com", "example.com", 0, 1 },
	{ "AL6",  "a.example.com", "b.example.com", 0, 1 },
	{ "AL7",  "a.example.com", "b.example.com", 1, 0 },
	{ "AL8",  "example.com", "example.net", 0, 0 },
	{ "AL9",  "example.com", "bad-example.com", 0, 0 },
	{ "AL10", "shop.example.co.uk", "other.co.uk", 0, 0 },
	{ "AL11", "a.github.io", "b.github.io", 0, 0 },
	{ "AL12", "co.uk", "co.uk", 0, 1 },
	{ "AL18", "dept.example.edu", "example.edu", 0, 1 },
	{ "AL19", "example.com", "[192.0.2.1]", 0, 0 },
	{ "AL20", "xn--bcher-kva.example", "b\xc3\xbc" "cher.example", 1, 1 },
	{ "AL literals never", "[192.0.2.1]", "[192.0.2.1]", 0, 0 },
};

static void
test_al(void **state)
{
	const struct al_case	*c = *state;
	char			 a[DOMAIN_MAX + 1], f[DOMAIN_MAX + 1];
	size_t			 na, nf;

	(void)domain_normal(str_of(c->id), a, &na, NULL);
	(void)domain_normal(str_of(c->from), f, &nf, NULL);
	assert_int_equal(domain_aligned((struct str){ a, na }, (struct str){ f, nf }, c->strict != 0), c->want);
	/* relaxed alignment is symmetric */
	assert_int_equal(domain_aligned((struct str){ f, nf }, (struct str){ a, na }, c->strict != 0), c->want);
}

/* --- RW: rows -------------------------------------------------------------------------------- */

/*
 * A row in short: results as "domain:result" or "domain/scope:result", blanks
 * between; "-" as a domain is none.
 */
struct row {
	const char		*from, *policy_domain, *adkim, *aspf, *discovery;
	const char		*dkim, *spf, *envelope_from;	/* NULL: absent */
	enum evaluated		 rep_dkim, rep_spf;
	const char		*p;
	enum disposition	 disposition;
	const char		*reason, *comment;
};

struct built {
	struct report_policy	 p;
	struct report_record	 r;
	struct report_auth	 dkim[8], spf[8];
	struct report_reason	 reason[1];
};

static enum auth_result
result_named(struct str s)
{
	for (unsigned i = 0; i < RES_COUNT; i++)
		if (str_ieq(s, auth_result_names[i]))
			return ((enum auth_result)i);
	fail_msg("no such result: %.*s", (int)s.len, s.p);
	return (RES_ABSENT);
}

static size_t
auths(const char *text, struct report_auth *a)
{
	size_t	 n = 0;

	while (text != NULL && *text != '\0') {
		const char	*end = strchrnul(text, ' '), *colon = memrchr(text, ':', (size_t)(end - text)), *slash;
		struct str	 d = { text, (size_t)(colon - text) };

		a[n] = (struct report_auth){ .result = result_named((struct str){ colon + 1, (size_t)(end - colon) - 1 }) };
		if ((slash = memchr(text, '/', d.len)) != NULL) {
			a[n].what = (struct str){ slash + 1, (size_t)(colon - slash) - 1 };
			d.len = (size_t)(slash - text);
		}
		a[n].domain = str_eq(d, STR("-")) ? STR_NONE : d;
		n++;
		text = *end == ' ' ? end + 1 : end;
	}
	return (n);
}

static void
build(const struct row *c, struct built *b)
{
	memset(b, 0, sizeof(*b));
	b->p.domain = str_of(c->policy_domain != NULL ? c->policy_domain : c->from);
	b->p.adkim = str_of(c->adkim);
	b->p.aspf = str_of(c->aspf);
	b->p.discovery_method = str_of(c->discovery);
	b->p.p = str_of(c->p);
	b->r = (struct report_record){ .count = 1, .seq = 1, .header_from = str_of(c->from), .disposition = c->disposition,
	    .envelope_from = str_of(c->envelope_from), .dkim = c->rep_dkim, .spf = c->rep_spf,
	    .dkim_results = b->dkim, .spf_results = b->spf, .reasons = b->reason };
	b->r.ndkim = auths(c->dkim, b->dkim);
	b->r.nspf = auths(c->spf, b->spf);
	if (c->reason != NULL) {
		b->reason[0] = (struct report_reason){ str_of(c->reason), str_of(c->comment) };
		b->r.nreasons = 1;
	}
}

#define EX "example.com"
#define RR .from = EX, .adkim = "r", .aspf = "r"
#define FF .rep_dkim = EVAL_FAIL, .rep_spf = EVAL_FAIL

static const struct rw_case { const char *name; struct row row; int dkim, spf; const char *code; } rws[] = {
	{ "RW1",  { RR, .dkim = EX ":pass", .spf = EX "/mfrom:pass" }, 1, 1, "P1" },
	{ "RW2",  { RR, .dkim = EX ":pass", .spf = "lists.example.org/mfrom:pass" }, 1, 0, "P2" },
	{ "RW3",  { RR, .spf = "bounce." EX "/mfrom:pass" }, 0, 1, "P5" },
	{ "RW4",  { .from = EX, .adkim = "r", .aspf = "s", .spf = "bounce." EX "/mfrom:pass" }, 0, 0, "F3" },
	{ "RW5",  { RR, .dkim = "esp.example.net:pass", .spf = "b.esp.example.net/mfrom:pass" }, 0, 0, "F1" },
	{ "RW6",  { RR, .dkim = EX ":fail lists.example.org:pass", .spf = "lists.example.org:pass" }, 0, 0, "F2" },
	{ "RW7",  { RR, .dkim = EX "/a:fail " EX "/b:pass", .spf = "-:none" }, 1, 0, "P9" },
	{ "RW8",  { .from = EX, .adkim = "s", .aspf = "r", .dkim = "mail." EX ":pass", .spf = "example.net:fail" }, 0, 0, "F1" },
	{ "RW9 I2",  { RR, .spf = "mail." EX "/helo:pass", .envelope_from = "" }, 0, 1, "P5" },
	{ "RW10 I9", { RR, .spf = "mail." EX "/helo:pass", .envelope_from = "user.example.net" }, 0, 0, "F9" },
	{ "RW11 I10", { RR, .spf = "mail." EX "/helo:pass example.net/mfrom:fail" }, 0, 0, "F7" },
	{ "RW12", { RR, .spf = EX "/mfrom:softfail" }, 0, 0, "F7" },
	{ "RW13", { RR, .dkim = EX ":temperror", .spf = EX ":temperror" }, 0, 0, "F12" },
	{ "RW14", { RR, .dkim = EX ":pass", .spf = EX ":fail" }, 1, 0, "P8" },
	{ "RW15", { RR, .dkim = "-:fail", .spf = EX ":pass" }, 0, 1, "P5" },
	{ "RW16", { RR, .dkim = EX ":pass" }, 1, 0, "P9" },
	{ "RW17", { .from = "sub." EX, .policy_domain = EX, .adkim = "r", .aspf = "r", .dkim = EX ":pass" }, 1, 0, "P9" },
	{ "RW18 I17", { RR, .dkim = "esp.example.net:pass", .rep_dkim = EVAL_PASS, .rep_spf = EVAL_FAIL }, 0, 0, "F5" },
	{ "RW19", { RR, .dkim = EX ":fail", .spf = EX ":fail", .p = "reject", .disposition = DISP_NONE, FF,
	    .reason = "local_policy", .comment = "arc=pass as[1].d=example.org" }, 0, 0, "F6" },
	{ "RW20", { RR, .dkim = EX ":fail", .spf = EX ":fail", .p = "reject", .disposition = DISP_QUARANTINE, FF,
	    .reason = "policy_test_mode" }, 0, 0, "F6" },
	{ "RW21", { RR, .dkim = EX ":pass", .p = "quarantine", .disposition = DISP_PASS, .rep_dkim = EVAL_PASS }, 1, 0, "P9" },
	{ "RW22", { RR, .p = "reject", .disposition = DISP_QUARANTINE, FF }, 0, 0, "F9" },
	{ "RW23", { .from = EX, .dkim = "mail." EX ":pass" }, 1, 0, "P9" },
	{ "RW24", { RR, .dkim = EX ":pass" }, 1, 0, "P9" },
	{ "RW25", { RR, .dkim = EX ":pass", .rep_dkim = EVAL_FAIL, .rep_spf = EVAL_UNKNOWN }, 1, 0, "P9" },
	{ "RW26", { RR, .dkim = EX ":pass", .rep_dkim = EVAL_PASS, .rep_spf = EVAL_UNKNOWN }, 1, 0, "P9" },
	{ "RW IP literal as HELO", { RR, .spf = "[192.0.2.1]/helo:pass", .envelope_from = "" }, 0, 0, "F3" },
	{ "RW empty SPF domain, envelope_from stands in", { RR, .spf = "-/mfrom:pass", .envelope_from = "b." EX }, 0, 1, "P5" },
	{ "RW word unknown is not pass", { RR, .dkim = EX ":unknown", .spf = EX ":unknown" }, 0, 0, "F6" },
};

static void
test_rw(void **state)
{
	const struct rw_case	*c = *state;
	struct built		 b;
	struct verdict		 v;
	char			 name[8];

	build(&c->row, &b);
	dmarc_judge(&b.p, &b.r, &v);
	assert_int_equal(v.dkim_aligned, c->dkim);
	assert_int_equal(v.spf_aligned, c->spf);
	assert_int_equal(v.pass, c->dkim || c->spf);
	assert_string_equal(dmarc_code_name(v.code, name), c->code);
}

static void
judge(const struct row *row, struct built *b, struct verdict *v)
{
	build(row, b);
	dmarc_judge(&b->p, &b->r, v);
}

static void
test_flags(void **state)
{
	struct built	 b;
	struct verdict	 v;

	(void)state;
	/* RW18: reported pass that the list does not show; RW24, RW25, RW26: an unknown word differs from nothing */
	judge(&(struct row){ RR, .dkim = "esp.example.net:pass", .rep_dkim = EVAL_PASS, .rep_spf = EVAL_FAIL }, &b, &v);
	assert_true(v.differs);
	judge(&(struct row){ RR, .dkim = EX ":pass" }, &b, &v);
	assert_false(v.differs);
	judge(&(struct row){ RR, .dkim = EX ":pass", .rep_dkim = EVAL_FAIL }, &b, &v);
	assert_false(v.differs);
	judge(&(struct row){ RR, .dkim = EX ":pass", .rep_dkim = EVAL_FAIL, .rep_spf = EVAL_FAIL }, &b, &v);
	assert_true(v.differs);
	judge(&(struct row){ RR, .dkim = "esp.example.net:pass", .rep_dkim = EVAL_PASS }, &b, &v);
	assert_true(v.differs);
	/* RW19: the receiver trusts an ARC chain; RW22: weaker than published */
	judge(&(struct row){ RR, FF, .p = "reject", .reason = "local_policy", .comment = "arc=pass as[1].d=example.org" }, &b, &v);
	assert_true(v.forwarded && v.overridden);
	judge(&(struct row){ RR, FF, .p = "reject", .reason = "local_policy", .comment = "arc=fail" }, &b, &v);
	assert_false(v.forwarded);
	judge(&(struct row){ RR, FF, .p = "reject", .disposition = DISP_QUARANTINE }, &b, &v);
	assert_true(v.overridden);
	judge(&(struct row){ RR, FF, .p = "reject", .disposition = DISP_REJECT }, &b, &v);
	assert_false(v.overridden);
	judge(&(struct row){ RR, FF, .p = "quarantine", .disposition = DISP_QUARANTINE, .reason = "mailing_list" }, &b, &v);
	assert_true(v.forwarded);
	/* RW9: HELO for a null sender is certain, for an absent envelope_from it is an estimate */
	judge(&(struct row){ RR, .spf = EX "/helo:pass", .envelope_from = "" }, &b, &v);
	assert_true(v.pass && !v.estimated);
	judge(&(struct row){ RR, .spf = EX "/helo:pass" }, &b, &v);
	assert_true(v.pass && v.estimated);
}

/* --- Tree walk inside a report (alignment.md 6.1) ------------------------------------------------- */

static const struct walk_case { const char *name, *from, *policy, *id; int want, estimated; } walks[] = {
	{ "AL13 record only above", "news." EX, EX, "foo." EX, 1, 0 },
	{ "AL17 psd=n below the registered domain", "dept.example.edu", "dept.example.edu", "dept.example.edu", 1, 0 },
	{ "AL17 child of it", "dept.example.edu", "dept.example.edu", "x.dept.example.edu", 1, 0 },
	{ "AL17 parent is an estimate", "dept.example.edu", "dept.example.edu", "example.edu", 1, 1 },
	{ "AL walk: policy above, sibling below it", "a.mail." EX, "mail." EX, "b.mail." EX, 1, 0 },
	{ "AL walk: policy above, outside of it", "a.mail." EX, "mail." EX, EX, 0, 0 },
	{ "AL walk: policy at a public suffix", "a.co.uk", "co.uk", "b.co.uk", 0, 0 },
	{ "AL walk: policy at a public suffix, child", "a.co.uk", "co.uk", "x.a.co.uk", 1, 0 },
};

static void
test_walk(void **state)
{
	const struct walk_case	*c = *state;
	char			 dkim[100];
	struct built		 b;
	struct verdict		 v;

	(void)snprintf(dkim, sizeof(dkim), "%s:pass", c->id);
	judge(&(struct row){ .from = c->from, .policy_domain = c->policy, .discovery = "treewalk", .dkim = dkim }, &b, &v);
	assert_int_equal(v.dkim_aligned, c->want);
	assert_int_equal(v.estimated, c->estimated);
}

/* --- DR: DMARC records, as far as they decide mail ------------------------------------------- */

static const struct dr_case { const char *name, *text; enum record_use use; const char *p; int strict_dkim, testing; char psd; } drs[] = {
	{ "DR1",  "v=DMARC1; p=none", RECORD_YES, "none", 0, 0, 'u' },
	{ "DR2",  "v=DMARC1;p=reject;", RECORD_YES, "reject", 0, 0, 'u' },
	{ "DR3",  "v = DMARC1 ; p = Reject ; adkim = S", RECORD_YES, "reject", 1, 0, 'u' },
	{ "DR4",  "v=dmarc1; p=reject", RECORD_NO, "none", 0, 0, 'u' },
	{ "DR5",  " v=DMARC1; p=reject", RECORD_NO, "none", 0, 0, 'u' },
	{ "DR6",  "p=reject; v=DMARC1", RECORD_NO, "none", 0, 0, 'u' },
	{ "DR7",  "v=DMARC1 p=reject", RECORD_NO, "none", 0, 0, 'u' },
	{ "DR8",  "v=DMARC1, p=reject", RECORD_NO, "none", 0, 0, 'u' },
	{ "DR9",  "v=DMARC1", RECORD_OFF, "none", 0, 0, 'u' },
	{ "DR10", "v=DMARC1; rua=mailto:d@example.com", RECORD_NONE, "none", 0, 0, 'u' },
	{ "DR11", "v=DMARC1; p=rejct; rua=mailto:d@example.com", RECORD_NONE, "none", 0, 0, 'u' },
	{ "DR12", "v=DMARC1; p=rejct", RECORD_OFF, "none", 0, 0, 'u' },
	{ "DR13", "v=DMARC1; p=reject; sp=; rua=mailto:d@example.com", RECORD_NONE, "none", 0, 0, 'u' },
	{ "DR14", "v=DMARC1; p=reject; rua=d@example.com", RECORD_YES, "reject", 0, 0, 'u' },
	{ "DR15", "v=DMARC1; p=rejct; rua=d@example.com", RECORD_OFF, "none", 0, 0, 'u' },
	{ "DR16", "v=DMARC1; p=none; rua=mailto:a@example.com,mailto:b@example.net!10m", RECORD_YES, "none", 0, 0, 'u' },
	{ "DR17", "v=DMARC1; p=none; rua=mailto:a@example.com , mailto:b@example.com", RECORD_YES, "none", 0, 0, 'u' },
	{ "DR18", "v=DMARC1; p=none; rua=mailto:a@example.com;mailto:b@example.com", RECORD_YES, "none", 0, 0, 'u' },
	{ "DR19", "v=DMARC1; p=none; rua=https://r.example.com/x", RECORD_YES, "none", 0, 0, 'u' },
	{ "DR20", "v=DMARC1; p=quarantine; pct=25", RECORD_YES, "quarantine", 0, 0, 'u' },
	{ "DR21", "v=DMARC1; p=none; fo=1:d:s; ruf=mailto:f@example.com", RECORD_YES, "none", 0, 0, 'u' },
	{ "DR22", "v=DMARC1; p=none; fo=0:1; ruf=mailto:f@example.com", RECORD_YES, "none", 0, 0, 'u' },
	{ "DR23", "v=DMARC1; p=none; fo=1", RECORD_YES, "none", 0, 0, 'u' },
	{ "DR24", "v=DMARC1; p=none; adkim=x", RECORD_YES, "none", 0, 0, 'u' },
	{ "DR25", "v=DMARC1; p=reject; p=none", RECORD_YES, "reject", 0, 0, 'u' },
	{ "DR26", "v=DMARC1;; p=none; ;", RECORD_YES, "none", 0, 0, 'u' },
	{ "DR27", "v=DMARC1; p=none; rau=mailto:d@example.com", RECORD_YES, "none", 0, 0, 'u' },
	{ "DR28", "v=DMARC1; p=reject; t=y; psd=n", RECORD_YES, "reject", 0, 1, 'n' },
	{ "DR29", "v=DMARC1; p=reject; t=yes", RECORD_YES, "reject", 0, 0, 'u' },
	{ "DR30", "v=DMARC1; p=none; rua=mailto:o'brien%2Cx@example.com", RECORD_YES, "none", 0, 0, 'u' },
	{ "DR31", "\"v=DMARC1; p=none\"", RECORD_NO, "none", 0, 0, 'u' },
	{ "DR32", "v=DMARC1; p=none\\; rua=mailto:d@example.com", RECORD_NONE, "none", 0, 0, 'u' },
	{ "DR33", "v=DMARC1; p=no" "ne", RECORD_YES, "none", 0, 0, 'u' },
	{ "DR34", "v=DMARC1; P=reject; rua=mailto:d@example.com", RECORD_YES, "reject", 0, 0, 'u' },
	{ "DR35", "v=DMARC1; ri=3600; rf=afrf; p=none", RECORD_YES, "none", 0, 0, 'u' },
	{ "DR nothing", "", RECORD_NO, "none", 0, 0, 'u' },
	{ "DR psd=y", "v=DMARC1; p=none; psd=Y", RECORD_YES, "none", 0, 0, 'y' },
};

static void
test_dr(void **state)
{
	const struct dr_case	*c = *state;
	struct dmarc_record	 r;

	assert_int_equal(dmarc_record_read(str_of(c->text), &r), c->use);
	assert_string_equal(dmarc_request_names[r.p], c->p);
	assert_int_equal(r.strict_dkim, c->strict_dkim);
	assert_int_equal(r.testing, c->testing);
	assert_int_equal(r.psd, c->psd);
}

/* --- A DNS of a few names ----------------------------------------------------------------------- */

/*
 * "NAME text|NAME text": each a record at _dmarc.NAME; a text "SERVFAIL" does
 * not answer. nx: names that do not exist, between blanks.
 */
struct zone { const char *records, *nx; };

static enum dns_answer
zone_dmarc(void *ctx, struct str name, struct str texts[WALK_TEXTS], size_t *n)
{
	const struct zone	*z = ctx;
	const char		*p = z->records;

	*n = 0;
	while (p != NULL && *p != '\0' && *n < WALK_TEXTS) {
		const char	*end = strchrnul(p, '|'), *blank = strchr(p, ' ');

		if (str_eq((struct str){ p, (size_t)(blank - p) }, name)) {
			texts[*n] = (struct str){ blank + 1, (size_t)(end - blank) - 1 };
			if (str_eq(texts[*n], STR("SERVFAIL")))
				return (DNS_UNKNOWN);
			++*n;
		}
		p = *end == '|' ? end + 1 : end;
	}
	return (*n > 0 ? DNS_RECORD : DNS_NONE);
}

static enum dns_answer
zone_exists(void *ctx, struct str name)
{
	const struct zone	*z = ctx;
	const char		*at = z->nx == NULL ? NULL : strstr(z->nx, name.p);

	/* names of the tests are whole strings */
	return (at != NULL && (at[name.len] == ' ' || at[name.len] == '\0') ? DNS_NONE : DNS_RECORD);
}

#define ZONE(z) ((struct dmarc_dns){ .dmarc = zone_dmarc, .exists = zone_exists, .ctx = (z) })
#define U(name) name " v=DMARC1; p=none|"
#define PSD(name, v) name " v=DMARC1; p=none; psd=" v "|"

/* asked: the names in their order, between blanks; NULL: not looked at. */
static const struct tw_case { const char *name, *start, *records, *asked, *org; } tws[] = {
	{ "TW1",  "a.mail." EX, U("mail." EX) U(EX), "a.mail." EX " mail." EX " " EX " com", EX },
	{ "TW2",  "a.mail." EX, PSD("mail." EX, "n") U(EX), "a.mail." EX " mail." EX, "mail." EX },
	{ "TW3",  "a.mail." EX, PSD("com", "y"), "a.mail." EX " mail." EX " " EX " com", EX },
	{ "TW4",  "a.mail." EX, "", "a.mail." EX " mail." EX " " EX " com", "a.mail." EX },
	{ "TW5",  "giant.bank.example", U("giant.bank.example") PSD("bank.example", "y"), "giant.bank.example bank.example", "giant.bank.example" },
	{ "TW6",  "mail.mega.bank.example", PSD("bank.example", "y"), "mail.mega.bank.example mega.bank.example bank.example", "mega.bank.example" },
	{ "TW7",  "bank.example", PSD("bank.example", "y"), "bank.example", "bank.example" },
	{ "TW8",  "x.bank.example", PSD("x.bank.example", "n") PSD("bank.example", "y"), "x.bank.example", "x.bank.example" },
	{ "TW9",  "a.b.c.d.e.f.g.h.i.j.mail." EX, U(EX), "a.b.c.d.e.f.g.h.i.j.mail." EX " g.h.i.j.mail." EX " h.i.j.mail." EX " i.j.mail." EX
	    " j.mail." EX " mail." EX " " EX " com", EX },
	{ "TW10", "mail.a.b.c.d.e.f.g." EX, PSD("b.c.d.e.f.g." EX, "n") U(EX), "mail.a.b.c.d.e.f.g." EX " c.d.e.f.g." EX " d.e.f.g." EX
	    " e.f.g." EX " f.g." EX " g." EX " " EX " com", EX },
	{ "TW11", "a.b.c.d.e.f.g.example", "", "a.b.c.d.e.f.g.example b.c.d.e.f.g.example c.d.e.f.g.example d.e.f.g.example e.f.g.example "
	    "f.g.example g.example example", "a.b.c.d.e.f.g.example" },
	{ "TW12", EX, U(EX) U("com"), EX " com", "com" },
	{ "TW13", EX, PSD(EX, "n") U("com"), EX, EX },
	{ "TW14", "sub." EX, U("sub." EX) U("sub." EX) U(EX), "sub." EX " " EX " com", EX },
	{ "TW15", "sub." EX, EX " SERVFAIL", NULL, NULL },
	{ "TW another TXT beside it", EX, EX " some other text|" U(EX), EX " com", EX },
	{ "TW only another TXT", "sub." EX, EX " some other text|" , "sub." EX " " EX " com", "sub." EX },
};

static void
test_tw(void **state)
{
	const struct tw_case	*c = *state;
	struct zone		 z = { c->records, NULL };
	const struct dmarc_dns	 dns = ZONE(&z);
	struct walk		 w;
	char			 asked[2048] = "";
	struct str		 org;

	dmarc_walk(&dns, str_of(c->start), &w);
	for (unsigned i = 0; i < w.nasked; i++)
		(void)snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%s%.*s", i > 0 ? " " : "", (int)w.asked[i].len, w.asked[i].p);
	if (c->asked != NULL)
		assert_string_equal(asked, c->asked);
	org = walk_org(&w);
	assert_int_equal(org.p == NULL, c->org == NULL);
	if (c->org != NULL)
		assert_true(str_eq(org, str_of(c->org)));
}

/* Two names by the walk: the same organisation? */
static const struct alw_case { const char *name, *from, *id, *records; int want; } alws[] = {
	{ "AL13", "news." EX, "foo." EX, U(EX), 1 },
	{ "AL15", "giant.bank.example", "mail.giant.bank.example", U("giant.bank.example") PSD("bank.example", "y"), 1 },
	{ "AL16", "giant.bank.example", "mail.mega.bank.example", U("giant.bank.example") PSD("bank.example", "y"), 0 },
	{ "AL17", "dept.example.edu", "example.edu", PSD("dept.example.edu", "n") U("example.edu"), 0 },
	{ "AL14 without a policy each name is its own", "news." EX, "foo." EX, "", 0 },
};

static void
test_alw(void **state)
{
	const struct alw_case	*c = *state;
	struct zone		 z = { c->records, NULL };
	const struct dmarc_dns	 dns = ZONE(&z);

	assert_int_equal(str_eq(dmarc_walk_org(&dns, str_of(c->from)), dmarc_walk_org(&dns, str_of(c->id))), c->want);
}

static void
test_al14(void **state)
{
	struct zone		 z = { "", NULL };
	const struct dmarc_dns	 dns = ZONE(&z);
	struct policy_found	 f;

	(void)state;
	dmarc_discover(&dns, STR("news." EX), BY_WALK, &f);
	assert_int_equal(f.answer, DNS_NONE);
}

#define R1 EX " v=DMARC1; p=reject; sp=quarantine; np=none; rua=mailto:d@example.com|"
#define R1SUB R1 "sub." EX " v=DMARC1; p=none|"
#define MEGA "bank.example v=DMARC1; p=none; sp=reject; np=reject; psd=y|"

static const struct pd_case {
	const char *name, *from, *records, *nx; enum policy_method method; const char *at, *tag, *published, *requested; int sampled;
} pds[] = {
	{ "PD1 walk", EX, R1, NULL, BY_WALK, EX, "p", "reject", "reject", 0 },
	{ "PD1 list", EX, R1, NULL, BY_LIST, EX, "p", "reject", "reject", 0 },
	{ "PD2 walk", "sub." EX, R1, NULL, BY_WALK, EX, "sp", "quarantine", "quarantine", 0 },
	{ "PD2 list", "sub." EX, R1, NULL, BY_LIST, EX, "sp", "quarantine", "quarantine", 0 },
	{ "PD3",  "ghost." EX, R1, "ghost." EX, BY_WALK, EX, "np", "none", "none", 0 },
	{ "PD4",  "ghost." EX, R1, "ghost." EX, BY_LIST, EX, "sp", "quarantine", "quarantine", 0 },
	{ "PD5 walk", "sub." EX, R1SUB, NULL, BY_WALK, "sub." EX, "p", "none", "none", 0 },
	{ "PD5 list", "sub." EX, R1SUB, NULL, BY_LIST, "sub." EX, "p", "none", "none", 0 },
	{ "PD6",  "a.sub." EX, R1SUB, NULL, BY_WALK, EX, "sp", "quarantine", "quarantine", 0 },
	{ "PD7",  "a.sub." EX, R1 "sub." EX " v=DMARC1; p=none; psd=n|", NULL, BY_WALK, "sub." EX, "p", "none", "none", 0 },
	{ "PD8 walk", "sub." EX, EX " v=DMARC1; p=quarantine|", NULL, BY_WALK, EX, "p", "quarantine", "quarantine", 0 },
	{ "PD8 list", "sub." EX, EX " v=DMARC1; p=quarantine|", NULL, BY_LIST, EX, "p", "quarantine", "quarantine", 0 },
	{ "PD9",  "ghost." EX, EX " v=DMARC1; p=none; sp=reject|", "ghost." EX, BY_WALK, EX, "sp", "reject", "reject", 0 },
	{ "PD10", "mega.bank.example", MEGA, NULL, BY_WALK, "bank.example", "sp", "reject", "reject", 0 },
	/* bank.example is no suffix of the real list; co.uk is one */
	{ "PD11", "mega.co.uk", "co.uk v=DMARC1; p=none; sp=reject; np=reject; psd=y|", NULL, BY_LIST, NULL, NULL, NULL, NULL, 0 },
	{ "PD12", EX, EX " v=DMARC1; p=reject; t=y|", NULL, BY_WALK, EX, "p", "reject", "quarantine", 0 },
	{ "PD13", EX, EX " v=DMARC1; p=quarantine; t=y|", NULL, BY_WALK, EX, "p", "quarantine", "none", 0 },
	{ "PD14", EX, EX " v=DMARC1; p=reject; sp=rejet; rua=mailto:d@example.com|", NULL, BY_WALK, EX, NULL, "none", "none", 0 },
	{ "PD15", EX, EX " v=DMARC1; p=rejct|", NULL, BY_WALK, NULL, NULL, NULL, NULL, 0 },
	{ "PD16 walk", EX, U(EX) U(EX), NULL, BY_WALK, NULL, NULL, NULL, NULL, 0 },
	{ "PD16 list", EX, U(EX) U(EX), NULL, BY_LIST, NULL, NULL, NULL, NULL, 0 },
	{ "PD17", EX, EX " v=DMARC1; p=reject; pct=0|", NULL, BY_LIST, EX, "p", "reject", "quarantine", 1 },
	{ "PD18", EX, EX " v=DMARC1; p=reject; pct=0|", NULL, BY_WALK, EX, "p", "reject", "reject", 0 },
	{ "PD19", "sub." EX, R1 U("sub." EX) U("sub." EX), NULL, BY_WALK, EX, "sp", "quarantine", "quarantine", 0 },
	{ "PD20", "sub." EX, R1 U("sub." EX) U("sub." EX), NULL, BY_LIST, NULL, NULL, NULL, NULL, 0 },
};

static void
test_pd(void **state)
{
	const struct pd_case	*c = *state;
	struct zone		 z = { c->records, c->nx };
	const struct dmarc_dns	 dns = ZONE(&z);
	struct policy_found	 f;

	dmarc_discover(&dns, str_of(c->from), c->method, &f);
	assert_int_equal(f.answer, c->at == NULL ? DNS_NONE : DNS_RECORD);
	if (c->at == NULL)
		return;
	assert_true(str_eq(f.at, str_of(c->at)));
	assert_true(str_eq(f.tag, str_of(c->tag)));
	assert_string_equal(dmarc_request_names[f.published], c->published);
	assert_string_equal(dmarc_request_names[f.requested], c->requested);
	assert_int_equal(f.sampled, c->sampled);
	assert_false(f.either);
}

static void
test_pd_rest(void **state)
{
	struct zone		 z = { EX " v=DMARC1; p=reject; pct=30|", NULL };
	struct dmarc_dns	 dns = ZONE(&z);
	struct policy_found	 f;

	(void)state;
	dmarc_discover(&dns, STR(EX), BY_LIST, &f);
	assert_true(f.either && !f.sampled && f.requested == REQUEST_REJECT);
	/* PD10: the organisation is one label below the suffix */
	z.records = MEGA;
	dmarc_discover(&dns, STR("mega.bank.example"), BY_WALK, &f);
	assert_true(str_eq(f.org, STR("mega.bank.example")));
	/* whether the name exists is not known, and np is another policy than sp: no guess */
	z.records = R1;
	dns.exists = NULL;
	dmarc_discover(&dns, STR("sub." EX), BY_WALK, &f);
	assert_int_equal(f.answer, DNS_RECORD);
	z.records = EX " SERVFAIL";
	dmarc_discover(&dns, STR("sub." EX), BY_WALK, &f);
	assert_int_equal(f.answer, DNS_UNKNOWN);
	dmarc_discover(&dns, STR("sub." EX), BY_LIST, &f);
	assert_int_equal(f.answer, DNS_UNKNOWN);
}

/* --- A snapshot settles what a report of a walk leaves open -------------------------------------------- */

static const struct snap_case { const char *name, *from, *policy, *id, *records; int want, of_the_day, estimated; } snaps[] = {
	{ "AL17 with a snapshot: parent is another organisation", "dept.example.edu", "dept.example.edu", "example.edu",
	    PSD("dept.example.edu", "n") U("example.edu"), 0, 1, 0 },
	{ "AL17 snapshot of another day is an estimate", "dept.example.edu", "dept.example.edu", "example.edu",
	    PSD("dept.example.edu", "n") U("example.edu"), 0, 0, 1 },
	{ "AL snapshot: the organisation lies above", "mail." EX, "mail." EX, "other." EX, U("mail." EX) U(EX), 1, 1, 0 },
	{ "AL snapshot does not answer: the list guesses", "mail." EX, "mail." EX, "other." EX, EX " SERVFAIL", 1, 1, 1 },
	{ "AL snapshot: a suffix of public record parts what lies below it", "a.shop.psd.example", "psd.example", "b.other.psd.example",
	    PSD("psd.example", "y"), 0, 0, 0 },
	{ "AL snapshot: one label below such a suffix", "a.shop.psd.example", "psd.example", "b.shop.psd.example",
	    PSD("psd.example", "y"), 1, 0, 0 },
	{ "AL snapshot: below the policy, but an organisation of its own", EX, EX, "dept." EX, U(EX) PSD("dept." EX, "n"), 0, 0, 1 },
	{ "AL snapshot: no record is in common", EX, EX, "mailer.test", U(EX), 0, 0, 1 },
	{ "AL snapshot contradicts the report: it is of another time", "mail." EX, EX, "other." EX, PSD("mail." EX, "n"), 1, 0, 0 },
	{ "AL snapshot: nothing to ask below the policy", "mail." EX, "mail." EX, "x.mail." EX, EX " SERVFAIL", 1, 1, 0 },
};

static void
test_snap(void **state)
{
	const struct snap_case	*c = *state;
	struct zone		 z = { c->records, NULL };
	struct dmarc_dns	 dns = ZONE(&z);
	char			 dkim[100];
	struct built		 b;
	struct verdict		 v;

	dns.of_the_day = c->of_the_day != 0;
	(void)snprintf(dkim, sizeof(dkim), "%s:pass", c->id);
	build(&(struct row){ .from = c->from, .policy_domain = c->policy, .discovery = "treewalk", .dkim = dkim }, &b);
	dmarc_judge_with(&b.p, &b.r, &dns, &v);
	assert_int_equal(v.dkim_aligned, c->want);
	assert_int_equal(v.estimated, c->estimated);
}

/* --- What was asked, done, and why ------------------------------------------------------------------------- */

static const struct asked_case { const char *name, *from, *p, *sp, *np, *t, *pct; enum dmarc_request published, least; const char *tag; } askeds[] = {
	{ "asked: p", EX, "reject", NULL, NULL, NULL, NULL, REQUEST_REJECT, REQUEST_REJECT, "p" },
	{ "asked: sp of a subdomain", "a." EX, "reject", "none", NULL, NULL, NULL, REQUEST_NONE, REQUEST_NONE, "sp" },
	{ "asked: sp does not hold for the domain", EX, "reject", "none", NULL, NULL, NULL, REQUEST_REJECT, REQUEST_REJECT, "p" },
	{ "asked: no sp", "a." EX, "quarantine", NULL, NULL, NULL, NULL, REQUEST_QUARANTINE, REQUEST_QUARANTINE, "p" },
	{ "asked: np may be meant", "a." EX, "reject", "reject", "none", NULL, NULL, REQUEST_NONE, REQUEST_NONE, "np" },
	{ "asked: np is stricter", "a." EX, "none", "none", "reject", NULL, NULL, REQUEST_NONE, REQUEST_NONE, "sp" },
	{ "asked: t=y", EX, "reject", NULL, NULL, "y", NULL, REQUEST_REJECT, REQUEST_QUARANTINE, "p" },
	{ "asked: pct=0", EX, "quarantine", NULL, NULL, NULL, "0", REQUEST_QUARANTINE, REQUEST_NONE, "p" },
	{ "asked: pct=100", EX, "quarantine", NULL, NULL, NULL, "100", REQUEST_QUARANTINE, REQUEST_QUARANTINE, "p" },
	{ "asked: a word of no standard", EX, "monitor", NULL, NULL, NULL, NULL, REQUEST_NONE, REQUEST_NONE, "p" },
};

static void
test_asked(void **state)
{
	const struct asked_case	*c = *state;
	struct built		 b;
	struct policy_asked	 a;

	build(&(struct row){ .from = c->from, .policy_domain = EX, .p = c->p }, &b);
	b.p.sp = str_of(c->sp);
	b.p.np = str_of(c->np);
	b.p.testing = str_of(c->t);
	b.p.pct = str_of(c->pct);
	dmarc_asked(&b.p, &b.r, &a);
	assert_true(a.told);
	assert_int_equal(a.published, c->published);
	assert_int_equal(a.least, c->least);
	assert_string_equal(a.tag, c->tag);
}

static const struct treat_case { const char *name, *p; enum disposition d; int pass; enum treatment t; enum obedience o; } treats[] = {
	{ "treatment: none under none", "none", DISP_NONE, 0, TREAT_WATCHED, OBEY_NOTHING },
	{ "treatment: none under none, passed", "none", DISP_NONE, 1, TREAT_WATCHED, OBEY_NOTHING },
	{ "treatment: none under reject", "reject", DISP_NONE, 0, TREAT_SPARED, OBEY_WEAKER },
	{ "treatment: none under reject, passed", "reject", DISP_NONE, 1, TREAT_DELIVERED, OBEY_NOTHING },
	{ "treatment: none, policy not told", NULL, DISP_NONE, 0, TREAT_NONE, OBEY_NOTHING },
	{ "treatment: none, policy not told, passed", NULL, DISP_NONE, 1, TREAT_DELIVERED, OBEY_NOTHING },
	{ "treatment: pass", "reject", DISP_PASS, 1, TREAT_PASS, OBEY_NOTHING },
	{ "treatment: quarantine under reject", "reject", DISP_QUARANTINE, 0, TREAT_QUARANTINE, OBEY_WEAKER },
	{ "treatment: quarantine under quarantine", "quarantine", DISP_QUARANTINE, 0, TREAT_QUARANTINE, OBEY_AS_ASKED },
	{ "treatment: quarantine under none", "none", DISP_QUARANTINE, 0, TREAT_QUARANTINE, OBEY_STRICTER },
	{ "treatment: reject", "reject", DISP_REJECT, 0, TREAT_REJECT, OBEY_AS_ASKED },
	{ "treatment: reject under quarantine", "quarantine", DISP_REJECT, 0, TREAT_REJECT, OBEY_STRICTER },
	{ "treatment: a word of no standard", "reject", DISP_OTHER, 0, TREAT_OTHER, OBEY_NOTHING },
};

static void
test_treat(void **state)
{
	const struct treat_case	*c = *state;
	struct built		 b;

	build(&(struct row){ RR, .p = c->p, .disposition = c->d, .rep_dkim = c->pass ? EVAL_PASS : EVAL_FAIL, .rep_spf = EVAL_FAIL }, &b);
	assert_int_equal(dmarc_treatment(&b.p, &b.r), c->t);
	assert_int_equal(dmarc_obedience(&b.p, &b.r), c->o);
	/* with a reason there is nothing to wonder about */
	b.r.nreasons = 1;
	b.reason[0].type = STR("other");
	assert_int_equal(dmarc_obedience(&b.p, &b.r), OBEY_NOTHING);
}

static const struct ovr_case { const char *name, *type, *comment; enum override o; int forwarded; } ovrs[] = {
	{ "override: forwarded", "forwarded", NULL, OVERRIDE_FORWARDED, 1 },
	{ "override: trusted_forwarder", "trusted_forwarder", NULL, OVERRIDE_TRUSTED_FORWARDER, 1 },
	{ "override: mailing_list", "mailing_list", "some list", OVERRIDE_MAILING_LIST, 1 },
	{ "override: local_policy", "local_policy", "allow list", OVERRIDE_LOCAL_POLICY, 0 },
	{ "override: local_policy without a comment", "local_policy", NULL, OVERRIDE_LOCAL_POLICY, 0 },
	{ "override: ARC", "local_policy", "ARC=pass as[1].d=example.org", OVERRIDE_ARC, 1 },
	{ "override: ARC failed", "local_policy", "arc=fail", OVERRIDE_LOCAL_POLICY, 0 },
	{ "override: policy_test_mode", "policy_test_mode", NULL, OVERRIDE_TEST_MODE, 0 },
	{ "override: sampled_out", "Sampled_Out", NULL, OVERRIDE_SAMPLED_OUT, 0 },
	{ "override: other", "other", "arc=pass", OVERRIDE_OTHER, 0 },
	{ "override: a word of no standard", "wishful", NULL, OVERRIDE_UNKNOWN, 0 },
};

static void
test_ovr(void **state)
{
	const struct ovr_case	*c = *state;
	struct built		 b;
	struct verdict		 v;

	judge(&(struct row){ RR, FF, .p = "reject", .reason = c->type, .comment = c->comment }, &b, &v);
	assert_int_equal(dmarc_override(&b.reason[0]), c->o);
	/* W1 certain */
	assert_int_equal(v.forwarded, c->forwarded);
	assert_int_equal(dmarc_forwarding(&v, NULL), c->forwarded ? FORWARD_CERTAIN : FORWARD_NO);
	assert_true(v.overridden);
}

static const struct fwd_case { const char *name, *dkim, *spf; struct forward_facts f; enum forwarding want; } fwds[] = {
	{ "W2: fails, from who hands mail on", "", EX ":fail", { .forwards = true }, FORWARD_LIKELY },
	{ "W2: passes there, not by its signature alone", EX ":pass", EX ":pass", { .forwards = true, .relay = true }, FORWARD_NO },
	{ "W2 b: of your own sender it is not said", EX ":fail", "example.net:pass", { .yours = true, .selector_m = 100, .selector_ok = 99 }, FORWARD_NO },
	{ "W2 a: D+ S- from a relay", EX ":pass", EX ":fail", { .relay = true }, FORWARD_LIKELY },
	{ "W2 a: D+ Sf from a relay", EX ":pass", "example.net:fail", { .relay = true }, FORWARD_LIKELY },
	{ "W2 a: D+ S~ from a relay", EX ":pass", "example.net:pass", { .relay = true }, FORWARD_LIKELY },
	{ "W3: D+ S+ from a relay", EX ":pass", EX ":pass", { .relay = true }, FORWARD_NO },
	{ "W3: D+ S? from a relay", EX ":pass", "", { .relay = true }, FORWARD_NO },
	{ "W3: D+ S- from nobody known", EX ":pass", EX ":fail", { .relay = false }, FORWARD_NO },
	{ "W3: D- from a relay, selector unknown", EX ":fail", "example.net:pass", { .relay = true }, FORWARD_NO },
	{ "W2 b: D- S~, selector 95 of 100", EX ":fail", "example.net:pass", { .selector_m = 100, .selector_ok = 95 }, FORWARD_LIKELY },
	{ "W3: D- S~, selector 94 of 100", EX ":fail", "example.net:pass", { .selector_m = 100, .selector_ok = 94 }, FORWARD_NO },
	{ "W2 b: D- with a list's signature", EX ":fail example.net:pass", EX ":fail", { .selector_m = 20, .selector_ok = 20 }, FORWARD_LIKELY },
	{ "W3: D-, nobody vouches", EX ":fail", EX ":fail", { .selector_m = 20, .selector_ok = 20 }, FORWARD_NO },
	{ "W3: D0 S~", "", "example.net:pass", { .selector_m = 20, .selector_ok = 20 }, FORWARD_NO },
	{ "W3: DE S~", EX ":permerror", "example.net:pass", { .selector_m = 20, .selector_ok = 20 }, FORWARD_NO },
};

static void
test_fwd(void **state)
{
	const struct fwd_case	*c = *state;
	struct built		 b;
	struct verdict		 v;

	judge(&(struct row){ RR, .dkim = c->dkim, .spf = c->spf }, &b, &v);
	assert_int_equal(dmarc_forwarding(&v, &c->f), c->want);
}

static const struct strict_case { const char *name, *adkim, *aspf, *dkim, *spf; int dkim_strict, spf_strict; } stricts[] = {
	{ "strict: RW8", "s", "r", "mail." EX ":pass", "example.net:fail", 1, 0 },
	{ "strict: RW4", "r", "s", "", "bounce." EX "/mfrom:pass", 0, 1 },
	{ "strict: both", "s", "s", "mail." EX ":pass", "mail." EX ":pass", 1, 1 },
	{ "strict: a stranger would not match in relaxed mode", "s", "s", "example.net:pass", "example.net:pass", 0, 0 },
	{ "strict: the related one of two is told", "s", "r", "example.net:pass mail." EX ":pass", "", 1, 0 },
	{ "strict: an aligned pass beside it", "s", "s", "mail." EX ":pass " EX ":pass", EX ":pass", 0, 0 },
	{ "strict: not passed", "s", "s", "mail." EX ":fail", "mail." EX ":fail", 0, 0 },
};

static void
test_strict(void **state)
{
	const struct strict_case	*c = *state;
	struct built			 b;
	struct verdict			 v;

	judge(&(struct row){ .from = EX, .adkim = c->adkim, .aspf = c->aspf, .dkim = c->dkim, .spf = c->spf }, &b, &v);
	assert_int_equal(v.dkim_strict, c->dkim_strict);
	assert_int_equal(v.spf_strict, c->spf_strict);
	if (c->dkim_strict)
		assert_true(str_eq(v.dkim->domain, STR("mail." EX)));
}

/* --- The decision table: every cell ------------------------------------------------------------- */

static const char *const	 spf_of[S_STATES] = {
	[S_PASS] = EX "/mfrom:pass", [S_OTHER] = "example.net/mfrom:pass", [S_FAIL] = EX ":softfail",
	[S_FOREIGN] = "example.net:temperror", [S_NOTHING] = EX ":none", [S_PERM] = EX ":permerror", [S_TEMP] = EX ":temperror",
};
static const char *const	 dkim_of[D_STATES] = {
	[D_PASS] = "example.net:fail " EX ":pass", [D_OTHER] = "example.net:pass", [D_FAIL] = "example.net:pass " EX ":policy",
	[D_FOREIGN] = "example.net:fail", [D_NONE] = "", [D_PERM] = EX ":fail " EX ":neutral", [D_TEMP] = EX ":permerror " EX ":temperror",
};
static const char *const	 table[S_STATES][D_STATES] = {
	[S_PASS]    = { "P1",  "P3",  "P4",  "P5",  "P5",  "P6",  "P7" },
	[S_OTHER]   = { "P2",  "F1",  "F2",  "F3",  "F3",  "F4",  "F8" },
	[S_FAIL]    = { "P8",  "F5",  "F6",  "F7",  "F7",  "F4",  "F8" },
	[S_FOREIGN] = { "P2",  "F1",  "F2",  "F7",  "F7",  "F4",  "F8" },
	[S_NOTHING] = { "P9",  "F5",  "F6",  "F9",  "F9",  "F4",  "F8" },
	[S_PERM]    = { "P10", "F10", "F10", "F10", "F10", "F11", "F10" },
	[S_TEMP]    = { "P11", "F8",  "F8",  "F8",  "F8",  "F4",  "F12" },
};

static void
test_table(void **state)
{
	struct built	 b;
	struct verdict	 v;
	char		 name[8];

	(void)state;
	for (unsigned s = 0; s < S_STATES; s++)
		for (unsigned d = 0; d < D_STATES; d++) {
			judge(&(struct row){ RR, .spf = spf_of[s], .dkim = dkim_of[d] }, &b, &v);
			assert_int_equal(v.spf_state, s);
			assert_int_equal(v.dkim_state, d);
			assert_string_equal(dmarc_code_name(v.code, name), table[s][d]);
			/* P codes are those that pass */
			assert_int_equal(v.pass, name[0] == 'P');
			assert_int_equal(dmarc_code_parse(str_of(name)), v.code);
			assert_true(explain_title(v.code)[0] != 0);
		}
}

static void
test_codes(void **state)
{
	(void)state;
	assert_int_equal(dmarc_code_parse(STR("p11")), 11);
	assert_int_equal(dmarc_code_parse(STR("F12")), 32);
	assert_int_equal(dmarc_code_parse(STR("P0")), 0);
	assert_int_equal(dmarc_code_parse(STR("P12")), 0);
	assert_int_equal(dmarc_code_parse(STR("F13")), 0);
	assert_int_equal(dmarc_code_parse(STR("F")), 0);
	assert_int_equal(dmarc_code_parse(STR("X1")), 0);
	assert_string_equal(explain_title(0), "");
	assert_string_equal(explain_title(12), "");
	assert_string_equal(explain_title(99), "");
}

/* How many vectors of each section are here: names that begin with its letters and a number. */
static void
count_vectors(const struct cases *c)
{
	static const char *const	 sections[] = { "NM", "PS", "TW", "PD", "AL", "RW", "DR" };
	unsigned			 all = 0;

	printf("# vectors:");
	for (size_t s = 0; s < nitems(sections); s++) {
		bool		 seen[100] = { false };
		unsigned	 n = 0;

		for (size_t i = 0; i < c->n; i++) {
			long	 id = strncmp(c->t[i].name, sections[s], 2) == 0 ? strtol(c->t[i].name + 2, NULL, 10) : 0;

			if (id > 0 && id < 100 && !seen[id]) {
				seen[id] = true;
				n++;
			}
		}
		printf(" %s %u", sections[s], n);
		all += n;
	}
	printf(", %u in all\n", all);
	fflush(stdout);
}

int
main(void)
{
	struct cases	 c = { 0 };
	struct err	 e = { 0 };

	if (dmarc_init(&e) == -1) {
		printf("Bail out! %s\n", e.msg);
		return (1);
	}
	CASES_ADD(&c, nms, test_nm);
	case_add(&c, "NM length 253", test_nm_long, NULL);
	case_add(&c, "names that can stand in an address", test_plain, NULL);
	CASES_ADD(&c, pss, test_ps);
	case_add(&c, "PS19", test_ps19, NULL);
	case_add(&c, "PS7 PS8 AL11 the list without company suffixes", test_icann, NULL);
	case_add(&c, "P7 E11 words for test mode", test_testing, NULL);
	CASES_ADD(&c, als, test_al);
	CASES_ADD(&c, rws, test_rw);
	case_add(&c, "RW what differs, what was overridden, what is estimated", test_flags, NULL);
	CASES_ADD(&c, walks, test_walk);
	CASES_ADD(&c, pss_icann, test_ps_icann);
	case_add(&c, "AL11 ICANN only", test_al11_icann, NULL);
	CASES_ADD(&c, drs, test_dr);
	CASES_ADD(&c, tws, test_tw);
	CASES_ADD(&c, alws, test_alw);
	case_add(&c, "AL14", test_al14, NULL);
	CASES_ADD(&c, pds, test_pd);
	case_add(&c, "PD what is not known", test_pd_rest, NULL);
	CASES_ADD(&c, snaps, test_snap);
	CASES_ADD(&c, askeds, test_asked);
	CASES_ADD(&c, treats, test_treat);
	CASES_ADD(&c, ovrs, test_ovr);
	CASES_ADD(&c, fwds, test_fwd);
	CASES_ADD(&c, stricts, test_strict);
	case_add(&c, "the decision table, all 49 cells", test_table, NULL);
	case_add(&c, "names of codes", test_codes, NULL);
	count_vectors(&c);
	return (cases_run(&c, "dmarc"));
}
