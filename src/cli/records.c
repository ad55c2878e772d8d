/*
 * records.c - dmarcd records: the rows of reports that a filter selects.
 */
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/row.h"

#define PEOPLE	50	/* rows without --limit */
#define BATCH	2000	/* rows of one snapshot: it stays short, and so does its memory */

static const struct cli_option options[] = {
	LISTING_FILTERS,
	LISTING_KEY("report", "ID", "of this report only"),
	{ .name = "sort", .kind = CLI_TEXT, .arg = "KEY", .help = "m day seq; \"-\" in front: the largest first (-m)" },
	{ .name = "limit", .kind = CLI_INT, .arg = "N", .help = "rows at most, 0 for all; 50 in a table", .min = 0, .max = 100000000 },
	CLI_OPT_FORMAT,
	CLI_OPTIONS_END
};

static int
rows_out(struct listing *l, const struct query_row *rows, size_t n, struct err *e)
{
	struct cli_table	*t = l->format == CLI_FORMAT_JSON ? NULL : row_table(l->ctx, l->format, false);
	struct query_row_full	 f;
	const struct query_host	*host;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && i % BATCH == 0 && listing_again(l, e) == -1)
			return (-1);
		if (l->format == CLI_FORMAT_JSON) {
			if (!listing_json(answer_row(l->q, &rows[i], e), e))
				return (-1);
			continue;
		}
		if (query_row_full(l->q, &rows[i], &f, e) == -1 || query_host(l->q, rows[i].source, &host, e) == -1)
			return (-1);
		row_put(t, &rows[i], &f, host);
	}
	return (t != NULL ? cli_table_end(t, e) : 0);
}

static int
run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct listing		 l;
	struct query_rows	 rows;
	struct query_row	*kept;
	struct query_page	 page = { .sort = cli_text(args, "sort"), .total = true };
	struct err		 e = { 0 };
	size_t			 n;
	int			 rc;

	if ((rc = listing_open(&l, ctx, args, LISTING_MONTH, "report")) != CLI_OK)
		return (rc);
	page.limit = listing_limit(&l, args, PEOPLE);
	if (query_rows(l.q, &l.filter, &l.range, &page, &rows, &e) == -1)
		return (listing_fail(&l, &e));
	/* The list outlives the snapshot it was made in. */
	n = rows.nitems;
	if ((kept = calloc(n + 1, sizeof(*kept))) == NULL) {
		(void)err_set(&e, ERR_TEMP, "out of memory");
		return (listing_fail(&l, &e));
	}
	if (n > 0)
		memcpy(kept, rows.items, n * sizeof(*kept));
	rc = rows_out(&l, kept, n, &e);
	free(kept);
	if (rc == -1)
		return (listing_fail(&l, &e));
	if (rows.total_n > n && l.format == CLI_FORMAT_TABLE)
		cli_note(ctx, "%zu of %llu rows with %llu messages; --limit 0 shows all", n, (unsigned long long)rows.total_n,
		    (unsigned long long)rows.total_m);
	listing_note_range(&l);
	listing_close(&l);
	return (CLI_OK);
}

const struct cli_command cli_cmd_records = {
	.name = "records",
	.group = "Answers",
	.help = "single rows of reports",
	.usage = "[FILTERS]",
	.text = "SPF and DKIM are the results the receiver saw; \"not aligned\" passed for another domain than that in From:. code names our "
	    "explanation.\n\nWithout --t, --from and --to: the last 30 days that are complete.",
	.options = options,
	.max_args = 0,
	.needs = CLI_NEEDS_STATE,
	.run = run,
};
