/*
 * write_again.c - a report once more, from its original.
 */
#include "store/write_int.h"

struct old_report {
	int64_t		 domain, reporter, day, superseded_by, messages;
	uint64_t	 quirks;
	bool		 same_key;	/* as the report under way */
};

static int
old_find(struct store *s, int64_t id, struct str report_id, struct old_report *o, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_REPORT_OLD);
	int		 rc;

	(void)sqlite3_bind_int64(st, 1, id);
	(void)sqlite3_bind_int64(st, 2, w->h.begin);
	(void)sqlite3_bind_int64(st, 3, w->h.end);
	bind_str(st, 4, report_id);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		o->domain = sqlite3_column_int64(st, 0);
		o->reporter = sqlite3_column_int64(st, 1);
		o->day = sqlite3_column_int64(st, 2);
		o->superseded_by = sqlite3_column_int64(st, 3);
		o->quirks = (uint64_t)sqlite3_column_int64(st, 4);
		o->messages = sqlite3_column_int64(st, 6);
		o->same_key = sqlite3_column_int(st, 5) != 0 && o->domain == w->domain && o->reporter == w->reporter;
	}
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : store_fail(s, "report", e));
}

/*
 * Which of the message's reports is this? The one in its place if the key is
 * the same, else any with the key (places may have moved), else the one in
 * its place after all: then its key is read differently now.
 */
static int
which_known(struct store *s, struct store_again *a, struct str report_id, struct store_known **out, struct old_report *o, struct err *e)
{
	struct store_known	*here = NULL;
	struct old_report	 x;

	*out = NULL;
	for (int round = 0; round < 2 && *out == NULL; round++)
		for (size_t i = 0; i < a->nknown && *out == NULL; i++) {
			struct store_known	*k = &a->known[i];
			bool			 place = k->payload == s->w->payload;

			if (k->used || k->kind != REPORT_AGGREGATE || place != (round == 0))
				continue;
			switch (old_find(s, k->id, report_id, &x, e)) {
			case -1:
				return (-1);
			case 0:
				continue;	/* it has gone since */
			}
			if (place)
				here = k;
			if (x.same_key) {
				*out = k;
				*o = x;
			}
		}
	if (*out == NULL && here != NULL) {
		*out = here;
		if (old_find(s, here->id, report_id, o, e) == -1)
			return (-1);
	}
	return (0);
}

static int
rows_same(struct store *s, int64_t id, bool *same, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_RECORD_FIND);
	int64_t		 is;
	int		 rc;

	*same = true;
	writer_merge_held(w);
	for (size_t i = 0; i < w->nheld && *same; i++) {
		(void)sqlite3_bind_int64(st, 1, w->domain);
		(void)sqlite3_bind_int64(st, 2, w->day);
		(void)sqlite3_bind_int64(st, 3, w->held[i].source);
		(void)sqlite3_bind_int64(st, 4, id);
		(void)sqlite3_bind_int64(st, 5, w->held[i].evidence);
		(void)sqlite3_bind_int64(st, 6, (sqlite3_int64)w->held[i].count);
		(void)sqlite3_bind_int64(st, 7, (sqlite3_int64)w->held[i].seq);
		if ((rc = writer_find(s, ST_RECORD_FIND, &is, e)) == -1)
			return (-1);
		*same = rc == 1 && is != 0;
	}
	return (0);
}

/* What would be different? 0: nothing. */
static int
changes(struct store *s, int64_t id, const struct old_report *o, int64_t by, unsigned *out, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_REPORT_SAME);
	bool		 same = true;
	int		 rc;

	*out = 0;
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		*out = (sqlite3_column_int(st, 0) ? 0 : STORE_CHANGED_DETAILS) |
		    (sqlite3_column_int(st, 1) ? 0 : STORE_CHANGED_FIGURES) |
		    (sqlite3_column_int(st, 2) ? 0 : STORE_CHANGED_VERDICTS);
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW)
		return (store_fail(s, "report", e));
	if ((by == 0) != (o->superseded_by == 0))
		*out |= STORE_CHANGED_ROWS;
	else if (by == 0 && *out == 0) {
		/* rows that went through the disk are not gone through again: the hash stands for them */
		if (w->streaming)
			same = true;
		else if (rows_same(s, id, &same, e) == -1)
			return (-1);
		if (!same)
			*out |= STORE_CHANGED_ROWS;
	}
	return (0);
}

static int
put_rows_again(struct store *s, int64_t id, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_RECORDS_RENUMBER);
	bool		 streamed = w->streaming;
	int64_t		 fresh = w->id;

	if (!streamed)
		w->id = id;
	if (writer_put_rows(s, e) == -1)
		return (-1);
	w->id = id;
	if (!streamed)
		return (0);
	(void)sqlite3_bind_int64(st, 1, w->domain);
	(void)sqlite3_bind_int64(st, 2, w->day);
	(void)sqlite3_bind_int64(st, 3, fresh);
	(void)sqlite3_bind_int64(st, 4, id);
	return (writer_run(s, ST_RECORDS_RENUMBER, e));
}

/* The report counts under its key, or the holder does: what changes moves rows and sums along. */
static int
rewrite(struct store *s, const struct report_trailer *t, int64_t id, const struct old_report *o, const struct holder *h, int64_t by,
    struct str report_id, uint64_t quirks, struct err *e)
{
	struct writer	*w = s->w;
	bool		 beats = by == 0 && h->id != 0 && h->id != id;
	int64_t		 less = (o->superseded_by == 0 ? o->messages : 0) + (beats ? h->messages : 0);

	if (by == 0 && writer_within(s, less, e) == -1)
		return (store_report_drop(s, NULL) == -1 ? store_fail(s, "report", e) : -1);
	if (by != 0 && store_report_drop(s, e) == -1)
		return (-1);
	if (o->superseded_by == 0 && writer_rows_go(s, o->domain, o->reporter, o->day, id, e) == -1)
		return (-1);
	if (beats && writer_supersede(s, w->domain, w->reporter, h->id, h->day, id, e) == -1)
		return (-1);
	if (by == 0 && put_rows_again(s, id, e) == -1)
		return (-1);
	w->id = id;
	writer_cache_clear(&w->periods);
	if (writer_report_bind(s, ST_REPORT_CHANGE, t, report_id, quirks, by, 0, e) == -1 || writer_run(s, ST_REPORT_CHANGE, e) == -1)
		return (-1);
	w->total = w->total - (uint64_t)less + (by == 0 ? w->messages : 0);
	w->open = w->streaming = false;
	w->changed = w->epoch = true;
	return (0);
}

static int
unknown_again(struct store *s, const struct report_trailer *t, struct store_again *a, struct store_stored *out, struct err *e)
{
	if (!a->add) {
		a->left_over++;
		*out = (struct store_stored){ 0, IN_IGNORED, 0, REPORT_AGGREGATE };
		return (store_report_drop(s, e));
	}
	if (store_report_end(s, t, out, e) == -1)
		return (-1);
	if (out->result == IN_DUPLICATE)
		return (store_report_unrepeat(s, REPORT_AGGREGATE, out->id, e));
	out->changed = STORE_CHANGED_NEW;
	s->w->epoch = true;
	return (0);
}

int
store_report_replace(struct store *s, const struct report_trailer *t, struct store_again *a, struct store_stored *out, struct err *e)
{
	struct writer		*w = s->w;
	struct store_known	*k;
	struct old_report	 o = { 0 };
	struct holder		 h;
	struct str		 report_id;
	char			 made[64];
	int64_t			 by = 0;
	uint64_t		 quirks;
	bool			 copy = (t->quirks & QUIRK_COPY) != 0;
	unsigned		 changed;
	int			 rv, rank;

	if (!w->open)
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: an end without a begin"));
	if (writer_stream_end(s, e) == -1)
		return (-1);
	report_id = writer_report_id(w, made);
	if (which_known(s, a, report_id, &k, &o, e) == -1)
		return (-1);
	if (k == NULL)
		return (unknown_again(s, t, a, out, e));
	k->used = true;
	if (writer_trust_kept(s, k->id, e) == -1 || writer_holder(s, w->domain, report_id, &h, e) == -1 ||
	    (h.id == 0 && writer_copy_holder(s, w->domain, report_id, copy, &h, e) == -1))
		return (-1);
	rank = (int)trust_rank(w->trust) - (int)trust_rank(h.trust);
	/*
	 * Another one has the key: an original goes before a copy of it; equal
	 * content is that one's, else it is the
	 * one that is better proved, else the order in which they stand is kept,
	 * else the newer counts.
	 */
	if (h.id != 0 && h.id != k->id && copy != h.copy)
		by = copy || rank < 0 ? h.id : 0;
	else if (h.id != 0 && h.id != k->id && (h.same || rank < 0 || (rank == 0 && ((o.same_key && o.superseded_by == h.id) ||
	    k->id < h.id || (w->messages == 0 && h.messages > 0)))))
		by = h.id;
	quirks = t->quirks | (o.quirks & (by == 0 ? QUIRK_VERSIONS | QUIRK_OVERLAP : QUIRK_VERSIONS));
	/* which overlap is seen when all of them are what they should be: store_overlaps */
	w->id = k->id;	/* for the columns; rows that went out already have the other one */
	rv = writer_report_bind(s, ST_REPORT_SAME, t, report_id, quirks, by, 0, e);
	w->id = w->next_report;
	if (rv == -1 || changes(s, k->id, &o, by, &changed, e) == -1)
		return (-1);
	if (k->force && by == 0)
		changed |= STORE_CHANGED_ROWS;
	*out = (struct store_stored){ k->id, changed == 0 ? IN_DUPLICATE : IN_REPLACED, changed, REPORT_AGGREGATE };
	if (changed == 0)
		return (store_report_drop(s, e));
	if (rewrite(s, t, k->id, &o, &h, by, report_id, quirks, e) == 0)
		return (0);
	k->used = false;
	return (-1);
}
