/*
 * api_bounce.c - what the answer of a mail server means. People paste what
 * names other people: nothing of it is kept, logged or cached.
 */
#include <jansson.h>

#include "answer/answer.h"
#include "base/log.h"
#include "http/http.h"

static json_t *
text_of(struct request *rq, json_t *body)
{
	json_t		*text = json_object_get(body, "text");
	const char	*key;
	json_t		*v;

	json_object_foreach(body, key, v)
		if (strcmp(key, "text") != 0) {
			problem_at(rq, 400, "/body", "invalid_value", "The body has text, and nothing else.");
			return (NULL);
		}
	if (!json_is_string(text)) {
		problem_at(rq, 400, "/body/text", "invalid_value", "text is the answer of a mail server, or the header of a message, as a string.");
		return (NULL);
	}
	return (text);
}

void
api_bounce(struct request *rq, struct asked *a)
{
	json_t		*body = api_body(rq), *text, *j;
	struct err	 e = { 0 };

	if (body != NULL && (text = text_of(rq, body)) != NULL) {
		j = answer_bounce(a->query, (struct str){ json_string_value(text), json_string_length(text) }, rq->lang, NULL, &e);
		if (j != NULL)
			reply_json(rq, 200, j);
		else if (e.code == ERR_LIMIT)
			problem_at(rq, 400, "/body/text", "too_long", e.msg);
		else if (e.code == ERR_TEMP)
			problem(rq, 503, "%s", e.msg);
		else {
			log_error("request %s: decode: %s", rq->id, e.msg);
			problem(rq, 500, "This is a fault of dmarcd; its log says more beside the number of this request.");
		}
	}
	json_decref(body);
}
