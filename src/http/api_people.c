/*
 * api_people.c - users and tokens made, changed and removed by an admin.
 *
 * This process may not write the file that they are in: it leaves a request to
 * the ingester (process/request.h), with hashes only. The ingester looks again
 * at all but the password of who asks, which only this process sees; it is
 * checked as at a sign-in, one at a time and behind the same brake.
 *
 * What is wrong is said before the password is looked at: who gets here is an
 * admin and may see all of it (GET /users).
 */
#include <inttypes.h>

#include "answer/answer.h"
#include "http/access.h"
#include "process/request.h"

struct wish {
	struct asking	 asking;	/* people */
	json_t		*body;
	const char	*own;		/* passwords: in the body */
	const char	*password;
	char		 token[80];	/* the text of a new one */
};

static bool
wrong(struct request *rq, unsigned status, const char *key, const char *what, const char *sentence)
{
	char	 pointer[64];

	(void)snprintf(pointer, sizeof(pointer), "/body/%s", key);
	problem_at(rq, status, pointer, what, sentence);
	return (false);
}

/* --- The body ------------------------------------------------------------------------- */

static void
wipe_text(json_t *v)
{
	if (json_is_string(v))
		explicit_bzero((char *)(uintptr_t)json_string_value(v), json_string_length(v));
}

static void
wipe(struct request *rq, struct wish *w)
{
	wipe_text(json_object_get(w->body, "own_password"));
	wipe_text(json_object_get(w->body, "password"));
	json_decref(w->body);
	if (rq->body != NULL)
		explicit_bzero(rq->body, rq->body_len);
	explicit_bzero(w->token, sizeof(w->token));
	request_clear(&w->asking);
}

static bool
take_text(struct request *rq, const json_t *body, const char *key, const char **out)
{
	const json_t	*v = json_object_get(body, key);

	if (v == NULL)
		return (true);
	if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
		return (problem_member(rq, key, "this is a text"));
	*out = json_string_value(v);
	return (true);
}

static bool
take_role(struct request *rq, const json_t *body, const char *const names[AUTH_ROLES], struct auth_change *c)
{
	const char	*role = NULL;
	unsigned	 i;
	char		 sentence[48];

	if (!take_text(rq, body, "role", &role))
		return (false);
	for (i = 0; i < AUTH_ROLES && (role == NULL || strcmp(role, names[i]) != 0); i++)
		;
	(void)snprintf(sentence, sizeof(sentence), "the role is %s or %s", names[AUTH_VIEWER], names[AUTH_ADMIN]);
	if (i == AUTH_ROLES)
		return (problem_member(rq, "role", sentence));
	c->role = (enum auth_role)i;
	c->rights = true;
	return (true);
}

static bool
take_domains(struct request *rq, const json_t *body, struct auth_change *c)
{
	const json_t	*list = json_object_get(body, "domains"), *v;
	struct err	 e = { 0 };
	size_t		 i;

	if (list == NULL || json_is_null(list))
		return (true);
	if (!json_is_array(list) || json_array_size(list) == 0)
		return (problem_member(rq, "domains", "domains is a list of names, or null: all of them"));
	json_array_foreach(list, i, v) {
		if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
			return (problem_member(rq, "domains", "domains is a list of names, or null: all of them"));
		if (auth_domains_add(&c->domains, json_string_value(v), &e) == -1)
			return (problem_member(rq, "domains", e.msg));
	}
	if (c->role == AUTH_ADMIN)
		return (problem_member(rq, "domains", "an admin sees all domains; only others are limited to some"));
	return (true);
}

/* keys: all there may be; own_password is there in any case. */
static bool
keys_known(struct request *rq, json_t *body, const char *const *keys)
{
	const char	*key;
	json_t		*v;
	size_t		 i;

	json_object_foreach(body, key, v) {
		for (i = 0; keys[i] != NULL && strcmp(key, keys[i]) != 0; i++)
			;
		if (keys[i] == NULL)
			return (problem_member(rq, "", "there is something in the body that has no place here"));
	}
	return (true);
}

static bool
begin(struct request *rq, struct wish *w, enum auth_act act, const char *const *keys)
{
	struct auth_change	*c = &w->asking.people;

	rq->reply.cache = "no-store";
	w->asking.kind = REQUEST_PEOPLE;
	c->act = act;
	if (rq->query.n > 0) {
		problem_param(rq, 400, rq->query.p[0].key, "invalid_parameter", "this endpoint has no parameters; passwords are never in an address");
		return (false);
	}
	/* before anything is looked at: others are told what to do instead */
	if (rq->who.how != WHO_SESSION)
		return (access_shown(rq, "", c->by_stamp));
	if ((w->body = api_body(rq)) == NULL || !keys_known(rq, w->body, keys) || !take_text(rq, w->body, "own_password", &w->own) ||
	    !take_text(rq, w->body, "password", &w->password))
		return (false);
	if (w->own == NULL || w->own[0] == '\0')
		return (wrong(rq, 400, "own_password", "missing", "your own password is asked for once more"));
	/* what is too long is nobody's */
	if (strlen(w->own) > AUTH_PASSWORD_MAX)
		w->own = "";
	return (true);
}

static bool
take_name(struct request *rq, struct wish *w)
{
	const char	*name = NULL;

	if (!take_text(rq, w->body, "name", &name))
		return (false);
	if (name == NULL || !auth_name_ok(name))
		return (problem_member(rq, "name", "a name has letters, digits and . _ - @, 64 at most"));
	(void)snprintf(w->asking.people.name, sizeof(w->asking.people.name), "%s", name);
	return (true);
}

/* The one in the path. */
static bool
path_name(struct request *rq, struct wish *w, const char *what)
{
	struct auth_change	*c = &w->asking.people;

	if (rq->args[0].len <= AUTH_NAME_MAX)
		(void)snprintf(c->name, sizeof(c->name), "%.*s", (int)rq->args[0].len, rq->args[0].p);
	if (rq->args[0].len == strlen(c->name) && auth_name_ok(c->name))
		return (true);
	problem(rq, 404, "There is no %s of that name.", what);
	return (false);
}

/* --- Asking ----------------------------------------------------------------------------- */

static void
answer(struct request *rq, struct wish *w, bool done)
{
	json_t	*j = json_pack("{s:s, s:o}", "state", done ? "done" : "waiting", "request", json_sprintf("%" PRId64, w->asking.token));

	if (w->token[0] != '\0')
		(void)json_object_set_new(j, "token", json_string(w->token));
	reply_json(rq, done ? 200 : 202, j);
}

/* The password of who asks was right. */
static void
ask(struct request *rq, struct asked *a, struct wish *w)
{
	struct asking		*s = &w->asking;
	struct store_outcome	 o = { 0 };
	struct err		 e = { 0 };
	int			 rv;

	(void)snprintf(s->people.by, sizeof(s->people.by), "%.64s", rq->who.name);
	(void)snprintf(s->people.from, sizeof(s->people.from), "%s", rq->peer);
	if (auth_change_check(&s->people, &e) == -1) {
		problem(rq, e.code == ERR_INPUT ? 400 : 503, "This cannot be asked for just now: %s", e.msg);
		return;
	}
	if ((rv = api_ask(rq, a, s, &o)) == -1)
		return;
	if (rv == 1 && strcmp(s->people.name, rq->who.name) == 0 && s->people.act == AUTH_ACT_USER_CHANGE)
		access_go_on(rq, s->people.fresh);
	answer(rq, w, rv == 1);
}

/* Of the new password, when one is said; and what the user is known by then. */
static bool
make_hash(struct request *rq, struct wish *w)
{
	struct auth_change	*c = &w->asking.people;
	struct auth_user	 u = { .name = "" };
	struct err		 e = { 0 };

	if ((w->password != NULL && auth_hash(w->password, &c->hash, &e) == -1) || auth_user_stamp(&u, &e) == -1) {
		problem(rq, 503, "%s", e.msg);
		return (false);
	}
	memcpy(c->fresh, u.stamp, sizeof(c->fresh));
	return (true);
}

static bool
password_fit(struct request *rq, const struct wish *w)
{
	struct err	 e = { 0 };

	return (auth_password_ok(w->password, w->asking.people.name, &e) == 0 || wrong(rq, 400, "password", "weak_password", e.msg));
}

/* --- Users ------------------------------------------------------------------------------ */

void
api_user_add(struct request *rq, struct asked *a)
{
	static const char *const	 keys[] = { "name", "role", "domains", "password", "own_password", NULL };
	struct wish			 w = { .body = NULL };
	struct auth_change		*c = &w.asking.people;
	char				 stamp[17];
	bool				 last;

	if (begin(rq, &w, AUTH_ACT_USER_ADD, keys) && take_name(rq, &w) && take_role(rq, w.body, auth_role_names, c) &&
	    take_domains(rq, w.body, c)) {
		access_user_stamp(c->name, stamp, &last);
		if (stamp[0] != '\0')
			(void)wrong(rq, 409, "name", "taken", "there is a user of that name already");
		else if (w.password == NULL)
			(void)wrong(rq, 400, "password", "missing", "a user has a password");
		else if (password_fit(rq, &w) && access_shown(rq, w.own, c->by_stamp) && make_hash(rq, &w))
			ask(rq, a, &w);
	}
	wipe(rq, &w);
}

/* false: rq has its reply. */
static bool
find_user(struct request *rq, struct wish *w, bool *last)
{
	access_user_stamp(w->asking.people.name, w->asking.people.seen, last);
	if (w->asking.people.seen[0] == '\0')
		problem(rq, 404, "There is no user of that name.");
	return (w->asking.people.seen[0] != '\0');
}

static bool
spare_last(struct request *rq, bool last, const char *key)
{
	return (!last || wrong(rq, 422, key, "last_admin", "this is the only admin left, and somebody has to be one"));
}

void
api_user_change(struct request *rq, struct asked *a)
{
	static const char *const	 keys[] = { "role", "domains", "password", "own_password", NULL };
	struct wish			 w = { .body = NULL };
	struct auth_change		*c = &w.asking.people;
	bool				 last, fits;

	if (begin(rq, &w, AUTH_ACT_USER_CHANGE, keys) && path_name(rq, &w, "user") && find_user(rq, &w, &last)) {
		fits = true;
		if (json_object_get(w.body, "role") != NULL || json_object_get(w.body, "domains") != NULL)
			fits = take_role(rq, w.body, auth_role_names, c) && take_domains(rq, w.body, c) &&
			    spare_last(rq, last && c->role != AUTH_ADMIN, "role");
		else if (w.password == NULL)
			fits = wrong(rq, 400, "", "missing", "there is nothing to change: role, with domains or without, or password");
		if (fits && (w.password == NULL || password_fit(rq, &w)) && access_shown(rq, w.own, c->by_stamp) && make_hash(rq, &w))
			ask(rq, a, &w);
	}
	wipe(rq, &w);
}

void
api_user_remove(struct request *rq, struct asked *a)
{
	static const char *const	 keys[] = { "own_password", NULL };
	struct wish			 w = { .body = NULL };
	bool				 last;

	if (begin(rq, &w, AUTH_ACT_USER_REMOVE, keys) && path_name(rq, &w, "user") && find_user(rq, &w, &last) && spare_last(rq, last, "name") &&
	    access_shown(rq, w.own, w.asking.people.by_stamp))
		ask(rq, a, &w);
	wipe(rq, &w);
}

/* --- Tokens ------------------------------------------------------------------------------- */

static bool
make_token(struct request *rq, struct wish *w)
{
	struct auth_change	*c = &w->asking.people;
	struct auth_token	 t = { .name = "" };
	struct err		 e = { 0 };

	if (auth_token_make(&t, w->token, &e) == -1 || (c->hash = strdup(t.hash)) == NULL) {
		problem(rq, 503, "%s", e.msg[0] == '\0' ? "out of memory" : e.msg);
		return (false);
	}
	(void)snprintf(c->fresh, sizeof(c->fresh), "%s", t.id);
	return (true);
}

void
api_token_add(struct request *rq, struct asked *a)
{
	static const char *const	 keys[] = { "name", "role", "domains", "own_password", NULL };
	struct wish			 w = { .body = NULL };
	struct auth_change		*c = &w.asking.people;
	char				 id[13];

	if (begin(rq, &w, AUTH_ACT_TOKEN_ADD, keys) && take_name(rq, &w) && take_role(rq, w.body, auth_token_role_names, c) &&
	    take_domains(rq, w.body, c)) {
		access_token_id(c->name, id);
		if (id[0] != '\0')
			(void)wrong(rq, 409, "name", "taken", "there is a token of that name already");
		else if (access_shown(rq, w.own, c->by_stamp) && make_token(rq, &w))
			ask(rq, a, &w);
	}
	wipe(rq, &w);
}

void
api_token_revoke(struct request *rq, struct asked *a)
{
	static const char *const	 keys[] = { "own_password", NULL };
	struct wish			 w = { .body = NULL };
	struct auth_change		*c = &w.asking.people;
	char				 id[13];

	if (begin(rq, &w, AUTH_ACT_TOKEN_REVOKE, keys) && path_name(rq, &w, "token")) {
		access_token_id(c->name, id);
		(void)snprintf(c->seen, sizeof(c->seen), "%s", id);
		if (id[0] == '\0')
			problem(rq, 404, "There is no token of that name.");
		else if (access_shown(rq, w.own, c->by_stamp))
			ask(rq, a, &w);
	}
	wipe(rq, &w);
}
