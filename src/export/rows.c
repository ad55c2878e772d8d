/*
 * rows.c - records, report by report.
 *
 * A row is a report, an address, a count and a combination that it shares with
 * many others: what the report and the combination say is made into text once
 * and copied after that.
 *
 * Reports of one domain and day lie together in the store, and are read
 * together: as many as have ROWS_HELD rows. One with more than that is read in
 * windows, so that no report makes us large.
 */
#include "export/export_int.h"

#define ROWS_HELD	100000

/* --- What a row is made of ------------------------------------------------------------ */

static const char *
truth(bool yes)
{
	return (yes ? "true" : "false");
}

/* domain=result one after another; a signature with its selector in front. */
static void
auths_cell(struct export *x, const struct report_auth *v, size_t n, bool dkim, struct buf *out)
{
	struct buf	*b = &x->scratch;

	buf_clear(b);
	for (size_t i = 0; i < n; i++) {
		(void)buf_cstr(b, i > 0 ? " " : "");
		if (dkim && v[i].what.len > 0) {
			(void)buf_str(b, v[i].what);
			(void)buf_byte(b, '/');
		}
		if (v[i].domain.len > 0)
			(void)buf_str(b, v[i].domain);
		(void)buf_printf(b, "=%s", auth_result_names[v[i].result == RES_ABSENT ? RES_UNKNOWN : v[i].result]);
	}
	put_cell(out, buf_as_str(b));
}

static void
reasons_cell(struct export *x, const struct report_record *r, struct buf *out)
{
	struct buf	*b = &x->scratch;

	buf_clear(b);
	for (size_t i = 0; i < r->nreasons; i++) {
		(void)buf_cstr(b, i > 0 ? "; " : "");
		if (r->reasons[i].type.len > 0)
			(void)buf_str(b, r->reasons[i].type);
		if (r->reasons[i].comment.len > 0) {
			(void)buf_cstr(b, ": ");
			(void)buf_str(b, r->reasons[i].comment);
		}
	}
	put_cell(out, buf_as_str(b));
}

static void
csv_says(struct export *x, const struct query_row_full *f, enum forwarding fwd, struct buf *out)
{
	const struct report_record	*r = &f->record;
	const struct verdict		*v = &f->verdict;
	char				 code[8];

	put_cell(out, r->header_from_derived ? STR_NONE : r->header_from);
	put_cell(out, r->envelope_from.p != NULL && r->envelope_from.len == 0 ? STR("<>") : r->envelope_from);
	put_cell(out, r->envelope_to);
	put_cell(out, r->disposition_word.len > 0 ? r->disposition_word : str_of(disposition_names[r->disposition]));
	put_cell(out, r->dkim_word.len > 0 ? r->dkim_word : str_of(evaluated_names[r->dkim]));
	put_cell(out, r->spf_word.len > 0 ? r->spf_word : str_of(evaluated_names[r->spf]));
	reasons_cell(x, r, out);
	auths_cell(x, r->dkim_results, r->ndkim, true, out);
	auths_cell(x, r->spf_results, r->nspf, false, out);
	(void)buf_printf(out, ",%s,%s,%s,%s,%s,%s,%s", truth(v->dkim_aligned), truth(v->spf_aligned), truth(f->align <= ALIGN_SPF),
	    dmarc_code_name(v->code, code), query_fwd_names[fwd], truth(v->differs), truth(v->overridden));
}

/* The members of the API's row that follow its count, without the brace in front. */
static void
json_says(const struct query_row_full *f, enum forwarding fwd, struct buf *out)
{
	json_t	*j = answer_row_says(f, fwd);
	size_t	 mark = out->len;

	if (j == NULL) {
		out->failed = true;
		return;
	}
	(void)answer_line(out, j);
	if (!out->failed)
		out->p[mark] = ',';
	answer_free(j);
}

static const struct ready *
known_of(struct export *x, struct query *q, uint32_t evidence, enum forwarding fwd, struct err *e)
{
	uint64_t		 id = (uint64_t)evidence << 2 | fwd;
	struct ready		*k = &x->known[id & (KNOWN_SLOTS - 1)];
	struct query_row_full	 f;
	struct buf		 b = { 0 };

	if (k->id == id && k->p != NULL)
		return (k);
	if (query_evidence(q, evidence, &f, e) == -1)
		return (NULL);
	if (x->asked.format == EXPORT_CSV)
		csv_says(x, &f, fwd, &b);
	else if (x->asked.format == EXPORT_NDJSON)
		json_says(&f, fwd, &b);
	else
		pm_says(x, &f, &b);
	if (b.failed || b.p == NULL) {
		buf_free(&b);
		(void)err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	x->known_bytes = x->known_bytes - k->len + b.cap;
	free(k->p);
	*k = (struct ready){ id, (uint32_t)b.len, b.p };
	return (k);
}

/* The host name that leads back to the address; others are anybody's word. */
static struct str
confirmed(const struct query_host *h)
{
	return (h != NULL && h->state == HOST_CONFIRMED && h->nnames > 0 ? h->names[0] : STR_NONE);
}

/* What this host knows of an address: the last cells of a line, members of the API's row. */
static int
source_says(struct export *x, struct query *q, uint32_t id, struct str text, struct buf *out, struct err *e)
{
	const struct query_host	*host;
	struct place		 p;
	json_t			*j;

	if (x->asked.format == EXPORT_NDJSON) {
		if ((j = answer_address(q, id, e)) == NULL)
			return (-1);
		(void)answer_line(out, j);
		answer_free(j);
		if (out->failed || out->len < 2)
			return (err_set(e, ERR_TEMP, "out of memory"));
		out->p[0] = ',';
		out->len--;	/* without the braces */
		return (0);
	}
	if (query_place(q, id, &p, e) == -1 || query_host(q, id, &host, e) == -1)
		return (-1);
	if (x->asked.format != EXPORT_CSV) {
		pm_source(x, text, &p, host, out);
		return (0);
	}
	put_cell(out, confirmed(host));
	put_cell(out, str_of(p.country));
	if (p.asn != 0)
		(void)buf_printf(out, ",%u", (unsigned)p.asn);
	else
		(void)buf_byte(out, ',');
	return (0);
}

/* The source of a row; what is no address stands for itself. */
static const struct address *
source_of(struct export *x, struct query *q, uint32_t id, struct str *ip, struct str *text, struct err *e)
{
	struct address	*s = &x->sources[id & (SOURCE_SLOTS - 1)];
	struct str	 t;
	struct buf	 b = { 0 };
	unsigned	 len;

	*ip = *text = STR_NONE;
	if (s->p == NULL || s->id != id || s->ntext == 0) {
		if (query_source(q, id, &t, &len, e) == -1)
			return (NULL);
		if (source_says(x, q, id, t.len > 0 ? t : STR_NONE, &b, e) == -1 || b.failed || b.p == NULL) {
			if (b.failed || b.p == NULL)
				(void)err_set(e, ERR_TEMP, "out of memory");
			buf_free(&b);
			return (NULL);
		}
		x->known_bytes = x->known_bytes - s->len + b.len;
		free(s->p);
		*s = (struct address){ .id = id, .len = (uint32_t)b.len, .p = b.p };
		if (len == 0 || t.len >= sizeof(s->text)) {
			*text = t.len > 0 ? t : STR_NONE;
			return (s);
		}
		memcpy(s->text, t.p, t.len);
		s->ntext = (uint8_t)t.len;
	}
	*ip = (struct str){ s->text, s->ntext };
	return (s);
}

/* --- A report begins, a row, its end ----------------------------------------------------- */

static void
plain_report(struct export *x, const struct query_report *r)
{
	char	 day[WHEN_TEXT];

	(void)when_date(r->day, day);
	if (x->asked.format == EXPORT_CSV) {
		(void)buf_printf(&x->between, ",%s", day);
		put_cell(&x->between, r->reporter);
		put_cell(&x->between, r->domain);
		return;
	}
	(void)buf_printf(&x->between, ",\"day\":\"%s\",\"reporter\":{\"key\":", day);
	(void)esc_json(&x->between, r->reporter);
	put_member(&x->between, ",\"label\":", r->reporter_label.len == 0 ? r->reporter : r->reporter_label);
	put_member(&x->between, "},\"domain\":", r->domain);
}

/* 0: it has gone, or another one counts by now. */
static int
report_begin(struct export *x, struct query *q, int64_t id, struct buf *out, struct err *e)
{
	struct query_report	 r;

	buf_clear(&x->before);
	buf_clear(&x->between);
	buf_clear(&x->after);
	if (query_report(q, id, &r, e) == -1) {
		if (e->code != ERR_INPUT)
			return (-1);
		memset(e, 0, sizeof(*e));
		return (0);
	}
	if (r.superseded_by != 0)
		return (0);
	x->report = id;
	x->first = true;
	if (x->asked.format == EXPORT_PARSEDMARC_JSON || x->asked.format == EXPORT_PARSEDMARC_CSV)
		pm_report(x, &r, out);
	else
		plain_report(x, &r);
	return (1);
}

/* Who sent it, as far as has been found out. */
static void
put_sender(const struct query_unit_row *row, struct str label, bool csv, struct buf *out)
{
	const char	*class = sender_class_names[row->class < CLASS_COUNT ? row->class : CLASS_UNKNOWN];

	if (row->sender == 0 || label.p == NULL) {
		(void)buf_cstr(out, csv ? ",,," : ",\"sender\":null");
		return;
	}
	(void)buf_cstr(out, csv ? "," : ",\"sender\":{\"id\":\"");
	put_u64(out, row->sender);
	if (csv)
		put_cell(out, label);
	else
		put_member(out, "\",\"label\":", label);
	(void)buf_cstr(out, csv ? "," : ",\"class\":\"");
	(void)buf_cstr(out, class);
	(void)buf_cstr(out, csv ? "" : "\"}");
}

static void
plain_row(struct export *x, const struct query_unit_row *row, struct str ip, struct str text, const struct address *s, struct str label,
    const struct ready *k, struct buf *out)
{
	bool	 csv = x->asked.format == EXPORT_CSV;

	(void)buf_cstr(out, csv ? "" : "{\"id\":\"");
	put_u64(out, (uint64_t)x->report);
	(void)buf_byte(out, '#');
	put_u64(out, row->seq);
	(void)buf_cstr(out, csv ? "," : "\",\"report_id\":\"");
	put_u64(out, (uint64_t)x->report);
	(void)buf_cstr(out, csv ? "," : "\",\"seq\":");
	put_u64(out, row->seq);
	(void)buf_str(out, buf_as_str(&x->between));
	if (csv)
		put_cell(out, ip.p != NULL ? ip : text);
	else {
		put_member(out, ",\"ip\":", ip);
		put_member(out, ",\"ip_text\":", text);
		(void)buf_add(out, s->p, s->len);
		put_sender(row, label, false, out);
	}
	(void)buf_cstr(out, csv ? "," : ",\"count\":");
	put_u64(out, row->count);
	(void)buf_add(out, k->p, k->len);
	if (csv) {
		put_sender(row, label, true, out);
		(void)buf_add(out, s->p, s->len);
	}
	(void)buf_byte(out, '\n');
	x->lines++;
}

static void
pm_row(struct export *x, const struct query_unit_row *row, const struct address *s, const struct ready *k, struct buf *out)
{
	bool	 csv = x->asked.format == EXPORT_PARSEDMARC_CSV;

	if (!csv)
		(void)buf_cstr(out, x->first ? "" : ",");
	(void)buf_str(out, buf_as_str(&x->before));
	(void)buf_add(out, s->p, s->len);
	(void)buf_cstr(out, csv ? "," : ",\"count\":");
	put_u64(out, row->count);
	(void)buf_add(out, k->p, k->len);
	(void)buf_str(out, buf_as_str(&x->after));
	x->lines += csv;
	x->first = false;
}

static int
row_put(struct export *x, struct query *q, const struct query_unit_row *row, struct buf *out, struct err *e)
{
	const struct ready	*k;
	const struct address	*s;
	struct str		 ip, text;

	if ((k = known_of(x, q, row->evidence, (enum forwarding)row->fwd, e)) == NULL ||
	    (s = source_of(x, q, row->source, &ip, &text, e)) == NULL)
		return (-1);
	if (x->asked.format == EXPORT_CSV || x->asked.format == EXPORT_NDJSON)
		plain_row(x, row, ip, text, s, query_sender_label(q, row->sender), k, out);
	else
		pm_row(x, row, s, k, out);
	x->done++;
	return (0);
}

/* --- From the store, some at a time ---------------------------------------------------------- */

static bool
row_take(void *ctx, const struct query_unit_row *row)
{
	struct export		*x = ctx;
	struct query_unit_row	*p;
	size_t			 room;

	if (x->nrows == x->room) {
		room = x->room == 0 ? 4096 : x->room * 2;
		if ((p = realloc(x->rows, room * sizeof(*p))) == NULL)
			return (false);
		x->rows = p;
		x->room = room;
	}
	x->rows[x->nrows++] = *row;
	return (true);
}

static int
by_place(const void *a, const void *b)
{
	const struct query_unit_row	*x = a, *y = b;

	if (x->unit != y->unit)
		return (x->unit < y->unit ? -1 : 1);
	if (x->seq != y->seq)
		return (x->seq < y->seq ? -1 : 1);
	return (x->evidence < y->evidence ? -1 : x->evidence > y->evidence);
}

static int
group_rows(struct export *x, struct query *q, uint64_t from, uint64_t to, struct err *e)
{
	x->nrows = x->row = 0;
	if (query_unit_rows(q, x->asked.filter, &x->units[x->group], x->ngroup, from, to, row_take, x, e) == -1)
		return (-1);
	if (x->nrows > 1)
		qsort(x->rows, x->nrows, sizeof(*x->rows), by_place);
	return (0);
}

static int
unit_by_id(const void *a, const void *b)
{
	int64_t	 x = ((const struct query_unit *)a)->id, y = ((const struct query_unit *)b)->id;

	return (x < y ? -1 : x > y);
}

/*
 * What was replaced since it was selected: the version that counts now stands
 * in its place. In a series that one comes later, by itself.
 */
static int
replaced(struct export *x, struct query *q, struct query_unit *u, size_t n, struct err *e)
{
	bool	 any = false;
	int64_t	 id;

	for (size_t i = 0; i < n && !x->asked.series; i++) {
		if (query_successor(q, u[i].id, &id, e) == -1)
			return (-1);
		if (id == 0)
			continue;
		u[i].id = id;
		any = true;
	}
	if (any)
		qsort(u, n, sizeof(*u), unit_by_id);
	return (0);
}

/* 1, or 0: there is none. */
static int
group_next(struct export *x, struct query *q, struct err *e)
{
	struct query_unit	*u;
	uint64_t		 sum;
	size_t			 n = 1;

	x->group += x->ngroup;
	x->ngroup = 0;
	if (x->group == x->nunits)
		return (0);
	u = &x->units[x->group];
	for (sum = u->records; x->group + n < x->nunits && u[n].day == u->day && u[n].domain == u->domain; n++)
		if ((sum += u[n].records) > ROWS_HELD)
			break;
	x->ngroup = n;
	x->unit = 0;
	x->open = false;
	if (replaced(x, q, u, n, e) == -1)
		return (-1);
	x->window = n == 1 && u->records > ROWS_HELD ? 1 : 0;
	if (group_rows(x, q, x->window, x->window == 0 ? UINT64_MAX : ROWS_HELD, e) == -1)
		return (-1);
	return (1);
}

/* The next rows of a long report; 0: there are none. The last window takes what is left. */
static int
window_next(struct export *x, struct query *q, struct err *e)
{
	uint64_t	 records = x->units[x->group].records;

	if (x->window == 0 || x->window + ROWS_HELD > records)
		return (0);
	x->window += ROWS_HELD;
	return (group_rows(x, q, x->window, x->window + ROWS_HELD > records ? UINT64_MAX : x->window + ROWS_HELD - 1, e) == -1 ? -1 : 1);
}

static void
report_end(struct export *x, struct buf *out)
{
	if (x->asked.format == EXPORT_PARSEDMARC_JSON)
		(void)buf_cstr(out, x->asked.series ? "]}\n" : "]}");
	x->open = false;
}

int
rows_next(struct export *x, struct query *q, struct buf *out, struct err *e)
{
	int	 rc;

	if (x->ngroup == 0 || x->unit == x->ngroup)
		return (group_next(x, q, e));
	if (!x->open) {
		if ((rc = report_begin(x, q, x->units[x->group + x->unit].id, out, e)) == -1)
			return (-1);
		x->open = rc == 1;
		if (rc == 1)
			return (1);
	}
	if (x->row < x->nrows && x->rows[x->row].unit == x->unit) {
		x->row++;
		return (!x->open ? 1 : row_put(x, q, &x->rows[x->row - 1], out, e) == -1 ? -1 : 1);
	}
	if (x->row == x->nrows && (rc = window_next(x, q, e)) != 0)
		return (rc);
	if (x->open)
		report_end(x, out);
	x->unit++;
	return (1);
}
