/*
 * todo.c - dmarcd todo: what needs you, in the order in which to do it; the
 * same list as in the web app.
 */
#include <jansson.h>

#include "answer/answer.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/table.h"
#include "conf/conf.h"
#include "dmarc/dmarc.h"
#include "notify/notify.h"
#include "summary/tasks.h"

static const struct cli_option options[] = {
	{ .name = "domain", .kind = CLI_TEXT, .arg = "DOMAIN", .many = true,
	    .help = "policy domain; a,b is or, !a is not, ~a contains (all)" },
	{ .name = "state", .kind = CLI_WORD, .arg = "open|watching|snoozed|dismissed|done|all", .help = "which of them (open)" },
	{ .name = "lang", .kind = CLI_WORD, .arg = CONF_LANGUAGES, .help = "what sentences are written in (en)" },
	{ .name = "check", .kind = CLI_FLAG, .help = "exit code 1 when there is something to do" },
	CLI_OPT_FORMAT,
	CLI_OPTIONS_END
};

static const struct cli_column columns[] = {
	{ "id", "id", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "state", "state", CLI_CELL_TEXT, 0 },
	{ "severity", "when", CLI_CELL_TEXT, 0 },
	{ "key", "kind", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "domain", "domain", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "sender", "sender", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "label", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "code", "code", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "m_week", "a week", CLI_CELL_INT, 0 },
	{ "effort_min", "minutes", CLI_CELL_INT, 0 },
	{ "text", "what", CLI_CELL_TEXT, 0 },
	{ "do", "do", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "evidence_url", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "until", "until", CLI_CELL_DAY, CLI_COL_HIDDEN },
	{ "verdict", "verdict", CLI_CELL_TEXT, CLI_COL_HIDDEN },
};

/* "since 14 May: 40 of 41 pass, looks fixed" */
static void
say_watch(struct buf *b, const struct query_watch *w)
{
	static const char *const	 verdicts[WATCH_VERDICTS] = { "no mail yet that could tell", "still failing", "looks fixed", "confirmed" };
	char				 since[WHEN_TEXT], expected[WHEN_TEXT], code[8];

	(void)buf_str(b, w->label);
	(void)buf_printf(b, ", %s, said to be fixed on %s: %s", dmarc_code_name(w->code, code), when_date(w->day, since), verdicts[w->verdict]);
	if (w->m > 0)
		(void)buf_printf(b, "; %llu of %llu messages since then pass, %llu have %s", (unsigned long long)w->pass, (unsigned long long)w->m,
		    (unsigned long long)w->bad, code);
	else if (!w->over)
		(void)buf_printf(b, "; expected from %s on", when_date(when_day(w->expected), expected));
}

static void
put_row(struct cli_table *t, const struct task *x, const json_t *j)
{
	static const char *const	 words[] = { "id", "state", "severity", "key", "domain", "sender", "label", "code" };
	struct buf			 b = { 0 };
	const json_t			*v;

	for (size_t i = 0; i < nitems(words); i++) {
		v = json_object_get(j, words[i]);
		cli_cell_text(t, json_is_string(v) ? (struct str){ json_string_value(v), json_string_length(v) } : STR_NONE);
		if (i == 2)
			cli_cell_tone(t, x->state != TASK_IS_OPEN ? CLI_TONE_FAINT : x->severity == TASK_URGENT ? CLI_TONE_BAD : CLI_TONE_NONE);
	}
	if (x->m_week > 0)
		cli_cell_int(t, (int64_t)x->m_week);
	else
		cli_cell_null(t);
	if (x->effort > 0)
		cli_cell_int(t, x->effort);
	else
		cli_cell_null(t);
	v = json_object_get(j, "text");
	if (json_is_string(v))
		(void)buf_cstr(&b, json_string_value(v));
	if (x->watch != NULL && x->state != TASK_IS_OPEN) {
		(void)buf_cstr(&b, b.len > 0 ? " " : "");
		say_watch(&b, x->watch);
	}
	cli_cell_text(t, b.failed ? STR_NONE : buf_as_str(&b));
	buf_free(&b);
	v = json_object_get(j, "do");
	cli_cell_cstr(t, json_string_value(v));
	cli_cell_cstr(t, json_string_value(json_object_get(j, "evidence_url")));
	if (x->said != NULL && x->said->until != DAY_NONE)
		cli_cell_day(t, x->said->until);
	else
		cli_cell_null(t);
	cli_cell_cstr(t, x->watch == NULL ? NULL : watch_verdict_names[x->watch->verdict]);
	cli_row(t);
}

static int
put(struct cli_ctx *ctx, const struct tasks *all, unsigned states, unsigned lang, enum cli_format format, struct err *e)
{
	struct cli_table	*t = format == CLI_FORMAT_JSON ? NULL : cli_table_new(ctx, format, columns, nitems(columns));
	json_t			*j;

	for (size_t i = 0; i < all->n; i++) {
		if ((states >> all->v[i].state & 1) == 0)
			continue;
		if ((j = tasks_line(all, &all->v[i], lang)) == NULL)
			return (err_set(e, ERR_TEMP, "out of memory"));
		if (format == CLI_FORMAT_JSON) {
			if (!listing_json(j, e))
				return (-1);
			continue;
		}
		put_row(t, &all->v[i], j);
		json_decref(j);
	}
	return (t != NULL ? cli_table_end(t, e) : 0);
}

static void
note(struct cli_ctx *ctx, const struct tasks *all)
{
	char	 day[WHEN_TEXT];

	if (all->count[TASK_IS_OPEN] == 0)
		cli_note(ctx, "nothing needs you");
	if (all->count[TASK_IS_WATCHING] + all->count[TASK_IS_SNOOZED] > 0)
		cli_note(ctx, "%zu watched, %zu put off; --state all shows them", all->count[TASK_IS_WATCHING], all->count[TASK_IS_SNOOZED]);
	if (all->s.complete_through != DAY_NONE)
		cli_note(ctx, "of the days up to %s", when_date(all->s.to, day));
}

static int
run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct tasks_request	 rq = { .filter = NULL };
	struct query_filter	 filter;
	struct notify_boxes	 boxes = { .n = 0 };
	struct store		*store = NULL;
	struct query		*q = NULL;
	struct tasks		 all;
	struct err		 e = { 0 };
	enum cli_format		 format = cli_format(args);
	unsigned		 states = tasks_states(str_of(cli_text(args, "state") == NULL ? "open" : cli_text(args, "state")));
	int			 rc = CLI_OK;

	query_filter_init(&filter);
	for (size_t i = 0; i < cli_given(args, "domain"); i++)
		if (query_filter_set(&filter, STR("domain"), str_of(cli_text_at(args, "domain", i)), &e) == -1) {
			rc = cli_usage(&cli_cmd_todo, "%s", e.msg);
			query_filter_free(&filter);
			return (rc);
		}
	rq.filter = &filter;
	if (dmarc_init(&e) == -1 || notify_boxes_read(ctx->conf, &boxes, &e) == -1 || (store = store_open(ctx->state, STORE_READ, &e)) == NULL)
		rc = cli_fail(&e);
	else if (listing_senders(ctx, store, NULL), (q = query_begin(store, when_now(), 0, &e)) == NULL)
		rc = cli_fail(&e);
	else {
		rq.mailboxes = boxes.v;
		rq.nmailboxes = boxes.n;
		if (tasks_make(q, &rq, &all, &e) == -1 || put(ctx, &all, states, (unsigned)cli_word(args, "lang", 0), format, &e) == -1)
			rc = cli_fail(&e);
		else {
			if (format == CLI_FORMAT_TABLE)
				note(ctx, &all);
			if (cli_flag(args, "check") && all.count[TASK_IS_OPEN] > 0)
				rc = CLI_SOME;
		}
	}
	query_end(q);
	store_close(store);
	notify_boxes_free(&boxes);
	query_filter_free(&filter);
	return (rc);
}

const struct cli_command cli_cmd_todo = {
	.name = "todo",
	.group = "Answers",
	.help = "what needs you, in the order in which to do it",
	.usage = "[--state STATE] [--domain DOMAIN]...",
	.text = "Worked out from the last seven complete days, as the summary is: mail of yours that is lost, senders that fail, senders "
	    "that nobody has decided about, domains and reporters that fell silent, mailboxes and quarantine, TLS, and domains that may go "
	    "further than p=none. What is urgent comes first, then what helps most mail for a minute of work.\n\n"
	    "In the web app a task can be put off, and a fix reported; later mail then proves it. --state watching shows these, "
	    "--state all everything.\n\n"
	    "Exit codes: 0; 1 with --check when something is to be done.",
	.options = options,
	.max_args = 0,
	.needs = CLI_NEEDS_STATE,
	.run = run,
};
