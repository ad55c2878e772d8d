/*
 * answer.h - the answers of the faces as JSON: one function for every endpoint
 * of the API, used by the http room and by --format json of the commands.
 * Source:    schema/openapi.yaml says the same shapes.
 * Trust:     parameters are the asker's and checked here; text of reports
 *            comes out as valid UTF-8, nothing else is done to it.
 * Units:     as in the API: messages, RFC 3339 times, days YYYY-MM-DD.
 * Ownership: the caller gives an answer back with json_decref or answer_free;
 *            an answer does not point into the query.
 * Errors:    NULL with *e: ERR_CONFIG (400, the key is named), ERR_INPUT (404),
 *            ERR_TEMP (503, narrow the range), ERR_BUG (500).
 */
#ifndef ANSWER_ANSWER_H
#define ANSWER_ANSWER_H

#include "base/base.h"
#include "store/query.h"

struct json_t;		/* jansson's */

enum answer_kind {
	ANSWER_META, ANSWER_OVERVIEW, ANSWER_TIMESERIES, ANSWER_BREAKDOWN, ANSWER_FLOW, ANSWER_HEATMAP, ANSWER_ROWS, ANSWER_DOMAINS, ANSWER_DOMAIN,
	ANSWER_REPORTS, ANSWER_REPORT, ANSWER_FAILURES, ANSWER_FAILURE, ANSWER_REPORTERS, ANSWER_INGEST, ANSWER_SENDERS, ANSWER_SENDER,
	ANSWER_ROW_EXPLAIN, ANSWER_EXPLAIN, ANSWER_VENDOR,
	ANSWER_TLS_SUMMARY, ANSWER_TLS_REPORTS, ANSWER_TLS_REPORT,	/* answer/tls.h */
	ANSWER_KINDS
};

/* What the process that answers knows besides the store; for ANSWER_INGEST. */
struct answer_mailbox {
	const char	*name, *protocol, *host;
	const char	*state;			/* idle fetching error off unknown */
	int64_t		 since, last_success, next_run;	/* 0: unknown */
	uint64_t	 seen, fresh;
	const char	*error, *remedy;	/* NULL: none */
};
struct answer_waiting { int64_t item, asked; const char *action; };
struct answer_intake {
	const struct answer_mailbox	*mailboxes;
	size_t				 nmailboxes;
	const struct answer_waiting	*waiting;	/* asked for, not done yet */
	size_t				 nwaiting;
	uint64_t			 quarantine_bytes;	/* the limit; 0: not told */
	int64_t				 keep_quarantine;	/* seconds; 0: for ever, or not told */
	bool				 resolver_told, resolver_on;
	uint64_t			 spool_new;
	int64_t				 spool_oldest;	/* 0: nothing waits */
};

/* What days are compared with: the same number of days before, or 52 weeks before, so that weekdays meet their like. */
enum answer_cmp { ANSWER_CMP_NONE, ANSWER_CMP_PREV, ANSWER_CMP_YEAR };

/* One request: its filter, and the parameters that are not part of it. */
struct answer_request {
	enum answer_kind		 kind;
	struct query_filter		 filter;
	enum query_by			 by;
	enum query_measure		 measure;
	bool				 by_given, week, step_given, total;
	enum answer_cmp			 cmp;
	unsigned			 top;
	size_t				 limit;
	char				 sort[16];
	char				 cursor[128];
	struct str			 domain;	/* ANSWER_DOMAIN: from the path */
	int64_t				 id;		/* ANSWER_REPORT, ANSWER_FAILURE, ANSWER_SENDER, ANSWER_VENDOR, ANSWER_ROW_EXPLAIN, ANSWER_TLS_REPORT: from the path */
	char				 type[128];	/* ANSWER_FAILURES: as query_failures */
	bool				 reveal;	/* ANSWER_FAILURE: unmasked; whoever sets it has seen to the log */
	uint64_t			 seq;		/* ANSWER_ROW_EXPLAIN: the row of that report */
	unsigned			 lang;		/* of sentences: a number of explain/texts.h */
	bool				 lang_given;	/* ANSWER_VENDOR: as a parameter */
	unsigned			 tls_types, tls_results;	/* bits; 0: all */
	const struct answer_intake	*intake;	/* ANSWER_INGEST; may be NULL */
};

void	 answer_request_init(struct answer_request *, enum answer_kind);
void	 answer_request_free(struct answer_request *);
/*
 * One pair of the query string, decoded. -1 with ERR_CONFIG: an unknown key
 * or a wrong value; the sentence names it.
 */
int	 answer_request_set(struct answer_request *, struct str key, struct str value, struct err *);

/* The answer. Two questions of one answer are asked of one snapshot. */
struct json_t	*answer_make(struct query *, const struct answer_request *, struct err *);

struct json_t	*answer_meta(struct query *, struct err *);
struct json_t	*answer_overview(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_timeseries(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_breakdown(struct query *, const struct answer_request *, struct err *);
/* flow.c */
struct json_t	*answer_flow(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_heatmap(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_rows(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_domains(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_domain(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_reports(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_report(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_failures(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_failure(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_reporters(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_senders(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_sender(struct query *, const struct answer_request *, struct err *);	/* its filter names it, too */
struct json_t	*answer_ingest(struct query *, const struct answer_request *, struct err *);
/* vendor.c: a text for those who run a sender, that names nobody; as answer_sender. */
struct json_t	*answer_vendor(struct query *, const struct answer_request *, struct err *);

/* decisions.c: the log, the latest first (as query_decisions); what holds of one sender, without figures; what became of a request. */
struct store_outcome;
struct json_t	*answer_decisions(struct query *, int64_t sender, int64_t before, size_t limit, struct err *);
struct json_t	*answer_decision_line(const struct query_decision *, struct err *);
struct json_t	*answer_sender_short(struct query *, int64_t id, struct err *);
struct json_t	*answer_outcome(const struct store_outcome *, bool waiting, struct err *);

/* search.c: what is called so; see store/query_search.h */
struct json_t	*answer_search(struct query *, struct str text, struct err *);

/* explain.c: one row in words; and the causes behind many, the largest first. */
struct json_t	*answer_row_explain(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_explain(struct query *, const struct answer_request *, struct err *);
/* A cause in words to be said later, in any language; it lives as long as the query. */
struct explanation;
int		 answer_why(struct query *, const struct query_cause *, struct explanation **out, struct err *);
/*
 * bounce.c: what a mail server's answer, or the header of a message, means.
 * scope: only domains that this filter allows are looked up and told of; NULL:
 * all. ERR_LIMIT: it is too long.
 */
struct json_t	*answer_bounce(struct query *, struct str text, unsigned lang, const struct query_filter *scope, struct err *);
/* "12#3": the third record of report 12. */
bool		 answer_row_id(struct str, int64_t *report, uint64_t *seq);

/* Parts of the above, one object each, for the commands. */
struct json_t	*answer_quarantined(const struct query_quarantined *);
struct json_t	*answer_counts(const struct query_counts *);
struct json_t	*answer_group(const struct query_group *, enum query_by);
/* Of a group by sender. */
struct json_t	*answer_sender_line(struct query *, const struct query_group *, const struct query_filter *, const struct query_range *,
	    struct err *);
struct json_t	*answer_row(struct query *, const struct query_row *, struct err *);
/* What this host knows of the address of a row: country, network, host name; the members of answer_row. */
struct json_t	*answer_address(struct query *, int64_t source, struct err *);
/* Of a row what does not depend on report, address and count: equal for all rows of a combination that were forwarded alike. */
struct json_t	*answer_row_says(const struct query_row_full *, enum forwarding);
struct json_t	*answer_domain_line(const struct query_domain *, size_t ndays, bool prev);
/* The form of 'dmarcd reports --format json' and of 'dmarcd import'. */
struct json_t	*answer_report_line(const struct query_report *);

struct json_t	*answer_failure_line(const struct query_failure *);
/* As a mail of its own, as masked as f is; false: out of memory. */
bool		 answer_failure_mail(const struct query_failure *, struct buf *);
/* "f12" or "12"; false: it is no id of a failure report. */
bool		 answer_failure_id(struct str, int64_t *out);

/* metrics.c: text for Prometheus of what is stored; what else there is to say is the process's. */
int	 answer_metrics(struct query *, struct buf *, struct err *);
void	 answer_metrics_head(struct buf *, const char *name, const char *type, const char *help);
bool	 answer_metrics_label(struct buf *, struct str);

/* Those days; false: there are none, as everything is asked for. */
bool		 answer_range_before(enum answer_cmp, const struct query_filter *, const struct query_range *, struct query_range *before);
/* The status word of a domain and its cause, as in the overview. */
const char	*answer_domain_status(const struct query_domain *, const char **cause);

/* Compact, one line, valid UTF-8. false: out of memory. */
bool		 answer_write(struct buf *, const struct json_t *);
/* The same for people to look at: as esc_json. NULL: null. */
bool		 answer_line(struct buf *, const struct json_t *);
void		 answer_free(struct json_t *);	/* NULL is fine */

#endif
