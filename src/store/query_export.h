/*
 * query_export.h - what goes out as a whole: aggregate reports in the order of
 * their days, and the rows of a few of them at a time.
 * Source:    schema/.
 * Trust:     as query.h.
 * Units:     as query.h.
 * Ownership: the caller's arrays; a filter as in query.h.
 * Errors:    as query.h.
 */
#ifndef STORE_QUERY_EXPORT_H
#define STORE_QUERY_EXPORT_H

#include "store/query.h"

/* As query_reports, those stored after that one, in the order they were stored; ids by free(). */
int	 query_report_ids(struct query *, const struct query_filter *, const struct query_range *, int64_t after, int64_t **ids, size_t *n,
	    struct err *);

struct query_unit {		/* a report; all of its rows lie in one domain and day */
	int64_t		 id;
	int32_t		 day;
	uint32_t	 domain, records;
};
/* In the order of day, domain and id; those that are gone are left out. */
int	 query_units(struct query *, const int64_t *ids, size_t n, struct query_unit *out, size_t *nout, struct err *);

/* unit: its place in the array; sender 0: nobody has looked yet; class, fwd: enum sender_class, forwarding */
struct query_unit_row { uint64_t count, seq; uint32_t unit, source, evidence, sender; uint8_t fwd, class; };
typedef bool query_unit_row_fn(void *ctx, const struct query_unit_row *);	/* false: no memory */
/*
 * Rows of these units, which are of one domain and day: those that the filter
 * selects and whose place in the report is in from..to; in no order.
 */
int	 query_unit_rows(struct query *, const struct query_filter *, const struct query_unit *, size_t n, uint64_t from, uint64_t to,
	    query_unit_row_fn *, void *ctx, struct err *);
/* Which version counts in the place of a report that was replaced; 0: it still counts, or nobody does. */
int	 query_successor(struct query *, int64_t id, int64_t *out, struct err *);

/* How a sender is called; absent: there is no such one (any more). */
struct str query_sender_label(const struct query *, uint32_t sender);

/* What all rows of a combination say. */
int	 query_evidence(struct query *, int64_t evidence, struct query_row_full *, struct err *);

#endif
