/*
 * api_answer.c - the endpoints that are a question to the store: parameters
 * in, JSON out. What they mean is known to src/answer.
 */
#include <inttypes.h>

#include "answer/answer.h"
#include "answer/tls.h"
#include "base/log.h"
#include "http/http.h"

/* The errors of answer.h as statuses. */
static void
refuse(struct request *rq, const struct err *e)
{
	switch (e->code) {
	case ERR_CONFIG:
	case ERR_LIMIT:
		problem(rq, 400, "%s", e->msg);
		break;
	case ERR_INPUT:
		problem(rq, 404, "%s", e->msg);
		break;
	case ERR_TEMP:
		problem(rq, 503, "%s", e->msg);
		break;
	default:
		log_error("request %s: %s: %s", rq->id, rq->route->path, e->msg);
		problem(rq, 500, "This is a fault of dmarcd; its log says more beside the number of this request.");
		break;
	}
}

/* The segment of the path that names what is asked for. */
static bool
set_path(struct request *rq, struct answer_request *ar)
{
	bool		 sender = rq->route->kind == ANSWER_SENDER || rq->route->kind == ANSWER_VENDOR;
	struct err	 e = { 0 };

	ar->domain = rq->args[0];
	if (ar->lang_given)
		rq->lang = ar->lang;
	ar->lang = rq->lang;
	if (rq->route->kind == ANSWER_FAILURE) {
		if (answer_failure_id(rq->args[0], &ar->id))
			return (true);
		problem(rq, 404, "The id of a failure report is a number with an f in front.");
		return (false);
	}
	if (rq->route->kind == ANSWER_TLS_REPORT) {
		if (answer_tls_id(rq->args[0], &ar->id))
			return (true);
		problem(rq, 404, "A TLS report's id is a t and a number.");
		return (false);
	}
	if (rq->route->kind == ANSWER_ROW_EXPLAIN) {
		if (answer_row_id(rq->args[0], &ar->id, &ar->seq))
			return (true);
		problem(rq, 404, "A row's id is REPORT#ROW, in an address REPORT%%23ROW.");
		return (false);
	}
	if (!sender && rq->route->kind != ANSWER_REPORT)
		return (true);
	if (!str_i64(rq->args[0], &ar->id) || ar->id < 1) {
		problem(rq, 404, sender ? "A sender's id is a number." : "A report's id is a number.");
		return (false);
	}
	if (sender && query_filter_set(&ar->filter, STR("sender"), rq->args[0], &e) == -1) {
		problem(rq, 404, "%s", e.msg);
		return (false);
	}
	return (true);
}

static bool
set_all(struct request *rq, struct answer_request *ar)
{
	const struct query_param	*p;
	struct err			 e = { 0 };

	for (size_t i = 0; i < rq->query.n; i++) {
		p = &rq->query.p[i];
		if (answer_request_set(ar, p->key, p->value, &e) == -1) {
			problem_param(rq, 400, p->key, "invalid_parameter", e.msg);
			return (false);
		}
	}
	return (set_path(rq, ar));
}

/* What only this process takes. */
static void
meta_upload(json_t *j)
{
	(void)json_object_set_new(json_object_get(j, "features"), "upload", json_true());
	(void)json_object_set_new(json_object_get(j, "features"), "resolver", json_boolean(api_resolver_on()));
	(void)json_object_set_new(json_object_get(j, "limits"), "upload_bytes", json_integer((json_int_t)upload_limit()));
}

void
api_answer(struct request *rq, struct asked *a)
{
	struct answer_request	 ar;
	struct err		 e = { 0 };
	json_t			*j;

	answer_request_init(&ar, (enum answer_kind)rq->route->kind);
	if (set_all(rq, &ar)) {
		if ((j = answer_make(a->query, &ar, &e)) == NULL) {
			refuse(rq, &e);
		} else {
			if (ar.kind == ANSWER_REPORT || ar.kind == ANSWER_TLS_REPORT)
				api_raw_refine(rq, a, ar.kind == ANSWER_TLS_REPORT, ar.id, j);
			if (ar.kind == ANSWER_META)
				meta_upload(j);
			/* It is still being counted: nobody may keep this answer. */
			rq->passing = ar.kind == ANSWER_OVERVIEW &&
			    json_is_null(json_object_get(json_object_get(j, "new"), "sources"));
			reply_json(rq, 200, j);
		}
	}
	answer_request_free(&ar);
}

/* That the database answers is the health that matters here. */
void
api_healthz(struct request *rq, struct asked *a)
{
	/* who is not in is told that we live, no more */
	reply_json(rq, 200, json_pack("{s:s, s:o}", "status", "ok", "generation",
	    rq->who.how == WHO_NOBODY ? json_null() : json_integer((json_int_t)query_generation(a->query))));
}
