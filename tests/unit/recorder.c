/*
 * recorder.c - see recorder.h.
 */
#include <assert.h>
#include <inttypes.h>

#include "recorder.h"

static void
check(struct str s)
{
	if (s.p == NULL)
		return;
	assert(str_utf8_ok(s));
	assert(memchr(s.p, '\0', s.len) == NULL);
	assert(str_trim(s).len == s.len);
}

static void
field(struct recorder *r, const char *name, struct str s)
{
	check(s);
	if (s.p != NULL && !r->quiet)
		(void)buf_printf(&r->text, " %s=[%.*s]", name, (int)s.len, s.p);
}

static int
called(struct recorder *r, struct err *e)
{
	return (++r->calls == r->fail_at ? err_set(e, ERR_TEMP, "asked to fail") : 0);
}

static int
on_begin(void *ctx, const struct report_header *h, struct err *e)
{
	struct recorder	*r = ctx;

	assert(!r->open);
	r->open = true;
	r->begun++;
	r->mark = r->text.len;
	r->rows = r->refused = r->sum = 0;
	assert(h->begin <= h->end && h->begin >= 0);
	assert(h->policy.domain.len > 0);
	if (!r->quiet)
		(void)buf_cstr(&r->text, "report");
	field(r, "version", h->version);
	field(r, "org", h->org_name);
	field(r, "email", h->email);
	field(r, "extra", h->extra_contact_info);
	field(r, "id", h->report_id);
	field(r, "generator", h->generator);
	if (h->errors.p != NULL && !r->quiet)
		(void)buf_printf(&r->text, " errors=[%.*s]", (int)h->errors.len, h->errors.p);
	if (!r->quiet)
		(void)buf_printf(&r->text, " begin=%" PRId64 " end=%" PRId64, h->begin, h->end);
	field(r, "domain", h->policy.domain);
	field(r, "p", h->policy.p);
	field(r, "sp", h->policy.sp);
	field(r, "np", h->policy.np);
	field(r, "adkim", h->policy.adkim);
	field(r, "aspf", h->policy.aspf);
	field(r, "pct", h->policy.pct);
	field(r, "fo", h->policy.fo);
	field(r, "testing", h->policy.testing);
	field(r, "discovery", h->policy.discovery_method);
	if (!r->quiet)
		(void)buf_byte(&r->text, '\n');
	return (called(r, e));
}

static void
auths(struct recorder *r, const char *name, const struct report_auth *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert(a[i].result < RES_COUNT);
		if (!r->quiet)
			(void)buf_printf(&r->text, " %s(%s", name, auth_result_names[a[i].result]);
		field(r, "d", a[i].domain);
		field(r, "w", a[i].what);
		field(r, "word", a[i].word);
		field(r, "human", a[i].human_result);
		if (!r->quiet)
			(void)buf_byte(&r->text, ')');
	}
}

static int
on_record(void *ctx, const struct report_record *c, struct err *e)
{
	struct recorder	*r = ctx;

	assert(r->open);
	r->rows++;
	assert(c->seq == r->rows + r->refused);
	assert(c->ip_len == 0 || c->ip_len == 4 || c->ip_len == 16);
	assert(c->count <= INT64_MAX && r->sum <= (uint64_t)INT64_MAX - c->count);
	r->sum += c->count;
	assert(c->disposition < DISP_COUNT && c->dkim < EVAL_COUNT && c->spf < EVAL_COUNT);
	assert(c->header_from.p != NULL);
	if (!r->quiet)
		(void)buf_printf(&r->text, "row %" PRIu64 " len=%u count=%" PRIu64 " disp=%s dkim=%s spf=%s%s", c->seq, c->ip_len,
		    c->count, disposition_names[c->disposition], evaluated_names[c->dkim], evaluated_names[c->spf],
		    c->header_from_derived ? " derived" : "");
	field(r, "ip", c->source_ip);
	for (unsigned i = 0; i < c->ip_len && !r->quiet; i++)
		(void)buf_printf(&r->text, "%s%02x", i == 0 ? " hex=" : "", c->ip[i]);
	field(r, "from", c->header_from);
	field(r, "ef", c->envelope_from);
	field(r, "et", c->envelope_to);
	field(r, "disp-word", c->disposition_word);
	field(r, "dkim-word", c->dkim_word);
	field(r, "spf-word", c->spf_word);
	auths(r, "dkim", c->dkim_results, c->ndkim);
	auths(r, "spf", c->spf_results, c->nspf);
	for (size_t i = 0; i < c->nreasons; i++) {
		assert(c->reasons[i].type.p != NULL || c->reasons[i].comment.p != NULL);
		if (!r->quiet)
			(void)buf_cstr(&r->text, " reason(");
		field(r, "type", c->reasons[i].type);
		field(r, "comment", c->reasons[i].comment);
		if (!r->quiet)
			(void)buf_byte(&r->text, ')');
	}
	if (!r->quiet)
		(void)buf_byte(&r->text, '\n');
	return (called(r, e));
}

static int
on_refused(void *ctx, const struct report_refused *f, struct err *e)
{
	struct recorder	*r = ctx;

	assert(r->open);
	r->refused++;
	assert(f->seq == r->rows + r->refused);
	check(f->reason);
	assert(f->reason.len > 0 && f->reason.len < 512);
	if (!r->quiet)
		(void)buf_printf(&r->text, "refused %" PRIu64 " line=%" PRIu64 " %.*s\n", f->seq, f->line, (int)f->reason.len,
		    f->reason.p);
	return (called(r, e));
}

static int
on_end(void *ctx, const struct report_trailer *t, struct err *e)
{
	struct recorder	*r = ctx;

	assert(r->open);
	r->open = false;
	r->reports++;
	r->quirks = t->quirks;
	assert(t->records == r->rows + r->refused && t->refused == r->refused);
	assert(t->state < STATE_COUNT && t->dialect < DIALECT_COUNT && t->quirks < (uint64_t)1 << QUIRK_COUNT);
	assert(t->unknown.len < (1u << 14) && str_utf8_ok(t->unknown));
	if (r->quiet)
		return (called(r, e));
	(void)buf_printf(&r->text, "end records=%" PRIu64 " refused=%" PRIu64 " %s %s quirks=", t->records, t->refused,
	    report_state_names[t->state], dialect_names[t->dialect]);
	for (unsigned i = 0; i < QUIRK_COUNT; i++)
		if (t->quirks & (uint64_t)1 << i)
			(void)buf_printf(&r->text, "%s,", quirk_names[i]);
	(void)buf_printf(&r->text, " unknown=[%.*s]\n", (int)t->unknown.len, t->unknown.p == NULL ? "" : t->unknown.p);
	return (called(r, e));
}

static void
on_again(void *ctx)
{
	struct recorder	*r = ctx;

	if (!r->open)
		return;
	r->open = false;
	r->dropped++;
	r->text.len = r->mark;
	if (r->text.p != NULL)
		r->text.p[r->mark] = '\0';
}

const struct report_sink	 recorder_sink = { on_begin, on_record, on_refused, on_end, on_again };

void
recorder_clear(struct recorder *r)
{
	struct buf	 text = r->text;

	buf_clear(&text);
	*r = (struct recorder){ .text = text, .quiet = r->quiet };
}

void
recorder_free(struct recorder *r)
{
	buf_free(&r->text);
}

int
recorder_read(struct recorder *r, const struct limits *l, const struct report_hints *hints, struct str doc, size_t piece,
    struct err *e)
{
	struct aggregate	*a = aggregate_new(l, hints, &recorder_sink, r);
	int			 rv, readings = 0;

	assert(a != NULL);
	if (piece == 0)
		piece = doc.len == 0 ? 1 : doc.len;
	do {
		assert(++readings < 40);
		rv = aggregate_start(a, e);
		for (size_t at = 0; at < doc.len && rv == 0; at += piece) {
			size_t	 n = doc.len - at < piece ? doc.len - at : piece;
			/* a copy of just these bytes: reading past them is seen */
			char	*copy = malloc(n);

			assert(copy != NULL);
			memcpy(copy, doc.p + at, n);
			rv = aggregate_feed(a, copy, n, e);
			free(copy);
		}
		if (rv == 0)
			rv = aggregate_finish(a, e);
		if (rv != 0 && aggregate_had_begun(a))
			on_again(r);
	} while (rv == AGGREGATE_AGAIN);
	assert(!r->open);
	assert(rv == 0 || e->msg[0] != '\0');
	aggregate_free(a);
	return (rv);
}
