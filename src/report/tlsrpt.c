/*
 * tlsrpt.c - see tlsrpt.h.
 *
 * Only four kinds of brackets are walked into: the report, "policies", each of
 * its elements, and "failure-details". All other values are small and become
 * trees of jansson, one after another. A tree takes up to 30 times the room of
 * its text, a whole report of 64 MB would not fit anywhere.
 */
#include <jansson.h>

#include <math.h>

#include "base/limits.h"
#include "base/when.h"
#include "dmarc/name.h"
#include "report/hints.h"
#include "report/json_split.h"
#include "report/refusal.h"
#include "report/tlsrpt.h"
#include "report/value.h"

#define HINT_MAX 4096
#define LINES_MAX 4096		/* of one policy; the largest real one has some dozens */
#define EXACT 9007199254740992.0	/* 2^53: whole numbers up to here are exact as JSON reals */

enum where { AT_DOCUMENT, AT_REPORT, AT_POLICIES, AT_POLICY, AT_DETAILS };
enum slot { SLOT_SKIP, SLOT_ORG, SLOT_DATES, SLOT_CONTACT, SLOT_ID, SLOT_POLICIES, SLOT_ELEMENT, SLOT_POLICY, SLOT_SUMMARY,
	    SLOT_DETAILS, SLOT_DETAIL };
enum { SEEN_ORG = 1, SEEN_DATES = 2, SEEN_CONTACT = 4, SEEN_ID = 8, SEEN_POLICIES = 16 };
enum { HAS_POLICY = 1, HAS_SUMMARY = 2, HAS_DETAILS = 4 };

struct tlsrpt {
	const struct limits	*limits;
	tls_take_fn		*take;
	void			*ctx;
	struct json_split	*split;
	struct arena		*piece, *hold;	/* of the value at hand; of the policy under way */

	enum where		 where, up[4];
	unsigned		 nup;
	enum slot		 slot;
	unsigned		 seen;
	uint64_t		 q;
	bool			 begun, foreign;	/* foreign: not even an object */
	struct buf		 mended, name;

	/* what the mail told */
	struct buf		 filename, subject, from_domain, domain, submitter;
	bool			 declared;

	/* of the whole */
	struct buf		 org, contact, id;
	bool			 has_org, has_contact, has_id, has_start, has_end;
	int64_t			 start, end;
	struct buf		 first_domain;
	uint64_t		 nelements, nsound, nrefused, ndetails, sessions, failed;
	struct err		 first;		/* why the first refused one was */

	/* the element under way */
	struct tls_policy	 p;
	unsigned		 has;
	uint64_t		 place;		/* of the last detail in it: refused ones have one, too */
	bool			 has_success, has_failure;
	char			 unsound[160];	/* why it does not count */
	uint64_t		 unsound_line;
	struct buf		 p_domain;
};

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

static int
oom(struct err *e)
{
	return (err_set(e, ERR_TEMP, "out of memory"));
}

static int
give(struct tlsrpt *t, const struct tls_item *it, struct err *e)
{
	return (t->take(t->ctx, it, e));
}

/* --- Values ---------------------------------------------------------------------------- */

/* Bytes that are no UTF-8 become U+FFFD, one for each. */
static bool
mend(struct tlsrpt *t, struct str *s)
{
	size_t	 n;

	buf_clear(&t->mended);
	for (size_t i = 0; i < s->len; i += n) {
		unsigned char	 c = (unsigned char)s->p[i];

		n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		if (n > s->len - i || !str_utf8_ok((struct str){ s->p + i, n })) {
			(void)buf_cstr(&t->mended, "\xef\xbf\xbd");
			n = 1;
		} else
			(void)buf_add(&t->mended, s->p + i, n);
	}
	t->q |= TLSQ_ENCODING;
	*s = buf_as_str(&t->mended);
	return (!t->mended.failed);
}

/* A value as a tree. NULL with *odd set: a number in it is beyond what numbers are; else NULL with *e. */
static json_t *
parse(struct tlsrpt *t, struct str s, struct json_place at, const char **odd, struct err *e)
{
	json_error_t	 je;
	json_t		*j;

	*odd = NULL;
	if (!str_utf8_ok(s) && !mend(t, &s)) {
		(void)oom(e);
		return (NULL);
	}
	j = json_loadb(s.p, s.len, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &je);
	if (j == NULL && json_error_code(&je) == json_error_duplicate_key) {
		t->q |= TLSQ_TWICE;
		j = json_loadb(s.p, s.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &je);
	}
	if (j != NULL)
		return (j);
	switch (json_error_code(&je)) {
	case json_error_numeric_overflow:
		*odd = "a number in it is larger than 9223372036854775807 or smaller than its opposite";
		break;
	case json_error_out_of_memory:
		(void)oom(e);
		break;
	default:
		at.line += (uint64_t)(je.line > 0 ? je.line - 1 : 0);
		at.byte += (uint64_t)(je.position > 0 ? je.position - 1 : 0);
		(void)refusal_set(e, REFUSAL_NOT_WELL_FORMED, (unsigned)at.line, "not valid JSON at line %llu, byte %llu: %s",
		    (unsigned long long)at.line, (unsigned long long)at.byte, je.text);
		break;
	}
	return (NULL);
}

static int
too_long(struct tlsrpt *t, struct err *e)
{
	return (refusal_set(e, REFUSAL_OVER_LIMIT, (unsigned)json_split_place(t->split).line, "over the limit tls_text = %llu (line %llu)",
	    (unsigned long long)t->limits->tls_text, (unsigned long long)json_split_place(t->split).line));
}

/* Control bytes become blanks, blanks at the ends go. */
static int
clean(struct tlsrpt *t, struct arena *a, struct str s, struct str *out, struct err *e)
{
	char	*p;

	s = str_trim(s);
	if (s.len > t->limits->tls_text)
		return (too_long(t, e));
	if ((p = arena_strndup(a, s.p == NULL ? "" : s.p, s.len)) == NULL)
		return (oom(e));
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f) {
			if (p[i] == '\0')
				t->q |= TLSQ_ENCODING;
			p[i] = ' ';
		}
	*out = str_trim((struct str){ p, s.len });
	return (0);
}

/* A text, whatever it is written as; absent for null and for what is no text. */
static int
text(struct tlsrpt *t, struct arena *a, const json_t *v, struct str *out, struct err *e)
{
	char	 z[32];

	*out = STR_NONE;
	if (v == NULL || json_is_null(v))
		return (0);
	if (json_is_string(v))
		return (clean(t, a, (struct str){ json_string_value(v), json_string_length(v) }, out, e));
	t->q |= TLSQ_VALUE_TYPE;
	if (json_is_integer(v)) {
		(void)snprintf(z, sizeof(z), "%lld", (long long)json_integer_value(v));
		return (clean(t, a, str_of(z), out, e));
	}
	if (json_is_array(v) && json_array_size(v) > 0 && json_is_string(json_array_get(v, 0)))
		return (text(t, a, json_array_get(v, 0), out, e));
	return (0);
}

/*
 * 0; 1 when missing; -1: this is no count. A plain number, or the digits as a
 * text; 12.0 is 12. A fraction, a sign, more than 2^63-1, or a number with an
 * exponent that no longer counts by ones is refused, never rounded.
 */
static int
count_of(struct tlsrpt *t, const json_t *v, uint64_t *out)
{
	uint64_t	 q = 0;
	double		 d;
	int		 rv;

	*out = 0;
	if (v == NULL || json_is_null(v))
		return (1);
	if (json_is_integer(v)) {
		if (json_integer_value(v) < 0)
			return (-1);
		*out = (uint64_t)json_integer_value(v);
		return (0);
	}
	if (json_is_real(v)) {
		d = json_real_value(v);
		if (!(d >= 0.0 && d <= EXACT) || fabs(d - floor(d)) > 0.0)
			return (-1);
		t->q |= TLSQ_COUNT_FORM;
		*out = (uint64_t)d;
		return (0);
	}
	if (!json_is_string(v))
		return (-1);
	t->q |= TLSQ_COUNT_FORM;
	rv = value_count(str_trim((struct str){ json_string_value(v), json_string_length(v) }), out, &q);
	return (rv);
}

/* hh, mm or ss; they are digits already or the time is none. */
static bool
two(const char *p, unsigned most, unsigned *out)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return (false);
	*out = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
	return (*out <= most);
}

/* Z, +hh:mm, +hhmm, +hh, UTC, GMT or nothing: seconds east of UTC. */
static bool
zone(struct str z, int64_t *off, bool *plain)
{
	unsigned	 h, m = 0;
	size_t		 at = 3;

	z = str_trim(z);
	*off = 0;
	*plain = str_eq(z, STR("Z"));
	if (z.len == 0 || str_ieq(z, "z") || str_ieq(z, "utc") || str_ieq(z, "gmt"))
		return (true);
	if ((z.p[0] != '+' && z.p[0] != '-') || z.len < 3 || !two(z.p + 1, 23, &h))
		return (false);
	if (z.len > at && z.p[at] == ':')
		at++;
	if (z.len != at && (z.len != at + 2 || !two(z.p + at, 59, &m)))
		return (false);
	*off = (int64_t)(h * 3600 + m * 60) * (z.p[0] == '-' ? -1 : 1);
	return (true);
}

/*
 * RFC 3339 and what is written for it (rule T12): fractions, offsets, no zone,
 * no seconds, a date alone, 24:00; seconds since the epoch.
 */
static bool
time_of(struct tlsrpt *t, struct str s, int64_t *out)
{
	unsigned	 h, m, sec = 0;
	int64_t		 day, off;
	uint64_t	 q = 0;
	size_t		 i = 16;
	bool		 plain, whole = true;

	s = str_trim(s);
	if (s.len == 0)
		return (false);
	if (s.len < 10 || !when_parse_date((struct str){ s.p, 10 }, &day)) {
		if (!value_time(s, out, &q))
			return (false);
		t->q |= TLSQ_TIME_FORM | ((q & QUIRK_TIME_MS) != 0 ? TLSQ_TIME_MS : 0);
		return (true);
	}
	*out = day * DAY_SECONDS;
	if (s.len == 10) {
		t->q |= TLSQ_TIME_FORM;
		return (true);
	}
	if (s.len < 16 || (s.p[10] != 'T' && s.p[10] != 't' && s.p[10] != ' ') || !two(s.p + 11, 24, &h) || s.p[13] != ':' ||
	    !two(s.p + 14, 59, &m))
		return (false);
	if (i + 2 < s.len && s.p[i] == ':') {
		if (!two(s.p + i + 1, 60, &sec))
			return (false);
		i += 3;
	} else
		whole = false;
	if (i < s.len && (s.p[i] == '.' || s.p[i] == ',')) {
		for (i++; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++)
			;
		whole = false;
	}
	if ((h == 24 && (m > 0 || sec > 0)) || !zone((struct str){ s.p + i, s.len - i }, &off, &plain))
		return (false);
	if (!plain || !whole || s.p[10] != 'T' || h == 24)
		t->q |= TLSQ_TIME_FORM;
	*out += (int64_t)(h * 3600 + m * 60 + sec) - off;
	return (true);
}

/* Compares a word as the standard writes it; capitals and blanks around it are noted. */
static bool
word_is(struct tlsrpt *t, struct str s, const char *word)
{
	if (!str_ieq(s, word))
		return (false);
	if (!str_eq(s, str_of(word)))
		t->q |= TLSQ_CASE_FOLDED;
	return (true);
}

static const json_t *
member(struct tlsrpt *t, const json_t *o, const char *name, const char *old)
{
	const json_t	*v = json_object_get(o, name);

	if (v != NULL || old == NULL || (v = json_object_get(o, old)) == NULL)
		return (v);
	t->q |= TLSQ_ALIAS;
	return (v);
}

static void
unknown_members(struct tlsrpt *t, const json_t *o, const char *const *known, size_t n)
{
	const char	*key;
	json_t		*v;
	size_t		 i;

	json_object_foreach((json_t *)(uintptr_t)o, key, v) {
		for (i = 0; i < n && strcmp(key, known[i]) != 0; i++)
			;
		if (i == n)
			t->q |= TLSQ_UNKNOWN_MEMBER;
	}
}

/* --- One failure detail --------------------------------------------------------------------- */

static int
refuse_detail(struct tlsrpt *t, uint64_t seq, uint64_t line, const char *why, struct err *e)
{
	struct tls_item	 it = { .kind = TLS_REFUSED, .u.refused = { t->p.seq, seq, line, str_of(why) } };

	if (t->nrefused++ == 0)
		(void)refusal_set(&t->first, REFUSAL_NO_SOUND_ROW, (unsigned)line, "policy %llu, detail %llu (line %llu): %s",
		    (unsigned long long)t->p.seq, (unsigned long long)seq, (unsigned long long)line, why);
	t->q |= TLSQ_REFUSED;
	return (give(t, &it, e));
}

static int
address(struct tlsrpt *t, const json_t *v, struct tls_address *a, struct err *e)
{
	uint64_t	 q = 0;

	if (text(t, t->piece, v, &a->text, e) == -1)
		return (-1);
	if (a->text.len == 0) {
		a->text = STR_NONE;
		return (0);
	}
	value_ip(a->text, a->ip, &a->len, &q);
	if ((q & QUIRK_BAD_ADDRESS) != 0)
		t->q |= TLSQ_BAD_ADDRESS;
	if ((q & QUIRK_ADDRESS_FORM) != 0)
		t->q |= TLSQ_ADDRESS_FORM;
	return (0);
}

/* Lower case, without the dot at the end: a host name that is compared. */
static struct str
host(struct str s)
{
	char	*p = (char *)(uintptr_t)s.p;	/* in our arena */

	for (size_t i = 0; i < s.len; i++)
		p[i] = ascii_lower(p[i]);
	if (s.len > 1 && p[s.len - 1] == '.')
		s.len--;
	return (s);
}

static void
result_of(struct tlsrpt *t, struct str s, struct tls_detail *d)
{
	for (unsigned i = 0; i < TLS_RESULT_OTHER; i++)
		if (word_is(t, s, tls_result_names[i])) {
			d->result = (enum tls_result)i;
			return;
		}
	d->result = TLS_RESULT_OTHER;
	d->word = s.len == 0 ? STR_NONE : s;
	t->q |= TLSQ_RESULT_WORD;
}

static int
detail_fill(struct tlsrpt *t, const json_t *o, struct tls_detail *d, struct err *e)
{
	static const char *const	 known[] = {
		"result-type", "sending-mta-ip", "receiving-mx-hostname", "receiving-mx-helo", "receiving-ip", "failed-session-count",
		"additional-information", "additional-info-uri", "failure-reason-code", "failure-error-code"
	};
	struct str			 result;

	unknown_members(t, o, known, nitems(known));
	if (text(t, t->piece, json_object_get(o, "result-type"), &result, e) == -1 ||
	    address(t, json_object_get(o, "sending-mta-ip"), &d->sending, e) == -1 ||
	    address(t, json_object_get(o, "receiving-ip"), &d->receiving, e) == -1 ||
	    text(t, t->piece, json_object_get(o, "receiving-mx-hostname"), &d->mx, e) == -1 ||
	    text(t, t->piece, json_object_get(o, "receiving-mx-helo"), &d->helo, e) == -1 ||
	    text(t, t->piece, member(t, o, "additional-information", "additional-info-uri"), &d->info, e) == -1 ||
	    text(t, t->piece, member(t, o, "failure-reason-code", "failure-error-code"), &d->reason, e) == -1)
		return (-1);
	result_of(t, result, d);
	d->mx = d->mx.len == 0 ? STR_NONE : host(d->mx);
	if (d->helo.len == 0)
		d->helo = STR_NONE;
	if (d->info.len == 0)
		d->info = STR_NONE;
	if (d->reason.len == 0)
		d->reason = STR_NONE;
	if (d->sending.text.p == NULL)
		t->q |= TLSQ_NO_ADDRESS;
	if (d->mx.p == NULL && d->receiving.text.p == NULL && d->sending.text.p == NULL)
		t->q |= TLSQ_NO_PLACE;
	return (0);
}

static int
one_detail(struct tlsrpt *t, struct str s, struct json_place at, struct err *e)
{
	struct tls_item		 it = { .kind = TLS_DETAIL };
	struct tls_detail	*d = &it.u.detail;
	const char		*odd;
	json_t			*o;
	int			 rv = -1, c;

	d->policy = t->p.seq;
	d->seq = ++t->place;
	if (++t->ndetails > t->limits->tls_details)
		return (refusal_set(e, REFUSAL_OVER_LIMIT, (unsigned)at.line, "over the limit tls_details = %llu (line %llu)",
		    (unsigned long long)t->limits->tls_details, (unsigned long long)at.line));
	arena_reset(t->piece);
	if ((o = parse(t, s, at, &odd, e)) == NULL)
		return (odd == NULL ? -1 : refuse_detail(t, d->seq, at.line, odd, e));
	if (!json_is_object(o)) {
		t->q |= TLSQ_DETAILS_FORM;
		rv = json_is_null(o) ? 0 : refuse_detail(t, d->seq, at.line, "it is no object", e);
	} else if ((c = count_of(t, json_object_get(o, "failed-session-count"), &d->count)) == -1)
		rv = refuse_detail(t, d->seq, at.line, "failed-session-count is no whole number from 0 to 9223372036854775807", e);
	else if (d->count > t->limits->messages - t->failed)
		rv = refusal_set(e, REFUSAL_OVER_LIMIT, (unsigned)at.line, "over the limit messages = %llu: the details add up to more",
		    (unsigned long long)t->limits->messages);
	else if (detail_fill(t, o, d, e) == 0) {
		if (c == 1)
			t->q |= TLSQ_NO_COUNT;
		t->failed += d->count;
		t->p.details += d->count;
		t->p.ndetails++;
		rv = give(t, &it, e);
	}
	json_decref(o);
	return (rv);
}

/* --- One element of policies ------------------------------------------------------------------ */

static void
unsound(struct tlsrpt *t, uint64_t line, const char *why)
{
	if (t->unsound[0] != '\0')
		return;
	(void)snprintf(t->unsound, sizeof(t->unsound), "%s", why);
	t->unsound_line = line;
}

static int
element_begin(struct tlsrpt *t, struct err *e)
{
	if (++t->nelements > t->limits->tls_policies)
		return (refusal_set(e, REFUSAL_OVER_LIMIT, (unsigned)json_split_place(t->split).line, "over the limit tls_policies = %llu",
		    (unsigned long long)t->limits->tls_policies));
	t->p = (struct tls_policy){ .seq = t->nelements };
	t->has = 0;
	t->place = 0;
	t->has_success = t->has_failure = false;
	t->unsound[0] = '\0';
	t->unsound_line = json_split_place(t->split).line;
	buf_clear(&t->p_domain);
	arena_reset(t->hold);
	return (0);
}

/* How many lines has it? A text may hold several. */
static size_t
count_lines(struct str s)
{
	size_t	 n = 1;

	for (size_t i = 0; i < s.len; i++)
		n += s.p[i] == '\n' || s.p[i] == '\r';
	return (n);
}

struct list {
	struct str	*v;
	size_t		 n, room;
};

static int
add_lines(struct tlsrpt *t, struct str s, struct list *l, struct err *e)
{
	struct str	 one;
	size_t		 n;

	while (s.len > 0 && l->n < l->room) {
		for (n = 0; n < s.len && s.p[n] != '\n' && s.p[n] != '\r'; n++)
			;
		if (clean(t, t->hold, (struct str){ s.p, n }, &one, e) == -1)
			return (-1);
		if (one.len > 0)
			l->v[l->n++] = one;
		if (n == s.len)
			break;
		t->q |= TLSQ_STRING_FORM;
		s.p += n + 1;
		s.len -= n + 1;
	}
	return (0);
}

/* '["3 1 1 ab", "3 1 1 cd"]' within one text (rule T4). */
static json_t *
list_inside(const json_t *v)
{
	struct str	 s = str_trim((struct str){ json_string_value(v), json_string_length(v) });
	json_t		*j;

	if (s.len < 2 || s.p[0] != '[' || s.p[s.len - 1] != ']')
		return (NULL);
	if ((j = json_loadb(s.p, s.len, 0, NULL)) != NULL && json_is_array(j))
		return (j);
	json_decref(j);
	return (NULL);
}

static size_t
room_for(const json_t *v)
{
	size_t	 n = 0, i;
	json_t	*one;

	if (json_is_string(v))
		return (count_lines((struct str){ json_string_value(v), json_string_length(v) }));
	json_array_foreach((json_t *)(uintptr_t)v, i, one)
		n += json_is_string(one) ? count_lines((struct str){ json_string_value(one), json_string_length(one) }) : 0;
	return (n);
}

static int
strings(struct tlsrpt *t, const json_t *v, struct list *l, struct err *e)
{
	json_t	*one;
	size_t	 i;

	if ((l->room = room_for(v)) > LINES_MAX)
		l->room = LINES_MAX;
	l->n = 0;
	if (l->room == 0)
		return (0);
	if ((l->v = arena_alloc(t->hold, l->room, sizeof(*l->v))) == NULL)
		return (oom(e));
	if (json_is_string(v))
		return (add_lines(t, (struct str){ json_string_value(v), json_string_length(v) }, l, e));
	json_array_foreach((json_t *)(uintptr_t)v, i, one) {
		if (!json_is_string(one))
			t->q |= TLSQ_VALUE_TYPE;
		else if (add_lines(t, (struct str){ json_string_value(one), json_string_length(one) }, l, e) == -1)
			return (-1);
	}
	return (0);
}

static int
policy_string(struct tlsrpt *t, const json_t *v, struct err *e)
{
	struct list	 l = { 0 };
	json_t		*inside = NULL;
	int		 rv;

	if (v == NULL || json_is_null(v))
		return (0);
	if (json_is_string(v))
		inside = list_inside(v);
	else if (json_is_array(v) && json_array_size(v) == 1 && json_is_string(json_array_get(v, 0)))
		inside = list_inside(json_array_get(v, 0));
	if (inside != NULL || !json_is_array(v))
		t->q |= TLSQ_STRING_FORM;
	rv = strings(t, inside != NULL ? inside : v, &l, e);
	json_decref(inside);
	t->p.lines = l.v;
	t->p.nlines = l.n;
	return (rv);
}

static int
mx_host(struct tlsrpt *t, const json_t *o, struct err *e)
{
	const json_t	*v = json_object_get(o, "mx-host");
	struct list	 l = { 0 };

	if (v == NULL && (v = json_object_get(o, "mx-host-pattern")) != NULL)
		t->q |= TLSQ_MX_FORM;
	if (v == NULL || json_is_null(v))
		return (0);
	if (!json_is_array(v))
		t->q |= TLSQ_MX_FORM;
	if (strings(t, v, &l, e) == -1)
		return (-1);
	for (size_t i = 0; i < l.n; i++) {
		if (str_istarts(l.v[i], "mx:")) {
			t->q |= TLSQ_MX_FORM;
			l.v[i] = str_trim((struct str){ l.v[i].p + 3, l.v[i].len - 3 });
		}
		l.v[i] = host(l.v[i]);
	}
	t->p.mx = l.v;
	t->p.nmx = l.n;
	return (0);
}

/* The normalised form goes to out; false: there is none. */
static bool
domain_into(struct tlsrpt *t, struct str s, struct buf *out, uint64_t form)
{
	char		 d[DOMAIN_MAX + 1];
	size_t		 n;
	bool		 changed;
	enum name_kind	 kind = domain_normal(s, d, &n, &changed);

	buf_clear(out);
	if (kind == NAME_EMPTY || n == 0)
		return (false);
	if (changed)
		t->q |= form;
	if (kind != NAME_DOMAIN)
		t->q |= TLSQ_BAD_DOMAIN;
	(void)buf_add(out, d, n);
	return (true);
}

static int
policy_fill(struct tlsrpt *t, const json_t *o, struct err *e)
{
	static const char *const	 known[] = { "policy-type", "policy-string", "policy-domain", "mx-host", "mx-host-pattern" };
	struct str			 s;

	unknown_members(t, o, known, nitems(known));
	if (text(t, t->hold, json_object_get(o, "policy-type"), &s, e) == -1)
		return (-1);
	t->p.type = TLS_TYPE_OTHER;
	t->p.word = STR_NONE;
	for (unsigned i = 0; i < TLS_TYPE_OTHER && t->p.type == TLS_TYPE_OTHER; i++)
		if (word_is(t, s, tls_type_names[i]))
			t->p.type = (enum tls_policy_type)i;
	if (t->p.type == TLS_TYPE_OTHER)
		t->p.word = s.len == 0 ? STR_NONE : s;
	if (text(t, t->hold, json_object_get(o, "policy-domain"), &s, e) == -1)
		return (-1);
	(void)domain_into(t, s, &t->p_domain, TLSQ_DOMAIN_FORM);
	if (t->p_domain.failed)
		return (oom(e));
	return (policy_string(t, json_object_get(o, "policy-string"), e) == -1 ? -1 : mx_host(t, o, e));
}

static int
one_policy(struct tlsrpt *t, struct str s, struct json_place at, struct err *e)
{
	const char	*odd;
	json_t		*o;
	int		 rv = 0;

	arena_reset(t->hold);	/* of one that stood here before */
	t->p.lines = t->p.mx = NULL;
	t->p.nlines = t->p.nmx = 0;
	if ((o = parse(t, s, at, &odd, e)) == NULL) {
		if (odd != NULL)
			unsound(t, at.line, odd);
		return (odd == NULL ? -1 : 0);
	}
	if (json_is_object(o))
		rv = policy_fill(t, o, e);
	else if (!json_is_null(o))
		t->q |= TLSQ_VALUE_TYPE;
	json_decref(o);
	return (rv);
}

static int
summary(struct tlsrpt *t, struct str s, struct json_place at, struct err *e)
{
	static const char *const	 known[] = { "total-successful-session-count", "total-failure-session-count" };
	const char			*odd;
	json_t				*o;
	int				 a, b;

	t->has_success = t->has_failure = false;
	t->p.success = t->p.failure = 0;
	if ((o = parse(t, s, at, &odd, e)) == NULL) {
		if (odd != NULL)
			unsound(t, at.line, odd);
		return (odd == NULL ? -1 : 0);
	}
	if (json_is_object(o)) {
		unknown_members(t, o, known, nitems(known));
		a = count_of(t, json_object_get(o, known[0]), &t->p.success);
		b = count_of(t, json_object_get(o, known[1]), &t->p.failure);
		if (a == -1 || b == -1)
			unsound(t, at.line, "a total is no whole number from 0 to 9223372036854775807");
		t->has_success = a == 0;
		t->has_failure = b == 0;
	} else if (!json_is_null(o))
		t->q |= TLSQ_VALUE_TYPE;
	json_decref(o);
	return (0);
}

static int
refuse_element(struct tlsrpt *t, struct err *e)
{
	struct tls_item	 forget = { .kind = TLS_FORGET };
	struct tls_item	 it = { .kind = TLS_REFUSED, .u.refused = { t->p.seq, 0, t->unsound_line, str_of(t->unsound) } };

	if (t->nrefused++ == 0)
		(void)refusal_set(&t->first, REFUSAL_NO_SOUND_ROW, (unsigned)t->unsound_line, "policy %llu (line %llu): %s",
		    (unsigned long long)t->p.seq, (unsigned long long)t->unsound_line, t->unsound);
	t->q |= TLSQ_REFUSED;
	t->failed -= t->p.details;
	return (give(t, &forget, e) == -1 ? -1 : give(t, &it, e));
}

/* TLS-Report-Domain, the subject, the file name, or an element before (rule T6). */
static bool
domain_elsewhere(struct tlsrpt *t, struct buf *out)
{
	struct hints	 s = { 0 }, f = { 0 };
	struct str	 from[4];

	hints_subject(buf_as_str(&t->subject), &s);
	hints_filename(buf_as_str(&t->filename), &f);
	from[0] = buf_as_str(&t->domain);
	from[1] = s.domain;
	from[2] = f.domain;
	from[3] = buf_as_str(&t->first_domain);
	for (size_t i = 0; i < nitems(from); i++)
		if (from[i].len > 0 && domain_into(t, from[i], out, 0))
			return (true);
	return (false);
}

static void
totals(struct tlsrpt *t, uint64_t details)
{
	if (!t->has_success)
		t->q |= TLSQ_NO_SUCCESS;
	if (!t->has_failure) {
		t->q |= TLSQ_NO_FAILURE;
		t->p.failure = details;
	}
	if (t->place == 0 && t->p.failure > 0)
		t->q |= TLSQ_NO_DETAILS;
	else if (details != t->p.failure)
		t->q |= TLSQ_DISAGREE;
}

static int
element_end(struct tlsrpt *t, struct err *e)
{
	struct tls_item	 it = { .kind = TLS_POLICY };

	if (t->unsound[0] != '\0')
		return (refuse_element(t, e));
	totals(t, t->p.details);
	if (t->p.success > t->limits->messages - t->sessions || t->p.failure > t->limits->messages - t->sessions - t->p.success)
		return (refusal_set(e, REFUSAL_OVER_LIMIT, (unsigned)json_split_place(t->split).line,
		    "over the limit messages = %llu: the totals add up to more", (unsigned long long)t->limits->messages));
	if ((t->has & HAS_POLICY) == 0)
		t->p.type = TLS_TYPE_OTHER;
	if (t->p.type == TLS_TYPE_OTHER)
		t->q |= TLSQ_TYPE_UNKNOWN;
	if ((t->p.type == TLS_STS || t->p.type == TLS_TLSA) && t->p.nlines == 0)
		t->q |= TLSQ_NO_STRING;
	if (t->p_domain.len == 0) {
		if (!domain_elsewhere(t, &t->p_domain)) {
			unsound(t, t->unsound_line, "policy-domain is missing, and nothing else tells it");
			return (refuse_element(t, e));
		}
		t->p.domain_derived = true;
		t->q |= TLSQ_DOMAIN_DERIVED;
	}
	if (t->first_domain.len == 0)
		(void)buf_str(&t->first_domain, buf_as_str(&t->p_domain));
	if (t->p_domain.failed || t->first_domain.failed)
		return (oom(e));
	t->p.domain = buf_as_str(&t->p_domain);
	t->sessions += t->p.success + t->p.failure;
	t->nsound++;
	it.u.policy = t->p;
	return (give(t, &it, e));
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
	return (give(t, &it, e));
}

static int
text_into(struct tlsrpt *t, const json_t *v, struct buf *out, bool *has, struct err *e)
{
	struct str	 s;

	buf_clear(out);
	arena_reset(t->piece);
	if (text(t, t->piece, v, &s, e) == -1)
		return (-1);
	*has = s.len > 0;
	return (buf_str(out, s) ? 0 : oom(e));
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
	unknown_members(t, o, known, nitems(known));
	arena_reset(t->piece);
	if (text(t, t->piece, json_object_get(o, known[0]), &s, e) == -1)
		return (-1);
	t->has_start = time_of(t, s, &t->start);
	if (text(t, t->piece, json_object_get(o, known[1]), &s, e) == -1)
		return (-1);
	t->has_end = time_of(t, s, &t->end);
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
		return (one_policy(t, s, at, e));
	case SLOT_SUMMARY:
		return (summary(t, s, at, e));
	case SLOT_DETAIL:
		return (one_detail(t, s, at, e));
	default:
		break;
	}
	if ((v = parse(t, s, at, &odd, e)) == NULL && odd == NULL)
		return (-1);
	if (t->slot == SLOT_ELEMENT) {
		t->q |= TLSQ_POLICIES_FORM;
		if (v != NULL && json_is_null(v)) {
			json_decref(v);
			return (0);
		}
		json_decref(v);
		if (element_begin(t, e) == -1)
			return (-1);
		unsound(t, at.line, "it is no object");
		return (refuse_element(t, e));
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
		if (element_begin(t, e) == -1)
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
		if (give(t, &forget, e) == -1)
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
		if (element_begin(t, e) == -1)
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
	return (was == AT_POLICY ? element_end(t, e) : 0);
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
	return (t->org.failed || t->id.failed ? oom(e) : 0);
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
		(void)domain_elsewhere(t, &about);
	}
	it.u.header = (struct tls_header){ or_none(&t->org), or_none(&t->contact), or_none(&t->id), or_none(&t->submitter), or_none(&about),
	    t->start, t->end, t->nelements, t->nrefused, t->q, state_of(t) };
	rv = about.failed ? oom(e) : give(t, &it, e);
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
