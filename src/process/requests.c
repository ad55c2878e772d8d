/*
 * requests.c - see requests.h. Each retry goes the way of every message, with
 * one decoder for all of them: they are rare, and nobody's mail waits for them.
 */
#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "alert/state.h"
#include "base/log.h"
#include "base/when.h"
#include "process/ingest.h"
#include "process/requests.h"

#define BATCH		200
#define ASK_MS		20000	/* a daemon that imports a lot comes to it later */
#define LOOK_MS		30

struct requests {
	const char		*state_dir;
	struct spool		*spool;
	struct store		*store;
	const struct limits	*limits;
	struct ingest		*g;	/* of what is read again; NULL: nothing is */
};

struct again {
	struct ingest_job		 job;
	struct requests			*r;
	struct asking			 asked;
	struct store_quarantine_item	 item;
};

/* --- What became of it ----------------------------------------------------------------- */

static int
settle(struct requests *r, const struct asking *a, enum request_result result, unsigned n, const char *why, struct err *e)
{
	struct store_outcome	 o = { .token = a->token, .kind = a->kind, .who = a->who, .asked = a->at, .done = when_now(),
				    .result = result, .n = n };

	(void)snprintf(o.text, sizeof(o.text), "%s", why);
	return (store_outcome_put(r->store, &o, e));
}

/* It cannot be done, today or ever. */
static int
refuse(struct requests *r, const struct asking *a, const struct err *why, struct err *e)
{
	bool	 stale = (a->kind == REQUEST_DECIDE && why->detail == DECISION_STALE) || (a->kind == REQUEST_PEOPLE && why->detail == AUTH_STALE);

	log_warn("what %s asked for cannot be done: %s", a->who[0] == '\0' ? "somebody" : a->who, why->msg);
	if (settle(r, a, stale ? REQUEST_STALE : REQUEST_REFUSED, 0, why->msg, e) == -1)
		return (-1);
	return (request_remove(r->state_dir, a, e));
}

static bool
for_ever(const struct err *e)
{
	return (e->code == ERR_INPUT || e->code == ERR_CONFIG || e->code == ERR_LIMIT);
}

/* --- Decisions --------------------------------------------------------------------------- */

static int
decide(struct requests *r, const struct asking *a, struct err *e)
{
	int64_t		 token = a->token;
	unsigned	 n = a->kind == REQUEST_TODO ? 1 : (unsigned)a->n;

	if (store_begin(r->store, e) == -1)
		return (-1);
	if ((a->kind == REQUEST_DECIDE ? store_decide(r->store, a->decisions, a->n, a->who, a->at, &token, e) :
	    a->kind == REQUEST_TODO ? store_todo(r->store, &a->todo, a->token, a->who, a->at, e) :
	    store_decision_undo(r->store, a->item, a->who, a->at, &n, e)) == -1 || settle(r, a, REQUEST_DONE, n, "", e) == -1) {
		store_rollback(r->store);
		return (-1);
	}
	return (store_commit(r->store, e));
}

static int
run_decision(struct requests *r, const struct asking *a, struct err *e)
{
	struct err	 why = { 0 };

	if (decide(r, a, &why) == 0) {
		log_info("%s %s", a->who, a->kind == REQUEST_UNDO ? "took back what was decided about senders" :
		    a->kind == REQUEST_TODO ? "asked for a change of tasks, fixes or views" : "decided about senders");
		return (request_remove(r->state_dir, a, e));
	}
	if (for_ever(&why))
		return (refuse(r, a, &why, e));
	*e = why;
	return (-1);
}

/* --- Files of ours ------------------------------------------------------------------------- */

/*
 * Not in the transaction that settles it: when we are killed between the two
 * it is asked of these again, and they know that it was done.
 */
static int
settle_file(struct requests *r, const struct asking *a, int rv, unsigned n, const struct err *why, struct err *e)
{
	if (rv == -1 && for_ever(why))
		return (refuse(r, a, why, e));
	if (rv == -1) {
		*e = *why;
		return (-1);
	}
	return (settle(r, a, REQUEST_DONE, n, "", e) == -1 ? -1 : request_remove(r->state_dir, a, e));
}

/* Our log says it, too: the one that the web server shows is a file that it could change. */
static int
people(struct requests *r, const struct asking *a, struct err *e)
{
	struct err	 why = { 0 };
	int		 rv = auth_change_do(r->state_dir, &a->people, a->at, &why);

	if (rv == 0)
		log_info("%s from %s has asked for %s %s%s%s, and it is done", a->people.by, a->people.from, auth_acts[a->people.act],
		    a->people.name, a->people.rights ? ", " : "", a->people.rights ? auth_role_names[a->people.role] : "");
	return (settle_file(r, a, rv, 1, &why, e));
}

/* The name in "web, NAME, ADDRESS"; where nobody needs to sign in it is "web". The address is not everybody's to see. */
static void
name_of(const char *who, char out[REQUEST_WHO + 1])
{
	const char	*first = strchr(who, ','), *last = strrchr(who, ',');

	if (first == NULL || first == last || first[1] != ' ')
		(void)snprintf(out, REQUEST_WHO + 1, "%.*s", (int)strcspn(who, ","), who);
	else
		(void)snprintf(out, REQUEST_WHO + 1, "%.*s", (int)(last - first - 2), first + 2);
}

static int
mute(struct requests *r, const struct asking *a, struct err *e)
{
	struct alert_mute	 m = { a->mute.rule, a->mute.domain, a->mute.until };
	struct alert_state	*s;
	struct err		 why = { 0 };
	unsigned		 n = 1;
	char			 by[REQUEST_WHO + 1];
	int			 rv;

	name_of(a->who, by);
	if ((rv = alert_state_open(r->state_dir, when_now(), 0, &s, &why)) == 0)
		return (0);	/* alerts are being sent, perhaps to a slow server: the next time */
	if (rv == 1) {
		rv = 0;
		if (alert_state_first(s, a->token)) {
			if (a->mute.on)
				rv = alert_state_mute(s, &m, by, a->at, &why);
			else if ((n = (unsigned)alert_state_unmute(s, m.rule, m.domain)) == 0)
				rv = err_set(&why, ERR_INPUT, "nothing of this is mute by command or by a page");
			if (rv == 0)
				rv = alert_state_save(s, &why);
		}
		alert_state_close(s);
	}
	if (rv == 0)
		log_info("%s has %s", a->who, a->mute.on ? "muted alerts" : "ended a mute of alerts");
	return (settle_file(r, a, rv, n, &why, e));
}

/* --- Quarantine ---------------------------------------------------------------------------- */

/* In the transaction with the reports of the message. */
static int
on_settling(struct ingest_job *j, struct err *e)
{
	struct again		*a = j->user;
	struct store_action	 act = { .item = a->asked.item, .asked = a->asked.at, .result = j->result, .reports = (unsigned)j->nreports,
				    .text = j->quarantined ? j->reason : "" };

	return (store_quarantine_did(a->r->store, &act, e) == -1 ? -1 : settle(a->r, &a->asked, REQUEST_DONE, 0, "", e));
}

static void
on_finished(void *ctx, struct ingest_job *j)
{
	struct requests		*r = ctx;
	struct again		*a = j->user;
	struct err		 e = { 0 };

	log_info("message %s was read again, as asked: %s%s%s", a->item.file, intake_result_names[j->result],
	    j->quarantined ? ", it stays in quarantine: " : "", j->quarantined ? j->reason : "");
	/* its row went with the transaction; a file that nobody names harms nobody */
	if (!j->quarantined && spool_quarantine_remove(r->spool, a->item.file, &e) == -1)
		log_error("%s", e.msg);
	if (request_remove(r->state_dir, &a->asked, &e) == -1)
		log_error("%s", e.msg);
	ingest_job_clear(j);
	free(a);
}

static void
on_abandoned(void *ctx, struct ingest_job *j)
{
	(void)ctx;
	ingest_job_clear(j);
	free(j->user);
}

static const struct ingest_calls	 calls = { on_finished, on_abandoned };

/* What was asked of a message, done in one transaction: with its row gone, or without any. */
static int
did(struct requests *r, const struct asking *a, const struct store_action *act, const char *gone, struct err *e)
{
	if (store_begin(r->store, e) == -1)
		return (-1);
	if ((gone != NULL && store_quarantine_remove(r->store, gone, e) == -1) || store_quarantine_did(r->store, act, e) == -1 ||
	    settle(r, a, REQUEST_DONE, 0, "", e) == -1) {
		store_rollback(r->store);
		return (-1);
	}
	return (store_commit(r->store, e));
}

static int
discard(struct requests *r, const struct asking *a, struct err *e)
{
	struct store_action		 act = { .item = a->item, .asked = a->at, .discard = true };
	struct store_quarantine_item	 item;
	int				 rv;

	if ((rv = store_quarantine_get(r->store, a->item, &item, e)) == -1 || did(r, a, &act, rv == 1 ? item.file : NULL, e) == -1)
		return (-1);
	if (rv == 1) {
		log_info("message %lld in quarantine was discarded, as asked", (long long)a->item);
		if (spool_quarantine_remove(r->spool, item.file, e) == -1)
			return (-1);
	}
	return (request_remove(r->state_dir, a, e));
}

static int
lost(struct requests *r, const struct asking *a, const char *why, struct err *e)
{
	struct store_action	 act = { .item = a->item, .asked = a->at, .missing = true, .text = why };

	return (did(r, a, &act, NULL, e) == -1 ? -1 : request_remove(r->state_dir, a, e));
}

static int
retry(struct requests *r, const struct asking *asked, struct err *e)
{
	struct again	*a;
	struct stat	 st;
	int		 fd = -1, rv;

	if (r->g == NULL && (r->g = ingest_new(r->store, r->limits, 1, &calls, r, e)) == NULL)
		return (-1);
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	a->r = r;
	a->asked = *asked;
	a->asked.json = NULL;	/* the list's */
	a->asked.decisions = NULL;
	a->asked.people = (struct auth_change){ 0 };
	if ((rv = store_quarantine_get(r->store, asked->item, &a->item, e)) != 1) {
		free(a);
		return (rv == -1 ? -1 : ingest_flush(r->g, e) == -1 ? -1 : lost(r, asked, "", e));
	}
	if ((fd = spool_quarantine_open(r->spool, a->item.file, e)) == -1 || fstat(fd, &st) == -1) {
		if (fd != -1)
			(void)close(fd);
		free(a);
		return (ingest_flush(r->g, e) == -1 ? -1 : lost(r, asked, "its file is missing", e));
	}
	a->job = (struct ingest_job){ .fd = fd, .bytes = (uint64_t)st.st_size, .origin = a->item.origin, .received = a->item.received,
	    .keep_original = true, .quarantine = a->item.file, .retry = true, .again = a->item.message, .settling = on_settling, .user = a };
	return (ingest_submit(r->g, &a->job, e));
}

/* --- Uploads ---------------------------------------------------------------------------------- */

/*
 * It moves on to the spool by one rename: it is in one of the two places,
 * whenever we are killed. What became of it is written down when it is read
 * (ingester.c).
 */
static int
upload(struct requests *r, const struct asking *a, struct err *e)
{
	struct err	 why = { 0 };
	int		 dir = request_folder(r->state_dir, e), rv;

	if (dir == -1)
		return (-1);
	rv = spool_take(r->spool, dir, a->name, request_time(a), a->token, request_words[REQUEST_UPLOAD], &why);
	(void)close(dir);
	if (rv == 0)
		return (0);
	if (for_ever(&why))
		return (refuse(r, a, &why, e));
	*e = why;
	return (-1);
}

/* --- All of them ------------------------------------------------------------------------------ */

/* 1: there is something to do; 0: it was done before, or will never be. */
static int
look(struct requests *r, struct asking *a, struct err *e)
{
	struct store_outcome	 o;
	struct err		 why = { 0 };
	int			 rv;

	if ((rv = store_outcome_get(r->store, a->token, &o, e)) == -1)
		return (-1);
	if (rv == 1)		/* killed between the commit and this */
		return (request_remove(r->state_dir, a, e));
	if (request_read(r->state_dir, a, &why) == 0)
		return (1);
	if (!for_ever(&why)) {
		*e = why;
		return (-1);
	}
	return (refuse(r, a, &why, e));
}

static int
run_one(struct requests *r, struct asking *a, struct err *e)
{
	int	 rv;

	if (a->kind == REQUEST_UPLOAD)
		return (upload(r, a, e));
	if ((rv = look(r, a, e)) != 1)
		return (rv);
	switch (a->kind) {
	case REQUEST_DECIDE:
	case REQUEST_UNDO:
	case REQUEST_TODO:
		return (run_decision(r, a, e));
	case REQUEST_PEOPLE:
		return (people(r, a, e));
	case REQUEST_MUTE:
		return (mute(r, a, e));
	case REQUEST_RETRY:
		return (retry(r, a, e));
	case REQUEST_DISCARD:
	case REQUEST_UPLOAD:
	case REQUEST_KINDS:
		break;
	}
	/* in the order in which it was asked */
	if (r->g != NULL && ingest_flush(r->g, e) == -1)
		return (-1);
	return (discard(r, a, e));
}

/* only: what takes a moment. How many, or -1. */
static int
run_all(struct requests *r, size_t max, bool only, struct err *e)
{
	struct asking	*list;
	size_t		 n;
	int		 rv = 0;

	if (request_list(r->state_dir, &list, &n, max, e) == -1)
		return (-1);
	for (size_t i = 0; i < n && rv == 0; i++)
		if (!only || request_quick(list[i].kind))
			rv = run_one(r, &list[i], e);
	if (rv == 0 && r->g != NULL)
		rv = ingest_flush(r->g, e);
	ingest_free(r->g);
	for (size_t i = 0; i < n; i++)
		request_clear(&list[i]);
	free(list);
	return (rv == -1 ? -1 : (int)n);
}

int
requests_run(const char *state_dir, struct spool *spool, struct store *store, const struct limits *limits, struct err *e)
{
	struct requests	 r = { .state_dir = state_dir, .spool = spool, .store = store, .limits = limits };

	return (run_all(&r, BATCH, false, e));
}

int
requests_after_upgrade(const char *state_dir, struct store *store, struct err *e)
{
	int64_t	*ids;
	size_t	 n;
	int	 rv = 0;

	if (store_quarantine_upgrade(store, PACKAGE_VERSION, &ids, &n, e) == -1)
		return (-1);
	for (size_t i = 0; i < n && rv == 0; i++) {
		struct asking	 a = { .kind = REQUEST_RETRY, .who = "upgrade", .at = when_now(), .item = ids[i] };

		rv = request_put(state_dir, &a, e);
	}
	free(ids);
	if (rv == 0 && n > 0)
		log_info("this is another version than before: %zu message%s in quarantine will be read again", n, n == 1 ? "" : "s");
	return (rv == -1 ? -1 : store_quarantine_upgraded(store, PACKAGE_VERSION, e));
}

/* --- For commands ------------------------------------------------------------------------------- */

/* Nobody empties the spool: what is asked is done here. 0: somebody does. */
static int
run_here(const char *state_dir, struct spool *spool, struct err *e)
{
	struct requests	 r = { .state_dir = state_dir, .spool = spool, .limits = &limits_default };
	int		 rv = spool_lock(spool, e);

	if (rv != 0)
		return (rv == 1 ? 0 : -1);
	if ((r.store = store_open(state_dir, STORE_WRITE, e)) == NULL)
		return (-1);
	/* of others, too: in the order in which they were asked */
	rv = run_all(&r, SIZE_MAX, true, e);
	store_close(r.store);
	return (rv == -1 ? -1 : 1);
}

static int
wait_for(const char *state_dir, struct spool *spool, const struct asking *a, struct store_outcome *out, struct err *e)
{
	const struct timespec	 pause = { .tv_nsec = LOOK_MS * 1000000L };
	int64_t			 until = when_mono_ms() + ASK_MS;
	struct store		*s;
	int			 rv = 0;

	while (rv == 0 && when_mono_ms() < until) {
		if ((rv = run_here(state_dir, spool, e)) == -1 || (s = store_open(state_dir, STORE_READ, e)) == NULL)
			return (-1);
		rv = store_outcome_get(s, a->token, out, e);
		store_close(s);
		if (rv == 0)
			(void)nanosleep(&pause, NULL);
	}
	return (rv);
}

int
requests_ask(const char *state_dir, struct asking *a, struct store_outcome *out, struct err *e)
{
	struct spool	*spool = spool_open(state_dir, e);
	int		 rv;

	if (spool == NULL)
		return (-1);
	rv = request_put(state_dir, a, e) == -1 ? -1 : wait_for(state_dir, spool, a, out, e);
	spool_close(spool);
	return (rv);
}
