/*
 * write_message.c - account of messages: what came of each, sums of the
 * intake, tokens of spool files, what lies in quarantine.
 */
#include "base/when.h"
#include "store/write_int.h"

int
writer_intake_flush(struct store *s, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_INTAKE_ADD);

	for (size_t i = 0; i < w->nintake; i++) {
		(void)sqlite3_bind_int64(st, 1, w->intake[i].day);
		(void)sqlite3_bind_int64(st, 2, w->intake[i].origin);
		(void)sqlite3_bind_int(st, 3, w->intake[i].result);
		(void)sqlite3_bind_int64(st, 4, w->intake[i].n);
		if (writer_run(s, ST_INTAKE_ADD, e) == -1)
			return (-1);
	}
	w->nintake = 0;
	return (0);
}

int
store_message_begin(struct store *s, int64_t *id, struct err *e)
{
	(void)e;
	*id = s->w->next_message++;
	return (0);
}

static int
intake_count(struct store *s, int64_t day, int64_t origin, int result, int n, struct err *e)
{
	struct writer	*w = s->w;

	for (size_t i = 0; i < w->nintake; i++)
		if (w->intake[i].day == day && w->intake[i].origin == origin && w->intake[i].result == result) {
			w->intake[i].n += n;
			return (0);
		}
	if (w->nintake == nitems(w->intake) && writer_intake_flush(s, e) == -1)
		return (-1);
	w->intake[w->nintake++] = (struct intake_sum){ day, origin, result, n };
	return (0);
}

static void
token_keep(struct writer *w, uint64_t token)
{
	size_t	 at = (size_t)(token * 0x9e3779b97f4a7c15u >> 32) & (2 * TOKENS - 1), n = 0;

	/* full: old ones make room; by then their files are long gone */
	while (w->tokens[at] != 0 && w->tokens[at] != token && n++ < 8)
		at = (at + 1) & (2 * TOKENS - 1);
	w->tokens[at] = token;
}

static struct pack *
pack_of(struct store *s, const struct store_message *m)
{
	return (m->failure ? &s->w->failure_pack : &s->w->pack);
}

/* It was taken in before and is read once more: it counts as what it is now. */
static int
message_again(struct store *s, int64_t id, const struct store_message *m, enum intake_result result, int fd, uint64_t offset,
    struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_MESSAGE_FIND);
	int64_t		 day = 0, origin = 0;
	uint64_t	 at = 0;
	int		 rc, old = 0;
	bool		 kept = false;

	(void)sqlite3_bind_int64(st, 1, id);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		old = sqlite3_column_int(st, 0);
		day = when_day(sqlite3_column_int64(st, 1));
		origin = sqlite3_column_int64(st, 2);
		kept = sqlite3_column_int(st, 3) != 0;
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW)
		return (store_fail(s, "message", e));
	st = stmt(s, ST_MESSAGE_AGAIN);
	(void)sqlite3_bind_int64(st, 1, id);
	(void)sqlite3_bind_int(st, 2, (int)result);
	(void)sqlite3_bind_null(st, 3);
	(void)sqlite3_bind_null(st, 4);
	if (fd != -1 && !kept) {
		if (pack_append(s, pack_of(s, m), fd, offset, m->bytes, &at, e) == -1)
			return (-1);
		(void)sqlite3_bind_int64(st, 3, pack_of(s, m)->id);
		(void)sqlite3_bind_int64(st, 4, (sqlite3_int64)at);
	}
	w->changed = true;
	if (writer_run(s, ST_MESSAGE_AGAIN, e) == -1)
		return (-1);
	if (old == (int)result)
		return (0);
	return (intake_count(s, day, origin, old, -1, e) == -1 || intake_count(s, day, origin, (int)result, 1, e) == -1 ? -1 : 0);
}

static int
message_put(struct store *s, int64_t id, const struct store_message *m, int64_t origin, enum intake_result result, uint64_t token,
    int fd, uint64_t offset, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_MESSAGE_ADD);
	uint64_t	 at = 0;

	if (fd != -1 && pack_append(s, pack_of(s, m), fd, offset, m->bytes, &at, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	(void)sqlite3_bind_int64(st, 2, m->received);
	(void)sqlite3_bind_int64(st, 3, origin);
	(void)sqlite3_bind_int(st, 4, (int)result);
	(void)sqlite3_bind_int64(st, 5, (sqlite3_int64)m->bytes);
	(void)sqlite3_bind_int64(st, 6, (sqlite3_int64)token);
	if (fd != -1) {
		(void)sqlite3_bind_int64(st, 7, pack_of(s, m)->id);
		(void)sqlite3_bind_int64(st, 8, (sqlite3_int64)at);
	} else {
		(void)sqlite3_bind_null(st, 7);
		(void)sqlite3_bind_null(st, 8);
	}
	w->changed = true;
	return (writer_run(s, ST_MESSAGE_ADD, e));
}

static int
message_count(struct store *s, const struct store_message *m, int64_t origin, enum intake_result result, struct err *e)
{
	if (intake_count(s, when_day(m->received), origin, (int)result, 1, e) == -1)
		return (-1);
	if (m->token != 0)
		token_keep(s->w, m->token);
	return (0);
}

int
store_message_end(struct store *s, int64_t id, const struct store_message *m, enum intake_result result, int fd, uint64_t offset,
    struct err *e)
{
	int64_t	 origin;

	if (m->again)
		return (message_again(s, id, m, result, fd, offset, e));
	if ((origin = writer_name(s, str_of(m->origin), e)) == -1 ||
	    message_put(s, id, m, origin, result, m->token, fd, offset, e) == -1)
		return (-1);
	return (message_count(s, m, origin, result, e));
}

int
store_message_hold(struct store *s, int64_t id, const struct store_message *m, int fd, uint64_t offset, struct err *e)
{
	int64_t	 origin;

	/* no token yet: should the end never come, the file is read again */
	if ((origin = writer_name(s, str_of(m->origin), e)) == -1)
		return (-1);
	return (message_put(s, id, m, origin, IN_PARTIAL, 0, fd, offset, e));
}

int
store_message_settle(struct store *s, int64_t id, const struct store_message *m, enum intake_result result, struct err *e)
{
	sqlite3_stmt	*st = stmt(s, ST_MESSAGE_SET);
	int64_t		 origin;

	if ((origin = writer_name(s, str_of(m->origin), e)) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	(void)sqlite3_bind_int(st, 2, (int)result);
	(void)sqlite3_bind_int64(st, 3, (sqlite3_int64)m->token);
	s->w->changed = true;
	if (writer_run(s, ST_MESSAGE_SET, e) == -1)
		return (-1);
	return (message_count(s, m, origin, result, e));
}

bool
store_token_seen(struct store *s, uint64_t token)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_TOKENS);
	size_t		 at;

	if (!w->tokens_ready) {
		w->tokens_ready = true;
		while (sqlite3_step(st) == SQLITE_ROW)
			if (sqlite3_column_int64(st, 0) != 0)
				token_keep(w, (uint64_t)sqlite3_column_int64(st, 0));
		(void)sqlite3_reset(st);
	}
	if (token == 0)
		return (false);
	at = (size_t)(token * 0x9e3779b97f4a7c15u >> 32) & (2 * TOKENS - 1);
	for (size_t n = 0; n <= 8; n++, at = (at + 1) & (2 * TOKENS - 1))
		if (w->tokens[at] == token)
			return (true);
	return (false);
}

int64_t
store_report_message(struct store *s, enum report_kind kind, int64_t id)
{
	int64_t	 message;

	if (kind == REPORT_TLS)
		return (writer_tls_message(s, id));
	if (kind == REPORT_FAILURE)
		return (writer_failure_message(s, id));
	(void)sqlite3_bind_int64(stmt(s, ST_REPORT_MESSAGE), 1, id);
	return (writer_find(s, ST_REPORT_MESSAGE, &message, NULL) == 1 ? message : 0);
}

int
store_quarantine_add(struct store *s, const struct store_quarantined *x, struct err *e)
{
	sqlite3_stmt	*st = stmt(s, ST_QUARANTINE_ADD);
	int64_t		 id;

	if ((id = writer_name(s, str_of(x->origin), e)) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, x->received);
	(void)sqlite3_bind_int64(st, 2, id);
	bind_str(st, 3, str_of(x->file));
	(void)sqlite3_bind_int64(st, 4, (sqlite3_int64)x->bytes);
	bind_str(st, 5, str_of(x->reason));
	bind_str(st, 6, str_of(x->text));
	bind_str(st, 7, x->sender);
	bind_str(st, 8, x->subject);
	bind_id(st, 9, x->message);
	bind_id(st, 10, x->part);
	bind_id(st, 11, x->line);
	(void)sqlite3_bind_int(st, 12, x->private);
	bind_id(st, 13, (int64_t)x->byte);
	bind_str(st, 14, x->entry.len == 0 ? STR_NONE : x->entry);
	bind_id(st, 15, x->again ? when_now() : 0);
	s->w->changed = true;
	return (writer_run(s, ST_QUARANTINE_ADD, e));
}

bool
store_quarantine_has(struct store *s, const char *file)
{
	int64_t	 id;

	bind_str(stmt(s, ST_QUARANTINE_FIND), 1, str_of(file));
	return (writer_find(s, ST_QUARANTINE_FIND, &id, NULL) == 1);
}
