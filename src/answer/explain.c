/*
 * explain.c - rows in words: one by its name, or many by their causes.
 *
 * A cause is what one thing to do would mend: the same code for the same
 * domains, selector and sender. Who that is the store knows; where it does not,
 * what passed for another domain tells it, else the network of the address.
 */
#include <pthread.h>

#include "answer/answer_int.h"
#include "base/hash.h"
#include "enrich/catalogue.h"
#include "explain/explain.h"

#define CAUSES_MOST ((size_t)20000)	/* pairs of combination and source that are looked at: the largest */
#define WEEK 3				/* days on each side that a selector is looked up for */
#define DAYS_MOST 30
#define IPS_NAMED 5
#define SAID_MOST 10			/* different sentences of one kind that are told */
#define SAID_ALL 500			/* ... and that are added up */

/* --- Words ---------------------------------------------------------------------------- */

static json_t *
said(unsigned lang, const struct explanation *x, const struct explain_line *l)
{
	struct buf	 b = { .max = 16384 };
	json_t		*j;

	(void)explain_say(&b, lang, x, l);
	j = b.failed ? NULL : a_str(buf_as_str(&b));
	buf_free(&b);
	return (j);
}

/* The only line of that part, or null. */
static json_t *
one(unsigned lang, const struct explanation *x, enum explain_part part)
{
	for (size_t i = 0; i < x->nlines; i++)
		if (x->lines[i].part == part)
			return (said(lang, x, &x->lines[i]));
	return (json_null());
}

static json_t *
all(unsigned lang, const struct explanation *x, enum explain_part part)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < x->nlines; i++)
		if (x->lines[i].part == part)
			a_add(&a, said(lang, x, &x->lines[i]));
	return (a_done(&a));
}

static json_t *
snippets(unsigned lang, const struct explanation *x)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < x->nsnippets; i++) {
		const struct explain_snippet	*s = &x->snippets[i];
		struct a_obj			 o = a_object();
		struct buf			 b = { .max = 16384 };

		(void)explain_say_snippet(&b, lang, x, s);
		a_set(&o, "text", b.failed ? NULL : a_str(buf_as_str(&b)));
		a_set(&o, "type", a_text("TXT"));
		a_set(&o, "name", a_str(s->name));
		a_set(&o, "value", a_str(s->value));
		a_add(&a, a_done(&o));
		buf_free(&b);
	}
	return (a_done(&a));
}

/* What holds for the row or the cause as a whole. */
void
a_explained(struct a_obj *o, unsigned lang, const struct explanation *x)
{
	char	 code[8];

	a_set(o, "lang", a_text(explain_languages[lang].tag));
	a_set(o, "code", a_text(dmarc_code_name(x->code, code)));
	a_set(o, "title", one(lang, x, EXPLAIN_TITLE));
	a_set(o, "why", one(lang, x, EXPLAIN_WHY));
	a_set(o, "do", one(lang, x, EXPLAIN_DO));
	a_set(o, "do_yours", one(lang, x, EXPLAIN_YOURS));
	a_set(o, "do_not_yours", one(lang, x, EXPLAIN_NOT_YOURS));
	a_set(o, "who", all(lang, x, EXPLAIN_WHO));
	a_set(o, "setup", all(lang, x, EXPLAIN_SETUP));
	a_set(o, "legs", all(lang, x, EXPLAIN_LEG));
	a_set(o, "notes", all(lang, x, EXPLAIN_NOTE));
	a_set(o, "snippets", snippets(lang, x));
}

/* --- What the receivers did: sentences with the messages they hold for --------------------- */

struct sentence {
	enum explain_part	 part;
	struct str		 text, type, comment;
	uint64_t		 m;
};
struct sentences { struct sentence *v; size_t n, room; uint64_t fwd[FORWARD_CERTAIN + 1]; };

/* The lines of one part that belong together are one sentence: what was done, and how it fits the policy. */
static bool
put_part(struct buf *b, unsigned lang, const struct explanation *x, const struct explain_line *l, enum explain_part part)
{
	bool	 ok = explain_say(b, lang, x, l);

	if (part != EXPLAIN_OVERRIDE)
		for (const struct explain_line *n = l + 1; n < x->lines + x->nlines && n->part == part; n++)
			ok = buf_byte(b, ' ') && explain_say(b, lang, x, n);
	return (ok);
}

static int
sentence_add(struct query *q, struct sentences *s, unsigned lang, const struct explanation *x, const struct explain_line *l, uint64_t m,
    struct err *e)
{
	struct buf	 b = { .max = 16384 };
	struct sentence	*t;
	bool		 ok = put_part(&b, lang, x, l, l->part);
	int		 rv = -1;

	for (size_t i = 0; i < s->n && ok; i++) {
		t = &s->v[i];
		if (t->part == l->part && str_eq(t->text, buf_as_str(&b)) && str_eq(t->comment, l->comment)) {
			t->m += m;
			rv = 0;
			goto out;
		}
	}
	if (!ok || s->n == SAID_ALL) {
		rv = ok ? 0 : -1;	/* what comes so late is rare */
		goto out;
	}
	if (s->n == s->room) {
		size_t	 room = s->room == 0 ? 16 : 2 * s->room;

		if ((t = realloc(s->v, room * sizeof(*t))) == NULL)
			goto out;
		s->v = t;
		s->room = room;
	}
	t = &s->v[s->n];
	*t = (struct sentence){ .part = l->part, .type = l->part == EXPLAIN_OVERRIDE ? l->word : STR_NONE, .comment = l->comment, .m = m };
	if ((t->text = arena_str(query_arena(q), buf_as_str(&b))).p == NULL)
		goto out;
	s->n++;
	rv = 0;
out:
	buf_free(&b);
	return (rv == -1 ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

static int
sentences_of(struct query *q, struct sentences *s, unsigned lang, const struct explanation *x, uint64_t m, struct err *e)
{
	const struct explain_line	*l;

	s->fwd[x->forwarding] += m;
	for (size_t i = 0; i < x->nlines; i++) {
		l = &x->lines[i];
		if (l->part < EXPLAIN_TREATMENT || l->part > EXPLAIN_DIFFERS ||
		    (i > 0 && l->part != EXPLAIN_OVERRIDE && l[-1].part == l->part))
			continue;
		if (sentence_add(q, s, lang, x, l, m, e) == -1)
			return (-1);
	}
	return (0);
}

static int
by_messages(const void *a, const void *b)
{
	const struct sentence	*x = a, *y = b;

	return (x->m > y->m ? -1 : x->m < y->m);
}

static json_t *
sentences_json(const struct sentences *s, enum explain_part part)
{
	struct a_obj	 a = a_array();
	size_t		 n = 0;

	for (size_t i = 0; i < s->n && n < SAID_MOST; i++) {
		struct a_obj	 o;

		if (s->v[i].part != part)
			continue;
		n++;
		o = a_object();
		a_set(&o, "text", a_str(s->v[i].text));
		a_set(&o, "m", a_count(s->v[i].m));
		if (part == EXPLAIN_OVERRIDE) {
			a_set(&o, "type", a_str(s->v[i].type));
			a_set(&o, "comment", s->v[i].comment.len > 0 ? a_str(s->v[i].comment) : json_null());
		}
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

static void
put_sentences(struct a_obj *o, struct sentences *s)
{
	if (s->n > 0)
		qsort(s->v, s->n, sizeof(*s->v), by_messages);
	a_set(o, "treatment", sentences_json(s, EXPLAIN_TREATMENT));
	a_set(o, "override", sentences_json(s, EXPLAIN_OVERRIDE));
	a_set(o, "fwd", a_text(s->fwd[FORWARD_CERTAIN] > 0 ? "certain" : s->fwd[FORWARD_LIKELY] > 0 ? "likely" : "no"));
	a_set(o, "forwarding", sentences_json(s, EXPLAIN_FORWARD));
	a_set(o, "differs", sentences_json(s, EXPLAIN_DIFFERS));
}

/* --- What no row says ------------------------------------------------------------------------ */

/*
 * How the selector fared in those days from servers that SPF lists: these are
 * yours as far as anybody can tell from reports.
 */
static int
look_up_selector(struct query *q, struct str domain, const struct verdict *v, int64_t first, int64_t last, struct explain_facts *f,
    struct err *e)
{
	struct query_filter	 filter;
	struct query_range	 r = { .from = first - WEEK, .to = last + WEEK, .complete_through = DAY_NONE };
	struct query_total	 t;
	int			 rv = -1;

	if ((v->dkim_state != D_FAIL && v->dkim_state != D_PERM) || !explain_plain_name(v->dkim_selector) ||
	    !explain_plain_name(v->dkim_domain) || !explain_plain_name(domain))
		return (0);
	if (r.to - r.from >= DAYS_MOST)
		r.from = r.to - DAYS_MOST + 1;
	query_filter_init(&filter);
	if (query_filter_set(&filter, STR("domain"), domain, e) == 0 && query_filter_set(&filter, STR("selector"), v->dkim_selector, e) == 0 &&
	    query_filter_set(&filter, STR("sigdomain"), v->dkim_domain, e) == 0 &&
	    query_filter_set(&filter, STR("align"), STR("both,spf"), e) == 0)
		rv = query_total(q, &filter, &r, &t, e);
	query_filter_free(&filter);
	if (rv == -1)
		return (-1);
	f->forward.selector_m = t.counts.both + t.counts.spf_only;
	f->forward.selector_ok = t.counts.both;
	f->forward_from = t.first_day;
	f->forward_to = t.last_day;
	return (0);
}

/* Our own list, read once and never given back: only what is fixed is taken from it. */
static pthread_once_t		 catalogue_once = PTHREAD_ONCE_INIT;
static struct catalogue		*catalogue;

static void
catalogue_read(void)
{
	struct err	 e;

	catalogue = catalogue_builtin(&e);
}

/* An owner of this class. */
static enum explain_owner
owner_of(enum sender_class class)
{
	switch (sender_class_fate(class)) {
	case FATE_FIX:
		return (OWNER_YOU);
	case FATE_FORWARDED:
		return (OWNER_RELAY);
	default:
		return (class == CLASS_IMPOSTOR || class == CLASS_SUSPECT ? OWNER_OTHER : OWNER_UNKNOWN);
	}
}

/* Keys of senders are explained in schema/0006. */
static enum explain_named
named_of(struct str key)
{
	static const struct { const char *begin; enum explain_named named; } names[] = {
		{ "known:", NAMED_LABEL }, { "user:", NAMED_LABEL }, { "as:", NAMED_LABEL }, { "domain:", NAMED_DOMAIN }, { "net:", NAMED_PREFIX },
		{ "self:", NAMED_SELF }, { "signed:", NAMED_SIGNED },
	};

	for (size_t i = 0; i < nitems(names); i++)
		if (str_starts(key, names[i].begin))
			return (names[i].named);
	return (NAMED_NOT);
}

static void
facts_of_sender(const struct query_row_who *s, struct explain_facts *f)
{
	const struct catalogue_entry	*n = NULL;

	if (s->id == 0)
		return;
	f->owner = owner_of(s->class);
	f->forward.relay = s->relay;
	f->forward.forwards = s->forwards;
	f->forward.yours = s->yours;
	f->sender.class = sender_class_names[s->class];
	f->sender.kind = s->kind == KIND_UNKNOWN ? NULL : sender_kind_names[s->kind];
	f->sender.decided = s->decided;
	f->sender.named = named_of(s->key);
	f->sender.label = s->label;
	if (str_starts(s->key, "known:") && pthread_once(&catalogue_once, catalogue_read) == 0 && catalogue != NULL)
		n = catalogue_named(catalogue, (struct str){ s->key.p + 6, s->key.len - 6 });
	if (n != NULL) {
		f->sender.setup_dkim = n->setup_dkim;
		f->sender.setup_path = n->setup_path;
	}
}

static struct explain_facts
facts_of(const struct query_row *row, const struct query_row_full *full, const struct query_row_who *who)
{
	struct explain_facts	 f = { .day = row->day, .forward_from = EXPLAIN_NO_DAY, .forward_to = EXPLAIN_NO_DAY,
	    .reporter = full->reporter_label.len > 0 ? full->reporter_label : full->reporter };

	facts_of_sender(who, &f);
	f.forward.counted = true;
	f.forward.fwd = who->fwd;
	return (f);
}

static json_t *
row_id(const struct query_row *r)
{
	char	 text[64];

	(void)snprintf(text, sizeof(text), "%lld#%llu", (long long)r->report, (unsigned long long)r->seq);
	return (a_text(text));
}

/* --- One row ------------------------------------------------------------------------------------ */

/*
 * The records that its verdict was worked out with may be others by now: then
 * it is explained as it is held, and that is said.
 */
static int
facts_of_walk(struct query *q, const struct query_row_full *full, struct explain_facts *f, struct err *e)
{
	struct verdict	 v;

	f->walked = full->verdict.walked;
	if (query_walk(q, f->walked, &f->dns, e) == -1)
		return (-1);
	if ((f->walked & WALK_USED) == 0)
		return (0);
	dmarc_judge_with(&full->policy, &full->record, f->dns, &v);
	if (v.code == full->verdict.code)
		return (0);
	f->walk_old = true;
	dmarc_judge(&full->policy, &full->record, &v);
	if (v.code == full->verdict.code)
		f->dns = NULL;
	return (0);
}

struct json_t *
answer_row_explain(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct query_row	 row;
	struct query_row_full	 full;
	struct query_row_who	 who;
	struct explanation	 x;
	struct explain_facts	 f;
	struct sentences	 s = { .n = 0 };
	struct a_obj		 o;
	json_t			*j = NULL;

	if (query_row_find(q, rq->id, rq->seq, &row, e) == -1 || query_row_full(q, &row, &full, e) == -1 ||
	    query_row_who(q, &row, &who, e) == -1)
		return (NULL);
	f = facts_of(&row, &full, &who);
	if (facts_of_walk(q, &full, &f, e) == -1 || look_up_selector(q, full.domain, &full.verdict, row.day, row.day, &f, e) == -1 ||
	    explain_row(query_arena(q), &full.policy, &full.record, &f, &x, e) == -1 ||
	    sentences_of(q, &s, rq->lang, &x, row.count, e) == -1)
		goto out;
	o = a_object();
	a_set(&o, "id", row_id(&row));
	a_set(&o, "day", a_day(row.day));
	a_set(&o, "reporter", a_reporter(full.reporter, full.reporter_label));
	a_set(&o, "domain", a_str(full.domain));
	a_set(&o, "m", a_count(row.count));
	a_set(&o, "sender", a_row_who(&who));
	a_explained(&o, rq->lang, &x);
	put_sentences(&o, &s);
	if ((j = a_done(&o)) == NULL)
		(void)answer_oom(e);
out:
	free(s.v);
	return (j);
}

int
answer_why(struct query *q, const struct query_cause *c, struct explanation **out, struct err *e)
{
	const struct query_row	*row = &c->example;
	struct query_row_full	*full = arena_alloc(query_arena(q), 1, sizeof(*full));
	struct explanation	*x = arena_alloc(query_arena(q), 1, sizeof(*x));
	struct query_row_who	 who;
	struct explain_facts	 f;

	if (full == NULL || x == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (query_row_full(q, row, full, e) == -1 || query_row_who(q, row, &who, e) == -1)
		return (-1);
	f = facts_of(row, full, &who);
	f.reporters = c->reporters;
	if (facts_of_walk(q, full, &f, e) == -1 || look_up_selector(q, full->domain, &full->verdict, c->first_day, c->last_day, &f, e) == -1 ||
	    explain_row(query_arena(q), &full->policy, &full->record, &f, x, e) == -1)
		return (-1);
	*out = x;
	return (0);
}

/* --- Many rows, by cause ---------------------------------------------------------------------------- */

struct finding {			/* one combination, read once */
	int64_t			 evidence;
	struct query_row_full	 full;
	struct verdict		 v;
};
struct member {
	const struct query_cause	*c;
	struct finding			*k;
	struct query_row_who		 who;
	struct str			 ip;
	unsigned			 ip_len;
	struct member			*next;	/* of the cause, smaller ones later */
};
struct cause {
	struct str	 key;
	uint64_t	 m, rows, nips;
	int64_t		 first_day, last_day;
	struct member	*head, *tail;
};
struct grouping {
	struct query	*q;
	struct finding	**known;	/* by hash of the combination's id */
	struct cause	**causes;	/* by hash of the key */
	size_t		 slots;
	struct cause	**list;
	size_t		 n;
};

static struct finding *
finding_get(struct grouping *g, const struct query_cause *c, struct err *e)
{
	size_t		 i = (size_t)((uint64_t)c->example.evidence * 0x9e3779b97f4a7c15u >> 32) & (g->slots - 1);
	const struct dmarc_dns	*dns;
	struct finding	*k;

	/* two places for each item at least: an empty one is found */
	for (; (k = g->known[i]) != NULL; i = (i + 1) & (g->slots - 1))
		if (k->evidence == c->example.evidence)
			return (k);
	if ((k = arena_alloc(query_arena(g->q), 1, sizeof(*k))) == NULL) {
		(void)err_set(e, ERR_TEMP, "the answer is too large: ask for fewer days or add a filter");
		return (NULL);
	}
	if (query_row_full(g->q, &c->example, &k->full, e) == -1 || query_walk(g->q, k->full.verdict.walked, &dns, e) == -1)
		return (NULL);
	dmarc_judge_with(&k->full.policy, &k->full.record, dns, &k->v);
	k->evidence = c->example.evidence;
	g->known[i] = k;
	return (k);
}

/* What makes two rows one case: fields parted by a byte that no text keeps. */
static void
put_field(struct buf *b, struct str s)
{
	(void)buf_str(b, s);
	(void)buf_byte(b, '\0');
}

/* 192.0.2 or 2001:db8:5: enough to tell networks of /24 and /48 apart. */
static void
put_network(struct buf *b, struct str ip)
{
	size_t		 n = 0;
	unsigned	 parts = 0;

	for (; n < ip.len && !((ip.p[n] == '.' || ip.p[n] == ':') && ++parts == 3); n++)
		;
	put_field(b, (struct str){ ip.p, n });
}

static void
cause_key(struct buf *b, const struct member *m)
{
	const struct verdict		*v = &m->k->v;
	const struct report_record	*r = &m->k->full.record;
	struct str			 source = explain_source(v);
	bool				 known;

	buf_clear(b);
	(void)buf_printf(b, "%u %u %u %d%d%d", v->code, v->spf_basis, v->spf == NULL || v->spf_state == S_FOREIGN ? 0 : v->spf->result,
	    v->spf_strict, v->dkim_strict, m->k->full.verdict.differs);
	put_field(b, m->k->full.domain);
	put_field(b, r->header_from);
	/*
	 * One sender is one case, whatever other domains it names; so are the few
	 * messages from each of many. That SPF of another domain did not pass is
	 * one case, whichever it was.
	 */
	known = m->who.class == CLASS_NOISE || (m->who.id != 0 && named_of(m->who.key) != NAMED_NOT);
	put_field(b, v->spf_state == S_FOREIGN || (known && v->spf_state == S_OTHER && !v->spf_strict) ? STR_NONE : v->spf_domain);
	if (v->dkim_state != D_FOREIGN && (!known || v->dkim_state != D_OTHER || v->dkim_strict)) {
		put_field(b, v->dkim_domain);
		put_field(b, v->dkim_state == D_OTHER ? STR_NONE : v->dkim_selector);
	}
	if (known)
		(void)buf_printf(b, "sender %lld", (long long)m->who.id);
	else if (source.len > 0)
		put_field(b, domain_org(source));
	else
		put_network(b, m->ip_len != 0 ? m->ip : STR(""));
}

static struct cause *
cause_get(struct grouping *g, struct str key, struct err *e)
{
	size_t		 i = (size_t)hash64(hash_seed(), key.p, key.len) & (g->slots - 1);
	struct arena	*a = query_arena(g->q);
	struct cause	*c;

	for (; (c = g->causes[i]) != NULL; i = (i + 1) & (g->slots - 1))
		if (str_eq(c->key, key))
			return (c);
	if ((c = arena_alloc(a, 1, sizeof(*c))) == NULL || (c->key = arena_str(a, key)).p == NULL) {
		(void)err_set(e, ERR_TEMP, "the answer is too large: ask for fewer days or add a filter");
		return (NULL);
	}
	c->first_day = INT64_MAX;
	c->last_day = INT64_MIN;
	g->causes[i] = c;
	g->list[g->n++] = c;
	return (c);
}

static int
put_member(struct grouping *g, const struct query_cause *qc, struct buf *key, struct err *e)
{
	struct member	*m = arena_alloc(query_arena(g->q), 1, sizeof(*m));
	struct cause	*c;

	if (m == NULL)
		return (err_set(e, ERR_TEMP, "the answer is too large: ask for fewer days or add a filter"));
	m->c = qc;
	if ((m->k = finding_get(g, qc, e)) == NULL || query_source(g->q, qc->example.source, &m->ip, &m->ip_len, e) == -1 ||
	    query_row_who(g->q, &qc->example, &m->who, e) == -1)
		return (-1);
	cause_key(key, m);
	if (key->failed)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if ((c = cause_get(g, buf_as_str(key), e)) == NULL)
		return (-1);
	c->m += qc->m;
	c->rows += qc->rows;
	if (qc->first_day < c->first_day)
		c->first_day = qc->first_day;
	if (qc->last_day > c->last_day)
		c->last_day = qc->last_day;
	if (c->tail != NULL)
		c->tail->next = m;
	else
		c->head = m;
	c->tail = m;
	return (0);
}

static int
cause_order(const void *a, const void *b)
{
	const struct cause	*x = *(const struct cause *const *)a, *y = *(const struct cause *const *)b;

	if (x->m != y->m)
		return (x->m > y->m ? -1 : 1);
	return (x->key.len != y->key.len ? (x->key.len < y->key.len ? -1 : 1) : memcmp(x->key.p, y->key.p, x->key.len));
}

struct address { struct str ip; uint64_t m; };

static int
address_order(const void *a, const void *b)
{
	const struct address	*x = a, *y = b;

	return (x->m > y->m ? -1 : x->m < y->m);
}

static int
address_same(const void *a, const void *b)
{
	const struct address	*x = a, *y = b;

	return (x->ip.len != y->ip.len ? (x->ip.len < y->ip.len ? -1 : 1) : memcmp(x->ip.p, y->ip.p, x->ip.len));
}

/* Its addresses, the largest first; *n of them. */
static struct address *
addresses(struct query *q, const struct cause *c, size_t *n)
{
	struct address	*v;
	size_t		 k = 0, out = 0;

	for (const struct member *m = c->head; m != NULL; m = m->next)
		k++;
	if ((v = arena_alloc(query_arena(q), k + 1, sizeof(*v))) == NULL)
		return (NULL);
	k = 0;
	for (const struct member *m = c->head; m != NULL; m = m->next)
		v[k++] = (struct address){ m->ip, m->c->m };
	qsort(v, k, sizeof(*v), address_same);
	for (size_t i = 0; i < k; i++)
		if (out > 0 && str_eq(v[out - 1].ip, v[i].ip))
			v[out - 1].m += v[i].m;
		else
			v[out++] = v[i];
	qsort(v, out, sizeof(*v), address_order);
	*n = out;
	return (v);
}

static void
put_addresses(struct a_obj *o, const struct address *v, size_t n)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < n && i < IPS_NAMED; i++) {
		struct a_obj	 one_ip = a_object();

		a_set(&one_ip, "ip", a_str(v[i].ip));
		a_set(&one_ip, "m", a_count(v[i].m));
		a_add(&a, a_done(&one_ip));
	}
	a_set(o, "ips", a_done(&a));
	a_set(o, "ips_n", a_count(n));
}

/* The combination from that source. */
static int
explain_member(struct query *q, const struct member *m, const struct explain_facts *facts, struct explanation *x, struct err *e)
{
	struct query_row_full	*full = &m->k->full;
	struct explain_facts	 f = *facts;

	full->record.source_ip = m->ip;
	full->record.ip_len = m->ip_len;
	f.reporter = full->reporter_label.len > 0 ? full->reporter_label : full->reporter;
	return (explain_row(query_arena(q), &full->policy, &full->record, &f, x, e));
}

static json_t *
cause_json(struct query *q, const struct answer_request *rq, const struct cause *c, struct err *e)
{
	const struct member	*big = c->head;
	struct query_row_full	*full = &big->k->full;
	struct explain_facts	 f = facts_of(&big->c->example, full, &big->who);
	struct sentences	 s = { .n = 0 };
	struct explanation	*x, *y;
	struct address		*v;
	struct str		 ips[IPS_NAMED];
	struct a_obj		 o;
	json_t			*j = NULL;
	size_t			 n = 0;

	if ((v = addresses(q, c, &n)) == NULL || (x = arena_alloc(query_arena(q), 2, sizeof(*x))) == NULL) {
		(void)err_set(e, ERR_TEMP, "the answer is too large: ask for fewer days or add a filter");
		return (NULL);
	}
	y = x + 1;
	for (size_t i = 0; i < n && i < IPS_NAMED; i++)
		ips[i] = v[i].ip;
	if (big->ip_len != 0) {
		f.ips = ips;
		f.nips = n < IPS_NAMED ? n : IPS_NAMED;
		f.nall = n;
	}
	for (const struct member *m = big; m != NULL; m = m->next) {
		f.reporters |= m->c->reporters || m->c->example.reporter != big->c->example.reporter;
		f.several_spf |= !str_eq(domain_org(m->k->v.spf_domain), domain_org(big->k->v.spf_domain));
		f.several_sig |= !str_eq(domain_org(m->k->v.dkim_domain), domain_org(big->k->v.dkim_domain));
	}
	if (look_up_selector(q, full->domain, &big->k->v, c->first_day, c->last_day, &f, e) == -1)
		return (NULL);
	for (const struct member *m = big; m != NULL; m = m->next)
		if (explain_member(q, m, &f, y, e) == -1 || sentences_of(q, &s, rq->lang, y, m->c->m, e) == -1)
			goto out;
	/* the largest speaks for all; last, since each puts its own address into the row */
	if (explain_member(q, big, &f, x, e) == -1)
		goto out;
	o = a_object();
	a_set(&o, "domain", a_str(full->domain));
	a_set(&o, "hfrom", full->record.header_from_derived ? json_null() : a_str(full->record.header_from));
	a_set(&o, "m", a_count(c->m));
	a_set(&o, "rows", a_count(c->rows));
	a_set(&o, "first_day", a_day(c->first_day));
	a_set(&o, "last_day", a_day(c->last_day));
	put_addresses(&o, v, n);
	a_set(&o, "example", row_id(&big->c->example));
	a_set(&o, "sender", a_row_who(&big->who));
	a_explained(&o, rq->lang, x);
	put_sentences(&o, &s);
	if ((j = a_done(&o)) == NULL)
		(void)answer_oom(e);
out:
	free(s.v);
	return (j);
}

/* Without a word about passing or failing, failing mail is meant. */
static bool
says_passing(const struct query_filter *f)
{
	for (size_t i = 0; i < f->nclauses; i++)
		if (f->clauses[i].key == QK_ALIGN || f->clauses[i].key == QK_CODE || f->clauses[i].key == QK_DIFFERS)
			return (true);
	return (f->nclauses == QUERY_CLAUSES);
}

static int
group(struct grouping *g, const struct query_causes *all_of, struct err *e)
{
	struct arena	*a = query_arena(g->q);
	struct buf	 key = { .max = 8192 };
	int		 rv = 0;

	for (g->slots = 64; g->slots < 2 * all_of->nitems + 2; g->slots *= 2)
		;
	if ((g->known = arena_alloc(a, g->slots, sizeof(*g->known))) == NULL ||
	    (g->causes = arena_alloc(a, g->slots, sizeof(*g->causes))) == NULL ||
	    (g->list = arena_alloc(a, all_of->nitems + 1, sizeof(*g->list))) == NULL)
		return (err_set(e, ERR_TEMP, "the answer is too large: ask for fewer days or add a filter"));
	for (size_t i = 0; i < all_of->nitems && rv == 0; i++)
		rv = put_member(g, &all_of->items[i], &key, e);
	buf_free(&key);
	if (rv == 0 && g->n > 0)
		qsort(g->list, g->n, sizeof(*g->list), cause_order);
	return (rv);
}

struct json_t *
answer_explain(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct grouping		 g = { .q = q };
	struct query_value	 none = { .number = ALIGN_NONE };
	struct query_filter	 filter = rq->filter;	/* nothing of it is ours to free */
	struct query_range	 r;
	struct query_causes	 found;
	struct a_obj		 o, items;
	json_t			*j;
	uint64_t		 shown = 0;
	size_t			 n;

	if (!says_passing(&filter))
		filter.clauses[filter.nclauses++] = (struct query_clause){ .key = QK_ALIGN, .values = &none, .nvalues = 1 };
	if (query_filter_range(q, &filter, &r, e) == -1 || query_causes(q, &filter, &r, CAUSES_MOST, &found, e) == -1 ||
	    group(&g, &found, e) == -1)
		return (NULL);
	items = a_array();
	n = rq->limit == 0 || rq->limit > g.n ? g.n : rq->limit;
	for (size_t i = 0; i < n; i++) {
		if ((j = cause_json(q, rq, g.list[i], e)) == NULL) {
			json_decref(items.j);
			return (NULL);
		}
		shown += g.list[i]->m;
		a_add(&items, j);
	}
	o = a_object();
	a_set(&o, "from", a_day(r.from));
	a_set(&o, "to", a_day(r.to));
	a_set(&o, "lang", a_text(explain_languages[rq->lang].tag));
	a_set(&o, "items", a_done(&items));
	a_set(&o, "n", a_count(g.n));
	a_set(&o, "m", a_count(found.total_m));
	a_set(&o, "other_m", a_count(found.total_m - shown));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}
