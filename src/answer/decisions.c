/*
 * decisions.c - what people decided about senders: the log, what holds now of
 * one sender, and what became of a request.
 */
#include "answer/answer_int.h"
#include "store/requests.h"

static json_t *
class_or_null(int class)
{
	return (class == -1 ? json_null() : a_text(sender_class_names[class]));
}

static json_t *
decision(const struct query_decision *d)
{
	struct a_obj	 o = a_object();

	a_set(&o, "id", a_id(d->id));
	a_set(&o, "undo", a_id(d->undo));
	a_set(&o, "at", a_time(d->at));
	a_set(&o, "who", a_str(d->who));
	a_set(&o, "sender", a_id(d->sender));
	a_set(&o, "label", a_str(d->label));
	a_set(&o, "domain", a_str(d->domain));
	a_set(&o, "class", class_or_null(d->class));
	a_set(&o, "was", class_or_null(d->was));
	a_set(&o, "was_by", d->was == -1 ? json_null() : a_text(d->was_decided ? "user" : "auto"));
	a_set(&o, "note", a_str(d->note));
	a_set(&o, "holds", json_boolean(d->holds));
	a_set(&o, "undone", d->undone == 0 ? json_null() : a_time(d->undone));
	a_set(&o, "undone_by", a_str(d->undone_by));
	return (a_done(&o));
}

struct json_t *
answer_decision_line(const struct query_decision *d, struct err *e)
{
	json_t	*j = decision(d);

	return (j == NULL ? answer_oom(e) : j);
}

struct json_t *
answer_decisions(struct query *q, int64_t sender, int64_t before, size_t limit, struct err *e)
{
	struct query_decisions	 list;
	struct a_obj		 o, items;
	json_t			*j;

	if (query_decisions(q, sender, before, limit, &list, e) == -1)
		return (NULL);
	items = a_array();
	for (size_t i = 0; i < list.nitems; i++)
		a_add(&items, decision(&list.items[i]));
	o = a_object();
	a_set(&o, "items", a_done(&items));
	a_set(&o, "next", list.next == 0 ? json_null() : a_id(list.next));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

/* "RESULT REPORT WHY", as the ingester writes it. */
static void
upload_outcome(struct a_obj *o, const struct store_outcome *r, bool waiting)
{
	const char	*word = r->text, *report = strchr(word, ' '), *why = report == NULL ? NULL : strchr(report + 1, ' ');
	bool		 told = !waiting && r->result == REQUEST_DONE && why != NULL;

	a_set(o, "result", told ? a_str((struct str){ word, (size_t)(report - word) }) : json_null());
	a_set(o, "report", !told || report[1] == '-' ? json_null() : a_str((struct str){ report + 1, (size_t)(why - report - 1) }));
	a_set(o, "text", a_text(told ? why + 1 : r->text));
}

struct json_t *
answer_outcome(const struct store_outcome *r, bool waiting, struct err *e)
{
	struct a_obj	 o = a_object();
	json_t		*j;

	a_set(&o, "request", a_id(r->token));
	a_set(&o, "action", a_text(request_words[r->kind]));
	a_set(&o, "state", a_text(waiting ? "waiting" : request_results[r->result]));
	a_set(&o, "done", waiting ? json_null() : a_time(r->done));
	a_set(&o, "n", a_count(r->n));
	if (r->kind == REQUEST_UPLOAD)
		upload_outcome(&o, r, waiting);
	else
		a_set(&o, "text", a_str(str_of(r->text)));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}
