/*
 * routes.c - the table of what is answered, and the way from a path to it.
 */
#include "answer/answer.h"
#include "base/when.h"
#include "http/access.h"
#include "http/http.h"

#define LOGIN_BYTES 4096		/* a name and a password, however they are escaped */
#define BODY_BYTES ((size_t)256 * 1024)	/* DECISIONS_MAX of them, with notes; a text of BOUNCE_BYTES, however it is escaped */

#define SMALL_BYTES ((size_t)32 * 1024)	/* a view's texts, however they are escaped */

const char *const	http_methods[HTTP_METHODS] = { "POST", "PUT", "PATCH", "DELETE" };

static const struct route	routes[] = {
	/* path			run		kind			lane		etag */
	{ "meta",		api_answer,	ANSWER_META,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "overview",		api_answer,	ANSWER_OVERVIEW,	LANE_QUICK,	true, METHOD_POST, 0 },
	{ "timeseries",		api_answer,	ANSWER_TIMESERIES,	LANE_QUICK,	true, METHOD_POST, 0 },
	{ "breakdown",		api_answer,	ANSWER_BREAKDOWN,	LANE_QUICK,	true, METHOD_POST, 0 },
	{ "flow",		api_answer,	ANSWER_FLOW,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "heatmap",		api_answer,	ANSWER_HEATMAP,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "rows",		api_answer,	ANSWER_ROWS,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "rows/{}/explain",	api_answer,	ANSWER_ROW_EXPLAIN,	LANE_QUICK,	true, METHOD_POST, 0 },
	{ "explain",		api_answer,	ANSWER_EXPLAIN,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "domains",		api_answer,	ANSWER_DOMAINS,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "domains/{}",		api_answer,	ANSWER_DOMAIN,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "reports",		api_answer,	ANSWER_REPORTS,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "reports/{}",		api_answer,	ANSWER_REPORT,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "reports/{}/raw",	api_raw,	ANSWER_KINDS,		LANE_SLOW,	true, METHOD_POST, 0 },
	{ "failures",		api_answer,	ANSWER_FAILURES,	LANE_QUICK,	true, METHOD_POST, 0 },
	{ "failures/{}",	api_answer,	ANSWER_FAILURE,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "failures/{}/raw",	api_failure_raw, ANSWER_KINDS,		LANE_SLOW,	true, METHOD_POST, 0 },
	{ "senders",		api_answer,	ANSWER_SENDERS,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "senders/decisions",	api_decided,	ANSWER_KINDS,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "senders/{}",		api_answer,	ANSWER_SENDER,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "senders/{}/vendor",	api_answer,	ANSWER_VENDOR,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "tls/summary",	api_answer,	ANSWER_TLS_SUMMARY,	LANE_QUICK,	true, METHOD_POST, 0 },
	{ "tls/reports",	api_answer,	ANSWER_TLS_REPORTS,	LANE_QUICK,	true, METHOD_POST, 0 },
	{ "tls/reports/{}",	api_answer,	ANSWER_TLS_REPORT,	LANE_QUICK,	true, METHOD_POST, 0 },
	{ "tls/reports/{}/raw",	api_raw,	ANSWER_TLS_REPORT,	LANE_SLOW,	true, METHOD_POST, 0 },
	{ "reporters",		api_answer,	ANSWER_REPORTERS,	LANE_QUICK,	true, METHOD_POST, 0 },
	{ "tasks",		api_tasks,	KIND_SPEAKS,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "watches",		api_watches,	ANSWER_KINDS,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "views",		api_views,	ANSWER_KINDS,		LANE_QUICK,	false, METHOD_POST, 0 },
	{ "search",		api_search,	ANSWER_KINDS,		LANE_QUICK,	true, METHOD_POST, 0 },
	{ "export",		api_export,	ANSWER_KINDS,		LANE_EXPORT,	false, METHOD_POST, 0 },
	/* mailbox states change without the store */
	{ "ingest",		api_ingest,	ANSWER_INGEST,		LANE_QUICK,	false, METHOD_POST, 0 },
	{ "ingest/items/{}",	api_quarantined, ANSWER_KINDS,		LANE_SLOW,	false, METHOD_POST, 0 },
	{ "ingest/items/{}/raw", api_quarantined_raw, ANSWER_KINDS,	LANE_SLOW,	false, METHOD_POST, 0 },
	{ "requests/{}",	api_requested,	ANSWER_KINDS,		LANE_QUICK,	false, METHOD_POST, 0 },
	{ "alerts",		api_alerts,	KIND_BARE,		LANE_QUICK,	false, METHOD_POST, 0 },
	{ "me",		api_me,		KIND_BARE,		LANE_QUICK,	false, METHOD_POST, 0 },
	{ "users",		api_users,	KIND_BARE,		LANE_QUICK,	false, METHOD_POST, 0 },
	{ "audit",		api_audit,	KIND_BARE,		LANE_SLOW,	false, METHOD_POST, 0 },
	{ "settings",		api_settings,	KIND_BARE,		LANE_QUICK,	false, METHOD_POST, 0 },
};

/* What waits for another process is not in front of quick questions. */
static const struct route	actions[] = {
	{ .path = "login", .run = api_login, .kind = KIND_BARE, .lane = LANE_LOGIN, .body = LOGIN_BYTES },
	{ .path = "logout", .run = api_logout, .kind = KIND_BARE, .lane = LANE_LOGIN },
	{ .path = "failures/{}/reveal", .run = api_reveal, .kind = ANSWER_KINDS, .lane = LANE_SLOW },
	{ .path = "decode", .run = api_bounce, .kind = ANSWER_EXPLAIN, .lane = LANE_QUICK, .body = BODY_BYTES },
	{ .path = "failures/{}/raw", .run = api_failure_mail, .kind = ANSWER_KINDS, .lane = LANE_SLOW },
	{ .path = "ingest/items/{}/retry", .run = api_quarantined_retry, .kind = ANSWER_KINDS, .lane = LANE_QUICK },
	{ .path = "ingest/items/{}/discard", .run = api_quarantined_discard, .kind = ANSWER_KINDS, .lane = LANE_QUICK },
	{ .path = "upload", .run = api_upload, .kind = ANSWER_KINDS, .lane = LANE_SLOW, .body = BODY_FILES },
	{ .path = "senders/{}/decision", .run = api_decide, .kind = ANSWER_KINDS, .lane = LANE_SLOW, .method = METHOD_PUT, .body = BODY_BYTES },
	{ .path = "senders/decisions", .run = api_decide_many, .kind = ANSWER_KINDS, .lane = LANE_SLOW, .body = BODY_BYTES },
	{ .path = "tasks/{}", .run = api_task_say, .kind = ANSWER_KINDS, .lane = LANE_SLOW, .method = METHOD_PATCH, .body = SMALL_BYTES },
	{ .path = "watches", .run = api_watch, .kind = ANSWER_KINDS, .lane = LANE_SLOW, .body = SMALL_BYTES },
	{ .path = "watches/{}", .run = api_unwatch, .kind = ANSWER_KINDS, .lane = LANE_SLOW, .method = METHOD_DELETE },
	{ .path = "views", .run = api_view, .kind = ANSWER_KINDS, .lane = LANE_SLOW, .body = SMALL_BYTES },
	{ .path = "views/{}", .run = api_unview, .kind = ANSWER_KINDS, .lane = LANE_SLOW, .method = METHOD_DELETE },
	/* with a hash each, as sign-ins, and behind each other as those */
	{ .path = "users", .run = api_user_add, .kind = ANSWER_KINDS, .lane = LANE_LOGIN, .body = SMALL_BYTES },
	{ .path = "users/{}", .run = api_user_change, .kind = ANSWER_KINDS, .lane = LANE_LOGIN, .method = METHOD_PATCH, .body = SMALL_BYTES },
	{ .path = "users/{}/remove", .run = api_user_remove, .kind = ANSWER_KINDS, .lane = LANE_LOGIN, .body = LOGIN_BYTES },
	{ .path = "tokens", .run = api_token_add, .kind = ANSWER_KINDS, .lane = LANE_LOGIN, .body = SMALL_BYTES },
	{ .path = "tokens/{}/revoke", .run = api_token_revoke, .kind = ANSWER_KINDS, .lane = LANE_LOGIN, .body = LOGIN_BYTES },
	{ .path = "alerts/mute", .run = api_alert_mute, .kind = ANSWER_KINDS, .lane = LANE_SLOW, .body = LOGIN_BYTES },
	{ .path = "alerts/unmute", .run = api_alert_unmute, .kind = ANSWER_KINDS, .lane = LANE_SLOW, .body = LOGIN_BYTES },
	{ .path = "senders/decisions/{}/undo", .run = api_decide_undo, .kind = ANSWER_KINDS, .lane = LANE_SLOW },
};

/* Beside the prefix: what watches over us knows no versions. */
static const struct route	metrics = { .path = "metrics", .run = api_metrics, .kind = ANSWER_KINDS, .lane = LANE_QUICK };
static bool			 metrics_on;

void
route_metrics(bool on)
{
	metrics_on = on;
}

static const struct route	healthz = { .path = "healthz", .run = api_healthz, .kind = ANSWER_KINDS, .lane = LANE_QUICK };

bool
route_speaks(const struct route *r)
{
	return (r != NULL && (r->kind == ANSWER_ROW_EXPLAIN || r->kind == ANSWER_EXPLAIN || r->kind == ANSWER_VENDOR || r->kind == KIND_SPEAKS || r->run == api_alerts));
}

/* Up to the next slash; what is left goes to rest, p NULL at the end. */
static struct str
first_segment(struct str path, struct str *rest)
{
	const char	*slash = memchr(path.p, '/', path.len);

	*rest = STR_NONE;
	if (slash == NULL)
		return (path);
	*rest = (struct str){ slash + 1, path.len - (size_t)(slash + 1 - path.p) };
	return ((struct str){ path.p, (size_t)(slash - path.p) });
}

/* 1: matches, arguments decoded; 0: another path; -1: an argument is no text. */
static int
match(struct request *rq, const struct route *r, struct str path, struct err *e)
{
	struct str	 want = str_of(r->path), have = path, w, h;
	size_t		 n = 0;

	while (want.p != NULL && have.p != NULL) {
		w = first_segment(want, &want);
		h = first_segment(have, &have);
		if (!str_eq(w, STR("{}"))) {
			if (!str_eq(w, h))
				return (0);
			continue;
		}
		if (h.len == 0 || h.len >= sizeof(rq->args_text[0]) || n == PATH_ARGS)
			return (0);
		if (path_segment_decode(h, rq->args_text[n], &rq->args[n], e) == -1)
			return (-1);
		n++;
	}
	return (want.p == NULL && have.p == NULL);
}

/* Methods that act elsewhere were refused before: this is the other way round. */
static enum route_kind
wrong_method(struct request *rq, const struct route *action)
{
	problem(rq, 405, "This is done with %s, %s body.", http_methods[action->method], action->body == BODY_FILES ? "with a multipart/form-data" :
	    action->body == 0 ? "without a" : "with a JSON");
	rq->reply.allow = http_methods[action->method];
	return (ROUTE_REPLY);
}

/* any: whichever method it is asked with. */
static const struct route *
action_at(struct request *rq, struct str path, bool any)
{
	struct err	 e = { 0 };

	for (size_t i = 0; i < nitems(actions); i++)
		if ((any || actions[i].method == rq->method) && match(rq, &actions[i], path, &e) != 0)
			return (&actions[i]);
	return (NULL);
}

static enum route_kind
find_api(struct request *rq, struct str path)
{
	const struct route	*table = rq->acts ? actions : routes, *action;
	size_t			 n = rq->acts ? nitems(actions) : nitems(routes);
	struct err		 e = { 0 };
	struct str		 param;
	int			 m;

	for (size_t i = 0; i < n; i++) {
		if ((rq->acts && table[i].method != rq->method) || (m = match(rq, &table[i], path, &e)) == 0)
			continue;
		if (m == -1) {
			problem(rq, 400, "The path has %s.", e.msg);
			return (ROUTE_REPLY);
		}
		rq->route = &table[i];
		if (query_string_parse(&rq->query, rq->query_raw, &param, &e) == 0)
			return (ROUTE_WORK);
		problem_param(rq, e.code == ERR_LIMIT && rq->query_raw.len > QUERY_BYTES ? 414 : 400, param,
		    e.code == ERR_LIMIT ? "too_long" : "malformed", e.msg);
		return (ROUTE_REPLY);
	}
	if (!rq->acts && (action = action_at(rq, path, true)) != NULL)
		return (wrong_method(rq, action));
	problem(rq, 404, "There is no such endpoint; the API is described in schema/openapi.yaml.");
	return (ROUTE_REPLY);
}

const struct route *
route_action(struct request *rq, const char *base_path)
{
	size_t		 n = strlen(base_path) + sizeof(API_PREFIX);
	struct str	 path = rq->path;

	if (!str_starts(path, base_path) || !str_starts((struct str){ path.p + n - sizeof(API_PREFIX), path.len - (n - sizeof(API_PREFIX)) },
	    API_PREFIX "/"))
		return (NULL);
	return (action_at(rq, (struct str){ path.p + n, path.len - n }, false));
}

/* The base path itself lacks the slash that relative addresses in the page need. */
static enum route_kind
redirect(struct request *rq, const char *base_path)
{
	rq->reply.status = 307;
	rq->reply.type = "text/plain; charset=utf-8";
	(void)snprintf(rq->reply.location, sizeof(rq->reply.location), "%s/", base_path);
	return (ROUTE_REPLY);
}

enum route_kind
route_find(struct request *rq, const char *base_path, struct str *rest)
{
	struct str	 path = rq->path, api;
	size_t		 base_len = strlen(base_path);

	if (base_len > 0 && !str_eq(path, STR("/healthz")) && !(metrics_on && str_eq(path, STR("/metrics")))) {
		if (str_eq(path, STR("/")) || str_eq(path, str_of(base_path)))
			return (redirect(rq, base_path));
		if (!str_starts(path, base_path) || path.p[base_len] != '/') {
			problem(rq, 404, "Everything here is below %s/ (base_path in the configuration).", base_path);
			return (ROUTE_REPLY);
		}
		path = (struct str){ path.p + base_len, path.len - base_len };
	}
	*rest = path;
	if (str_eq(path, STR("/healthz"))) {
		rq->route = &healthz;
		return (ROUTE_WORK);
	}
	if (str_eq(path, STR("/metrics"))) {
		if (metrics_on) {
			rq->route = &metrics;
			return (ROUTE_WORK);
		}
		problem(rq, 404, "Metrics are switched off; http { metrics = yes } in the configuration switches them on.");
		return (ROUTE_REPLY);
	}
	if (str_starts(path, API_PREFIX "/")) {
		api = (struct str){ path.p + sizeof(API_PREFIX), path.len - sizeof(API_PREFIX) };
		return (find_api(rq, api));
	}
	if (str_eq(path, STR("/api")) || str_starts(path, "/api/"))
		return (find_api(rq, STR("")));
	return (str_starts(path, "/assets/") ? ROUTE_ASSET : ROUTE_INDEX);
}

/* Headers that follow from what the answer is. */
static void
finish(struct request *rq)
{
	struct reply	*r = &rq->reply;

	if ((r->status != 200 && r->status != 304) || rq->passing)
		r->etag[0] = '\0';
	if (r->etag[0] != '\0')
		r->cache = "private, no-cache";
}

/* The generation is all that is read before a 304. */
static bool
unchanged(struct request *rq, struct query *q, struct buf *key)
{
	if (!rq->route->etag || !etag_key(key, query_generation(q), rq))
		return (false);
	etag_make(rq->reply.etag, query_generation(q), buf_as_str(key));
	if (!etag_matches(rq->if_none_match, rq->reply.etag))
		return (false);
	rq->reply.status = 304;
	return (true);
}

/* True: rq has its reply. False: it waits for another's. */
static bool
run_cached(struct request *rq, struct asked *a, struct str key, struct cached **mine)
{
	*mine = NULL;
	if (rq->route->etag && rq->route->lane == LANE_QUICK)
		switch (cache_find(rq, key, mine)) {
		case CACHE_FOUND:
			return (true);
		case CACHE_WAITS:
			return (false);
		case CACHE_COMPUTE:
			break;
		}
	rq->route->run(rq, a);
	return (true);
}

static void
done_all(struct request *rq, void (*done)(struct request *))
{
	struct request	*next;

	for (; rq != NULL; rq = next) {
		next = rq->next;
		done(rq);
	}
}

bool
route_run(struct request *rq, struct store *s, const struct err *why, void (*done)(struct request *))
{
	struct err	 e = { 0 };
	struct asked	 a = { .store = s };
	struct cached	*mine = NULL;
	struct request	*waited;
	struct outflow	*stream;
	struct buf	 key = { .max = 4 * URI_BYTES };
	bool		 replied = true, good, late;

	if (rq->route->kind == KIND_BARE) {
		rq->route->run(rq, &a);
		done(rq);
		return (true);
	}
	if (s == NULL) {
		problem(rq, 503, "%s", why->msg);
		done(rq);
		return (false);
	}
	if ((a.query = query_begin(s, when_now(), QUERY_LIMIT_MS, &e)) == NULL)
		problem(rq, 503, "%s", e.msg);
	else if (!unchanged(rq, a.query, &key))
		replied = run_cached(rq, &a, buf_as_str(&key), &mine);
	late = a.query != NULL && query_late(a.query);
	query_end(a.query);
	buf_free(&key);
	if (!replied)
		return (true);
	if (late)
		rq->passing = true;	/* another time more may be told */
	finish(rq);
	access_done(rq);
	good = rq->reply.status < 500 || late;	/* what it has read helps the next one */
	waited = cache_done(mine, &rq->reply);
	stream = rq->reply.stream;
	done(rq);
	done_all(waited, done);
	if (stream != NULL)	/* rq may be gone */
		outflow_run(stream);
	return (good);
}
