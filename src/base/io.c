/*
 * io.c - see io.h.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/base.h"
#include "base/io.h"

ssize_t
io_read_full(int fd, void *data, size_t n)
{
	char	*p = data;
	size_t	 got = 0;
	ssize_t	 r;

	while (got < n) {
		if ((r = read(fd, p + got, n - got)) == -1) {
			if (errno == EINTR)
				continue;
			return (-1);
		}
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return ((ssize_t)got);
}

int
io_write_full(int fd, const void *data, size_t n)
{
	const char	*p = data;
	ssize_t		 w;

	while (n > 0) {
		if ((w = write(fd, p, n)) == -1) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN) {
				struct pollfd	 pfd = { .fd = fd, .events = POLLOUT };

				(void)poll(&pfd, 1, -1);
				continue;
			}
			return (-1);
		}
		p += w;
		n -= (size_t)w;
	}
	return (0);
}

int
io_read_file(const char *path, size_t max, struct buf *out, struct err *e)
{
	struct stat	 st;
	char		 tmp[8192];
	ssize_t		 r;
	int		 fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1)
		return (err_set(e, ERR_CONFIG, "%s: %s", path, strerror(errno)));
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		(void)close(fd);
		return (err_set(e, ERR_CONFIG, "%s: is a directory", path));
	}
	while ((r = io_read_full(fd, tmp, sizeof(tmp))) > 0) {
		if (out->len + (size_t)r > max) {
			(void)close(fd);
			return (err_set(e, ERR_LIMIT, "%s: larger than %zu bytes", path, max));
		}
		if (!buf_add(out, tmp, (size_t)r)) {
			(void)close(fd);
			return (err_set(e, ERR_TEMP, "%s: out of memory", path));
		}
	}
	if (r == -1)
		err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno));
	(void)close(fd);
	return (r == -1 ? -1 : 0);
}

int
io_fsync_dir(const char *path, struct err *e)
{
	int	 fd, rv;

	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return (err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno)));
	if ((rv = fsync(fd)) == -1)
		err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno));
	(void)close(fd);
	return (rv);
}

int
io_replace_file(const char *path, const void *data, size_t n, unsigned mode, struct err *e)
{
	char		 tmp[4096], dir[4096];
	const char	*slash;
	int		 fd;

	if (snprintf(tmp, sizeof(tmp), "%s.%ld.tmp", path, (long)getpid()) >= (int)sizeof(tmp))
		return (err_set(e, ERR_CONFIG, "%s: name too long", path));
	if ((fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode)) == -1)
		return (err_set(e, ERR_TEMP, "%s: %s", tmp, strerror(errno)));
	if (io_write_full(fd, data, n) == -1 || fsync(fd) == -1) {
		err_set(e, ERR_TEMP, "%s: %s", tmp, strerror(errno));
		(void)close(fd);
		(void)unlink(tmp);
		return (-1);
	}
	(void)close(fd);
	if (rename(tmp, path) == -1) {
		err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno));
		(void)unlink(tmp);
		return (-1);
	}
	slash = strrchr(path, '/');
	(void)snprintf(dir, sizeof(dir), "%.*s", slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path),
	    slash == NULL ? "." : path);
	return (io_fsync_dir(dir, e));
}

int
io_mkdir_p(const char *path, unsigned mode, struct err *e)
{
	char	 p[4096];
	size_t	 i, n = strlen(path);

	if (n >= sizeof(p) || n == 0)
		return (err_set(e, ERR_CONFIG, "%s: not a usable directory name", path));
	memcpy(p, path, n + 1);
	for (i = 1; i <= n; i++) {
		if (p[i] != '/' && p[i] != '\0')
			continue;
		p[i] = '\0';
		if (mkdir(p, (mode_t)mode) == -1 && errno != EEXIST)
			return (err_set(e, ERR_TEMP, "%s: %s", p, strerror(errno)));
		p[i] = path[i];
	}
	return (0);
}

int
io_cloexec(int fd, int on)
{
	int	 f = fcntl(fd, F_GETFD);

	return (f == -1 ? -1 : fcntl(fd, F_SETFD, on ? f | FD_CLOEXEC : f & ~FD_CLOEXEC));
}

int
io_nonblock(int fd, int on)
{
	int	 f = fcntl(fd, F_GETFL);

	return (f == -1 ? -1 : fcntl(fd, F_SETFL, on ? f | O_NONBLOCK : f & ~O_NONBLOCK));
}

int
io_send_fd(int sock, const void *data, size_t n, int fd)
{
	union {
		struct cmsghdr	 h;
		char		 space[CMSG_SPACE(sizeof(int))];
	}		 c;
	struct iovec	 iov = { (void *)(uintptr_t)data, n };
	struct msghdr	 m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t		 w;

	if (fd != -1) {
		memset(&c, 0, sizeof(c));
		m.msg_control = &c;
		m.msg_controllen = sizeof(c.space);
		c.h.cmsg_len = CMSG_LEN(sizeof(int));
		c.h.cmsg_level = SOL_SOCKET;
		c.h.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&c.h), &fd, sizeof(fd));
	}
	while (n > 0) {
		if ((w = sendmsg(sock, &m, MSG_NOSIGNAL)) == -1) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN) {
				struct pollfd	 pfd = { .fd = sock, .events = POLLOUT };

				(void)poll(&pfd, 1, -1);
				continue;
			}
			return (-1);
		}
		n -= (size_t)w;
		iov.iov_base = (char *)iov.iov_base + w;
		iov.iov_len -= (size_t)w;
		m.msg_control = NULL;	/* the descriptor went with the first bytes */
		m.msg_controllen = 0;
	}
	return (0);
}

ssize_t
io_recv_fd(int sock, void *data, size_t n, int *fd)
{
	union {
		struct cmsghdr	 h;
		char		 space[CMSG_SPACE(sizeof(int))];
	}		 c;
	struct iovec	 iov = { data, n };
	struct msghdr	 m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c,
			    .msg_controllen = sizeof(c.space) };
	struct cmsghdr	*h;
	ssize_t		 r;

	*fd = -1;
	do
		r = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (r == -1 && errno == EINTR);
	if (r >= 0)
		for (h = CMSG_FIRSTHDR(&m); h != NULL; h = CMSG_NXTHDR(&m, h))
			if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS &&
			    h->cmsg_len >= CMSG_LEN(sizeof(int)))
				memcpy(fd, CMSG_DATA(h), sizeof(*fd));
	return (r);
}
