/*
 * record.c - when summaries are due, and which were sent. A mail is known by
 * the local date it was due on, its recipient and what it is about: so a clock
 * that is set back sends nothing again, and one that was wrong in the future
 * stops nothing when it is right again.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <unistd.h>

#include "base/io.h"
#include "notify/notify.h"

#define KEPT		400		/* mails that are remembered */
#define FILE_MOST	(1u << 20)
#define LOOK_BACK	63		/* days: two months */

static const char *const	 state_names[NOTIFY_STATES] = { "new", "committed", "sent", "unknown", "refused", "skipped" };

/* --- Times ------------------------------------------------------------------------------- */

static bool
due_on(const struct conf_summary *s, const struct tm *tm)
{
	switch (s->period) {
	case CONF_DAY:
		return (true);
	case CONF_WEEK:
		return (tm->tm_wday == s->when.day);
	case CONF_MONTH:
		return (tm->tm_mday == s->when.day);
	}
	return (false);
}

/* The time that is due so many days from today, or -1 when none is on that day. */
static int64_t
due_at(const struct conf_summary *s, int64_t now, int days, struct tm *out)
{
	time_t		 c = (time_t)now;
	struct tm	 tm = { .tm_mday = 1 }, noon;

	if (localtime_r(&c, &tm) == NULL)
		return (-1);
	/* at noon there is no doubt about the day, whatever is done to the clock in spring */
	noon = (struct tm){ .tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday + days, .tm_hour = 12, .tm_isdst = -1 };
	if (mktime(&noon) == (time_t)-1 || !due_on(s, &noon))
		return (-1);
	*out = (struct tm){ .tm_year = noon.tm_year, .tm_mon = noon.tm_mon, .tm_mday = noon.tm_mday, .tm_hour = s->when.minutes / 60,
	    .tm_min = s->when.minutes % 60, .tm_isdst = -1 };
	c = mktime(out);
	out->tm_mday = noon.tm_mday;	/* its name stays that of the day */
	out->tm_mon = noon.tm_mon;
	out->tm_year = noon.tm_year;
	return ((int64_t)c);
}

int64_t
notify_slot(const struct conf_summary *s, int64_t now, char slot[NOTIFY_SLOT])
{
	struct tm	 tm;
	int64_t		 t;

	for (int k = 0; k <= LOOK_BACK; k++)
		if ((t = due_at(s, now, -k, &tm)) != -1 && t <= now) {
			(void)snprintf(slot, NOTIFY_SLOT, "%04u-%02u-%02u", (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
			    (unsigned)tm.tm_mday % 100);
			return (t);
		}
	(void)snprintf(slot, NOTIFY_SLOT, "-");
	return (-1);
}

int64_t
notify_next(const struct conf_summary *s, int64_t now)
{
	struct tm	 tm;
	int64_t		 t;

	for (int k = 0; k <= LOOK_BACK; k++)
		if ((t = due_at(s, now, k, &tm)) != -1 && t > now)
			return (t);
	return (now + 86400);
}

/* --- The file -------------------------------------------------------------------------------- */

struct notify_record {
	char	 path[4096];
	int	 lock;
	json_t	*root;
};

static const char *
text_of(const json_t *o, const char *key)
{
	const char	*s = json_string_value(json_object_get(o, key));

	return (s == NULL ? "" : s);
}

static json_t *
find(const struct notify_record *r, const char *slot, const char *to, const char *about)
{
	json_t	*v;
	size_t	 i;

	json_array_foreach(json_object_get(r->root, "mails"), i, v)
		if (strcmp(text_of(v, "slot"), slot) == 0 && strcmp(text_of(v, "to"), to) == 0 && strcmp(text_of(v, "about"), about) == 0)
			return (v);
	return (NULL);
}

static int
save(struct notify_record *r, struct err *e)
{
	char	*text = json_dumps(r->root, JSON_INDENT(1));
	int	 rv;

	if (text == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	rv = io_replace_file(r->path, text, strlen(text), 0600, e);
	free(text);
	return (rv);
}

/* A file that is none of ours is begun anew: then nothing of the past is due, and nothing is sent twice. */
static int
load(struct notify_record *r, int64_t now, struct err *e)
{
	struct buf	 b = { 0 };
	struct stat	 st;
	int		 rv = 0;

	if (stat(r->path, &st) == 0 && (rv = io_read_file(r->path, FILE_MOST, &b, e)) == 0)
		r->root = json_loadb(b.p == NULL ? "" : b.p, b.len, 0, NULL);
	buf_free(&b);
	if (rv == -1)
		return (-1);
	if (json_is_object(r->root) && json_is_integer(json_object_get(r->root, "begun")) && json_is_array(json_object_get(r->root, "mails")))
		return (0);
	json_decref(r->root);
	if ((r->root = json_pack("{s:I, s:[]}", "begun", (json_int_t)now, "mails")) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (save(r, e));
}

int
notify_record_open(const char *state_dir, const char *name, int64_t now, struct notify_record **out, struct err *e)
{
	struct notify_record	*r;
	char			 path[4096];

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	r->lock = -1;
	(void)snprintf(path, sizeof(path), "%s/notify", state_dir);
	if (io_mkdir_p(path, 0700, e) == -1)
		goto fail;
	if (snprintf(r->path, sizeof(r->path), "%s/notify/%s.json", state_dir, name) >= (int)sizeof(r->path) ||
	    snprintf(path, sizeof(path), "%s/notify/%s.lock", state_dir, name) >= (int)sizeof(path)) {
		(void)err_set(e, ERR_CONFIG, "the path of the state directory is too long");
		goto fail;
	}
	if ((r->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1) {
		(void)err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno));
		goto fail;
	}
	if (flock(r->lock, LOCK_EX | LOCK_NB) == -1) {
		int	 busy = errno == EWOULDBLOCK;

		if (!busy)
			(void)err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno));
		notify_record_close(r);
		return (busy ? 0 : -1);
	}
	if (load(r, now, e) == -1)
		goto fail;
	*out = r;
	return (1);
fail:
	notify_record_close(r);
	return (-1);
}

void
notify_record_close(struct notify_record *r)
{
	if (r == NULL)
		return;
	json_decref(r->root);
	if (r->lock != -1)
		(void)close(r->lock);
	free(r);
}

int64_t
notify_record_begun(const struct notify_record *r)
{
	return (json_integer_value(json_object_get(r->root, "begun")));
}

enum notify_state
notify_record_get(const struct notify_record *r, const char *slot, const char *to, const char *about)
{
	const char	*s = text_of(find(r, slot, to, about), "state");

	for (size_t i = 0; i < nitems(state_names); i++)
		if (strcmp(s, state_names[i]) == 0)
			return ((enum notify_state)i);
	return (NOTIFY_NEW);
}

int
notify_record_set(struct notify_record *r, const char *slot, const char *to, const char *about, enum notify_state state, int64_t now,
    struct err *e)
{
	json_t	*list = json_object_get(r->root, "mails"), *o = find(r, slot, to, about);
	bool	 ok;

	if (o != NULL)
		ok = json_object_set_new(o, "state", json_string(state_names[state])) == 0 &&
		    json_object_set_new(o, "at", json_integer((json_int_t)now)) == 0;
	else
		ok = (o = json_pack("{s:s, s:s, s:s, s:s, s:I}", "slot", slot, "to", to, "about", about, "state", state_names[state], "at",
		    (json_int_t)now)) != NULL && json_array_append_new(list, o) == 0;
	if (!ok)
		return (err_set(e, ERR_TEMP, "out of memory"));
	while (json_array_size(list) > KEPT)
		(void)json_array_remove(list, 0);
	return (save(r, e));
}
