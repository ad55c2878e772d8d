/*
 * failure.c - see failure.h.
 */
#include "base/when.h"
#include "dmarc/authres.h"
#include "dmarc/failure.h"
#include "report/fields.h"
#include "report/mail_date.h"
#include "report/value.h"

const char *const failure_said_names[SAIDS] = { "unknown", "pass", "fail", "none", "error" };
const char *const failure_aligned_names[ALIGNEDS] = { "unknown", "yes", "no" };

struct facts {
	struct failure_report	*r;
	struct arena		*arena;
	struct failure_result	*results;
	struct buf		 value, text;
	struct str		 remote_ip, header_from;	/* as Authentication-Results has them */
	struct str		 id;				/* the authserv-id of the report's own */
	/* of the sample's headers */
	struct str		 received, received_spf;	/* topmost */
	bool			 failed;
};

static struct str
keep(struct facts *x, struct str s)
{
	struct str	 copy = arena_str(x->arena, s);

	if (s.p != NULL && copy.p == NULL)
		x->failed = true;
	return (copy);
}

/* "a@b", "@b" or "b" to the normalised domain; absent when it is none. */
static struct str
domain_of(struct facts *x, struct str s)
{
	char	 z[DOMAIN_MAX + 1];
	size_t	 n;

	if (s.p == NULL || domain_normal(s, z, &n, NULL) != NAME_DOMAIN)
		return (STR_NONE);
	return (keep(x, (struct str){ z, n }));
}

/* --- Results --------------------------------------------------------------------- */

static bool
method_of(struct str s, enum failure_method *out)
{
	for (unsigned i = 0; i < METHODS; i++)
		if (str_ieq(s, failure_method_names[i])) {
			*out = (enum failure_method)i;
			return (true);
		}
	return (false);
}

static struct failure_result *
result_new(struct facts *x, enum failure_method m, enum auth_result class)
{
	struct failure_result	*f;

	if (x->r->nresults == FAILURE_RESULTS)
		return (NULL);
	f = &x->results[x->r->nresults++];
	*f = (struct failure_result){ .method = m, .result = class };
	return (f);
}

static void
result_class(struct facts *x, struct failure_result *f, struct str word)
{
	uint64_t	 q = 0;
	bool		 exact = true;

	if (f->method == METHOD_DMARC && str_ieq(word, "bestguesspass")) {	/* there is no record */
		f->result = RES_NONE;
		exact = false;
	} else
		f->result = f->method == METHOD_SPF ? value_spf_result(word, &exact, &q) : value_dkim_result(word, &exact, &q);
	if (!exact && word.len <= 64)
		f->word = keep(x, word);
}

static void
result_props(struct facts *x, struct failure_result *f, const struct authres *a, const struct authres_result *one)
{
	struct str	 v, from = authres_prop(a, one, "header", "from");

	switch (f->method) {
	case METHOD_DMARC:
		f->domain = domain_of(x, from);
		if (x->header_from.p == NULL)
			x->header_from = f->domain;
		break;
	case METHOD_SPF:
		v = authres_prop(a, one, "smtp", "mailfrom");
		f->what = STR("mfrom");
		if (v.len == 0 && (v = authres_prop(a, one, "smtp", "helo")).len > 0)
			f->what = STR("helo");
		f->domain = domain_of(x, v);
		break;
	case METHOD_DKIM:
		v = authres_prop(a, one, "header", "d");
		f->domain = domain_of(x, v.len > 0 ? v : authres_prop(a, one, "header", "i"));
		v = authres_prop(a, one, "header", "s");
		if (v.len > 0 && v.len <= 255)
			f->what = keep(x, v);
		break;
	default:
		break;
	}
	if (x->remote_ip.p == NULL && (v = authres_prop(a, one, "smtp", "remote-ip")).len > 0)
		x->remote_ip = keep(x, v);
	if (x->remote_ip.p == NULL && (v = authres_prop(a, one, "policy", "iprev")).len > 0)
		x->remote_ip = keep(x, v);
}

static void
take_results(struct facts *x, const struct authres *a)
{
	struct failure_result	*f;
	enum failure_method	 m;

	for (unsigned i = 0; i < a->nresults; i++) {
		if (!method_of(a->results[i].method, &m) || (f = result_new(x, m, RES_UNKNOWN)) == NULL)
			continue;
		result_class(x, f, a->results[i].result);
		result_props(x, f, a, &a->results[i]);
	}
}

/* Is that the server that reports? Compared as names: it, or one above or below it. */
static bool
own_id(const struct facts *x, struct str id)
{
	struct str	 mta = x->r->t[FT_REPORTING_MTA], local, domain;
	const char	*semi;

	if (id.len == 0)
		return (false);
	if (x->id.len > 0)
		return (str_eq(id, x->id));
	if (mta.len > 0 && (semi = memchr(mta.p, ';', mta.len)) != NULL)
		mta = str_trim((struct str){ semi + 1, (size_t)(mta.p + mta.len - semi) - 1 });
	if (mta.len > 0 && mta.len == id.len && str_ieq_n(mta, id.p, id.len))
		return (true);
	if (x->r->t[FT_REPORT_FROM].len == 0 || !failure_address(x->r->t[FT_REPORT_FROM], &local, &domain))
		return (false);
	return (domain_below(id, domain));
}

static void
own_results(struct facts *x)
{
	struct str	 rest = x->r->t[FT_AUTH_RESULTS], line;
	struct authres	 a;
	struct err	 e = { 0 };

	while (rest.p != NULL && failure_line(&rest, &line)) {
		if (line.len == 0)
			continue;
		if (authres_parse(line, &a, &e) == -1) {
			x->r->quirks |= FQ_RESULT_GRAMMAR;
			continue;
		}
		if (x->id.p == NULL && a.id.p != NULL)
			x->id = keep(x, a.id);
		take_results(x, &a);
	}
	if (x->r->nresults > 0)
		x->r->results_from = FROM_FIELD;
}

/* --- The sample's headers ------------------------------------------------------------ */

static void
sample_results(struct facts *x, struct str value)
{
	struct authres	 a;
	struct err	 e = { 0 };

	/* anybody can write such a field into a mail: only the reporter's own counts */
	if (x->r->results_from == FROM_FIELD || authres_parse(value, &a, &e) == -1 || a.id.p == NULL || !own_id(x, a.id))
		return;
	take_results(x, &a);
	if (x->r->nresults > 0)
		x->r->results_from = FROM_SAMPLE;
}

static void
sample_headers(struct facts *x)
{
	struct str	 rest = x->r->t[FT_HEADERS];
	struct field	 f;

	while (rest.p != NULL && field_next(&rest, &x->value, &f)) {
		if (str_ieq(f.name, "Received") && x->received.p == NULL)
			x->received = keep(x, f.value);
		else if (str_ieq(f.name, "Received-SPF") && x->received_spf.p == NULL)
			x->received_spf = keep(x, f.value);
		else if (str_ieq(f.name, "Authentication-Results"))
			sample_results(x, f.value);
	}
}

/* What other fields say of the same: the mechanism that failed. */
static void
other_results(struct facts *x)
{
	struct failure_report	*r = x->r;
	struct failure_result	*f;
	struct str		 why = r->t[FT_AUTH_FAILURE], d;
	bool			 dkim = false;

	for (size_t i = 0; i < r->nresults; i++)
		dkim |= r->results[i].method == METHOD_DKIM;
	if (r->dialect == FAILURE_NOTICE) {
		if ((f = result_new(x, METHOD_DMARC, RES_FAIL)) != NULL) {
			f->domain = domain_of(x, r->t[FT_REPORTED_DOMAIN]);
			f->derived = true;
		}
		return;
	}
	if (!dkim && why.len > 0 && r->t[FT_DKIM_DOMAIN].len > 0 && (str_ifind(why, "signature") != NULL ||
	    str_ifind(why, "bodyhash") != NULL || str_ifind(why, "revoked") != NULL)) {
		d = domain_of(x, field_token(r->t[FT_DKIM_DOMAIN]));
		if (d.p != NULL && (f = result_new(x, METHOD_DKIM, RES_FAIL)) != NULL) {
			f->domain = d;
			d = field_token(r->t[FT_DKIM_SELECTOR]);
			if (d.len > 0 && d.len <= 255)
				f->what = keep(x, d);
			f->derived = true;
		}
	}
}

/* --- Addresses ---------------------------------------------------------------------------- */

static bool
is_public(const unsigned char *ip, unsigned len)
{
	static const unsigned char	 none[16];

	if (len == 16)
		return ((ip[0] & 0xfe) != 0xfc && !(ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) && memcmp(ip, none, 15) != 0);
	return (len == 4 && ip[0] != 0 && ip[0] != 10 && ip[0] != 127 && !(ip[0] == 172 && (ip[1] & 0xf0) == 16) &&
	    !(ip[0] == 192 && ip[1] == 168) && !(ip[0] == 169 && ip[1] == 254) && !(ip[0] == 100 && (ip[1] & 0xc0) == 64));
}

static bool
take_ip(struct facts *x, struct str s, enum failure_origin from, bool any)
{
	unsigned char	 ip[16];
	unsigned	 len;
	uint64_t	 q = 0;

	if (s.len == 0)
		return (false);
	value_ip(s, ip, &len, &q);
	if (len == 0 || (!any && !is_public(ip, len)))
		return (false);
	memset(x->r->ip, 0, sizeof(x->r->ip));
	memcpy(x->r->ip, ip, len);
	x->r->ip_len = len;
	x->r->ip_from = from;
	return (true);
}

/* The word that stands behind `key`, of the bytes that an address is made of. */
static struct str
word_behind(struct str s, const char *key)
{
	const char	*p = s.p == NULL ? NULL : str_ifind(s, key);
	size_t		 n = 0;

	if (p == NULL)
		return (STR_NONE);
	p += strlen(key);
	while (p < s.p + s.len && strchr(" \"=[", *p) != NULL)
		p++;
	while (p + n < s.p + s.len && strchr("0123456789abcdefABCDEF:.", p[n]) != NULL && p[n] != '\0')
		n++;
	while (n > 0 && (p[n - 1] == '.' || p[n - 1] == ':'))
		n--;
	return ((struct str){ p, n });
}

/* "from name (name [192.0.2.1])": the first address in brackets; else one in parentheses. */
static struct str
received_ip(struct str s)
{
	const char	*open = s.len == 0 ? NULL : memchr(s.p, '[', s.len), *close;

	if (open == NULL || (close = memchr(open, ']', (size_t)(s.p + s.len - open))) == NULL)
		return (word_behind(s, "("));
	return ((struct str){ open + 1, (size_t)(close - open) - 1 });
}

static void
find_ip(struct facts *x)
{
	struct failure_report	*r = x->r;
	static const char *const told[] = { "received from IP address", "received from IP", "from IP address", "from IP", "IP address" };

	if (take_ip(x, r->t[FT_SOURCE_IP], FROM_FIELD, false))
		return;
	r->quirks |= FQ_NO_SOURCE;
	if (take_ip(x, x->remote_ip, FROM_RESULTS, false) ||
	    take_ip(x, word_behind(x->received_spf, "client-ip="), FROM_RECEIVED_SPF, false))
		r->quirks |= FQ_SOURCE_DERIVED;
	for (size_t i = 0; i < nitems(told) && r->ip_len == 0; i++)
		if (take_ip(x, word_behind(r->t[FT_NOTE], told[i]), FROM_TEXT, false))
			r->quirks |= FQ_SOURCE_DERIVED;
	if (r->ip_len == 0 && (take_ip(x, word_behind(r->t[FT_REPORT_SUBJECT], " IP:"), FROM_SUBJECT, false) ||
	    take_ip(x, word_behind(r->t[FT_REPORT_SUBJECT], " IP"), FROM_SUBJECT, false)))
		r->quirks |= FQ_SOURCE_DERIVED;
	if (r->ip_len == 0 && take_ip(x, received_ip(x->received), FROM_RECEIVED, false))
		r->quirks |= FQ_SOURCE_DERIVED;
	/* a private one is better than none */
	if (r->ip_len == 0)
		(void)take_ip(x, r->t[FT_SOURCE_IP], FROM_FIELD, true);
}

/* --- Domain and time --------------------------------------------------------------------------- */

/* "DMARC Failure report for example.com ...", "... for example.com from IP ..." (rule F19). */
static struct str
subject_domain(struct facts *x)
{
	struct str	 s = x->r->t[FT_REPORT_SUBJECT], t;
	const char	*p;

	if (s.len == 0 || (p = str_ifind(s, "report for ")) == NULL)
		return (STR_NONE);
	p += strlen("report for ");
	t = field_token((struct str){ p, (size_t)(s.p + s.len - p) });
	return (t.len == 0 || memchr(t.p, '.', t.len) == NULL ? STR_NONE : domain_of(x, t));
}

static void
find_domain(struct facts *x)
{
	struct failure_report	*r = x->r;
	struct str		 local, domain, d = STR_NONE, rest = r->t[FT_REPORTED_DOMAIN], line;

	if (r->t[FT_FROM].len > 0 && failure_address(r->t[FT_FROM], &local, &domain))
		d = domain_of(x, domain);
	r->header_from_from = FROM_SAMPLE;
	if (d.p == NULL) {
		r->quirks |= FQ_FROM_DERIVED;
		d = x->header_from;
		r->header_from_from = FROM_RESULTS;
	}
	if (d.p == NULL && rest.p != NULL && failure_line(&rest, &line)) {
		d = domain_of(x, line);
		r->header_from_from = FROM_REPORTED_DOMAIN;
	}
	if (d.p == NULL) {
		d = subject_domain(x);
		r->header_from_from = FROM_SUBJECT;
	}
	if (d.p == NULL)
		r->header_from_from = FROM_NOWHERE;
	r->t[FT_HEADER_FROM] = d;
}

static void
find_time(struct facts *x)
{
	const char	*semi;
	int64_t		 t;
	bool		 odd;

	if (x->r->has_arrival || x->received.len == 0 || (semi = memrchr(x->received.p, ';', x->received.len)) == NULL)
		return;
	if (mail_date((struct str){ semi + 1, (size_t)(x->received.p + x->received.len - semi) - 1 }, &t, &odd)) {
		x->r->arrived = t;
		x->r->arrived_from = FROM_RECEIVED;
	}
}

static bool
lists(struct str alignment, const char *method)
{
	struct str	 t;

	while (alignment.len > 0) {
		t = field_token(alignment);
		if (str_ieq(t, method))
			return (true);
		t.len += (size_t)(t.p - alignment.p);
		t.len += t.len < alignment.len;
		alignment = (struct str){ alignment.p + t.len, alignment.len - t.len };
	}
	return (false);
}

static enum failure_said
said(const struct failure_report *r)
{
	enum failure_said	 s = SAID_NOTHING;

	for (size_t i = 0; i < r->nresults; i++) {
		enum auth_result	 v = r->results[i].result;

		if (r->results[i].method == METHOD_DMARC && s == SAID_NOTHING)
			s = v == RES_PASS ? SAID_PASS : v == RES_FAIL ? SAID_FAIL : v == RES_NONE ? SAID_NONE :
			    v == RES_TEMPERROR || v == RES_PERMERROR ? SAID_ERROR : SAID_NOTHING;
	}
	return (s);
}

int
failure_facts(struct failure_report *r, struct arena *a, struct err *e)
{
	struct facts	 x = { .r = r, .arena = a };
	struct str	 al = r->t[FT_ALIGNMENT];

	if ((x.results = arena_alloc(a, FAILURE_RESULTS, sizeof(*x.results))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	r->results = x.results;
	r->nresults = 0;
	own_results(&x);
	sample_headers(&x);
	other_results(&x);
	find_ip(&x);
	find_domain(&x);
	find_time(&x);
	if (al.len > 0 && r->dialect == FAILURE_ARF && ((lists(al, "none") && said(r) == SAID_FAIL) ||
	    (lists(al, "spf") && lists(al, "dkim") && said(r) == SAID_PASS)))
		r->quirks |= FQ_CONTRADICTION;
	buf_free(&x.value);
	buf_free(&x.text);
	return (x.failed ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

/* --- The verdict ----------------------------------------------------------------------------------- */

static enum failure_aligned
leg(bool any, bool aligned, const struct failure_report *r, const char *method)
{
	struct str	 al = r->t[FT_ALIGNMENT];

	if (any)
		return (aligned ? ALIGNED_YES : ALIGNED_NO);
	/* what the list names gave no aligned pass; what it does not name proves nothing, but in a notice it does */
	if (al.len > 0 && lists(al, method))
		return (ALIGNED_NO);
	return (al.len > 0 && r->dialect == FAILURE_NOTICE ? ALIGNED_YES : ALIGNED_UNKNOWN);
}

void
failure_judge(const struct failure_report *r, const struct report_policy *p, struct failure_verdict *out)
{
	struct report_auth	 spf[FAILURE_RESULTS], dkim[FAILURE_RESULTS];
	struct report_record	 row = { .dkim_results = dkim, .spf_results = spf, .disposition = DISP_OTHER,
					 .header_from = r->t[FT_HEADER_FROM] };
	struct str		 from = r->t[FT_MAIL_FROM];
	char			 sender[DOMAIN_MAX + 1];
	size_t			 n;
	struct verdict		 v;

	memset(out, 0, sizeof(*out));
	if (r->class != FAILURE_AUTH)
		return;
	/* a bounce is judged by its HELO name */
	if (from.p != NULL && (from.len == 0 || str_eq(from, STR("<>"))))
		row.envelope_from = STR("");
	else if (from.p != NULL && domain_normal(from, sender, &n, NULL) == NAME_DOMAIN)
		row.envelope_from = (struct str){ sender, n };
	for (size_t i = 0; i < r->nresults && i < FAILURE_RESULTS; i++) {
		const struct failure_result	*f = &r->results[i];
		const struct report_auth	 a = { .domain = f->domain, .what = f->what, .result = f->result, .word = f->word };

		if (f->method == METHOD_SPF)
			spf[row.nspf++] = a;
		else if (f->method == METHOD_DKIM)
			dkim[row.ndkim++] = a;
	}
	out->said = said(r);
	if (row.nspf + row.ndkim > 0 && row.header_from.len > 0) {
		dmarc_judge(p, &row, &v);
		out->code = v.code;
		out->spf = leg(row.nspf > 0, v.spf_aligned, r, "spf");
		out->dkim = leg(row.ndkim > 0, v.dkim_aligned, r, "dkim");
		out->spf_result = row.nspf > 0 ? v.spf_raw : RES_ABSENT;
		out->dkim_result = row.ndkim > 0 ? v.dkim_raw : RES_ABSENT;
		out->spf_domain = v.spf_domain;
		out->dkim_domain = v.dkim_domain;
		out->dkim_selector = v.dkim_selector;
	} else {
		out->spf = leg(false, false, r, "spf");
		out->dkim = leg(false, false, r, "dkim");
	}
	if (out->spf == ALIGNED_YES || out->dkim == ALIGNED_YES)
		out->pass = ALIGNED_YES;
	else if (out->spf == ALIGNED_NO && out->dkim == ALIGNED_NO)
		out->pass = ALIGNED_NO;
	out->result = out->said == SAID_PASS ? ALIGNED_YES : out->said == SAID_FAIL ? ALIGNED_NO : out->pass;
	out->differs = out->pass != ALIGNED_UNKNOWN && out->result != out->pass;
}

const char *
failure_sentence(const struct failure_report *r, const struct failure_verdict *v)
{
	if (r->class != FAILURE_AUTH)
		return ("A complaint or another kind of feedback: it says nothing about authentication and counts as no failure.");
	if (v->said == SAID_FAIL && v->differs)
		return ("The receiver says that DMARC failed, but by the results in this report SPF or DKIM gave an aligned pass.");
	if (v->result == ALIGNED_NO)
		return (v->said == SAID_FAIL ? "The receiver says that DMARC failed: neither SPF nor DKIM gave an aligned pass." :
		    "By the results in this report DMARC failed: neither SPF nor DKIM gave an aligned pass.");
	if (v->result == ALIGNED_YES)
		return ("DMARC passed. A report like this is sent when SPF or DKIM alone failed (fo=1, d or s): it proves no failure.");
	return ("This report does not tell the DMARC result. It may have been sent because SPF or DKIM alone failed (fo=1, d or s).");
}
