/*
 * explain.c - dmarcd explain: why mail passed or failed, and what to do. The
 * answer is the API's; here it is put on lines.
 */
#include <jansson.h>

#include "base/escape.h"
#include "cli/card.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "explain/texts.h"

#define WIDTH 80
#define CAUSES 10	/* without --limit, for people */

static const struct cli_option options[] = {
	LISTING_FILTERS,
	LISTING_KEY("report", "ID", "of this report only"),
	{ .name = "limit", .kind = CLI_INT, .arg = "N", .help = "causes at most, 0 for all; 10 for people", .min = 0, .max = 100000 },
	{ .name = "lang", .kind = CLI_TEXT, .arg = "LANGUAGE", .help = "language of the sentences, en without this" },
	{ .name = "format", .kind = CLI_WORD, .arg = "table|json", .help = "text for people, or one JSON object per line" },
	CLI_OPTIONS_END
};

struct page {
	struct listing	*l;
	unsigned	 lang;
};

/* --- Lines ------------------------------------------------------------------------------- */

/* Words of escaped text, broken at WIDTH; the first line begins at column at, the others at indent. */
static void
put_words(const char *text, size_t indent, size_t at)
{
	size_t	 first = at;

	while (*text != '\0') {
		size_t	 n = strcspn(text, " "), width = 0;

		for (size_t i = 0; i < n; i++)
			width += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (at > first && at + 1 + width > WIDTH) {
			(void)printf("\n%*s", (int)indent, "");
			at = first = indent;
		} else if (at > first) {
			(void)putchar(' ');
			at++;
		}
		(void)fwrite(text, 1, n, stdout);
		at += width;
		text += n + (text[n] == ' ');
	}
	(void)putchar('\n');
}

/* Text of reports is in these sentences: nothing of it reaches the terminal as it is. */
void
card_line(size_t indent, const char *label, const char *text)
{
	struct buf	 b = { 0 };
	size_t		 width = 0;

	if (text == NULL)
		return;
	(void)esc_text(&b, str_of(text));
	(void)printf("%*s", (int)indent, "");
	if (label[0] != '\0') {
		for (const char *p = label; *p != '\0'; p++)
			width += ((unsigned char)*p & 0xc0) != 0x80;
		(void)printf("%s ", label);
		width++;
	}
	if (!b.failed)
		put_words(b.p == NULL ? "" : b.p, indent + (label[0] != '\0' ? 2 : 0), indent + width);
	buf_free(&b);
}

static const char *
own(const struct page *p, const char *key)
{
	return (explain_text(p->lang, key));
}

static const char *
text_of(const json_t *j, const char *key)
{
	return (json_string_value(json_object_get(j, key)));
}

static void
put_heading(const struct page *p, const char *key)
{
	(void)printf("  %s\n", own(p, key));
}

static void
put_list(const json_t *list)
{
	const json_t	*one;
	size_t		 i;

	json_array_foreach(list, i, one)
		card_line(4, "", json_string_value(one));
}

/* A heading and its lines, when there are any. */
static void
put_some(const struct page *p, const char *heading, const json_t *list)
{
	if (json_array_size(list) == 0)
		return;
	put_heading(p, heading);
	put_list(list);
}

/* Sentences with the messages they hold for, unless they hold for all. */
static void
put_sentences(const struct page *p, const json_t *j, const char *key)
{
	const json_t	*list = json_object_get(j, key);
	const json_t	*one;
	const char	*comment;
	size_t		 i;
	char		 n[32], label[40];

	json_array_foreach(list, i, one) {
		label[0] = '\0';
		if (!json_equal(json_object_get(one, "m"), json_object_get(j, "m")))
			(void)snprintf(label, sizeof(label), "%s:", cli_thousands(json_integer_value(json_object_get(one, "m")), n));
		card_line(4, label, text_of(one, "text"));
		if ((comment = text_of(one, "comment")) != NULL)
			card_line(6, own(p, "card.told"), comment);
	}
}

static void
put_advice(const struct page *p, const json_t *j)
{
	card_line(2, own(p, "card.why"), text_of(j, "why"));
	if (text_of(j, "do") != NULL)
		card_line(2, own(p, "card.do"), text_of(j, "do"));
	if (text_of(j, "do_yours") != NULL || text_of(j, "do_not_yours") != NULL) {
		struct buf	 b = { 0 };

		put_heading(p, "card.yours");
		(void)buf_printf(&b, "%s:", own(p, "card.yes"));
		card_line(4, b.failed ? "" : b.p, text_of(j, "do_yours"));
		buf_clear(&b);
		(void)buf_printf(&b, "%s:", own(p, "card.no"));
		card_line(4, b.failed ? "" : b.p, text_of(j, "do_not_yours"));
		buf_free(&b);
	}
}

static void
put_snippets(const struct page *p, const json_t *list)
{
	const json_t	*one;
	size_t		 i;

	if (json_array_size(list) > 0)
		put_heading(p, "card.snippets");
	json_array_foreach(list, i, one) {
		card_line(4, "", text_of(one, "text"));
		(void)printf("      %s  %s  \"%s\"\n", text_of(one, "name"), text_of(one, "type"), text_of(one, "value"));
	}
}

/* What contradicts the title stands right behind it. */
static void
put_differs(const struct page *p, const json_t *list)
{
	const json_t	*one;
	size_t		 i;

	json_array_foreach(list, i, one)
		card_line(2, own(p, "card.differs"), text_of(one, "text"));
}

void
card_put(unsigned lang, const json_t *j)
{
	const struct page	 p = { .lang = lang };

	put_advice(&p, j);
	put_heading(&p, "card.checks");
	put_list(json_object_get(j, "legs"));
	put_list(json_object_get(j, "notes"));
	put_snippets(&p, json_object_get(j, "snippets"));
}

static void
put_card(const struct page *p, const json_t *j)
{
	put_differs(p, json_object_get(j, "differs"));
	put_advice(p, j);
	put_some(p, "card.who", json_object_get(j, "who"));
	put_some(p, "card.setup", json_object_get(j, "setup"));
	put_heading(p, "card.checks");
	put_list(json_object_get(j, "legs"));
	put_heading(p, "card.receiver");
	put_sentences(p, j, "treatment");
	put_sentences(p, j, "override");
	if (json_array_size(json_object_get(j, "forwarding")) > 0)
		put_heading(p, "card.way");
	put_sentences(p, j, "forwarding");
	put_some(p, "card.notes", json_object_get(j, "notes"));
	put_snippets(p, json_object_get(j, "snippets"));
}

static void
put_messages(struct buf *b, const json_t *j)
{
	json_int_t	 m = json_integer_value(json_object_get(j, "m"));
	char		 n[32];

	(void)buf_printf(b, "%s message%s", cli_thousands(m, n), m == 1 ? "" : "s");
}

static void
put_title(const struct page *p, const json_t *j)
{
	const char	*on = p->l->ctx->color ? "\033[1m" : "", *off = p->l->ctx->color ? "\033[0m" : "";

	/* both are ours, not a report's */
	(void)printf("%s%s  %s%s\n", on, text_of(j, "code"), text_of(j, "title"), off);
}

/* --- One row, or the causes ------------------------------------------------------------------ */

static void
put_row(const struct page *p, const json_t *j)
{
	struct buf	 b = { 0 };

	put_title(p, j);
	put_messages(&b, j);
	(void)buf_printf(&b, ", %s, reported by %s about %s (row %s)", text_of(j, "day"), text_of(json_object_get(j, "reporter"), "label"), text_of(j, "domain"), text_of(j, "id"));
	card_line(2, "", b.failed ? "" : b.p);
	buf_free(&b);
	(void)putchar('\n');
	put_card(p, j);
}

static void
put_cause(const struct page *p, const json_t *j)
{
	const json_t	*ips = json_object_get(j, "ips"), *one;
	struct buf	 b = { 0 };
	json_int_t	 all = json_integer_value(json_object_get(j, "ips_n"));
	const char	*from = text_of(j, "hfrom"), *first = text_of(j, "first_day"), *last = text_of(j, "last_day");
	size_t		 i;

	put_title(p, j);
	put_messages(&b, j);
	(void)buf_printf(&b, " as %s from", from != NULL ? from : text_of(j, "domain"));
	json_array_foreach(ips, i, one) {
		const char	*ip = text_of(one, "ip");

		(void)buf_printf(&b, "%s %s", i > 0 ? "," : "", ip != NULL && ip[0] != '\0' ? ip : "an address that is not told");
	}
	if (all > (json_int_t)json_array_size(ips))
		(void)buf_printf(&b, " and %lld more", (long long)all - (long long)json_array_size(ips));
	if (strcmp(first, last) == 0)
		(void)buf_printf(&b, ", %s", first);
	else
		(void)buf_printf(&b, ", %s to %s", first, last);
	(void)buf_printf(&b, " (for example row %s)", text_of(j, "example"));
	card_line(2, "", b.failed ? "" : b.p);
	buf_free(&b);
	(void)putchar('\n');
	put_card(p, j);
}

static int
row_out(const struct page *p, int64_t report, uint64_t seq, struct err *e)
{
	struct answer_request	 rq;
	json_t			*j;

	answer_request_init(&rq, ANSWER_ROW_EXPLAIN);
	rq.id = report;
	rq.seq = seq;
	rq.lang = p->lang;
	j = answer_make(p->l->q, &rq, e);
	answer_request_free(&rq);
	if (j == NULL)
		return (-1);
	if (p->l->format == CLI_FORMAT_JSON)
		return (listing_json(j, e) ? 0 : -1);
	put_row(p, j);
	json_decref(j);
	return (0);
}

static int
causes_out(const struct page *p, size_t limit, struct err *e)
{
	struct answer_request	 rq;
	json_t			*j, *items, *one;
	size_t			 i;
	char			 a[32], b[32];

	answer_request_init(&rq, ANSWER_EXPLAIN);
	rq.filter = p->l->filter;	/* the listing's to free */
	rq.limit = limit;
	rq.lang = p->lang;
	if ((j = answer_make(p->l->q, &rq, e)) == NULL)
		return (-1);
	items = json_object_get(j, "items");
	json_array_foreach(items, i, one) {
		if (p->l->format == CLI_FORMAT_JSON) {
			if (!listing_json(json_incref(one), e)) {
				json_decref(j);
				return (-1);
			}
			continue;
		}
		if (i > 0)
			(void)putchar('\n');
		put_cause(p, one);
	}
	if (p->l->format == CLI_FORMAT_TABLE && i == 0)
		cli_note(p->l->ctx, "no failing mail matches");
	else if (p->l->format == CLI_FORMAT_TABLE && json_integer_value(json_object_get(j, "n")) > (json_int_t)i)
		cli_note(p->l->ctx, "%s more causes with %s messages; --limit 0 shows all",
		    cli_thousands(json_integer_value(json_object_get(j, "n")) - (json_int_t)i, a),
		    cli_thousands(json_integer_value(json_object_get(j, "other_m")), b));
	json_decref(j);
	return (0);
}

static int
run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct listing	 l;
	struct page	 p = { .l = &l };
	struct err	 e = { 0 };
	const char	*id = cli_operand(args, 0), *lang = cli_text(args, "lang");
	int64_t		 report = 0;
	uint64_t	 seq = 0;
	int		 rc, n;

	if (id != NULL && !answer_row_id(str_of(id), &report, &seq))
		return (cli_usage(&cli_cmd_explain, "\"%s\" is no row; rows are called REPORT#ROW, as 'dmarcd records' shows them", id));
	if (lang != NULL) {
		if ((n = explain_language(str_of(lang))) < 0)
			return (cli_usage(&cli_cmd_explain, "--lang: there are no sentences in \"%s\"", lang));
		p.lang = (unsigned)n;
	}
	if ((rc = listing_open(&l, ctx, args, LISTING_MONTH, "report")) != CLI_OK)
		return (rc);
	rc = id != NULL ? row_out(&p, report, seq, &e) : causes_out(&p, listing_limit(&l, args, CAUSES), &e);
	if (rc == -1)
		return (listing_fail(&l, &e));
	if (id == NULL)
		listing_note_range(&l);
	listing_close(&l);
	return (CLI_OK);
}

const struct cli_command cli_cmd_explain = {
	.name = "explain",
	.group = "Answers",
	.help = "why mail passed or failed, and what to do",
	.usage = "[REPORT#ROW | FILTERS]",
	.text = "REPORT#ROW explains that row; 'dmarcd report' and 'dmarcd records' show these names. Without one, failing mail is put "
	    "together by cause, the largest first: what one change would mend. With --align, --code or --differs other mail is "
	    "explained, too.\n\nWithout --t, --from and --to: the last 30 days that are complete.",
	.options = options,
	.max_args = 1,
	.words = "REPORT#ROW",
	.needs = CLI_NEEDS_STATE,
	.run = run,
};
