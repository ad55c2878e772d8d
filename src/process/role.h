/*
 * role.h - the processes of dmarcd: what each is called, runs and may do.
 * Source:    design: privilege separation, one job per process.
 * Trust:     a role trusts its parent; a parent trusts no role's words.
 * Units:     none.
 * Ownership: fd ROLE_FD is the role's only link to its parent.
 * Errors:    the exit code of the process.
 *
 * A role is started by fork and exec of ourselves as "dmarcd -x NAME": a
 * fresh address space. Its configuration comes over ROLE_FD as one message
 * (process/link.h), so no secret is in an argument or in the environment.
 */
#ifndef PROCESS_ROLE_H
#define PROCESS_ROLE_H

#include <sys/types.h>

#include "base/base.h"

#define ROLE_FD 3

struct role {
	const char	*name;
	int		(*main)(int fd);	/* returns the exit code */
};

const struct role	*role_find(const char *name);
/* Starts a role; *fd is our end of a stream socket pair, close-on-exec. */
int	 role_start(const char *name, pid_t *pid, int *fd, struct err *);

int	 decoder_main(int fd);
int	 ingester_main(int fd);
int	 fetcher_main(int fd);
int	 http_main(int fd);
int	 resolver_main(int fd);
int	 notifier_main(int fd);
int	 visitor_main(int fd);

#endif
