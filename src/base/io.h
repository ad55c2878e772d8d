/*
 * io.h - whole reads and writes, files replaced at once, descriptors passed.
 * Source:    POSIX; SCM_RIGHTS of unix(7).
 * Trust:     the kernel; contents are not looked at.
 * Units:     bytes.
 * Ownership: descriptors belong to the caller unless said.
 * Errors:    -1 with *e set (ERR_TEMP and the system's words) or errno.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

ssize_t	 io_read_full(int fd, void *, size_t);		/* fewer at end of file; -1 with errno */
int	 io_write_full(int fd, const void *, size_t);	/* 0 or -1 with errno */
int	 io_read_file(const char *path, size_t max, struct buf *, struct err *);
/* tmp beside it, fsync, rename, fsync of the directory: old or new, never half. */
int	 io_replace_file(const char *path, const void *, size_t, unsigned mode, struct err *);
int	 io_fsync_dir(const char *path, struct err *);
int	 io_mkdir_p(const char *path, unsigned mode, struct err *);
int	 io_cloexec(int fd, int on);
int	 io_nonblock(int fd, int on);
/* Sends all bytes; fd (or -1) travels with the first. */
int	 io_send_fd(int sock, const void *, size_t, int fd);
/* One receive; *fd is -1 or a new descriptor with close-on-exec. */
ssize_t	 io_recv_fd(int sock, void *, size_t, int *fd);

#endif
