/*
 * originals.c - which messages have reports, and which reports they have: what
 * is read once more when everything is derived anew.
 */
#include "store/store_int.h"

/* The last column is the kind: see enum report_kind. */
#define COLUMNS_OF(t, kind) "SELECT " t ".message AS message, " t ".id AS id, " t ".payload AS payload, message.bytes AS bytes, " \
    "message.pack IS NOT NULL AS kept, " kind " AS kind FROM " t " JOIN message ON message.id = " t ".message "
#define COLUMNS COLUMNS_OF("report", "0")

static const char *const	 which_sql[] = {
	[ORIGINALS_SINCE] = COLUMNS "WHERE message.received >= ?1 UNION ALL " COLUMNS_OF("tls_report", "2") "WHERE message.received >= ?1 "
	    "ORDER BY message, kind, payload, id",
	[ORIGINALS_ASTRAY] = COLUMNS "JOIN report AS other ON other.id = report.superseded_by "
	    "WHERE (report.domain, report.reporter, report.begin, report.end, report.report_id) <> "
	    "(other.domain, other.reporter, other.begin, other.end, other.report_id) "
	    "UNION ALL " COLUMNS_OF("tls_report", "2") "JOIN tls_report AS other ON other.id = tls_report.superseded_by "
	    "WHERE (tls_report.org, tls_report.domains, tls_report.begin, tls_report.end, tls_report.report_id) <> "
	    "(other.org, other.domains, other.begin, other.end, other.report_id) ORDER BY message, kind, payload, id",
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
		    .payload = (unsigned)sqlite3_column_int64(st, 2),
		    .kind = sqlite3_column_int(st, 5) == REPORT_TLS ? REPORT_TLS : REPORT_AGGREGATE };
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
