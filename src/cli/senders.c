/*
 * senders.c - dmarcd senders: who sends as your domains, what each of them is,
 * and what you decide about it.
 */
#include <jansson.h>
#include <math.h>
#include <pwd.h>
#include <unistd.h>

#include "answer/answer.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "explain/texts.h"
#include "process/requests.h"
#include "store/senders.h"

#define PEOPLE 50
#define COUNTRIES 3u

static const struct cli_option	 options[] = {
	LISTING_FILTERS,
	{ .name = "sort", .kind = CLI_TEXT, .arg = "KEY", .help = "list: m pass fail key first last; \"-\" in front: the largest first (-m)" },
	{ .name = "limit", .kind = CLI_INT, .arg = "N", .help = "list, log: rows at most, 0 for all; 50 in a table", .min = 0, .max = 100000000 },
	{ .name = "note", .kind = CLI_TEXT, .arg = "TEXT", .help = "decide: why, or who knows about it" },
	{ .name = "lang", .kind = CLI_TEXT, .arg = "LANGUAGE", .help = "vendor: language of the text, en without this" },
	CLI_OPT_FORMAT,
	CLI_OPTIONS_END
};

enum { COL_COUNTRIES = 11 };

static const struct cli_column	 columns[] = {
	{ "id", "id", CLI_CELL_TEXT, 0 },
	{ "label", "sender", CLI_CELL_TEXT, 0 },
	{ "class", "class", CLI_CELL_TEXT, 0 },
	{ "class_by", "by", CLI_CELL_TEXT, 0 },
	{ "health", "health", CLI_CELL_TEXT, 0 },
	{ "m", "messages", CLI_CELL_INT, 0 },
	{ "pass_rate", "pass", CLI_CELL_RATE, 0 },
	{ "spf", "SPF", CLI_CELL_TEXT, 0 },
	{ "dkim", "DKIM", CLI_CELL_TEXT, 0 },
	{ "collateral", "hurt", CLI_CELL_INT, 0 },
	{ "code", "code", CLI_CELL_TEXT, 0 },
	[COL_COUNTRIES] = { "countries", "countries", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "first_day", "first", CLI_CELL_DAY, 0 },
	{ "last_day", "last", CLI_CELL_DAY, 0 },
};

static struct str
text_of(const json_t *j, const char *key)
{
	const json_t	*v = json_object_get(j, key);

	return (json_is_string(v) ? (struct str){ json_string_value(v), json_string_length(v) } : STR_NONE);
}

static void
put_countries(struct cli_table *t, const struct query_countries *w)
{
	char	 text[QUERY_COUNTRIES * 16 + 32] = "";
	size_t	 n = 0;
	unsigned shown = w->n < COUNTRIES ? w->n : COUNTRIES;

	for (unsigned i = 0; i < shown; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %u%%", i > 0 ? " " : "", w->code[i],
		    (unsigned)(w->addresses[i] * 100 / (w->total == 0 ? 1 : w->total)));
	if (w->all > shown)
		(void)snprintf(text + n, sizeof(text) - n, " +%u", (unsigned)(w->all - shown));
	cli_cell_text(t, w->n == 0 ? STR_NONE : str_of(text));
}

static void
put_row(struct cli_table *t, const json_t *j, const struct query_group *g)
{
	static const char *const	 words[] = { "id", "label", "class", "class_by", "health" };
	const json_t			*legs = json_object_get(j, "legs"), *code = json_array_get(json_object_get(j, "codes"), 0);
	const struct query_counts	*c = &g->counts;

	for (size_t i = 0; i < nitems(words); i++)
		cli_cell_text(t, text_of(j, words[i]));
	cli_cell_int(t, (int64_t)c->m);
	cli_cell_rate(t, c->m == 0 ? (double)NAN : (double)query_passing(c) / (double)c->m);
	cli_cell_text(t, text_of(legs, "spf"));
	cli_cell_text(t, text_of(legs, "dkim"));
	cli_cell_int(t, (int64_t)c->collateral);
	if (c->collateral > 0)
		cli_cell_tone(t, CLI_TONE_BAD);
	cli_cell_text(t, text_of(code, "code"));
	put_countries(t, &g->countries);
	cli_cell_day(t, g->first_day);
	cli_cell_day(t, g->last_day);
	cli_row(t);
}

static int
list_rows(struct listing *l, const struct query_breakdown *b, struct err *e)
{
	struct cli_column	 cols[nitems(columns)];
	struct cli_table	*t = NULL;
	json_t			*j;

	memcpy(cols, columns, sizeof(cols));
	for (size_t i = 0; i < b->nitems; i++)
		if (b->items[i].countries.n > 0)
			cols[COL_COUNTRIES].flags = 0;
	if (l->format != CLI_FORMAT_JSON)
		t = cli_table_new(l->ctx, l->format, cols, nitems(cols));
	for (size_t i = 0; i < b->nitems; i++) {
		if ((j = answer_sender_line(l->q, &b->items[i], &l->filter, &l->range, e)) == NULL)
			return (-1);
		if (t == NULL) {
			if (!listing_json(j, e))
				return (-1);
			continue;
		}
		put_row(t, j, &b->items[i]);
		json_decref(j);
	}
	return (t != NULL ? cli_table_end(t, e) : 0);
}

static int
list(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct listing			 l;
	struct query_breakdown		 b;
	struct query_page		 page = { .sort = cli_text(args, "sort") };
	struct err			 e = { 0 };
	int				 rc;

	if (cli_operands(args) > 1)
		return (cli_usage(&cli_cmd_senders, "list takes no id; show does"));
	if ((rc = listing_open(&l, ctx, args, LISTING_MONTH, NULL)) != CLI_OK)
		return (rc);
	page.limit = listing_limit(&l, args, PEOPLE);
	if (query_breakdown(l.q, &l.filter, &l.range, BY_SENDER, &page, &b, &e) == -1 ||
	    query_groups_countries(l.q, &l.filter, &l.range, b.items, b.nitems, &e) == -1 || list_rows(&l, &b, &e) == -1)
		return (listing_fail(&l, &e));
	listing_note_more(&l, &b);
	listing_note_range(&l);
	listing_close(&l);
	return (CLI_OK);
}

/* --- show --------------------------------------------------------------------------- */

static void
say(struct buf *b, const char *what, struct str v)
{
	if (v.len == 0)
		return;
	(void)buf_printf(b, "%-14s ", what);
	(void)esc_text(b, v);
	(void)buf_byte(b, '\n');
}

static void
say_evidence(struct buf *b, const json_t *list)
{
	const json_t	*v;
	size_t		 i;

	json_array_foreach(list, i, v) {
		(void)buf_printf(b, "%-14s %s ", i == 0 ? "known by" : "", json_string_value(json_object_get(v, "by")));
		(void)esc_text(b, text_of(v, "what"));
		(void)buf_printf(b, ", %lld messages\n", (long long)json_integer_value(json_object_get(v, "m")));
	}
}

static void
say_domains(struct buf *b, const json_t *list)
{
	const json_t	*v;
	size_t		 i;

	json_array_foreach(list, i, v) {
		(void)buf_printf(b, "%-14s ", i == 0 ? "domains" : "");
		(void)esc_text(b, text_of(v, "domain"));
		(void)buf_printf(b, ": %s (%s), %lld addresses\n", text_of(v, "class").p,
		    str_eq(text_of(v, "class_by"), STR("user")) ? "decided" : "inferred",
		    (long long)json_integer_value(json_object_get(v, "sources")));
		say(b, "  note", text_of(v, "note"));
	}
}

static void
say_groups(struct buf *b, const char *what, const json_t *list)
{
	const json_t	*v;
	size_t		 i;

	json_array_foreach(list, i, v) {
		if (i == 10) {
			(void)buf_printf(b, "%-14s ...\n", "");
			break;
		}
		(void)buf_printf(b, "%-14s ", i == 0 ? what : "");
		(void)esc_text(b, text_of(v, "key"));
		(void)buf_printf(b, ", %lld messages\n",
		    (long long)json_integer_value(json_object_get(json_object_get(v, "counts"), "m")));
	}
}

static void
show_text(const json_t *j)
{
	struct buf	 b = { 0 };
	const json_t	*set = json_object_get(j, "setup");

	say(&b, "sender", text_of(j, "label"));
	say(&b, "id", text_of(j, "id"));
	say(&b, "kind", text_of(j, "kind"));
	say(&b, "class", text_of(j, "class_label"));
	say(&b, "health", text_of(j, "health"));
	(void)buf_printf(&b, "%-14s %lld\n", "messages", (long long)json_integer_value(json_object_get(json_object_get(j, "counts"), "m")));
	say_evidence(&b, json_object_get(j, "evidence"));
	say_domains(&b, json_object_get(j, "domains"));
	say_groups(&b, "addresses", json_object_get(j, "ips"));
	say_groups(&b, "selectors", json_object_get(j, "selectors"));
	say_groups(&b, "bounces to", json_object_get(j, "envelope_from"));
	say(&b, "DKIM there", text_of(set, "dkim"));
	say(&b, "return path", text_of(set, "return_path"));
	if (b.p != NULL)
		(void)fwrite(b.p, 1, b.len, stdout);
	buf_free(&b);
}

static int
id_of(const struct cli_args *args, int64_t *id)
{
	const char	*text = cli_operand(args, 1);

	if (text == NULL || !str_i64(str_of(text), id) || *id < 1)
		return (cli_usage(&cli_cmd_senders, "%s wants the id of a sender; list shows it", cli_operand(args, 0)));
	return (CLI_OK);
}

static int
one_sender(struct cli_ctx *ctx, const struct cli_args *args, enum answer_kind kind, unsigned lang, void (*text)(const json_t *))
{
	struct answer_request	 rq;
	struct listing		 l;
	struct err		 e = { 0 };
	json_t			*j;
	int64_t			 id;
	int			 rc;

	if ((rc = id_of(args, &id)) != CLI_OK || (rc = listing_open(&l, ctx, args, LISTING_MONTH, NULL)) != CLI_OK)
		return (rc);
	answer_request_init(&rq, kind);
	rq.filter = l.filter;	/* lent: the listing frees it */
	rq.id = id;
	rq.lang = lang;
	j = query_filter_set(&rq.filter, STR("sender"), str_of(cli_operand(args, 1)), &e) == -1 ? NULL : answer_make(l.q, &rq, &e);
	l.filter = rq.filter;
	if (j == NULL)
		return (listing_fail(&l, &e));
	if (l.format == CLI_FORMAT_JSON)
		rc = listing_json(j, &e) ? CLI_OK : cli_fail(&e);
	else {
		text(j);
		json_decref(j);
	}
	listing_close(&l);
	return (rc);
}

static int
show(struct cli_ctx *ctx, const struct cli_args *args)
{
	return (one_sender(ctx, args, ANSWER_SENDER, 0, show_text));
}

/* --- vendor ------------------------------------------------------------------------------ */

/* As a mail to be copied; text of reports stands in it as plain names only. */
static void
vendor_text(const json_t *j)
{
	struct buf	 b = { 0 };
	struct str	 text = text_of(j, "text"), one;
	const char	*end;

	(void)buf_cstr(&b, "Subject: ");
	(void)esc_text(&b, text_of(j, "subject"));
	(void)buf_cstr(&b, "\n\n");
	for (; text.len > 0; text = (struct str){ end + 1, text.len - one.len - 1 }) {
		end = memchr(text.p, '\n', text.len);
		one = (struct str){ text.p, end == NULL ? text.len : (size_t)(end - text.p) };
		(void)esc_text(&b, one);
		(void)buf_byte(&b, '\n');
		if (end == NULL)
			break;
	}
	if (b.p != NULL)
		(void)fwrite(b.p, 1, b.len, stdout);
	buf_free(&b);
}

static int
vendor(struct cli_ctx *ctx, const struct cli_args *args)
{
	const char		*tag = cli_text(args, "lang");
	int			 lang = tag == NULL ? 0 : explain_language(str_of(tag));

	if (lang < 0)
		return (cli_usage(&cli_cmd_senders, "--lang: there are no sentences in \"%s\"", tag));
	return (one_sender(ctx, args, ANSWER_VENDOR, (unsigned)lang, vendor_text));
}

/* --- decide, undo -------------------------------------------------------------------------- */

/* Asked of the daemon, as the web app does; without one it is done here. */
static int
ask(struct cli_ctx *ctx, struct asking *a, struct store_outcome *out)
{
	struct passwd	*pw = getpwuid(getuid());
	struct err	 e = { 0 };
	int		 rv;

	log_open("dmarcd", LOG_ERROR);
	a->at = when_now();
	(void)snprintf(a->who, sizeof(a->who), "cli, %.80s", pw == NULL || !str_utf8_ok(str_of(pw->pw_name)) ? "?" : pw->pw_name);
	if ((rv = requests_ask(ctx->state, a, out, &e)) == -1)
		return (e.code == ERR_INPUT || e.code == ERR_LIMIT ? cli_say("%s", e.msg), CLI_USAGE : cli_fail(&e));
	if (rv == 0) {
		cli_say("the daemon is busy and has not come to it yet; it stays asked for, and 'dmarcd senders log' shows it when it is done");
		return (CLI_TEMP);
	}
	if (out->result == REQUEST_DONE)
		return (CLI_OK);
	cli_say("%s", out->text);
	return (CLI_USAGE);
}

static int
decide(struct cli_ctx *ctx, const struct cli_args *args)
{
	const char		*word = cli_operand(args, 2);
	struct store_decision	 d = { .domain = str_of(cli_text(args, "domain")), .note = str_of(cli_text(args, "note")), .seen = DECISION_ANY };
	struct asking		 a = { .kind = REQUEST_DECIDE, .decisions = &d, .n = 1 };
	struct store_outcome	 out;
	int			 rc;

	if ((rc = id_of(args, &d.sender)) != CLI_OK)
		return (rc);
	if (word == NULL || cli_operands(args) > 3)
		return (cli_usage(&cli_cmd_senders, "decide wants an id and a class"));
	if (cli_given(args, "domain") > 1)
		return (cli_usage(&cli_cmd_senders, "decide takes one --domain, or none for all of them"));
	d.class = strcmp(word, "undecided") == 0 ? -1 : sender_class_parse(str_of(word));
	if (d.class == -1 ? strcmp(word, "undecided") != 0 : !sender_class_decidable((enum sender_class)d.class))
		return (cli_usage(&cli_cmd_senders, "'%s' is none of own, service, candidate, forwarder, list, impostor, unknown and undecided", word));
	if ((rc = ask(ctx, &a, &out)) == CLI_OK)
		cli_note(ctx, "decided; 'dmarcd senders undo %lld' takes it back", (long long)a.token);
	return (rc);
}

static int
undo(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct asking		 a = { .kind = REQUEST_UNDO };
	struct store_outcome	 out;
	int			 rc;

	if ((rc = id_of(args, &a.item)) != CLI_OK || (rc = ask(ctx, &a, &out)) != CLI_OK)
		return (rc);
	cli_note(ctx, "%u decision%s taken back", out.n, out.n == 1 ? "" : "s");
	return (CLI_OK);
}

/* --- log ------------------------------------------------------------------------------------ */

static const struct cli_column	 log_columns[] = {
	{ "at", "when", CLI_CELL_TIME, 0 },
	{ "who", "who", CLI_CELL_TEXT, 0 },
	{ "sender", "id", CLI_CELL_TEXT, 0 },
	{ "label", "sender", CLI_CELL_TEXT, 0 },
	{ "domain", "domain", CLI_CELL_TEXT, 0 },
	{ "was", "was", CLI_CELL_TEXT, 0 },
	{ "class", "became", CLI_CELL_TEXT, 0 },
	{ "state", "state", CLI_CELL_TEXT, 0 },
	{ "undo", "undo", CLI_CELL_TEXT, 0 },
	{ "note", "note", CLI_CELL_TEXT, 0 },
};

static void
put_decision(struct cli_table *t, const struct query_decision *d)
{
	char	 id[32], token[32];

	(void)snprintf(id, sizeof(id), "%lld", (long long)d->sender);
	(void)snprintf(token, sizeof(token), "%lld", (long long)d->undo);
	cli_cell_time(t, d->at);
	cli_cell_text(t, d->who);
	cli_cell_cstr(t, id);
	cli_cell_text(t, d->label);
	cli_cell_text(t, d->domain.p == NULL ? STR("all") : d->domain);
	cli_cell_cstr(t, d->was == -1 ? NULL : sender_class_names[d->was]);
	cli_cell_cstr(t, d->class == -1 ? "undecided" : sender_class_names[d->class]);
	cli_cell_cstr(t, d->undone != 0 ? "undone" : d->holds ? "holds" : "past");
	cli_cell_cstr(t, token);
	cli_cell_text(t, d->note);
	cli_row(t);
}

static int
log_rows(struct listing *l, const struct query_decisions *list, struct err *e)
{
	struct cli_table	*t = l->format == CLI_FORMAT_JSON ? NULL : cli_table_new(l->ctx, l->format, log_columns, nitems(log_columns));
	json_t			*j;

	for (size_t i = 0; i < list->nitems; i++) {
		if (t != NULL)
			put_decision(t, &list->items[i]);
		else if ((j = answer_decision_line(&list->items[i], e)) == NULL || !listing_json(j, e))
			return (-1);
	}
	return (t != NULL ? cli_table_end(t, e) : 0);
}

static int
show_log(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct listing		 l;
	struct query_decisions	 list;
	struct err		 e = { 0 };
	int64_t			 id = 0;
	size_t			 limit;
	int			 rc;

	if (cli_operands(args) > 1 && (rc = id_of(args, &id)) != CLI_OK)
		return (rc);
	if ((rc = listing_open(&l, ctx, args, LISTING_PLAIN, NULL)) != CLI_OK)
		return (rc);
	limit = listing_limit(&l, args, PEOPLE);
	if (query_decisions(l.q, id, 0, limit == 0 ? 100000 : limit, &list, &e) == -1 || log_rows(&l, &list, &e) == -1)
		return (listing_fail(&l, &e));
	if (list.next != 0 && l.format == CLI_FORMAT_TABLE)
		cli_note(ctx, "and older ones; --limit 0 shows all");
	listing_close(&l);
	return (CLI_OK);
}

static int
run(struct cli_ctx *ctx, const struct cli_args *args)
{
	static const struct { const char *verb; int (*run)(struct cli_ctx *, const struct cli_args *); } verbs[] = {
		{ "list", list }, { "show", show }, { "vendor", vendor }, { "decide", decide }, { "undo", undo }, { "log", show_log }
	};
	const char	*verb = cli_operands(args) == 0 ? "list" : cli_operand(args, 0);

	for (size_t i = 0; i < nitems(verbs); i++)
		if (strcmp(verb, verbs[i].verb) == 0)
			return (verbs[i].run(ctx, args));
	return (cli_usage(&cli_cmd_senders, "'%s' is none of list, show, vendor, decide, undo and log", verb));
}

const struct cli_command cli_cmd_senders = {
	.name = "senders",
	.group = "Answers",
	.help = "who sends as your domains, what each of them is, and what you decide",
	.usage = "[list] | show|vendor ID | decide ID CLASS | undo N | log",
	.text = "Addresses are grouped into senders by what their mail shows: signatures, bounce domains, networks. class says who it is "
	    "(your servers, services you use, forwarders ...), health how well its mail does.\n\n"
	    "What is inferred can be wrong. decide says what a sender is, for one domain or for all: own, service, candidate, "
	    "forwarder, list, impostor, unknown; undecided gives back to what is inferred. A decision holds until it is changed; "
	    "log shows every one, the latest first, with who, when and what the sender was before, and undo takes one back. "
	    "A running daemon carries them out.\n\n"
	    "vendor writes a text for those who run a sender: what receivers saw, and what to set up. It names nobody.\n\n"
	    "Who sent new mail is found out by the daemon a little after the reports came, and otherwise by the first command "
	    "that is asked.",
	.options = options,
	.max_args = 3,
	.words = "list|show|vendor|decide|undo|log",
	.needs = CLI_NEEDS_STATE,
	.run = run,
};
