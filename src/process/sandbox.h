/*
 * sandbox.h - what a process of ours gives up for good before it looks at
 * anything that a stranger sent.
 * Source:    seccomp(2), landlock(7), prctl(2); design: the table of roles.
 * Trust:     the process that enters is still whole; afterwards nobody has to
 *            trust it.
 * Units:     bytes, seconds.
 * Ownership: paths are read during the call only.
 * Errors:    -1 with *e (ERR_TEMP): what the kernel offers could not be had;
 *            the process must not go on. What the kernel does not offer is
 *            no error, it is missing in the report.
 *
 * To be entered by the only thread there is: later ones inherit.
 */
#ifndef PROCESS_SANDBOX_H
#define PROCESS_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

enum sandbox_role {
	SANDBOX_DECODER,	/* reads what it is handed, writes to its parent; nothing else */
	SANDBOX_INGESTER,	/* files below the state directory; no sockets but those it has */
	SANDBOX_HTTP,		/* reads the state directory, accepts connections */
	SANDBOX_FETCHER,	/* connects to mail servers, writes the spool */
	SANDBOX_NOTIFIER,	/* reads the state directory, connects to a mail server and a web server, writes notify/ */
	SANDBOX_RESOLVER,	/* asks name servers; no file but those of the system that name them */
	SANDBOX_VISITOR		/* connects to web servers; no file but the system's that names and certificates take */
};

struct sandbox_paths {
	const char	*state_dir;	/* not for the decoder */
	const char	*ca_file;	/* fetcher, notifier, visitor: read as well; or NULL */
	const char	*hook_ca_file;	/* notifier: of its webhook; or NULL */
	const uint16_t	*ports;		/* resolver: of name servers that were named, beside 53; notifier: of its webhook; visitor: of web servers */
	size_t		 nports;
	uint16_t	 port;		/* fetcher, notifier: of its mail server; TCP goes there and to name servers. 0: none */
	int		 link;		/* decoder: it writes to this descriptor */
	uint64_t	 memory;	/* that may come on top of what is mapped already; 0: any */
};

struct sandbox_report {
	bool	 filter;	/* system calls (seccomp) */
	int	 landlock;	/* the kernel's version of it, 0: none */
	bool	 files, tcp, signals;	/* what Landlock fences in */
	bool	 relaxed;	/* built with sanitizers, which need what we would forbid */
};

int	 sandbox_enter(enum sandbox_role, const struct sandbox_paths *, struct sandbox_report *, struct err *);
/* What would be, without entering. */
void	 sandbox_probe(struct sandbox_report *);
/* One line for people, without a newline; false when something is missing. */
bool	 sandbox_describe(const struct sandbox_report *, struct buf *);
/*
 * A file that was opened up by name has another one in its place now, as when
 * the name servers have changed: a process that goes on would not see it.
 */
bool	 sandbox_outdated(void);
/* No more memory than this on top of what was mapped when it was entered. */
void	 sandbox_memory(uint64_t more);
/* Dies after so many more seconds on a processor, unless it is called again. */
void	 sandbox_cpu(uint64_t seconds);

#endif
