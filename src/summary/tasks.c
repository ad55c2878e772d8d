/*
 * tasks.c - tasks_make: see tasks.h. What needs somebody is decided in model.c
 * alone; here is what it comes to when people have said something about it.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "summary/tasks.h"

const char *const	 task_severity_names[TASK_SEVERITIES] = { "urgent", "week", "later" };
const char *const	 task_state_names[TASK_STATES] = { "open", "watching", "snoozed", "dismissed", "done" };

/* How long it usually takes, minutes; and is its n messages? */
static const struct { unsigned effort; bool mail; } kinds[ITEM_KINDS] = {
	[ITEM_HURT] = { 20, true }, [ITEM_SILENT] = { 15, false }, [ITEM_MAILBOX] = { 10, false }, [ITEM_BROKE] = { 20, true },
	[ITEM_UNREADABLE] = { 10, false }, [ITEM_FAILING] = { 20, true }, [ITEM_TLS] = { 30, false }, [ITEM_HURT_FORWARDED] = { 20, true },
	[ITEM_SURGE] = { 10, true }, [ITEM_REVIEW] = { 5, true }, [ITEM_REPORTER] = { 5, false }, [ITEM_POLICY] = { 30, true },
	[ITEM_QUARANTINE] = { 5, false },
};

void
task_id(const char *kind, struct str domain, int64_t sender, struct str name, char out[TASK_ID_TEXT])
{
	struct buf	 b = { 0 };
	uint8_t		 hash[HASH_SIZE];

	/* a label may change, a sender's number does not */
	(void)buf_printf(&b, "%s %zu:", kind, domain.p == NULL ? 0 : domain.len);
	(void)buf_add(&b, domain.p == NULL ? "" : domain.p, domain.p == NULL ? 0 : domain.len);
	(void)buf_printf(&b, " %lld ", (long long)sender);
	if (sender == 0 && name.p != NULL)
		(void)buf_add(&b, name.p, name.len);
	hash_sha256(hash, b.failed ? "" : b.p, b.failed ? 0 : b.len);
	for (size_t i = 0; i < TODO_TASK_ID / 2; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", hash[i]);
	buf_free(&b);
}

/* --- The order ---------------------------------------------------------------------------- */

int
task_order(const void *a, const void *b)
{
	const struct task	*x = a, *y = b;
	uint64_t		 v, w;

	if (x->state != y->state)
		return ((int)x->state - (int)y->state);
	if (x->severity != y->severity)
		return ((int)x->severity - (int)y->severity);
	/* what is about no mail is about the eyes we see with: first when it is urgent, else last */
	if ((x->m_week == 0) != (y->m_week == 0))
		return ((x->m_week == 0) == (x->severity == TASK_URGENT) ? -1 : 1);
	v = x->m_week * (y->effort == 0 ? 1 : y->effort);
	w = y->m_week * (x->effort == 0 ? 1 : x->effort);
	if (v != w)
		return (v > w ? -1 : 1);
	return (strcmp(x->id, y->id));
}

/* --- What is known of each ------------------------------------------------------------------ */

static void
of_item(const struct tasks *t, const struct summary_item *it, struct task *out)
{
	static const enum task_severity	 severities[] = { [LEVEL_URGENT] = TASK_URGENT, [LEVEL_WARN] = TASK_WEEK, [LEVEL_INFO] = TASK_LATER };
	uint64_t			 days = (uint64_t)(t->s.to - t->s.from) + 1;
	bool				 named = it->kind == ITEM_MAILBOX || it->kind == ITEM_REPORTER;

	*out = (struct task){ .item = it, .severity = severities[it->level], .domain = it->domain, .sender = it->sender, .code = it->code,
	    .effort = kinds[it->kind].effort };
	if (kinds[it->kind].mail)
		out->m_week = (it->n * 7 + days - 1) / days;
	else if (it->kind == ITEM_REPORTER)
		out->m_week = it->n * 7;
	task_id(summary_kind_names[it->kind], it->domain, it->sender, named ? it->name : STR_NONE, out->id);
}

static bool
about(const struct query_watch *w, const struct task *t)
{
	return (w->sender == t->sender && t->sender != 0 && w->code == t->code && (w->domain.p == NULL || str_eq(w->domain, t->domain)));
}

/* A fix is believed as long as what was found may be of the days before it. */
static void
state_of(const struct tasks *t, struct task *x)
{
	if (x->said != NULL)
		x->state = x->said->state == TASK_SNOOZED ? TASK_IS_SNOOZED : TASK_IS_DISMISSED;
	else if (x->watch != NULL && x->watch->verdict == WATCH_CONFIRMED && (x->item == NULL || t->s.from <= x->watch->day))
		x->state = TASK_IS_DONE;
	else if (x->watch != NULL && (x->item == NULL || (x->watch->verdict != WATCH_FAILING && t->s.from <= x->watch->day)))
		x->state = TASK_IS_WATCHING;
	else
		x->state = TASK_IS_OPEN;
}

static void
add_watches(struct tasks *t, const struct query_watch *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct task	*x;
		char		 kind[32];
		bool		 found = false;

		for (size_t k = 0; k < t->n; k++)
			if (t->v[k].watch == NULL && about(&w[i], &t->v[k])) {
				t->v[k].watch = &w[i];
				found = true;
			}
		if (found)
			continue;
		x = &t->v[t->n++];
		*x = (struct task){ .watch = &w[i], .severity = TASK_WEEK, .domain = w[i].domain, .sender = w[i].sender, .code = w[i].code };
		(void)snprintf(kind, sizeof(kind), "watch %u", w[i].code);
		task_id(kind, w[i].domain, w[i].sender, STR_NONE, x->id);
	}
}

static int
by_task(const void *key, const void *said)
{
	struct str	 s = ((const struct query_task_said *)said)->task;
	int		 v = strncmp(key, s.p, s.len);

	return (v != 0 ? v : ((const char *)key)[s.len] != '\0');
}

int
tasks_make(struct query *q, const struct tasks_request *rq, struct tasks *t, struct err *e)
{
	struct summary_request	 sr = { .period = PERIOD_WEEK, .from = DAY_NONE, .to = DAY_NONE, .filter = rq->filter, .mailboxes = rq->mailboxes,
				    .nmailboxes = rq->nmailboxes, .base_url = "", .tasks = true };
	struct query_task_said	*said;
	struct query_watch	*w;
	struct query_range	 r;
	size_t			 nsaid, nw;

	memset(t, 0, sizeof(*t));
	if (rq->filter != NULL && (rq->filter->days > 0 || rq->filter->all || rq->filter->from != DAY_NONE || rq->filter->to != DAY_NONE)) {
		if (query_filter_range(q, rq->filter, &r, e) == -1)
			return (-1);
		sr.period = PERIOD_DAYS;
		sr.from = r.from;
		sr.to = r.to;
	}
	if (summary_make(q, &sr, &t->s, e) == -1 || query_watches(q, rq->filter, DAY_NONE, &w, &nw, e) == -1 ||
	    query_tasks_said(q, &said, &nsaid, e) == -1)
		return (-1);
	if ((t->v = arena_alloc(query_arena(q), t->s.nitems + nw + 1, sizeof(*t->v))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	for (size_t i = 0; i < t->s.nitems; i++)
		of_item(t, &t->s.items[i], &t->v[t->n++]);
	add_watches(t, w, nw);
	for (size_t i = 0; i < t->n; i++) {
		if (nsaid > 0)
			t->v[i].said = bsearch(t->v[i].id, said, nsaid, sizeof(*said), by_task);
		state_of(t, &t->v[i]);
		t->count[t->v[i].state]++;
		if (t->v[i].state == TASK_IS_OPEN)
			t->open[t->v[i].severity]++;
	}
	if (t->n > 1)
		qsort(t->v, t->n, sizeof(*t->v), task_order);
	return (0);
}

unsigned
tasks_states(struct str word)
{
	if (str_eq(word, STR("all")))
		return ((1u << TASK_STATES) - 1);
	if (str_eq(word, STR("done")))
		return (1u << TASK_IS_DONE | 1u << TASK_IS_DISMISSED);
	for (unsigned i = 0; i < TASK_STATES; i++)
		if (str_eq(word, str_of(task_state_names[i])))
			return (1u << i);
	return (0);
}
