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

/*
 * Whoever is about to change who may look shows once more who he is: an admin
 * who has signed in here, with his password. stamp: of him. False: rq has its
 * reply. In the lane of sign-ins, so that it is slow in the same way.
 */
bool	 access_shown(struct request *, const char *password, char stamp[17]);
/* Users as they are now. "": there is none of that name; last: is it the only admin? */
void	 access_user_stamp(const char *name, char stamp[17], bool *last);
void	 access_token_id(const char *name, char id[13]);
/* The one who asks has changed himself: he stays signed in here, all his other sessions are over. */
void	 access_go_on(struct request *, const char *stamp);

void	 api_me(struct request *, struct asked *);
void	 api_login(struct request *, struct asked *);	/* POST */
void	 api_logout(struct request *, struct asked *);	/* POST */
void	 api_users(struct request *, struct asked *);
void	 api_audit(struct request *, struct asked *);
/* api_people.c, all POST */
void	 api_user_add(struct request *, struct asked *);
void	 api_user_change(struct request *, struct asked *);	/* PATCH */
void	 api_user_remove(struct request *, struct asked *);
void	 api_token_add(struct request *, struct asked *);
void	 api_token_revoke(struct request *, struct asked *);

#endif
