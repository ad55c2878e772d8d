/*
 * change.c - users and tokens changed on behalf of an admin who is not here:
 * the http process, which may not write our file, has seen his password and
 * left a request (process/request.h); whoever carries it out looks again.
 *
 * A change may be carried out a second time, when its process was killed
 * before it could say that it was done. So all that is drawn by chance is
 * drawn by who asks: a user whose stamp is the new one was changed already.
 * What was changed otherwise meanwhile is left as it is.
 */
#include <stdio.h>
#include <stdlib.h>

#include "auth/auth.h"

#define HASH_BYTES	384	/* of crypt(5) */
#define LOG_LOOK	300	/* lines that are searched for ours */

const char *const	 auth_acts[AUTH_ACTS] = { "user_add", "user_change", "user_remove", "token_add", "token_revoke" };

void
auth_change_clear(struct auth_change *c)
{
	if (c->hash != NULL)
		explicit_bzero(c->hash, strlen(c->hash));
	free(c->hash);
	free(c->domains);
	c->hash = c->domains = NULL;
}

/* --- Its shape ------------------------------------------------------------------- */

static bool
is_hex(const char *s, size_t n)
{
	return (strlen(s) == n && strspn(s, "0123456789abcdef") == n);
}

static bool
is_crypted(const char *s)
{
	size_t	 n = strlen(s);

	return (n > 20 && n <= HASH_BYTES && strncmp(s, "$y$", 3) == 0 &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./$=,") == n);
}

static bool
of_token(const struct auth_change *c)
{
	return (c->act == AUTH_ACT_TOKEN_ADD || c->act == AUTH_ACT_TOKEN_REVOKE);
}

int
auth_change_check(const struct auth_change *c, struct err *e)
{
	bool	 adds = c->act == AUTH_ACT_USER_ADD || c->act == AUTH_ACT_TOKEN_ADD;
	bool	 ends = c->act == AUTH_ACT_USER_REMOVE || c->act == AUTH_ACT_TOKEN_REVOKE;
	size_t	 n = of_token(c) ? 12 : 16;

	if (!auth_name_ok(c->name))
		return (err_set(e, ERR_INPUT, "a name has letters, digits and . _ - @, %d at most", AUTH_NAME_MAX));
	if (c->rights && c->role == AUTH_ADMIN && c->domains != NULL)
		return (err_set(e, ERR_INPUT, "an admin sees all domains; only others are limited to some"));
	if (c->act >= AUTH_ACTS || strspn(c->from, "0123456789abcdefABCDEF:.%") != strlen(c->from) || !auth_name_ok(c->by) || !is_hex(c->by_stamp, 16) || c->role >= AUTH_ROLES ||
	    (adds ? c->seen[0] != '\0' || !c->rights || c->hash == NULL : !is_hex(c->seen, n)) ||
	    (ends ? c->rights || c->hash != NULL : !is_hex(c->fresh, n) || (!c->rights && c->hash == NULL)) ||
	    (c->hash != NULL && !(of_token(c) ? is_hex(c->hash, AUTH_SECRET_TEXT - 1) : is_crypted(c->hash))))
		return (err_set(e, ERR_INPUT, "what is asked of users and tokens makes no sense"));
	return (0);
}

/* --- Done --------------------------------------------------------------------------- */

static int
stale(struct err *e, const char *name)
{
	(void)err_set(e, ERR_INPUT, "%s was changed by somebody else meanwhile; look again", name);
	e->detail = AUTH_STALE;
	return (-1);
}

bool
auth_last_admin(const struct auth *a, const char *name)
{
	const struct auth_user	*u = auth_user(a, name);
	size_t			 n = 0;

	for (size_t i = 0; i < a->nusers; i++)
		n += a->users[i].role == AUTH_ADMIN;
	return (u != NULL && u->role == AUTH_ADMIN && n == 1);
}

static int
copy(char **to, const char *from, struct err *e)
{
	free(*to);
	*to = NULL;
	return (from != NULL && (*to = strdup(from)) == NULL ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

static int
change_user(struct auth *a, const struct auth_change *c, int64_t at, struct err *e)
{
	struct auth_user	*u = auth_user(a, c->name);
	bool			 add = c->act == AUTH_ACT_USER_ADD;

	if (add && u != NULL)
		return (err_set(e, ERR_INPUT, "there is a user %s already", c->name));
	if (!add && (u == NULL || !auth_same(u->stamp, c->seen)))
		return (stale(e, c->name));
	if (!add && c->rights && c->role != AUTH_ADMIN && auth_last_admin(a, c->name))
		return (err_set(e, ERR_INPUT, "%s is the only admin left, and somebody has to be one", c->name));
	if (add && (u = auth_user_add(a, c->name, e)) == NULL)
		return (-1);
	if (c->rights) {
		u->role = c->role;
		if (copy(&u->domains, c->domains, e) == -1)
			return (-1);
	}
	if (c->hash != NULL && copy(&u->hash, c->hash, e) == -1)
		return (-1);
	if (add)
		u->made = at;
	u->changed = at;
	(void)snprintf(u->stamp, sizeof(u->stamp), "%s", c->fresh);
	return (0);
}

static int
add_token(struct auth *a, const struct auth_change *c, int64_t at, struct err *e)
{
	struct auth_token	*t = auth_token(a, c->name);

	if (t != NULL)
		return (err_set(e, ERR_INPUT, "there is a token %s already", c->name));
	if ((t = auth_token_add(a, c->name, e)) == NULL || copy(&t->domains, c->domains, e) == -1)
		return (-1);
	t->role = c->role;
	t->made = at;
	(void)snprintf(t->id, sizeof(t->id), "%.12s", c->fresh);
	(void)snprintf(t->hash, sizeof(t->hash), "%s", c->hash);
	return (0);
}

/* Is it as it is to be? */
static bool
is_done(const struct auth *a, const struct auth_change *c)
{
	const struct auth_user	*u = of_token(c) ? NULL : auth_user(a, c->name);
	const struct auth_token	*t = of_token(c) ? auth_token(a, c->name) : NULL;

	switch (c->act) {
	case AUTH_ACT_USER_ADD:
	case AUTH_ACT_USER_CHANGE:
		return (u != NULL && strcmp(u->stamp, c->fresh) == 0);
	case AUTH_ACT_TOKEN_ADD:
		return (t != NULL && strcmp(t->id, c->fresh) == 0);
	case AUTH_ACT_USER_REMOVE:
	case AUTH_ACT_TOKEN_REVOKE:
	case AUTH_ACTS:
		break;
	}
	return (u == NULL && t == NULL);
}

struct doing { const struct auth_change *c; int64_t at; };

/* 1: it was done before, and nothing is to be written. */
static int
carry_out(struct auth *a, void *ctx, struct err *e)
{
	const struct doing	*d = ctx;
	const struct auth_change *c = d->c;
	const struct auth_user	*by = auth_user(a, c->by);
	struct auth_user	*u;
	struct auth_token	*t;

	if (is_done(a, c))
		return (1);
	/* the web server has looked, too; whoever asked may have lost the right since */
	if (by == NULL || by->role != AUTH_ADMIN || !auth_same(by->stamp, c->by_stamp))
		return (err_set(e, ERR_INPUT, "%s, who asked for it, is no admin any more or has another password now", c->by));
	switch (c->act) {
	case AUTH_ACT_USER_ADD:
	case AUTH_ACT_USER_CHANGE:
		return (change_user(a, c, d->at, e));
	case AUTH_ACT_TOKEN_ADD:
		return (add_token(a, c, d->at, e));
	case AUTH_ACT_USER_REMOVE:
		if (strcmp((u = auth_user(a, c->name))->stamp, c->seen) != 0)
			return (stale(e, c->name));
		if (auth_last_admin(a, c->name))
			return (err_set(e, ERR_INPUT, "%s is the only admin left, and somebody has to be one", c->name));
		auth_user_remove(a, u);
		return (0);
	case AUTH_ACT_TOKEN_REVOKE:
		if (strcmp((t = auth_token(a, c->name))->id, c->seen) != 0)
			return (stale(e, c->name));
		auth_token_remove(a, t);
		return (0);
	case AUTH_ACTS:
		break;
	}
	return (err_set(e, ERR_BUG, "users: there is no act %d", (int)c->act));
}

/* --- The log ----------------------------------------------------------------------------- */

static bool
is_logged(const char *state_dir, const struct auth_entry *x)
{
	struct auth_entry	*v;
	struct err		 e = { 0 };
	size_t			 n;
	bool			 yes = false;

	if (auth_audit_read(state_dir, LOG_LOOK, &v, &n, &e) == -1)
		return (false);
	for (size_t i = 0; i < n && !yes; i++)
		yes = v[i].time == x->time && v[i].event == x->event && strcmp(v[i].who, x->who) == 0 && strcmp(v[i].what, x->what) == 0;
	free(v);
	return (yes);
}

/* before: it may be there already. */
static int
log_one(const char *state_dir, const struct auth_change *c, int64_t at, enum auth_event event, bool before, struct err *e)
{
	struct auth_entry	 x = { .time = at, .event = event };
	const char *const	*roles = of_token(c) ? auth_token_role_names : auth_role_names;

	(void)snprintf(x.who, sizeof(x.who), "%s", c->by);
	(void)snprintf(x.from, sizeof(x.from), "%s", c->from);
	if (c->rights && event != AUTH_USER_PASSWORD)
		(void)snprintf(x.what, sizeof(x.what), "%s %s%s%.40s", c->name, roles[c->role], c->domains == NULL ? "" : " ",
		    c->domains == NULL ? "" : c->domains);
	else
		(void)snprintf(x.what, sizeof(x.what), "%s", c->name);
	return (before && is_logged(state_dir, &x) ? 0 : auth_audit(state_dir, &x, e));
}

static int
log_all(const char *state_dir, const struct auth_change *c, int64_t at, bool before, struct err *e)
{
	static const enum auth_event	 events[AUTH_ACTS] = {
		[AUTH_ACT_USER_ADD] = AUTH_USER_ADDED, [AUTH_ACT_USER_CHANGE] = AUTH_USER_ROLE, [AUTH_ACT_USER_REMOVE] = AUTH_USER_REMOVED,
		[AUTH_ACT_TOKEN_ADD] = AUTH_TOKEN_ADDED, [AUTH_ACT_TOKEN_REVOKE] = AUTH_TOKEN_REVOKED,
	};
	int				 rv = 0;

	if (c->act != AUTH_ACT_USER_CHANGE || c->rights)
		rv = log_one(state_dir, c, at, events[c->act], before, e);
	if (rv == 0 && c->act == AUTH_ACT_USER_CHANGE && c->hash != NULL)
		rv = log_one(state_dir, c, at, AUTH_USER_PASSWORD, before, e);
	return (rv);
}

int
auth_change_do(const char *state_dir, const struct auth_change *c, int64_t at, struct err *e)
{
	struct doing	 d = { c, at };
	int		 rv;

	if (auth_change_check(c, e) == -1 || (rv = auth_edit(state_dir, carry_out, &d, e)) == -1)
		return (-1);
	return (log_all(state_dir, c, at, rv == 1, e));
}
