/*
 * tasks_json.c - tasks for programs, under the names of the API.
 */
#include <jansson.h>
#include <math.h>

#include "base/escape.h"
#include "base/when.h"
#include "summary/say.h"
#include "summary/tasks.h"
#include "summary/values.h"

static json_t *
at(int64_t t)
{
	char	 out[WHEN_TEXT];

	return (json_string(when_rfc3339(t, out)));
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

	values_set(o, "id", json_sprintf("%lld", (long long)w->id), &ok);
	values_set(o, "sender", sender_json(w->sender), &ok);
	values_set(o, "label", values_str(w->label), &ok);
	values_set(o, "domain", values_str(w->domain), &ok);
	values_set(o, "code", code_json(w->code), &ok);
	values_set(o, "day", values_day(w->day), &ok);
	values_set(o, "at", at(w->at), &ok);
	values_set(o, "by", values_str(w->who), &ok);
	values_set(o, "verdict", json_string(watch_verdict_names[w->verdict]), &ok);
	values_set(o, "since", values_day(w->since), &ok);
	values_set(o, "through", values_day(w->through), &ok);
	values_set(o, "m", values_count(w->m), &ok);
	values_set(o, "bad", values_count(w->bad), &ok);
	values_set(o, "pass", values_count(w->pass), &ok);
	values_set(o, "expected", at(w->expected), &ok);
	values_set(o, "over", json_boolean(w->over), &ok);
	return (sound(o, ok));
}

static json_t *
args_json(const struct summary *s, const struct summary_item *it)
{
	json_t	*o = json_object();
	bool	 ok = o != NULL;

	if (it == NULL)
		return (o);
	values_set(o, "name", values_str(it->name), &ok);
	values_set(o, "n", values_count(it->n), &ok);
	values_set(o, "of", values_count(it->of), &ok);
	values_set(o, "was", s->compared ? values_count(it->was) : json_null(), &ok);
	values_set(o, "other", values_count(it->other), &ok);
	values_set(o, "rate", values_rate(it->rate), &ok);
	values_set(o, "rate_was", values_rate(it->rate_was), &ok);
	values_set(o, "day", values_day(it->day), &ok);
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

	values_set(o, "id", json_string(x->id), &ok);
	values_set(o, "state", json_string(task_state_names[x->state]), &ok);
	values_set(o, "severity", json_string(task_severity_names[x->severity]), &ok);
	values_set(o, "key", json_string(x->item == NULL ? "watch" : summary_kind_names[x->item->kind]), &ok);
	values_set(o, "args", args_json(&t->s, x->item), &ok);
	values_set(o, "domain", values_str(x->domain), &ok);
	values_set(o, "sender", sender_json(x->sender), &ok);
	values_set(o, "label", x->sender == 0 ? json_null() : values_str(x->item == NULL ? x->watch->label : x->item->name), &ok);
	values_set(o, "code", code_json(x->code), &ok);
	tasks_say(&b, t, x, lang);
	values_set(o, "text", x->item == NULL || b.failed ? json_null() : values_str(buf_as_str(&b)), &ok);
	buf_clear(&b);
	says = x->item != NULL && say_do(&b, x->item, lang);
	values_set(o, "do", says && !b.failed ? values_str(buf_as_str(&b)) : json_null(), &ok);
	buf_free(&b);
	values_set(o, "m_week", x->m_week == 0 ? json_null() : values_count(x->m_week), &ok);
	values_set(o, "effort_min", x->effort == 0 ? json_null() : values_count(x->effort), &ok);
	values_set(o, "evidence_url", x->item != NULL && x->item->link[0] != '\0' ? json_string(x->item->link) :
	    x->item == NULL ? json_sprintf("/senders/%lld", (long long)x->sender) : json_null(), &ok);
	values_set(o, "until", x->said == NULL ? json_null() : values_day(x->said->until), &ok);
	values_set(o, "by", x->said == NULL ? json_null() : values_str(x->said->who), &ok);
	values_set(o, "watch", x->watch == NULL ? json_null() : tasks_watch(x->watch), &ok);
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
		values_set(count, task_state_names[i], values_count(t->count[i]), &ok);
	for (unsigned i = 0; i < TASK_SEVERITIES; i++)
		values_set(count, task_severity_names[i], values_count(t->open[i]), &ok);
	values_set(o, "from", values_day(t->s.from), &ok);
	values_set(o, "to", values_day(t->s.to), &ok);
	values_set(o, "complete_through", values_day(t->s.complete_through), &ok);
	values_set(o, "counts", count, &ok);
	values_set(o, "items", list, &ok);
	return (sound(o, ok));
}
