/*
 * reports.c - dmarcd reports: what has been taken in, report by report.
 */
#include <math.h>

#include "cli/commands.h"
#include "cli/failures.h"
#include "cli/listing.h"
#include "cli/tls.h"

static const struct cli_option options[] = {
	LISTING_FILTERS,
	{ .name = "type", .kind = CLI_WORD, .arg = "aggregate|failures|tls",
	    .help = "which reports: aggregate, failure reports, or SMTP TLS reports (aggregate)" },
	{ .name = "feedback", .kind = CLI_TEXT, .arg = "WORDS",
	    .help = "failure reports of a kind: auth-failure, other, dmarc, spf, dkim, abuse, ..." },
	{ .name = "ready", .kind = CLI_FLAG, .help = "of --type tls, instead of the list: may each domain go to mode: enforce?" },
	{ .name = "all", .kind = CLI_FLAG, .help = "also the versions that were replaced by another one" },
	{ .name = "sort", .kind = CLI_TEXT, .arg = "KEY",
	    .help = "received m day (failures: arrived; tls: failure); \"-\" in front: the largest first" },
	{ .name = "limit", .kind = CLI_INT, .arg = "N", .help = "reports at most, 0 for all (all)", .min = 0, .max = 100000000 },
	CLI_OPT_FORMAT,
	CLI_OPTIONS_END
};

static const struct cli_column columns[] = {
	{ "id", "id", CLI_CELL_TEXT, 0 },
	{ "day", "day", CLI_CELL_DAY, 0 },
	{ "org_name", "reporter", CLI_CELL_TEXT, 0 },
	{ "domain", "domain", CLI_CELL_TEXT, 0 },
	{ "messages", "messages", CLI_CELL_INT, 0 },
	{ "pass_rate", "pass", CLI_CELL_RATE, 0 },
	{ "records", "rows", CLI_CELL_INT, 0 },
	{ "state", "state", CLI_CELL_TEXT, 0 },
	{ "report_id", "report_id", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "email", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "begin", "", CLI_CELL_EPOCH, CLI_COL_HIDDEN },
	{ "end", "", CLI_CELL_EPOCH, CLI_COL_HIDDEN },
	{ "received", "", CLI_CELL_TIME, CLI_COL_HIDDEN },
	{ "dialect", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "none", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "quarantine", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "reject", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "dmarc_pass", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "dkim_pass", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "spf_pass", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "source_ips", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "duplicates", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "trust", "trust", CLI_CELL_TEXT, 0 },
	{ "trust_detail", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "trust_from", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "apart", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
};

static void
put(struct cli_table *t, const struct query_report *r)
{
	char	 id[32];

	(void)snprintf(id, sizeof(id), "%lld", (long long)r->id);
	cli_cell_cstr(t, id);
	cli_cell_day(t, r->day);
	cli_cell_text(t, r->org_name.len > 0 ? r->org_name : r->reporter_label);
	cli_cell_text(t, r->domain);
	cli_cell_int(t, (int64_t)r->messages);
	cli_cell_rate(t, r->messages == 0 ? (double)NAN : (double)r->dmarc_pass / (double)r->messages);
	cli_cell_int(t, (int64_t)r->records);
	cli_cell_cstr(t, r->superseded_by != 0 ? "superseded" : report_state_names[r->state]);
	cli_cell_tone(t, r->state == STATE_PARTIAL ? CLI_TONE_WARN : CLI_TONE_NONE);
	cli_cell_text(t, r->report_id);
	cli_cell_text(t, r->email);
	cli_cell_time(t, r->begin);
	cli_cell_time(t, r->end);
	cli_cell_time(t, r->received);
	cli_cell_cstr(t, dialect_names[r->dialect]);
	cli_cell_int(t, (int64_t)r->disp[DISP_NONE]);
	cli_cell_int(t, (int64_t)r->disp[DISP_QUARANTINE]);
	cli_cell_int(t, (int64_t)r->disp[DISP_REJECT]);
	cli_cell_int(t, (int64_t)r->dmarc_pass);
	cli_cell_int(t, (int64_t)r->dkim_pass);
	cli_cell_int(t, (int64_t)r->spf_pass);
	cli_cell_int(t, (int64_t)r->source_ips);
	cli_cell_int(t, (int64_t)r->duplicates);
	cli_cell_cstr(t, trust_state_names[trust_state(r->trust)]);
	cli_cell_tone(t, trust_state(r->trust) == TS_UNAUTHENTICATED ? CLI_TONE_WARN : CLI_TONE_NONE);
	cli_cell_cstr(t, trust_names[r->trust]);
	cli_cell_text(t, r->mail.from);
	cli_cell_cstr(t, trust_apart_names[r->apart]);
	cli_row(t);
}

static int
list_one(struct listing *l, struct cli_table *t, int64_t id, struct err *e)
{
	struct query_report	 r;

	if (query_report(l->q, id, &r, e) == -1)
		return (-1);
	if (t == NULL)
		return (listing_json(answer_report_line(&r), e) ? 0 : -1);
	put(t, &r);
	return (0);
}

static const struct listing_kind	 kind = { "reports", columns, nitems(columns), list_one };

static int
run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct listing		 l;
	struct query_reports	 list;
	struct query_page	 page = { .sort = cli_text(args, "sort"), .limit = (size_t)cli_int(args, "limit", 0) };
	struct err		 e = { 0 };
	int			 rc;

	if (cli_word(args, "type", 0) == 1)
		return (failures_list(ctx, args));
	if (cli_word(args, "type", 0) == 2)
		return (cli_tls_reports(ctx, args));
	if (cli_flag(args, "ready"))
		return (cli_usage(&cli_cmd_reports, "--ready is about TLS reports: give --type tls, too"));
	if (cli_text(args, "feedback") != NULL)
		return (cli_usage(&cli_cmd_reports, "--feedback is about failure reports: give --type failures, too"));
	if ((rc = listing_open(&l, ctx, args, LISTING_EVER, NULL)) != CLI_OK)
		return (rc);
	if (query_reports(l.q, &l.filter, l.filter.all ? NULL : &l.range, cli_flag(args, "all"), &page, &list, &e) == -1 ||
	    listing_ids(&l, &kind, list.ids, list.nids, list.total_n, &e) == -1)
		return (listing_fail(&l, &e));
	listing_close(&l);
	return (CLI_OK);
}

const struct cli_command cli_cmd_reports = {
	.name = "reports",
	.group = "Answers",
	.help = "the reports that were taken in",
	.usage = "[FILTERS]",
	.text = "Without --t, --from and --to all reports are listed. Filters that look into rows select the reports with at least one such row.\n\n"
	    "With --format json one object per line; begin and end are seconds since the epoch, dmarc_pass, dkim_pass and spf_pass count "
	    "messages as the receiver evaluated them, verdict is what we make of the same rows.\n\n"
	    "--type failures lists failure reports (ruf), each about one message: by --domain, --hfrom, --ip, --reporter, --trust, --apart, --feedback and the "
	    "days. Addresses and subjects are masked. Such a report does not prove that DMARC failed: fo= may ask for one when SPF or DKIM "
	    "alone did.\n\n"
	    "--type tls lists the SMTP TLS reports (RFC 8460); of the filters it takes --domain, --reporter, --trust, --apart, --t, --from and --to. Its "
	    "sessions are the reporter's: one session may be counted under an sts and again under a tlsa policy. With --ready it says of each "
	    "domain instead whether its MTA-STS policy may go to mode: enforce, by the reports of its last 14 days.",
	.options = options,
	.max_args = 0,
	.needs = CLI_NEEDS_STATE,
	.run = run,
};
