/*
 * tasks_json.c - tasks for programs, under the names of the API.
 */
#include <jansson.h>
#include <math.h>

#include "base/escape.h"
#include "base/when.h"
#include "summary/say.h"
#include "summary/tasks.h"

static json_t *
put(json_t *o, const char *key, json_t *v, bool *ok)
{
	if (v == NULL || json_object_set_new(o, key, v) == -1)
		*ok = false;
	return (o);
}

/* Names of strangers may be no UTF-8: what is none is written as \xNN. */
static json_t *
text(struct str s)
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
day(int64_t d)
{
	char	 out[WHEN_TEXT];

	return (d == DAY_NONE ? json_null() : json_string(when_date(d, out)));
}

static json_t *
at(int64_t t)
{
	char	 out[WHEN_TEXT];

	return (json_string(when_rfc3339(t, out)));
}

static json_t *
number(uint64_t n)
{
	return (json_integer((json_int_t)n));
}

static json_t *
rate(double v)
{
	return (isnan(v) ? json_null() : json_real(v));
}

static json_t *
code_json(unsigned code)
{
	char	 out[8];

	return (code == 0 ? json_null() : json_string(dmarc_code_name(code, out)));
}

static json_t *
sender_json(int64_t sender)
{
	return (sender == 0 ? json_null() : json_sprintf("%lld", (long long)sender));
}

static json_t *
sound(json_t *o, bool ok)
{
	if (ok)
		return (o);
	json_decref(o);
	return (NULL);
}

json_t *
tasks_watch(const struct query_watch *w)
{
	json_t	*o = json_object();
	bool	 ok = o != NULL;

	put(o, "id", json_sprintf("%lld", (long long)w->id), &ok);
	put(o, "sender", sender_json(w->sender), &ok);
	put(o, "label", text(w->label), &ok);
	put(o, "domain", text(w->domain), &ok);
	put(o, "code", code_json(w->code), &ok);
	put(o, "day", day(w->day), &ok);
	put(o, "at", at(w->at), &ok);
	put(o, "by", text(w->who), &ok);
	put(o, "verdict", json_string(watch_verdict_names[w->verdict]), &ok);
	put(o, "since", day(w->since), &ok);
	put(o, "through", day(w->through), &ok);
	put(o, "m", number(w->m), &ok);
	put(o, "bad", number(w->bad), &ok);
	put(o, "pass", number(w->pass), &ok);
	put(o, "expected", at(w->expected), &ok);
	put(o, "over", json_boolean(w->over), &ok);
	return (sound(o, ok));
}

static json_t *
args_json(const struct summary *s, const struct summary_item *it)
{
	json_t	*o = json_object();
	bool	 ok = o != NULL;

	if (it == NULL)
		return (o);
	put(o, "name", text(it->name), &ok);
	put(o, "n", number(it->n), &ok);
	put(o, "of", number(it->of), &ok);
	put(o, "was", s->compared ? number(it->was) : json_null(), &ok);
	put(o, "other", number(it->other), &ok);
	put(o, "rate", rate(it->rate), &ok);
	put(o, "rate_was", rate(it->rate_was), &ok);
	put(o, "day", day(it->day), &ok);
	return (sound(o, ok));
}

void
tasks_say(struct buf *b, const struct tasks *t, const struct task *x, unsigned lang)
{
	if (x->item != NULL)
		say_item(b, &t->s, x->item, lang);
}

json_t *
tasks_line(const struct tasks *t, const struct task *x, unsigned lang)
{
	json_t		*o = json_object();
	struct buf	 b = { 0 };
	bool		 ok = o != NULL, says;

	put(o, "id", json_string(x->id), &ok);
	put(o, "state", json_string(task_state_names[x->state]), &ok);
	put(o, "severity", json_string(task_severity_names[x->severity]), &ok);
	put(o, "key", json_string(x->item == NULL ? "watch" : summary_kind_names[x->item->kind]), &ok);
	put(o, "args", args_json(&t->s, x->item), &ok);
	put(o, "domain", text(x->domain), &ok);
	put(o, "sender", sender_json(x->sender), &ok);
	put(o, "label", x->sender == 0 ? json_null() : text(x->item == NULL ? x->watch->label : x->item->name), &ok);
	put(o, "code", code_json(x->code), &ok);
	tasks_say(&b, t, x, lang);
	put(o, "text", x->item == NULL || b.failed ? json_null() : text(buf_as_str(&b)), &ok);
	buf_clear(&b);
	says = x->item != NULL && say_do(&b, x->item, lang);
	put(o, "do", says && !b.failed ? text(buf_as_str(&b)) : json_null(), &ok);
	buf_free(&b);
	put(o, "m_week", x->m_week == 0 ? json_null() : number(x->m_week), &ok);
	put(o, "effort_min", x->effort == 0 ? json_null() : number(x->effort), &ok);
	put(o, "evidence_url", x->item != NULL && x->item->link[0] != '\0' ? json_string(x->item->link) :
	    x->item == NULL ? json_sprintf("/senders/%lld", (long long)x->sender) : json_null(), &ok);
	put(o, "until", x->said == NULL ? json_null() : day(x->said->until), &ok);
	put(o, "by", x->said == NULL ? json_null() : text(x->said->who), &ok);
	put(o, "watch", x->watch == NULL ? json_null() : tasks_watch(x->watch), &ok);
	return (sound(o, ok));
}

json_t *
tasks_json(const struct tasks *t, unsigned states, unsigned lang)
{
	json_t	*o = json_object(), *list = json_array(), *count = json_object(), *line;
	bool	 ok = o != NULL && list != NULL && count != NULL;

	for (size_t i = 0; i < t->n && ok; i++)
		if ((states >> t->v[i].state & 1) != 0)
			ok = (line = tasks_line(t, &t->v[i], lang)) != NULL && json_array_append_new(list, line) == 0;
	for (unsigned i = 0; i < TASK_STATES; i++)
		put(count, task_state_names[i], number(t->count[i]), &ok);
	for (unsigned i = 0; i < TASK_SEVERITIES; i++)
		put(count, task_severity_names[i], number(t->open[i]), &ok);
	put(o, "from", day(t->s.from), &ok);
	put(o, "to", day(t->s.to), &ok);
	put(o, "complete_through", day(t->s.complete_through), &ok);
	put(o, "counts", count, &ok);
	put(o, "items", list, &ok);
	return (sound(o, ok));
}
