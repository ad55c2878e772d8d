/*
 * write.c - the writer: its statements made ready, its transactions, and the
 * sums by day, which are added up in memory and written once per key at the
 * commit. write_ids.c finds ids, write_evidence.c judges combinations,
 * write_report.c takes a report in, write_again.c takes it in once more,
 * write_message.c keeps account of messages.
 *
 * Ids of texts, addresses and combinations are remembered over transactions:
 * rows of those tables never change and never go. When another process wrote
 * in between (data_version) what depends on counters is read anew.
 */
#include "dmarc/dmarc.h"
#include "store/write_int.h"

int
writer_new(struct store *s, struct err *e)
{
	struct writer	*w = calloc(1, sizeof(*w));

	if (w == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	s->w = w;
	w->pack.fd = w->failure_pack.fd = -1;
	w->failure_pack.kind = PACK_FAILURES;
	w->data_version = -1;
	w->refused.max = 64 * 1024;
	if (!writer_cache_new(&w->names, 1u << 17) || !writer_cache_new(&w->sources, 1u << 16) ||
	    !writer_cache_new(&w->evidence, 1u << 16) || !writer_cache_new(&w->keys, 1u << 10) ||
	    !writer_cache_new(&w->periods, 1u << 12) ||
	    (w->held = calloc(HELD, sizeof(*w->held))) == NULL ||
	    (w->arena = arena_new((size_t)64 << 20)) == NULL || (w->tokens = calloc(2 * TOKENS, sizeof(*w->tokens))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	for (int i = 0; i < ST_COUNT; i++)
		if (store_prepare(s, &w->st[i], writer_sql[i], e) == -1)
			return (-1);
	return (writer_failure_new(s, e) == -1 || writer_tls_new(s, e) == -1 ? -1 : dmarc_init(e));
}

void
writer_free(struct writer *w)
{
	if (w == NULL)
		return;
	for (int i = 0; i < ST_COUNT; i++)
		(void)sqlite3_finalize(w->st[i]);
	pack_close(&w->pack);
	pack_close(&w->failure_pack);
	writer_failure_free(w->failure);
	free(w->names.slots);
	free(w->sources.slots);
	free(w->evidence.slots);
	free(w->keys.slots);
	free(w->periods.slots);
	free(w->outcomes);
	free(w->sums);
	free(w->held);
	free(w->ips);
	free(w->tokens);
	arena_free(w->arena);
	buf_free(&w->refused);
	buf_free(&w->text);
	for (int i = 0; i < 4; i++)
		buf_free(&w->lists[i]);
	writer_tls_free(w->tls);
	free(w);
}

void
writer_leave_pack(struct store *s, int64_t pack)
{
	if (s->w->pack.fd != -1 && s->w->pack.id == pack)
		pack_close(&s->w->pack);
	if (s->w->failure_pack.fd != -1 && s->w->failure_pack.id == pack)
		pack_close(&s->w->failure_pack);
}

/* --- Sums by day, in memory until the commit ------------------------------------- */

/* What was told apart by sender becomes one sum again: senders.c looks at that day anew. */
static int
fold_day(struct store *s, int64_t domain, int64_t day, struct err *e)
{
	static const enum stmt	 which[] = { ST_ROLLUP_FOLD, ST_ROLLUP_FOLDED };

	for (size_t i = 0; i < nitems(which); i++) {
		(void)sqlite3_bind_int64(stmt(s, which[i]), 1, domain);
		(void)sqlite3_bind_int64(stmt(s, which[i]), 2, day);
		if (writer_run(s, which[i], e) == -1)
			return (-1);
	}
	return (0);
}

/*
 * That day has sums of nobody yet, and it is another day than readers
 * remember. What was said in this flush already need not be said again.
 */
static int
mark_fresh(struct store *s, const struct sum *u, struct err *e)
{
	static const enum stmt	 which[] = { ST_FRESH, ST_EDITION };
	struct marked	*p = &s->w->marked[((uint64_t)u->domain * 367 + (uint64_t)u->day) % nitems(s->w->marked)];

	if (p->domain == u->domain && p->day == u->day)
		return (0);
	*p = (struct marked){ u->domain, u->day };
	for (size_t i = 0; i < nitems(which); i++) {
		(void)sqlite3_bind_int64(stmt(s, which[i]), 1, u->domain);
		(void)sqlite3_bind_int64(stmt(s, which[i]), 2, u->day);
		if (writer_run(s, which[i], e) == -1)
			return (-1);
	}
	return (0);
}

int
writer_sums_flush(struct store *s, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_ROLLUP_ADD);

	memset(w->marked, 0, sizeof(w->marked));
	for (size_t i = 0; i < w->room_sums && w->nsums > 0; i++) {
		struct sum	*u = &w->sums[i];

		if (!u->used)
			continue;
		/* what is taken away stands under a sender, if it was looked at */
		if ((u->messages < 0 || u->rows < 0) && fold_day(s, u->domain, u->day, e) == -1)
			return (-1);
		if (mark_fresh(s, u, e) == -1)
			return (-1);
		(void)sqlite3_bind_int64(st, 1, u->domain);
		(void)sqlite3_bind_int64(st, 2, u->day);
		(void)sqlite3_bind_int64(st, 3, u->reporter);
		(void)sqlite3_bind_int64(st, 4, u->outcome);
		(void)sqlite3_bind_int64(st, 5, u->messages);
		(void)sqlite3_bind_int64(st, 6, u->rows);
		if (writer_run(s, ST_ROLLUP_ADD, e) == -1)
			return (-1);
		u->used = false;
		w->nsums--;
	}
	return (0);
}

/* Adds to the sums of the transaction. */
int
writer_sum(struct store *s, int64_t domain, int64_t day, int64_t reporter, unsigned outcome, int64_t messages, int64_t rows, struct err *e)
{
	struct writer	*w = s->w;
	struct sum	*old = w->sums;
	size_t		 n = w->room_sums, at;

	if (w->nsums * 2 >= w->room_sums) {
		size_t		 room = n == 0 ? 1024 : n * 2;
		struct sum	*p;

		if (room > (1u << 16))
			return (writer_sums_flush(s, e) == -1 ? -1 : writer_sum(s, domain, day, reporter, outcome, messages, rows, e));
		if ((p = calloc(room, sizeof(*p))) == NULL)
			return (err_set(e, ERR_TEMP, "out of memory"));
		w->sums = p;
		w->room_sums = room;
		w->nsums = 0;
		for (size_t i = 0; i < n; i++)
			if (old[i].used)
				(void)writer_sum(s, old[i].domain, old[i].day, old[i].reporter, old[i].outcome, old[i].messages,
				    old[i].rows, e);
		free(old);
	}
	at = (size_t)(((uint64_t)domain * 0x9e3779b97f4a7c15u ^ (uint64_t)day * 0xc2b2ae3d27d4eb4fu ^
	    (uint64_t)reporter * 0x165667b19e3779f9u ^ (uint64_t)outcome * 0x27d4eb2f165667c5u) >> 16) & (w->room_sums - 1);
	while (w->sums[at].used && (w->sums[at].domain != domain || w->sums[at].day != day || w->sums[at].reporter != reporter ||
	    w->sums[at].outcome != outcome))
		at = (at + 1) & (w->room_sums - 1);
	if (!w->sums[at].used) {
		w->sums[at] = (struct sum){ domain, day, reporter, 0, 0, outcome, true };
		w->nsums++;
	}
	w->sums[at].messages += messages;
	w->sums[at].rows += rows;
	return (0);
}

/* --- Transactions --------------------------------------------------------------------- */

static void
forget(struct writer *w)
{
	writer_cache_clear(&w->names);
	writer_cache_clear(&w->sources);
	writer_cache_clear(&w->evidence);
	writer_cache_clear(&w->keys);
	writer_cache_clear(&w->periods);
	w->noutcomes = 0;
	w->data_version = -1;
	w->copies = COPIES_UNKNOWN;
	w->nsums = 0;
	w->nintake = 0;
	if (w->sums != NULL)
		memset(w->sums, 0, w->room_sums * sizeof(*w->sums));
	w->open = w->streaming = w->changed = w->epoch = false;
	writer_tls_forget(w->tls);
	/* a token of a message that is not stored after all would lose that message */
	memset(w->tokens, 0, 2 * TOKENS * sizeof(*w->tokens));
	w->tokens_ready = false;
}

int
store_begin(struct store *s, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st;
	int64_t		 version;

	if (store_exec(s, "BEGIN IMMEDIATE", e) == -1)
		return (-1);
	s->in_txn = true;
	store_walk_unsure(s);
	if (writer_find(s, ST_DATA_VERSION, &version, e) == -1)
		goto fail;
	if (version != w->data_version) {
		forget(w);
		st = stmt(s, ST_NEXT_IDS);
		if (sqlite3_step(st) != SQLITE_ROW) {
			store_fail(s, "next ids", e);
			goto fail;
		}
		w->next_report = sqlite3_column_int64(st, 0);
		w->next_message = sqlite3_column_int64(st, 1);
		w->next_evidence = sqlite3_column_int64(st, 2);
		w->total = (uint64_t)sqlite3_column_int64(st, 3);
		(void)sqlite3_reset(st);
		if (writer_outcomes_load(s, e) == -1)
			goto fail;
		w->data_version = version;
	}
	return (0);
fail:
	store_rollback(s);
	return (-1);
}

static int
messages_flush(struct store *s, struct err *e)
{
	(void)sqlite3_bind_int64(stmt(s, ST_MESSAGES), 1, (sqlite3_int64)s->w->total);
	return (writer_run(s, ST_MESSAGES, e));
}

int
store_commit(struct store *s, struct err *e)
{
	struct writer	*w = s->w;

	if (writer_sums_flush(s, e) == -1 || writer_intake_flush(s, e) == -1 || pack_commit(s, &w->pack, e) == -1 ||
	    pack_commit(s, &w->failure_pack, e) == -1 ||
	    (w->changed && (messages_flush(s, e) == -1 || writer_run(s, ST_GENERATION, e) == -1)) ||
	    (w->epoch && writer_run(s, ST_EPOCH, e) == -1))
		goto fail;
	if (s->dry) {		/* all of it was only tried */
		store_rollback(s);
		return (0);
	}
	if (store_exec(s, "COMMIT", e) == -1)
		goto fail;
	s->in_txn = false;
	w->changed = w->epoch = false;
	pack_committed(&w->pack);
	pack_committed(&w->failure_pack);
	return (0);
fail:
	store_rollback(s);
	return (-1);
}

void
store_rollback(struct store *s)
{
	(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->in_txn = false;
	store_walk_unsure(s);
	pack_rollback(s, &s->w->pack);
	pack_rollback(s, &s->w->failure_pack);
	forget(s->w);
	/* what was taken in it was not taken: those files are read again */
	memset(s->w->tokens, 0, 2 * TOKENS * sizeof(*s->w->tokens));
	s->w->tokens_ready = false;
}

/* --- For the files beside this one --------------------------------------------- */

void
writer_changed(struct store *s, bool epoch)
{
	s->w->changed = true;
	s->w->epoch |= epoch;
}

void
writer_reload(struct store *s)
{
	s->w->data_version = -1;
}

void
writer_total(struct store *s, uint64_t messages)
{
	s->w->total = messages;
	s->w->changed = true;
}
