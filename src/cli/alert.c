/*
 * alert.c - dmarcd alert: what holds now that somebody should hear of, to
 * whom it was said, and how to hear less of it.
 */
#include <sys/random.h>

#include <jansson.h>

#include "alert/state.h"
#include "base/escape.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/table.h"
#include "conf/conf.h"
#include "dmarc/dmarc.h"
#include "notify/notify.h"

#define BUSY_MS	60000	/* another process may be talking to a slow server */

/* --- Ways out ------------------------------------------------------------------------------ */

struct ways { struct notify_ways w; struct buf password, secret; };

static void
wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	buf_free(b);
}

static void
ways_close(struct ways *w)
{
	wipe(&w->password);
	wipe(&w->secret);
}

static int
mail_open(const struct conf *c, struct ways *w, struct err *e)
{
	w->w.mail = (struct notify_way){ .conf = &c->smtp, .wake = -1 };
	if (c->smtp.user == NULL)
		return (0);
	if (conf_smtp_password(&c->smtp, &w->password, e) == -1)
		return (-1);
	w->w.mail.password = w->password.p;
	return (0);
}

static int
webhook_open(const struct conf *c, struct ways *w, struct err *e)
{
	w->w.secret = STR_NONE;
	if (c->alerts.webhook_secret_file == NULL && c->alerts.webhook_secret_command == NULL)
		return (0);
	if (conf_webhook_secret(&c->alerts, &w->secret, e) == -1)
		return (-1);
	w->w.secret = buf_as_str(&w->secret);
	return (0);
}

/* --- list ------------------------------------------------------------------------------------ */

static const char *
text_of(const json_t *o, const char *key)
{
	return (json_string_value(json_object_get(o, key)));
}

static void
cell_when(struct cli_table *t, const json_t *o, const char *key)
{
	const char	*s = text_of(o, key);
	int64_t		 v;

	if (s == NULL || !when_parse_rfc3339(str_of(s), &v))
		cli_cell_null(t);
	else
		cli_cell_time(t, v);
}

static void
cell_level(struct cli_table *t, const char *level)
{
	cli_cell_cstr(t, level);
	cli_cell_tone(t, level == NULL ? CLI_TONE_NONE : strcmp(level, "urgent") == 0 ? CLI_TONE_BAD : strcmp(level, "warn") == 0 ? CLI_TONE_WARN :
	    CLI_TONE_GOOD);
}

static void
put_alerts(struct cli_table *t, const json_t *list)
{
	const json_t	*a;
	size_t		 i;

	json_array_foreach(list, i, a) {
		const json_t	*findings = json_object_get(a, "findings");

		cli_cell_cstr(t, text_of(a, "rule"));
		cell_level(t, text_of(a, "level"));
		cli_cell_cstr(t, text_of(a, "domain"));
		cell_when(t, a, "since");
		cell_when(t, a, "ended");
		cell_when(t, a, "said");
		cli_cell_cstr(t, text_of(json_array_get(findings, 0), "text"));
		cli_cell_cstr(t, text_of(a, "id"));
		cli_cell_json(t, json_deep_copy(findings));
		cli_row(t);
	}
}

static struct cli_table *
list_alerts(const struct cli_ctx *ctx, const struct cli_args *args, const json_t *all)
{
	static const struct cli_column	 columns[] = {
		{ "rule", "rule", CLI_CELL_TEXT, 0 }, { "level", "level", CLI_CELL_TEXT, 0 }, { "domain", "domain", CLI_CELL_TEXT, 0 },
		{ "since", "since", CLI_CELL_TIME, 0 }, { "ended", "ended", CLI_CELL_TIME, 0 }, { "said", "told", CLI_CELL_TIME, 0 },
		{ "text", "what", CLI_CELL_TEXT, 0 }, { "id", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
		{ "findings", "", CLI_CELL_JSON, CLI_COL_HIDDEN },
	};
	struct cli_table		*t = cli_table_new(ctx, cli_format(args), columns, nitems(columns));

	put_alerts(t, json_object_get(all, "open"));
	if (cli_flag(args, "past"))
		put_alerts(t, json_object_get(all, "past"));
	return (t);
}

static struct cli_table *
list_letters(const struct cli_ctx *ctx, const struct cli_args *args, const json_t *all)
{
	static const struct cli_column	 columns[] = {
		{ "id", "message", CLI_CELL_TEXT, 0 }, { "channel", "channel", CLI_CELL_TEXT, 0 }, { "to", "to", CLI_CELL_TEXT, 0 },
		{ "made", "made", CLI_CELL_TIME, 0 }, { "tries", "tries", CLI_CELL_INT, 0 }, { "last", "last try", CLI_CELL_TIME, 0 },
		{ "next", "next try", CLI_CELL_TIME, 0 }, { "dead", "dead", CLI_CELL_BOOL, 0 }, { "subject", "subject", CLI_CELL_TEXT, 0 },
		{ "error", "why", CLI_CELL_TEXT, 0 },
	};
	struct cli_table		*t = cli_table_new(ctx, cli_format(args), columns, nitems(columns));
	const json_t			*d;
	size_t				 i;

	json_array_foreach(json_object_get(all, "letters"), i, d) {
		bool	 dead = json_is_true(json_object_get(d, "dead"));

		if (dead ? !cli_flag(args, "dead") : !cli_flag(args, "waiting"))
			continue;
		cli_cell_cstr(t, text_of(d, "id"));
		cli_cell_cstr(t, text_of(d, "channel"));
		cli_cell_cstr(t, text_of(d, "to"));
		cell_when(t, d, "made");
		cli_cell_int(t, json_integer_value(json_object_get(d, "tries")));
		cell_when(t, d, "last");
		cell_when(t, d, "next");
		cli_cell_bool(t, dead);
		cli_cell_cstr(t, text_of(d, "subject"));
		cli_cell_cstr(t, text_of(d, "error"));
		cli_row(t);
	}
	return (t);
}

static struct cli_table *
list_mutes(const struct cli_ctx *ctx, const struct cli_args *args, const json_t *all)
{
	static const struct cli_column	 columns[] = {
		{ "rule", "rule", CLI_CELL_TEXT, 0 }, { "domain", "domain", CLI_CELL_TEXT, 0 }, { "until", "until", CLI_CELL_TIME, 0 },
		{ "since", "since", CLI_CELL_TIME, 0 }, { "by", "by", CLI_CELL_TEXT, 0 },
	};
	struct cli_table		*t = cli_table_new(ctx, cli_format(args), columns, nitems(columns));
	const json_t			*m;
	size_t				 i;

	json_array_foreach(json_object_get(all, "mutes"), i, m) {
		cli_cell_cstr(t, text_of(m, "rule"));
		cli_cell_cstr(t, text_of(m, "domain"));
		cell_when(t, m, "until");
		cell_when(t, m, "since");
		cli_cell_cstr(t, text_of(m, "by") == NULL ? "command" : text_of(m, "by"));
		cli_row(t);
	}
	for (i = 0; i < ctx->conf->alerts.mute.n; i++) {
		struct conf_mute	 c;

		if (!conf_mute_parts(ctx->conf->alerts.mute.v[i], &c))
			continue;
		cli_cell_cstr(t, c.rule);
		cli_cell_text(t, c.domain);
		if (c.until == 0)
			cli_cell_null(t);
		else
			cli_cell_time(t, c.until);
		cli_cell_null(t);
		cli_cell_cstr(t, "configuration");
		cli_row(t);
	}
	return (t);
}

static int
list(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct alert_state	*s;
	struct cli_table	*t;
	struct err		 e = { 0 };
	json_t			*all;

	if (alert_state_read(ctx->state, &s, &e) == -1)
		return (cli_fail(&e));
	all = alert_state_json(s, 0, ctx->conf->http.public_url, NULL, NULL);
	alert_state_close(s);
	if (all == NULL) {
		(void)err_set(&e, ERR_TEMP, "out of memory");
		return (cli_fail(&e));
	}
	t = cli_flag(args, "dead") || cli_flag(args, "waiting") ? list_letters(ctx, args, all) : cli_flag(args, "mutes") ?
	    list_mutes(ctx, args, all) : list_alerts(ctx, args, all);
	if (cli_flag(args, "dead") && json_integer_value(json_object_get(all, "dropped")) > 0)
		cli_note(ctx, "%lld older dead letters are gone, as there were too many",
		    (long long)json_integer_value(json_object_get(all, "dropped")));
	json_decref(all);
	return (cli_table_end(t, &e) == -1 ? cli_fail(&e) : CLI_OK);
}

/* --- run -------------------------------------------------------------------------------------- */

static void
on_delivered(void *arg, const struct alert_delivery *d, const struct err *e, bool dead)
{
	const char	*to = d->channel == ALERT_MAIL ? d->to : alert_channel_names[d->channel];
	char		 shown[200];

	if (e == NULL)
		cli_note(arg, "sent to %s: %s", to, esc_short(shown, sizeof(shown), str_of(d->subject)));
	else
		cli_say("alert to %s: %s%s", to, e->msg, dead ? "; it is a dead letter now, 'dmarcd alert retry' sends it again" : "");
}

static int
run_once(struct cli_ctx *ctx)
{
	static const struct notify_alerts_calls	 calls = { .delivered = on_delivered };
	struct ways				 w = { .password = { 0 }, .secret = { 0 } };
	struct notify_alerts			 out;
	struct store				*store;
	struct err				 e = { 0 };
	int					 rc = CLI_OK;

	if (dmarc_init(&e) == -1 || mail_open(ctx->conf, &w, &e) == -1 || webhook_open(ctx->conf, &w, &e) == -1) {
		ways_close(&w);
		return (cli_fail(&e));
	}
	if ((store = store_open(ctx->state, STORE_READ, &e)) != NULL)	/* if not, the look says so */
		listing_senders(ctx, store, NULL);
	store_close(store);
	memset(&e, 0, sizeof(e));
	if (notify_alerts_run(ctx->conf, &w.w, true, 0, when_now(), BUSY_MS, &calls, ctx, &out, &e) == -1)
		rc = cli_fail(&e);
	else if (out.busy) {
		(void)err_set(&e, ERR_TEMP, "alerts: another process is sending them");
		rc = cli_fail(&e);
	} else {
		cli_note(ctx, "%zu open, %u sent, %u waiting", out.open, out.sent, out.waiting);
		rc = out.worst == ERR_CONFIG ? CLI_USAGE : out.worst != ERR_NONE ? CLI_TEMP : out.dead > 0 ? CLI_SOME : CLI_OK;
	}
	ways_close(&w);
	return (rc);
}

/* --- test ---------------------------------------------------------------------------------------- */

static int
test_one(struct cli_ctx *ctx, const struct ways *w, const struct alert_delivery *d)
{
	struct buf	 steps = { 0 };
	struct err	 e = { 0 };
	char		 line[300];
	int		 rv;

	switch (d->channel) {
	case ALERT_MAIL:
		(void)printf("mail to %s %s\n", d->to, ctx->conf->smtp.host != NULL ? "by the server" : "by the program of smtp { }");
		if (ctx->conf->smtp.host != NULL)
			(void)printf("  %s, port %u\n", ctx->conf->smtp.host, ctx->conf->smtp.port);
		break;
	case ALERT_WEBHOOK:
		(void)printf("webhook\n  the message is %s\n", w->w.secret.p != NULL ? "signed with the secret" : "not signed: there is no webhook_secret_file");
		break;
	default:
		(void)printf("command %s\n", ctx->conf->alerts.command);
		break;
	}
	rv = notify_alert_send(ctx->conf, &w->w, d, when_now(), &steps, &e);
	for (const char *p = steps.p; p != NULL && *p != '\0'; p += strcspn(p, "\n") + 1)
		(void)printf("  %s\n", esc_short(line, sizeof(line), (struct str){ p, strcspn(p, "\n") }));
	buf_free(&steps);
	if (rv == 0)
		(void)printf("  %s\n", d->channel == ALERT_MAIL ? "the server took it" : d->channel == ALERT_WEBHOOK ? "it took the message" :
		    "it ended well");
	else
		(void)printf("  failed: %s\n", e.msg);
	if (rv == 0)
		return (CLI_OK);
	return (e.code == ERR_CONFIG ? CLI_USAGE : e.code == ERR_INPUT ? CLI_SOME : CLI_TEMP);
}

static bool
asked(const struct cli_args *args, enum alert_channel c)
{
	bool	 yes = cli_given(args, "channel") == 0;

	for (size_t i = 0; i < cli_given(args, "channel"); i++)
		yes |= strcmp(cli_text_at(args, "channel", i), alert_channel_names[c]) == 0;
	return (yes);
}

static int
test(struct cli_ctx *ctx, const struct cli_args *args)
{
	static const char *const	 tags[] = { "en", "ru", "pt", "cs", "de" };
	const struct conf_alerts	*a = &ctx->conf->alerts;
	int				 lang = summary_language(str_of(tags[a->language % nitems(tags)])), rc = CLI_OK, one;
	struct ways			 w = { .password = { 0 }, .secret = { 0 } };
	struct alert_delivery		 d = { .to = "", .made = when_now() };
	struct buf			 subject = { 0 }, text = { 0 };
	struct err			 e = { 0 };
	json_t				*json = NULL;
	uint64_t			 salt = 0;
	char				 id[40];
	bool				 mail = asked(args, ALERT_MAIL) && a->to.n > 0, hook = asked(args, ALERT_WEBHOOK) && a->webhook != NULL;
	bool				 command = asked(args, ALERT_COMMAND) && a->command != NULL;

	if (!mail && !hook && !command)
		return (cli_usage(&cli_cmd_alert, "the section alerts { } names no such receiver: to, webhook, command"));
	if (getrandom(&salt, sizeof(salt), GRND_NONBLOCK) != (ssize_t)sizeof(salt))
		salt = (uint64_t)when_mono_ms();
	(void)snprintf(id, sizeof(id), "test.%llx", (unsigned long long)salt);
	d.id = id;
	d.lang = tags[a->language % nitems(tags)];
	if (dmarc_init(&e) == -1 || (mail && mail_open(ctx->conf, &w, &e) == -1) || (hook && webhook_open(ctx->conf, &w, &e) == -1))
		rc = cli_fail(&e);
	else if (alert_test_message(&subject, &text, &json, lang < 0 ? 0 : (unsigned)lang, id, d.made) == -1) {
		(void)err_set(&e, ERR_TEMP, "out of memory");
		rc = cli_fail(&e);
	} else {
		d.subject = subject.p;
		d.text = text.p;
		d.json = json;
		for (int c = 0; c < ALERT_CHANNELS; c++) {
			size_t	 n = c == ALERT_MAIL ? (mail ? a->to.n : 0) : c == ALERT_WEBHOOK ? hook : command;

			d.channel = (enum alert_channel)c;
			for (size_t i = 0; i < n; i++) {
				d.to = c == ALERT_MAIL ? a->to.v[i] : "";
				one = test_one(ctx, &w, &d);
				rc = rc == CLI_OK || one == CLI_USAGE ? one : rc;
			}
		}
	}
	json_decref(json);
	buf_free(&subject);
	buf_free(&text);
	ways_close(&w);
	return (rc);
}

/* --- mute, unmute, retry ----------------------------------------------------------------------------- */

static int
change_open(struct cli_ctx *ctx, struct alert_state **s, struct err *e)
{
	int	 rv = alert_state_open(ctx->state, when_now(), BUSY_MS, s, e);

	if (rv == 0)
		return (err_set(e, ERR_TEMP, "alerts: another process is sending them and takes its time"));
	return (rv == -1 ? -1 : 0);
}

static int
rule_of(const char *given, const char **out)
{
	*out = NULL;
	if (strcmp(given, "*") == 0 || strcmp(given, "all") == 0)
		return (0);
	for (size_t i = 0; i < ALERT_RULE_COUNT; i++)
		if (str_ieq(str_of(given), alert_rule_ids[i])) {
			*out = alert_rule_ids[i];
			return (0);
		}
	return (-1);
}

static int
mute(struct cli_ctx *ctx, const struct cli_args *args, bool on)
{
	struct alert_mute	 m = { .domain = STR_NONE };
	struct conf_mute	 c;
	struct alert_state	*s;
	struct err		 e = { 0 };
	const char		*domain = cli_text(args, "domain"), *until = cli_text(args, "until");
	char			 line[400];
	int64_t			 day;
	size_t			 n = 0;
	int			 rv;

	if (rule_of(cli_operand(args, 1), &m.rule) == -1)
		return (cli_usage(&cli_cmd_alert, "'%s' is no rule; rules are A1 to A11, or all", cli_operand(args, 1)));
	if (m.rule == NULL && domain == NULL)
		return (cli_usage(&cli_cmd_alert, "all rules of all domains: take the receivers out of alerts { } instead, or name a --domain"));
	(void)snprintf(line, sizeof(line), "%s %s", m.rule == NULL ? "*" : m.rule, domain == NULL ? "" : domain);
	for (char *p = line; *p != '\0'; p++)
		*p = ascii_lower(*p);
	if (!conf_mute_parts(line, &c) || (domain != NULL && c.domain.p == NULL))
		return (cli_usage(&cli_cmd_alert, "--domain: this is no name of a domain"));
	m.domain = c.domain;
	if (until != NULL && when_parse_date(str_of(until), &day))
		m.until = (day + 1) * DAY_SECONDS;
	if (m.until != 0 && m.until <= when_now())
		return (cli_usage(&cli_cmd_alert, "--until is past already"));
	if (change_open(ctx, &s, &e) == -1)
		return (cli_fail(&e));
	rv = 0;
	if (on)
		rv = alert_state_mute(s, &m, "", when_now(), &e);
	else
		n = alert_state_unmute(s, m.rule, m.domain);
	if (rv == 0 && (on || n > 0))
		rv = alert_state_save(s, &e);
	alert_state_close(s);
	if (rv == -1)
		return (cli_fail(&e));
	if (!on && n == 0) {
		cli_say("nothing of this is mute by command; 'dmarcd alert list --mutes' says what is");
		return (CLI_SOME);
	}
	return (CLI_OK);
}

static int
retry(struct cli_ctx *ctx)
{
	struct alert_state	*s;
	struct err		 e = { 0 };
	size_t			 n;
	int			 rv;

	if (change_open(ctx, &s, &e) == -1)
		return (cli_fail(&e));
	n = alert_state_retry(s, when_now());
	rv = alert_state_save(s, &e);
	alert_state_close(s);
	if (rv == -1)
		return (cli_fail(&e));
	cli_note(ctx, "%zu dead letter%s: sent again by the daemon within a minute, or by 'dmarcd alert run'", n, n == 1 ? "" : "s");
	return (CLI_OK);
}

/* --- The command ----------------------------------------------------------------------------------------- */

static int
alert_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	const char	*verb = cli_operand(args, 0);
	bool		 mutes = strcmp(verb, "mute") == 0, unmutes = strcmp(verb, "unmute") == 0;

	if (mutes || unmutes)
		return (cli_operands(args) != 2 ? cli_usage(&cli_cmd_alert, "%s takes one rule", verb) : mute(ctx, args, mutes));
	if (cli_operands(args) != 1)
		return (cli_usage(&cli_cmd_alert, "%s takes nothing more", verb));
	if (strcmp(verb, "list") == 0)
		return (list(ctx, args));
	if (strcmp(verb, "run") == 0)
		return (run_once(ctx));
	if (strcmp(verb, "test") == 0)
		return (test(ctx, args));
	if (strcmp(verb, "retry") == 0)
		return (retry(ctx));
	return (cli_usage(&cli_cmd_alert, "'%s' is none of list, run, test, mute, unmute and retry", verb));
}

static const struct cli_option	 options[] = {
	{ .name = "past", .kind = CLI_FLAG, .help = "list: those that are over, too" },
	{ .name = "dead", .kind = CLI_FLAG, .help = "list: messages that could not be delivered, and why" },
	{ .name = "waiting", .kind = CLI_FLAG, .help = "list: messages that are still to be sent" },
	{ .name = "mutes", .kind = CLI_FLAG, .help = "list: what is not told" },
	{ .name = "channel", .kind = CLI_WORD, .arg = "mail|webhook|command", .many = true, .help = "test: this one only" },
	{ .name = "domain", .kind = CLI_TEXT, .arg = "DOMAIN", .help = "mute, unmute: of this domain only" },
	{ .name = "until", .kind = CLI_DAY, .arg = "DAY", .help = "mute: up to and with this day" },
	CLI_OPT_FORMAT,
	CLI_OPTIONS_END
};

const struct cli_command cli_cmd_alert = {
	.name = "alert",
	.group = "Answers",
	.help = "what somebody should hear of now: rules, messages, receivers",
	.usage = "list | run | test | mute RULE | unmute RULE | retry",
	.text = "The section alerts { } of the configuration says who is told: by mail, by a webhook, by a command. A running daemon looks every few "
	    "minutes; run looks once and sends what is to be sent, and is made for cron. Both together say everything once.\n\n"
	    "list shows what holds now; with --past also what is over, with --dead and --waiting the messages that are not out.\n\n"
	    "test sends a message that says that it is a test to every receiver, and tells step by step what happened.\n\n"
	    "mute keeps a rule (A1 to A11, or all) quiet, of one domain or of all, for good or up to a day. retry sends dead letters "
	    "again.\n\n"
	    "Exit codes: 0 done; 1 a message became a dead letter, or a receiver refused it; 2 a setting is wrong, for example a certificate or "
	    "a secret; 75 a receiver or the store cannot be reached now, it is tried again.",
	.options = options,
	.min_args = 1,
	.max_args = 2,
	.words = "list|run|test|mute|unmute|retry",
	.needs = CLI_NEEDS_STATE,
	.run = alert_run,
};
