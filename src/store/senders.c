/*
 * senders.c - who the sources are: a pass over what has come in.
 *
 * Reports are taken in without a look at who sent: their sums stand under
 * sender 0, and the day is marked fresh. This pass, run when there is nothing
 * else to do, goes through the domains with fresh days. It reads the records
 * of the last months of such a domain once, adds up what they say of every
 * source, groups sources into senders, judges what each sender is, and then
 * writes the sums of the fresh days anew, by sender; so it does for every day
 * with mail of a source that turns out to be another sender than was thought.
 * One domain is one transaction: readers see sums that are right before and
 * after, told apart by sender or not yet.
 *
 * One report can name a million addresses, so all that is held has a ceiling:
 * of a domain's sources those with most messages are told apart, and of its
 * senders likewise; what is beyond that is background noise.
 */
#include "base/hash.h"
#include "base/when.h"
#include "enrich/class.h"
#include "enrich/places.h"
#include "enrich/ranges.h"
#include "enrich/thresholds.h"
#include "store/hosts_int.h"
#include "store/map.h"
#include "store/query_int.h"
#include "store/senders.h"
#include "store/write_int.h"

#define VOTES		3	/* different identities of one source that are remembered */
#define SIGS		2	/* selectors likewise */
#define BLOCK		64	/* identities and selectors of one source's day that are put in order */
#define BATCH		2000	/* combinations read into one query's memory */
#define SEEKS		200000	/* more than that, and every day is looked at */
#define SHOWN		5	/* pieces of evidence kept with a sender */
#define NEW		MAP_NONE

/* What is held of one domain at most, some 50 MB. */
#define SOURCES_MAX	((size_t)1 << 16)	/* told apart in one pass; the rest has fewer messages */
#define OF_MAX		((size_t)1 << 18)	/* sources that have a sender */
#define SENDERS_MAX	((size_t)4000)
#define VOTES_MAX	((size_t)1 << 15)	/* different identities */
#define SIGS_MAX	((size_t)1 << 16)	/* different pairs of domain and selector */
#define EVS		((uint32_t)1 << 18)	/* combinations remembered */

enum {
	EV_KNOWN = 1, EV_PASS = 2, EV_SPF = 4, EV_DKIM = 8, EV_BROKEN = 16, EV_THIRD = 32, EV_CERTAIN = 64, EV_CERTAIN_LIST = 128,
	EV_STOPPED = 256, EV_LISTS = 512, EV_CERTAIN_PLAIN = 1024, EV_RESIGNED = 2048
};

struct ev {			/* of an evidence id, at the place id % EVS */
	uint32_t	 id;
	uint32_t	 vote, sig, outcome;	/* 0: none */
	uint32_t	 flags;
};

struct vote {			/* one way in which rows name a sender */
	struct identity	 id;
	const char	*key, *label;
	char		*shown;		/* the text of id.shown */
};

struct sig {
	uint64_t	 direct, direct_bad;	/* from where SPF vouches for the domain */
	uint64_t	 valid;
};

struct day_vote { uint32_t vote; uint64_t m; };
struct day_sig { uint32_t sig; uint64_t carried, broken; };

struct src {
	uint32_t	 source, group;
	uint32_t	 m, pass, spf, dkim, certain, certain_list, certain_plain, certain_broken, resigned, stopped, more;
	int32_t		 first, last;
	uint64_t	 days[2];
	uint32_t	 vote[VOTES], vm[VOTES];
	uint32_t	 sig[SIGS], carried[SIGS], broken[SIGS];
	uint32_t	 was;		/* its sender so far; 0: none */
	uint8_t		 was_how, how;
	bool		 lists;
	uint8_t		 host;		/* enum host_state */
	bool		 dialup;	/* its host name is like those of access lines */
};

struct group {
	const char	*key, *label;
	struct identity	 id;
	char		*shown_text;	/* of id.shown */
	size_t		 shown_room;
	struct class_facts f;
	uint32_t	 asn[SUSPECT_NETWORKS];	/* f.networks of them */
	uint64_t	 days[2];
	int32_t		 first, last;
	uint32_t	 nsources;
	uint64_t	 more;
	uint64_t	 asked, named, dialup;	/* messages of sources that DNS has told of, with a confirmed name, like access lines */
	struct { uint32_t vote; uint64_t m; } shown[SHOWN];
	enum sender_class class;
	enum confidence	 sure;
	uint32_t	 sender;
	bool		 decided;	/* somebody said what it is */
	bool		 beyond;	/* of SENDERS_MAX */
};

struct pair {			/* a group and a selector */
	uint32_t	 group, sig;
	uint64_t	 carried, broken;
};

struct cell {			/* of a day's sums */
	uint32_t	 reporter, outcome, sender;
	int64_t		 messages, rows;
};

enum st {
	ST_SCAN, ST_DAY, ST_OUTCOME, ST_REPORTER, ST_SOURCE, ST_OF, ST_OF_SET, ST_OF_DROP, ST_SENDER, ST_SENDER_FIND, ST_SENDER_ADD,
	ST_SENDER_LABEL, ST_CLASS_SET, ST_CLASS_CLEAN, ST_FRESH_DAYS, ST_FRESH_DROP, ST_BOUNDS, ST_DAYS_BEFORE, ST_SEEN, ST_SUM_DROP, ST_SUM_EDITION,
	ST_SUM_ADD, ST_DECIDED, STS
};

static const char *const	 text[STS] = {
	[ST_SCAN] = "SELECT day, source, evidence, count FROM record WHERE domain = ?1 AND day BETWEEN ?2 AND ?3",
	[ST_DAY] = "SELECT source, report, evidence, count FROM record WHERE domain = ?1 AND day = ?2",
	[ST_OUTCOME] = "SELECT outcome FROM evidence WHERE id = ?1",
	[ST_REPORTER] = "SELECT reporter FROM report WHERE id = ?1",
	[ST_SOURCE] = "SELECT kind, ip FROM source WHERE id = ?1",
	[ST_OF] = "SELECT source, sender, how FROM sender_of WHERE domain = ?1",
	[ST_OF_SET] = "INSERT INTO sender_of (domain, source, sender, how) VALUES (?1, ?2, ?3, ?4) "
	    "ON CONFLICT DO UPDATE SET sender = excluded.sender, how = excluded.how",
	[ST_OF_DROP] = "DELETE FROM sender_of WHERE domain = ?1 AND source = ?2",
	[ST_SENDER] = "SELECT key, label, kind FROM sender WHERE id = ?1",
	[ST_SENDER_FIND] = "SELECT id, label, kind FROM sender WHERE key = ?1",
	[ST_SENDER_ADD] = "INSERT INTO sender (key, label, kind) VALUES (?1, ?2, ?3)",
	[ST_SENDER_LABEL] = "UPDATE sender SET label = ?2, kind = ?3 WHERE id = ?1",
	[ST_CLASS_SET] = "INSERT OR REPLACE INTO sender_class (domain, sender, class, confidence, identity, evidence, first_day, last_day, "
	    "messages) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[ST_CLASS_CLEAN] = "DELETE FROM sender_class WHERE domain = ?1 AND sender <> 1 AND NOT EXISTS (SELECT 1 FROM sender_of o "
	    "WHERE o.sender = sender_class.sender AND o.domain = sender_class.domain)",
	[ST_FRESH_DAYS] = "SELECT day FROM fresh WHERE domain = ?1 ORDER BY day",
	[ST_FRESH_DROP] = "DELETE FROM fresh WHERE domain = ?1",
	[ST_BOUNDS] = "SELECT min(day), max(day) FROM rollup WHERE domain = ?1",
	[ST_DAYS_BEFORE] = "SELECT DISTINCT day FROM rollup WHERE domain = ?1 AND day < ?2",
	[ST_SEEN] = "SELECT 1 FROM record WHERE domain = ?1 AND day = ?2 AND source = ?3 LIMIT 1",
	[ST_SUM_DROP] = "DELETE FROM rollup WHERE domain = ?1 AND day = ?2",
	[ST_SUM_EDITION] = "INSERT INTO edition (domain, day, number) VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET number = number + 1",
	[ST_SUM_ADD] = "INSERT INTO rollup (domain, day, reporter, outcome, sender, messages, rows) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[ST_DECIDED] = "SELECT key FROM sender WHERE id IN (SELECT sender FROM decision WHERE undone IS NULL AND domain IN (?1, 0))",
};

struct pass {
	struct store		*s;
	const struct catalogue	*cat;
	struct query		*q;
	unsigned		 judged;
	struct hosts_pass	*hosts;
	sqlite3_stmt		*st[STS];
	struct arena		*a;	/* of votes */
	bool			 full;	/* the catalogue is another one: everything anew */
	/* of all domains */
	struct ev		*evs;
	uint32_t		*reporters;	/* by report */
	size_t			 cap_reporters;
	struct vote		*votes;
	size_t			 nvotes, cap_votes;
	struct map		 vote_map;
	size_t			 nsigs, cap_sig_orders;
	uint64_t		*sig_orders;	/* by signature: the same for the same names in every store */
	struct map		 sig_map;
	/* of one domain */
	int64_t			 domain;
	struct arena		*texts;	/* of groups */
	struct str		 org;
	int64_t			 from, to, cut;
	struct sig		*sigs;
	size_t			 cap_sigs;
	struct src		*srcs;
	size_t			 nsrcs, cap_srcs;
	struct day_vote		 day_votes[BLOCK];	/* of the source and day that are read */
	struct day_sig		 day_sigs[BLOCK];
	unsigned		 nday_votes, nday_sigs;
	struct map		 src_map, of, near, group_map, pair_map, cell_map;
	struct group		*groups;
	size_t			 ngroups, cap_groups;
	struct pair		*pairs;
	size_t			 npairs, cap_pairs;
	struct cell		*cells;
	size_t			 ncells, cap_cells;
	int64_t			*days;
	size_t			 ndays, cap_days;
	uint32_t		*moved;		/* sources that were somebody else */
	size_t			 nmoved, cap_moved;
};

/* --- Small things ---------------------------------------------------------------- */

static void
add32(uint32_t *to, uint64_t m)
{
	*to = UINT32_MAX - *to < m ? UINT32_MAX : *to + (uint32_t)m;
}

/* --- Statements -------------------------------------------------------------------- */

static sqlite3_stmt *
bound(struct pass *x, enum st i, int64_t a, int64_t b, int64_t c)
{
	sqlite3_stmt	*st = x->st[i];
	const int64_t	 v[] = { a, b, c };

	for (int k = 0; k < sqlite3_bind_parameter_count(st) && k < 3; k++)
		(void)sqlite3_bind_int64(st, k + 1, v[k]);
	return (st);
}

static int
run(struct pass *x, sqlite3_stmt *st, struct err *e)
{
	int	 rc = sqlite3_step(st);

	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(x->s, "senders", e));
}

/* One number; 0 when there is none. */
static int
one(struct pass *x, sqlite3_stmt *st, int64_t *out, struct err *e)
{
	int	 rc = sqlite3_step(st);

	*out = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(x->s, "senders", e));
}

/* --- What a combination says ---------------------------------------------------------- */

/* The shortest of all names, of those the first by the alphabet: ids tell who came first, which another import has otherwise. */
static bool
name_before(struct str a, struct str b)
{
	return (a.len != b.len ? a.len < b.len : a.len > 0 && memcmp(a.p, b.p, a.len) < 0);
}

static uint32_t
vote_id(struct pass *x, const struct identity *id, struct err *e)
{
	struct buf	 key = { 0 }, label = { 0 };
	struct vote	*v;
	uint32_t	*at = NULL;

	if (x->nvotes >= VOTES_MAX)	/* nobody sends through so many: not told apart any more */
		return (0);
	identity_key(id, x->org, &key);
	identity_label(id, x->org, &label);
	if (!key.failed && !label.failed)
		at = map_at(&x->vote_map, hash64(x->s->secret + (uint64_t)x->domain * 64 + id->how * 2 + id->weak, key.p, key.len));
	if (at != NULL && *at == NEW && q_grow((void **)&x->votes, &x->cap_votes, x->nvotes + 2, sizeof(*x->votes))) {
		v = &x->votes[++x->nvotes];
		*v = (struct vote){ *id, arena_strndup(x->a, key.p, key.len), arena_strndup(x->a, label.p, label.len), NULL };
		v->id.name = arena_str(x->a, id->name);
		v->shown = arena_strndup(x->a, id->shown.len == 0 ? "" : id->shown.p, id->shown.len);
		v->id.shown = (struct str){ v->shown, id->shown.len };
		*at = v->key == NULL || v->label == NULL || v->id.shown.p == NULL ? NEW : (uint32_t)x->nvotes;
	} else if (at != NULL && *at != NEW && name_before(id->shown, x->votes[*at].id.shown)) {
		memcpy(x->votes[*at].shown, id->shown.p, id->shown.len);	/* it is no longer: there is room */
		x->votes[*at].id.shown.len = id->shown.len;
	}
	buf_free(&key);
	buf_free(&label);
	if (at == NULL || *at == NEW) {
		(void)q_oom(e);
		return (NEW);
	}
	return (*at);
}

static uint32_t
sig_id(struct pass *x, struct str domain, struct str selector)
{
	uint64_t	 h = hash64(x->s->secret + 21, domain.p, domain.len);
	uint32_t	*at;

	if (x->nsigs >= SIGS_MAX)
		return (0);
	if ((at = map_at(&x->sig_map, selector.len == 0 ? h : hash64(h, selector.p, selector.len))) == NULL)
		return (NEW);
	if (*at == NEW) {
		if (!q_grow((void **)&x->sig_orders, &x->cap_sig_orders, x->nsigs + 2, sizeof(*x->sig_orders)))
			return (NEW);
		x->sig_orders[x->nsigs + 1] = hash64(hash64(1, domain.p, domain.len), selector.len == 0 ? "" : selector.p, selector.len);
		*at = (uint32_t)++x->nsigs;
	}
	return (*at);
}

static uint32_t
reasons_of(const struct report_record *r)
{
	uint32_t	 flags = 0;

	for (size_t i = 0; i < r->nreasons; i++) {
		const struct report_reason	*q = &r->reasons[i];

		if (str_ieq(q->type, "mailing_list"))
			flags |= EV_CERTAIN | EV_CERTAIN_LIST;
		else if (str_ieq(q->type, "forwarded") || str_ieq(q->type, "trusted_forwarder"))
			flags |= EV_CERTAIN | EV_CERTAIN_PLAIN;
		else if (str_ieq(q->type, "local_policy") && q->comment.len > 0 && str_ifind(q->comment, "arc=pass") != NULL)
			flags |= EV_CERTAIN;
	}
	return (flags);
}

/* A valid signature of the same organisation. */
static bool
signed_by(const struct report_record *r, struct str domain)
{
	for (size_t i = 0; i < r->ndkim; i++)
		if (r->dkim_results[i].result == RES_PASS && str_eq(domain_org(r->dkim_results[i].domain), domain_org(domain)))
			return (true);
	return (false);
}

static int
judge(struct pass *x, uint32_t id, struct ev *v, struct err *e)
{
	const struct dmarc_dns		*dns;
	struct query_row_full		 full;
	const struct report_record	*r = &full.record;
	struct verdict			 verdict;
	struct identity			 who;
	int64_t				 outcome;

	if (++x->judged % BATCH == 0 || arena_held(query_arena(x->q)) > Q_FULL) {	/* what was read stays in a query's memory */
		query_end(x->q);
		if ((x->q = query_begin(x->s, 0, 0, e)) == NULL)
			return (-1);
	}
	if (q_evidence(x->q, id, &full, e) == -1 || one(x, bound(x, ST_OUTCOME, id, 0, 0), &outcome, e) == -1)
		return (-1);
	if (query_walk(x->q, full.verdict.walked, &dns, e) == -1)
		return (-1);
	dmarc_judge_with(&full.policy, r, dns, &verdict);
	identity_of_row(x->cat, r, &verdict, &who);
	v->outcome = (uint32_t)outcome;
	v->flags = EV_KNOWN | reasons_of(r) | (verdict.pass ? EV_PASS : 0u) | (verdict.spf_aligned ? EV_SPF : 0u) |
	    (verdict.dkim_aligned ? EV_DKIM : 0u) | (verdict.dkim_state == D_FAIL ? EV_BROKEN : 0u) |
	    (!verdict.pass && (r->disposition == DISP_QUARANTINE || r->disposition == DISP_REJECT) ? EV_STOPPED : 0u);
	if (verdict.spf_state == S_OTHER)
		v->flags |= EV_THIRD | (verdict.dkim_state == D_FAIL && signed_by(r, verdict.spf_domain) ? EV_RESIGNED : 0u) |
		    (name_of_lists(verdict.spf_domain) ? EV_LISTS : 0u);
	for (size_t i = 0; i < r->ndkim; i++)
		if (r->dkim_results[i].result == RES_PASS && !verdict.dkim_aligned)
			v->flags |= EV_THIRD | (name_of_lists(r->dkim_results[i].domain) ? EV_LISTS : 0u);
	if ((verdict.dkim_state == D_PASS || verdict.dkim_state == D_FAIL) && verdict.dkim_domain.len > 0 &&
	    (v->sig = sig_id(x, verdict.dkim_domain, verdict.dkim_selector)) == NEW)
		return (q_oom(e));
	if (who.how == HOW_SELF)	/* the text has to outlive the row */
		who.name = x->org;
	if (who.how != HOW_NONE && (v->vote = vote_id(x, &who, e)) == NEW)
		return (-1);
	return (0);
}

/* The place of this combination; empty unless it was the last that stood there. */
static struct ev *
ev_place(struct pass *x, int64_t id, struct err *e)
{
	struct ev	*v;

	if (id < 1 || id > INT32_MAX) {
		(void)err_set(e, ERR_BUG, "evidence %lld is out of range", (long long)id);
		return (NULL);
	}
	v = &x->evs[(uint32_t)id % EVS];
	if (v->id != (uint32_t)id)
		*v = (struct ev){ .id = (uint32_t)id };
	return (v);
}

static struct ev *
ev_of(struct pass *x, int64_t id, struct err *e)
{
	struct ev	*v = ev_place(x, id, e);

	if (v != NULL && (v->flags & EV_KNOWN) == 0 && judge(x, (uint32_t)id, v, e) == -1) {
		v->id = 0;
		return (NULL);
	}
	return (v);
}

/* For sums nothing else is needed, and judging again is dear. */
static int
outcome_of(struct pass *x, int64_t id, uint32_t *out, struct err *e)
{
	struct ev	*v = ev_place(x, id, e);
	int64_t		 outcome;

	if (v == NULL)
		return (-1);
	if (v->outcome == 0) {
		if (one(x, bound(x, ST_OUTCOME, id, 0, 0), &outcome, e) == -1)
			return (-1);
		v->outcome = (uint32_t)outcome;
	}
	*out = v->outcome;
	return (0);
}

/* --- Adding up by source ----------------------------------------------------------------- */

static int
by_m(const void *a, const void *b)
{
	uint32_t	 x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y ? -1 : x < y);
}

/* Room for others: the half with fewer messages goes, and begins anew when it comes again. */
static bool
srcs_thin(struct pass *x)
{
	size_t		 keep = x->nsrcs / 2, above = 0, n = 0;
	uint32_t	*m, *at, least;

	if ((m = calloc(x->nsrcs, sizeof(*m))) == NULL)
		return (false);
	for (size_t i = 0; i < x->nsrcs; i++)
		m[i] = x->srcs[i].m;
	qsort(m, x->nsrcs, sizeof(*m), by_m);
	least = m[keep];
	while (m[above] > least)	/* it ends at keep */
		above++;
	free(m);
	map_clear(&x->src_map);
	for (size_t i = 0; i < x->nsrcs; i++) {
		if (x->srcs[i].m < least || (x->srcs[i].m == least && above == keep))
			continue;
		above += x->srcs[i].m == least;
		if ((at = map_at(&x->src_map, x->srcs[i].source)) == NULL)
			return (false);
		*at = (uint32_t)n;
		x->srcs[n++] = x->srcs[i];
	}
	x->nsrcs = n;
	return (true);
}

/* The source's place, made when it is new and there is room. */
static struct src *
src_of(struct pass *x, int64_t source)
{
	uint32_t	*at = map_at(&x->src_map, (uint64_t)source);

	if (at == NULL)
		return (NULL);
	if (*at == NEW) {
		if (!q_grow((void **)&x->srcs, &x->cap_srcs, x->nsrcs + 1, sizeof(*x->srcs)))
			return (NULL);
		*at = (uint32_t)x->nsrcs++;
		memset(&x->srcs[*at], 0, sizeof(*x->srcs));
		x->srcs[*at].source = (uint32_t)source;
		x->srcs[*at].first = INT32_MAX;
		x->srcs[*at].last = INT32_MIN;
	}
	return (&x->srcs[*at]);
}

static void
src_vote(struct src *s, uint32_t vote, uint64_t m)
{
	unsigned	 least = 0;

	for (unsigned i = 0; i < VOTES; i++) {
		if (s->vote[i] == vote || s->vote[i] == 0) {
			s->vote[i] = vote;
			add32(&s->vm[i], m);
			return;
		}
		if (s->vm[i] < s->vm[least])
			least = i;
	}
	if (m > s->vm[least]) {
		s->vote[least] = vote;
		s->vm[least] = (uint32_t)(m > UINT32_MAX ? UINT32_MAX : m);
	}
}

/* A signature of the domain in mail for which SPF does not vouch: own mail, or carried on. */
static void
src_sig(struct src *s, const struct day_sig *d)
{
	for (unsigned i = 0; i < SIGS; i++)
		if (s->sig[i] == d->sig || s->sig[i] == 0) {
			s->sig[i] = d->sig;
			add32(&s->carried[i], d->carried);
			add32(&s->broken[i], d->broken);
			return;
		}
	add32(&s->more, d->carried + d->broken);
}

static bool
vote_before(const struct pass *x, const struct day_vote *a, const struct day_vote *b)
{
	const struct vote	*v = &x->votes[a->vote], *w = &x->votes[b->vote];
	int			 c = a->m != b->m ? 0 : strcmp(v->key, w->key);

	if (a->m != b->m)
		return (a->m > b->m);
	return (c != 0 ? c < 0 : v->id.how != w->id.how ? v->id.how < w->id.how : v->id.weak < w->id.weak);
}

static bool
sig_before(const struct pass *x, const struct day_sig *a, const struct day_sig *b)
{
	uint64_t	 m = a->carried + a->broken, n = b->carried + b->broken;

	return (m != n ? m > n : x->sig_orders[a->sig] < x->sig_orders[b->sig]);
}

/*
 * A source remembers few identities and selectors, and which ones hangs on what
 * comes first. Reports of a day come in the order of their ids, which is that of
 * their arrival: here they are put in an order that the same mail always has.
 */
static void
day_end(struct pass *x, struct src *s)
{
	unsigned	 best;

	for (; x->nday_votes > 0; x->day_votes[best] = x->day_votes[--x->nday_votes]) {
		best = 0;
		for (unsigned i = 1; i < x->nday_votes; i++)
			if (vote_before(x, &x->day_votes[i], &x->day_votes[best]))
				best = i;
		src_vote(s, x->day_votes[best].vote, x->day_votes[best].m);
	}
	for (; x->nday_sigs > 0; x->day_sigs[best] = x->day_sigs[--x->nday_sigs]) {
		best = 0;
		for (unsigned i = 1; i < x->nday_sigs; i++)
			if (sig_before(x, &x->day_sigs[i], &x->day_sigs[best]))
				best = i;
		src_sig(s, &x->day_sigs[best]);
	}
}

static void
day_vote(struct pass *x, struct src *s, uint32_t vote, uint64_t m)
{
	unsigned	 i = 0;

	while (i < x->nday_votes && x->day_votes[i].vote != vote)
		i++;
	if (i == BLOCK) {
		day_end(x, s);
		i = 0;
	}
	if (i == x->nday_votes)
		x->day_votes[x->nday_votes++] = (struct day_vote){ vote, 0 };
	x->day_votes[i].m += m;
}

static void
day_sig(struct pass *x, struct src *s, const struct ev *v, uint64_t m)
{
	unsigned	 i = 0;

	while (i < x->nday_sigs && x->day_sigs[i].sig != v->sig)
		i++;
	if (i == BLOCK) {
		day_end(x, s);
		i = 0;
	}
	if (i == x->nday_sigs)
		x->day_sigs[x->nday_sigs++] = (struct day_sig){ v->sig, 0, 0 };
	*(v->flags & EV_DKIM ? &x->day_sigs[i].carried : &x->day_sigs[i].broken) += m;
}

static void
src_forget(struct src *s)
{
	s->m = s->pass = s->spf = s->dkim = s->certain = s->certain_list = s->certain_plain = s->certain_broken = s->resigned = s->stopped = s->more = 0;
	memset(s->days, 0, sizeof(s->days));
	memset(s->sig, 0, sizeof(s->sig));
	memset(s->carried, 0, sizeof(s->carried));
	memset(s->broken, 0, sizeof(s->broken));
	s->first = INT32_MAX;
}

static int
add_row(struct pass *x, struct src *s, const struct ev *v, int32_t day, uint64_t m, struct err *e)
{
	struct sig	*g = NULL;

	if (day != s->last)
		day_end(x, s);
	/* Long ago is long ago: what it is now is judged by its latest months. */
	if (day > x->cut && s->last != INT32_MIN && s->last <= x->cut)
		src_forget(s);
	s->first = day < s->first ? day : s->first;
	s->last = day;
	s->days[(unsigned)day % 128 / 64] |= UINT64_C(1) << ((unsigned)day % 64);
	add32(&s->m, m);
	if (v->flags & EV_PASS)
		add32(&s->pass, m);
	if (v->flags & EV_STOPPED)
		add32(&s->stopped, m);
	if (v->flags & EV_RESIGNED)
		add32(&s->resigned, m);
	s->lists |= (v->flags & EV_LISTS) != 0;
	if (v->vote != 0)
		day_vote(x, s, v->vote, m);
	if (v->sig != 0) {
		if (!q_grow((void **)&x->sigs, &x->cap_sigs, v->sig + (size_t)1, sizeof(*x->sigs)))
			return (q_oom(e));
		g = &x->sigs[v->sig];
		if (v->flags & EV_DKIM)
			g->valid += m;
		if (v->flags & EV_SPF && v->flags & EV_DKIM)
			g->direct += m;
		else if (v->flags & EV_SPF)
			g->direct_bad += m;
	}
	if (v->flags & EV_DKIM)
		add32(&s->dkim, m);
	if (v->flags & EV_SPF)
		add32(&s->spf, m);
	else if (v->flags & EV_CERTAIN) {
		add32(&s->certain, m);
		if (v->flags & EV_CERTAIN_LIST)
			add32(&s->certain_list, m);
		if (v->flags & EV_CERTAIN_PLAIN)
			add32(&s->certain_plain, m);
		if (v->flags & EV_BROKEN)
			add32(&s->certain_broken, m);
	} else if (g != NULL && (v->flags & EV_DKIM || (v->flags & EV_BROKEN && v->flags & EV_THIRD)))
		day_sig(x, s, v, m);
	return (0);
}

/*
 * SCAN_ALL takes in what every source says. Where there are too many of them
 * it gives up, SCAN_COUNT finds those with most messages without looking at
 * what they say, which is dear, and SCAN_KNOWN takes in these.
 */
enum scan { SCAN_ALL, SCAN_COUNT, SCAN_KNOWN };

/* 1: there are too many sources. */
static int
scan_rows(struct pass *x, enum scan how, struct err *e)
{
	sqlite3_stmt	*st = bound(x, ST_SCAN, x->domain, x->from, x->to);
	struct src	*s = NULL;
	struct ev	*v;
	int64_t		 source;
	bool		 known;
	int		 rc = SQLITE_DONE, rv = 0;

	while (rv == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		source = sqlite3_column_int64(st, 1);
		if (s == NULL || s->source != source) {
			if (s != NULL && how != SCAN_COUNT)
				day_end(x, s);
			known = (how != SCAN_KNOWN && x->nsrcs < SOURCES_MAX) || map_get(&x->src_map, (uint64_t)source) != NEW;
			if (!known && how == SCAN_ALL) {
				rv = 1;
				break;
			}
			if ((!known && how == SCAN_COUNT && !srcs_thin(x)) || ((known || how == SCAN_COUNT) && (s = src_of(x, source)) == NULL)) {
				rv = q_oom(e);
				break;
			}
			if (!known && how == SCAN_KNOWN) {
				s = NULL;
				continue;
			}
		}
		if (how == SCAN_COUNT)
			add32(&s->m, (uint64_t)sqlite3_column_int64(st, 3));
		else if ((v = ev_of(x, sqlite3_column_int64(st, 2), e)) == NULL)
			rv = -1;
		else
			rv = add_row(x, s, v, (int32_t)sqlite3_column_int64(st, 0), (uint64_t)sqlite3_column_int64(st, 3), e);
	}
	(void)sqlite3_reset(st);
	if (rv == 0 && s != NULL)
		day_end(x, s);
	x->nday_votes = x->nday_sigs = 0;
	return (rv == 0 && rc != SQLITE_DONE ? store_fail(x->s, "record", e) : rv);
}

static int
scan(struct pass *x, struct err *e)
{
	int	 rv = scan_rows(x, SCAN_ALL, e);

	if (rv != 1)
		return (rv);
	map_clear(&x->src_map);
	x->nsrcs = 0;
	if (x->sigs != NULL)
		memset(x->sigs, 0, x->cap_sigs * sizeof(*x->sigs));
	if (scan_rows(x, SCAN_COUNT, e) == -1)
		return (-1);
	for (struct src *s = x->srcs; s < x->srcs + x->nsrcs; s++)
		*s = (struct src){ .source = s->source, .first = INT32_MAX, .last = INT32_MIN };
	return (scan_rows(x, SCAN_KNOWN, e));
}

/* --- Who it is ---------------------------------------------------------------------------------- */

static int
source_ip(struct pass *x, uint32_t source, unsigned char ip[16], unsigned *len, struct err *e)
{
	sqlite3_stmt	*st = bound(x, ST_SOURCE, source, 0, 0);
	int		 rc, kind;

	*len = 0;
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		kind = sqlite3_column_int(st, 0);
		*len = (unsigned)sqlite3_column_bytes(st, 1);
		if ((kind == 4 && *len == 4) || (kind == 6 && *len == 16))
			memcpy(ip, sqlite3_column_blob(st, 1), *len);
		else
			*len = 0;
	}
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(x->s, "source", e));
}

static uint64_t
prefix_key(const unsigned char *ip, unsigned len)
{
	return (hash64(31 + len, ip, len == 4 ? 3 : 6));
}

/* In the place of the one before where it fits, so that many of them take no more room than the longest. */
static bool
group_shown(struct pass *x, struct group *g, struct str s)
{
	if (g->shown_room < s.len) {
		if ((g->shown_text = arena_strndup(x->texts, s.p, s.len)) == NULL)
			return (false);
		g->shown_room = s.len;
	} else
		memcpy(g->shown_text, s.p, s.len);
	g->id.shown = (struct str){ g->shown_text, s.len };
	return (true);
}

static struct group *
group_of(struct pass *x, const char *key, const char *label, const struct identity *id)
{
	uint32_t	*at = map_at(&x->group_map, hash64(x->s->secret, key, strlen(key)));
	struct group	*g;
	int		 sure;

	if (at == NULL)
		return (NULL);
	if (*at == NEW) {
		if (!q_grow((void **)&x->groups, &x->cap_groups, x->ngroups + 1, sizeof(*x->groups)))
			return (NULL);
		g = &x->groups[x->ngroups];
		memset(g, 0, sizeof(*g));
		g->key = arena_strndup(x->texts, key, strlen(key));
		g->label = arena_strndup(x->texts, label, strlen(label));
		g->id = *id;
		g->id.name = arena_str(x->texts, id->name);
		g->id.shown = STR_NONE;
		g->first = INT32_MAX;
		g->last = INT32_MIN;
		if (g->key == NULL || g->label == NULL)
			return (NULL);
		*at = (uint32_t)x->ngroups++;
	}
	g = &x->groups[*at];
	sure = (int)identity_confidence(id) - (int)identity_confidence(&g->id);
	if (sure > 0 || (sure == 0 && id->how < g->id.how)) {
		g->id.how = id->how;
		g->id.shown.len = 0;
	}
	if (id->how == g->id.how && id->shown.len > 0 && (g->id.shown.len == 0 || name_before(id->shown, g->id.shown)) &&
	    !group_shown(x, g, id->shown))
		return (NULL);
	return (g);
}

/* The group of a sender that is in the store. */
static struct group *
group_again(struct pass *x, uint32_t sender, enum identity_how how, struct err *e)
{
	sqlite3_stmt	*st = bound(x, ST_SENDER, sender, 0, 0);
	struct identity	 id = { .how = how };
	struct group	*g = NULL;
	const char	*key;

	if (sqlite3_step(st) == SQLITE_ROW) {
		key = (const char *)sqlite3_column_text(st, 0);
		if (key != NULL && (strncmp(key, "known:", 6) == 0 || strncmp(key, "user:", 5) == 0))
			id.entry = catalogue_named(x->cat, str_of(strchr(key, ':') + 1));
		if (key != NULL)
			g = group_of(x, key, (const char *)sqlite3_column_text(st, 1), &id);
	}
	(void)sqlite3_reset(st);
	if (g == NULL)
		(void)q_oom(e);
	return (g);
}

/* Is it a small part of all that is signed so? Then others sign, and this one hands it on. */
static bool
borrowed(const struct sig *g, uint64_t carried)
{
	return (g->valid >= BORROWED_MESSAGES && (double)carried * 100 <= (double)g->valid * BORROWED_SHARE);
}

static bool
carries(const struct pass *x, const struct src *s)
{
	for (unsigned i = 0; i < SIGS && s->sig[i] != 0; i++)
		if ((s->carried[i] > 0 && borrowed(&x->sigs[s->sig[i]], s->carried[i])) || s->broken[i] > 0)
			return (true);
	return (s->more > 0);
}

static bool
signs(const struct pass *x, const struct src *s)
{
	for (unsigned i = 0; i < SIGS && s->sig[i] != 0; i++)
		if (s->carried[i] > 0 && !borrowed(&x->sigs[s->sig[i]], s->carried[i]))
			return (true);
	return (false);
}

/* The prefixes of servers that prove the domain themselves. */
static int
near_note(struct pass *x, struct err *e)
{
	unsigned char	 ip[16];
	unsigned	 len;

	for (const struct src *s = x->srcs; s < x->srcs + x->nsrcs; s++) {
		if (s->spf == 0)
			continue;
		if (source_ip(x, s->source, ip, &len, e) == -1)
			return (-1);
		if (len != 0 && map_at(&x->near, prefix_key(ip, len)) == NULL)
			return (q_oom(e));
	}
	return (0);
}

static bool
is_near(const struct pass *x, const unsigned char *ip, unsigned len)
{
	return (len != 0 && x->near.room != 0 && x->near.keys[map_slot(&x->near, prefix_key(ip, len))] != 0);
}

/* "AS64500 Example"; absent: nobody says. */
static struct str
network_of(const unsigned char *ip, unsigned len, char out[RANGES_TEXT + 16])
{
	struct place	 p;
	int		 n;

	place_find(places_used(), ip, len, &p);
	if (p.asn == 0)
		return (STR_NONE);
	n = snprintf(out, RANGES_TEXT + 16, "AS%u%s%.*s", (unsigned)p.asn, p.network.len > 0 ? " " : "", (int)p.network.len,
	    p.network.p == NULL ? "" : p.network.p);
	return ((struct str){ out, (size_t)n });
}

static int
identify(struct pass *x, struct src *s, struct err *e)
{
	struct identity_vote	 votes[VOTES + 1];
	struct identity_source	 in = { .votes = votes };
	struct identity		 id;
	struct group		*g;
	struct buf		 key = { 0 }, label = { 0 };
	unsigned char		 ip[16];
	char			 prefix[64], network[RANGES_TEXT + 16], host[DOMAIN_MAX + 1];
	enum host_state		 state;

	if (hosts_name(x->hosts, s->source, &state, host, e) == -1)
		return (-1);
	s->host = (uint8_t)state;
	if (host[0] != '\0') {
		in.ptr = str_of(host);
		s->dialup = name_of_dialup(in.ptr);
		s->lists |= name_of_lists(in.ptr);
	}
	for (unsigned i = 0; i < VOTES && s->vote[i] != 0; i++)
		if (!x->votes[s->vote[i]].id.weak || !carries(x, s))
			votes[in.nvotes++] = (struct identity_vote){ x->votes[s->vote[i]].id, s->vm[i] };
	if (in.nvotes == 0 && signs(x, s))
		votes[in.nvotes++] = (struct identity_vote){ { .how = HOW_SIGNED, .name = x->org, .shown = x->org }, s->dkim };
	in.ip = ip;
	if (in.nvotes == 0 && source_ip(x, s->source, ip, &in.ip_len, e) == -1)
		return (-1);
	/* What stands among servers of the domain is told apart from the rest of a large network. */
	if (in.nvotes == 0 && !is_near(x, ip, in.ip_len))
		in.network = network_of(ip, in.ip_len, network);
	identity_of_source(x->cat, &in, prefix, &id);
	/* What was known for surer reasons once is not forgotten because the last months are silent on it. */
	if (!x->full && s->was != 0 && !(s->was_how == HOW_PTR && state != HOST_WAITING) && identity_confidence(&(struct identity){ .how = s->was_how }) > identity_confidence(&id)) {
		s->how = s->was_how;
		g = group_again(x, s->was, (enum identity_how)s->was_how, e);
	} else if (id.how == HOW_NONE) {
		s->group = NEW;
		return (0);
	} else {
		s->how = (uint8_t)id.how;
		identity_key(&id, x->org, &key);
		identity_label(&id, x->org, &label);
		g = key.failed || label.failed || !buf_byte(&key, 0) || !buf_byte(&label, 0) ? NULL : group_of(x, key.p, label.p, &id);
		buf_free(&key);
		buf_free(&label);
		if (g == NULL)
			return (q_oom(e));
	}
	if (g == NULL)
		return (-1);
	s->group = (uint32_t)(g - x->groups);
	return (0);
}

/* --- Senders and what they are ----------------------------------------------------------------- */

static void
group_show(struct group *g, uint32_t vote, uint64_t m)
{
	unsigned	 least = 0;

	for (unsigned i = 0; i < SHOWN; i++) {
		if (g->shown[i].vote == vote || g->shown[i].vote == 0) {
			g->shown[i].vote = vote;
			g->shown[i].m += m;
			return;
		}
		if (g->shown[i].m < g->shown[least].m)
			least = i;
	}
	if (m > g->shown[least].m) {
		g->shown[least].vote = vote;
		g->shown[least].m = m;
	}
}

static int
group_add(struct pass *x, const struct src *s, struct err *e)
{
	struct group	*g = &x->groups[s->group];
	struct pair	*p;
	uint32_t	*at;

	g->nsources++;
	g->f.m += s->m;
	g->f.pass += s->pass;
	g->f.spf += s->spf;
	g->f.dkim += s->dkim;
	g->f.certain += s->certain;
	g->f.certain_list += s->certain_list;
	g->f.certain_plain += s->certain_plain;
	g->f.broken += s->certain_broken;
	g->f.stopped += s->stopped;
	g->f.resigned += s->resigned;
	g->f.list_host |= s->lists;
	g->more += s->more;
	g->asked += s->host == HOST_WAITING ? 0 : s->m;
	g->named += s->host == HOST_CONFIRMED ? s->m : 0;
	g->dialup += s->dialup ? s->m : 0;
	g->days[0] |= s->days[0];
	g->days[1] |= s->days[1];
	g->first = s->first < g->first ? s->first : g->first;
	g->last = s->last > g->last ? s->last : g->last;
	for (unsigned i = 0; i < VOTES && s->vote[i] != 0; i++)
		if (strcmp(x->votes[s->vote[i]].key, g->key) == 0)
			group_show(g, s->vote[i], s->vm[i]);
	for (unsigned i = 0; i < SIGS && s->sig[i] != 0; i++) {
		if ((at = map_at(&x->pair_map, (uint64_t)s->group << 32 | s->sig[i])) == NULL ||
		    (*at == NEW && !q_grow((void **)&x->pairs, &x->cap_pairs, x->npairs + 1, sizeof(*x->pairs))))
			return (q_oom(e));
		if (*at == NEW) {
			x->pairs[x->npairs] = (struct pair){ s->group, s->sig[i], 0, 0 };
			*at = (uint32_t)x->npairs++;
		}
		p = &x->pairs[*at];
		p->carried += s->carried[i];
		p->broken += s->broken[i];
	}
	return (0);
}

/*
 * Forwarding by the pattern (W2): valid signatures that others of the domain's
 * senders make, and broken ones of a selector that is sound elsewhere.
 */
static void
carried(struct pass *x)
{
	const struct pair	*p;
	const struct sig	*s;
	struct group		*g;

	if (x->npairs == 0)
		return;
	for (p = x->pairs; p < x->pairs + x->npairs; p++) {
		g = &x->groups[p->group];
		s = &x->sigs[p->sig];
		if (p->carried > 0 && (g->f.kind == KIND_FORWARDER || borrowed(s, p->carried))) {
			g->f.likely += p->carried;
			g->f.dkim -= p->carried < g->f.dkim ? p->carried : g->f.dkim;
		}
		if (p->broken > 0 && s->direct > 0 && (double)s->direct * 100 >= (double)(s->direct + s->direct_bad) * SELECTOR_SOUND) {
			g->f.likely += p->broken;
			g->f.broken += p->broken;
		}
	}
	/* more selectors than anybody has who signs for himself */
	for (g = x->groups; g < x->groups + x->ngroups; g++)
		g->f.likely += g->more;
}

static unsigned
bits(uint64_t v)
{
	unsigned	 n = 0;

	for (; v != 0; v &= v - 1)
		n++;
	return (n);
}

static void
network_add(struct group *g, uint32_t asn)
{
	for (unsigned i = 0; i < g->f.networks; i++)
		if (g->asn[i] == asn)
			return;
	if (asn != 0 && g->f.networks < SUSPECT_NETWORKS)
		g->asn[g->f.networks++] = asn;
}

/* Of senders without any proof: do they stand among the domain's own, and in how many networks? */
static int
surroundings(struct pass *x, struct err *e)
{
	unsigned char	 ip[16];
	struct group	*g;
	struct place	 p;
	unsigned	 len;

	for (struct src *s = x->srcs; s < x->srcs + x->nsrcs; s++) {
		if (s->group == NEW || (g = &x->groups[s->group])->f.pass != 0 || (g->f.near_own && g->f.networks == SUSPECT_NETWORKS))
			continue;
		if (source_ip(x, s->source, ip, &len, e) == -1)
			return (-1);
		g->f.near_own |= is_near(x, ip, len);
		place_find(places_used(), ip, len, &p);
		network_add(g, p.asn);
	}
	return (0);
}

static void
classify(struct pass *x)
{
	for (struct group *g = x->groups; g < x->groups + x->ngroups; g++) {
		if (g->nsources == 0)
			continue;
		g->f.how = g->id.how;
		g->f.ptr = g->named > 0 ? KNOWN_YES : g->asked == g->f.m ? KNOWN_NO : NOT_KNOWN;
		g->f.dialup = g->dialup > 0 && g->dialup >= g->f.m / 2;
		g->f.days = bits(g->days[0]) + bits(g->days[1]);
		g->f.span = (unsigned)(g->last - g->first) + 1;
		g->class = class_infer(&g->f, &g->sure);
	}
}

/* Which of them are told apart when there are too many: those known by name first, then those seen on most days. */
static int
by_worth(const void *a, const void *b)
{
	const struct group	*x = *(struct group *const *)a, *y = *(struct group *const *)b;

	if ((x->f.entry != NULL) != (y->f.entry != NULL))
		return (x->f.entry != NULL ? -1 : 1);
	if (x->decided != y->decided)
		return (x->decided ? -1 : 1);
	if (x->f.days != y->f.days)
		return (x->f.days > y->f.days ? -1 : 1);
	if (x->f.m != y->f.m)
		return (x->f.m > y->f.m ? -1 : 1);
	return (strcmp(x->key, y->key));
}

static int
decided(struct pass *x, struct err *e)
{
	sqlite3_stmt	*st = bound(x, ST_DECIDED, x->domain, 0, 0);
	const char	*key;
	uint32_t	 at;
	int		 rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		if ((key = (const char *)sqlite3_column_text(st, 0)) != NULL &&
		    (at = map_get(&x->group_map, hash64(x->s->secret, key, strlen(key)))) != NEW)
			x->groups[at].decided = true;
	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(x->s, "decision", e));
}

static int
groups_few(struct pass *x, struct err *e)
{
	struct group	**all;

	if (x->ngroups <= SENDERS_MAX)
		return (0);
	if (decided(x, e) == -1)
		return (-1);
	if ((all = calloc(x->ngroups, sizeof(*all))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < x->ngroups; i++)
		all[i] = &x->groups[i];
	qsort(all, x->ngroups, sizeof(*all), by_worth);
	for (size_t i = SENDERS_MAX; i < x->ngroups; i++)
		all[i]->beyond = true;
	free(all);
	return (0);
}

static int
sender_store(struct pass *x, struct group *g, struct err *e)
{
	sqlite3_stmt	*st = x->st[ST_SENDER_FIND];
	enum sender_kind kind = g->f.kind;
	int		 rc;
	bool		 same = true;

	/* no entry, no proof, next to nothing: it is part of the noise */
	if (g->beyond || (g->f.entry == NULL && g->class == CLASS_NOISE)) {
		g->sender = SENDER_REST;
		return (0);
	}
	(void)sqlite3_bind_text(st, 1, g->key, -1, SQLITE_STATIC);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		g->sender = (uint32_t)sqlite3_column_int64(st, 0);
		same = sqlite3_column_text(st, 1) != NULL && strcmp((const char *)sqlite3_column_text(st, 1), g->label) == 0 &&
		    sqlite3_column_int(st, 2) == (int)kind;
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return (store_fail(x->s, "sender", e));
	if (g->sender != 0 && same)
		return (0);
	st = x->st[g->sender != 0 ? ST_SENDER_LABEL : ST_SENDER_ADD];
	if (g->sender != 0)
		(void)sqlite3_bind_int64(st, 1, g->sender);
	else
		(void)sqlite3_bind_text(st, 1, g->key, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 2, g->label, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int(st, 3, (int)kind);
	if (run(x, st, e) == -1)
		return (-1);
	if (g->sender == 0)
		g->sender = (uint32_t)sqlite3_last_insert_rowid(x->s->db);
	return (0);
}

/* Text of reports into JSON; control characters and what is not UTF-8 do not come this far. */
static void
json_text(struct buf *b, struct str s)
{
	(void)buf_byte(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			(void)buf_byte(b, '\\');
		if ((unsigned char)s.p[i] < 0x20)
			(void)buf_printf(b, "\\u%04x", (unsigned)(unsigned char)s.p[i]);
		else
			(void)buf_byte(b, (unsigned char)s.p[i]);
	}
	(void)buf_byte(b, '"');
}

static bool
shows_more(const struct pass *x, const struct group *g, unsigned a, unsigned b)
{
	const struct identity	*v = &x->votes[g->shown[a].vote].id, *w = &x->votes[g->shown[b].vote].id;

	if (g->shown[a].m != g->shown[b].m)
		return (g->shown[a].m > g->shown[b].m);
	return (v->how != w->how ? v->how < w->how : name_before(v->shown, w->shown));
}

static void
evidence_text(const struct pass *x, const struct group *g, struct buf *b)
{
	bool	 done[SHOWN] = { false };

	(void)buf_byte(b, '[');
	for (unsigned n = 0; n < SHOWN; n++) {
		int	 best = -1;

		for (unsigned i = 0; i < SHOWN; i++)
			if (!done[i] && g->shown[i].vote != 0 && (best == -1 || shows_more(x, g, i, (unsigned)best)))
				best = (int)i;
		if (best == -1)
			break;
		done[best] = true;
		(void)buf_printf(b, "%s[\"%s\",", n > 0 ? "," : "", identity_how_names[x->votes[g->shown[best].vote].id.how]);
		json_text(b, x->votes[g->shown[best].vote].id.shown);
		(void)buf_printf(b, ",%llu]", (unsigned long long)g->shown[best].m);
	}
	if (g->shown[0].vote == 0 && g->id.shown.len > 0) {
		(void)buf_printf(b, "[\"%s\",", identity_how_names[g->id.how]);
		json_text(b, g->id.shown);
		(void)buf_printf(b, ",%llu]", (unsigned long long)g->f.m);
	}
	(void)buf_byte(b, ']');
}

static int
class_store(struct pass *x, const struct group *g, struct err *e)
{
	sqlite3_stmt	*st = bound(x, ST_CLASS_SET, x->domain, g->sender, (int64_t)g->class);
	struct buf	 b = { 0 };
	int		 rv;

	evidence_text(x, g, &b);
	(void)sqlite3_bind_int(st, 4, (int)g->sure);
	(void)sqlite3_bind_int(st, 5, (int)identity_confidence(&g->id));
	(void)sqlite3_bind_text(st, 6, b.p == NULL ? "[]" : b.p, b.p == NULL ? 2 : (int)b.len, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 7, g->first);
	(void)sqlite3_bind_int64(st, 8, g->last);
	(void)sqlite3_bind_int64(st, 9, (sqlite3_int64)g->f.m);
	rv = b.failed ? q_oom(e) : run(x, st, e);
	buf_free(&b);
	return (rv);
}

static int
by_messages(const void *a, const void *b)
{
	const struct group	*x = *(struct group *const *)a, *y = *(struct group *const *)b;

	if (x->f.m != y->f.m)
		return (x->f.m > y->f.m ? -1 : 1);
	return (strcmp(x->key, y->key));
}

static int
senders_store(struct pass *x, struct err *e)
{
	struct group	 rest = { .key = "rest", .sender = SENDER_REST, .class = CLASS_NOISE, .first = INT32_MAX, .last = INT32_MIN };
	struct group	**all = calloc(x->ngroups + 1, sizeof(*all));
	size_t		 n = 0;
	int		 rv = 0;

	if (all == NULL)
		return (q_oom(e));
	for (struct group *g = x->groups; g < x->groups + x->ngroups; g++)
		if (g->nsources > 0)
			all[n++] = g;
	if (n > 1)
		qsort(all, n, sizeof(*all), by_messages);	/* new ones get their numbers so */
	for (size_t i = 0; i < n && rv == 0; i++)
		rv = sender_store(x, all[i], e);
	free(all);
	if (rv == -1)
		return (-1);
	for (struct group *g = x->groups; g < x->groups + x->ngroups; g++) {
		if (g->nsources == 0)
			continue;
		if (g->sender == SENDER_REST) {
			rest.f.m += g->f.m;
			rest.first = g->first < rest.first ? g->first : rest.first;
			rest.last = g->last > rest.last ? g->last : rest.last;
		} else if (class_store(x, g, e) == -1)
			return (-1);
	}
	return (rest.f.m > 0 ? class_store(x, &rest, e) : 0);
}

/* --- Sources to senders -------------------------------------------------------------------------- */

static int
of_load(struct pass *x, struct err *e)
{
	sqlite3_stmt	*st = bound(x, ST_OF, x->domain, 0, 0);
	uint32_t	 at, *of;
	int		 rc, rv = 0;

	while (rv == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		if ((of = map_at(&x->of, (uint64_t)sqlite3_column_int64(st, 0))) == NULL) {
			rv = q_oom(e);
			break;
		}
		*of = (uint32_t)sqlite3_column_int64(st, 1);
		if ((at = map_get(&x->src_map, (uint64_t)sqlite3_column_int64(st, 0))) != NEW) {
			x->srcs[at].was = *of;
			x->srcs[at].was_how = (uint8_t)sqlite3_column_int(st, 2);
		}
	}
	(void)sqlite3_reset(st);
	return (rv == 0 && rc != SQLITE_DONE ? store_fail(x->s, "sender_of", e) : rv);
}

static int
of_store(struct pass *x, const struct src *s, struct err *e)
{
	uint32_t	 sender = s->group == NEW || (s->was == 0 && x->of.n >= OF_MAX) ? SENDER_REST : x->groups[s->group].sender, *of;
	sqlite3_stmt	*st;

	if ((s->was == 0 ? SENDER_REST : s->was) != sender) {
		if (!q_grow((void **)&x->moved, &x->cap_moved, x->nmoved + 1, sizeof(*x->moved)))
			return (q_oom(e));
		x->moved[x->nmoved++] = (uint32_t)(s - x->srcs);
	} else if (sender == SENDER_REST || s->was_how == s->how)
		return (0);
	if ((of = map_at(&x->of, s->source)) == NULL)
		return (q_oom(e));
	*of = sender;
	if (sender == SENDER_REST)
		return (run(x, bound(x, ST_OF_DROP, x->domain, s->source, 0), e));
	st = bound(x, ST_OF_SET, x->domain, s->source, sender);
	(void)sqlite3_bind_int(st, 4, s->how);
	return (run(x, st, e));
}

/* --- Sums ---------------------------------------------------------------------------------------------- */

static int
by_number(const void *a, const void *b)
{
	const int64_t	*x = a, *y = b;

	return (*x < *y ? -1 : *x > *y);
}

static bool
day_add(struct pass *x, int64_t day)
{
	if (!q_grow((void **)&x->days, &x->cap_days, x->ndays + 1, sizeof(*x->days)))
		return (false);
	x->days[x->ndays++] = day;
	return (true);
}

static int
days_of(struct pass *x, sqlite3_stmt *st, struct err *e)
{
	int	 rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		if (!day_add(x, sqlite3_column_int64(st, 0)))
			break;
	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? 0 : rc == SQLITE_ROW ? q_oom(e) : store_fail(x->s, "fresh", e));
}

/* Days with mail of sources that were another sender so far, or none; those that are fresh are known already. */
static int
days_moved(struct pass *x, struct err *e)
{
	size_t			 fresh = x->ndays, n;
	int64_t			*all, seen = 0;
	int			 rv = 0;

	if (x->nmoved == 0 || days_of(x, bound(x, ST_DAYS_BEFORE, x->domain, x->to + 1, 0), e) == -1)
		return (x->nmoved == 0 ? 0 : -1);
	n = x->ndays - fresh;
	if (n * x->nmoved > SEEKS)
		return (0);	/* all of them, then */
	all = x->days + fresh;
	x->ndays = fresh;
	for (size_t i = 0; i < n && rv == 0; i++) {
		if (bsearch(&all[i], x->days, fresh, sizeof(*all), by_number) != NULL)
			continue;
		for (size_t k = 0; k < x->nmoved; k++) {
			rv = one(x, bound(x, ST_SEEN, x->domain, all[i], x->srcs[x->moved[k]].source), &seen, e);
			if (rv == -1 || seen != 0)
				break;
		}
		if (rv == 0 && seen != 0)
			x->days[x->ndays++] = all[i];	/* never past the place that is read */
	}
	return (rv);
}

static int
reporter_of(struct pass *x, int64_t report, uint32_t *out, struct err *e)
{
	int64_t	 v;

	if (report < 1 || report > INT32_MAX)
		return (err_set(e, ERR_BUG, "report %lld is out of range", (long long)report));
	if (!q_grow((void **)&x->reporters, &x->cap_reporters, (size_t)report + 1, sizeof(*x->reporters)))
		return (q_oom(e));
	if (x->reporters[report] == 0) {
		if (one(x, bound(x, ST_REPORTER, report, 0, 0), &v, e) == -1)
			return (-1);
		x->reporters[report] = (uint32_t)v;
	}
	*out = x->reporters[report];
	return (0);
}

static int
day_row(struct pass *x, sqlite3_stmt *st, struct err *e)
{
	struct cell	*c;
	uint32_t	 sender = map_get(&x->of, (uint64_t)sqlite3_column_int64(st, 0)), reporter, outcome, *at;

	if (sender == NEW)
		sender = SENDER_REST;
	if (reporter_of(x, sqlite3_column_int64(st, 1), &reporter, e) == -1 || outcome_of(x, sqlite3_column_int64(st, 2), &outcome, e) == -1)
		return (-1);
	/* ids below 2^21 each are told apart for sure; others by comparing */
	at = map_at(&x->cell_map, (uint64_t)reporter << 42 ^ (uint64_t)outcome << 21 ^ sender);
	while (at != NULL && *at != NEW && (x->cells[*at].reporter != reporter || x->cells[*at].outcome != outcome ||
	    x->cells[*at].sender != sender))
		at = map_at(&x->cell_map, hash64(*at, &reporter, sizeof(reporter)) ^ sender ^ (uint64_t)outcome << 32);
	if (at == NULL || (*at == NEW && !q_grow((void **)&x->cells, &x->cap_cells, x->ncells + 1, sizeof(*x->cells))))
		return (q_oom(e));
	if (*at == NEW) {
		x->cells[x->ncells] = (struct cell){ reporter, outcome, sender, 0, 0 };
		*at = (uint32_t)x->ncells++;
	}
	c = &x->cells[*at];
	c->messages += sqlite3_column_int64(st, 3);
	c->rows++;
	return (0);
}

static int
by_cell(const void *a, const void *b)
{
	const struct cell	*x = a, *y = b;

	if (x->reporter != y->reporter)
		return (x->reporter < y->reporter ? -1 : 1);
	if (x->outcome != y->outcome)
		return (x->outcome < y->outcome ? -1 : 1);
	return (x->sender < y->sender ? -1 : x->sender > y->sender);
}

static int
sum_day(struct pass *x, int64_t day, struct err *e)
{
	sqlite3_stmt	*st = bound(x, ST_DAY, x->domain, day, 0);
	int		 rc, rv = 0;

	map_clear(&x->cell_map);
	x->ncells = 0;
	while (rv == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW)
		rv = day_row(x, st, e);
	(void)sqlite3_reset(st);
	if (rv == -1 || rc != SQLITE_DONE)
		return (rv == -1 ? -1 : store_fail(x->s, "record", e));
	if (x->ncells > 1)
		qsort(x->cells, x->ncells, sizeof(*x->cells), by_cell);
	if (run(x, bound(x, ST_SUM_DROP, x->domain, day, 0), e) == -1 || run(x, bound(x, ST_SUM_EDITION, x->domain, day, 0), e) == -1)
		return (-1);
	for (struct cell *c = x->cells; c < x->cells + x->ncells; c++) {
		st = bound(x, ST_SUM_ADD, x->domain, day, c->reporter);
		(void)sqlite3_bind_int64(st, 4, c->outcome);
		(void)sqlite3_bind_int64(st, 5, c->sender);
		(void)sqlite3_bind_int64(st, 6, c->messages);
		(void)sqlite3_bind_int64(st, 7, c->rows);
		if (run(x, st, e) == -1)
			return (-1);
	}
	return (0);
}

static int
sums(struct pass *x, struct err *e)
{
	if (x->ndays > 1)
		qsort(x->days, x->ndays, sizeof(*x->days), by_number);
	for (size_t i = 0; i < x->ndays; i++)
		if ((i == 0 || x->days[i] != x->days[i - 1]) && sum_day(x, x->days[i], e) == -1)
			return (-1);
	return (0);
}

/* --- One domain ---------------------------------------------------------------------------------------------- */

static void
domain_clear(struct pass *x)
{
	struct map	*maps[] = { &x->src_map, &x->of, &x->near, &x->group_map, &x->pair_map, &x->cell_map };

	for (size_t i = 0; i < nitems(maps); i++)
		map_clear(maps[i]);
	x->nsrcs = x->ngroups = x->npairs = x->ncells = x->ndays = x->nmoved = 0;
	if (x->sigs != NULL)
		memset(x->sigs, 0, x->cap_sigs * sizeof(*x->sigs));
	arena_reset(x->texts);
	/* one domain with much of everything leaves the next ones their room */
	if (x->nvotes >= VOTES_MAX / 2 || x->nsigs >= SIGS_MAX / 2) {
		map_clear(&x->vote_map);
		map_clear(&x->sig_map);
		x->nvotes = x->nsigs = 0;
		memset(x->evs, 0, EVS * sizeof(*x->evs));
		arena_reset(x->a);
	}
}

/* The days that are read: the fresh ones, and the months before the last of all. */
static int
window(struct pass *x, struct err *e)
{
	sqlite3_stmt	*st = bound(x, ST_BOUNDS, x->domain, 0, 0);
	int64_t		 first = 0, last = -1;
	int		 rc = sqlite3_step(st);

	if (rc == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL) {
		first = sqlite3_column_int64(st, 0);
		last = sqlite3_column_int64(st, 1);
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW)
		return (store_fail(x->s, "rollup", e));
	x->to = last > INT32_MAX ? INT32_MAX : last;
	x->cut = x->to - CLASS_WINDOW_DAYS;
	x->from = x->cut + 1;
	if (x->ndays > 0 && x->days[0] < x->from)
		x->from = x->days[0];
	if (x->full || x->from < first)
		x->from = first;
	return (0);
}

static int
domain_work(struct pass *x, struct err *e)
{
	domain_clear(x);
	x->org = domain_org(str_of(x->q->c->domains[x->domain].key));
	if (days_of(x, bound(x, ST_FRESH_DAYS, x->domain, 0, 0), e) == -1 || window(x, e) == -1 || scan(x, e) == -1 ||
	    of_load(x, e) == -1)
		return (-1);
	if (near_note(x, e) == -1)
		return (-1);
	for (struct src *s = x->srcs; s < x->srcs + x->nsrcs; s++)
		if (identify(x, s, e) == -1)
			return (-1);
	for (struct group *g = x->groups; g < x->groups + x->ngroups; g++) {
		g->f.entry = g->id.entry;
		g->f.kind = g->id.entry != NULL ? g->id.entry->kind : KIND_UNKNOWN;
		g->f.list_host = name_of_lists(g->id.name);
	}
	for (struct src *s = x->srcs; s < x->srcs + x->nsrcs; s++)
		if (s->group != NEW && group_add(x, s, e) == -1)
			return (-1);
	if (surroundings(x, e) == -1)
		return (-1);
	carried(x);
	classify(x);
	if (groups_few(x, e) == -1 || senders_store(x, e) == -1)
		return (-1);
	for (struct src *s = x->srcs; s < x->srcs + x->nsrcs; s++)
		if (of_store(x, s, e) == -1)
			return (-1);
	for (struct src *s = x->srcs; s < x->srcs + x->nsrcs; s++)
		if (hosts_seen(x->hosts, x->domain, s->source, s->m, s->last, e) == -1)
			return (-1);
	if (days_moved(x, e) == -1 || sums(x, e) == -1 || run(x, bound(x, ST_CLASS_CLEAN, x->domain, 0, 0), e) == -1 ||
	    run(x, bound(x, ST_FRESH_DROP, x->domain, 0, 0), e) == -1)
		return (-1);
	return (writer_senders_changed(x->s, e));
}

static int
domain_pass(struct pass *x, struct err *e)
{
	int	 rv;

	if (store_begin(x->s, e) == -1)
		return (-1);
	if ((x->q = query_begin(x->s, 0, 0, e)) == NULL || (size_t)x->domain >= x->q->c->ndomains) {
		query_end(x->q);
		x->q = NULL;
		store_rollback(x->s);
		return (-1);
	}
	rv = domain_work(x, e);
	query_end(x->q);
	x->q = NULL;
	if (rv == -1)
		store_rollback(x->s);
	else
		rv = store_commit(x->s, e);
	return (rv);
}

/* --- The pass -------------------------------------------------------------------------------------------------- */

static int
meta_stamp(struct store *s, int64_t set, int64_t *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(s, &st, set == 0 ? "SELECT value FROM meta WHERE key = 'catalogue'" :
	    "INSERT INTO meta (key, value) VALUES ('catalogue', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value", e) == -1)
		return (-1);
	if (set != 0)
		(void)sqlite3_bind_int64(st, 1, set);
	rc = sqlite3_step(st);
	*out = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "meta", e));
}

static int
domains_due(struct pass *x, int64_t **ids, size_t *n, struct err *e)
{
	sqlite3_stmt	*st;
	size_t		 cap = 0;
	int		 rc;

	*ids = NULL;
	*n = 0;
	if (store_prepare(x->s, &st, x->full ? "SELECT id FROM domain ORDER BY name, id" : "SELECT id FROM domain WHERE id IN (SELECT domain FROM fresh) ORDER BY name, id", e) == -1)
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (!q_grow((void **)ids, &cap, *n + 1, sizeof(**ids)))
			break;
		(*ids)[(*n)++] = sqlite3_column_int64(st, 0);
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : rc == SQLITE_ROW ? q_oom(e) : store_fail(x->s, "fresh", e));
}

static void
pass_free(struct pass *x)
{
	struct map	*maps[] = { &x->vote_map, &x->sig_map, &x->src_map, &x->of, &x->near, &x->group_map, &x->pair_map, &x->cell_map };

	for (size_t i = 0; i < STS; i++)
		(void)sqlite3_finalize(x->st[i]);
	for (size_t i = 0; i < nitems(maps); i++)
		map_free(maps[i]);
	hosts_pass_free(x->hosts);
	arena_free(x->a);
	arena_free(x->texts);
	free(x->evs);
	free(x->reporters);
	free(x->sig_orders);
	free(x->votes);
	free(x->sigs);
	free(x->srcs);
	free(x->groups);
	free(x->pairs);
	free(x->cells);
	free(x->days);
	free(x->moved);
}

static int
pass_domains(struct pass *x, int64_t ms, bool *more, struct err *e)
{
	int64_t	*ids, begun = when_mono_ms(), stamp = (int64_t)(catalogue_stamp(x->cat) ^ places_stamp(places_used())), was;
	size_t	 n;
	int	 rv = 0;

	if (meta_stamp(x->s, 0, &was, e) == -1)
		return (-1);
	x->full = was != 0 && was != stamp;
	if (domains_due(x, &ids, &n, e) == -1) {
		free(ids);
		return (-1);
	}
	*more = false;
	for (size_t i = 0; i < n && rv == 0; i++) {
		/* another list of senders: all of it in one go, or it would never be done */
		if (ms > 0 && !x->full && i > 0 && when_mono_ms() - begun >= ms) {
			*more = true;
			break;
		}
		x->domain = ids[i];
		rv = domain_pass(x, e);
	}
	free(ids);
	if (rv == 0 && was != stamp && !*more)
		rv = meta_stamp(x->s, stamp == 0 ? 1 : stamp, &was, e);
	return (rv);
}

int
store_senders(struct store *s, const struct catalogue *cat, int64_t ms, bool *more, struct err *e)
{
	struct pass	 x = { .s = s, .cat = cat };
	struct err	 ignored;
	int		 rv = 0;

	*more = false;
	x.a = arena_new((size_t)64 << 20);
	x.texts = arena_new((size_t)64 << 20);
	x.evs = calloc(EVS, sizeof(*x.evs));
	if (x.a == NULL || x.texts == NULL || x.evs == NULL)
		rv = q_oom(e);
	for (int i = 0; i < STS && rv == 0; i++)
		rv = store_prepare(s, &x.st[i], text[i], e);
	if (rv == 0 && (x.hosts = hosts_pass_new(s, e)) == NULL)
		rv = -1;
	(void)sqlite3_db_release_memory(s->db);
	if (rv == 0 && (rv = store_exec(s, STORE_CACHE_SMALL, e)) == 0)
		rv = pass_domains(&x, ms, more, e);
	pass_free(&x);
	(void)store_exec(s, STORE_CACHE, &ignored);
	query_cache_free(s->qc);	/* as large as the store has combinations */
	s->qc = NULL;
	return (rv);
}

int
store_senders_due(struct store *s, bool *due, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(s, &st, "SELECT 1 FROM fresh LIMIT 1", e) == -1)
		return (-1);
	rc = sqlite3_step(st);
	*due = rc == SQLITE_ROW;
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "fresh", e));
}
