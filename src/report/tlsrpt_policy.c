/*
 * tlsrpt_policy.c - see tlsrpt_int.h: one element of "policies".
 */
#include "dmarc/name.h"
#include "report/hints.h"
#include "report/refusal.h"
#include "report/tlsrpt_int.h"
#include "report/value.h"

#define LINES_MAX 4096		/* of one policy; the largest real one has some dozens */

/* --- One failure detail --------------------------------------------------------------------- */

static int
refuse_detail(struct tlsrpt *t, uint64_t seq, uint64_t line, const char *why, struct err *e)
{
	struct tls_item	 it = { .kind = TLS_REFUSED, .u.refused = { t->p.seq, seq, line, str_of(why) } };

	if (t->nrefused++ == 0)
		(void)refusal_set(&t->first, REFUSAL_NO_SOUND_ROW, (unsigned)line, "policy %llu, detail %llu (line %llu): %s",
		    (unsigned long long)t->p.seq, (unsigned long long)seq, (unsigned long long)line, why);
	t->q |= TLSQ_REFUSED;
	return (tlsrpt_give(t, &it, e));
}

static int
address(struct tlsrpt *t, const json_t *v, struct tls_address *a, struct err *e)
{
	uint64_t	 q = 0;

	if (tlsrpt_text(t, t->piece, v, &a->text, e) == -1)
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
		if (tlsrpt_word(t, s, tls_result_names[i])) {
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

	tlsrpt_unknown(t, o, known, nitems(known));
	if (tlsrpt_text(t, t->piece, json_object_get(o, "result-type"), &result, e) == -1 ||
	    address(t, json_object_get(o, "sending-mta-ip"), &d->sending, e) == -1 ||
	    address(t, json_object_get(o, "receiving-ip"), &d->receiving, e) == -1 ||
	    tlsrpt_text(t, t->piece, json_object_get(o, "receiving-mx-hostname"), &d->mx, e) == -1 ||
	    tlsrpt_text(t, t->piece, json_object_get(o, "receiving-mx-helo"), &d->helo, e) == -1 ||
	    tlsrpt_text(t, t->piece, tlsrpt_member(t, o, "additional-information", "additional-info-uri"), &d->info, e) == -1 ||
	    tlsrpt_text(t, t->piece, tlsrpt_member(t, o, "failure-reason-code", "failure-error-code"), &d->reason, e) == -1)
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

int
tlsrpt_detail(struct tlsrpt *t, struct str s, struct json_place at, struct err *e)
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
	if ((o = tlsrpt_parse(t, s, at, &odd, e)) == NULL)
		return (odd == NULL ? -1 : refuse_detail(t, d->seq, at.line, odd, e));
	if (!json_is_object(o)) {
		t->q |= TLSQ_DETAILS_FORM;
		rv = json_is_null(o) ? 0 : refuse_detail(t, d->seq, at.line, "it is no object", e);
	} else if ((c = tlsrpt_count(t, json_object_get(o, "failed-session-count"), &d->count)) == -1)
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
		rv = tlsrpt_give(t, &it, e);
	}
	json_decref(o);
	return (rv);
}

/* --- One element of policies ------------------------------------------------------------------ */

void
tlsrpt_unsound(struct tlsrpt *t, uint64_t line, const char *why)
{
	if (t->unsound[0] != '\0')
		return;
	(void)snprintf(t->unsound, sizeof(t->unsound), "%s", why);
	t->unsound_line = line;
}

int
tlsrpt_element_begin(struct tlsrpt *t, struct err *e)
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
		if (tlsrpt_clean(t, t->hold, (struct str){ s.p, n }, &one, e) == -1)
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
		return (tlsrpt_oom(e));
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

	tlsrpt_unknown(t, o, known, nitems(known));
	if (tlsrpt_text(t, t->hold, json_object_get(o, "policy-type"), &s, e) == -1)
		return (-1);
	t->p.type = TLS_TYPE_OTHER;
	t->p.word = STR_NONE;
	for (unsigned i = 0; i < TLS_TYPE_OTHER && t->p.type == TLS_TYPE_OTHER; i++)
		if (tlsrpt_word(t, s, tls_type_names[i]))
			t->p.type = (enum tls_policy_type)i;
	if (t->p.type == TLS_TYPE_OTHER)
		t->p.word = s.len == 0 ? STR_NONE : s;
	if (tlsrpt_text(t, t->hold, json_object_get(o, "policy-domain"), &s, e) == -1)
		return (-1);
	(void)domain_into(t, s, &t->p_domain, TLSQ_DOMAIN_FORM);
	if (t->p_domain.failed)
		return (tlsrpt_oom(e));
	return (policy_string(t, json_object_get(o, "policy-string"), e) == -1 ? -1 : mx_host(t, o, e));
}

int
tlsrpt_policy(struct tlsrpt *t, struct str s, struct json_place at, struct err *e)
{
	const char	*odd;
	json_t		*o;
	int		 rv = 0;

	arena_reset(t->hold);	/* of one that stood here before */
	t->p.lines = t->p.mx = NULL;
	t->p.nlines = t->p.nmx = 0;
	if ((o = tlsrpt_parse(t, s, at, &odd, e)) == NULL) {
		if (odd != NULL)
			tlsrpt_unsound(t, at.line, odd);
		return (odd == NULL ? -1 : 0);
	}
	if (json_is_object(o))
		rv = policy_fill(t, o, e);
	else if (!json_is_null(o))
		t->q |= TLSQ_VALUE_TYPE;
	json_decref(o);
	return (rv);
}

int
tlsrpt_summary(struct tlsrpt *t, struct str s, struct json_place at, struct err *e)
{
	static const char *const	 known[] = { "total-successful-session-count", "total-failure-session-count" };
	const char			*odd;
	json_t				*o;
	int				 a, b;

	t->has_success = t->has_failure = false;
	t->p.success = t->p.failure = 0;
	if ((o = tlsrpt_parse(t, s, at, &odd, e)) == NULL) {
		if (odd != NULL)
			tlsrpt_unsound(t, at.line, odd);
		return (odd == NULL ? -1 : 0);
	}
	if (json_is_object(o)) {
		tlsrpt_unknown(t, o, known, nitems(known));
		a = tlsrpt_count(t, json_object_get(o, known[0]), &t->p.success);
		b = tlsrpt_count(t, json_object_get(o, known[1]), &t->p.failure);
		if (a == -1 || b == -1)
			tlsrpt_unsound(t, at.line, "a total is no whole number from 0 to 9223372036854775807");
		t->has_success = a == 0;
		t->has_failure = b == 0;
	} else if (!json_is_null(o))
		t->q |= TLSQ_VALUE_TYPE;
	json_decref(o);
	return (0);
}

int
tlsrpt_element_refuse(struct tlsrpt *t, struct err *e)
{
	struct tls_item	 forget = { .kind = TLS_FORGET };
	struct tls_item	 it = { .kind = TLS_REFUSED, .u.refused = { t->p.seq, 0, t->unsound_line, str_of(t->unsound) } };

	if (t->nrefused++ == 0)
		(void)refusal_set(&t->first, REFUSAL_NO_SOUND_ROW, (unsigned)t->unsound_line, "policy %llu (line %llu): %s",
		    (unsigned long long)t->p.seq, (unsigned long long)t->unsound_line, t->unsound);
	t->q |= TLSQ_REFUSED;
	t->failed -= t->p.details;
	return (tlsrpt_give(t, &forget, e) == -1 ? -1 : tlsrpt_give(t, &it, e));
}

/* TLS-Report-Domain, the subject, the file name, or an element before (rule T6). */
bool
tlsrpt_domain_elsewhere(struct tlsrpt *t, struct buf *out)
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

int
tlsrpt_element_end(struct tlsrpt *t, struct err *e)
{
	struct tls_item	 it = { .kind = TLS_POLICY };

	if (t->unsound[0] != '\0')
		return (tlsrpt_element_refuse(t, e));
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
		if (!tlsrpt_domain_elsewhere(t, &t->p_domain)) {
			tlsrpt_unsound(t, t->unsound_line, "policy-domain is missing, and nothing else tells it");
			return (tlsrpt_element_refuse(t, e));
		}
		t->p.domain_derived = true;
		t->q |= TLSQ_DOMAIN_DERIVED;
	}
	if (t->first_domain.len == 0)
		(void)buf_str(&t->first_domain, buf_as_str(&t->p_domain));
	if (t->p_domain.failed || t->first_domain.failed)
		return (tlsrpt_oom(e));
	t->p.domain = buf_as_str(&t->p_domain);
	t->sessions += t->p.success + t->p.failure;
	t->nsound++;
	it.u.policy = t->p;
	return (tlsrpt_give(t, &it, e));
}
