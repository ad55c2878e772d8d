/*
 * repair.h - the text of a report that is no well-formed XML to one that is,
 * as a stream; known elements and where they may stand are the guide.
 * Source:    rules C5 to C8 and X6 to X8: what small generators get wrong.
 * Trust:     hostile text, already valid UTF-8 without control characters.
 *            Nothing is invented: what is repaired is markup around values,
 *            or characters that should have been escaped. Where a value may
 *            be touched the document is damaged, and the caller refuses it.
 * Units:     bytes.
 * Ownership: out is the caller's.
 * Errors:    -1 with *e ERR_TEMP (memory). Attributes, comments and
 *            processing instructions go; line ends stay.
 *
 * Repaired: & and < that stand for themselves; end tags of known elements that
 * are missing, misspelt or lack a bracket; elements around feedback. Not
 * repaired: a feedback that does not end, and anything that leaves open which
 * value belongs where.
 */
#ifndef REPORT_REPAIR_H
#define REPORT_REPAIR_H

#include "base/base.h"
#include "base/limits.h"

#define REPAIR_DEPTH 64
#define REPAIR_NAME 64

enum repair_where { REPAIR_TEXT, REPAIR_COMMENT, REPAIR_CDATA, REPAIR_PI };

struct repair {
	size_t			 text_bytes;	/* the limit */
	enum repair_where	 where;
	struct buf		 in;		/* of which the end has not come yet */
	struct buf		 value;		/* text of the leaf that is open */
	struct {
		char		 name[REPAIR_NAME];	/* as written, with its prefix */
		unsigned char	 id;			/* E_UNKNOWN: of no standard */
	}			 stack[REPAIR_DEPTH];
	unsigned		 depth;
	bool			 done;		/* feedback has ended */
	bool			 damaged;	/* a value may have been touched */
	bool			 more, junk;	/* behind the end: another feedback, or something else */
	size_t			 rest;		/* with more: so many bytes, from that feedback on, are in in */
};

void	 repair_begin(struct repair *, const struct limits *);
/* last: nothing comes behind it. Adds to out. */
int	 repair_feed(struct repair *, struct str, bool last, struct buf *out, struct err *);
void	 repair_free(struct repair *);

#endif
