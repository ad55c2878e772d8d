/*
 * ingester.c - the role that empties the spool into the store.
 *
 * A message leaves the spool after the transaction with its reports has
 * committed. Between the two a crash may come: then its token in the store
 * says that it was taken already, and only the file has to go.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/when.h"
#include "dmarc/dmarc.h"
#include "process/decoders.h"
#include "process/geo.h"
#include "process/ingest.h"
#include "process/hosts.h"
#include "process/names.h"
#include "process/policies.h"
#include "process/ingester.h"
#include "process/link.h"
#include "process/requests.h"
#include "process/role.h"
#include "process/sandbox.h"
#include "process/trust.h"
#include "process/who.h"
#include "spool/spool.h"
#include "store/store.h"

#define ROUND 1000		/* names taken from the spool at a time */
#define WAIT_MS 30000		/* a look without being called, should inotify be missing; so long idle, decoders end */
#define BACKOFF_MAX_MS 60000
#define REJUDGE_RECORDS 5000000	/* judged anew by ourselves at the start; more only when asked */
#define LATER_MS 10000		/* a message whose decoders were killed is tried again after this, then twice as long */
#define LATER_MAX_MS 600000
#define EXPIRE_S 21600		/* seconds between two looks at what has been kept long enough */
#define KEEP_LEAST (30 * DAY_SECONDS)	/* of keep_reports: pages compare 28 days */

/* A message that was put off (process/ingest.h), by name. */
struct later { char *name; int64_t until; int wait; };

struct ingester {
	int			 link;
	struct store		*store;
	struct spool		*spool;
	struct ingest		*ingest;
	struct limits		 limits;
	struct trust_settings	 trust;
	unsigned		 decoders;
	const char		*state_dir;
	bool			 stop, drain;
	struct store_failure_options failures;
	int64_t			 keep_failures, keep_reports, purged;	/* purged: the day of the last time */
	int64_t			 keep_originals, keep_quarantine, expired;	/* seconds; time of the last look */
	bool			 quarantined;	/* something since the last look */
	struct who		 who;		/* finds out who the sources are */
	struct hosts		 hosts;		/* and what they are called */
	struct names		 names;		/* and records of our domains */
	struct policies		 policies;	/* and what they publish over HTTPS */
	struct later		 later[64];
	size_t			 nlater;
	bool			 resting;	/* since there was no mail for a while */
	bool			 unfit;		/* it was said that no decoder starts */
	int			 rv;
	uint64_t		 n, by[IN_COUNT];	/* since the last report to the parent */
};

struct waiting {
	struct ingest_job	 job;
	struct store		*store;
	char			 origin[65];
	char			 name[];
};

static uint64_t
token_of(const char *name)
{
	uint8_t		 h[HASH_SIZE];
	uint64_t	 t;

	hash_sha256(h, name, strlen(name));
	memcpy(&t, h, sizeof(t));
	t &= (uint64_t)INT64_MAX;	/* SQLite's integers have a sign */
	return (t == 0 ? 1 : t);
}

static void
leave_spool(struct ingester *in, const char *name, bool quarantined)
{
	struct err	 e = { 0 };

	if ((quarantined ? spool_quarantine(in->spool, name, &e) : spool_remove(in->spool, name, &e)) == -1)
		log_error("%s", e.msg);
}

/* --- Put off ------------------------------------------------------------------------ */

static struct later *
later_find(struct ingester *in, const char *name)
{
	for (size_t i = 0; i < in->nlater; i++)
		if (strcmp(in->later[i].name, name) == 0)
			return (&in->later[i]);
	return (NULL);
}

static void
later_forget(struct ingester *in, const char *name)
{
	struct later	*l = later_find(in, name);

	if (l == NULL)
		return;
	free(l->name);
	*l = in->later[--in->nlater];
}

/* More than there is room for are simply tried again at once. */
static void
later_add(struct ingester *in, const char *name)
{
	struct later	*l = later_find(in, name);

	if (l == NULL) {
		if (in->nlater == nitems(in->later) || (in->later[in->nlater].name = strdup(name)) == NULL)
			return;
		l = &in->later[in->nlater++];
		l->wait = LATER_MS / 2;
	}
	l->wait = l->wait * 2 > LATER_MAX_MS ? LATER_MAX_MS : l->wait * 2;
	l->until = when_mono_ms() + l->wait;
}

static bool
later_waits(struct ingester *in, const char *name)
{
	const struct later	*l = later_find(in, name);

	return (l != NULL && l->until > when_mono_ms());
}

/* ms, or less when one of them is due before. */
static int
later_due(const struct ingester *in, int ms)
{
	int64_t	 now = when_mono_ms();

	for (size_t i = 0; i < in->nlater; i++)
		if (in->later[i].until - now < ms)
			ms = in->later[i].until <= now ? 0 : (int)(in->later[i].until - now);
	return (ms);
}

static void
on_finished(void *ctx, struct ingest_job *j)
{
	struct ingester	*in = ctx;
	struct waiting	*w = j->user;

	in->n++;
	in->by[j->result]++;
	in->quarantined |= j->quarantined;
	if (j->quarantined)
		log_warn("message %s (%s) cannot be read, it is in quarantine: %s", w->name, w->origin, j->reason);
	leave_spool(in, w->name, j->quarantined);
	later_forget(in, w->name);
	ingest_job_clear(j);
	free(w);
}

/* The file is still in the spool. */
static void
on_abandoned(void *ctx, struct ingest_job *j)
{
	struct ingester	*in = ctx;
	struct waiting	*w = j->user;

	if (j->put_off) {
		log_warn("message %s (%s) was not read: %s, it stays in the spool", w->name, w->origin, j->reason);
		later_add(in, w->name);
	}
	ingest_job_clear(j);
	free(w);
}

static const struct ingest_calls	 calls = { on_finished, on_abandoned };

/* Somebody uploaded it and waits for what became of it: in the transaction with its reports. */
static int
on_settling(struct ingest_job *j, struct err *e)
{
	static const char *const	 prefixes[] = { [REPORT_AGGREGATE] = "", [REPORT_FAILURE] = "f", [REPORT_TLS] = "t" };
	struct waiting			*w = j->user;
	struct store_outcome		 o = { .token = spool_number(w->name, request_words[REQUEST_UPLOAD]), .kind = REQUEST_UPLOAD,
					    .asked = j->received, .done = when_now(), .result = REQUEST_DONE, .n = (unsigned)j->nreports };
	char				 report[32] = "-";

	if (j->nreports > 0)
		(void)snprintf(report, sizeof(report), "%s%lld", prefixes[j->reports[0].kind], (long long)j->reports[0].id);
	(void)snprintf(o.text, sizeof(o.text), "%s %s %s", intake_result_names[j->result], report, j->reason);
	return (store_outcome_put(w->store, &o, e));
}

static int
take(struct ingester *in, const struct spool_entry *s, struct err *e)
{
	size_t		 n = strlen(s->name) + 1;
	uint64_t	 token = token_of(s->name);
	struct waiting	*w;
	int		 fd;

	if (store_token_seen(in->store, token)) {
		leave_spool(in, s->name, store_quarantine_has(in->store, s->name));
		return (0);
	}
	if ((fd = spool_open_entry(in->spool, s->name, e)) == -1)
		return (errno == ENOENT ? 0 : -1);
	if ((w = calloc(1, sizeof(*w) + n)) == NULL) {
		(void)close(fd);
		return (err_set(e, ERR_TEMP, "out of memory"));
	}
	memcpy(w->name, s->name, n);
	memcpy(w->origin, s->origin, sizeof(w->origin));
	w->store = in->store;
	w->job = (struct ingest_job){ .fd = fd, .bytes = s->bytes, .origin = w->origin, .received = s->received, .token = token,
	    .keep_original = true, .quarantine = w->name, .user = w };
	if (spool_number(s->name, request_words[REQUEST_UPLOAD]) != 0)
		w->job.settling = on_settling;
	return (ingest_submit(in->ingest, &w->job, e));
}

/* Somebody wants to see a failure report unmasked: it is shown when this line is in the store. */
static void
reveal(struct ingester *in, const json_t *m)
{
	const char	*who = json_string_value(json_object_get(m, "who")), *nonce = json_string_value(json_object_get(m, "nonce"));
	json_int_t	 id = json_integer_value(json_object_get(m, "failure"));
	struct err	 e = { 0 };
	char		 shown[128];

	if (in->store == NULL || who == NULL || nonce == NULL || id <= 0 || strlen(who) > 100 || strlen(nonce) > 64)
		return;
	if (store_reveal(in->store, id, who, nonce, &e) == -1)
		log_error("failure report f%lld: %s", (long long)id, e.msg);
	else
		log_info("failure report f%lld is shown unmasked: %s", (long long)id, esc_short(shown, sizeof(shown), str_of(who)));
}

static void
obey(struct ingester *in, const json_t *m)
{
	const char	*op = json_string_value(json_object_get(m, "op"));

	if (op != NULL && strcmp(op, "stop") == 0)
		in->stop = true;
	else if (op != NULL && strcmp(op, "drain") == 0)
		in->drain = true;
	else if (op != NULL && strcmp(op, "reveal") == 0)
		reveal(in, m);
	else
		(void)(policies_heard(&in->policies, m) || names_heard(&in->names, m) || hosts_heard(&in->hosts, m));
}

static void
orders(struct ingester *in)
{
	struct pollfd	 pfd = { .fd = in->link, .events = POLLIN };
	struct err	 e = { 0 };
	json_t		*m;
	int		 fd = -1;

	while (!in->stop && poll(&pfd, 1, 0) > 0) {
		if (link_recv(in->link, &m, &fd, &e) != 1) {
			in->stop = true;	/* the parent has gone */
			return;
		}
		if (fd != -1)
			(void)close(fd);
		obey(in, m);
		json_decref(m);
	}
}

/* We may start no process: the parent does, and hands us its end. It answers at once. */
static int
parent_get(void *ctx, struct decoder_handle *h, struct err *e)
{
	struct ingester	*in = ctx;
	json_t		*m;
	int		 fd, rv;
	bool		 answered = false;

	if (decoder_ask(in->link, e) == -1)
		return (-1);
	while (!answered) {
		if ((rv = link_recv(in->link, &m, &fd, e)) != 1) {
			in->stop = true;
			return (rv == 0 ? err_set(e, ERR_TEMP, "the parent has gone") : -1);
		}
		if (!(answered = decoder_answer(m, &fd, h, &rv, e)))
			obey(in, m);
		if (fd != -1)
			(void)close(fd);
		json_decref(m);
	}
	return (rv);
}

/* It has been seen to end, so the answer comes soon. */
static int
parent_end(void *ctx, int64_t id, bool tell)
{
	struct ingester	*in = ctx;
	struct err	 e = { 0 };
	json_t		*m;
	int		 fd, status = DECODER_UNKNOWN;
	bool		 told = !tell;

	decoder_kill(in->link, id, tell);
	while (!told) {
		if (link_recv(in->link, &m, &fd, &e) != 1) {
			in->stop = true;
			break;
		}
		if (!(told = decoder_told(m, id, &status)))
			obey(in, m);
		if (fd != -1)
			(void)close(fd);
		json_decref(m);
	}
	return (status);
}

static const struct decoder_source	 parent = { parent_get, parent_end };

static void
tell(struct ingester *in, const char *op)
{
	struct err	 e = { 0 };
	json_t		*m = json_pack("{s:s, s:I}", "op", op, "messages", (json_int_t)in->n);

	for (int i = 0; i < IN_COUNT && m != NULL; i++)
		(void)json_object_set_new(m, intake_result_names[i], json_integer((json_int_t)in->by[i]));
	if (m != NULL)
		(void)link_send(in->link, m, -1, &e);
	json_decref(m);
}

/* One round: what is in the spool now. Returns the number of messages, or -1. */
static int
round_once(struct ingester *in, struct err *e)
{
	struct spool_entry	*list;
	size_t			 n;
	int			 rv = 0, taken = 0;

	if (spool_list(in->spool, &list, &n, ROUND, e) == -1)
		return (-1);
	/* decoders are there while there is mail: an idle daemon is a small one */
	in->resting &= n == 0;
	if (n > 0 && in->ingest == NULL &&
	    (in->ingest = ingest_new(in->store, &in->limits, in->decoders, &calls, in, e)) == NULL)
		rv = -1;
	for (size_t i = 0; i < n && rv == 0 && !in->stop; i++) {
		if (i % 64 == 63)
			orders(in);
		if (later_waits(in, list[i].name))
			continue;
		rv = take(in, &list[i], e);
		taken++;
	}
	spool_list_free(list, n);
	/* A stop lets what is under way come to its commit: that takes a moment, and nothing is read twice. */
	if (rv == 0 && in->ingest != NULL && ingest_flush(in->ingest, e) == -1)
		rv = -1;
	return (rv == -1 ? -1 : taken);
}

/* False when nothing happened for so long. */
static bool
wait_for_mail(struct ingester *in, int ms)
{
	struct pollfd	 pfd[2] = { { .fd = in->link, .events = POLLIN }, { .fd = spool_watch(in->spool), .events = POLLIN } };
	int		 n = poll(pfd, pfd[1].fd == -1 ? 1 : 2, ms);

	spool_watch_drain(in->spool);
	orders(in);
	return (n > 0);
}

static void
expire(struct ingester *in)
{
	struct err	 e = { 0 };
	int64_t		 now = when_now();
	unsigned	 packs, messages;

	if (now - in->expired < EXPIRE_S)
		return;
	in->expired = now;
	if (store_expire(in->store, in->keep_originals > 0 ? now - in->keep_originals : 0,
	    in->keep_quarantine > 0 ? now - in->keep_quarantine : 0, &packs, &messages, &e) == -1)
		log_error("%s", e.msg);
	else if (packs + messages > 0)
		log_info("kept long enough: %u file%s of originals and %u message%s in quarantine are gone", packs,
		    packs == 1 ? "" : "s", messages, messages == 1 ? "" : "s");
	if (in->keep_failures == 0)
		return;
	if (store_failures_expire(in->store, now - in->keep_failures, &messages, &packs, &e) == -1)
		log_error("%s", e.msg);
	else if (messages > 0)
		log_info("kept long enough: %u failure report%s %s gone", messages, messages == 1 ? "" : "s", messages == 1 ? "is" : "are");
}

/* Once a day, and said. */
static void
purge(struct ingester *in)
{
	struct store_purged	 p;
	struct err		 e = { 0 };
	int64_t			 now = when_now();
	char			 day[WHEN_TEXT];

	if (in->keep_reports == 0 || in->purged == when_day(now))
		return;
	in->purged = when_day(now);
	if (store_purge(in->store, PURGE_REPORTS | PURGE_TLS, now - in->keep_reports, &p, &e) == -1)
		log_error("%s", e.msg);
	else if (p.reports + p.rows + p.tls > 0)
		log_info("kept long enough (keep_reports): %llu aggregate reports with %llu rows and %llu TLS reports of before %s are gone",
		    (unsigned long long)p.reports, (unsigned long long)p.rows, (unsigned long long)p.tls,
		    when_date(when_day(now - in->keep_reports), day));
}

/* What cannot be read may not fill the disk: past the limit the oldest go, and the log says so. */
static void
trim(struct ingester *in)
{
	struct store_trimmed	 t;
	struct err		 e = { 0 };
	char			 a[WHEN_TEXT], b[WHEN_TEXT];

	if (!in->quarantined)
		return;
	in->quarantined = false;
	if (store_quarantine_trim(in->store, in->limits.quarantine_bytes, &t, &e) == -1)
		log_error("%s", e.msg);
	if (t.n > 0)
		log_warn("quarantine is over the limit quarantine_bytes = %llu: the oldest %u message%s in it, received %s to %s, %llu bytes, "
		    "are gone", (unsigned long long)in->limits.quarantine_bytes, t.n, t.n == 1 ? "" : "s", when_rfc3339(t.oldest, a),
		    when_rfc3339(t.newest, b), (unsigned long long)t.bytes);
	else if (t.left > in->limits.quarantine_bytes / 10 * 8)
		log_warn("quarantine holds %llu bytes; past the limit quarantine_bytes = %llu the oldest messages in it go first",
		    (unsigned long long)t.left, (unsigned long long)in->limits.quarantine_bytes);
}

/*
 * What came stays in the spool. That no decoder starts is nothing that time
 * mends: it is said once, and who empties the spool once gives up.
 */
static void
trouble(struct ingester *in, const struct err *e, int backoff)
{
	if (e->detail != INGEST_UNFIT)
		log_error("%s; trying again in %d s", e->msg, backoff / 1000);
	else if (!in->unfit)
		log_error("%s; what came waits in the spool", e->msg);
	in->unfit = e->detail == INGEST_UNFIT;
	tell(in, "trouble");
	if (in->unfit && in->drain)
		in->rv = 75;
}

/* No mail for a while: an idle daemon is a small one. */
static void
rest(struct ingester *in)
{
	if (in->nlater > 0 || (in->ingest == NULL && in->resting))
		return;
	ingest_free(in->ingest);
	in->ingest = NULL;
	in->resting = true;
	store_shrink(in->store);
}

static void
loop(struct ingester *in)
{
	struct err	 e = { 0 };
	int		 n, again, asked, names = 0, backoff = 1000;
	int64_t		 looked, mail = when_mono_ms();

	while (!in->stop) {
		n = round_once(in, &e);
		orders(in);
		if (n == -1) {
			trouble(in, &e, backoff);
			if (in->rv != 0)
				break;
			for (int left = backoff; left > 0 && !in->stop; left -= 500)
				(void)wait_for_mail(in, 500);
			backoff = backoff * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : backoff * 2;
			continue;
		}
		backoff = 1000;
		in->unfit = false;
		trim(in);
		if ((asked = requests_run(in->state_dir, in->spool, in->store, &in->limits, &e)) == -1)
			log_error("%s; it stays asked for", e.msg);
		else if (asked > 0)
			names_now(&in->names);	/* who reports a fix wants the DNS asked */
		if (!in->drain && (names = hosts_work(&in->hosts, in->link, in->store, &e)) == -1)
			log_error("host names: %s", e.msg);
		again = in->drain ? 0 : names_work(&in->names, n == 0, in->link, in->store, &e);
		if (again == -1)
			log_error("DNS records: %s", e.msg);
		if (again > 0 && (names <= 0 || again < names))
			names = again;
		if (in->names.kept)
			policies_wake(&in->policies);
		in->names.kept = false;
		if ((again = in->drain ? 0 : policies_work(&in->policies, in->link, in->store, &e)) == -1)
			log_error("MTA-STS policies: %s", e.msg);
		if (again > 0 && (names <= 0 || again < names))
			names = again;
		if (n > 0) {
			mail = when_mono_ms();
			tell(in, "stored");
			continue;
		}
		/* nothing waits: time to find out who sent what came; after a fetch whoever asks does */
		looked = in->who.next;
		if ((again = in->drain ? 0 : who_work(&in->who, in->store, &e)) == -1)
			log_error("%s", e.msg);
		if (in->who.next != looked) {
			hosts_wake(&in->hosts);
			names_wake(&in->names);
			names = 1;
		}
		expire(in);
		purge(in);
		if (in->drain) {
			in->rv = in->nlater > 0 ? 75 : 0;
			break;
		}
		n = later_due(in, WAIT_MS);
		if ((again > 0 && again < n) || (names > 0 && names < n)) {
			(void)wait_for_mail(in, again > 0 && (names <= 0 || again < names) ? again : names);
			if (when_mono_ms() - mail >= WAIT_MS)
				rest(in);
			continue;
		}
		if (asked > 0 && n > 500)	/* there may be more */
			(void)wait_for_mail(in, 500);
		else if (!wait_for_mail(in, n) || when_mono_ms() - mail >= WAIT_MS)
			rest(in);
	}
}

static int
configure(struct ingester *in, json_t **conf, struct err *e)
{
	json_t	*l;
	int	 fd = -1;

	if (link_recv(in->link, conf, &fd, e) != 1)
		return (err_set(e, ERR_BUG, "no configuration came"));
	in->state_dir = json_string_value(json_object_get(*conf, "state_dir"));
	l = json_object_get(*conf, "limits");
	in->decoders = (unsigned)json_integer_value(json_object_get(*conf, "decoders"));
	in->limits = limits_default;
#define GET(name, def, min, max, unit, why)						\
	if (json_is_integer(json_object_get(l, #name)))					\
		in->limits.name = (uint64_t)json_integer_value(json_object_get(l, #name));
	LIMITS(GET)
#undef GET
	trust_from_json(json_object_get(*conf, "trust"), &in->trust);
	who_config(&in->who, *conf);
	hosts_config(&in->hosts, *conf);
	in->names.on = in->hosts.on;
	in->policies.on = json_is_true(json_object_get(*conf, "policies"));
	in->keep_reports = json_integer_value(json_object_get(*conf, "keep_reports"));
	if (in->keep_reports > 0 && in->keep_reports < KEEP_LEAST)
		in->keep_reports = KEEP_LEAST;
	in->keep_originals = json_integer_value(json_object_get(*conf, "keep_originals"));
	in->keep_quarantine = json_integer_value(json_object_get(*conf, "keep_quarantine"));
	dmarc_suffixes(json_is_true(json_object_get(*conf, "icann_suffixes")));
	in->keep_failures = json_integer_value(json_object_get(*conf, "keep_failures"));
	in->failures.bodies = json_is_true(json_object_get(*conf, "keep_failure_bodies"));
	in->failures.redact = (enum redact)json_integer_value(json_object_get(*conf, "redact"));
	log_open("ingester", (enum log_level)json_integer_value(json_object_get(*conf, "log")));
	geo_begin(json_object_get(*conf, "geo"));
	return (in->state_dir == NULL ? err_set(e, ERR_BUG, "no state directory was named") : 0);
}

/* Only one ingester at a time; a daemon that is going lets go soon. */
static int
wait_for_lock(struct ingester *in, struct err *e)
{
	int	 rv;

	for (int tries = 0; (rv = spool_lock(in->spool, e)) == 1; tries++) {
		if (in->drain)
			return (1);
		if (tries == 25) {
			log_warn("another dmarcd empties %s/spool; waiting for it", in->state_dir);
			tell(in, "locked");
		}
		(void)wait_for_mail(in, 200);
		if (in->stop)
			return (1);
	}
	return (rv);
}

/* From here on nothing but the state directory, and no process and no connection. The spool has made its folders. */
static int
lock_in(struct ingester *in, struct err *e)
{
	struct sandbox_paths	 paths = { .state_dir = in->state_dir };
	struct sandbox_report	 report;

	/* the Public Suffix List is the system's */
	if (dmarc_init(e) == -1)
		return (-1);
	return (sandbox_enter(SANDBOX_INGESTER, &paths, &report, e));
}

json_t *
ingester_config(const struct conf *c)
{
	json_t	*l = json_object(), *m;

#define PUT(name, def, min, max, unit, why) (void)json_object_set_new(l, #name, json_integer((json_int_t)c->limits.name));
	LIMITS(PUT)
#undef PUT
	m = json_pack("{s:s, s:o, s:o, s:i, s:i, s:I, s:I, s:I, s:b, s:i, s:o, s:b, s:o, s:o, s:I}", "state_dir", c->state_dir, "limits", l, "trust",
	    trust_to_json(&c->trust), "decoders", (int)c->decoders, "log", (int)log_level_get(), "keep_originals",
	    (json_int_t)c->store.keep_originals, "keep_quarantine", (json_int_t)c->store.keep_quarantine, "keep_failures",
	    (json_int_t)c->store.keep_failures, "keep_failure_bodies", (int)c->store.keep_failure_bodies, "redact", (int)c->store.redact,
	    "senders", who_to_json(c), "icann_suffixes", c->suffixes == CONF_SUFFIXES_ICANN, "geo", geo_to_json(&c->geo), "resolver",
	    hosts_to_json(c), "keep_reports", (json_int_t)c->store.keep_reports);
	if (m != NULL)
		(void)json_object_set_new(m, "policies", json_boolean(visitor_wanted(c)));
	return (m);
}

/*
 * After an upgrade: what is stored was judged by older rules. Up to some
 * millions of records that is mended in seconds, before anything new comes.
 */
static void
judge_anew(struct ingester *in)
{
	struct store_rejudged	 done;
	struct err		 e = { 0 };
	uint64_t		 records;
	int64_t			 begun = when_mono_ms();
	bool			 old;

	if (store_rules_old(in->store, &old, &records, &e) == -1) {
		log_warn("%s", e.msg);
		return;
	}
	if (!old)
		return;
	if (records > REJUDGE_RECORDS) {
		log_warn("%" PRIu64 " records were judged by older rules than this dmarcd has; 'dmarcd reprocess --verdicts' brings them up to date",
		    records);
		return;
	}
	if (store_rejudge(in->store, NULL, NULL, &done, &e) == -1)
		log_warn("judging anew what older rules have judged: %s; 'dmarcd reprocess --verdicts' does it", e.msg);
	else
		log_info("%" PRIu64 " combinations judged anew by newer rules in %" PRId64 " ms: %" PRIu64 " rows of %" PRIu64
		    " reports have another verdict", done.combinations, when_mono_ms() - begun, done.rows, done.reports);
}

int
ingester_main(int fd)
{
	struct ingester	 in = { .link = fd, .quarantined = true };	/* the limit may be another one than before */
	struct err	 e = { 0 };
	json_t		*conf = NULL;
	int		 rv = 0;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	log_open("ingester", LOG_INFO);
	decoder_source_set(&parent, &in);
	if (configure(&in, &conf, &e) == -1 || (in.spool = spool_open(in.state_dir, &e)) == NULL || lock_in(&in, &e) == -1 ||
	    (rv = wait_for_lock(&in, &e)) == -1) {
		log_error("%s", e.msg);
		rv = e.code == ERR_CONFIG ? 2 : 75;
	} else if (rv == 0) {
		spool_sweep(in.spool);
		if ((in.store = store_open(in.state_dir, STORE_WRITE, &e)) == NULL) {
			log_error("%s", e.msg);
			rv = e.code == ERR_CONFIG ? 2 : 75;
		} else {
			store_failure_options(in.store, &in.failures);
			store_trust(in.store, &in.trust);
			store_hosts_ceiling(in.store, in.hosts.ceiling);
			tell(&in, "ready");
			if (requests_after_upgrade(in.state_dir, in.store, &e) == -1)
				log_error("%s", e.msg);
			judge_anew(&in);
			loop(&in);
			rv = in.rv;
		}
	} else {
		tell(&in, "locked");
		rv = 0;
	}
	ingest_free(in.ingest);
	while (in.nlater > 0)
		later_forget(&in, in.later[0].name);
	store_close(in.store);
	spool_close(in.spool);
	trust_settings_clear(&in.trust);
	names_free(&in.names);
	json_decref(conf);
	return (rv);
}
