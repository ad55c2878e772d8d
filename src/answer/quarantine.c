/*
 * quarantine.c - what could not be read, what was asked to be done with it,
 * and what rules removed: parts of the answer about the intake.
 */
#include "answer/answer_int.h"

static json_t *
number_or_null(uint64_t n)
{
	return (n == 0 ? json_null() : a_count(n));
}

static json_t *
time_or_null(int64_t t)
{
	return (t == 0 ? json_null() : a_time(t));
}

struct json_t *
answer_quarantined(const struct query_quarantined *x)
{
	struct a_obj	 o = a_object();

	a_set(&o, "id", a_id(x->id));
	a_set(&o, "received", a_time(x->received));
	a_set(&o, "mailbox", a_str(x->origin));
	a_set(&o, "bytes", a_count(x->bytes));
	a_set(&o, "reason", a_str(x->reason));
	a_set(&o, "text", a_str(x->text));
	a_set(&o, "part", number_or_null(x->part));
	a_set(&o, "entry", a_str(x->entry));
	a_set(&o, "line", number_or_null(x->line));
	a_set(&o, "byte", number_or_null(x->byte));
	a_set(&o, "sender", a_str(x->sender));
	a_set(&o, "subject", a_str(x->subject));
	a_set(&o, "tried", time_or_null(x->tried));
	return (a_done(&o));
}

static json_t *
waiting(const struct answer_waiting *w)
{
	struct a_obj	 o = a_object();

	a_set(&o, "item", a_id(w->item));
	a_set(&o, "action", a_text(w->action));
	a_set(&o, "state", a_text("waiting"));
	a_set(&o, "asked", a_time(w->asked));
	a_set(&o, "done", json_null());
	a_set(&o, "result", json_null());
	a_set(&o, "reports", a_count(0));
	a_set(&o, "text", a_text(""));
	return (a_done(&o));
}

static json_t *
done(const struct query_action *x)
{
	struct a_obj	 o = a_object();

	a_set(&o, "item", a_id(x->item));
	a_set(&o, "action", a_text(x->discard ? "discard" : "retry"));
	a_set(&o, "state", a_text("done"));
	a_set(&o, "asked", a_time(x->asked));
	a_set(&o, "done", a_time(x->done));
	a_set(&o, "result", a_text(x->discard ? "discarded" : x->missing ? "missing" : intake_result_names[x->result]));
	a_set(&o, "reports", a_count(x->reports));
	a_set(&o, "text", a_str(x->text));
	return (a_done(&o));
}

struct json_t *
answer_actions(const struct query_ingest *in, const struct answer_intake *now)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; now != NULL && i < now->nwaiting; i++)
		a_add(&a, waiting(&now->waiting[i]));
	for (size_t i = 0; i < in->nactions; i++)
		a_add(&a, done(&in->actions[i]));
	return (a_done(&a));
}

struct json_t *
answer_removed(const struct query_ingest *in)
{
	struct a_obj	 a = a_array(), o;

	for (size_t i = 0; i < in->ngone; i++) {
		o = a_object();
		a_set(&o, "at", a_time(in->gone[i].at));
		a_set(&o, "rule", a_text(in->gone[i].by_age ? "age" : "size"));
		a_set(&o, "n", a_count(in->gone[i].messages));
		a_set(&o, "bytes", a_count(in->gone[i].bytes));
		a_set(&o, "oldest", a_time(in->gone[i].oldest));
		a_set(&o, "newest", a_time(in->gone[i].newest));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

struct json_t *
answer_quarantine_sum(const struct query_ingest *in, const struct answer_intake *now)
{
	struct a_obj	 o = a_object();

	a_set(&o, "n", a_count(in->quarantined));
	a_set(&o, "bytes", a_count(in->quarantined_bytes));
	a_set(&o, "limit", number_or_null(now == NULL ? 0 : now->quarantine_bytes));
	a_set(&o, "keep_s", number_or_null(now == NULL || now->keep_quarantine < 0 ? 0 : (uint64_t)now->keep_quarantine));
	return (a_done(&o));
}
