/*
 * summary.c - dmarcd summary: what happened and what needs doing, for people
 * and for cron; on the screen or by mail.
 */
#include <sys/random.h>

#include "answer/answer.h"
#include "base/escape.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/table.h"
#include "conf/conf.h"
#include "dmarc/dmarc.h"
#include "notify/notify.h"
#include "summary/summary.h"

enum form { FORM_TEXT, FORM_HTML, FORM_JSON, FORM_CSV };

static const struct cli_option options[] = {
	{ .name = "period", .kind = CLI_WORD, .arg = "day|week|month",
	    .help = "the last complete day, seven such days, or the last complete month (week)" },
	{ .name = "from", .kind = CLI_DAY, .arg = "DAY", .help = "first day, instead of a period" },
	{ .name = "to", .kind = CLI_DAY, .arg = "DAY", .help = "last day; with a period: the one that ends there" },
	{ .name = "domain", .kind = CLI_TEXT, .arg = "DOMAIN", .many = true,
	    .help = "policy domain; a,b is or, !a is not, ~a contains (all)" },
	{ .name = "lang", .kind = CLI_WORD, .arg = CONF_LANGUAGES, .help = "what it is written in (en)" },
	{ .name = "format", .kind = CLI_WORD, .arg = "text|html|json|csv", .help = "how it comes out (text)" },
	{ .name = "mail-to", .kind = CLI_TEXT, .arg = "ADDRESS", .many = true,
	    .help = "send it by mail as smtp { } says, to each address one" },
	{ .name = "due", .kind = CLI_FLAG, .help = "send what the sections summary { } ask for by now, each once" },
	{ .name = "if-needed", .kind = CLI_FLAG, .help = "say and send nothing when all is well" },
	{ .name = "check", .kind = CLI_FLAG, .help = "exit code 1 when something needs you" },
	CLI_OPTIONS_END
};

/* --- What is asked for ----------------------------------------------------------------- */

static int
read_days(const struct cli_args *args, struct summary_request *rq, struct err *e)
{
	static const enum summary_period	 periods[] = { PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH };
	const char				*from = cli_text(args, "from"), *to = cli_text(args, "to");

	rq->period = periods[cli_word(args, "period", 1)];
	rq->from = rq->to = DAY_NONE;
	if (from != NULL && cli_text(args, "period") != NULL)
		return (err_set(e, ERR_CONFIG, "--from and --period say the same in two ways: give one of them"));
	if ((from != NULL && !when_parse_date(str_of(from), &rq->from)) || (to != NULL && !when_parse_date(str_of(to), &rq->to)))
		return (err_set(e, ERR_CONFIG, "this is no day like 2026-05-31"));
	if (from != NULL)
		rq->period = PERIOD_DAYS;
	if (from != NULL && to != NULL && rq->from > rq->to)
		return (err_set(e, ERR_CONFIG, "--from is after --to"));
	return (0);
}

static int
read_filter(const struct cli_args *args, struct query_filter *f, struct err *e)
{
	query_filter_init(f);
	for (size_t i = 0; i < cli_given(args, "domain"); i++)
		if (query_filter_set(f, STR("domain"), str_of(cli_text_at(args, "domain", i)), e) == -1)
			return (-1);
	return (0);
}

/* --- Out -------------------------------------------------------------------------------- */

static int
put(const struct summary *s, unsigned lang, enum form form, struct err *e)
{
	struct buf	 b = { 0 };
	struct json_t	*j;
	bool		 ok;

	switch (form) {
	case FORM_TEXT:
		ok = summary_text(&b, s, lang, NULL);
		break;
	case FORM_HTML:
		ok = summary_html(&b, s, lang, NULL);
		break;
	case FORM_CSV:
		ok = summary_csv(&b, s);
		break;
	default:
		j = summary_json(s, lang);
		ok = j != NULL && cli_json(&b, j) && buf_byte(&b, '\n');
		answer_free(j);
		break;
	}
	if (ok)
		(void)fwrite(b.p, 1, b.len, stdout);	/* cli_main looks at ferror */
	buf_free(&b);
	return (ok ? 0 : err_set(e, ERR_TEMP, "out of memory"));
}

/* A password as long as it is needed. */
static int
way_open(const struct conf *c, struct notify_way *w, struct buf *password, struct err *e)
{
	*w = (struct notify_way){ .conf = &c->smtp, .wake = -1 };
	if (c->smtp.from == NULL)
		return (err_set(e, ERR_CONFIG, "no mail can be sent: the configuration has no section smtp { }"));
	if (c->smtp.user == NULL)
		return (0);
	if (conf_smtp_password(&c->smtp, password, e) == -1)
		return (-1);
	w->password = password->p;
	return (0);
}

static void
password_free(struct buf *password)
{
	if (password->p != NULL)
		explicit_bzero(password->p, password->cap);
	buf_free(password);
}

/* Exit codes by weight: a wrong setting is told before something that passes. */
static int
worse(int a, int b)
{
	static const int	 order[] = { CLI_OK, CLI_SOME, CLI_TEMP, CLI_USAGE };
	size_t			 x = 0, y = 0;

	for (size_t i = 0; i < nitems(order); i++) {
		x = order[i] == a ? i : x;
		y = order[i] == b ? i : y;
	}
	return (x > y ? a : b);
}

static int
mail_one(struct cli_ctx *ctx, const struct summary *s, unsigned lang, const struct notify_way *w, const char *to)
{
	struct buf	 id = { 0 }, mail = { 0 };
	struct err	 e = { 0 };
	char		 address[CONF_ADDRESS_MAX + 1], slot[32];
	uint64_t	 salt = 0;
	enum smtp_fate	 fate;
	int		 rc = CLI_OK;

	if (getrandom(&salt, sizeof(salt), GRND_NONBLOCK) != (ssize_t)sizeof(salt))
		salt = (uint64_t)when_mono_ms();
	(void)snprintf(slot, sizeof(slot), "%llx%llx", (unsigned long long)s->made, (unsigned long long)salt);
	if (conf_address(to, address, &e) == -1) {
		rc = cli_fail(&e);
	} else {
		notify_message_id("mail", slot, address, "", ctx->conf->smtp.from, &id);
		if (id.failed)
			(void)err_set(&e, ERR_TEMP, "out of memory");
		if (id.failed || notify_summary_mail(ctx->conf, s, lang, address, id.p, s->made, &mail, &e) == -1 ||
		    notify_send(w, address, buf_as_str(&mail), NULL, NULL, &fate, &e) == -1) {
			(void)err_prefix(&e, "mail to %s", address);
			rc = cli_fail(&e);
		} else
			cli_note(ctx, "sent to %s", address);
	}
	buf_free(&id);
	buf_free(&mail);
	return (rc);
}

static int
mail_all(struct cli_ctx *ctx, const struct cli_args *args, const struct summary *s, unsigned lang)
{
	struct notify_way	 w;
	struct buf		 password = { 0 };
	struct err		 e = { 0 };
	int			 rc = CLI_OK;

	if (way_open(ctx->conf, &w, &password, &e) == -1)
		rc = cli_fail(&e);
	else
		for (size_t i = 0; i < cli_given(args, "mail-to"); i++)
			rc = worse(rc, mail_one(ctx, s, lang, &w, cli_text_at(args, "mail-to", i)));
	password_free(&password);
	return (rc);
}

/* --- What is due ---------------------------------------------------------------------------- */

static void
on_mail(void *arg, const struct conf_summary *s, const char *slot, const char *to, enum notify_state state, const struct err *e)
{
	struct cli_ctx	*ctx = arg;

	if (state == NOTIFY_SENT)
		cli_note(ctx, "summary %s of %s: sent to %s", s->name, slot, to);
	else if (e != NULL)
		cli_say("summary %s of %s to %s: %s", s->name, slot, to, e->msg);
}

static int
due(struct cli_ctx *ctx)
{
	static const struct notify_due_calls	 calls = { .mail = on_mail };
	struct notify_way			 w;
	struct notify_due			 out;
	struct store				*store;
	struct buf				 password = { 0 };
	struct err				 e = { 0 };
	int					 rc = CLI_OK;

	if (ctx->conf->nsummaries == 0)
		return (cli_usage(&cli_cmd_summary, "--due: the configuration has no section summary { }"));
	if (dmarc_init(&e) == -1 || way_open(ctx->conf, &w, &password, &e) == -1) {
		password_free(&password);
		return (cli_fail(&e));
	}
	if ((store = store_open(ctx->state, STORE_READ, &e)) != NULL)	/* if not, what is due says so */
		listing_senders(ctx, store, NULL);
	store_close(store);
	for (size_t i = 0; i < ctx->conf->nsummaries; i++) {
		memset(&e, 0, sizeof(e));
		if (notify_summary_due(ctx->conf, &ctx->conf->summaries[i], &w, when_now(), &calls, ctx, &out, &e) == -1)
			rc = worse(rc, cli_fail(&e));
		else if (out.waiting > 0)
			rc = worse(rc, out.worst == ERR_CONFIG ? CLI_USAGE : CLI_TEMP);
		else if (out.refused > 0)
			rc = worse(rc, CLI_SOME);
	}
	password_free(&password);
	return (rc);
}

/* --- The command ------------------------------------------------------------------------------ */

static int
tell(struct cli_ctx *ctx, const struct cli_args *args, const struct summary *s, unsigned lang)
{
	struct err	 e = { 0 };
	int		 rc = CLI_OK;

	if (!(cli_flag(args, "if-needed") && summary_quiet(s))) {
		if (cli_given(args, "mail-to") > 0)
			rc = mail_all(ctx, args, s, lang);
		else if (put(s, lang, (enum form)cli_word(args, "format", FORM_TEXT), &e) == -1)
			rc = cli_fail(&e);
	}
	return (rc == CLI_OK && cli_flag(args, "check") && !summary_quiet(s) ? CLI_SOME : rc);
}

static int
run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct summary_request	 rq = { .base_url = ctx->conf->http.public_url };
	struct query_filter	 filter;
	struct notify_boxes	 boxes = { .n = 0 };
	struct store		*store = NULL;
	struct query		*q = NULL;
	struct summary		 s;
	struct err		 e = { 0 };
	unsigned		 lang;
	int			 rc;

	if (cli_flag(args, "due")) {
		if (cli_given(args, "mail-to") + cli_given(args, "format") + cli_given(args, "domain") + cli_given(args, "from") +
		    cli_given(args, "to") + cli_given(args, "period") + cli_given(args, "lang") > 0)
			return (cli_usage(&cli_cmd_summary, "--due takes everything from the sections summary { }"));
		return (due(ctx));
	}
	if (cli_given(args, "mail-to") > 0 && cli_text(args, "format") != NULL)
		return (cli_usage(&cli_cmd_summary, "--format is for the screen; a mail holds text and HTML"));
	lang = (unsigned)cli_word(args, "lang", 0);
	if (read_filter(args, &filter, &e) == -1 || read_days(args, &rq, &e) == -1) {
		rc = cli_usage(&cli_cmd_summary, "%s", e.msg);
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
		rc = summary_make(q, &rq, &s, &e) == -1 ? cli_fail(&e) : tell(ctx, args, &s, lang);
	}
	query_end(q);
	store_close(store);
	notify_boxes_free(&boxes);
	query_filter_free(&filter);
	return (rc);
}

const struct cli_command cli_cmd_summary = {
	.name = "summary",
	.group = "Answers",
	.help = "what happened and what needs doing, on the screen or by mail",
	.usage = "[--period PERIOD] [--mail-to ADDRESS... | --due]",
	.text = "Tells of complete days only: those through which the usual reporters have reported. When they are late, the summary says so and "
	    "compares nothing. What needs somebody comes first, with its number, its cause and what to do; a period in which nothing does is "
	    "four lines.\n\n"
	    "--mail-to sends it as text and HTML, by the server or the program that smtp { } in the configuration names. --due sends "
	    "the mails of all sections summary { } whose time has come and that were not sent yet, and is made for cron; a running daemon does "
	    "it by itself, and both together send each mail once.\n\n"
	    "Exit codes: 0 it was printed or sent, or nothing was to be said; 1 a recipient was refused for good, or --check and "
	    "something needs you; 2 a setting is wrong, for example a certificate or a password; 75 the server or the store cannot be reached now, "
	    "try again later.",
	.options = options,
	.max_args = 0,
	.needs = CLI_NEEDS_STATE,
	.run = run,
};
