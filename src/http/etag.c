/*
 * etag.c - a name for an answer: it changes when the data, the question, what
 * is known of addresses, the program or the day (answers know "today") does.
 */
#include <inttypes.h>

#include "base/hash.h"
#include "base/when.h"
#include "enrich/places.h"
#include "explain/texts.h"
#include "http/http.h"

bool
etag_key(struct buf *b, uint64_t generation, const struct request *rq)
{
	buf_printf(b, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %s %" PRId64 " %s", generation, rq->database, places_stamp(places_used()),
	    PACKAGE_VERSION, when_day(when_now()), rq->route->path);
	for (size_t i = 0; i < PATH_ARGS; i++) {
		buf_printf(b, " %zu:", rq->args[i].len);
		buf_str(b, rq->args[i]);
	}
	/* what one may see is no answer for another */
	buf_printf(b, rq->who.admin ? " admin" : " viewer");
	if (rq->who.domains != NULL)
		buf_printf(b, " of %zu:%s", strlen(rq->who.domains), rq->who.domains);
	if (rq->route->run == api_tasks && rq->who.domains == NULL)
		api_boxes_stamp(b, when_now());
	if (route_speaks(rq->route))
		buf_printf(b, " %s", explain_languages[rq->lang].tag);
	buf_byte(b, '?');
	return (query_string_canonical(&rq->query, b));
}

void
etag_make(char out[48], uint64_t generation, struct str key)
{
	(void)snprintf(out, 48, "W/\"%" PRIu64 "-%016" PRIx64 "\"", generation, hash64(0, key.p, key.len));
}

/* The opaque part, without W/: If-None-Match compares weakly (RFC 9110 13.1.2). */
static struct str
opaque(struct str tag)
{
	if (str_starts(tag, "W/")) {
		tag.p += 2;
		tag.len -= 2;
	}
	return (tag);
}

bool
etag_matches(const char *list, const char *etag)
{
	struct str	 want = opaque(str_of(etag)), tag;
	const char	*p = list, *end;

	if (etag[0] == '\0')
		return (false);
	while (*p != '\0') {
		p += strspn(p, " \t,");
		if (*p == '*')
			return (true);
		end = p + (strncmp(p, "W/", 2) == 0 ? 2 : 0);
		if (*end != '"' || (end = strchr(end + 1, '"')) == NULL)
			return (false);		/* no list of entity tags: not ours to guess */
		tag = (struct str){ p, (size_t)(end + 1 - p) };
		if (str_eq(opaque(tag), want))
			return (true);
		p = end + 1;
	}
	return (false);
}
