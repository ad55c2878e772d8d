/*
 * tls_recorder.c - see tls_recorder.h.
 */
#include <assert.h>
#include <inttypes.h>

#include "tls_recorder.h"

static void
field(struct tls_recorder *r, const char *name, struct str s)
{
	if (s.p == NULL)
		return;
	assert(str_utf8_ok(s));
	assert(str_trim(s).len == s.len);
	for (size_t i = 0; i < s.len; i++)
		assert((unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f);
	if (!r->quiet)
		(void)buf_printf(&r->text, " %s=[%.*s]", name, (int)s.len, s.p);
}

static void
number(struct tls_recorder *r, const char *name, uint64_t v)
{
	assert(v <= INT64_MAX);
	if (!r->quiet)
		(void)buf_printf(&r->text, " %s=%" PRIu64, name, v);
}

static void
word(struct tls_recorder *r, const char *w)
{
	if (!r->quiet)
		(void)buf_cstr(&r->text, w);
}

static void
address(struct tls_recorder *r, const char *name, const struct tls_address *a)
{
	assert(a->len == 0 || a->len == 4 || a->len == 16);
	field(r, name, a->text);
	if (a->text.p != NULL && !r->quiet)
		(void)buf_printf(&r->text, "/%u", a->len);
}

static void
detail(struct tls_recorder *r, const struct tls_detail *d)
{
	assert(d->result < TLS_RESULT_COUNT && d->policy > r->closed && d->seq > 0);
	assert(r->element == 0 || r->element == d->policy);
	assert((d->word.p == NULL) || d->result == TLS_RESULT_OTHER);
	if (r->element == 0)
		r->element_mark = r->text.len;
	r->element = d->policy;
	r->ndetails++;
	r->details += d->count;
	word(r, "  ");
	word(r, tls_result_names[d->result]);
	field(r, "word", d->word);
	address(r, "from", &d->sending);
	address(r, "at", &d->receiving);
	field(r, "mx", d->mx);
	field(r, "helo", d->helo);
	field(r, "info", d->info);
	field(r, "reason", d->reason);
	number(r, "n", d->count);
}

static void
policy(struct tls_recorder *r, const struct tls_policy *p)
{
	assert(p->seq > r->closed && (r->element == 0 || r->element == p->seq));
	assert(p->type < TLS_TYPES && p->ndetails == r->ndetails && p->details == r->details && p->domain.len > 0);
	r->closed = p->seq;
	r->element = r->ndetails = r->details = 0;
	r->policies++;
	word(r, " policy ");
	word(r, tls_type_names[p->type]);
	field(r, "word", p->word);
	field(r, "domain", p->domain);
	if (p->domain_derived)
		word(r, " derived");
	for (size_t i = 0; i < p->nlines; i++)
		field(r, "line", p->lines[i]);
	for (size_t i = 0; i < p->nmx; i++)
		field(r, "mx", p->mx[i]);
	number(r, "ok", p->success);
	number(r, "failed", p->failure);
	number(r, "details", p->details);
}

static void
end(struct tls_recorder *r, const struct tls_header *h)
{
	assert(h->begin >= 0 && h->begin <= h->end && h->state < STATE_COUNT && r->element == 0);
	assert(h->policies == r->policies + r->refused_policies && h->refused == r->refused);
	assert(h->quirks < (uint64_t)1 << TLS_QUIRK_COUNT && (h->state == STATE_PARTIAL) == (h->refused > 0));
	word(r, "end");
	field(r, "org", h->org_name);
	field(r, "contact", h->contact_info);
	field(r, "id", h->report_id);
	field(r, "submitter", h->submitter);
	field(r, "about", h->domain);
	number(r, "begin", (uint64_t)h->begin);
	number(r, "end", (uint64_t)h->end);
	word(r, " ");
	word(r, report_state_names[h->state]);
	for (int i = 0; i < TLS_QUIRK_COUNT && !r->quiet; i++)
		if ((h->quirks >> i & 1) != 0)
			(void)buf_printf(&r->text, " +%s", tls_quirk_names[i]);
	r->quirks = h->quirks;
	r->last = *h;
	r->open = false;
	r->done++;
}

int
tls_record(struct tls_recorder *r, const struct tls_item *it, struct err *e)
{
	if (it->kind == TLS_BEGIN) {
		if (r->open)
			tls_record_again(r);
		r->mark = r->text.len;
		r->open = true;
		r->closed = r->element = r->ndetails = r->details = 0;
		r->policies = r->refused_policies = r->refused = 0;
	} else if (it->kind != TLS_END)
		assert(r->open);
	switch (it->kind) {
	case TLS_BEGIN:
		word(r, "begin");
		break;
	case TLS_DETAIL:
		detail(r, &it->u.detail);
		break;
	case TLS_FORGET:
		if (r->element != 0)
			r->text.p[r->text.len = r->element_mark] = '\0';
		r->element = r->ndetails = r->details = 0;
		return (0);
	case TLS_POLICY:
		policy(r, &it->u.policy);
		break;
	case TLS_REFUSED:
		assert(it->u.refused.policy > 0);
		r->refused++;
		r->refused_policies += it->u.refused.detail == 0;
		word(r, "  refused");
		number(r, "policy", it->u.refused.policy);
		number(r, "detail", it->u.refused.detail);
		number(r, "line", it->u.refused.line);
		field(r, "why", it->u.refused.reason);
		break;
	case TLS_END:
		end(r, &it->u.header);
		break;
	case TLS_ITEM_KINDS:
		assert(false);
	}
	if (!r->quiet)
		(void)buf_byte(&r->text, '\n');
	return (++r->calls == r->fail_at ? err_set(e, ERR_TEMP, "asked to fail") : 0);
}

void
tls_record_again(struct tls_recorder *r)
{
	assert(r->open);
	r->open = false;
	if (r->text.p != NULL)
		r->text.p[r->text.len = r->mark] = '\0';
}

void
tls_recorder_clear(struct tls_recorder *r)
{
	buf_clear(&r->text);
	(void)buf_cstr(&r->text, "");
	r->open = false;
	r->done = r->calls = 0;
	r->quirks = 0;
	memset(&r->last, 0, sizeof(r->last));
}

void
tls_recorder_free(struct tls_recorder *r)
{
	buf_free(&r->text);
}
