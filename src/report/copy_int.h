/*
 * copy_int.h - what the files that read copies share; nobody else includes it.
 * copy.c walks the JSON, copy_build.c puts a report into the form of its
 * standard and hands it to its reader, copy_csv.c reads the CSV, copy_times.c
 * the times.
 * Source:    as copy.h.
 * Trust:     as copy.h: hostile.
 * Units:     as copy.h.
 * Ownership: struct copy; a json_t is borrowed.
 * Errors:    0, or -1 with *e; -1 for what is wrong with one report goes to
 *            copy_bad() and not further.
 */
#ifndef REPORT_COPY_INT_H
#define REPORT_COPY_INT_H

#include <jansson.h>

#include "report/copy.h"
#include "report/json_split.h"

#define COPY_COLUMNS 48
#define COPY_HELD ((size_t)8 << 20)	/* of rows that stand before what they belong to */

enum copy_kind { COPY_UNKNOWN, COPY_AGGREGATE, COPY_FAILURE, COPY_TLS };
enum copy_at { AT_TOP, AT_LISTS, AT_LIST, AT_REPORT, AT_RECORDS, AT_POLICIES, AT_POLICY, AT_DETAILS };

/* Of the report under way. */
struct copy_one {
	enum copy_kind	 kind;
	uint64_t	 line;		/* where it begins */
	bool		 started;	/* its reader has got something of it */
	bool		 bad;		/* it is refused, and why */
	bool		 meta, policy;	/* seen */
	bool		 headers_only;
	bool		 newer;		/* its layout tells of the parts of a long report, and UTC */
	struct err	 why;
	uint64_t	 q;
	uint64_t	 xml_line;	/* what is handed on has come to that line */
	unsigned	 policies, details;
};

struct copy {
	const struct limits		*limits;
	const struct copy_calls		*calls;
	void				*ctx;
	struct aggregate		*agg;
	struct tlsrpt			*tls;
	struct failure			*failure;
	enum copy_form			 form;
	uint64_t			 noted;
	bool				 seen;		/* a report of ours */
	uint64_t			 aliens, alien_line;

	struct json_split		*split;
	enum copy_at			 at, up[8];
	unsigned			 nup;
	int				 slot;		/* of the member under way; see copy.c */
	struct buf			 name;

	struct copy_one			 one;
	struct buf			 schema, head, rules;	/* aggregate: XML of the metadata without its period; of the policy */
	struct buf			 begin, end;
	struct buf			 held;		/* rows that came before those */
	struct buf			 fields, sample;	/* failure */
	struct buf			 org, contact, id;	/* TLS: JSON */
	struct buf			 element, summary;	/* of the policy under way: JSON */
	struct buf			 out, text;

	/* CSV */
	struct buf			 line, row, cells, key, last;
	bool				 quoted, quote_seen;
	uint64_t			 line_no, row_line;
	int				 column[COPY_COLUMNS];	/* by enum copy_column; -1: there is none */
	bool				 header;
};

/* --- copy.c ------------------------------------------------------------------------ */

int	 copy_oom(struct err *e);
/* The report under way is refused; what is worse than that is -1. */
int	 copy_bad(struct copy *c, struct err *e);
void	 copy_one_clear(struct copy *c, uint64_t line);

/* --- copy_build.c ------------------------------------------------------------------ */

void	 copy_element(struct buf *b, const char *name, struct str v);	/* absent: nothing */
void	 copy_metadata(struct copy *c, const json_t *o);
void	 copy_policy(struct copy *c, const json_t *o);
/* The beginning of an aggregate report; between: of its first row, may be NULL. */
int	 copy_aggregate_begin(struct copy *c, const json_t *first, struct err *e);
int	 copy_record(struct copy *c, const json_t *o, uint64_t line, struct err *e);
int	 copy_xml(struct copy *c, struct str, struct err *e);
int	 copy_lines_to(struct copy *c, uint64_t line, struct err *e);
int	 copy_aggregate_end(struct copy *c, struct err *e);
void	 copy_field(struct copy *c, const char *label, const json_t *v);
int	 copy_failure_end(struct copy *c, struct err *e);
void	 copy_json(struct buf *b, const char *name, const json_t *v);
int	 copy_tls_put(struct copy *c, uint64_t line, struct str, struct err *e);
void	 copy_detail(struct buf *b, const json_t *o);
int	 copy_tls_end(struct copy *c, struct err *e);

/* --- copy_times.c ------------------------------------------------------------------ */

/* "2012-04-27 20:00:00", RFC 3339, or seconds. *zoned: it says of which zone. */
bool	 copy_time(struct str, int64_t *t, bool *zoned);
/*
 * The period of an aggregate report in UTC. from, to: of the first row, absent
 * when it has none. Adds QUIRK_TIME_ZONE to *q where the zone had to be guessed.
 */
void	 copy_period(int64_t *begin, int64_t *end, struct str from, struct str to, bool utc, uint64_t *q);

/* --- copy_csv.c -------------------------------------------------------------------- */

int	 copy_csv_feed(struct copy *c, struct str, struct err *e);
int	 copy_csv_finish(struct copy *c, struct err *e);

#endif
