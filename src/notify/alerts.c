/*
 * alerts.c - one look at what holds, and what is to be said of it on its way.
 */
#include <jansson.h>
#include <time.h>

#include "base/hash.h"
#include "notify/notify.h"

#define QUESTION_MS	60000	/* nobody waits in front of a screen */

bool
notify_alerts_wanted(const struct conf *c)
{
	return (c->alerts.to.n > 0 || c->alerts.webhook != NULL || c->alerts.command != NULL);
}

/* --- One message ---------------------------------------------------------------------- */

static void
mail_id(struct buf *b, const char *id, const char *to, const char *from)
{
	uint8_t		 hash[HASH_SIZE];
	const char	*at = strrchr(from, '@');

	hash_sha256(hash, to, strlen(to));
	(void)buf_printf(b, "alert.%s.%02x%02x%02x%02x@%s", id, hash[0], hash[1], hash[2], hash[3], at == NULL ? "dmarcd.invalid" : at + 1);
}

static int
send_mail(const struct conf *c, const struct notify_ways *w, const struct alert_delivery *d, struct err *e)
{
	struct buf	 id = { 0 }, stop = { 0 }, mail = { 0 };
	enum smtp_fate	 fate;
	int		 rv = -1;

	if (c->smtp.from == NULL)
		return (err_set(e, ERR_CONFIG, "no mail can be sent: the configuration has no section smtp { }"));
	mail_id(&id, d->id, d->to, c->smtp.from);
	notify_unsubscribe(&c->smtp, &stop);
	if (id.failed || stop.failed)
		(void)err_set(e, ERR_TEMP, "out of memory");
	else {
		struct notify_mail	 m = { .from = c->smtp.from, .from_name = c->smtp.from_name, .to = d->to, .message_id = id.p,
					    .unsubscribe = stop.p, .lang = d->lang, .date = d->made, .prefix = str_of(c->smtp.subject_prefix),
					    .subject = str_of(d->subject), .text = str_of(d->text), .html = STR_NONE };

		if (notify_compose(&m, &mail, e) == 0)
			rv = notify_send(&w->mail, d->to, buf_as_str(&mail), NULL, NULL, &fate, e);
	}
	buf_free(&id);
	buf_free(&stop);
	buf_free(&mail);
	return (rv);
}

int
notify_alert_send(const struct conf *c, const struct notify_ways *w, const struct alert_delivery *d, int64_t now, struct buf *steps,
    struct err *e)
{
	char	*body;
	int	 rv;

	if (d->channel == ALERT_MAIL)
		return (send_mail(c, w, d, e));
	if ((body = json_dumps(d->json, JSON_COMPACT)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (d->channel == ALERT_WEBHOOK)
		rv = notify_webhook(&c->alerts, w->secret, d->id, str_of(body), now, steps, e);
	else if (c->alerts.command == NULL)
		rv = err_set(e, ERR_CONFIG, "the configuration has no command");
	else
		rv = w->command != NULL ? w->command(w->ctx, str_of(body), e) : notify_command(&c->alerts, str_of(body), e);
	free(body);
	return (rv);
}

/* --- What is due ------------------------------------------------------------------------- */

/* Is it still meant to go there? */
static bool
wanted(const struct conf *c, const struct alert_delivery *d)
{
	if (d->channel == ALERT_WEBHOOK)
		return (c->alerts.webhook != NULL);
	if (d->channel == ALERT_COMMAND)
		return (c->alerts.command != NULL);
	for (size_t i = 0; i < c->alerts.to.n; i++)
		if (strcmp(c->alerts.to.v[i], d->to) == 0)
			return (true);
	return (false);
}

static int
deliver(const struct conf *c, const struct notify_ways *w, struct alert_state *s, int64_t now, const struct notify_alerts_calls *calls, void *ctx,
    struct notify_alerts *out, struct err *e)
{
	bool	 down[ALERT_CHANNELS] = { false };

	for (size_t i = 0; i < alert_state_deliveries(s);) {
		struct alert_delivery	 d;
		struct err		 why = { 0 };
		bool			 never, was_dead;
		int			 rv;

		alert_state_delivery(s, i, &d);
		if (calls->stop != NULL && calls->stop(ctx))
			break;
		/* who did not answer a moment ago is not asked again for each message */
		if (d.dead || down[d.channel] || !alert_state_due(s, i, now)) {
			out->waiting += !d.dead;
			i++;
			continue;
		}
		if (!wanted(c, &d))
			rv = err_set(&why, ERR_INPUT, "the configuration does not name this receiver any more");
		else
			rv = notify_alert_send(c, w, &d, now, NULL, &why);
		was_dead = d.dead;
		never = rv == -1 && why.code == ERR_INPUT;
		if (rv == 0) {
			out->sent++;
			if (calls->delivered != NULL)
				calls->delivered(ctx, &d, NULL, false);
			(void)alert_state_sent(s, i);
		} else {
			(void)alert_state_failed(s, i, now, never, c->alerts.attempts, why.msg);
			alert_state_delivery(s, i, &d);
			out->dead += d.dead && !was_dead;
			out->waiting += !d.dead;
			if (!never) {
				down[d.channel] = true;
				if (out->worst != ERR_CONFIG)
					out->worst = why.code;
			}
			if (calls->delivered != NULL)
				calls->delivered(ctx, &d, &why, d.dead);
			i++;
		}
		if (alert_state_save(s, e) == -1)
			return (-1);	/* it goes out again, with its id */
	}
	return (0);
}

/* --- What holds ------------------------------------------------------------------------------ */

static bool
is_quiet(const struct conf_quiet *q, int64_t now)
{
	time_t		 c = (time_t)now;
	struct tm	 tm = { .tm_mday = 1 };
	int		 at;

	if (q->from < 0 || localtime_r(&c, &tm) == NULL)
		return (false);
	at = tm.tm_hour * 60 + tm.tm_min;
	return (q->from < q->to ? at >= q->from && at < q->to : at >= q->from || at < q->to);
}

static int
tell(const struct conf *c, struct alert_state *s, int64_t now, struct notify_alerts *out, struct err *e)
{
	static const char *const	 tags[] = { "en", "ru", "pt", "cs", "de" };
	const struct conf_alerts	*a = &c->alerts;
	int				 lang = a->language < nitems(tags) ? summary_language(str_of(tags[a->language])) : 0, n;
	struct alert_voice		 v = { .lang = lang < 0 ? 0 : (unsigned)lang, .base_url = c->http.public_url, .to = &a->to,
					    .webhook = a->webhook != NULL, .command = a->command != NULL, .quiet = is_quiet(&a->quiet, now),
					    .quiet_urgent = a->quiet_urgent, .digest = a->digest };
	struct alert_mute		*mutes;

	if ((mutes = calloc(a->mute.n + 1, sizeof(*mutes))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	for (size_t i = 0; i < a->mute.n; i++) {
		struct conf_mute	 m;

		if (conf_mute_parts(a->mute.v[i], &m))
			mutes[v.nmutes++] = (struct alert_mute){ m.rule, m.domain, m.until };
	}
	v.mutes = mutes;
	n = alert_state_tell(s, &v, now, e);
	free(mutes);
	if (n > 0)
		out->told = (unsigned)n;
	return (n == -1 ? -1 : 0);
}

/* Where reports are to arrive: as configured, or the users of mailboxes that are addresses. v has room for all of these. */
static struct str_list
addresses_of(const struct conf *c, char **v)
{
	struct str_list	 l = { v, 0 };

	if (c->alerts.report_addresses.n > 0)
		return (c->alerts.report_addresses);
	for (size_t i = 0; i < c->nmailboxes; i++)
		if (c->mailboxes[i].user != NULL && strchr(c->mailboxes[i].user, '@') != NULL)
			v[l.n++] = c->mailboxes[i].user;
	return (l);
}

static int
look(const struct conf *c, struct alert_state *s, int64_t gap, int64_t now, struct err *e)
{
	struct notify_boxes	 boxes = { .n = 0 };
	struct alert_findings	 found;
	struct alert_model	 m;
	struct store		*store = NULL;
	struct query		*q = NULL;
	char			**users = calloc(c->nmailboxes + 1, sizeof(*users));
	struct str_list		 addresses;
	int			 rv = -1;

	if (users == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	addresses = addresses_of(c, users);
	if (notify_boxes_read(c, &boxes, e) == 0 && (store = store_open(c->state_dir, STORE_READ, e)) != NULL &&
	    (q = query_begin(store, now, QUESTION_MS, e)) != NULL) {
		struct alert_request	 rq = { .limits = &c->alerts.limits, .domains = &c->alerts.domains, .mailboxes = boxes.v,
					    .nmailboxes = boxes.n, .addresses = &addresses, .judged = alert_state_judged(s) };

		if (alert_model_make(q, &rq, &m, e) == 0 && alert_judge(&m, &c->alerts.off, &found, e) == 0)
			rv = alert_state_take(s, &m, &c->alerts.off, &found, gap, e);
	}
	query_end(q);
	store_close(store);
	notify_boxes_free(&boxes);
	free(users);
	return (rv);
}

int
notify_alerts_run(const struct conf *c, const struct notify_ways *w, bool judge, int64_t gap, int64_t now, int64_t wait_ms,
    const struct notify_alerts_calls *calls, void *ctx, struct notify_alerts *out, struct err *e)
{
	struct alert_state	*s;
	struct err		 why = { 0 };
	int			 rv, looked = 0;

	*out = (struct notify_alerts){ .worst = ERR_NONE };
	if ((rv = alert_state_open(c->state_dir, now, wait_ms, &s, e)) != 1) {
		out->busy = rv == 0;
		return (rv == -1 ? err_prefix(e, "alerts") : 0);
	}
	if (judge)
		looked = look(c, s, gap, now, &why);
	/* what was said and to whom is in the file at once, before anybody gets it */
	rv = tell(c, s, now, out, e);
	if (rv == 0 && (judge || out->told > 0))
		rv = alert_state_save(s, e);
	if (rv == 0)
		rv = deliver(c, w, s, now, calls, ctx, out, e);
	out->open = alert_state_open_count(s);
	alert_state_close(s);
	if (rv == 0 && looked == -1) {
		*e = why;
		rv = -1;
	}
	return (rv == -1 ? err_prefix(e, "alerts") : 0);
}
