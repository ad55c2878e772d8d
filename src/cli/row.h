/*
 * row.h - rows of reports as a table, for records and report; cli/ only.
 * Source:    as query.h.
 * Trust:     cells are escaped by table.h.
 * Units:     as query.h.
 * Ownership: the table is the caller's to end.
 * Errors:    as table.h.
 */
#ifndef CLI_ROW_H
#define CLI_ROW_H

#include "cli/table.h"
#include "store/query.h"

/* alone: the rows of one report, which needs no day and no reporter. */
struct cli_table *row_table(const struct cli_ctx *, enum cli_format, bool alone);
/* host: query_host() of its source; NULL: nothing is known. */
void	 row_put(struct cli_table *, const struct query_row *, const struct query_row_full *, const struct query_host *host);

#endif
