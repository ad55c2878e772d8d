/*
 * originals.c - which messages have reports, and which reports they have: what
 * is read once more when everything is derived anew.
 */
#include "store/store_int.h"

#define COLUMNS(kind, table) "SELECT " table ".message AS message, " table ".id AS id, " table ".payload AS payload, message.bytes, " \
    "message.pack IS NOT NULL, " kind " AS kind FROM " table " JOIN message ON message.id = " table ".message "
#define SINCE(kind, table) COLUMNS(kind, table) "WHERE message.received >= ?1 "

/* The period and the id of a copy may be written in another way than those of the original that counts in its place. */
#define COPY_BIT "562949953421312"
_Static_assert(QUIRK_COPY_BIT == 49, "2^49");
#define COPY_OF_ORIGINAL "(report.quirks & " COPY_BIT " <> 0 AND other.quirks & " COPY_BIT " = 0)"

/* The kinds are those of enum report_kind. */
static const char *const	 which_sql[] = {
	[ORIGINALS_SINCE] = SINCE("0", "report") "UNION ALL " SINCE("1", "failure") "UNION ALL " SINCE("2", "tls_report") "ORDER BY 1, 6, 3, 2",
	[ORIGINALS_ASTRAY] = COLUMNS("0", "report") "JOIN report AS other ON other.id = report.superseded_by "
	    "WHERE (report.domain, report.reporter) <> (other.domain, other.reporter) OR (NOT " COPY_OF_ORIGINAL " AND "
	    "(report.begin, report.end, report.report_id) <> (other.begin, other.end, other.report_id)) "
	    "UNION ALL " COLUMNS("2", "tls_report") "JOIN tls_report AS other ON other.id = tls_report.superseded_by "
	    "WHERE (tls_report.org, tls_report.domains, tls_report.begin, tls_report.end, tls_report.report_id) <> "
	    "(other.org, other.domains, other.begin, other.end, other.report_id) ORDER BY 1, 6, 3, 2",
};

static bool
grow(void **p, size_t n, size_t *room, size_t size)
{
	size_t	 want;
	void	*q;

	if (n < *room)
		return (true);
	want = *room == 0 ? 256 : 2 * *room;
	if ((q = realloc(*p, want * size)) == NULL)
		return (false);
	*p = q;
	*room = want;
	return (true);
}

int
store_originals(struct store *s, enum store_which which, int64_t since, struct store_originals *out, struct err *e)
{
	sqlite3_stmt		*st;
	struct store_original	*o;
	size_t			 room = 0, room_known = 0, at = 0;
	int64_t			 message;
	int			 rc;

	memset(out, 0, sizeof(*out));
	if (store_prepare(s, &st, which_sql[which], e) == -1)
		return (-1);
	if (which == ORIGINALS_SINCE)
		(void)sqlite3_bind_int64(st, 1, since);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		message = sqlite3_column_int64(st, 0);
		if (!grow((void **)&out->items, out->n, &room, sizeof(*out->items)) ||
		    !grow((void **)&out->known, out->nreports, &room_known, sizeof(*out->known))) {
			(void)sqlite3_finalize(st);
			store_originals_free(out);
			return (err_set(e, ERR_TEMP, "out of memory"));
		}
		if (out->n == 0 || out->items[out->n - 1].message != message) {
			o = &out->items[out->n++];
			*o = (struct store_original){ .message = message, .bytes = (uint64_t)sqlite3_column_int64(st, 3),
			    .kept = sqlite3_column_int(st, 4) != 0, .todo = true };
			if (o->kept)
				out->bytes += o->bytes;
		}
		out->items[out->n - 1].nknown++;
		out->known[out->nreports++] = (struct store_known){ .id = sqlite3_column_int64(st, 1),
		    .payload = (unsigned)sqlite3_column_int64(st, 2), .kind = (enum report_kind)sqlite3_column_int(st, 5) };
	}
	(void)sqlite3_finalize(st);
	if (rc != SQLITE_DONE) {
		store_originals_free(out);
		return (store_fail(s, "originals", e));
	}
	for (size_t i = 0; i < out->n; i++) {	/* the array does not move any more */
		out->items[i].known = out->known + at;
		at += out->items[i].nknown;
	}
	return (0);
}

void
store_originals_free(struct store_originals *o)
{
	free(o->items);
	free(o->known);
	memset(o, 0, sizeof(*o));
}
