/*
 * tls.h - TLS reports on the command line: what 'reports --type tls' and
 * 'report tID' do; cli/ only.
 * Source:    design: the command line.
 * Trust:     as query_tls.h; text meets the terminal through table.h or esc_text.
 * Units:     sessions.
 * Ownership: none kept.
 * Errors:    says what is wrong; an exit code.
 */
#ifndef CLI_TLS_H
#define CLI_TLS_H

#include "cli/cli.h"

int	 cli_tls_reports(struct cli_ctx *, const struct cli_args *);
int	 cli_tls_report(struct cli_ctx *, const struct cli_args *, int64_t id);

#endif
