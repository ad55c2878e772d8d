/*
 * export.h - everything a filter selects, as a stream of text: for the command
 * line and for the API.
 * Source:    RFC 4180 (CSV), NDJSON; field names as in the API; the parsedmarc
 *            layouts from its public documentation ("Sample outputs").
 * Trust:     text of reports is escaped here, for each form: CSV that no sheet
 *            takes for a formula, JSON that is safe on a terminal. Of failure
 *            reports only the masked form is ever read.
 * Units:     as query.h.
 * Ownership: the store and the filter are the caller's and outlive the export.
 * Errors:    -1 with *e as query.h; what was written so far is whole lines.
 *
 * Nothing that grows with the rows is held: rows are taken from the store a
 * hundred thousand at a time at most, and each call asks a snapshot of its own.
 * A report comes out in one version: the one that counts when its turn comes.
 */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include "base/base.h"
#include "store/query.h"

enum export_kind { EXPORT_RECORDS, EXPORT_REPORTS, EXPORT_FAILURES, EXPORT_TLS, EXPORT_KINDS };
extern const char *const export_kind_names[EXPORT_KINDS];	/* "records" ... */
enum export_format { EXPORT_CSV, EXPORT_NDJSON, EXPORT_PARSEDMARC_JSON, EXPORT_PARSEDMARC_CSV, EXPORT_FORMATS };
extern const char *const export_format_names[EXPORT_FORMATS];
extern const char *const export_format_types[EXPORT_FORMATS];	/* media types */
extern const char *const export_format_suffixes[EXPORT_FORMATS];

struct export_asked {
	enum export_kind		 kind;
	enum export_format		 format;
	const struct query_filter	*filter;
	const char			*type;		/* of failure reports, as query_failures; NULL: all */
	bool				 series;	/* it goes on in later selections: JSON without the list around it, a report a line */
};

struct export;
/* ERR_CONFIG: kind, format and filter do not go together; the sentence says why. */
struct export	*export_new(struct store *, const struct export_asked *, struct err *);
void		 export_free(struct export *);	/* NULL is fine */

/*
 * Which reports come next: those stored after that one (0: all), as many as
 * most (0: all). Then export_next until it says 0.
 */
int		 export_select(struct export *, int64_t after, size_t most, struct err *);
int64_t		 export_last(const struct export *);	/* the last one of the selection; after when there is none */
/* Adds a piece of text, some 64 kB: 1, or 0 at the end of the selection. */
int		 export_next(struct export *, struct buf *out, struct err *);
/* What stands before the first and behind the last piece; may be nothing. */
void		 export_head(const struct export *, struct buf *out);
void		 export_tail(const struct export *, struct buf *out);

/* How far it is: rows, of other kinds reports; of the selection. */
void		 export_progress(const struct export *, uint64_t *done, uint64_t *total);
uint64_t	 export_lines(const struct export *);	/* that came out, or elements of a list */

#endif
