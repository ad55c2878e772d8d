/*
 * backup.c - dmarcd backup: a consistent copy while the daemon writes.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/backup_people.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "store/store.h"

struct backup {
	struct cli_ctx	*ctx;
	struct progress	*bar;
	const char	*dir;		/* for originals and quarantine; NULL: without */
	char		 people[PATH_MAX];	/* for users and what was sent */
	unsigned	 files, missing, npeople;
};

static void
on_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct backup	*b = ctx;

	progress_total(b->bar, total);
	progress_set(b->bar, done, done);
}

/* --- Files beside the database: linked where that goes, else copied ---------------------------- */

static int
copy_file(const char *from, const char *to, struct err *e)
{
	char	 chunk[65536];
	ssize_t	 n = -1;
	int	 in, out = -1;

	if ((in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) != -1 &&
	    (out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)) != -1) {
		while ((n = io_read_full(in, chunk, sizeof(chunk))) > 0)
			if (io_write_full(out, chunk, (size_t)n) == -1) {
				n = -1;
				break;
			}
		if (n == 0 && fsync(out) == -1)
			n = -1;
	}
	if (n == -1)
		err_set(e, ERR_TEMP, "%s: %s", out == -1 && in == -1 ? from : to, strerror(errno));
	if (in != -1)
		(void)close(in);
	if (out != -1)
		(void)close(out);
	return (n == -1 ? -1 : 0);
}

static int
keep_file(struct backup *b, const char *folder, const char *name, struct err *e)
{
	char		 from[PATH_MAX], to[PATH_MAX];
	struct stat	 have, st;

	if (snprintf(from, sizeof(from), "%s/%s/%s", b->ctx->state, folder, name) >= (int)sizeof(from) ||
	    snprintf(to, sizeof(to), "%s/%s/%s", b->dir, folder, name) >= (int)sizeof(to))
		return (err_set(e, ERR_CONFIG, "%s: name too long", b->dir));
	if (lstat(from, &st) == -1) {
		/* expired since, or a message that is still in the spool: the copy says so when it is verified */
		b->missing++;
		return (0);
	}
	b->files++;
	/* these files only ever grow: an earlier backup's is good, or is brought up to date */
	if (lstat(to, &have) == 0) {
		if (have.st_size == st.st_size)
			return (0);
		(void)unlink(to);
	}
	if (link(from, to) == 0)
		return (0);
	return (copy_file(from, to, e));
}

static int
on_pack(void *ctx, const char *name, uint64_t bytes, struct err *e)
{
	(void)bytes;
	return (keep_file(ctx, "originals", name, e));
}

static int
on_quarantined(void *ctx, const char *file, struct err *e)
{
	return (keep_file(ctx, "quarantine", file, e));
}

static int
make_dirs(struct backup *b, struct err *e)
{
	static const char *const	 names[] = { "originals", "quarantine" };
	char				 path[PATH_MAX];

	for (size_t i = 0; i < nitems(names); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", b->dir, names[i]) >= (int)sizeof(path))
			return (err_set(e, ERR_CONFIG, "%s: name too long", b->dir));
		if (io_mkdir_p(path, 0700, e) == -1)
			return (-1);
	}
	return (0);
}

static int
sync_dirs(struct backup *b, struct err *e)
{
	char	 path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/originals", b->dir);
	if (io_fsync_dir(path, e) == -1)
		return (-1);
	(void)snprintf(path, sizeof(path), "%s/quarantine", b->dir);
	return (io_fsync_dir(path, e) == -1 ? -1 : io_fsync_dir(b->dir, e));
}

/* --- The database -------------------------------------------------------------------------------- */

/* May something be put there? An exit code. */
static int
allowed(struct cli_ctx *ctx, const char *path, bool force)
{
	char		 other[PATH_MAX];
	struct stat	 st, live;

	if (lstat(path, &st) == -1) {
		if (errno == ENOENT)
			return (CLI_OK);
		cli_say("%s: %s", path, strerror(errno));
		return (CLI_TEMP);
	}
	if (snprintf(other, sizeof(other), "%s/dmarcd.db", ctx->state) < (int)sizeof(other) && stat(other, &live) == 0 &&
	    st.st_dev == live.st_dev && st.st_ino == live.st_ino)
		return (cli_usage(&cli_cmd_backup, "%s is the database itself", path));
	if (!S_ISREG(st.st_mode) || !force)
		return (cli_usage(&cli_cmd_backup, "%s is there already%s", path, S_ISREG(st.st_mode) ? "; --force replaces it" : ""));
	if (snprintf(other, sizeof(other), "%s-wal", path) < (int)sizeof(other) && lstat(other, &st) == 0 && st.st_size > 0)
		return (cli_usage(&cli_cmd_backup, "%s is in use: there is a %s-wal beside it", path, path));
	return (CLI_OK);
}

static int
put_in_place(const char *tmp, const char *path, bool force, struct err *e)
{
	char	 dir[PATH_MAX];

	/* a link does not overwrite what came in between */
	if ((force ? rename(tmp, path) : link(tmp, path)) == -1) {
		err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno));
		(void)unlink(tmp);
		return (-1);
	}
	if (!force)
		(void)unlink(tmp);
	(void)snprintf(dir, sizeof(dir), "%s", path);
	return (io_fsync_dir(dirname(dir), e));
}

static int
backup(struct backup *b, const char *path, bool force, struct err *e)
{
	struct store	*s;
	char		 tmp[PATH_MAX];
	int		 rv;

	if (snprintf(tmp, sizeof(tmp), "%s.%ld.tmp", path, (long)getpid()) >= (int)sizeof(tmp))
		return (err_set(e, ERR_CONFIG, "%s: name too long", path));
	if ((b->dir != NULL && make_dirs(b, e) == -1) || (s = store_open(b->ctx->state, STORE_READ, e)) == NULL)
		return (-1);
	rv = store_backup(s, tmp, on_progress, b->dir == NULL ? NULL : on_pack, b->dir == NULL ? NULL : on_quarantined, b, e);
	store_close(s);
	if (rv == 0 && (rv = backup_people(b->ctx->state, b->people, &b->npeople, e)) == -1)
		(void)unlink(tmp);
	if (rv == 0)
		rv = put_in_place(tmp, path, force, e);
	return (rv == 0 && b->dir != NULL ? sync_dirs(b, e) : rv);
}

static int
backup_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct backup	 b = { .ctx = ctx, .dir = cli_text(args, "with-originals") };
	const char	*path = cli_operand(args, 0);
	bool		 force = cli_flag(args, "force");
	struct err	 e = { 0 };
	struct stat	 st;
	char		 size[32];
	int		 rv;

	if ((rv = allowed(ctx, path, force)) != CLI_OK)
		return (rv);
	if (snprintf(b.people, sizeof(b.people), "%s%s", b.dir != NULL ? b.dir : path, b.dir != NULL ? "" : ".state") >= (int)sizeof(b.people))
		return (cli_usage(&cli_cmd_backup, "%s: name too long", path));
	b.bar = progress_new(ctx, (enum progress_when)cli_word(args, "progress", PROGRESS_AUTO), "backup", "pages");
	rv = backup(&b, path, force, &e);
	progress_done(b.bar);
	if (rv == -1)
		return (cli_fail(&e));
	cli_note(ctx, "%s: %s", path, stat(path, &st) == 0 ? cli_bytes(st.st_size, size) : "");
	if (b.npeople > 0)
		cli_note(ctx, "%s: %u file%s of users, tokens, logs and sent mail", b.people, b.npeople, b.npeople == 1 ? "" : "s");
	if (b.dir != NULL)
		cli_note(ctx, "%s: %u file%s of originals and quarantine", b.dir, b.files, b.files == 1 ? "" : "s");
	if (b.missing > 0)
		cli_note(ctx, "%u file%s gone since, or never moved there", b.missing, b.missing == 1 ? " is" : "s are");
	return (CLI_OK);
}

static const struct cli_option	 options[] = {
	{ .name = "force", .kind = CLI_FLAG, .help = "replace FILE when it is there" },
	{ .name = "with-originals", .kind = CLI_DIR, .arg = "DIR", .help = "originals and quarantined messages too, linked or copied" },
	CLI_OPT_PROGRESS,
	CLI_OPTIONS_END
};

const struct cli_command cli_cmd_backup = {
	.name = "backup",
	.group = "Care",
	.help = "a consistent copy of the database while the daemon writes",
	.usage = "[--force] [--with-originals DIR] FILE",
	.text = "The copy is of one moment. It is written beside FILE, made durable and then given its name, so FILE is whole or not there. "
	    "Only its owner can read it.\n\n"
	    "With --with-originals the originals go to DIR/originals and quarantined messages to DIR/quarantine, as links where DIR is "
	    "on the same file system, else as copies. If FILE is DIR/dmarcd.db then DIR is a state directory.\n\n"
	    "Users, API tokens, the log of who did what and which mail was sent go to DIR, or without one to the folder FILE.state; "
	    "sessions and what mailboxes remember do not. To restore, stop the daemon, put the files into an empty state directory "
	    "(FILE as dmarcd.db) and start it: what mailboxes still have is fetched once more and counted once.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.words = "FILE",
	.needs = CLI_NEEDS_STATE,
	.run = backup_run,
};
