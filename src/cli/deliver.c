/*
 * deliver.c - dmarcd deliver: one message from standard input into the spool.
 * Mail servers read the exit code: 75 makes them keep the message and come
 * back, everything else above 0 makes them bounce it. So whatever may pass
 * (a full disk, a missing directory) is 75, and only what can never work is
 * not.
 */
#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/base.h"
#include "base/io.h"
#include "cli/commands.h"
#include "conf/conf.h"
#include "spool/spool.h"

#define CHUNK		65536
#define FROM_LINE_MAX	1000	/* of an mbox "From " line; a longer one is none */

/*
 * Some mail servers put the separator of an mbox file in front ("From
 * user@host date"); it is no part of the message.
 */
static size_t
from_line(const char *p, size_t n)
{
	const char	*nl;

	if (n < 5 || memcmp(p, "From ", 5) != 0)
		return (0);
	nl = memchr(p, '\n', n < FROM_LINE_MAX ? n : FROM_LINE_MAX);
	return (nl == NULL ? 0 : (size_t)(nl - p) + 1);
}

/* Standard input into f, at most max bytes; 0 or an exit code. */
static int
copy(struct spool_file *f, uint64_t max)
{
	static char	 data[CHUNK];
	struct err	 e = { 0 };
	uint64_t	 total = 0;
	size_t		 skip;
	ssize_t		 n;

	/* whole chunks, so that the first one holds the whole first line */
	while ((n = io_read_full(STDIN_FILENO, data, sizeof(data))) > 0) {
		skip = total == 0 ? from_line(data, (size_t)n) : 0;
		total += (uint64_t)n - skip;
		if (total > max) {
			cli_say("deliver: the message is larger than message_bytes, %llu bytes; it is refused",
			    (unsigned long long)max);
			return (EX_DATAERR);
		}
		if (spool_write(f, data + skip, (size_t)n - skip, &e) == -1) {
			cli_say("deliver: %s", e.msg);
			return (EX_TEMPFAIL);
		}
	}
	if (n == -1) {
		cli_say("deliver: standard input: %s", strerror(errno));
		return (EX_TEMPFAIL);
	}
	if (total == 0) {
		cli_say("deliver: standard input is empty: no message, nothing is kept");
		return (EX_NOINPUT);
	}
	return (EX_OK);
}

static int
deliver_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct spool		*s;
	struct spool_file	*f = NULL;
	struct err		 e = { 0 };
	int			 rv = EX_TEMPFAIL;

	(void)args;
	if (isatty(STDIN_FILENO) == 1)
		return (cli_usage(&cli_cmd_deliver, "a message is expected on standard input, not a terminal"));
	if ((s = spool_open(ctx->state, &e)) == NULL || (f = spool_new(s, "deliver", &e)) == NULL) {
		cli_say("deliver: %s", e.msg);
	} else if ((rv = copy(f, ctx->conf->limits.message_bytes)) != EX_OK) {
		spool_abort(f);
	} else if (spool_commit(s, &f, 1, &e) == -1) {
		cli_say("deliver: %s", e.msg);
		rv = EX_TEMPFAIL;
	}
	spool_close(s);
	return (rv);
}

const struct cli_command cli_cmd_deliver = {
	.name = "deliver",
	.group = "Reports in",
	.help = "put one message from standard input into the spool",
	.usage = "< MESSAGE",
	.text = "For a mail server's pipe, Sieve, .forward or procmail. The message is safe on disk when "
	    "deliver returns; the running daemon, or the next fetch, reads it.\n\n"
	    "The exit code is one that mail servers know: 0 taken; 64 wrong usage; 65 the message is too large; "
	    "66 there was no message; 75 try again later, also when the configuration has faults, so that "
	    "no report bounces meanwhile.",
	.needs = CLI_NEEDS_STATE,
	.sysexits = true,
	.run = deliver_run,
};
