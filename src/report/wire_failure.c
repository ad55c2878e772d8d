/*
 * wire_failure.c - see wire_failure.h.
 */
#include "report/wire_failure.h"

#define TEXT_MAX ((size_t)3 << 20)	/* cleaning makes three bytes of each bad one, of 1 MB at most */
#define YEAR_10000 253402300800

static void
put_result(struct buf *b, const struct failure_result *r)
{
	wire_uint(b, r->method);
	wire_uint(b, r->result);
	wire_uint(b, r->derived);
	wire_text(b, r->word);
	wire_text(b, r->domain);
	wire_text(b, r->what);
}

void
wire_put_failure(struct buf *b, unsigned payload, const struct failure_report *r)
{
	size_t	 m = wire_open(b, WIRE_FAILURE);

	wire_uint(b, payload);
	wire_uint(b, r->dialect);
	wire_uint(b, r->class);
	wire_uint(b, r->delivery);
	wire_uint(b, r->sample);
	wire_uint(b, (r->has_arrival ? 1u : 0) | (r->has_hash ? 2u : 0) | (r->body_cut ? 4u : 0) | (r->redacted ? 8u : 0));
	wire_int(b, r->arrival);
	wire_int(b, r->arrived);
	wire_uint(b, r->arrived_from);
	wire_uint(b, r->ip_from);
	wire_uint(b, r->header_from_from);
	wire_uint(b, r->results_from);
	wire_uint(b, r->ip_len);
	(void)buf_add(b, r->ip, sizeof(r->ip));
	(void)buf_add(b, r->body_hash, sizeof(r->body_hash));
	(void)buf_add(b, r->headers_hash, sizeof(r->headers_hash));
	wire_uint(b, r->source_port);
	wire_uint(b, r->incidents);
	wire_uint(b, r->body_bytes);
	wire_uint(b, r->quirks);
	for (unsigned i = 0; i < FT_COUNT; i++)
		wire_text(b, r->t[i]);
	wire_uint(b, r->nresults);
	for (size_t i = 0; i < r->nresults; i++)
		put_result(b, &r->results[i]);
	wire_close(b, m);
}

static void
get_bytes(struct wire *w, void *out, size_t n)
{
	if (w->bad || (size_t)(w->end - w->p) < n) {
		w->bad = true;
		return;
	}
	memcpy(out, w->p, n);
	w->p += n;
}

static void
get_result(struct wire *w, struct failure_result *r)
{
	r->method = (enum failure_method)wire_get_below(w, METHODS);
	r->result = (enum auth_result)wire_get_below(w, RES_COUNT);
	r->derived = wire_get_below(w, 2) != 0;
	r->word = wire_get_text(w, 256);
	r->domain = wire_get_text(w, 256);
	r->what = wire_get_text(w, 256);
}

static int64_t
get_time(struct wire *w)
{
	int64_t	 t = wire_get_int(w);

	/* years beyond it are the sender's fancy, and no day of ours */
	if (t < -YEAR_10000 || t > YEAR_10000)
		w->bad = true;
	return (t);
}

int
wire_get_failure(struct wire *w, struct failure_result *results, size_t room, unsigned *payload, struct failure_report *r,
    struct err *e)
{
	unsigned	 flags;

	memset(r, 0, sizeof(*r));
	*payload = (unsigned)wire_get_below(w, 1u << 20);
	r->dialect = (enum failure_dialect)wire_get_below(w, FAILURE_DIALECTS);
	r->class = (enum failure_class)wire_get_below(w, FAILURE_CLASSES);
	r->delivery = (enum failure_delivery)wire_get_below(w, DELIVERIES);
	r->sample = (enum failure_sample)wire_get_below(w, SAMPLES);
	flags = (unsigned)wire_get_below(w, 16);
	r->has_arrival = (flags & 1) != 0;
	r->has_hash = (flags & 2) != 0;
	r->body_cut = (flags & 4) != 0;
	r->redacted = (flags & 8) != 0;
	r->arrival = get_time(w);
	r->arrived = get_time(w);
	r->arrived_from = (enum failure_origin)wire_get_below(w, FROM_ORIGINS);
	r->ip_from = (enum failure_origin)wire_get_below(w, FROM_ORIGINS);
	r->header_from_from = (enum failure_origin)wire_get_below(w, FROM_ORIGINS);
	r->results_from = (enum failure_origin)wire_get_below(w, FROM_ORIGINS);
	r->ip_len = (unsigned)wire_get_below(w, 17);
	if (r->ip_len != 0 && r->ip_len != 4 && r->ip_len != 16)
		w->bad = true;
	get_bytes(w, r->ip, sizeof(r->ip));
	get_bytes(w, r->body_hash, sizeof(r->body_hash));
	get_bytes(w, r->headers_hash, sizeof(r->headers_hash));
	r->source_port = (unsigned)wire_get_below(w, 65536);
	r->incidents = wire_get_below(w, (uint64_t)UINT32_MAX + 1);
	r->body_bytes = wire_get_below(w, (uint64_t)1 << 62);
	r->quirks = wire_get_below(w, (uint64_t)1 << FQ_COUNT);
	for (unsigned i = 0; i < FT_COUNT; i++)
		r->t[i] = wire_get_text(w, TEXT_MAX);
	r->nresults = (size_t)wire_get_below(w, room + 1);
	for (size_t i = 0; i < r->nresults && !w->bad; i++)
		get_result(w, &results[i]);
	r->results = results;
	if (w->bad || w->p != w->end)
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: failure report"));
	return (0);
}
