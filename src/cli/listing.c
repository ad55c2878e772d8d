/*
 * listing.c - see listing.h.
 */
#include "base/when.h"
#include "cli/listing.h"
#include "process/who.h"

#define BATCH	500	/* reports of one snapshot */

static const char *const keys[] = {
	"domain", "t", "from", "to", "ip", "country", "asn", "hfrom", "efrom", "reporter", "spf", "dkim", "align", "disp", "reason", "selector",
	"sigdomain", "spfdomain", "sender", "class", "health", "code", "fwd", "differs", "trust", "apart"
};

static int
filter_read(struct query_filter *f, const struct cli_args *args, const char *key, struct err *e)
{
	for (size_t k = 0; k < cli_given(args, key); k++)
		if (query_filter_set(f, str_of(key), str_of(cli_text_at(args, key, k)), e) == -1)
			return (-1);
	return (0);
}

int
listing_filters(struct query_filter *f, const struct cli_args *args, enum listing_mode mode, struct err *e)
{
	if (mode == LISTING_PLAIN || mode == LISTING_ROWS)
		return (0);
	for (size_t i = 0; i < nitems(keys); i++)
		if (filter_read(f, args, keys[i], e) == -1)
			return (-1);
	if (mode == LISTING_EVER && cli_given(args, "t") + cli_given(args, "from") + cli_given(args, "to") == 0)
		f->all = true;
	return (0);
}

void
listing_senders(const struct cli_ctx *ctx, struct store *s, const struct query_filter *f)
{
	struct err	 e = { 0 };
	bool		 asked = f == NULL;

	for (size_t i = 0; !asked && i < f->nclauses; i++)
		asked = f->clauses[i].key == QK_SENDER || f->clauses[i].key == QK_CLASS || f->clauses[i].key == QK_HEALTH || f->clauses[i].key == QK_FWD;
	if (asked && who_asked(ctx->conf, ctx->state, s, &e) == -1)
		cli_note(ctx, "who sent what came last is not known yet: %s", e.msg);
}

int
listing_open(struct listing *l, struct cli_ctx *ctx, const struct cli_args *args, enum listing_mode mode, const char *more)
{
	struct err	 e = { 0 };

	memset(l, 0, sizeof(*l));
	l->ctx = ctx;
	l->format = cli_format(args);
	query_filter_init(&l->filter);
	cli_places(ctx);
	if (listing_filters(&l->filter, args, mode, &e) == -1 || (more != NULL && filter_read(&l->filter, args, more, &e) == -1) || dmarc_init(&e) == -1 ||
	    (l->store = store_open(ctx->state, STORE_READ, &e)) == NULL)
		return (listing_fail(l, &e));
	/* sums are about them always: what was forwarded is told by who sent it */
	listing_senders(ctx, l->store, mode == LISTING_MONTH || mode == LISTING_ROWS ? NULL : &l->filter);
	if ((l->q = query_begin(l->store, when_now(), 0, &e)) == NULL ||
	    query_filter_range(l->q, &l->filter, &l->range, &e) == -1)
		return (listing_fail(l, &e));
	return (CLI_OK);
}

int
listing_again(struct listing *l, struct err *e)
{
	query_end(l->q);
	l->q = query_begin(l->store, when_now(), 0, e);
	return (l->q == NULL ? -1 : 0);
}

void
listing_close(struct listing *l)
{
	query_end(l->q);
	store_close(l->store);
	query_filter_free(&l->filter);
	l->q = NULL;
	l->store = NULL;
}

int
listing_fail(struct listing *l, const struct err *e)
{
	listing_close(l);
	return (cli_fail(e));
}

size_t
listing_limit(const struct listing *l, const struct cli_args *args, size_t people)
{
	return ((size_t)cli_int(args, "limit", l->format == CLI_FORMAT_TABLE ? (int64_t)people : 0));
}

bool
listing_json(struct json_t *j, struct err *e)
{
	struct buf	 b = { 0 };
	bool		 ok = j != NULL && cli_json(&b, j) && buf_byte(&b, '\n');

	if (ok)
		(void)fwrite(b.p, 1, b.len, stdout);	/* cli_main looks at ferror */
	else if (e->code == ERR_NONE)
		(void)err_set(e, ERR_TEMP, "out of memory");
	buf_free(&b);
	answer_free(j);
	return (ok);
}

static int
ids_out(struct listing *l, const struct listing_kind *kind, const int64_t *ids, size_t n, struct err *e)
{
	struct cli_table	*t = l->format == CLI_FORMAT_JSON ? NULL : cli_table_new(l->ctx, l->format, kind->columns, kind->ncolumns);

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && i % BATCH == 0 && listing_again(l, e) == -1)
			return (-1);
		if (kind->one(l, t, ids[i], e) == 0)
			continue;
		if (e->code != ERR_INPUT)
			return (-1);
		memset(e, 0, sizeof(*e));	/* gone since the list was made */
	}
	return (t != NULL ? cli_table_end(t, e) : 0);
}

int
listing_ids(struct listing *l, const struct listing_kind *kind, const int64_t *ids, size_t n, uint64_t total, struct err *e)
{
	int64_t	*kept;
	int	 rv;

	/* the list outlives the snapshot it was made in */
	if ((kept = calloc(n + 1, sizeof(*kept))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (n > 0)
		memcpy(kept, ids, n * sizeof(*kept));
	rv = ids_out(l, kind, kept, n, e);
	free(kept);
	if (rv == 0 && total > n && l->format == CLI_FORMAT_TABLE)
		cli_note(l->ctx, "%zu of %llu %s", n, (unsigned long long)total, kind->name);
	return (rv);
}

void
listing_trust(struct cli_table *t, enum trust trust, enum trust_apart apart)
{
	cli_cell_cstr(t, trust_state_names[trust_state(trust)]);
	cli_cell_tone(t, trust_state(trust) == TS_UNAUTHENTICATED ? CLI_TONE_WARN : CLI_TONE_NONE);
	cli_cell_cstr(t, trust_apart_names[apart]);
}

void
listing_note_more(const struct listing *l, const struct query_breakdown *b)
{
	if (b->other_n > 0 && l->format == CLI_FORMAT_TABLE)
		cli_note(l->ctx, "and %llu more with %llu messages; --limit 0 shows all", (unsigned long long)b->other_n,
		    (unsigned long long)b->other_m);
}

void
listing_note_range(const struct listing *l)
{
	char	 from[WHEN_TEXT], to[WHEN_TEXT];

	if (l->format != CLI_FORMAT_TABLE || !l->ctx->tty_err)
		return;
	cli_note(l->ctx, "%s to %s%s", when_date(l->range.from, from), when_date(l->range.to, to),
	    l->range.to == l->range.complete_through ? " (later days are not complete yet)" : "");
}
