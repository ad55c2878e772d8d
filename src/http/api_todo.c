/*
 * api_todo.c - what needs somebody, and what people say about it: tasks put
 * off, fixes reported, questions with a name. Done as decisions are
 * (api_decide.c): asked of the ingester, and waited for a moment.
 */
#include <inttypes.h>

#include "answer/answer.h"
#include "base/when.h"
#include "explain/texts.h"
#include "http/access.h"
#include "process/request.h"
#include "summary/tasks.h"

#define SNOOZE_DAYS	30
#define SNOOZE_MOST	400

static bool
bare(struct request *rq)
{
	if (rq->query.n == 0)
		return (true);
	problem_param(rq, 400, rq->query.p[0].key, "invalid_parameter", "this endpoint has no parameters");
	return (false);
}

/* --- What needs somebody -------------------------------------------------------------- */

static unsigned
lang_of(const struct request *rq)
{
	int	 l = summary_language(str_of(explain_languages[rq->lang].tag));

	return (l < 0 ? 0 : (unsigned)l);
}

/* Mailboxes are nobody's domain: one who sees some domains is told nothing of them. */
static int
make(const struct request *rq, struct query *q, const struct query_filter *f, struct tasks *t, struct boxes **boxes, struct err *e)
{
	struct tasks_request	 tr = { .filter = f };

	*boxes = NULL;
	if (rq->who.domains == NULL && (*boxes = api_boxes(&tr.mailboxes, &tr.nmailboxes)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (tasks_make(q, &tr, t, e));
}

static bool
tasks_parameters(struct request *rq, struct query_filter *f, unsigned *states)
{
	static const char *const	 keys[] = { "domain", "t", "from", "to" };
	struct err			 e = { 0 };
	size_t				 k;

	*states = 1u << TASK_IS_OPEN;
	for (size_t i = 0; i < rq->query.n; i++) {
		const struct query_param	*p = &rq->query.p[i];

		if (str_eq(p->key, STR("state"))) {
			if ((*states = tasks_states(p->value)) != 0)
				continue;
			(void)err_set(&e, ERR_CONFIG, "state is one of open, watching, snoozed, dismissed, done and all");
		} else {
			for (k = 0; k < nitems(keys) && !str_eq(p->key, str_of(keys[k])); k++)
				;
			if (k == nitems(keys))
				(void)err_set(&e, ERR_CONFIG, "tasks are chosen by domain, t, from, to and state");
			else if (query_filter_set(f, p->key, p->value, &e) == 0)
				continue;
		}
		problem_param(rq, 400, p->key, "invalid_parameter", e.msg);
		return (false);
	}
	return (true);
}

void
api_tasks(struct request *rq, struct asked *a)
{
	struct query_filter	 f;
	struct tasks		 t;
	struct boxes		*boxes = NULL;
	struct err		 e = { 0 };
	unsigned		 states;
	json_t			*j;

	query_filter_init(&f);
	if (tasks_parameters(rq, &f, &states)) {
		if (make(rq, a->query, &f, &t, &boxes, &e) == -1)
			problem_err(rq, &e);
		else if ((j = tasks_json(&t, states, lang_of(rq))) == NULL)
			problem(rq, 503, "out of memory");
		else
			reply_json(rq, 200, j);
	}
	api_boxes_free(boxes);
	query_filter_free(&f);
}

static json_t *
watches_json(struct query *q, int64_t only, struct err *e)
{
	struct query_watch	*v;
	json_t			*list = json_array(), *j;
	size_t			 n;

	if (query_watches(q, NULL, DAY_NONE, &v, &n, e) == -1) {
		json_decref(list);
		return (NULL);
	}
	for (size_t i = 0; i < n; i++)
		if ((only == 0 || v[i].id == only) && ((j = tasks_watch(&v[i])) == NULL || json_array_append_new(list, j) == -1)) {
			json_decref(list);
			(void)err_set(e, ERR_TEMP, "out of memory");
			return (NULL);
		}
	return (list);
}

void
api_watches(struct request *rq, struct asked *a)
{
	struct err	 e = { 0 };
	json_t		*list;

	if (!bare(rq))
		return;
	if ((list = watches_json(a->query, 0, &e)) == NULL)
		problem_err(rq, &e);
	else
		reply_json(rq, 200, json_pack("{s:o}", "items", list));
}

static json_t *
views_json(const struct request *rq, struct query *q, struct err *e)
{
	struct query_view	*v;
	json_t			*list = json_array(), *j;
	char			 at[WHEN_TEXT];
	size_t			 n;

	if (query_views(q, rq->who.name, &v, &n, e) == -1) {
		json_decref(list);
		return (NULL);
	}
	for (size_t i = 0; i < n; i++) {
		j = json_pack("{s:o, s:s, s:s%, s:s%, s:s%}", "id", json_sprintf("%" PRId64, v[i].id), "at", when_rfc3339(v[i].at, at),
		    "name", v[i].name.p, v[i].name.len, "page", v[i].page.p, v[i].page.len, "query", v[i].query.p, v[i].query.len);
		if (j == NULL || json_array_append_new(list, j) == -1) {
			json_decref(list);
			(void)err_set(e, ERR_TEMP, "out of memory");
			return (NULL);
		}
	}
	return (list);
}

void
api_views(struct request *rq, struct asked *a)
{
	struct err	 e = { 0 };
	json_t		*list;

	if (!bare(rq))
		return;
	if ((list = views_json(rq, a->query, &e)) == NULL)
		problem_err(rq, &e);
	else
		reply_json(rq, 200, json_pack("{s:o}", "items", list));
}

/* --- Asking, and what came of it ----------------------------------------------------------- */

static struct str
text_of(const json_t *j, const char *key)
{
	const json_t	*v = json_object_get(j, key);

	return (json_is_string(v) ? (struct str){ json_string_value(v), json_string_length(v) } : STR_NONE);
}

/* keys: all there are; those of texts are texts, or null. */
static bool
keys_known(struct request *rq, json_t *body, const char *const *keys, size_t n, const char *sentence)
{
	const char	*key;
	json_t		*v;
	size_t		 i;

	json_object_foreach(body, key, v) {
		for (i = 0; i < n && strcmp(key, keys[i]) != 0; i++)
			;
		if (i == n || !(json_is_string(v) || json_is_null(v) || (json_is_integer(v) && strcmp(key, "sender") == 0)))
			return (problem_member(rq, i == n ? "" : key, sentence));
	}
	return (true);
}

/* As api_ask(). */
static int
ask(struct request *rq, struct asked *a, const struct store_todo *t, int64_t *token)
{
	struct asking		 w = { .kind = REQUEST_TODO, .todo = *t };
	struct store_outcome	 o = { 0 };
	struct err		 e = { 0 };
	int			 rv;

	if (store_todo_check(t, &e) == -1) {
		problem(rq, 400, "%s", e.msg);
		return (-1);
	}
	rv = api_ask(rq, a, &w, &o);
	*token = w.token;
	return (rv);
}

/* item: what holds now, may be NULL: that it cannot be shown is no failure. */
static void
tell(struct request *rq, int rv, int64_t token, json_t *item)
{
	reply_json(rq, rv == 1 ? 200 : 202, json_pack("{s:s, s:o, s:o}", "state", rv == 1 ? "done" : "waiting", "request",
	    json_sprintf("%" PRId64, token), "item", item == NULL ? json_null() : item));
}

static struct query *
again(struct asked *a)
{
	struct err	 e = { 0 };

	return (a->query = query_begin(a->store, when_now(), QUERY_LIMIT_MS, &e));
}

/* --- Tasks ------------------------------------------------------------------------------------ */

/* NULL: there is none of that id. */
static const struct task *
find(const struct tasks *t, struct str id)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(id, str_of(t->v[i].id)))
			return (&t->v[i]);
	return (NULL);
}

static bool
read_task(struct request *rq, json_t *body, struct store_todo *t)
{
	static const char *const	 keys[] = { "state", "until" };
	static const char		 sentence[] = "state is one of open, snoozed and dismissed; until is a day from tomorrow to 400 days from "
					    "now, with snoozed; nothing else";
	struct str			 state = text_of(body, "state"), until = text_of(body, "until");
	int64_t				 today = when_day(when_now());
	unsigned			 i;

	if (!keys_known(rq, body, keys, nitems(keys), sentence))
		return (false);
	for (i = 0; i < TASK_SAID && !str_eq(state, str_of(task_said_names[i])); i++)
		;
	if (i == TASK_SAID)
		return (problem_member(rq, "state", sentence));
	t->state = (enum task_said)i;
	t->until = t->state == TASK_SNOOZED ? today + SNOOZE_DAYS : DAY_NONE;
	if (until.p != NULL && (t->state != TASK_SNOOZED || !when_parse_date(until, &t->until) || t->until <= today ||
	    t->until > today + SNOOZE_MOST))
		return (problem_member(rq, "until", sentence));
	return (true);
}

/* Copies: the snapshot that they are of ends. */
struct about { char domain[256]; char id[TASK_ID_TEXT]; };

static bool
task_there(struct request *rq, struct asked *a, struct store_todo *t, struct about *copy)
{
	struct tasks		 all;
	struct boxes		*boxes = NULL;
	const struct task	*x = NULL;
	struct err		 e = { 0 };

	if (make(rq, a->query, NULL, &all, &boxes, &e) == -1)
		problem_err(rq, &e);
	else if ((x = find(&all, rq->args[0])) == NULL)
		problem(rq, 404, "There is no such task, or it has gone.");
	else {
		(void)snprintf(copy->id, sizeof(copy->id), "%s", x->id);
		t->task = str_of(copy->id);
		if (x->domain.p != NULL && x->domain.len < sizeof(copy->domain)) {
			memcpy(copy->domain, x->domain.p, x->domain.len);
			t->domain = (struct str){ copy->domain, x->domain.len };
		}
	}
	api_boxes_free(boxes);
	return (x != NULL);
}

static json_t *
task_now(const struct request *rq, struct asked *a, const char *id)
{
	struct tasks		 all;
	struct boxes		*boxes = NULL;
	const struct task	*x;
	struct err		 e = { 0 };
	json_t			*j = NULL;

	if (again(a) != NULL && make(rq, a->query, NULL, &all, &boxes, &e) == 0 && (x = find(&all, str_of(id))) != NULL)
		j = tasks_line(&all, x, lang_of(rq));
	api_boxes_free(boxes);
	return (j);
}

void
api_task_say(struct request *rq, struct asked *a)
{
	struct store_todo	 t = { .act = TODO_TASK, .until = DAY_NONE };
	struct about		 copy;
	json_t			*body;
	int64_t			 token;
	int			 rv;

	if (!bare(rq) || (body = api_body(rq)) == NULL)
		return;
	if (read_task(rq, body, &t) && task_there(rq, a, &t, &copy) && (rv = ask(rq, a, &t, &token)) != -1)
		tell(rq, rv, token, rv == 1 ? task_now(rq, a, copy.id) : NULL);
	json_decref(body);
}

/* --- Fixes --------------------------------------------------------------------------------------- */

static bool
read_watch(struct request *rq, json_t *body, struct store_todo *t)
{
	static const char *const	 keys[] = { "sender", "domain", "code" };
	const json_t			*sender = json_object_get(body, "sender");

	if (!keys_known(rq, body, keys, nitems(keys), "a fix has sender, code, and may have domain; nothing else"))
		return (false);
	if (json_is_integer(sender))
		t->sender = json_integer_value(sender);
	else if (!str_i64(text_of(body, "sender"), &t->sender))
		t->sender = 0;
	if (t->sender < 1)
		return (problem_member(rq, "sender", "sender is the id of a sender"));
	t->domain = text_of(body, "domain");
	if ((t->code = dmarc_code_parse(text_of(body, "code"))) == 0)
		return (problem_member(rq, "code", "code is one of P1 to P11 and F1 to F12"));
	return (true);
}

void
api_watch(struct request *rq, struct asked *a)
{
	struct store_todo	 t = { .act = TODO_WATCH, .until = DAY_NONE };
	struct err		 e = { 0 };
	json_t			*body, *list = NULL;
	int64_t			 token;
	int			 rv;

	if (!bare(rq) || (body = api_body(rq)) == NULL)
		return;
	if (read_watch(rq, body, &t) && (rv = ask(rq, a, &t, &token)) != -1) {
		if (rv == 1 && again(a) != NULL)
			list = watches_json(a->query, token, &e);
		tell(rq, rv, token, json_array_size(list) == 0 ? NULL : json_incref(json_array_get(list, 0)));
	}
	json_decref(list);
	json_decref(body);
}

static void
remove_one(struct request *rq, struct asked *a, struct store_todo *t, const char *what)
{
	int64_t	 token;
	int	 rv;

	if (!bare(rq))
		return;
	if (!str_i64(rq->args[0], &t->id) || t->id < 1) {
		problem(rq, 404, "The id of a %s is a number.", what);
		return;
	}
	if ((rv = ask(rq, a, t, &token)) != -1)
		tell(rq, rv, token, NULL);
	else if (rq->reply.status == 422)
		problem(rq, 404, "There is no such %s, or it has gone.", what);
}

void
api_unwatch(struct request *rq, struct asked *a)
{
	struct store_todo	 t = { .act = TODO_UNWATCH, .until = DAY_NONE };

	remove_one(rq, a, &t, "watch");
}

/* --- Views ---------------------------------------------------------------------------------------- */

void
api_view(struct request *rq, struct asked *a)
{
	static const char *const	 keys[] = { "name", "page", "query" };
	struct store_todo		 t = { .act = TODO_VIEW, .until = DAY_NONE, .owner = str_of(rq->who.name) };
	json_t				*body, *item = NULL;
	int64_t				 token;
	int				 rv;

	if (!bare(rq) || (body = api_body(rq)) == NULL)
		return;
	if (keys_known(rq, body, keys, nitems(keys), "a view has name, page and query, which are texts; nothing else")) {
		t.name = text_of(body, "name");
		t.page = text_of(body, "page");
		t.query = text_of(body, "query");
		if ((rv = ask(rq, a, &t, &token)) != -1) {
			item = json_pack("{s:o, s:O, s:O, s:O}", "id", json_sprintf("%" PRId64, token), "name", json_object_get(body, "name"),
			    "page", json_object_get(body, "page"), "query", json_object_get(body, "query"));
			tell(rq, rv, token, item);
		}
	}
	json_decref(body);
}

void
api_unview(struct request *rq, struct asked *a)
{
	struct store_todo	 t = { .act = TODO_UNVIEW, .until = DAY_NONE, .owner = str_of(rq->who.name) };

	remove_one(rq, a, &t, "view");
}
