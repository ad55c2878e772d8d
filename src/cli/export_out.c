/*
 * export_out.c - see export_out.h.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/export_out.h"

#define CURSOR_MAX	4096

/* --- The output ------------------------------------------------------------------- */

static int
failed(const struct out *o, struct err *e)
{
	return (err_set(e, ERR_TEMP, "%s: %s", o->name, strerror(errno)));
}

static int
open_grows(struct out *o, struct err *e)
{
	struct stat	 st;

	if (o->path != NULL && (o->fd = open(o->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) == -1)
		return (failed(o, e));
	if (fstat(o->fd, &st) == -1)
		return (failed(o, e));
	if (!(o->regular = S_ISREG(st.st_mode)))
		return (0);
	o->bytes = (uint64_t)st.st_size;
	if (flock(o->fd, LOCK_EX | LOCK_NB) == -1)
		return (errno == EWOULDBLOCK ? err_set(e, ERR_TEMP, "%s: another export is writing to it", o->name) : failed(o, e));
	return (0);
}

/* What is no file, a terminal or a pipe with a name, is written to as it is. */
static int
open_whole(struct out *o, struct err *e)
{
	struct stat	 st;
	size_t		 n = strlen(o->path) + 32;

	if (stat(o->path, &st) == 0 && !S_ISREG(st.st_mode)) {
		if (S_ISDIR(st.st_mode))
			return (err_set(e, ERR_CONFIG, "%s: it is a directory", o->path));
		return ((o->fd = open(o->path, O_WRONLY | O_CLOEXEC)) == -1 ? failed(o, e) : 0);
	}
	if ((o->tmp = malloc(n)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	(void)snprintf(o->tmp, n, "%s.%ld.tmp", o->path, (long)getpid());
	if ((o->fd = open(o->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666)) == -1) {
		(void)failed(o, e);
		free(o->tmp);
		o->tmp = NULL;
		return (-1);
	}
	return (0);
}

int
out_open(struct out *o, const char *path, enum out_mode mode, struct err *e)
{
	*o = (struct out){ .path = path, .name = path == NULL ? "standard output" : path, .mode = mode, .fd = path == NULL ? STDOUT_FILENO : -1 };
	if (mode == OUT_GROWS)
		return (open_grows(o, e));
	return (path == NULL ? 0 : open_whole(o, e));
}

int
out_write(struct out *o, const void *p, size_t n, struct err *e)
{
	if (n > 0 && io_write_full(o->fd, p, n) == -1)
		return (failed(o, e));
	o->bytes += n;
	return (0);
}

int
out_sync(struct out *o, struct err *e)
{
	return (o->regular && fsync(o->fd) == -1 ? failed(o, e) : 0);
}

int
out_finish(struct out *o, struct err *e)
{
	char	*copy;
	int	 rv;

	if (o->tmp == NULL)
		return (0);
	if (fsync(o->fd) == -1 || rename(o->tmp, o->path) == -1)
		return (failed(o, e));
	free(o->tmp);
	o->tmp = NULL;
	if ((copy = strdup(o->path)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	rv = io_fsync_dir(dirname(copy), e);
	free(copy);
	return (rv);
}

void
out_close(struct out *o)
{
	if (o->tmp != NULL)
		(void)unlink(o->tmp);
	free(o->tmp);
	o->tmp = NULL;
	if (o->fd > STDERR_FILENO)
		(void)close(o->fd);
	o->fd = -1;
}

/* --- The cursor ---------------------------------------------------------------------- */

static int
not_ours(const struct cursor *c, struct err *e)
{
	return (err_set(e, ERR_CONFIG, "%s: this is not a cursor of 'dmarcd export'; another name, or remove it to begin anew", c->path));
}

/* "word value" of the next line. */
static bool
line_of(const char **p, const char *word, char *value, size_t size)
{
	size_t	 n = strlen(word), len;

	if (strncmp(*p, word, n) != 0 || (*p)[n] != ' ')
		return (false);
	*p += n + 1;
	len = strcspn(*p, "\n");
	if (len >= size || (*p)[len] != '\n')
		return (false);
	memcpy(value, *p, len);
	value[len] = '\0';
	*p += len + 1;
	return (true);
}

static bool
numbers(const char *file, const char *last, const char *store, struct cursor *c)
{
	return (sscanf(file, "%" SCNu64 " %" SCNu64 " %" SCNu64, &c->dev, &c->ino, &c->bytes) == 3 && str_i64(str_of(last), &c->last) &&
	    sscanf(store, "%" SCNx64, &c->store) == 1);
}

static int
parse(struct cursor *c, const char *p, struct err *e)
{
	char		 head[8], kind[32], format[32], last[32], store[32], file[96];
	uint64_t	 is = c->store;

	if (!line_of(&p, "dmarcd-export", head, sizeof(head)) || strcmp(head, "1") != 0 || !line_of(&p, "kind", kind, sizeof(kind)) ||
	    !line_of(&p, "format", format, sizeof(format)) || !line_of(&p, "store", store, sizeof(store)) ||
	    !line_of(&p, "last", last, sizeof(last)) || !line_of(&p, "file", file, sizeof(file)) || !numbers(file, last, store, c) || c->last < 0)
		return (not_ours(c, e));
	if (strcmp(kind, c->kind) != 0 || strcmp(format, c->format) != 0)
		return (err_set(e, ERR_CONFIG, "%s: it is the cursor of --kind %s --format %s; each export needs one of its own", c->path, kind, format));
	if (c->store != is)
		return (err_set(e, ERR_CONFIG, "%s: it is the cursor of an export of another store; remove it to begin anew", c->path));
	c->there = true;
	return (0);
}

int
cursor_read(struct cursor *c, struct err *e)
{
	struct buf	 b = { 0 };
	int		 rv;

	if (access(c->path, F_OK) == -1 && errno == ENOENT)
		return (0);
	if (io_read_file(c->path, CURSOR_MAX, &b, e) == -1) {
		buf_free(&b);
		return (-1);
	}
	rv = memchr(buf_as_str(&b).p, '\0', b.len) != NULL ? not_ours(c, e) : parse(c, buf_as_str(&b).p, e);
	buf_free(&b);
	return (rv);
}

int
cursor_write(struct cursor *c, const struct out *o, struct err *e)
{
	struct stat	 st;
	char		 text[512];
	int		 n;

	c->dev = c->ino = c->bytes = 0;
	if (o->regular) {
		if (fstat(o->fd, &st) == -1)
			return (failed(o, e));
		c->dev = (uint64_t)st.st_dev;
		c->ino = (uint64_t)st.st_ino;
		c->bytes = o->bytes;
	}
	n = snprintf(text, sizeof(text), "dmarcd-export 1\nkind %s\nformat %s\nstore %016" PRIx64 "\nlast %" PRId64 "\nfile %" PRIu64 " %" PRIu64
	    " %" PRIu64 "\n", c->kind, c->format, c->store, c->last, c->dev, c->ino, c->bytes);
	return (io_replace_file(c->path, text, (size_t)n, 0600, e));
}

int
cursor_resume(struct cursor *c, struct out *o, uint64_t *cut, struct err *e)
{
	struct stat	 st;

	*cut = 0;
	if (!o->regular)
		return (0);
	if (fstat(o->fd, &st) == -1)
		return (failed(o, e));
	if (c->there && c->dev == (uint64_t)st.st_dev && c->ino == (uint64_t)st.st_ino && o->bytes > c->bytes) {
		*cut = o->bytes - c->bytes;
		if (ftruncate(o->fd, (off_t)c->bytes) == -1)
			return (failed(o, e));
		o->bytes = c->bytes;
	}
	/* without O_APPEND a shell has left it at the beginning */
	if (lseek(o->fd, (off_t)o->bytes, SEEK_SET) == -1)
		return (failed(o, e));
	/* another file than last time: its end is known before anything is added */
	return (cursor_write(c, o, e));
}
