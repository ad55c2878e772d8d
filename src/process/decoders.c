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

/* One that has closed its end is past being killed: it keeps the status that it has. */
static int
own_end(void *ctx, int64_t id, bool tell)
{
	int	 status = DECODER_UNKNOWN;
	pid_t	 rv;

	(void)ctx;
	(void)tell;
	(void)kill((pid_t)id, SIGKILL);
	while ((rv = waitpid((pid_t)id, &status, 0)) == -1 && errno == EINTR)
		;
	return (rv == -1 ? DECODER_UNKNOWN : status);
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

static int
end(struct decoder_handle *h, bool tell)
{
	if (h->fd == -1)
		return (DECODER_UNKNOWN);
	(void)close(h->fd);
	h->fd = -1;
	return (source->end(source_ctx, h->id, tell));
}

void
decoder_end(struct decoder_handle *h)
{
	(void)end(h, false);
}

int
decoder_ended(struct decoder_handle *h)
{
	return (end(h, true));
}

bool
decoder_blame(int status, enum refusal *code, char *how, size_t size)
{
	/* what a process does to itself; all others were sent by somebody, SIGKILL also by a kernel without memory */
	static const struct { int signal; enum refusal code; const char *how; } signals[] = {
		{ SIGSEGV, REFUSAL_CRASHED, "crashed (SIGSEGV: it reached for memory that is not its own)" },
		{ SIGBUS, REFUSAL_CRASHED, "crashed (SIGBUS: it reached for memory that is not there)" },
		{ SIGABRT, REFUSAL_CRASHED, "crashed (SIGABRT: a check in it failed)" },
		{ SIGFPE, REFUSAL_CRASHED, "crashed (SIGFPE: it calculated what cannot be)" },
		{ SIGILL, REFUSAL_CRASHED, "crashed (SIGILL: it came to where no program is)" },
		{ SIGTRAP, REFUSAL_CRASHED, "crashed (SIGTRAP: a check in it failed)" },
		{ SIGSYS, REFUSAL_CRASHED, "was ended (SIGSYS: it did what its sandbox forbids)" },
		{ SIGXCPU, REFUSAL_TOO_SLOW, "took more time on a processor than the limit seconds allows (SIGXCPU)" },
	};

	*code = REFUSAL_CRASHED;
	if (status == DECODER_UNKNOWN) {
		(void)snprintf(how, size, "went away");
		return (false);
	}
	if (WIFEXITED(status)) {
		if (WEXITSTATUS(status) == DECODER_NO_MEMORY) {
			*code = REFUSAL_OVER_LIMIT;
			(void)snprintf(how, size, "used up the memory that it may have");
		} else
			(void)snprintf(how, size, "ended with code %d", WEXITSTATUS(status));
		return (true);
	}
	for (size_t i = 0; i < nitems(signals); i++)
		if (WIFSIGNALED(status) && WTERMSIG(status) == signals[i].signal) {
			*code = signals[i].code;
			(void)snprintf(how, size, "%s", signals[i].how);
			return (true);
		}
	(void)snprintf(how, size, "was killed from outside (signal %d)", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return (false);
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
decoder_kill(int link, int64_t id, bool tell)
{
	struct err	 e = { 0 };
	json_t		*m = json_pack("{s:s, s:I, s:b}", "op", "kill", "id", (json_int_t)id, "tell", (int)tell);

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

bool
decoder_told(const json_t *m, int64_t id, int *status)
{
	const char	*op = json_string_value(json_object_get(m, "op"));

	if (op == NULL || strcmp(op, "ended") != 0 || json_integer_value(json_object_get(m, "id")) != id)
		return (false);
	*status = (int)json_integer_value(json_object_get(m, "status"));
	return (true);
}
