/*
 * dns.c - rules about what the DNS says of our domains: A3 (DMARC), A4 (SPF
 * and keys that break), A10 (what is near a limit). Only what was seen twice, a
 * quarter of an hour apart, is said. Nothing is asked of the DNS here: the
 * resolver process has done that, and the visitor has looked at policies.
 */
#include <stdlib.h>

#include "alert/rules.h"
#include "base/when.h"
#include "dmarc/dmarc.h"
#include "dmarc/said.h"
#include "dmarc/spf.h"
#include "dmarc/sts.h"
#include "store/policies.h"
#include "store/records.h"

#define CHANGES	5000	/* of all names, the latest first */
#define SHOWN	160	/* bytes of a record in a message */

struct alert_dns {
	const struct store_dns		*dmarc, *spf, *keys, *sts;	/* each in order of domains; keys of ours only */
	size_t				 ndmarc, nspf, nkeys, nsts;
	const struct store_dns_change	*changes;
	size_t				 nchanges;
	const struct store_policy	*policies;
	size_t				 npolicies;
};

int
alert_load_dns(struct alert_model *m, struct err *e)
{
	struct alert_dns	*d;

	if (m->dns != NULL)
		return (0);
	if ((d = arena_alloc(m->a, 1, sizeof(*d))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (store_dns_list(m->q, TXT_DMARC, STR_NONE, true, &d->dmarc, &d->ndmarc, e) == -1 ||
	    store_dns_list(m->q, TXT_SPF, STR_NONE, false, &d->spf, &d->nspf, e) == -1 ||
	    store_dns_list(m->q, TXT_KEY, STR_NONE, true, &d->keys, &d->nkeys, e) == -1 ||
	    store_dns_list(m->q, TXT_STS, STR_NONE, true, &d->sts, &d->nsts, e) == -1 ||
	    store_dns_changes(m->q, 0, STR_NONE, 0, INT64_MAX, CHANGES, &d->changes, &d->nchanges, e) == -1 ||
	    store_policy_list(m->q, &d->policies, &d->npolicies, e) == -1)
		return (-1);
	m->dns = d;
	return (0);
}

static bool
meant(const struct alert_model *m, const struct store_dns *d)
{
	return (d->own && d->twice && alert_wanted(m, d->domain));
}

/* What was said before it that fits, the latest; NULL: nothing. */
static const struct store_dns_said *
before(const struct alert_dns *a, const struct store_dns *d, bool (*fits)(const struct store_dns_said *))
{
	if (d->before == NULL)
		return (NULL);
	for (size_t i = 0; i < a->nchanges; i++)
		if (a->changes[i].kind == d->kind && str_eq(a->changes[i].name, d->name) && fits(&a->changes[i].was))
			return (&a->changes[i].was);
	return (NULL);
}

/* A text as it can be put anywhere, cut. */
static struct str
shown(const struct alert_model *m, struct str text)
{
	struct buf	 b = { 0 };
	struct str	 out;

	txt_write_one((struct str){ text.p, text.len > SHOWN ? SHOWN : text.len }, &b);
	if (text.len > SHOWN)
		(void)buf_cstr(&b, "...");
	out = b.failed ? STR_NONE : arena_str(m->a, buf_as_str(&b));
	buf_free(&b);
	return (out);
}

static struct alert_finding *
found(const struct alert_model *m, struct alert_findings *out, enum alert_rule_id rule, enum summary_level level, const struct store_dns *d,
    const char *says, const char *about)
{
	struct alert_finding	*f = alert_add(out, rule, level, d->domain, says);

	if (f == NULL)
		return (NULL);
	(void)snprintf(f->about, sizeof(f->about), "%s", about);
	alert_put(f, alert_date("day", when_day(d->said.since)));
	alert_link(f, "/domains", m->today - 6, m->today, "");
	return (f);
}

/* --- A3: the DMARC record ---------------------------------------------------------------- */

static bool
is_dmarc(const struct store_dns_said *s)
{
	struct dmarc_says	 d;

	dmarc_says(s->texts, s->n, &d);
	return (d.said == DMARC_ONE);
}

/* Our addresses are no longer among those that reports go to; where none is known, that these are others. */
static void
judge_rua(const struct alert_model *m, const struct store_dns *d, const struct dmarc_says *was, const struct dmarc_says *is,
    struct alert_findings *out)
{
	const struct str_list	*ours = m->rq->addresses;
	bool			 known = ours != NULL && ours->n > 0;
	struct alert_finding	*f;

	if (known ? !dmarc_rua_reaches(was->rua, ours) || dmarc_rua_reaches(is->rua, ours) : dmarc_rua_same(was->rua, is->rua))
		return;
	if ((f = found(m, out, ALERT_A3, known ? LEVEL_URGENT : LEVEL_WARN, d, known ? "A3.rua" : "A3.rua.other", "rua")) == NULL)
		return;
	alert_put(f, alert_text("text", is->rua.len == 0 ? STR("-") : shown(m, is->rua)));
	alert_put(f, alert_text("was", was->rua.len == 0 ? STR("-") : shown(m, was->rua)));
}

static void
judge_dmarc(const struct alert_model *m, const struct alert_dns *a, const struct store_dns *d, struct alert_findings *out)
{
	const struct store_dns_said	*old = before(a, d, is_dmarc);
	struct dmarc_says		 was, is;
	struct alert_finding		*f;
	unsigned			 steps;

	dmarc_says(d->said.texts, d->said.n, &is);
	if (is.said == DMARC_SEVERAL) {
		if ((f = found(m, out, ALERT_A3, LEVEL_URGENT, d, "A3.several", "several")) != NULL)
			alert_put(f, alert_count("n", d->said.n));
		return;
	}
	if (old == NULL)
		return;
	dmarc_says(old->texts, old->n, &was);
	if (is.said == DMARC_ABSENT) {
		if ((f = found(m, out, ALERT_A3, LEVEL_URGENT, d, "A3.gone", "gone")) != NULL)
			alert_put(f, alert_text("was", shown(m, was.text)));
		return;
	}
	if (dmarc_weaker(&was, &is, &steps) != 0 && (f = found(m, out, ALERT_A3, LEVEL_URGENT, d, "A3.weaker", "weaker")) != NULL) {
		f->weight = steps;
		alert_put(f, alert_text("text", shown(m, is.text)));
		alert_put(f, alert_text("was", shown(m, was.text)));
	}
	judge_rua(m, d, &was, &is, out);
}

void
alert_dmarc(struct alert_model *m, const struct alert_limits *l, struct alert_findings *out)
{
	const struct alert_dns	*a = m->dns;

	(void)l;
	for (size_t i = 0; i < a->ndmarc; i++)
		if (meant(m, &a->dmarc[i]))
			judge_dmarc(m, a, &a->dmarc[i], out);
}

/* --- A4: SPF and keys that break ------------------------------------------------------------ */

static int
by_domain(const void *key, const void *row)
{
	return (str_order(*(const struct str *)key, ((const struct store_dns *)row)->domain));
}

/* Of all that records lead to, too, only what was seen twice counts; and what was cut is not known. */
static enum spf_answer
spf_texts(void *ctx, struct str name, const struct str **out, size_t *n)
{
	const struct alert_dns	*a = ctx;
	const struct store_dns	*d = a->nspf == 0 ? NULL : bsearch(&name, a->spf, a->nspf, sizeof(*a->spf), by_domain);

	if (d == NULL || !d->twice || d->more > 0)
		return (SPF_NOT_KNOWN);
	*out = d->said.texts;
	*n = d->said.n;
	return (d->said.n == 0 ? SPF_NOTHING : SPF_TEXTS);
}

static void
spf_read_all(const struct alert_dns *a, const struct store_dns *d, struct spf_sum *s)
{
	struct spf_dns	 dns = { spf_texts, (void *)(uintptr_t)a };

	spf_sum(&dns, d->domain, s);
}

static bool
is_spf(const struct store_dns_said *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (spf_is(s->texts[i]))
			return (true);
	return (false);
}

static void
judge_spf(const struct alert_model *m, const struct alert_dns *a, const struct store_dns *d, struct alert_findings *out)
{
	static const char *const	 says[SPF_FAULTS] = { [SPF_SYNTAX] = "A4.syntax", [SPF_UNKNOWN] = "A4.syntax", [SPF_TWICE] = "A4.syntax",
	    [SPF_SEVERAL] = "A4.several", [SPF_TOO_MANY] = "A4.lookups", [SPF_MISSING] = "A4.missing", [SPF_LOOP] = "A4.loop" };
	struct alert_finding		*f;
	struct spf_sum			 s;

	spf_read_all(a, d, &s);
	if (s.answer == SPF_NOTHING && before(a, d, is_spf) != NULL) {
		(void)found(m, out, ALERT_A4, LEVEL_URGENT, d, "A4.gone", "spf");
		return;
	}
	if (s.answer != SPF_TEXTS || says[s.fault] == NULL ||
	    (f = found(m, out, ALERT_A4, LEVEL_URGENT, d, says[s.fault], "spf")) == NULL)
		return;
	alert_put(f, alert_name("name", arena_str(m->a, str_of(s.at))));
	alert_put(f, alert_text("text", shown(m, str_of(s.term))));
	alert_put(f, alert_count("n", s.lookups));
	alert_put(f, alert_count("limit", SPF_LOOKUPS));
}

static bool
is_key(const struct store_dns_said *s)
{
	struct key_says	 k;

	key_says(s->texts, s->n, &k);
	return (k.use == KEY_SOUND);
}

static void
judge_key(const struct alert_model *m, const struct alert_dns *a, const struct store_dns *d, struct alert_findings *out)
{
	struct alert_finding	*f;
	struct key_says		 k;
	char			 about[96];

	key_says(d->said.texts, d->said.n, &k);
	if (d->mail == 0 || d->more > 0 || k.use == KEY_SOUND || k.use == KEY_FOREIGN || before(a, d, is_key) == NULL)
		return;
	(void)snprintf(about, sizeof(about), "key %.*s", (int)d->selector.len, d->selector.p);
	if ((f = found(m, out, ALERT_A4, LEVEL_URGENT, d, k.use == KEY_NONE ? "A4.key" : "A4.key.bad", about)) == NULL)
		return;
	alert_put(f, alert_name("name", d->selector));
	alert_put(f, alert_count("n", d->mail));
}

void
alert_breaks(struct alert_model *m, const struct alert_limits *l, struct alert_findings *out)
{
	const struct alert_dns	*a = m->dns;

	(void)l;
	for (size_t i = 0; i < a->nspf; i++)
		if (meant(m, &a->spf[i]))
			judge_spf(m, a, &a->spf[i], out);
	for (size_t i = 0; i < a->nkeys; i++)
		if (meant(m, &a->keys[i]))
			judge_key(m, a, &a->keys[i], out);
}

/* --- A10: near a limit ---------------------------------------------------------------------------- */

static void
judge_small(const struct alert_model *m, const struct store_dns *d, const struct alert_limits *l, struct alert_findings *out)
{
	struct alert_finding	*f;
	struct key_says		 k;
	char			 about[96];

	key_says(d->said.texts, d->said.n, &k);
	if (d->mail == 0 || k.use != KEY_SOUND || k.ed25519 || k.bits > l->a10_bits)
		return;
	(void)snprintf(about, sizeof(about), "key %.*s", (int)d->selector.len, d->selector.p);
	if ((f = found(m, out, ALERT_A10, LEVEL_INFO, d, "A10.key", about)) == NULL)
		return;
	alert_put(f, alert_name("name", d->selector));
	alert_put(f, alert_count("n", k.bits));
	alert_put(f, alert_count("limit", l->a10_bits));
}

/* What is said of records that to senders are none (RFC 8461 3.1); NULL: there is one, or none at all. */
static const char *
no_record(const struct store_dns *d)
{
	static const char *const	 says[STS_SAYS] = { [STS_SAYS_SEVERAL] = "A10.sts.several", [STS_SAYS_FAULTY] = "A10.sts.record" };

	return (says[sts_says(d->said.texts, d->said.n)]);
}

static void
judge_record(const struct alert_model *m, const struct store_dns *d, struct alert_findings *out)
{
	const char		*says = no_record(d);
	struct alert_finding	*f;

	if (says != NULL && (f = found(m, out, ALERT_A10, LEVEL_WARN, d, says, says + 4)) != NULL)
		alert_put(f, alert_name("name", d->name));
}

/* Nobody asks for the policy of such a domain: what is wrong with it does not matter yet. */
static bool
not_asked(const struct alert_dns *a, struct str domain)
{
	for (size_t i = 0; i < a->nsts; i++)
		if (str_eq(a->sts[i].domain, domain))
			return (no_record(&a->sts[i]) != NULL);
	return (false);
}

/* The certificate before which senders have the policy from, and the policy itself. Dates are what they are; trouble is seen twice. */
static void
judge_policy(const struct alert_model *m, const struct store_policy *p, const struct alert_limits *l, struct alert_findings *out)
{
	static const char *const	 says[STS_SEENS] = { [STS_EXPIRED] = "A10.sts.ended", [STS_OTHER_NAME] = "A10.sts.name",
	    [STS_UNTRUSTED] = "A10.sts.trust", [STS_MISSING] = "A10.sts.policy", [STS_FAULTY] = "A10.sts.policy", [STS_UNREACHED] = "A10.sts.policy" };
	int64_t				 left = p->not_after == 0 ? INT32_MAX : (p->not_after - m->now) / 86400;
	bool				 ended = p->not_after != 0 && p->not_after <= m->now;
	struct alert_finding		*f;

	if (p->state != STS_SOUND && (p->twice || ended))
		f = alert_add(out, ALERT_A10, LEVEL_WARN, p->domain, ended ? "A10.sts.ended" : says[p->state]);
	else if (p->state == STS_SOUND && left < (int64_t)l->a10_days)
		f = alert_add(out, ALERT_A10, ended ? LEVEL_WARN : LEVEL_INFO, p->domain, ended ? "A10.sts.ended" : "A10.sts");
	else
		return;
	if (f == NULL)
		return;
	/* each kind of trouble is said; that the end is near once more when half of the time is left, and a quarter */
	(void)snprintf(f->about, sizeof(f->about), "%s", f->says + 4);
	f->weight = left * 4 < (int64_t)l->a10_days ? 4 : left * 2 < (int64_t)l->a10_days ? 2 : 1;
	alert_put(f, alert_date("day", p->not_after == 0 ? DAY_NONE : when_day(p->not_after)));
	alert_put(f, alert_count("n", left < 0 ? 0 : (uint64_t)left));
	alert_put(f, alert_text("text", p->why));
	alert_put(f, alert_count("limit", l->a10_days));
	alert_link(f, "/domains", m->today - 6, m->today, "");
}

void
alert_limits_near(struct alert_model *m, const struct alert_limits *l, struct alert_findings *out)
{
	const struct alert_dns	*a = m->dns;
	struct alert_finding	*f;
	struct spf_sum		 s;

	for (size_t i = 0; i < a->nspf; i++) {
		if (!meant(m, &a->spf[i]))
			continue;
		spf_read_all(a, &a->spf[i], &s);
		if (s.answer != SPF_TEXTS || s.fault != SPF_SOUND || s.lookups < l->a10_lookups ||
		    (f = found(m, out, ALERT_A10, LEVEL_INFO, &a->spf[i], "A10.lookups", "spf")) == NULL)
			continue;
		alert_put(f, alert_count("n", s.lookups));
		alert_put(f, alert_count("of", SPF_LOOKUPS));
		alert_put(f, alert_count("limit", l->a10_lookups));
	}
	for (size_t i = 0; i < a->nkeys; i++)
		if (meant(m, &a->keys[i]))
			judge_small(m, &a->keys[i], l, out);
	for (size_t i = 0; i < a->nsts; i++)
		if (meant(m, &a->sts[i]))
			judge_record(m, &a->sts[i], out);
	for (size_t i = 0; i < a->npolicies; i++)
		if (alert_wanted(m, a->policies[i].domain) && !not_asked(a, a->policies[i].domain))
			judge_policy(m, &a->policies[i], l, out);
}
