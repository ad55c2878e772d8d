/*
 * summaries.c - summary mails: made, sent when due, once each.
 */
#include <jansson.h>

#include "base/io.h"
#include "base/when.h"
#include "notify/notify.h"

#define STATUS_BYTES	(64u << 10)
#define QUESTION_MS	60000	/* nobody waits in front of a screen */
#define FIRST_LATE	3600	/* cron's first run is a little after the time it is for */

/* --- Mailboxes ------------------------------------------------------------------------------ */

int
notify_boxes_read(const struct conf *c, struct notify_boxes *b, struct err *e)
{
	*b = (struct notify_boxes){ .n = 0 };
	if ((b->v = calloc(c->nmailboxes + 1, sizeof(*b->v))) == NULL || (b->keep = calloc(c->nmailboxes + 1, sizeof(*b->keep))) == NULL) {
		notify_boxes_free(b);
		return (err_set(e, ERR_TEMP, "out of memory"));
	}
	for (; b->n < c->nmailboxes; b->n++) {
		struct summary_mailbox	*m = &b->v[b->n];
		struct buf		 text = { 0 };
		struct err		 ignored = { 0 };
		char			 path[4096];
		json_t			*error;

		(void)snprintf(path, sizeof(path), "%s/spool/state/%s.status", c->state_dir, c->mailboxes[b->n].name);
		if (io_read_file(path, STATUS_BYTES, &text, &ignored) == 0 && text.p != NULL)
			b->keep[b->n] = json_loadb(text.p, text.len, 0, NULL);
		buf_free(&text);
		error = json_object_get(b->keep[b->n], "error");
		*m = (struct summary_mailbox){ .name = c->mailboxes[b->n].name, .error = json_string_value(json_object_get(error, "text")),
		    .remedy = json_string_value(json_object_get(error, "remedy")),
		    .last_success = json_integer_value(json_object_get(b->keep[b->n], "last_success")) };
		if (m->last_success < 0)
			m->last_success = 0;
	}
	return (0);
}

void
notify_boxes_free(struct notify_boxes *b)
{
	for (size_t i = 0; b->keep != NULL && i < b->n; i++)
		json_decref(b->keep[i]);
	free(b->keep);
	free(b->v);
	*b = (struct notify_boxes){ .n = 0 };
}

/* --- One mail ---------------------------------------------------------------------------------- */

int
notify_summary_mail(const struct conf *c, const struct summary *s, unsigned lang, const char *to, const char *message_id, int64_t now,
    struct buf *out, struct err *e)
{
	struct buf	 subject = { 0 }, text = { 0 }, html = { 0 }, stop = { 0 };
	int		 rv = -1;

	notify_unsubscribe(&c->smtp, &stop);
	if (!stop.failed && summary_subject(&subject, s, lang) && summary_text(&text, s, lang, stop.p) && summary_html(&html, s, lang, stop.p)) {
		struct notify_mail	 m = {
			.from = c->smtp.from, .from_name = c->smtp.from_name, .to = to, .message_id = message_id, .unsubscribe = stop.p,
			.lang = summary_language_tag(lang), .date = now, .prefix = str_of(c->smtp.subject_prefix), .subject = buf_as_str(&subject),
			.text = buf_as_str(&text), .html = buf_as_str(&html)
		};

		rv = notify_compose(&m, out, e);
	} else
		(void)err_set(e, ERR_TEMP, "out of memory");
	buf_free(&subject);
	buf_free(&text);
	buf_free(&html);
	buf_free(&stop);
	return (rv);
}

/* --- What is due --------------------------------------------------------------------------------- */

struct due {
	const struct conf		*c;
	const struct conf_summary	*s;
	const struct notify_way		*way;
	const struct notify_due_calls	*calls;
	void				*ctx;
	struct notify_due		*out;
	struct notify_record		*r;
	struct notify_boxes		 boxes;
	struct store			*store;
	char				 slot[NOTIFY_SLOT];
	int64_t				 now;
	/* the mail at hand */
	const char			*to, *about;
};

static void
tell(struct due *d, enum notify_state state, const struct err *e)
{
	if (d->calls->mail != NULL)
		d->calls->mail(d->ctx, d->s, d->slot, d->to, state, e);
}

static int
on_commit(void *arg, struct err *e)
{
	struct due	*d = arg;

	return (notify_record_set(d->r, d->slot, d->to, d->about, NOTIFY_COMMITTED, d->now, e));
}

static void
again_later(struct due *d, const struct err *e)
{
	d->out->waiting++;
	if (d->out->worst != ERR_CONFIG)
		d->out->worst = e->code;
	tell(d, NOTIFY_NEW, e);
}

static void
settle(struct due *d, enum notify_state state, const struct err *why)
{
	struct err	 e = { 0 };

	/* what cannot be written down stays committed there: it is not sent again either way */
	if (notify_record_set(d->r, d->slot, d->to, d->about, state, d->now, &e) == -1 && state == NOTIFY_NEW) {
		again_later(d, &e);
		return;
	}
	if (state == NOTIFY_NEW) {
		again_later(d, why);
		return;
	}
	d->out->sent += state == NOTIFY_SENT;
	d->out->refused += state == NOTIFY_REFUSED || state == NOTIFY_UNKNOWN;
	tell(d, state, why);
}

static void
send_one(struct due *d, const struct summary *s, unsigned lang)
{
	struct buf	 id = { 0 }, mail = { 0 };
	struct err	 e = { 0 };
	enum smtp_fate	 fate = SMTP_NOT_SENT;
	int		 rv = -1;

	notify_message_id(d->s->name, d->slot, d->to, d->about, d->c->smtp.from, &id);
	if (id.failed)
		(void)err_set(&e, ERR_TEMP, "out of memory");
	else if (notify_summary_mail(d->c, s, lang, d->to, id.p, d->now, &mail, &e) == 0)
		rv = notify_send(d->way, d->to, buf_as_str(&mail), on_commit, d, &fate, &e);
	buf_free(&id);
	buf_free(&mail);
	if (rv == 0)
		settle(d, NOTIFY_SENT, NULL);
	else if (fate == SMTP_UNKNOWN)
		settle(d, NOTIFY_UNKNOWN, &e);
	else if (e.code == ERR_INPUT)
		settle(d, NOTIFY_REFUSED, &e);
	else if (notify_record_get(d->r, d->slot, d->to, d->about) == NOTIFY_COMMITTED)
		settle(d, NOTIFY_NEW, &e);	/* the server said no after all: later */
	else
		again_later(d, &e);
}

/* All recipients of the same model. */
static int
send_all(struct due *d, const char *about, const struct str_list *domains, struct err *e)
{
	struct query		*q = NULL;
	struct summary		 s;
	const char		*tags[] = { "en", "ru", "pt", "cs", "de" };
	int			 in = d->s->language < nitems(tags) ? summary_language(str_of(tags[d->s->language])) : 0;
	struct summary_request	 rq = {
		.period = d->s->period == CONF_DAY ? PERIOD_DAY : d->s->period == CONF_MONTH ? PERIOD_MONTH : PERIOD_WEEK,
		.from = DAY_NONE, .to = DAY_NONE, .domains = domains, .mailboxes = d->boxes.v, .nmailboxes = d->boxes.n,
		.base_url = d->c->http.public_url
	};

	d->about = about;
	for (size_t i = 0; i < d->s->to.n; i++) {
		enum notify_state	 was;

		if (d->calls->stop != NULL && d->calls->stop(d->ctx))
			break;
		d->to = d->s->to.v[i];
		was = notify_record_get(d->r, d->slot, d->to, about);
		if (was == NOTIFY_COMMITTED) {	/* we were stopped between the last line and its answer */
			struct err	 why = { 0 };

			(void)err_set(&why, ERR_TEMP, "it was handed over when this process was stopped, without an answer; as it may have "
			    "arrived it is not sent again");
			settle(d, NOTIFY_UNKNOWN, &why);
			continue;
		}
		if (was != NOTIFY_NEW)
			continue;
		if (q == NULL) {	/* only when somebody is to get it */
			if ((d->store == NULL && (d->store = store_open(d->c->state_dir, STORE_READ, e)) == NULL) ||
			    (q = query_begin(d->store, d->now, QUESTION_MS, e)) == NULL || summary_make(q, &rq, &s, e) == -1) {
				query_end(q);
				return (-1);
			}
		}
		if (!d->s->heartbeat && summary_quiet(&s))
			settle(d, NOTIFY_SKIPPED, NULL);
		else
			send_one(d, &s, in < 0 ? 0 : (unsigned)in);
	}
	query_end(q);
	return (0);
}

static bool
below(struct str x, struct str of)
{
	return (x.len > of.len && x.p[x.len - of.len - 1] == '.' && memcmp(x.p + x.len - of.len, of.p, of.len) == 0);
}

/* The domains that the store knows and the summary is about, one after another. */
static int
each_domain(struct due *d, struct err *e)
{
	struct query_filter	 none;
	struct query_range	 r;
	struct query_domains	 v;
	struct query		*q;
	struct str_list		 names = { NULL, 0 };
	int			 rv = -1;

	query_filter_init(&none);
	if ((d->store == NULL && (d->store = store_open(d->c->state_dir, STORE_READ, e)) == NULL) ||
	    (q = query_begin(d->store, d->now, QUESTION_MS, e)) == NULL)
		return (-1);
	if (query_filter_range(q, &none, &r, e) == 0 && query_domains(q, &none, &r, NULL, &v, e) == 0 &&
	    (names.v = calloc(v.nitems + 1, sizeof(*names.v))) != NULL) {
		rv = 0;
		for (size_t i = 0; i < v.nitems; i++) {
			bool	 meant = d->s->domains.n == 0;

			for (size_t k = 0; k < d->s->domains.n; k++) {
				struct str	 own = str_of(d->s->domains.v[k]);

				meant |= str_eq(own, v.items[i].domain) || below(v.items[i].domain, own);
			}
			for (size_t k = 0; k < v.nitems; k++)	/* then it stands in that one's mail */
				meant = meant && !below(v.items[i].domain, v.items[k].domain);
			/* one without mail in a month is nobody's weekly mail */
			if (meant && v.items[i].counts.m > 0 && (names.v[names.n] = strndup(v.items[i].domain.p, v.items[i].domain.len)) != NULL)
				names.n++;
		}
	} else if (e->code == ERR_NONE)
		(void)err_set(e, ERR_TEMP, "out of memory");
	query_end(q);
	for (size_t i = 0; i < names.n && rv == 0; i++) {
		struct str_list	 one = { &names.v[i], 1 };

		rv = send_all(d, names.v[i], &one, e);
	}
	for (size_t i = 0; i < names.n; i++)
		free(names.v[i]);
	free(names.v);
	return (rv);
}

int
notify_summary_due(const struct conf *c, const struct conf_summary *s, const struct notify_way *way, int64_t now,
    const struct notify_due_calls *calls, void *ctx, struct notify_due *out, struct err *e)
{
	struct due	 d = { .c = c, .s = s, .way = way, .calls = calls, .ctx = ctx, .out = out, .now = now };
	int64_t		 due = notify_slot(s, now, d.slot);
	int		 rv;

	*out = (struct notify_due){ .worst = ERR_NONE };
	if ((rv = notify_record_open(c->state_dir, s->name, now, &d.r, e)) != 1) {
		out->busy = rv == 0;
		return (rv);
	}
	rv = 0;
	if (due != -1 && due >= notify_record_begun(d.r) - FIRST_LATE) {
		rv = notify_boxes_read(c, &d.boxes, e);
		if (rv == 0)
			rv = s->per_domain ? each_domain(&d, e) : send_all(&d, "", &s->domains, e);
		notify_boxes_free(&d.boxes);
	}
	store_close(d.store);
	notify_record_close(d.r);
	return (rv == -1 ? err_prefix(e, "summary %s", s->name) : 0);
}
