/*
 * tls_recorder.h - takes the items of TLS reports, checks what must always
 * hold, and writes them down as text; for tests and fuzz targets.
 * Source:    report/tls.h says the order of items.
 * Trust:     asserts; none of it may depend on the input.
 * Units:     none.
 * Ownership: tls_recorder_free.
 * Errors:    fail_at: the call of that number fails, to see that nothing leaks.
 */
#ifndef TLS_RECORDER_H
#define TLS_RECORDER_H

#include "report/tls.h"

struct tls_recorder {
	struct buf	 text;		/* a line for each item; what was taken back is gone */
	size_t		 mark, element_mark;
	bool		 open, quiet;
	unsigned	 done;		/* reports that ended */
	unsigned	 calls, fail_at;
	uint64_t	 closed, element, ndetails, details;	/* of the element under way */
	uint64_t	 policies, refused_policies, refused;
	uint64_t	 quirks;	/* of the last report */
	struct tls_header last;		/* its texts are gone */
};

int	 tls_record(struct tls_recorder *, const struct tls_item *, struct err *);
void	 tls_record_again(struct tls_recorder *);	/* what came since BEGIN is taken back */
void	 tls_recorder_clear(struct tls_recorder *);
void	 tls_recorder_free(struct tls_recorder *);

#endif
