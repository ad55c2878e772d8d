/*
 * request_todo.c - what people ask for about tasks, fixes and views, on its way
 * to the ingester: an object of JSON with all it may have; see request.h.
 */
#include <inttypes.h>
#include <jansson.h>

#include "process/request.h"

static json_t *
text_or_null(struct str s)
{
	return (s.p == NULL ? json_null() : json_stringn(s.p, s.len));
}

json_t *
request_todo_json(const struct store_todo *t)
{
	return (json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o}", "act", todo_acts[t->act], "task", text_or_null(t->task),
	    "state", task_said_names[t->state], "until", t->until == DAY_NONE ? json_null() : json_integer((json_int_t)t->until),
	    "sender", json_sprintf("%" PRId64, t->sender), "domain", text_or_null(t->domain), "code", (int)t->code,
	    "id", json_sprintf("%" PRId64, t->id), "owner", text_or_null(t->owner), "name", text_or_null(t->name),
	    "page", text_or_null(t->page), "query", text_or_null(t->query)));
}

static struct str
text_of(const json_t *j, const char *key)
{
	const json_t	*v = json_object_get(j, key);

	return (json_is_string(v) ? (struct str){ json_string_value(v), json_string_length(v) } : STR_NONE);
}

/* Its place among the words; n: it is none of them. */
static unsigned
word_of(const json_t *j, const char *key, const char *const *words, unsigned n)
{
	struct str	 s = text_of(j, key);
	unsigned	 i;

	for (i = 0; i < n && !str_eq(s, str_of(words[i])); i++)
		;
	return (i);
}

bool
request_todo_read(const json_t *j, struct store_todo *t)
{
	const json_t	*until = json_object_get(j, "until");
	json_int_t	 code = json_integer_value(json_object_get(j, "code"));
	struct err	 e = { 0 };

	*t = (struct store_todo){ .act = (enum todo_act)word_of(j, "act", todo_acts, TODO_ACTS), .task = text_of(j, "task"),
	    .state = (enum task_said)word_of(j, "state", task_said_names, TASK_SAID),
	    .until = json_is_integer(until) ? json_integer_value(until) : DAY_NONE, .domain = text_of(j, "domain"),
	    .code = code < 0 || code > 100 ? 0 : (unsigned)code, .owner = text_of(j, "owner"), .name = text_of(j, "name"),
	    .page = text_of(j, "page"), .query = text_of(j, "query") };
	return (str_i64(text_of(j, "sender"), &t->sender) && str_i64(text_of(j, "id"), &t->id) && store_todo_check(t, &e) == 0);
}
