/*
 * html.c - a summary as the page of a mail: one column of at most 600 pixels,
 * tables and inline styles, no image, nothing from anywhere else. Text has no
 * colour of its own, so that a dark mail program stays dark; colours that mean
 * something are readable on both, and a word always stands beside them.
 */
#include <math.h>

#include "base/escape.h"
#include "summary/changed.h"
#include "summary/fixes.h"
#include "summary/say.h"

#define DOMAINS	40	/* told of one by one, while there is room */
#define ITEMS	20
#define ROOM	((size_t)48 << 10)	/* mail programs cut a page that is much longer */
#define MUTED	"opacity:.72"	/* of whatever colour text has there */
#define FONT	"font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
#define GREEN	"#2e8b57"
#define RED	"#d43f3a"
#define AMBER	"#c98a1b"
#define GREY	"#8a8f98"

static void
esc(struct buf *b, struct str s)
{
	struct buf	 safe = { 0 };

	(void)esc_text(&safe, s);
	(void)esc_xml(b, buf_as_str(&safe));
	b->failed |= safe.failed;
	buf_free(&safe);
}

/* A row of the one column; style is of its cell. */
static void
row(struct buf *b, const char *style, const struct buf *text)
{
	(void)buf_printf(b, "<tr><td style=\"%s\">", style);
	esc(b, buf_as_str(text));
	(void)buf_cstr(b, "</td></tr>\n");
	b->failed |= text->failed;
}

static void
heading(struct buf *b, unsigned lang, const char *key, uint64_t n)
{
	(void)buf_cstr(b, "<tr><td style=\"padding:22px 0 6px\"><h2 style=\"margin:0;font-size:17px\">");
	esc(b, str_of(words_text(lang, key)));
	if (n > 0)
		(void)buf_printf(b, " (%llu)", (unsigned long long)n);
	(void)buf_cstr(b, "</h2></td></tr>\n");
}

static void
link_to(struct buf *b, const struct summary *s, const char *link, const char *text)
{
	if (s->base_url == NULL || link[0] == '\0')
		return;
	(void)buf_cstr(b, " <a style=\"color:#3b82d6\" href=\"");
	esc(b, str_of(s->base_url));
	esc(b, str_of(link));
	(void)buf_cstr(b, "\">");
	esc(b, str_of(text));
	(void)buf_cstr(b, "</a>");
}

/* --- What needs somebody --------------------------------------------------------------------- */

static void
item(struct buf *b, const struct summary *s, const struct summary_item *it, unsigned lang)
{
	static const char *const	 bars[] = { RED, AMBER, GREY };
	struct buf			 t = { 0 };

	(void)buf_printf(b, "<tr><td style=\"padding:0 0 10px\"><div style=\"border-left:4px solid %s;padding:2px 0 2px 12px\">", bars[it->level]);
	say_item(&t, s, it, lang);
	(void)buf_cstr(b, "<strong>");
	esc(b, buf_as_str(&t));
	(void)buf_cstr(b, "</strong>");
	b->failed |= t.failed;
	buf_clear(&t);
	if (say_do(&t, it, lang)) {
		(void)buf_cstr(b, "<br>");
		esc(b, str_of(words_text(lang, "do")));
		(void)buf_byte(b, ' ');
		esc(b, buf_as_str(&t));
	}
	link_to(b, s, it->link, words_text(lang, "more.link"));
	(void)buf_cstr(b, "</div></td></tr>\n");
	b->failed |= t.failed;
	buf_free(&t);
}

static void
items(struct buf *b, const struct summary *s, unsigned lang)
{
	struct buf	 t = { 0 };
	size_t		 n = 0;

	if (s->nitems == 0)
		return;
	heading(b, lang, "title.needs", s->nneeds);
	for (; n < s->nitems && n < ITEMS && b->len < ROOM; n++)
		item(b, s, &s->items[n], lang);
	if (s->nitems > n) {
		struct word	 w[] = { { .name = "n", .kind = WORD_COUNT, .n = s->nitems - n }, WORDS_END };

		(void)words_fill(&t, lang, "more", w);
		row(b, "padding:2px 0", &t);
	}
	buf_free(&t);
}

/* --- Domains ------------------------------------------------------------------------------------ */

/* Passing, failing of one's own, forwarded and not proven, as widths of cells. */
static void
bar(struct buf *b, const struct query_counts *c)
{
	const struct { uint64_t n; const char *color; } parts[] = {
		{ query_passing(c), GREEN }, { c->fail_fix, RED }, { c->fail_fwd, AMBER }, { c->fail_unk + c->untold, GREY }
	};
	unsigned	 left = 100, w;

	if (c->m == 0)
		return;
	(void)buf_cstr(b, "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" "
	    "style=\"margin:5px 0;border-collapse:collapse\"><tr>");
	for (size_t i = 0; i < nitems(parts); i++) {
		w = (unsigned)((double)parts[i].n * 100 / (double)c->m + 0.5);
		if (parts[i].n > 0 && w == 0)
			w = 1;		/* it is there, and to be seen */
		if (w > left)
			w = left;
		if (w == 0)
			continue;
		left -= w;
		(void)buf_printf(b, "<td width=\"%u%%\" style=\"background-color:%s;height:8px;line-height:8px;font-size:1px\">&nbsp;</td>", w,
		    parts[i].color);
	}
	(void)buf_cstr(b, "</tr></table>");
}

/* What the colours of the bars are; the numbers below each say the same in words. */
static void
legend(struct buf *b, unsigned lang)
{
	static const struct { const char *color, *key; } parts[] = {
		{ GREEN, "legend.pass" }, { RED, "legend.fix" }, { AMBER, "legend.fwd" }, { GREY, "legend.unk" }
	};

	(void)buf_cstr(b, "<tr><td style=\"" MUTED ";font-size:13px;padding:0 0 8px\">");
	for (size_t i = 0; i < nitems(parts); i++) {
		(void)buf_printf(b, "%s<span style=\"color:%s\">\xe2\x96\xa0</span> ", i == 0 ? "" : " &nbsp;", parts[i].color);
		esc(b, str_of(words_text(lang, parts[i].key)));
	}
	(void)buf_cstr(b, "</td></tr>\n");
}

static void
part(struct buf *b, unsigned lang, const char *key, const struct word *w, bool strong)
{
	struct buf	 t = { 0 };

	(void)words_fill(&t, lang, key, w);
	(void)buf_cstr(b, " \xc2\xb7 ");
	if (strong)
		(void)buf_cstr(b, "<strong>");
	esc(b, buf_as_str(&t));
	if (strong)
		(void)buf_cstr(b, "</strong>");
	b->failed |= t.failed;
	buf_free(&t);
}

static void
domain(struct buf *b, const struct summary *s, const struct summary_domain *d, unsigned lang)
{
	double		 change = say_change(s, &d->counts, &d->prev);
	struct buf	 t = { 0 };
	struct word	 w[] = {
		{ .name = "m", .kind = WORD_COUNT, .n = d->counts.m }, { .name = "rate", .kind = WORD_RATE, .rate = say_yours(&d->counts) }, WORDS_END
	};
	struct word	 hurt[] = { { .name = "n", .kind = WORD_COUNT, .n = d->counts.collateral }, WORDS_END };
	struct word	 unproven[] = { { .name = "n", .kind = WORD_COUNT, .n = d->counts.fail_unk },
			    { .name = "rate", .kind = WORD_RATE, .rate = say_stopped(&d->counts) }, WORDS_END };

	(void)buf_cstr(b, "<tr><td style=\"padding:0 0 14px\"><strong>");
	if (d->domain.len > 100) {	/* no domain is that long on purpose */
		esc(b, (struct str){ d->domain.p, 100 });
		(void)buf_cstr(b, "\xe2\x80\xa6");
	} else
		esc(b, d->domain);
	(void)buf_cstr(b, "</strong> <span style=\"" MUTED "\">p=");
	esc(b, d->policy.len == 0 ? str_of(words_text(lang, "policy.unknown")) : d->policy.len > 20 ? (struct str){ d->policy.p, 20 } : d->policy);
	if (d->testing) {
		(void)buf_cstr(b, " (");
		esc(b, str_of(words_text(lang, "policy.testing")));
		(void)buf_byte(b, ')');
	}
	(void)buf_cstr(b, "</span>");
	bar(b, &d->counts);
	(void)words_fill(&t, lang, d->counts.m == 0 ? "domain.none" : "domain.mail", w);
	esc(b, buf_as_str(&t));
	if (d->counts.yours > 0) {
		part(b, lang, "domain.yours", w, false);
		if (!isnan(change)) {
			buf_clear(&t);
			(void)words_points(&t, lang, change);
			(void)buf_cstr(b, " (");
			esc(b, buf_as_str(&t));
			(void)buf_byte(b, ')');
		}
	}
	if (d->counts.collateral > 0)
		part(b, lang, "domain.hurt", hurt, true);
	if (d->counts.fail_unk > 0) {
		part(b, lang, "domain.unproven", unproven, false);
		buf_clear(&t);
		(void)words_fill(&t, lang, "domain.stopped", unproven);
		(void)buf_cstr(b, " (");
		esc(b, buf_as_str(&t));
		(void)buf_byte(b, ')');
	}
	(void)buf_cstr(b, "</td></tr>\n");
	b->failed |= t.failed;
	buf_free(&t);
}

static void
domains(struct buf *b, const struct summary *s, unsigned lang)
{
	struct buf	 t = { 0 };
	size_t		 n = 0;

	if (s->ndomains == 0)
		return;
	heading(b, lang, "title.domains", 0);
	legend(b, lang);
	for (; n < s->ndomains && n < DOMAINS && b->len < ROOM; n++)
		domain(b, s, &s->domains[n], lang);
	if (s->ndomains > n) {
		struct word	 w[] = { { .name = "n", .kind = WORD_COUNT, .n = s->ndomains - n }, WORDS_END };

		(void)words_fill(&t, lang, "domain.more", w);
		row(b, "padding:2px 0", &t);
	}
	buf_free(&t);
}

/* --- The rest ------------------------------------------------------------------------------------- */

typedef bool say_nth(struct buf *, const struct summary *, unsigned, unsigned);

static void
lines(struct buf *b, const struct summary *s, unsigned lang, const char *key, say_nth *say)
{
	struct buf	 t = { 0 };

	for (unsigned i = 0; buf_clear(&t), say(&t, s, lang, i); i++) {
		if (i == 0 && key != NULL)
			heading(b, lang, key, 0);
		row(b, "padding:2px 0", &t);
	}
	buf_free(&t);
}

static void
head(struct buf *b, const struct summary *s, unsigned lang)
{
	struct buf	 t = { 0 };

	say_subject(&t, s, lang);
	(void)buf_printf(b, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>",
	    summary_language_tag(lang));
	esc(b, buf_as_str(&t));
	(void)buf_cstr(b, "</title>\n</head>\n<body style=\"margin:0;padding:0;color-scheme:light dark\">\n"
	    "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td align=\"center\" "
	    "style=\"padding:16px\">\n<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" "
	    "style=\"max-width:600px;text-align:left;" FONT ";font-size:15px;line-height:1.45;overflow-wrap:anywhere\">\n"
	    "<tr><td><h1 style=\"margin:0 0 2px;font-size:22px;line-height:1.25\">");
	esc(b, str_of(words_text(lang, summary_quiet(s) ? "title.well" : "title")));
	(void)buf_cstr(b, "</h1></td></tr>\n");
	buf_clear(&t);
	(void)words_span(&t, lang, s->from, s->to);
	if (!s->empty) {
		(void)buf_cstr(&t, " \xc2\xb7 ");
		say_complete(&t, s, lang);
	}
	row(b, MUTED ";padding:0 0 10px", &t);
	buf_free(&t);
}

static void
well(struct buf *b, const struct summary *s, unsigned lang)
{
	struct buf	 t = { 0 };

	say_mail(&t, s, lang);
	row(b, "padding:2px 0", &t);
	if (summary_quiet(s)) {
		buf_clear(&t);
		say_unproven(&t, s, lang);
		row(b, "padding:2px 0", &t);
	}
	buf_free(&t);
}

static void
foot(struct buf *b, const struct summary *s, unsigned lang, const char *stop)
{
	struct buf	 t = { 0 }, period = { 0 };

	say_period(&period, s, lang);
	{
		struct word	 w[] = { { .name = "period", .kind = WORD_TEXT, .text = buf_as_str(&period) },
				    { .name = "how", .kind = WORD_TEXT, .text = str_of(stop) }, WORDS_END };

		(void)buf_cstr(b, "<tr><td style=\"" MUTED ";font-size:13px;padding:26px 0 0\">");
		(void)words_fill(&t, lang, "footer.sent", w);
		esc(b, buf_as_str(&t));
		if (s->base_url != NULL)
			link_to(b, s, "/", s->base_url);
		if (stop[0] != '\0') {
			buf_clear(&t);
			(void)words_fill(&t, lang, "footer.stop", w);
			(void)buf_cstr(b, "<br>");
			esc(b, buf_as_str(&t));
		}
		(void)buf_cstr(b, "</td></tr>\n");
	}
	b->failed |= t.failed || period.failed;
	buf_free(&t);
	buf_free(&period);
}

bool
summary_html(struct buf *b, const struct summary *s, unsigned lang, const char *stop)
{
	head(b, s, lang);
	if (s->empty || s->counts.m == 0 || summary_quiet(s))
		well(b, s, lang);
	if (summary_quiet(s))
		lines(b, s, lang, NULL, say_intake);
	items(b, s, lang);
	if (!s->empty && !summary_quiet(s))
		domains(b, s, lang);
	lines(b, s, lang, "title.new", say_new);
	lines(b, s, lang, "title.changed", say_changed);
	lines(b, s, lang, "title.fixes", say_fix);
	if (!s->empty && !summary_quiet(s))
		lines(b, s, lang, "title.intake", say_intake);
	if (stop != NULL)
		foot(b, s, lang, stop);
	(void)buf_cstr(b, "</table>\n</td></tr></table>\n</body>\n</html>\n");
	return (!b->failed);
}
