/*
 * treat.c - what the policy asked for, what the receiver did, and why.
 */
#include "dmarc/dmarc.h"

/* RFC 9990: "pass" is the disposition of mail that passed; it asks as little as none. */
enum dmarc_request
dmarc_did(const struct report_record *r)
{
	return (r->disposition == DISP_REJECT ? REQUEST_REJECT : r->disposition == DISP_QUARANTINE ? REQUEST_QUARANTINE : REQUEST_NONE);
}

static bool
below_policy(const struct report_policy *p, const struct report_record *r)
{
	return (r->header_from.p != NULL && !r->header_from_derived && !str_eq(r->header_from, p->domain));
}

void
dmarc_asked(const struct report_policy *p, const struct report_record *r, struct policy_asked *out)
{
	enum dmarc_request	 sp = dmarc_request_read(p->sp), np = dmarc_request_read(p->np), own = dmarc_request_read(p->p);
	int64_t		 pct;

	*out = (struct policy_asked){ .told = p->p.len > 0, .tag = "p" };
	/* What no receiver knows acts as none (RFC 9989 4.7). */
	out->published = own == REQUEST_ABSENT ? REQUEST_NONE : own;
	if (below_policy(p, r)) {
		if (p->sp.len > 0) {
			out->published = sp == REQUEST_ABSENT ? REQUEST_NONE : sp;
			out->tag = "sp";
		}
		/* Whether the name exists is not told: nobody is blamed for np. */
		if (np != REQUEST_ABSENT && np < out->published) {
			out->published = np;
			out->tag = "np";
		}
	}
	out->least = out->published;
	if (str_ieq(p->testing, "y") || (str_i64(p->pct, &pct) && pct < 100))
		out->least = dmarc_request_lower(out->published);
}

static bool
reported_fail(const struct report_record *r)
{
	return (r->dkim != EVAL_PASS && r->spf != EVAL_PASS);
}

enum treatment
dmarc_treatment(const struct report_policy *p, const struct report_record *r)
{
	struct policy_asked	 asked;

	switch (r->disposition) {
	case DISP_PASS:
		return (TREAT_PASS);
	case DISP_QUARANTINE:
		return (TREAT_QUARANTINE);
	case DISP_REJECT:
		return (TREAT_REJECT);
	case DISP_OTHER:
		return (TREAT_OTHER);
	default:
		break;
	}
	dmarc_asked(p, r, &asked);
	if (!asked.told)
		return (reported_fail(r) ? TREAT_NONE : TREAT_DELIVERED);
	if (asked.published == REQUEST_NONE)
		return (TREAT_WATCHED);
	return (reported_fail(r) ? TREAT_SPARED : TREAT_DELIVERED);
}

enum obedience
dmarc_obedience(const struct report_policy *p, const struct report_record *r)
{
	struct policy_asked	 asked;
	enum dmarc_request		 did = dmarc_did(r);

	dmarc_asked(p, r, &asked);
	if (!asked.told || !reported_fail(r) || r->nreasons > 0 || r->disposition == DISP_OTHER)
		return (OBEY_NOTHING);
	/* p=none with delivery needs no words of its own: TREAT_WATCHED says it */
	if (asked.published == REQUEST_NONE && did == REQUEST_NONE)
		return (OBEY_NOTHING);
	return (did < asked.least ? OBEY_WEAKER : did > asked.published ? OBEY_STRICTER : OBEY_AS_ASKED);
}

enum override
dmarc_override(const struct report_reason *q)
{
	static const struct { const char *word; enum override o; } words[] = {
		{ "forwarded", OVERRIDE_FORWARDED }, { "trusted_forwarder", OVERRIDE_TRUSTED_FORWARDER },
		{ "mailing_list", OVERRIDE_MAILING_LIST }, { "local_policy", OVERRIDE_LOCAL_POLICY },
		{ "policy_test_mode", OVERRIDE_TEST_MODE }, { "sampled_out", OVERRIDE_SAMPLED_OUT }, { "other", OVERRIDE_OTHER },
	};

	for (size_t i = 0; i < nitems(words); i++)
		if (str_ieq(q->type, words[i].word)) {
			if (words[i].o == OVERRIDE_LOCAL_POLICY && str_ifind(q->comment, "arc=pass") != NULL)
				return (OVERRIDE_ARC);
			return (words[i].o);
		}
	return (OVERRIDE_UNKNOWN);
}

/*
 * W2: (a) the signature came through and SPF did not match, from a relay; or
 * (b) the signature broke, though the same selector verifies from your own
 * senders, and somebody else vouches for the message: a list, a forwarder. And
 * what fails from where the mail as a whole shows either pattern.
 */
enum forwarding
dmarc_forwarding(const struct verdict *v, const struct forward_facts *f)
{
	bool	 vouched = v->spf_state == S_OTHER || v->foreign != NULL;

	if (v->forwarded)
		return (FORWARD_CERTAIN);
	if (f == NULL)
		return (FORWARD_NO);
	if (f->counted)
		return (f->fwd);
	if (f->yours)
		return (FORWARD_NO);
	if (f->forwards && !v->pass)
		return (FORWARD_LIKELY);
	if (v->dkim_state == D_PASS && f->relay &&
	    (v->spf_state == S_FAIL || v->spf_state == S_FOREIGN || v->spf_state == S_OTHER))
		return (FORWARD_LIKELY);
	if (v->dkim_state == D_FAIL && vouched && f->selector_m > 0 && f->selector_ok * 100 >= f->selector_m * 95)
		return (FORWARD_LIKELY);
	return (FORWARD_NO);
}
