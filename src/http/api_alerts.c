/*
 * api_alerts.c - what holds now that somebody should hear of, and what did:
 * from the file that the notifier and the command keep.
 */
#include "alert/state.h"
#include "explain/texts.h"
#include "http/http.h"

/* Is it one of his domains, or below one? What is about none in particular is for those who see all. */
static bool
allowed(void *arg, const char *domain)
{
	struct str	 name = str_of(domain);

	for (const char *p = arg; *p != '\0'; p += strcspn(p, " "), p += *p == ' ') {
		struct str	 own = { p, strcspn(p, " ") };

		if (str_eq(own, name) || (name.len > own.len && name.p[name.len - own.len - 1] == '.' &&
		    memcmp(name.p + name.len - own.len, own.p, own.len) == 0))
			return (true);
	}
	return (false);
}

void
api_alerts(struct request *rq, struct asked *a)
{
	int			 lang = summary_language(str_of(explain_languages[rq->lang].tag));
	struct alert_state	*s;
	struct err		 e = { 0 };
	json_t			*all;

	(void)a;
	rq->reply.cache = "no-store";
	if (rq->query.n > 0) {
		problem_param(rq, 400, rq->query.p[0].key, "invalid_parameter", "this endpoint has no parameters");
		return;
	}
	if (alert_state_read(work_state_dir(), &s, &e) == -1) {
		problem(rq, 503, "%s", e.msg);
		return;
	}
	all = alert_state_json(s, lang < 0 ? 0 : (unsigned)lang, "", rq->who.domains == NULL ? NULL : allowed, rq->who.domains);
	alert_state_close(s);
	(void)json_object_del(all, "letters");	/* addresses are not everybody's to see */
	(void)json_object_del(all, "dropped");
	reply_json(rq, 200, all);
}
