/*
 * access.c - who asks, and may he?
 *
 * Without users everybody who reaches us from this machine may do everything,
 * and nobody else is answered. From the first user on there are three ways to
 * be somebody: a cookie that a sign-in gave, an API token, or a proxy that is
 * trusted to have asked. What each may see of the API stands in one table
 * here; what is not in it is for admins. That a viewer of some domains sees
 * nothing of others is not decided by endpoints: his questions go to a reader
 * that has nothing else (store_narrow).
 */
#include <sys/stat.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>

#include "auth/auth.h"
#include "base/escape.h"
#include "base/io.h"
#include "base/log.h"
#include "base/when.h"
#include "http/access.h"

#define CSRF_HEADER "X-CSRF-Token"
#define PROXIES 100
#define FAILURES_LOGGED 30	/* a minute: who guesses must not fill the log */

struct network { unsigned char ip[16]; unsigned bits; };

static struct {
	char			 state_dir[4096];
	char			 base_path[200];
	bool			 tls;
	struct network		 proxies[PROXIES];
	size_t			 nproxies;
	char			 address_header[65], user_header[65];	/* "": none */
	char			 key[AUTH_SECRET_TEXT];	/* of tokens against CSRF where there is no session */
	struct auth_sessions	*sessions;
	struct auth_seen	*seen;
	struct auth_brake	*brake;
	int64_t			 length;	/* of a session at most, seconds */
	pthread_mutex_t		 lock;		/* of what follows */
	struct auth		*auth;		/* NULL: the file is no good */
	struct stat		 st;
	bool			 there, loaded;
	int64_t			 minute;
	unsigned		 failures;
} my = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- What needs which right ---------------------------------------------------------- */

/* Not here: for admins only. LIMITED: also for those who see some domains, as all it says comes from a.query or a.store. */
static const struct { const char *path; bool acts; enum may may; } rights[] = {
	{ "healthz", false, MAY_ANYBODY },
	{ "login", true, MAY_ANYBODY },
	{ "logout", true, MAY_LIMITED },
	{ "me", false, MAY_LIMITED },
	{ "meta", false, MAY_LIMITED },
	{ "overview", false, MAY_LIMITED },
	{ "timeseries", false, MAY_LIMITED },
	{ "breakdown", false, MAY_LIMITED },
	{ "rows", false, MAY_LIMITED },
	{ "rows/{}/explain", false, MAY_LIMITED },
	{ "explain", false, MAY_LIMITED },
	{ "decode", true, MAY_LIMITED },
	{ "export", false, MAY_LIMITED },
	{ "domains", false, MAY_LIMITED },
	{ "domains/{}", false, MAY_LIMITED },
	{ "reports", false, MAY_LIMITED },
	{ "reports/{}", false, MAY_LIMITED },
	{ "reports/{}/raw", false, MAY_LIMITED },	/* the document; see access_raw */
	{ "failures", false, MAY_LIMITED },
	{ "failures/{}", false, MAY_LIMITED },
	{ "failures/{}/raw", false, MAY_LIMITED },	/* masked */
	{ "failures/{}/raw", false, MAY_LIMITED },	/* masked; with POST as it came, for admins */
	{ "export", false, MAY_LIMITED },
	{ "senders", false, MAY_LIMITED },
	{ "senders/{}", false, MAY_LIMITED },
	{ "senders/{}/vendor", false, MAY_LIMITED },
	{ "senders/decisions", false, MAY_LIMITED },
	{ "tls/summary", false, MAY_LIMITED },
	{ "tls/reports", false, MAY_LIMITED },
	{ "tls/reports/{}", false, MAY_LIMITED },
	{ "tls/reports/{}/raw", false, MAY_LIMITED },
	{ "reporters", false, MAY_LIMITED },
	{ "search", false, MAY_LIMITED },
	{ "flow", false, MAY_LIMITED },
	{ "heatmap", false, MAY_LIMITED },
	{ "decode", true, MAY_LIMITED },
	{ "tasks", false, MAY_LIMITED },
	{ "watches", false, MAY_LIMITED },
	{ "views", false, MAY_LIMITED },		/* each his own */
	{ "views", true, MAY_LIMITED },
	{ "views/{}", true, MAY_LIMITED },
	{ "alerts", false, MAY_LIMITED },
	{ "metrics", false, MAY_VIEWER },
	{ "ingest", false, MAY_VIEWER },		/* mailboxes are nobody's domain */
	{ "ingest/items/{}", false, MAY_VIEWER },
};

static enum may
right_of(const struct route *r, bool acts)
{
	for (size_t i = 0; i < nitems(rights); i++)
		if (rights[i].acts == acts && strcmp(rights[i].path, r->path) == 0)
			return (rights[i].may);
	return (MAY_ADMIN);
}

/* --- Users: the file is read again when it is another one ------------------------------ */

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return (a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec);
}

/* With the lock; NULL: nobody may in. */
static const struct auth *
users(void)
{
	struct stat	 st = { 0 };
	struct err	 e = { 0 };
	char		 path[4200];
	bool		 there;

	(void)snprintf(path, sizeof(path), "%s/" AUTH_FILE, my.state_dir);
	there = stat(path, &st) == 0;
	if (my.loaded && there == my.there && (!there || same_file(&st, &my.st)))
		return (my.auth);
	auth_free(my.auth);
	if ((my.auth = auth_load(my.state_dir, &e)) == NULL)
		log_error("%s", e.msg);
	my.loaded = e.code != ERR_TEMP;
	my.there = there;
	my.st = st;
	return (my.auth);
}

bool
access_open(void)
{
	const struct auth	*a;
	bool			 open;

	(void)pthread_mutex_lock(&my.lock);
	a = users();
	open = a != NULL && a->nusers == 0;
	(void)pthread_mutex_unlock(&my.lock);
	return (open);
}

static bool
copy_domains(struct who *w, const char *domains)
{
	w->domains = domains == NULL ? NULL : strdup(domains);
	return (domains == NULL || w->domains != NULL);
}

/* stamp: that its session began with; NULL: whatever it is. */
static bool
become(struct who *w, enum who_how how, const char *name, const char *stamp)
{
	const struct auth	*a;
	const struct auth_user	*u;
	bool			 yes = false;

	(void)pthread_mutex_lock(&my.lock);
	if ((a = users()) != NULL && (u = auth_user(a, name)) != NULL && (stamp == NULL || auth_same(u->stamp, stamp)) &&
	    copy_domains(w, u->domains)) {
		yes = true;
		w->how = how;
		w->admin = u->role == AUTH_ADMIN;
		(void)snprintf(w->name, sizeof(w->name), "%s", u->name);
	}
	(void)pthread_mutex_unlock(&my.lock);
	return (yes);
}

/* --- The log --------------------------------------------------------------------------- */

void
access_log(const struct request *rq, enum auth_event event, const char *who, const char *what)
{
	struct auth_entry	 x = { .event = event };
	struct err		 e = { 0 };
	bool			 failure = event == AUTH_LOGIN_FAILED || event == AUTH_LOGIN_BRAKED || event == AUTH_TOKEN_REFUSED;
	int64_t			 minute = when_mono_ms() / 60000;
	unsigned		 missed = 0;

	(void)pthread_mutex_lock(&my.lock);
	if (failure && my.minute != minute) {
		missed = my.failures > FAILURES_LOGGED ? my.failures - FAILURES_LOGGED : 0;
		my.minute = minute;
		my.failures = 0;
	}
	failure = failure && ++my.failures > FAILURES_LOGGED;
	(void)pthread_mutex_unlock(&my.lock);
	if (failure)
		return;
	(void)snprintf(x.who, sizeof(x.who), "%s", who);
	(void)snprintf(x.from, sizeof(x.from), "%s", rq->peer);
	if (missed > 0)
		(void)snprintf(x.what, sizeof(x.what), "and %u refusals before that are not in this log", missed);
	else
		(void)snprintf(x.what, sizeof(x.what), "%s", what);
	if (auth_audit(my.state_dir, &x, &e) == -1)
		log_warn("%s", e.msg);
}

/* What was done by somebody, once it is. */
void
access_done(const struct request *rq)
{
	static const struct { const char *path; enum auth_event event; } events[] = {
		{ "failures/{}/reveal", AUTH_REVEAL }, { "failures/{}/raw", AUTH_REVEAL }, { "ingest/items/{}/retry", AUTH_RETRY }, { "ingest/items/{}/discard", AUTH_DISCARD },
		{ "senders/{}/decision", AUTH_DECISION }, { "senders/decisions", AUTH_DECISION }, { "senders/decisions/{}/undo", AUTH_DECISION },
		{ "tasks/{}", AUTH_TASK }, { "watches", AUTH_WATCH }, { "watches/{}", AUTH_WATCH }, { "upload", AUTH_UPLOAD },
	};
	char		 what[128];
	int		 n;

	if (!rq->acts || rq->reply.status >= 300)
		return;
	for (size_t i = 0; i < nitems(events); i++)
		if (strcmp(events[i].path, rq->route->path) == 0) {
			n = (int)strcspn(rq->route->path, "{");
			(void)snprintf(what, sizeof(what), "%.*s%.*s%s", n, rq->route->path, (int)(rq->args[0].len > 64 ? 64 : rq->args[0].len),
			    rq->args[0].p == NULL ? "" : rq->args[0].p, rq->route->path[n] == '\0' ? "" : rq->route->path + n + 2);
			access_log(rq, events[i].event, rq->who.name, what);
		}
}

void
access_name(const struct request *rq, char *out, size_t size)
{
	(void)snprintf(out, size, "web, %s%s%s", rq->who.name, rq->who.name[0] == '\0' ? "" : ", ", rq->peer);
}

/* --- Proxies ----------------------------------------------------------------------------- */

/* As 16 bytes; those of IPv4 mapped. */
static bool
address_of(const char *text, unsigned char out[16])
{
	static const unsigned char	 mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	memcpy(out, mapped, sizeof(mapped));
	return (inet_pton(AF_INET, text, out + 12) == 1 || inet_pton(AF_INET6, text, out) == 1);
}

static bool
add_proxy(const char *text)
{
	struct network	*n = &my.proxies[my.nproxies];
	const char	*slash = strchr(text, '/');
	char		 address[64];
	int64_t		 bits = 0;

	(void)snprintf(address, sizeof(address), "%.*s", (int)(slash == NULL ? strlen(text) : (size_t)(slash - text)), text);
	if (my.nproxies == PROXIES || !address_of(address, n->ip) || (slash != NULL && !str_i64(str_of(slash + 1), &bits)))
		return (false);
	n->bits = slash == NULL ? 128 : (unsigned)bits + (strchr(address, ':') == NULL ? 96 : 0);
	my.nproxies++;
	return (n->bits <= 128);
}

static bool
is_proxy(const char *text)
{
	unsigned char	 ip[16];
	unsigned	 bit;

	if (my.nproxies == 0 || !address_of(text, ip))
		return (false);
	for (size_t i = 0; i < my.nproxies; i++) {
		for (bit = 0; bit < my.proxies[i].bits; bit++)
			if (((ip[bit / 8] ^ my.proxies[i].ip[bit / 8]) >> (7 - bit % 8) & 1) != 0)
				break;
		if (bit == my.proxies[i].bits)
			return (true);
	}
	return (false);
}

struct seen_header { const char *name; char text[8192]; unsigned n; };

/* All of one name as one list (RFC 9110 5.3); what is too long loses its beginning, which is the farthest. */
static enum MHD_Result
see_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct seen_header	*h = arg;
	size_t			 have = strlen(h->text), n = value == NULL ? 0 : strlen(value);

	(void)kind;
	if (!str_ieq(str_of(name), h->name))
		return (MHD_YES);
	h->n++;
	if (n + 2 > sizeof(h->text)) {
		value += n + 2 - sizeof(h->text);
		n = sizeof(h->text) - 2;
	}
	if (have + n + 2 > sizeof(h->text)) {
		memmove(h->text, h->text + (have + n + 2 - sizeof(h->text)), sizeof(h->text) - n - 2);
		have = sizeof(h->text) - n - 2;
	}
	if (have > 0)
		h->text[have++] = ',';
	memcpy(h->text + have, n == 0 ? "" : value, n);
	h->text[have + n] = '\0';
	return (MHD_YES);
}

static void
look_for(const struct request *rq, struct seen_header *h, const char *name)
{
	*h = (struct seen_header){ .name = name };
	(void)MHD_get_connection_values(rq->mhd, MHD_HEADER_KIND, see_header, h);
}

/* "192.0.2.1", "192.0.2.1:5000", "[2001:db8::1]:5000", "2001:db8::1", with "" around: the address alone. */
static void
bare_address(char *s)
{
	char	*end;

	if (s[0] == '"') {
		memmove(s, s + 1, strlen(s));
		s[strcspn(s, "\"")] = '\0';
	}
	if (s[0] == '[') {
		memmove(s, s + 1, strlen(s));
		s[strcspn(s, "]")] = '\0';
	} else if ((end = strchr(s, ':')) != NULL && strchr(end + 1, ':') == NULL)
		*end = '\0';
}

/* From the right: the first that is no proxy of ours is who asks; further left stands what he says himself. */
static void
see_through(struct request *rq)
{
	struct seen_header	 h;
	struct str		 one;
	unsigned char		 ip[16];
	char			*comma, text[64];

	look_for(rq, &h, my.address_header);
	while (h.text[0] != '\0') {
		comma = strrchr(h.text, ',');
		one = str_trim(str_of(comma == NULL ? h.text : comma + 1));
		(void)snprintf(text, sizeof(text), "%.*s", (int)(one.len < sizeof(text) ? one.len : sizeof(text) - 1), one.p);
		*(comma == NULL ? h.text : comma) = '\0';
		bare_address(text);
		if (!address_of(text, ip))
			break;		/* nonsense is not followed further */
		(void)snprintf(rq->peer, sizeof(rq->peer), "%.47s", text);
		if (!is_proxy(text))
			break;
	}
	if (address_of(rq->peer, ip))
		rq->local = memcmp(ip, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f", 13) == 0 || memcmp(ip, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16) == 0;
}

/* --- Who ------------------------------------------------------------------------------------ */

/* No other program may give us a cookie of this name over plain HTTP, or for a wider path: browsers see to that. */
static const char *
cookie_name(const struct request *rq)
{
	return (!rq->who.secure ? "dmarcd" : my.base_path[0] == '\0' ? "__Host-dmarcd" : "__Secure-dmarcd");
}

/* The value of our cookie; STR_NONE when there is none, or more than one. */
static struct str
cookie_of(const struct request *rq, struct seen_header *h)
{
	const char	*name = cookie_name(rq), *p, *end;
	struct str	 found = STR_NONE, one;
	size_t		 n = strlen(name);

	look_for(rq, h, "Cookie");
	for (p = h->text; *p != '\0'; p = *end == '\0' ? end : end + 1) {
		end = p + strcspn(p, ";,");
		one = str_trim((struct str){ p, (size_t)(end - p) });
		if (!str_starts(one, name) || one.len <= n || one.p[n] != '=')
			continue;
		if (found.p != NULL)
			return (STR_NONE);
		found = (struct str){ one.p + n + 1, one.len - n - 1 };
	}
	return (found.len == AUTH_SECRET_TEXT - 1 ? found : STR_NONE);
}

static void
set_csrf(struct who *w, struct str secret)
{
	char	 text[2 * AUTH_SECRET_TEXT + AUTH_NAME_MAX + 16];

	(void)snprintf(text, sizeof(text), "csrf %s %.*s", my.key, (int)secret.len, secret.p);
	if (w->how == WHO_SESSION)	/* of the session alone: it outlives a restart of ours */
		(void)snprintf(text, sizeof(text), "csrf %.*s", (int)secret.len, secret.p);
	auth_digest(w->csrf, str_of(text));
	explicit_bzero(text, sizeof(text));
}

static void
by_cookie(struct request *rq)
{
	struct seen_header	 h;
	struct str		 secret = cookie_of(rq, &h);
	struct auth_session	 s;

	if (secret.p != NULL && auth_session_find(my.sessions, secret, when_now(), &s)) {
		if (become(&rq->who, WHO_SESSION, s.user, s.stamp))
			set_csrf(&rq->who, secret);
		else	/* the password or the role is another one, or there is no such user any more */
			(void)auth_session_end(my.sessions, secret);
	}
	explicit_bzero(h.text, sizeof(h.text));
}

/* False: rq has its reply. */
static bool
by_token(struct request *rq, const char *value)
{
	const struct auth	*a;
	const struct auth_token	*t = NULL;
	struct str		 v = str_trim(str_of(value));
	char			 id[13] = "";

	if (str_istarts(v, "Bearer ")) {
		v = str_trim((struct str){ v.p + 7, v.len - 7 });
		(void)pthread_mutex_lock(&my.lock);
		if ((a = users()) != NULL && (t = auth_token_find(a, v)) != NULL && copy_domains(&rq->who, t->domains)) {
			rq->who.how = WHO_TOKEN;
			rq->who.admin = t->role == AUTH_ADMIN;
			(void)snprintf(rq->who.name, sizeof(rq->who.name), "token:%.60s", t->name);
			(void)snprintf(id, sizeof(id), "%s", t->id);
		}
		(void)pthread_mutex_unlock(&my.lock);
	}
	if (rq->who.how == WHO_TOKEN) {
		auth_seen_mark(my.seen, id, when_now());
		return (true);
	}
	access_log(rq, AUTH_TOKEN_REFUSED, "", "");
	problem(rq, 401, "This token is none of ours, or was revoked. 'dmarcd token add' makes one.");
	rq->reply.authenticate = true;
	return (false);
}

static bool
by_proxy(struct request *rq)
{
	struct seen_header	 h;
	struct str		 name;
	char			 text[AUTH_NAME_MAX + 1], shown[80];

	look_for(rq, &h, my.user_header);
	name = str_trim(str_of(h.text));
	if (h.n == 0 || name.len == 0)
		return (true);
	if (h.n > 1) {
		problem(rq, 400, "The proxy says twice who is signed in (%s); it has to replace what a browser sends.", my.user_header);
		return (false);
	}
	(void)snprintf(text, sizeof(text), "%.*s", (int)(name.len < sizeof(text) ? name.len : sizeof(text) - 1), name.p);
	if (name.len < sizeof(text) && auth_name_ok(text) && become(&rq->who, WHO_PROXY, text, NULL)) {
		set_csrf(&rq->who, str_of(rq->who.name));
		return (true);
	}
	problem(rq, 403, "The proxy has let in \"%s\", who is no user here. An admin of this machine can change that: dmarcd user add.",
	    esc_short(shown, sizeof(shown), name));
	return (false);
}

bool
access_identify(struct request *rq)
{
	const char	*value;
	bool		 proxy = is_proxy(rq->peer);

	rq->who.secure = my.tls;
	if (proxy) {
		value = MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "X-Forwarded-Proto");
		rq->who.secure = my.tls || value == NULL || !str_ieq(str_trim(str_of(value)), "http");
		see_through(rq);
	}
	if (access_open()) {
		rq->who.how = WHO_OPEN;
		rq->who.admin = true;
		if (rq->local)
			return (true);
		problem(rq, 403, "There are no users yet, so only the machine that dmarcd runs on is answered. There, 'dmarcd user add NAME --role admin' "
		    "makes the first one.");
		return (false);
	}
	if ((value = MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, "Authorization")) != NULL)
		return (by_token(rq, value));
	if (proxy && my.user_header[0] != '\0' && !by_proxy(rq))
		return (false);
	if (rq->who.how == WHO_NOBODY)
		by_cookie(rq);
	return (true);
}

/* --- May he? --------------------------------------------------------------------------------- */

/* RFC 3986: what is not plain in a query goes as %XX. */
static void
redirect_to_login(struct request *rq)
{
	static const char	 plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
	char			*out = rq->reply.location;
	size_t			 n, base = strlen(my.base_path), size = sizeof(rq->reply.location);
	struct str		 rest = { rq->uri + base, strlen(rq->uri) - base };

	rq->reply.status = 303;
	rq->reply.type = "text/plain; charset=utf-8";
	rq->reply.cache = "no-store";
	n = (size_t)snprintf(out, size, "%s/signin", my.base_path);
	if (rest.len <= 1 || n + 3 * rest.len + 7 > size)
		return;		/* the way back is lost, no more */
	n += (size_t)snprintf(out + n, size - n, "?back=");
	for (size_t i = 0; i < rest.len; i++)
		n += (size_t)snprintf(out + n, size - n, strchr(plain, rest.p[i]) != NULL ? "%c" : "%%%02X", (unsigned)(unsigned char)rest.p[i]);
}

static void
refuse_nobody(struct request *rq)
{
	reply_free(&rq->reply);
	problem(rq, 401, "Sign in first.");
	rq->reply.authenticate = true;
}

bool
access_refuses(struct request *rq, enum route_kind kind, struct str path)
{
	enum may	 may = rq->route == NULL ? MAY_ADMIN : right_of(rq->route, rq->acts);
	struct who	*w = &rq->who;

	if (w->how == WHO_OPEN || kind == ROUTE_ASSET)
		return (false);
	if (w->how == WHO_NOBODY) {
		if (kind == ROUTE_INDEX) {
			/* the page itself is empty without answers; but who is not in sees that of the sign-in only */
			if (str_eq(path, STR("/signin")) || static_has(path))
				return (false);
			redirect_to_login(rq);
			return (true);
		}
		if (may == MAY_ANYBODY || (kind == ROUTE_REPLY && rq->reply.location[0] != '\0'))
			return (false);
		refuse_nobody(rq);
		return (true);
	}
	if (kind != ROUTE_WORK || w->admin || may == MAY_ANYBODY || may == MAY_LIMITED || (may == MAY_VIEWER && w->domains == NULL))
		return (false);
	problem(rq, 403, may == MAY_VIEWER ? "This is about all domains, and you see some of them. An admin of this machine can change that: "
	    "dmarcd user role." : "This is for admins. An admin of this machine can make you one: dmarcd user role.");
	return (true);
}

bool
access_refuses_action(struct request *rq, const struct route *action)
{
	const char	*sent = MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, CSRF_HEADER);

	rq->route = action;
	if (access_refuses(rq, ROUTE_WORK, STR("")))
		return (true);
	if ((rq->who.how != WHO_SESSION && rq->who.how != WHO_PROXY) || strcmp(action->path, "login") == 0)
		return (false);
	if (sent != NULL && auth_same(rq->who.csrf, sent))
		return (false);
	problem(rq, 403, "A request that does something carries the header " CSRF_HEADER " with the csrf of GET /me.");
	return (true);
}

/* Whole mails are for admins; those who see some domains get documents only: a file may hold reports about others. */
bool
access_raw(const struct request *rq, bool document, bool mail)
{
	return (rq->who.admin || document || (!mail && rq->who.domains == NULL));
}

/* --- Signing in and out -------------------------------------------------------------------------- */

static void
reply_me(struct request *rq)
{
	static const char *const	 how[] = { "nobody", "open", "session", "token", "proxy" };
	const struct who		*w = &rq->who;
	json_t				*domains = json_null();
	const char			*p;
	size_t				 n;

	if (w->domains != NULL) {
		domains = json_array();
		for (p = w->domains; *p != '\0'; p += n + (p[n] == ' ')) {
			n = strcspn(p, " ");
			(void)json_array_append_new(domains, json_stringn(p, n));
		}
	}
	rq->reply.cache = "no-store";
	reply_json(rq, 200, json_pack("{s:s?, s:s, s:o, s:s?, s:s}", "user", w->name[0] == '\0' ? NULL : w->name, "role",
	    auth_role_names[w->admin ? AUTH_ADMIN : AUTH_VIEWER], "domains", domains, "csrf", w->csrf[0] == '\0' ? NULL : w->csrf, "how",
	    how[w->how]));
}

void
api_me(struct request *rq, struct asked *a)
{
	(void)a;
	if (no_parameters(rq))
		reply_me(rq);
}

static void
set_cookie(struct request *rq, const char *secret, int64_t seconds)
{
	(void)snprintf(rq->reply.cookie, sizeof(rq->reply.cookie), "%s=%s; Path=%s/; Max-Age=%" PRId64 "; HttpOnly; SameSite=Strict%s",
	    cookie_name(rq), secret, my.base_path, seconds, rq->who.secure ? "; Secure" : "");
}

/* 0: said in rq->reply. */
static bool
credentials(struct request *rq, char user[AUTH_NAME_MAX + 1], char password[AUTH_PASSWORD_MAX + 1])
{
	json_error_t	 why;
	json_t		*j = json_loadb(rq->body == NULL ? "" : rq->body, rq->body_len, JSON_REJECT_DUPLICATES, &why), *p;
	const char	*u = json_string_value(json_object_get(j, "user"));
	bool		 ok = false;

	p = json_object_get(j, "password");
	if (rq->query.n > 0)
		problem_param(rq, 400, rq->query.p[0].key, "invalid_parameter", "this endpoint has no parameters; names and passwords are never in an address");
	else if (j == NULL)
		problem(rq, 400, "The body is not JSON.");
	else if (json_object_size(j) != 2 || u == NULL || !json_is_string(p))
		problem(rq, 400, "The body has user and password, both texts, and nothing else.");
	else {
		ok = true;
		/* what is too long is nobody's; it is treated as any other wrong one */
		(void)snprintf(user, AUTH_NAME_MAX + 1, "%s", strlen(u) > AUTH_NAME_MAX ? "" : u);
		(void)snprintf(password, AUTH_PASSWORD_MAX + 1, "%s", json_string_length(p) > AUTH_PASSWORD_MAX ? "" : json_string_value(p));
	}
	if (json_is_string(p))
		explicit_bzero((char *)(uintptr_t)json_string_value(p), json_string_length(p));
	json_decref(j);
	if (rq->body != NULL)
		explicit_bzero(rq->body, rq->body_len);
	return (ok);
}

/* Tried: the hash of a user, or NULL. Copied, as it takes long. */
static char *
hash_of(const char *user, char stamp[17])
{
	const struct auth	*a;
	const struct auth_user	*u;
	char			*hash = NULL;

	(void)pthread_mutex_lock(&my.lock);
	if ((a = users()) != NULL && (u = auth_user(a, user)) != NULL && (hash = strdup(u->hash)) != NULL)
		memcpy(stamp, u->stamp, 17);
	(void)pthread_mutex_unlock(&my.lock);
	return (hash);
}

/* A new secret each time: one that was there before, whoever put it there, is worth nothing afterwards. */
static bool
new_session(struct request *rq, const char *user, const char *stamp, struct err *e)
{
	struct seen_header	 h;
	struct str		 before = cookie_of(rq, &h);
	char			 secret[AUTH_SECRET_TEXT];

	if (before.p != NULL)
		(void)auth_session_end(my.sessions, before);
	explicit_bzero(h.text, sizeof(h.text));
	free(rq->who.domains);
	rq->who = (struct who){ .secure = rq->who.secure };
	if (auth_session_begin(my.sessions, user, stamp, when_now(), secret, e) == -1 || !become(&rq->who, WHO_SESSION, user, stamp))
		return (false);
	if (auth_sessions_save(my.sessions, when_now(), e) == -1)
		log_warn("%s; who signs in now is signed out by a restart", e->msg);
	set_csrf(&rq->who, str_of(secret));
	set_cookie(rq, secret, my.length);
	explicit_bzero(secret, sizeof(secret));
	return (true);
}

static void
begin_session(struct request *rq, const char *user, const char *stamp)
{
	struct err	 e = { 0 };

	if (!new_session(rq, user, stamp, &e)) {
		problem(rq, 503, "Nobody can sign in just now: %s", e.msg[0] == '\0' ? "the user was changed meanwhile" : e.msg);
		return;
	}
	access_log(rq, AUTH_LOGIN, user, "");
	log_info("%s has signed in from %s", user, rq->peer);
	reply_me(rq);
}

/* True: he has guessed too often, and waits; rq has its reply. */
static bool
is_braked(struct request *rq, const char *user)
{
	int64_t	 wait = auth_brake_wait(my.brake, rq->peer, user, when_mono_ms());

	if (wait <= 0)
		return (false);
	access_log(rq, AUTH_LOGIN_BRAKED, auth_name_ok(user) ? user : "", "");
	problem(rq, 429, "There were too many wrong passwords. Try again in %" PRId64 " seconds.", (wait + 999) / 1000);
	rq->reply.retry_after = (unsigned)((wait + 999) / 1000);
	return (true);
}

static bool
is_password(const char *user, const char *password, char stamp[17])
{
	char	*hash = hash_of(user, stamp);
	bool	 right = auth_check(password, hash);

	if (hash != NULL)
		explicit_bzero(hash, strlen(hash));
	free(hash);
	return (right);
}

void
api_login(struct request *rq, struct asked *a)
{
	char	 user[AUTH_NAME_MAX + 1], password[AUTH_PASSWORD_MAX + 1], stamp[17] = "", shown[80];
	bool	 right;

	(void)a;
	rq->reply.cache = "no-store";
	if (rq->who.how == WHO_OPEN) {
		problem(rq, 409, "There are no users, so there is nothing to sign in to. 'dmarcd user add NAME' makes one.");
		return;
	}
	if (!credentials(rq, user, password))
		return;
	if (is_braked(rq, user)) {
		explicit_bzero(password, sizeof(password));
		return;
	}
	right = is_password(user, password, stamp);
	explicit_bzero(password, sizeof(password));
	if (right) {
		auth_brake_passed(my.brake, rq->peer, user);
		begin_session(rq, user, stamp);
		return;
	}
	auth_brake_failed(my.brake, rq->peer, user, when_mono_ms());
	/* people type passwords into the wrong field: what is no name is not written down */
	access_log(rq, AUTH_LOGIN_FAILED, auth_name_ok(user) ? user : "", "");
	log_warn("sign-in of \"%s\" from %s refused", auth_name_ok(user) ? esc_short(shown, sizeof(shown), str_of(user)) : "?", rq->peer);
	problem(rq, 401, "The name or the password is wrong.");
	rq->reply.authenticate = true;
}

/* --- Once more, before users are changed ----------------------------------------------------------- */

bool
access_shown(struct request *rq, const char *password, char stamp[17])
{
	const struct who	*w = &rq->who;

	if (w->how == WHO_OPEN)
		problem(rq, 403, "There are no users, so nobody can show who he is. The first one is made on the machine that dmarcd runs on: "
		    "dmarcd user add NAME --role admin.");
	else if (w->how != WHO_SESSION || !w->admin)
		problem(rq, 403, "Users and tokens are changed by an admin who has signed in here with a password; by others with the commands "
		    "dmarcd user and dmarcd token.");
	else if (!is_braked(rq, w->name)) {
		if (is_password(w->name, password, stamp)) {
			auth_brake_passed(my.brake, rq->peer, w->name);
			return (true);
		}
		auth_brake_failed(my.brake, rq->peer, w->name, when_mono_ms());
		access_log(rq, AUTH_CHECK_FAILED, w->name, "");
		log_warn("a wrong password of %s from %s, about to change users", w->name, rq->peer);
		problem_at(rq, 403, "/body/own_password", "wrong_password", "this is not your password");
	}
	return (false);
}

void
access_user_stamp(const char *name, char stamp[17], bool *last)
{
	const struct auth	*a;
	const struct auth_user	*u;

	stamp[0] = '\0';
	*last = false;
	(void)pthread_mutex_lock(&my.lock);
	if ((a = users()) != NULL && (u = auth_user(a, name)) != NULL) {
		memcpy(stamp, u->stamp, 17);
		*last = auth_last_admin(a, name);
	}
	(void)pthread_mutex_unlock(&my.lock);
}

void
access_token_id(const char *name, char id[13])
{
	const struct auth		*a;
	const struct auth_token	*t;

	id[0] = '\0';
	(void)pthread_mutex_lock(&my.lock);
	if ((a = users()) != NULL && (t = auth_token(a, name)) != NULL)
		memcpy(id, t->id, 13);
	(void)pthread_mutex_unlock(&my.lock);
}

void
access_go_on(struct request *rq, const char *stamp)
{
	struct err	 e = { 0 };
	char		 name[AUTH_NAME_MAX + 1];

	(void)snprintf(name, sizeof(name), "%.64s", rq->who.name);
	if (!new_session(rq, name, stamp, &e))
		log_warn("%s is signed out: %s", name, e.msg);
}

void
api_logout(struct request *rq, struct asked *a)
{
	struct seen_header	 h;
	struct str		 secret = cookie_of(rq, &h);
	struct err		 e = { 0 };

	(void)a;
	rq->reply.cache = "no-store";
	if (rq->who.how != WHO_SESSION) {
		problem(rq, 409, rq->who.how == WHO_PROXY ? "The proxy in front has signed you in; sign out there." : "Nobody is signed in here.");
		return;
	}
	if (secret.p != NULL)
		(void)auth_session_end(my.sessions, secret);
	explicit_bzero(h.text, sizeof(h.text));
	if (auth_sessions_save(my.sessions, when_now(), &e) == -1)
		log_warn("%s", e.msg);
	access_log(rq, AUTH_LOGOUT, rq->who.name, "");
	set_cookie(rq, "", 0);
	rq->reply.status = 204;
	rq->reply.type = NULL;
}

/* --- What admins see of it -------------------------------------------------------------------- */

static json_t *
domains_json(const char *p)
{
	json_t	*a;
	size_t	 n;

	if (p == NULL)
		return (json_null());
	a = json_array();
	for (; *p != '\0'; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		(void)json_array_append_new(a, json_stringn(p, n));
	}
	return (a);
}

static json_t *
time_json(int64_t t)
{
	char	 text[WHEN_TEXT];

	return (t == 0 ? json_null() : json_string(when_rfc3339(t, text)));
}

/* Users, tokens: as the commands list them. */
void
api_users(struct request *rq, struct asked *a)
{
	const struct auth	*v;
	json_t			*people, *tokens;

	(void)a;
	rq->reply.cache = "no-store";
	if (!no_parameters(rq))
		return;
	people = json_array();
	tokens = json_array();
	(void)pthread_mutex_lock(&my.lock);
	v = users();
	for (size_t i = 0; v != NULL && i < v->nusers; i++)
		(void)json_array_append_new(people, json_pack("{s:s, s:s, s:o, s:o, s:o, s:I}", "name", v->users[i].name, "role",
		    auth_role_names[v->users[i].role], "domains", domains_json(v->users[i].domains), "made", time_json(v->users[i].made),
		    "changed", time_json(v->users[i].changed), "sessions",
		    (json_int_t)auth_sessions_of(my.sessions, v->users[i].name, v->users[i].stamp, when_now())));
	for (size_t i = 0; v != NULL && i < v->ntokens; i++)
		(void)json_array_append_new(tokens, json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", v->tokens[i].name, "role",
		    auth_token_role_names[v->tokens[i].role], "domains", domains_json(v->tokens[i].domains), "made",
		    time_json(v->tokens[i].made), "used", time_json(auth_seen_at(my.seen, v->tokens[i].id))));
	(void)pthread_mutex_unlock(&my.lock);
	reply_json(rq, 200, json_pack("{s:o, s:o}", "users", people, "tokens", tokens));
}

#define AUDIT_SHOWN 300

void
api_audit(struct request *rq, struct asked *a)
{
	struct auth_entry	*v;
	struct err		 e = { 0 };
	json_t			*list;
	size_t			 n;

	(void)a;
	rq->reply.cache = "no-store";
	if (!no_parameters(rq))
		return;
	if (auth_audit_read(my.state_dir, AUDIT_SHOWN, &v, &n, &e) == -1) {
		problem(rq, 503, "%s", e.msg);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, json_pack("{s:o, s:s, s:s?, s:s, s:s?}", "time", time_json(v[i].time), "event",
		    auth_event_names[v[i].event], "who", v[i].who[0] == '\0' ? NULL : v[i].who, "from", v[i].from, "what",
		    v[i].what[0] == '\0' ? NULL : v[i].what));
	free(v);
	reply_json(rq, 200, json_pack("{s:o}", "items", list));
}

/* --- Start and end --------------------------------------------------------------------------------- */

static int
take_header(const json_t *conf, const char *key, char out[65], struct err *e)
{
	const char	*s = json_string_value(json_object_get(conf, key));

	if (s != NULL && strlen(s) > 64)
		return (err_set(e, ERR_BUG, "http: configuration: %s is too long", key));
	(void)snprintf(out, 65, "%s", s == NULL ? "" : s);
	return (0);
}

static int64_t
seconds_of(const json_t *conf, const char *key, int64_t otherwise)
{
	json_int_t	 n = json_integer_value(json_object_get(conf, key));

	return (n > 0 ? n : otherwise);
}

int
access_start(const json_t *conf, const char *state_dir, const char *base_path, bool tls, struct err *e)
{
	char		 path[4200];
	const json_t	*proxies = json_object_get(conf, "proxies"), *v;
	size_t		 i;

	(void)snprintf(my.state_dir, sizeof(my.state_dir), "%s", state_dir);
	(void)snprintf(my.base_path, sizeof(my.base_path), "%s", base_path);
	my.tls = tls;
	json_array_foreach(proxies, i, v)
		if (json_string_value(v) == NULL || !add_proxy(json_string_value(v)))
			return (err_set(e, ERR_BUG, "http: configuration: proxies"));
	if (take_header(conf, "proxy_address_header", my.address_header, e) == -1 || take_header(conf, "proxy_user_header", my.user_header, e) == -1 ||
	    auth_secret(my.key, e) == -1)
		return (-1);
	(void)snprintf(path, sizeof(path), "%s/" AUTH_DIR, state_dir);
	if (io_mkdir_p(path, 0700, e) == -1)
		return (-1);
	auth_give(state_dir, path);
	(void)snprintf(path, sizeof(path), "%s/" AUTH_DIR "/sessions", state_dir);
	my.length = seconds_of(conf, "session_length", 7 * 86400);
	my.sessions = auth_sessions_open(path, seconds_of(conf, "session_idle", 12 * 3600), my.length, e);
	my.seen = auth_seen_open(state_dir, e);
	if ((my.brake = auth_brake_new()) == NULL)
		err_set(e, ERR_TEMP, "out of memory");
	return (my.sessions == NULL || my.seen == NULL || my.brake == NULL ? -1 : 0);
}

static void
save(bool at_once)
{
	struct err	 e = { 0 };

	if (my.sessions != NULL && (auth_sessions_save(my.sessions, when_now(), &e) == -1 || auth_seen_save(my.seen, when_now(), at_once, &e) == -1))
		log_warn("%s", e.msg);
}

void
access_tick(void)
{
	save(false);
}

void
access_stop(void)
{
	save(true);
	auth_sessions_close(my.sessions);
	auth_seen_close(my.seen);
	auth_brake_free(my.brake);
	auth_free(my.auth);
	my.sessions = NULL;
	my.seen = NULL;
	my.brake = NULL;
	my.auth = NULL;
}
