/*
 * api_alerts.c - what holds now that somebody should hear of, and what did:
 * from the file that the notifier and the command keep. Mutes are asked of the
 * ingester, as this process may not write that file.
 */
#include <inttypes.h>

#include "alert/state.h"
#include "base/when.h"
#include "conf/conf.h"
#include "dmarc/dmarc.h"
#include "explain/texts.h"
#include "http/access.h"
#include "process/request.h"

/* Is it one of his domains, or below one? What is about none in particular is for those who see all. */
static bool
allowed(void *arg, const char *domain)
{
	struct str	 name = str_of(domain);

	for (const char *p = arg; *p != '\0'; p += strcspn(p, " "), p += *p == ' ') {
		struct str	 own = { p, strcspn(p, " ") };

		if (domain_below(name, own))
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
	if (!rq->who.admin) {	/* addresses are not everybody's to see */
		(void)json_object_del(all, "letters");
		(void)json_object_del(all, "dropped");
	}
	reply_json(rq, 200, all);
}

/* --- Mutes ---------------------------------------------------------------------------- */

static bool
text_or_null(struct request *rq, const json_t *body, const char *key, const char **out)
{
	const json_t	*v = json_object_get(body, key);

	*out = json_string_value(v);
	return (v == NULL || json_is_null(v) || (*out != NULL && strlen(*out) == json_string_length(v)) ||
	    problem_member(rq, key, "this is a text, or null"));
}

/* The same grammar as in the configuration and on the command line. line: domain points into it. */
static bool
take_mute(struct request *rq, const json_t *body, struct asking_mute *m, char line[400])
{
	const char	*rule, *domain, *until = NULL;
	struct conf_mute c;
	int64_t		 day;
	static const char *const keys[] = { "rule", "domain", "until" };
	size_t		 known = 0;

	for (size_t i = 0; i < (m->on ? 3u : 2u); i++)
		known += json_object_get(body, keys[i]) != NULL;

	if (!text_or_null(rq, body, "rule", &rule) || !text_or_null(rq, body, "domain", &domain) ||
	    (m->on && !text_or_null(rq, body, "until", &until)))
		return (false);
	if (json_object_size(body) != known)
		return (problem_member(rq, "", m->on ? "there are rule, domain and until, nothing else" : "there are rule and domain, nothing else"));
	if (rule == NULL && domain == NULL)
		return (problem_member(rq, "domain", "all rules of all domains: take the receivers out of alerts { } instead, or name a domain"));
	(void)snprintf(line, 400, "%.20s", rule == NULL ? "*" : rule);
	if (rule != NULL && (strchr(line, ' ') != NULL || strcmp(line, "*") == 0 || !conf_mute_parts(line, &c)))
		return (problem_member(rq, "rule", "there is no such rule; rules are A1 to A11, or null: all of them"));
	(void)snprintf(line, 400, "%.20s %.300s", rule == NULL ? "*" : rule, domain == NULL ? "" : domain);
	for (char *p = line; *p != '\0'; p++)
		*p = ascii_lower(*p);
	if (!conf_mute_parts(line, &c) || c.until != 0 || (domain != NULL && c.domain.len != strlen(domain)))
		return (problem_member(rq, "domain", "this is no name of a domain"));
	m->rule = c.rule;
	m->domain = c.domain;
	if (until != NULL) {
		if (!when_parse_date(str_of(until), &day))
			return (problem_member(rq, "until", "until is a day: 2026-12-31"));
		if ((m->until = (day + 1) * DAY_SECONDS) <= when_now())
			return (problem_member(rq, "until", "this day is past already"));
	}
	return (true);
}

static void
ask(struct request *rq, struct asked *a, struct asking *w)
{
	struct store_outcome	 o = { 0 };
	char			 what[128];
	int			 rv = api_ask(rq, a, w, &o);

	if (rv == -1)
		return;
	(void)snprintf(what, sizeof(what), "%s%s%.*s", w->mute.rule == NULL ? "*" : w->mute.rule, w->mute.domain.p == NULL ? "" : " ",
	    (int)(w->mute.domain.len > 100 ? 100 : w->mute.domain.len), w->mute.domain.p == NULL ? "" : w->mute.domain.p);
	access_log(rq, w->mute.on ? AUTH_ALERT_MUTED : AUTH_ALERT_UNMUTED, rq->who.name, what);
	reply_json(rq, rv == 1 ? 200 : 202, json_pack("{s:s, s:o}", "state", rv == 1 ? "done" : "waiting", "request",
	    json_sprintf("%" PRId64, w->token)));
}

static void
change(struct request *rq, struct asked *a, bool on)
{
	struct asking	 w = { .kind = REQUEST_MUTE, .mute = { .on = on } };
	char		 line[400];
	json_t		*body;

	rq->reply.cache = "no-store";
	if (!no_parameters(rq) || (body = api_body(rq)) == NULL)
		return;
	if (take_mute(rq, body, &w.mute, line))
		ask(rq, a, &w);
	json_decref(body);
}

void
api_alert_mute(struct request *rq, struct asked *a)
{
	change(rq, a, true);
}

void
api_alert_unmute(struct request *rq, struct asked *a)
{
	change(rq, a, false);
}
