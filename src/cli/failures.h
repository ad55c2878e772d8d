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

/* The list, by the filters of 'dmarcd reports'. */
int	 failures_list(struct cli_ctx *, const struct cli_args *);
/* One of them; raw: the whole mail as it came, which reveals. */
int	 failure_show(struct cli_ctx *, const struct cli_args *, int64_t id, bool reveal, bool raw);

#endif
