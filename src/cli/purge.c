/*
 * purge.c - dmarcd purge: what is old goes.
 */
#include "base/when.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "store/store.h"

#define LEAST_DAYS 8	/* a running daemon may still append to originals of the last week */

static const char *const	 kinds[] = { "reports", "tls", "failures", "originals", "quarantine" };
static const unsigned		 bits[] = { PURGE_REPORTS, PURGE_TLS, PURGE_FAILURES, PURGE_ORIGINALS, PURGE_QUARANTINE };

/* "400d", "13w", "18m", "2y", or a day. Seconds; -1: none of these. */
static int64_t
before_of(const char *text)
{
	static const struct { char unit; int64_t days; } units[] = { { 'd', 1 }, { 'w', 7 }, { 'm', 30 }, { 'y', 365 } };
	struct str	 s = str_of(text);
	int64_t		 day, n;

	if (when_parse_date(s, &day))
		return (day * DAY_SECONDS);
	for (size_t i = 0; i < nitems(units); i++)
		if (s.len > 1 && s.p[s.len - 1] == units[i].unit && str_i64((struct str){ s.p, s.len - 1 }, &n) && n <= 40000)
			return ((when_day(when_now()) - n * units[i].days) * DAY_SECONDS);
	return (-1);
}

static int
what_of(const struct cli_args *args, unsigned *what)
{
	*what = 0;
	for (size_t i = 0; i < cli_given(args, "type"); i++) {
		const char	*t = cli_text_at(args, "type", i);
		size_t		 k = 0;

		while (k < nitems(kinds) && strcmp(kinds[k], t) != 0)
			k++;
		if (k == nitems(kinds))
			return (-1);
		*what |= bits[k];
	}
	if (*what == 0)
		*what = PURGE_ALL;
	return (0);
}

static void
tell(unsigned what, const struct store_purged *p, bool done)
{
	const char	*verb = done ? "gone" : "would go";
	char		 size[32];

	if ((what & PURGE_REPORTS) != 0)
		(void)printf("%s: %llu aggregate reports, %llu rows, %llu messages\n", verb, (unsigned long long)p->reports,
		    (unsigned long long)p->rows, (unsigned long long)p->messages);
	if ((what & PURGE_TLS) != 0)
		(void)printf("%s: %llu TLS reports, %llu sessions\n", verb, (unsigned long long)p->tls, (unsigned long long)p->sessions);
	if ((what & PURGE_FAILURES) != 0)
		(void)printf("%s: %llu failure reports\n", verb, (unsigned long long)p->failures);
	if ((what & PURGE_ORIGINALS) != 0)
		(void)printf("%s: %llu files of originals, %s\n", verb, (unsigned long long)p->packs, cli_bytes((int64_t)p->pack_bytes, size));
	if ((what & PURGE_QUARANTINE) != 0)
		(void)printf("%s: %llu messages in quarantine\n", verb, (unsigned long long)p->quarantined);
}

static int
purge(struct cli_ctx *ctx, unsigned what, int64_t before, bool yes, struct store_purged *p, struct err *e)
{
	struct store	*s;
	int		 rv;

	if ((s = store_open(ctx->state, yes ? STORE_WRITE : STORE_READ, e)) == NULL)
		return (-1);
	if (!yes)
		rv = store_purge_count(s, what, before, p, e);
	else if ((rv = store_care_lock(s, e)) == 1)
		rv = err_set(e, ERR_TEMP, "another command is putting the store in order; try again later");
	else if (rv == 0)
		rv = store_purge(s, what, before, p, e);
	store_close(s);
	return (rv);
}

static int
purge_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct store_purged	 p = { 0 };
	struct err		 e = { 0 };
	const char		*age = cli_text(args, "older-than");
	bool			 yes = cli_flag(args, "yes");
	int64_t			 before;
	unsigned		 what;
	char			 day[WHEN_TEXT];

	if (age == NULL)
		return (cli_usage(&cli_cmd_purge, "--older-than says how old"));
	if ((before = before_of(age)) == -1)
		return (cli_usage(&cli_cmd_purge, "--older-than %s: not an age (400d, 13w, 18m, 2y) and not a day (YYYY-MM-DD)", age));
	if (when_day(before) > when_day(when_now()) - LEAST_DAYS)
		return (cli_usage(&cli_cmd_purge, "--older-than %s: what is not older than %d days stays", age, LEAST_DAYS));
	if (what_of(args, &what) == -1)
		return (cli_usage(&cli_cmd_purge, "--type: one of reports, tls, failures, originals, quarantine"));
	if (purge(ctx, what, before, yes, &p, &e) == -1)
		return (cli_fail(&e));
	tell(what, &p, yes);
	if (!yes)
		cli_note(ctx, "this is what is older than %s; --yes lets it go, and nothing brings it back", when_date(when_day(before), day));
	else if (p.rows > 0)
		cli_note(ctx, "'dmarcd vacuum' gives the room in the database back");
	return (CLI_OK);
}

static const struct cli_option	 options[] = {
	{ .name = "older-than", .kind = CLI_TEXT, .arg = "AGE", .help = "400d, 13w, 18m (of 30 days), 2y, or before a day: YYYY-MM-DD" },
	{ .name = "type", .kind = CLI_TEXT, .arg = "TYPE", .many = true, .help = "reports, tls, failures, originals, quarantine; all without it" },
	{ .name = "yes", .kind = CLI_FLAG, .help = "do it; without, it is only counted" },
	CLI_OPTIONS_END
};

const struct cli_command cli_cmd_purge = {
	.name = "purge",
	.group = "Care",
	.help = "let go of what is old, by kind; counts only, without --yes",
	.usage = "--older-than AGE [--type TYPE]... [--yes]",
	.text = "Aggregate reports and TLS reports go by the day on which they count, with their rows and all that was added up from them; "
	    "failure reports, originals and quarantined messages by the day on which they came. Originals go by files of a week at most, "
	    "so some stay a little longer. Senders and what was decided about them stay.\n\n"
	    "The daemon may run meanwhile. A report that comes once more later is taken in once more. "
	    "store { keep_reports = AGE } lets the daemon do it every day.",
	.options = options,
	.max_args = 0,
	.needs = CLI_NEEDS_STATE,
	.run = purge_run,
};
