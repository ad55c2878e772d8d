/*
 * api_search.c - GET search?q=: what is called so. It is asked while people
 * type, so it has little time and says when that was not enough.
 */
#include <jansson.h>

#include "answer/answer.h"
#include "base/log.h"
#include "http/http.h"

static bool
text_of(struct request *rq, struct str *out)
{
	*out = STR_NONE;
	for (size_t i = 0; i < rq->query.n; i++) {
		if (!str_eq(rq->query.p[i].key, STR("q"))) {
			problem_param(rq, 400, rq->query.p[i].key, "invalid_parameter", "this endpoint has one parameter: q");
			return (false);
		}
		*out = rq->query.p[i].value;
	}
	if (out->p == NULL) {
		problem_param(rq, 400, STR("q"), "invalid_parameter", "q: it is missing; say what to look for");
		return (false);
	}
	return (true);
}

void
api_search(struct request *rq, struct asked *a)
{
	struct err	 e = { 0 };
	struct str	 text;
	json_t		*j;

	if (!text_of(rq, &text))
		return;
	if ((j = answer_search(a->query, text, &e)) != NULL) {
		/* another time there may be more time */
		rq->passing = !json_is_true(json_object_get(j, "complete"));
		reply_json(rq, 200, j);
	} else if (e.code == ERR_TEMP) {
		problem(rq, 503, "%s", e.msg);
	} else {
		log_error("request %s: search: %s", rq->id, e.msg);
		problem(rq, 500, "This is a fault of dmarcd; its log says more beside the number of this request.");
	}
}
