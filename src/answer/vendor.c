/*
 * vendor.c - a text for those who run a sender: what receivers saw of our
 * mail, and what we ask them to set up. It goes to a stranger: nothing is in it
 * that names a person, and names out of reports only where they are plain ones.
 */
#include "answer/answer_int.h"
#include "base/when.h"
#include "enrich/catalogue.h"
#include "explain/texts.h"

#define PAIRS		3
#define ROWS		5
#define SIGNED_MOST	200	/* signing domains and selectors looked at for plain ones */
#define SHOWN		3
#define ENOUGH		95	/* per cent: that leg is set up */

struct vendor {
	struct query			*q;
	const struct answer_request	*rq;
	struct query_range		 r;
	struct query_sender		 s;
	struct query_counts		 c;
	struct query_legs		 legs;
	char				 from[DOMAIN_MAX + 1];	/* the domain in From: with most mail */
	struct catalogue		*cat;
	const struct catalogue_entry	*known;			/* NULL: it is not of the catalogue */
	struct explain_values		 v;
	struct buf			 b;
};

static void
value(struct vendor *x, enum explain_name name, enum explain_kind kind, struct str text)
{
	x->v.v[name] = (struct explain_value){ kind, text };
}

static void
number(struct vendor *x, enum explain_name name, uint64_t n)
{
	char	 text[32];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	value(x, name, VALUE_TEXT, arena_str(query_arena(x->q), str_of(text)));
}

static void
line(struct vendor *x, const char *lead, const char *key)
{
	(void)buf_cstr(&x->b, lead);
	(void)explain_fill(&x->b, x->rq->lang, key, &x->v);
	(void)buf_byte(&x->b, '\n');
}

/* A name that stands in a record, or for people to read: plain, or it is not named. */
static bool
plain(struct str s)
{
	return (s.len > 0 && s.len <= DOMAIN_MAX && explain_plain_name(s));
}

/* The first few plain names of a breakdown, one after another; none: absent. */
static int
names(struct vendor *x, enum query_by by, struct str *out, struct err *e)
{
	const struct query_page	 page = { .limit = SIGNED_MOST };
	struct query_breakdown	 d;
	struct buf		 b = { 0 };
	unsigned		 n = 0;

	if (query_breakdown(x->q, &x->rq->filter, &x->r, by, &page, &d, e) == -1)
		return (-1);
	for (size_t i = 0; i < d.nitems && n < SHOWN; i++) {
		if (!plain(d.items[i].key) || str_eq(d.items[i].key, STR("absent")))
			continue;
		(void)buf_cstr(&b, n++ > 0 ? ", " : "");
		(void)buf_str(&b, d.items[i].key);
	}
	*out = n == 0 ? STR_NONE : arena_str(query_arena(x->q), buf_as_str(&b));
	buf_free(&b);
	return (0);
}

/* The share of failing mail in whole per cent; what is little is not called nothing. */
static void
rate(struct vendor *x, uint64_t part, uint64_t whole)
{
	uint64_t	 n = whole == 0 ? 0 : part * 100 / whole;
	char		 text[32];

	(void)snprintf(text, sizeof(text), "%s%llu %%", n == 0 && part > 0 ? "< " : "", (unsigned long long)(n == 0 && part > 0 ? 1 : n));
	value(x, NAME_rate, VALUE_TEXT, arena_str(query_arena(x->q), str_of(text)));
}

static void
say_head(struct vendor *x)
{
	char	 from[WHEN_TEXT], to[WHEN_TEXT];

	(void)when_date(x->r.from, from);
	(void)when_date(x->r.to, to);
	value(x, NAME_from, VALUE_TEXT, str_of(x->from));
	value(x, NAME_sender, VALUE_LABEL, x->s.label);
	value(x, NAME_day_from, VALUE_TEXT, arena_str(query_arena(x->q), str_of(from)));
	value(x, NAME_day_to, VALUE_TEXT, arena_str(query_arena(x->q), str_of(to)));
	number(x, NAME_m, x->c.m);
	number(x, NAME_failing, query_failing(&x->c));
	rate(x, query_failing(&x->c), x->c.m);
	line(x, "", "vendor.hello");
	line(x, "\n", "vendor.who");
	line(x, "", query_failing(&x->c) > 0 ? "vendor.numbers" : "vendor.numbers.fine");
}

static int
say_seen(struct vendor *x, struct err *e)
{
	struct query_pairs	 p;
	struct str		 sig, sel;

	if (query_pairs(x->q, &x->rq->filter, &x->r, PAIRS, &p, e) == -1 || names(x, BY_SIGDOMAIN, &sig, e) == -1 ||
	    names(x, BY_SELECTOR, &sel, e) == -1)
		return (-1);
	line(x, "\n", "vendor.seen");
	for (const struct query_pair *v = p.items; v < p.items + p.nitems; v++) {
		value(x, NAME_from, VALUE_NAME, v->from.len == 0 ? STR("?") : v->from);
		value(x, NAME_spfd, VALUE_NAME, v->bounce.len == 0 ? STR("?") : v->bounce);
		number(x, NAME_m, v->counts.m);
		number(x, NAME_a, v->legs.spf.aligned);
		number(x, NAME_b, v->legs.dkim.aligned);
		line(x, "- ", "vendor.pair");
	}
	value(x, NAME_from, VALUE_TEXT, str_of(x->from));
	value(x, NAME_sig, VALUE_TEXT, sig);
	value(x, NAME_sel, VALUE_TEXT, sel.p == NULL ? STR("?") : sel);
	line(x, "- ", sig.p == NULL ? "vendor.unsigned" : "vendor.signed");
	return (0);
}

static void
put_name(struct buf *b, const char *what, struct str s)
{
	if (s.len == 0)
		return;
	(void)buf_printf(b, "  %s", what);
	if (plain(s))
		(void)buf_str(b, s);
	else
		(void)buf_byte(b, '?');
}

/* In words of records: everybody in the field reads them so. */
static void
put_row(struct vendor *x, const struct query_row *row, const struct query_row_full *f)
{
	const struct report_record	*r = &f->record;
	struct buf			*b = &x->b;
	char				 day[WHEN_TEXT];

	(void)when_date(row->day, day);
	(void)buf_printf(b, "  %s", day);
	put_name(b, "reporter=", f->reporter);
	(void)buf_cstr(b, "  ip=");
	(void)buf_str(b, r->ip_len != 0 ? r->source_ip : STR("?"));
	(void)buf_printf(b, "  count=%llu", (unsigned long long)row->count);
	put_name(b, "header.from=", r->header_from);
	for (size_t i = 0; i < r->nspf && i < 1; i++) {
		(void)buf_printf(b, "  spf=%s", auth_result_names[r->spf_results[i].result == RES_ABSENT ? RES_UNKNOWN : r->spf_results[i].result]);
		put_name(b, "smtp.mailfrom=", r->spf_results[i].domain);
	}
	if (r->ndkim == 0)
		(void)buf_cstr(b, "  dkim=none");
	for (size_t i = 0; i < r->ndkim && i < 2; i++) {
		(void)buf_printf(b, "  dkim=%s", auth_result_names[r->dkim_results[i].result == RES_ABSENT ? RES_UNKNOWN : r->dkim_results[i].result]);
		put_name(b, "header.d=", r->dkim_results[i].domain);
		put_name(b, "header.s=", r->dkim_results[i].what);
	}
	(void)buf_printf(b, "  disposition=%s\n", disposition_names[r->disposition]);
}

/* Those that failed, the largest first. */
static int
say_rows(struct vendor *x, struct err *e)
{
	const struct query_page	 page = { .sort = "-m", .limit = ROWS };
	struct query_value	 none = { .number = ALIGN_NONE };
	struct query_filter	 f = x->rq->filter;
	struct query_rows	 rows;
	struct query_row_full	 full;

	if (query_failing(&x->c) == 0)
		return (0);
	if (f.nclauses == QUERY_CLAUSES)
		return (err_set(e, ERR_CONFIG, "more than %d filters", QUERY_CLAUSES));
	f.clauses[f.nclauses++] = (struct query_clause){ .key = QK_ALIGN, .values = &none, .nvalues = 1 };
	if (query_rows(x->q, &f, &x->r, &page, &rows, e) == -1)
		return (-1);
	if (rows.nitems > 0)
		line(x, "\n", "vendor.rows");
	for (size_t i = 0; i < rows.nitems; i++) {
		if (query_row_full(x->q, &rows.items[i], &full, e) == -1)
			return (-1);
		put_row(x, &rows.items[i], &full);
	}
	return (0);
}

static bool
enough(const struct query_leg *l, uint64_t m)
{
	return (m > 0 && l->aligned * 100 >= m * ENOUGH);
}

static void
say_ask(struct vendor *x)
{
	enum sender_aligns	 aligns = x->known == NULL ? ALIGNS_UNKNOWN : x->known->aligns;
	bool			 spf = enough(&x->legs.spf, x->c.m), dkim = enough(&x->legs.dkim, x->c.m);

	line(x, "\n", "vendor.ask");
	line(x, "1. ", dkim ? "vendor.dkim.fine" : "vendor.dkim");
	if (!dkim)
		(void)buf_printf(&x->b, "     SELECTOR._domainkey.%s.  CNAME  SELECTOR.YOUR-KEY-HOST.\n"
		    "     SELECTOR._domainkey.%s.  TXT  \"v=DKIM1; k=rsa; p=PUBLIC-KEY\"\n", x->from, x->from);
	line(x, "2. ", spf ? "vendor.path.fine" : aligns == ALIGNS_NO ? "vendor.path.no" : aligns == ALIGNS_DEDICATED ? "vendor.path.dedicated" :
	    "vendor.path");
	if (!spf && aligns != ALIGNS_NO)
		(void)buf_printf(&x->b, "     bounce.%s.  CNAME  YOUR-BOUNCE-HOST.\n     bounce.%s.  MX  10 YOUR-BOUNCE-HOST.\n"
		    "     bounce.%s.  TXT  \"v=spf1 include:YOUR-SPF-DOMAIN -all\"\n", x->from, x->from, x->from);
	if (x->known != NULL && x->known->setup_dkim != NULL && !(spf && dkim)) {
		line(x, "\n", "vendor.own");
		if (!dkim)
			(void)buf_printf(&x->b, "- DKIM: %s\n", x->known->setup_dkim);
		if (!spf && x->known->setup_path != NULL)
			(void)buf_printf(&x->b, "- Return-Path: %s\n", x->known->setup_path);
	}
	if (!spf || !dkim)
		line(x, "\n", "vendor.end");
}

/* For whom it sends; a sender without plain names has nothing to be written about. */
static int
begin(struct vendor *x, struct err *e)
{
	const struct query_page	 page = { .limit = SIGNED_MOST };
	struct query_breakdown	 d;
	struct query_total	 t;

	if (query_sender(x->q, x->rq->id, &x->rq->filter, &x->s, e) == -1 || query_filter_range(x->q, &x->rq->filter, &x->r, e) == -1 ||
	    query_total(x->q, &x->rq->filter, &x->r, &t, e) == -1 ||
	    query_breakdown(x->q, &x->rq->filter, &x->r, BY_HFROM, &page, &d, e) == -1)
		return (-1);
	x->c = t.counts;
	x->legs = t.legs;
	for (size_t i = 0; i < d.nitems && x->from[0] == '\0'; i++)
		if (plain(d.items[i].key) && !str_eq(d.items[i].key, STR("absent")))
			(void)snprintf(x->from, sizeof(x->from), "%.*s", (int)d.items[i].key.len, d.items[i].key.p);
	if (x->from[0] == '\0')
		return (err_set(e, ERR_INPUT, "no mail of that sender in these days: there is nothing to write about"));
	if (str_starts(x->s.key, "known:") && (x->cat = catalogue_builtin(e)) != NULL)
		x->known = catalogue_named(x->cat, (struct str){ x->s.key.p + 6, x->s.key.len - 6 });
	return (0);
}

static json_t *
written(struct vendor *x, struct err *e)
{
	struct a_obj	 o = a_object();
	struct buf	 subject = { 0 };
	json_t		*j;

	value(x, NAME_from, VALUE_TEXT, str_of(x->from));
	(void)explain_fill(&subject, x->rq->lang, "vendor.subject", &x->v);
	a_set(&o, "sender", a_id(x->s.id));
	a_set(&o, "label", a_str(x->s.label));
	a_set(&o, "from", a_day(x->r.from));
	a_set(&o, "to", a_day(x->r.to));
	a_set(&o, "lang", a_text(explain_languages[x->rq->lang].tag));
	a_set(&o, "domain", a_text(x->from));
	a_set(&o, "subject", a_str(buf_as_str(&subject)));
	a_set(&o, "text", a_str(buf_as_str(&x->b)));
	j = subject.failed || x->b.failed ? (json_decref(a_done(&o)), NULL) : a_done(&o);
	buf_free(&subject);
	return (j == NULL ? answer_oom(e) : j);
}

struct json_t *
answer_vendor(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct vendor	 x = { .q = q, .rq = rq };
	json_t		*j = NULL;

	if (begin(&x, e) == 0) {
		say_head(&x);
		if (say_seen(&x, e) == 0 && say_rows(&x, e) == 0) {
			say_ask(&x);
			j = written(&x, e);
		}
	}
	catalogue_free(x.cat);
	buf_free(&x.b);
	return (j);
}
