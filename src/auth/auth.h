/*
 * auth.h - who may look: users, API tokens, sessions, brakes on guessing, and
 * the log of what was done.
 * Source:    design: login by cookie, by token or by a proxy; crypt(5) for the
 *            form of hashes; RFC 6750 for tokens.
 * Trust:     names and passwords come from anybody; the files below the state
 *            directory are ours, and one that is damaged lets nobody in.
 * Units:     seconds since the epoch for what is kept, milliseconds of the
 *            monotonic clock for brakes.
 * Ownership: x_load and x_open make, x_free gives back; everything that is
 *            kept of a secret is its hash.
 * Errors:    -1 or NULL with *e: ERR_CONFIG (a person must act), ERR_TEMP,
 *            ERR_INPUT (what was asked for cannot be).
 *
 * Who writes what: STATE/users (users and tokens) is written by the commands
 * and by the ingester, for admins who ask on a page (change.c); it is read by
 * the http process, which may not write it. STATE/http/ is the http process's
 * own: its sessions, when tokens were used, and the log, to which all append.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "base/base.h"

#define AUTH_NAME_MAX	64
#define AUTH_PASSWORD_MIN 10		/* characters; long beats odd */
#define AUTH_PASSWORD_MAX 500		/* bytes; crypt takes 511 */
#define AUTH_USERS_MAX	1000
#define AUTH_SECRET_TEXT 65		/* 256 bits in hexadecimal, and the end */
#define AUTH_FILE	"users"
#define AUTH_DIR	"http"

enum auth_role { AUTH_VIEWER, AUTH_ADMIN, AUTH_ROLES };
extern const char *const auth_role_names[AUTH_ROLES];		/* of users: viewer admin */
extern const char *const auth_token_role_names[AUTH_ROLES];	/* of tokens: read admin */

/* --- Users and tokens: file.c ------------------------------------------------- */

struct auth_user {
	char		 name[AUTH_NAME_MAX + 1];
	enum auth_role	 role;
	char		*hash;		/* crypt(5) */
	char		 stamp[17];	/* another one with each change that ends sessions */
	char		*domains;	/* sorted, a blank between; NULL: all */
	int64_t		 made, changed;
};
struct auth_token {
	char		 name[AUTH_NAME_MAX + 1];
	char		 id[13];
	enum auth_role	 role;
	char		 hash[AUTH_SECRET_TEXT];	/* SHA-256 of the whole token, in hexadecimal */
	char		*domains;
	int64_t		 made;
};
struct auth {
	struct auth_user	*users;
	size_t			 nusers;
	struct auth_token	*tokens;
	size_t			 ntokens;
};

/* Without a file there is nobody. */
struct auth	*auth_load(const char *state_dir, struct err *);
void		 auth_free(struct auth *);	/* NULL is fine */
struct auth_user *auth_user(const struct auth *, const char *name);	/* NULL: nobody */
struct auth_token *auth_token(const struct auth *, const char *name);
/* Reads, calls change, writes when that gives 0; one at a time. Returns what change did, or -1. */
int		 auth_edit(const char *state_dir, int (*change)(struct auth *, void *, struct err *), void *, struct err *);
/* For change: */
struct auth_user *auth_user_add(struct auth *, const char *name, struct err *);
struct auth_token *auth_token_add(struct auth *, const char *name, struct err *);
void		 auth_user_remove(struct auth *, struct auth_user *);
void		 auth_token_remove(struct auth *, struct auth_token *);
int		 auth_user_stamp(struct auth_user *, struct err *);	/* ends its sessions */
/* Letters, digits and . _ - @, at most AUTH_NAME_MAX. */
bool		 auth_name_ok(const char *);
/* One more for a list of domains, in its normal form. */
int		 auth_domains_add(char **domains, const char *name, struct err *);

/* --- Changes that an admin asks for on a page: change.c ------------------------- */

enum auth_act { AUTH_ACT_USER_ADD, AUTH_ACT_USER_CHANGE, AUTH_ACT_USER_REMOVE, AUTH_ACT_TOKEN_ADD, AUTH_ACT_TOKEN_REVOKE, AUTH_ACTS };
extern const char *const auth_acts[AUTH_ACTS];
struct auth_change {
	enum auth_act	 act;
	char		 by[AUTH_NAME_MAX + 1], by_stamp[17];	/* the admin, as he was when he asked */
	char		 from[64];				/* his address */
	char		 name[AUTH_NAME_MAX + 1];		/* of whom or what it is done to */
	bool		 rights;	/* role and domains are said; always of a new one */
	enum auth_role	 role;
	char		*domains;	/* as of users */
	char		*hash;		/* of the new password by crypt(5), of the token; NULL: none is said */
	char		 seen[17];	/* the user's stamp or token's id when it was asked; "" of a new one */
	char		 fresh[17];	/* what it is to be then */
};
#define AUTH_STALE	1	/* err.detail with ERR_INPUT: it is not any more as it was seen */
int		 auth_change_check(const struct auth_change *, struct err *);	/* its shape */
/* Done, and in the log, once, however often it is called; at: when it was asked. ERR_INPUT: it will never be. */
int		 auth_change_do(const char *state_dir, const struct auth_change *, int64_t at, struct err *);
void		 auth_change_clear(struct auth_change *);
bool		 auth_last_admin(const struct auth *, const char *name);	/* is this one the only admin? */

/* --- Secrets: secret.c --------------------------------------------------------- */

int	 auth_secret(char out[AUTH_SECRET_TEXT], struct err *);	/* 256 random bits */
void	 auth_digest(char out[AUTH_SECRET_TEXT], struct str);		/* SHA-256 */
bool	 auth_same(const char *, const char *);	/* takes as long wherever they differ */
/* "dmarcd_" and a secret; id is its first letters, to tell one from another. */
int	 auth_token_make(struct auth_token *, char out[80], struct err *);
const struct auth_token *auth_token_find(const struct auth *, struct str text);

/* --- Passwords: password.c ------------------------------------------------------ */

int	 auth_hash(const char *password, char **hash, struct err *);
/* hash NULL: nobody's; takes as long as with one, and is wrong. */
bool	 auth_check(const char *password, const char *hash);
int	 auth_password_ok(const char *password, const char *user, struct err *);

/* --- Sessions: session.c --------------------------------------------------------- */

struct auth_sessions;
struct auth_session {
	char	 user[AUTH_NAME_MAX + 1];
	char	 stamp[17];		/* of the user when it began */
	int64_t	 made, used;
};
/* idle, longest: seconds; path: where they outlive a restart. What is damaged there is left out. */
struct auth_sessions *auth_sessions_open(const char *path, int64_t idle, int64_t longest, struct err *);
void	 auth_sessions_close(struct auth_sessions *);
int	 auth_session_begin(struct auth_sessions *, const char *user, const char *stamp, int64_t now, char secret[AUTH_SECRET_TEXT],
	    struct err *);
/* Of the one that has this secret; it is then in use. */
bool	 auth_session_find(struct auth_sessions *, struct str secret, int64_t now, struct auth_session *out);
bool	 auth_session_end(struct auth_sessions *, struct str secret);
/* How many a user has; those of another stamp are over. */
size_t	 auth_sessions_of(struct auth_sessions *, const char *user, const char *stamp, int64_t now);
/* Writes when something has changed; at most once a minute for the times of use alone. */
int	 auth_sessions_save(struct auth_sessions *, int64_t now, struct err *);

/* --- When tokens were used: seen.c ------------------------------------------------ */

struct auth_seen;
struct auth_seen *auth_seen_open(const char *state_dir, struct err *);
void	 auth_seen_close(struct auth_seen *);
void	 auth_seen_mark(struct auth_seen *, const char *id, int64_t now);
int64_t	 auth_seen_at(struct auth_seen *, const char *id);	/* 0: never */
int	 auth_seen_save(struct auth_seen *, int64_t now, bool at_once, struct err *);

/* --- Brakes: brake.c -------------------------------------------------------------- */

struct auth_brake;
struct auth_brake *auth_brake_new(void);	/* NULL: no memory */
void	 auth_brake_free(struct auth_brake *);
/* Milliseconds until this address may try this user again; 0: now. */
int64_t	 auth_brake_wait(struct auth_brake *, const char *address, const char *user, int64_t now_ms);
void	 auth_brake_failed(struct auth_brake *, const char *address, const char *user, int64_t now_ms);
void	 auth_brake_passed(struct auth_brake *, const char *address, const char *user);

/* --- The log: audit.c --------------------------------------------------------------- */

enum auth_event {
	AUTH_LOGIN, AUTH_LOGIN_FAILED, AUTH_LOGIN_BRAKED, AUTH_LOGOUT, AUTH_SESSION_REFUSED, AUTH_TOKEN_REFUSED, AUTH_REVEAL, AUTH_RETRY,
	AUTH_DISCARD, AUTH_DECISION, AUTH_UPLOAD, AUTH_USER_ADDED, AUTH_USER_PASSWORD, AUTH_USER_ROLE, AUTH_USER_REMOVED, AUTH_TOKEN_ADDED,
	AUTH_TOKEN_REVOKED, AUTH_TASK, AUTH_WATCH, AUTH_CHECK_FAILED, AUTH_ALERT_MUTED, AUTH_ALERT_UNMUTED, AUTH_EVENTS
};
extern const char *const auth_event_names[AUTH_EVENTS];
struct auth_entry {
	int64_t		 time;
	enum auth_event	 event;
	char		 who[AUTH_NAME_MAX + 1];
	char		 from[64];		/* an address, or "command line" */
	char		 what[128];		/* whom or what it was done to; "": nothing more */
};
/* Names from outside are escaped here. The file is kept below a few MB, with one before it. */
int	 auth_audit(const char *state_dir, const struct auth_entry *, struct err *);
/* The newest first, at most n; free() it. */
int	 auth_audit_read(const char *state_dir, size_t n, struct auth_entry **out, size_t *nout, struct err *);

/* A file of ours that root made belongs to whom the state directory belongs. */
void	 auth_give(const char *state_dir, const char *path);

#endif
