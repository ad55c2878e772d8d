/*
 * http.h - what the files of this room share: a request as text, the reply to
 * it, and who makes which. The face of the room to others is http_main() in
 * process/role.h.
 * Source:    RFC 9110 (HTTP), RFC 9457 (problem details), RFC 9111 (caching).
 * Trust:     every field of a request is hostile; a reply's text is made by
 *            one escaping function for its form (JSON by jansson).
 * Units:     bytes; times in milliseconds of the monotonic clock.
 * Ownership: a struct request belongs to server.c and is with one thread at a
 *            time: the event loop's, or a worker's between work_submit() and
 *            the call of its done().
 * Errors:    a handler cannot fail: what went wrong is the reply.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <jansson.h>

#include "base/base.h"
#include "http/query_string.h"

#define API_PREFIX "/api/v1"
#define URI_BYTES 6144			/* path and query together */
#define HEADER_BYTES (32u * 1024u)	/* longer: 431 */
#define JSON_BYTES (64u << 20)		/* one answer; longer: narrow the question */
#define PATH_ARGS 1
#define CSP_RAW "sandbox; default-src 'none'"	/* of what strangers sent */
/* What changes something or is written down is asked for with POST and this header: no page of another site can set it. */
#define ACTION_HEADER "X-Dmarcd-Action"

struct MHD_Connection;
struct MHD_Response;
struct conn;
struct query;
struct store;

struct outflow;
struct reply {
	unsigned	 status;
	const char	*type;		/* of the content */
	char		*body;		/* free()d with the reply; or */
	size_t		 len;
	int		 fd;		/* not -1: the body is bytes of this file */
	uint64_t	 fd_offset;
	uint64_t	 fd_bytes;
	struct outflow	*stream;	/* not NULL: the body is made while it is sent */
	const char	*cache;		/* Cache-Control */
	const char	*csp;		/* NULL: the one of all pages */
	const char	*allow;		/* with 405 */
	unsigned	 retry_after;	/* seconds; 0: no such header */
	char		 etag[48];	/* "": none */
	char		 location[256];	/* with 307, 308 */
	char		 disposition[96];
	char		 cookie[512];	/* "": none is set */
	bool		 authenticate;	/* with 401: how to */
};

/* Who asks: access.c. */
enum who_how { WHO_NOBODY, WHO_OPEN, WHO_SESSION, WHO_TOKEN, WHO_PROXY };	/* open: there are no users, everybody here may */
struct who {
	enum who_how	 how;
	bool		 admin;
	bool		 secure;	/* by TLS, ours or that of a proxy */
	char		 name[72];
	char		*domains;	/* that are all he sees, a blank between; NULL: all */
	char		 csrf[72];	/* "": none is asked for */
};

/* What is done is asked for with one of these. */
enum http_method { METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, HTTP_METHODS };
extern const char *const http_methods[HTTP_METHODS];

enum request_stage { RQ_URI, RQ_HEADERS, RQ_WORKING, RQ_DONE, RQ_ANSWERED };

struct route;

struct request {
	char			 id[24];	/* also in the log, for people to quote */
	struct MHD_Connection	*mhd;
	struct conn		*conn;
	enum request_stage	 stage;
	bool			 uri_too_long;
	bool			 malformed;	/* not an origin-form target */
	bool			 head;
	bool			 acts;		/* something is to be done, by: */
	enum http_method	 method;
	bool			 local;		/* from this machine */
	char			 peer[48];	/* the address that asks; behind a trusted proxy what that says */
	struct who		 who;
	char			 uri[URI_BYTES + 1];
	struct str		 path;		/* raw, within uri */
	struct str		 query_raw;	/* raw, within uri */
	const struct route	*route;
	char			 args_text[PATH_ARGS][1024];
	struct str		 args[PATH_ARGS];	/* decoded path segments */
	struct query_string	 query;
	char			 if_none_match[1024];	/* longer ones are not looked at */
	unsigned		 lang;		/* of sentences, by Accept-Language; a number of explain/texts.h */
	uint64_t		 database;	/* which file: a restored one has generations of its own */
	bool			 passing;	/* this answer may change within its generation */
	char			*body;		/* of an action that takes one: JSON */
	size_t			 body_len;
	size_t			 body_max;	/* 0: none is read */
	struct upload		*upload;	/* of an action that takes files */
	bool			 drains;	/* refused; what it sends is read and thrown away before it is told */
	struct reply		 reply;
	struct request		*next;		/* in a queue of work.c */
};

/* --- server.c: a message to the parent, from any thread ------------------------ */

int	 server_tell_parent(const json_t *, struct err *);

/* --- reply.c ---------------------------------------------------------------- */

void	 reply_init(struct reply *);
void	 reply_free(struct reply *);	/* what it holds; it is then as new */
/* Takes the reference; NULL means there was no memory. */
void	 reply_json(struct request *, unsigned status, json_t *);

/* --- problem.c: application/problem+json ------------------------------------- */

void	 problem(struct request *, unsigned status, const char *detail, ...) PRINTFLIKE(3, 4);
/* With one entry in errors[]: the parameter meant, a short key, the sentence. */
void	 problem_param(struct request *, unsigned status, struct str param, const char *key, const char *sentence);
bool	 no_parameters(struct request *);	/* false: a problem is said, there are some */
/* The same of a place in the body, as a JSON pointer. */
void	 problem_at(struct request *, unsigned status, const char *pointer, const char *key, const char *sentence);
/* A member of the body ("" means the body itself) has a value that cannot be taken; false, to be returned. */
bool	 problem_member(struct request *, const char *member, const char *sentence);
/* From an error of a room below: 400, 503 or 500, by its class. */
void	 problem_err(struct request *, const struct err *);
const char *problem_title(unsigned status);

/* --- etag.c ------------------------------------------------------------------ */

/* All that an answer depends on: data, question, program, day. */
bool	 etag_key(struct buf *, uint64_t generation, const struct request *);
/* W/"GENERATION-HASH" of such a key. */
void	 etag_make(char out[48], uint64_t generation, struct str key);
bool	 etag_matches(const char *if_none_match, const char *etag);

/* --- host.c: against DNS rebinding ------------------------------------------- */

/* Is this Host header a name of ours? address: what we are bound to; names, NULL is fine: in the configuration. */
bool	 host_allowed(const char *host, const char *address, const struct str_list *names);

/* --- headers.c --------------------------------------------------------------- */

/* What every answer says, so that a browser runs and shares nothing of it. */
bool	 headers_secure(struct MHD_Response *, const char *csp);
bool	 header_add(struct MHD_Response *, const char *name, const char *value);
bool	 accepts_gzip(const char *accept_encoding);

/* --- static.c: the web app ---------------------------------------------------- */

int	 static_start(const char *base_path, struct err *);
void	 static_stop(void);
/* The shared response for a path below the base path, or NULL: no such file. */
bool	 static_has(struct str path);	/* another file than the page itself */
struct MHD_Response *static_find(struct str path, bool gzip, const char *if_none_match, unsigned *status);

/* --- cache.c ------------------------------------------------------------------ */

struct cached;
enum cache_found {
	CACHE_FOUND,	/* rq->reply is there */
	CACHE_WAITS,	/* rq belongs to the cache until somebody's cache_done() */
	CACHE_COMPUTE	/* compute it, then call cache_done(*mine) */
};
enum cache_found cache_find(struct request *, struct str key, struct cached **mine);
/* Returns the requests that waited, linked by next, each with its reply. */
struct request	*cache_done(struct cached *, const struct reply *);	/* NULL is fine */
void		 cache_clear(void);

/* --- routes.c ---------------------------------------------------------------- */

/* login: hashes of passwords are slow on purpose, and one at a time; export: as long as the client takes it */
enum lane { LANE_QUICK, LANE_SLOW, LANE_LOGIN, LANE_EXPORT, LANE_COUNT };

/* What a handler may ask. It may end the query early: query_end(), then NULL. */
struct asked {
	struct store	*store;
	struct query	*query;
};

#define KIND_BARE (-1)
#define KIND_SPEAKS (-2)	/* it has sentences, in the language that is asked for */
#define BODY_FILES SIZE_MAX
struct route {
	const char	*path;		/* below API_PREFIX; "{}" stands for one segment */
	void		(*run)(struct request *, struct asked *);
	int		 kind;		/* enum answer_kind, for api_answer; KIND_BARE: it asks nothing of the store */
	enum lane	 lane;
	bool		 etag;		/* answers change with the generation only */
	/* of actions: */
	enum http_method method;
	size_t		 body;		/* bytes at most; 0: it takes none; BODY_FILES: upload.c */
};

/* Does it answer in sentences, in the language that is asked for? */
bool	 route_speaks(const struct route *);	/* NULL: no */

enum route_kind { ROUTE_REPLY, ROUTE_WORK, ROUTE_ASSET, ROUTE_INDEX };

/* Where a request goes. ROUTE_REPLY: rq->reply is the answer already. */
/* What is done there with the method of the request; NULL: nothing is. */
const struct route *route_action(struct request *, const char *base_path);
enum route_kind	 route_find(struct request *, const char *base_path, struct str *rest);
/*
 * In a worker; store NULL: why says what is the matter with it. done is called
 * for every request that has its reply by then: this one or later, and those
 * that asked the same. False: the store has failed, open it anew.
 */
bool		 route_run(struct request *, struct store *, const struct err *why, void (*done)(struct request *));

/* --- work.c: threads that may wait for the database --------------------------- */

struct work;

struct work	*work_start(const char *state_dir, unsigned threads, void (*done)(struct request *), struct err *);
bool		 work_submit(struct work *, struct request *);	/* false: too much waits */
/* Ends the threads when they have nothing left to do; false at the deadline. */
bool		 work_stop(struct work *, int64_t deadline_ms);
/* For handlers: the directory given to work_start. */
const char	*work_state_dir(void);

/* --- outflow.c: a body that is made while it is sent ------------------------------ */

/* make adds a piece: 1, 0 at the end, -1. done: ctx is not needed any more. NULL: no memory, and ctx stays the caller's. */
struct outflow	*outflow_new(int (*make)(void *, struct buf *, struct err *), void (*done)(void *), void *ctx);
/* In the worker, after the reply was handed over, until all is made or nobody wants it. */
void		 outflow_run(struct outflow *);
/* The reply's share: becomes the response's, or is dropped. */
struct MHD_Response *outflow_response(struct outflow *, struct MHD_Connection *, struct conn *);
void		 outflow_drop(struct outflow *);	/* NULL is fine */
void		 outflow_stop(void);	/* all of them end, unfinished: the daemon does */
/* server.c: the client took something; it has time for more. */
void		 server_goes_on(struct conn *);

/* --- upload.c: a body of files (multipart/form-data), that is never held in memory ---- */

/* In the event loop, before the body. False: rq has its reply. */
bool	 upload_begin(struct request *, const char *state_dir, const char *content_type, const char *content_length);
bool	 upload_take(struct request *, const char *, size_t);	/* false: that is not what was said */
void	 upload_end(struct upload *);	/* NULL is fine */
void	 upload_rules(uint64_t message_bytes);	/* before anything is answered */
uint64_t upload_limit(void);		/* bytes of one file */
void	 api_upload(struct request *, struct asked *);	/* POST upload */

/* --- api_*.c: each makes rq->reply -------------------------------------------- */

void	 api_answer(struct request *, struct asked *);	/* route->kind says what */
void	 api_alerts(struct request *, struct asked *);
void	 api_alert_mute(struct request *, struct asked *);	/* POST alerts/mute */
void	 api_alert_unmute(struct request *, struct asked *);	/* POST alerts/unmute */
void	 api_settings(struct request *, struct asked *);
/* What the parent read in the file, for people to see (process/settings.h); its own copy is made. */
void	 api_settings_are(const json_t *);
void	 api_ingest(struct request *, struct asked *);
void	 api_raw(struct request *, struct asked *);
void	 api_quarantined(struct request *, struct asked *);
void	 api_quarantined_raw(struct request *, struct asked *);
/* POST ingest/items/{}/retry, .../discard */
void	 api_quarantined_retry(struct request *, struct asked *);
void	 api_quarantined_discard(struct request *, struct asked *);
/* decisions about senders */
void	 api_bounce(struct request *, struct asked *);		/* POST decode */
void	 api_decide(struct request *, struct asked *);		/* PUT senders/{}/decision */
void	 api_decide_many(struct request *, struct asked *);	/* POST senders/decisions */
void	 api_decide_undo(struct request *, struct asked *);	/* POST senders/decisions/{}/undo */
void	 api_decided(struct request *, struct asked *);		/* GET senders/decisions: the log */
void	 api_requested(struct request *, struct asked *);	/* GET requests/{} */
/*
 * api_ask.c: puts in when and who, asks the ingester, and waits a moment for
 * what becomes of it. The snapshot goes: it would not show what is done now.
 * 1: done; 0: not in time, the request waits; -1: refused, and rq says why.
 */
struct asking;
struct store_outcome;
int	 api_ask(struct request *, struct asked *, struct asking *, struct store_outcome *out);
/* api_todo.c */
void	 api_tasks(struct request *, struct asked *);
void	 api_task_say(struct request *, struct asked *);	/* PATCH tasks/{} */
void	 api_watches(struct request *, struct asked *);
void	 api_watch(struct request *, struct asked *);		/* POST watches */
void	 api_unwatch(struct request *, struct asked *);		/* DELETE watches/{} */
void	 api_views(struct request *, struct asked *);
void	 api_view(struct request *, struct asked *);		/* POST views */
void	 api_unview(struct request *, struct asked *);		/* DELETE views/{} */
/* POST failures/{}/reveal; failures/{}/raw: GET masked, POST as it came */
void	 api_reveal(struct request *, struct asked *);
void	 api_failure_raw(struct request *, struct asked *);
void	 api_failure_mail(struct request *, struct asked *);
/* What an original is by its first bytes: "gz", "zip", "eml" ...; nothing more is read. */
const char *raw_suffix(int fd, uint64_t offset, uint64_t bytes);
void	 api_search(struct request *, struct asked *);
void	 api_export(struct request *, struct asked *);
void	 api_healthz(struct request *, struct asked *);
void	 api_metrics(struct request *, struct asked *);		/* in api_ingest.c, as mailboxes and spool are in it */

/* Sets raw{} of an answer about a report to what can be had. */
void	 api_raw_refine(const struct request *, struct asked *, bool tls, int64_t id, json_t *answer);
/* The body as a JSON object, or NULL after a problem(); the caller's. */
json_t	*api_body(struct request *);
/* The mailboxes that are configured, and how long quarantine keeps, from the parent: for api_ingest. */
void	 api_ingest_mailboxes(const json_t *);
void	 api_ingest_resolver(bool on);
bool	 api_resolver_on(void);		/* true until it is told that the DNS is not asked */
/* What mailboxes say of themselves, for what is decided about them; given back together. NULL: no memory. */
struct summary_mailbox;
struct boxes;
struct boxes	*api_boxes(const struct summary_mailbox **, size_t *n);
void	 api_boxes_free(struct boxes *);
void	 api_boxes_stamp(struct buf *, int64_t now);	/* those in error for long, by name */
void	 api_ingest_rules(uint64_t quarantine_bytes, int64_t keep_quarantine);
void	 route_metrics(bool on);	/* before anything is answered */

#endif
