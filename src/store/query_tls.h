/*
 * query_tls.h - TLS reports, for the faces: lists, one report, sums by day,
 * failures by place, policies as they were seen, and how near to enforce.
 * Source:    schema/0005-tls.sql.
 * Trust:     as query.h.
 * Units:     sessions; days since the epoch. Sums over policy types count a
 *            session as often as the reporter named it: show them per type.
 * Ownership: as query.h: results live in the struct query.
 * Errors:    as query.h.
 */
#ifndef STORE_QUERY_TLS_H
#define STORE_QUERY_TLS_H

#include "dmarc/tls.h"
#include "store/query.h"

/* Domain, reporter, apart and time of a filter are looked at (of reports trust, too), and these. */
struct query_tls_filter {
	const struct query_filter	*base;
	unsigned			 types;		/* bits by enum tls_policy_type; 0: all */
	unsigned			 results;	/* bits by enum tls_result; 0: all */
};

/* As query_filter_range; t= counts back from the last day before today that has a TLS report. */
int	 query_tls_range(struct query *, const struct query_filter *, struct query_range *, struct err *);

/* --- Reports ------------------------------------------------------------------ */

struct query_tls_report {
	int64_t			 id;
	struct str		 reporter, reporter_label, org_name, contact_info, submitter, report_id;
	struct str		 domains;	/* a blank between */
	int64_t			 begin, end, day, received;
	enum report_state	 state;
	int64_t			 superseded_by;	/* 0: this one counts */
	uint64_t		 quirks, duplicates, policies, success, failure, ndetails, details;
	struct str		 refused;	/* JSON, see the schema; absent: none */
	int64_t			 message;
	unsigned		 payload;
	struct str		 origin;
	int64_t			 message_received;
	uint64_t		 message_bytes, token;
	bool			 kept;
	enum trust		 trust;
	enum trust_apart	 apart;		/* why it counts in no figure; APART_NO: at least a policy of it does */
};
/* sort: received, day, failure. range NULL: of all times. total_m counts sessions. */
int	 query_tls_reports(struct query *, const struct query_tls_filter *, const struct query_range *, bool versions,
	    const struct query_page *, struct query_reports *, struct err *);
int	 query_tls_report(struct query *, int64_t id, struct query_tls_report *, struct err *);
int	 query_tls_versions(struct query *, int64_t id, int64_t **ids, size_t *n, struct err *);	/* newest first */

struct query_tls_policy {
	struct str		 domain;
	enum tls_policy_type	 type;
	struct str		 word;		/* of type other */
	enum sts_mode		 mode;
	int64_t			 max_age;	/* -1: not told */
	struct str		 lines, mx;	/* newline between; absent: not told */
};
struct query_tls_element {
	struct query_tls_policy	 policy;
	uint64_t		 seq, success, failure, ndetails, details;
	bool			 derived;
};
struct query_tls_detail {
	uint64_t		 element, seq, count;
	enum tls_result		 result;
	struct str		 word, sending, receiving, mx, helo, info, reason;
};
int	 query_tls_elements(struct query *, int64_t report, struct query_tls_element **, size_t *, struct err *);
/* limit 0: all. */
int	 query_tls_details(struct query *, int64_t report, size_t limit, struct query_tls_detail **, size_t *, struct err *);

/* --- Sums --------------------------------------------------------------------- */

struct query_tls_sum {
	struct str		 domain;
	int64_t			 day;
	enum tls_policy_type	 type;
	enum sts_mode		 mode;
	int			 result;	/* -1: totals of summaries; from 0: failure is of details of that kind */
	uint64_t		 success, failure, n;
};
/* In the order of domain and day. A filter by result leaves the totals as they are. */
int	 query_tls_sums(struct query *, const struct query_tls_filter *, const struct query_range *, struct query_tls_sum **, size_t *,
	    struct err *);
int	 query_tls_reporters(struct query *, const struct query_tls_filter *, const struct query_range *, uint64_t *reporters,
	    uint64_t *reports, struct err *);

struct query_tls_failure {	/* details that are alike but for count, day and reporter */
	struct str		 domain;
	enum tls_policy_type	 type;
	enum tls_result		 result;
	struct str		 word, mx, receiving, sending, reason;	/* reason: one of them, where several differ */
	uint64_t		 count, details, reports, reporters;
	int64_t			 first_day, last_day;
};
/* The largest first. by_mx: all of one MX and kind are one, whatever the addresses. */
int	 query_tls_failures(struct query *, const struct query_tls_filter *, const struct query_range *, bool by_mx, size_t limit,
	    struct query_tls_failure **, size_t *, struct err *);

struct query_tls_seen {
	struct query_tls_policy	 policy;
	int64_t			 first_day, last_day;
	uint64_t		 reporters, reports, success, failure;
};
/* The newest first. */
int	 query_tls_policies(struct query *, const struct query_tls_filter *, const struct query_range *, size_t limit,
	    struct query_tls_seen **, size_t *, struct err *);

/* --- Ready for enforce? --------------------------------------------------------- */

struct query_tls_ready {
	struct str		 domain;
	struct tls_ready	 ready;
	struct tls_ready_facts	 facts;		/* its days are not kept */
	int64_t			 from, to;	/* the window; DAY_NONE: there is none */
};
/* Of every domain that the filter allows and that has a TLS report in the range. */
int	 query_tls_ready(struct query *, const struct query_tls_filter *, const struct query_range *, struct query_tls_ready **, size_t *,
	    struct err *);

#endif
