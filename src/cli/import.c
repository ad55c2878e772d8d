/*
 * import.c - dmarcd import: reports from files, directories, mbox, Maildir or
 * standard input, through the same decoders that the daemon uses.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "answer/answer.h"
#include "answer/tls.h"
#include "base/base.h"
#include "base/escape.h"
#include "base/io.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/failures.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "conf/conf.h"
#include "process/ingest.h"
#include "process/who.h"
#include "report/refusal.h"
#include "spool/spool.h"
#include "store/store.h"

#define DEPTH_MAX 64
#define SCAN ((size_t)256 * 1024)

struct import {
	struct cli_ctx		*ctx;
	struct store		*store;
	struct ingest		*ingest;
	struct progress		*bar;
	const struct limits	*limits;
	bool			 json, failed;
	struct err		 error;
	/* progress */
	uint64_t		 total, done_bytes;
	uint64_t		 n, by[IN_COUNT], unreadable, put_off;
	int64_t			 now;
};

/* One message or file under way; path is ours. */
struct item {
	struct ingest_job	 job;
	unsigned		 number;	/* of the message in an mbox, from 1; 0: the whole file */
	char			 path[];
};

/* --- What came of it --------------------------------------------------------------- */

static void
shown(struct buf *b, const struct item *it)
{
	(void)esc_text(b, str_of(it->path));
	if (it->number > 0)
		(void)buf_printf(b, " (message %u)", it->number);
}

static json_t *
report_line(struct query *q, const struct ingest_report *r, struct err *e)
{
	struct query_report	 found;
	struct query_failure	 failure;
	struct query_tls_report	 tls;

	if (r->kind == REPORT_TLS)
		return (query_tls_report(q, r->id, &tls, e) == -1 ? NULL : answer_tls_line(&tls));
	if (r->kind == REPORT_FAILURE)
		return (query_failure(q, r->id, false, &failure, e) == -1 ? NULL : answer_failure_line(&failure));
	return (query_report(q, r->id, &found, e) == -1 ? NULL : answer_report_line(&found));
}

static void
put_json(struct import *im, const struct item *it)
{
	const struct ingest_job	*j = &it->job;
	json_t			*o = json_object(), *reports = json_array(), *quirks = json_array(), *r, *q;
	struct buf		 b = { 0 };
	struct err		 e = { 0 };
	struct query		*query = j->nreports == 0 ? NULL : query_begin(im->store, when_now(), 0, &e);
	size_t			 k;

	for (size_t i = 0; query != NULL && i < j->nreports; i++) {
		if ((r = report_line(query, &j->reports[i], &e)) == NULL)
			continue;
		(void)json_object_set_new(r, "result", json_string(intake_result_names[j->reports[i].result]));
		json_array_foreach(json_object_get(r, "quirks"), k, q) {
			size_t	 m;
			json_t	*have;
			bool	 there = false;

			json_array_foreach(quirks, m, have)
				there |= json_equal(have, q);
			if (!there)
				(void)json_array_append(quirks, q);
		}
		(void)json_array_append_new(reports, r);
	}
	query_end(query);
	(void)json_object_set_new(o, "path", cli_json_text(str_of(it->path)));
	if (it->number > 0)
		(void)json_object_set_new(o, "message", json_integer(it->number));
	(void)json_object_set_new(o, "result", json_string(intake_result_names[j->result]));
	(void)json_object_set_new(o, "reason", j->reason[0] == '\0' ? json_null() : cli_json_text(str_of(j->reason)));
	(void)json_object_set_new(o, "reason_code", j->reason[0] == '\0' || j->reason_code == NULL ? json_null() : json_string(j->reason_code));
	(void)json_object_set_new(o, "part", j->part == 0 ? json_null() : json_integer(j->part));
	(void)json_object_set_new(o, "line", j->line == 0 ? json_null() : json_integer(j->line));
	(void)json_object_set_new(o, "reports", reports);
	(void)json_object_set_new(o, "quirks", quirks);
	(void)cli_json(&b, o);
	(void)buf_byte(&b, '\n');
	(void)fwrite(b.p, 1, b.len, stdout);
	buf_free(&b);
	json_decref(o);
}

static void
on_finished(void *ctx, struct ingest_job *j)
{
	struct import	*im = ctx;
	struct item	*it = j->user;
	struct buf	 b = { 0 };

	im->n++;
	im->by[j->result]++;
	im->done_bytes += j->bytes;
	if (im->json)
		put_json(im, it);
	if ((j->result == IN_REJECTED || (j->result == IN_PARTIAL && j->refused > 0)) && im->ctx->verbosity >= 0) {
		shown(&b, it);
		progress_note(im->bar, "dmarcd: %s: %s", b.p == NULL ? "" : b.p, j->reason);
		buf_free(&b);
	} else if (j->result == IN_IGNORED && im->ctx->verbosity > 0) {
		shown(&b, it);
		progress_note(im->bar, "dmarcd: %s: ignored: %s", b.p == NULL ? "" : b.p, j->reason);
		buf_free(&b);
	}
	progress_set(im->bar, im->done_bytes, im->n);
	ingest_job_clear(j);
	free(it);
}

static void cannot(struct import *, const char *, bool, const char *);

static void
on_abandoned(void *ctx, struct ingest_job *j)
{
	struct import	*im = ctx;
	struct item	*it = j->user;

	if (j->put_off) {
		im->put_off++;
		cannot(im, it->path, false, j->reason);
	}
	ingest_job_clear(j);
	free(it);
}

static const struct ingest_calls	 calls = { on_finished, on_abandoned };

/* --- What there is to read ------------------------------------------------------------ */

static void
cannot(struct import *im, const char *path, bool limit, const char *why)
{
	struct buf	 b = { 0 };
	json_t		*o;

	im->unreadable++;
	(void)esc_text(&b, str_of(path));
	progress_note(im->bar, "dmarcd: %s: %s", b.p == NULL ? "" : b.p, why);
	if (im->json) {
		buf_clear(&b);
		o = json_pack("{s:o, s:s, s:o, s:s, s:n, s:n, s:[], s:[]}", "path", cli_json_text(str_of(path)), "result", "rejected",
		    "reason", cli_json_text(str_of(why)), "reason_code", refusal_words[limit ? REFUSAL_OVER_LIMIT : REFUSAL_READ_ERROR],
		    "part", "line", "reports", "quirks");
		(void)cli_json(&b, o);
		(void)buf_byte(&b, '\n');
		(void)fwrite(b.p, 1, b.len, stdout);
		json_decref(o);
	}
	buf_free(&b);
}

/* Takes the descriptor. */
static int
submit(struct import *im, const char *path, unsigned number, int fd, uint64_t offset, uint64_t bytes)
{
	size_t		 n = strlen(path) + 1;
	struct item	*it = calloc(1, sizeof(*it) + n);
	const char	*slash = strrchr(path, '/');

	if (it == NULL) {
		(void)close(fd);
		return (err_set(&im->error, ERR_TEMP, "out of memory"));
	}
	memcpy(it->path, path, n);
	it->number = number;
	it->job = (struct ingest_job){ .fd = fd, .offset = offset, .bytes = bytes, .origin = "import",
	    .filename = slash == NULL ? it->path : it->path + (slash + 1 - path), .received = im->now, .keep_original = true, .user = it };
	return (ingest_submit(im->ingest, &it->job, &im->error));
}

/*
 * The messages of an mbox: a line that begins with "From " behind an empty
 * one, or at the very start, begins the next. Only offsets are looked for
 * here; what stands in the messages is the decoders' business.
 */
static int
split_mbox(struct import *im, const char *path, int fd, uint64_t size)
{
	char		*chunk = malloc(SCAN);
	uint64_t	 at = 0, begin = 0;
	size_t		 keep = 0;
	unsigned	 number = 0;
	ssize_t		 n;
	int		 rv = 0, copy;
	const char	*p;

	if (chunk == NULL)
		return (err_set(&im->error, ERR_TEMP, "out of memory"));
	while (rv == 0 && at < size && (n = pread(fd, chunk + keep, SCAN - keep, (off_t)at)) > 0) {
		size_t		 have = keep + (size_t)n;
		uint64_t	 base = at - keep;	/* file offset of chunk[0] */
		const char	*from = chunk;

		while (rv == 0 && (p = memmem(from, have - (size_t)(from - chunk), "\nFrom ", 6)) != NULL) {
			uint64_t	 here = base + (uint64_t)(p + 1 - chunk);
			bool		 blank = p > chunk && (p[-1] == '\n' || (p[-1] == '\r' && p - 1 > chunk && p[-2] == '\n'));

			from = p + 1;
			if (!blank || here == begin)
				continue;
			if ((copy = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
				rv = err_set(&im->error, ERR_TEMP, "%s", strerror(errno));
			else
				rv = submit(im, path, ++number, copy, begin, here - begin);
			begin = here;
		}
		at += (uint64_t)n;
		keep = have < 16 ? have : 16;
		memmove(chunk, chunk + have - keep, keep);
	}
	free(chunk);
	if (rv == 0 && begin < size) {
		if ((copy = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
			return (err_set(&im->error, ERR_TEMP, "%s", strerror(errno)));
		rv = submit(im, path, ++number, copy, begin, size - begin);
	}
	return (rv);
}

static int
take_file(struct import *im, const char *path, int fd, const struct stat *st)
{
	char	 head[5], why[128];
	int	 rv;

	if ((uint64_t)st->st_size > im->limits->file_bytes) {
		(void)snprintf(why, sizeof(why), "larger than the limit file_bytes = %llu; it was left in place",
		    (unsigned long long)im->limits->file_bytes);
		cannot(im, path, true, why);
		(void)close(fd);
		return (0);
	}
	if (pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) && memcmp(head, "From ", 5) == 0) {
		rv = split_mbox(im, path, fd, (uint64_t)st->st_size);
		(void)close(fd);
		return (rv);
	}
	return (submit(im, path, 0, fd, 0, (uint64_t)st->st_size));
}

static int take_path(struct import *, const char *, unsigned, bool);

static int
visible(const struct dirent *d)
{
	return (d->d_name[0] != '.');
}

static bool
is_dir(const char *dir, const char *name)
{
	char		 p[PATH_MAX];
	struct stat	 st;

	return (snprintf(p, sizeof(p), "%s/%s", dir, name) < (int)sizeof(p) && stat(p, &st) == 0 && S_ISDIR(st.st_mode));
}

static int
take_dir(struct import *im, const char *path, unsigned depth, bool count)
{
	struct dirent	**names;
	char		 p[PATH_MAX];
	int		 n, rv = 0;
	bool		 maildir = is_dir(path, "new") && is_dir(path, "cur");

	if (depth > DEPTH_MAX) {
		if (!count)
			cannot(im, path, true, "too many directories inside each other");
		return (0);
	}
	if ((n = scandir(path, &names, visible, alphasort)) == -1) {
		if (!count)
			cannot(im, path, false, strerror(errno));
		return (0);
	}
	for (int i = 0; i < n; i++) {
		/* what stands in a Maildir's tmp is not complete */
		if (rv == 0 && !(maildir && strcmp(names[i]->d_name, "tmp") == 0)) {
			if (snprintf(p, sizeof(p), "%s/%s", path, names[i]->d_name) < (int)sizeof(p))
				rv = take_path(im, p, depth + 1, count);
			else if (!count)
				cannot(im, path, false, "a name in it is too long");
		}
		free(names[i]);
	}
	free(names);
	return (rv);
}

static int
take_path(struct import *im, const char *path, unsigned depth, bool count)
{
	struct stat	 st;
	int		 fd;

	/* links are followed where they are named, not where they are found */
	if ((depth == 0 ? stat(path, &st) : lstat(path, &st)) == -1) {
		if (!count)
			cannot(im, path, false, strerror(errno));
		return (0);
	}
	if (S_ISDIR(st.st_mode))
		return (take_dir(im, path, depth, count));
	if (!S_ISREG(st.st_mode)) {
		if (!count && depth == 0)
			cannot(im, path, false, "is no regular file and no directory");
		return (0);
	}
	if (count) {
		im->total += (uint64_t)st.st_size;
		return (0);
	}
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (depth == 0 ? 0 : O_NOFOLLOW))) == -1 || fstat(fd, &st) == -1) {
		cannot(im, path, false, strerror(errno));
		if (fd != -1)
			(void)close(fd);
		return (0);
	}
	return (take_file(im, path, fd, &st));
}

/* Standard input goes to an unnamed file first: a decoder reads where it wants. */
static int
take_stdin(struct import *im)
{
	char		*chunk;
	struct stat	 st;
	uint64_t	 total = 0;
	ssize_t		 n;
	int		 fd;

	if ((chunk = malloc(SCAN)) == NULL)
		return (err_set(&im->error, ERR_TEMP, "out of memory"));
	if ((fd = open(im->ctx->state, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) == -1 &&
	    (fd = memfd_create("dmarcd-stdin", MFD_CLOEXEC)) == -1) {
		free(chunk);
		return (err_set(&im->error, ERR_TEMP, "standard input: %s", strerror(errno)));
	}
	while ((n = io_read_full(STDIN_FILENO, chunk, SCAN)) > 0 && (total += (uint64_t)n) <= im->limits->file_bytes)
		if (io_write_full(fd, chunk, (size_t)n) == -1) {
			n = -1;
			break;
		}
	free(chunk);
	if (n == -1 || fstat(fd, &st) == -1) {
		(void)close(fd);
		return (err_set(&im->error, ERR_TEMP, "standard input: %s", strerror(errno)));
	}
	if (total > im->limits->file_bytes) {
		(void)close(fd);
		cannot(im, "-", true, "larger than the limit file_bytes");
		return (0);
	}
	return (take_file(im, "-", fd, &st));
}

/* --- The command --------------------------------------------------------------------------- */

static void
sum_up(const struct import *im)
{
	static const char *const	 words[IN_COUNT] = { "stored", "here already", "replaced an older version", "no report", "not readable",
					    "read in part" };
	struct buf			 b = { 0 };
	char				 n[32];
	bool				 first = true;

	(void)buf_printf(&b, "%s %s read: ", cli_thousands((int64_t)im->n, n), im->n == 1 ? "message" : "messages");
	for (int i = 0; i < IN_COUNT; i++) {
		uint64_t	 v = im->by[i] + (i == IN_REJECTED ? im->unreadable : 0);

		if (v == 0)
			continue;
		(void)buf_printf(&b, "%s%s %s", first ? "" : ", ", cli_thousands((int64_t)v, n), words[i]);
		first = false;
	}
	if (first)
		(void)buf_cstr(&b, "nothing");
	cli_note(im->ctx, "%s", b.p);
	buf_free(&b);
}

static int
import_all(struct import *im, const struct cli_args *args)
{
	for (size_t i = 0; progress_shown(im->bar) && i < cli_operands(args); i++)
		if (strcmp(cli_operand(args, i), "-") != 0)
			(void)take_path(im, cli_operand(args, i), 0, true);
	progress_total(im->bar, im->total);
	for (size_t i = 0; i < cli_operands(args); i++) {
		const char	*p = cli_operand(args, i);

		if ((strcmp(p, "-") == 0 ? take_stdin(im) : take_path(im, p, 0, false)) == -1)
			return (-1);
	}
	return (ingest_flush(im->ingest, &im->error));
}

static int
import_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct import	 im = { .ctx = ctx, .limits = &ctx->conf->limits, .now = when_now() };
	struct err	 e = { 0 };
	uint64_t	 records;
	bool		 old;
	int		 rv;

	im.json = cli_format(args) == CLI_FORMAT_JSON;
	if ((im.store = store_open(ctx->state, STORE_WRITE, &im.error)) == NULL)
		return (cli_fail(&im.error));
	failures_options(ctx, im.store);
	store_trust(im.store, &ctx->conf->trust);
	cli_places(ctx);
	if (store_rules_old(im.store, &old, &records, &im.error) == 0 && old)
		cli_note(ctx, "what is stored was judged by older rules; 'dmarcd reprocess --verdicts' brings it up to date");
	if ((im.ingest = ingest_new(im.store, im.limits, ctx->conf->decoders, &calls, &im, &im.error)) == NULL) {
		store_close(im.store);
		return (cli_fail(&im.error));
	}
	im.bar = progress_new(ctx, (enum progress_when)cli_word(args, "progress", PROGRESS_AUTO), "import", "messages");
	rv = import_all(&im, args);
	ingest_free(im.ingest);
	if (rv == 0)
		rv = failures_expire(ctx, im.store, &im.error);
	/* without the daemon whoever asks finds out who sent; with it people look at any time */
	if (rv == 0 && spool_served(ctx->state) && who_now(ctx->conf, im.store, &e) == -1)
		cli_note(ctx, "who sent it will be found out by the daemon: %s", e.msg);
	store_close(im.store);
	progress_done(im.bar);
	if (rv == -1) {
		sum_up(&im);
		return (cli_fail(&im.error));
	}
	sum_up(&im);
	if (im.put_off > 0)
		return (CLI_TEMP);
	return (im.unreadable > 0 || im.by[IN_REJECTED] > 0 || im.by[IN_PARTIAL] > 0 ? CLI_SOME : CLI_OK);
}

static const struct cli_option	 options[] = {
	{ .name = "format", .kind = CLI_WORD, .arg = "table|json|csv",
	    .help = "json prints one object per input: path, result, reason, reports, quirks" },
	CLI_OPT_PROGRESS,
	CLI_OPTIONS_END
};

const struct cli_command cli_cmd_import = {
	.name = "import",
	.group = "Reports in",
	.help = "read reports from files, directories, mbox or Maildir",
	.usage = "[--format json] PATH... | -",
	.text = "Reads mail and reports as they come: .eml, mbox, Maildir, .xml, .gz, .zip and others, told apart by their bytes. "
	    "Directories are read with all that is in them; - is standard input, one message, report or mbox.\n\n"
	    "What was stored before is known again and counts once. What cannot be read stays where it is, is named with the "
	    "reason, and makes the exit code 1. The daemon may run meanwhile.",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.words = "FILE",
	.needs = CLI_NEEDS_STATE,
	.run = import_run,
};
