/*
 * test_explain.c - rows in words: every cell of the decision table, every
 * line about what a receiver did, and that each message says what it should in
 * each language.
 */
#include "cases.h"

#include "explain/explain.h"

#define EX "example.com"

/* A row in short; results as "domain/selector-or-scope:result", blanks between. */
struct row {
	const char		*dkim, *spf, *envelope_from;	/* envelope_from NULL: absent */
	const char		*p, *sp, *adkim, *aspf, *discovery;
	enum evaluated		 rep_dkim, rep_spf;
	enum disposition	 disposition;
	const char		*reason, *comment, *from;	/* from NULL: EX */
	const char		*human;
	struct explain_facts	 f;
};

struct built {
	struct report_policy	 p;
	struct report_record	 r;
	struct report_auth	 dkim[8], spf[8];
	struct report_reason	 reason[1];
	struct arena		*a;
	struct explanation	 x;
};

static size_t
auths(const char *text, struct report_auth *a)
{
	size_t	 n = 0;

	while (text != NULL && *text != '\0') {
		const char	*end = strchrnul(text, ' '), *colon = memrchr(text, ':', (size_t)(end - text)), *slash;
		struct str	 d = { text, (size_t)(colon - text) }, word = { colon + 1, (size_t)(end - colon) - 1 };

		a[n] = (struct report_auth){ .result = RES_UNKNOWN };
		for (unsigned i = 0; i < RES_COUNT; i++)
			if (str_ieq(word, auth_result_names[i]))
				a[n].result = (enum auth_result)i;
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
explain(const struct row *c, struct built *b)
{
	struct explain_facts	 f = c->f;
	struct err		 e = { 0 };

	memset(b, 0, sizeof(*b));
	b->p = (struct report_policy){ .domain = STR(EX), .p = str_of(c->p == NULL ? "reject" : c->p), .sp = str_of(c->sp),
	    .adkim = str_of(c->adkim), .aspf = str_of(c->aspf), .discovery_method = str_of(c->discovery) };
	b->r = (struct report_record){ .source_ip = STR("192.0.2.7"), .ip_len = 4, .count = 1, .seq = 1,
	    .header_from = str_of(c->from == NULL ? EX : c->from), .disposition = c->disposition, .envelope_from = str_of(c->envelope_from),
	    .dkim = c->rep_dkim, .spf = c->rep_spf, .dkim_results = b->dkim, .spf_results = b->spf, .reasons = b->reason };
	b->r.ndkim = auths(c->dkim, b->dkim);
	b->r.nspf = auths(c->spf, b->spf);
	if (c->human != NULL && b->r.nspf > 0)
		b->spf[0].human_result = str_of(c->human);
	if (c->reason != NULL) {
		b->reason[0] = (struct report_reason){ str_of(c->reason), str_of(c->comment) };
		b->r.nreasons = 1;
	}
	if (f.reporter.p == NULL)
		f.reporter = STR("Acme Mail");
	f.day = f.forward_from = f.forward_to = 20000;
	b->a = arena_new(1 << 20);
	assert_non_null(b->a);
	assert_int_equal(explain_row(b->a, &b->p, &b->r, &f, &b->x, &e), 0);
}

static const char *
line_text(const struct built *b, unsigned lang, const struct explain_line *l, struct buf *out)
{
	buf_clear(out);
	assert_true(explain_say(out, lang, &b->x, l));
	return (out->p);
}

/* The lines of that part, one after another with "|" between. */
static char *
part(const struct built *b, enum explain_part p)
{
	struct buf	 all = { 0 }, one = { 0 };

	for (size_t i = 0; i < b->x.nlines; i++)
		if (b->x.lines[i].part == p)
			(void)buf_printf(&all, "%s%s", all.len > 0 ? "|" : "", line_text(b, 0, &b->x.lines[i], &one));
	buf_free(&one);
	if (all.p == NULL)
		(void)buf_cstr(&all, "");
	assert_false(all.failed);
	return (all.p);
}

static void
assert_part(const struct built *b, enum explain_part p, const char *want)
{
	char	*got = part(b, p);

	assert_string_equal(got, want);
	free(got);
}

static void
assert_says(const struct built *b, enum explain_part p, const char *piece)
{
	char	*got = part(b, p);

	if (strstr(got, piece) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", piece, got);
	free(got);
}

/* --- Which messages were said, over all cases ------------------------------------------------------ */

static bool	*said;

static void
mark(const char *key)
{
	for (size_t i = 0; i < explain_nkeys; i++)
		if (strcmp(explain_keys[i], key) == 0) {
			said[i] = true;
			return;
		}
	fail_msg("there is no message %s", key);
}

/* In each language: no place in it stays empty, and it begins and ends as text does. */
static void
check_text(const char *key, const char *s)
{
	size_t	 n = strlen(s);

	if (n == 0 || strpbrk(s, "{}") != NULL || s[0] == ' ' || s[n - 1] == ' ' || strstr(s, "  ") != NULL || strstr(s, "fact.") != NULL)
		fail_msg("%s: \"%s\"", key, s);
	assert_true(str_utf8_ok(str_of(s)));
}

static void
check(const struct built *b)
{
	struct buf	 out = { 0 };
	unsigned	 titles = 0, whys = 0, dos = 0, yours = 0;

	for (size_t i = 0; i < b->x.nlines; i++) {
		const struct explain_line	*l = &b->x.lines[i];

		mark(l->key);
		titles += l->part == EXPLAIN_TITLE;
		whys += l->part == EXPLAIN_WHY;
		dos += l->part == EXPLAIN_DO;
		yours += l->part == EXPLAIN_YOURS || l->part == EXPLAIN_NOT_YOURS;
		for (unsigned lang = 0; lang < explain_nlanguages; lang++)
			check_text(l->key, line_text(b, lang, l, &out));
	}
	assert_int_equal(titles, 1);
	assert_int_equal(whys, 1);
	assert_true((dos == 1 && yours == 0) || (dos == 0 && yours == 2));
	for (size_t i = 0; i < b->x.nsnippets; i++) {
		const struct explain_snippet	*s = &b->x.snippets[i];

		mark(s->key);
		for (unsigned lang = 0; lang < explain_nlanguages; lang++) {
			buf_clear(&out);
			assert_true(explain_say_snippet(&out, lang, &b->x, s));
			check_text(s->key, out.p);
		}
		assert_true(explain_plain_name(s->name));
	}
	for (int n = 0; n < NAME_COUNT; n++)
		if (b->x.values.v[n].kind == VALUE_MESSAGE)
			mark(b->x.values.v[n].text.p);
	buf_free(&out);
}

static void
done(struct built *b)
{
	check(b);
	arena_free(b->a);
}

/* --- The 49 cells ------------------------------------------------------------------------------------- */

static const char *const	 spf_of[S_STATES] = {
	[S_PASS] = EX "/mfrom:pass", [S_OTHER] = "example.net/mfrom:pass", [S_FAIL] = EX ":softfail",
	[S_FOREIGN] = "example.net:temperror", [S_NOTHING] = EX ":none", [S_PERM] = EX ":permerror", [S_TEMP] = EX ":temperror",
};
static const char *const	 dkim_of[D_STATES] = {
	[D_PASS] = EX "/s1:pass", [D_OTHER] = "example.org/x:pass", [D_FAIL] = EX "/s1:fail", [D_FOREIGN] = "example.org/x:fail",
	[D_NONE] = "", [D_PERM] = EX "/s1:permerror", [D_TEMP] = EX "/s1:temperror",
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
static const char *const	 spf_leg[S_STATES] = {
	[S_PASS] = "SPF: 192.0.2.7 may send for example.com, which matches example.com.",
	[S_OTHER] = "SPF: passed for example.net, which does not match example.com.",
	[S_FAIL] = "SPF: example.com does not list 192.0.2.7 (softfail).",
	[S_FOREIGN] = "SPF: temperror for example.net; even a pass would not match example.com.",
	[S_NOTHING] = "SPF: no verdict (none) for example.com.",
	[S_PERM] = "SPF: the record of example.com is in error.",
	[S_TEMP] = "SPF: the look-up failed for a time.",
};
static const char *const	 dkim_leg[D_STATES] = {
	[D_PASS] = "DKIM: valid signature of example.com (selector s1), matches example.com.",
	[D_OTHER] = "DKIM: valid signature of example.org, does not match example.com.",
	[D_FAIL] = "DKIM: signature of example.com (selector s1) not valid.",
	[D_FOREIGN] = "DKIM: only signatures of other domains, none valid.",
	[D_NONE] = "DKIM: not signed.",
	[D_PERM] = "DKIM: key at s1._domainkey.example.com unusable.",
	[D_TEMP] = "DKIM: the look-up of the key failed for a time.",
};
static struct cell { const char *name; unsigned s, d; } cells[S_STATES * D_STATES];
static char	 cell_names[S_STATES * D_STATES][48];

static void
test_cell(void **state)
{
	static const enum explain_owner	 owners[] = { OWNER_UNKNOWN, OWNER_YOU, OWNER_OTHER, OWNER_RELAY };
	const struct cell		*c = *state;
	struct built			 b;
	char				 legs[512], code[8];

	(void)snprintf(legs, sizeof(legs), "%s|%s", spf_leg[c->s], dkim_leg[c->d]);
	for (size_t i = 0; i < nitems(owners); i++) {
		explain(&(struct row){ .spf = spf_of[c->s], .dkim = dkim_of[c->d], .f = { .owner = owners[i] } }, &b);
		assert_string_equal(dmarc_code_name(b.x.code, code), table[c->s][c->d]);
		assert_part(&b, EXPLAIN_LEG, legs);
		assert_part(&b, EXPLAIN_TITLE, explain_title(b.x.code));
		/* an owner who is known gets one advice */
		if (owners[i] != OWNER_UNKNOWN)
			assert_part(&b, EXPLAIN_YOURS, "");
		/* nobody publishes anything for somebody else's mail */
		if (owners[i] == OWNER_OTHER)
			assert_int_equal(b.x.nsnippets, 0);
		done(&b);
	}
}

static void
add_cells(struct cases *c)
{
	for (unsigned s = 0; s < S_STATES; s++)
		for (unsigned d = 0; d < D_STATES; d++) {
			unsigned	 i = s * D_STATES + d;
			static const char *const sn[] = { "S+", "S~", "S-", "Sf", "S?", "SE", "ST" }, *const dn[] = { "D+", "D~", "D-", "Dx", "D0", "DE", "DT" };

			(void)snprintf(cell_names[i], sizeof(cell_names[i]), "cell %s %s: %s", sn[s], dn[d], table[s][d]);
			cells[i] = (struct cell){ cell_names[i], s, d };
			case_add(c, cell_names[i], test_cell, &cells[i]);
		}
}

/* --- Sentences as the design words them ------------------------------------------------------------------ */

#define FF .rep_dkim = EVAL_FAIL, .rep_spf = EVAL_FAIL
#define GOOD .f = { .forward = { .selector_m = 100, .selector_ok = 99 } }
#define BAD .f = { .forward = { .selector_m = 100, .selector_ok = 1 } }
#define MIXED .f = { .forward = { .selector_m = 100, .selector_ok = 50 } }

static const struct say_case { const char *name; struct row row; enum explain_part part; const char *want; } says[] = {
	{ "P1", { .spf = EX ":pass", .dkim = EX ":pass" }, EXPLAIN_WHY, "SPF and DKIM both passed for example.com." },
	{ "P2: the service is named", { .spf = "b.mailer.example:pass", .dkim = EX ":pass" }, EXPLAIN_DO, "If b.mailer.example offers a bounce domain" },
	{ "P2 strict", { .spf = "b." EX ":pass", .dkim = EX ":pass", .aspf = "s" }, EXPLAIN_DO, "change aspf=s to aspf=r in the DMARC record of example.com" },
	{ "P2 forwarded", { .spf = "b.example.net:pass", .dkim = EX ":pass", .reason = "forwarded" }, EXPLAIN_DO, "this mail was forwarded" },
	{ "P3 strict", { .spf = EX ":pass", .dkim = "a." EX "/s:pass", .adkim = "s" }, EXPLAIN_DO, "change adkim=s to adkim=r" },
	{ "P4 refused by the receiver", { .spf = EX ":pass", .dkim = EX "/s:policy" }, EXPLAIN_WHY, "shorter than 1024 bits" },
	{ "P4 refused: what to do", { .spf = EX ":pass", .dkim = EX "/s:policy" }, EXPLAIN_DO, "2048 bits" },
	{ "P4 the key is right", { .spf = EX ":pass", .dkim = EX "/s:fail", GOOD }, EXPLAIN_DO, "so the key is right" },
	{ "P4 the key is wrong", { .spf = EX ":pass", .dkim = EX "/s:fail", BAD }, EXPLAIN_DO, "publish the matching key at s._domainkey.example.com" },
	{ "P8: the snippet", { .spf = EX ":fail", .dkim = EX ":pass" }, EXPLAIN_DO, "add it to the SPF record of example.com: ip4:192.0.2.7." },
	{ "P8 forwarded", { .spf = EX ":fail", .dkim = EX ":pass", .reason = "trusted_forwarder" }, EXPLAIN_DO, "Nothing to do" },
	{ "P8 many", { .spf = EX ":fail", .dkim = EX ":pass", .f = { .ips = &STR("192.0.2.9"), .nips = 1, .nall = 9 } }, EXPLAIN_DO, "If some of these addresses" },
	{ "P9 none", { .spf = EX ":none", .dkim = EX ":pass" }, EXPLAIN_WHY, "example.com has no SPF record." },
	{ "P9 neutral", { .spf = EX ":neutral", .dkim = EX ":pass" }, EXPLAIN_WHY, "says nothing about 192.0.2.7" },
	{ "P9 neutral: what to do", { .spf = EX ":neutral", .dkim = EX ":pass" }, EXPLAIN_DO, "end in ~all or -all" },
	{ "P9 a bounce", { .spf = "mx." EX "/helo:none", .dkim = EX ":pass", .envelope_from = "" }, EXPLAIN_WHY, "its sender address is empty" },
	{ "P9 a bounce: what to do", { .spf = "mx." EX "/helo:none", .dkim = EX ":pass", .envelope_from = "" }, EXPLAIN_DO, "v=spf1 a -all at mx.example.com" },
	{ "P9 absent", { .spf = "", .dkim = EX ":pass" }, EXPLAIN_WHY, "The report lists no SPF result." },
	{ "P9 absent: what to do", { .spf = "", .dkim = EX ":pass" }, EXPLAIN_DO, "Nothing to do" },
	{ "P9 only HELO", { .spf = "mx." EX "/helo:pass", .dkim = EX ":pass", .envelope_from = "example.net" }, EXPLAIN_WHY, "does not count" },
	{ "P9 only HELO: what to do", { .spf = "mx." EX "/helo:pass", .dkim = EX ":pass", .envelope_from = "example.net" }, EXPLAIN_DO, "Nothing to do" },
	{ "P9 another word", { .spf = EX ":hmm", .dkim = EX ":pass" }, EXPLAIN_WHY, "or one that gives no verdict" },
	{ "P10 not told why", { .spf = EX ":permerror", .dkim = EX ":pass" }, EXPLAIN_WHY, "more than ten look-ups" },
	{ "P10 told why", { .spf = EX ":permerror", .dkim = EX ":pass", .human = "two records" }, EXPLAIN_WHY, "The receiver says: \"two records\"." },
	{ "F1: two domains", { .spf = "b.mailer.example:pass", .dkim = "mailer.example/m:pass" }, EXPLAIN_WHY, "but for mailer.example, not for example.com" },
	{ "F1 yours", { .spf = "b.mailer.example:pass", .dkim = "mailer.example/m:pass" }, EXPLAIN_YOURS, "mailer.example sends for you but is not set up for example.com" },
	{ "F1 not yours, p=reject", { .spf = "b.mailer.example:pass", .dkim = "mailer.example/m:pass" }, EXPLAIN_NOT_YOURS, "Leave it. Your policy (p=reject) asks receivers to refuse" },
	{ "F1 not yours, p=quarantine", { .dkim = "mailer.example/m:pass", .p = "quarantine", .spf = "mailer.example:fail" }, EXPLAIN_NOT_YOURS, "(p=quarantine) asks receivers to put" },
	{ "F1 not yours, p=none", { .dkim = "mailer.example/m:pass", .p = "none", .spf = "mailer.example:fail" }, EXPLAIN_NOT_YOURS, "Your policy is p=none" },
	{ "F1 not yours, sp=none", { .dkim = "mailer.example/m:pass", .sp = "none", .from = "a." EX, .spf = "mailer.example:fail" }, EXPLAIN_NOT_YOURS, "Your policy is sp=none" },
	{ "F1 not yours, not told", { .dkim = "mailer.example/m:pass", .p = "", .spf = "mailer.example:fail" }, EXPLAIN_NOT_YOURS, "A policy of quarantine or reject" },
	{ "F1 strict", { .dkim = "a." EX "/m:pass", .spf = "example.net:fail", .adkim = "s" }, EXPLAIN_WHY, "would match example.com under relaxed alignment; your DMARC record asks for strict (adkim=s)" },
	{ "F1 strict: title", { .dkim = "a." EX "/m:pass", .spf = "example.net:fail", .adkim = "s" }, EXPLAIN_TITLE, "not exactly the one in From" },
	{ "F1 strict by SPF beside a stranger's signature", { .dkim = "example.org/m:pass", .spf = "b." EX ":pass", .aspf = "s" }, EXPLAIN_WHY, "passed for b.example.com" },
	{ "F1 strict: what to do", { .dkim = "a." EX "/m:pass", .spf = "example.net:fail", .adkim = "s" }, EXPLAIN_YOURS, "change adkim=s to adkim=r" },
	{ "F1 strict: leg", { .dkim = "a." EX "/m:pass", .spf = "example.net:fail", .adkim = "s" }, EXPLAIN_LEG,
	    "It would match under relaxed alignment; your record asks for strict (adkim=s)." },
	{ "F2 the key is right", { .dkim = EX "/s:fail", .spf = "lists.example.org:pass", GOOD }, EXPLAIN_YOURS, "The key is right" },
	{ "F2 the key is wrong", { .dkim = EX "/s:fail", .spf = "lists.example.org:pass", BAD }, EXPLAIN_YOURS, "Publish the matching key" },
	{ "F2 refused", { .dkim = EX "/s:policy", .spf = "lists.example.org:pass" }, EXPLAIN_WHY, "SHA-1" },
	{ "F2 refused: what to do", { .dkim = EX "/s:policy", .spf = "lists.example.org:pass" }, EXPLAIN_YOURS, "2048" },
	{ "F3 yours", { .spf = "bounce.example.net:pass" }, EXPLAIN_YOURS, "Adding it to your SPF record would not help, because SPF is checked for bounce.example.net." },
	{ "F3 strict", { .spf = "bounce." EX ":pass", .aspf = "s" }, EXPLAIN_WHY, "(aspf=s)" },
	{ "F3 strict: what to do", { .spf = "bounce." EX ":pass", .aspf = "s" }, EXPLAIN_YOURS, "aspf=s to aspf=r" },
	{ "F3 strict: leg", { .spf = "bounce." EX ":pass", .aspf = "s" }, EXPLAIN_LEG, "your record asks for strict (aspf=s)" },
	{ "F5 absent", { .dkim = "example.org/x:pass" }, EXPLAIN_WHY, "The report lists no SPF result" },
	{ "F5 absent: what to do", { .dkim = "example.org/x:pass" }, EXPLAIN_YOURS, "Turn on DKIM for example.com at example.org." },
	{ "F5 HELO", { .dkim = "example.org/x:pass", .spf = "mx." EX "/helo:pass", .envelope_from = "a.example" }, EXPLAIN_WHY, "the name the server called itself by" },
	{ "F5 HELO: what to do", { .dkim = "example.org/x:pass", .spf = "mx." EX "/helo:pass", .envelope_from = "a.example" }, EXPLAIN_YOURS, "Turn on DKIM" },
	{ "F6 the key is right", { .dkim = EX "/s:fail", .spf = EX ":fail", GOOD }, EXPLAIN_DO, "The key is right" },
	{ "F6 the key is wrong", { .dkim = EX "/s:fail", .spf = EX ":fail", BAD }, EXPLAIN_DO, "Nearly nothing signed" },
	{ "F6 refused", { .dkim = EX "/s:policy", .spf = EX ":fail" }, EXPLAIN_WHY, "by its own rules" },
	{ "F6 refused: title", { .dkim = EX "/s:policy", .spf = EX ":fail" }, EXPLAIN_TITLE, "was refused" },
	{ "F2 refused: title", { .dkim = EX "/s:policy", .spf = "lists.example.org:pass" }, EXPLAIN_TITLE, "was refused" },
	{ "F6 refused: what to do", { .dkim = EX "/s:policy", .spf = EX ":fail" }, EXPLAIN_DO, "2048" },
	{ "F6 absent", { .dkim = EX "/s:fail" }, EXPLAIN_WHY, "the report lists no SPF result" },
	{ "F6 absent: what to do", { .dkim = EX "/s:fail" }, EXPLAIN_DO, "sign last" },
	{ "F6 HELO", { .dkim = EX "/s:fail", .spf = "mx." EX "/helo:pass", .envelope_from = "a.example" }, EXPLAIN_WHY, "which does not count" },
	{ "F6 HELO: what to do", { .dkim = EX "/s:fail", .spf = "mx." EX "/helo:pass", .envelope_from = "a.example" }, EXPLAIN_DO, "sign last" },
	{ "F7 foreign", { .spf = "b.example.net:none" }, EXPLAIN_WHY, "SPF gave none for b.example.net, which is not example.com either" },
	{ "F7 foreign: what to do", { .spf = "b.example.net:none" }, EXPLAIN_YOURS, "add 192.0.2.7 to the SPF record of example.com (ip4:192.0.2.7)" },
	{ "F7 many", { .spf = EX ":fail", .f = { .ips = &STR("192.0.2.9"), .nips = 1, .nall = 9 } }, EXPLAIN_YOURS, "If one of these addresses" },
	{ "F7 many: the address", { .spf = EX ":fail", .f = { .ips = &STR("192.0.2.9"), .nips = 1, .nall = 9 } }, EXPLAIN_WHY, "192.0.2.9 and 8 more" },
	{ "F8 by DKIM", { .spf = EX ":fail", .dkim = EX "/s:temperror" }, EXPLAIN_WHY, "the DKIM key at s._domainkey.example.com" },
	{ "F8 by SPF", { .spf = EX ":temperror" }, EXPLAIN_WHY, "the SPF record of example.com" },
	{ "F8 the other check", { .spf = EX ":temperror" }, EXPLAIN_DO, "Then look at the other check, too: not signed." },
	{ "F9 none", { .spf = EX ":none" }, EXPLAIN_WHY, "has no SPF record" },
	{ "F9 neutral", { .spf = EX ":neutral" }, EXPLAIN_WHY, "says nothing about 192.0.2.7" },
	{ "F9 neutral: what to do", { .spf = EX ":neutral" }, EXPLAIN_YOURS, "list 192.0.2.7 (ip4:192.0.2.7)" },
	{ "F9 another word", { .spf = EX ":hmm" }, EXPLAIN_WHY, "gives no SPF verdict" },
	{ "F9 a bounce", { .spf = "mx." EX "/helo:none", .envelope_from = "" }, EXPLAIN_WHY, "This is a bounce message" },
	{ "F9 a bounce: yours", { .spf = "mx." EX "/helo:none", .envelope_from = "" }, EXPLAIN_YOURS, "v=spf1 a -all at mx.example.com" },
	{ "F9 a bounce: not yours", { .spf = "mx." EX "/helo:none", .envelope_from = "" }, EXPLAIN_NOT_YOURS, "Leave it." },
	{ "F9 absent", { .spf = "" }, EXPLAIN_WHY, "the report lists no SPF result" },
	{ "F9 absent: title", { .spf = "" }, EXPLAIN_TITLE, "SPF is not told" },
	{ "F9 HELO: title", { .spf = "mx." EX "/helo:pass", .envelope_from = "a.example" }, EXPLAIN_TITLE, "SPF is not told" },
	{ "F9 HELO", { .spf = "mx." EX "/helo:pass", .envelope_from = "a.example" }, EXPLAIN_WHY, "does not count" },
	{ "F12", { .spf = EX ":temperror", .dkim = EX ":temperror" }, EXPLAIN_WHY, "failed for a time at Acme Mail." },
	{ "F12 several", { .spf = EX ":temperror", .dkim = EX ":temperror", .f = { .reporters = true } }, EXPLAIN_WHY, "at several receivers." },
	{ "F12 the day", { .spf = EX ":temperror", .dkim = EX ":temperror" }, EXPLAIN_DO, "on 2024-10-04" },
	{ "a sender that is known", { .spf = "b.mailer.example:pass", .f = { .sender = { .named = NAMED_LABEL, .label = STR("Mailer X") } } }, EXPLAIN_YOURS, "at Mailer X." },
	{ "servers", { .spf = EX ":pass", .f = { .ips = &STR("192.0.2.9"), .nips = 1, .nall = 2 } }, EXPLAIN_DO, "at these servers" },
	{ "a server", { .spf = EX ":pass" }, EXPLAIN_DO, "at the server 192.0.2.7" },
	{ "leg of a bounce", { .spf = EX "/helo:pass", .envelope_from = "" }, EXPLAIN_LEG, "SPF: a bounce message with an empty sender; 192.0.2.7 may send as example.com" },
	{ "leg of a refused signature", { .dkim = EX "/s:policy", .spf = EX ":fail" }, EXPLAIN_LEG, "refused by the receiver's own rules" },
	{ "leg without SPF", { .dkim = EX "/s:pass" }, EXPLAIN_LEG, "SPF: the report lists no result." },
	{ "leg of HELO", { .dkim = EX "/s:pass", .spf = "mx." EX "/helo:pass", .envelope_from = "a.example" }, EXPLAIN_LEG, "(HELO)" },
	{ "selector not told", { .dkim = EX ":fail", .spf = EX ":pass" }, EXPLAIN_WHY, "(selector not reported)" },
	{ "selector not told: the name of the key", { .dkim = EX ":fail", .spf = EX ":pass" }, EXPLAIN_DO, "SELECTOR._domainkey.example.com" },
	{ "IPv6", { .spf = EX ":fail", .dkim = EX ":pass", .f = { .ips = &STR("2001:db8::7"), .nips = 1, .nall = 1 } }, EXPLAIN_DO, "ip6:2001:db8::7" },

	{ "treatment: watched", { .p = "none", FF }, EXPLAIN_TREATMENT, "Delivered as usual; your policy only watches." },
	{ "treatment: delivered", { .rep_dkim = EVAL_PASS, .rep_spf = EVAL_FAIL }, EXPLAIN_TREATMENT, "Delivered as usual." },
	{ "treatment: spared", { FF }, EXPLAIN_TREATMENT, "Delivered although it failed.|Your policy asks for reject; the receiver gave no reason" },
	{ "treatment: not known", { .p = "", FF }, EXPLAIN_TREATMENT, "Delivered." },
	{ "treatment: pass", { .disposition = DISP_PASS, .rep_dkim = EVAL_PASS }, EXPLAIN_TREATMENT, "Passed DMARC." },
	{ "treatment: quarantine", { .disposition = DISP_QUARANTINE, FF }, EXPLAIN_TREATMENT, "Put into spam or held.|Your policy asks for reject, the receiver chose quarantine without giving a reason. Some receivers put rejected mail into spam instead." },
	{ "treatment: reject", { .disposition = DISP_REJECT, FF }, EXPLAIN_TREATMENT, "Refused.|The receiver did what your policy asks: reject." },
	{ "treatment: stricter", { .p = "none", .disposition = DISP_REJECT, FF }, EXPLAIN_TREATMENT, "a rule of its own, or an older record" },
	{ "treatment: other", { .disposition = DISP_OTHER, FF }, EXPLAIN_TREATMENT, "a treatment that nobody knows: other" },

	{ "override: forwarded", { .reason = "forwarded", FF }, EXPLAIN_OVERRIDE, "The receiver recognised a forwarder and let it pass." },
	{ "override: trusted_forwarder", { .reason = "trusted_forwarder", FF }, EXPLAIN_OVERRIDE, "The receiver recognised a forwarder and let it pass." },
	{ "override: mailing_list", { .reason = "mailing_list", FF }, EXPLAIN_OVERRIDE, "The receiver recognised a mailing list and let it pass." },
	{ "override: local_policy", { .reason = "local_policy", FF }, EXPLAIN_OVERRIDE, "The receiver's own rule overruled your policy." },
	{ "override: ARC", { .reason = "local_policy", .comment = "arc=pass", FF }, EXPLAIN_OVERRIDE, "A trusted forwarder vouched for the original check (ARC)." },
	{ "override: policy_test_mode", { .reason = "policy_test_mode", FF }, EXPLAIN_OVERRIDE, "Your record is in test mode (t=y): one step below reject was applied." },
	{ "override: sampled_out", { .reason = "sampled_out", FF }, EXPLAIN_OVERRIDE, "Your record's pct value left this message out (old-style rollout)." },
	{ "override: other", { .reason = "other", .comment = "x", FF }, EXPLAIN_OVERRIDE, "The receiver overruled your policy." },
	{ "override: a word of no standard", { .reason = "wish", FF }, EXPLAIN_OVERRIDE, "a reason that no standard knows: wish" },

	{ "forwarding W1, passed by DKIM", { .reason = "forwarded", .dkim = EX ":pass" }, EXPLAIN_FORWARD, "Forwarded unchanged; your DKIM signature carried it." },
	{ "forwarding W1, passed by SPF", { .reason = "forwarded", .spf = EX ":pass" }, EXPLAIN_FORWARD, "Forwarded, and SPF still matches" },
	{ "forwarding W1, D-", { .reason = "mailing_list", .dkim = EX ":fail" }, EXPLAIN_FORWARD, "Changed while being forwarded (list footer, rewritten links); the signature broke." },
	{ "forwarding W1, D0", { .reason = "forwarded" }, EXPLAIN_FORWARD, "Forwarded, and it had no DKIM signature to survive that: switch on DKIM at the original sender." },
	{ "forwarding W1, other", { .reason = "forwarded", .dkim = EX ":temperror" }, EXPLAIN_FORWARD, "Forwarded, and what was left did not prove the visible From." },
	{ "forwarding W2", { .dkim = EX "/s:fail", .spf = "lists.example.org:pass", GOOD }, EXPLAIN_FORWARD, "the signature broke.|Judged from the pattern; the report does not say so." },
	{ "forwarding W2 a", { .dkim = EX "/s:pass", .spf = EX ":fail", .f = { .forward = { .relay = true } } }, EXPLAIN_FORWARD, "carried it.|Judged from the pattern" },
	{ "forwarding W3", { .dkim = EX "/s:fail", .spf = "lists.example.org:pass" }, EXPLAIN_FORWARD, "" },

	{ "X1: reported pass, details fail", { .rep_dkim = EVAL_PASS, .rep_spf = EVAL_FAIL, .dkim = "example.org:pass" }, EXPLAIN_DIFFERS,
	    "According to Acme Mail this is a pass; the details in the report add up to a failure." },
	{ "X1: reported fail, details pass", { FF, .dkim = EX ":pass" }, EXPLAIN_DIFFERS, "this is a failure; the details in the report add up to a pass." },
	{ "X1: they agree", { FF, .dkim = EX ":fail" }, EXPLAIN_DIFFERS, "" },
	{ "note: untold", { .rep_dkim = EVAL_FAIL, .dkim = EX ":pass" }, EXPLAIN_NOTE, "neither a pass nor a failure" },
	{ "note: a bounce", { .spf = "mx.example.net/helo:fail", .envelope_from = "", FF }, EXPLAIN_NOTE, "A bounce message" },
	{ "note: HELO was read", { .spf = "mx." EX "/helo:fail", FF }, EXPLAIN_NOTE, "SPF was read from the server's own name, mx.example.com." },
	{ "note: an organisation by estimate", { .dkim = "mail.example.com:pass", .from = "news.example.com", .discovery = "treewalk", FF }, EXPLAIN_NOTE, "" },
	{ "note: a good selector", { .dkim = EX "/s:fail", GOOD, FF }, EXPLAIN_NOTE, "99 of 100 messages from 2024-10-04 to 2024-10-04. So the key is right" },
	{ "note: a bad selector", { .dkim = EX "/s:fail", BAD, FF }, EXPLAIN_NOTE, "1 of 100 messages" },
	{ "note: a mixed selector", { .dkim = EX "/s:permerror", MIXED, FF }, EXPLAIN_NOTE, "50 of 100 messages" },
};

static void
test_say(void **state);

/* --- Who sent it ---------------------------------------------------------------------------------------------- */

#define WHO(own, name, text, of, what) .owner = (own), .sender = { .named = (name), .label = STR(text), .class = (of), .kind = (what), \
    .setup_dkim = "\"Sending domain\": two records.", .setup_path = "No setting." }
#define KNOWN(own, of) .f = { WHO(own, NAMED_LABEL, "Mailer X", of, "service") }
#define RELAY .f = { WHO(OWNER_RELAY, NAMED_DOMAIN, "lists.example.org", "list", "list"), .forward = { .relay = true, .forwards = true } }

static const struct say_case	 whos[] = {
	{ "who: own", { .spf = EX ":pass", .f = { WHO(OWNER_YOU, NAMED_SELF, "Servers of " EX, "own", NULL) } }, EXPLAIN_WHO, "Servers that SPF lists for example.com: your own." },
	{ "who: signing", { .spf = EX ":fail", .dkim = EX ":pass", .f = { WHO(OWNER_YOU, NAMED_SIGNED, "x", "candidate", NULL) } }, EXPLAIN_WHO,
	    "Servers that sign as example.com but are not in its SPF record: probably yours" },
	{ "who: a service", { .spf = "b.mailer.example:pass", KNOWN(OWNER_YOU, "service") }, EXPLAIN_WHO, "Mailer X: a service that sends for you." },
	{ "who: a service named in the advice", { .spf = "b.mailer.example:pass", KNOWN(OWNER_YOU, "service") }, EXPLAIN_DO, "Switch on DKIM for example.com at Mailer X." },
	{ "who: its settings", { .spf = "b.mailer.example:pass", KNOWN(OWNER_YOU, "service") }, EXPLAIN_SETUP,
	    "DKIM at Mailer X: \"Sending domain\": two records.|Bounce domain at Mailer X: No setting." },
	{ "who: what passes needs no setting", { .spf = "b.mailer.example:pass", .dkim = EX ":pass", KNOWN(OWNER_YOU, "service") }, EXPLAIN_SETUP,
	    "Bounce domain at Mailer X: No setting." },
	{ "who: no settings for what is not yours", { .spf = "b.mailer.example:pass", KNOWN(OWNER_OTHER, "impostor") }, EXPLAIN_SETUP, "" },
	{ "who: not yours", { .spf = "b.mailer.example:pass", KNOWN(OWNER_OTHER, "impostor") }, EXPLAIN_WHO, "Mailer X: not yours." },
	{ "who: not yours, so leave it", { .spf = "b.mailer.example:pass", KNOWN(OWNER_OTHER, "impostor") }, EXPLAIN_DO, "Leave it." },
	{ "who: a copied signature", { .spf = EX ":fail", .dkim = EX "/s:fail", KNOWN(OWNER_OTHER, "impostor") }, EXPLAIN_DO, "a copied signature proves nothing" },
	{ "who: decided", { .spf = "b.mailer.example:pass", .f = { .owner = OWNER_OTHER, .sender = { .class = "impostor", .named = NAMED_DOMAIN,
	    .label = STR("mailer.example"), .decided = true } } }, EXPLAIN_WHO, "mailer.example: not yours.|That is what you decided." },
	{ "who: suspected", { .spf = "b.example.net:fail", .f = { WHO(OWNER_OTHER, NAMED_PREFIX, "192.0.2.0/24", "suspect", NULL) } }, EXPLAIN_WHO,
	    "192.0.2.0/24: probably somebody who uses your name" },
	{ "who: noise", { .spf = EX ":fail", .f = { .sender = { .class = "noise" } } }, EXPLAIN_WHO, "Senders of a few messages each: too little to tell who it is." },
	{ "who: unknown", { .spf = EX ":fail", .f = { WHO(OWNER_UNKNOWN, NAMED_PREFIX, "192.0.2.0/24", "unknown", NULL) } }, EXPLAIN_WHO, "nobody has decided it yet" },
	{ "who: a known service", { .spf = EX ":fail", KNOWN(OWNER_UNKNOWN, "unknown") }, EXPLAIN_WHO, "You may be using it without having set it up" },
	{ "who: a provider", { .spf = EX ":fail", .f = { WHO(OWNER_UNKNOWN, NAMED_LABEL, "Post", "unknown", "provider") } }, EXPLAIN_WHO, "a mailbox provider" },
	{ "who: rented", { .spf = EX ":fail", .f = { WHO(OWNER_UNKNOWN, NAMED_LABEL, "Rack", "unknown", "hosting") } }, EXPLAIN_WHO, "anybody can rent" },
	{ "who: access lines", { .spf = EX ":fail", .f = { WHO(OWNER_UNKNOWN, NAMED_LABEL, "Line", "unknown", "isp") } }, EXPLAIN_WHO, "anybody can rent" },
	{ "who: a gateway is just unknown", { .spf = EX ":fail", .f = { WHO(OWNER_UNKNOWN, NAMED_LABEL, "Gate", "unknown", "gateway") } }, EXPLAIN_WHO, "nothing shows whether it is yours" },
	{ "who: a list", { .spf = "lists.example.org:pass", .dkim = EX "/s:fail", RELAY }, EXPLAIN_WHO, "lists.example.org: mailing lists, which hand on what others wrote." },
	{ "who: a forwarder", { .spf = "example.org:pass", .dkim = EX ":pass", .f = { WHO(OWNER_RELAY, NAMED_LABEL, "Fwd", "forwarder", "forwarder"),
	    .forward = { .relay = true } } }, EXPLAIN_WHO, "Fwd: forwards mail" },
	{ "relay: changed", { .spf = "lists.example.org:pass", .dkim = EX "/s:fail", RELAY }, EXPLAIN_DO, "Nothing is wrong on your side" },
	{ "relay: unsigned", { .spf = "lists.example.org:pass", RELAY }, EXPLAIN_DO, "without a valid signature of example.com" },
	{ "relay: signed by the list alone", { .spf = "lists.example.org:pass", .dkim = "lists.example.org/l:pass", RELAY }, EXPLAIN_DO, "the only valid signature is that of lists.example.org" },
	{ "relay: its pattern", { .spf = "lists.example.org:pass", RELAY }, EXPLAIN_FORWARD, "Judged from the pattern" },
	{ "relay: a broken key stays broken", { .spf = "lists.example.org:pass", .dkim = EX "/s:permerror", RELAY }, EXPLAIN_DO, "Publish or repair the key" },
	{ "relay: a receiver's word is enough", { .spf = "lists.example.org:pass", .dkim = EX "/s:fail", .reason = "mailing_list" }, EXPLAIN_DO, "Nothing is wrong on your side" },
	{ "relay: unless you know whose it is", { .spf = "b.mailer.example:pass", .reason = "forwarded", KNOWN(OWNER_YOU, "service") }, EXPLAIN_DO, "Switch on DKIM" },
	{ "several: SPF", { .spf = "a.example.net:pass", .f = { .several_spf = true } }, EXPLAIN_WHY, "SPF passed for several domains, which is not example.com" },
	{ "several: results", { .spf = "a.example.net:permerror", .f = { .several_spf = true } }, EXPLAIN_LEG, "SPF: no pass for several domains; even a pass" },
	{ "several: nobody's service", { .spf = "a.example.net:pass", .f = { .several_spf = true, .nall = 9, .nips = 1, .ips = &STR("192.0.2.9") } }, EXPLAIN_YOURS, "at these servers." },
	{ "several: signatures", { .spf = EX ":fail", .dkim = "a.example.net/x:pass", .f = { .several_sig = true } }, EXPLAIN_WHY, "the signature belongs to several domains" },
	{ "several: the other domain", { .spf = "a.example.net:pass", .dkim = "b.example.net/x:pass", .f = { .several_sig = true } }, EXPLAIN_WHY, "but for several domains, not for" },
	{ "relay: of a network little is known", { .spf = EX ":fail", .f = { WHO(OWNER_RELAY, NAMED_PREFIX, "192.0.2.0/24", "forwarder", NULL), .forward = { .forwards = true } } },
	    EXPLAIN_NOT_YOURS, "Someone uses your name" },
	{ "service: P8", { .spf = EX ":fail", .dkim = EX ":pass", KNOWN(OWNER_YOU, "service") }, EXPLAIN_DO, "include what Mailer X asks for" },
	{ "service: F5", { .spf = EX ":fail", .dkim = "mailer.example/m:pass", KNOWN(OWNER_YOU, "service") }, EXPLAIN_DO, "As it uses example.com as bounce domain" },
	{ "service: F7", { .spf = EX ":fail", KNOWN(OWNER_YOU, "service") }, EXPLAIN_DO, "Do not list its addresses in SPF one by one" },
	{ "service: F9", { .spf = EX ":none", KNOWN(OWNER_YOU, "service") }, EXPLAIN_DO, "publish an SPF record for example.com that includes" },
};

static void
test_say(void **state)
{
	const struct say_case	*c = *state;
	struct built		 b;

	explain(&c->row, &b);
	if (c->want[0] == '\0')
		assert_part(&b, c->part, "");
	else
		assert_says(&b, c->part, c->want);
	done(&b);
}

static void
test_note_org(void **state)
{
	struct built	 b;

	(void)state;
	/* the policy is at From itself: the organisation may lie above, and the list is asked */
	explain(&(struct row){ .dkim = "www.example.com:pass", .from = EX, .discovery = "treewalk" }, &b);
	assert_part(&b, EXPLAIN_NOTE, "According to Acme Mail this is neither a pass nor a failure; what you read here is our own reading of the details.");
	arena_free(b.a);
	explain(&(struct row){ .dkim = "example.com:pass", .from = "mail." EX, .discovery = "treewalk", FF }, &b);
	arena_free(b.a);
	{
		struct report_policy	 p = { .domain = STR("mail." EX), .p = STR("none"), .discovery_method = STR("treewalk") };
		struct report_auth	 k = { .domain = STR("www." EX), .result = RES_PASS };
		struct report_record	 r = { .header_from = STR("mail." EX), .header_from_derived = true, .dkim_results = &k, .ndkim = 1,
		    .dkim = EVAL_PASS };
		struct explain_facts	 f = { .day = EXPLAIN_NO_DAY };
		struct err		 e = { 0 };

		b.a = arena_new(1 << 20);
		assert_int_equal(explain_row(b.a, &p, &r, &f, &b.x, &e), 0);
		assert_part(&b, EXPLAIN_NOTE, "Whether the names belong together was estimated: the DMARC records of that day are not known.|"
		    "The report names no From domain; its policy domain mail.example.com stands in.");
		done(&b);
		r.header_from_derived = false;
		for (unsigned i = 0; i < 3; i++) {
			static const char *const	 texts[] = {
				"Whether the names belong together was estimated by the list of public suffixes: not all DMARC records that a tree walk asks for are known.",
				"Which names belong together was decided by the DMARC records that the DNS holds now (tree walk).",
				("Which names belong together was decided by DMARC records of the DNS that are others by now; "
				    "'dmarcd reprocess --verdicts' judges anew."),
			};

			f.walked = i == 0 ? WALK_LACKED : WALK_USED;
			f.walk_old = i == 2;
			b.a = arena_new(1 << 20);
			assert_int_equal(explain_row(b.a, &p, &r, &f, &b.x, &e), 0);
			assert_part(&b, EXPLAIN_NOTE, texts[i]);
			done(&b);
		}
	}
}

/* --- Snippets ---------------------------------------------------------------------------------------------------- */

static const struct snip_case { const char *name; struct row row; size_t n; const char *at, *value; } snips[] = {
	{ "snippet: a mechanism", { .spf = EX ":fail", .dkim = EX ":pass" }, 1, EX, "ip4:192.0.2.7" },
	{ "snippet: a new record", { .spf = EX ":none" }, 1, EX, "v=spf1 ip4:192.0.2.7 ~all" },
	{ "snippet: for a neutral one", { .spf = EX ":neutral" }, 1, EX, "ip4:192.0.2.7" },
	{ "snippet: the server's own name", { .spf = "mx." EX "/helo:none", .envelope_from = "" }, 1, "mx." EX, "v=spf1 a -all" },
	{ "snippet: From as bounce domain", { .spf = "b.example.net:fail" }, 1, EX, "ip4:192.0.2.7" },
	{ "snippet: a key", { .spf = EX ":pass", .dkim = EX "/s1:fail" }, 1, "s1._domainkey." EX, "v=DKIM1; k=rsa; p=..." },
	{ "snippet: no key that is right already", { .spf = EX ":pass", .dkim = EX "/s1:fail", GOOD }, 0, NULL, NULL },
	{ "snippet: no key of a selector not told", { .spf = EX ":pass", .dkim = EX ":fail" }, 0, NULL, NULL },
	{ "snippet: relaxed", { .spf = "b." EX ":pass", .aspf = "s" }, 1, "_dmarc." EX, "aspf=r" },
	{ "snippet: none for many addresses", { .spf = EX ":fail", .f = { .ips = &STR("192.0.2.9"), .nips = 1, .nall = 9 } }, 0, NULL, NULL },
	{ "snippet: none for a hostile domain", { .spf = "exa\"mple;com:none" }, 1, EX, "ip4:192.0.2.7" },
	{ "snippet: none for a hostile selector", { .spf = EX ":pass", .dkim = EX "/a\";x:fail" }, 0, NULL, NULL },
	{ "snippet: several addresses", { .spf = EX ":fail", .f = { .ips = (const struct str[]){ { "192.0.2.9", 9 }, { "2001:db8::1", 11 } }, .nips = 2, .nall = 2 } },
	    1, EX, "ip4:192.0.2.9 ip6:2001:db8::1" },
	{ "snippet: no addresses of a service", { .spf = EX ":fail", KNOWN(OWNER_YOU, "service") }, 0, NULL, NULL },
	{ "snippet: none for who hands on", { .spf = EX ":fail", .dkim = EX "/s:fail", RELAY }, 0, NULL, NULL },
	{ "snippet: not for forwarded mail", { .spf = EX ":fail", .dkim = EX ":pass", .reason = "forwarded" }, 0, NULL, NULL },
};

static void
test_snip(void **state)
{
	const struct snip_case	*c = *state;
	struct built		 b;

	explain(&c->row, &b);
	assert_int_equal(b.x.nsnippets, c->n);
	if (c->n > 0) {
		assert_true(str_eq(b.x.snippets[0].name, str_of(c->at)));
		assert_true(str_eq(b.x.snippets[0].value, str_of(c->value)));
	}
	done(&b);
}

/* --- Hostile words --------------------------------------------------------------------------------------------------- */

static void
test_hostile(void **state)
{
	char		 longer[400];
	struct built	 b;

	(void)state;
	/* a domain that is a sentence stands in quotes, so that it is not taken for one of ours */
	explain(&(struct row){ .spf = "you-are-safe.\xc2\xa0" "Call\xc2\xa0" "now:pass" }, &b);
	assert_says(&b, EXPLAIN_WHY, "SPF passed for \"you-are-safe.\xc2\xa0" "Call\xc2\xa0" "now\", which is not");
	done(&b);
	explain(&(struct row){ .spf = EX ":permerror", .human = "broken\". All is well. \"" }, &b);
	assert_says(&b, EXPLAIN_WHY, "The receiver says: \"broken'. All is well. '\".");
	done(&b);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	explain(&(struct row){ .spf = EX ":permerror", .human = longer }, &b);
	assert_says(&b, EXPLAIN_WHY, "x\xe2\x80\xa6\".");
	done(&b);
	explain(&(struct row){ .spf = EX ":temperror", .dkim = EX ":temperror", .f = { .reporter = STR("Good: all passes. Bad") } }, &b);
	assert_says(&b, EXPLAIN_WHY, "at \"Good: all passes. Bad\".");
	done(&b);
	/* braces in a value are no place to fill */
	explain(&(struct row){ .spf = "{ip}.example:pass" }, &b);
	assert_says(&b, EXPLAIN_WHY, "\"{ip}.example\"");
	arena_free(b.a);
	explain(&(struct row){ .disposition = DISP_NONE, .reason = "{from}\"\x1b[2J", FF }, &b);
	assert_says(&b, EXPLAIN_OVERRIDE, "\"{from}'\x1b[2J\"");	/* the surface escapes */
	arena_free(b.a);
}

/* --- The messages themselves -------------------------------------------------------------------------------------------- */

/* The names in braces, sorted, "a b b". */
static void
names_in(const char *text, char out[512])
{
	char	 names[16][32];
	size_t	 n = 0;

	for (const char *p = strchr(text, '{'); p != NULL; p = strchr(p + 1, '{')) {
		const char	*end = strchr(p, '}');
		char		 one[32];
		size_t		 i;

		assert_non_null(end);
		assert_true(n < nitems(names));
		(void)snprintf(one, sizeof(one), "%.*s", (int)(end - p - 1), p + 1);
		for (i = n; i > 0 && strcmp(names[i - 1], one) > 0; i--)
			memcpy(names[i], names[i - 1], sizeof(names[i]));
		memcpy(names[i], one, sizeof(one));
		n++;
	}
	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		(void)snprintf(out + strlen(out), 512 - strlen(out), "%s ", names[i]);
}

#define NAME_TEXT(name) #name,
static const char *const	 known[] = { EXPLAIN_NAMES(NAME_TEXT) };

static void
test_names(void **state)
{
	char	 en[512], other[512], *word, *rest;

	(void)state;
	for (size_t k = 0; k < explain_nkeys; k++) {
		names_in(explain_languages[0].texts[k], en);
		for (unsigned lang = 1; lang < explain_nlanguages; lang++) {
			/* a complete language: all messages, with the same names in them */
			if (explain_languages[lang].texts[k] == NULL)
				fail_msg("%s.txt lacks %s", explain_languages[lang].tag, explain_keys[k]);
			names_in(explain_languages[lang].texts[k], other);
			if (strcmp(en, other) != 0)
				fail_msg("%s.txt: %s has {%s} instead of {%s}", explain_languages[lang].tag, explain_keys[k], other, en);
		}
		for (rest = en; (word = strsep(&rest, " ")) != NULL && *word != '\0';) {
			bool	 hit = false;

			for (size_t i = 0; i < nitems(known); i++)
				hit |= strcmp(known[i], word) == 0;
			if (!hit)
				fail_msg("%s: nobody fills {%s}", explain_keys[k], word);
		}
	}
	print_message("# %zu messages in %zu languages\n", explain_nkeys, explain_nlanguages);
}

/* Values of records and tags stay as they are in each language. */
static void
test_untranslated(void **state)
{
	static const char *const	 words[] = { "p=reject", "=none", "=quarantine", "=reject", "~all", "-all", "?all", "v=spf1 a -all", "TXT", "CNAME", "SPF",
	    "DKIM", "DMARC", "PermError", "t=y", "pct", "ARC", "HELO", "_domainkey", "aspf=s", "adkim=s", "{tag}=s", "{tag}=r", "rsa-sha256", "SHA-1", "2048", "1024" };

	(void)state;
	for (size_t k = 0; k < explain_nkeys; k++)
		for (unsigned lang = 1; lang < explain_nlanguages; lang++)
			for (size_t i = 0; i < nitems(words); i++)
				if (strstr(explain_languages[0].texts[k], words[i]) != NULL && strstr(explain_text(lang, explain_keys[k]), words[i]) == NULL)
					fail_msg("%s.txt: %s lost \"%s\"", explain_languages[lang].tag, explain_keys[k], words[i]);
}

static const struct lang_case { const char *name, *header, *want; } langs[] = {
	{ "language: none given", NULL, "en" },
	{ "language: empty", "", "en" },
	{ "language: English", "en-GB,en;q=0.9", "en" },
	{ "language: not ours", "tlh", "en" },
	{ "language: any", "*", "en" },
	{ "language: zero", "en;q=0", "en" },
	{ "language: English is liked better", "xx;q=1.0, en;q=0.8", "en" },
	{ "language: broken", ";;;,,q=,en;q=x", "en" },
	{ "language: German", "de", "de" },
	{ "language: Brazilian", "pt-BR,pt;q=0.9,en;q=0.8", "pt" },
	{ "language: the best of several", "en;q=0.5, cs;q=0.7, ru;q=0.6", "cs" },
	{ "language: upper case", "RU-ru", "ru" },
	{ "language: thousandths", "ru;q=0.001, de;q=0.002", "de" },
	{ "language: no language that begins alike", "den", "en" },
};

static void
test_lang(void **state)
{
	const struct lang_case	*c = *state;

	if (explain_language(str_of(c->want)) < 0)
		skip();
	assert_string_equal(explain_languages[explain_accept(c->header)].tag, c->want);
}

/* Last: what no case above brought forth is said to nobody. */
static void
test_all_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < explain_nkeys; i++) {
		const char	*k = explain_keys[i];
		size_t		 n = strlen(k);

		/* labels of the faces, short lines for lists, words for what is not told, refusals (test_bounce), the text for vendors (api.test.ts) */
		if (strncmp(k, "card.", 5) == 0 || strncmp(k, "bounce.", 7) == 0 || strncmp(k, "vendor.", 7) == 0 || strncmp(k, "fact.", 5) == 0 || (n > 6 && strcmp(k + n - 6, ".short") == 0))
			continue;
		if (!said[i])
			fail_msg("no row is told %s", k);
	}
}

int
main(void)
{
	struct cases	 c = { 0 };
	struct err	 e = { 0 };
	int		 rv;

	if (dmarc_init(&e) == -1 || (said = calloc(explain_nkeys, sizeof(*said))) == NULL) {
		printf("Bail out! %s\n", e.msg);
		return (1);
	}
	add_cells(&c);
	CASES_ADD(&c, says, test_say);
	CASES_ADD(&c, whos, test_say);
	case_add(&c, "note: estimated organisation, From derived", test_note_org, NULL);
	CASES_ADD(&c, snips, test_snip);
	case_add(&c, "hostile words", test_hostile, NULL);
	case_add(&c, "messages: each has its names in each language", test_names, NULL);
	case_add(&c, "messages: records and tags are not translated", test_untranslated, NULL);
	CASES_ADD(&c, langs, test_lang);
	case_add(&c, "messages: each is said by some row", test_all_said, NULL);
	rv = cases_run(&c, "explain");
	free(said);
	return (rv);
}
