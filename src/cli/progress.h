/*
 * progress.h - one line on standard error that shows how long work goes on.
 * Source:    none.
 * Trust:     the name is ours; notes are escaped by the caller.
 * Units:     done and total in any unit (bytes, messages); items are what
 *            people count; milliseconds of the monotonic clock.
 * Ownership: progress_done gives it back. NULL does nothing anywhere.
 * Errors:    none: a bar that cannot be drawn is not an error.
 *
 * The bar shows on a terminal only, unless asked for, and not with -q. Where
 * it is asked for without a terminal, a plain line comes every few seconds.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/cli.h"

enum progress_when { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };	/* as in CLI_OPT_PROGRESS */

struct progress;

/* what: "import"; items: "messages", what is counted; total 0: not known yet. */
struct progress	*progress_new(const struct cli_ctx *, enum progress_when, const char *what, const char *items);
void	 progress_total(struct progress *, uint64_t total);
bool	 progress_shown(const struct progress *);	/* will anybody see how far it is? */
/* Call as often as you like: it looks at the clock and draws ten times a second at most. */
void	 progress_set(struct progress *, uint64_t done, uint64_t items);
/* A line of its own above the bar, on standard error. */
void	 progress_note(struct progress *, const char *, ...) PRINTFLIKE(2, 3);
/* The last line: "import: 1,234 messages in 5.6 s (220/s)". */
void	 progress_done(struct progress *);

/* The line itself, for at most width places; pure, so that a test can look at it. */
struct progress_view {
	const char	*what, *items;
	uint64_t	 done, total, n;
	double		 rate;		/* items a second; below 0: not known yet */
	int64_t		 left_ms;	/* below 0: not known */
};
void	 progress_line(struct buf *, const struct progress_view *, unsigned width);

#endif
