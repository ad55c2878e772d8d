/*
 * supervisor.h - the parent of all roles: starts, watches and restarts them.
 * Source:    sd_notify(3) for the word to systemd.
 * Trust:     a role's words are checked; its exit is expected at any time.
 * Units:     milliseconds inside.
 * Ownership: the configuration is the caller's until supervise() replaces it
 *            on SIGHUP through reload().
 * Errors:    the exit code: 0 after TERM or INT, 75 or 2 when nothing works.
 *
 * TERM and INT end everything within five seconds; HUP reads the
 * configuration again. Passwords are read when a fetcher starts, sent to it
 * alone, and wiped.
 */
#ifndef PROCESS_SUPERVISOR_H
#define PROCESS_SUPERVISOR_H

#include "conf/conf.h"

struct supervisor_calls {
	/* a new configuration after HUP, or NULL when the file has faults (they were said) */
	struct conf	*(*reload)(void *);
	/* the web app answers at this address now */
	void		 (*listening)(void *, const struct conf_http *, int port);
	/* not with SERVE: how far the mailboxes are */
	void		 (*progress)(void *, uint64_t planned, uint64_t done, uint64_t skipped);
	void		 (*mailbox_done)(void *, const char *mailbox, uint64_t fresh, uint64_t skipped, const char *error, int exit_code);
	void		 (*ingested)(void *, uint64_t messages, const uint64_t *by);
	void		 (*locked)(void *);
};

enum supervise_mode {
	SUPERVISE_SERVE,	/* until told to stop */
	SUPERVISE_FETCH,	/* each mailbox named (all when names is NULL) once, what came is stored: for cron */
	SUPERVISE_SPOOL		/* the same, but what came stays in the spool for the daemon */
};

/* *c is replaced after a reload; the caller frees the last one. */
int	 supervise(struct conf **c, enum supervise_mode, const char *const *names, size_t nnames, const struct supervisor_calls *, void *ctx);

#endif
