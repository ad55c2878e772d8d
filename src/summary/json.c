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
#include "summary/values.h"

static json_t *
text_json(const char *s)
{
	return (s == NULL ? json_null() : json_string(s));
}

static json_t *
said(const struct buf *b)
{
	return (b->failed ? NULL : values_str(buf_as_str(b)));
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

	values_set(o, "rule", text_json(summary_kind_names[it->kind]), &ok);
	values_set(o, "level", text_json(summary_level_names[it->level]), &ok);
	values_set(o, "domain", values_str(it->domain), &ok);
	values_set(o, "sender", it->sender == 0 ? json_null() : json_sprintf("%lld", (long long)it->sender), &ok);
	values_set(o, "name", values_str(it->name), &ok);
	values_set(o, "n", values_count(it->n), &ok);
	values_set(o, "of", values_count(it->of), &ok);
	values_set(o, "was", s->compared ? values_count(it->was) : json_null(), &ok);
	values_set(o, "rate", values_rate(it->rate), &ok);
	values_set(o, "rate_was", values_rate(it->rate_was), &ok);
	values_set(o, "day", values_day(it->day), &ok);
	values_set(o, "code", it->code == 0 ? json_null() : text_json(dmarc_code_name(it->code, code)), &ok);
	say_item(&b, s, it, lang);
	values_set(o, "text", said(&b), &ok);
	buf_clear(&b);
	has = say_do(&b, it, lang);
	values_set(o, "do", has ? said(&b) : json_null(), &ok);
	values_set(o, "url", it->link[0] == '\0' || s->base_url == NULL ? json_null() : json_sprintf("%s%s", s->base_url, it->link), &ok);
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

	values_set(o, "domain", values_str(d->domain), &ok);
	values_set(o, "status", text_json(d->status), &ok);
	values_set(o, "cause", text_json(d->cause), &ok);
	values_set(o, "policy", values_str(d->policy), &ok);
	values_set(o, "testing", json_boolean(d->testing), &ok);
	values_set(o, "counts", answer_counts(&d->counts), &ok);
	values_set(o, "prev", counts_or_null(&d->prev, s->compared && d->prev.m > 0), &ok);
	values_set(o, "legit_pass", values_rate(say_yours(&d->counts)), &ok);
	values_set(o, "change", values_rate(say_change(s, &d->counts, &d->prev)), &ok);
	values_set(o, "stopped", values_rate(say_stopped(&d->counts)), &ok);
	values_set(o, "reports", values_count(d->reports), &ok);
	values_set(o, "last_day", values_day(d->last_ever), &ok);
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

		values_set(one, "id", json_sprintf("%lld", (long long)x->id), &ok);
		values_set(one, "label", values_str(x->label), &ok);
		values_set(one, "domain", values_str(x->domain), &ok);
		values_set(one, "class", text_json(sender_class_names[x->class]), &ok);
		values_set(one, "m", values_count(x->m), &ok);
		values_add(a, one, &ok);
	}
	for (size_t i = 0; i < s->fresh.nselectors && ok; i++)
		values_add(sel, values_str(s->fresh.selectors[i]), &ok);
	for (size_t i = 0; i < s->fresh.nsubdomains && ok; i++)
		values_add(sub, values_str(s->fresh.subdomains[i]), &ok);
	values_set(o, "senders", a, &ok);
	values_set(o, "senders_n", values_count(s->nsenders_all), &ok);
	values_set(o, "selectors", sel, &ok);
	values_set(o, "subdomains", sub, &ok);
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

	values_set(o, "sender", json_sprintf("%lld", (long long)x->sender), &ok);
	values_set(o, "label", values_str(x->name), &ok);
	values_set(o, "domain", values_str(x->domain), &ok);
	values_set(o, "code", text_json(dmarc_code_name(x->code, code)), &ok);
	values_set(o, "verdict", text_json(watch_verdict_names[x->verdict]), &ok);
	values_set(o, "day", values_day(x->day), &ok);
	values_set(o, "through", values_day(x->through), &ok);
	values_set(o, "m", values_count(x->m), &ok);
	values_set(o, "bad", values_count(x->bad), &ok);
	values_set(o, "pass", values_count(x->pass), &ok);
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
		values_add(list, fix_json(&s->fixes[i]), &ok);
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

		values_set(o, "day", values_day(s->changes[i].day), &ok);
		values_set(o, "domain", values_str(s->changes[i].domain), &ok);
		values_set(o, "old", values_str(s->changes[i].was), &ok);
		values_set(o, "new", values_str(s->changes[i].is), &ok);
		values_set(o, "reporters", values_count(s->changes[i].reporters), &ok);
		values_add(a, o, &ok);
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

	values_set(o, "reports", values_count(s->reports), &ok);
	values_set(o, "reporters", values_count(s->reporters), &ok);
	values_set(o, "mails", values_count(s->messages), &ok);
	values_set(o, "unreadable", values_count(s->unreadable), &ok);
	for (size_t i = 0; i < s->nmailboxes && ok; i++) {
		const struct summary_mailbox	*m = &s->mailboxes[i];
		json_t				*one = json_object();
		char				 t[WHEN_TEXT];

		values_set(one, "name", text_json(m->name), &ok);
		values_set(one, "last_success", m->last_success == 0 ? json_null() : json_string(when_rfc3339(m->last_success, t)), &ok);
		values_set(one, "error", m->error == NULL ? json_null() : values_str(str_of(m->error)), &ok);
		values_add(a, one, &ok);
	}
	values_set(o, "mailboxes", a, &ok);
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

	values_set(o, "period", text_json(summary_period_names[s->period]), &ok);
	values_set(o, "from", values_day(s->from), &ok);
	values_set(o, "to", values_day(s->to), &ok);
	values_set(o, "made", json_string(when_rfc3339(s->made, t)), &ok);
	values_set(o, "complete_through", values_day(s->complete_through), &ok);
	values_set(o, "complete", json_boolean(s->complete), &ok);
	values_set(o, "prev_from", s->compared ? values_day(s->prev_from) : json_null(), &ok);
	values_set(o, "prev_to", s->compared ? values_day(s->prev_to) : json_null(), &ok);
	values_set(o, "lang", text_json(summary_language_tag(lang)), &ok);
	(void)summary_subject(&b, s, lang);
	values_set(o, "subject", said(&b), &ok);
	values_set(o, "all_well", json_boolean(summary_quiet(s)), &ok);
	values_set(o, "counts", answer_counts(&s->counts), &ok);
	values_set(o, "prev", counts_or_null(&s->prev, s->compared), &ok);
	values_set(o, "legit_pass", values_rate(say_yours(&s->counts)), &ok);
	for (size_t i = 0; i < s->nitems && ok; i++)
		values_add(items, item_json(s, &s->items[i], lang), &ok);
	values_set(o, "needs", items, &ok);
	for (size_t i = 0; i < s->ndomains && ok; i++)
		values_add(domains, domain_json(s, &s->domains[i]), &ok);
	values_set(o, "domains", domains, &ok);
	values_set(o, "new", fresh_json(s), &ok);
	values_set(o, "changed", changes_json(s), &ok);
	values_set(o, "dns", summary_dns_json(s), &ok);
	values_set(o, "fixes", fixes_json(s), &ok);
	values_set(o, "intake", intake_json(s), &ok);
	values_set(tls, "successful", values_count(s->tls_ok), &ok);
	values_set(tls, "failed", values_count(s->tls_failed), &ok);
	values_set(o, "tls", tls, &ok);
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
