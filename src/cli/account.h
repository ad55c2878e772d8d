/*
 * account.h - what 'dmarcd user' and 'dmarcd token' share; cli/ only.
 * Source:    auth/auth.h.
 * Trust:     the operator's words.
 * Units:     as auth.h.
 * Ownership: the caller's.
 * Errors:    -1 with *e.
 */
#ifndef CLI_ACCOUNT_H
#define CLI_ACCOUNT_H

#include "auth/auth.h"
#include "cli/cli.h"

/* --domain, each: *out stays NULL without any. */
int	 account_domains(const struct cli_args *, char **out, struct err *);
/* Writes it into the log; a log that cannot be written is said, the change stands. */
void	 account_log(const struct cli_ctx *, enum auth_event, const char *what);
/* A list of domains for people: "a.example, b.example", or "all". */
void	 account_show_domains(const char *domains, struct buf *out);

#endif
