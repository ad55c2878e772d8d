/*
 * write_copy.c - an original and another program's copy of it are one report.
 *
 * The original counts, whichever comes first. A copy's period may be that of
 * another time zone and its id may have lost its brackets and its host, so the
 * other one is looked for near its key, too. Reporters cannot make that slow:
 * it is done only in stores that have a copy at all, and looks at so many.
 */
#include "store/write_int.h"

#define ZONES (14 * 3600)
#define LOOK_AT 2000

static bool
has_copies(struct store *s, struct err *e)
{
	struct writer	*w = s->w;
	int64_t		 n = 0;

	if (w->copies == COPIES_UNKNOWN) {
		if (writer_find(s, ST_COPIES, &n, e) == -1)
			return (false);
		w->copies = n != 0 ? COPIES_SOME : COPIES_NONE;
	}
	return (w->copies == COPIES_SOME);
}

int
writer_copies_begin(struct store *s, struct err *e)
{
	if (has_copies(s, e))
		return (0);
	s->w->copies = COPIES_SOME;
	return (writer_run(s, ST_COPIES_SOME, e));
}

/* "<1234@host>" and "1234" */
static struct str
bare(struct str id, bool host)
{
	const char	*at;

	id = str_trim(id);
	if (id.len >= 2 && id.p[0] == '<' && id.p[id.len - 1] == '>')
		id = (struct str){ id.p + 1, id.len - 2 };
	if (!host && id.len > 0 && (at = memchr(id.p, '@', id.len)) != NULL && at > id.p)
		id.len = (size_t)(at - id.p);
	return (id);
}

static bool
same_id(struct str a, struct str b)
{
	return (str_eq(bare(a, true), bare(b, true)) || str_eq(bare(a, false), b) || str_eq(a, bare(b, false)));
}

static bool
same_period(const struct report_header *h, int64_t begin, int64_t end)
{
	int64_t	 longer = (end - begin) - (h->end - h->begin);

	/* on the day on which clocks change */
	return ((begin - h->begin) % 900 == 0 && longer % 900 == 0 && longer >= -3600 && longer <= 3600);
}

/* copy: the report under way is one. */
int
writer_copy_holder(struct store *s, int64_t domain, struct str report_id, bool copy, struct holder *h, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_COPY_FIND);
	int		 rc = SQLITE_DONE;

	e->code = ERR_NONE;
	if (!copy && !has_copies(s, e))
		return (e->code == ERR_NONE ? 0 : -1);
	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, w->reporter);
	(void)sqlite3_bind_int64(st, 3, w->h.begin - ZONES);
	(void)sqlite3_bind_int64(st, 4, w->h.begin + ZONES);
	for (int i = 0; i < LOOK_AT && h->id == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW; i++) {
		bool		 is = ((uint64_t)sqlite3_column_int64(st, 5) & QUIRK_COPY) != 0;
		struct str	 id = { (const char *)sqlite3_column_text(st, 6), (size_t)sqlite3_column_bytes(st, 6) };

		if (is == copy || !same_period(&w->h, sqlite3_column_int64(st, 7), sqlite3_column_int64(st, 8)) || !same_id(report_id, id))
			continue;
		h->messages = sqlite3_column_int64(st, 2);
		h->day = sqlite3_column_int64(st, 3);
		h->trust = (enum trust)sqlite3_column_int(st, 4);
		h->copy = is;
		h->id = sqlite3_column_int64(st, 0);
	}
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "report", e));
}
