/*
 * access.h - who asks, and may he? For the files of this room.
 * Source:    design: users, tokens, proxies; RFC 6265bis (cookies), RFC 6750.
 * Trust:     every header is anybody's but those of a proxy that is named in
 *            the configuration.
 * Units:     none.
 * Ownership: struct who is part of its request.
 * Errors:    what is refused is rq->reply.
 */
#ifndef HTTP_ACCESS_H
#define HTTP_ACCESS_H

#include "auth/auth.h"
#include "http/http.h"

/* Who may ask for something: admins; those who see all; also those who see some domains; anybody. */
enum may { MAY_ADMIN, MAY_VIEWER, MAY_LIMITED, MAY_ANYBODY };

int	 access_start(const json_t *conf, const char *state_dir, const char *base_path, bool tls, struct err *);
void	 access_tick(void);	/* now and then: writes what has changed */
void	 access_stop(void);
/* Are there no users? */
bool	 access_open(void);

/* In the event loop, before anything else is looked at: sets rq->who, and rq->peer to who is behind a proxy. False: refused. */
bool	 access_identify(struct request *);
/* True: refused, or sent to the sign-in. path: below the base path. */
bool	 access_refuses(struct request *, enum route_kind, struct str path);
bool	 access_refuses_action(struct request *, const struct route *);
/* May this original be shown: the document in it, or all of it; is that a mail? */
bool	 access_raw(const struct request *, bool document, bool mail);
/* "web, alice, 192.0.2.1" */
void	 access_name(const struct request *, char *out, size_t size);
void	 access_log(const struct request *, enum auth_event, const char *who, const char *what);
/* An action has its reply: writes it into the log. */
void	 access_done(const struct request *);

void	 api_me(struct request *, struct asked *);
void	 api_login(struct request *, struct asked *);	/* POST */
void	 api_logout(struct request *, struct asked *);	/* POST */
void	 api_users(struct request *, struct asked *);
void	 api_audit(struct request *, struct asked *);

#endif
