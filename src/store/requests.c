/*
 * requests.c - see requests.h.
 */
#include "store/requests.h"
#include "store/store_int.h"

#define KEPT "5000"	/* outcomes: more than can wait at a time */

const char *const	 request_words[REQUEST_KINDS] = { "retry", "discard", "decide", "undo", "todo", "upload", "people", "mute" };
const char *const	 request_results[REQUEST_RESULTS] = { "done", "refused", "stale" };

static int
put(struct store *s, const struct store_outcome *o, struct err *e)
{
	sqlite3_stmt	*st;
	const int64_t	 v[] = { o->token, o->kind, o->asked, o->done, o->result, o->n };

	if (store_prepare(s, &st, "INSERT OR REPLACE INTO request (token, kind, asked, done, result, n, who, text) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", e) == -1)
		return (-1);
	for (int i = 0; i < (int)nitems(v); i++)
		(void)sqlite3_bind_int64(st, i + 1, v[i]);
	(void)sqlite3_bind_text(st, 7, o->who == NULL ? "" : o->who, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 8, o->text, -1, SQLITE_STATIC);
	(void)sqlite3_step(st);
	if (sqlite3_finalize(st) != SQLITE_OK)
		return (store_fail(s, "request", e));
	return (store_exec(s, "DELETE FROM request WHERE done < (SELECT done FROM request ORDER BY done DESC LIMIT 1 OFFSET " KEPT ")", e));
}

int
store_outcome_put(struct store *s, const struct store_outcome *o, struct err *e)
{
	if (store_in_transaction(s))
		return (put(s, o, e));
	if (store_begin(s, e) == -1)
		return (-1);
	if (put(s, o, e) == -1) {
		store_rollback(s);
		return (-1);
	}
	return (store_commit(s, e));
}

int
store_outcome_get(struct store *s, int64_t token, struct store_outcome *o, struct err *e)
{
	sqlite3_stmt	*st;
	const char	*p;
	int		 rc, kind, result;

	memset(o, 0, sizeof(*o));
	if (store_prepare(s, &st, "SELECT kind, asked, done, result, n, text FROM request WHERE token = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, token);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		kind = sqlite3_column_int(st, 0);
		result = sqlite3_column_int(st, 3);
		p = (const char *)sqlite3_column_text(st, 5);
		*o = (struct store_outcome){ .token = token, .asked = sqlite3_column_int64(st, 1), .done = sqlite3_column_int64(st, 2),
		    .kind = kind < 0 || kind >= REQUEST_KINDS ? REQUEST_DECIDE : (enum request_kind)kind,
		    .result = result < 0 || result >= REQUEST_RESULTS ? REQUEST_REFUSED : (enum request_result)result,
		    .n = (unsigned)sqlite3_column_int(st, 4) };
		(void)snprintf(o->text, sizeof(o->text), "%s", p == NULL ? "" : p);
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : store_fail(s, "request", e));
}
