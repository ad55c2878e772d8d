/*
 * wire_tls.c - see wire_tls.h.
 */
#include "report/wire_tls.h"

#define TEXT_MAX ((size_t)1 << 20)	/* the ceiling of limits.tls_text */
#define LIST_MAX 8192

/* --- Writing ------------------------------------------------------------------------ */

static void
put_address(struct buf *b, const struct tls_address *a)
{
	wire_uint(b, a->len);
	if (a->len > 0)
		(void)buf_add(b, a->ip, a->len);
	else
		wire_text(b, a->text);
}

static void
put_detail(struct buf *b, const struct tls_detail *d)
{
	wire_uint(b, d->result);
	wire_text(b, d->word);
	put_address(b, &d->sending);
	put_address(b, &d->receiving);
	wire_text(b, d->mx);
	wire_text(b, d->helo);
	wire_text(b, d->info);
	wire_text(b, d->reason);
	wire_uint(b, d->count);
	wire_uint(b, d->policy);
	wire_uint(b, d->seq);
}

static void
put_list(struct buf *b, const struct str *v, size_t n)
{
	wire_uint(b, n);
	for (size_t i = 0; i < n; i++)
		wire_text(b, v[i]);
}

static void
put_policy(struct buf *b, const struct tls_policy *p)
{
	wire_uint(b, p->type);
	wire_text(b, p->word);
	wire_text(b, p->domain);
	wire_uint(b, p->domain_derived);
	wire_uint(b, p->success);
	wire_uint(b, p->failure);
	wire_uint(b, p->ndetails);
	wire_uint(b, p->details);
	wire_uint(b, p->seq);
	put_list(b, p->lines, p->nlines);
	put_list(b, p->mx, p->nmx);
}

static void
put_header(struct buf *b, const struct tls_header *h)
{
	wire_text(b, h->org_name);
	wire_text(b, h->contact_info);
	wire_text(b, h->report_id);
	wire_text(b, h->submitter);
	wire_text(b, h->domain);
	wire_int(b, h->begin);
	wire_int(b, h->end);
	wire_uint(b, h->policies);
	wire_uint(b, h->refused);
	wire_uint(b, h->quirks);
	wire_uint(b, h->state);
}

void
wire_put_tls(struct buf *b, const struct tls_item *it)
{
	size_t	 m = wire_open(b, WIRE_TLS);

	wire_uint(b, it->kind);
	switch (it->kind) {
	case TLS_BEGIN:
		wire_uint(b, it->u.payload);
		break;
	case TLS_DETAIL:
		put_detail(b, &it->u.detail);
		break;
	case TLS_POLICY:
		put_policy(b, &it->u.policy);
		break;
	case TLS_REFUSED:
		wire_uint(b, it->u.refused.policy);
		wire_uint(b, it->u.refused.detail);
		wire_uint(b, it->u.refused.line);
		wire_text(b, it->u.refused.reason);
		break;
	case TLS_END:
		put_header(b, &it->u.header);
		break;
	case TLS_FORGET:
	case TLS_ITEM_KINDS:
		break;
	}
	wire_close(b, m);
}

/* --- Reading -------------------------------------------------------------------------- */

#define COUNT(w) wire_get_below((w), (uint64_t)1 << 63)

static void
get_address(struct wire *w, struct tls_address *a)
{
	a->len = (unsigned)wire_get_below(w, 17);
	if (a->len == 0) {
		a->text = wire_get_text(w, TEXT_MAX);
		return;
	}
	if ((a->len != 4 && a->len != 16) || (size_t)(w->end - w->p) < a->len) {
		w->bad = true;
		return;
	}
	memcpy(a->ip, w->p, a->len);
	w->p += a->len;
}

static void
get_detail(struct wire *w, struct tls_detail *d)
{
	d->result = (enum tls_result)wire_get_below(w, TLS_RESULT_COUNT);
	d->word = wire_get_text(w, TEXT_MAX);
	get_address(w, &d->sending);
	get_address(w, &d->receiving);
	d->mx = wire_get_text(w, TEXT_MAX);
	d->helo = wire_get_text(w, TEXT_MAX);
	d->info = wire_get_text(w, TEXT_MAX);
	d->reason = wire_get_text(w, TEXT_MAX);
	d->count = COUNT(w);
	d->policy = COUNT(w);
	d->seq = COUNT(w);
	if (d->word.p != NULL && d->result != TLS_RESULT_OTHER)
		w->bad = true;
}

static bool
room_for(struct wire_tls_room *r, size_t n)
{
	struct str	*p;

	if (n <= r->n)
		return (true);
	if ((p = realloc(r->v, n * sizeof(*p))) == NULL)
		return (false);
	r->v = p;
	r->n = n;
	return (true);
}

/* A line is one line: it is what separates them in the store. */
static struct str
get_line(struct wire *w)
{
	struct str	 s = wire_get_text(w, TEXT_MAX);

	if (s.p == NULL || memchr(s.p, '\n', s.len) != NULL)
		w->bad = true;
	return (s);
}

static int
get_policy(struct wire *w, struct wire_tls_room *r, struct tls_policy *p, struct err *e)
{
	p->type = (enum tls_policy_type)wire_get_below(w, TLS_TYPES);
	p->word = wire_get_text(w, TEXT_MAX);
	p->domain = wire_get_text(w, TEXT_MAX);
	p->domain_derived = wire_get_below(w, 2) != 0;
	p->success = COUNT(w);
	p->failure = COUNT(w);
	p->ndetails = COUNT(w);
	p->details = COUNT(w);
	p->seq = COUNT(w);
	p->nlines = (size_t)wire_get_below(w, LIST_MAX);
	if (!room_for(r, p->nlines + LIST_MAX))	/* lines, and behind them the names */
		return (err_set(e, ERR_TEMP, "out of memory"));
	for (size_t i = 0; i < p->nlines && !w->bad; i++)
		r->v[i] = get_line(w);
	p->lines = r->v;
	p->nmx = (size_t)wire_get_below(w, LIST_MAX);
	for (size_t i = 0; i < p->nmx && !w->bad; i++)
		r->v[p->nlines + i] = get_line(w);
	p->mx = r->v + p->nlines;
	if (p->domain.len == 0 || (p->word.p != NULL && p->type != TLS_TYPE_OTHER))
		w->bad = true;
	return (0);
}

static void
get_header(struct wire *w, struct tls_header *h)
{
	h->org_name = wire_get_text(w, TEXT_MAX);
	h->contact_info = wire_get_text(w, TEXT_MAX);
	h->report_id = wire_get_text(w, TEXT_MAX);
	h->submitter = wire_get_text(w, TEXT_MAX);
	h->domain = wire_get_text(w, TEXT_MAX);
	h->begin = wire_get_int(w);
	h->end = wire_get_int(w);
	h->policies = COUNT(w);
	h->refused = COUNT(w);
	h->quirks = wire_get_below(w, (uint64_t)1 << TLS_QUIRK_COUNT);
	h->state = (enum report_state)wire_get_below(w, STATE_COUNT);
	if (h->begin < 0 || h->end < h->begin || h->end > 100000000000)
		w->bad = true;
}

int
wire_get_tls(struct wire *w, struct wire_tls_room *r, struct tls_item *it, struct err *e)
{
	memset(it, 0, sizeof(*it));
	it->kind = (enum tls_item_kind)wire_get_below(w, TLS_ITEM_KINDS);
	switch (it->kind) {
	case TLS_BEGIN:
		it->u.payload = (unsigned)wire_get_below(w, 1u << 20);
		break;
	case TLS_DETAIL:
		get_detail(w, &it->u.detail);
		break;
	case TLS_POLICY:
		if (get_policy(w, r, &it->u.policy, e) == -1)
			return (-1);
		break;
	case TLS_REFUSED:
		it->u.refused.policy = COUNT(w);
		it->u.refused.detail = COUNT(w);
		it->u.refused.line = COUNT(w);
		it->u.refused.reason = wire_get_text(w, 512);
		break;
	case TLS_END:
		get_header(w, &it->u.header);
		break;
	case TLS_FORGET:
	case TLS_ITEM_KINDS:
		break;
	}
	if (w->bad || w->p != w->end)
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: TLS report"));
	return (0);
}

void
wire_tls_room_free(struct wire_tls_room *r)
{
	free(r->v);
	*r = (struct wire_tls_room){ NULL, 0 };
}
