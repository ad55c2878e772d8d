/*
 * text.c - a summary to be read in a terminal or a text mailer: 76 columns,
 * wrapped by us, as tables and indents would not survive format=flowed.
 */
#include <math.h>

#include "base/escape.h"
#include "summary/changed.h"
#include "summary/fixes.h"
#include "summary/say.h"

#define WIDTH	76
#define DOMAIN_WIDTH 30
#define DOMAINS	40	/* told of one by one */
#define COLUMNS	6

/* Characters, as far as names and our own words go: one column each. */
static size_t
columns(const char *p, size_t n)
{
	size_t	 w = 0;

	for (size_t i = 0; i < n; i++)
		w += ((unsigned char)p[i] & 0xc0) != 0x80;
	return (w);
}

static void
blanks(struct buf *b, size_t n)
{
	while (n-- > 0)
		(void)buf_byte(b, ' ');
}

/* One paragraph of hostile text; what is escaped holds no line end. */
static void
put(struct buf *b, size_t indent, size_t hang, const struct buf *raw)
{
	struct buf	 safe = { 0 };
	size_t		 at = 0, col = indent;
	bool		 first = true;

	(void)esc_text(&safe, buf_as_str(raw));
	blanks(b, indent);
	for (const char *p = safe.len == 0 ? "" : safe.p; p[at] != '\0';) {
		size_t	 n = strcspn(p + at, " "), w = columns(p + at, n);

		if (!first && col + 1 + w > WIDTH) {
			(void)buf_byte(b, '\n');
			blanks(b, hang);
			col = hang;
			first = true;
		}
		if (!first) {
			(void)buf_byte(b, ' ');
			col++;
		}
		(void)buf_add(b, p + at, n);
		col += w;
		first = false;
		at += n;
		at += strspn(p + at, " ");
	}
	(void)buf_byte(b, '\n');
	b->failed |= safe.failed || raw->failed;
	buf_free(&safe);
}

static void
heading(struct buf *b, unsigned lang, unsigned *n, const char *key, uint64_t count)
{
	(void)buf_printf(b, "\n%u. %s", ++*n, words_text(lang, key));
	if (count > 0)
		(void)buf_printf(b, " (%llu)", (unsigned long long)count);
	(void)buf_byte(b, '\n');
}

static void
link_line(struct buf *b, const struct summary *s, const char *link)
{
	if (s->base_url != NULL && link[0] != '\0')
		(void)buf_printf(b, "   %s%s\n", s->base_url, link);
}

static void
items(struct buf *b, const struct summary *s, unsigned lang, unsigned *n)
{
	struct buf	 t = { 0 };

	if (s->nitems == 0)
		return;
	heading(b, lang, n, "title.needs", s->nneeds);
	for (size_t i = 0; i < s->nitems; i++) {
		buf_clear(&t);
		say_item(&t, s, &s->items[i], lang);
		put(b, 3, 3, &t);
		buf_clear(&t);
		(void)buf_printf(&t, "%s ", words_text(lang, "do"));
		if (say_do(&t, &s->items[i], lang))
			put(b, 3, 3, &t);
		link_line(b, s, s->items[i].link);
		if (i + 1 < s->nitems)
			(void)buf_byte(b, '\n');
	}
	b->failed |= t.failed;
	buf_free(&t);
}

/* --- Domains --------------------------------------------------------------------------------- */

struct cells { struct buf c[COLUMNS]; };

static void
cells_free(struct cells *c)
{
	for (size_t i = 0; i < COLUMNS; i++)
		buf_free(&c->c[i]);
}

static void
cut(struct buf *b, struct str s)
{
	struct buf	 safe = { 0 };
	size_t		 n = 0, w = 0;

	(void)esc_text(&safe, s);
	if (columns(safe.p == NULL ? "" : safe.p, safe.len) <= DOMAIN_WIDTH) {
		(void)buf_str(b, buf_as_str(&safe));
	} else {
		while (n < safe.len && (w < DOMAIN_WIDTH - 1 || ((unsigned char)safe.p[n] & 0xc0) == 0x80))
			w += ((unsigned char)safe.p[n++] & 0xc0) != 0x80;
		(void)buf_add(b, safe.p, n);
		(void)buf_cstr(b, "\xe2\x80\xa6");
	}
	b->failed |= safe.failed;
	buf_free(&safe);
}

static void
domain_cells(struct cells *c, const struct summary *s, const struct summary_domain *d, unsigned lang)
{
	double	 change = say_change(s, &d->counts, &d->prev);

	cut(&c->c[0], d->domain);
	if (d->policy.len == 0)
		(void)buf_cstr(&c->c[1], words_text(lang, "policy.unknown"));
	else
		cut(&c->c[1], d->policy);
	if (d->testing)
		(void)buf_printf(&c->c[1], " (%s)", words_text(lang, "policy.testing"));
	(void)words_count(&c->c[2], lang, d->counts.m);
	(void)words_rate(&c->c[3], lang, say_yours(&d->counts));
	if (!isnan(change)) {
		(void)buf_cstr(&c->c[3], " (");
		(void)words_points(&c->c[3], lang, change);
		(void)buf_byte(&c->c[3], ')');
	}
	(void)words_count(&c->c[4], lang, d->counts.collateral);
	(void)words_count(&c->c[5], lang, d->counts.fail_unk);
	if (d->counts.fail_unk > 0) {
		(void)buf_cstr(&c->c[5], " (");
		(void)words_rate(&c->c[5], lang, say_stopped(&d->counts));
		(void)buf_byte(&c->c[5], ')');
	}
}

static void
domains(struct buf *b, const struct summary *s, unsigned lang, unsigned *n)
{
	static const char *const	 heads[COLUMNS] = { "col.domain", "col.policy", "col.mail", "col.yours", "col.hurt", "col.unproven" };
	struct cells			*rows;
	size_t				 nrows = s->ndomains < DOMAINS ? s->ndomains : DOMAINS, width[COLUMNS] = { 0 }, w;

	if (s->ndomains == 0 || (rows = calloc(nrows + 1, sizeof(*rows))) == NULL) {
		b->failed |= s->ndomains > 0;
		return;
	}
	heading(b, lang, n, "title.domains", 0);
	for (size_t i = 0; i < COLUMNS; i++)
		(void)buf_cstr(&rows[0].c[i], words_text(lang, heads[i]));
	(void)buf_printf(&rows[0].c[5], " (%s)", words_text(lang, "col.stopped"));
	for (size_t r = 0; r < nrows; r++)
		domain_cells(&rows[r + 1], s, &s->domains[r], lang);
	for (size_t r = 0; r <= nrows; r++)
		for (size_t i = 0; i < COLUMNS; i++)
			if (rows[r].c[i].p != NULL && (w = columns(rows[r].c[i].p, rows[r].c[i].len)) > width[i])
				width[i] = w;
	for (size_t r = 0; r <= nrows; r++) {
		(void)buf_cstr(b, "  ");
		for (size_t i = 0; i < COLUMNS; i++) {
			struct buf	*c = &rows[r].c[i];

			w = width[i] - columns(c->p == NULL ? "" : c->p, c->len);
			(void)buf_byte(b, ' ');
			if (i >= 2)
				blanks(b, w + 1);
			(void)buf_str(b, buf_as_str(c));
			if (i < 2)
				blanks(b, w);
			b->failed |= c->failed;
		}
		(void)buf_byte(b, '\n');
		cells_free(&rows[r]);
	}
	free(rows);
	if (s->ndomains > nrows) {
		struct buf	 t = { 0 };
		struct word	 more[] = { { .name = "n", .kind = WORD_COUNT, .n = s->ndomains - nrows }, WORDS_END };

		(void)words_fill(&t, lang, "domain.more", more);
		put(b, 3, 3, &t);
		buf_free(&t);
	}
}

/* --- Lists of sentences -------------------------------------------------------------------------- */

typedef bool say_nth(struct buf *, const struct summary *, unsigned, unsigned);

static void
lines(struct buf *b, const struct summary *s, unsigned lang, unsigned *n, const char *key, say_nth *say)
{
	struct buf	 t = { 0 };

	for (unsigned i = 0; buf_clear(&t), say(&t, s, lang, i); i++) {
		if (i == 0)
			heading(b, lang, n, key, 0);
		put(b, 3, 5, &t);
	}
	b->failed |= t.failed;
	buf_free(&t);
}

/* All of them in one paragraph. */
static void
run_on(struct buf *b, const struct summary *s, unsigned lang, say_nth *say)
{
	struct buf	 t = { 0 }, one = { 0 };

	for (unsigned i = 0; buf_clear(&one), say(&one, s, lang, i); i++) {
		if (i > 0)
			(void)buf_byte(&t, ' ');
		(void)buf_str(&t, buf_as_str(&one));
	}
	put(b, 0, 0, &t);
	b->failed |= one.failed;
	buf_free(&one);
	buf_free(&t);
}

static void
top(struct buf *b, const struct summary *s, unsigned lang)
{
	struct buf	 t = { 0 };

	(void)buf_printf(&t, "%s: ", words_text(lang, summary_quiet(s) ? "title.well" : "title"));
	(void)words_span(&t, lang, s->from, s->to);
	if (!s->empty) {
		(void)buf_cstr(&t, " (");
		say_complete(&t, s, lang);
		(void)buf_byte(&t, ')');
	}
	put(b, 0, 2, &t);
	buf_clear(&t);
	if (s->empty || s->counts.m == 0 || summary_quiet(s)) {
		say_mail(&t, s, lang);
		put(b, 0, 0, &t);
	}
	if (summary_quiet(s)) {
		buf_clear(&t);
		say_unproven(&t, s, lang);
		put(b, 0, 0, &t);
	}
	buf_free(&t);
}

static void
footer(struct buf *b, const struct summary *s, unsigned lang, const char *stop)
{
	struct buf	 t = { 0 }, period = { 0 };

	say_period(&period, s, lang);
	{
		struct word	 w[] = { { .name = "period", .kind = WORD_TEXT, .text = buf_as_str(&period) },
				    { .name = "how", .kind = WORD_TEXT, .text = str_of(stop) }, WORDS_END };

		(void)buf_cstr(b, "\n-- \n");
		(void)words_fill(&t, lang, "footer.sent", w);
		put(b, 0, 0, &t);
		if (s->base_url != NULL)
			(void)buf_printf(b, "%s %s/\n", words_text(lang, "more.at"), s->base_url);
		if (stop[0] != '\0') {
			buf_clear(&t);
			(void)words_fill(&t, lang, "footer.stop", w);
			put(b, 0, 0, &t);
		}
	}
	buf_free(&t);
	buf_free(&period);
}

bool
summary_text(struct buf *b, const struct summary *s, unsigned lang, const char *stop)
{
	unsigned	 n = 0;

	top(b, s, lang);
	if (summary_quiet(s)) {		/* four lines, unless there is news */
		run_on(b, s, lang, say_intake);
		items(b, s, lang, &n);
		lines(b, s, lang, &n, "title.new", say_new);
		lines(b, s, lang, &n, "title.changed", say_changed);
		lines(b, s, lang, &n, "title.fixes", say_fix);
	} else if (!s->empty) {
		items(b, s, lang, &n);
		domains(b, s, lang, &n);
		lines(b, s, lang, &n, "title.new", say_new);
		lines(b, s, lang, &n, "title.changed", say_changed);
		lines(b, s, lang, &n, "title.fixes", say_fix);
		lines(b, s, lang, &n, "title.intake", say_intake);
	}
	if (stop != NULL)
		footer(b, s, lang, stop);
	return (!b->failed);
}

bool
summary_subject(struct buf *b, const struct summary *s, unsigned lang)
{
	struct buf	 t = { 0 };

	say_subject(&t, s, lang);
	(void)esc_text(b, buf_as_str(&t));
	b->failed |= t.failed;
	buf_free(&t);
	return (!b->failed);
}

int
summary_language(struct str tag)
{
	return (words_language(tag));
}

const char *
summary_language_tag(unsigned lang)
{
	return (lang < words_nlanguages ? words_languages[lang].tag : NULL);
}
