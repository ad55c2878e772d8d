/*
 * aggregate.c - see aggregate.h.
 *
 * A document of usual size is collected and parsed at once, which libxml2 does
 * twice as fast as in pieces, and can be read again in another mode at no cost.
 * A large one is parsed as it comes; to read it again the caller is asked to
 * feed it anew (AGGREGATE_AGAIN). Either way the elements arrive here, one
 * after another, and each row goes to the sink when its record ends.
 */
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>

#include "base/charset.h"
#include "base/when.h"
#include "dmarc/name.h"
#include "report/aggregate.h"
#include "report/elements.h"
#include "report/hints.h"
#include "report/refusal.h"
#include "report/repair.h"
#include "report/value.h"

#define WHOLE_MAX ((size_t)512 * 1024)	/* collected up to here, fed in pieces beyond */
#define UNKNOWN_MAX 16			/* paths of unknown elements that are named */
#define BEHIND_MAX ((size_t)8192)	/* between two reports of a document: a declaration or a name further apart is none */
#define RERUNS_MAX 32			/* readings of a large document, for all reports in it */
#define TAG_MAX (64 * 1024)		/* of a start tag, when the document comes in pieces */
#define NS_DMARC2 "urn:ietf:params:xml:ns:dmarc-2.0"

enum pass { PASS_ALL, PASS_HEADER, PASS_ROWS };

struct aggregate {
	struct limits			 limits;
	struct hints			 hints;
	struct str			 from_domain;
	const struct report_sink	*sink;
	void				*ctx;
	struct arena			*harena, *rarena;	/* of the header, of the row */

	/* the reading */
	enum aggregate_mode		 mode;
	enum pass			 pass;
	xmlParserCtxt			*x;
	struct buf			 whole;		/* while it is small enough */
	bool				 in_pieces;
	struct err			*e;		/* of the call under way */
	int				 rv;		/* why the parser was stopped: -1, AGAIN, 0 */
	bool				 stopped, done;	/* done: the end of feedback was seen */
	bool				 dtd;
	int				 xml_error;	/* libxml2's first fatal one */
	int				 xml_line;
	uint64_t			 xml_byte;	/* as in struct err */
	bool				 xml_at_end;	/* nothing stands behind the place where it was met */
	char				 xml_text[160];
	char				 why[160];	/* of the first reading that failed: what it is like as it was sent */
	int				 why_line;
	uint64_t			 why_byte;
	bool				 why_cut;	/* the document may just end there */
	uint64_t			 noted;		/* quirks of the way here */

	/* what stands behind the end of feedback */
	struct str			 parsed;	/* what the parser was given, when it is whole */
	uint64_t			 fed;		/* bytes that it was given, when it comes in pieces */
	uint64_t			 skipped;	/* in front of what it was given */
	uint64_t			 end_at;	/* of those, where feedback ended; 0: not known */
	bool				 another, junk;	/* a second feedback, or something else */
	unsigned			 nearly;	/* see look_behind */
	struct buf			 behind;	/* the last of what stands there, when it comes in pieces */
	struct str			 raw;		/* the piece under way, as it came */
	uint64_t			 tags, before;	/* '<' met since the document began; those before this report */
	uint64_t			 to_skip;	/* in this reading: with this '<' the report begins; 0: it has */
	unsigned			 reruns;
	uint64_t			 line_from;	/* of the document that this one is a part of; 0: it is none */

	/* bytes to UTF-8 (modes above PLAIN) */
	bool				 latin;
	struct repair			 repair;
	struct buf			 repaired;
	struct buf			 recoded;
	unsigned char			 part[4];
	unsigned			 npart;
	struct buf			 head;

	/* where we are */
	unsigned char			 stack[256];
	unsigned			 depth, skip;	/* skip: levels inside an unknown element */
	unsigned			 outside;	/* elements around feedback */
	struct buf			 text;
	bool				 wants_text;
	const xmlChar			*root_uri;

	/* the header */
	struct report_header		 h;
	bool				 have_meta, have_policy, have_begin, have_end, begun, seen_feedback;
	bool				 salvage;
	bool				 d2_element, has_version, ns_dmarc2, ns_01, ns_02;
	struct buf			 errors;

	/* the row */
	struct report_record		 r;
	bool				 has_row, has_evaluated, has_identifiers, has_count, has_reason_child;
	struct str			 count_text;
	unsigned			 record_line;
	struct report_auth		*auth;		/* the one that is being filled */

	/* the report */
	struct report_trailer		 t;
	struct buf			 unknown;
	unsigned			 nunknown;
	uint64_t			 q, accepted, messages;
	bool				 all_blank;	/* no row has said anything */
};

/* --- Elements ------------------------------------------------------------- */

static void
stop(struct aggregate *a, int rv)
{
	a->rv = rv;
	a->stopped = true;
	if (a->x != NULL)
		xmlStopParser(a->x);
}

/* Where the parser is, from 1; 0: not known. */
static uint64_t
byte_now(struct aggregate *a)
{
	long	 at;

	/* what was recoded or repaired has other places, and so has what follows another report */
	if (a->x == NULL || a->mode != AGG_PLAIN || a->before > 0 || (at = xmlByteConsumed(a->x)) < 0)
		return (0);
	return (a->skipped + (uint64_t)at + 1);
}

static int
fail(struct aggregate *a, enum refusal why, const char *what)
{
	int	 line = a->x == NULL ? 0 : xmlSAX2GetLineNumber(a->x);

	refusal_set(a->e, why, line < 0 ? 0 : (unsigned)line, "line %d: %s", line, what);
	a->e->byte = byte_now(a);
	stop(a, -1);
	return (-1);
}

static int
limit(struct aggregate *a, const char *name, uint64_t value)
{
	char	 text[128];

	(void)snprintf(text, sizeof(text), "over the limit %s = %llu", name, (unsigned long long)value);
	return (fail(a, REFUSAL_OVER_LIMIT, text));
}

/* --- Values --------------------------------------------------------------- */

static struct str
keep(struct aggregate *a, struct arena *m, struct str s)
{
	struct str	 k = arena_str(m, s);

	if (s.p != NULL && k.p == NULL)
		(void)limit(a, "text_bytes", a->limits.text_bytes);
	return (k);
}

/* The first one counts; a second is noted. */
static void
set_once(struct aggregate *a, struct arena *m, struct str *to, struct str v)
{
	if (to->p != NULL) {
		a->q |= QUIRK_REPEATED;
		return;
	}
	*to = keep(a, m, v);
}

static struct str
domain_value(struct aggregate *a, struct arena *m, struct str v, enum name_kind *kind)
{
	char	 out[DOMAIN_MAX + 1];
	size_t	 n;
	bool	 changed;

	*kind = domain_normal(v, out, &n, &changed);
	if (changed)
		a->q |= QUIRK_DOMAIN_FORM;
	if (*kind == NAME_INVALID || *kind == NAME_LITERAL)
		a->q |= QUIRK_BAD_DOMAIN;
	if (*kind == NAME_INVALID && n == 0)	/* too long for a name: keep what was written */
		return (keep(a, m, v));
	return (keep(a, m, (struct str){ out, n }));
}

/* <domain>NULL</domain>, none, (null): words for "not known" (rule I7). */
static bool
says_unknown(struct str v)
{
	return (v.len == 0 || str_ieq(v, "null") || str_ieq(v, "(null)") || str_ieq(v, "none") || str_ieq(v, "unknown") ||
	    str_ieq(v, "n/a") || str_eq(v, STR("-")));
}

static struct str
auth_domain(struct aggregate *a, struct str v)
{
	enum name_kind	 kind;
	struct str	 d;

	if (says_unknown(v))
		return (STR_NONE);
	d = domain_value(a, a->rarena, v, &kind);
	return (kind == NAME_EMPTY ? STR_NONE : d);
}

static struct str
scope_value(struct aggregate *a, struct str v)
{
	char	*p;

	if (v.len == 0)
		return (STR_NONE);
	if (str_ieq(v, "mfrom") || str_ieq(v, "mailfrom") || str_ieq(v, "mail from") || str_ieq(v, "mail_from")) {
		if (!str_eq(v, STR("mfrom")))
			a->q |= QUIRK_CASE_FOLDED;
		return (STR("mfrom"));
	}
	if ((p = arena_strndup(a->rarena, v.p, v.len)) == NULL)
		return (STR_NONE);
	for (size_t i = 0; i < v.len; i++)
		p[i] = ascii_lower(p[i]);
	return ((struct str){ p, v.len });
}

static void
policy_word(struct aggregate *a, struct str *to, struct str v)
{
	static const char *const	 known[] = { "none", "quarantine", "reject" };
	char				*p;

	if (to->p != NULL) {
		a->q |= QUIRK_REPEATED;
		return;
	}
	if ((p = arena_strndup(a->harena, v.p, v.len)) == NULL)
		return;
	for (size_t i = 0; i < v.len; i++) {
		p[i] = ascii_lower(p[i]);
		if (p[i] != v.p[i])
			a->q |= QUIRK_CASE_FOLDED;
	}
	*to = (struct str){ p, v.len };
	for (size_t i = 0; i < nitems(known); i++)
		if (str_ieq(*to, known[i]))
			return;
	if (v.len > 0)
		a->q |= QUIRK_P_UNKNOWN;
}

static void
pct_check(struct aggregate *a, struct str v)
{
	int64_t	 n;

	if (v.len > 0 && v.p[v.len - 1] == '%')
		v.len--;
	else if (v.len > 2 && memcmp(v.p + v.len - 2, ".0", 2) == 0)
		v.len -= 2;
	if (v.len > 0 && (!str_i64(v, &n) || n > 100))
		a->q |= QUIRK_PCT_FORM;
}

static void
time_value(struct aggregate *a, int64_t *to, bool *have, struct str v)
{
	int64_t	 t;

	if (*have) {
		a->q |= QUIRK_REPEATED;
		return;
	}
	if (value_time(v, &t, &a->q)) {
		*to = t;
		*have = true;
	}
}

static void
report_id_value(struct aggregate *a, struct str v)
{
	if (v.len >= 2 && v.p[0] == '<' && v.p[v.len - 1] == '>')
		v = str_trim((struct str){ v.p + 1, v.len - 2 });
	if (v.len > 0)
		set_once(a, a->harena, &a->h.report_id, v);
}

static void
leaf_policy(struct aggregate *a, unsigned id, struct str v)
{
	struct report_policy	*p = &a->h.policy;
	enum name_kind		 kind;

	switch (id) {
	case E_P_DOMAIN:
		if (p->domain.p != NULL)
			a->q |= QUIRK_REPEATED;
		else if (v.len > 0) {
			p->domain = domain_value(a, a->harena, v, &kind);
			if (kind == NAME_EMPTY)
				p->domain = STR_NONE;
		}
		break;
	case E_P_ADKIM:
		policy_word(a, &p->adkim, v);
		a->q &= ~QUIRK_P_UNKNOWN;
		break;
	case E_P_ASPF:
		policy_word(a, &p->aspf, v);
		a->q &= ~QUIRK_P_UNKNOWN;
		break;
	case E_P_P:
		policy_word(a, &p->p, v);
		break;
	case E_P_SP:
		policy_word(a, &p->sp, v);
		break;
	case E_P_NP:
		policy_word(a, &p->np, v);
		a->d2_element = true;
		break;
	case E_P_PCT:
		set_once(a, a->harena, &p->pct, v);
		pct_check(a, v);
		break;
	case E_P_FO:
		set_once(a, a->harena, &p->fo, v);
		break;
	case E_P_TESTING:
		set_once(a, a->harena, &p->testing, v);
		a->d2_element = true;
		break;
	case E_P_DISCOVERY:
		set_once(a, a->harena, &p->discovery_method, v);
		a->d2_element = true;
		break;
	default:
		break;
	}
}

static void
leaf_header(struct aggregate *a, unsigned id, struct str v)
{
	switch (id) {
	case E_VERSION:
	case E_META_VERSION:
		if (id == E_VERSION)
			a->has_version = true;
		if (a->h.version.p == NULL)
			a->h.version = keep(a, a->harena, v);
		break;
	case E_ORG_NAME:
		if (v.len > 0)
			set_once(a, a->harena, &a->h.org_name, v);
		break;
	case E_EMAIL:
		if (v.len > 0)
			set_once(a, a->harena, &a->h.email, v);
		break;
	case E_EXTRA:
		if (v.len > 0)
			set_once(a, a->harena, &a->h.extra_contact_info, v);
		break;
	case E_REPORT_ID:
		report_id_value(a, v);
		break;
	case E_BEGIN:
		time_value(a, &a->h.begin, &a->have_begin, v);
		break;
	case E_END:
		time_value(a, &a->h.end, &a->have_end, v);
		break;
	case E_ERROR:
		if (v.len > 0 && a->errors.len + v.len < a->limits.text_bytes) {
			if (a->errors.len > 0)
				(void)buf_byte(&a->errors, '\n');
			(void)buf_str(&a->errors, v);
		}
		break;
	case E_GENERATOR:
		a->d2_element = true;
		if (v.len > 0)
			set_once(a, a->harena, &a->h.generator, v);
		break;
	default:
		leaf_policy(a, id, v);
		break;
	}
}

static void
leaf_auth(struct aggregate *a, unsigned id, struct str v)
{
	struct report_auth	*t = a->auth;
	bool			 exact;

	if (t == NULL || v.len == 0)
		return;
	switch (id) {
	case E_DKIM_DOMAIN:
	case E_SPF_DOMAIN:
		if (t->domain.p == NULL)
			t->domain = auth_domain(a, v);
		break;
	case E_DKIM_SELECTOR:
		set_once(a, a->rarena, &t->what, v);
		break;
	case E_SPF_SCOPE:
		if (t->what.p == NULL)
			t->what = scope_value(a, v);
		break;
	case E_DKIM_RESULT:
	case E_SPF_RESULT:
		if (t->result != RES_ABSENT) {
			a->q |= QUIRK_REPEATED;
			break;
		}
		t->result = id == E_DKIM_RESULT ? value_dkim_result(v, &exact, &a->q) : value_spf_result(v, &exact, &a->q);
		if (!exact)
			t->word = keep(a, a->rarena, v);
		break;
	case E_DKIM_HUMAN:
	case E_SPF_HUMAN:
		set_once(a, a->rarena, &t->human_result, v);
		break;
	default:
		break;
	}
}

static void
leaf_row(struct aggregate *a, unsigned id, struct str v)
{
	struct report_record	*r = &a->r;
	enum name_kind		 kind;
	bool			 known;

	switch (id) {
	case E_SOURCE_IP:
		if (v.len > 0)
			set_once(a, a->rarena, &r->source_ip, v);
		break;
	case E_COUNT:
		if (!a->has_count) {
			a->has_count = true;
			a->count_text = keep(a, a->rarena, v);
		} else
			a->q |= QUIRK_REPEATED;
		break;
	case E_DISPOSITION:
		r->disposition = value_disposition(v, &known, &a->q);
		if (r->disposition == DISP_PASS)
			a->d2_element = true;
		r->disposition_word = known || v.len == 0 ? STR_NONE : keep(a, a->rarena, v);
		break;
	case E_EV_DKIM:
		r->dkim = value_evaluated(v, &known, &a->q);
		r->dkim_word = known ? STR_NONE : keep(a, a->rarena, v);
		break;
	case E_EV_SPF:
		r->spf = value_evaluated(v, &known, &a->q);
		r->spf_word = known ? STR_NONE : keep(a, a->rarena, v);
		break;
	case E_R_TYPE:
		a->has_reason_child = true;
		if (r->nreasons > 0)
			r->reasons[r->nreasons - 1].type = v.len == 0 ? STR_NONE : keep(a, a->rarena, v);
		if (str_ieq(v, "policy_test_mode"))
			a->d2_element = true;
		break;
	case E_R_COMMENT:
		a->has_reason_child = true;
		if (r->nreasons > 0)
			r->reasons[r->nreasons - 1].comment = v.len == 0 ? STR_NONE : keep(a, a->rarena, v);
		break;
	case E_HEADER_FROM:
		if (r->header_from.p == NULL && v.len > 0) {
			r->header_from = domain_value(a, a->rarena, v, &kind);
			if (kind == NAME_EMPTY)
				r->header_from = STR_NONE;
		}
		break;
	case E_ENVELOPE_FROM:
		if (r->envelope_from.p == NULL)
			r->envelope_from = domain_value(a, a->rarena, v, &kind);
		break;
	case E_ENVELOPE_TO:
		if (r->envelope_to.p == NULL && v.len > 0)
			r->envelope_to = domain_value(a, a->rarena, v, &kind);
		break;
	default:
		leaf_auth(a, id, v);
		break;
	}
}

/* --- The header is complete ------------------------------------------------ */

static void
check_times(struct aggregate *a)
{
	int64_t	 t;

	if (!a->have_begin && !a->have_end) {
		if (a->hints.begin > 0 && a->hints.end > 0) {
			a->h.begin = a->hints.begin;
			a->h.end = a->hints.end;
			a->have_begin = a->have_end = true;
			a->q |= QUIRK_TIME_MISSING;
		}
	} else if (!a->have_begin || !a->have_end) {
		/* one of the two: a day is what reports cover */
		if (a->have_end)
			a->h.begin = a->h.end >= DAY_SECONDS - 1 ? a->h.end - (DAY_SECONDS - 1) : 0;
		else
			a->h.end = a->h.begin + DAY_SECONDS - 1;
		a->have_begin = a->have_end = true;
		a->q |= QUIRK_TIME_MISSING;
	}
	if (!a->have_begin)
		return;
	if (a->h.begin > a->h.end) {
		t = a->h.begin;
		a->h.begin = a->h.end;
		a->h.end = t;
		a->q |= QUIRK_TIME_SWAPPED;
	}
	if (a->h.begin == a->h.end)
		a->q |= QUIRK_TIME_EQUAL;
	if (a->h.end - a->h.begin > 36 * 3600)
		a->q |= QUIRK_TIME_LONG;
	/* 2012-01-01: the first draft; a day ahead: clocks differ */
	if (a->h.begin < 1325376000 || a->h.end > when_now() + 2 * DAY_SECONDS)
		a->q |= QUIRK_TIME_IMPLAUSIBLE;
}

static void
derive_org(struct aggregate *a)
{
	struct str	 s = STR_NONE;
	const char	*at;

	if (a->h.org_name.p != NULL)
		return;
	if (a->h.email.p != NULL && (at = memrchr(a->h.email.p, '@', a->h.email.len)) != NULL)
		s = str_trim((struct str){ at + 1, (size_t)(a->h.email.p + a->h.email.len - at) - 1 });
	if (s.len > 0 && s.p[s.len - 1] == '>')
		s.len--;
	if (s.len == 0)
		s = a->hints.submitter;
	if (s.len == 0)
		s = a->from_domain;
	if (s.len == 0)
		return;
	a->h.org_name = keep(a, a->harena, s);
	a->q |= QUIRK_ORG_DERIVED;
}

/* What is missing is made up, as nothing of it will count. */
static int
header_salvage(struct aggregate *a)
{
	if (a->h.policy.domain.len == 0)
		a->h.policy.domain = STR("invalid");
	check_times(a);
	if (!a->have_begin || a->h.begin < 0 || a->h.end > 100000000000)
		a->h.begin = a->h.end = 0;
	return (0);
}

static int
header_done(struct aggregate *a)
{
	enum name_kind	 kind;

	if (a->salvage)
		return (header_salvage(a));
	if (!a->have_meta)
		return (fail(a, REFUSAL_NO_METADATA, "the report has no report_metadata"));
	if (!a->have_policy)
		return (fail(a, REFUSAL_NO_POLICY, "the report has no policy_published"));
	if (a->h.policy.domain.p == NULL && a->hints.domain.len > 0) {
		a->h.policy.domain = domain_value(a, a->harena, a->hints.domain, &kind);
		a->q |= QUIRK_DOMAIN_DERIVED;
	}
	if (a->h.policy.domain.len == 0)
		return (fail(a, REFUSAL_NO_DOMAIN, "policy_published names no domain"));
	check_times(a);
	if (!a->have_begin)
		return (fail(a, REFUSAL_NO_DATES, "date_range has no begin and no end"));
	derive_org(a);
	if (a->h.report_id.p == NULL) {
		a->q |= QUIRK_ID_DERIVED;
		if (a->hints.report_id.len > 0)
			a->h.report_id = keep(a, a->harena, a->hints.report_id);
	}
	if (a->errors.len > 0)
		a->h.errors = keep(a, a->harena, buf_as_str(&a->errors));
	return (a->stopped ? -1 : 0);
}

static int
begin_report(struct aggregate *a)
{
	if (a->begun)
		return (0);
	if (header_done(a) == -1)
		return (-1);
	a->h.quirks = a->q;
	a->begun = true;
	if (a->sink->begin(a->ctx, &a->h, a->e) == -1) {
		stop(a, -1);
		return (-1);
	}
	return (0);
}

/* --- A row is complete ------------------------------------------------------ */

static int
refuse_row(struct aggregate *a, const char *why)
{
	struct report_refused	 f = { .seq = a->t.records, .line = a->record_line, .reason = str_of(why) };

	a->q |= QUIRK_ROW_REFUSED;
	a->t.refused++;
	if (a->sink->refused(a->ctx, &f, a->e) == -1) {
		stop(a, -1);
		return (-1);
	}
	return (0);
}

static bool
blank_row(const struct report_record *r)
{
	return (r->count == 0 && r->source_ip.p == NULL && r->ndkim == 0 && r->nspf == 0 && r->header_from_derived);
}

static void
end_record(struct aggregate *a)
{
	struct report_record	*r = &a->r;
	char			 shown[64], why[160];
	size_t			 n = 0;

	if (a->pass == PASS_HEADER)
		return;
	if (a->t.records++ >= a->limits.records) {
		(void)limit(a, "records", a->limits.records);
		return;
	}
	if (!a->begun) {
		/* Metadata behind the rows: read once for the header, then once more for the rows. */
		if (a->pass == PASS_ALL && (!a->have_meta || !a->have_policy)) {
			a->q |= QUIRK_HEADER_LAST;
			a->pass = PASS_HEADER;
			stop(a, AGGREGATE_AGAIN);
			return;
		}
		if (begin_report(a) == -1)
			return;
	}
	if (value_count(a->count_text, &r->count, &a->q) == -1) {
		for (size_t i = 0; i < a->count_text.len && n < 40; i++)
			if ((unsigned char)a->count_text.p[i] > ' ' && (unsigned char)a->count_text.p[i] < 0x7f)
				shown[n++] = a->count_text.p[i];
		shown[n] = '\0';
		(void)snprintf(why, sizeof(why), "count \"%s\" is not a whole number from 0 to 9223372036854775807", shown);
		(void)refuse_row(a, why);
		return;
	}
	if (a->messages > (uint64_t)INT64_MAX - r->count) {
		(void)refuse_row(a, "with this count the report's sum passes 9223372036854775807");
		return;
	}
	value_ip(r->source_ip, r->ip, &r->ip_len, &a->q);
	if (!a->has_evaluated)
		a->q |= QUIRK_NO_EVALUATED;
	if (!a->has_identifiers)
		a->q |= QUIRK_NO_IDENTIFIERS;
	if (r->ndkim == 0 && r->nspf == 0)
		a->q |= QUIRK_NO_RESULTS;
	if (r->header_from.p == NULL) {
		r->header_from = a->h.policy.domain;
		r->header_from_derived = true;
		a->q |= QUIRK_FROM_DERIVED;
	}
	r->seq = a->t.records;
	a->messages += r->count;
	a->accepted++;
	if (!blank_row(r))
		a->all_blank = false;
	if (a->sink->record(a->ctx, r, a->e) == -1)
		stop(a, -1);
}

static void
begin_record(struct aggregate *a)
{
	struct report_auth	*dk = a->r.dkim_results, *sp = a->r.spf_results;
	struct report_reason	*re = a->r.reasons;

	arena_reset(a->rarena);
	a->r = (struct report_record){ .dkim_results = dk, .spf_results = sp, .reasons = re, .disposition = DISP_OTHER };
	a->has_row = a->has_evaluated = a->has_identifiers = a->has_count = false;
	a->count_text = STR_NONE;
	a->record_line = (unsigned)xmlSAX2GetLineNumber(a->x);
	a->auth = NULL;
}

static struct report_auth *
new_auth(struct aggregate *a, struct report_auth *list, size_t *n)
{
	if (*n >= a->limits.results) {
		(void)limit(a, "results", a->limits.results);
		return (NULL);
	}
	list[*n] = (struct report_auth){ .result = RES_ABSENT };
	return (&list[(*n)++]);
}

/* An element without any text was no result. */
static void
end_auth(struct report_auth *t, size_t *n)
{
	if (t != NULL && t->domain.p == NULL && t->what.p == NULL && t->result == RES_ABSENT && t->human_result.p == NULL)
		(*n)--;
}

/* --- What libxml2 calls ------------------------------------------------------ */

static void
note_unknown(struct aggregate *a, const char *name)
{
	struct buf	 path = { .max = 512 };

	a->q |= QUIRK_UNKNOWN_ELEMENT;
	if (a->nunknown >= UNKNOWN_MAX)
		return;
	for (unsigned i = 1; i <= a->depth; i++)
		(void)buf_printf(&path, "%s/", elements[a->stack[i]].name);
	(void)buf_printf(&path, "%.64s\n", name);
	if (!path.failed && memmem(a->unknown.p == NULL ? "" : a->unknown.p, a->unknown.len, path.p, path.len) == NULL) {
		(void)buf_add(&a->unknown, path.p, path.len);
		a->nunknown++;
	}
	buf_free(&path);
}

/* Elements of other namespaces are extensions, whatever their local name (RFC 9990 section 4). */
static bool
foreign(struct aggregate *a, const xmlChar *uri)
{
	if (uri == NULL || uri == a->root_uri || (a->root_uri != NULL && xmlStrEqual(uri, a->root_uri)))
		return (false);
	if (xmlStrncmp(uri, BAD_CAST "urn:ietf:params:xml:ns:dmarc-", 29) == 0 ||
	    xmlStrncmp(uri, BAD_CAST "http://dmarc.org/dmarc-xml/", 27) == 0) {
		a->q |= QUIRK_MIXED_NAMESPACE;
		return (false);
	}
	return (true);
}

static void
open_feedback(struct aggregate *a, const xmlChar *uri)
{
	a->root_uri = uri;
	a->seen_feedback = true;
	if (a->outside > 0)
		a->q |= QUIRK_WRAPPED;
	if (uri != NULL) {
		a->ns_dmarc2 = xmlStrEqual(uri, BAD_CAST NS_DMARC2);
		a->ns_01 = xmlStrEqual(uri, BAD_CAST "http://dmarc.org/dmarc-xml/0.1");
		a->ns_02 = xmlStrEqual(uri, BAD_CAST "http://dmarc.org/dmarc-xml/0.2");
	}
}

/* Containers of which nothing is taken: extensions, a second header, what another pass has read. */
static bool
skipped(struct aggregate *a, unsigned id)
{
	switch (id) {
	case E_EXTENSION:
		a->d2_element = true;
		return (true);
	case E_METADATA:
		if (a->pass == PASS_ROWS)
			return (true);
		if (a->have_meta)
			a->q |= QUIRK_REPEATED;
		return (a->have_meta);
	case E_POLICY:
		if (a->pass == PASS_ROWS)
			return (true);
		if (a->have_policy)
			a->q |= QUIRK_SECOND_POLICY;
		return (a->have_policy);
	default:
		return (false);
	}
}

static void
open_container(struct aggregate *a, unsigned id)
{
	switch (id) {
	case E_RECORD:
		begin_record(a);
		break;
	case E_EVALUATED:
		a->has_evaluated = true;
		break;
	case E_IDENTIFIERS:
		a->has_identifiers = true;
		break;
	case E_REASON:
		a->has_reason_child = false;
		if (a->r.nreasons >= a->limits.results)
			(void)limit(a, "results", a->limits.results);
		else
			a->r.reasons[a->r.nreasons++] = (struct report_reason){ 0 };
		break;
	case E_DKIM:
		a->auth = new_auth(a, a->r.dkim_results, &a->r.ndkim);
		break;
	case E_SPF:
		a->auth = new_auth(a, a->r.spf_results, &a->r.nspf);
		break;
	default:
		break;
	}
}

static void
on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int nns, const xmlChar **ns,
    int nattr, int ndefault, const xmlChar **attr)
{
	struct aggregate	*a = ctx;
	unsigned		 parent, id;

	(void)prefix, (void)nns, (void)ns, (void)nattr, (void)ndefault, (void)attr;
	if (a->stopped || a->done)
		return;
	if (a->depth + a->skip + a->outside >= a->limits.xml_depth) {
		(void)limit(a, "xml_depth", a->limits.xml_depth);
		return;
	}
	if (a->skip > 0) {
		a->skip++;
		return;
	}
	parent = a->depth == 0 ? E_OUTSIDE : a->stack[a->depth];
	if (a->depth == 0) {
		if (strcmp((const char *)name, "feedback") != 0) {
			if (++a->outside > 2)
				(void)fail(a, REFUSAL_NOT_A_REPORT, "there is no feedback element: this XML is no DMARC report");
			return;
		}
		open_feedback(a, uri);
	} else if (foreign(a, uri)) {
		a->q |= QUIRK_MIXED_NAMESPACE;
		a->skip = 1;
		return;
	}
	id = element_of(parent, (const char *)name);
	if (id == E_UNKNOWN && parent == E_RECORD && strcmp((const char *)name, "identities") == 0) {
		id = E_IDENTIFIERS;
		a->q |= QUIRK_IDENTITIES;
	}
	if (id == E_UNKNOWN) {
		note_unknown(a, (const char *)name);
		a->skip = 1;
		return;
	}
	if (skipped(a, id)) {
		a->skip = 1;
		return;
	}
	a->stack[++a->depth] = (unsigned char)id;
	if (elements[id].kind == ELEMENT_C) {
		a->wants_text = false;
		open_container(a, id);
	} else {
		a->wants_text = true;
		buf_clear(&a->text);
		if (elements[id].kind == ELEMENT_B)
			open_container(a, id);
	}
}

static void
on_text(void *ctx, const xmlChar *p, int len)
{
	struct aggregate	*a = ctx;

	if (a->stopped || a->done || a->skip > 0)
		return;
	if (!a->wants_text) {
		if (a->depth > 0 && str_trim((struct str){ (const char *)p, (size_t)len }).len > 0)
			a->q |= QUIRK_STRAY_TEXT;
		return;
	}
	if (a->text.len + (size_t)len > a->limits.text_bytes)
		(void)limit(a, "text_bytes", a->limits.text_bytes);
	else
		(void)buf_add(&a->text, p, (size_t)len);
}

static void
end_reason(struct aggregate *a)
{
	struct report_reason	*q = &a->r.reasons[a->r.nreasons - 1];
	struct str		 v = str_trim(buf_as_str(&a->text));

	if (!a->has_reason_child && v.len > 0) {	/* <reason>sampled_out</reason> */
		q->type = keep(a, a->rarena, v);
		a->q |= QUIRK_REASON_TEXT;
	}
	if (q->type.p == NULL && q->comment.p == NULL)
		a->r.nreasons--;
}

static void
close_container(struct aggregate *a, unsigned id)
{
	switch (id) {
	case E_METADATA:
		a->have_meta = true;
		break;
	case E_POLICY:
		a->have_policy = true;
		break;
	case E_RECORD:
		end_record(a);
		break;
	case E_DKIM:
		end_auth(a->auth, &a->r.ndkim);
		a->auth = NULL;
		break;
	case E_SPF:
		end_auth(a->auth, &a->r.nspf);
		a->auth = NULL;
		break;
	case E_FEEDBACK:
		a->done = true;
		if (a->x != NULL) {
			long	 at = xmlByteConsumed(a->x);

			a->end_at = at > 0 ? (uint64_t)at : 0;
		}
		break;
	default:
		break;
	}
}

static void
on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct aggregate	*a = ctx;
	unsigned		 id;

	(void)name, (void)prefix, (void)uri;
	if (a->stopped || a->done)
		return;
	if (a->skip > 0) {
		a->skip--;
		return;
	}
	if (a->depth == 0) {
		if (a->outside > 0)
			a->outside--;
		return;
	}
	id = a->stack[a->depth--];
	if (elements[id].kind == ELEMENT_L) {
		struct str	 v = str_trim(buf_as_str(&a->text));

		a->wants_text = false;
		if (id < E_RECORD) {
			if (!(a->pass == PASS_ROWS))
				leaf_header(a, id, v);
		} else if (a->pass != PASS_HEADER)
			leaf_row(a, id, v);
		else if ((id == E_DISPOSITION && str_ieq(v, "pass")) || (id == E_R_TYPE && str_ieq(v, "policy_test_mode")))
			a->d2_element = true;
		/* text of a reason may go on behind its children: it is no value then */
		buf_clear(&a->text);
		return;
	}
	if (id == E_REASON && a->r.nreasons > 0)
		end_reason(a);
	a->wants_text = false;
	close_container(a, id);
}

/* No DTD is ever legitimate in a report: nothing may expand, nothing may be fetched. */
static void
on_dtd(void *ctx, const xmlChar *name, const xmlChar *pub, const xmlChar *sys)
{
	struct aggregate	*a = ctx;

	(void)pub, (void)sys;
	a->dtd = true;
	/* what it would have been is not looked at; a web page or a picture is no report, all else is kept for a look */
	if (name == NULL || !(str_ieq(str_of((const char *)name), "html") || str_ieq(str_of((const char *)name), "svg")))
		a->seen_feedback = true;
	(void)fail(a, REFUSAL_DTD, "the document has a DTD; no report needs one and it is refused");
}

static xmlEntityPtr
on_entity(void *ctx, const xmlChar *name)
{
	(void)ctx;
	return (xmlGetPredefinedEntity(name));
}

static void
on_error(void *ctx, xmlErrorPtr x)
{
	struct aggregate	*a = ctx;
	size_t			 n;

	if (a->stopped || a->done || x == NULL || x->level < XML_ERR_ERROR || x->code == XML_NS_ERR_UNDEFINED_NAMESPACE)
		return;
	if (x->domain == XML_FROM_NAMESPACE)
		return;
	if (a->xml_error == 0) {
		a->xml_error = x->code;
		a->xml_line = x->line;
		a->xml_byte = byte_now(a);
		a->xml_at_end = a->x != NULL && a->x->input != NULL && a->x->input->end - a->x->input->cur <= 1;
		(void)snprintf(a->xml_text, sizeof(a->xml_text), "%s", x->message == NULL ? "not well-formed XML" : x->message);
		n = strlen(a->xml_text);
		while (n > 0 && (a->xml_text[n - 1] == '\n' || a->xml_text[n - 1] == ' '))
			a->xml_text[--n] = '\0';
	}
}

/* --- Bytes to UTF-8 ---------------------------------------------------------- */

/* windows-1252, 0x80 to 0x9f; 0: not assigned. */
static const unsigned short	 w1252[32] = {
	0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
	0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178
};

static void
put_utf8(struct buf *b, unsigned v)
{
	if (v < 0x80)
		(void)buf_byte(b, (unsigned char)v);
	else if (v < 0x800) {
		(void)buf_byte(b, (unsigned char)(0xc0 | v >> 6));
		(void)buf_byte(b, (unsigned char)(0x80 | (v & 0x3f)));
	} else {
		(void)buf_byte(b, (unsigned char)(0xe0 | v >> 12));
		(void)buf_byte(b, (unsigned char)(0x80 | (v >> 6 & 0x3f)));
		(void)buf_byte(b, (unsigned char)(0x80 | (v & 0x3f)));
	}
}

static void
recode(struct aggregate *a, const unsigned char *p, size_t len, bool last)
{
	struct buf	*b = &a->recoded;
	size_t		 i = 0, need;
	unsigned char	 c, seq[4];

	buf_clear(b);
	while (a->npart > 0 || i < len) {
		/* a character may be split between two pieces */
		c = a->npart > 0 ? a->part[0] : p[i];
		need = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 1;
		if (need == 1 && a->npart == 0) {
			i++;
			if (c < 0x80) {
				if (c >= 0x20 || c == '\t' || c == '\n' || c == '\r')
					(void)buf_byte(b, c);
				else
					a->q |= QUIRK_ENCODING;
				continue;
			}
			a->q |= QUIRK_ENCODING;
			put_utf8(b, !a->latin ? 0xfffd : c >= 0xa0 ? c : w1252[c - 0x80] != 0 ? w1252[c - 0x80] : 0xfffd);
			continue;
		}
		if (a->npart + (len - i) < need && !last) {
			while (i < len)
				a->part[a->npart++] = p[i++];
			return;
		}
		for (unsigned k = 0; k < need && k < 4; k++)
			seq[k] = k < a->npart ? a->part[k] : i + k - a->npart < len ? p[i + k - a->npart] : 0;
		if (str_utf8_ok((struct str){ (const char *)seq, need })) {
			/* U+FFFE and U+FFFF are no characters of XML */
			if (need == 3 && seq[0] == 0xef && seq[1] == 0xbf && seq[2] >= 0xbe) {
				a->q |= QUIRK_ENCODING;
				seq[2] = 0xbd;
			}
			(void)buf_add(b, seq, need);
			i += need - a->npart;
			a->npart = 0;
			continue;
		}
		/* this byte is no start after all */
		a->q |= QUIRK_ENCODING;
		put_utf8(b, !a->latin ? 0xfffd : c >= 0xa0 ? c : c >= 0x80 && w1252[c - 0x80] != 0 ? w1252[c - 0x80] : 0xfffd);
		if (a->npart > 0) {
			a->npart--;
			memmove(a->part, a->part + 1, a->npart);
		} else
			i++;
	}
}

/* --- Reading ----------------------------------------------------------------- */

static const xmlSAXHandler	 handlers = {
	.initialized = XML_SAX2_MAGIC,
	.startElementNs = on_start,
	.endElementNs = on_end,
	.characters = on_text,
	.cdataBlock = on_text,
	.ignorableWhitespace = NULL,
	.internalSubset = on_dtd,
	.getEntity = on_entity,
	.serror = on_error,
};

#define XML_OPTIONS (XML_PARSE_NONET | XML_PARSE_COMPACT)

/* libxml2 keeps declared entities in a document of its own making, and forgets it when parsing stops early. */
static void
parser_free(struct aggregate *a)
{
	if (a->x == NULL)
		return;
	if (a->x->myDoc != NULL)
		xmlFreeDoc(a->x->myDoc);
	a->x->myDoc = NULL;
	xmlFreeParserCtxt(a->x);
	a->x = NULL;
}

static void
pass_clear(struct aggregate *a)
{
	parser_free(a);
	a->rv = 0;
	a->stopped = a->done = a->dtd = a->another = a->junk = false;
	a->end_at = a->fed = a->skipped = 0;
	a->parsed = STR_NONE;
	a->nearly = 0;
	buf_clear(&a->behind);
	a->xml_error = 0;
	a->xml_text[0] = '\0';
	a->npart = 0;
	buf_clear(&a->head);
	repair_begin(&a->repair, &a->limits);
	a->depth = a->skip = a->outside = 0;
	a->wants_text = false;
	a->root_uri = NULL;
	a->begun = a->seen_feedback = false;
	a->t = (struct report_trailer){ 0 };
	a->accepted = a->messages = 0;
	a->all_blank = true;
	a->auth = NULL;
	if (a->pass != PASS_ROWS) {
		a->h = (struct report_header){ 0 };
		a->have_meta = a->have_policy = a->have_begin = a->have_end = false;
		a->d2_element = a->has_version = a->ns_dmarc2 = a->ns_01 = a->ns_02 = false;
		buf_clear(&a->errors);
		buf_clear(&a->unknown);
		a->nunknown = 0;
		arena_reset(a->harena);
		a->q = a->q & QUIRK_HEADER_LAST;
	}
}

static void
no_words(void *ctx, const char *fmt, ...)
{
	(void)ctx, (void)fmt;
}

struct aggregate *
aggregate_new(const struct limits *l, const struct report_hints *hints, const struct report_sink *sink, void *ctx)
{
	static bool		 ready;
	struct aggregate	*a = calloc(1, sizeof(*a));

	if (!ready) {
		xmlInitParser();
		xmlSetGenericErrorFunc(NULL, no_words);	/* some faults of encodings are nobody's to libxml2 */
		elements_init();
		ready = true;
	}
	if (a == NULL)
		return (NULL);
	a->limits = *l;
	if (a->limits.xml_depth > sizeof(a->stack) - 1)
		a->limits.xml_depth = sizeof(a->stack) - 1;
	a->sink = sink;
	a->ctx = ctx;
	a->harena = arena_new(16 * l->text_bytes + (1u << 20));
	a->rarena = arena_new(8 * l->text_bytes + (4u << 20));
	a->r.dkim_results = calloc(l->results, sizeof(struct report_auth));
	a->r.spf_results = calloc(l->results, sizeof(struct report_auth));
	a->r.reasons = calloc(l->results, sizeof(struct report_reason));
	if (a->harena == NULL || a->rarena == NULL || a->r.dkim_results == NULL || a->r.spf_results == NULL ||
	    a->r.reasons == NULL) {
		aggregate_free(a);
		return (NULL);
	}
	aggregate_reset(a, hints);
	return (a);
}

void
aggregate_reset(struct aggregate *a, const struct report_hints *hints)
{
	a->hints = (struct hints){ 0 };
	a->from_domain = STR_NONE;
	if (hints != NULL) {
		hints_subject(hints->subject, &a->hints);
		hints_filename(hints->filename, &a->hints);
		a->from_domain = hints->from_domain;
	}
	a->mode = AGG_PLAIN;
	a->pass = PASS_ALL;
	a->in_pieces = a->latin = false;
	a->q = a->noted = 0;
	a->tags = a->before = a->to_skip = 0;
	a->reruns = 0;
	a->line_from = 0;
	a->why[0] = '\0';
	buf_clear(&a->whole);
	if (a->whole.cap > 2 * WHOLE_MAX)
		buf_free(&a->whole);
	pass_clear(a);
}

void
aggregate_free(struct aggregate *a)
{
	if (a == NULL)
		return;
	parser_free(a);
	arena_free(a->harena);
	arena_free(a->rarena);
	free(a->r.dkim_results);
	free(a->r.spf_results);
	free(a->r.reasons);
	buf_free(&a->whole);
	buf_free(&a->behind);
	buf_free(&a->recoded);
	repair_free(&a->repair);
	buf_free(&a->repaired);
	buf_free(&a->head);
	buf_free(&a->text);
	buf_free(&a->errors);
	buf_free(&a->unknown);
	free(a);
}

int
aggregate_start(struct aggregate *a, struct err *e)
{
	(void)e;
	pass_clear(a);
	a->tags = a->before;
	a->to_skip = a->before > 0 ? a->before + 1 : 0;
	return (0);
}

void
aggregate_salvage(struct aggregate *a, bool on)
{
	a->salvage = on;
}

bool
aggregate_had_begun(const struct aggregate *a)
{
	return (a->begun);
}

void
aggregate_lines_from(struct aggregate *a, uint64_t line)
{
	a->line_from = line;
}

void
aggregate_note(struct aggregate *a, uint64_t quirks)
{
	a->noted |= quirks;
}

bool
aggregate_is_report(const struct aggregate *a)
{
	return (a->seen_feedback);
}

bool
aggregate_looks_like(struct str s)
{
	if (s.len >= 2 && (memcmp(s.p, "\xff\xfe", 2) == 0 || memcmp(s.p, "\xfe\xff", 2) == 0))
		return (true);
	if (s.len >= 4 && (memcmp(s.p, "\0<\0", 3) == 0 || memcmp(s.p, "<\0", 2) == 0))
		return (true);
	if (s.len >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0) {
		s.p += 3;
		s.len -= 3;
	}
	s = str_trim(s);
	return (s.len > 0 && s.p[0] == '<');
}

/* A document in UTF-16 or UTF-32 shows it by its first bytes; another name in its declaration is a lie. */
static bool
is_wide(struct str s)
{
	return (s.len >= 2 && (memcmp(s.p, "\xff\xfe", 2) == 0 || memcmp(s.p, "\xfe\xff", 2) == 0 || s.p[0] == '\0' || s.p[1] == '\0'));
}

static void
ctxt_setup(struct aggregate *a, bool wide)
{
	(void)xmlCtxtUseOptions(a->x, XML_OPTIONS | (wide ? XML_PARSE_IGNORE_ENC : 0));
	if (a->line_from > 1 && a->line_from < INT_MAX && a->x->input != NULL)
		a->x->input->line = (int)a->line_from;
}

/* Names that we do not know are not for libxml2 either, which would let iconv look for them. */
static bool
declared_known(struct str s)
{
	const char	*end, *p;
	size_t		 n = 0;
	char		 quote;

	if (!str_starts(s, "<?xml"))
		return (true);
	if ((end = memmem(s.p, s.len, "?>", 2)) == NULL)
		end = s.p + s.len;
	if ((p = memmem(s.p, (size_t)(end - s.p), "encoding", 8)) == NULL)
		return (true);
	for (p += 8; p < end && *p != '"' && *p != '\''; p++)
		;
	if (p == end)
		return (true);
	for (quote = *p++; p + n < end && p[n] != quote; n++)
		;
	return (charset_find((struct str){ p, n }) != NULL);
}

static void
check_declared(struct aggregate *a, struct str s, bool wide)
{
	if (a->mode == AGG_PLAIN && !wide && !declared_known(s)) {
		a->mode = AGG_LATIN;
		a->latin = true;
	}
}

/* Blanks and junk before the first '<' are fatal to libxml2 and harmless to us. */
static struct str
skip_head(struct aggregate *a, struct str s)
{
	const char	*lt;

	if (s.len >= 2 && (memcmp(s.p, "\xff\xfe", 2) == 0 || memcmp(s.p, "\xfe\xff", 2) == 0))
		return (s);
	if (s.len >= 4 && (s.p[0] == '\0' || s.p[1] == '\0'))
		return (s);
	if ((lt = memchr(s.p, '<', s.len)) == NULL)
		return ((struct str){ s.p + s.len, 0 });
	if (lt != s.p && !(lt - s.p == 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0))
		a->q |= QUIRK_LEADING_JUNK;
	a->skipped = (uint64_t)(lt - s.p);
	s.len -= (size_t)(lt - s.p);
	s.p = lt;
	if (a->pass != PASS_ROWS && !str_starts(s, "<?xml"))
		a->q |= QUIRK_NO_DECLARATION;
	return (s);
}

/* In the recoding modes the declaration lies about the bytes: it goes. */
static struct str
skip_declaration(struct aggregate *a, struct str s)
{
	const char	*end;

	if (a->mode == AGG_PLAIN || !str_starts(s, "<?xml"))
		return (s);
	if ((end = memmem(s.p, s.len, "?>", 2)) == NULL)
		return (s);
	s.len -= (size_t)(end + 2 - s.p);
	s.p = end + 2;
	while (s.len > 0 && str_trim((struct str){ s.p, 1 }).len == 0) {
		s.p++;
		s.len--;
	}
	return (s);
}

/* After a reading that failed: is there another way to read it? */
static int
next_mode(struct aggregate *a)
{
	bool	 encoding = a->xml_error == XML_ERR_INVALID_CHAR || a->xml_error == XML_ERR_INVALID_ENCODING ||
		    a->xml_error == XML_I18N_CONV_FAILED;

	if (a->dtd)
		return (-1);
	if (a->why[0] == '\0' && a->xml_error != 0) {
		(void)snprintf(a->why, sizeof(a->why), "%s", a->xml_text);
		a->why_line = a->xml_line;
		a->why_byte = a->xml_byte;
		a->why_cut = a->xml_at_end || a->xml_error == XML_ERR_TAG_NOT_FINISHED;
	}
	if (a->mode == AGG_PLAIN && a->xml_error == XML_ERR_UNSUPPORTED_ENCODING) {
		a->mode = AGG_LATIN;
		a->latin = true;
		return (AGGREGATE_AGAIN);
	}
	if (a->mode == AGG_PLAIN && encoding) {
		a->mode = AGG_RECODE;
		return (AGGREGATE_AGAIN);
	}
	if (a->mode < AGG_RECOVER) {
		a->mode = AGG_RECOVER;
		return (AGGREGATE_AGAIN);
	}
	return (-1);
}

static int
give_end(struct aggregate *a)
{
	static const uint64_t	 harmless = QUIRK_NO_DECLARATION;

	if (begin_report(a) == -1)
		return (-1);
	if (a->t.records > 0 && a->accepted == 0)
		return (refusal_set(a->e, REFUSAL_NO_SOUND_ROW, 0, "every row was refused"));
	if (a->accepted == 0 || a->all_blank)
		a->q |= QUIRK_EMPTY_REPORT;
	if (a->mode == AGG_RECOVER)
		a->q |= QUIRK_RECOVERED;
	if (a->junk)
		a->q |= QUIRK_TRAILING_JUNK;
	a->q |= a->noted;
	a->h.dialect = a->ns_dmarc2 ? DIALECT_RFC9990 : a->ns_01 ? DIALECT_XML_01 : a->ns_02 ? DIALECT_XML_02 :
	    a->d2_element ? DIALECT_RFC9990_NO_NS : a->has_version ? DIALECT_RFC7489 : DIALECT_DRAFT;
	a->t.dialect = a->h.dialect;
	a->t.quirks = a->q;
	a->t.state = a->t.refused > 0 ? STATE_PARTIAL : a->q & QUIRK_EMPTY_REPORT ? STATE_EMPTY :
	    a->q & QUIRKS_REPAIRED ? STATE_REPAIRED : a->q & ~harmless ? STATE_NOTES : STATE_OK;
	a->t.unknown = buf_as_str(&a->unknown);
	return (a->sink->end(a->ctx, &a->t, a->e));
}

/*
 * What stands behind the end of feedback: nothing, junk, or another feedback.
 * It may come in pieces, so where we are in a tag is kept: 0 is outside of
 * one, 1 to 8 expect that letter of the name, 9 is behind it.
 */
static size_t
look_behind(struct aggregate *a, struct str s)
{
	static const char	 name[] = "feedback";
	const unsigned		 other = 99;
	size_t			 i;

	for (i = 0; i < s.len && !a->another; i++) {
		char	 c = s.p[i];
		bool	 blank = str_trim((struct str){ &c, 1 }).len == 0;

		if (a->nearly == 0) {
			/* the end tags of what stood around it are expected */
			if (c == '<')
				a->nearly = 1;
			else
				a->junk |= !blank;
		} else if (c == '>' || blank) {
			a->another = a->nearly == 9;
			a->nearly = c == '>' ? 0 : other;
		} else if (c == ':' && a->nearly != other)
			a->nearly = 1;
		else if (a->nearly <= 8 && c == name[a->nearly - 1])
			a->nearly++;
		else
			a->nearly = c == '/' || c == '!' || c == '?' || a->nearly == other ? other : 10;
	}
	return (i);
}

/* With the tag that look_behind ended in, or with the declaration in front of it, the next report begins. */
static const char *
next_begins(struct str behind)
{
	const char	*at = memrchr(behind.p, '<', behind.len);

	for (const char *d = behind.p; at != NULL && (d = memmem(d, behind.len - (size_t)(d - behind.p), "<?xml ", 6)) != NULL; d++)
		at = d;
	return (at);
}

/* The same where the text is repaired: its declaration is taken along if it came in the same piece. */
static struct str
next_repaired(const struct aggregate *a)
{
	struct str	 tail = buf_as_str(&a->repair.in), front, with;
	const char	*at;

	if (tail.len > a->recoded.len)
		return (tail);
	with = (struct str){ a->recoded.p + (a->recoded.len - tail.len), tail.len };
	front = str_trim((struct str){ a->recoded.p, a->recoded.len - tail.len });
	if (front.len < 2 || memcmp(front.p + front.len - 2, "?>", 2) != 0 || (at = memrchr(front.p, '<', front.len)) == NULL ||
	    !str_starts((struct str){ at, (size_t)(with.p - at) }, "<?xml "))
		return (tail);
	return ((struct str){ at, tail.len + (size_t)(with.p - at) });
}

static uint64_t
tags_in(struct str s)
{
	uint64_t	 n = 0;

	/* they are too close to each other for memchr */
	for (size_t i = 0; i < s.len; i++)
		n += s.p[i] == '<';
	return (n);
}

/* The parser is through, or was stopped: what now? */
static int
settle(struct aggregate *a)
{
	struct str	 behind;
	const char	*at;

	if (a->stopped)
		return (a->rv);
	if (a->pass == PASS_HEADER) {
		if (!a->done && a->xml_error != 0 && next_mode(a) == AGGREGATE_AGAIN)
			return (AGGREGATE_AGAIN);
		if ((!a->have_meta || !a->have_policy) && !a->salvage) {
			a->pass = PASS_ALL;
			return (header_done(a));
		}
		a->pass = PASS_ROWS;
		return (AGGREGATE_AGAIN);
	}
	if (a->done && !(a->mode == AGG_RECOVER && a->repair.damaged)) {
		if (a->mode == AGG_RECOVER) {
			a->another = a->repair.more;
			a->junk = a->repair.junk;
		} else if (!a->in_pieces && a->end_at > 0 && a->end_at < a->parsed.len) {
			behind = (struct str){ a->parsed.p + a->end_at, a->parsed.len - (size_t)a->end_at };
			behind.len = look_behind(a, behind);
			if (a->another && (at = next_begins(behind)) != NULL)
				a->end_at += (uint64_t)(at - behind.p);
		}
		return (give_end(a));
	}
	if (a->mode == AGG_RECOVER || next_mode(a) == -1) {
		if (!a->seen_feedback && a->xml_error == 0)
			return (refusal_set(a->e, REFUSAL_CUT_SHORT, 0, "the document ends before a feedback element"));
		if (a->why[0] == '\0')
			return (refusal_set(a->e, REFUSAL_CUT_SHORT, 0, "the document is cut short"));
		refusal_set(a->e, a->why_cut ? REFUSAL_CUT_SHORT : REFUSAL_NOT_WELL_FORMED, a->why_line < 0 ? 0 : (unsigned)a->why_line,
		    "line %d: %s", a->why_line, a->why);
		a->e->byte = a->why_byte;
		return (-1);
	}
	return (AGGREGATE_AGAIN);
}

/* Bytes in the mode's way: UTF-8, repaired. */
static int
prepared(struct aggregate *a, struct str *s, bool last)
{
	if (a->mode == AGG_PLAIN)
		return (0);
	recode(a, (const unsigned char *)s->p, s->len, last);
	*s = buf_as_str(&a->recoded);
	if (a->mode != AGG_RECOVER)
		return (0);
	buf_clear(&a->repaired);
	if (repair_feed(&a->repair, *s, last, &a->repaired, a->e) == -1)
		return (-1);
	*s = buf_as_str(&a->repaired);
	return (0);
}

static int
parse_whole(struct aggregate *a)
{
	struct str	 s = skip_head(a, buf_as_str(&a->whole));
	bool		 wide = a->mode == AGG_PLAIN && is_wide(s);

	check_declared(a, s, wide);
	if (a->mode != AGG_PLAIN)
		s = skip_declaration(a, s);
	if (prepared(a, &s, true) == -1)
		return (-1);
	if (s.len == 0)
		return (refusal_set(a->e, REFUSAL_NOT_A_REPORT, 0, "there is no XML in it"));
	/* whole is below WHOLE_MAX, so an int holds it; what was made of it is some times as long at most */
	if ((a->x = xmlCreateMemoryParserCtxt(s.p, (int)s.len)) == NULL)
		return (err_set(a->e, ERR_TEMP, "out of memory"));
	a->parsed = s;
	*a->x->sax = handlers;
	a->x->userData = a;
	a->x->sax2 = 1;
	ctxt_setup(a, wide);
	(void)xmlParseDocument(a->x);
	return (settle(a));
}

/* The next report of the document: read as if nothing had been before it. */
static void
next_report(struct aggregate *a)
{
	a->hints.report_id = STR_NONE;	/* of one of them, and who knows of which */
	a->mode = AGG_PLAIN;
	a->pass = PASS_ALL;
	a->latin = false;
	a->q = 0;
	a->why[0] = '\0';
	pass_clear(a);
}

/*
 * What is to be read as the next report, put together in room from text that
 * was recoded for the last one: its bytes as they came, if they came in this
 * piece. They are found by counting tags from the end.
 */
static bool
as_it_came(const struct aggregate *a, struct buf *room)
{
	uint64_t	 tags = tags_in(buf_as_str(room));
	const char	*at = a->raw.p + a->raw.len;

	if (a->mode == AGG_PLAIN || tags == 0 || tags > tags_in(a->raw))
		return (true);
	for (; tags > 0; tags--)
		at = memrchr(a->raw.p, '<', (size_t)(at - a->raw.p));
	buf_clear(room);
	return (buf_add(room, at, (size_t)(a->raw.p + a->raw.len - at)));
}

/* It ends here, and n tags of the document are before the next one. */
static int
go_on(struct aggregate *a, uint64_t n)
{
	int	 rv = settle(a);

	if (rv != 0)
		return (rv);
	a->before = a->tags = n;
	next_report(a);
	return (0);
}

/*
 * Behind the end of feedback, in pieces: s is what has come. *more is what is
 * to be read as the next report, in room; p NULL: there is none yet. Where it
 * begins is kept as the number of tags before it: bytes may have been recoded.
 */
static int
behind_plain(struct aggregate *a, struct str s, struct buf *room, struct str *more)
{
	size_t		 n = look_behind(a, s), len;
	const char	*at;
	uint64_t	 before;
	int		 rv;

	if (!buf_add(&a->behind, s.p, n))
		return (err_set(a->e, ERR_TEMP, "out of memory"));
	a->tags += tags_in((struct str){ s.p, n });
	if (!a->another) {
		if (a->behind.len > 2 * BEHIND_MAX)
			buf_drop(&a->behind, a->behind.len - BEHIND_MAX);
		return (0);
	}
	if ((at = next_begins(buf_as_str(&a->behind))) == NULL)
		return (refusal_set(a->e, REFUSAL_NOT_WELL_FORMED, 0, "the name of an element is longer than %zu bytes", BEHIND_MAX));
	len = a->behind.len - (size_t)(at - a->behind.p);
	buf_clear(room);
	before = a->tags - tags_in((struct str){ at, len });
	if (!buf_add(room, at, len) || !buf_add(room, s.p + n, s.len - n) || !as_it_came(a, room))
		return (err_set(a->e, ERR_TEMP, "out of memory"));
	if ((rv = go_on(a, before)) == 0)
		*more = buf_as_str(room);
	return (rv);
}

/* The same where the text is repaired: there it is known already whether another one stands behind. */
static int
behind_repaired(struct aggregate *a, struct buf *room, struct str *more)
{
	struct str	 tail;
	uint64_t	 before;
	int		 rv;

	if (!a->repair.more)
		return (0);
	tail = next_repaired(a);
	buf_clear(room);
	before = a->tags - tags_in(tail);
	if (!buf_str(room, tail) || !buf_add(room, a->part, a->npart) || !as_it_came(a, room))
		return (err_set(a->e, ERR_TEMP, "out of memory"));
	if ((rv = go_on(a, before)) == 0)
		*more = buf_as_str(room);
	return (rv);
}

/* A piece of the report under way. When it ends in it, *rest is what stands behind. */
static int
feed_report(struct aggregate *a, struct str s, bool last, struct str *rest)
{
	const char	*begin;
	size_t		 n;
	bool		 wide;

	if (a->x == NULL) {
		/* the head decides the encoding: have enough of it */
		(void)buf_str(&a->head, s);
		if (a->head.len < 1024 && !last)
			return (0);
		a->raw = buf_as_str(&a->head);
		s = skip_head(a, buf_as_str(&a->head));
		wide = a->mode == AGG_PLAIN && is_wide(s);
		check_declared(a, s, wide);
		s = skip_declaration(a, s);
		a->tags += tags_in(buf_as_str(&a->head)) - tags_in(s);
		if (s.len == 0 && !last) {
			buf_clear(&a->head);
			return (0);
		}
		if ((a->x = xmlCreatePushParserCtxt((xmlSAXHandler *)(uintptr_t)&handlers, a, NULL, 0, NULL)) == NULL)
			return (err_set(a->e, ERR_TEMP, "out of memory"));
		ctxt_setup(a, wide);
	}
	if (prepared(a, &s, last) == -1)
		return (-1);
	begin = s.p;
	while (s.len > 0 && !a->stopped && !a->done && a->xml_error == 0) {
		n = s.len > 65536 ? 65536 : s.len;
		(void)xmlParseChunk(a->x, s.p, (int)n, 0);
		a->fed += n;
		s.p += n;
		s.len -= n;
		/* libxml2 compares each attribute of a tag with all others */
		if (!a->stopped && !a->done && a->x->instate == XML_PARSER_START_TAG && a->x->input != NULL &&
		    a->x->input->end - a->x->input->cur > TAG_MAX)
			return (refusal_set(a->e, REFUSAL_OVER_LIMIT, (unsigned)a->x->input->line, "line %d: a tag is longer than %d bytes",
			    a->x->input->line, TAG_MAX));
	}
	if (a->stopped)
		return (a->rv);
	if (a->mode == AGG_RECOVER) {
		a->tags += tags_in(buf_as_str(&a->recoded));
		return (0);
	}
	if (a->done && a->end_at > 0 && a->end_at <= a->fed && a->fed - a->end_at <= (uint64_t)(s.p - begin)) {
		n = (size_t)(a->fed - a->end_at);
		s.p -= n;
		s.len += n;
	}
	a->tags += tags_in((struct str){ begin, (size_t)(s.p - begin) });
	*rest = s;
	return (0);
}

static int
feed_pieces(struct aggregate *a, struct str s, bool last)
{
	struct buf	 room[2] = { 0 };
	struct str	 rest, more = s;
	bool		 begun;
	int		 rv = 0;

	/* what is read lies in one of the two while the next is put together in the other */
	for (unsigned i = 0; rv == 0 && more.p != NULL; i++) {
		rest = s = a->raw = more;
		more = STR_NONE;
		if (!a->done) {
			rv = feed_report(a, s, last, &rest);
			begun = a->x != NULL;
		} else {
			begun = false;
			if (a->mode == AGG_RECOVER && (rv = prepared(a, &s, last)) == 0)
				a->tags += tags_in(buf_as_str(&a->recoded));
		}
		if (rv == 0 && a->done)
			rv = a->mode == AGG_RECOVER ? behind_repaired(a, &room[i % 2], &more) : behind_plain(a, rest, &room[i % 2], &more);
		if (begun)
			buf_clear(&a->head);
	}
	buf_free(&room[0]);
	buf_free(&room[1]);
	return (rv);
}

/* The tags of reports that were given already: *s then begins with the first one behind them. False: it has not come. */
static bool
skip_reports(struct aggregate *a, struct str *s)
{
	const char	*end = s->p + s->len, *p;

	for (; a->to_skip > 0 && (p = memchr(s->p, '<', (size_t)(end - s->p))) != NULL; s->p = p + (a->to_skip > 0))
		a->to_skip--;
	s->len = (size_t)(end - s->p);
	return (a->to_skip == 0);
}

/* A hostile document could ask to be read once more for each of its reports. */
static int
counted(struct aggregate *a, int rv)
{
	if (rv == AGGREGATE_AGAIN && ++a->reruns > RERUNS_MAX)
		return (refusal_set(a->e, REFUSAL_OVER_LIMIT, 0, "too much in one large document has to be read more than once"));
	return (rv);
}

int
aggregate_feed(struct aggregate *a, const void *data, size_t len, struct err *e)
{
	struct str	 s = { data, len };
	int		 rv;

	a->e = e;
	if (!a->in_pieces) {
		if (a->whole.len + len <= WHOLE_MAX)
			return (buf_add(&a->whole, data, len) ? 0 : err_set(e, ERR_TEMP, "out of memory"));
		a->in_pieces = true;
		if (a->whole.len > 0 && (rv = feed_pieces(a, buf_as_str(&a->whole), false)) != 0)
			return (counted(a, rv));
		buf_free(&a->whole);
	}
	if (len == 0 || !skip_reports(a, &s))
		return (0);
	return (counted(a, feed_pieces(a, s, false)));
}

/*
 * Several reports in one document: what stands behind the first is the next.
 * Its bytes as they came are found by counting tags from the end, as those
 * that were read may have been recoded.
 */
static void
next_root(struct aggregate *a)
{
	struct str	 rest;
	const char	*at;
	uint64_t	 tags;

	if (a->mode == AGG_RECOVER)
		rest = next_repaired(a);
	else
		rest = (struct str){ a->parsed.p + a->end_at, a->parsed.len - (size_t)a->end_at };
	at = a->whole.p + a->whole.len;
	for (tags = tags_in(rest); tags > 0 && at != NULL; tags--)
		at = memrchr(a->whole.p, '<', (size_t)(at - a->whole.p));
	buf_drop(&a->whole, at == NULL ? a->whole.len : (size_t)(at - a->whole.p));
	next_report(a);
}

int
aggregate_finish(struct aggregate *a, struct err *e)
{
	int	 rv;

	a->e = e;
	if (a->in_pieces) {
		if (!a->done && (rv = feed_pieces(a, STR(""), true)) != 0)
			return (counted(a, rv));
		if (!a->done && !a->stopped && a->x != NULL && a->xml_error == 0)
			(void)xmlParseChunk(a->x, "", 0, 1);
		return (counted(a, settle(a)));
	}
	for (;;) {
		/* small: every way of reading it is tried here, the sink told to drop in between */
		while ((rv = parse_whole(a)) == AGGREGATE_AGAIN) {
			if (a->begun && a->sink->again != NULL)
				a->sink->again(a->ctx);
			pass_clear(a);
		}
		if (rv == -1 || !a->another)
			return (rv);
		next_root(a);
	}
}
