/*
 * api_decide.c - what people decide about senders: one, many at once, taken
 * back; and the log of it.
 *
 * The ingester does it (api_ask.c). Until there are users, who may reach us
 * from this machine may decide (server.c).
 */
#include <inttypes.h>

#include "answer/answer.h"
#include "base/when.h"
#include "http/access.h"
#include "process/request.h"
#include "spool/spool.h"

#define LOG_LIMIT 50
#define LOG_MOST 500

struct wish {
	struct asking		 asking;
	struct store_decision	 decisions[DECISIONS_MAX];
	json_t			*body;		/* texts of the decisions live in it */
	int64_t			 ids[DECISIONS_MAX];	/* senders, each once */
	size_t			 nids;
};

/* --- The body ------------------------------------------------------------------------- */

static bool
wrong(struct request *rq, const char *at, const char *key, const char *sentence)
{
	char	 pointer[96];

	(void)snprintf(pointer, sizeof(pointer), "/body%s/%s", at, key);
	problem_at(rq, 400, pointer, "invalid_value", sentence);
	return (false);
}

/* Ids are texts in what we say; a number is taken as well. */
static bool
id_of(const json_t *j, int64_t *out)
{
	if (json_is_integer(j)) {
		*out = json_integer_value(j);
		return (true);
	}
	return (json_is_string(j) && str_i64((struct str){ json_string_value(j), json_string_length(j) }, out));
}

static bool
keys_known(struct request *rq, json_t *j, const char *at, bool many)
{
	static const char *const	 known[] = { "class", "note", "domains", "seen", "sender" };
	const char			*key;
	json_t				*v;
	size_t				 i;

	json_object_foreach(j, key, v) {
		for (i = 0; i < (many ? nitems(known) : nitems(known) - 1) && strcmp(key, known[i]) != 0; i++)
			;
		if (i == (many ? nitems(known) : nitems(known) - 1))
			return (wrong(rq, at, "", many ? "a decision has sender, class, and may have note, domains and seen; nothing else" :
			    "a decision has class, and may have note, domains and seen; nothing else"));
	}
	return (true);
}

static bool
class_of(struct request *rq, const json_t *j, const char *at, int *out)
{
	const json_t	*v = json_object_get(j, "class");

	*out = -1;
	if (json_is_null(v) || (json_is_string(v) && strcmp(json_string_value(v), "undecided") == 0))
		return (true);
	if (json_is_string(v))
		*out = sender_class_parse((struct str){ json_string_value(v), json_string_length(v) });
	return (*out != -1 && sender_class_decidable((enum sender_class)*out) ? true :
	    wrong(rq, at, "class", "class is one of own, service, candidate, forwarder, list, impostor and unknown, or null: as inferred"));
}

static bool
add(struct request *rq, struct wish *w, const struct store_decision *d)
{
	size_t	 i;

	if (w->asking.n == DECISIONS_MAX) {
		problem(rq, 400, "At most %d decisions are taken at once, those for several domains counted singly.", DECISIONS_MAX);
		return (false);
	}
	w->decisions[w->asking.n++] = *d;
	for (i = 0; i < w->nids && w->ids[i] != d->sender; i++)
		;
	if (i == w->nids)
		w->ids[w->nids++] = d->sender;
	return (true);
}

static bool
add_domains(struct request *rq, struct wish *w, const json_t *list, const char *at, struct store_decision *d)
{
	const json_t	*v;
	size_t		 i;

	if (list == NULL || json_is_null(list))
		return (add(rq, w, d));
	if (json_array_size(list) == 0)
		return (wrong(rq, at, "domains", "domains is a list of names, or null: all of them"));
	json_array_foreach(list, i, v) {
		if (!json_is_string(v))
			return (wrong(rq, at, "domains", "domains is a list of names, or null: all of them"));
		d->domain = (struct str){ json_string_value(v), json_string_length(v) };
		if (!add(rq, w, d))
			return (false);
	}
	return (true);
}

static bool
read_one(struct request *rq, struct wish *w, json_t *j, int64_t sender, const char *at, bool many)
{
	struct store_decision	 d = { .sender = sender, .seen = DECISION_ANY };
	const json_t		*note, *seen;

	if (!json_is_object(j))
		return (wrong(rq, at, "", "a decision is an object"));
	if (!keys_known(rq, j, at, many) || !class_of(rq, j, at, &d.class))
		return (false);
	if (many && (!id_of(json_object_get(j, "sender"), &d.sender) || d.sender < 1))
		return (wrong(rq, at, "sender", "sender is the id of a sender"));
	if ((note = json_object_get(j, "note")) != NULL && !json_is_null(note)) {
		if (!json_is_string(note) || json_string_length(note) > DECISION_NOTE)
			return (wrong(rq, at, "note", "a note is a text of at most 500 bytes"));
		d.note = (struct str){ json_string_value(note), json_string_length(note) };
	}
	if ((seen = json_object_get(j, "seen")) != NULL && (json_is_null(seen) ? (d.seen = 0, false) : !id_of(seen, &d.seen) || d.seen < 0))
		return (wrong(rq, at, "seen", "seen is the last_decision of the sender, or null when there was none"));
	return (add_domains(rq, w, json_object_get(j, "domains"), at, &d));
}

json_t *
api_body(struct request *rq)
{
	json_error_t	 why;
	json_t		*j = json_loadb(rq->body == NULL ? "" : rq->body, rq->body_len, JSON_REJECT_DUPLICATES, &why);

	if (j == NULL)
		problem(rq, 400, "The body is not JSON: %s, line %d, column %d.", why.text, why.line, why.column);
	else if (!json_is_object(j)) {
		problem_at(rq, 400, "/body", "invalid_value", "The body is not a JSON object.");
		json_decref(j);
		j = NULL;
	}
	return (j);
}

static bool
read_many(struct request *rq, struct wish *w)
{
	json_t	*list = json_object_get(w->body, "decisions"), *v;
	char	 at[32];
	size_t	 i;

	if (!json_is_array(list) || json_array_size(list) == 0 || json_object_size(w->body) != 1)
		return (wrong(rq, "", "decisions", "decisions is a list of one or more decisions, and there is nothing beside it"));
	json_array_foreach(list, i, v) {
		(void)snprintf(at, sizeof(at), "/decisions/%zu", i);
		if (!read_one(rq, w, v, 0, at, true))
			return (false);
	}
	return (true);
}

/* --- Asking, and what came of it --------------------------------------------------------- */

static bool
senders_there(struct request *rq, struct asked *a, const struct wish *w)
{
	struct query_sender	 s;
	struct err		 e = { 0 };

	for (size_t i = 0; i < w->nids; i++) {
		if (w->ids[i] == SENDER_REST) {
			problem(rq, 422, "Background noise is nobody: decide about a sender.");
			return (false);
		}
		if (query_sender(a->query, w->ids[i], NULL, &s, &e) == -1) {
			problem(rq, e.code == ERR_INPUT ? 404 : 503, "%s", e.msg);
			return (false);
		}
	}
	return (true);
}

static json_t *
items_of(struct asked *a, const int64_t *ids, size_t n, struct err *e)
{
	json_t	*list = json_array(), *j;

	if ((a->query = query_begin(a->store, when_now(), QUERY_LIMIT_MS, e)) == NULL)
		return (list);	/* it is done: that what holds now cannot be shown is no failure */
	for (size_t i = 0; i < n; i++)
		if ((j = answer_sender_short(a->query, ids[i], e)) != NULL)
			(void)json_array_append_new(list, j);
	return (list);
}

static void
ask(struct request *rq, struct asked *a, struct asking *w, const int64_t *ids, size_t nids, int64_t undo)
{
	struct store_outcome	 o = { 0 };
	struct err		 e = { 0 };
	json_t			*j;
	int			 rv = api_ask(rq, a, w, &o);

	if (rv == -1)
		return;
	j = json_pack("{s:s, s:o, s:o, s:I, s:o}", "state", rv == 1 ? "done" : "waiting", "request", json_sprintf("%" PRId64, w->token),
	    "undo", undo == -1 ? json_null() : json_sprintf("%" PRId64, w->token), "n", (json_int_t)o.n, "items",
	    rv == 1 ? items_of(a, ids, nids, &e) : json_array());
	reply_json(rq, rv == 1 ? 200 : 202, j);
}

static void
decide(struct request *rq, struct asked *a, bool many)
{
	struct wish	*w;
	int64_t		 sender = 0;
	bool		 ok;

	if (!no_parameters(rq))
		return;
	if (!many && (!str_i64(rq->args[0], &sender) || sender < 1)) {
		problem(rq, 404, "A sender's id is a number.");
		return;
	}
	if ((w = calloc(1, sizeof(*w))) == NULL) {
		problem(rq, 503, "out of memory");
		return;
	}
	w->asking = (struct asking){ .kind = REQUEST_DECIDE, .decisions = w->decisions };
	if ((w->body = api_body(rq)) != NULL) {
		ok = many ? read_many(rq, w) : read_one(rq, w, w->body, sender, "", false);
		if (ok && senders_there(rq, a, w))
			ask(rq, a, &w->asking, w->ids, w->nids, 0);
		json_decref(w->body);
	}
	free(w);
}

void
api_decide(struct request *rq, struct asked *a)
{
	decide(rq, a, false);
}

void
api_decide_many(struct request *rq, struct asked *a)
{
	decide(rq, a, true);
}

void
api_decide_undo(struct request *rq, struct asked *a)
{
	struct asking	 w = { .kind = REQUEST_UNDO };
	int64_t		 about[DECISIONS_MAX], *ids;
	struct err	 e = { 0 };
	size_t		 n;

	if (!no_parameters(rq))
		return;
	if (!str_i64(rq->args[0], &w.item) || w.item < 1) {
		problem(rq, 404, "What names a decision is a number.");
		return;
	}
	if (query_decided_about(a->query, w.item, &ids, &n, &e) == -1) {
		problem(rq, 503, "%s", e.msg);
		return;
	}
	memcpy(about, ids, n * sizeof(*ids));
	/* what waits to be decided can be taken back, too: then its senders are not known yet */
	ask(rq, a, &w, about, n, -1);
}

/* --- Looking ------------------------------------------------------------------------------- */

static bool
number_param(struct request *rq, const char *key, int64_t most, int64_t *out)
{
	struct str	 v = query_string_get(&rq->query, key);
	char		 text[96];

	if (v.p == NULL || (str_i64(v, out) && *out >= 1 && *out <= most))
		return (true);
	(void)snprintf(text, sizeof(text), "%s is a number from 1 to %" PRId64, key, most);
	problem_param(rq, 400, str_of(key), "invalid_parameter", text);
	return (false);
}

void
api_decided(struct request *rq, struct asked *a)
{
	static const char *const	 keys[] = { "sender", "limit", "cursor" };
	int64_t				 sender = 0, limit = LOG_LIMIT, before = 0;
	struct err			 e = { 0 };
	json_t				*j;
	size_t				 k;

	for (size_t i = 0; i < rq->query.n; i++) {
		for (k = 0; k < nitems(keys) && !str_eq(rq->query.p[i].key, str_of(keys[k])); k++)
			;
		if (k == nitems(keys)) {
			problem_param(rq, 400, rq->query.p[i].key, "invalid_parameter", "there is no such parameter here");
			return;
		}
	}
	if (!number_param(rq, "sender", INT64_MAX, &sender) || !number_param(rq, "limit", LOG_MOST, &limit) ||
	    !number_param(rq, "cursor", INT64_MAX, &before))
		return;
	if ((j = answer_decisions(a->query, sender, before, (size_t)limit, &e)) == NULL)
		problem_err(rq, &e);
	else
		reply_json(rq, 200, j);
}

/* Was it carried out? */
void
api_requested(struct request *rq, struct asked *a)
{
	struct store_outcome	 o;
	struct asking		*list;
	struct err		 e = { 0 };
	json_t			*j;
	int64_t			 token;
	size_t			 n, i;
	bool			 spooled;
	int			 rv;

	if (!no_parameters(rq))
		return;
	if (!str_i64(rq->args[0], &token) || token < 1) {
		problem(rq, 404, "What names a request is a number.");
		return;
	}
	query_end(a->query);
	a->query = NULL;
	/* the list first: between the two it may be carried out, and then it is in the store */
	if (request_list(work_state_dir(), &list, &n, SIZE_MAX, &e) == -1) {
		problem(rq, 503, "%s", e.msg);
		return;
	}
	for (i = 0; i < n && list[i].token != token; i++)
		;
	/* between the two is the spool, for what was uploaded */
	spooled = i == n && spool_waits(work_state_dir(), token, request_words[REQUEST_UPLOAD]);
	if ((rv = store_outcome_get(a->store, token, &o, &e)) == 0 && (i < n || spooled))
		o = (struct store_outcome){ .token = token, .kind = spooled ? REQUEST_UPLOAD : list[i].kind };
	if (rv == 0 && i == n && !spooled)
		problem(rq, 404, "There is no request %" PRId64 ", or it was carried out long ago.", token);
	else if (rv == -1 || (j = answer_outcome(&o, rv == 0, &e)) == NULL)
		problem(rq, 503, "%s", e.msg);
	else
		reply_json(rq, 200, j);
	free(list);
}
