/*
 * server.c - the http role: listens, reads requests, hands them out, answers.
 *
 * One thread of libmicrohttpd runs the event loop. What needs the database
 * goes to the threads of work.c while its connection is suspended, so a slow
 * question holds up nobody. The main thread waits for orders of the parent
 * and ends connections that take their time on purpose.
 */
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/io.h"
#include "base/log.h"
#include "base/when.h"
#include "dmarc/dmarc.h"
#include "explain/texts.h"
#include "http/access.h"
#include "process/decoders.h"
#include "process/geo.h"
#include "process/link.h"
#include "process/role.h"
#include "process/sandbox.h"
#include "spool/spool.h"
#include "store/store.h"

#define POOL_BYTES (64u * 1024u)	/* per connection: our 32 KiB of headers, parsed, and the answer's */
#define CONNECTIONS 256
#define CONNECTIONS_PER_IP 64		/* only when others than loopback can reach us */
#define IDLE_SECONDS 30			/* without a byte */
#define HEADER_MS 20000			/* from the first byte to the end of the headers */
#define KEEP_ALIVE_MS 60000		/* between two requests, dribbled or not */
#define WORK_MS 180000
#define REFUSED_MS 120000			/* for files that were refused; no more, however they come */
#define DRAINS 8			/* of those at once */
#define BODY_STEP ((size_t)256 * 1024)	/* of files: so much gives HEADER_MS more */
#define ANSWER_MS 60000			/* and a second more for each 4 kB: */
#define ANSWER_BYTES_PER_MS 4
#define DRAIN_MS 3000
#define REAP_MS 5000
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305:" \
	"-KX-ALL:+ECDHE-RSA:+ECDHE-ECDSA:%SERVER_PRECEDENCE"	/* forward secrecy, no old ciphers */
#define DECODER_MS 10000		/* the parent answers at once, unless the host is drowning */

struct conn {
	struct conn	*prev, *next;
	int		 fd;
	int64_t		 deadline_ms;
};

struct server {
	struct MHD_Daemon	*mhd;
	struct work		*work;
	struct store		*keeper;	/* see lock_in() */
	int			 listen_fd;
	char			 address[64];
	uint16_t		 port;
	char			 base_path[200];
	char			 state_dir[4096];
	bool			 loopback, behind;	/* behind: of proxies */
	struct str_list		 names;		/* of ours, beside the address */
	char			*certificate, *key;	/* PEM; NULL: plain HTTP */
	uint64_t		 seed;		/* makes request ids of two runs differ */
	uint64_t		 serial;
	pthread_mutex_t		 lock;		/* of what follows */
	pthread_cond_t		 quiet;		/* no request is under way */
	struct conn		*conns;
	unsigned		 active;
	atomic_bool		 draining;
	atomic_int		 drains;	/* requests that were refused, and are read to their end */
};

/*
 * Threads that want a decoder ask the parent one after another; its answer
 * comes to the main thread, which alone reads the link.
 */
static struct {
	pthread_mutex_t		 turn;
	pthread_mutex_t		 lock;		/* of what follows */
	pthread_cond_t		 come;
	int			 link;
	bool			 waiting, there, over;
	int			 rv;
	struct decoder_handle	 decoder;
	struct err		 err;
} ask = { .turn = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER };

static struct server	 srv = { .lock = PTHREAD_MUTEX_INITIALIZER, .listen_fd = -1 };

/* --- Connections ------------------------------------------------------------ */

static void
conn_deadline(struct conn *c, int64_t ms)
{
	if (c == NULL)
		return;
	(void)pthread_mutex_lock(&srv.lock);
	c->deadline_ms = when_mono_ms() + ms;
	(void)pthread_mutex_unlock(&srv.lock);
}

static void
conn_started(struct MHD_Connection *mhd, void **context)
{
	const union MHD_ConnectionInfo	*info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct conn			*c;

	if (info == NULL || (c = calloc(1, sizeof(*c))) == NULL)
		return;
	c->fd = info->connect_fd;
	c->deadline_ms = when_mono_ms() + HEADER_MS;
	(void)pthread_mutex_lock(&srv.lock);
	if ((c->next = srv.conns) != NULL)
		c->next->prev = c;
	srv.conns = c;
	(void)pthread_mutex_unlock(&srv.lock);
	*context = c;
}

static void
on_connection(void *arg, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode what)
{
	struct conn	*c = *context;

	(void)arg;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		conn_started(mhd, context);
		return;
	}
	if (c == NULL)
		return;
	(void)pthread_mutex_lock(&srv.lock);
	if (c->next != NULL)
		c->next->prev = c->prev;
	*(c->prev != NULL ? &c->prev->next : &srv.conns) = c->next;
	(void)pthread_mutex_unlock(&srv.lock);
	free(c);
	*context = NULL;
}

/*
 * The library's own timeout counts from the last byte: one byte every 29
 * seconds would hold a connection for ever. Ours counts from the first.
 */
static void
reap_slow(void)
{
	int64_t	 now = when_mono_ms();

	(void)pthread_mutex_lock(&srv.lock);
	for (struct conn *c = srv.conns; c != NULL; c = c->next)
		if (now > c->deadline_ms)
			(void)shutdown(c->fd, SHUT_RDWR);
	(void)pthread_mutex_unlock(&srv.lock);
}

/* --- Requests --------------------------------------------------------------- */

/*
 * The library takes the query apart for itself, 64 bytes for each "&", and
 * has no answer when that is more than the connection's memory. So such a
 * request is answered here, on the socket, and the connection ended.
 */
static void
refuse_on_socket(struct MHD_Connection *mhd)
{
	static const char		 text[] = "HTTP/1.1 414 URI Too Long\r\nConnection: close\r\n"
	    "Content-Type: application/problem+json\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 93\r\n\r\n"
	    "{\"type\":\"about:blank\",\"title\":\"Address too long\",\"status\":414,\"detail\":\"Too many parameters\"}";
	const union MHD_ConnectionInfo	*info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (info == NULL)
		return;
	if (srv.certificate == NULL)	/* within TLS only an end can be said */
		(void)send(info->connect_fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)shutdown(info->connect_fd, SHUT_RDWR);
}

static bool
too_many_params(const char *uri)
{
	unsigned	 n = 0;

	for (; *uri != '\0'; uri++)
		n += *uri == '&';
	return (n > 4 * QUERY_PARAMS);
}

/* Called with the address as it came; the library's own decoding is not used. */
static void *
on_uri(void *arg, const char *uri, struct MHD_Connection *mhd)
{
	struct request	*rq;
	const char	*mark;
	size_t		 len = strlen(uri);

	(void)arg;
	if (too_many_params(uri)) {
		refuse_on_socket(mhd);
		return (NULL);
	}
	if ((rq = calloc(1, sizeof(*rq))) == NULL)
		return (NULL);
	reply_init(&rq->reply);
	rq->mhd = mhd;
	(void)snprintf(rq->id, sizeof(rq->id), "%08" PRIx64 "-%" PRIu64, srv.seed & 0xffffffff, ++srv.serial);
	rq->uri_too_long = len > URI_BYTES;
	rq->malformed = uri[0] != '/';
	if (rq->uri_too_long)
		len = 0;
	memcpy(rq->uri, uri, len);
	mark = memchr(rq->uri, '?', len);
	rq->path = (struct str){ rq->uri, mark == NULL ? len : (size_t)(mark - rq->uri) };
	rq->query_raw = mark == NULL ? STR("") : (struct str){ mark + 1, len - rq->path.len - 1 };
	return (rq);
}

static void
on_completed(void *arg, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode toe)
{
	struct request	*rq = *context;

	(void)arg;
	(void)mhd;
	(void)toe;
	if (rq == NULL)
		return;
	conn_deadline(rq->conn, KEEP_ALIVE_MS);
	if (rq->stage != RQ_URI) {
		(void)pthread_mutex_lock(&srv.lock);
		if (--srv.active == 0)
			(void)pthread_cond_signal(&srv.quiet);
		(void)pthread_mutex_unlock(&srv.lock);
	}
	if (rq->drains)
		(void)atomic_fetch_sub(&srv.drains, 1);
	reply_free(&rq->reply);
	if (rq->body != NULL)
		explicit_bzero(rq->body, rq->body_len);
	free(rq->body);
	upload_end(rq->upload);
	free(rq->who.domains);
	free(rq);
	*context = NULL;
}

/* By work.c, when rq->reply is there: the loop calls on_request once more. */
static void
on_done(struct request *rq)
{
	rq->stage = RQ_DONE;
	MHD_resume_connection(rq->mhd);
}

void
server_goes_on(struct conn *c)
{
	conn_deadline(c, ANSWER_MS);
}

static struct MHD_Response *
response_of(struct request *rq)
{
	struct reply		*r = &rq->reply;
	struct MHD_Response	*m;
	static char		 nothing[1];

	if (r->stream != NULL) {
		if ((m = outflow_response(r->stream, rq->mhd, rq->conn)) != NULL)
			r->stream = NULL;
		return (m);
	}
	if (r->fd != -1) {
		if ((m = MHD_create_response_from_fd_at_offset64(r->fd_bytes, r->fd, r->fd_offset)) != NULL)
			r->fd = -1;
		return (m);
	}
	if (r->body == NULL)
		return (MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT));
	if ((m = MHD_create_response_from_buffer(r->len, r->body, MHD_RESPMEM_MUST_FREE)) != NULL)
		r->body = NULL;
	return (m);
}

static bool
add_headers(struct MHD_Response *m, const struct reply *r)
{
	char	 number[16];
	bool	 ok = headers_secure(m, r->csp) && header_add(m, "Cache-Control", r->cache);

	if (r->status != 304 && r->type != NULL)
		ok = header_add(m, "Content-Type", r->type) && ok;
	if (r->etag[0] != '\0')
		ok = header_add(m, "ETag", r->etag) && ok;
	if (r->allow != NULL)
		ok = header_add(m, "Allow", r->allow) && ok;
	if (r->location[0] != '\0')
		ok = header_add(m, "Location", r->location) && ok;
	if (r->disposition[0] != '\0')
		ok = header_add(m, "Content-Disposition", r->disposition) && ok;
	if (r->retry_after != 0) {
		(void)snprintf(number, sizeof(number), "%u", r->retry_after);
		ok = header_add(m, "Retry-After", number) && ok;
	}
	if (r->cookie[0] != '\0')
		ok = header_add(m, "Set-Cookie", r->cookie) && ok;
	if (r->authenticate)
		ok = header_add(m, "WWW-Authenticate", "Bearer realm=\"dmarcd\"") && ok;
	if (srv.draining)
		ok = header_add(m, "Connection", "close") && ok;
	return (ok);
}

static bool
add_language(struct MHD_Response *m, unsigned lang)
{
	return (header_add(m, "Content-Language", explain_languages[lang].tag) && header_add(m, "Vary", "Accept-Language"));
}

static enum MHD_Result
queue(struct request *rq, unsigned status, struct MHD_Response *m, uint64_t bytes)
{
	conn_deadline(rq->conn, ANSWER_MS + (int64_t)(bytes / ANSWER_BYTES_PER_MS));
	rq->stage = RQ_ANSWERED;
	return (MHD_queue_response(rq->mhd, status, m));
}

static enum MHD_Result
answer(struct request *rq)
{
	struct reply		*r = &rq->reply;
	struct MHD_Response	*m;
	uint64_t		 bytes = r->fd != -1 ? r->fd_bytes : r->len;
	enum MHD_Result		 rv = MHD_NO;
	char			 shown[256];

	if (r->status >= 400 && log_level_get() >= LOG_DEBUG)
		log_debug("request %s: %u for %s", rq->id, r->status,
		    esc_short(shown, sizeof(shown), str_of(rq->uri)));
	if (r->status == 304)
		bytes = 0;
	if ((m = response_of(rq)) == NULL)
		return (MHD_NO);
	if (add_headers(m, r) && (!route_speaks(rq->route) || add_language(m, rq->lang)))
		rv = queue(rq, r->status, m, bytes);
	MHD_destroy_response(m);
	return (rv);
}

static enum MHD_Result
answer_file(struct request *rq, struct str path, enum route_kind kind)
{
	const char		*coding = MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Accept-Encoding");
	struct MHD_Response	*m;
	unsigned		 status = 200;
	bool			 gzip = coding != NULL && accepts_gzip(coding);

	m = static_find(path, gzip, rq->if_none_match, &status);
	if (m == NULL && kind == ROUTE_INDEX)
		m = static_find(STR("/index.html"), gzip, rq->if_none_match, &status);
	if (m != NULL)
		return (queue(rq, status, m, 1u << 20));
	problem(rq, 404, "There is no such file. After an update of dmarcd, load the page anew.");
	return (answer(rq));
}

/* --- What is refused before a route is looked for ----------------------------- */

struct host_seen { const char *value; unsigned n; };

static enum MHD_Result
see_host(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct host_seen	*h = arg;

	(void)kind;
	if (str_ieq(str_of(name), "host")) {
		h->value = value == NULL ? "" : value;
		h->n++;
	}
	return (MHD_YES);
}

static bool
refuse_host(struct request *rq, const char *version)
{
	struct host_seen	 h = { 0 };
	char			 shown[128];

	(void)MHD_get_connection_values(rq->mhd, MHD_HEADER_KIND, see_host, &h);
	/* Browsers always name the host; health checks in HTTP/1.0 may not. */
	if (h.n == 0 && strcmp(version, "HTTP/1.0") == 0)
		return (false);
	if (h.n != 1) {
		problem(rq, 400, "A request names its host exactly once (Host header).");
		return (true);
	}
	if (host_allowed(h.value, srv.address, &srv.names))
		return (false);
	problem(rq, 421, "\"%s\" is not a name of this server. To protect the data from web pages that give their own name "
	    "our address, only localhost, loopback addresses, %s and the names of the configuration are answered (names in its http section).",
	    esc_short(shown, sizeof(shown), str_of(h.value)), srv.address);
	return (true);
}

static bool
has_body(struct MHD_Connection *mhd)
{
	const char	*length = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Content-Length");

	return ((length != NULL && strcmp(length, "0") != 0) ||
	    MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Transfer-Encoding") != NULL);
}

/* Loopback or not, and who to write down. */
static bool
peer_is_local(const struct sockaddr *sa, char *out, size_t size)
{
	const struct sockaddr_in	*v4 = (const struct sockaddr_in *)(const void *)sa;
	const struct sockaddr_in6	*v6 = (const struct sockaddr_in6 *)(const void *)sa;

	if (sa->sa_family == AF_INET) {
		(void)inet_ntop(AF_INET, &v4->sin_addr, out, (socklen_t)size);
		return (ntohl(v4->sin_addr.s_addr) >> 24 == 127);
	}
	if (sa->sa_family != AF_INET6)
		return (false);
	(void)inet_ntop(AF_INET6, &v6->sin6_addr, out, (socklen_t)size);
	return (IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr));
}

static void
see_peer(struct request *rq)
{
	const union MHD_ConnectionInfo	*info = MHD_get_connection_info(rq->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	rq->local = info != NULL && info->client_addr != NULL && peer_is_local(info->client_addr, rq->peer, sizeof(rq->peer));
}

/* For browsers that say no Sec-Fetch-Site: "http://localhost:8377" of "localhost:8377". */
static bool
other_origin(const char *origin, const char *host)
{
	struct str	 o;

	if (origin == NULL)
		return (false);
	o = str_of(origin);
	if (str_istarts(o, "http://"))
		o = (struct str){ o.p + 7, o.len - 7 };
	else if (str_istarts(o, "https://"))
		o = (struct str){ o.p + 8, o.len - 8 };
	else
		return (true);
	return (host == NULL || !str_ieq(o, host));
}

static bool
refuse_action(struct request *rq)
{
	const char	*action = MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, ACTION_HEADER);
	const char	*site = MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Sec-Fetch-Site");

	if (action == NULL || strcmp(action, "1") != 0 || (site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) ||
	    (site == NULL && other_origin(MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Origin"),
	    MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Host"))))
		problem(rq, 403, "A request that does something carries the header " ACTION_HEADER ": 1 and comes from our own pages.");
	else
		return (false);
	return (true);
}

/* What an action is told: JSON of a length that is known before, and not too long. */
static bool
refuse_body(struct request *rq, size_t max)
{
	const char	*length = MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Content-Length");
	const char	*type = MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Content-Type");
	int64_t		 n;

	if (length == NULL || MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Transfer-Encoding") != NULL) {
		problem(rq, 411, "This wants a JSON body whose length stands in front of it (Content-Length).");
	} else if (!str_i64(str_of(length), &n) || (uint64_t)n > max) {
		problem(rq, 413, "The body of this has at most %zu bytes. Ask in several parts.", max);
	} else if (type == NULL || !str_istarts(str_of(type), "application/json") || (type[16] != '\0' && type[16] != ';' && type[16] != ' ')) {
		problem(rq, 415, "This wants JSON (Content-Type: application/json).");
	} else {
		rq->body_max = (size_t)n;
		return (false);
	}
	return (true);
}

static bool
refuse(struct request *rq, const char *method, const char *version, const struct route **found)
{
	const union MHD_ConnectionInfo	*info;
	const struct route		*action = NULL;

	*found = NULL;
	info = MHD_get_connection_info(rq->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	rq->head = strcmp(method, "HEAD") == 0;
	for (int m = 0; m < HTTP_METHODS && !rq->acts; m++)
		if ((rq->acts = strcmp(method, http_methods[m]) == 0))
			rq->method = (enum http_method)m;
	see_peer(rq);
	if (rq->uri_too_long || rq->query_raw.len > QUERY_BYTES) {
		problem(rq, 414, "An address has at most %d bytes behind \"?\" and %d in all. Ask with fewer values.",
		    QUERY_BYTES, URI_BYTES);
	} else if (info != NULL && info->header_size > HEADER_BYTES) {
		problem(rq, 431, "The headers of a request have at most %u bytes; perhaps cookies of other programs on this "
		    "host are too many.", HEADER_BYTES);
	} else if (rq->malformed) {
		problem(rq, 400, "The address of a request starts with a slash.");
	} else if (refuse_host(rq, version)) {
		;
	} else if (!rq->head && strcmp(method, "GET") != 0 && !(rq->acts && (action = route_action(rq, srv.base_path)) != NULL)) {
		problem(rq, 405, "Everything here is read with GET.");
		rq->reply.allow = "GET, HEAD";
	} else if ((*found = action, !access_identify(rq))) {
		;
	} else if (rq->acts && (refuse_action(rq) || access_refuses_action(rq, action))) {
		;
	} else if (action != NULL && action->body == BODY_FILES) {
		return (!upload_begin(rq, srv.state_dir, MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Content-Type"),
		    MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Transfer-Encoding") != NULL ? NULL :
		    MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Content-Length")));
	} else if (action != NULL && action->body > 0) {
		return (refuse_body(rq, action->body));
	} else if (has_body(rq->mhd)) {
		problem(rq, 413, "A request has no body here.");
	} else
		return (false);
	return (true);
}

/*
 * A browser that is answered while it still sends a file takes the end of the
 * connection for a fault of the network, and shows nothing of the answer. So
 * what browsers send though it is refused is read to its end, within limits,
 * and thrown away; all others are told at once.
 */
static bool
drains(struct request *rq, const struct route *action)
{
	const char	*length = MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Content-Length");
	bool		 browser = MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Origin") != NULL ||
			     MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Sec-Fetch-Site") != NULL;
	int64_t		 n;

	if (!browser || action == NULL || action->body != BODY_FILES || length == NULL || !str_i64(str_of(length), &n) || n <= 0 ||
	    (uint64_t)n > 2 * upload_limit() || MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Transfer-Encoding") != NULL ||
	    MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Expect") != NULL)
		return (false);
	if (atomic_fetch_add(&srv.drains, 1) >= DRAINS) {
		(void)atomic_fetch_sub(&srv.drains, 1);
		return (false);
	}
	rq->drains = true;
	conn_deadline(rq->conn, REFUSED_MS);
	return (true);
}

/* --- The way of a request ------------------------------------------------------ */

static void
begin(struct request *rq)
{
	const union MHD_ConnectionInfo	*info;
	const char			*inm;

	info = MHD_get_connection_info(rq->mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	rq->conn = info == NULL ? NULL : info->socket_context;
	inm = MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "If-None-Match");
	if (inm != NULL && strlen(inm) < sizeof(rq->if_none_match))
		memcpy(rq->if_none_match, inm, strlen(inm) + 1);
	rq->lang = explain_accept(MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Accept-Language"));
	conn_deadline(rq->conn, HEADER_MS);	/* for what may follow */
	rq->stage = RQ_HEADERS;
	(void)pthread_mutex_lock(&srv.lock);
	srv.active++;
	(void)pthread_mutex_unlock(&srv.lock);
}

static enum MHD_Result
dispatch(struct request *rq)
{
	struct str	 path;
	enum route_kind	 kind = route_find(rq, srv.base_path, &path);

	if (access_refuses(rq, kind, path))
		return (answer(rq));
	switch (kind) {
	case ROUTE_ASSET:
	case ROUTE_INDEX:
		return (answer_file(rq, path, kind));
	case ROUTE_REPLY:
		return (answer(rq));
	case ROUTE_WORK:
		break;
	}
	conn_deadline(rq->conn, WORK_MS);
	rq->stage = RQ_WORKING;
	MHD_suspend_connection(rq->mhd);
	if (!work_submit(srv.work, rq)) {
		problem(rq, 503, "Too many questions are waiting. Ask again in a moment.");
		on_done(rq);
	}
	return (MHD_YES);
}

/* Takes what came of the body; more than was said ends the connection. */
static bool
take_body(struct request *rq, const char *p, size_t n)
{
	if (rq->body == NULL && (rq->body = malloc(rq->body_max + 1)) == NULL)
		return (false);
	if (n > rq->body_max - rq->body_len)
		return (false);
	memcpy(rq->body + rq->body_len, p, n);
	rq->body_len += n;
	return (true);
}

/* A large body has more time as long as it comes at a pace that is not a slow client's trick. */
static void
body_goes_on(struct request *rq, size_t n)
{
	rq->body_len += n;
	if (rq->body_len < BODY_STEP)
		return;
	rq->body_len = 0;
	conn_deadline(rq->conn, HEADER_MS);
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **context)
{
	struct request		*rq = *context;
	const struct route	*action;

	(void)arg;
	(void)mhd;
	(void)url;
	if (rq == NULL)
		return (MHD_NO);	/* no memory: the connection ends */
	switch (rq->stage) {
	case RQ_URI:
		/* An answer now would end the connection, as a body might follow: right when we refuse. */
		begin(rq);
		return (refuse(rq, method, version, &action) && !drains(rq, action) ? answer(rq) : MHD_YES);
	case RQ_HEADERS:
		if (*upload_size == 0)
			return (rq->drains ? answer(rq) : dispatch(rq));
		if (rq->drains) {
			*upload_size = 0;
			return (MHD_YES);
		}
		if (rq->upload != NULL) {
			if (!upload_take(rq, upload, *upload_size))
				return (MHD_NO);
			body_goes_on(rq, *upload_size);
		} else if (!take_body(rq, upload, *upload_size))
			return (MHD_NO);
		*upload_size = 0;
		return (MHD_YES);
	case RQ_DONE:
		return (answer(rq));
	case RQ_WORKING:
	case RQ_ANSWERED:
		break;
	}
	return (MHD_NO);
}

static void __attribute__((format(printf, 2, 0)))
on_log(void *arg, const char *fmt, va_list ap)
{
	char	 line[512], shown[600];

	(void)arg;
	if (log_level_get() < LOG_DEBUG)
		return;
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	log_debug("libmicrohttpd: %s", esc_short(shown, sizeof(shown), str_trim(str_of(line))));
}

/* --- Start ------------------------------------------------------------------- */

/* Exactly the address given: a name, or an address that means all, is refused by the configuration. */
static int
listen_on(struct err *e)
{
	union { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; } sa = { 0 };
	socklen_t	 len;
	int		 on = 1;

	if (inet_pton(AF_INET, srv.address, &sa.v4.sin_addr) == 1) {
		sa.v4.sin_family = AF_INET;
		sa.v4.sin_port = htons(srv.port);
		len = sizeof(sa.v4);
		srv.loopback = ntohl(sa.v4.sin_addr.s_addr) >> 24 == 127;
	} else if (inet_pton(AF_INET6, srv.address, &sa.v6.sin6_addr) == 1) {
		sa.v6.sin6_family = AF_INET6;
		sa.v6.sin6_port = htons(srv.port);
		len = sizeof(sa.v6);
		srv.loopback = IN6_IS_ADDR_LOOPBACK(&sa.v6.sin6_addr);
	} else
		return (err_set(e, ERR_CONFIG, "http: \"%s\" is not a numeric address", srv.address));
	if ((srv.listen_fd = socket(sa.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return (err_set(e, ERR_TEMP, "http: %s: %s", srv.address, strerror(errno)));
	(void)setsockopt(srv.listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (sa.any.sa_family == AF_INET6)
		(void)setsockopt(srv.listen_fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(srv.listen_fd, &sa.any, len) == -1 || listen(srv.listen_fd, 128) == -1 ||
	    getsockname(srv.listen_fd, &sa.any, &len) == -1)
		return (err_set(e, errno == EADDRINUSE || errno == EACCES ? ERR_CONFIG : ERR_TEMP,
		    "http: cannot listen on %s port %u: %s%s", srv.address, srv.port, strerror(errno),
		    errno == EADDRINUSE ? "; remedy: stop what uses it, or choose another port" : ""));
	srv.port = ntohs(sa.any.sa_family == AF_INET6 ? sa.v6.sin6_port : sa.v4.sin_port);
	return (0);
}

static int
copy_string(const json_t *conf, const char *key, char *out, size_t size, const char *otherwise, struct err *e)
{
	const char	*s = json_string_value(json_object_get(conf, key));

	if (s == NULL)
		s = otherwise;
	if (s == NULL || strlen(s) >= size)
		return (err_set(e, ERR_BUG, "http: configuration: %s is missing or too long", key));
	memcpy(out, s, strlen(s) + 1);
	return (0);
}

static bool
base_path_ok(const char *p)
{
	static const char	 chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-/";
	size_t			 n = strlen(p);

	if (n == 0)
		return (true);
	return (p[0] == '/' && p[n - 1] != '/' && strspn(p, chars) == n && strstr(p, "//") == NULL &&
	    strstr(p, "/.") == NULL);
}

static void
log_start(const json_t *conf)
{
	static const struct { const char *word; enum log_level level; } levels[] = {
		{ "error", LOG_ERROR }, { "warn", LOG_WARN }, { "info", LOG_INFO }, { "debug", LOG_DEBUG },
	};
	const json_t	*j = json_object_get(conf, "log");
	enum log_level	 level = LOG_INFO;

	if (json_is_integer(j) && json_integer_value(j) >= LOG_ERROR && json_integer_value(j) <= LOG_DEBUG)
		level = (enum log_level)json_integer_value(j);
	for (size_t i = 0; json_is_string(j) && i < nitems(levels); i++)
		if (strcmp(json_string_value(j), levels[i].word) == 0)
			level = levels[i].level;
	log_open("http", level);
}

static int
take_tls(const json_t *conf, struct err *e)
{
	const char	*certificate = json_string_value(json_object_get(conf, "tls_certificate"));
	const char	*key = json_string_value(json_object_get(conf, "tls_key"));

	if (certificate == NULL || key == NULL)
		return (0);
	srv.certificate = strdup(certificate);
	srv.key = strdup(key);
	return (srv.certificate == NULL || srv.key == NULL ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

static int
take_names(const json_t *conf, struct err *e)
{
	const json_t	*names = json_object_get(conf, "names"), *v;
	size_t		 i;

	if (json_array_size(names) > 0 && (srv.names.v = calloc(json_array_size(names), sizeof(*srv.names.v))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	json_array_foreach(names, i, v)
		if (json_is_string(v) && (srv.names.v[srv.names.n] = strdup(json_string_value(v))) != NULL)
			srv.names.n++;
	return (0);
}

static int
configure(int fd, struct err *e)
{
	json_t		*conf = NULL;
	json_int_t	 port;
	int		 passed = -1, rv;

	if ((rv = link_recv(fd, &conf, &passed, e)) != 1)
		return (rv == 0 ? err_set(e, ERR_TEMP, "http: the parent has gone") : -1);
	if (passed != -1)
		(void)close(passed);
	log_start(conf);
	port = json_integer_value(json_object_get(conf, "port"));
	rv = -1;
	if (port < 0 || port > 65535)
		err_set(e, ERR_BUG, "http: configuration: port %" JSON_INTEGER_FORMAT, port);
	else if (copy_string(conf, "address", srv.address, sizeof(srv.address), "127.0.0.1", e) == 0 &&
	    copy_string(conf, "base_path", srv.base_path, sizeof(srv.base_path), "", e) == 0 &&
	    copy_string(conf, "state_dir", srv.state_dir, sizeof(srv.state_dir), NULL, e) == 0)
		rv = 0;
	if (rv == 0 && !base_path_ok(srv.base_path))
		rv = err_set(e, ERR_CONFIG, "http: base_path \"%s\" is not a plain path like \"/reports\"", srv.base_path);
	srv.port = (uint16_t)port;
	srv.behind = json_array_size(json_object_get(conf, "proxies")) > 0;
	if (rv == 0)
		rv = take_tls(conf, e) == -1 || take_names(conf, e) == -1 ? -1 :
		    access_start(conf, srv.state_dir, srv.base_path, srv.certificate != NULL, e);
	dmarc_suffixes(json_is_true(json_object_get(conf, "icann_suffixes")));
	api_ingest_mailboxes(json_object_get(conf, "mailboxes"));
	if (json_is_boolean(json_object_get(conf, "resolver")))
		api_ingest_resolver(json_is_true(json_object_get(conf, "resolver")));
	api_ingest_rules((uint64_t)json_integer_value(json_object_get(json_object_get(conf, "limits"), "quarantine_bytes")),
	    json_integer_value(json_object_get(conf, "keep_quarantine")));
	upload_rules((uint64_t)json_integer_value(json_object_get(json_object_get(conf, "limits"), "message_bytes")));
	api_settings_are(json_object_get(conf, "settings"));
	route_metrics(json_is_true(json_object_get(conf, "metrics")));
	geo_begin(json_object_get(conf, "geo"));
	json_decref(conf);
	return (rv);
}

/*
 * The last thing done with full rights. What is looked at later exists by
 * then; and as long as one reader holds the database open, its -shm file stays
 * the one that we may write to, even when the ingester starts anew.
 */
static int
lock_in(struct err *e)
{
	struct sandbox_paths	 paths = { .state_dir = srv.state_dir };
	struct sandbox_report	 report;
	struct err		 later = { 0 };
	char			 tmp[sizeof(srv.state_dir) + 8];

	(void)snprintf(tmp, sizeof(tmp), "%s/tmp", srv.state_dir);
	(void)setenv("SQLITE_TMPDIR", tmp, 1);
	(void)io_mkdir_p(tmp, 0700, &later);
	spool_close(spool_open(srv.state_dir, &later));
	/* what decided about a row is worked out again when it is shown */
	if (dmarc_init(e) == -1)
		return (-1);
	srv.keeper = store_open(srv.state_dir, STORE_READ, &later);	/* what is wrong is said with the first question */
	return (sandbox_enter(SANDBOX_HTTP, &paths, &report, e));
}

static int
start(struct err *e)
{
	struct MHD_OptionItem	 options[] = {
		{ MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_log, NULL },	/* first: it is for what follows */
		{ MHD_OPTION_LISTEN_SOCKET, srv.listen_fd, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL },
		{ MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL },
		{ MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_uri, NULL },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, NULL },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, NULL },
		/* Behind a proxy on this host all come from one address. */
		{ MHD_OPTION_PER_IP_CONNECTION_LIMIT, srv.loopback || srv.behind ? CONNECTIONS : CONNECTIONS_PER_IP, NULL },
		{ srv.certificate == NULL ? MHD_OPTION_END : MHD_OPTION_HTTPS_MEM_CERT, 0, srv.certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, srv.key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES },
		{ MHD_OPTION_END, 0, NULL },
	};
	long	 cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (static_start(srv.base_path, e) == -1)
		return (-1);
	srv.work = work_start(srv.state_dir, cores < 3 ? 3 : cores > 4 ? 4 : (unsigned)cores, on_done, e);
	if (srv.work == NULL)
		return (-1);
	srv.mhd = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME |
	    MHD_USE_ERROR_LOG | (srv.certificate != NULL ? MHD_USE_TLS : 0), 0, NULL, NULL, on_request, NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (srv.key != NULL)
		explicit_bzero(srv.key, strlen(srv.key));	/* the library has what it needs */
	if (srv.mhd == NULL)
		return (err_set(e, ERR_TEMP, "http: libmicrohttpd does not start: %s", strerror(errno)));
	return (0);
}

static int
tell_parent(int fd, const char *op, const char *key, const char *value, struct err *e)
{
	json_t	*j = json_pack("{s:s, s:s, s:i}", "op", op, key, value, "port", (int)srv.port);
	int	 rv = j == NULL ? err_set(e, ERR_TEMP, "out of memory") : link_send(fd, j, -1, e);

	json_decref(j);
	return (rv);
}

/* --- Decoders: the parent's to give ---------------------------------------------- */

static int
ask_and_wait(struct decoder_handle *h, struct err *e)
{
	int64_t		 deadline = when_mono_ms() + DECODER_MS;
	struct timespec	 until = { .tv_sec = deadline / 1000, .tv_nsec = deadline % 1000 * 1000000 };
	int		 rv = 0;

	(void)pthread_mutex_lock(&ask.lock);
	ask.there = false;
	if (!ask.over && (rv = decoder_ask(ask.link, e)) == 0) {
		ask.waiting = true;
		while (!ask.there && !ask.over && pthread_cond_timedwait(&ask.come, &ask.lock, &until) == 0)
			;
		ask.waiting = false;
	}
	if (rv == 0 && ask.there) {
		*h = ask.decoder;
		*e = ask.err;
		rv = ask.rv;
	} else if (rv == 0)
		rv = err_set(e, ERR_TEMP, "%s", ask.over ? "the web server is stopping" :
		    "no process to read it with was started in time");
	(void)pthread_mutex_unlock(&ask.lock);
	return (rv);
}

int
server_tell_parent(const json_t *m, struct err *e)
{
	int	 rv;

	(void)pthread_mutex_lock(&ask.lock);
	rv = ask.over ? err_set(e, ERR_TEMP, "the web server is stopping") : link_send(ask.link, m, -1, e);
	(void)pthread_mutex_unlock(&ask.lock);
	return (rv);
}

static int
parent_get(void *ctx, struct decoder_handle *h, struct err *e)
{
	int	 rv;

	(void)ctx;
	(void)pthread_mutex_lock(&ask.turn);
	rv = ask_and_wait(h, e);
	(void)pthread_mutex_unlock(&ask.turn);
	return (rv);
}

/* How it ended concerns one answer only, and that is given already. */
static int
parent_end(void *ctx, int64_t id, bool tell)
{
	(void)ctx;
	(void)tell;
	(void)pthread_mutex_lock(&ask.lock);
	decoder_kill(ask.link, id, false);
	(void)pthread_mutex_unlock(&ask.lock);
	return (DECODER_UNKNOWN);
}

static const struct decoder_source	 parent = { parent_get, parent_end };

/* One that comes when nobody waits any more ends by itself, as its descriptor is closed. */
static void
on_decoder(const json_t *m, int *fd)
{
	struct decoder_handle	 h = { .fd = -1 };
	struct err		 e = { 0 };
	int			 rv;

	(void)pthread_mutex_lock(&ask.lock);
	if (decoder_answer(m, fd, &h, &rv, &e) && ask.waiting && !ask.there) {
		ask.decoder = h;
		ask.err = e;
		ask.rv = rv;
		ask.there = true;
		(void)pthread_cond_signal(&ask.come);
	} else if (h.fd != -1) {
		(void)close(h.fd);
		decoder_kill(ask.link, h.id, false);
	}
	(void)pthread_mutex_unlock(&ask.lock);
}

static void
no_more_decoders(void)
{
	(void)pthread_mutex_lock(&ask.lock);
	ask.over = true;
	(void)pthread_cond_signal(&ask.come);
	(void)pthread_mutex_unlock(&ask.lock);
}

/* --- Serving and the end ------------------------------------------------------- */

/* False when the parent wants an end or has gone. */
static bool
parent_says_on(int fd)
{
	struct err	 e = { 0 };
	json_t		*j = NULL;
	const char	*op;
	int		 passed = -1, rv = link_recv(fd, &j, &passed, &e);
	bool		 on = false;

	if (rv == -1)
		log_error("%s", e.msg);
	if (rv == 1) {
		on_decoder(j, &passed);
		op = json_string_value(json_object_get(j, "op"));
		on = op == NULL || strcmp(op, "stop") != 0;
	}
	if (passed != -1)
		(void)close(passed);
	json_decref(j);
	return (on);
}

static void
serve(int fd, int signals)
{
	struct pollfd	 p[2] = { { .fd = fd, .events = POLLIN }, { .fd = signals, .events = POLLIN } };

	for (;;) {
		if (poll(p, nitems(p), REAP_MS) == -1 && errno != EINTR)
			return;
		if (p[1].revents != 0 || (p[0].revents != 0 && !parent_says_on(fd)))
			return;
		reap_slow();
		access_tick();
	}
}

/* Takes no new connections, finishes what is under way, ends. */
static void
drain(void)
{
	int64_t		 deadline = when_mono_ms() + DRAIN_MS;
	struct timespec	 until = { .tv_sec = deadline / 1000, .tv_nsec = deadline % 1000 * 1000000 };
	MHD_socket	 fd = MHD_quiesce_daemon(srv.mhd);

	no_more_decoders();
	outflow_stop();
	if (fd != MHD_INVALID_SOCKET)
		(void)close(fd);
	(void)pthread_mutex_lock(&srv.lock);
	srv.draining = true;
	while (srv.active > 0 && pthread_cond_timedwait(&srv.quiet, &srv.lock, &until) == 0)
		;
	(void)pthread_mutex_unlock(&srv.lock);
	/* A request that is with a thread for longer than that must not be pulled from under it. */
	if (!work_stop(srv.work, deadline)) {
		log_warn("a question took too long to wait for at the end");
		_exit(0);
	}
	MHD_stop_daemon(srv.mhd);
	access_stop();
	static_stop();
	store_close(srv.keeper);
}

/* Signals are read by the main thread; a terminal's Ctrl-C is the parent's business. */
static int
block_signals(void)
{
	sigset_t	 set;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	return (signalfd(-1, &set, SFD_CLOEXEC));
}

static void
init_locks(void)
{
	pthread_condattr_t	 attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&srv.quiet, &attr);
	(void)pthread_cond_init(&ask.come, &attr);
	(void)pthread_condattr_destroy(&attr);
}

int
http_main(int fd)
{
	struct err	 e = { 0 };
	int		 signals = block_signals();

	/* A heap for each thread would hold on to memory that another needs; what is large goes back at once. */
	(void)mallopt(M_ARENA_MAX, 2);
	(void)mallopt(M_MMAP_THRESHOLD, 256 << 10);
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 20);
	init_locks();
	if (getrandom(&srv.seed, sizeof(srv.seed), 0) == -1)
		srv.seed = (uint64_t)when_mono_ms();
	log_open("http", LOG_INFO);
	ask.link = fd;
	decoder_source_set(&parent, NULL);
	if (configure(fd, &e) == -1 || listen_on(&e) == -1 || lock_in(&e) == -1 || start(&e) == -1) {
		log_error("%s", e.msg);
		(void)tell_parent(fd, "failed", "error", e.msg, &e);
		return (e.code == ERR_CONFIG ? 2 : 1);
	}
	if (tell_parent(fd, "listening", "address", srv.address, &e) == 0)
		serve(fd, signals);
	drain();
	return (0);
}
