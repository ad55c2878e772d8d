/*
 * decoders.c - see decoders.h.
 */
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "process/decoders.h"
#include "process/link.h"
#include "process/role.h"

static int
own_get(void *ctx, struct decoder_handle *h, struct err *e)
{
	pid_t	 pid;

	(void)ctx;
	if (role_start("decoder", &pid, &h->fd, e) == -1)
		return (-1);
	h->id = pid;
	return (0);
}

static void
own_end(void *ctx, int64_t id)
{
	(void)ctx;
	(void)kill((pid_t)id, SIGKILL);
	while (waitpid((pid_t)id, NULL, 0) == -1 && errno == EINTR)
		;
}

static const struct decoder_source	 own = { own_get, own_end };
static const struct decoder_source	*source = &own;
static void				*source_ctx;

void
decoder_source_set(const struct decoder_source *s, void *ctx)
{
	source = s == NULL ? &own : s;
	source_ctx = ctx;
}

int
decoder_get(struct decoder_handle *h, struct err *e)
{
	if (source->get(source_ctx, h, e) == 0)
		return (0);
	h->fd = -1;
	return (-1);
}

void
decoder_end(struct decoder_handle *h)
{
	if (h->fd == -1)
		return;
	(void)close(h->fd);
	h->fd = -1;
	source->end(source_ctx, h->id);
}

int
decoder_ask(int link, struct err *e)
{
	json_t	*m = json_pack("{s:s}", "op", "decoder");
	int	 rv = m == NULL ? err_set(e, ERR_TEMP, "out of memory") : link_send(link, m, -1, e);

	json_decref(m);
	return (rv);
}

void
decoder_kill(int link, int64_t id)
{
	struct err	 e = { 0 };
	json_t		*m = json_pack("{s:s, s:I}", "op", "kill", "id", (json_int_t)id);

	if (m != NULL)
		(void)link_send(link, m, -1, &e);	/* a parent that has gone shows elsewhere */
	json_decref(m);
}

bool
decoder_answer(const json_t *m, int *fd, struct decoder_handle *out, int *rv, struct err *e)
{
	const char	*op = json_string_value(json_object_get(m, "op")), *error = json_string_value(json_object_get(m, "error"));

	if (op == NULL || strcmp(op, "decoder") != 0)
		return (false);
	out->fd = *fd;
	out->id = json_integer_value(json_object_get(m, "id"));
	*fd = -1;
	*rv = out->fd != -1 ? 0 : err_set(e, ERR_TEMP, "%s", error == NULL ? "no decoder came" : error);
	return (true);
}
