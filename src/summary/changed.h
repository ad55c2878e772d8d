/*
 * changed.h - the section "Changed" of a summary: what the DNS says of its
 * domains, and their policies as receivers saw them.
 * Source:    store/records.h; design: the summary mail.
 * Trust:     as summary.h.
 * Units:     as summary.h.
 * Ownership: as summary.h.
 * Errors:    as summary.h.
 */
#ifndef SUMMARY_CHANGED_H
#define SUMMARY_CHANGED_H

#include "summary/summary.h"

struct json_t;

/* Of its domains, in its period; both are set already. */
int	 summary_dns_changes(struct query *, struct summary *, struct err *);
/* One sentence each, from 0; false past the last. */
bool	 say_changed(struct buf *, const struct summary *, unsigned lang, unsigned n);
struct json_t *summary_dns_json(const struct summary *);	/* NULL: out of memory */

#endif
