/*
 * bundle.c - see bundle.h.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/io.h"
#include "spool/bundle.h"

#define ROW	17
#define MARK	(sizeof(BUNDLE_MARK) - 1)
#define TRAILER	(8 + MARK)

static void
put64(unsigned char *p, uint64_t v)
{
	int	 i;

	for (i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static uint64_t
get64(const unsigned char *p)
{
	uint64_t	 v = 0;
	int		 i;

	for (i = 7; i >= 0; i--)
		v = (v << 8) | p[i];
	return (v);
}

bool
bundle_add(struct bundle *b, uint64_t offset, uint64_t bytes)
{
	struct bundle_message	*more;

	if (b->n == BUNDLE_MAX)
		return (false);
	if (b->n == b->cap) {
		b->cap = b->cap == 0 ? 128 : b->cap * 2;
		if ((more = realloc(b->v, b->cap * sizeof(*more))) == NULL)
			return (false);
		b->v = more;
	}
	b->v[b->n++] = (struct bundle_message){ offset, bytes, false };
	b->left++;
	return (true);
}

int
bundle_write_table(struct bundle *b, int fd)
{
	unsigned char	*t;
	size_t		 i, n = b->n * ROW + TRAILER;
	int		 rv;

	if ((t = malloc(n)) == NULL)
		return (-1);
	for (i = 0; i < b->n; i++) {
		put64(t + i * ROW, b->v[i].offset);
		put64(t + i * ROW + 8, b->v[i].bytes);
		t[i * ROW + 16] = 'n';
	}
	put64(t + b->n * ROW, b->n);
	memcpy(t + b->n * ROW + 8, BUNDLE_MARK, MARK);
	rv = io_write_full(fd, t, n);
	free(t);
	return (rv);
}

static int
read_at(int fd, void *p, size_t n, uint64_t at)
{
	ssize_t	 r;

	while (n > 0) {
		if ((r = pread(fd, p, n, (off_t)at)) == -1 && errno == EINTR)
			continue;
		if (r <= 0) {
			if (r == 0)
				errno = EBADMSG;
			return (-1);
		}
		p = (char *)p + r;
		n -= (size_t)r;
		at += (uint64_t)r;
	}
	return (0);
}

static int
read_rows(struct bundle *b, const unsigned char *rows, size_t n)
{
	uint64_t	 offset, bytes;
	size_t		 i;

	for (i = 0; i < n; i++, rows += ROW) {
		offset = get64(rows);
		bytes = get64(rows + 8);
		if (offset > b->table || bytes > b->table - offset || !bundle_add(b, offset, bytes)) {
			errno = EBADMSG;
			return (-1);
		}
		if (rows[16] != 'n') {
			b->v[i].gone = true;
			b->left--;
		}
	}
	return (0);
}

static int
read_table(struct bundle *b)
{
	unsigned char	 end[TRAILER], *rows;
	struct stat	 st;
	uint64_t	 n, size;
	int		 rv;

	if (fstat(b->fd, &st) == -1)
		return (-1);
	size = (uint64_t)st.st_size;
	errno = EBADMSG;
	if (!S_ISREG(st.st_mode) || size < TRAILER || read_at(b->fd, end, TRAILER, size - TRAILER) == -1)
		return (-1);
	n = get64(end);
	errno = EBADMSG;
	if (memcmp(end + 8, BUNDLE_MARK, MARK) != 0 || n > BUNDLE_MAX || n * ROW > size - TRAILER)
		return (-1);
	b->table = size - TRAILER - n * ROW;
	if ((rows = malloc((size_t)n * ROW + 1)) == NULL)
		return (-1);
	if ((rv = read_at(b->fd, rows, (size_t)n * ROW, b->table)) == 0)
		rv = read_rows(b, rows, (size_t)n);
	free(rows);
	return (rv);
}

int
bundle_open(struct bundle *b, int dir, const char *name)
{
	const int	 flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	int		 no;

	*b = (struct bundle){ .fd = openat(dir, name, O_RDWR | flags) };
	/* Who only counts may have no right to write. */
	if (b->fd == -1 && (errno == EACCES || errno == EPERM || errno == EROFS))
		b->fd = openat(dir, name, O_RDONLY | flags);
	if (b->fd == -1)
		return (-1);
	if (read_table(b) == 0)
		return (0);
	no = errno;
	bundle_close(b);
	errno = no;
	return (-1);
}

static bool
there(const struct bundle *b, size_t k)
{
	if (k < b->n && !b->v[k].gone)
		return (true);
	errno = ENOENT;
	return (false);
}

int
bundle_copy(struct bundle *b, size_t k, int to)
{
	char		 part[65536];
	uint64_t	 at, left;
	size_t		 n;

	if (!there(b, k))
		return (-1);
	at = b->v[k].offset;
	for (left = b->v[k].bytes; left > 0; left -= n, at += n) {
		n = left < sizeof(part) ? (size_t)left : sizeof(part);
		if (read_at(b->fd, part, n, at) == -1 || io_write_full(to, part, n) == -1)
			return (-1);
	}
	return (0);
}

int
bundle_read(struct bundle *b, size_t k)
{
	int	 fd, no;

	if (!there(b, k) || (fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING)) == -1)
		return (-1);
	if (bundle_copy(b, k, fd) == 0 && lseek(fd, 0, SEEK_SET) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
		return (fd);
	no = errno;
	(void)close(fd);
	errno = no;
	return (-1);
}

int
bundle_mark_gone(struct bundle *b, size_t k)
{
	if (k >= b->n || b->v[k].gone)
		return (0);
	if (pwrite(b->fd, "x", 1, (off_t)(b->table + k * ROW + 16)) != 1)
		return (-1);
	b->v[k].gone = true;
	b->left--;
	return (0);
}

void
bundle_close(struct bundle *b)
{
	free(b->v);
	if (b->fd != -1)
		(void)close(b->fd);
	*b = (struct bundle){ .fd = -1 };
}
