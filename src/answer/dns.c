/*
 * dns.c - what the DNS says of a domain, as it is held; nothing is asked here.
 */
#include "answer/answer_int.h"
#include "dmarc/said.h"
#include "dmarc/spf.h"
#include "store/policies.h"
#include "store/records.h"

#define KEYS_MOST	100

/* As in a zone file: plain letters whatever stands there. */
static json_t *
texts_json(const struct store_dns_said *s)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < s->n; i++) {
		struct buf	 b = { 0 };

		txt_write_one(s->texts[i], &b);
		a_add(&a, b.failed ? NULL : a_str(b.len == 0 ? STR("") : buf_as_str(&b)));
		buf_free(&b);
	}
	return (a_done(&a));
}

static json_t *
time_json(int64_t t)
{
	return (t == 0 ? json_null() : a_time(t));
}

static json_t *
said_json(const struct store_dns_said *s)
{
	struct a_obj	 o;

	if (s == NULL)
		return (json_null());
	o = a_object();
	a_set(&o, "state", a_text(store_dns_state_names[s->state]));
	a_set(&o, "texts", texts_json(s));
	a_set(&o, "since", time_json(s->since));
	a_set(&o, "until", time_json(s->until));
	return (a_done(&o));
}

static struct a_obj
record_json(const struct store_dns *d)
{
	struct a_obj	 o = a_object();

	a_set(&o, "name", a_str(d->name));
	a_set(&o, "said", said_json(&d->said));
	a_set(&o, "before", said_json(d->before));
	a_set(&o, "cut", json_boolean(d->more > 0));
	a_set(&o, "checked", time_json(d->checked));
	a_set(&o, "answered", time_json(d->answered));
	a_set(&o, "server", d->server.p == NULL ? json_null() : a_str(d->server));
	a_set(&o, "second", d->second.p == NULL ? json_null() : a_str(d->second));
	a_set(&o, "disputed", json_boolean(d->disputed));
	a_set(&o, "failure", d->failure == STORE_DNS_ANSWERED ? json_null() : a_text(store_dns_failure_names[d->failure]));
	return (o);
}

/* --- DMARC ------------------------------------------------------------------------------- */

static bool
other_request(struct str seen, enum dmarc_request is)
{
	return (seen.p != NULL && dmarc_request_read(seen) != REQUEST_ABSENT && dmarc_request_read(seen) != is);
}

static bool
other_mode(struct str seen, bool strict)
{
	return (seen.p != NULL && str_ieq(seen, "s") != strict);
}

/* Is it another record than reports saw last? null: nothing can be said. */
static json_t *
differs_json(const struct dmarc_says *is, const struct report_policy *seen)
{
	const struct dmarc_record	*r = &is->record;

	if (seen == NULL || seen->p.p == NULL || is->said != DMARC_ONE)
		return (json_null());
	return (json_boolean(other_request(seen->p, r->p) || other_request(seen->sp, r->sp == REQUEST_ABSENT ? r->p : r->sp) ||
	    other_mode(seen->adkim, r->strict_dkim) || other_mode(seen->aspf, r->strict_spf)));
}

static json_t *
dmarc_json(const struct store_dns *d, const struct report_policy *seen)
{
	static const char *const	 words[] = { "none", "record", "several" };
	struct dmarc_says		 is;
	struct a_obj			 o;

	if (d == NULL)
		return (json_null());
	dmarc_says(d->said.texts, d->said.n, &is);
	o = record_json(d);
	a_set(&o, "found", a_text(words[is.said]));
	a_set(&o, "differs", differs_json(&is, seen));
	return (a_done(&o));
}

/* --- SPF ----------------------------------------------------------------------------------- */

struct asking { struct query *q; struct err *e; bool failed; };

static enum spf_answer
texts_of(void *ctx, struct str name, const struct str **out, size_t *n)
{
	struct asking		*a = ctx;
	const struct store_dns	*d;

	if (a->failed || store_dns_get(a->q, TXT_SPF, name, &d, a->e) == -1) {
		a->failed = true;
		return (SPF_NOT_KNOWN);
	}
	if (d == NULL || d->said.state == STORE_DNS_WAITING || d->more > 0)
		return (SPF_NOT_KNOWN);
	*out = d->said.texts;
	*n = d->said.n;
	return (*n == 0 ? SPF_NOTHING : SPF_TEXTS);
}

static int
spf_json(struct query *q, const struct store_dns *d, json_t **out, struct err *e)
{
	struct asking	 a = { .q = q, .e = e };
	struct spf_dns	 dns = { texts_of, &a };
	struct spf_sum	 s;
	struct a_obj	 o;
	bool		 known;

	*out = json_null();
	if (d == NULL)
		return (0);
	spf_sum(&dns, d->domain, &s);
	if (a.failed)
		return (-1);
	known = s.answer == SPF_TEXTS;
	o = record_json(d);
	a_set(&o, "lookups", known ? a_count(s.lookups) : json_null());
	a_set(&o, "unknown", a_count(known ? s.unknown : 0));
	a_set(&o, "fault", known && s.fault != SPF_SOUND ? a_text(spf_fault_names[s.fault]) : json_null());
	a_set(&o, "fault_at", known && s.fault != SPF_SOUND ? a_text(s.at) : json_null());
	a_set(&o, "fault_term", known && s.term[0] != '\0' ? a_text(s.term) : json_null());
	*out = a_done(&o);
	return (0);
}

/* --- Keys ------------------------------------------------------------------------------------ */

static json_t *
key_json(const struct store_dns *d)
{
	struct key_says	 k;
	struct a_obj	 o = record_json(d);

	key_says(d->said.texts, d->said.n, &k);
	a_set(&o, "selector", a_str(d->selector));
	a_set(&o, "key", a_text(key_use_names[k.use]));
	a_set(&o, "bits", k.use == KEY_SOUND ? a_count(k.bits) : json_null());
	a_set(&o, "m", a_count(d->mail));
	return (a_done(&o));
}

/* --- MTA-STS: the record, and the policy behind it ------------------------------------------- */

static json_t *
policy_json(const struct store_policy *p)
{
	struct a_obj	 o;

	if (p == NULL)
		return (json_null());
	o = a_object();
	a_set(&o, "state", a_text(sts_seen_names[p->state]));
	a_set(&o, "why", p->why.len == 0 ? json_null() : a_str(p->why));
	a_set(&o, "certificate_until", time_json(p->not_after));
	a_set(&o, "mode", p->mode == STS_UNKNOWN ? json_null() : a_text(sts_mode_names[p->mode]));
	a_set(&o, "max_age", p->max_age < 0 ? json_null() : a_count((uint64_t)p->max_age));
	a_set(&o, "since", time_json(p->since));
	a_set(&o, "checked", time_json(p->checked));
	return (a_done(&o));
}

static int
sts_json(struct query *q, const struct store_dns *d, json_t **out, struct err *e)
{
	const struct store_policy	*p;
	struct a_obj			 o;

	*out = json_null();
	if (d == NULL)
		return (0);
	if (store_policy_get(q, d->domain, &p, e) == -1)
		return (-1);
	o = record_json(d);
	a_set(&o, "policy", policy_json(p));
	*out = a_done(&o);
	return (0);
}

json_t *
a_dns(struct query *q, struct str domain, const struct report_policy *seen, struct err *e)
{
	const struct store_dns	*list, *dmarc = NULL, *spf = NULL, *sts = NULL;
	struct a_obj		 o, keys;
	json_t			*j, *spf_j, *sts_j;
	size_t			 n, nkeys = 0;

	if (store_dns_list(q, 0, domain, false, &list, &n, e) == -1)
		return (NULL);
	keys = a_array();
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(list[i].domain, domain))
			continue;
		if (list[i].kind == TXT_DMARC)
			dmarc = &list[i];
		else if (list[i].kind == TXT_SPF)
			spf = &list[i];
		else if (list[i].kind == TXT_STS)
			sts = &list[i];
		else if (list[i].kind == TXT_KEY && nkeys++ < KEYS_MOST)
			a_add(&keys, key_json(&list[i]));
	}
	if (spf_json(q, spf, &spf_j, e) == -1) {
		json_decref(a_done(&keys));
		return (NULL);
	}
	if (sts_json(q, sts, &sts_j, e) == -1) {
		json_decref(a_done(&keys));
		json_decref(spf_j);
		return (NULL);
	}
	if (dmarc == NULL && spf == NULL && sts == NULL && nkeys == 0) {
		json_decref(a_done(&keys));
		json_decref(spf_j);
		json_decref(sts_j);
		return (json_null());
	}
	o = a_object();
	a_set(&o, "dmarc", dmarc_json(dmarc, seen));
	a_set(&o, "spf", spf_j);
	a_set(&o, "keys", a_done(&keys));
	a_set(&o, "sts", sts_j);
	if ((j = a_done(&o)) == NULL)
		(void)answer_oom(e);
	return (j);
}
