/*
 * test_sandbox.c - from inside each role's sandbox: what it may not do fails
 * or ends the process, what it has to do works. Each case is a process of its
 * own that enters and tries.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/base.h"
#include "base/charset.h"
#include "base/io.h"
#include "decode/message.h"
#include "notify/notify.h"
#include "process/sandbox.h"
#include "spool/spool.h"
#include "store/store.h"

#define KILLED (-1)	/* by SIGSYS */
#define ANY (-2)	/* an error, whichever */

#define DECODER SANDBOX_DECODER
#define INGESTER SANDBOX_INGESTER
#define HTTP SANDBOX_HTTP
#define FETCHER SANDBOX_FETCHER
#define RESOLVER SANDBOX_RESOLVER
#define NOTIFIER SANDBOX_NOTIFIER
#define VISITOR SANDBOX_VISITOR

enum needs { FILTER = 1, FILES = 2, TCP = 4 };

static char			 dir[] = "/tmp/dmarcd-sandbox-XXXXXX", state[64];
static struct sandbox_report	 offered;
static int			 mail_server = -1, other_server = -1, hook_server = -1;	/* they listen */
static uint16_t			 mail_port, other_port, hook_port;
static int			 file = -1;		/* that was handed over, open for writing */
static struct store		*keeper;
static struct spool		*spool;		/* opened before, as the roles do */
static pid_t			 parent;
static void			*page;			/* mapped before */

/* --- What is tried: 0 when it works, else errno ------------------------------------ */

static int
result(long rv)
{
	return (rv == -1 ? errno : 0);
}

static const char *
below(const char *name)
{
	static char	 path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", state, name);
	return (path);
}

static int
opened(const char *path, int flags)
{
	int	 fd = open(path, flags | O_CLOEXEC, 0600), e = result(fd);

	if (fd != -1)
		(void)close(fd);
	return (e);
}

static int read_passwd(void) { return (opened("/etc/passwd", O_RDONLY)); }
static int read_proc(void) { return (opened("/proc/self/maps", O_RDONLY)); }
static int list_root(void) { return (opened("/", O_RDONLY | O_DIRECTORY)); }
static int read_secret(void) { char p[128]; (void)snprintf(p, sizeof(p), "%s/other.password", dir); return (opened(p, O_RDONLY)); }
static int write_outside(void) { char p[128]; (void)snprintf(p, sizeof(p), "%s/new", dir); return (opened(p, O_WRONLY | O_CREAT)); }
static int write_shadow(void) { return (opened("/etc/hosts", O_WRONLY)); }
static int remove_outside(void) { char p[128]; (void)snprintf(p, sizeof(p), "%s/other.password", dir); return (result(unlink(p))); }
static int read_database(void) { return (opened(below("dmarcd.db"), O_RDONLY)); }
static int write_database(void) { return (opened(below("dmarcd.db"), O_RDWR)); }
static int write_wal(void) { return (opened(below("dmarcd.db-wal"), O_RDWR)); }
static int write_shm(void) { return (opened(below("dmarcd.db-shm"), O_RDWR)); }
static int make_in_state(void) { return (opened(below("new"), O_WRONLY | O_CREAT)); }
static int remove_in_state(void) { return (result(unlink(below("originals/pack")))); }
static int read_original(void) { return (opened(below("originals/pack"), O_RDONLY)); }
static int write_original(void) { return (opened(below("originals/pack"), O_WRONLY)); }
static int write_spool(void) { return (opened(below("spool/tmp/new"), O_WRONLY | O_CREAT)); }
static int write_quarantine(void) { return (opened(below("quarantine/new"), O_WRONLY | O_CREAT)); }
static int nameless(void) { return (opened(below("tmp"), O_TMPFILE | O_RDWR)); }
static int write_nameless_outside(void) { return (opened("/tmp", O_TMPFILE | O_RDWR)); }

/* As its record is written: a lock, a new file beside it, and that in its place. */
static int
notify_one(void)
{
	struct notify_record	*r;
	struct err		 e = { 0 };
	int			 rv;

	if (notify_record_open(state, "weekly", 1000, &r, &e) != 1)
		return (errno != 0 ? errno : EPROTO);
	rv = notify_record_set(r, "2026-05-18", "a@example.org", "", NOTIFY_SENT, 1000, &e);
	notify_record_close(r);
	return (rv == 0 ? 0 : errno != 0 ? errno : EPROTO);
}

static int
notify_memory(void)
{
	int	 fd = memfd_create("mail", MFD_CLOEXEC), e = result(fd);

	if (fd != -1)
		(void)close(fd);
	return (e);
}

static int
notify_move_out(void)
{
	char	 to[128];

	if (opened(below("notify/m"), O_WRONLY | O_CREAT) != 0)
		return (0);
	(void)snprintf(to, sizeof(to), "%s/m", dir);
	return (result(rename(below("notify/m"), to)));
}

static int
move_in_spool(void)
{
	char	 from[256];

	if (opened(below("spool/tmp/m"), O_WRONLY | O_CREAT) != 0)
		return (errno);
	(void)snprintf(from, sizeof(from), "%s", below("spool/tmp/m"));
	return (result(rename(from, below("spool/new/m"))));
}

static int
move_out(void)
{
	char	 to[128];

	if (opened(below("spool/tmp/m"), O_WRONLY | O_CREAT) != 0)
		return (0);
	(void)snprintf(to, sizeof(to), "%s/m", dir);
	return (result(rename(below("spool/tmp/m"), to)));
}

static int write_handed(void) { return (result(write(file, "x", 1))); }
static int read_handed(void) { char c; return (result(pread(file, &c, 1, 0))); }
static int to_stderr(void) { return (result(write(STDERR_FILENO, "", 0))); }

static int
socket_of(int family, int type)
{
	int	 fd = socket(family, type | SOCK_CLOEXEC, 0), e = result(fd);

	if (fd != -1)
		(void)close(fd);
	return (e);
}

static int tcp_socket(void) { return (socket_of(AF_INET, SOCK_STREAM)); }
static int tcp6_socket(void) { return (socket_of(AF_INET6, SOCK_STREAM)); }
static int udp_socket(void) { return (socket_of(AF_INET, SOCK_DGRAM)); }
static int unix_socket(void) { return (socket_of(AF_UNIX, SOCK_STREAM)); }
static int netlink_socket(void) { return (socket_of(AF_NETLINK, SOCK_RAW)); }
static int packet_socket(void) { return (socket_of(AF_PACKET, SOCK_RAW)); }
static int raw_socket(void) { return (socket_of(AF_INET, SOCK_RAW)); }
static int vsock_socket(void) { return (socket_of(AF_VSOCK, SOCK_STREAM)); }
static int ping_socket(void) { int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP); return (result(fd)); }
static int pair(void) { int p[2]; return (result(socketpair(AF_UNIX, SOCK_STREAM, 0, p))); }

static int
connect_to(uint16_t port)
{
	struct sockaddr_in	 sa = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int			 fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), e;

	if (fd == -1)
		return (errno);
	e = result(connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	(void)close(fd);
	return (e);
}

static int connect_mail(void) { return (connect_to(mail_port)); }
static int connect_other(void) { return (connect_to(other_port)); }
static int connect_hook(void) { return (connect_to(hook_port)); }
static int read_hook_ca(void) { char p[128]; (void)snprintf(p, sizeof(p), "%s/hook.pem", dir); return (opened(p, O_RDONLY)); }

static int
socket_pair(void)
{
	int	 s[2];

	return (result(socketpair(AF_UNIX, SOCK_STREAM, 0, s)));
}

static int
bind_port(void)
{
	struct sockaddr_in	 sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int			 fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return (fd == -1 ? errno : result(bind(fd, (struct sockaddr *)&sa, sizeof(sa))));
}

static int
bind_udp(void)
{
	struct sockaddr_in	 sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in	 to = { .sin_family = AF_INET, .sin_port = htons(mail_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int			 fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), e;

	if (fd == -1)
		return (errno);
	e = bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == -1 || sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == -1 ? errno : 0;
	(void)close(fd);
	return (e);
}

static int
listen_tcp(void)
{
	int	 fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return (fd == -1 ? 0 : result(listen(fd, 1)));
}

static int move_away(void) { return (result(rename(below("originals/pack"), below("originals/other")))); }
static int read_resolv(void) { return (access("/etc/resolv.conf", F_OK) == -1 ? 0 : opened("/etc/resolv.conf", O_RDONLY)); }

static int
accept_one(void)
{
	int	 fd = accept4(mail_server, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	return (fd == -1 && errno != EAGAIN ? errno : 0);
}

static int
execute(void)
{
	char	*argv[] = { (char *)(uintptr_t)"true", NULL };

	(void)execv("/bin/true", argv);
	return (errno);
}

static int
execute_fd(void)
{
	return (result(syscall(SYS_execveat, file, "", NULL, NULL, 0x1000 /* AT_EMPTY_PATH */)));
}

static int
fork_one(void)
{
	pid_t	 pid = fork();

	if (pid == 0)
		_exit(0);
	return (result(pid));
}

static int vfork_one(void) {
#ifdef SYS_vfork
	long rv = syscall(SYS_vfork);
	if (rv == 0)
		_exit(0);
	return (result(rv));
#else
	return (fork_one() == 0 ? 0 : EPERM);
#endif
}
static int clone3_one(void) { return (result(syscall(435 /* clone3 */, NULL, (size_t)0))); }

static void *
thread_main(void *arg)
{
	return (arg);
}

static int
thread(void)
{
	pthread_t	 t;
	int		 rv;

	if ((rv = pthread_create(&t, NULL, thread_main, NULL)) == 0)
		rv = pthread_join(t, NULL);
	return (rv);
}

static int trace(void) { return (result(ptrace(PTRACE_TRACEME, 0, NULL, NULL))); }
static int
read_memory(void)
{
	char		 c;
	struct iovec	 here = { &c, 1 }, there = { page, 1 };

	return (result(process_vm_readv(parent, &here, 1, &there, 1, 0)));
}
static int signal_parent(void) { return (result(kill(parent, SIGCONT))); }
static int signal_thread(void) { return (result(syscall(SYS_tgkill, 1, 1, 0))); }
static int parent_there(void) { return (kill(parent, 0) == -1 && errno == ESRCH ? ESRCH : 0); }
static int new_code(void) { return (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0); }
static int writable_code(void) { return (mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE, file, 0) == MAP_FAILED ? errno : 0); }
static int turn_to_code(void) { return (result(mprotect(page, 4096, PROT_READ | PROT_EXEC))); }
static int mount_one(void) { return (result(syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL))); }
static int bpf_one(void) { return (result(syscall(SYS_bpf, 0, NULL, 0))); }
static int unshare_one(void) { return (result(unshare(CLONE_NEWUSER))); }
static int ring(void) { return (result(syscall(425 /* io_uring_setup */, 1, NULL))); }
static int perf(void) { return (result(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0))); }
static int keys(void) { return (result(syscall(SYS_keyctl, 0, 0, 0, 0, 0))); }
static int become(void) { return (result(setuid(65534))); }
static int module(void) { return (result(syscall(SYS_init_module, NULL, 0, ""))); }
static int change_root(void) { return (result(chroot("/tmp"))); }
static int unknown_call(void) { return (result(syscall(100000))); }
static int terminal(void) { char c = 'x'; return (result(syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, &c))); }
static int limits_of_other(void) { struct rlimit r; return (result(syscall(SYS_prlimit64, parent, RLIMIT_NOFILE, NULL, &r))); }

/* The 32-bit door of the same machine. */
static int
other_door(void)
{
#ifdef __x86_64__
	long	 rv;

	__asm__ volatile("int $0x80" : "=a"(rv) : "a"(20L) : "memory");
	return (rv < 0 ? (int)-rv : 0);
#else
	(void)raise(SIGSYS);
	return (0);
#endif
}

static int
much_memory(void)
{
	char	*volatile p = malloc((size_t)200 << 20);
	int	 e = p == NULL ? errno : 0;

	free(p);
	return (e);
}

static int
core_off(void)
{
	struct rlimit	 r = { 1, 1 };

	return (getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_cur == 0 && r.rlim_max == 0 ? 0 : EINVAL);
}

static int
charsets(void)
{
	struct buf	 b = { 0 };
	int		 rv;

	message_decode_words(STR("=?gb18030?B?1tDOxA==?= =?iso-2022-jp?B?GyRCRnxLXBsoQg==?= =?koi8-r?Q?=C4?="), 200, &b);
	rv = strcmp(b.p, "\xe4\xb8\xad\xe6\x96\x87\xe6\x97\xa5\xe6\x9c\xac\xd0\xb4") == 0 ? 0 : EINVAL;
	buf_free(&b);
	return (rv);
}

static int
rare_charset(void)
{
	struct buf	 b = { 0 };
	int		 rv;

	message_decode_words(STR("=?ebcdic-de?Q?=E9?="), 200, &b);
	rv = strcmp(b.p, "\xc3\xa9") == 0 ? 0 : EINVAL;
	buf_free(&b);
	return (rv);
}

static int
resolve(void)
{
	struct addrinfo	*a;
	int		 rv = getaddrinfo("localhost", "993", NULL, &a);

	if (rv == 0)
		freeaddrinfo(a);
	return (rv == 0 ? 0 : EHOSTUNREACH);
}

static int
load_module(void)
{
	return (dlopen("libnss_compat.so.2", RTLD_NOW) != NULL || dlopen("libnss_hesiod.so.2", RTLD_NOW) != NULL ? 0 : ENOENT);
}

static int read_certificates(void) { return (opened("/etc/ssl/certs", O_RDONLY | O_DIRECTORY)); }

static int
outdated(void)
{
	char	 ca[256], fresh[256];

	if (sandbox_outdated())
		return (EEXIST);
	/* the case of name servers: another file in its place. Ours lies in the spool, so that we may do it. */
	(void)snprintf(ca, sizeof(ca), "%s", below("spool/ca.pem"));
	(void)snprintf(fresh, sizeof(fresh), "%s", below("spool/ca.new"));
	if (opened(fresh, O_WRONLY | O_CREAT) != 0 || rename(fresh, ca) == -1)
		return (errno);
	return (sandbox_outdated() ? 0 : ENOENT);
}

static int
write_store(void)
{
	struct err	 e = { 0 };
	struct store	*s = store_open(state, STORE_WRITE, &e);
	int64_t		 id;
	int		 rv = s != NULL && store_begin(s, &e) == 0 && store_message_begin(s, &id, &e) == 0 ? 0 : EIO;

	if (s != NULL)
		store_rollback(s);
	store_close(s);
	return (rv);
}

static int
read_store(void)
{
	struct err	 e = { 0 };
	struct store	*s = store_open(state, STORE_READ, &e);
	int		 rv = s != NULL && store_generation(s) > 0 ? 0 : EIO;

	store_close(s);
	return (rv);
}

static int
spool_one(void)
{
	struct err		 e = { 0 };
	struct spool_file	*f = spool_new(spool, "test", &e);

	return (f != NULL && spool_write(f, "x", 1, &e) == 0 && spool_commit(spool, &f, 1, &e) == 0 ? 0 : EIO);
}

/* --- Cases ------------------------------------------------------------------------------ */

struct denial {
	const char		*name;
	enum sandbox_role	 role;
	int			 (*try)(void);
	int			 want;
	unsigned		 needs;
};

static const struct denial	 cases[] = {
	{ "decoder: open a file", DECODER, read_passwd, ENOENT, FILTER },
	{ "decoder: open /proc/self/maps", DECODER, read_proc, ENOENT, FILTER },
	{ "decoder: make a file", DECODER, write_outside, ENOENT, FILTER },
	{ "decoder: open its own database", DECODER, read_database, ENOENT, FILTER },
	{ "decoder: write into a file it was handed", DECODER, write_handed, KILLED, FILTER },
	{ "decoder: remove a file", DECODER, remove_outside, KILLED, FILTER },
	{ "decoder: TCP socket", DECODER, tcp_socket, KILLED, FILTER },
	{ "decoder: UDP socket", DECODER, udp_socket, KILLED, FILTER },
	{ "decoder: Unix socket", DECODER, unix_socket, KILLED, FILTER },
	{ "decoder: socket pair", DECODER, pair, KILLED, FILTER },
	{ "decoder: accept", DECODER, accept_one, KILLED, FILTER },
	{ "decoder: execve", DECODER, execute, KILLED, FILTER },
	{ "decoder: execveat", DECODER, execute_fd, KILLED, FILTER },
	{ "decoder: fork", DECODER, fork_one, KILLED, FILTER },
	{ "decoder: thread", DECODER, thread, KILLED, FILTER },
	{ "decoder: ptrace", DECODER, trace, KILLED, FILTER },
	{ "decoder: another's memory", DECODER, read_memory, KILLED, FILTER },
	{ "decoder: a signal to its parent", DECODER, signal_parent, KILLED, FILTER },
	{ "decoder: a signal to another's thread", DECODER, signal_thread, KILLED, FILTER },
	{ "decoder: another's limits", DECODER, limits_of_other, KILLED, FILTER },
	{ "decoder: memory that is code", DECODER, new_code, KILLED, FILTER },
	{ "decoder: memory turned to code", DECODER, turn_to_code, KILLED, FILTER },
	{ "decoder: mount", DECODER, mount_one, KILLED, FILTER },
	{ "decoder: bpf", DECODER, bpf_one, KILLED, FILTER },
	{ "decoder: io_uring", DECODER, ring, KILLED, FILTER },
	{ "decoder: the 32-bit door", DECODER, other_door, KILLED, FILTER },
	{ "decoder: a call nobody knows", DECODER, unknown_call, KILLED, FILTER },
	{ "decoder: words into the terminal", DECODER, terminal, ENOTTY, FILTER },
	{ "decoder: more memory than it has", DECODER, much_memory, ENOMEM, 0 },
	{ "decoder may read what it was handed", DECODER, read_handed, 0, 0 },
	{ "decoder may write to standard error", DECODER, to_stderr, 0, 0 },
	{ "decoder knows the charsets of subjects", DECODER, charsets, 0, 0 },
	{ "decoder reads a rare charset as Latin-1", DECODER, rare_charset, 0, FILTER },

	{ "ingester: a file outside of the state directory", INGESTER, read_passwd, EACCES, FILES },
	{ "ingester: a mailbox's password", INGESTER, read_secret, EACCES, FILES },
	{ "ingester: /proc/self/maps", INGESTER, read_proc, EACCES, FILES },
	{ "ingester: list /", INGESTER, list_root, EACCES, FILES },
	{ "ingester: make a file outside", INGESTER, write_outside, EACCES, FILES },
	{ "ingester: make a file without a name outside", INGESTER, write_nameless_outside, EACCES, FILES },
	{ "ingester: remove a file outside", INGESTER, remove_outside, EACCES, FILES },
	{ "ingester: move a file out", INGESTER, move_out, ANY, FILES },
	{ "ingester: TCP socket", INGESTER, tcp_socket, EACCES, FILTER },
	{ "ingester: UDP socket", INGESTER, udp_socket, EACCES, FILTER },
	{ "ingester: Unix socket", INGESTER, unix_socket, EACCES, FILTER },
	{ "ingester: netlink socket", INGESTER, netlink_socket, EACCES, FILTER },
	{ "ingester: socket pair", INGESTER, pair, EACCES, FILTER },
	{ "ingester: accept", INGESTER, accept_one, ENOSYS, FILTER },
	{ "ingester: execve", INGESTER, execute, KILLED, FILTER },
	{ "ingester: execveat", INGESTER, execute_fd, KILLED, FILTER },
	{ "ingester: fork", INGESTER, fork_one, EPERM, FILTER },
	{ "ingester: vfork", INGESTER, vfork_one, KILLED, FILTER },
	{ "ingester: thread", INGESTER, thread, EPERM, FILTER },
	{ "ingester: clone3", INGESTER, clone3_one, ENOSYS, FILTER },
	{ "ingester: ptrace", INGESTER, trace, KILLED, FILTER },
	{ "ingester: another's memory", INGESTER, read_memory, KILLED, FILTER },
	{ "ingester: a signal to its parent", INGESTER, signal_parent, EPERM, FILTER },
	{ "ingester: memory that is code", INGESTER, new_code, EACCES, FILTER },
	{ "ingester: memory turned to code", INGESTER, turn_to_code, EACCES, FILTER },
	{ "ingester: mount", INGESTER, mount_one, KILLED, FILTER },
	{ "ingester: bpf", INGESTER, bpf_one, KILLED, FILTER },
	{ "ingester: namespaces", INGESTER, unshare_one, KILLED, FILTER },
	{ "ingester: io_uring", INGESTER, ring, KILLED, FILTER },
	{ "ingester: perf", INGESTER, perf, KILLED, FILTER },
	{ "ingester: keys", INGESTER, keys, KILLED, FILTER },
	{ "ingester: another user", INGESTER, become, KILLED, FILTER },
	{ "ingester: kernel module", INGESTER, module, KILLED, FILTER },
	{ "ingester: another root", INGESTER, change_root, KILLED, FILTER },
	{ "ingester: the 32-bit door", INGESTER, other_door, KILLED, FILTER },
	{ "ingester may write the database", INGESTER, write_store, 0, 0 },
	{ "ingester may write originals", INGESTER, write_original, 0, 0 },
	{ "ingester may move from tmp to new", INGESTER, move_in_spool, 0, 0 },
	{ "ingester may quarantine", INGESTER, write_quarantine, 0, 0 },
	{ "ingester may ask whether a process is there", INGESTER, parent_there, 0, 0 },

	{ "http: a file outside of the state directory", HTTP, read_passwd, EACCES, FILES },
	{ "http: a mailbox's password", HTTP, read_secret, EACCES, FILES },
	{ "http: /proc/self/maps", HTTP, read_proc, EACCES, FILES },
	{ "http: write the database", HTTP, write_database, EACCES, FILES },
	{ "http: write the database's log", HTTP, write_wal, EACCES, FILES },
	{ "http: write an original", HTTP, write_original, EACCES, FILES },
	{ "http: remove an original", HTTP, remove_in_state, EACCES, FILES },
	{ "http: write the spool", HTTP, write_spool, EACCES, FILES },
	{ "http: make a file beside the database", HTTP, make_in_state, EACCES, FILES },
	{ "http: make a file outside", HTTP, write_outside, EACCES, FILES },
	{ "http: make a file without a name outside", HTTP, write_nameless_outside, EACCES, FILES },
	{ "http: TCP socket", HTTP, tcp_socket, EACCES, FILTER },
	{ "http: UDP socket", HTTP, udp_socket, EACCES, FILTER },
	{ "http: Unix socket", HTTP, unix_socket, EACCES, FILTER },
	{ "http: netlink socket", HTTP, netlink_socket, EACCES, FILTER },
	{ "http: execve", HTTP, execute, KILLED, FILTER },
	{ "http: execveat", HTTP, execute_fd, KILLED, FILTER },
	{ "http: fork", HTTP, fork_one, EPERM, FILTER },
	{ "http: vfork", HTTP, vfork_one, KILLED, FILTER },
	{ "http: ptrace", HTTP, trace, KILLED, FILTER },
	{ "http: another's memory", HTTP, read_memory, KILLED, FILTER },
	{ "http: a signal to its parent", HTTP, signal_parent, EPERM, FILTER },
	{ "http: memory that is code", HTTP, new_code, EACCES, FILTER },
	{ "http: memory turned to code", HTTP, turn_to_code, EACCES, FILTER },
	{ "http: mount", HTTP, mount_one, KILLED, FILTER },
	{ "http: bpf", HTTP, bpf_one, KILLED, FILTER },
	{ "http: namespaces", HTTP, unshare_one, KILLED, FILTER },
	{ "http: io_uring", HTTP, ring, KILLED, FILTER },
	{ "http: another user", HTTP, become, KILLED, FILTER },
	{ "http may read the database", HTTP, read_store, 0, 0 },
	{ "http may open the database for reading", HTTP, read_database, 0, 0 },
	{ "http may write the readers' marks", HTTP, write_shm, 0, 0 },
	{ "http may read originals", HTTP, read_original, 0, 0 },
	{ "http may keep what is large in tmp", HTTP, nameless, 0, 0 },
	{ "http may accept", HTTP, accept_one, 0, 0 },
	{ "http may start threads", HTTP, thread, 0, 0 },

	{ "fetcher: a file that is none of its business", FETCHER, read_passwd, EACCES, FILES },
	{ "fetcher: another mailbox's password", FETCHER, read_secret, EACCES, FILES },
	{ "fetcher: /proc/self/maps", FETCHER, read_proc, EACCES, FILES },
	{ "fetcher: list /", FETCHER, list_root, EACCES, FILES },
	{ "fetcher: read the database", FETCHER, read_database, EACCES, FILES },
	{ "fetcher: read an original", FETCHER, read_original, EACCES, FILES },
	{ "fetcher: write the quarantine", FETCHER, write_quarantine, EACCES, FILES },
	{ "fetcher: make a file outside", FETCHER, write_outside, EACCES, FILES },
	{ "fetcher: write a system file", FETCHER, write_shadow, EACCES, FILES },
	{ "fetcher: move a file out", FETCHER, move_out, ANY, FILES },
	{ "fetcher: connect to another port", FETCHER, connect_other, EACCES, TCP },
	{ "fetcher: bind a port", FETCHER, bind_port, EACCES, FILTER },
	{ "fetcher: Unix socket", FETCHER, unix_socket, ENOSYS, FILTER },
	{ "fetcher: netlink socket", FETCHER, netlink_socket, ENOSYS, FILTER },
	{ "fetcher: packet socket", FETCHER, packet_socket, ENOSYS, FILTER },
	{ "fetcher: raw socket", FETCHER, raw_socket, ENOSYS, FILTER },
	{ "fetcher: ping socket", FETCHER, ping_socket, ENOSYS, FILTER },
	{ "fetcher: virtual machine socket", FETCHER, vsock_socket, ENOSYS, FILTER },
	{ "fetcher: accept", FETCHER, accept_one, ENOSYS, FILTER },
	{ "fetcher: execve", FETCHER, execute, KILLED, FILTER },
	{ "fetcher: execveat", FETCHER, execute_fd, KILLED, FILTER },
	{ "fetcher: fork", FETCHER, fork_one, EPERM, FILTER },
	{ "fetcher: vfork", FETCHER, vfork_one, KILLED, FILTER },
	{ "fetcher: ptrace", FETCHER, trace, KILLED, FILTER },
	{ "fetcher: another's memory", FETCHER, read_memory, KILLED, FILTER },
	{ "fetcher: a signal to its parent", FETCHER, signal_parent, EPERM, FILTER },
	{ "fetcher: memory that is code", FETCHER, new_code, ENOSYS, FILTER },
	{ "fetcher: writable code from a file", FETCHER, writable_code, ENOSYS, FILTER },
	{ "fetcher: memory turned to code", FETCHER, turn_to_code, EACCES, FILTER },
	{ "fetcher: mount", FETCHER, mount_one, KILLED, FILTER },
	{ "fetcher: bpf", FETCHER, bpf_one, KILLED, FILTER },
	{ "fetcher: namespaces", FETCHER, unshare_one, KILLED, FILTER },
	{ "fetcher: io_uring", FETCHER, ring, KILLED, FILTER },
	{ "fetcher: another user", FETCHER, become, KILLED, FILTER },
	{ "fetcher: words into the terminal", FETCHER, terminal, ENOTTY, FILTER },
	{ "fetcher may connect to its mail server", FETCHER, connect_mail, 0, 0 },
	{ "fetcher may have UDP sockets", FETCHER, udp_socket, 0, 0 },
	{ "fetcher may have IPv6 sockets", FETCHER, tcp6_socket, 0, 0 },
	{ "fetcher may turn names to addresses", FETCHER, resolve, 0, 0 },
	{ "fetcher may load what the C library needs for names", FETCHER, load_module, 0, 0 },
	{ "fetcher may read certificates", FETCHER, read_certificates, 0, 0 },
	{ "fetcher may write the spool", FETCHER, spool_one, 0, 0 },
	{ "fetcher may move from tmp to new", FETCHER, move_in_spool, 0, 0 },
	{ "fetcher may start threads", FETCHER, thread, 0, 0 },
	{ "fetcher sees that a file was replaced", FETCHER, outdated, 0, FILES },
	{ "resolver: a file that is none of its business", RESOLVER, read_passwd, EACCES, FILES },
	{ "resolver: a mailbox's password", RESOLVER, read_secret, EACCES, FILES },
	{ "resolver: /proc/self/maps", RESOLVER, read_proc, EACCES, FILES },
	{ "resolver: list /", RESOLVER, list_root, EACCES, FILES },
	{ "resolver: read the database", RESOLVER, read_database, EACCES, FILES },
	{ "resolver: write the database", RESOLVER, write_database, EACCES, FILES },
	{ "resolver: read an original", RESOLVER, read_original, EACCES, FILES },
	{ "resolver: write the spool", RESOLVER, write_spool, EACCES, FILES },
	{ "resolver: make a file outside", RESOLVER, write_outside, EACCES, FILES },
	{ "resolver: make a file without a name outside", RESOLVER, write_nameless_outside, EACCES, FILES },
	{ "resolver: write a system file", RESOLVER, write_shadow, EACCES, FILES },
	{ "resolver: read certificates", RESOLVER, read_certificates, EACCES, FILES },
	{ "resolver: remove a file", RESOLVER, remove_outside, ENOSYS, FILTER },
	{ "resolver: move a file", RESOLVER, move_away, ENOSYS, FILTER },
	{ "resolver: connect to another port", RESOLVER, connect_other, EACCES, TCP },
	{ "resolver: bind a TCP port", RESOLVER, bind_port, EACCES, TCP },
	{ "resolver: listen", RESOLVER, listen_tcp, EACCES, FILTER },
	{ "resolver: accept", RESOLVER, accept_one, ENOSYS, FILTER },
	{ "resolver: Unix socket", RESOLVER, unix_socket, ENOSYS, FILTER },
	{ "resolver: socket pair", RESOLVER, pair, ENOSYS, FILTER },
	{ "resolver: netlink socket", RESOLVER, netlink_socket, ENOSYS, FILTER },
	{ "resolver: packet socket", RESOLVER, packet_socket, ENOSYS, FILTER },
	{ "resolver: raw socket", RESOLVER, raw_socket, ENOSYS, FILTER },
	{ "resolver: ping socket", RESOLVER, ping_socket, ENOSYS, FILTER },
	{ "resolver: virtual machine socket", RESOLVER, vsock_socket, ENOSYS, FILTER },
	{ "resolver: execve", RESOLVER, execute, KILLED, FILTER },
	{ "resolver: execveat", RESOLVER, execute_fd, KILLED, FILTER },
	{ "resolver: fork", RESOLVER, fork_one, EPERM, FILTER },
	{ "resolver: vfork", RESOLVER, vfork_one, KILLED, FILTER },
	{ "resolver: clone3", RESOLVER, clone3_one, ENOSYS, FILTER },
	{ "resolver: ptrace", RESOLVER, trace, KILLED, FILTER },
	{ "resolver: another's memory", RESOLVER, read_memory, KILLED, FILTER },
	{ "resolver: a signal to its parent", RESOLVER, signal_parent, EPERM, FILTER },
	{ "resolver: memory that is code", RESOLVER, new_code, EACCES, FILTER },
	{ "resolver: writable code from a file", RESOLVER, writable_code, EACCES, FILTER },
	{ "resolver: memory turned to code", RESOLVER, turn_to_code, EACCES, FILTER },
	{ "resolver: mount", RESOLVER, mount_one, KILLED, FILTER },
	{ "resolver: bpf", RESOLVER, bpf_one, KILLED, FILTER },
	{ "resolver: namespaces", RESOLVER, unshare_one, KILLED, FILTER },
	{ "resolver: io_uring", RESOLVER, ring, KILLED, FILTER },
	{ "resolver: perf", RESOLVER, perf, KILLED, FILTER },
	{ "resolver: keys", RESOLVER, keys, KILLED, FILTER },
	{ "resolver: another user", RESOLVER, become, KILLED, FILTER },
	{ "resolver: another root", RESOLVER, change_root, KILLED, FILTER },
	{ "resolver: the 32-bit door", RESOLVER, other_door, KILLED, FILTER },
	{ "resolver: words into the terminal", RESOLVER, terminal, ENOTTY, FILTER },
	{ "resolver: more memory than it has", RESOLVER, much_memory, ENOMEM, 0 },
	{ "resolver may connect to a name server by TCP", RESOLVER, connect_mail, 0, 0 },
	{ "resolver may ask by UDP from a port of its own", RESOLVER, bind_udp, 0, 0 },
	{ "resolver may have IPv6 sockets", RESOLVER, tcp6_socket, 0, 0 },
	{ "resolver may read which name servers there are", RESOLVER, read_resolv, 0, 0 },
	{ "resolver may start threads", RESOLVER, thread, 0, 0 },

	{ "notifier: a file that is none of its business", NOTIFIER, read_passwd, EACCES, FILES },
	{ "notifier: a mailbox's password", NOTIFIER, read_secret, EACCES, FILES },
	{ "notifier: /proc/self/maps", NOTIFIER, read_proc, EACCES, FILES },
	{ "notifier: list /", NOTIFIER, list_root, EACCES, FILES },
	{ "notifier: write the database", NOTIFIER, write_database, EACCES, FILES },
	{ "notifier: make a file in the state directory", NOTIFIER, make_in_state, EACCES, FILES },
	{ "notifier: write the spool", NOTIFIER, write_spool, EACCES, FILES },
	{ "notifier: write the quarantine", NOTIFIER, write_quarantine, EACCES, FILES },
	{ "notifier: make a file outside", NOTIFIER, write_outside, EACCES, FILES },
	{ "notifier: write a system file", NOTIFIER, write_shadow, EACCES, FILES },
	{ "notifier: move a file out", NOTIFIER, notify_move_out, ANY, FILES },
	{ "notifier: connect to another port", NOTIFIER, connect_other, EACCES, TCP },
	{ "notifier: bind a port", NOTIFIER, bind_port, EACCES, FILTER },
	{ "notifier: Unix socket", NOTIFIER, unix_socket, ENOSYS, FILTER },
	{ "notifier: raw socket", NOTIFIER, raw_socket, ENOSYS, FILTER },
	{ "notifier: accept", NOTIFIER, accept_one, ENOSYS, FILTER },
	{ "notifier: execve", NOTIFIER, execute, KILLED, FILTER },
	{ "notifier: fork", NOTIFIER, fork_one, EPERM, FILTER },
	{ "notifier: vfork", NOTIFIER, vfork_one, KILLED, FILTER },
	{ "notifier: ptrace", NOTIFIER, trace, KILLED, FILTER },
	{ "notifier: a signal to its parent", NOTIFIER, signal_parent, EPERM, FILTER },
	{ "notifier: memory that is code", NOTIFIER, new_code, ENOSYS, FILTER },
	{ "notifier: memory turned to code", NOTIFIER, turn_to_code, EACCES, FILTER },
	{ "notifier: mount", NOTIFIER, mount_one, KILLED, FILTER },
	{ "notifier: io_uring", NOTIFIER, ring, KILLED, FILTER },
	{ "notifier: another user", NOTIFIER, become, KILLED, FILTER },
	{ "notifier: words into the terminal", NOTIFIER, terminal, ENOTTY, FILTER },
	{ "notifier may connect to its mail server", NOTIFIER, connect_mail, 0, 0 },
	{ "notifier may connect to its webhook", NOTIFIER, connect_hook, 0, 0 },
	{ "notifier may have a pair of sockets, as libcurl does", NOTIFIER, socket_pair, 0, 0 },
	{ "notifier may read certificates of its webhook", NOTIFIER, read_hook_ca, 0, 0 },
	{ "notifier may turn names to addresses", NOTIFIER, resolve, 0, 0 },
	{ "notifier may read certificates", NOTIFIER, read_certificates, 0, 0 },
	{ "notifier may read the database", NOTIFIER, read_database, 0, 0 },
	{ "notifier may write down what was sent", NOTIFIER, notify_one, 0, 0 },
	{ "notifier may have a file without a name", NOTIFIER, notify_memory, 0, 0 },

	{ "visitor: a file that is none of its business", VISITOR, read_passwd, EACCES, FILES },
	{ "visitor: a mailbox's password", VISITOR, read_secret, EACCES, FILES },
	{ "visitor: the database", VISITOR, read_database, EACCES, FILES },
	{ "visitor: /proc/self/maps", VISITOR, read_proc, EACCES, FILES },
	{ "visitor: make a file in the state directory", VISITOR, make_in_state, EACCES, FILES },
	{ "visitor: make a file outside", VISITOR, write_outside, EACCES, FILES },
	{ "visitor: connect to another port", VISITOR, connect_other, EACCES, TCP },
	{ "visitor: bind a port", VISITOR, bind_port, EACCES, FILTER },
	{ "visitor: Unix socket", VISITOR, unix_socket, ENOSYS, FILTER },
	{ "visitor: raw socket", VISITOR, raw_socket, ENOSYS, FILTER },
	{ "visitor: accept", VISITOR, accept_one, ENOSYS, FILTER },
	{ "visitor: execve", VISITOR, execute, KILLED, FILTER },
	{ "visitor: fork", VISITOR, fork_one, EPERM, FILTER },
	{ "visitor: vfork", VISITOR, vfork_one, KILLED, FILTER },
	{ "visitor: ptrace", VISITOR, trace, KILLED, FILTER },
	{ "visitor: a signal to its parent", VISITOR, signal_parent, EPERM, FILTER },
	{ "visitor: memory that is code", VISITOR, new_code, ENOSYS, FILTER },
	{ "visitor: memory turned to code", VISITOR, turn_to_code, EACCES, FILTER },
	{ "visitor: io_uring", VISITOR, ring, KILLED, FILTER },
	{ "visitor: another user", VISITOR, become, KILLED, FILTER },
	{ "visitor may connect to a web server", VISITOR, connect_mail, 0, 0 },
	{ "visitor may have a pair of sockets, as libcurl does", VISITOR, socket_pair, 0, 0 },
	{ "visitor may turn names to addresses", VISITOR, resolve, 0, 0 },
	{ "visitor may read certificates", VISITOR, read_certificates, 0, 0 },
	{ "visitor may start threads", VISITOR, thread, 0, 0 },

	{ "no core file of anybody", FETCHER, core_off, 0, 0 },
};

static void
child(const struct denial *c, int out)
{
	static const struct rlimit	 none = { 0, 0 };
	char				 ca[256], hook[128];
	struct sandbox_paths		 p = { .state_dir = state, .port = mail_port, .ports = &mail_port, .nports = 1, .link = out };
	struct sandbox_report		 r;
	struct err			 e = { 0 };
	int				 got = 0;

	(void)snprintf(ca, sizeof(ca), "%s", below("spool/ca.pem"));
	p.ca_file = ca;
	if (c->role == NOTIFIER) {
		(void)snprintf(hook, sizeof(hook), "%s/hook.pem", dir);
		p.hook_ca_file = hook;
		p.ports = &hook_port;
	}
	if (c->role == VISITOR)
		p.port = 0;
	if (c->role == DECODER || c->role == RESOLVER)
		p.memory = (uint64_t)64 << 20;
	(void)setrlimit(RLIMIT_CORE, &none);
	if (sandbox_enter(c->role, &p, &r, &e) == -1) {
		(void)fprintf(stderr, "%s\n", e.msg);
		_exit(1);
	}
	got = c->try();
	_exit(io_write_full(out, &got, sizeof(got)) == 0 ? 0 : 1);
}

static const char *
missing(const struct denial *c)
{
	if ((c->needs & FILTER) && !offered.filter)
		return ("this kernel has no seccomp filters");
	if ((c->needs & FILES) && offered.landlock < (c->role == INGESTER || c->role == FETCHER || c->role == NOTIFIER ? 2 : 1))
		return ("this kernel's Landlock does not fence in files");
	if ((c->needs & TCP) && !offered.tcp)
		return ("this kernel's Landlock does not fence in TCP");
	return (NULL);
}

/* NULL when it went as it has to; else what happened. */
static const char *
wrong(const struct denial *c)
{
	static char	 text[80];
	int		 p[2], status, got = EPROTO;
	pid_t		 pid;

	(void)fflush(NULL);
	if (pipe(p) == -1 || (pid = fork()) == -1)
		return (strerror(errno));
	if (pid == 0) {
		(void)close(p[0]);
		child(c, p[1]);
	}
	(void)close(p[1]);
	if (io_read_full(p[0], &got, sizeof(got)) != (ssize_t)sizeof(got))
		got = EPROTO;
	(void)close(p[0]);
	if (waitpid(pid, &status, 0) != pid)
		return ("its process is lost");
	if (WIFSIGNALED(status)) {
		(void)snprintf(text, sizeof(text), "died by signal %d", WTERMSIG(status));
		return (c->want == KILLED && WTERMSIG(status) == SIGSYS ? NULL : text);
	}
	(void)snprintf(text, sizeof(text), "exit code %d, result %d (%s)", WEXITSTATUS(status), got, strerror(got));
	return (WEXITSTATUS(status) == 0 && (got == c->want || (c->want == ANY && got != 0)) ? NULL : text);
}

/* --- The ground --------------------------------------------------------------------------- */

static int
listen_on(uint16_t *port)
{
	struct sockaddr_in	 sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t		 n = sizeof(sa);
	int			 fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&sa, n) == -1 || listen(fd, 16) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sa, &n) == -1)
		return (-1);
	*port = ntohs(sa.sin_port);
	return (fd);
}

static int
put(const char *path)
{
	return (opened(path, O_WRONLY | O_CREAT));
}

static int
prepare(void)
{
	char		 secret[128], hook[128];
	struct err	 e = { 0 };
	struct store	*s;
	int64_t		 id;

	if (mkdtemp(dir) == NULL)
		return (-1);
	(void)snprintf(state, sizeof(state), "%s/state", dir);
	(void)snprintf(secret, sizeof(secret), "%s/other.password", dir);
	(void)snprintf(hook, sizeof(hook), "%s/hook.pem", dir);
	/* a database in use: its -wal and -shm are there */
	if ((s = store_open(state, STORE_WRITE, &e)) == NULL || store_begin(s, &e) == -1 || store_message_begin(s, &id, &e) == -1 ||
	    store_message_end(s, id, &(struct store_message){ 1, "test", 1, 0, false, false }, IN_IGNORED, -1, 0, &e) == -1 ||
	    store_commit(s, &e) == -1 || (keeper = store_open(state, STORE_READ, &e)) == NULL) {
		(void)fprintf(stderr, "%s\n", e.msg);
		return (-1);
	}
	store_close(s);
	if ((spool = spool_open(state, &e)) == NULL)
		return (-1);
	(void)mkdir(below("originals"), 0700);
	(void)mkdir(below("tmp"), 0700);
	(void)mkdir(below("notify"), 0700);
	if (put(secret) != 0 || put(hook) != 0 || put(below("originals/pack")) != 0 || put(below("spool/ca.pem")) != 0 ||
	    (file = open(below("originals/handed"), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1 || write(file, "xy", 2) != 2 ||
	    (mail_server = listen_on(&mail_port)) == -1 || (other_server = listen_on(&other_port)) == -1 ||
	    (hook_server = listen_on(&hook_port)) == -1)
		return (-1);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	charset_load();
	return (page == MAP_FAILED ? -1 : 0);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return (remove(path));
}

int
main(void)
{
	struct buf	 b = { 0 };
	const char	*why;
	size_t		 failed = 0;

	parent = getpid();
	sandbox_probe(&offered);
	(void)sandbox_describe(&offered, &b);
	if (offered.relaxed) {
		(void)printf("1..0 # SKIP the sandbox is %s\n", b.p);
		buf_free(&b);
		return (0);
	}
	if (prepare() == -1) {
		perror("test_sandbox");
		return (99);
	}
	(void)printf("# sandbox: %s\n1..%zu\n", b.p, nitems(cases));
	for (size_t i = 0; i < nitems(cases); i++)
		if ((why = missing(&cases[i])) != NULL)
			(void)printf("ok %zu - %s # SKIP %s\n", i + 1, cases[i].name, why);
		else if ((why = wrong(&cases[i])) == NULL)
			(void)printf("ok %zu - %s\n", i + 1, cases[i].name);
		else {
			(void)printf("not ok %zu - %s\n# %s\n", i + 1, cases[i].name, why);
			failed++;
		}
	buf_free(&b);
	store_close(keeper);
	spool_close(spool);
	(void)nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return (failed == 0 ? 0 : 1);
}
