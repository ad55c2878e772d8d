/*
 * failures.c - see failures.h.
 */
#include <unistd.h>

#include "base/hash.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/failures.h"
#include "conf/conf.h"
#include "cli/listing.h"
#include "cli/raw.h"
#include "cli/words.h"
#include "explain/explain.h"
#include "report/fields.h"

static const struct cli_column columns[] = {
	{ "id", "id", CLI_CELL_TEXT, 0 },
	{ "arrived", "arrived", CLI_CELL_TIME, 0 },
	{ "reporter", "reporter", CLI_CELL_TEXT, 0 },
	{ "kind", "kind", CLI_CELL_TEXT, 0 },
	{ "header_from", "header_from", CLI_CELL_TEXT, 0 },
	{ "from", "From", CLI_CELL_TEXT, 0 },
	{ "ip", "address", CLI_CELL_TEXT, 0 },
	{ "dmarc", "DMARC", CLI_CELL_TEXT, 0 },
	{ "delivery", "delivery", CLI_CELL_TEXT, 0 },
	{ "class", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "feedback_type", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "auth_failure", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "domain", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "subject", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "original_mail_from", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "source_ip", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "incidents", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "spf_aligned", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "dkim_aligned", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "dialect", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "received", "", CLI_CELL_TIME, CLI_COL_HIDDEN },
	{ "duplicates", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "trust", "trust", CLI_CELL_TEXT, 0 },
	{ "apart", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
};

void
failures_options(const struct cli_ctx *ctx, struct store *s)
{
	const struct store_failure_options	 o = { ctx->conf->store.keep_failure_bodies, (enum redact)ctx->conf->store.redact };

	store_failure_options(s, &o);
}

int
failures_expire(const struct cli_ctx *ctx, struct store *s, struct err *e)
{
	unsigned	 reports, packs;

	if (ctx->conf->store.keep_failures == 0)
		return (0);
	return (store_failures_expire(s, when_now() - ctx->conf->store.keep_failures, &reports, &packs, e));
}

/* --- The list ---------------------------------------------------------------------------- */

static void
put(struct cli_table *t, const struct query_failure *f)
{
	const struct failure_report	*r = &f->report;
	const struct failure_verdict	*v = &f->verdict;
	char				 id[32];

	(void)snprintf(id, sizeof(id), "f%lld", (long long)f->id);
	cli_cell_cstr(t, id);
	cli_cell_time(t, r->arrived);
	cli_cell_text(t, f->reporter);
	cli_cell_text(t, r->class == FAILURE_OTHER || r->t[FT_AUTH_FAILURE].len == 0 ? r->t[FT_FEEDBACK_TYPE] : r->t[FT_AUTH_FAILURE]);
	cli_cell_text(t, r->t[FT_HEADER_FROM]);
	cli_cell_text(t, r->t[FT_FROM]);
	cli_cell_text(t, f->ip);
	cli_cell_cstr(t, failure_said_names[v->said]);
	cli_cell_tone(t, v->said == SAID_FAIL ? CLI_TONE_BAD : v->said == SAID_PASS ? CLI_TONE_GOOD : CLI_TONE_NONE);
	cli_cell_cstr(t, failure_delivery_names[r->delivery]);
	cli_cell_cstr(t, failure_class_names[r->class]);
	cli_cell_text(t, r->t[FT_FEEDBACK_TYPE]);
	cli_cell_text(t, r->t[FT_AUTH_FAILURE]);
	cli_cell_text(t, f->domain);
	cli_cell_text(t, r->t[FT_SUBJECT]);
	cli_cell_text(t, r->t[FT_MAIL_FROM]);
	cli_cell_text(t, r->t[FT_SOURCE_IP]);
	cli_cell_int(t, (int64_t)r->incidents);
	cli_cell_cstr(t, failure_aligned_names[v->spf]);
	cli_cell_cstr(t, failure_aligned_names[v->dkim]);
	cli_cell_cstr(t, failure_dialect_names[r->dialect]);
	cli_cell_time(t, f->received);
	cli_cell_int(t, (int64_t)f->duplicates);
	listing_trust(t, f->trust, f->apart);
	cli_row(t);
}

static int
list_one(struct listing *l, struct cli_table *t, int64_t id, struct err *e)
{
	struct query_failure	 f;

	if (query_failure(l->q, id, false, &f, e) == -1)
		return (-1);
	if (t == NULL)
		return (listing_json(answer_failure_line(&f), e) ? 0 : -1);
	put(t, &f);
	return (0);
}

static const struct listing_kind	 kind = { "failure reports", columns, nitems(columns), list_one };

int
failures_list(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct listing		 l;
	struct query_failures	 list;
	struct query_page	 page = { .sort = cli_text(args, "sort"), .limit = (size_t)cli_int(args, "limit", 0), .total = true };
	struct err		 e = { 0 };
	int			 rc;

	if ((rc = listing_open(&l, ctx, args, LISTING_EVER, NULL)) != CLI_OK)
		return (rc);
	if (query_failures(l.q, &l.filter, cli_text(args, "feedback"), &page, &list, &e) == -1 ||
	    listing_ids(&l, &kind, list.ids, list.nids, list.total_n, &e) == -1)
		return (listing_fail(&l, &e));
	listing_close(&l);
	return (CLI_OK);
}

/* --- One ------------------------------------------------------------------------------------- */

static void
say_results(const struct failure_report *r)
{
	const char	*what = "results";

	for (size_t i = 0; i < r->nresults; i++) {
		const struct failure_result	*f = &r->results[i];
		struct buf			 b = { 0 };

		(void)buf_printf(&b, "%s=%s", failure_method_names[f->method], auth_result_names[f->result]);
		if (f->domain.len > 0) {
			(void)buf_cstr(&b, " for ");
			(void)buf_str(&b, f->domain);
		}
		if (f->what.len > 0) {
			(void)buf_cstr(&b, f->method == METHOD_DKIM ? ", selector " : ", ");
			(void)buf_str(&b, f->what);
		}
		cli_line(what, buf_as_str(&b));
		buf_free(&b);
		what = "";
	}
}

static void
say_verdict(const struct query_failure *f)
{
	char	 code[8], text[256];

	cli_line("verdict", str_of(failure_sentence(&f->report, &f->verdict)));
	if (f->report.class != FAILURE_AUTH)
		return;
	(void)snprintf(text, sizeof(text), "SPF aligned: %s; DKIM aligned: %s", failure_aligned_names[f->verdict.spf],
	    failure_aligned_names[f->verdict.dkim]);
	cli_line("", str_of(text));
	if (f->verdict.code != 0) {
		(void)snprintf(text, sizeof(text), "%s: %s", dmarc_code_name(f->verdict.code, code), explain_title(f->verdict.code));
		cli_line("", str_of(text));
	}
}

static int
say_rows(struct query *q, const struct query_failure *f, struct err *e)
{
	struct query_failure_rows	 r;
	char				 text[400], day[WHEN_TEXT], n[32];

	if (query_failure_rows(q, f, &r, e) == -1)
		return (-1);
	if (r.nreports == 0)
		return (0);
	(void)snprintf(text, sizeof(text), "%s messages of this address on %s in %llu report%s: dmarcd records --ip %.*s --from %s --to %s",
	    cli_thousands((int64_t)r.messages, n), when_date(f->day, day), (unsigned long long)r.nreports, r.nreports == 1 ? "" : "s",
	    (int)f->ip.len, f->ip.p, day, day);
	cli_line("aggregate", str_of(text));
	return (0);
}

static void
say_fields(const struct failure_report *r)
{
	static const enum failure_text	 shown[] = { FT_USER_AGENT, FT_VERSION, FT_AUTH_FAILURE, FT_ALIGNMENT, FT_MAIL_FROM, FT_RCPT_TO,
					    FT_ENVELOPE_ID, FT_REPORTING_MTA, FT_REPORTED_DOMAIN, FT_REPORTED_URI, FT_DELIVERY, FT_DKIM_DOMAIN,
					    FT_DKIM_IDENTITY, FT_DKIM_SELECTOR, FT_SELECTOR_DNS, FT_ADSP_DNS, FT_SPF_DNS, FT_CANONICAL_HEADER,
					    FT_CANONICAL_BODY, FT_AUTH_RESULTS };
	struct buf			 b = { 0 };

	for (size_t i = 0; i < nitems(shown); i++) {
		struct str	 rest = r->t[shown[i]], one;

		while (rest.p != NULL && failure_line(&rest, &one)) {
			buf_clear(&b);
			(void)buf_printf(&b, "%s: ", failure_texts[shown[i]].label);
			(void)buf_str(&b, one);
			cli_line("field", buf_as_str(&b));
		}
	}
	cli_lines("field", r->t[FT_EXTRAS]);
	buf_free(&b);
}

static void
say(const struct query_failure *f)
{
	const struct failure_report	*r = &f->report;
	char				 a[WHEN_TEXT], text[160], n[32];

	(void)snprintf(text, sizeof(text), "f%lld, %s", (long long)f->id, r->dialect == FAILURE_ARF ? "a failure report" :
	    "a notice in words");
	cli_line("report", str_of(text));
	cli_line("from", f->reporter);
	cli_line("mail", r->t[FT_REPORT_FROM]);
	cli_line("kind", r->t[FT_FEEDBACK_TYPE]);
	cli_line("header_from", r->t[FT_HEADER_FROM]);
	cli_line("address", f->ip.len > 0 ? f->ip : STR("unknown"));
	(void)snprintf(text, sizeof(text), "%s (%s)", when_rfc3339(r->arrived, a), failure_origin_names[r->arrived_from]);
	cli_line("arrived", str_of(text));
	cli_line("received", str_of(when_rfc3339(f->received, a)));
	if (r->incidents > 1)
		cli_line("incidents", str_of(cli_thousands((int64_t)r->incidents, n)));
	if (f->duplicates > 0) {
		(void)snprintf(text, sizeof(text), "came %s time%s more and was not stored again", cli_thousands((int64_t)f->duplicates, n),
		    f->duplicates == 1 ? "" : "s");
		cli_line("duplicates", str_of(text));
	}
	cli_line("trust", str_of(trust_state_names[trust_state(f->trust)]));
	cli_line_apart(f->apart);
	cli_line("delivery", str_of(failure_delivery_names[r->delivery]));
	say_results(r);
	say_verdict(f);
}

static void
say_sample(const struct query_failure *f)
{
	const struct failure_report	*r = &f->report;
	char				 text[160], n[32];

	for (int i = 0; i < FQ_COUNT; i++)
		if ((r->quirks >> i & 1) != 0)
			cli_line("note", str_of(failure_quirk_texts[i]));
	if (r->sample == SAMPLE_NONE)
		return;
	(void)fputc('\n', stdout);
	cli_lines("sample", r->t[FT_HEADERS]);
	(void)snprintf(text, sizeof(text), "%s%s", cli_bytes((int64_t)r->body_bytes, n), r->t[FT_BODY].p == NULL ? ", not stored" : "");
	if (r->body_bytes > 0)
		cli_line("body", str_of(text));
	if (r->t[FT_BODY].len > 0) {
		(void)fputc('\n', stdout);
		cli_lines("", r->t[FT_BODY]);
	}
	if (f->masked)
		cli_say("addresses, subject and other personal parts are masked; --reveal shows them, which is logged");
}

/* The log comes first: what cannot be written down is not shown. */
static int
write_down(struct cli_ctx *ctx, int64_t id, struct err *e)
{
	struct store	*s = store_open(ctx->state, STORE_WRITE, e);
	char		 who[64], nonce[48];
	int		 rv;

	if (s == NULL)
		return (-1);
	(void)snprintf(who, sizeof(who), "command line, uid %lu", (unsigned long)getuid());
	(void)snprintf(nonce, sizeof(nonce), "%016llx%08lx%08lx", (unsigned long long)hash_seed(), (unsigned long)when_mono_ms(),
	    (unsigned long)getpid());
	rv = store_reveal(s, id, who, nonce, e);
	store_close(s);
	return (rv);
}

static int
show(struct listing *l, int64_t id, bool reveal, struct err *e)
{
	struct query_failure	 f;
	struct answer_request	 rq;
	json_t			*j;

	if (l->format == CLI_FORMAT_JSON) {
		answer_request_init(&rq, ANSWER_FAILURE);
		rq.id = id;
		rq.reveal = reveal;
		j = answer_make(l->q, &rq, e);
		answer_request_free(&rq);
		return (listing_json(j, e) ? 0 : -1);
	}
	if (query_failure(l->q, id, reveal, &f, e) == -1)
		return (-1);
	if (l->format == CLI_FORMAT_CSV) {
		struct cli_table	*t = cli_table_new(l->ctx, l->format, columns, nitems(columns));

		put(t, &f);
		return (cli_table_end(t, e));
	}
	say(&f);
	if (say_rows(l->q, &f, e) == -1)
		return (-1);
	say_fields(&f.report);
	say_sample(&f);
	return (0);
}

int
failure_show(struct cli_ctx *ctx, const struct cli_args *args, int64_t id, bool reveal, bool raw)
{
	struct listing		 l;
	struct query_failure	 f;
	struct query_report	 r = { 0 };
	struct err		 e = { 0 };
	int			 rc;

	if (raw && !reveal)
		return (cli_usage(&cli_cmd_report, "the original of a failure report is somebody's mail: it needs --reveal, which is logged"));
	if (reveal && write_down(ctx, id, &e) == -1)
		return (cli_fail(&e));
	if ((rc = listing_open(&l, ctx, args, LISTING_PLAIN, NULL)) != CLI_OK)
		return (rc);
	if (raw) {
		if (query_failure(l.q, id, true, &f, &e) == -1)
			return (listing_fail(&l, &e));
		r.message = f.message;
		r.kept = f.kept;
		rc = cli_report_raw(ctx, l.store, &r, CLI_RAW_MAIL);
		listing_close(&l);
		return (rc);
	}
	if (show(&l, id, reveal, &e) == -1)
		return (listing_fail(&l, &e));
	listing_close(&l);
	return (CLI_OK);
}
