/*
 * query_int.h - what the query*.c files share; nobody else includes it.
 *
 * How questions are answered quickly: what a row says is evidence, stored
 * once, and an evidence has one outcome. So outcomes, evidence and the heads
 * of reports are remembered as arrays by id; a filter becomes byte arrays over
 * those ids; and then one pass over rollup (when no filter asks for more than
 * it holds) or over record adds up, in key order, without a join.
 *
 * Source:    schema/.
 * Trust:     as query.h.
 * Units:     as query.h.
 * Ownership: the cache belongs to the store; of what grows with every row no
 *            more than a ceiling is held, so that no mail makes a reader
 *            large. The plan and results are the query's.
 * Errors:    as query.h.
 */
#ifndef STORE_QUERY_INT_H
#define STORE_QUERY_INT_H

#include "enrich/ranges.h"
#include "store/map.h"
#include "store/query.h"
#include "store/store_int.h"

/* --- query_cache.c: what is remembered between questions ------------------------ */

struct q_outcome {
	uint8_t	 align, code, disp, dkim, spf, spf_raw, dkim_raw;
	bool	 known, verdict_dkim, verdict_spf, estimated, differs, forwarded, overridden;
};
struct q_evidence {
	uint32_t outcome;	/* 0: there is no such evidence */
	uint32_t policy, header_from, envelope_from;	/* 0: absent */
};
struct q_report {
	uint32_t reporter;	/* 0: there is no such report */
	uint32_t policy, domain, records;
	uint64_t m;
	int64_t	 received;
	int32_t	 day, lag;	/* lag -1: unknown */
	bool	 superseded;
	uint8_t	 trust;		/* enum trust */
};
struct q_named {
	char	*key, *label;	/* label: of reporters only */
	bool	 apart, used;	/* of domains: see schema/0003; there is a report about it on this side */
};
struct q_sender { const char *key, *label; uint8_t kind; };	/* key NULL: there is no such sender */
struct q_policy {
	uint32_t		 domain;	/* 0: there is no such policy */
	struct report_policy	 p;
};

/* The lists of one evidence: pairs and ids of names, one after another. */
struct q_lists { const uint32_t *dkim, *spf, *reasons; uint32_t ndkim, nspf, nreasons; };

enum q_tier {
	TIER_NAMES, TIER_OUTCOMES, TIER_EVIDENCE, TIER_REPORTS, TIER_POLICIES, TIER_KINDS, TIER_SENDERS, TIER_OF, TIER_PREFIXES, TIER_PLACES, TIER_PTRS, TIERS
};

enum q_stmt {
	Q_BEGIN, Q_END, Q_GENERATION, Q_EPOCH, Q_SENDERS, Q_SENDERS_OF_IP, Q_NAME_TEXT, Q_NAME_ID, Q_SOURCE, Q_SOURCE_RANGE, Q_SOURCE_UNKNOWN, Q_SOURCE_MAX,
	Q_SCAN, Q_SCAN_SEQ, Q_SEEK, Q_ROLLUP, Q_SEEN, Q_EVIDENCE, Q_EVIDENCES, Q_LISTS, Q_EVIDENCE_MAX, Q_REPORT, Q_VERSIONS,
	Q_FRESH, Q_DECIDED, Q_HOST, Q_HOST_IP, Q_EDITIONS, Q_STMTS
};

struct query_cache {
	uint64_t		 generation, epoch;
	uint64_t		 tier_at[TIERS];	/* generation at which it was filled; 0: never */

	struct q_outcome	*outcomes;
	struct q_pieces		*pieces;	/* query_pieces.c: evidence, of all readers of this file */
	struct q_own		*own;		/* and of this one */
	struct q_report		*reports;
	uint32_t		*reporter_of;	/* by report, beside the rest: each row asks for it */
	struct q_named		*domains, *reporters;
	struct q_policy		*policies;
	uint8_t			*kinds;		/* of sources: 4, 6, 0, or 255 for no source */
	struct q_prefixes	*prefixes;	/* query_prefix.c */
	struct q_places		*places;	/* query_place.c */
	struct q_ptrs		*ptrs;		/* query_ptr.c */
	size_t			 noutcomes, nevidence, nreports, ndomains, nreporters, npolicies, nkinds;
	size_t			 cap_outcomes, cap_reports, cap_domains,
				 cap_reporters, cap_policies, cap_kinds, cap_reporter_of;
	struct arena		*texts;		/* of domains, reporters, policies */

	/* query_senders.c: read anew when meta 'senders' says so */
	uint64_t		 senders_at, of_at;	/* its value + 1; 0: never read */
	struct q_sender		*senders;
	size_t			 nsenders, cap_senders;
	struct arena		*sender_texts;
	struct map		 classes;	/* domain << 32 | sender: class that holds; domain 0: decided for all */
	struct map		 of;		/* domain << 32 | source: sender */

	int64_t			 complete_for;	/* the day it was computed on */
	uint64_t		 complete_at;	/* and the generation */
	int64_t			 complete_through;
	uint64_t		 recalled;	/* generation + 1 whose latest rows have been remembered ahead */

	/* The days on which sources and evidence were first seen: query_domains.c. */
	uint16_t		*source_first, *evidence_first;
	size_t			 cap_source_first, cap_evidence_first;
	bool			 seen_complete;
	uint32_t		 seen_domain;	/* place to go on from */
	int64_t			 seen_day;
	size_t			 seen_reports;	/* reports below this id are in */

	sqlite3_stmt		*st[Q_STMTS];
};

struct query {
	struct store		*s;
	struct query_cache	*c;
	struct arena		*a;
	int64_t			 now, deadline;	/* deadline in when_mono_ms; 0: none */
	unsigned		 limit_ms;
	bool			 own;		/* the transaction is ours to end */
	bool			 late;		/* the deadline stopped it */
#define Q_FULL	((size_t)4 << 20)	/* of one who asks for row after row: end it, begin another */
	size_t			 most_sums, most_pieces, most_columns;	/* see query_hold; no columns: the file is read */
};

void	 query_cache_free(struct query_cache *);
/* It does not count: nobody's figures know of it unless he asks. */
static inline bool
q_apart(const struct query_cache *c, const struct q_report *r)
{
	return (c->domains[r->domain].apart);
}
int	 q_need(struct query *, enum q_tier, struct err *);
/* 1: a row, 0: the end, -1: *e is set. Reset and bindings are the caller's. */
int	 q_step(struct query *, sqlite3_stmt *, struct err *);
int	 q_stmt(struct query *, enum q_stmt, sqlite3_stmt **, struct err *);
int	 q_late(struct query *, struct err *);	/* -1 when the deadline is past */
int	 q_oom(struct err *);
bool	 q_grow(void **, size_t *cap, size_t need, size_t size);	/* new elements are zero */
struct str q_column(struct query *, sqlite3_stmt *, int);		/* a copy in the arena; NULL is absent */
int	 q_name(struct query *, uint32_t id, struct str *out, struct err *);	/* 0 is absent */
/* Lists of the schema, "1,4,2;5,6,2": calls fn for each entry, with zeros for what is left out. */
void	 q_numbers(struct str text, void (*fn)(void *, const uint32_t v[5], unsigned n), void *ctx);
int64_t	 q_complete_through(struct query *, struct err *);		/* needs TIER_REPORTS */

/* --- query_pieces.c: evidence by id; what is given stays until the next call -------- */

const struct q_evidence *q_ev(struct query *, uint32_t id, struct err *);	/* outcome 0: there is none; NULL: *e is set */
int	 q_lists(struct query *, uint32_t id, struct q_lists *, struct err *);
void	 q_pieces_leave(struct query_cache *);
struct q_columns *q_pieces_columns(struct query *, struct err *);	/* that stand beside them; NULL: *e is set */

/* --- query_columns.c: the rows of a domain's day --------------------------------------- */

enum q_sheet_kind { SHEET_RECORDS, SHEET_SUMS };
enum { Q_SHEET_COLUMNS = 5 };
struct q_columns;	/* of all readers of this file */
struct q_reading {
	int64_t			 v[Q_SHEET_COLUMNS];	/* source, report, evidence, count, seq; or reporter, outcome, messages, rows, sender */
	struct q_columns	*columns;
	struct q_sheet		*sheet;
	const unsigned char	*p;
	size_t			 left;
	unsigned		 delta;
};
struct q_columns *q_columns_new(void);		/* NULL: out of memory */
void	 q_columns_free(struct q_columns *);	/* NULL is fine */
/* 1: to be read to its end or not, and done; 0: that day is too large to be kept; -1: *e is set. */
int	 q_sheet(struct query *, enum q_sheet_kind, uint32_t domain, int64_t day, uint64_t number, struct q_reading *, struct err *);
void	 q_sheet_done(struct q_reading *);

/* A number as put there by query_columns.c: 7 bits a byte, lowest first, signed ones zigzag. */
static inline int64_t
q_sheet_number(const unsigned char **p)
{
	uint64_t	 v = *(*p)++, next;

	if (v > 127) {
		v &= 127;
		for (unsigned shift = 7;; shift += 7) {
			next = *(*p)++;
			v |= (next & 127) << shift;
			if (next < 128)
				break;
		}
	}
	return ((v & 1) != 0 ? -(int64_t)(v >> 1) - 1 : (int64_t)(v >> 1));
}

static inline bool
q_sheet_next(struct q_reading *r)
{
	if (r->left == 0)
		return (false);
	r->left--;
	for (unsigned i = 0; i < Q_SHEET_COLUMNS; i++) {
		int64_t	 v = q_sheet_number(&r->p);

		r->v[i] = (r->delta & 1u << i) != 0 ? (int64_t)((uint64_t)r->v[i] + (uint64_t)v) : v;
	}
	return (true);
}

/* --- query_plan.c: a filter, resolved; the two passes ---------------------------- */

struct q_plan {
	int64_t		 from, to;
	uint32_t	*domains;
	size_t		 ndomains;
	uint8_t		*sender_ok;	/* NULL: all */
	size_t		 nsender_ok;
	unsigned	 class_ok, fwd_ok;	/* bits; 0: all */
	unsigned	 health_ok;	/* bits, with: */
	uint8_t		*health;	/* by sender; NULL: nobody asks */
	size_t		 nhealth;
	uint8_t		*domain_ok, *reporter_ok, *outcome_ok, *evidence_ok, *source_ok, *report_ok;	/* NULL: all */
	uint32_t	*sources;	/* the few that are asked for; NULL: go through all */
	size_t		 nsources, nsource_ok;
	bool		 by_row;	/* rollup does not know enough */
	bool		 lists;		/* the caller looks at the lists of evidence */
	bool		 nothing;
};

struct q_fact {
	int64_t		 day;
	uint64_t	 m, rows, seq;
	uint32_t	 domain, reporter, outcome;
	uint32_t	 source, report, evidence;	/* 0 from rollup */
	uint32_t	 sender;	/* 0: not looked at yet */
	uint8_t		 class;		/* enum sender_class */
	uint8_t		 fwd;		/* enum forwarding */
	struct q_evidence ev;		/* of evidence */
	struct q_lists	 l;		/* when the plan says so */
};

/* Whose mail it is as far as figures go: class and forwarding. */
static inline uint32_t
q_who(const struct q_fact *f)
{
	return (f->class | (uint32_t)f->fwd << 4);
}

/* Outcome, class and forwarding as one number, for adding up by all of them. */
static inline uint32_t
q_sub(const struct q_fact *f)
{
	return (f->outcome | q_who(f) << 24);
}
typedef void q_fact_fn(void *, const struct q_fact *);

int	 q_plan(struct query *, const struct query_filter *, const struct query_range *, struct q_plan *, struct err *);
/* Narrows a plan to these sources (sorted), for a second look at a few. */
/* Pieces of q_plan: which sides a filter asks for (1 what counts, 2 what is kept apart); does a clause's text fit? */
uint64_t q_sides(const struct query_filter *);
bool	 q_clause_text(const struct query_clause *, struct str text);
void	 q_plan_sources(struct q_plan *, uint32_t *sources, size_t n, uint8_t *source_ok, size_t nok);
/* rows: the caller wants sources, reports, evidence (and seq when set). */
int	 q_run(struct query *, const struct q_plan *, bool rows, bool seq, q_fact_fn *, void *, struct err *);

/* --- query_tally.c: adding up by two ids, and the best few ------------------------ */

struct q_cell {
	uint64_t	 key;		/* group << 32 | sub */
	uint64_t	 m, rows;
	int32_t		 first, last;
};
struct q_tally {
	struct q_cell	*cells;
	uint32_t	*slots;
	size_t		 n, cap, nslots;
	size_t		 most;		/* 0: as many as a question may have */
	uint32_t	 recent;
	bool		 failed;	/* out of memory, or too many */
};
void		 q_tally_add(struct q_tally *, uint32_t group, uint32_t sub, const struct q_fact *);
struct q_cell	*q_tally_cell(struct q_tally *, uint32_t group, uint32_t sub);	/* made when new; NULL: failed */
void		 q_tally_below(struct q_tally *, uint32_t group);	/* forgets this group and those above */
int		 q_tally_check(const struct q_tally *, struct err *);
void		 q_tally_free(struct q_tally *);

struct q_rank {
	int64_t		 k[4];		/* ascending */
	uint32_t	 at;		/* the caller's slot */
};
struct q_top {			/* the first limit of all ranks behind a cursor */
	struct q_rank	*v;
	size_t		 n, cap, limit;	/* limit 0: all */
	bool		 has_after, failed;
	int64_t		 after[4];
	uint64_t	 passed;	/* how many were behind the cursor */
};
int		 q_top_init(struct q_top *, size_t limit);
/* Would it stand among the first? then *slot is where the caller keeps what belongs to it. */
bool		 q_top_offer(struct q_top *, const int64_t k[4], uint32_t *slot);
void		 q_top_sort(struct q_top *);
void		 q_top_free(struct q_top *);

struct q_sort { char name[16]; bool desc; };
int		 q_sort(const char *text, const char *otherwise, const char *const *names, struct q_sort *, struct err *);
int		 q_cursor_parse(const struct query_page *, const struct q_sort *, int64_t k[4], bool *given, struct err *);
char		*q_cursor(struct query *, const struct q_sort *, const int64_t k[4]);
/* What was offered to one that keeps limit, which is one more than a page has, as the ids of a page; k[1]: the id, turned round as sort says. */
int		 q_top_ids(struct query *, struct q_top *, size_t limit, const struct q_sort *, struct query_reports *, struct err *);

/* --- query_senders.c --------------------------------------------------------------- */

int	 q_senders_fill(struct query *, bool of, struct err *);
void	 q_senders_forget(struct query_cache *);
/* What the sender is to the domain, as decided or inferred. */
static inline uint8_t
q_class(const struct query_cache *c, uint32_t domain, uint32_t sender)
{
	uint32_t	 v = map_get(&c->classes, (uint64_t)domain << 32 | sender);

	return (v == MAP_NONE ? CLASS_UNKNOWN : (uint8_t)v);
}

/*
 * Was it forwarded? Certainly, says the receiver; likely, when it comes from a
 * host that hands mail on: what fails from there, and what came through with
 * its signature where SPF could not match. Nothing that is not in a rollup, so
 * every sum knows.
 */
static inline uint8_t
q_fwd(const struct query_cache *c, const struct q_fact *f)
{
	const struct q_outcome	*o = &c->outcomes[f->outcome];
	enum sender_kind	 kind;

	if (o->forwarded)
		return (FORWARD_CERTAIN);
	if (o->align == ALIGN_NONE)
		return (sender_class_fate((enum sender_class)f->class) == FATE_FORWARDED ? FORWARD_LIKELY : FORWARD_NO);
	/* P2 and P8: the signature is valid, SPF did not match */
	if (o->code != 2 && o->code != 8)
		return (FORWARD_NO);
	kind = f->sender < c->nsenders && c->senders[f->sender].kind < KIND_COUNT ? (enum sender_kind)c->senders[f->sender].kind : KIND_UNKNOWN;
	return (sender_relays(kind, (enum sender_class)f->class) ? FORWARD_LIKELY : FORWARD_NO);
}

/* --- query_place.c: countries and networks ----------------------------------------------- */

int		 q_places_fill(struct query *, struct err *);
int		 q_places_need(struct query *, bool network, struct err *);	/* ERR_CONFIG: there is no data */
uint32_t	 q_place_group(const struct query_cache *, uint32_t source, bool network);
int		 q_place_text(struct query *, uint32_t group, bool network, struct str *key, struct str *label, struct err *);
int		 q_place_clause(struct query *, const struct query_clause *, uint8_t *ok, size_t n, struct err *);
void		 q_places_forget(struct query_cache *);

/* --- query_ptr.c: host names -------------------------------------------------------------- */

int		 q_ptrs_fill(struct query *, struct err *);
uint32_t	 q_ptr_group(const struct query_cache *, uint32_t source);	/* needs TIER_PTRS */
struct str	 q_ptr_text(const struct query_cache *, uint32_t group);
int		 q_ptr_clause(struct query *, const struct query_clause *, uint8_t *ok, size_t n, struct err *);	/* as q_place_clause */
void		 q_ptrs_forget(struct query_cache *);

/* --- query_prefix.c: /24 and /48 as groups ---------------------------------------------- */

int		 q_prefixes_fill(struct query *, struct err *);
uint32_t	 q_prefix(const struct query_cache *, uint32_t source);	/* 0: it is no address */
bool		 q_prefix_bytes(const struct query_cache *, uint32_t group, unsigned char ip[16], unsigned *family);
struct str	 q_prefix_text(struct query *, uint32_t group);
void		 q_prefixes_forget(struct query_cache *);

/* --- query_health.c ------------------------------------------------------------------------ */

/* How well each sender does, whatever else the filter asks: into the plan. */
int	 q_health(struct query *, const struct query_filter *, const struct query_range *, struct q_plan *, struct err *);

/* --- query_sum.c ------------------------------------------------------------------- */

/* Each message is one of these. */
enum { OUT_BOTH, OUT_DKIM, OUT_SPF, OUT_FWD, OUT_FIX, OUT_UNK, OUT_UNTOLD, OUTCOMES };
extern const char *const q_outcome_names[OUTCOMES];
unsigned q_outcome_of(const struct q_outcome *, unsigned who);
bool	 q_measured(enum query_measure, const struct q_outcome *, unsigned who);	/* query_flow.c */

bool	 q_by_rows(enum query_by);		/* rollup does not know this key */
int	 q_group_text(struct query *, enum query_by, uint32_t group, struct str *key, struct str *label, struct err *);
uint32_t q_step_of(int64_t from, bool week, int64_t day);
/* The first day of each step of a range. */
int	 q_steps(struct query *, const struct query_range *, bool week, int64_t **days, size_t *n, struct err *);

/* The groups with most of a measure, and the plan of a pass to add them up with. Not for keys with lists. */
struct q_groups { struct q_plan p; uint32_t *ids; size_t n; uint64_t total; };
int	 q_groups_top(struct query *, const struct query_filter *, const struct query_range *, enum query_by, enum query_measure, size_t limit,
	    struct q_groups *, struct err *);
uint32_t q_group(struct query *, const struct q_groups *, enum query_by, const struct q_fact *);

void	 q_count(struct query_counts *, struct query_legs *, const struct q_outcome *, unsigned who, uint64_t m);
/* The same of what q_sub made. */
static inline void
q_count_sub(const struct query_cache *c, struct query_counts *n, struct query_legs *l, uint32_t sub, uint64_t m)
{
	q_count(n, l, &c->outcomes[sub & 0xffffff], sub >> 24, m);
}

/* An address as people write it, to its bytes: how many, 4 or 16; 0: it is none. */
unsigned q_address(struct str, unsigned char ip[16]);

/* Pieces of query_rows.c that others use. */
int	 q_source_text(struct query *, uint32_t source, struct str *, unsigned *family, struct err *);
/* All of a row but who, whence and how often. */
int	 q_evidence(struct query *, int64_t id, struct query_row_full *, struct err *);

#endif
