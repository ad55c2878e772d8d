/*
 * export_int.h - what the files of this room share; nobody else includes it.
 * Source:    as export.h.
 * Trust:     as export.h.
 * Units:     as export.h.
 * Ownership: struct export.
 * Errors:    as export.h; a buf that failed is found at the end of a call.
 */
#ifndef EXPORT_EXPORT_INT_H
#define EXPORT_EXPORT_INT_H

#include <jansson.h>

#include "answer/answer.h"
#include "answer/tls.h"
#include "base/escape.h"
#include "base/when.h"
#include "export/export.h"
#include "store/query_export.h"

#define KNOWN_SLOTS	4096	/* a power of two */
#define KNOWN_BYTES	((size_t)3 << 20)	/* of combinations and addresses */
#define SOURCE_SLOTS	8192

/* What a combination says, ready to be put out; by id, the newest wins. */
struct ready { uint64_t id; uint32_t len; char *p; };
/* An address, and what is known of it, ready to be put out. */
struct address { uint32_t id, len; uint8_t ntext; char text[46]; char *p; };

struct export {
	struct store		*s;
	struct export_asked	 asked;

	/* the selection */
	int64_t			*ids;		/* of all kinds but rows */
	size_t			 nids, at;
	struct query_unit	*units;
	size_t			 nunits;
	int64_t			 last;
	uint64_t		 done, total, lines;

	/* rows of some units that lie together */
	size_t			 group, ngroup;	/* the first of them, how many; ngroup 0: none yet */
	uint64_t		 window;	/* of a long report alone: the first place that is in hand; 0: all are */
	struct query_unit_row	*rows;
	size_t			 nrows, room, row;
	size_t			 unit;		/* whose turn it is, within the group */
	bool			 open;		/* it has begun to come out */
	bool			 failed;

	/* the report whose turn it is */
	int64_t			 report;
	struct buf		 before, between, after;	/* text of each row: in front, behind its number, behind count */
	bool			 first;		/* no row of it is out yet */

	struct ready		*known;
	size_t			 known_bytes;
	uint64_t		 known_at;	/* generation of the store they were made at */
	struct address		*sources;
	struct buf		 scratch;
};

#define ROWS_COLUMNS "id,report_id,seq,day,reporter,domain,ip,count,hfrom,efrom,eto,disp,policy_eval_dkim,policy_eval_spf,reasons,dkim,spf," \
    "verdict_dkim,verdict_spf,pass,code,fwd,differs,overridden,sender_id,sender,class,ptr,country,asn"

/* rows.c: where rows come out. A row at a time; 0 at the end. */
int	 rows_next(struct export *, struct query *, struct buf *out, struct err *);
/* lines.c: one report, whole. ERR_INPUT: it has gone. */
int	 line_put(struct export *, struct query *, int64_t id, struct buf *out, struct err *);
void	 line_head(const struct export *, struct buf *out);

/* parsedmarc.c */
void	 pm_head(const struct export *, struct buf *out);
void	 pm_report(struct export *, const struct query_report *, struct buf *out);	/* sets before and after */
void	 pm_says(struct export *, const struct query_row_full *, struct buf *out);
/* host NULL: nothing is known of it. */
void	 pm_source(const struct export *, struct str ip, const struct place *p, const struct query_host *host, struct buf *out);
int	 pm_failure(struct export *, const struct query_failure *, struct buf *out);
int	 pm_tls(struct export *, struct query *, const struct query_tls_report *, struct buf *out, struct err *);

/* 12345 without the price of a format. */
void	 put_u64(struct buf *, uint64_t);
static inline void
put_cell(struct buf *b, struct str s)
{
	(void)buf_byte(b, ',');
	if (s.len > 0)
		(void)esc_csv(b, s);
}
/* ,"key":"text" or null; key with its quotes and colon. */
static inline void
put_member(struct buf *b, const char *key, struct str s)
{
	(void)buf_cstr(b, key);
	if (s.p == NULL)
		(void)buf_cstr(b, "null");
	else
		(void)esc_json(b, s);
}

#endif
