/*
 * failures.h - failure reports in 'dmarcd reports' and 'dmarcd report'.
 * Source:    RFC 9991, "Privacy Considerations": what tells of people is masked
 *            until somebody asks, and that is logged.
 * Trust:     as query.h.
 * Units:     as query.h.
 * Ownership: none.
 * Errors:    an exit code, having said why.
 */
#ifndef CLI_FAILURES_H
#define CLI_FAILURES_H

#include "cli/cli.h"

struct store;

/* What the configuration says about storing them; before any is. */
void	 failures_options(const struct cli_ctx *, struct store *);
/* Those that were kept long enough go; for commands that stand in for the daemon. */
int	 failures_expire(const struct cli_ctx *, struct store *, struct err *);
/* The list, by the filters of 'dmarcd reports'. */
int	 failures_list(struct cli_ctx *, const struct cli_args *);
/* One of them; raw: the whole mail as it came, which reveals. */
int	 failure_show(struct cli_ctx *, const struct cli_args *, int64_t id, bool reveal, bool raw);

#endif
