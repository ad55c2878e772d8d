/*
 * quarantine.c - dmarcd quarantine: what could not be read, why, and what
 * becomes of it.
 */
#include <sys/stat.h>

#include <errno.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/log.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/failures.h"
#include "cli/listing.h"
#include "cli/progress.h"
#include "conf/conf.h"
#include "process/ingest.h"
#include "spool/spool.h"

#define SHOWN 16384	/* bytes of a message in the safe view */

static const struct cli_column columns[] = {
	{ "id", "id", CLI_CELL_TEXT, 0 },
	{ "received", "received", CLI_CELL_TIME, 0 },
	{ "mailbox", "mailbox", CLI_CELL_TEXT, 0 },
	{ "bytes", "size", CLI_CELL_BYTES, 0 },
	{ "reason", "reason", CLI_CELL_TEXT, 0 },
	{ "text", "why", CLI_CELL_TEXT, 0 },
	{ "part", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "line", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "sender", "sender", CLI_CELL_TEXT, 0 },
	{ "subject", "subject", CLI_CELL_TEXT, 0 },
};

static const char *
id_text(int64_t id, char out[32])
{
	(void)snprintf(out, 32, "%lld", (long long)id);
	return (out);
}

static void
put(struct cli_table *t, const struct query_quarantined *x)
{
	char	 id[32];

	cli_cell_cstr(t, id_text(x->id, id));
	cli_cell_time(t, x->received);
	cli_cell_text(t, x->origin);
	cli_cell_bytes(t, (int64_t)x->bytes);
	cli_cell_text(t, x->reason);
	cli_cell_text(t, x->text);
	if (x->part == 0)
		cli_cell_null(t);
	else
		cli_cell_int(t, x->part);
	if (x->line == 0)
		cli_cell_null(t);
	else
		cli_cell_int(t, x->line);
	cli_cell_text(t, x->sender);
	cli_cell_text(t, x->subject);
	cli_row(t);
}

static int
list(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct listing			 l;
	struct query_quarantined	*x;
	struct cli_table		*t;
	struct err			 e = { 0 };
	char				 size[32];
	uint64_t			 bytes = 0;
	size_t				 n;
	int				 rc;

	if ((rc = listing_open(&l, ctx, args, LISTING_PLAIN, NULL)) != CLI_OK)
		return (rc);
	if (query_quarantine(l.q, 0, &x, &n, &e) == -1)
		return (listing_fail(&l, &e));
	t = cli_table_new(ctx, l.format, columns, nitems(columns));
	for (size_t i = 0; i < n; i++) {
		put(t, &x[i]);
		bytes += x[i].bytes;
	}
	if (cli_table_end(t, &e) == -1)
		return (listing_fail(&l, &e));
	if (l.format == CLI_FORMAT_TABLE)
		cli_note(ctx, "%zu message%s in quarantine, %s", n, n == 1 ? "" : "s", cli_bytes((int64_t)bytes, size));
	listing_close(&l);
	return (CLI_OK);
}

/* --- show -------------------------------------------------------------------------------- */

static void
line(const char *what, struct str s)
{
	struct buf	 b = { 0 };

	if (s.p == NULL)
		return;
	(void)buf_printf(&b, "%-10s ", what);
	(void)esc_text(&b, s);
	(void)buf_byte(&b, '\n');
	(void)fwrite(b.p, 1, b.len, stdout);
	buf_free(&b);
}

static void
say(const struct query_quarantined *x)
{
	char	 t[WHEN_TEXT], size[32], place[64];

	line("id", str_of(id_text(x->id, size)));
	line("received", str_of(when_rfc3339(x->received, t)));
	line("mailbox", x->origin);
	line("size", str_of(cli_bytes((int64_t)x->bytes, size)));
	line("reason", x->reason);
	line("why", x->text);
	if (x->line > 0)
		(void)snprintf(place, sizeof(place), "part %u of the mail, line %u of the document", x->part, x->line);
	else
		(void)snprintf(place, sizeof(place), "part %u of the mail", x->part);
	if (x->part > 0)
		line("place", str_of(place));
	line("sender", x->sender);
	line("subject", x->subject);
	line("file", x->file);
}

/* As it came, byte for byte. */
static int
raw(int fd, struct err *e)
{
	char	 chunk[65536];
	ssize_t	 n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (err_set(e, ERR_TEMP, "%s", strerror(errno)));
		if (fwrite(chunk, 1, (size_t)n, stdout) != (size_t)n)
			return (0);	/* cli_main says it */
	}
	return (0);
}

#define NOT_SHOWN "(this is a mail about somebody's message, and not shown; who may read the state directory finds it there)"

/* Should its reader have died of it, nobody said what kind of mail it is. */
static bool
about_a_person(struct str s)
{
	return (s.len > 0 && (str_ifind(s, "feedback-report") != NULL || str_ifind(s, "Feedback-Type:") != NULL ||
	    failure_looks_like_notice(s)));
}

/* The beginning, line by line, with everything made harmless that a terminal would obey. */
static int
harmless(int fd, uint64_t size, struct err *e)
{
	char		*text, *p, *nl;
	struct buf	 b = { 0 };
	ssize_t		 n;
	size_t		 left, k;

	if ((text = malloc(SHOWN)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if ((n = pread(fd, text, SHOWN, 0)) == -1) {
		free(text);
		return (err_set(e, ERR_TEMP, "%s", strerror(errno)));
	}
	if (about_a_person((struct str){ text, (size_t)n }))
		(void)buf_cstr(&b, NOT_SHOWN "\n");
	else if (memchr(text, '\0', (size_t)n) != NULL)
		(void)buf_cstr(&b, "(this is no text; --raw gives it as it came)\n");
	else
		for (p = text, left = (size_t)n; left > 0; p += k, left -= k) {
			nl = memchr(p, '\n', left);
			k = nl == NULL ? left : (size_t)(nl + 1 - p);
			(void)esc_text(&b, (struct str){ p, k - (nl != NULL) - (nl != NULL && k > 1 && p[k - 2] == '\r') });
			(void)buf_byte(&b, '\n');
		}
	if ((uint64_t)n < size)
		(void)buf_printf(&b, "(%llu bytes more; --raw gives all)\n", (unsigned long long)(size - (uint64_t)n));
	(void)putchar('\n');
	if (b.len > 0)
		(void)fwrite(b.p, 1, b.len, stdout);
	buf_free(&b);
	free(text);
	return (0);
}

static int
show_file(struct cli_ctx *ctx, const char *name, bool whole, struct err *e)
{
	struct spool	*sp = spool_open(ctx->state, e);
	struct stat	 st;
	int		 fd, rv = -1;

	if (sp == NULL)
		return (-1);
	if ((fd = spool_quarantine_open(sp, name, e)) != -1) {
		rv = whole ? raw(fd, e) : fstat(fd, &st) == -1 ? err_set(e, ERR_TEMP, "%s", strerror(errno)) :
		    harmless(fd, (uint64_t)st.st_size, e);
		(void)close(fd);
	}
	spool_close(sp);
	return (rv);
}

static int
show_found(struct listing *l, const struct cli_args *args, const struct query_quarantined *x, struct err *e)
{
	struct cli_table	*t;
	char			 file[256];

	(void)snprintf(file, sizeof(file), "%.*s", (int)x->file.len, x->file.p == NULL ? "" : x->file.p);
	if (cli_flag(args, "raw") && x->private)
		return (err_set(e, ERR_CONFIG, "%s", NOT_SHOWN));
	if (cli_flag(args, "raw"))
		return (show_file(l->ctx, file, true, e));
	if (l->format != CLI_FORMAT_TABLE) {
		t = cli_table_new(l->ctx, l->format, columns, nitems(columns));
		put(t, x);
		return (cli_table_end(t, e));
	}
	say(x);
	return (show_file(l->ctx, file, false, e));
}

static bool
parse_id(const char *s, int64_t *id)
{
	char	*end;

	errno = 0;
	*id = strtoll(s, &end, 10);
	return (errno == 0 && end != s && *end == '\0' && *id > 0);
}

static int
show(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct listing			 l;
	struct query_quarantined	*x;
	struct err			 e = { 0 };
	int64_t				 id;
	size_t				 n;
	int				 rc;

	if (cli_operands(args) != 2 || !parse_id(cli_operand(args, 1), &id))
		return (cli_usage(&cli_cmd_quarantine, "show wants one id, as list says it"));
	if (cli_flag(args, "raw") && ctx->tty_out)
		return (cli_usage(&cli_cmd_quarantine, "--raw gives the bytes as strangers sent them, which a terminal might obey: "
		    "send them to a file or a pipe"));
	if ((rc = listing_open(&l, ctx, args, LISTING_PLAIN, NULL)) != CLI_OK)
		return (rc);
	if (query_quarantine(l.q, id, &x, &n, &e) == -1)
		return (listing_fail(&l, &e));
	if (n == 0) {
		listing_close(&l);
		cli_say("there is no message %lld in quarantine", (long long)id);
		return (CLI_SOME);
	}
	if (show_found(&l, args, &x[0], &e) == -1)
		return (listing_fail(&l, &e));
	listing_close(&l);
	return (CLI_OK);
}

/* --- Which ones: copies, as the snapshot is soon given up --------------------------------- */

struct one {
	int64_t	 id, received, message;
	char	 file[256], origin[65];
};

static int
all_of(struct cli_ctx *ctx, struct one **out, size_t *n, struct err *e)
{
	struct store			*s;
	struct query			*q = NULL;
	struct query_quarantined	*x;
	int				 rv = -1;

	*out = NULL;
	if ((s = store_open(ctx->state, STORE_READ, e)) == NULL || (q = query_begin(s, when_now(), 0, e)) == NULL ||
	    query_quarantine(q, 0, &x, n, e) == -1)
		goto out;
	if ((*out = calloc(*n + 1, sizeof(**out))) == NULL) {
		err_set(e, ERR_TEMP, "out of memory");
		goto out;
	}
	for (size_t i = 0; i < *n; i++) {
		(*out)[i] = (struct one){ .id = x[i].id, .received = x[i].received, .message = x[i].message };
		(void)snprintf((*out)[i].file, sizeof((*out)[i].file), "%.*s", (int)x[i].file.len, x[i].file.p == NULL ? "" : x[i].file.p);
		(void)snprintf((*out)[i].origin, sizeof((*out)[i].origin), "%.*s", (int)x[i].origin.len,
		    x[i].origin.p == NULL ? "" : x[i].origin.p);
	}
	rv = 0;
out:
	query_end(q);
	store_close(s);
	return (rv);
}

/* Those that the operands name, in front; an exit code. */
static int
chosen(struct cli_ctx *ctx, const struct cli_args *args, struct one **out, size_t *n)
{
	struct err	 e = { 0 };
	struct one	 x;
	size_t		 have = 0, i;
	int64_t		 id;
	int		 rv = CLI_OK;

	if (cli_flag(args, "all") == (cli_operands(args) > 1))
		return (cli_usage(&cli_cmd_quarantine, "which ones? ids, as list says them, or --all"));
	for (size_t k = 1; k < cli_operands(args); k++)
		if (!parse_id(cli_operand(args, k), &id))
			return (cli_usage(&cli_cmd_quarantine, "'%s' is no id", cli_operand(args, k)));
	if (all_of(ctx, out, n, &e) == -1)
		return (cli_fail(&e));
	for (size_t k = 1; k < cli_operands(args); k++) {
		(void)parse_id(cli_operand(args, k), &id);
		for (i = 0; i < *n && (*out)[i].id != id; i++)
			;
		if (i == *n) {
			cli_say("there is no message %lld in quarantine", (long long)id);
			rv = CLI_SOME;
		} else if (i >= have) {	/* named twice is once */
			x = (*out)[have];
			(*out)[have++] = (*out)[i];
			(*out)[i] = x;
		}
	}
	if (!cli_flag(args, "all"))
		*n = have;
	return (rv);
}

/* --- retry --------------------------------------------------------------------------------- */

struct retry {
	struct cli_ctx		*ctx;
	struct spool		*spool;
	struct progress		*bar;
	struct cli_table	*t;	/* NULL: for people */
	uint64_t		 n, read, lost;
};

static const struct cli_column results[] = {
	{ "id", "", CLI_CELL_TEXT, 0 },
	{ "result", "", CLI_CELL_TEXT, 0 },
	{ "reports", "", CLI_CELL_INT, 0 },
	{ "reason", "", CLI_CELL_TEXT, 0 },
	{ "text", "", CLI_CELL_TEXT, 0 },
};

struct again {
	struct ingest_job	 job;
	const struct one	*one;
};

static void
say_result(struct retry *r, const struct ingest_job *j, const struct one *one)
{
	struct buf	 b = { 0 };
	char		 id[32];

	if (r->t != NULL) {
		cli_cell_cstr(r->t, id_text(one->id, id));
		cli_cell_cstr(r->t, intake_result_names[j->result]);
		cli_cell_int(r->t, (int64_t)j->nreports);
		cli_cell_cstr(r->t, j->quarantined ? j->reason_code : NULL);
		cli_cell_cstr(r->t, j->quarantined ? j->reason : NULL);
		cli_row(r->t);
		return;
	}
	if (j->quarantined) {
		(void)esc_text(&b, str_of(j->reason));
		if (r->ctx->verbosity >= 0)
			progress_note(r->bar, "dmarcd: %lld: still not %s: %s", (long long)one->id, j->nreports > 0 ? "read whole" :
			    "readable", b.p == NULL ? "" : b.p);
		buf_free(&b);
	} else if (r->ctx->verbosity > 0)
		progress_note(r->bar, "dmarcd: %lld: %s", (long long)one->id, intake_result_names[j->result]);
}

static void
on_finished(void *ctx, struct ingest_job *j)
{
	struct retry	*r = ctx;
	struct again	*a = j->user;
	struct err	 e = { 0 };

	r->n++;
	if (!j->quarantined) {
		r->read++;
		/* its row went with the transaction; a file that nobody names harms nobody */
		if (spool_quarantine_remove(r->spool, a->one->file, &e) == -1)
			progress_note(r->bar, "dmarcd: %s", e.msg);
	}
	say_result(r, j, a->one);
	progress_set(r->bar, r->n, r->n);
	ingest_job_clear(j);
	free(a);
}

static void
on_abandoned(void *ctx, struct ingest_job *j)
{
	struct retry	*r = ctx;
	struct again	*a = j->user;

	if (j->put_off) {
		progress_note(r->bar, "dmarcd: %lld: %s", (long long)a->one->id, j->reason);
		r->lost++;
	}
	ingest_job_clear(j);
	free(a);
}

static const struct ingest_calls	 retry_calls = { on_finished, on_abandoned };

static int
retry_one(struct retry *r, struct ingest *g, const struct one *one, struct err *e)
{
	struct again	*a;
	struct stat	 st;
	int		 fd;

	if ((fd = spool_quarantine_open(r->spool, one->file, e)) == -1 || fstat(fd, &st) == -1) {
		progress_note(r->bar, "dmarcd: %lld: %s", (long long)one->id, fd == -1 ? e->msg : strerror(errno));
		if (fd != -1)
			(void)close(fd);
		r->lost++;
		return (0);
	}
	if ((a = calloc(1, sizeof(*a))) == NULL) {
		(void)close(fd);
		return (err_set(e, ERR_TEMP, "out of memory"));
	}
	a->one = one;
	a->job = (struct ingest_job){ .fd = fd, .bytes = (uint64_t)st.st_size, .origin = one->origin, .received = one->received,
	    .keep_original = true, .quarantine = one->file, .retry = true, .again = one->message, .user = a };
	return (ingest_submit(g, &a->job, e));
}

static int
retry_all(struct retry *r, const struct one *ones, size_t n, struct err *e)
{
	struct store	*s = store_open(r->ctx->state, STORE_WRITE, e);
	struct ingest	*g = NULL;
	int		 rv = -1;

	if (s != NULL) {
		failures_options(r->ctx, s);
		store_trust(s, &r->ctx->conf->trust);
	}
	if (s != NULL && (g = ingest_new(s, &r->ctx->conf->limits, r->ctx->conf->decoders, &retry_calls, r, e)) != NULL) {
		rv = 0;
		for (size_t i = 0; i < n && rv == 0; i++)
			rv = retry_one(r, g, &ones[i], e);
		if (rv == 0)
			rv = ingest_flush(g, e);
	}
	ingest_free(g);
	store_close(s);
	return (rv);
}

static int
retry(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct retry	 r = { .ctx = ctx };
	struct one	*ones = NULL;
	struct err	 e = { 0 };
	size_t		 n = 0;
	int		 rc = chosen(ctx, args, &ones, &n), rv = 0;

	if (rc > CLI_SOME || n == 0) {
		free(ones);
		if (rc == CLI_OK)
			cli_note(ctx, "quarantine is empty");
		return (rc);
	}
	log_open("dmarcd", ctx->verbosity < 0 ? LOG_ERROR : ctx->verbosity > 0 ? LOG_DEBUG : LOG_WARN);
	if ((r.spool = spool_open(ctx->state, &e)) == NULL) {
		free(ones);
		return (cli_fail(&e));
	}
	r.bar = progress_new(ctx, (enum progress_when)cli_word(args, "progress", PROGRESS_AUTO), "retry", "messages");
	progress_total(r.bar, n);
	if (cli_format(args) != CLI_FORMAT_TABLE)
		r.t = cli_table_new(ctx, cli_format(args), results, nitems(results));
	rv = retry_all(&r, ones, n, &e);
	if (r.t != NULL && cli_table_end(r.t, &e) == -1)
		rv = -1;
	progress_done(r.bar);
	spool_close(r.spool);
	free(ones);
	if (rv == -1)
		return (cli_fail(&e));
	cli_note(ctx, "%llu message%s read again: %llu stored, %llu still in quarantine", (unsigned long long)r.n, r.n == 1 ? "" : "s",
	    (unsigned long long)r.read, (unsigned long long)(r.n - r.read + r.lost));
	return (rc != CLI_OK || r.read < n ? CLI_SOME : CLI_OK);
}

/* --- discard ------------------------------------------------------------------------------- */

static bool
sure(size_t n)
{
	char	 answer[16];

	(void)fflush(stdout);
	(void)fprintf(stderr, "Discard %zu message%s for good? [y/N] ", n, n == 1 ? "" : "s");
	return (fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y'));
}

static int
discard(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct store	*s;
	struct one	*ones = NULL;
	struct err	 e = { 0 };
	size_t		 n = 0, gone = 0;
	int		 rc, rv = 0;

	if (!cli_flag(args, "yes") && !isatty(STDIN_FILENO))
		return (cli_usage(&cli_cmd_quarantine, "there is nobody to ask here: discard wants --yes"));
	rc = chosen(ctx, args, &ones, &n);
	if (rc > CLI_SOME || n == 0) {
		free(ones);
		return (rc);
	}
	if (!cli_flag(args, "yes") && !sure(n)) {
		free(ones);
		cli_note(ctx, "nothing was discarded");
		return (CLI_SOME);
	}
	if ((s = store_open(ctx->state, STORE_WRITE, &e)) == NULL) {
		free(ones);
		return (cli_fail(&e));
	}
	for (size_t i = 0; i < n && rv != -1; i++)
		if ((rv = store_quarantine_discard(s, ones[i].id, &e)) == 1)
			gone++;
	store_close(s);
	free(ones);
	if (rv == -1)
		return (cli_fail(&e));
	cli_note(ctx, "%zu message%s discarded", gone, gone == 1 ? "" : "s");
	return (rc);
}

static int
quarantine_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	const char	*verb = cli_operand(args, 0);

	if (strcmp(verb, "list") == 0) {
		if (cli_operands(args) > 1)
			return (cli_usage(&cli_cmd_quarantine, "list takes no id; show does"));
		return (list(ctx, args));
	}
	if (strcmp(verb, "show") == 0)
		return (show(ctx, args));
	if (strcmp(verb, "retry") == 0)
		return (retry(ctx, args));
	if (strcmp(verb, "discard") == 0)
		return (discard(ctx, args));
	return (cli_usage(&cli_cmd_quarantine, "'%s' is none of list, show, retry and discard", verb));
}

static const struct cli_option	 options[] = {
	{ .name = "all", .kind = CLI_FLAG, .help = "retry, discard: all that there are" },
	{ .name = "raw", .kind = CLI_FLAG, .help = "show: the message, byte for byte" },
	{ .name = "yes", .kind = CLI_FLAG, .help = "discard: do not ask" },
	CLI_OPT_FORMAT,
	CLI_OPT_PROGRESS,
	CLI_OPTIONS_END
};

const struct cli_command cli_cmd_quarantine = {
	.name = "quarantine",
	.group = "Care",
	.help = "what could not be read: list it, look, read it again, discard it",
	.usage = "list | show ID | retry ID... | discard ID...",
	.text = "A message that cannot be read, or only in part, is kept whole with the reason.\n\n"
	    "list names them, oldest first. show prints one with its reason and its beginning, made harmless for a terminal.\n\n"
	    "retry reads them again, of use after an upgrade, or when a limit was raised: what can be read now is stored and leaves "
	    "quarantine; for the others the reason is brought up to date, and the exit code is 1. A message without any report "
	    "stays, too.\n\n"
	    "discard deletes them for good. It asks first.",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.words = "list|show|retry|discard",
	.needs = CLI_NEEDS_STATE,
	.run = quarantine_run,
};
