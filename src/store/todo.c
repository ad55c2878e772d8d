/*
 * todo.c - store_todo: what people say about tasks, fixes and views, written
 * down. See todo.h.
 */
#include "base/when.h"
#include "store/records.h"
#include "store/senders.h"
#include "store/store_int.h"
#include "store/todo.h"

#define ASKED_AGAIN	20	/* domains of a sender */

const char *const	 todo_acts[TODO_ACTS] = { "task", "watch", "unwatch", "view", "unview" };
const char *const	 task_said_names[TASK_SAID] = { "open", "snoozed", "dismissed" };

/* --- What can be asked for ------------------------------------------------------------ */

static bool
task_id(struct str s)
{
	if (s.p == NULL || s.len != TODO_TASK_ID)
		return (false);
	for (size_t i = 0; i < s.len; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return (false);
	return (true);
}

/* No control characters, and so no lines. */
static bool
plain(struct str s, size_t max)
{
	if (s.p == NULL || s.len > max || !str_utf8_ok(s))
		return (false);
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 127)
			return (false);
	return (true);
}

static size_t
characters(struct str s)
{
	size_t	 n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return (n);
}

static int
view_check(const struct store_todo *t, struct err *e)
{
	struct str	 name = str_trim(t->name);

	if (!plain(name, (size_t)TODO_VIEW_NAME * 4) || name.len == 0 || characters(name) > TODO_VIEW_NAME)
		return (err_set(e, ERR_CONFIG, "name: one line of 1 to %d characters", TODO_VIEW_NAME));
	if (!plain(t->page, TODO_VIEW_PAGE) || t->page.len == 0 || t->page.p[0] != '/' || (t->page.len > 1 && t->page.p[1] == '/') ||
	    memchr(t->page.p, '\\', t->page.len) != NULL || memchr(t->page.p, '?', t->page.len) != NULL ||
	    memchr(t->page.p, '#', t->page.len) != NULL)
		return (err_set(e, ERR_CONFIG, "page: the path of a page, as /senders, of at most %d bytes", TODO_VIEW_PAGE));
	if (!plain(t->query, TODO_VIEW_QUERY) || memchr(t->query.p, '#', t->query.len) != NULL)
		return (err_set(e, ERR_CONFIG, "query: a query string of at most %d bytes", TODO_VIEW_QUERY));
	return (0);
}

int
store_todo_check(const struct store_todo *t, struct err *e)
{
	char	 code[8];

	switch (t->act) {
	case TODO_TASK:
		if (!task_id(t->task))
			return (err_set(e, ERR_CONFIG, "id: the id of a task has %d hexadecimal digits", TODO_TASK_ID));
		if ((int)t->state < 0 || t->state >= TASK_SAID)
			return (err_set(e, ERR_CONFIG, "state: one of open, snoozed and dismissed"));
		if ((t->state == TASK_SNOOZED) != (t->until != DAY_NONE))
			return (err_set(e, ERR_CONFIG, "until: a day, with snoozed and with nothing else"));
		return (0);
	case TODO_WATCH:
		if (t->sender < 1 || t->sender == SENDER_REST)
			return (err_set(e, ERR_CONFIG, "sender: the id of a sender; background noise is nobody"));
		if (t->code == 0 || dmarc_code_parse(str_of(dmarc_code_name(t->code, code))) != t->code)
			return (err_set(e, ERR_CONFIG, "code: one of P1 to P11 and F1 to F12"));
		return (0);
	case TODO_UNWATCH:
	case TODO_UNVIEW:
		return (t->id > 0 ? 0 : err_set(e, ERR_CONFIG, "id: a number"));
	case TODO_VIEW:
		return (view_check(t, e));
	case TODO_ACTS:
		break;
	}
	return (err_set(e, ERR_CONFIG, "there is no such thing to do"));
}

/* --- Statements of rare use --------------------------------------------------------------- */

enum { BOUND = 10 };
struct bound { int64_t n; struct str s; bool text, null; };
#define NUMBER(v)	{ .n = (v) }
#define TEXT(v)		{ .s = (v), .text = true }

static int
run(struct store *s, const char *sql, const struct bound *v, size_t n, int64_t *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(s, &st, sql, e) == -1)
		return (-1);
	for (size_t i = 0; i < n && i < BOUND; i++)
		if (v[i].text)
			(void)sqlite3_bind_text(st, (int)i + 1, v[i].s.p == NULL ? "" : v[i].s.p, (int)v[i].s.len, SQLITE_STATIC);
		else if (!v[i].null)
			(void)sqlite3_bind_int64(st, (int)i + 1, v[i].n);
	rc = sqlite3_step(st);
	if (out != NULL)
		*out = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "what people do", e));
}

/* 0: none is given. */
static int
domain_of(struct store *s, struct str name, int64_t *out, struct err *e)
{
	const struct bound	 v[] = { TEXT(name) };

	*out = 0;
	if (name.p == NULL)
		return (0);
	if (run(s, "SELECT id FROM domain WHERE name = ?1 AND apart = 0", v, nitems(v), out, e) == -1)
		return (-1);
	return (*out != 0 ? 0 : err_set(e, ERR_INPUT, "no reports are about the domain %.*s", (int)(name.len > 100 ? 100 : name.len), name.p));
}

/* --- Each of them ------------------------------------------------------------------------------ */

static int
do_task(struct store *s, const struct store_todo *t, const char *who, int64_t now, struct err *e)
{
	int64_t	 domain;

	if (domain_of(s, t->domain, &domain, e) == -1)
		return (-1);
	const struct bound v[] = { NUMBER(now), TEXT(str_of(who)), TEXT(t->task), NUMBER(domain), NUMBER(t->state),
	    { .n = t->until, .null = t->until == DAY_NONE } };
	return (run(s, "INSERT INTO task (at, who, task, domain, state, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", v, nitems(v), NULL, e));
}

/* Where a fix is reported, the DNS is asked at once: of the domain, or of all that the sender sends as. */
static int
ask_again(struct store *s, int64_t sender, int64_t domain, int64_t now, struct err *e)
{
	char		 names[ASKED_AGAIN][DOMAIN_MAX + 1];
	sqlite3_stmt	*st;
	size_t		 n = 0;
	int		 rc = SQLITE_DONE;

	if (store_prepare(s, &st, "SELECT name FROM domain d WHERE apart = 0 AND CASE ?2 WHEN 0 THEN EXISTS (SELECT 1 FROM sender_class c"
	    " WHERE c.sender = ?1 AND c.domain = d.id) ELSE id = ?2 END ORDER BY id", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, sender);
	(void)sqlite3_bind_int64(st, 2, domain);
	while (n < ASKED_AGAIN && (rc = sqlite3_step(st)) == SQLITE_ROW)
		(void)snprintf(names[n++], sizeof(names[0]), "%s", (const char *)sqlite3_column_text(st, 0));
	(void)sqlite3_finalize(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return (store_fail(s, "domain", e));
	for (size_t i = 0; i < n; i++)
		if (store_dns_due_now(s, str_of(names[i]), now, e) == -1)
			return (-1);
	return (0);
}

static int
do_watch(struct store *s, const struct store_todo *t, int64_t token, const char *who, int64_t now, struct err *e)
{
	int64_t	 domain, there;

	if (domain_of(s, t->domain, &domain, e) == -1)
		return (-1);
	const struct bound sender[] = { NUMBER(t->sender) };
	if (run(s, "SELECT id FROM sender WHERE id = ?1", sender, 1, &there, e) == -1)
		return (-1);
	if (there == 0)
		return (err_set(e, ERR_INPUT, "there is no sender %lld", (long long)t->sender));
	/* said once more: it begins anew */
	const struct bound same[] = { NUMBER(t->sender), NUMBER(domain), NUMBER(t->code), NUMBER(now), TEXT(str_of(who)) };
	if (run(s, "UPDATE watch SET ended = ?4, ended_by = ?5 WHERE sender = ?1 AND domain = ?2 AND code = ?3 AND ended IS NULL", same,
	    nitems(same), NULL, e) == -1)
		return (-1);
	const struct bound since[] = { NUMBER(when_day(now) - WATCH_SHOWN) };
	if (run(s, "SELECT count(*) FROM watch WHERE ended IS NULL AND day >= ?1", since, 1, &there, e) == -1)
		return (-1);
	if (there >= TODO_WATCHES)
		return (err_set(e, ERR_LIMIT, "%d fixes are watched already; end some first", TODO_WATCHES));
	const struct bound v[] = { NUMBER(token), NUMBER(now), NUMBER(when_day(now)), TEXT(str_of(who)), NUMBER(t->sender), NUMBER(domain),
	    NUMBER(t->code) };
	if (run(s, "INSERT INTO watch (id, at, day, who, sender, domain, code) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", v, nitems(v), NULL, e) == -1)
		return (-1);
	return (ask_again(s, t->sender, domain, now, e));
}

static int
do_unwatch(struct store *s, const struct store_todo *t, const char *who, int64_t now, struct err *e)
{
	const struct bound	 v[] = { NUMBER(t->id), NUMBER(now), TEXT(str_of(who)) };
	int64_t			 there;

	if (run(s, "SELECT id FROM watch WHERE id = ?1 AND ended IS NULL", v, 1, &there, e) == -1)
		return (-1);
	if (there == 0)
		return (err_set(e, ERR_INPUT, "there is no watch %lld, or it has ended", (long long)t->id));
	return (run(s, "UPDATE watch SET ended = ?2, ended_by = ?3 WHERE id = ?1", v, nitems(v), NULL, e));
}

static int
do_view(struct store *s, const struct store_todo *t, int64_t token, int64_t now, struct err *e)
{
	const struct bound	 v[] = { NUMBER(token), NUMBER(now), TEXT(t->owner), TEXT(str_trim(t->name)), TEXT(t->page), TEXT(t->query) };
	const struct bound	 others[] = { TEXT(t->owner), TEXT(str_trim(t->name)) };
	int64_t			 n;

	if (run(s, "SELECT count(*) FROM saved_view WHERE owner = ?1 AND name <> ?2", others, nitems(others), &n, e) == -1)
		return (-1);
	if (n >= TODO_VIEWS)
		return (err_set(e, ERR_LIMIT, "there are %d saved views already; remove some first", TODO_VIEWS));
	return (run(s, "INSERT OR REPLACE INTO saved_view (id, at, owner, name, page, query) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", v, nitems(v), NULL, e));
}

static int
do_unview(struct store *s, const struct store_todo *t, struct err *e)
{
	const struct bound	 v[] = { NUMBER(t->id), TEXT(t->owner) };
	int64_t			 there;

	if (run(s, "SELECT id FROM saved_view WHERE id = ?1 AND owner = ?2", v, nitems(v), &there, e) == -1)
		return (-1);
	if (there == 0)
		return (err_set(e, ERR_INPUT, "there is no view %lld", (long long)t->id));
	return (run(s, "DELETE FROM saved_view WHERE id = ?1 AND owner = ?2", v, nitems(v), NULL, e));
}

int
store_todo(struct store *s, const struct store_todo *t, int64_t token, const char *who, int64_t now, struct err *e)
{
	int	 rv = -1;

	if (store_todo_check(t, e) == -1)
		return (-1);
	switch (t->act) {
	case TODO_TASK:
		rv = do_task(s, t, who, now, e);
		break;
	case TODO_WATCH:
		rv = do_watch(s, t, token, who, now, e);
		break;
	case TODO_UNWATCH:
		rv = do_unwatch(s, t, who, now, e);
		break;
	case TODO_VIEW:
		rv = do_view(s, t, token, now, e);
		break;
	case TODO_UNVIEW:
	case TODO_ACTS:
		rv = do_unview(s, t, e);
		break;
	}
	writer_changed(s, false);	/* those who look at it now see it at once */
	return (rv);
}
