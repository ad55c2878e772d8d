/*
 * status.c - dmarcd status: one screen on whether all is well, for people and
 * for what watches over us.
 */
#include <sys/statvfs.h>

#include <jansson.h>

#include "answer/answer.h"
#include "base/escape.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "conf/conf.h"
#include "process/mailbox_status.h"
#include "spool/spool.h"
#include "store/hosts.h"

#define HOUR		((int64_t)3600)
#define DAY		(24 * HOUR)
#define LATE		(6 * HOUR)	/* a mailbox without success, at least */
#define POLLS		3		/* ... and so many looks */
#define SILENT		(3 * DAY)	/* without a report */
#define FRESH		(7 * DAY)	/* what was refused before is an old story */
#define SPOOLED		HOUR		/* a message that waits so long is not being read */
#define FREE_LEAST	((uint64_t)512 << 20)

static const struct cli_option	 options[] = {
	{ .name = "format", .kind = CLI_WORD, .arg = "table|json", .help = "text for people, or one JSON object" },
	CLI_OPTIONS_END
};

struct status {
	struct cli_ctx		*ctx;
	int64_t			 now;
	bool			 served;
	struct query_meta	 meta;
	struct query_ingest	 in;
	struct store_hosts_state hosts;
	int64_t			 received;	/* of the latest report; 0: none */
	uint64_t		 spooled, free_bytes;
	int64_t			 oldest;
	json_t			*mailboxes;
	json_t			*look;		/* what needs a look: sentences */
};

static void	 look(struct status *, const char *, ...) PRINTFLIKE(2, 3);

static void
look(struct status *s, const char *fmt, ...)
{
	struct buf	 b = { .max = 1000 };
	va_list		 ap;

	va_start(ap, fmt);
	if (buf_vprintf(&b, fmt, ap))
		(void)json_array_append_new(s->look, cli_json_text(buf_as_str(&b)));
	va_end(ap);
	buf_free(&b);
}

/* "12 minutes", from a number of seconds. */
static const char *
span(int64_t seconds, char out[32])
{
	static const struct { int64_t of; const char *one, *many; } units[] = {
		{ DAY, "day", "days" }, { HOUR, "hour", "hours" }, { 60, "minute", "minutes" }, { 1, "second", "seconds" }
	};
	size_t	 i = 0;

	seconds = seconds < 0 ? 0 : seconds;
	while (i + 1 < nitems(units) && seconds < units[i].of * 2)
		i++;
	(void)snprintf(out, 32, "%lld %s", (long long)(seconds / units[i].of), seconds / units[i].of == 1 ? units[i].one : units[i].many);
	return (out);
}

static json_t *
time_json(int64_t t)
{
	char	 text[WHEN_TEXT];

	return (t == 0 ? json_null() : json_string(when_rfc3339(t, text)));
}

static json_t *
day_json(int64_t day)
{
	char	 text[WHEN_TEXT];

	return (day == DAY_NONE ? json_null() : json_string(when_date(day, text)));
}

/* --- Looking ------------------------------------------------------------------------- */

static void
look_at_mailbox(struct status *s, const struct conf_mailbox *c)
{
	struct mailbox_status	 st;
	int64_t			 patience = c->poll * POLLS > LATE ? c->poll * POLLS : LATE, since;
	char			 text[32];
	json_t			*o;

	mailbox_status_read(s->ctx->state, c->name, NULL, &st);
	since = st.m.last_success > 0 ? st.m.last_success : st.m.since;
	if (st.m.error != NULL)
		look(s, "mailbox %s: %s%s%s", c->name, st.m.error, st.m.remedy == NULL ? "" : "; ", st.m.remedy == NULL ? "" : st.m.remedy);
	else if (s->served && since > 0 && s->now - since > patience)
		look(s, "mailbox %s: no successful look for %s", c->name, span(s->now - since, text));
	o = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:I}", "name", c->name, "protocol", c->protocol == CONF_IMAP ? "imap" : "pop3", "host",
	    c->host, "state", st.m.state, "last_success", time_json(st.m.last_success), "next_run", time_json(st.m.next_run), "seen",
	    (json_int_t)st.m.seen);
	if (o != NULL)
		(void)json_object_set_new(o, "error", st.m.error == NULL ? json_null() : cli_json_text(str_of(st.m.error)));
	(void)json_array_append_new(s->mailboxes, o);
	mailbox_status_free(&st);
}

static int
look_at_spool(struct status *s, struct err *e)
{
	struct spool	*p = spool_open(s->ctx->state, e);
	struct statvfs	 v;
	char		 text[32];
	int		 rv;

	if (p == NULL)
		return (-1);
	rv = spool_count(p, &s->spooled, &s->oldest, e);
	spool_close(p);
	if (rv == 0 && s->served && s->oldest > 0 && s->now - s->oldest > SPOOLED)
		look(s, "a message waits to be read for %s", span(s->now - s->oldest, text));
	if (statvfs(s->ctx->state, &v) == 0) {
		s->free_bytes = (uint64_t)v.f_bavail * v.f_frsize;
		if (s->free_bytes < FREE_LEAST)
			look(s, "the disk is nearly full: %s left for %s", cli_bytes((int64_t)s->free_bytes, text), s->ctx->state);
	}
	return (rv);
}

static int
look_at_store(struct status *s, struct listing *l, struct err *e)
{
	const struct query_page	 page = { .sort = "-received", .limit = 1 };
	struct query_reports	 latest;
	struct query_report	 r;
	char			 text[32];
	size_t			 fresh = 0;

	if (query_meta(l->q, &s->meta, e) == -1 || query_ingest(l->q, &s->in, e) == -1 || query_hosts_state(l->q, &s->hosts, e) == -1 ||
	    query_reports(l->q, &l->filter, NULL, false, &page, &latest, e) == -1 ||
	    (latest.nids > 0 && query_report(l->q, latest.ids[0], &r, e) == -1))
		return (-1);
	s->received = latest.nids > 0 ? r.received : 0;
	if (s->received > 0 && s->now - s->received > SILENT)
		look(s, "no report has arrived for %s", span(s->now - s->received, text));
	for (size_t i = 0; i < s->in.nquarantine; i++)
		fresh += s->now - s->in.quarantine[i].received < FRESH;
	if (fresh > 0)
		look(s, "quarantine: %zu message%s of the last 7 days could not be read; 'dmarcd quarantine' shows why", fresh, fresh == 1 ? "" : "s");
	if (s->ctx->conf->resolver.enabled && s->hosts.failing_since > 0 && s->served)
		look(s, "no name server has answered for %s", span(s->now - s->hosts.failing_since, text));
	return (0);
}

/* --- Saying --------------------------------------------------------------------------- */

static void
say(const char *label, const char *text)
{
	(void)printf("%-12s %s\n", label, text);
}

static void
say_mailboxes(const struct status *s)
{
	const json_t	*m;
	struct buf	 b = { 0 };
	size_t		 i;
	int64_t		 t;
	char		 text[32];

	if (json_array_size(s->mailboxes) == 0)
		say("mailboxes", "none are configured");
	json_array_foreach(s->mailboxes, i, m) {
		const char	*last = json_string_value(json_object_get(m, "last_success"));

		buf_clear(&b);
		(void)buf_printf(&b, "%s: %s", json_string_value(json_object_get(m, "name")), json_string_value(json_object_get(m, "state")));
		if (last != NULL && when_parse_rfc3339(str_of(last), &t))
			(void)buf_printf(&b, ", last looked into %s ago", span(s->now - t, text));
		(void)buf_printf(&b, ", %lld messages fetched", (long long)json_integer_value(json_object_get(m, "seen")));
		say(i == 0 ? "mailboxes" : "", buf_as_str(&b).p);
	}
	buf_free(&b);
}

static void
say_line(struct buf *b, const char *label)
{
	if (!b->failed && b->p != NULL)
		say(label, b->p);
	buf_clear(b);
}

static void
say_text(const struct status *s)
{
	const json_t	*one;
	struct buf	 b = { 0 };
	char		 n[32], m[32], day[WHEN_TEXT];
	size_t		 i;

	say("daemon", s->served ? "running" : "not running");
	say_mailboxes(s);
	(void)buf_printf(&b, "%s with %s records", cli_thousands((int64_t)s->meta.reports, n), cli_thousands((int64_t)s->meta.records, m));
	(void)buf_printf(&b, " about %s domain%s", cli_thousands((int64_t)s->meta.domains, n), s->meta.domains == 1 ? "" : "s");
	say_line(&b, "reports");
	if (s->meta.last_day != DAY_NONE) {
		(void)buf_printf(&b, "%s", when_date(s->meta.last_day, day));
		if (s->meta.complete_through != DAY_NONE)
			(void)buf_printf(&b, "; complete through %s", when_date(s->meta.complete_through, day));
		if (s->received > 0)
			(void)buf_printf(&b, "; the latest report arrived %s ago", span(s->now - s->received, n));
		say_line(&b, "newest day");
	}
	(void)buf_printf(&b, "%s message%s, %s", cli_thousands((int64_t)s->in.quarantined, n), s->in.quarantined == 1 ? "" : "s",
	    cli_bytes((int64_t)s->in.quarantined_bytes, m));
	say_line(&b, "quarantine");
	(void)buf_printf(&b, "%s message%s to be read", cli_thousands((int64_t)s->spooled, n), s->spooled == 1 ? "" : "s");
	if (s->oldest > 0)
		(void)buf_printf(&b, ", the oldest for %s", span(s->now - s->oldest, n));
	say_line(&b, "waiting");
	if (!s->ctx->conf->resolver.enabled)
		say("host names", "off, the DNS is not asked");
	else {
		(void)buf_printf(&b, "%s addresses answered", cli_thousands((int64_t)s->hosts.known, n));
		(void)buf_printf(&b, ", %s wait", cli_thousands((int64_t)s->hosts.waiting, n));
		say_line(&b, "host names");
	}
	(void)buf_printf(&b, "%s of data, %s free", cli_bytes((int64_t)s->in.bytes, n), cli_bytes((int64_t)s->free_bytes, m));
	say_line(&b, "disk");
	json_array_foreach(s->look, i, one) {
		(void)esc_text(&b, str_of(json_string_value(one)));
		say_line(&b, i == 0 ? "to look at" : "");
	}
	if (json_array_size(s->look) == 0)
		say("to look at", "nothing");
	buf_free(&b);
}

static json_t *
status_json(const struct status *s)
{
	return (json_pack("{s:b, s:b, s:O, s:O, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:{s:b, s:I, s:I, s:I, s:o}, s:I, s:I}",
	    "running", s->served, "well", s->served && json_array_size(s->look) == 0, "look", s->look, "mailboxes", s->mailboxes,
	    "domains", (json_int_t)s->meta.domains, "reports", (json_int_t)s->meta.reports, "records", (json_int_t)s->meta.records,
	    "first_day", day_json(s->meta.first_day), "last_day", day_json(s->meta.last_day),
	    "complete_through", day_json(s->meta.complete_through), "last_received", time_json(s->received),
	    "quarantined", (json_int_t)s->in.quarantined, "quarantined_bytes", (json_int_t)s->in.quarantined_bytes,
	    "waiting", (json_int_t)s->spooled, "waiting_oldest", time_json(s->oldest),
	    "resolver", "enabled", (int)s->ctx->conf->resolver.enabled, "known", (json_int_t)s->hosts.known,
	    "confirmed", (json_int_t)s->hosts.confirmed, "waiting", (json_int_t)s->hosts.waiting,
	    "failing_since", time_json(s->hosts.failing_since), "database_bytes", (json_int_t)s->in.bytes,
	    "free_bytes", (json_int_t)s->free_bytes));
}

static int
run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct status	 s = { .ctx = ctx, .now = when_now(), .served = spool_served(ctx->state), .look = json_array(), .mailboxes = json_array() };
	struct listing	 l;
	struct err	 e = { 0 };
	bool		 json = cli_word(args, "format", 0) == 1;
	int		 rc;

	if ((rc = listing_open(&l, ctx, args, LISTING_PLAIN, NULL)) != CLI_OK) {
		json_decref(s.look);
		json_decref(s.mailboxes);
		return (CLI_TEMP);
	}
	if (!s.served)
		look(&s, "the daemon is not running: 'dmarcd serve', or the service of your system, starts it");
	for (size_t i = 0; i < ctx->conf->nmailboxes; i++)
		look_at_mailbox(&s, &ctx->conf->mailboxes[i]);
	if (look_at_spool(&s, &e) == -1 || look_at_store(&s, &l, &e) == -1) {
		(void)listing_fail(&l, &e);
		rc = CLI_TEMP;
	} else {
		if (json)
			rc = listing_json(status_json(&s), &e) ? CLI_OK : cli_fail(&e);
		else
			say_text(&s);
		listing_close(&l);
		if (rc == CLI_OK)
			rc = !s.served ? CLI_TEMP : json_array_size(s.look) > 0 ? CLI_SOME : CLI_OK;
	}
	json_decref(s.look);
	json_decref(s.mailboxes);
	return (rc);
}

const struct cli_command cli_cmd_status = {
	.name = "status",
	.group = "The daemon",
	.help = "whether all is well: the daemon, mailboxes, reports, what waits, the disk",
	.usage = "[--format table|json]",
	.text = "Exit code 0: all is well. 1: something needs a look, and is said. 75: the daemon does not run, or the database cannot be read.",
	.options = options,
	.max_args = 0,
	.needs = CLI_NEEDS_STATE,
	.run = run,
};
