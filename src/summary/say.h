/*
 * say.h - the sentences of a summary, the same for every rendering; summary/
 * only.
 * Source:    the messages of words.h; explain/ for what to do about a sender.
 * Trust:     what comes out holds names of strangers as they are: say_safe, or
 *            the surface's own escaping, comes after.
 * Units:     as summary.h.
 * Ownership: into the caller's buf.
 * Errors:    the buf's failed.
 */
#ifndef SUMMARY_SAY_H
#define SUMMARY_SAY_H

#include "summary/summary.h"
#include "summary/words.h"

void	 say_item(struct buf *, const struct summary *, const struct summary_item *, unsigned lang);
/* What to do about it; false: there is nothing to be said. */
bool	 say_do(struct buf *, const struct summary_item *, unsigned lang);
/* "complete; 14 organisations reported", or why not. */
void	 say_complete(struct buf *, const struct summary *, unsigned lang);
void	 say_subject(struct buf *, const struct summary *, unsigned lang);
/* The two lines of an uneventful period: mail, and what was not proven. */
void	 say_mail(struct buf *, const struct summary *, unsigned lang);
void	 say_unproven(struct buf *, const struct summary *, unsigned lang);
/* Reports, mails, mailboxes, TLS: sentences in one line each; n-th from 0, false past the last. */
bool	 say_intake(struct buf *, const struct summary *, unsigned lang, unsigned n);
bool	 say_new(struct buf *, const struct summary *, unsigned lang, unsigned n);
void	 say_period(struct buf *, const struct summary *, unsigned lang);	/* "week to 17 May" */

/* Shares: not a number when there is nothing to share. */
double	 say_yours(const struct query_counts *);	/* of one's own mail that passes */
double	 say_stopped(const struct query_counts *all);
/* In points against the period before; not a number: nothing to compare. */
double	 say_change(const struct summary *, const struct query_counts *now, const struct query_counts *was);

#endif
