/*
 * query.h - the reading side of the store: filters, sums, rows, reports.
 * Source:    design: the filter grammar and the definition of each figure.
 * Trust:     filters are the asker's and checked by query_filter_set; texts
 *            that come out are the reporters' (valid UTF-8 or not, any bytes).
 * Units:     counts in messages; days since the epoch, inclusive ranges;
 *            times in seconds since the epoch, UTC. No day is DAY_NONE.
 * Ownership: results live in the struct query until query_end. A filter is
 *            its owner's, by query_filter_init and query_filter_free.
 * Errors:    -1 with *e: ERR_CONFIG (the question is wrong: key and value are
 *            named), ERR_INPUT (no such report or domain), ERR_TEMP (took
 *            too long or the database is busy), ERR_BUG.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "base/base.h"
#include "dmarc/dmarc.h"
#include "dmarc/failure.h"
#include "dmarc/trust.h"
#include "report/report.h"
#include "enrich/class.h"
#include "enrich/host.h"
#include "enrich/places.h"
#include "store/store.h"

#define DAY_NONE		INT64_MIN
#define QUERY_RANGE_DAYS	800	/* longest range that is asked by dates */
#define QUERY_LIMIT_MS		2000	/* what a face gives one question */
#define QUERY_VALUES		200	/* of one clause */
#define QUERY_CLAUSES		32

/* --- Filters ------------------------------------------------------------------ */

enum query_key {
	QK_DOMAIN, QK_HFROM, QK_EFROM, QK_IP, QK_REPORTER, QK_SPF, QK_DKIM, QK_ALIGN, QK_DISP, QK_REASON,
	QK_SELECTOR, QK_SIGDOMAIN, QK_CODE, QK_FWD, QK_DIFFERS, QK_REPORT, QK_TRUST, QK_APART, QK_SENDER, QK_CLASS,
	QK_SPFDOMAIN, QK_HEALTH, QK_COUNTRY, QK_ASN, QK_PTR,
	QK_COUNT
};
extern const char *const query_key_names[QK_COUNT];

/* How a row passed, as the reporter evaluated it. */
enum query_align { ALIGN_BOTH, ALIGN_DKIM, ALIGN_SPF, ALIGN_NONE, ALIGN_UNTOLD, ALIGN_COUNT };
extern const char *const query_align_names[ALIGN_COUNT];
extern const char *const query_fwd_names[FORWARD_CERTAIN + 1];	/* of enum forwarding */
extern const char *const query_differs_names[2];

struct query_value {
	char		*text;		/* normalised */
	uint64_t	 number;	/* of a word, a code, a report or a sender; trust, apart: the set it stands for */
	unsigned char	 ip[16];
	unsigned	 ip_len;	/* 4, 16; 0: what is no address */
	unsigned	 prefix;	/* bits */
	bool		 contains;	/* "~": text is a part of the name, lower case */
};

/* The values are OR-ed; the clauses of a filter are AND-ed. */
struct query_clause {
	enum query_key		 key;
	bool			 negated;
	struct query_value	*values;
	size_t			 nvalues;
};

struct query_filter {
	struct query_clause	 clauses[QUERY_CLAUSES];
	size_t			 nclauses;
	int64_t			 days;		/* t=: the last so many complete days; 0: not given */
	bool			 all;		/* t=all */
	int64_t			 from, to;	/* DAY_NONE: not given */
};

void	 query_filter_init(struct query_filter *);
void	 query_filter_free(struct query_filter *);
/* Is this a key of filters (t, from, to, org and their like included)? */
bool	 query_filter_knows(struct str key);
/* One key and its value: "a,b" is OR, a leading "!" not, "~" contains. */
int	 query_filter_set(struct query_filter *, struct str key, struct str value, struct err *);

/* A value of country= or asn= as the number it stands for; false: it is none. */
bool	 query_place_value(enum query_key, struct str, uint64_t *out);

/* --- A question ----------------------------------------------------------------- */

/*
 * One snapshot of the store with its deadline and the memory of its results:
 * short, and ended soon. now: the clock. limit_ms 0: no deadline.
 */
struct query;
struct query	*query_begin(struct store *, int64_t now, unsigned limit_ms, struct err *);
void		 query_end(struct query *);	/* NULL is fine */
/*
 * How much is held, whatever came in: sums of a breakdown, bytes of evidence
 * of all readers, and bytes of rows of all readers (0: rows are read from the
 * file). For tests; others have what query_begin gives.
 */
void		 query_hold(struct query *, size_t sums, size_t bytes, size_t columns);
size_t		 query_held(void);	/* such bytes of evidence, now */
size_t		 query_columns_held(void);	/* and of rows */
/*
 * Reads what the next question is likely to want, the rows of the latest 30
 * days, for about so many ms; *more: there is more of it.
 */
int		 query_recall(struct query *, unsigned ms, bool *more, struct err *);
bool		 query_late(const struct query *);	/* was it ended by its deadline? then nothing is wrong */
uint64_t	 query_generation(const struct query *);
int64_t		 query_now(const struct query *);
struct arena	*query_arena(struct query *);

struct query_range {
	int64_t		 from, to;
	int64_t		 complete_through;	/* DAY_NONE: nothing is */
};
/*
 * What the filter's t, from and to come to. Complete through is the latest
 * past day for which reporters with 80 % of the usual volume have reported;
 * usual are those with mail on 4 of the 7 days before.
 */
int	 query_filter_range(struct query *, const struct query_filter *, struct query_range *, struct err *);

/* --- Figures -------------------------------------------------------------------- */

struct query_counts {
	uint64_t	 m, both, dkim_only, spf_only, fail_fix, fail_fwd, fail_unk, untold;
	uint64_t	 disp[DISP_COUNT];
	uint64_t	 overridden, collateral, leaked, differs;
	uint64_t	 stopped;	/* of fail_unk: put into quarantine or refused */
	/* Y: of own servers, services and candidates, and not forwarded */
	uint64_t	 yours, yours_pass, yours_dkim;	/* all; passing; with DKIM aligned */
	uint64_t	 forwarded;	/* for certain, or likely */
	uint64_t	 unreviewed;	/* of candidates, unknown and suspect senders: somebody should say who they are */
};
void	 query_counts_add(struct query_counts *to, const struct query_counts *);

struct query_leg { uint64_t aligned, pass, fail, none, error, absent; };
struct query_legs { struct query_leg spf, dkim; };

static inline uint64_t
query_passing(const struct query_counts *c)
{
	return (c->both + c->dkim_only + c->spf_only);
}

static inline uint64_t
query_failing(const struct query_counts *c)
{
	return (c->fail_fix + c->fail_fwd + c->fail_unk);
}

struct query_meta {
	int64_t		 complete_through, first_day, last_day;
	uint64_t	 domains, reports, records;
};
int	 query_meta(struct query *, struct query_meta *, struct err *);

struct query_total {
	struct query_counts	 counts;
	struct query_legs	 legs;
	uint64_t		 rows;
	int64_t			 first_day, last_day;	/* with mail */
};
int	 query_total(struct query *, const struct query_filter *, const struct query_range *, struct query_total *,
	    struct err *);

/* What can be grouped by; the first ones of the list are those of series, too. */
enum query_by {
	BY_OUTCOME, BY_REPORTER, BY_DISP, BY_DOMAIN, BY_SENDER, BY_CLASS, BY_CODE,
	BY_IP, BY_HFROM, BY_EFROM, BY_SPF, BY_DKIM, BY_ALIGN, BY_REASON, BY_SELECTOR, BY_SIGDOMAIN, BY_FWD,
	BY_PREFIX, BY_SPFDOMAIN, BY_HEALTH, BY_DIFFERS, BY_TRUST, BY_COUNTRY, BY_ASN, BY_PTR, BY_COUNT
};
extern const char *const query_by_names[BY_COUNT];
/* May one message stand under several values of it? Then sums of groups are more than the total. */
bool	 query_by_lists(enum query_by);

struct query_line {		/* of a series */
	struct str	 key, label;
	uint64_t	*values;	/* one for each day of the series */
};
struct query_series {
	int64_t			*days;	/* first day of each step */
	size_t			 ndays;
	struct query_line	*lines;
	size_t			 nlines;
};
/* What is added up: messages that are so; and, from MEASURE_RATES on, shares of messages. */
enum query_measure {
	MEASURE_M, MEASURE_PASS, MEASURE_FAIL, MEASURE_FAIL_FIX, MEASURE_FAIL_FWD, MEASURE_FAIL_UNK, MEASURE_QUARANTINE, MEASURE_REJECT,
	MEASURE_OVERRIDDEN, MEASURE_COLLATERAL, MEASURE_LEAKED, MEASURE_DIFFERS,
	MEASURE_PASS_RATE, MEASURE_LEGIT_PASS, MEASURE_DKIM_COVER, MEASURE_COUNT,
	MEASURE_RATES = MEASURE_PASS_RATE
};
extern const char *const query_measure_names[MEASURE_COUNT];
/* week: steps of ISO weeks. Past top the rest stands in one line "other"; outcome is never cut. */
int	 query_series(struct query *, const struct query_filter *, const struct query_range *, enum query_by, bool week,
	    unsigned top, enum query_measure, struct query_series *, struct err *);

struct query_page {
	const char	*sort;		/* NULL: "-m"; "-" in front is descending */
	const char	*cursor;	/* where the page before ended; NULL: the start */
	size_t		 limit;		/* 0: all */
	bool		 total;		/* rows, reports: count all that match */
};

/* What DNS says of an address; names are host names in lower case, and still anybody's words unless confirmed. */
#define QUERY_HOST_NAMES HOST_NAMES
struct query_host {
	enum host_state		 state;
	enum host_failure	 failure;	/* of the latest look-up */
	struct str		 names[QUERY_HOST_NAMES];	/* names[0] is the confirmed one */
	unsigned		 nnames;
	uint64_t		 more, refused;
	int64_t			 answered;	/* seconds; 0: never */
};

struct query_share { struct str key; uint64_t m; };
/* Those with most addresses come first; all: how many there are. */
#define QUERY_COUNTRIES	5
struct query_countries {
	char		 code[QUERY_COUNTRIES][3];
	uint64_t	 addresses[QUERY_COUNTRIES];
	unsigned	 n;
	uint64_t	 all, total;	/* countries; addresses, of whichever country */
};
struct query_group {
	struct str		 key, label;
	struct query_counts	 counts;
	struct query_legs	 legs;
	int64_t			 first_day, last_day;
	uint64_t		 rows;
	uint64_t		 failures;	/* query_groups_failures */
	const struct query_host	*host;		/* query_groups_hosts; NULL: nothing is known */
	struct query_countries	 countries;	/* query_groups_countries */
	/* BY_IP only: */
	unsigned		 family;	/* 4, 6; 0: no address */
	struct place		 place;
	struct query_share	 hfrom[3], sigdomain[3], spf_domain[3];	/* key.p NULL: fewer than three */
	struct query_share	 codes[3];	/* BY_SENDER, too */
	uint64_t		 reporters;
};
struct query_breakdown {
	struct query_group	*items;
	size_t			 nitems;
	uint64_t		 other_n, other_m;	/* groups behind this page */
	uint64_t		 total_n, total_m;
	char			*next;			/* cursor, NULL at the end */
};
/* sort: m, pass, fail, key, first, last. */
int	 query_breakdown(struct query *, const struct query_filter *, const struct query_range *, enum query_by,
	    const struct query_page *, struct query_breakdown *, struct err *);

/* --- Flow and heat map: query_flow.c ------------------------------------------------ */

/*
 * From who sends over what SPF and DKIM gave and what was aligned to what
 * became of it. Every message is in one link between each two stages.
 */
enum query_stage { STAGE_GROUP, STAGE_AUTH, STAGE_ALIGN, STAGE_DISP, STAGES };
extern const char *const query_stage_names[STAGES];
struct query_node {
	enum query_stage	 stage;
	struct str		 key, label;	/* key absent: all others of the first stage */
	uint64_t		 m, n;		/* n: how many values are in it */
};
struct query_link {
	size_t			 from, to;	/* places among the nodes */
	const char		*outcome;
	uint64_t		 m, overruled;
};
struct query_flow {
	struct query_node	*nodes;
	struct query_link	*links;
	size_t			 nnodes, nlinks;
	uint64_t		 m;
};
#define QUERY_FLOW_TOP	20
/* by: no key with lists; measure: no rate. */
int	 query_flow(struct query *, const struct query_filter *, const struct query_range *, enum query_by, unsigned top, enum query_measure,
	    struct query_flow *, struct err *);

struct query_heat_row {
	struct str		 key, label;	/* key absent: all others */
	uint64_t		*part, *whole;	/* by step; whole: of a rate, NULL for messages */
	bool			*known;		/* is there a report of that step that could tell? */
	uint64_t		 m, n;
};
struct query_heat {
	int64_t			*days;
	size_t			 ndays;
	struct query_heat_row	*rows;
	size_t			 nrows;
};
#define QUERY_HEAT_ROWS	50
int	 query_heat(struct query *, const struct query_filter *, const struct query_range *, enum query_by, bool week, unsigned top,
	    enum query_measure, struct query_heat *, struct err *);

/* --- Senders ---------------------------------------------------------------------- */

struct query_sender_domain {	/* what a sender is to a domain */
	struct str		 domain;
	enum sender_class	 class, inferred;
	bool			 decided;
	int64_t			 decision;	/* 0: nothing was decided */
	bool			 for_all;	/* it was for every domain */
	struct str		 note, who;
	int64_t			 decided_at;
	enum confidence		 confidence, identity;
	struct str		 evidence;	/* JSON, as in the schema */
	int64_t			 first_day, last_day;
	uint64_t		 m, sources;
};
struct query_sender {
	int64_t				 id;
	struct str			 key, label;
	enum sender_kind		 kind;
	struct query_sender_domain	*domains;	/* most mail first; those that the filter allows */
	size_t				 ndomains;
	int64_t				 last;		/* the latest decision about it, undone or not; 0: none */
};
/* What people decided, the latest first: every line of the log. */
struct query_decision {
	int64_t		 id, undo, at;
	int64_t		 sender;
	struct str	 label, domain;		/* domain absent: all */
	int		 class, was;		/* enum sender_class; -1: what is inferred holds; was: not known */
	bool		 was_decided;
	struct str	 who, note;
	int64_t		 undone;		/* 0: it was not */
	struct str	 undone_by;
	bool		 holds;			/* nothing later was said of the same */
};
struct query_decisions {
	struct query_decision	*items;
	size_t			 nitems;
	int64_t			 next;		/* before, for the page behind; 0: there is none */
};
/* sender 0: all of them. before: of which the page begins; 0: the start. */
int	 query_decisions(struct query *, int64_t sender, int64_t before, size_t limit, struct query_decisions *, struct err *);
/* The senders that one undo is about, at most DECISIONS_MAX. */
int	 query_decided_about(struct query *, int64_t undo, int64_t **ids, size_t *n, struct err *);

/* Whose a source is to the domains that the filter allows (of several the one with most mail); id 0: nobody's. */
struct query_whose { int64_t id; struct str label; enum sender_class class; };
int	 query_source_sender(struct query *, const struct query_filter *, struct str ip, struct query_whose *, struct err *);

/* query_pairs.c: a domain in From: and the one that gets the bounces: whose SPF was asked. */
enum pair_relation { PAIR_UNTOLD, PAIR_OTHER, PAIR_RELATED, PAIR_SAME };	/* related: one organizational domain */
struct query_pair {
	struct str		 from, bounce;	/* absent: the rows do not tell */
	enum pair_relation	 relation;
	struct query_counts	 counts;
	struct query_legs	 legs;
	int64_t			 first_day, last_day;
	uint64_t		 names;		/* ids of both */
};
struct query_pairs { struct query_pair *items; size_t nitems; uint64_t other_n, other_m; };	/* most mail first */
int	 query_pairs(struct query *, const struct query_filter *, const struct query_range *, size_t limit, struct query_pairs *, struct err *);

/* ERR_INPUT: there is no such sender. filter NULL: all domains. */
int	 query_sender(struct query *, int64_t id, const struct query_filter *, struct query_sender *, struct err *);

/* --- Rows ----------------------------------------------------------------------- */

struct query_row {		/* ids; query_row_full says what they stand for */
	uint64_t	 count;
	int64_t		 report;
	int64_t		 evidence;
	uint64_t	 seq;
	int64_t		 source;
	int64_t		 day;
	int64_t		 domain, reporter;
};
struct query_rows {
	struct query_row	*items;
	size_t			 nitems;
	uint64_t		 total_n, total_m;	/* with page.total */
	char			*next;
};
/* sort: m, day, seq (of use with report=). */
int	 query_rows(struct query *, const struct query_filter *, const struct query_range *, const struct query_page *,
	    struct query_rows *, struct err *);

struct query_row_full {
	struct str		 domain, reporter, reporter_label;
	struct report_record	 record;	/* source_ip is the text form, whatever ip_len is */
	struct report_policy	 policy;	/* as published to this reporter */
	struct verdict		 verdict;
	enum query_align	 align;
	struct place		 place;		/* of source_ip */
};
/* With what a verdict is worked out again, by its walked: the DMARC records of today, or NULL. */
int	 query_walk(struct query *, unsigned walked, const struct dmarc_dns **, struct err *);
int	 query_row_full(struct query *, const struct query_row *, struct query_row_full *, struct err *);

/* Who sent a row, as far as has been found out, and what he is to its domain. */
struct query_row_who {
	int64_t			 id;		/* 0: nobody has looked yet */
	struct str		 key, label;
	enum sender_kind	 kind;
	enum sender_class	 class;
	bool			 decided;
	bool			 relay, forwards, yours;	/* as in struct forward_facts */
	enum forwarding		 fwd;		/* as all sums count it */
};
int	 query_row_who(struct query *, const struct query_row *, struct query_row_who *, struct err *);

/* A source as text; its length as an address, 0 when it is none. */
int	 query_source(struct query *, int64_t source, struct str *ip, unsigned *ip_len, struct err *);
/* Where it is; nothing of what is no address. See enrich/places.h. */
int	 query_place(struct query *, int64_t source, struct place *out, struct err *);
/* For groups by sender: sets countries, of its addresses with the domains that the filter allows. */
int	 query_groups_countries(struct query *, const struct query_filter *, const struct query_range *, struct query_group *, size_t n,
	    struct err *);
/* The row that a report's record came to; ERR_INPUT when there is none. */
int	 query_row_find(struct query *, int64_t report, uint64_t seq, struct query_row *, struct err *);

/*
 * What rows come to, by combination and source: the largest first, and one row
 * of each as an example.
 */
struct query_cause {
	uint64_t		 m, rows;
	int64_t			 first_day, last_day;
	bool			 reporters;	/* more than one */
	struct query_row	 example;	/* its largest row */
};
struct query_causes {
	struct query_cause	*items;
	size_t			 nitems;	/* at most limit */
	uint64_t		 total_n, total_m, total_rows;
};
int	 query_causes(struct query *, const struct query_filter *, const struct query_range *, size_t limit, struct query_causes *,
	    struct err *);

/* --- Host names ------------------------------------------------------------------- */

/* NULL: nothing is known of that source. */
int	 query_host(struct query *, int64_t source, const struct query_host **, struct err *);
/* Of groups by address. */
int	 query_groups_hosts(struct query *, struct query_group *, size_t n, struct err *);
struct store_hosts_state;	/* store/hosts.h */
int	 query_hosts_state(struct query *, struct store_hosts_state *, struct err *);

/* --- Domains, reporters ----------------------------------------------------------- */

struct query_domain {
	struct str		 domain;
	struct report_policy	 policy;	/* p.p NULL and known false: no report in the range */
	bool			 policy_known;
	struct query_counts	 counts, prev;
	int64_t			 first_day, last_day;	/* DAY_NONE: no mail in the range */
	int64_t			 last_ever;		/* latest day with a report at all */
	uint64_t		 reporters, reports;
	uint64_t		*spark, *spark_pass;	/* messages of each day of the range; NULL past 800 days */
	bool			*spark_known;		/* is there a report for that day? */
};
struct query_domains {
	struct query_domain	*items;
	size_t			 nitems;
	size_t			 ndays;
};
/* prev may be NULL. Every domain that has ever been reported on and that the filter allows. */
int	 query_domains(struct query *, const struct query_filter *, const struct query_range *,
	    const struct query_range *prev, struct query_domains *, struct err *);

struct query_policy_seen {
	struct report_policy	 policy;
	int64_t			 first_day, last_day;
	uint64_t		 reporters, reports;
};
/* Newest first. */
int	 query_policies(struct query *, struct str domain, struct query_policy_seen **, size_t *, struct err *);

struct query_policy_event {
	int64_t			 day;
	struct str		 domain;
	struct report_policy	 was, is;
	uint64_t		 reporters;	/* that saw the new one on that day */
};
/* Days on which what the DNS says of our own domains became something else, the latest first; texts one in a line. */
struct query_dns_event { int64_t day; struct str kind, name, domain, was, is; };	/* kind: dmarc, spf, dkim */
int	 query_dns_events(struct query *, const struct query_filter *, const struct query_range *, struct query_dns_event **, size_t *,
	    struct err *);
/* Days on which most reports began to show another p, sp, np, adkim, aspf, pct or testing. */
int	 query_policy_events(struct query *, const struct query_filter *, const struct query_range *,
	    struct query_policy_event **, size_t *, struct err *);

struct query_reporter {
	struct str	 key, label;
	uint64_t	 reports, domains;
	uint64_t	 m;			/* 0 when sums were not asked for */
	int64_t		 first_day, last_day;
	int64_t		 lag;			/* median of received - end; -1: unknown */
	int64_t		 missing_since;		/* DAY_NONE: it is not missing */
	uint64_t	 usual_m;		/* a day, in its last seven days */
};
int	 query_reporters(struct query *, const struct query_filter *, const struct query_range *, bool sums,
	    struct query_reporter **, size_t *, struct err *);

struct query_fresh {		/* first seen within the range */
	uint64_t	 sources;
	bool		 sources_known;		/* false: history is still being read, ask again */
	struct str	*selectors, *subdomains;
	size_t		 nselectors, nsubdomains;	/* at most 20 of each */
};
int	 query_fresh(struct query *, const struct query_filter *, const struct query_range *, struct query_fresh *,
	    struct err *);

/* --- Reports ---------------------------------------------------------------------- */

struct query_report {
	int64_t			 id;
	struct str		 reporter, reporter_label;
	struct str		 domain, report_id, org_name, email, extra_contact_info, generator, version, errors;
	int64_t			 begin, end, day, received;
	struct report_policy	 policy;
	enum report_dialect	 dialect;
	enum report_state	 state;
	int64_t			 superseded_by;	/* 0: this one counts */
	uint64_t		 quirks, duplicates, records, messages;
	uint64_t		 disp[DISP_COUNT];
	uint64_t		 dkim_pass, spf_pass, dmarc_pass, verdict_pass, differs;
	uint64_t		 source_ips, dkim_results, spf_results, reasons;
	struct str		 refused;	/* JSON, see the schema; absent: none */
	enum trust		 trust;
	enum trust_apart	 apart;
	struct trust_mail	 mail;		/* what decided */
	int64_t			 message;
	unsigned		 payload;
	/* of the message: */
	struct str		 origin;
	int64_t			 message_received;
	uint64_t		 message_bytes, token;
	bool			 kept;		/* its original can be had */
};
struct query_reports {
	int64_t		*ids;
	size_t		 nids;
	uint64_t	 total_n, total_m;
	char		*next;
};
/*
 * sort: received, m, day. range NULL: of all times. versions: those that were
 * replaced by another version, too.
 */
int	 query_reports(struct query *, const struct query_filter *, const struct query_range *, bool versions,
	    const struct query_page *, struct query_reports *, struct err *);
int	 query_report(struct query *, int64_t id, struct query_report *, struct err *);
/* All versions of the report id belongs to, newest first; itself among them. */
int	 query_report_versions(struct query *, int64_t id, int64_t **ids, size_t *n, struct err *);

/* --- Failure reports ---------------------------------------------------------------- */

/*
 * One failure report. All that tells of a person is masked (report/redact.h)
 * unless reveal was asked for, which has to be logged first: store_reveal.
 */
struct query_failure {
	int64_t			 id, message, received, day;
	unsigned		 payload;
	uint64_t		 duplicates;
	int64_t			 domain_id, source;	/* 0: unknown */
	struct str		 reporter, reporter_label, domain, ip;	/* domain, ip: absent when unknown */
	struct failure_report	 report;
	struct failure_verdict	 verdict;
	enum redact		 redact;		/* how it was stored */
	bool			 masked;
	enum trust		 trust;
	enum trust_apart	 apart;
	struct trust_mail	 mail;			/* what decided; without the field */
	/* of the message: */
	struct str		 origin;
	int64_t			 message_received;
	uint64_t		 message_bytes;
	bool			 kept;
};
struct query_failures {
	int64_t		*ids;
	size_t		 nids;
	uint64_t	 total_n;	/* with page.total */
	char		*next;
};
/*
 * Of the filter t, from, to, domain, hfrom, ip, reporter, trust and apart are
 * known here; t ends today, and without any of these all are meant. type: words
 * that the report has to have one of ("dmarc,spf", "!other"), or NULL. sort:
 * arrived; id, the order in which they were stored.
 */
int	 query_failures(struct query *, const struct query_filter *, const char *type, const struct query_page *, struct query_failures *,
	    struct err *);
int	 query_failure(struct query *, int64_t id, bool reveal, struct query_failure *, struct err *);

/* Who looked at it unmasked; the newest first, twenty at most. */
struct query_reveal { int64_t time; struct str who; };
int	 query_reveals(struct query *, int64_t failure, struct query_reveal **, size_t *n, struct err *);

/* The aggregate rows of its source, day and domain. */
struct query_failure_rows {
	uint64_t	 messages, rows, nreports;
	int64_t		 reports[20];	/* the first of them */
};
int	 query_failure_rows(struct query *, const struct query_failure *, struct query_failure_rows *, struct err *);
/* And back: authentication failures about a row's source, day and domain; about those of a report; about a source in a range. */
int	 query_row_failures(struct query *, const struct query_row *, uint64_t *n, struct err *);
int	 query_report_failures(struct query *, const struct query_report *, uint64_t *n, struct err *);
/* For groups by address: sets failures, as far as the filter is about domains and reporters. */
int	 query_groups_failures(struct query *, const struct query_filter *, const struct query_range *, struct query_group *, size_t n,
	    struct err *);

/* --- Intake ----------------------------------------------------------------------- */

struct query_intake_day { int64_t day; uint64_t results[IN_COUNT]; };
struct query_quarantined {
	int64_t		 id, received;
	struct str	 origin, file, reason, text, sender, subject;
	uint64_t	 bytes;
	int64_t		 message;	/* its row; 0: unknown */
	unsigned	 part, line;	/* where in it; 0: unknown */
	uint64_t	 byte;
	struct str	 entry;		/* of an archive */
	int64_t		 tried;		/* last in vain; 0: not again */
	bool		 private;	/* nothing of what is in it is to be shown */
};
/* Oldest first; id 0: all. */
int	 query_quarantine(struct query *, int64_t id, struct query_quarantined **, size_t *n, struct err *);
/* Requests that were carried out, and what rules removed: newest first. See schema/0008. */
struct query_action { int64_t item, asked, done; bool discard, missing; enum intake_result result; uint64_t reports; struct str text; };
struct query_gone { int64_t at, oldest, newest; bool by_age; uint64_t messages, bytes; };
struct query_ingest {
	struct query_intake_day		*days;	/* the last 60 with anything, oldest first */
	size_t				 ndays;
	struct query_quarantined	*quarantine;	/* the newest 200 */
	size_t				 nquarantine;
	uint64_t			 totals[IN_COUNT];	/* of all days */
	uint64_t			 quarantined, quarantined_bytes;
	struct query_action		*actions;	/* 50 */
	size_t				 nactions;
	struct query_gone		*gone;		/* 20 */
	size_t				 ngone;
	uint64_t			 bytes, reports, records, duplicates;
};
int	 query_ingest(struct query *, struct query_ingest *, struct err *);

#endif
