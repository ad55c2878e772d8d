/*
 * bounce.c - what a mail server's answer means, and what the reports say of
 * the domain and the address it names. Nothing of the text is kept.
 */
#include "answer/answer_int.h"
#include "explain/bounce.h"
#include "explain/explain.h"

#define DAYS STR("90d")
#define CODES 5
#define ADDRESSES 4	/* of the text, at most, are looked up */

struct about {
	struct str	 domain, ip;	/* absent: none is named */
	bool		 known;		/* there are reports about the domain */
};

static json_t *
sentence(unsigned lang, const char *key, const char *part, const struct explain_values *v)
{
	struct buf	 b = { .max = 16384 };
	char		 name[48];
	json_t		*j;

	(void)snprintf(name, sizeof(name), "bounce.%s.%s", key, part);
	(void)explain_fill(&b, lang, name, v);
	j = b.failed ? NULL : a_str(buf_as_str(&b));
	buf_free(&b);
	return (j);
}

static void
set_value(struct explain_values *v, enum explain_name name, struct str text)
{
	v->v[name] = (struct explain_value){ text.p == NULL ? VALUE_ABSENT : VALUE_NAME, text };
}

static json_t *
matches(const struct bounce *b, const struct about *about, unsigned lang)
{
	struct explain_values	 v = { 0 };
	struct a_obj		 a = a_array();

	set_value(&v, NAME_from, about->domain);
	set_value(&v, NAME_ip, about->ip);
	for (size_t i = 0; i < b->nmatches; i++) {
		struct a_obj	 o = a_object();

		a_set(&o, "key", a_text(b->matches[i].key));
		a_set(&o, "title", sentence(lang, b->matches[i].key, "title", &v));
		a_set(&o, "why", sentence(lang, b->matches[i].key, "why", &v));
		a_set(&o, "do", sentence(lang, b->matches[i].key, "do", &v));
		a_set(&o, "words", a_str(b->matches[i].words));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

/* The first name that reports are about; else the first one. */
static int
find_domain(struct query *q, const struct bounce *b, const struct query_filter *scope, struct about *about, struct err *e)
{
	struct query_domains	 d = { 0 };
	struct query_filter	 all;
	struct query_range	 r;
	int			 rv;

	query_filter_init(&all);
	about->domain = b->checked ? b->record.header_from : b->nnames > 0 ? b->names[0] : STR_NONE;
	if (about->domain.p == NULL)
		return (0);
	if ((rv = query_filter_set(&all, STR("t"), DAYS, e)) == 0 && (rv = query_filter_range(q, &all, &r, e)) == 0 &&
	    (rv = query_domains(q, scope != NULL ? scope : &all, &r, NULL, &d, e)) == 0) {
		for (size_t i = 0; i < b->nnames + b->checked && !about->known; i++) {
			struct str	 name = b->checked && i == 0 ? about->domain : b->names[i - b->checked];

			for (size_t k = 0; k < d.nitems && !about->known; k++)
				if (domain_below(name, d.items[k].domain)) {
					about->domain = name;
					about->known = true;
				}
		}
	}
	query_filter_free(&all);
	return (rv);
}

static int
set(struct query_filter *f, const char *key, struct str value, struct err *e)
{
	return (query_filter_set(f, str_of(key), value, e));
}

/* What the reports say of mail as that domain from that address; null: nothing. */
static int
seen(struct query *q, struct str domain, struct str ip, unsigned lang, json_t **out, struct err *e)
{
	const struct query_page	 codes = { .limit = CODES }, one = { .limit = 1 };
	struct query_breakdown	 by = { 0 }, who = { 0 };
	struct query_filter	 f;
	struct query_range	 r;
	struct a_obj		 o, a;
	struct explain_values	 none = { 0 };
	char			 key[48];
	int			 rv = -1;

	*out = NULL;
	query_filter_init(&f);
	if (set(&f, "t", DAYS, e) == -1 || set(&f, "hfrom", domain, e) == -1 || set(&f, "ip", ip, e) == -1 ||
	    query_filter_range(q, &f, &r, e) == -1 || query_breakdown(q, &f, &r, BY_CODE, &codes, &by, e) == -1)
		goto out;
	rv = 0;
	if (by.total_m == 0)
		goto out;
	if ((rv = query_breakdown(q, &f, &r, BY_SENDER, &one, &who, e)) == -1)
		goto out;
	a = a_array();
	for (size_t i = 0; i < by.nitems; i++) {
		struct buf	 b = { .max = 4096 };

		o = a_object();
		(void)snprintf(key, sizeof(key), "code.%.*s.title", (int)(by.items[i].key.len > 8 ? 8 : by.items[i].key.len), by.items[i].key.p);
		a_set(&o, "code", a_str(by.items[i].key));
		if (explain_text(lang, key) != NULL)
			(void)explain_fill(&b, lang, key, &none);
		a_set(&o, "title", b.failed ? NULL : a_str(buf_as_str(&b)));
		a_set(&o, "m", a_count(by.items[i].counts.m));
		a_add(&a, a_done(&o));
		buf_free(&b);
	}
	o = a_object();
	a_set(&o, "from", a_day(r.from));
	a_set(&o, "to", a_day(r.to));
	a_set(&o, "ip", a_str(ip));
	a_set(&o, "m", a_count(by.total_m));
	a_set(&o, "codes", a_done(&a));
	if (who.nitems > 0 && who.items[0].key.len > 0) {
		a = a_object();
		a_set(&a, "id", a_str(who.items[0].key));
		a_set(&a, "label", a_str(who.items[0].label));
		a_set(&o, "sender", a_done(&a));
	} else {
		a_set(&o, "sender", json_null());
	}
	if ((*out = a_done(&o)) == NULL)
		rv = err_set(e, ERR_TEMP, "out of memory");
out:
	query_filter_free(&f);
	return (rv);
}

static json_t *
card(struct query *q, const struct bounce *b, unsigned lang, struct err *e)
{
	struct explain_facts	 f = { .day = EXPLAIN_NO_DAY, .forward_from = EXPLAIN_NO_DAY, .forward_to = EXPLAIN_NO_DAY };
	struct explanation	*x;
	struct a_obj		 o;

	if (!b->checked)
		return (json_null());
	if ((x = arena_alloc(query_arena(q), 1, sizeof(*x))) == NULL ||
	    explain_row(query_arena(q), &b->policy, &b->record, &f, x, e) == -1)
		return (NULL);
	o = a_object();
	a_explained(&o, lang, x);
	return (a_done(&o));
}

json_t *
answer_bounce(struct query *q, struct str text, unsigned lang, const struct query_filter *scope, struct err *e)
{
	struct bounce	*b = arena_alloc(query_arena(q), 1, sizeof(*b));
	struct about	 about = { .known = false };
	struct a_obj	 o;
	json_t		*told = NULL, *j;

	if (b == NULL)
		return (answer_oom(e));
	if (bounce_read(query_arena(q), text, b, e) == -1 || find_domain(q, b, scope, &about, e) == -1)
		return (NULL);
	about.ip = b->record.source_ip.p != NULL ? b->record.source_ip : b->nips > 0 ? b->ips[0] : STR_NONE;
	if (about.known && b->checked && about.ip.p != NULL && seen(q, about.domain, about.ip, lang, &told, e) == -1)
		return (NULL);
	for (size_t i = 0; about.known && i < b->nips && i < ADDRESSES && told == NULL; i++) {
		if (seen(q, about.domain, b->ips[i], lang, &told, e) == -1)
			return (NULL);
		if (told != NULL)
			about.ip = b->ips[i];
	}
	o = a_object();
	a_set(&o, "lang", a_text(explain_languages[lang].tag));
	a_set(&o, "matches", matches(b, &about, lang));
	a_set(&o, "temporary", json_boolean(b->temporary));
	a_set(&o, "domain", a_str(about.domain));
	a_set(&o, "known", json_boolean(about.known));
	a_set(&o, "ip", a_str(about.ip));
	a_set(&o, "seen", told != NULL ? told : json_null());
	a_set(&o, "checks", card(q, b, lang, e));
	if ((j = a_done(&o)) == NULL)
		return (answer_oom(e));
	return (j);
}
