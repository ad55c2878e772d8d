/*
 * json.c - a summary for programs: JSON with the figures under the names of
 * the API, and CSV with a line for each domain.
 */
#include <jansson.h>
#include <math.h>

#include "answer/answer.h"
#include "base/escape.h"
#include "base/when.h"
#include "store/todo.h"
#include "summary/changed.h"
#include "summary/fixes.h"
#include "summary/say.h"

static void
set(json_t *o, const char *key, json_t *v, bool *ok)
{
	if (v == NULL || json_object_set_new(o, key, v) == -1)
		*ok = false;
}

static void
add(json_t *a, json_t *v, bool *ok)
{
	if (v == NULL || json_array_append_new(a, v) == -1)
		*ok = false;
}

/* Text of strangers may be no UTF-8: what is none is written as \xNN. */
static json_t *
str_json(struct str s)
{
	struct buf	 safe = { 0 };
	json_t		*j;

	if (s.p == NULL)
		return (json_null());
	if (str_utf8_ok(s))
		return (json_stringn(s.p, s.len));
	(void)esc_text(&safe, s);
	j = safe.failed ? NULL : json_stringn(safe.len == 0 ? "" : safe.p, safe.len);
	buf_free(&safe);
	return (j);
}

static json_t *
text_json(const char *s)
{
	return (s == NULL ? json_null() : json_string(s));
}

static json_t *
rate_json(double v)
{
	return (isnan(v) ? json_null() : json_real(v));
}

static json_t *
day_json(int64_t day)
{
	char	 text[WHEN_TEXT];

	return (day == DAY_NONE ? json_null() : json_string(when_date(day, text)));
}

static json_t *
count_json(uint64_t v)
{
	return (json_integer((json_int_t)v));
}

static json_t *
said(const struct buf *b)
{
	return (b->failed ? NULL : str_json(buf_as_str(b)));
}

static json_t *
counts_or_null(const struct query_counts *c, bool there)
{
	return (there ? answer_counts(c) : json_null());
}

static json_t *
item_json(const struct summary *s, const struct summary_item *it, unsigned lang)
{
	json_t		*o = json_object();
	struct buf	 b = { 0 };
	char		 code[8];
	bool		 ok = o != NULL, has;

	set(o, "rule", text_json(summary_kind_names[it->kind]), &ok);
	set(o, "level", text_json(summary_level_names[it->level]), &ok);
	set(o, "domain", str_json(it->domain), &ok);
	set(o, "sender", it->sender == 0 ? json_null() : json_sprintf("%lld", (long long)it->sender), &ok);
	set(o, "name", str_json(it->name), &ok);
	set(o, "n", count_json(it->n), &ok);
	set(o, "of", count_json(it->of), &ok);
	set(o, "was", s->compared ? count_json(it->was) : json_null(), &ok);
	set(o, "rate", rate_json(it->rate), &ok);
	set(o, "rate_was", rate_json(it->rate_was), &ok);
	set(o, "day", day_json(it->day), &ok);
	set(o, "code", it->code == 0 ? json_null() : text_json(dmarc_code_name(it->code, code)), &ok);
	say_item(&b, s, it, lang);
	set(o, "text", said(&b), &ok);
	buf_clear(&b);
	has = say_do(&b, it, lang);
	set(o, "do", has ? said(&b) : json_null(), &ok);
	set(o, "url", it->link[0] == '\0' || s->base_url == NULL ? json_null() : json_sprintf("%s%s", s->base_url, it->link), &ok);
	buf_free(&b);
	if (ok)
		return (o);
	json_decref(o);
	return (NULL);
}

static json_t *
domain_json(const struct summary *s, const struct summary_domain *d)
{
	json_t	*o = json_object();
	bool	 ok = o != NULL;

	set(o, "domain", str_json(d->domain), &ok);
	set(o, "status", text_json(d->status), &ok);
	set(o, "cause", text_json(d->cause), &ok);
	set(o, "policy", str_json(d->policy), &ok);
	set(o, "testing", json_boolean(d->testing), &ok);
	set(o, "counts", answer_counts(&d->counts), &ok);
	set(o, "prev", counts_or_null(&d->prev, s->compared && d->prev.m > 0), &ok);
	set(o, "legit_pass", rate_json(say_yours(&d->counts)), &ok);
	set(o, "change", rate_json(say_change(s, &d->counts, &d->prev)), &ok);
	set(o, "stopped", rate_json(say_stopped(&d->counts)), &ok);
	set(o, "reports", count_json(d->reports), &ok);
	set(o, "last_day", day_json(d->last_ever), &ok);
	if (ok)
		return (o);
	json_decref(o);
	return (NULL);
}

static json_t *
fresh_json(const struct summary *s)
{
	json_t	*o = json_object(), *a = json_array(), *sel = json_array(), *sub = json_array();
	bool	 ok = o != NULL && a != NULL && sel != NULL && sub != NULL;

	for (size_t i = 0; i < s->nsenders && ok; i++) {
		const struct summary_sender	*x = &s->senders[i];
		json_t				*one = json_object();

		set(one, "id", json_sprintf("%lld", (long long)x->id), &ok);
		set(one, "label", str_json(x->label), &ok);
		set(one, "domain", str_json(x->domain), &ok);
		set(one, "class", text_json(sender_class_names[x->class]), &ok);
		set(one, "m", count_json(x->m), &ok);
		add(a, one, &ok);
	}
	for (size_t i = 0; i < s->fresh.nselectors && ok; i++)
		add(sel, str_json(s->fresh.selectors[i]), &ok);
	for (size_t i = 0; i < s->fresh.nsubdomains && ok; i++)
		add(sub, str_json(s->fresh.subdomains[i]), &ok);
	set(o, "senders", a, &ok);
	set(o, "senders_n", count_json(s->nsenders_all), &ok);
	set(o, "selectors", sel, &ok);
	set(o, "subdomains", sub, &ok);
	if (ok)
		return (o);
	json_decref(o);
	return (NULL);
}

static json_t *
fix_json(const struct summary_fix *x)
{
	json_t	*o = json_object();
	char	 code[8];
	bool	 ok = o != NULL;

	set(o, "sender", json_sprintf("%lld", (long long)x->sender), &ok);
	set(o, "label", str_json(x->name), &ok);
	set(o, "domain", str_json(x->domain), &ok);
	set(o, "code", text_json(dmarc_code_name(x->code, code)), &ok);
	set(o, "verdict", text_json(watch_verdict_names[x->verdict]), &ok);
	set(o, "day", day_json(x->day), &ok);
	set(o, "through", day_json(x->through), &ok);
	set(o, "m", count_json(x->m), &ok);
	set(o, "bad", count_json(x->bad), &ok);
	set(o, "pass", count_json(x->pass), &ok);
	if (ok)
		return (o);
	json_decref(o);
	return (NULL);
}

static json_t *
fixes_json(const struct summary *s)
{
	json_t	*list = json_array();
	bool	 ok = list != NULL;

	for (size_t i = 0; i < s->nfixes && ok; i++)
		add(list, fix_json(&s->fixes[i]), &ok);
	if (ok)
		return (list);
	json_decref(list);
	return (NULL);
}

static json_t *
changes_json(const struct summary *s)
{
	json_t	*a = json_array();
	bool	 ok = a != NULL;

	for (size_t i = 0; i < s->nchanges && ok; i++) {
		json_t	*o = json_object();

		set(o, "day", day_json(s->changes[i].day), &ok);
		set(o, "domain", str_json(s->changes[i].domain), &ok);
		set(o, "old", str_json(s->changes[i].was), &ok);
		set(o, "new", str_json(s->changes[i].is), &ok);
		set(o, "reporters", count_json(s->changes[i].reporters), &ok);
		add(a, o, &ok);
	}
	if (ok)
		return (a);
	json_decref(a);
	return (NULL);
}

static json_t *
intake_json(const struct summary *s)
{
	json_t	*o = json_object(), *a = json_array();
	bool	 ok = o != NULL && a != NULL;

	set(o, "reports", count_json(s->reports), &ok);
	set(o, "reporters", count_json(s->reporters), &ok);
	set(o, "mails", count_json(s->messages), &ok);
	set(o, "unreadable", count_json(s->unreadable), &ok);
	for (size_t i = 0; i < s->nmailboxes && ok; i++) {
		const struct summary_mailbox	*m = &s->mailboxes[i];
		json_t				*one = json_object();
		char				 t[WHEN_TEXT];

		set(one, "name", text_json(m->name), &ok);
		set(one, "last_success", m->last_success == 0 ? json_null() : json_string(when_rfc3339(m->last_success, t)), &ok);
		set(one, "error", m->error == NULL ? json_null() : str_json(str_of(m->error)), &ok);
		add(a, one, &ok);
	}
	set(o, "mailboxes", a, &ok);
	if (ok)
		return (o);
	json_decref(o);
	return (NULL);
}

struct json_t *
summary_json(const struct summary *s, unsigned lang)
{
	json_t		*o = json_object(), *items = json_array(), *domains = json_array(), *tls = json_object();
	struct buf	 b = { 0 };
	char		 t[WHEN_TEXT];
	bool		 ok = o != NULL && items != NULL && domains != NULL && tls != NULL;

	set(o, "period", text_json(summary_period_names[s->period]), &ok);
	set(o, "from", day_json(s->from), &ok);
	set(o, "to", day_json(s->to), &ok);
	set(o, "made", json_string(when_rfc3339(s->made, t)), &ok);
	set(o, "complete_through", day_json(s->complete_through), &ok);
	set(o, "complete", json_boolean(s->complete), &ok);
	set(o, "prev_from", s->compared ? day_json(s->prev_from) : json_null(), &ok);
	set(o, "prev_to", s->compared ? day_json(s->prev_to) : json_null(), &ok);
	set(o, "lang", text_json(summary_language_tag(lang)), &ok);
	(void)summary_subject(&b, s, lang);
	set(o, "subject", said(&b), &ok);
	set(o, "all_well", json_boolean(summary_quiet(s)), &ok);
	set(o, "counts", answer_counts(&s->counts), &ok);
	set(o, "prev", counts_or_null(&s->prev, s->compared), &ok);
	set(o, "legit_pass", rate_json(say_yours(&s->counts)), &ok);
	for (size_t i = 0; i < s->nitems && ok; i++)
		add(items, item_json(s, &s->items[i], lang), &ok);
	set(o, "needs", items, &ok);
	for (size_t i = 0; i < s->ndomains && ok; i++)
		add(domains, domain_json(s, &s->domains[i]), &ok);
	set(o, "domains", domains, &ok);
	set(o, "new", fresh_json(s), &ok);
	set(o, "changed", changes_json(s), &ok);
	set(o, "dns", summary_dns_json(s), &ok);
	set(o, "fixes", fixes_json(s), &ok);
	set(o, "intake", intake_json(s), &ok);
	set(tls, "successful", count_json(s->tls_ok), &ok);
	set(tls, "failed", count_json(s->tls_failed), &ok);
	set(o, "tls", tls, &ok);
	buf_free(&b);
	if (ok)
		return (o);
	json_decref(o);
	return (NULL);
}

/* --- CSV ----------------------------------------------------------------------------------- */

static void
cell(struct buf *b, const char *sep, struct str s)
{
	(void)buf_cstr(b, sep);
	(void)esc_csv(b, s);
}

static void
cell_count(struct buf *b, uint64_t v)
{
	(void)buf_printf(b, ",%llu", (unsigned long long)v);
}

static void
cell_rate(struct buf *b, double v)
{
	char	 text[40];

	(void)snprintf(text, sizeof(text), "%.6f", v);
	(void)buf_byte(b, ',');
	if (!isnan(v))
		(void)buf_cstr(b, text);
}

bool
summary_csv(struct buf *b, const struct summary *s)
{
	char	 from[WHEN_TEXT], to[WHEN_TEXT];

	(void)buf_cstr(b, "from,to,complete,domain,status,policy,m,pass,fail_fix,fail_fwd,fail_unk,untold,yours_m,yours_pass,legit_pass,change,"
	    "collateral,leaked,stopped,prev_m,prev_pass,prev_collateral,reports,needs\r\n");
	for (size_t i = 0; i < s->ndomains; i++) {
		const struct summary_domain	*d = &s->domains[i];
		uint64_t			 needs = 0;

		for (size_t k = 0; k < s->nitems; k++)
			needs += s->items[k].level != LEVEL_INFO && str_eq(s->items[k].domain, d->domain);
		(void)buf_printf(b, "%s,%s,%s", when_date(s->from, from), when_date(s->to, to), s->complete ? "true" : "false");
		cell(b, ",", d->domain);
		cell(b, ",", str_of(d->status));
		cell(b, ",", d->policy);
		cell_count(b, d->counts.m);
		cell_count(b, query_passing(&d->counts));
		cell_count(b, d->counts.fail_fix);
		cell_count(b, d->counts.fail_fwd);
		cell_count(b, d->counts.fail_unk);
		cell_count(b, d->counts.untold);
		cell_count(b, d->counts.yours);
		cell_count(b, d->counts.yours_pass);
		cell_rate(b, say_yours(&d->counts));
		cell_rate(b, say_change(s, &d->counts, &d->prev));
		cell_count(b, d->counts.collateral);
		cell_count(b, d->counts.leaked);
		cell_rate(b, say_stopped(&d->counts));
		if (s->compared) {
			cell_count(b, d->prev.m);
			cell_count(b, query_passing(&d->prev));
			cell_count(b, d->prev.collateral);
		} else
			(void)buf_cstr(b, ",,,");
		cell_count(b, d->reports);
		cell_count(b, needs);
		(void)buf_cstr(b, "\r\n");
	}
	return (!b->failed);
}
