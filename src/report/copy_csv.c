/*
 * copy_csv.c - see copy_int.h: RFC 4180 with a header line, a row of a report
 * on each. The rows of a report stand behind each other; what the columns of a
 * report say tells where the next one begins.
 *
 * What the CSV does not carry: the words of policy_evaluated for DKIM and SPF
 * (whether they are aligned stands in), human_result, the interval of a row,
 * and where a list in a cell has a comma within a value.
 */
#include "report/copy_int.h"
#include "report/refusal.h"

enum copy_column {
	/* of the report; its rows have the same in all of them */
	COL_SCHEMA, COL_ORG, COL_EMAIL, COL_EXTRA, COL_ID, COL_BEGIN, COL_END, COL_ERRORS, COL_DOMAIN, COL_ADKIM, COL_ASPF, COL_P, COL_SP,
	COL_PCT, COL_FO, COL_REPORT,
	COL_NORMALIZED = COL_REPORT, COL_IP, COL_COUNT, COL_SPF, COL_DKIM, COL_DISPOSITION, COL_REASONS, COL_COMMENTS, COL_ENVELOPE_FROM,
	COL_HEADER_FROM, COL_ENVELOPE_TO, COL_DKIM_DOMAINS, COL_DKIM_SELECTORS, COL_DKIM_RESULTS, COL_SPF_DOMAINS, COL_SPF_SCOPES,
	COL_SPF_RESULTS, COLUMNS
};

static const char *const columns[COLUMNS] = {
	"xml_schema", "org_name", "org_email", "org_extra_contact_info", "report_id", "begin_date", "end_date", "errors", "domain", "adkim",
	"aspf", "p", "sp", "pct", "fo", "normalized_timespan", "source_ip_address", "count", "spf_aligned", "dkim_aligned", "disposition",
	"policy_override_reasons", "policy_override_comments", "envelope_from", "header_from", "envelope_to", "dkim_domains",
	"dkim_selectors", "dkim_results", "spf_domains", "spf_scopes", "spf_results",
};

_Static_assert(COLUMNS <= COPY_COLUMNS, "the columns of a copy");

/* The cells of a row stand behind each other in cells, each with its end in row (size_t). */
static struct str
cell(const struct copy *c, int n)
{
	size_t	 from = 0, to, many = c->row.len / sizeof(to);

	if (n < 0 || (size_t)n >= many)
		return (STR(""));
	if (n > 0)
		memcpy(&from, c->row.p + ((size_t)n - 1) * sizeof(from), sizeof(from));
	memcpy(&to, c->row.p + (size_t)n * sizeof(to), sizeof(to));
	return ((struct str){ buf_as_str(&c->cells).p + from, to - from });
}

/* Empty is absent; a mark that keeps spreadsheets from reckoning goes. */
static struct str
value(const struct copy *c, enum copy_column col)
{
	struct str	 s = cell(c, c->column[col]);

	if (s.len > 1 && s.p[0] == '\'' && strchr("=+-@\t\r", s.p[1]) != NULL && s.p[1] != '\0')
		s = (struct str){ s.p + 1, s.len - 1 };
	return (s.len == 0 ? STR_NONE : s);
}

static void
set(json_t *o, const char *name, struct str s)
{
	if (s.p != NULL)
		(void)json_object_set_new(o, name, json_stringn_nocheck(s.p, s.len));
}

/* The next of a list in a cell, from *rest; false at the end. */
static bool
next(struct str *rest, struct str *out)
{
	const char	*comma;
	size_t		 n;

	if (rest->p == NULL)
		return (false);
	comma = memchr(rest->p, ',', rest->len);
	n = comma == NULL ? rest->len : (size_t)(comma - rest->p);
	*out = (struct str){ rest->p, n };
	*rest = comma == NULL ? STR_NONE : (struct str){ comma + 1, rest->len - n - 1 };
	return (true);
}

static json_t *
results(const struct copy *c, enum copy_column domains, const char *what)
{
	struct str	 d = value(c, domains), w = value(c, domains + 1), r = value(c, domains + 2), one;
	json_t		*list = json_array(), *o;

	for (unsigned n = 0; n < 1000 && r.p != NULL; n++) {
		o = json_object();
		if (next(&d, &one) && one.len > 0)
			set(o, "domain", one);
		if (next(&w, &one) && one.len > 0)
			set(o, what, one);
		if (next(&r, &one))
			set(o, "result", one);
		(void)json_array_append_new(list, o);
	}
	return (list);
}

static json_t *
reasons(const struct copy *c)
{
	struct str	 t = value(c, COL_REASONS), k = value(c, COL_COMMENTS), one;
	json_t		*list = json_array(), *o;

	for (unsigned n = 0; n < 1000 && t.p != NULL && next(&t, &one); n++) {
		o = json_object();
		set(o, "type", one);
		if (next(&k, &one))
			set(o, "comment", one);
		(void)json_array_append_new(list, o);
	}
	return (list);
}

static struct str
pass(struct str aligned)
{
	return (str_ieq(aligned, "true") ? STR("pass") : str_ieq(aligned, "false") ? STR("fail") : STR_NONE);
}

static json_t *
row_tree(const struct copy *c)
{
	json_t	*o = json_object(), *x;

	x = json_object();
	set(x, "ip_address", value(c, COL_IP));
	(void)json_object_set_new(o, "source", x);
	set(o, "count", value(c, COL_COUNT));
	x = json_object();
	set(x, "disposition", value(c, COL_DISPOSITION));
	set(x, "dkim", pass(value(c, COL_DKIM)));
	set(x, "spf", pass(value(c, COL_SPF)));
	(void)json_object_set_new(x, "policy_override_reasons", reasons(c));
	(void)json_object_set_new(o, "policy_evaluated", x);
	x = json_object();
	set(x, "header_from", value(c, COL_HEADER_FROM));
	set(x, "envelope_from", value(c, COL_ENVELOPE_FROM));
	set(x, "envelope_to", value(c, COL_ENVELOPE_TO));
	(void)json_object_set_new(o, "identifiers", x);
	x = json_object();
	(void)json_object_set_new(x, "dkim", results(c, COL_DKIM_DOMAINS, "selector"));
	(void)json_object_set_new(x, "spf", results(c, COL_SPF_DOMAINS, "scope"));
	(void)json_object_set_new(o, "auth_results", x);
	if (str_ieq(value(c, COL_NORMALIZED), "true"))
		(void)json_object_set_new(o, "normalized_timespan", json_true());
	return (o);
}

static void
report_trees(struct copy *c)
{
	static const struct { const char *name; enum copy_column col; } meta[] = {
		{ "org_name", COL_ORG }, { "org_email", COL_EMAIL }, { "org_extra_contact_info", COL_EXTRA }, { "report_id", COL_ID },
		{ "begin_date", COL_BEGIN }, { "end_date", COL_END }, { "errors", COL_ERRORS },
	};
	json_t	*o = json_object();

	for (size_t i = 0; i < nitems(meta); i++)
		set(o, meta[i].name, value(c, meta[i].col));
	copy_metadata(c, o);
	json_decref(o);
	o = json_object();
	for (int i = COL_DOMAIN; i <= COL_FO; i++)
		set(o, columns[i], value(c, (enum copy_column)i));
	copy_policy(c, o);
	json_decref(o);
	(void)buf_str(&c->schema, cell(c, c->column[COL_SCHEMA]));
	c->one.newer = c->column[COL_NORMALIZED] >= 0;
}

/* The report under way has had its last row. */
static int
report_ends(struct copy *c, struct err *e)
{
	int	 rv = 0;

	if (c->one.kind == COPY_UNKNOWN)
		return (0);
	if (!c->one.bad)
		rv = copy_aggregate_end(c, e);
	if (rv == 0 && c->one.bad)
		rv = c->calls->refused(c->ctx, &c->one.why, e);
	c->one = (struct copy_one){ 0 };
	return (rv);
}

static int
header_row(struct copy *c, struct err *e)
{
	size_t	 many = c->row.len / sizeof(size_t);

	c->header = true;
	for (int i = 0; i < COLUMNS; i++) {
		c->column[i] = -1;
		for (size_t k = 0; k < many && c->column[i] == -1; k++)
			if (str_eq(str_trim(cell(c, (int)k)), str_of(columns[i])))
				c->column[i] = (int)k;
	}
	for (int i = 0; i < COLUMNS; i++)
		if (c->column[i] == -1 && i != COL_NORMALIZED && i != COL_EXTRA && i != COL_ERRORS)
			return (refusal_set(e, REFUSAL_NOT_A_REPORT, 1, "line 1: the table has no column %s", columns[i]));
	c->seen = true;
	return (0);
}

static int
row(struct copy *c, struct err *e)
{
	struct buf	*k = &c->key;
	json_t		*o;
	int		 rv;

	if (!c->header)
		return (header_row(c, e));
	if (c->row.len == sizeof(size_t) && c->cells.len == 0)	/* an empty line */
		return (0);
	if (!str_utf8_ok(buf_as_str(&c->cells)))
		return (refusal_set(e, REFUSAL_UNREADABLE, (unsigned)c->row_line, "line %llu: bytes that are no UTF-8", (unsigned long long)c->row_line));
	buf_clear(k);
	for (int i = 0; i < COL_REPORT; i++) {
		(void)buf_str(k, cell(c, c->column[i]));
		(void)buf_byte(k, '\0');
	}
	if (k->failed)
		return (copy_oom(e));
	if (c->one.kind == COPY_UNKNOWN || !str_eq(buf_as_str(k), buf_as_str(&c->last))) {
		if (report_ends(c, e) == -1)
			return (-1);
		c->one = (struct copy_one){ .kind = COPY_AGGREGATE, .line = c->row_line };
		buf_clear(&c->last);
		buf_clear(&c->schema);
		report_trees(c);
		if (!buf_str(&c->last, buf_as_str(k)))
			return (copy_oom(e));
		if (copy_aggregate_begin(c, NULL, e) == -1)
			return (-1);
	}
	o = row_tree(c);
	rv = copy_record(c, o, c->row_line, e);
	json_decref(o);
	return (rv);
}

static bool
cell_ends(struct copy *c)
{
	size_t	 at = c->cells.len;

	c->quoted = c->quote_seen = false;
	return (buf_add(&c->row, &at, sizeof(at)));
}

static int
one_byte(struct copy *c, char b, struct err *e)
{
	size_t	 begin = 0;
	bool	 ok = true;

	if (c->row.len > 0)
		memcpy(&begin, c->row.p + c->row.len - sizeof(begin), sizeof(begin));
	if (c->quoted && !c->quote_seen) {
		if (b == '"')
			c->quote_seen = true;
		else
			ok = buf_byte(&c->cells, (unsigned char)b);
	} else if (b == '"' && c->quote_seen) {
		ok = buf_byte(&c->cells, '"');
		c->quote_seen = false;
	} else if (b == '"' && c->cells.len == begin && !c->quoted)
		c->quoted = true;
	else if (b == ',')
		ok = cell_ends(c);
	else if (b == '\n') {
		if (!cell_ends(c))
			return (copy_oom(e));
		if (row(c, e) == -1)
			return (-1);
		buf_clear(&c->row);
		buf_clear(&c->cells);
		c->row_line = c->line_no + 1;
	} else if (b != '\r')
		ok = buf_byte(&c->cells, (unsigned char)b);
	if (b == '\n')
		c->line_no++;
	if (c->cells.len > c->limits->tls_value || c->row.len > 4096 * sizeof(size_t))
		return (refusal_set(e, REFUSAL_OVER_LIMIT, (unsigned)c->row_line, "over the limit tls_value = %llu: the row that begins at line %llu",
		    (unsigned long long)c->limits->tls_value, (unsigned long long)c->row_line));
	return (ok ? 0 : copy_oom(e));
}

int
copy_csv_feed(struct copy *c, struct str s, struct err *e)
{
	for (size_t i = 0; i < s.len; i++) {
		if (c->line_no == 1 && c->row.len == 0 && c->cells.len < 3 && !c->header && strchr("\xef\xbb\xbf", s.p[i]) != NULL && s.p[i] != '\0')
			continue;	/* the mark in front of it */
		if (one_byte(c, s.p[i], e) == -1)
			return (-1);
	}
	return (0);
}

int
copy_csv_finish(struct copy *c, struct err *e)
{
	if (c->quoted && !c->quote_seen)
		return (refusal_set(e, REFUSAL_CUT_SHORT, (unsigned)c->row_line, "the table is cut short in the row that begins at line %llu",
		    (unsigned long long)c->row_line));
	if ((c->cells.len > 0 || c->row.len > 0) && (!cell_ends(c) || row(c, e) == -1))
		return (c->cells.failed || c->row.failed ? copy_oom(e) : -1);
	return (report_ends(c, e));
}
