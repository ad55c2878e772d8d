/*
 * dns.c - what the DNS says of a domain, as it is held; nothing is asked here.
 */
#include "answer/answer_int.h"
#include "dmarc/said.h"
#include "dmarc/spf.h"
#include "dmarc/walk.h"
#include "store/policies.h"
#include "store/records.h"

#define KEYS_MOST	100
#define STEPS_MOST	64	/* of an SPF record; ten look-ups are allowed */
#define CHANGES_MOST	50

/* As in a zone file: plain letters whatever stands there. */
static json_t *
text_json(struct str text)
{
	struct buf	 b = { 0 };
	json_t		*j;

	txt_write_one(text, &b);
	j = b.failed ? NULL : a_str(b.len == 0 ? STR("") : buf_as_str(&b));
	buf_free(&b);
	return (j);
}

static json_t *
texts_json(const struct store_dns_said *s)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < s->n; i++)
		a_add(&a, text_json(s->texts[i]));
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
asks_json(const struct dmarc_says *is)
{
	struct a_obj	 o;

	if (is->said != DMARC_ONE)
		return (json_null());
	o = a_object();
	a_set(&o, "p", a_text(dmarc_request_names[is->p]));
	a_set(&o, "sp", a_text(dmarc_request_names[is->sp]));
	a_set(&o, "np", a_text(dmarc_request_names[is->np]));
	a_set(&o, "testing", json_boolean(is->record.testing || is->record.pct == 0));
	a_set(&o, "pct", a_count(is->record.pct));
	a_set(&o, "rua", is->rua.len == 0 ? json_null() : text_json(is->rua));
	return (a_done(&o));
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
	a_set(&o, "asks", asks_json(&is));
	return (a_done(&o));
}

/* What a walk up the tree meets. */
struct asking { struct query *q; struct err *e; bool failed; };

static enum dns_answer
dmarc_at(void *ctx, struct str name, struct str texts[WALK_TEXTS], size_t *n)
{
	struct asking		*a = ctx;
	const struct store_dns	*d = NULL;
	char			 full[DOMAIN_MAX + 9];

	*n = 0;
	(void)snprintf(full, sizeof(full), "_dmarc.%.*s", (int)name.len, name.p);
	if (a->failed || store_dns_get(a->q, TXT_DMARC, str_of(full), &d, a->e) == -1) {
		a->failed = true;
		return (DNS_UNKNOWN);
	}
	if (d == NULL || d->said.state == STORE_DNS_WAITING)
		return (DNS_UNKNOWN);
	for (; *n < d->said.n && *n < WALK_TEXTS; (*n)++)
		texts[*n] = d->said.texts[*n];
	return (*n == 0 ? DNS_NONE : DNS_RECORD);
}

/* Names are asked for what their SPF record is; a name without any record is told so there. */
static enum dns_answer
name_exists(void *ctx, struct str name)
{
	struct asking		*a = ctx;
	const struct store_dns	*d = NULL;

	if (a->failed || store_dns_get(a->q, TXT_SPF, name, &d, a->e) == -1) {
		a->failed = true;
		return (DNS_UNKNOWN);
	}
	if (d == NULL || d->said.state == STORE_DNS_WAITING)
		return (DNS_UNKNOWN);
	return (d->said.state == STORE_DNS_NXDOMAIN ? DNS_NONE : DNS_RECORD);
}

static json_t *
step_json(const struct dmarc_dns *dns, struct str name)
{
	static const char *const	 words[] = { "none", "record", "several" };
	struct store_dns_said		 said = { 0 };
	struct str			 texts[WALK_TEXTS];
	struct dmarc_says		 is;
	struct a_obj			 o = a_object();
	enum dns_answer			 answer = dns->dmarc(dns->ctx, name, texts, &said.n);

	said.texts = texts;
	dmarc_says(texts, said.n, &is);
	a_set(&o, "domain", a_str(name));
	a_set(&o, "found", answer == DNS_UNKNOWN ? json_null() : a_text(words[is.said]));
	a_set(&o, "texts", texts_json(&said));
	return (a_done(&o));
}

/* The record that holds for mail with that name in From; null: there is none, or an answer is missing. */
int
a_applies(struct query *q, struct str from, json_t **out, struct err *e)
{
	struct asking		 a = { .q = q, .e = e };
	struct dmarc_dns	 dns = { .dmarc = dmarc_at, .exists = name_exists, .ctx = &a };
	struct policy_found	 f;
	struct a_obj		 o;

	*out = json_null();
	dmarc_discover(&dns, from, BY_WALK, &f);
	if (a.failed || f.answer != DNS_RECORD)
		return (a.failed ? -1 : 0);
	o = a_object();
	a_set(&o, "domain", a_str(f.at));
	a_set(&o, "tag", a_str(f.tag));
	a_set(&o, "requested", a_text(dmarc_request_names[f.requested]));
	*out = a_done(&o);
	return (0);
}

/* The names that are asked from the domain upwards, and the record that holds for it. */
static int
walk_json(struct query *q, struct str domain, struct a_obj *out, struct err *e)
{
	struct asking		 a = { .q = q, .e = e };
	struct dmarc_dns	 dns = { .dmarc = dmarc_at, .ctx = &a };
	struct walk		 w;
	struct a_obj		 steps = a_array();
	json_t			*applies;

	dmarc_walk(&dns, domain, &w);
	for (unsigned i = 0; i < w.nasked; i++)
		a_add(&steps, step_json(&dns, w.asked[i]));
	a_set(out, "walk", a_done(&steps));
	if (a.failed || a_applies(q, domain, &applies, e) == -1)
		return (-1);
	a_set(out, "applies", applies);
	return (0);
}

/* --- SPF ----------------------------------------------------------------------------------- */

static enum spf_answer
texts_of(void *ctx, struct str name, const struct str **out, size_t *n)
{
	struct asking		*a = ctx;
	const struct store_dns	*d;

	if (a->failed || store_dns_get(a->q, TXT_SPF, name, &d, a->e) == -1 ||
	    (d == NULL && store_dns_included(a->q, name, &d, a->e) == -1)) {
		a->failed = true;
		return (SPF_NOT_KNOWN);
	}
	if (d == NULL || d->said.state == STORE_DNS_WAITING || d->more > 0)
		return (SPF_NOT_KNOWN);
	*out = d->said.texts;
	*n = d->said.n;
	return (*n == 0 ? SPF_NOTHING : SPF_TEXTS);
}

struct steps { struct a_obj a; unsigned n; };

static void
step_add(void *ctx, const struct spf_step *step)
{
	static const char *const	 words[] = { [SPF_TEXTS] = "record", [SPF_NOTHING] = "none", [SPF_NOT_KNOWN] = "unknown" };
	struct steps			*s = ctx;
	struct a_obj			 o;

	if (s->n++ >= STEPS_MOST)
		return;
	o = a_object();
	a_set(&o, "name", text_json(step->name));
	a_set(&o, "depth", a_count(step->depth));
	a_set(&o, "by", step->depth == 0 ? json_null() : a_text(step->redirect ? "redirect" : "include"));
	a_set(&o, "found", a_text(step->macro ? "macro" : words[step->answer]));
	a_set(&o, "text", step->text.p == NULL ? json_null() : text_json(step->text));
	a_set(&o, "lookups", a_count(step->lookups));
	a_set(&o, "fault", step->fault == SPF_SOUND ? json_null() : a_text(spf_fault_names[step->fault]));
	a_add(&s->a, a_done(&o));
}

static int
spf_json(struct query *q, const struct store_dns *d, json_t **out, struct err *e)
{
	struct asking	 a = { .q = q, .e = e };
	struct spf_dns	 dns = { texts_of, &a };
	struct steps	 steps = { .n = 0 };
	struct spf_seen	 seen = { step_add, &steps };
	struct spf_sum	 s;
	struct a_obj	 o;
	bool		 known;

	*out = json_null();
	if (d == NULL)
		return (0);
	steps.a = a_array();
	spf_walk(&dns, d->domain, &seen, &s);
	if (a.failed) {
		json_decref(a_done(&steps.a));
		return (-1);
	}
	known = s.answer == SPF_TEXTS;
	o = record_json(d);
	a_set(&o, "lookups", known ? a_count(s.lookups) : json_null());
	a_set(&o, "unknown", a_count(known ? s.unknown : 0));
	a_set(&o, "fault", known && s.fault != SPF_SOUND ? a_text(spf_fault_names[s.fault]) : json_null());
	a_set(&o, "fault_at", known && s.fault != SPF_SOUND ? a_text(s.at) : json_null());
	a_set(&o, "fault_term", known && s.term[0] != '\0' ? a_text(s.term) : json_null());
	a_set(&o, "tree", a_done(&steps.a));
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
	a_set(&o, "domain", a_str(d->domain));
	a_set(&o, "selector", a_str(d->selector));
	a_set(&o, "key", a_text(key_use_names[k.use]));
	a_set(&o, "type", k.use == KEY_SOUND ? a_text(k.ed25519 ? "ed25519" : "rsa") : json_null());
	a_set(&o, "testing", json_boolean(k.testing));
	a_set(&o, "bits", k.use == KEY_SOUND ? a_count(k.bits) : json_null());
	a_set(&o, "m", a_count(d->mail));
	return (a_done(&o));
}

/* --- What became another ------------------------------------------------------------------------ */

static json_t *
short_json(const struct store_dns_said *s)
{
	struct a_obj	 o = a_object();

	a_set(&o, "state", a_text(store_dns_state_names[s->state]));
	a_set(&o, "texts", texts_json(s));
	a_set(&o, "since", time_json(s->since));
	return (a_done(&o));
}

static int
changes_json(struct query *q, struct str domain, json_t **out, struct err *e)
{
	const struct store_dns_change	*list;
	struct a_obj			 a;
	size_t				 n;

	if (store_dns_changes(q, 0, domain, 0, INT64_MAX, CHANGES_MOST, &list, &n, e) == -1)
		return (-1);
	a = a_array();
	for (size_t i = 0; i < n; i++) {
		struct a_obj	 o = a_object();

		a_set(&o, "at", a_time(list[i].was.until));
		a_set(&o, "kind", a_text(store_dns_kind_names[list[i].kind]));
		a_set(&o, "name", a_str(list[i].name));
		a_set(&o, "was", short_json(&list[i].was));
		a_set(&o, "is", short_json(&list[i].is));
		a_add(&a, a_done(&o));
	}
	*out = a_done(&a);
	return (0);
}

/* Keys of names below count as well: relaxed alignment takes their signatures. */
static bool
is_key(const struct store_dns *d)
{
	return (d->kind == TXT_KEY && d->own);
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
	a_set(&o, "found", a_text(sts_said_names[sts_says(d->said.texts, d->said.n)]));
	a_set(&o, "policy", policy_json(p));
	*out = a_done(&o);
	return (0);
}

json_t *
a_dns(struct query *q, struct str domain, const struct report_policy *seen, struct err *e)
{
	const struct store_dns	*list, *dmarc = NULL, *spf = NULL, *sts = NULL;
	struct a_obj		 o, keys;
	json_t			*j, *spf_j, *changes, *sts_j = NULL;
	size_t			 n, nkeys = 0;

	if (store_dns_list(q, 0, domain, false, &list, &n, e) == -1)
		return (NULL);
	for (size_t i = 0; i < n; i++) {
		nkeys += is_key(&list[i]);
		if (!str_eq(list[i].domain, domain))
			continue;
		if (list[i].kind == TXT_DMARC)
			dmarc = &list[i];
		else if (list[i].kind == TXT_SPF)
			spf = &list[i];
		else if (list[i].kind == TXT_STS)
			sts = &list[i];
	}
	if (dmarc == NULL && spf == NULL && sts == NULL && nkeys == 0)
		return (json_null());
	if (spf_json(q, spf, &spf_j, e) == -1)
		return (NULL);
	if (sts_json(q, sts, &sts_j, e) == -1 || changes_json(q, domain, &changes, e) == -1) {
		json_decref(spf_j);
		json_decref(sts_j);
		return (NULL);
	}
	o = a_object();
	keys = a_array();
	for (int used = 1, k = 0; used >= 0; used--)
		for (size_t i = 0; i < n && k < KEYS_MOST; i++)
			if (is_key(&list[i]) && (list[i].mail > 0) == (used == 1)) {
				a_add(&keys, key_json(&list[i]));
				k++;
			}
	a_set(&o, "dmarc", dmarc_json(dmarc, seen));
	a_set(&o, "spf", spf_j);
	a_set(&o, "keys", a_done(&keys));
	a_set(&o, "changes", changes);
	a_set(&o, "sts", sts_j);
	if (walk_json(q, domain, &o, e) == -1) {
		json_decref(a_done(&o));
		return (NULL);
	}
	if ((j = a_done(&o)) == NULL)
		(void)answer_oom(e);
	return (j);
}
