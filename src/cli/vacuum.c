/*
 * vacuum.c - dmarcd vacuum: room on the disk that is no longer used.
 */
#include "cli/commands.h"
#include "cli/table.h"
#include "store/store.h"

static int
vacuum_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct store	*s;
	struct err	 e = { 0 };
	uint64_t	 before, after;
	char		 a[32], b[32];
	int		 rv;

	(void)args;
	/* the copy that is made for it: on the same disk, not in /tmp */
	(void)setenv("SQLITE_TMPDIR", ctx->state, 0);
	if ((s = store_open(ctx->state, STORE_WRITE, &e)) == NULL)
		return (cli_fail(&e));
	rv = store_vacuum(s, &before, &after, &e);
	store_close(s);
	if (rv == -1)
		return (cli_fail(&e));
	cli_note(ctx, "%s before, %s now", cli_bytes((int64_t)before, a), cli_bytes((int64_t)after, b));
	return (CLI_OK);
}

const struct cli_command cli_cmd_vacuum = {
	.name = "vacuum",
	.group = "Care",
	.help = "give unused room in the database back to the file system",
	.usage = "",
	.text = "Of use after much was deleted. It needs as much room on the disk as the database takes, for the time it runs, and nothing "
	    "is stored meanwhile; what comes in waits in the spool.",
	.max_args = 0,
	.needs = CLI_NEEDS_STATE,
	.run = vacuum_run,
};
