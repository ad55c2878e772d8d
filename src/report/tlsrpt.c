/*
 * tlsrpt.c - see tlsrpt.h.
 *
 * Only four kinds of brackets are walked into: the report, "policies", each of
 * its elements, and "failure-details". All other values are small and become
 * trees of jansson, one after another. A tree takes up to 30 times the room of
 * its text, a whole report of 64 MB would not fit anywhere.
 */
#include "base/when.h"
#include "dmarc/name.h"
#include "report/hints.h"
#include "report/refusal.h"
#include "report/tlsrpt_int.h"

#define HINT_MAX 4096

static int	 on_value(void *, struct str, char, bool *, struct err *);
static int	 on_whole(void *, struct str, struct json_place, struct err *);
static int	 on_close(void *, struct err *);
static const struct json_split_calls	 split_calls = { on_value, on_whole, on_close };

struct tlsrpt *
tlsrpt_new(const struct limits *l, tls_take_fn *take, void *ctx)
{
	struct tlsrpt	*t = calloc(1, sizeof(*t));

	if (t == NULL)
		return (NULL);
	json_object_seed(0);	/* reads /dev/urandom once: while that can be opened */
	t->limits = l;
	t->take = take;
	t->ctx = ctx;
	/* the texts of a value take no more room than the value; lists of them a little */
	if ((t->split = json_split_new(&split_calls, t)) == NULL || (t->piece = arena_new((size_t)l->tls_value * 4 + 65536)) == NULL ||
	    (t->hold = arena_new((size_t)l->tls_value * 4 + 65536)) == NULL) {
		tlsrpt_free(t);
		return (NULL);
	}
	return (t);
}

static void
bufs_free(struct tlsrpt *t)
{
	struct buf	*all[] = { &t->mended, &t->name, &t->filename, &t->subject, &t->from_domain, &t->domain, &t->submitter,
			    &t->org, &t->contact, &t->id, &t->first_domain, &t->p_domain };

	for (size_t i = 0; i < nitems(all); i++)
		buf_free(all[i]);
}

void
tlsrpt_free(struct tlsrpt *t)
{
	if (t == NULL)
		return;
	json_split_free(t->split);
	arena_free(t->piece);
	arena_free(t->hold);
	bufs_free(t);
	free(t);
}

static bool
control(char c)
{
	return ((unsigned char)c <= ' ' || c == 0x7f);
}

/* What is no UTF-8 is no hint. */
static void
hint(struct buf *b, struct str s)
{
	while (s.len > 0 && control(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && control(s.p[s.len - 1]))
		s.len--;
	if (s.len > HINT_MAX || !str_utf8_ok(s))
		return;
	for (size_t i = 0; i < s.len; i++)
		(void)buf_byte(b, control(s.p[i]) ? ' ' : (unsigned char)s.p[i]);
}

int
tlsrpt_start(struct tlsrpt *t, const struct tls_hints *h, struct err *e)
{
	struct tlsrpt	 fresh = { .limits = t->limits, .take = t->take, .ctx = t->ctx, .split = t->split, .piece = t->piece, .hold = t->hold };

	bufs_free(t);
	*t = fresh;
	arena_reset(t->piece);
	arena_reset(t->hold);
	json_split_start(t->split, (size_t)t->limits->tls_value, (unsigned)t->limits->tls_depth);
	if (h == NULL)
		return (0);
	hint(&t->filename, h->filename);
	hint(&t->subject, h->subject);
	hint(&t->from_domain, h->from_domain);
	hint(&t->domain, h->domain);
	hint(&t->submitter, h->submitter);
	t->declared = h->declared;
	return (t->filename.failed || t->subject.failed || t->from_domain.failed || t->domain.failed || t->submitter.failed ?
	    err_set(e, ERR_TEMP, "out of memory") : 0);
}

void
tlsrpt_lines_from(struct tlsrpt *t, uint64_t line)
{
	json_split_from(t->split, line);
}

void
tlsrpt_note(struct tlsrpt *t, uint64_t quirks)
{
	t->q |= quirks;
}

bool
tlsrpt_had_begun(const struct tlsrpt *t)
{
	return (t->begun);
}

bool
tlsrpt_is_report(const struct tlsrpt *t)
{
	return (t->declared || (t->seen & (SEEN_ORG | SEEN_DATES | SEEN_ID | SEEN_POLICIES)) != 0);
}

int
tlsrpt_oom(struct err *e)
{
	return (err_set(e, ERR_TEMP, "out of memory"));
}

int
tlsrpt_give(struct tlsrpt *t, const struct tls_item *it, struct err *e)
{
	return (t->take(t->ctx, it, e));
}

/* --- The report --------------------------------------------------------------------------------- */

static int
begin(struct tlsrpt *t, struct err *e)
{
	const struct tls_item	 it = { .kind = TLS_BEGIN };

	/* a second list of policies: what the first one said is taken back */
	t->begun = true;
	t->nelements = t->nsound = t->nrefused = t->ndetails = t->sessions = t->failed = 0;
	buf_clear(&t->first_domain);
	return (tlsrpt_give(t, &it, e));
}

static int
text_into(struct tlsrpt *t, const json_t *v, struct buf *out, bool *has, struct err *e)
{
	struct str	 s;

	buf_clear(out);
	arena_reset(t->piece);
	if (tlsrpt_text(t, t->piece, v, &s, e) == -1)
		return (-1);
	*has = s.len > 0;
	return (buf_str(out, s) ? 0 : tlsrpt_oom(e));
}

static int
dates(struct tlsrpt *t, const json_t *o, struct err *e)
{
	static const char *const	 known[] = { "start-datetime", "end-datetime" };
	struct str			 s;

	t->has_start = t->has_end = false;
	if (!json_is_object(o)) {
		t->q |= TLSQ_VALUE_TYPE;
		return (0);
	}
	tlsrpt_unknown(t, o, known, nitems(known));
	arena_reset(t->piece);
	if (tlsrpt_text(t, t->piece, json_object_get(o, known[0]), &s, e) == -1)
		return (-1);
	t->has_start = tlsrpt_time(t, s, &t->start);
	if (tlsrpt_text(t, t->piece, json_object_get(o, known[1]), &s, e) == -1)
		return (-1);
	t->has_end = tlsrpt_time(t, s, &t->end);
	return (0);
}

static int
of_report(struct tlsrpt *t, enum slot slot, const json_t *v, struct err *e)
{
	switch (slot) {
	case SLOT_ORG:
		return (text_into(t, v, &t->org, &t->has_org, e));
	case SLOT_CONTACT:
		return (text_into(t, v, &t->contact, &t->has_contact, e));
	case SLOT_ID:
		return (text_into(t, v, &t->id, &t->has_id, e));
	case SLOT_DATES:
		return (dates(t, v, e));
	case SLOT_POLICIES:
		t->q |= TLSQ_POLICIES_FORM;
		return (0);
	case SLOT_DETAILS:
		if (!json_is_null(v))
			t->q |= TLSQ_DETAILS_FORM;
		return (0);
	default:
		return (0);
	}
}

static int
on_whole(void *ctx, struct str s, struct json_place at, struct err *e)
{
	struct tlsrpt	*t = ctx;
	const char	*odd;
	json_t		*v;
	int		 rv;

	switch (t->slot) {
	case SLOT_POLICY:
		return (tlsrpt_policy(t, s, at, e));
	case SLOT_SUMMARY:
		return (tlsrpt_summary(t, s, at, e));
	case SLOT_DETAIL:
		return (tlsrpt_detail(t, s, at, e));
	default:
		break;
	}
	if ((v = tlsrpt_parse(t, s, at, &odd, e)) == NULL && odd == NULL)
		return (-1);
	if (t->slot == SLOT_ELEMENT) {
		t->q |= TLSQ_POLICIES_FORM;
		if (v != NULL && json_is_null(v)) {
			json_decref(v);
			return (0);
		}
		json_decref(v);
		if (tlsrpt_element_begin(t, e) == -1)
			return (-1);
		tlsrpt_unsound(t, at.line, "it is no object");
		return (tlsrpt_element_refuse(t, e));
	}
	rv = v == NULL ? 0 : of_report(t, t->slot, v, e);
	json_decref(v);
	return (rv);
}

/* The name of a member without its escapes. */
static struct str
plain_name(struct tlsrpt *t, struct str s)
{
	json_t	*j;

	if (memchr(s.p, '\\', s.len) == NULL)
		return (s);
	buf_clear(&t->name);
	(void)buf_byte(&t->name, '"');
	(void)buf_str(&t->name, s);
	(void)buf_byte(&t->name, '"');
	if ((j = json_loadb(t->name.p, t->name.failed ? 0 : t->name.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)) == NULL)
		return (STR(""));
	buf_clear(&t->name);
	(void)buf_add(&t->name, json_string_value(j), json_string_length(j));
	json_decref(j);
	return (buf_as_str(&t->name));
}

static enum slot
slot_of(struct tlsrpt *t, struct str name)
{
	struct known { const char *name; enum slot slot; unsigned bit; };
	static const struct known	 report[] = {
		{ "organization-name", SLOT_ORG, SEEN_ORG }, { "date-range", SLOT_DATES, SEEN_DATES },
		{ "contact-info", SLOT_CONTACT, SEEN_CONTACT }, { "report-id", SLOT_ID, SEEN_ID },
		{ "policies", SLOT_POLICIES, SEEN_POLICIES },
	}, element[] = {
		{ "policy", SLOT_POLICY, HAS_POLICY }, { "summary", SLOT_SUMMARY, HAS_SUMMARY },
		{ "failure-details", SLOT_DETAILS, HAS_DETAILS },
	};
	const struct known	*v = t->where == AT_REPORT ? report : element;
	size_t		 n = t->where == AT_REPORT ? nitems(report) : nitems(element);
	unsigned	*bits = t->where == AT_REPORT ? &t->seen : &t->has;

	for (size_t i = 0; i < n; i++) {
		if (!str_eq(name, str_of(v[i].name)))
			continue;
		if ((*bits & v[i].bit) != 0)
			t->q |= TLSQ_TWICE;
		*bits |= v[i].bit;
		return (v[i].slot);
	}
	t->q |= TLSQ_UNKNOWN_MEMBER;
	return (SLOT_SKIP);
}

static void
go_into(struct tlsrpt *t, enum where where, bool *open)
{
	t->up[t->nup++] = t->where;	/* four kinds, each inside the one before */
	t->where = where;
	*open = true;
}

static int
policies_begin(struct tlsrpt *t, char first, bool *open, struct err *e)
{
	if (begin(t, e) == -1)
		return (-1);
	if (first == '[')
		go_into(t, AT_POLICIES, open);
	else if (first == '{') {	/* one element, not in a list */
		t->q |= TLSQ_POLICIES_FORM;
		if (tlsrpt_element_begin(t, e) == -1)
			return (-1);
		go_into(t, AT_POLICY, open);
	}
	return (0);
}

static int
details_begin(struct tlsrpt *t, bool again, char first, bool *open, struct err *e)
{
	const struct tls_item	 forget = { .kind = TLS_FORGET };

	if (again) {	/* the last one counts */
		t->failed -= t->p.details;
		t->p.details = t->p.ndetails = t->place = 0;
		if (tlsrpt_give(t, &forget, e) == -1)
			return (-1);
	}
	if (first == '[')
		go_into(t, AT_DETAILS, open);
	else if (first == '{') {
		t->q |= TLSQ_DETAILS_FORM;
		t->slot = SLOT_DETAIL;
	}
	return (0);
}

static int
on_value(void *ctx, struct str name, char first, bool *open, struct err *e)
{
	struct tlsrpt	*t = ctx;
	bool		 had;

	t->slot = SLOT_SKIP;
	switch (t->where) {
	case AT_DOCUMENT:
		if (first == '{')
			go_into(t, AT_REPORT, open);
		else
			t->foreign = true;
		return (0);
	case AT_REPORT:
		if ((t->slot = slot_of(t, plain_name(t, name))) == SLOT_POLICIES)
			return (policies_begin(t, first, open, e));
		return (0);
	case AT_POLICIES:
		t->slot = SLOT_ELEMENT;
		if (first != '{')
			return (0);
		if (tlsrpt_element_begin(t, e) == -1)
			return (-1);
		go_into(t, AT_POLICY, open);
		return (0);
	case AT_POLICY:
		had = (t->has & HAS_DETAILS) != 0;
		if ((t->slot = slot_of(t, plain_name(t, name))) == SLOT_DETAILS)
			return (details_begin(t, had, first, open, e));
		return (0);
	case AT_DETAILS:
		t->slot = SLOT_DETAIL;
		return (0);
	}
	return (0);
}

static int
on_close(void *ctx, struct err *e)
{
	struct tlsrpt	*t = ctx;
	enum where	 was = t->where;

	t->where = t->up[--t->nup];
	return (was == AT_POLICY ? tlsrpt_element_end(t, e) : 0);
}

/* --- The end: what belongs to the whole ----------------------------------------------------------- */

static void
first_of(struct buf *out, struct str a, struct str b, struct str c, struct str d)
{
	struct str	 s = a.len > 0 ? a : b.len > 0 ? b : c.len > 0 ? c : d;

	buf_clear(out);
	(void)buf_str(out, str_trim(s));
}

static int
period(struct tlsrpt *t, const struct hints *f, struct err *e)
{
	int64_t	 x;

	if (!t->has_start || !t->has_end) {
		t->q |= TLSQ_TIME_MISSING;
		if (f->begin > 0 && f->end > 0) {
			t->start = f->begin;
			t->end = f->end;
		} else if (t->has_start)
			t->end = when_day(t->start) * DAY_SECONDS + DAY_SECONDS - 1;
		else if (t->has_end)
			t->start = when_day(t->end > 0 ? t->end - 1 : 0) * DAY_SECONDS;
		else
			return (refusal_set(e, REFUSAL_NO_DATES, 0, "the TLS report has no date-range that can be read"));
	}
	if (t->start > t->end) {
		x = t->start;
		t->start = t->end;
		t->end = x;
		t->q |= TLSQ_TIME_SWAPPED;
	}
	if (t->start < 0 || t->end > 100000000000)
		return (refusal_set(e, REFUSAL_NO_DATES, 0, "the date-range of the TLS report is outside of all calendars"));
	if (t->end > t->start && t->end % DAY_SECONDS == 0)
		t->q |= TLSQ_TIME_MIDNIGHT;
	if (t->end - t->start > 36 * 3600)
		t->q |= TLSQ_TIME_LONG;
	/* as for aggregate reports: 2012-01-01; a day ahead, clocks differ */
	if (t->start < 1325376000 || t->end > when_now() + 2 * DAY_SECONDS)
		t->q |= TLSQ_TIME_IMPLAUSIBLE;
	return (0);
}

/* Who says it, and under which id. */
static int
identity(struct tlsrpt *t, const struct hints *s, const struct hints *f, struct err *e)
{
	if (!t->has_org) {
		t->q |= TLSQ_ORG_DERIVED;
		first_of(&t->org, buf_as_str(&t->submitter), s->submitter, f->submitter, buf_as_str(&t->from_domain));
	}
	if (!t->has_id) {
		t->q |= TLSQ_ID_DERIVED;
		first_of(&t->id, s->report_id, f->report_id, STR_NONE, STR_NONE);
	}
	if (!t->has_contact)
		t->q |= TLSQ_NO_CONTACT;
	return (t->org.failed || t->id.failed ? tlsrpt_oom(e) : 0);
}

static enum report_state
state_of(const struct tlsrpt *t)
{
	if (t->nrefused > 0)
		return (STATE_PARTIAL);
	if (t->nelements == 0)
		return (STATE_EMPTY);
	if ((t->q & TLSQ_REPAIRED) != 0)
		return (STATE_REPAIRED);
	return (t->q != 0 ? STATE_NOTES : STATE_OK);
}

static struct str
or_none(const struct buf *b)
{
	return (b->len == 0 ? STR_NONE : buf_as_str(b));
}

static int
hand_over(struct tlsrpt *t, struct err *e)
{
	struct tls_item	 it = { .kind = TLS_END };
	struct buf	 about = { 0 };
	int		 rv;

	if (t->nelements == 0) {
		t->q |= TLSQ_NO_POLICIES;
		(void)tlsrpt_domain_elsewhere(t, &about);
	}
	it.u.header = (struct tls_header){ or_none(&t->org), or_none(&t->contact), or_none(&t->id), or_none(&t->submitter), or_none(&about),
	    t->start, t->end, t->nelements, t->nrefused, t->q, state_of(t) };
	rv = about.failed ? tlsrpt_oom(e) : tlsrpt_give(t, &it, e);
	buf_free(&about);
	return (rv);
}

/* 0: go on; 1: this is no TLS report; -1: it is one that lacks too much. */
static int
is_one(const struct tlsrpt *t, struct err *e)
{
	unsigned	 n = 0;

	for (unsigned b = t->seen; b != 0; b >>= 1)
		n += b & 1;
	if ((t->seen & SEEN_POLICIES) != 0 && (t->seen & SEEN_DATES) != 0)
		return (0);
	if (!t->declared && n < 2)
		return (1);
	if ((t->seen & SEEN_POLICIES) == 0)
		return (refusal_set(e, REFUSAL_NO_POLICY, 0, "the TLS report has no list of policies"));
	return (0);	/* the dates may stand in its file name */
}

int
tlsrpt_feed(struct tlsrpt *t, const void *p, size_t n, struct err *e)
{
	if (json_split_place(t->split).byte - 1 + n > t->limits->tls_bytes)
		return (refusal_set(e, REFUSAL_OVER_LIMIT, 0, "over the limit tls_bytes = %llu", (unsigned long long)t->limits->tls_bytes));
	return (json_split_feed(t->split, p, n, e));
}

int
tlsrpt_finish(struct tlsrpt *t, struct err *e)
{
	struct hints	 s = { 0 }, f = { 0 };
	int		 rv;

	if (json_split_finish(t->split, e) == -1)
		return (-1);
	if (json_split_bom(t->split))
		t->q |= TLSQ_BOM;
	if (json_split_tail(t->split))
		t->q |= TLSQ_TRAILING;
	if ((rv = is_one(t, e)) != 0)
		return (rv);
	if (t->nsound == 0 && t->nrefused > 0) {
		*e = t->first;
		return (-1);
	}
	hints_subject(buf_as_str(&t->subject), &s);
	hints_filename(buf_as_str(&t->filename), &f);
	if (period(t, &f, e) == -1 || identity(t, &s, &f, e) == -1)
		return (-1);
	if (hand_over(t, e) == -1)
		return (-1);
	t->begun = false;
	return (0);
}
