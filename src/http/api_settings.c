/*
 * api_settings.c - what lives in the configuration file, as the parent has read
 * it and handed it to us when we were started. We are started anew when the
 * file is read again.
 */
#include "http/http.h"

static json_t	*settings;	/* written before the first request */

void
api_settings_are(const json_t *j)
{
	json_decref(settings);
	settings = j == NULL ? NULL : json_deep_copy(j);
}

void
api_settings(struct request *rq, struct asked *a)
{
	(void)a;
	rq->reply.cache = "no-store";
	if (!no_parameters(rq))
		return;
	/* its count of references is not for several threads */
	reply_json(rq, 200, settings == NULL ? json_pack("{s:n, s:b, s:[]}", "file", "cut", 0, "sections") : json_deep_copy(settings));
}
