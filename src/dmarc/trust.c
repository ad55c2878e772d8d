/*
 * trust.c - see trust.h: the decision. trust_trace.c takes the header apart.
 */
#include "dmarc/dmarc.h"
#include "dmarc/trust.h"

const char *const trust_method_names[TRUST_METHODS] = { "", "dmarc", "dkim", "spf" };
const char *const trust_state_names[TS_COUNT] = { "unknown", "authenticated", "unauthenticated" };
const char *const trust_names[TRUST_COUNT] = { "unknown", "authenticated", "authenticated-other", "failed" };
const char *const trust_apart_names[APART_COUNT] = { "no", "foreign-domain", "unauthenticated" };

/* --- Which fields are ours ----------------------------------------------------------- */

static int
listed(const struct str_list *l, struct str name)
{
	for (size_t i = 0; i < l->n; i++)
		if (name.p == NULL ? strcmp(l->v[i], TRUST_NO_ID) == 0 : str_ieq(name, l->v[i]))
			return ((int)i);
	return (-1);
}

/* A name that says whose host it is: with a dot, and no address. */
static bool
names_a_host(struct str name)
{
	bool	 letter = false;

	if (name.p == NULL || memchr(name.p, '.', name.len) == NULL || memchr(name.p, ':', name.len) != NULL)
		return (false);
	for (size_t i = 0; i < name.len; i++)
		letter |= name.p[i] >= 'a' && name.p[i] <= 'z';
	return (letter);
}

/* Was this Received written by one of our hosts? */
static bool
own_host(const struct trust_settings *t, struct str by)
{
	if (t->received_by.n > 0)
		return (by.p != NULL && (domain_below_any(by, &t->received_by) || listed(&t->received_by, by) != -1));
	if (listed(&t->authserv_ids, STR_NONE) != -1 || !names_a_host(by))
		return (true);	/* an id without a name says nothing of hosts */
	for (size_t i = 0; i < t->authserv_ids.n; i++)
		if (domain_aligned(by, str_of(t->authserv_ids.v[i]), false))
			return (true);
	return (false);
}

/* --- What they say together ------------------------------------------------------------- */

struct taken {
	const struct trust_result	*r;
	unsigned			 field;
};

/* The same question was answered by a field further up: that one is believed. */
static bool
answered(const struct taken *v, unsigned n, const struct trust_result *r, unsigned field)
{
	for (unsigned i = 0; i < n; i++) {
		if (v[i].field == field || v[i].r->method != r->method)
			continue;
		/* a mail has one From: a second answer for it is never another one */
		if (r->method == TRUST_BY_DMARC || str_eq(v[i].r->domain, r->domain))
			return (true);
		if (v[i].r->domain.p == NULL && v[i].r->result != RES_NONE)
			return (true);
	}
	return (false);
}

static unsigned
take(const struct trust_settings *t, const struct trust_trace *trace, struct taken v[TRUST_RESULTS], struct trust_mail *out)
{
	unsigned	 block[TRUST_IDS] = { 0 }, now = 1, n = 0;
	int		 k;

	for (unsigned i = 0; i < trace->nfields; i++) {
		const struct trust_field	*f = &trace->fields[i];

		if (f->received) {
			if (!own_host(t, f->name))
				break;
			now++;
			continue;
		}
		if (out->id.p == NULL)
			out->id = f->name;
		if ((k = listed(&t->authserv_ids, f->name)) == -1 || k >= TRUST_IDS)
			continue;
		/* what our server wrote stands together; further down it is somebody's copy */
		if (block[k] != 0 && block[k] != now)
			continue;
		block[k] = now;
		for (unsigned r = f->first; r < f->first + f->n; r++)
			if (n < TRUST_RESULTS && !answered(v, n, &trace->results[r], i))
				v[n++] = (struct taken){ &trace->results[r], i };
	}
	return (n);
}

static bool
of(const struct taken *t, enum trust_method m, enum auth_result result)
{
	return (t->r->method == m && t->r->result == result);
}

static void
decided(struct trust_mail *out, const struct trust_trace *trace, const struct taken *by, enum trust_proof proof)
{
	out->proof = proof;
	out->method = by->r->method;
	out->id = trace->fields[by->field].name;
	out->field = trace->fields[by->field].text;
}

void
trust_mail(const struct trust_settings *t, const struct trust_trace *trace, struct trust_mail *out)
{
	static const enum trust_method	 methods[] = { TRUST_BY_DMARC, TRUST_BY_DKIM, TRUST_BY_SPF };
	struct taken			 v[TRUST_RESULTS];
	unsigned			 n;

	*out = (struct trust_mail){ .from = trace->from };
	n = take(t, trace, v, out);
	if (trace->from.p == NULL)
		return;
	for (size_t m = 0; m < nitems(methods); m++) {
		for (unsigned i = 0; i < n; i++)
			if (of(&v[i], methods[m], RES_PASS) && domain_aligned(v[i].r->domain, trace->from, false)) {
				decided(out, trace, &v[i], PROOF_PASS);
				return;
			}
		for (unsigned i = 0; i < n && methods[m] == TRUST_BY_DMARC; i++)
			if (of(&v[i], TRUST_BY_DMARC, RES_FAIL) &&
			    (v[i].r->domain.p == NULL || domain_aligned(v[i].r->domain, trace->from, false))) {
				decided(out, trace, &v[i], PROOF_FAIL);
				return;
			}
	}
	for (unsigned i = 0; i < n; i++)
		if (v[i].r->method != TRUST_BY_DMARC && v[i].r->result != RES_NONE) {
			decided(out, trace, &v[i], PROOF_FAIL);
			return;
		}
}

/* --- The report inside -------------------------------------------------------------------- */

enum trust_state
trust_state(enum trust t)
{
	return (t == TRUST_AUTHENTICATED ? TS_AUTHENTICATED : t == TRUST_UNKNOWN ? TS_UNKNOWN : TS_UNAUTHENTICATED);
}

unsigned
trust_rank(enum trust t)
{
	return (t == TRUST_AUTHENTICATED ? 2 : t == TRUST_UNKNOWN ? 1 : 0);
}

/*
 * Reporters that name one organisation in org_name and send from another that
 * belongs to it. (org_name decides whose report it is said to be, so what is
 * in <email> cannot prove anything: whoever forges the one writes the other.)
 */
static bool
same_house(struct str named, struct str from)
{
	static const struct { const char *named, *from; } houses[] = {
		{ "outlook.com", "microsoft.com" },
		{ "yahooinc.com", "yahoo.com" },
		{ "mimecast.org", "mimecastreport.com" },
	};

	for (size_t i = 0; i < nitems(houses); i++)
		if (str_ieq(named, houses[i].named) && str_ieq(from, houses[i].from))
			return (true);
	return (false);
}

enum trust
trust_report(const struct trust_settings *t, enum trust_proof proof, struct str from, struct str reporter)
{
	if (proof == PROOF_FAIL)
		return (TRUST_FAILED);
	if (proof != PROOF_PASS || from.p == NULL)
		return (TRUST_UNKNOWN);
	if (domain_aligned(from, reporter, false) || same_house(reporter, domain_org(from)) || domain_below_any(from, &t->services))
		return (TRUST_AUTHENTICATED);
	return (TRUST_OTHER);
}

bool
trust_ours(const struct trust_settings *t, struct str domain)
{
	return (t->domains.n == 0 || domain_below_any(domain, &t->domains));
}

enum trust_apart
trust_apart(const struct trust_settings *t, enum trust trust, struct str domain)
{
	if (!trust_ours(t, domain))
		return (APART_FOREIGN);
	return (t->apart && trust_state(trust) == TS_UNAUTHENTICATED ? APART_UNAUTHENTICATED : APART_NO);
}
