/*
 * report.c - dmarcd report ID: one report in words, or its original.
 */
#include "answer/tls.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/failures.h"
#include "cli/listing.h"
#include "cli/raw.h"
#include "cli/row.h"
#include "cli/tls.h"
#include "cli/words.h"

static const struct cli_option options[] = {
	{ .name = "raw", .kind = CLI_WORD, .arg = "xml|json|original|mail",
	    .help = "the document (xml, of a TLS report json), the attached file, or the whole mail, as it came" },
	{ .name = "reveal", .kind = CLI_FLAG, .help = "a failure report unmasked; who does so is logged" },
	{ .name = "limit", .kind = CLI_INT, .arg = "N", .help = "rows at most, 0 for all (all)", .min = 0, .max = 100000000 },
	CLI_OPT_FORMAT,
	CLI_OPTIONS_END
};

static void
tag(struct buf *b, const char *name, struct str v)
{
	if (v.len == 0)
		return;
	(void)buf_printf(b, "%s%s=", b->len > 0 ? "; " : "", name);
	(void)buf_str(b, v);
}

static void
say_policy(const struct report_policy *p)
{
	struct buf	 b = { 0 };

	tag(&b, "p", p->p);
	tag(&b, "sp", p->sp);
	tag(&b, "np", p->np);
	tag(&b, "adkim", p->adkim);
	tag(&b, "aspf", p->aspf);
	tag(&b, "pct", p->pct);
	tag(&b, "fo", p->fo);
	tag(&b, "t", p->testing);
	cli_line("policy", b.len > 0 ? buf_as_str(&b) : STR("none was told"));
	buf_free(&b);
}

static void
say_messages(const struct query_report *r)
{
	char	 n[6][32];

	cli_line_text("messages", "%s in %s rows from %s addresses", cli_thousands((int64_t)r->messages, n[0]),
	    cli_thousands((int64_t)r->records, n[1]), cli_thousands((int64_t)r->source_ips, n[2]));
	if (r->messages > 0)
		cli_line_text("passed", "%s (%.1f %%): by DKIM %s, by SPF %s", cli_thousands((int64_t)r->dmarc_pass, n[0]),
		    (double)r->dmarc_pass * 100 / (double)r->messages, cli_thousands((int64_t)r->dkim_pass, n[1]),
		    cli_thousands((int64_t)r->spf_pass, n[2]));
	cli_line_text("treated", "none %s, quarantine %s, reject %s, pass %s, other %s", cli_thousands((int64_t)r->disp[DISP_NONE], n[0]),
	    cli_thousands((int64_t)r->disp[DISP_QUARANTINE], n[1]), cli_thousands((int64_t)r->disp[DISP_REJECT], n[2]),
	    cli_thousands((int64_t)r->disp[DISP_PASS], n[3]), cli_thousands((int64_t)r->disp[DISP_OTHER], n[4]));
	if (r->differs > 0)
		cli_line_text("our view", "%s messages come to another result than the reporter says",
		    cli_thousands((int64_t)r->differs, n[0]));
}

static void
say_quality(struct query *q, const struct query_report *r)
{
	int64_t		*ids;
	size_t		 n;
	struct err	 e = { 0 };

	if (r->superseded_by != 0)
		cli_line_text("state", "replaced by version %lld; this one counts nothing", (long long)r->superseded_by);
	else
		cli_line("state", str_of(report_state_names[r->state]));
	for (int i = 0; i < QUIRK_COUNT; i++)
		if ((r->quirks >> i & 1) != 0)
			cli_line("note", str_of(quirk_texts[i]));
	cli_lines("error", r->errors);
	if (r->duplicates > 0)
		cli_line_text("duplicates", "came %llu times more and was not counted again", (unsigned long long)r->duplicates);
	if (query_report_versions(q, r->id, &ids, &n, &e) == 0)
		for (size_t i = 0; i < n && n > 1; i++)
			if (ids[i] != r->id)
				cli_line_text("version", "%lld", (long long)ids[i]);
}

/* Whose report it is, and who says so. */
static void
say_trust(const struct query_report *r)
{
	const char	*how = trust_method_names[r->mail.method];
	int		 nid = (int)r->mail.id.len, nfrom = (int)r->mail.from.len;
	const char	*id = nid == 0 ? "" : r->mail.id.p, *from = nfrom == 0 ? "" : r->mail.from.p;

	if (nid == 0) {
		id = "the mail server";
		nid = (int)strlen(id);
	}
	switch (r->trust) {
	case TRUST_AUTHENTICATED:
		cli_line_text("trust", "authenticated: %.*s found that the mail is from %.*s (%s)", nid, id, nfrom, from, how);
		break;
	case TRUST_OTHER:
		cli_line_text("trust", "unauthenticated: %.*s found that the mail is from %.*s (%s), which is not the reporter", nid, id,
		    nfrom, from, how);
		break;
	case TRUST_FAILED:
		cli_line_text("trust", "unauthenticated: %.*s found that the mail is not from %.*s (%s)", nid, id, nfrom, from, how);
		break;
	default:
		if (r->mail.id.len > 0)
			cli_line_text("trust", "unknown: what %.*s says about the mail proves nothing, or is not to be believed", nid, id);
		else
			cli_line("trust", STR("unknown: no mail server says anything about it"));
		break;
	}
	cli_line_apart(r->apart);
}

static void
say_header(struct query *q, const struct query_report *r)
{
	char	 a[WHEN_TEXT], b[WHEN_TEXT];

	cli_line_text("report", "%lld", (long long)r->id);
	cli_line("from", r->org_name.len > 0 ? r->org_name : r->reporter_label);
	cli_line("email", r->email);
	cli_line("contact", r->extra_contact_info);
	cli_line("about", r->domain);
	cli_line("report_id", r->report_id);
	cli_line_text("period", "%s to %s", when_rfc3339(r->begin, a), when_rfc3339(r->end, b));
	cli_line_text("counts on", "%s", when_date(r->day, a));
	cli_line_text("received", "%s%s%.*s", when_rfc3339(r->received, a), r->origin.len > 0 ? " by " : "", (int)r->origin.len,
	    r->origin.len > 0 ? r->origin.p : "");
	say_trust(r);
	cli_line("format", str_of(dialect_names[r->dialect]));
	cli_line("generator", r->generator);
	say_policy(&r->policy);
	say_messages(r);
	say_quality(q, r);
}

/* Rows that did not count, as the reader said it: [record, line, reason]. */
static int
say_refused(struct query *q, const struct query_report *r, struct err *e)
{
	struct answer_request	 rq;
	json_t			*j, *one;
	size_t			 i;

	if (r->refused.len == 0)
		return (0);
	answer_request_init(&rq, ANSWER_REPORT);
	rq.id = r->id;
	j = answer_make(q, &rq, e);
	answer_request_free(&rq);
	if (j == NULL)
		return (-1);
	json_array_foreach(json_object_get(j, "refused"), i, one)
		cli_line_text("refused", "row %lld, line %lld: %s", (long long)json_integer_value(json_object_get(one, "record")),
		    (long long)json_integer_value(json_object_get(one, "line")), json_string_value(json_object_get(one, "reason")));
	json_decref(j);
	return (0);
}

static int
say_rows(struct listing *l, const struct query_report *r, size_t limit, struct err *e)
{
	const struct query_range	 day = { .from = r->day, .to = r->day };
	const struct query_page		 page = { .sort = "-m", .limit = limit };
	struct query_rows		 rows;
	struct query_row_full		 f;
	const struct query_host		*host;
	struct cli_table		*t;
	char				 id[32];

	(void)snprintf(id, sizeof(id), "%lld", (long long)r->id);
	if (query_filter_set(&l->filter, STR("report"), str_of(id), e) == -1 ||
	    query_rows(l->q, &l->filter, &day, &page, &rows, e) == -1)
		return (-1);
	if (rows.nitems == 0)
		return (0);
	if (l->format == CLI_FORMAT_TABLE)
		(void)fputc('\n', stdout);
	t = row_table(l->ctx, l->format, true);
	for (size_t i = 0; i < rows.nitems; i++) {
		if (query_row_full(l->q, &rows.items[i], &f, e) == -1 || query_host(l->q, rows.items[i].source, &host, e) == -1) {
			(void)cli_table_end(t, &(struct err){ 0 });
			return (-1);
		}
		row_put(t, &rows.items[i], &f, host);
	}
	return (cli_table_end(t, e));
}

static int
say_json(struct listing *l, int64_t id, struct err *e)
{
	struct answer_request	 rq;
	json_t			*j;

	answer_request_init(&rq, ANSWER_REPORT);
	rq.id = id;
	j = answer_make(l->q, &rq, e);
	answer_request_free(&rq);
	return (listing_json(j, e) ? 0 : -1);
}

static int
run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct listing		 l;
	struct query_report	 r;
	struct err		 e = { 0 };
	int64_t			 id;
	int			 rc, raw = cli_word(args, "raw", -1);
	const char		*text = cli_operand(args, 0);

	if ((text[0] == 'f' || text[0] == 'F') && answer_failure_id(str_of(text), &id))
		return (failure_show(ctx, args, id, cli_flag(args, "reveal"), raw >= 0));
	if (cli_flag(args, "reveal"))
		return (cli_usage(&cli_cmd_report, "--reveal is about failure reports, whose numbers begin with f"));
	if (text[0] == 't' && answer_tls_id(str_of(text), &id))
		return (cli_tls_report(ctx, args, id));
	if (!str_i64(str_of(text), &id) || id == 0)
		return (cli_usage(&cli_cmd_report, "\"%s\" is not the number of a report; 'dmarcd reports' shows them in its first column",
		    text));
	if ((rc = listing_open(&l, ctx, args, LISTING_ROWS, NULL)) != CLI_OK)
		return (rc);
	if (query_report(l.q, id, &r, &e) == -1)
		return (listing_fail(&l, &e));
	if (raw >= 0) {
		/* That may take a while, and the snapshot would hold up the writer's clean-up; r lives in it. */
		rc = cli_report_raw(ctx, l.store, &r, (enum cli_raw)raw);
		listing_close(&l);
		return (rc);
	}
	if (l.format == CLI_FORMAT_JSON)
		rc = say_json(&l, id, &e);
	else {
		if (l.format == CLI_FORMAT_TABLE) {
			say_header(l.q, &r);
			if (say_refused(l.q, &r, &e) == -1)
				return (listing_fail(&l, &e));
		}
		rc = say_rows(&l, &r, (size_t)cli_int(args, "limit", 0), &e);
	}
	if (rc == -1)
		return (listing_fail(&l, &e));
	listing_close(&l);
	return (CLI_OK);
}

const struct cli_command cli_cmd_report = {
	.name = "report",
	.group = "Answers",
	.help = "one report in words, or its original",
	.usage = "ID",
	.text = "ID is what stands in the first column of 'dmarcd reports'. With --format csv its rows alone come out.\n\n"
	    "f12 is a failure report: what tells of people in it is masked. --reveal shows it, with --raw mail the whole mail, and writes "
	    "down who looked and when. t12 is an SMTP TLS report, told with its policies and failures and what to do about each kind.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.words = "ID",
	.needs = CLI_NEEDS_STATE,
	.run = run,
};
