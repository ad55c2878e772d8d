/*
 * judge.c - a row's evidence to its verdict and the code that explains it.
 *
 * The reporter's own words stay the truth about what it did; what is computed
 * here stands beside them, explains them, and shows where they do not fit.
 */
#include "dmarc/dmarc.h"

/* Codes by SPF state (down) and DKIM state (across): the table of the design. */
#define P(n) (n)
#define F(n) (20 + (n))
static const unsigned char codes[S_STATES][D_STATES] = {
	/*              D_PASS D_OTHER D_FAIL D_FOREIGN D_NONE D_PERM D_TEMP */
	[S_PASS]    = { P(1),  P(3),   P(4),  P(5),     P(5),  P(6),  P(7) },
	[S_OTHER]   = { P(2),  F(1),   F(2),  F(3),     F(3),  F(4),  F(8) },
	[S_FAIL]    = { P(8),  F(5),   F(6),  F(7),     F(7),  F(4),  F(8) },
	[S_FOREIGN] = { P(2),  F(1),   F(2),  F(7),     F(7),  F(4),  F(8) },
	[S_NOTHING] = { P(9),  F(5),   F(6),  F(9),     F(9),  F(4),  F(8) },
	[S_PERM]    = { P(10), F(10),  F(10), F(10),    F(10), F(11), F(10) },
	[S_TEMP]    = { P(11), F(8),   F(8),  F(8),     F(8),  F(4),  F(12) },
};

const char *
dmarc_code_name(unsigned code, char out[8])
{
	(void)snprintf(out, 8, "%c%u", code > 20 ? 'F' : 'P', (code > 20 ? code - 20 : code) % 100);
	return (out);
}

unsigned
dmarc_code_parse(struct str s)
{
	int64_t	 n;

	if (s.len < 2 || !str_i64((struct str){ s.p + 1, s.len - 1 }, &n))
		return (0);
	if (ascii_lower(s.p[0]) == 'p' && n >= 1 && n <= 11)
		return ((unsigned)n);
	if (ascii_lower(s.p[0]) == 'f' && n >= 1 && n <= 12)
		return ((unsigned)n + 20);
	return (0);
}

struct alignment {
	struct str	 from;
	bool		 strict;
	/* discovery_method treewalk: the policy domain is the organisation, see below */
	bool		 treewalk;
	struct str	 policy_domain;
	bool		 org_guessed;	/* an answer leant on the list, or on the DNS of another day */
	unsigned	 walked;	/* WALK_* */
	const struct dmarc_dns *dns;
};

/* a and from lie below a public suffix; the labels right below it are compared. */
static bool
same_below(struct str a, struct str from, struct str suffix)
{
	size_t	 n = suffix.len + 1, i = 0;

	if (!domain_below(a, suffix) || a.len <= n || from.len <= n)
		return (false);
	for (; i < a.len - n && i < from.len - n; i++) {
		char	 c = a.p[a.len - n - i - 1], d = from.p[from.len - n - i - 1];

		if (c != d)
			return (false);
		if (c == '.')
			return (true);
	}
	/* one of them ended: at a label's border in the other? */
	return ((i == a.len - n || a.p[a.len - n - i - 1] == '.') && (i == from.len - n || from.p[from.len - n - i - 1] == '.'));
}

/*
 * By the DNS, when its records answer and fit the report: the policy is found
 * where the report found it. 1, 0: aligned or not; -1: nothing follows.
 */
static int
by_snapshot(struct alignment *al, struct str a)
{
	struct walk_place	 from, other;

	if (al->dns == NULL || !dmarc_place(al->dns, al->from, &from) || !str_eq(from.at, al->policy_domain))
		return (-1);
	/* an organisation is never below what it holds */
	if (!domain_below(a, from.org))
		return (0);
	if (!dmarc_place(al->dns, a, &other))
		return (-1);
	return (str_eq(from.org, other.org));
}

/* Without records of that day: what the report itself says, and where that says nothing the list guesses. */
static bool
by_report(struct alignment *al, struct str a)
{
	struct str	 d = al->policy_domain;

	if (!str_eq(al->from, d))
		return (domain_org(al->from).len > d.len ? same_below(a, al->from, d) : domain_below(a, d));
	if (domain_below(a, d))
		return (true);
	if (!domain_aligned(a, al->from, false))
		return (false);
	al->org_guessed = true;
	return (true);
}

/*
 * RFC 9989 finds the Organizational Domain by walking the DNS. No DNS history
 * is at hand for the day of the report, but the report says where the policy
 * was found: when that lies above the From domain it is the Organizational
 * Domain, or a public suffix right above it; at the From domain itself, the
 * Organizational Domain may lie above. A snapshot that fits tells the rest.
 */
static bool
aligned_relaxed(struct alignment *al, struct str a)
{
	struct str	 d = al->policy_domain;
	bool		 told;
	int		 walked;

	if (a.p == NULL || a.len == 0 || a.p[0] == '[' || al->from.len == 0)
		return (false);
	if (str_eq(a, al->from))
		return (true);
	if (!al->treewalk || d.p == NULL || !domain_below(al->from, d))
		return (domain_aligned(a, al->from, false));
	if ((walked = by_snapshot(al, a)) == -1) {
		told = by_report(al, a);
		if (al->dns != NULL && al->org_guessed)
			al->walked |= WALK_LACKED;
		return (told);
	}
	al->walked |= WALK_USED;
	/* of another day: only what the report says as well is certain */
	if (!al->dns->of_the_day && str_eq(al->from, d) && !(walked == 1 && domain_below(a, d)))
		al->org_guessed = true;
	return (walked == 1);
}

static bool
aligned(struct alignment *al, struct str a)
{
	if (al->strict)
		return (a.p != NULL && a.len > 0 && a.p[0] != '[' && str_eq(a, al->from));
	return (aligned_relaxed(al, a));
}

/* Would it match if the record asked for less? Asking is no estimate yet. */
static bool
only_strict(const struct alignment *al, struct str a)
{
	struct alignment	 probe = *al;

	return (al->strict && aligned_relaxed(&probe, a));
}

static bool
usable(const struct report_auth *r)
{
	return (r->domain.p != NULL && r->domain.len > 0);
}

/* Which of the aligned signatures says most: DT, then DE, then D-. */
static int
weight(enum auth_result r)
{
	switch (r) {
	case RES_TEMPERROR:
		return (3);
	case RES_PERMERROR:
	case RES_NEUTRAL:
		return (2);
	default:	/* fail, policy, and words we do not know: it is there and not valid */
		return (1);
	}
}

static enum dkim_state
dkim_of(const struct report_record *r, struct alignment *al, struct verdict *v)
{
	static const enum dkim_state	 states[] = { D_NONE, D_FAIL, D_PERM, D_TEMP };
	const struct report_auth	*own = NULL, *first = NULL, *k;

	for (size_t i = 0; i < r->ndkim; i++) {
		k = &r->dkim_results[i];
		if (k->result == RES_PASS)
			v->dkim_raw = RES_PASS;
		else if (v->dkim_raw == RES_ABSENT)
			v->dkim_raw = k->result;
		if (!usable(k) || k->result == RES_NONE || k->result == RES_ABSENT)
			continue;
		if (first == NULL)
			first = k;
		if (!aligned(al, k->domain)) {
			if (k->result != RES_PASS)
				continue;
			/* one that only strictness keeps out tells more than a stranger's */
			if (v->foreign == NULL || (!v->dkim_strict && only_strict(al, k->domain))) {
				v->foreign = k;
				v->dkim_strict = only_strict(al, k->domain);
			}
			continue;
		}
		if (k->result == RES_PASS) {
			v->dkim = k;
			v->dkim_aligned = true;
			return (D_PASS);
		}
		if (own == NULL || weight(k->result) > weight(own->result))
			own = k;
	}
	v->dkim = own != NULL ? own : v->foreign != NULL ? v->foreign : first;
	return (own != NULL ? states[weight(own->result)] : v->foreign != NULL ? D_OTHER : first != NULL ? D_FOREIGN : D_NONE);
}

static enum dkim_state
judge_dkim(const struct report_record *r, struct alignment *al, struct verdict *v)
{
	enum dkim_state	 s;

	al->org_guessed = false;
	s = dkim_of(r, al, v);
	if (al->org_guessed)
		v->estimates |= ESTIMATE_ORG;
	v->walked |= al->walked;
	if (s != D_OTHER)
		v->dkim_strict = false;
	if (v->dkim != NULL) {
		v->dkim_domain = v->dkim->domain;
		v->dkim_selector = v->dkim->what;
	}
	return (s);
}

/* Only MAIL FROM counts; with a null reverse-path that is the HELO name (RFC 7208 2.4). */
static bool
spf_counts(const struct report_auth *s, bool helo)
{
	return (helo ? str_ieq(s->what, "helo") : s->what.p == NULL || s->what.len == 0 || str_ieq(s->what, "mfrom"));
}

static struct str
spf_domain(const struct report_record *r, const struct report_auth *s)
{
	if (usable(s))
		return (s->domain);
	return (r->envelope_from.len > 0 ? r->envelope_from : STR_NONE);
}

static enum spf_basis
basis_of(const struct report_record *r)
{
	bool	 mailfrom = false, helo = false;

	for (size_t i = 0; i < r->nspf; i++) {
		mailfrom |= spf_counts(&r->spf_results[i], false);
		helo |= spf_counts(&r->spf_results[i], true);
	}
	if (!mailfrom && !helo)
		return (SPF_NOT_TOLD);
	if (r->envelope_from.p != NULL && r->envelope_from.len == 0)
		return (SPF_NULL_SENDER);
	if (mailfrom)
		return (SPF_MAILFROM);
	return (r->envelope_from.p == NULL ? SPF_ASSUMED : SPF_HELO_ONLY);
}

static enum spf_state
spf_of(const struct report_record *r, struct alignment *al, struct verdict *v)
{
	const struct report_auth	*first = NULL, *s;
	bool				 helo = true;

	for (size_t i = 0; i < r->nspf; i++)
		if (spf_counts(&r->spf_results[i], false))
			helo = false;
	for (size_t i = 0; i < r->nspf; i++) {
		s = &r->spf_results[i];
		if (s->result == RES_PASS)
			v->spf_raw = RES_PASS;
		else if (v->spf_raw == RES_ABSENT)
			v->spf_raw = s->result;
		if (v->spf_basis == SPF_HELO_ONLY || !spf_counts(s, helo))
			continue;
		if (s->result == RES_PASS && aligned(al, spf_domain(r, s))) {
			v->spf = s;
			v->spf_aligned = true;
			return (S_PASS);
		}
		/* A pass tells more than what did not pass, whatever its place. */
		if (first == NULL || (s->result == RES_PASS && first->result != RES_PASS))
			first = s;
	}
	if ((v->spf = first) == NULL)
		return (S_NOTHING);
	if (first->result == RES_PASS) {
		v->spf_strict = only_strict(al, spf_domain(r, first));
		return (S_OTHER);
	}
	if (spf_domain(r, first).p != NULL && !aligned(al, spf_domain(r, first)))
		return (S_FOREIGN);
	switch (first->result) {
	case RES_FAIL:
	case RES_SOFTFAIL:
		return (S_FAIL);
	case RES_PERMERROR:
		return (S_PERM);
	case RES_TEMPERROR:
		return (S_TEMP);
	default:
		return (S_NOTHING);
	}
}

static enum spf_state
judge_spf(const struct report_record *r, struct alignment *al, struct verdict *v)
{
	enum spf_state	 s;

	al->org_guessed = false;
	v->spf_basis = basis_of(r);
	if (v->spf_basis == SPF_ASSUMED)
		v->estimates |= ESTIMATE_HELO;
	s = spf_of(r, al, v);
	if (al->org_guessed)
		v->estimates |= ESTIMATE_ORG;
	v->walked |= al->walked;
	if (v->spf != NULL)
		v->spf_domain = spf_domain(r, v->spf);
	return (s);
}

void
dmarc_judge_with(const struct report_policy *p, const struct report_record *r, const struct dmarc_dns *dns, struct verdict *v)
{
	struct alignment	 al = { .from = r->header_from, .policy_domain = p->domain, .dns = dns };
	bool			 reported_pass = r->dkim == EVAL_PASS || r->spf == EVAL_PASS;
	bool			 told = reported_pass || (r->dkim == EVAL_FAIL && r->spf == EVAL_FAIL);
	struct policy_asked	 asked;

	*v = (struct verdict){ .spf_raw = RES_ABSENT };
	al.treewalk = str_ieq(p->discovery_method, "treewalk");
	al.strict = str_ieq(p->adkim, "s");
	v->dkim_state = judge_dkim(r, &al, v);
	al.strict = str_ieq(p->aspf, "s");
	v->spf_state = judge_spf(r, &al, v);
	v->pass = v->dkim_aligned || v->spf_aligned;
	v->estimated = v->estimates != 0;
	v->code = codes[v->spf_state][v->dkim_state];
	v->differs = told && v->pass != reported_pass;
	for (size_t i = 0; i < r->nreasons; i++)
		switch (dmarc_override(&r->reasons[i])) {
		case OVERRIDE_FORWARDED:
		case OVERRIDE_TRUSTED_FORWARDER:
		case OVERRIDE_MAILING_LIST:
		case OVERRIDE_ARC:
			v->forwarded = true;
			break;
		default:
			break;
		}
	if (!reported_pass && told) {
		dmarc_asked(p, r, &asked);
		v->overridden = r->nreasons > 0 || (r->disposition != DISP_OTHER && dmarc_did(r) < asked.published);
	}
}

void
dmarc_judge(const struct report_policy *p, const struct report_record *r, struct verdict *v)
{
	dmarc_judge_with(p, r, NULL, v);
}
