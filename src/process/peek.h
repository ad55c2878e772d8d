/*
 * peek.h - the rows that can be read of a report that cannot be read whole:
 * for people to look at, never to be counted.
 * Source:    ours.
 * Trust:     as raw.h: a decoder of its own reads, and is not believed.
 * Units:     seconds since the epoch, UTC; count in messages.
 * Ownership: the list is peek_free()d, also after an error.
 * Errors:    -1 with *e (ERR_TEMP): no decoder. One that crashes or takes too
 *            long ends the list where it was: that is no error here.
 * Takes up to limits.seconds: to be called from a thread that may wait.
 */
#ifndef PROCESS_PEEK_H
#define PROCESS_PEEK_H

#include "base/base.h"
#include "base/limits.h"
#include "report/report.h"

#define PEEK_DOCS 8	/* of one message */
#define PEEK_ROWS 100	/* of one document; all are counted */

struct peek_row {
	uint64_t		 seq, count;
	char			 ip[64];	/* as address or as written; "" missing */
	char			 header_from[256];
	enum disposition	 disposition;
	enum evaluated		 dkim, spf;
};

struct peek_doc {
	unsigned	 payload;
	char		 org_name[256], domain[256], report_id[256];	/* "": not readable */
	int64_t		 begin, end;					/* 0: not readable */
	uint64_t	 rows;		/* that could be read */
	uint64_t	 messages;	/* in them; not more than INT64_MAX */
	struct peek_row	*row;
	size_t		 nrow;
};

struct peek {
	struct peek_doc	 doc[PEEK_DOCS];
	size_t		 ndocs;
};

int	 peek_read(int fd, uint64_t bytes, const struct limits *, struct peek *out, struct err *e);
void	 peek_free(struct peek *);

#endif
