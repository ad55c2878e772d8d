/*
 * problem.c - errors as RFC 9457 asks: what it is, what to do, a number to
 * quote.
 */
#include <stdarg.h>

#include "base/escape.h"
#include "http/http.h"

const char *
problem_title(unsigned status)
{
	switch (status) {
	case 400: return ("Bad request");
	case 401: return ("Not signed in");
	case 403: return ("Forbidden");
	case 404: return ("Not found");
	case 405: return ("Method not allowed");
	case 409: return ("Changed meanwhile");
	case 411: return ("Length required");
	case 413: return ("Request body too large");
	case 414: return ("Address too long");
	case 415: return ("Not JSON");
	case 422: return ("Cannot be done");
	case 421: return ("Not a name of this server");
	case 429: return ("Too many attempts");
	case 431: return ("Request headers too large");
	case 500: return ("Internal error");
	case 503: return ("Not available");
	default:  return ("Error");
	}
}

/*
 * Sentences carry words of others, and may have been cut inside a character:
 * what is no UTF-8 becomes "?", so that the problem is always told.
 */
static json_t *
text_json(const char *text)
{
	struct buf	 b = { .max = 4096 };
	json_t		*j;
	size_t		 n;

	for (const char *p = text; *p != '\0'; p += n) {
		for (n = 1; n < 4 && ((unsigned char)p[n] & 0xc0) == 0x80; n++)
			;
		if (str_utf8_ok((struct str){ p, n })) {
			buf_add(&b, p, n);
		} else {
			buf_byte(&b, '?');
			n = 1;
		}
	}
	j = b.p == NULL ? json_string("") : json_stringn(b.p, b.len);
	buf_free(&b);
	return (j);
}

/* Pasting into a JSON pointer: RFC 6901 3. */
static void
add_pointer(struct buf *b, struct str param)
{
	buf_cstr(b, "/query/");
	for (size_t i = 0; i < param.len; i++) {
		if (param.p[i] == '~')
			buf_cstr(b, "~0");
		else if (param.p[i] == '/')
			buf_cstr(b, "~1");
		else
			buf_byte(b, (unsigned char)param.p[i]);
	}
}

static json_t *
errors_of(struct str param, const char *key, const char *sentence)
{
	struct buf	 b = { .max = QUERY_BYTES * 2 };
	json_t		*j;

	add_pointer(&b, param);
	if (b.failed) {
		buf_free(&b);
		return (NULL);
	}
	j = json_pack("[{s:s%, s:s, s:{s:s%, s:o}}]", "pointer", b.p, b.len, "key", key,
	    "args", "name", param.p == NULL ? "" : param.p, param.len, "reason", text_json(sentence));
	buf_free(&b);
	return (j);
}

/* What is said when even the JSON of a problem cannot be made. */
static void
last_resort(struct reply *r)
{
	static const char	 text[] = "{\"type\":\"about:blank\",\"title\":\"Not available\",\"status\":503}";

	r->status = 503;
	r->type = "application/problem+json";
	if ((r->body = malloc(sizeof(text))) == NULL)
		return;
	memcpy(r->body, text, sizeof(text));
	r->len = sizeof(text) - 1;
}

static void
problem_reply(struct request *rq, unsigned status, const char *detail, json_t *errors)
{
	struct reply	*r = &rq->reply;
	json_t		*j;

	if (errors == NULL)
		errors = json_array();
	j = json_pack("{s:s, s:s, s:i, s:o, s:s, s:o}", "type", "about:blank", "title", problem_title(status),
	    "status", (int)status, "detail", text_json(detail), "request_id", rq->id, "errors", errors);
	reply_free(r);
	if (j == NULL || (r->body = json_dumps(j, JSON_COMPACT)) == NULL) {
		json_decref(j);
		last_resort(r);
		return;
	}
	json_decref(j);
	r->len = strlen(r->body);
	r->status = status;
	r->type = "application/problem+json";
	if (status == 503)
		r->retry_after = 5;
}

void
problem(struct request *rq, unsigned status, const char *fmt, ...)
{
	char	 detail[1024];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	problem_reply(rq, status, detail, NULL);
}

void
problem_param(struct request *rq, unsigned status, struct str param, const char *key, const char *sentence)
{
	char	 shown[128], detail[1024];

	if (param.len == 0) {
		problem_reply(rq, status, sentence, NULL);
		return;
	}
	/* Most sentences name the parameter themselves. */
	(void)esc_short(shown, sizeof(shown), param);
	(void)snprintf(detail, sizeof(detail), "%s: ", shown);
	if (strstr(sentence, shown) != NULL)
		detail[0] = '\0';
	(void)snprintf(detail + strlen(detail), sizeof(detail) - strlen(detail), "%s", sentence);
	problem_reply(rq, status, detail, errors_of(param, key, sentence));
}

void
problem_at(struct request *rq, unsigned status, const char *pointer, const char *key, const char *sentence)
{
	problem_reply(rq, status, sentence, json_pack("[{s:o, s:s, s:{s:o}}]", "pointer", text_json(pointer), "key", key, "args", "reason",
	    text_json(sentence)));
}

bool
problem_member(struct request *rq, const char *member, const char *sentence)
{
	char	 pointer[96];

	(void)snprintf(pointer, sizeof(pointer), "/body/%s", member);
	problem_at(rq, 400, pointer, "invalid_value", sentence);
	return (false);
}

void
problem_err(struct request *rq, const struct err *e)
{
	switch (e->code) {
	case ERR_INPUT:
	case ERR_LIMIT:
		problem(rq, 400, "%s", e->msg);
		break;
	case ERR_TEMP:
	case ERR_CONFIG:
		problem(rq, 503, "%s", e->msg);
		break;
	default:
		problem(rq, 500, "This is a fault of dmarcd: its log says more under the number of this request.");
		break;
	}
}

bool
no_parameters(struct request *rq)
{
	if (rq->query.n == 0)
		return (true);
	problem_param(rq, 400, rq->query.p[0].key, "invalid_parameter", "this endpoint has no parameters");
	return (false);
}
