/*
 * export.c - see export.h: which reports, and in which order.
 */
#include "export/export_int.h"
#include "store/query_tls.h"

#define PIECE		((size_t)64 << 10)
#define PAGE		1000	/* failure reports of one question */
#define ROWS_ONCE	100000	/* of a selection that has a limit */

const char *const export_kind_names[EXPORT_KINDS] = { "records", "reports", "failures", "tls" };
const char *const export_format_names[EXPORT_FORMATS] = { "csv", "ndjson", "parsedmarc-json", "parsedmarc-csv" };
const char *const export_format_types[EXPORT_FORMATS] = { "text/csv; charset=utf-8", "application/x-ndjson", "application/json",
	"text/csv; charset=utf-8" };
const char *const export_format_suffixes[EXPORT_FORMATS] = { "csv", "ndjson", "json", "csv" };

void
put_u64(struct buf *b, uint64_t v)
{
	char	 text[20];
	size_t	 at = sizeof(text);

	do
		text[--at] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	(void)buf_add(b, text + at, sizeof(text) - at);
}

static bool
is_parsedmarc(const struct export *x)
{
	return (x->asked.format == EXPORT_PARSEDMARC_JSON || x->asked.format == EXPORT_PARSEDMARC_CSV);
}

/* In the layouts of parsedmarc an aggregate report and its records are one thing. */
static bool
has_rows(const struct export *x)
{
	return (x->asked.kind == EXPORT_RECORDS || (x->asked.kind == EXPORT_REPORTS && is_parsedmarc(x)));
}

/* What filters by rows of aggregate reports has no meaning for the other kinds; failure reports say so themselves. */
static int
check(const struct export_asked *a, struct err *e)
{
	const struct query_filter	*f = a->filter;

	if (a->kind == EXPORT_TLS && a->format == EXPORT_PARSEDMARC_CSV)
		return (err_set(e, ERR_CONFIG, "parsedmarc's documentation knows no CSV of TLS reports; there is parsedmarc-json"));
	if (a->type != NULL && a->kind != EXPORT_FAILURES)
		return (err_set(e, ERR_CONFIG, "kinds of feedback are those of failure reports"));
	for (size_t i = 0; i < f->nclauses && a->kind == EXPORT_TLS; i++)
		if (f->clauses[i].key != QK_DOMAIN && f->clauses[i].key != QK_REPORTER && f->clauses[i].key != QK_APART && f->clauses[i].key != QK_TRUST)
			return (err_set(e, ERR_CONFIG, "%s: TLS reports have no such thing; they are selected by domain, reporter, trust, apart and days",
			    query_key_names[f->clauses[i].key]));
	return (0);
}

struct export *
export_new(struct store *s, const struct export_asked *a, struct err *e)
{
	struct export	*x;

	if (check(a, e) == -1)
		return (NULL);
	if ((x = calloc(1, sizeof(*x))) == NULL || (x->known = calloc(KNOWN_SLOTS, sizeof(*x->known))) == NULL ||
	    (x->sources = calloc(SOURCE_SLOTS, sizeof(*x->sources))) == NULL) {
		export_free(x);
		(void)err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	x->s = s;
	x->asked = *a;
	if (store_frugal(s, e) == -1) {
		export_free(x);
		return (NULL);
	}
	return (x);
}

static void
forget(struct export *x)
{
	for (size_t i = 0; i < KNOWN_SLOTS; i++)
		free(x->known[i].p);
	memset(x->known, 0, KNOWN_SLOTS * sizeof(*x->known));
	for (size_t i = 0; i < SOURCE_SLOTS; i++)
		free(x->sources[i].p);
	memset(x->sources, 0, SOURCE_SLOTS * sizeof(*x->sources));
	x->known_bytes = 0;
}

void
export_free(struct export *x)
{
	if (x == NULL)
		return;
	if (x->known != NULL && x->sources != NULL)
		forget(x);
	free(x->known);
	free(x->sources);
	free(x->ids);
	free(x->units);
	free(x->rows);
	buf_free(&x->before);
	buf_free(&x->between);
	buf_free(&x->after);
	buf_free(&x->scratch);
	free(x);
}

/* --- Which ------------------------------------------------------------------------ */

static int
keep(struct export *x, const int64_t *ids, size_t n, int64_t after, struct err *e)
{
	int64_t	*p;

	if (n == 0)
		return (0);
	if ((p = realloc(x->ids, (x->nids + n) * sizeof(*p))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	x->ids = p;
	for (size_t i = 0; i < n; i++)
		if (ids[i] > after)
			x->ids[x->nids++] = ids[i];
	return (0);
}

/* Page by page, as there may be many; each with a snapshot of its own. */
static int
find_failures(struct export *x, int64_t after, size_t most, struct err *e)
{
	char			 cursor[64];
	struct query_page	 page = { .sort = "id", .cursor = cursor, .limit = PAGE };
	struct query_failures	 list;
	struct query		*q;
	bool			 more = true;

	(void)snprintf(cursor, sizeof(cursor), "%lld.%lld", (long long)after, (long long)after);
	while (more && (most == 0 || x->nids < most)) {
		if ((q = query_begin(x->s, when_now(), 0, e)) == NULL)
			return (-1);
		if (query_failures(q, x->asked.filter, x->asked.type, &page, &list, e) == -1 || keep(x, list.ids, list.nids, after, e) == -1) {
			query_end(q);
			return (-1);
		}
		if ((more = list.next != NULL))
			(void)snprintf(cursor, sizeof(cursor), "%s", list.next);
		query_end(q);
	}
	return (0);
}

static int
find_tls(struct export *x, struct query *q, int64_t after, struct err *e)
{
	const struct query_filter	*f = x->asked.filter;
	const struct query_tls_filter	 tls = { .base = f };
	const struct query_page		 page = { .limit = 0 };
	struct query_range		 range;
	struct query_reports		 list;

	if (query_tls_range(q, f, &range, e) == -1 || query_tls_reports(q, &tls, f->all ? NULL : &range, false, &page, &list, e) == -1)
		return (-1);
	return (keep(x, list.ids, list.nids, after, e));
}

static int
find_reports(struct export *x, struct query *q, int64_t after, struct err *e)
{
	const struct query_filter	*f = x->asked.filter;
	struct query_range		 range;

	if (query_filter_range(q, f, &range, e) == -1)
		return (-1);
	return (query_report_ids(q, f, f->all ? NULL : &range, after, &x->ids, &x->nids, e));
}

static int
by_id(const void *a, const void *b)
{
	int64_t	 x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x < y ? -1 : x > y);
}

/* So many of those in the order they came as are enough for once; of these the order is that of their days. */
static int
make_units(struct export *x, struct query *q, size_t most, struct err *e)
{
	struct query_unit	 u;
	uint64_t		 sum = 0;
	size_t			 n, one;

	for (n = 0; most != 0 && n < x->nids && (n == 0 || sum < ROWS_ONCE); n++) {
		if (query_units(q, &x->ids[n], 1, &u, &one, e) == -1)
			return (-1);
		sum += one == 1 ? u.records : 0;
	}
	if (most != 0)
		x->nids = n;
	if ((x->units = calloc(x->nids + 1, sizeof(*x->units))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (query_units(q, x->ids, x->nids, x->units, &x->nunits, e) == -1)
		return (-1);
	for (size_t i = 0; i < x->nunits; i++)
		x->total += x->units[i].records;
	return (0);
}

static int
select_in(struct export *x, struct query *q, int64_t after, size_t most, struct err *e)
{
	if (x->asked.kind == EXPORT_TLS && find_tls(x, q, after, e) == -1)
		return (-1);
	if ((x->asked.kind == EXPORT_RECORDS || x->asked.kind == EXPORT_REPORTS) && find_reports(x, q, after, e) == -1)
		return (-1);
	if (x->asked.kind == EXPORT_TLS && x->nids > 1)
		qsort(x->ids, x->nids, sizeof(*x->ids), by_id);
	if (most != 0 && x->nids > most)
		x->nids = most;
	if (has_rows(x) && make_units(x, q, most, e) == -1)
		return (-1);
	x->last = x->nids > 0 ? x->ids[x->nids - 1] : after;
	if (!has_rows(x)) {
		x->total = x->nids;
		return (0);
	}
	free(x->ids);	/* the units say it all */
	x->ids = NULL;
	x->nids = 0;
	return (0);
}

int
export_select(struct export *x, int64_t after, size_t most, struct err *e)
{
	struct query	*q;
	int		 rv;

	free(x->ids);
	free(x->units);
	x->ids = NULL;
	x->units = NULL;
	x->nids = x->at = x->nunits = x->group = x->ngroup = 0;
	x->window = x->done = x->total = 0;
	x->open = false;
	x->last = after;
	if (x->asked.kind == EXPORT_FAILURES && find_failures(x, after, most, e) == -1)
		return (-1);
	if ((q = query_begin(x->s, when_now(), 0, e)) == NULL)
		return (-1);
	rv = select_in(x, q, after, most, e);
	query_end(q);
	return (rv);
}

int64_t
export_last(const struct export *x)
{
	return (x->last);
}

/* --- Putting it out ------------------------------------------------------------------ */

static int
lines_next(struct export *x, struct query *q, struct buf *out, struct err *e)
{
	size_t	 mark = out->len;

	if (x->at == x->nids)
		return (0);
	x->done++;
	if (line_put(x, q, x->ids[x->at++], out, e) == 0)
		return (1);
	if (e->code != ERR_INPUT)
		return (-1);
	memset(e, 0, sizeof(*e));	/* gone since it was selected */
	out->len = mark;
	return (1);
}

static int
piece(struct export *x, struct query *q, struct buf *out, struct err *e)
{
	size_t	 start = out->len;
	int	 rc = 1;

	/* another judgement may have been passed on what is remembered */
	if (query_generation(q) != x->known_at || x->known_bytes > KNOWN_BYTES)
		forget(x);
	x->known_at = query_generation(q);
	while (rc == 1 && out->len - start < PIECE && x->known_bytes <= 2 * KNOWN_BYTES)
		rc = has_rows(x) ? rows_next(x, q, out, e) : lines_next(x, q, out, e);
	if (rc != -1 && (out->failed || x->scratch.failed || x->before.failed || x->between.failed || x->after.failed))
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (rc);
}

int
export_next(struct export *x, struct buf *out, struct err *e)
{
	struct query	*q = query_begin(x->s, when_now(), 0, e);
	int		 rc;

	if (q == NULL)
		return (-1);
	rc = piece(x, q, out, e);
	query_end(q);
	return (rc);
}

void
export_head(const struct export *x, struct buf *out)
{
	if (x->asked.format == EXPORT_PARSEDMARC_CSV)
		pm_head(x, out);
	else if (x->asked.format == EXPORT_CSV)
		line_head(x, out);
	else if (x->asked.format == EXPORT_PARSEDMARC_JSON && !x->asked.series)
		(void)buf_cstr(out, "[\n");
}

void
export_tail(const struct export *x, struct buf *out)
{
	if (x->asked.format == EXPORT_PARSEDMARC_JSON && !x->asked.series)
		(void)buf_cstr(out, x->lines > 0 ? "\n]\n" : "]\n");
}

void
export_progress(const struct export *x, uint64_t *done, uint64_t *total)
{
	*done = x->done < x->total ? x->done : x->total;
	*total = x->total;
}

uint64_t
export_lines(const struct export *x)
{
	return (x->lines);
}
