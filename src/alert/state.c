/*
 * state.c - see state.h.
 *
 * {"version": 1, "salt": "...", "seq": 12, "judged": 20650 or null,
 *  "records": [{"rule", "domain" ("": none), "said": 0, "told": [["sender 41", 0]], "open": ALERT or null, "over": ALERT or null}],
 *  "past": [{"rule", "domain", "alert": ALERT}],
 *  "mutes": [{"rule" ("": any), "domain", "until", "since", "by" ("": the command)}],
 *  "outbox": [{"id", "made", "lang", "subject", "text", "json", "to": [{"channel", "to", "tries", "last", "next", "dead", "error"}]}],
 *  "dropped": 0, "asked": [numbers of requests that were carried out]}
 * ALERT: {"id", "level", "since", "ended", "said", "findings": []}; over: it was told, and that it ended is to be told.
 */
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "alert/state.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/when.h"

#define FILE_MOST	(64u << 20)
#define FILE_NAME	"alerts"
#define SILENCE		DAY_SECONDS	/* between two messages of one rule and domain */
#define WORSE		2		/* times: then it is told again */
#define TOLD_MOST	400		/* of one record */
#define FINDINGS_MOST	30		/* of one alert */
#define RECORDS_MOST	3000
#define PAST_MOST	200
#define DEAD_MOST	1000
#define ASKED_MOST	100
#define GRACE		1800		/* seconds after a gap */
#define BACK		300		/* seconds; a clock that goes back by more was set */
#define LATE_DAYS	8
#define RETRY_FIRST	60		/* seconds, doubled each time */
#define RETRY_LAST	3600
#define NAP_MS		50

const char *const alert_channel_names[ALERT_CHANNELS] = { "mail", "webhook", "command" };

struct alert_state {
	char	 path[4096];
	int	 lock;		/* -1: to look at only */
	json_t	*root;
};

static int
oom(struct err *e)
{
	return (err_set(e, ERR_TEMP, "out of memory"));
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char	*s = json_string_value(json_object_get(o, key));

	return (s == NULL ? "" : s);
}

static int64_t
num(const json_t *o, const char *key)
{
	return (json_integer_value(json_object_get(o, key)));
}

static void
set_num(json_t *o, const char *key, int64_t v)
{
	(void)json_object_set_new(o, key, json_integer((json_int_t)v));
}

static json_t *
list_of(const struct alert_state *s, const char *key)
{
	return (json_object_get(s->root, key));
}

static bool
is_alert(const json_t *a)
{
	return (json_is_object(a));
}

/* --- The file -------------------------------------------------------------------------------- */

static bool
sound(const json_t *root)
{
	static const char *const	 lists[] = { "records", "past", "mutes", "outbox" };

	for (size_t i = 0; i < nitems(lists); i++)
		if (!json_is_array(json_object_get(root, lists[i])))
			return (false);
	return (json_integer_value(json_object_get(root, "version")) == 1 && json_is_string(json_object_get(root, "salt")));
}

static int
begin(struct alert_state *s, int64_t now, struct err *e)
{
	struct { unsigned char random[16]; int64_t now, mono, pid; } seed = { { 0 }, now, when_mono_ms(), getpid() };
	uint8_t	 hash[HASH_SIZE];
	char	 salt[17];

	/* unlike any other's is enough; nobody has to be kept from guessing it */
	if (getrandom(seed.random, sizeof(seed.random), GRND_NONBLOCK) == -1)
		seed.random[0] = 1;
	hash_sha256(hash, &seed, sizeof(seed));
	for (size_t i = 0; i < 8; i++)
		(void)snprintf(salt + 2 * i, 3, "%02x", hash[i]);
	s->root = json_pack("{s:i, s:s, s:i, s:n, s:[], s:[], s:[], s:[], s:i}", "version", 1, "salt", salt, "seq", 0, "judged", "records",
	    "past", "mutes", "outbox", "dropped", 0);
	return (s->root == NULL ? oom(e) : 0);
}

static int
load(struct alert_state *s, int64_t now, struct err *e)
{
	struct buf	 b = { 0 };
	struct stat	 st;
	char		 aside[4100];
	int		 rv = 0;

	if (stat(s->path, &st) == -1) {
		if (errno != ENOENT)
			return (err_set(e, ERR_TEMP, "%s: %s", s->path, strerror(errno)));
		return (begin(s, now, e));
	}
	if ((rv = io_read_file(s->path, FILE_MOST, &b, e)) == 0)
		s->root = json_loadb(b.p == NULL ? "" : b.p, b.len, 0, NULL);
	buf_free(&b);
	if (rv == -1 || sound(s->root))
		return (rv);
	json_decref(s->root);
	s->root = NULL;
	/* it may hold messages that somebody can still read */
	(void)snprintf(aside, sizeof(aside), "%s.bad", s->path);
	if (s->lock != -1 && rename(s->path, aside) == -1)
		return (err_set(e, ERR_TEMP, "%s: %s", s->path, strerror(errno)));
	return (begin(s, now, e));
}

static int
lock(struct alert_state *s, const char *path, int64_t wait_ms, struct err *e)
{
	struct timespec	 nap = { 0, NAP_MS * 1000000L };
	int64_t		 until = when_mono_ms() + wait_ms;

	if ((s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1)
		return (err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno)));
	while (flock(s->lock, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return (err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno)));
		if (when_mono_ms() >= until)
			return (0);
		(void)nanosleep(&nap, NULL);
	}
	return (1);
}

static struct alert_state *
new_state(const char *state_dir, struct err *e)
{
	struct alert_state	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		(void)oom(e);
		return (NULL);
	}
	s->lock = -1;
	if (snprintf(s->path, sizeof(s->path), "%s/notify/" FILE_NAME ".json", state_dir) >= (int)sizeof(s->path)) {
		(void)err_set(e, ERR_CONFIG, "the path of the state directory is too long");
		alert_state_close(s);
		return (NULL);
	}
	return (s);
}

int
alert_state_open(const char *state_dir, int64_t now, int64_t wait_ms, struct alert_state **out, struct err *e)
{
	struct alert_state	*s;
	char			 path[4200];
	int			 rv = -1;

	if ((s = new_state(state_dir, e)) == NULL)
		return (-1);
	(void)snprintf(path, sizeof(path), "%s/notify", state_dir);
	if (io_mkdir_p(path, 0700, e) == 0) {
		(void)snprintf(path, sizeof(path), "%s/notify/" FILE_NAME ".lock", state_dir);
		if ((rv = lock(s, path, wait_ms, e)) == 1 && load(s, now, e) == -1)
			rv = -1;
	}
	if (rv == 1)
		*out = s;
	else
		alert_state_close(s);
	return (rv);
}

int
alert_state_read(const char *state_dir, struct alert_state **out, struct err *e)
{
	struct alert_state	*s;

	if ((s = new_state(state_dir, e)) == NULL)
		return (-1);
	if (load(s, 0, e) == -1) {
		alert_state_close(s);
		return (-1);
	}
	*out = s;
	return (0);
}

int
alert_state_save(struct alert_state *s, struct err *e)
{
	char	*text = json_dumps(s->root, JSON_INDENT(1));
	int	 rv;

	if (text == NULL)
		return (oom(e));
	rv = io_replace_file(s->path, text, strlen(text), 0600, e);
	free(text);
	return (rv);
}

void
alert_state_close(struct alert_state *s)
{
	if (s == NULL)
		return;
	json_decref(s->root);
	if (s->lock != -1)
		(void)close(s->lock);
	free(s);
}

/* --- What holds --------------------------------------------------------------------------------- */

int64_t
alert_state_judged(const struct alert_state *s)
{
	const json_t	*j = json_object_get(s->root, "judged");

	return (json_is_integer(j) ? json_integer_value(j) : DAY_NONE);
}

static json_t *
record_find(const struct alert_state *s, const char *rule, struct str domain)
{
	json_t	*r;
	size_t	 i;

	json_array_foreach(list_of(s, "records"), i, r)
		if (strcmp(text_of(r, "rule"), rule) == 0 && str_eq(str_of(text_of(r, "domain")), domain))
			return (r);
	return (NULL);
}

static json_t *
record_add(struct alert_state *s, const char *rule, struct str domain)
{
	json_t	*list = list_of(s, "records"), *r, *x;
	size_t	 i;

	if (json_array_size(list) >= RECORDS_MOST)
		json_array_foreach(list, i, x)
			if (!is_alert(json_object_get(x, "open")) && !is_alert(json_object_get(x, "over"))) {
				(void)json_array_remove(list, i);
				break;
			}
	r = json_pack("{s:s, s:s%, s:i, s:[], s:n, s:n}", "rule", rule, "domain", domain.p, domain.len, "said", 0, "told", "open", "over");
	if (r == NULL || json_array_append_new(list, r) == -1)
		return (NULL);
	return (r);
}

/* What was told of it and how large it was then; -1: nothing. */
static int64_t
told_weight(const json_t *record, const char *about)
{
	const json_t	*t;
	size_t		 i;

	json_array_foreach(json_object_get(record, "told"), i, t)
		if (strcmp(json_string_value(json_array_get(t, 0)) == NULL ? "" : json_string_value(json_array_get(t, 0)), about) == 0)
			return (json_integer_value(json_array_get(t, 1)));
	return (-1);
}

static bool
is_news(const json_t *record, const json_t *finding)
{
	int64_t	 was = told_weight(record, text_of(finding, "about")), is = num(finding, "weight");

	return (was < 0 || (was > 0 && is >= WORSE * was));
}

static bool
has_news(const json_t *record, const json_t *findings)
{
	const json_t	*f;
	size_t		 i;

	json_array_foreach(findings, i, f)
		if (is_news(record, f))
			return (true);
	return (false);
}

/* All that holds of it was told. */
static void
remember(json_t *record, const json_t *findings)
{
	json_t	*told = json_object_get(record, "told"), *f, *t;
	size_t	 i, k;

	json_array_foreach(findings, i, f) {
		int64_t	 was = told_weight(record, text_of(f, "about")), is = num(f, "weight");

		json_array_foreach(told, k, t)
			if (strcmp(json_string_value(json_array_get(t, 0)), text_of(f, "about")) == 0) {
				(void)json_array_remove(told, k);
				break;
			}
		(void)json_array_append_new(told, json_pack("[s, I]", text_of(f, "about"), (json_int_t)(is > was ? is : was)));
	}
	while (json_array_size(told) > TOLD_MOST)
		(void)json_array_remove(told, 0);
}

static void
past_add(struct alert_state *s, const json_t *record, json_t *alert)
{
	json_t	*past = list_of(s, "past");

	(void)json_array_append_new(past, json_pack("{s:s, s:s, s:O}", "rule", text_of(record, "rule"), "domain", text_of(record, "domain"), "alert",
	    alert));
	while (json_array_size(past) > PAST_MOST)
		(void)json_array_remove(past, 0);
}

static void
past_remove(struct alert_state *s, const char *id)
{
	json_t	*past = list_of(s, "past"), *p;
	size_t	 i;

	json_array_foreach(past, i, p)
		if (strcmp(text_of(json_object_get(p, "alert"), "id"), id) == 0) {
			(void)json_array_remove(past, i);
			return;
		}
}

static void
record_close(struct alert_state *s, json_t *record, bool tell, bool event, int64_t now)
{
	json_t	*a = json_object_get(record, "open");

	if (!is_alert(a))
		return;
	set_num(a, "ended", now);
	past_add(s, record, a);
	if (tell && !event && num(a, "said") > 0)
		(void)json_object_set(record, "over", a);
	(void)json_object_set_new(record, "open", json_null());
	if (!event)
		(void)json_array_clear(json_object_get(record, "told"));
}

static const char *
worst_level(const json_t *findings)
{
	size_t		 best = LEVEL_INFO, i;
	const json_t	*f;

	json_array_foreach(findings, i, f)
		for (size_t k = 0; k < best; k++)
			if (strcmp(text_of(f, "level"), summary_level_names[k]) == 0)
				best = k;
	return (summary_level_names[best]);
}

static int
record_open(struct alert_state *s, json_t *record, json_t *findings, bool event, int64_t now, struct err *e)
{
	json_t	*a = json_object_get(record, "open"), *over = json_object_get(record, "over");
	char	 id[64];

	if (!is_alert(a) && event && !has_news(record, findings))
		return (0);	/* it happened, and was told of */
	if (!is_alert(a) && is_alert(over)) {
		/* that it is over was not told yet: then it is not */
		past_remove(s, text_of(over, "id"));
		set_num(over, "ended", 0);
		(void)json_object_set(record, "open", over);
		(void)json_object_set_new(record, "over", json_null());
		remember(record, json_object_get(over, "findings"));
		a = json_object_get(record, "open");
	}
	if (!is_alert(a)) {
		set_num(s->root, "seq", num(s->root, "seq") + 1);
		(void)snprintf(id, sizeof(id), "%s.%lld", text_of(s->root, "salt"), (long long)num(s->root, "seq"));
		a = json_pack("{s:s, s:s, s:I, s:i, s:i, s:[]}", "id", id, "level", "info", "since", (json_int_t)now, "ended", 0, "said", 0,
		    "findings");
		if (a == NULL || json_object_set_new(record, "open", a) == -1)
			return (oom(e));
	}
	(void)json_object_set(a, "findings", findings);
	(void)json_object_set_new(a, "level", json_string(worst_level(findings)));
	return (0);
}

/* Those of one rule and domain, news first; NULL: out of memory. */
static json_t *
findings_of(const struct alert_findings *l, enum alert_rule_id rule, struct str domain, const json_t *record)
{
	json_t	*out = json_array(), *late = json_array(), *f;
	size_t	 i;

	for (i = 0; i < l->n && out != NULL && late != NULL; i++)
		if (l->v[i].rule == rule && str_eq(l->v[i].domain.p == NULL ? STR("") : l->v[i].domain, domain) &&
		    (f = alert_finding_json(&l->v[i])) != NULL)
			(void)json_array_append_new(is_news(record, f) ? out : late, f);
	json_array_extend(out, late);
	json_decref(late);
	while (json_array_size(out) > FINDINGS_MOST)
		(void)json_array_remove(out, json_array_size(out) - 1);
	return (out);
}

static bool
is_off(const struct str_list *off, const char *id)
{
	for (size_t i = 0; off != NULL && i < off->n; i++)
		if (str_ieq(str_of(off->v[i]), id))
			return (true);
	return (false);
}

static bool
holds(const struct alert_findings *l, const char *rule, const char *domain)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(alert_rules[l->v[i].rule].id, rule) == 0 && str_eq(l->v[i].domain.p == NULL ? STR("") : l->v[i].domain, str_of(domain)))
			return (true);
	return (false);
}

/*
 * Has nobody looked for so long that what goes by the clock is not believed
 * yet, or was the clock set back?
 */
static bool
in_grace(struct alert_state *s, int64_t gap, int64_t now)
{
	int64_t	 looked = num(s->root, "looked"), grace = num(s->root, "grace");

	if (looked > 0 && ((gap > 0 && now - looked > gap) || looked - now > BACK))
		grace = now + GRACE;
	else if (grace > now + GRACE)
		grace = now;
	set_num(s->root, "looked", now);
	set_num(s->root, "grace", grace);
	return (now < grace);
}

/*
 * Is the last complete day one to be judged? Not when a later one was: then
 * the clock was set back, and what held on that later day still does. Unless
 * that is long ago, when those reports are no more.
 */
static bool
days_hold(const struct alert_state *s, const struct alert_model *m)
{
	int64_t	 judged = alert_state_judged(s);

	return (m->through != DAY_NONE && (judged == DAY_NONE || m->through >= judged || m->today > judged + LATE_DAYS));
}

/* What of says of each of a list, added up. */
static size_t
sum_of(const struct alert_state *s, const char *list, size_t (*of)(const json_t *))
{
	json_t	*v;
	size_t	 i, n = 0;

	json_array_foreach(list_of(s, list), i, v)
		n += of(v);
	return (n);
}

static size_t
open_of(const json_t *record)
{
	return (is_alert(json_object_get(record, "open")) ? 1 : 0);
}

size_t
alert_state_open_count(const struct alert_state *s)
{
	return (sum_of(s, "records", open_of));
}

int
alert_state_take(struct alert_state *s, const struct alert_model *m, const struct str_list *off, const struct alert_findings *l, int64_t gap,
    struct err *e)
{
	bool	 grace = in_grace(s, gap, m->now), days = days_hold(s, m);
	json_t	*r, *list;
	size_t	 i;

	for (size_t k = 0; k < l->n; k++) {
		const struct alert_rule	*rule = &alert_rules[l->v[k].rule];
		struct str		 domain = l->v[k].domain.p == NULL ? STR("") : l->v[k].domain;
		bool			 before = false;

		for (i = 0; i < k && !before; i++)
			before = l->v[i].rule == l->v[k].rule && str_eq(l->v[i].domain, l->v[k].domain);
		if (before)
			continue;
		r = record_find(s, rule->id, domain);
		if (rule->clock ? grace && !is_alert(json_object_get(r, "open")) : !days)
			continue;
		if (r == NULL && (r = record_add(s, rule->id, domain)) == NULL)
			return (oom(e));
		if ((list = findings_of(l, l->v[k].rule, domain, r)) == NULL)
			return (oom(e));
		if (record_open(s, r, list, rule->event, m->now, e) == -1) {
			json_decref(list);
			return (-1);
		}
		json_decref(list);
	}
	json_array_foreach(list_of(s, "records"), i, r)
		for (size_t k = 0; k < ALERT_RULE_COUNT; k++) {
			const struct alert_rule	*rule = &alert_rules[k];
			bool			 silent = is_off(off, rule->id);

			/* a rule that could not be asked says nothing, not that all is well */
			if (strcmp(text_of(r, "rule"), rule->id) == 0 && (silent || (rule->clock ? !grace : days)) &&
			    !holds(l, rule->id, text_of(r, "domain")))
				record_close(s, r, !silent, rule->event, m->now);
		}
	if (days)
		set_num(s->root, "judged", m->through);
	return (0);
}

/* --- Mute ------------------------------------------------------------------------------------------ */

static bool
mute_fits(const char *rule, struct str domain, int64_t until, const json_t *record, int64_t now)
{
	return ((rule == NULL || rule[0] == '\0' || strcmp(rule, text_of(record, "rule")) == 0) &&
	    (domain.len == 0 || str_ieq(domain, text_of(record, "domain"))) && (until == 0 || now < until));
}

static bool
is_muted(const struct alert_state *s, const json_t *record, const struct alert_mute *more, size_t nmore, int64_t now)
{
	json_t	*m;
	size_t	 i;

	for (i = 0; i < nmore; i++)
		if (mute_fits(more[i].rule, more[i].domain, more[i].until, record, now))
			return (true);
	json_array_foreach(list_of(s, "mutes"), i, m)
		if (mute_fits(text_of(m, "rule"), str_of(text_of(m, "domain")), num(m, "until"), record, now))
			return (true);
	return (false);
}

size_t
alert_state_unmute(struct alert_state *s, const char *rule, struct str domain)
{
	json_t	*list = list_of(s, "mutes");
	size_t	 n = 0;

	for (size_t i = json_array_size(list); i > 0; i--) {
		const json_t	*m = json_array_get(list, i - 1);

		if (strcmp(text_of(m, "rule"), rule == NULL ? "" : rule) == 0 &&
		    str_eq(str_of(text_of(m, "domain")), domain.p == NULL ? STR("") : domain)) {
			(void)json_array_remove(list, i - 1);
			n++;
		}
	}
	return (n);
}

int
alert_state_mute(struct alert_state *s, const struct alert_mute *m, const char *by, int64_t now, struct err *e)
{
	struct str	 domain = m->domain.p == NULL ? STR("") : m->domain;
	json_t		*o;

	(void)alert_state_unmute(s, m->rule, m->domain);
	o = json_pack("{s:s, s:s%, s:I, s:I, s:s}", "rule", m->rule == NULL ? "" : m->rule, "domain", domain.p, domain.len, "until",
	    (json_int_t)m->until, "since", (json_int_t)now, "by", by);
	return (o == NULL || json_array_append_new(list_of(s, "mutes"), o) == -1 ? oom(e) : 0);
}

bool
alert_state_first(struct alert_state *s, int64_t number)
{
	json_t	*list = list_of(s, "asked");

	if (!json_is_array(list)) {
		list = json_array();
		(void)json_object_set_new(s->root, "asked", list);
	}
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_integer_value(json_array_get(list, i)) == number)
			return (false);
	(void)json_array_append_new(list, json_integer((json_int_t)number));
	while (json_array_size(list) > ASKED_MOST)
		(void)json_array_remove(list, 0);
	return (true);
}

/* --- What is said ------------------------------------------------------------------------------------ */

static json_t *
delivery(const char *channel, const char *to, int64_t now)
{
	return (json_pack("{s:s, s:s, s:i, s:i, s:I, s:b, s:s}", "channel", channel, "to", to, "tries", 0, "last", 0, "next", (json_int_t)now,
	    "dead", 0, "error", ""));
}

static int
post(struct alert_state *s, const struct alert_voice *v, const struct alert_item *it, size_t n, bool over, int64_t now, struct err *e)
{
	struct buf	 subject = { 0 }, text = { 0 };
	json_t		*json = NULL, *o = NULL, *to = json_array();
	char		 id[64];

	set_num(s->root, "seq", num(s->root, "seq") + 1);
	(void)snprintf(id, sizeof(id), "%s.%lld", text_of(s->root, "salt"), (long long)num(s->root, "seq"));
	for (size_t i = 0; i < v->to->n; i++)
		(void)json_array_append_new(to, delivery("mail", v->to->v[i], now));
	if (v->webhook)
		(void)json_array_append_new(to, delivery("webhook", "", now));
	if (v->command)
		(void)json_array_append_new(to, delivery("command", "", now));
	if (to != NULL && alert_message(&subject, &text, &json, it, n, over, v->lang, v->base_url, id, now) == 0)
		o = json_pack("{s:s, s:I, s:s, s:s%, s:s%, s:o, s:O}", "id", id, "made", (json_int_t)now, "lang", summary_language_tag(v->lang),
		    "subject", subject.p, subject.len, "text", text.p, text.len, "json", json, "to", to);
	json_decref(to);
	buf_free(&subject);
	buf_free(&text);
	return (o == NULL || json_array_append_new(list_of(s, "outbox"), o) == -1 ? oom(e) : 0);
}

static int
post_all(struct alert_state *s, const struct alert_voice *v, const struct alert_item *it, size_t n, bool over, int64_t now, struct err *e)
{
	if (n > v->digest)
		return (post(s, v, it, n, over, now, e) == -1 ? -1 : 1);
	for (size_t i = 0; i < n; i++)
		if (post(s, v, &it[i], 1, over, now, e) == -1)
			return (-1);
	return ((int)n);
}

static int
by_level(const void *a, const void *b)
{
	static const char *const	 order[] = { "urgent", "warn", "info" };
	const char			*x = text_of(((const struct alert_item *)a)->alert, "level"), *y = text_of(((const struct alert_item *)b)->alert, "level");
	int				 i = 0, k = 0;

	for (int n = 0; n < (int)nitems(order); n++) {
		i = strcmp(order[n], x) == 0 ? n : i;
		k = strcmp(order[n], y) == 0 ? n : k;
	}
	return (i - k);
}

static bool
may_say(const struct alert_voice *v, const char *level, bool over)
{
	return (!v->quiet || (!over && !v->quiet_urgent && strcmp(level, summary_level_names[LEVEL_URGENT]) == 0));
}

/*
 * Was something said of it in the last 24 hours? When that lies ahead of now
 * the clock was set back: then for 24 hours from when that is noticed, or until
 * the clock is right again and it does not lie ahead any more.
 */
static bool
is_recent(json_t *record, int64_t now)
{
	int64_t	 said = num(record, "said"), back = num(record, "back");

	if (said == 0)
		return (false);
	if (said <= now) {
		set_num(record, "back", 0);
		return (now - said < SILENCE);
	}
	if (back == 0 || back > now)
		set_num(record, "back", back = now);
	return (now - back < SILENCE);
}

int
alert_state_tell(struct alert_state *s, const struct alert_voice *v, int64_t now, struct err *e)
{
	json_t			*records = list_of(s, "records"), *r;
	struct alert_item	*open, *over;
	size_t			 i, nopen = 0, nover = 0;
	int			 told = -1, ended = -1;

	if (v->to->n == 0 && !v->webhook && !v->command)
		return (0);	/* nobody would hear it: it stays to be told */
	open = calloc(json_array_size(records) + 1, sizeof(*open));
	over = calloc(json_array_size(records) + 1, sizeof(*over));
	if (open == NULL || over == NULL) {
		free(open);
		free(over);
		return (oom(e));
	}
	json_array_foreach(records, i, r) {
		json_t	*a = json_object_get(r, "open"), *o = json_object_get(r, "over");
		bool	 muted = is_muted(s, r, v->mutes, v->nmutes, now), recent = is_recent(r, now);

		if (is_alert(o) && muted)
			(void)json_object_set_new(r, "over", json_null());
		else if (is_alert(o) && may_say(v, text_of(o, "level"), true))
			over[nover++] = (struct alert_item){ r, o };
		if (is_alert(a) && !muted && may_say(v, text_of(a, "level"), false) && !recent &&
		    has_news(r, json_object_get(a, "findings")))
			open[nopen++] = (struct alert_item){ r, a };
	}
	if (nopen > 1)
		qsort(open, nopen, sizeof(*open), by_level);
	if (nover > 1)
		qsort(over, nover, sizeof(*over), by_level);
	for (i = 0; i < nopen; i++) {
		json_t	*record = (json_t *)(uintptr_t)open[i].record, *a = json_object_get(record, "open");

		remember(record, json_object_get(a, "findings"));
		set_num(record, "said", now);
		set_num(record, "back", 0);
		set_num(a, "said", now);
	}
	if ((ended = post_all(s, v, over, nover, true, now, e)) != -1)
		told = post_all(s, v, open, nopen, false, now, e);
	for (i = 0; i < nover; i++)
		(void)json_object_set_new((json_t *)(uintptr_t)over[i].record, "over", json_null());
	free(open);
	free(over);
	return (told == -1 ? -1 : told + ended);
}

/* --- The outbox ---------------------------------------------------------------------------------------- */

/* The i-th delivery over all messages. */
static json_t *
delivery_at(const struct alert_state *s, size_t i, json_t **message, size_t *mi, size_t *di)
{
	json_t	*m;
	size_t	 k;

	json_array_foreach(list_of(s, "outbox"), k, m) {
		size_t	 n = json_array_size(json_object_get(m, "to"));

		if (i < n) {
			*message = m;
			*mi = k;
			*di = i;
			return (json_array_get(json_object_get(m, "to"), i));
		}
		i -= n;
	}
	return (NULL);
}

static size_t
receivers_of(const json_t *message)
{
	return (json_array_size(json_object_get(message, "to")));
}

size_t
alert_state_deliveries(const struct alert_state *s)
{
	return (sum_of(s, "outbox", receivers_of));
}

void
alert_state_delivery(const struct alert_state *s, size_t i, struct alert_delivery *out)
{
	json_t	*m, *d;
	size_t	 mi, di;

	*out = (struct alert_delivery){ .to = "", .id = "", .lang = "en", .subject = "", .text = "", .error = "", .dead = true };
	if ((d = delivery_at(s, i, &m, &mi, &di)) == NULL)
		return;
	for (size_t k = 0; k < ALERT_CHANNELS; k++)
		if (strcmp(text_of(d, "channel"), alert_channel_names[k]) == 0)
			out->channel = (enum alert_channel)k;
	out->to = text_of(d, "to");
	out->id = text_of(m, "id");
	out->lang = text_of(m, "lang");
	out->subject = text_of(m, "subject");
	out->text = text_of(m, "text");
	out->json = json_object_get(m, "json");
	out->made = num(m, "made");
	out->last = num(d, "last");
	out->next = num(d, "next");
	out->tries = (unsigned)num(d, "tries");
	out->dead = json_is_true(json_object_get(d, "dead"));
	out->error = text_of(d, "error");
}

bool
alert_state_due(struct alert_state *s, size_t i, int64_t now)
{
	json_t	*m, *d;
	size_t	 mi, di;

	if ((d = delivery_at(s, i, &m, &mi, &di)) == NULL || json_is_true(json_object_get(d, "dead")))
		return (false);
	return (num(d, "next") <= now || num(d, "next") > now + RETRY_LAST);	/* the latter: the clock was set back */
}

static void
remove_at(struct alert_state *s, json_t *m, size_t mi, size_t di)
{
	(void)json_array_remove(json_object_get(m, "to"), di);
	if (json_array_size(json_object_get(m, "to")) == 0)
		(void)json_array_remove(list_of(s, "outbox"), mi);
}

int
alert_state_sent(struct alert_state *s, size_t i)
{
	json_t	*m;
	size_t	 mi, di;

	if (delivery_at(s, i, &m, &mi, &di) == NULL)
		return (-1);
	remove_at(s, m, mi, di);
	return (0);
}

/* The oldest dead letters go when there are very many. */
static void
dead_cut(struct alert_state *s)
{
	size_t	 dead = 0;

	for (size_t i = alert_state_deliveries(s); i > 0; i--) {
		json_t	*m, *d;
		size_t	 mi, di;

		d = delivery_at(s, i - 1, &m, &mi, &di);
		if (!json_is_true(json_object_get(d, "dead")) || ++dead <= DEAD_MOST)
			continue;
		remove_at(s, m, mi, di);
		set_num(s->root, "dropped", num(s->root, "dropped") + 1);
	}
}

int
alert_state_failed(struct alert_state *s, size_t i, int64_t now, bool never, unsigned attempts, const char *why)
{
	json_t	*m, *d;
	size_t	 mi, di;
	int64_t	 tries, wait = RETRY_FIRST;

	if ((d = delivery_at(s, i, &m, &mi, &di)) == NULL)
		return (-1);
	tries = num(d, "tries") + 1;
	for (int64_t k = 1; k < tries && wait < RETRY_LAST; k++)
		wait *= 2;
	set_num(d, "tries", tries);
	set_num(d, "last", now);
	set_num(d, "next", now + (wait < RETRY_LAST ? wait : RETRY_LAST));
	(void)json_object_set_new(d, "error", json_string(why));	/* escaped already, as every struct err's */
	if (never || tries >= (int64_t)attempts) {
		(void)json_object_set_new(d, "dead", json_true());
		dead_cut(s);
	}
	return (0);
}

size_t
alert_state_retry(struct alert_state *s, int64_t now)
{
	size_t	 n = 0, mi, di;
	json_t	*m, *d;

	for (size_t i = 0; (d = delivery_at(s, i, &m, &mi, &di)) != NULL; i++) {
		n += json_is_true(json_object_get(d, "dead"));
		if (json_is_true(json_object_get(d, "dead")))
			set_num(d, "tries", 0);
		(void)json_object_set_new(d, "dead", json_false());
		set_num(d, "next", now);
	}
	return (n);
}

/* --- For people -------------------------------------------------------------------------------------------- */

static json_t *
time_json(int64_t t)
{
	char	 text[WHEN_TEXT];

	return (t == 0 ? json_null() : json_string(when_rfc3339(t, text)));
}

static json_t *
name_json(const char *s)
{
	return (s[0] == '\0' ? json_null() : json_string(s));
}

static json_t *
letters_json(const struct alert_state *s)
{
	json_t			*out = json_array();
	struct alert_delivery	 d;

	for (size_t i = 0; i < alert_state_deliveries(s); i++) {
		alert_state_delivery(s, i, &d);
		(void)json_array_append_new(out, json_pack("{s:s, s:s, s:o, s:s, s:o, s:i, s:o, s:o, s:b, s:o}", "id", d.id, "channel",
		    alert_channel_names[d.channel], "to", name_json(d.to), "subject", d.subject, "made", time_json(d.made), "tries", (int)d.tries,
		    "last", time_json(d.last), "next", d.dead ? json_null() : time_json(d.next), "dead", (int)d.dead, "error", name_json(d.error)));
	}
	return (out);
}

json_t *
alert_state_json(const struct alert_state *s, unsigned lang, const char *base_url, bool (*allowed)(void *, const char *), void *ctx)
{
	json_t	*open = json_array(), *past = json_array(), *mutes = json_array(), *x;
	size_t	 i;

	json_array_foreach(list_of(s, "records"), i, x)
		if (is_alert(json_object_get(x, "open")) && (allowed == NULL || allowed(ctx, text_of(x, "domain"))))
			(void)json_array_append_new(open, alert_public(x, json_object_get(x, "open"), lang, base_url));
	for (i = json_array_size(list_of(s, "past")); i > 0; i--) {
		x = json_array_get(list_of(s, "past"), i - 1);
		if (allowed == NULL || allowed(ctx, text_of(x, "domain")))
			(void)json_array_append_new(past, alert_public(x, json_object_get(x, "alert"), lang, base_url));
	}
	json_array_foreach(list_of(s, "mutes"), i, x)
		if (allowed == NULL || allowed(ctx, text_of(x, "domain")))
			(void)json_array_append_new(mutes, json_pack("{s:o, s:o, s:o, s:o, s:o}", "rule", name_json(text_of(x, "rule")), "domain",
			    name_json(text_of(x, "domain")), "until", time_json(num(x, "until")), "since", time_json(num(x, "since")), "by",
			    name_json(text_of(x, "by"))));
	return (json_pack("{s:o, s:o, s:o, s:o, s:I}", "open", open, "past", past, "mutes", mutes, "letters", allowed == NULL ? letters_json(s) :
	    json_array(), "dropped", (json_int_t)num(s->root, "dropped")));
}
