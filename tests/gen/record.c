/*
 * record.c - a record's results and what follows from them: alignment and
 * policy_evaluated, so that reports are consistent except where they are
 * made to contradict themselves (and then the manifest counts it).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

struct gen_record *
record_add(struct gen_report *rp)
{
	struct gen_record	*r;

	if (rp->nrec == rp->cap) {
		rp->cap = rp->cap == 0 ? 64 : rp->cap * 2;
		rp->rec = gen_alloc(rp->rec, rp->cap, sizeof(*rp->rec));
	}
	r = &rp->rec[rp->nrec++];
	memset(r, 0, sizeof(*r));
	r->disposition = "none";
	return (r);
}

static bool
same(const char *a, const char *b)
{
	return (a == b || (a != NULL && b != NULL && strcmp(a, b) == 0));
}

/* Equal in everything but count. */
bool
record_same(const struct gen_record *a, const struct gen_record *b)
{
	if (!same(a->source_ip, b->source_ip) || a->ndkim != b->ndkim ||
	    a->nspf != b->nspf || a->nreason != b->nreason ||
	    a->dkim_pass != b->dkim_pass || a->spf_pass != b->spf_pass ||
	    !same(a->disposition, b->disposition) ||
	    !same(a->header_from, b->header_from) ||
	    !same(a->envelope_from, b->envelope_from) ||
	    !same(a->envelope_to, b->envelope_to))
		return (false);
	for (unsigned i = 0; i < a->ndkim; i++)
		if (!same(a->dkim[i].domain, b->dkim[i].domain) ||
		    !same(a->dkim[i].selector, b->dkim[i].selector) ||
		    !same(a->dkim[i].result, b->dkim[i].result))
			return (false);
	for (unsigned i = 0; i < a->nspf; i++)
		if (!same(a->spf[i].domain, b->spf[i].domain) ||
		    !same(a->spf[i].scope, b->spf[i].scope) ||
		    !same(a->spf[i].result, b->spf[i].result))
			return (false);
	for (unsigned i = 0; i < a->nreason; i++)
		if (!same(a->reason[i].type, b->reason[i].type) ||
		    !same(a->reason[i].comment, b->reason[i].comment))
			return (false);
	return (true);
}

/* Folds the last record into an equal one before it, as reporters do. */
void
record_merge_last(struct gen_report *rp)
{
	struct gen_record	*last = &rp->rec[rp->nrec - 1];

	for (size_t i = 0; i + 1 < rp->nrec; i++) {
		if (!record_same(&rp->rec[i], last))
			continue;
		rp->rec[i].count += last->count;
		rp->nrec--;
		return;
	}
}

void
record_dkim(struct gen_record *r, const char *domain, const char *selector,
    const char *result)
{
	if (r->ndkim < DKIM_MAX)
		r->dkim[r->ndkim++] = (struct gen_dkim){ domain, selector, result, NULL };
}

void
record_spf(struct gen_record *r, const char *domain, const char *scope,
    const char *result)
{
	if (r->nspf < SPF_MAX)
		r->spf[r->nspf++] = (struct gen_spf){ domain, scope, result };
}

/* The organizational domain: two labels, as all names here are made so. */
static const char *
org(const char *d)
{
	const char	*p = d + strlen(d);
	int		 dots = 0;

	while (p > d && !(p[-1] == '.' && ++dots == 2))
		p--;
	return (p);
}

static bool
aligned(const char *d, const char *from, const char *mode)
{
	return (mode[0] == 's' ? strcmp(d, from) == 0 : strcmp(org(d), org(from)) == 0);
}

bool
record_passes(const struct gen_record *r)
{
	return (r->dkim_pass || r->spf_pass);
}

/* The published policy that covers this From domain. */
const char *
record_policy(const struct gen_record *r, const struct gen_report *rp)
{
	if (strcmp(r->header_from, rp->domain) != 0 && rp->policy.sp != NULL)
		return (rp->policy.sp);
	return (rp->policy.p);
}

void
record_override(struct gen_record *r, const char *type, const char *comment)
{
	if (r->nreason < REASON_MAX)
		r->reason[r->nreason++] = (struct gen_reason){ type, comment };
	r->disposition = "none";
}

/*
 * Sets policy_evaluated from the results. A helo result counts only with a
 * null reverse-path. A test mode (RFC 9990 reporters only see it) lowers the
 * policy by one step.
 */
void
record_judge(struct gen_record *r, const struct gen_report *rp)
{
	const struct reporter	*who = rp->reporter;
	const char		*policy = record_policy(r, rp);
	bool			 null_path, d2 = who->dialect == D_RFC9990;

	null_path = r->envelope_from != NULL && r->envelope_from[0] == '\0';
	r->dkim_pass = r->spf_pass = false;
	for (unsigned i = 0; i < r->ndkim; i++)
		if (strcmp(r->dkim[i].result, "pass") == 0 &&
		    aligned(r->dkim[i].domain, r->header_from, rp->policy.adkim))
			r->dkim_pass = true;
	for (unsigned i = 0; i < r->nspf; i++) {
		const char	*scope = r->spf[i].scope;

		if (scope != NULL && strcmp(scope, "helo") == 0 && !null_path)
			continue;
		if (strcmp(r->spf[i].result, "pass") == 0 &&
		    aligned(r->spf[i].domain, r->header_from, rp->policy.aspf))
			r->spf_pass = true;
	}
	if (record_passes(r)) {
		r->disposition = who->flags & R_PASS &&
		    strcmp(policy, "none") != 0 ? "pass" : "none";
		return;
	}
	r->disposition = policy;
	if (d2 && rp->policy.testing && strcmp(policy, "none") != 0) {
		record_override(r, "policy_test_mode", NULL);
		r->disposition = strcmp(policy, "reject") == 0 ? "quarantine" : "none";
	} else if (who->flags & R_SOFT && strcmp(policy, "reject") == 0)
		r->disposition = "quarantine";
}

/* Turns the outcome round, against the record's own results. */
void
record_contradict(struct gen_record *r)
{
	if (record_passes(r)) {
		r->dkim_pass = r->spf_pass = false;
		r->disposition = "none";
	} else {
		r->spf_pass = true;
		r->nreason = 0;
		r->disposition = "none";
	}
	r->differs = true;
}

/* --- the report around it ---------------------------------------------- */

static const char *
report_id(struct arena *a, const struct reporter *who, const char *domain,
    int64_t begin, int64_t end, struct rng *rng)
{
	uint64_t	 x = rng_next(rng), y = rng_next(rng);

	switch (who->id_style) {
	case ID_NUMBER:
		return (arena_fmt(a, "%" PRIu64 "%03" PRIu64,
		    UINT64_C(1000000000000000) + x % UINT64_C(8999999999999999), y % 1000));
	case ID_HEX:
		return (arena_fmt(a, "%016" PRIx64 "%016" PRIx64, x, y));
	case ID_UUID:
		return (arena_fmt(a, "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-a%03" PRIx64
		    "-%012" PRIx64, x >> 32, x >> 16 & 0xffff, x & 0xfff, y >> 52,
		    y & UINT64_C(0xffffffffffff)));
	case ID_RANGE:
		return (arena_fmt(a, "%s:%" PRId64 ":%" PRId64 "_%06" PRIx64, domain,
		    begin, end, x & 0xffffff));
	case ID_ANGLE:
		return (arena_fmt(a, "<%" PRId64 ".%016" PRIx64 "@%s>", begin, x, who->host));
	case ID_DOTATOM:
		break;
	}
	return (arena_fmt(a, "%" PRId64 ".%016" PRIx64, end, x));
}

/* A report without records about the reporter's day that begins at `day`. */
void
report_begin(struct gen_report *rp, struct arena *a, const struct reporter *who,
    const char *domain, int64_t day, struct rng *rng)
{
	int	 days = who->days > 0 ? who->days : 1;

	rp->reporter = who;
	rp->domain = domain;
	rp->begin = day + who->offset_h * INT64_C(3600);
	rp->end = rp->begin + days * DAY - (who->flags & R_MIDNIGHT ? 0 : 1);
	rp->sent = rp->end + who->lag_min * 60 + rng_below(rng, 1500);
	rp->report_id = report_id(a, who, domain, rp->begin, rp->end, rng);
	rp->policy = (struct gen_policy){ "none", NULL, NULL, "r", "r", false };
	rp->nrec = 0;
}
