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

const char *
dmarc_code_title(unsigned code)
{
	static const char *const	 title[] = {
		[P(1)] = "Fully proven", [P(2)] = "Proven by DKIM",
		[P(3)] = "Proven by SPF, signed by someone else",
		[P(4)] = "Proven by SPF, own signature broken",
		[P(5)] = "Proven by SPF, no usable signature",
		[P(6)] = "Proven by SPF, DKIM key unusable",
		[P(7)] = "Proven by SPF, DKIM not checkable",
		[P(8)] = "Proven by DKIM, server not in SPF",
		[P(9)] = "Proven by DKIM, SPF silent",
		[P(10)] = "Proven by DKIM, SPF record broken",
		[P(11)] = "Proven by DKIM, SPF not checkable",
		[F(1)] = "Genuine mail of another domain",
		[F(2)] = "Your signature broke on the way",
		[F(3)] = "Sent under another bounce domain, unsigned",
		[F(4)] = "DKIM key unusable",
		[F(5)] = "Neither listed nor signed as you",
		[F(6)] = "Your signature failed and SPF does not help",
		[F(7)] = "No proof at all",
		[F(8)] = "Look-up failed for a while",
		[F(9)] = "Nothing published, nothing signed",
		[F(10)] = "SPF record broken",
		[F(11)] = "SPF and DKIM records both broken",
		[F(12)] = "Receiver could look up nothing",
	};

	return (code < nitems(title) && title[code] != NULL ? title[code] : "");
}

struct alignment {
	struct str	 from;
	bool		 strict;
	/* discovery_method treewalk: the policy domain is the organisation, see below */
	bool		 treewalk;
	struct str	 policy_domain;
	bool		*estimated;
};

/*
 * RFC 9989 finds the Organizational Domain by walking the DNS. No DNS history
 * is at hand for the day of the report, but the report says where the policy
 * was found: when that lies above the From domain it is the Organizational
 * Domain (or a public suffix right above it).
 */
static bool
aligned(const struct alignment *al, struct str a)
{
	bool	 psl;

	if (a.p == NULL || a.len == 0)
		return (false);
	if (str_eq(a, al->from))
		return (a.p[0] != '[');
	if (al->strict)
		return (false);
	psl = domain_aligned(a, al->from, false);
	if (!al->treewalk || al->policy_domain.p == NULL)
		return (psl);
	if (str_eq(al->from, al->policy_domain)) {
		if (domain_below(a, al->policy_domain))
			return (true);
		if (psl)	/* the organisation may lie above: the list is an estimate */
			*al->estimated = true;
		return (psl);
	}
	if (!domain_below(al->from, al->policy_domain))
		return (psl);
	/* A public suffix is its own registrable domain's parent: then the list decides. */
	if (!str_eq(domain_org(al->from), al->policy_domain) && domain_org(al->from).len > al->policy_domain.len)
		return (psl);
	return (domain_below(a, al->policy_domain));
}

static bool
usable(const struct report_auth *r)
{
	return (r->domain.p != NULL && r->domain.len > 0);
}

static enum dkim_state
judge_dkim(const struct report_record *r, const struct alignment *al, struct verdict *v)
{
	bool			 other = false, any = false;
	const struct report_auth *temp = NULL, *perm = NULL, *fail = NULL, *first = NULL, *hit;

	for (size_t i = 0; i < r->ndkim; i++) {
		const struct report_auth	*k = &r->dkim_results[i];

		if (k->result == RES_PASS)
			v->dkim_raw = RES_PASS;
		else if (v->dkim_raw == RES_ABSENT)
			v->dkim_raw = k->result;
		if (!usable(k) || k->result == RES_NONE || k->result == RES_ABSENT)
			continue;
		any = true;
		if (first == NULL)
			first = k;
		if (!aligned(al, k->domain)) {
			other |= k->result == RES_PASS;
			if (k->result == RES_PASS && v->dkim_domain.p == NULL) {
				v->dkim_domain = k->domain;
				v->dkim_selector = k->what;
			}
			continue;
		}
		switch (k->result) {
		case RES_PASS:
			v->dkim_domain = k->domain;
			v->dkim_selector = k->what;
			v->dkim_aligned = true;
			return (D_PASS);
		case RES_TEMPERROR:
			temp = temp == NULL ? k : temp;
			break;
		case RES_PERMERROR:
		case RES_NEUTRAL:
			perm = perm == NULL ? k : perm;
			break;
		default:	/* fail, policy, and words we do not know: it is there and not valid */
			fail = fail == NULL ? k : fail;
			break;
		}
	}
	hit = temp != NULL ? temp : perm != NULL ? perm : fail;
	if (hit != NULL) {
		v->dkim_domain = hit->domain;
		v->dkim_selector = hit->what;
		return (temp != NULL ? D_TEMP : perm != NULL ? D_PERM : D_FAIL);
	}
	if (other)
		return (D_OTHER);
	if (any) {
		v->dkim_domain = first->domain;
		v->dkim_selector = first->what;
		return (D_FOREIGN);
	}
	return (D_NONE);
}

/* Only MAIL FROM counts; with a null reverse-path that is the HELO name (RFC 7208 2.4). */
static bool
spf_counts(const struct report_record *r, const struct report_auth *s, bool helo)
{
	bool	 is_helo = str_ieq(s->what, "helo");

	(void)r;
	return (helo ? is_helo : s->what.p == NULL || s->what.len == 0 || str_ieq(s->what, "mfrom"));
}

static struct str
spf_domain(const struct report_record *r, const struct report_auth *s)
{
	if (usable(s))
		return (s->domain);
	return (r->envelope_from.len > 0 ? r->envelope_from : STR_NONE);
}

static enum spf_state
judge_spf(const struct report_record *r, const struct alignment *al, struct verdict *v)
{
	const struct report_auth	*first = NULL;
	bool				 helo = false, have = false;

	for (size_t i = 0; i < r->nspf; i++)
		have |= spf_counts(r, &r->spf_results[i], false);
	if (!have && (r->envelope_from.p == NULL || r->envelope_from.len == 0)) {
		helo = true;
		for (size_t i = 0; i < r->nspf; i++)
			have |= spf_counts(r, &r->spf_results[i], true);
		if (have && r->envelope_from.p == NULL)
			v->estimated = true;
	}
	for (size_t i = 0; i < r->nspf; i++) {
		const struct report_auth	*s = &r->spf_results[i];
		struct str			 d;

		if (s->result == RES_PASS)
			v->spf_raw = RES_PASS;
		else if (v->spf_raw == RES_ABSENT)
			v->spf_raw = s->result;
		if (!spf_counts(r, s, helo))
			continue;
		d = spf_domain(r, s);
		if (s->result == RES_PASS && aligned(al, d)) {
			v->spf_domain = d;
			v->spf_aligned = true;
			return (S_PASS);
		}
		/* A pass tells more than what did not pass, whatever its place. */
		if (first == NULL || (s->result == RES_PASS && first->result != RES_PASS))
			first = s;
	}
	if (first == NULL)
		return (S_NOTHING);
	v->spf_domain = spf_domain(r, first);
	if (first->result == RES_PASS)
		return (S_OTHER);
	if (v->spf_domain.p != NULL && !aligned(al, v->spf_domain))
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

static unsigned
strength(struct str policy)
{
	return (str_ieq(policy, "reject") ? 2 : str_ieq(policy, "quarantine") ? 1 : 0);
}

/* The policy that the owner asks for, for this From domain (RFC 9989 4.7). */
static unsigned
published(const struct report_policy *p, const struct report_record *r)
{
	if (r->header_from.p != NULL && !str_eq(r->header_from, p->domain) && p->sp.len > 0)
		return (strength(p->sp));
	return (strength(p->p));
}

static bool
forwarding_reason(const struct report_reason *q)
{
	return (str_ieq(q->type, "forwarded") || str_ieq(q->type, "trusted_forwarder") || str_ieq(q->type, "mailing_list") ||
	    (str_ieq(q->type, "local_policy") && str_ifind(q->comment, "arc=pass") != NULL));
}

void
dmarc_judge(const struct report_policy *p, const struct report_record *r, struct verdict *v)
{
	struct alignment	 al = { .from = r->header_from, .policy_domain = p->domain, .estimated = NULL };
	bool			 reported_pass = r->dkim == EVAL_PASS || r->spf == EVAL_PASS;
	bool			 told = reported_pass || (r->dkim == EVAL_FAIL && r->spf == EVAL_FAIL);

	*v = (struct verdict){ .spf_raw = RES_ABSENT };
	al.estimated = &v->estimated;
	al.treewalk = str_ieq(p->discovery_method, "treewalk");
	al.strict = str_ieq(p->adkim, "s");
	v->dkim_state = judge_dkim(r, &al, v);
	al.strict = str_ieq(p->aspf, "s");
	v->spf_state = judge_spf(r, &al, v);
	v->pass = v->dkim_aligned || v->spf_aligned;
	v->code = codes[v->spf_state][v->dkim_state];
	v->differs = told && v->pass != reported_pass;
	for (size_t i = 0; i < r->nreasons; i++)
		v->forwarded |= forwarding_reason(&r->reasons[i]);
	if (!reported_pass && told) {
		unsigned	 did = r->disposition == DISP_REJECT ? 2 : r->disposition == DISP_QUARANTINE ? 1 : 0;

		v->overridden = (r->disposition != DISP_OTHER && did < published(p, r)) || r->nreasons > 0;
	}
}
