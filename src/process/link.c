/*
 * link.c - see link.h. On the wire: four bytes of length, most significant
 * first, then the text of the object.
 */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/io.h"
#include "process/link.h"

int
link_send(int sock, const json_t *o, int fd, struct err *e)
{
	struct buf	 b = { .max = LINK_MAX + 4 };
	char		*text;
	size_t		 n;
	int		 rv = -1;

	if ((text = json_dumps(o, JSON_COMPACT)) == NULL)
		return (err_set(e, ERR_TEMP, "link: out of memory"));
	n = strlen(text);
	buf_byte(&b, (unsigned char)(n >> 24));
	buf_byte(&b, (unsigned char)(n >> 16));
	buf_byte(&b, (unsigned char)(n >> 8));
	buf_byte(&b, (unsigned char)n);
	buf_add(&b, text, n);
	if (n > LINK_MAX || b.failed)
		err_set(e, ERR_BUG, "link: a message of %zu bytes is too large", n);
	else if (io_send_fd(sock, b.p, b.len, fd) == -1)
		err_set(e, ERR_TEMP, "link: %s", strerror(errno));
	else
		rv = 0;
	explicit_bzero(text, n);	/* it may have held a password */
	free(text);
	if (b.p != NULL)
		explicit_bzero(b.p, b.cap);
	buf_free(&b);
	return (rv);
}

/* All n bytes, waiting even on a socket that does not block. 1, 0 at the end, -1. */
static int
recv_all(int sock, unsigned char *p, size_t n, int *fd, struct err *e)
{
	size_t	 got = 0;
	ssize_t	 r;
	int	 with;

	while (got < n) {
		if ((r = io_recv_fd(sock, p + got, n - got, &with)) == -1) {
			if (errno == EAGAIN) {
				struct pollfd	 pfd = { .fd = sock, .events = POLLIN };

				(void)poll(&pfd, 1, -1);
				continue;
			}
			if (errno == ECONNRESET)
				return (0);
			return (err_set(e, ERR_TEMP, "link: %s", strerror(errno)));
		}
		if (with != -1) {
			if (fd == NULL || *fd != -1)
				(void)close(with);	/* nobody asked for it */
			else
				*fd = with;
		}
		if (r == 0)
			return (got == 0 ? 0 : err_set(e, ERR_TEMP, "link: the other side broke off"));
		got += (size_t)r;
	}
	return (1);
}

static int
recv_text(int sock, size_t n, json_t **out, int *fd, struct err *e)
{
	json_error_t	 je;
	char		*text;
	int		 r;

	if (n > LINK_MAX)
		return (err_set(e, ERR_INPUT, "link: a message of %zu bytes is too large", n));
	if ((text = malloc(n + 1)) == NULL)
		return (err_set(e, ERR_TEMP, "link: out of memory"));
	if ((r = recv_all(sock, (unsigned char *)text, n, fd, e)) == 1 &&
	    (*out = json_loadb(text, n, JSON_REJECT_DUPLICATES, &je)) == NULL)
		r = err_set(e, ERR_INPUT, "link: %s", je.text);
	if (r == 1 && !json_is_object(*out)) {
		json_decref(*out);
		*out = NULL;
		r = err_set(e, ERR_INPUT, "link: not an object");
	}
	if (r == 0)
		r = err_set(e, ERR_TEMP, "link: the other side broke off");
	explicit_bzero(text, n);
	free(text);
	return (r);
}

int
link_recv(int sock, json_t **out, int *fd, struct err *e)
{
	unsigned char	 head[4];
	size_t		 n;
	int		 r;

	*out = NULL;
	if (fd != NULL)
		*fd = -1;
	if ((r = recv_all(sock, head, sizeof(head), fd, e)) == 1) {
		n = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
		r = recv_text(sock, n, out, fd, e);
	}
	if (r != 1 && fd != NULL && *fd != -1) {
		(void)close(*fd);
		*fd = -1;
	}
	return (r);
}
