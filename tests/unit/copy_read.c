/* copy_read.c - see copy_read.h. */
#include <assert.h>

#include "copy_read.h"
#include "report/refusal.h"

static void
on_read(void *ctx)
{
	struct copy_all	*a = ctx;

	a->read++;
}

static int
on_failure(void *ctx, struct failure_report *f, struct arena *arena, struct err *e)
{
	static const enum failure_text	 told[] = { FT_FEEDBACK_TYPE, FT_AUTH_FAILURE, FT_ARRIVAL, FT_SOURCE_IP, FT_REPORTED_DOMAIN, FT_DELIVERY,
					    FT_MAIL_FROM, FT_FROM, FT_SUBJECT, FT_MESSAGE_ID };
	struct copy_all			*a = ctx;

	(void)arena;
	(void)e;
	assert((f->quirks & FQ_COPY) != 0);
	for (size_t i = 0; i < nitems(told); i++) {
		struct str	 s = f->t[told[i]];

		assert(s.p == NULL || str_utf8_ok(s));
		if (s.len > 0) {
			(void)buf_printf(&a->failures, "%s=", failure_texts[told[i]].column);
			(void)buf_str(&a->failures, s);
			(void)buf_byte(&a->failures, ' ');
		}
	}
	(void)buf_printf(&a->failures, "sample %d at %lld\n", (int)f->sample, (long long)f->arrived);
	a->nfailures++;
	return (0);
}

static int
on_refused(void *ctx, const struct err *why, struct err *e)
{
	struct copy_all	*a = ctx;

	(void)e;
	assert(why->msg[0] != '\0' && (why->code == ERR_INPUT || why->code == ERR_LIMIT));
	(void)buf_printf(&a->refused, "%s %u: %s\n", refusal_words[refusal_of(why)], why->line, why->msg);
	a->nrefused++;
	return (0);
}

static void
on_again(void *ctx)
{
	struct copy_all	*a = ctx;

	assert(a->r.open != a->t.open);
	if (a->r.open)
		recorder_sink.again(&a->r);
	else
		tls_record_again(&a->t);
}

static int
record_tls(void *ctx, const struct tls_item *it, struct err *e)
{
	return (tls_record(ctx, it, e));
}

static void
no_words(struct str s, size_t max, struct buf *out)
{
	(void)buf_add(out, s.p, s.len < max ? s.len : max);
}

int
copy_read(struct copy_all *a, const struct limits *l, struct str doc, size_t piece, struct err *e)
{
	static const struct copy_calls	 calls = { on_read, on_failure, on_refused, on_again };
	struct aggregate		*agg;
	struct tlsrpt			*tls;
	struct copy			*c;
	enum copy_form			 form = copy_looks_like(doc);
	size_t				 n;
	int				 rv = 0;

	recorder_clear(&a->r);
	tls_recorder_clear(&a->t);
	buf_clear(&a->failures);
	buf_clear(&a->refused);
	a->read = a->nfailures = a->nrefused = 0;
	assert((agg = aggregate_new(l, NULL, &recorder_sink, &a->r)) != NULL && (tls = tlsrpt_new(l, record_tls, &a->t)) != NULL &&
	    (c = copy_new(l, agg, tls, no_words, &calls, a)) != NULL);
	copy_start(c, form == COPY_NONE ? COPY_JSON : form);
	for (size_t i = 0; i < doc.len && rv == 0; i += n) {
		n = piece == 0 || doc.len - i < piece ? doc.len - i : piece;
		rv = copy_feed(c, doc.p + i, n, e);
	}
	if (rv == 0)
		rv = copy_finish(c, e);
	assert(copy_had_begun(c) == (a->r.open || a->t.open));
	if (copy_had_begun(c))
		on_again(a);
	assert(rv != 1 || (a->read == 0 && a->nfailures == 0 && a->nrefused == 0));
	copy_free(c);
	tlsrpt_free(tls);
	aggregate_free(agg);
	return (rv);
}

void
copy_read_free(struct copy_all *a)
{
	recorder_free(&a->r);
	tls_recorder_free(&a->t);
	buf_free(&a->failures);
	buf_free(&a->refused);
}
