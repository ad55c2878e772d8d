/*
 * mailbox_status.c - see mailbox_status.h.
 */
#include "base/io.h"
#include "process/mailbox_status.h"

#define STATUS_BYTES (64u << 10)

static const char *
text_of(const json_t *j, const char *key, const char *otherwise)
{
	const char	*s = json_string_value(json_object_get(j, key));

	return (s == NULL ? otherwise : s);
}

/* Seconds since the epoch; 0 for anything else. */
static int64_t
time_of(const json_t *j, const char *key)
{
	json_int_t	 t = json_integer_value(json_object_get(j, key));

	return (t < 0 ? 0 : (int64_t)t);
}

static uint64_t
count_of(const json_t *j, const char *key)
{
	json_int_t	 v = json_integer_value(json_object_get(j, key));

	return (v < 0 ? 0 : (uint64_t)v);
}

/* A fetcher may be taken over by its server: its words are checked like any. */
static const char *
state_of(const json_t *j)
{
	static const char *const	words[] = { "idle", "fetching", "error", "off" };
	const char			*s = text_of(j, "state", "");

	for (size_t i = 0; i < nitems(words); i++)
		if (strcmp(s, words[i]) == 0)
			return (words[i]);
	return ("unknown");
}

static json_t *
read_file(const char *state_dir, const char *name)
{
	struct buf	 b = { 0 };
	char		 path[4096];
	json_t		*j = NULL;

	(void)snprintf(path, sizeof(path), "%s/spool/state/%s.status", state_dir, name);
	if (io_read_file(path, STATUS_BYTES, &b, NULL) == 0 && b.p != NULL)
		j = json_loadb(b.p, b.len, 0, NULL);
	buf_free(&b);
	return (j == NULL ? json_object() : j);
}

void
mailbox_status_read(const char *state_dir, const char *name, const json_t *known, struct mailbox_status *out)
{
	json_t	*j = read_file(state_dir, name), *error;

	/* The name and what is known live as long as the rest. */
	(void)json_object_set_new(j, "name", json_string(name));
	if (known != NULL)
		(void)json_object_set_new(j, "known", json_deep_copy(known));
	known = json_object_get(j, "known");
	error = json_object_get(j, "error");
	out->keep = j;
	out->m = (struct answer_mailbox){
		.name = text_of(j, "name", ""),
		.protocol = text_of(known, "protocol", text_of(j, "protocol", "unknown")),
		.host = text_of(known, "host", text_of(j, "host", "")),
		.state = state_of(j),
		.since = time_of(j, "since"),
		.last_success = time_of(j, "last_success"),
		.next_run = time_of(j, "next_run"),
		.seen = count_of(j, "seen"),
		.fresh = count_of(j, "new"),
		.error = text_of(error, "text", NULL),
		.remedy = text_of(error, "remedy", NULL),
	};
}

void
mailbox_status_free(struct mailbox_status *s)
{
	json_decref(s->keep);
	s->keep = NULL;
}
