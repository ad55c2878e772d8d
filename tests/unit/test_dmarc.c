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
	{ "NM1 upper case and a dot",	"Example.COM.", "example.com", NAME_DOMAIN, 1 },
	{ "NM2 address with blanks",	" user@Mail.Example.com ", "mail.example.com", NAME_DOMAIN, 1 },
	{ "NM3 address in brackets",	"<bounce+x=y.example@send.example.net>", "send.example.net", NAME_DOMAIN, 1 },
	{ "NM4 U-label",		"b\xc3\xbc" "cher.example", "xn--bcher-kva.example", NAME_DOMAIN, 1 },
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

static void
test_ps19(void **state)
{
	(void)state;
	assert_false(str_eq(domain_org(STR("bad-example.com")), domain_org(STR("example.com"))));
	assert_false(domain_below(STR("bad-example.com"), STR("example.com")));
	assert_true(domain_below(STR("a.example.com"), STR("example.com")));
	assert_true(domain_below(STR("example.com"), STR("example.com")));
	assert_false(domain_below(STR("example.com"), STR("a.example.com")));
	assert_false(domain_below(STR_NONE, STR("example.com")));
	assert_false(domain_below(STR("example.com"), STR("")));
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
	{ "RW9",  { RR, .spf = "mail." EX "/helo:pass", .envelope_from = "" }, 0, 1, "P5" },
	{ "RW10", { RR, .spf = "mail." EX "/helo:pass", .envelope_from = "user.example.net" }, 0, 0, "F9" },
	{ "RW11", { RR, .spf = "mail." EX "/helo:pass example.net/mfrom:fail" }, 0, 0, "F7" },
	{ "RW12", { RR, .spf = EX "/mfrom:softfail" }, 0, 0, "F7" },
	{ "RW13", { RR, .dkim = EX ":temperror", .spf = EX ":temperror" }, 0, 0, "F12" },
	{ "RW14", { RR, .dkim = EX ":pass", .spf = EX ":fail" }, 1, 0, "P8" },
	{ "RW15", { RR, .dkim = "-:fail", .spf = EX ":pass" }, 0, 1, "P5" },
	{ "RW16", { RR, .dkim = EX ":pass" }, 1, 0, "P9" },
	{ "RW17", { .from = "sub." EX, .policy_domain = EX, .adkim = "r", .aspf = "r", .dkim = EX ":pass" }, 1, 0, "P9" },
	{ "RW18", { RR, .dkim = "esp.example.net:pass", .rep_dkim = EVAL_PASS, .rep_spf = EVAL_FAIL }, 0, 0, "F5" },
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
	CASES_ADD(&c, pss, test_ps);
	case_add(&c, "PS19", test_ps19, NULL);
	CASES_ADD(&c, als, test_al);
	CASES_ADD(&c, rws, test_rw);
	case_add(&c, "RW what differs, what was overridden, what is estimated", test_flags, NULL);
	CASES_ADD(&c, walks, test_walk);
	case_add(&c, "the decision table, all 49 cells", test_table, NULL);
	case_add(&c, "names of codes", test_codes, NULL);
	return (cases_run(&c, "dmarc"));
}
