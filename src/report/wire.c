/*
 * wire.c - see wire.h.
 */
#include "report/wire.h"

#define WIRE_MAX(name, from, to, max, fd) (max),
const uint32_t	 wire_max[WIRE_COUNT] = { WIRE_MESSAGES(WIRE_MAX) };
#undef WIRE_MAX

#define TEXT_MAX ((size_t)1 << 20)	/* the ceiling of limits.text_bytes */

size_t
wire_open(struct buf *b, enum wire_type type)
{
	size_t			 mark = b->len;
	const unsigned char	 head[WIRE_HEAD] = { 0, 0, 0, 0, (unsigned char)type };

	(void)buf_add(b, head, sizeof(head));
	return (mark);
}

void
wire_close(struct buf *b, size_t mark)
{
	size_t	 n;

	if (b->failed)
		return;
	n = b->len - mark - 4;
	for (unsigned i = 0; i < 4; i++)
		b->p[mark + i] = (char)(n >> (8 * i) & 0xff);
}

void
wire_uint(struct buf *b, uint64_t v)
{
	unsigned char	 t[10];
	size_t		 n = 0;

	while (v >= 0x80) {
		t[n++] = (unsigned char)(v | 0x80);
		v >>= 7;
	}
	t[n++] = (unsigned char)v;
	(void)buf_add(b, t, n);
}

void
wire_int(struct buf *b, int64_t v)
{
	wire_uint(b, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

void
wire_text(struct buf *b, struct str s)
{
	if (s.p == NULL) {
		wire_uint(b, 0);
		return;
	}
	wire_uint(b, s.len + 1);
	(void)buf_str(b, s);
}

static void
put_policy(struct buf *b, const struct report_policy *p)
{
	wire_text(b, p->domain);
	wire_text(b, p->p);
	wire_text(b, p->sp);
	wire_text(b, p->np);
	wire_text(b, p->adkim);
	wire_text(b, p->aspf);
	wire_text(b, p->pct);
	wire_text(b, p->fo);
	wire_text(b, p->testing);
	wire_text(b, p->discovery_method);
}

void
wire_put_header(struct buf *b, unsigned payload, const struct report_header *h)
{
	size_t	 m = wire_open(b, WIRE_REPORT_BEGIN);

	wire_uint(b, payload);
	wire_text(b, h->version);
	wire_text(b, h->org_name);
	wire_text(b, h->email);
	wire_text(b, h->extra_contact_info);
	wire_text(b, h->report_id);
	wire_text(b, h->generator);
	wire_text(b, h->errors);
	wire_int(b, h->begin);
	wire_int(b, h->end);
	put_policy(b, &h->policy);
	wire_close(b, m);
}

static void
put_auths(struct buf *b, const struct report_auth *a, size_t n)
{
	wire_uint(b, n);
	for (size_t i = 0; i < n; i++) {
		wire_text(b, a[i].domain);
		wire_text(b, a[i].what);
		wire_uint(b, a[i].result);
		wire_text(b, a[i].word);
		wire_text(b, a[i].human_result);
	}
}

void
wire_put_combination(struct buf *b, const struct report_record *r)
{
	wire_uint(b, r->disposition);
	wire_uint(b, r->dkim);
	wire_uint(b, r->spf);
	wire_uint(b, r->header_from_derived);
	wire_text(b, r->disposition_word);
	wire_text(b, r->dkim_word);
	wire_text(b, r->spf_word);
	wire_text(b, r->header_from);
	wire_text(b, r->envelope_from);
	wire_text(b, r->envelope_to);
	put_auths(b, r->dkim_results, r->ndkim);
	put_auths(b, r->spf_results, r->nspf);
	wire_uint(b, r->nreasons);
	for (size_t i = 0; i < r->nreasons; i++) {
		wire_text(b, r->reasons[i].type);
		wire_text(b, r->reasons[i].comment);
	}
}

void
wire_put_refused(struct buf *b, const struct report_refused *f)
{
	size_t	 m = wire_open(b, WIRE_ROW_REFUSED);

	wire_uint(b, f->seq);
	wire_uint(b, f->line);
	wire_text(b, f->reason);
	wire_close(b, m);
}

void
wire_put_trailer(struct buf *b, const struct report_trailer *t)
{
	size_t	 m = wire_open(b, WIRE_REPORT_END);

	wire_uint(b, t->records);
	wire_uint(b, t->refused);
	wire_uint(b, t->quirks);
	wire_uint(b, t->state);
	wire_uint(b, t->dialect);
	wire_text(b, t->unknown);
	wire_close(b, m);
}

/* --- Reading ---------------------------------------------------------------------- */

uint64_t
wire_get_uint(struct wire *w)
{
	uint64_t	 v = 0;
	unsigned	 shift = 0;
	unsigned char	 c;

	do {
		if (w->bad || w->p == w->end || shift > 63) {
			w->bad = true;
			return (0);
		}
		c = *w->p++;
		if (shift == 63 && (c & 0x7f) > 1) {
			w->bad = true;
			return (0);
		}
		v |= (uint64_t)(c & 0x7f) << shift;
		shift += 7;
	} while (c & 0x80);
	return (v);
}

int64_t
wire_get_int(struct wire *w)
{
	uint64_t	 v = wire_get_uint(w);

	return ((int64_t)(v >> 1) ^ -(int64_t)(v & 1));
}

uint64_t
wire_get_below(struct wire *w, uint64_t limit)
{
	uint64_t	 v = wire_get_uint(w);

	if (v >= limit) {
		w->bad = true;
		return (0);
	}
	return (v);
}

struct str
wire_get_text(struct wire *w, size_t max)
{
	uint64_t	 n = wire_get_uint(w);
	struct str	 s;

	if (w->bad || n == 0)
		return (STR_NONE);
	n--;
	if (n > max || n > (uint64_t)(w->end - w->p)) {
		w->bad = true;
		return (STR_NONE);
	}
	s = (struct str){ (const char *)w->p, (size_t)n };
	w->p += n;
	if (memchr(s.p, '\0', s.len) != NULL || !str_utf8_ok(s)) {
		w->bad = true;
		return (STR_NONE);
	}
	return (s);
}

static int
checked(const struct wire *w, const char *what, struct err *e)
{
	if (w->bad)
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: %s", what));
	return (0);
}

/* A name that becomes a key: short, and no blanks in it. */
static struct str
get_name(struct wire *w)
{
	return (wire_get_text(w, TEXT_MAX));
}

int
wire_get_header(struct wire *w, unsigned *payload, struct report_header *h, struct err *e)
{
	*h = (struct report_header){ 0 };
	*payload = (unsigned)wire_get_below(w, 1u << 20);
	h->version = wire_get_text(w, TEXT_MAX);
	h->org_name = wire_get_text(w, TEXT_MAX);
	h->email = wire_get_text(w, TEXT_MAX);
	h->extra_contact_info = wire_get_text(w, TEXT_MAX);
	h->report_id = wire_get_text(w, TEXT_MAX);
	h->generator = wire_get_text(w, TEXT_MAX);
	h->errors = wire_get_text(w, TEXT_MAX);
	h->begin = wire_get_int(w);
	h->end = wire_get_int(w);
	h->policy.domain = get_name(w);
	h->policy.p = wire_get_text(w, TEXT_MAX);
	h->policy.sp = wire_get_text(w, TEXT_MAX);
	h->policy.np = wire_get_text(w, TEXT_MAX);
	h->policy.adkim = wire_get_text(w, TEXT_MAX);
	h->policy.aspf = wire_get_text(w, TEXT_MAX);
	h->policy.pct = wire_get_text(w, TEXT_MAX);
	h->policy.fo = wire_get_text(w, TEXT_MAX);
	h->policy.testing = wire_get_text(w, TEXT_MAX);
	h->policy.discovery_method = wire_get_text(w, TEXT_MAX);
	if (w->p != w->end || h->begin < 0 || h->end < h->begin || h->end > 100000000000 || h->policy.domain.len == 0)
		w->bad = true;
	return (checked(w, "header", e));
}

static void
get_auths(struct wire *w, struct report_auth *a, size_t room, size_t *n)
{
	*n = (size_t)wire_get_below(w, room + 1);
	for (size_t i = 0; i < *n && !w->bad; i++) {
		a[i].domain = get_name(w);
		a[i].what = wire_get_text(w, TEXT_MAX);
		a[i].result = (enum auth_result)wire_get_below(w, RES_COUNT);
		a[i].word = wire_get_text(w, TEXT_MAX);
		a[i].human_result = wire_get_text(w, TEXT_MAX);
	}
}

int
wire_get_combination(struct wire *w, const struct wire_row_room *room, struct report_record *r, struct err *e)
{
	*r = (struct report_record){ .dkim_results = room->dkim, .spf_results = room->spf, .reasons = room->reasons };
	r->disposition = (enum disposition)wire_get_below(w, DISP_COUNT);
	r->dkim = (enum evaluated)wire_get_below(w, EVAL_COUNT);
	r->spf = (enum evaluated)wire_get_below(w, EVAL_COUNT);
	r->header_from_derived = wire_get_below(w, 2) != 0;
	r->disposition_word = wire_get_text(w, TEXT_MAX);
	r->dkim_word = wire_get_text(w, TEXT_MAX);
	r->spf_word = wire_get_text(w, TEXT_MAX);
	r->header_from = get_name(w);
	r->envelope_from = get_name(w);
	r->envelope_to = get_name(w);
	get_auths(w, room->dkim, room->room, &r->ndkim);
	get_auths(w, room->spf, room->room, &r->nspf);
	r->nreasons = (size_t)wire_get_below(w, room->room + 1);
	for (size_t i = 0; i < r->nreasons && !w->bad; i++) {
		room->reasons[i].type = wire_get_text(w, TEXT_MAX);
		room->reasons[i].comment = wire_get_text(w, TEXT_MAX);
	}
	if (r->header_from.p == NULL)
		w->bad = true;
	return (checked(w, "combination", e));
}

int
wire_get_refused(struct wire *w, struct report_refused *f, struct err *e)
{
	f->seq = wire_get_uint(w);
	f->line = wire_get_uint(w);
	f->reason = wire_get_text(w, 512);
	if (w->p != w->end || f->seq > INT64_MAX || f->line > INT64_MAX)
		w->bad = true;
	return (checked(w, "refused row", e));
}

int
wire_get_trailer(struct wire *w, struct report_trailer *t, struct err *e)
{
	*t = (struct report_trailer){ 0 };
	t->records = wire_get_below(w, INT64_MAX);
	t->refused = wire_get_below(w, INT64_MAX);
	t->quirks = wire_get_below(w, (uint64_t)1 << QUIRK_COUNT);
	t->state = (enum report_state)wire_get_below(w, STATE_COUNT);
	t->dialect = (enum report_dialect)wire_get_below(w, DIALECT_COUNT);
	t->unknown = wire_get_text(w, 1u << 14);
	if (w->p != w->end || t->refused > t->records)
		w->bad = true;
	return (checked(w, "trailer", e));
}
