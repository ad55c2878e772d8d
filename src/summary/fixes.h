/*
 * fixes.h - the section "Fixes you reported" of a summary.
 * Source:    store/todo.h; design: the summary mail, fix watch.
 * Trust:     as summary.h.
 * Units:     as summary.h.
 * Ownership: as summary.h.
 * Errors:    as summary.h.
 */
#ifndef SUMMARY_FIXES_H
#define SUMMARY_FIXES_H

#include "summary/summary.h"

/* Those whose mail was looked at in the period; it is set already. */
int	 summary_fixes(struct query *, const struct query_filter *, struct summary *, struct err *);
/* One sentence each, from 0; false past the last. */
bool	 say_fix(struct buf *, const struct summary *, unsigned lang, unsigned n);

#endif
