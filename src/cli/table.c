/*
 * table.c - see table.h. JSON and CSV go out row by row. A table holds its
 * first TABLE_HELD rows to find the widths, then streams as well: memory does
 * not grow with the listing.
 */
#include <sys/ioctl.h>

#include <assert.h>
#include <math.h>
#include <unistd.h>

#include "answer/answer.h"
#include "base/base.h"
#include "base/escape.h"
#include "base/when.h"
#include "cli/table.h"
#include "enrich/places.h"
#include "enrich/ranges.h"

#define TABLE_HELD	2000
#define TABLE_GAP	2	/* blanks between columns */
#define TABLE_WIDE 120		/* a column is made no wider than this for the sake of one value */
#define TABLE_NARROW	8	/* no column is cut below this */

struct cell {
	size_t		 off, len;	/* in held */
	unsigned	 width;		/* places on a terminal */
	unsigned char	 tone;
};

struct cli_table {
	const struct cli_ctx	*ctx;
	const struct cli_column	*cols;
	size_t			 ncols;
	enum cli_format		 format;
	FILE			*out;
	size_t			 at;		/* the next cell's column */
	uint64_t		 rows;
	struct buf		 line;		/* JSON, CSV: the row that is being made */
	struct buf		 held;		/* table: texts of the cells */
	struct cell		*cells;		/* table: ncols for each held row */
	size_t			 nheld, cap;	/* rows */
	unsigned		*widths;
	bool			 begun;		/* widths are fixed, the heading is out */
	bool			 failed;
};

enum cli_format
cli_format(const struct cli_args *args)
{
	return ((enum cli_format)cli_word(args, "format", CLI_FORMAT_TABLE));
}

struct cli_table *
cli_table_new(const struct cli_ctx *ctx, enum cli_format format, const struct cli_column *cols, size_t n)
{
	struct cli_table	*t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return (NULL);
	*t = (struct cli_table){ .ctx = ctx, .cols = cols, .ncols = n, .format = format, .out = stdout };
	if ((t->widths = calloc(n, sizeof(*t->widths))) == NULL) {
		free(t);
		return (NULL);
	}
	return (t);
}

void
cli_table_output(struct cli_table *t, FILE *out)
{
	if (t != NULL)
		t->out = out;
}

/* ---- characters ---- */

/* Places that a character takes: two for the wide ones of East Asia, none for marks. */
static unsigned
places(uint32_t v)
{
	if ((v >= 0x300 && v <= 0x36f) || (v >= 0x20d0 && v <= 0x20ff) || (v >= 0xfe00 && v <= 0xfe0f))
		return (0);
	if ((v >= 0x1100 && v <= 0x115f) || (v >= 0x2e80 && v <= 0xa4cf) || (v >= 0xac00 && v <= 0xd7a3) ||
	    (v >= 0xf900 && v <= 0xfaff) || (v >= 0xfe30 && v <= 0xfe6f) || (v >= 0xff00 && v <= 0xff60) ||
	    (v >= 0x1f300 && v <= 0x1faff) || (v >= 0x20000 && v <= 0x3fffd))
		return (2);
	return (1);
}

/* Bytes of s that fit into most places; *width gets the places they take. */
static size_t
fit(struct str s, unsigned most, unsigned *width)
{
	size_t		 done = 0, n;
	uint32_t	 v;

	*width = 0;
	while (done < s.len) {
		if ((n = str_utf8_first((struct str){ s.p + done, s.len - done }, &v)) == 0) {
			n = 1;
			v = '?';
		}
		if (*width + places(v) > most)
			break;
		*width += places(v);
		done += n;
	}
	return (done);
}

/* ---- numbers for people ---- */

const char *
cli_thousands(int64_t v, char out[32])
{
	char	 digits[24];
	size_t	 n, o = 0;
	int	 len;

	len = snprintf(digits, sizeof(digits), "%llu", v < 0 ? 0ULL - (unsigned long long)v : (unsigned long long)v);
	n = (size_t)len;
	if (v < 0)
		out[o++] = '-';
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			out[o++] = ',';
		out[o++] = digits[i];
	}
	out[o] = '\0';
	return (out);
}

const char *
cli_bytes(int64_t v, char out[32])
{
	static const char *const	 unit[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double				 d = (double)v;
	size_t				 u = 0;

	while ((d >= 999.5 || d <= -999.5) && u + 1 < nitems(unit)) {
		d /= 1000;
		u++;
	}
	(void)snprintf(out, 32, u > 0 && d < 9.95 && d > -9.95 ? "%.1f %s" : "%.0f %s", d, unit[u]);
	return (out);
}

/* ---- JSON ---- */

bool
cli_json_str(struct buf *b, struct str s)
{
	return (esc_json(b, s));
}

bool
cli_json(struct buf *b, const json_t *j)
{
	return (answer_line(b, j));
}

json_t *
cli_json_text(struct str s)
{
	struct buf	 b = { 0 };
	json_t		*j;
	uint32_t	 v;
	size_t		 n;

	if (s.p == NULL)
		return (json_null());
	if ((j = json_stringn(s.p, s.len)) != NULL)
		return (j);
	for (; s.len > 0; s.p += n, s.len -= n) {
		if ((n = str_utf8_first(s, &v)) == 0) {
			n = 1;
			(void)buf_cstr(&b, "\xef\xbf\xbd");
		} else
			(void)buf_add(&b, s.p, n);
	}
	j = b.failed ? NULL : json_stringn(buf_as_str(&b).p, b.len);
	buf_free(&b);
	return (j);
}

/* ---- a table: holding rows, finding widths ---- */

static bool
shown(const struct cli_table *t, size_t col)
{
	return ((t->cols[col].flags & CLI_COL_HIDDEN) == 0);
}

static bool
right(const struct cli_column *c)
{
	return (c->type == CLI_CELL_INT || c->type == CLI_CELL_RATE || c->type == CLI_CELL_BYTES);
}

static unsigned
terminal_width(const struct cli_table *t)
{
	struct winsize	 w;

	if (!t->ctx->tty_out || t->out != stdout)
		return (0);	/* a file is as wide as it needs to be */
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		return (w.ws_col);
	return (80);
}

/* Narrows the widest text columns until a row fits on the terminal. */
static void
narrow(struct cli_table *t, unsigned have)
{
	size_t	 total, widest;

	for (;;) {
		total = 0;
		widest = t->ncols;
		for (size_t i = 0; i < t->ncols; i++) {
			if (!shown(t, i))
				continue;
			total += t->widths[i] + (total > 0 ? TABLE_GAP : 0);
			if ((t->cols[i].type == CLI_CELL_TEXT || t->cols[i].type == CLI_CELL_JSON) &&
			    t->widths[i] > TABLE_NARROW &&
			    (widest == t->ncols || t->widths[i] > t->widths[widest]))
				widest = i;
		}
		if (total <= have || widest == t->ncols)
			return;
		t->widths[widest]--;
	}
}

static void
tone(struct cli_table *t, unsigned what)
{
	static const char *const	 code[] = { "\033[0m", "\033[32m", "\033[33m", "\033[31m", "\033[2m" };

	if (t->ctx->color && t->out == stdout)
		(void)fputs(code[what], t->out);
}

static void
put_cell(struct cli_table *t, size_t col, struct str text, unsigned width, unsigned what, bool last)
{
	unsigned	 pad, most = t->widths[col];
	bool		 cut = width > most && (t->cols[col].type == CLI_CELL_TEXT ||
			    t->cols[col].type == CLI_CELL_JSON);

	if (cut && t->begun && terminal_width(t) != 0) {
		text.len = fit(text, most - 1, &width);
		width++;
	} else
		cut = false;
	pad = width < most ? most - width : 0;
	if (right(&t->cols[col]))
		(void)fprintf(t->out, "%*s", (int)pad, "");
	if (what != CLI_TONE_NONE)
		tone(t, what);
	(void)fwrite(text.p, 1, text.len, t->out);
	if (cut)
		(void)fputs("\xe2\x80\xa6", t->out);
	if (what != CLI_TONE_NONE)
		tone(t, CLI_TONE_NONE);
	if (!right(&t->cols[col]) && !last)
		(void)fprintf(t->out, "%*s", (int)pad, "");
	if (!last)
		(void)fprintf(t->out, "%*s", TABLE_GAP, "");
}

static void
flush_rows(struct cli_table *t)
{
	size_t	 last = 0;

	for (size_t c = 0; c < t->ncols; c++)
		if (shown(t, c))
			last = c;
	if (!t->begun) {
		unsigned	 have = terminal_width(t), w;

		for (size_t c = 0; c < t->ncols; c++) {
			(void)fit(str_of(t->cols[c].title), UINT32_MAX, &w);
			t->widths[c] = w;
			for (size_t r = 0; r < t->nheld; r++)
				if (t->cells[r * t->ncols + c].width > t->widths[c])
					t->widths[c] = t->cells[r * t->ncols + c].width;
		}
		if (have > 0)
			narrow(t, have);
		else	/* a value of 60 KB must not cost every line as much in blanks */
			for (size_t c = 0; c < t->ncols; c++)
				if (t->widths[c] > TABLE_WIDE)
					t->widths[c] = TABLE_WIDE;
		t->begun = true;
		for (size_t c = 0; c < t->ncols; c++)
			if (shown(t, c)) {
				(void)fit(str_of(t->cols[c].title), UINT32_MAX, &w);
				put_cell(t, c, str_of(t->cols[c].title), w, CLI_TONE_FAINT, c == last);
			}
		(void)fputc('\n', t->out);
	}
	for (size_t r = 0; r < t->nheld; r++) {
		for (size_t c = 0; c < t->ncols; c++) {
			const struct cell	*x = &t->cells[r * t->ncols + c];

			if (shown(t, c))
				put_cell(t, c, (struct str){ t->held.p + x->off, x->len }, x->width,
				    x->tone, c == last);
		}
		(void)fputc('\n', t->out);
	}
	t->nheld = 0;
	buf_clear(&t->held);
}

/* ---- cells ---- */

/* Room for the cell at hand; NULL when the row is full or memory is gone. */
static struct cell *
held_cell(struct cli_table *t)
{
	if (t->nheld == t->cap) {
		size_t		 cap = t->cap == 0 ? 64 : t->cap * 2;
		struct cell	*p = realloc(t->cells, cap * t->ncols * sizeof(*p));

		if (p == NULL) {
			t->failed = true;
			return (NULL);
		}
		t->cells = p;
		t->cap = cap;
	}
	return (&t->cells[t->nheld * t->ncols + t->at]);
}

/* Begins a cell in JSON or CSV. */
static struct buf *
begin(struct cli_table *t)
{
	assert(t->at < t->ncols);
	if (t->format == CLI_FORMAT_JSON) {
		(void)buf_byte(&t->line, t->at == 0 ? '{' : ',');
		(void)cli_json_str(&t->line, str_of(t->cols[t->at].key));
		(void)buf_byte(&t->line, ':');
	} else if (t->at > 0)
		(void)buf_byte(&t->line, ',');
	return (&t->line);
}

/* A cell of a table; text is safe to show. */
static void
hold(struct cli_table *t, struct str text)
{
	struct cell	*c;

	assert(t->at < t->ncols);
	if ((c = held_cell(t)) == NULL)
		return;
	*c = (struct cell){ .off = t->held.len, .len = text.len };
	(void)fit(text, UINT32_MAX, &c->width);
	(void)buf_str(&t->held, text);
}

/*
 * Every cell that is no free text ends here: json as it stands in JSON, csv
 * in CSV, and people in a table.
 */
static void
put(struct cli_table *t, const char *json, const char *csv, const char *people)
{
	if (t->format == CLI_FORMAT_TABLE)
		hold(t, str_of(people));
	else
		(void)buf_cstr(begin(t), t->format == CLI_FORMAT_JSON ? json : csv);
	t->at++;
}

void
cli_cell_null(struct cli_table *t)
{
	if (t != NULL)
		put(t, "null", "", "-");
}

void
cli_cell_text(struct cli_table *t, struct str s)
{
	if (t == NULL)
		return;
	if (s.p == NULL) {
		cli_cell_null(t);
		return;
	}
	if (t->format == CLI_FORMAT_TABLE) {
		struct buf	 b = { 0 };

		(void)esc_text(&b, s);
		hold(t, buf_as_str(&b));
		t->failed |= b.failed;
		buf_free(&b);
	} else if (t->format == CLI_FORMAT_JSON) {
		(void)cli_json_str(begin(t), s);
	} else if (t->ctx->tty_out && t->out == stdout) {
		struct buf	 b = { 0 };

		/* CSV for a file keeps its bytes; on a terminal they could act */
		(void)esc_text(&b, s);
		(void)esc_csv(begin(t), buf_as_str(&b));
		t->failed |= b.failed;
		buf_free(&b);
	} else
		(void)esc_csv(begin(t), s);
	t->at++;
}

void
cli_cell_cstr(struct cli_table *t, const char *s)
{
	cli_cell_text(t, str_of(s));
}

void
cli_cell_int(struct cli_table *t, int64_t v)
{
	char	 plain[32], people[32];

	if (t == NULL)
		return;
	(void)snprintf(plain, sizeof(plain), "%lld", (long long)v);
	put(t, plain, plain, cli_thousands(v, people));
}

void
cli_cell_bytes(struct cli_table *t, int64_t v)
{
	char	 plain[32], people[32];

	if (t == NULL)
		return;
	(void)snprintf(plain, sizeof(plain), "%lld", (long long)v);
	put(t, plain, plain, cli_bytes(v, people));
}

void
cli_cell_rate(struct cli_table *t, double r)
{
	char	 plain[32], people[32];

	if (t == NULL)
		return;
	if (!isfinite(r)) {
		cli_cell_null(t);
		return;
	}
	(void)snprintf(plain, sizeof(plain), "%.6g", r);
	/* 99.96 % is not 100: only a whole is shown as a whole. */
	if (r < 1 && r >= 0.9995)
		(void)snprintf(people, sizeof(people), "99.9 %%");
	else
		(void)snprintf(people, sizeof(people), "%.1f %%", r * 100);
	put(t, plain, plain, people);
}

void
cli_cell_time(struct cli_table *t, int64_t v)
{
	char	 text[WHEN_TEXT], json[WHEN_TEXT + 2], people[WHEN_TEXT];

	if (t == NULL)
		return;
	(void)when_rfc3339(v, text);
	if (t->at < t->ncols && t->cols[t->at].type == CLI_CELL_EPOCH)
		(void)snprintf(json, sizeof(json), "%lld", (long long)v);
	else
		(void)snprintf(json, sizeof(json), "\"%s\"", text);
	memcpy(people, text, sizeof(people));
	if (strlen(people) == 20) {	/* to the minute, without T and Z */
		people[10] = ' ';
		people[16] = '\0';
	}
	put(t, json, text, people);
}

void
cli_cell_day(struct cli_table *t, int64_t day)
{
	char	 text[WHEN_TEXT], json[WHEN_TEXT + 2];

	if (t == NULL)
		return;
	(void)snprintf(json, sizeof(json), "\"%s\"", when_date(day, text));
	put(t, json, text, text);
}

void
cli_cell_bool(struct cli_table *t, bool v)
{
	if (t != NULL)
		put(t, v ? "true" : "false", v ? "true" : "false", v ? "yes" : "no");
}

void
cli_cell_json(struct cli_table *t, json_t *j)
{
	struct buf	 b = { 0 };

	if (t == NULL || j == NULL || json_is_null(j)) {
		cli_cell_null(t);
	} else if (t->format == CLI_FORMAT_JSON) {
		(void)cli_json(begin(t), j);
		t->at++;
	} else {
		(void)cli_json(&b, j);
		t->failed |= b.failed;
		if (t->format == CLI_FORMAT_CSV)
			(void)esc_csv(begin(t), buf_as_str(&b));
		else
			hold(t, buf_as_str(&b));
		t->at++;
		buf_free(&b);
	}
	json_decref(j);
}

void
cli_cell_tone(struct cli_table *t, enum cli_tone what)
{
	if (t == NULL || t->format != CLI_FORMAT_TABLE || t->at == 0 || t->failed)
		return;
	t->cells[t->nheld * t->ncols + t->at - 1].tone = (unsigned char)what;
}

static void
csv_heading(struct cli_table *t)
{
	for (size_t c = 0; c < t->ncols; c++)
		(void)fprintf(t->out, "%s%s", c == 0 ? "" : ",", t->cols[c].key);
	(void)fputs("\r\n", t->out);
	t->begun = true;
}

void
cli_row(struct cli_table *t)
{
	if (t == NULL)
		return;
	while (t->at < t->ncols)
		cli_cell_null(t);
	t->at = 0;
	t->rows++;
	if (t->format == CLI_FORMAT_TABLE) {
		if (!t->failed && ++t->nheld == TABLE_HELD)
			flush_rows(t);
		return;
	}
	if (t->format == CLI_FORMAT_CSV && !t->begun)
		csv_heading(t);
	(void)buf_cstr(&t->line, t->format == CLI_FORMAT_JSON ? "}\n" : "\r\n");
	t->failed |= t->line.failed;
	if (!t->line.failed)
		(void)fwrite(t->line.p, 1, t->line.len, t->out);
	buf_clear(&t->line);
}

uint64_t
cli_table_rows(const struct cli_table *t)
{
	return (t == NULL ? 0 : t->rows);
}

int
cli_table_end(struct cli_table *t, struct err *e)
{
	bool	 failed;

	if (t == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (t->format == CLI_FORMAT_TABLE && (t->nheld > 0 || !t->begun))
		flush_rows(t);
	else if (t->format == CLI_FORMAT_CSV && !t->begun)
		csv_heading(t);
	failed = t->failed || t->held.failed || t->line.failed;
	buf_free(&t->held);
	buf_free(&t->line);
	free(t->cells);
	free(t->widths);
	free(t);
	return (failed ? err_set(e, ERR_TEMP, "out of memory: rows are missing") : 0);
}

void
cli_cell_place(struct cli_table *t, const struct place *p)
{
	char	 text[RANGES_TEXT + 16];

	cli_cell_text(t, p->country[0] == '\0' ? STR_NONE : str_of(p->country));
	if (p->asn != 0)
		(void)snprintf(text, sizeof(text), "AS%u%s%.*s", (unsigned)p->asn, p->network.len > 0 ? " " : "", (int)p->network.len,
		    p->network.p == NULL ? "" : p->network.p);
	else
		(void)snprintf(text, sizeof(text), "(%s)", reserved_names[p->reserved]);
	cli_cell_text(t, p->asn == 0 && p->reserved == RESERVED_NO ? STR_NONE : str_of(text));
	if (p->asn == 0)
		cli_cell_null(t);
	else
		cli_cell_int(t, (int64_t)p->asn);
	cli_cell_text(t, p->reserved == RESERVED_NO ? STR_NONE : str_of(reserved_names[p->reserved]));
}
