/*
 * upload.c - files that people hand in: multipart/form-data, and each file
 * goes the way of every mail.
 *
 * The body goes into a file without a name while it comes, so that it needs no
 * memory; each part of it becomes a file in requests/ (process/request.h),
 * whence the ingester moves it to the spool. This process may not write to the
 * spool: who took it over could throw away mail there that no server has any
 * more, but in requests/ he can only add to what decoders distrust anyway.
 *
 * Source:    RFC 7578 (multipart/form-data), RFC 2046 5.1.1 (boundaries).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/log.h"
#include "http/access.h"
#include "process/request.h"
#include "store/query.h"

#define BOUNDARY_MAX	70
#define HEAD_BYTES	8192	/* of one part */
#define NAME_BYTES	200	/* of a file's name, as it is shown */
#define FILES_MAX	50	/* in one request */
#define SLACK_BYTES	((uint64_t)256 * 1024)	/* around the files */
#define AT_ONCE		4	/* requests that upload */

struct upload {
	int		 fd;
	uint64_t	 want, have;
	char		 boundary[BOUNDARY_MAX + 8];	/* with CR LF and hyphens in front */
};

static atomic_int	 running;
static uint64_t		 file_max;

void
upload_rules(uint64_t message_bytes)
{
	file_max = message_bytes == 0 ? limits_default.message_bytes : message_bytes;
}

uint64_t
upload_limit(void)
{
	return (file_max);
}

/* --- The body --------------------------------------------------------------------------- */

/* Of "multipart/form-data; boundary=..."; false: it is another type, or none of the form. */
static bool
boundary_of(const char *type, char out[BOUNDARY_MAX + 1])
{
	static const char	 chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'()+_,-./:=?";
	struct str		 t = str_of(type);
	const char		*p;
	size_t			 n;

	if (t.p == NULL || !str_istarts(t, "multipart/form-data") || (p = str_ifind(t, "boundary=")) == NULL)
		return (false);
	p += strlen("boundary=");
	if (*p == '"')
		p++;
	n = strspn(p, chars);
	if (n == 0 || n > BOUNDARY_MAX || (p[n] != '\0' && strchr("\"; \t", p[n]) == NULL))
		return (false);
	memcpy(out, p, n);
	out[n] = '\0';
	return (true);
}

/* A file that is there for us alone; gone when we are. */
static int
nameless(const char *state_dir)
{
	char		 path[4200];
	uint64_t	 v;
	int		 fd;

	if (getrandom(&v, sizeof(v), 0) != sizeof(v) ||
	    snprintf(path, sizeof(path), "%s/tmp/upload-%016" PRIx64, state_dir, v) >= (int)sizeof(path))
		return (-1);
	if ((fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) != -1)
		(void)unlink(path);
	return (fd);
}

bool
upload_begin(struct request *rq, const char *state_dir, const char *content_type, const char *content_length)
{
	struct upload	*u;
	char		 boundary[BOUNDARY_MAX + 1];
	int64_t		 n;

	if (content_length == NULL || !str_i64(str_of(content_length), &n)) {
		problem(rq, 411, "This wants files whose length stands in front of them (Content-Length).");
	} else if ((uint64_t)n > file_max + SLACK_BYTES) {
		problem(rq, 413, "A file has at most %" PRIu64 " bytes (limits { message_bytes } in the configuration); hand in one at a time, or take "
		    "'dmarcd import' for larger ones.", file_max);
	} else if (!boundary_of(content_type, boundary)) {
		problem(rq, 415, "This wants files as a form sends them (Content-Type: multipart/form-data with a boundary).");
	} else if (atomic_fetch_add(&running, 1) >= AT_ONCE) {
		(void)atomic_fetch_sub(&running, 1);
		problem(rq, 503, "Others are uploading just now. Try again in a moment.");
		rq->reply.retry_after = 5;
	} else if ((u = calloc(1, sizeof(*u))) == NULL || (u->fd = nameless(state_dir)) == -1) {
		(void)atomic_fetch_sub(&running, 1);
		problem(rq, 503, "There is no room for files just now: %s.", u == NULL ? "out of memory" : strerror(errno));
		free(u);
	} else {
		u->want = (uint64_t)n;
		(void)snprintf(u->boundary, sizeof(u->boundary), "\r\n--%s", boundary);
		rq->upload = u;
		return (true);
	}
	return (false);
}

bool
upload_take(struct request *rq, const char *p, size_t n)
{
	struct upload	*u = rq->upload;

	if (n > u->want - u->have || io_write_full(u->fd, p, n) == -1) {
		log_warn("request %s: what was uploaded cannot be kept: %s", rq->id, strerror(errno));
		return (false);
	}
	u->have += n;
	return (true);
}

void
upload_end(struct upload *u)
{
	if (u == NULL)
		return;
	(void)close(u->fd);
	free(u);
	(void)atomic_fetch_sub(&running, 1);
}

/* --- Its parts ---------------------------------------------------------------------------- */

struct part { uint64_t offset, bytes; char name[NAME_BYTES + 1]; bool file; };

/* Where it stands first, from there on; want: nowhere. */
static uint64_t
find(const struct upload *u, uint64_t from, const char *what)
{
	char		 data[65536];
	size_t		 len = strlen(what);
	const char	*at;
	ssize_t		 n;

	while (from < u->have && (n = pread(u->fd, data, sizeof(data), (off_t)from)) > 0) {
		if ((at = memmem(data, (size_t)n, what, len)) != NULL)
			return (from + (uint64_t)(at - data));
		if ((size_t)n < sizeof(data))
			break;
		from += (uint64_t)n - len + 1;
	}
	return (u->have);
}

/* What stands behind filename= of a Content-Disposition; browsers write %22 for a quote. */
static void
name_of(const char *head, struct part *p)
{
	const char	*at = str_ifind(str_of(head), "filename=");
	size_t		 n;

	if (at == NULL)
		return;
	p->file = true;
	at += strlen("filename=");
	n = *at == '"' ? strcspn(++at, "\"\r\n") : strcspn(at, "; \t\r\n");
	if (n > NAME_BYTES)
		n = NAME_BYTES;
	memcpy(p->name, at, n);
	/* not in the middle of a letter */
	while (n > 0 && !str_utf8_ok((struct str){ p->name, n }))
		n--;
	p->name[n] = '\0';
}

/* 1: *out is the part that begins at *at, which moves on; 0: there are no more; -1: this is no form. */
static int
next_part(const struct upload *u, uint64_t *at, struct part *out)
{
	char		 head[HEAD_BYTES + 1], mark[2];
	const char	*end;
	ssize_t		 n;

	memset(out, 0, sizeof(*out));
	if (pread(u->fd, mark, 2, (off_t)*at) != 2)
		return (-1);
	if (memcmp(mark, "--", 2) == 0)
		return (0);
	if (memcmp(mark, "\r\n", 2) != 0)
		return (-1);
	*at += 2;
	if ((n = pread(u->fd, head, HEAD_BYTES, (off_t)*at)) <= 0)
		return (-1);
	head[n] = '\0';
	if ((end = memmem(head, (size_t)n, "\r\n\r\n", 4)) == NULL)
		return (-1);
	head[end - head] = '\0';
	name_of(head, out);
	out->offset = *at + (uint64_t)(end - head) + 4;
	/* an empty file ends with the line break that ended its head */
	*at = find(u, out->offset - 2, u->boundary);
	if (*at == u->have)
		return (-1);
	out->bytes = *at < out->offset ? 0 : *at - out->offset;
	*at += strlen(u->boundary);
	return (1);
}

static void
take_file(struct request *rq, const struct part *p, json_t *items)
{
	struct err	 e = { 0 };
	char		 why[600] = "";
	int64_t		 token = 0;
	json_t		*j;

	if (p->bytes == 0)
		(void)snprintf(why, sizeof(why), "The file is empty.");
	else if (p->bytes > file_max)
		(void)snprintf(why, sizeof(why), "The file is larger than message_bytes, %" PRIu64 " bytes.", file_max);
	else if (request_upload(work_state_dir(), rq->upload->fd, p->offset, p->bytes, &token, &e) == -1) {
		log_warn("request %s: upload: %s", rq->id, e.msg);
		(void)snprintf(why, sizeof(why), "It could not be taken: %s", e.msg);
	}
	j = json_pack("{s:s, s:I, s:s, s:o, s:o}", "name", p->name, "bytes", (json_int_t)p->bytes, "state", why[0] == '\0' ? "waiting" : "refused",
	    "request", why[0] == '\0' ? json_sprintf("%" PRId64, token) : json_null(), "text", why[0] == '\0' ? json_null() : json_string(why));
	(void)json_array_append_new(items, j);
}

/* Each file by itself: some may be refused. complete: all of the form was understood. */
void
api_upload(struct request *rq, struct asked *a)
{
	struct upload	*u = rq->upload;
	struct part	 p;
	json_t		*items = json_array();
	uint64_t	 at;
	int		 more;

	query_end(a->query);	/* what follows may take seconds */
	a->query = NULL;
	if (rq->query.n > 0) {
		problem_param(rq, 400, rq->query.p[0].key, "invalid_parameter", "this endpoint has no parameters");
		json_decref(items);
		return;
	}
	/* the first boundary needs no line break in front */
	at = u == NULL || u->have != u->want ? 0 : find(u, 0, u->boundary + 2);
	more = u == NULL || u->have != u->want || at == u->have ? -1 : 1;
	at += more == 1 ? strlen(u->boundary + 2) : 0;
	while (more == 1 && (more = next_part(u, &at, &p)) == 1 && json_array_size(items) < FILES_MAX)
		if (p.file)
			take_file(rq, &p, items);
	if (json_array_size(items) == 0) {
		problem(rq, 400, more == -1 ? "The body is no form with files (multipart/form-data)." : "There is no file in it.");
		json_decref(items);
		return;
	}
	/* what came whole was taken; the rest of a broken form was not */
	reply_json(rq, more == 0 ? 202 : 200, json_pack("{s:o, s:b}", "items", items, "complete", more == 0));
}
