/*
 * sandbox.c - see sandbox.h.
 *
 * Two walls. The filter (seccomp) decides by the number of a system call and
 * its plain arguments: one table says which role may use which. Landlock
 * decides by what is named: which folders, which TCP ports, whose processes.
 * A call that a library tries and can do without gets an error; one that only
 * an intruder makes ends the process, and the log says so. Each role's list
 * was found by tracing it at work.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif
#ifdef HAVE_SECCOMP
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#endif

#include "process/sandbox.h"

#ifdef WITH_SANITIZERS
#define RELAXED true
#else
#define RELAXED false
#endif

/* --- Limits ------------------------------------------------------------------------ */

static uint64_t	 mapped;	/* bytes when it was entered; 0: never */

static uint64_t
mapped_now(void)
{
	char		 text[64] = "";
	int		 fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	uint64_t	 pages = 0;

	if (fd != -1) {
		if (read(fd, text, sizeof(text) - 1) > 0)
			pages = strtoull(text, NULL, 10);
		(void)close(fd);
	}
	return (pages * (uint64_t)sysconf(_SC_PAGESIZE));
}

void
sandbox_memory(uint64_t more)
{
	struct rlimit	 r = { (rlim_t)(mapped + more), (rlim_t)(mapped + more) };

	if (mapped > 0)
		(void)setrlimit(RLIMIT_AS, &r);
}

void
sandbox_cpu(uint64_t seconds)
{
	static rlim_t	 last;
	struct timespec	 used;
	struct rlimit	 r;
	rlim_t		 until;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == -1)
		return;
	/* nearly always the same second as with the last message */
	if ((until = (rlim_t)((uint64_t)used.tv_sec + seconds + 1)) == last || getrlimit(RLIMIT_CPU, &r) == -1)
		return;
	r.rlim_cur = until < r.rlim_max ? until : r.rlim_max;
	if (setrlimit(RLIMIT_CPU, &r) == 0)
		last = until;
}

/* --- Landlock ----------------------------------------------------------------------- */

#ifdef __linux__

#ifndef SYS_landlock_create_ruleset	/* the same on all machines but Alpha */
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

/* By the kernel's documentation: headers may be older than the kernel. */
#define FS_EXECUTE	((uint64_t)1 << 0)
#define FS_WRITE_FILE	((uint64_t)1 << 1)
#define FS_READ_FILE	((uint64_t)1 << 2)
#define FS_READ_DIR	((uint64_t)1 << 3)
#define FS_REMOVE_DIR	((uint64_t)1 << 4)
#define FS_REMOVE_FILE	((uint64_t)1 << 5)
#define FS_MAKE_DIR	((uint64_t)1 << 7)
#define FS_MAKE_REG	((uint64_t)1 << 8)
#define FS_REFER	((uint64_t)1 << 13)	/* to another folder; from version 2 on, before it is always refused */
#define FS_TRUNCATE	((uint64_t)1 << 14)
#define FS_IOCTL_DEV	((uint64_t)1 << 15)
#define FS_OF_FILES	(FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define NET_BIND_TCP	((uint64_t)1 << 0)
#define NET_CONNECT_TCP	((uint64_t)1 << 1)
#define SCOPE_ABSTRACT_SOCKET ((uint64_t)1 << 0)
#define SCOPE_SIGNAL	((uint64_t)1 << 1)
#define RULE_PATH	1
#define RULE_PORT	2

#define READ		(FS_READ_FILE | FS_READ_DIR)
#define WRITE		(READ | FS_WRITE_FILE | FS_TRUNCATE | FS_MAKE_REG | FS_REMOVE_FILE)

struct ruleset { uint64_t files, tcp, scope; };
struct rule_path { uint64_t rights; int32_t fd; } __attribute__((packed));
struct rule_port { uint64_t rights, port; };

#define SEEN_MAX 32

/* What had which name when it was opened up. */
static struct seen { const char *path; dev_t dev; ino_t ino; } seen[SEEN_MAX];
static size_t	 nseen;

static int
landlock_version(void)
{
	long	 v = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, 1u /* only the version */);

	return (v < 0 ? 0 : (int)v);
}

static struct ruleset
ruleset_of(int version, enum sandbox_role role)
{
	struct ruleset	 r = { .files = ((uint64_t)1 << 13) - 1 };

	if (version >= 2)
		r.files |= FS_REFER;
	if (version >= 3)
		r.files |= FS_TRUNCATE;
	if (version >= 4)
		r.tcp = NET_BIND_TCP | NET_CONNECT_TCP;
	if (version >= 5)
		r.files |= FS_IOCTL_DEV;
	if (version >= 6)
		r.scope = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
	/* These two move files from one folder to another: version 1 would stop them. */
	if (version < 2 && (role == SANDBOX_INGESTER || role == SANDBOX_FETCHER || role == SANDBOX_NOTIFIER))
		r.files = 0;
	return (r);
}

static void
remember(const char *path, const struct stat *st)
{
	char	*copy;

	/* folders stay; what is in them may be replaced */
	if ((st != NULL && !S_ISREG(st->st_mode)) || nseen == SEEN_MAX || (copy = strdup(path)) == NULL)
		return;
	seen[nseen++] = (struct seen){ copy, st == NULL ? 0 : st->st_dev, st == NULL ? 0 : st->st_ino };
}

bool
sandbox_outdated(void)
{
	struct stat	 st;

	for (size_t i = 0; i < nseen; i++) {
		if (stat(seen[i].path, &st) == -1)
			st.st_dev = st.st_ino = 0;
		if (st.st_dev != seen[i].dev || st.st_ino != seen[i].ino)
			return (true);
	}
	return (false);
}

struct fence {
	int		 fd;
	struct ruleset	 set;
	struct err	*e;
	bool		 failed;
};

static void
open_up(struct fence *f, const char *path, uint64_t rights, bool may_be_replaced)
{
	struct rule_path	 rule = { .fd = -1 };
	struct stat		 st;

	if (f->failed || f->set.files == 0)
		return;
	if ((rule.fd = open(path, O_PATH | O_CLOEXEC)) == -1 || fstat(rule.fd, &st) == -1) {
		if (may_be_replaced)
			remember(path, NULL);
		if (rule.fd != -1)
			(void)close(rule.fd);
		return;		/* what is not there is needed by nobody */
	}
	if (may_be_replaced)
		remember(path, &st);
	rule.rights = rights & f->set.files & (S_ISDIR(st.st_mode) ? ~(uint64_t)0 : FS_OF_FILES);
	if (rule.rights != 0 && syscall(SYS_landlock_add_rule, f->fd, RULE_PATH, &rule, 0u) == -1) {
		f->failed = true;
		err_set(f->e, ERR_TEMP, "sandbox: %s: %s", path, strerror(errno));
	}
	(void)close(rule.fd);
}

static void
open_up_in(struct fence *f, const char *dir, const char *name, uint64_t rights)
{
	char	 path[4096];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) < (int)sizeof(path))
		open_up(f, path, rights, false);
}

static void
open_up_port(struct fence *f, uint16_t port)
{
	struct rule_port	 rule = { NET_CONNECT_TCP, port };

	if (f->failed || f->set.tcp == 0)
		return;
	if (syscall(SYS_landlock_add_rule, f->fd, RULE_PORT, &rule, 0u) == -1) {
		f->failed = true;
		err_set(f->e, ERR_TEMP, "sandbox: port %u: %s", port, strerror(errno));
	}
}

/*
 * Names to addresses is the C library's business, with modules of its own, and
 * who is trusted is read from the system's store at each connection. None of
 * this is anybody's secret; /etc as a whole would be (other mailboxes'
 * passwords).
 */
static void
open_up_client(struct fence *f, const struct sandbox_paths *p)
{
	static const char *const	 files[] = {
		"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services",
		"/etc/protocols", "/etc/networks", "/etc/ld.so.cache", "/etc/ssl/cert.pem",
	};
	static const char *const	 dirs[] = {
		"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ssl/certs", "/etc/pki/tls/certs",
		"/etc/pki/ca-trust", "/etc/ca-certificates", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
		"/usr/share/pki", "/usr/share/p11-kit", "/etc/pkcs11", "/etc/gnutls", "/etc/crypto-policies",
		"/usr/share/crypto-policies",
	};

	for (size_t i = 0; i < nitems(files); i++)
		open_up(f, files[i], READ, true);
	for (size_t i = 0; i < nitems(dirs); i++)
		open_up(f, dirs[i], READ, false);
	if (p->ca_file != NULL)
		open_up(f, p->ca_file, READ, true);
	if (p->hook_ca_file != NULL)
		open_up(f, p->hook_ca_file, READ, true);
	if (p->port != 0 || p->nports > 0)
		open_up_port(f, 53);	/* an answer too long for UDP */
	if (p->port != 0)
		open_up_port(f, p->port);
	for (size_t i = 0; i < p->nports; i++)
		open_up_port(f, p->ports[i]);
}

/* What a reader of the store needs; its tmp is for what is too large for memory. */
static void
open_up_reader(struct fence *f, const struct sandbox_paths *p)
{
	/*
	 * Readers of SQLite's log mark in the -shm file how far they read; one that may
	 * not write there reads all the same.
	 */
	open_up(f, p->state_dir, READ, false);
	open_up_in(f, p->state_dir, "dmarcd.db-shm", FS_READ_FILE | FS_WRITE_FILE);
	open_up_in(f, p->state_dir, "tmp", WRITE);
}

static void
open_up_role(struct fence *f, enum sandbox_role role, const struct sandbox_paths *p)
{
	if (role == SANDBOX_DECODER)
		return;
	open_up(f, "/dev/null", FS_READ_FILE | FS_WRITE_FILE, false);
	open_up(f, "/dev/urandom", FS_READ_FILE, false);
	open_up(f, "/sys/devices/system/cpu", READ, false);	/* how many there are */
	switch (role) {
	case SANDBOX_DECODER:
		break;
	case SANDBOX_INGESTER:
		open_up(f, p->state_dir, WRITE | FS_MAKE_DIR | FS_REMOVE_DIR | FS_REFER, false);
		break;
	case SANDBOX_HTTP:
		open_up_reader(f, p);
		open_up_in(f, p->state_dir, "requests", WRITE);
		open_up_in(f, p->state_dir, "http", WRITE);	/* sessions, and the log of who did what */
		break;
	case SANDBOX_FETCHER:
		open_up_in(f, p->state_dir, "spool", WRITE | FS_REFER);
		open_up_client(f, p);
		break;
	case SANDBOX_NOTIFIER:
		open_up_reader(f, p);
		open_up_in(f, p->state_dir, "notify", WRITE | FS_REFER);
		open_up_client(f, p);
		open_up(f, "/etc/localtime", READ, false);	/* what is due is local time */
		open_up(f, "/usr/share/zoneinfo", READ, false);
		break;
	case SANDBOX_RESOLVER:
		open_up(f, "/etc/resolv.conf", FS_READ_FILE, true);
		open_up_port(f, 53);
		for (size_t i = 0; i < p->nports; i++)
			open_up_port(f, p->ports[i]);
		break;
	case SANDBOX_VISITOR:
		open_up_client(f, p);
		break;
	}
}

static int
landlock_enter(enum sandbox_role role, const struct sandbox_paths *p, struct sandbox_report *r, struct err *e)
{
	struct fence	 f = { .set = ruleset_of(r->landlock, role), .e = e };
	int		 rv = 0;

	if (r->landlock == 0 || (f.set.files == 0 && f.set.tcp == 0))
		return (0);
	/* An older kernel takes a longer struct when the rest is zero. */
	if ((f.fd = (int)syscall(SYS_landlock_create_ruleset, &f.set, sizeof(f.set), 0u)) == -1)
		return (err_set(e, ERR_TEMP, "sandbox: Landlock: %s", strerror(errno)));
	open_up_role(&f, role, p);
	if (!f.failed && syscall(SYS_landlock_restrict_self, f.fd, 0u) == -1)
		rv = err_set(e, ERR_TEMP, "sandbox: Landlock: %s", strerror(errno));
	(void)close(f.fd);
	r->files = f.set.files != 0;
	return (f.failed ? -1 : rv);
}

#else	/* another system: files are fenced in by their permissions only */

bool
sandbox_outdated(void)
{
	return (false);
}

#endif

/* --- System calls ------------------------------------------------------------------ */

#ifdef HAVE_SECCOMP

enum { D = 1 << SANDBOX_DECODER, I = 1 << SANDBOX_INGESTER, H = 1 << SANDBOX_HTTP, F = 1 << SANDBOX_FETCHER,
    N = 1 << SANDBOX_NOTIFIER, R = 1 << SANDBOX_RESOLVER,
    V = 1 << SANDBOX_VISITOR };
#define FILED	(I | H | F | N)	/* who has files */
#define OTHERS	(FILED | R | V)
#define ALL	(D | OTHERS)

/* By name: what this machine does not have is left out. Those with arguments to look at are in filter_arguments(). */
static const struct { const char *name; unsigned roles; } allowed[] = {
	/* memory, time, threads */
	{ "brk", ALL }, { "munmap", ALL }, { "mremap", ALL }, { "madvise", ALL },
	{ "futex", ALL }, { "futex_time64", ALL }, { "sched_yield", ALL },
	{ "clock_gettime", ALL }, { "clock_gettime64", ALL }, { "gettimeofday", ALL }, { "time", ALL },
	{ "clock_getres", OTHERS }, { "clock_nanosleep", OTHERS }, { "clock_nanosleep_time64", OTHERS }, { "nanosleep", OTHERS },
	{ "getrandom", ALL }, { "sched_getaffinity", OTHERS }, { "sysinfo", OTHERS }, { "getrusage", OTHERS },
	{ "set_robust_list", OTHERS }, { "rseq", OTHERS }, { "set_tid_address", OTHERS }, { "membarrier", OTHERS },
	/* ourselves */
	{ "getpid", ALL }, { "gettid", ALL }, { "getuid", OTHERS }, { "geteuid", OTHERS }, { "getgid", OTHERS }, { "getegid", OTHERS },
	{ "getuid32", OTHERS }, { "geteuid32", OTHERS }, { "getgid32", OTHERS }, { "getegid32", OTHERS },
	{ "uname", OTHERS }, { "getcwd", OTHERS }, { "umask", OTHERS },
	{ "rt_sigaction", ALL }, { "rt_sigprocmask", ALL }, { "rt_sigreturn", ALL }, { "sigreturn", ALL }, { "sigaltstack", OTHERS },
	{ "restart_syscall", ALL }, { "exit", ALL }, { "exit_group", ALL },
	/* descriptors one has */
	{ "read", ALL }, { "readv", ALL }, { "pread64", ALL }, { "preadv", ALL }, { "lseek", ALL }, { "_llseek", ALL },
	{ "close", ALL }, { "poll", ALL }, { "ppoll", ALL }, { "ppoll_time64", ALL }, { "recvmsg", ALL }, { "recvfrom", ALL },
	{ "recv", ALL }, { "fstat", ALL }, { "fstat64", ALL },
	{ "write", OTHERS }, { "writev", OTHERS }, { "pwrite64", FILED }, { "pwritev", FILED },
	{ "sendmsg", OTHERS }, { "sendto", OTHERS }, { "send", OTHERS }, { "shutdown", OTHERS },
	{ "getsockopt", OTHERS }, { "setsockopt", OTHERS }, { "getsockname", OTHERS }, { "getpeername", OTHERS },
	{ "fcntl", OTHERS }, { "fcntl64", OTHERS }, { "dup", FILED | V }, { "eventfd2", OTHERS },
	{ "epoll_create1", H | R }, { "epoll_ctl", H | R }, { "epoll_wait", H | R }, { "epoll_pwait", H | R }, { "pipe2", R | N | V }, { "bind", R },
	/* libcurl wakes its threads by a pair of these; no other kind can be had */
	{ "socketpair", N | V },
	{ "accept", H }, { "accept4", H }, { "sendfile", H }, { "sendfile64", H }, { "memfd_create", I | H | N },
	{ "sendmmsg", F | N | V }, { "recvmmsg", F | N | V }, { "connect", F | N | R | V },
	/* files: Landlock says which */
	{ "open", OTHERS }, { "openat", OTHERS }, { "access", OTHERS }, { "faccessat", FILED | V }, { "faccessat2", FILED | V },
	{ "stat", OTHERS }, { "lstat", OTHERS }, { "stat64", OTHERS }, { "lstat64", OTHERS }, { "newfstatat", OTHERS },
	{ "fstatat64", OTHERS }, { "statx", OTHERS }, { "statfs", FILED | V }, { "fstatfs", FILED | V },
	{ "readlink", FILED | V }, { "readlinkat", FILED | V }, { "getdents64", FILED | V }, { "fadvise64", FILED | V },
	{ "unlink", FILED }, { "unlinkat", FILED }, { "mkdir", FILED }, { "mkdirat", FILED },
	{ "ftruncate", FILED }, { "ftruncate64", FILED }, { "fallocate", FILED }, { "fsync", FILED }, { "fdatasync", FILED },
	{ "sync_file_range", I | F }, { "flock", I | F | N }, { "rename", FILED }, { "renameat", FILED }, { "renameat2", FILED },
	{ "rmdir", I }, { "fchmod", I | F | N }, { "chmod", I }, { "fchown", I }, { "fchown32", I }, { "utimensat", I },
	{ "copy_file_range", I | F }, { "inotify_init1", I }, { "inotify_add_watch", I }, { "inotify_rm_watch", I },
};

/* What the decoder's libraries may try in vain. All others fail with ENOSYS for everything that is not named anywhere. */
static const struct { const char *name; int error; } in_vain[] = {
	{ "open", ENOENT }, { "openat", ENOENT }, { "access", ENOENT }, { "faccessat", ENOENT }, { "faccessat2", ENOENT },
	{ "stat", ENOENT }, { "lstat", ENOENT }, { "readlink", ENOENT }, { "readlinkat", ENOENT }, { "newfstatat", EBADF },
	{ "statx", EBADF }, { "ioctl", ENOTTY }, { "sched_getaffinity", EPERM }, { "sysinfo", EPERM }, { "uname", EPERM },
};

/* Nobody here does this by mistake: the process ends. (The decoder ends at anything that is not in its list.) */
static const char *const	 forbidden[] = {
	"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp",
	"pidfd_getfd", "pidfd_send_signal", "tkill", "mount", "umount", "umount2", "fsopen", "fsmount", "fsconfig", "move_mount",
	"open_tree", "mount_setattr", "pivot_root", "chroot", "unshare", "setns", "bpf", "perf_event_open", "userfaultfd",
	"io_uring_setup", "io_uring_enter", "io_uring_register", "kexec_load", "kexec_file_load", "init_module", "finit_module",
	"delete_module", "keyctl", "add_key", "request_key", "reboot", "swapon", "swapoff", "settimeofday", "clock_settime",
	"clock_adjtime", "adjtimex", "sethostname", "setdomainname", "syslog", "acct", "quotactl", "mknod", "mknodat", "setuid",
	"setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "capset", "personality", "modify_ldt", "iopl",
	"ioperm", "open_by_handle_at", "name_to_handle_at", "lookup_dcookie", "remap_file_pages", "vhangup",
};

struct filter {
	scmp_filter_ctx	 ctx;
	unsigned	 role;
	int		 rc;	/* the first failure */
};

static void
rule(struct filter *f, uint32_t action, const char *name, unsigned n, const struct scmp_arg_cmp *args)
{
	int	 nr = seccomp_syscall_resolve_name(name);

	if (nr == __NR_SCMP_ERROR || f->rc != 0)
		return;
	f->rc = seccomp_rule_add_array(f->ctx, action, nr, n, args);
	if (f->rc == -EACCES || f->rc == -EDOM)	/* it is the default action anyway; this machine has no such call */
		f->rc = 0;
}

#define RULE(action, name, ...) do {								\
	const struct scmp_arg_cmp	 a_[] = { __VA_ARGS__ };				\
	rule(f, (action), (name), (unsigned)nitems(a_), a_);					\
} while (0)

static struct scmp_arg_cmp
arg(unsigned n, enum scmp_compare op, uint64_t value)
{
	return ((struct scmp_arg_cmp){ .arg = n, .op = op, .datum_a = value });
}

static struct scmp_arg_cmp
bits(unsigned n, uint64_t mask, uint64_t value)
{
	return ((struct scmp_arg_cmp){ .arg = n, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value });
}

/* An int: what stands in the upper half of the register is nobody's business. */
static struct scmp_arg_cmp
word(unsigned n, int value)
{
	return (bits(n, UINT32_MAX, (uint32_t)value));
}

/* Nothing becomes code that was not: only those who connect map libraries (modules of the C library for names), from files. */
static void
filter_code(struct filter *f)
{
	static const char *const	 maps[] = { "mmap", "mmap2" };

	for (size_t i = 0; i < nitems(maps); i++) {
		RULE(SCMP_ACT_ALLOW, maps[i], bits(2, PROT_EXEC, 0));
		if (f->role & (F | N | V)) {
			RULE(SCMP_ACT_ALLOW, maps[i], bits(2, PROT_EXEC | PROT_WRITE, PROT_EXEC),
			    bits(3, MAP_ANONYMOUS | MAP_SHARED, 0));
		} else if (f->role & OTHERS)
			RULE(SCMP_ACT_ERRNO(EACCES), maps[i], bits(2, PROT_EXEC, PROT_EXEC));
	}
	RULE(SCMP_ACT_ALLOW, "mprotect", bits(2, PROT_EXEC, 0));
	if (f->role & OTHERS)
		RULE(SCMP_ACT_ERRNO(EACCES), "mprotect", bits(2, PROT_EXEC, PROT_EXEC));
}

static void
filter_processes(struct filter *f)
{
	/* abort(3) of our own; limits of our own */
	RULE(SCMP_ACT_ALLOW, "tgkill", word(0, getpid()));
	RULE(SCMP_ACT_ALLOW, "prlimit64", word(0, 0));
	/* threads have names */
	if (f->role & (H | F | N | R | V))
		RULE(SCMP_ACT_ALLOW, "prctl", word(0, PR_SET_NAME));
	if (f->role & OTHERS)
		RULE(SCMP_ACT_ERRNO(ENOTTY), "ioctl", arg(1, SCMP_CMP_NE, FIONREAD));
	/* is the writer of this file still there? */
	if (f->role & (I | F)) {
		RULE(SCMP_ACT_ALLOW, "kill", arg(1, SCMP_CMP_EQ, 0));
		RULE(SCMP_ACT_ERRNO(EPERM), "kill", arg(1, SCMP_CMP_NE, 0));
	} else if (f->role & (H | N | R | V))
		rule(f, SCMP_ACT_ERRNO(EPERM), "kill", 0, NULL);
	if (f->role & (H | F | N | R | V)) {
#if defined(__s390__) || defined(__s390x__)
		RULE(SCMP_ACT_ALLOW, "clone", bits(1, CLONE_THREAD, CLONE_THREAD));
		RULE(SCMP_ACT_ERRNO(EPERM), "clone", bits(1, CLONE_THREAD, 0));
#else
		RULE(SCMP_ACT_ALLOW, "clone", bits(0, CLONE_THREAD, CLONE_THREAD));
		RULE(SCMP_ACT_ERRNO(EPERM), "clone", bits(0, CLONE_THREAD, 0));
#endif
	} else if (f->role & I)
		rule(f, SCMP_ACT_ERRNO(EPERM), "clone", 0, NULL);
	/* clone3 hides its flags from us: ENOSYS, the default, makes the C library take clone */
}

static void
filter_sockets(struct filter *f)
{
	static const int	 families[] = { AF_INET, AF_INET6 };
	static const struct { int type, protocol; } kinds[] = {
		{ SOCK_STREAM, 0 }, { SOCK_STREAM, IPPROTO_TCP }, { SOCK_DGRAM, 0 }, { SOCK_DGRAM, IPPROTO_UDP },
	};
	static const char *const other[] = { "socket", "socketpair", "connect", "bind", "listen" };

	if (f->role & (F | N | R | V)) {
		if (f->role & (F | N | V))
			RULE(SCMP_ACT_ALLOW, "ioctl", arg(1, SCMP_CMP_EQ, FIONREAD));
		for (size_t i = 0; i < nitems(families); i++)
			for (size_t k = 0; k < nitems(kinds); k++)
				RULE(SCMP_ACT_ALLOW, "socket", word(0, families[i]), bits(1, 0xf, (uint64_t)kinds[k].type),
				    word(2, kinds[k].protocol));
		/*
		 * A question leaves from a port that nobody can guess, so the resolver binds;
		 * Landlock keeps it from binding TCP. Where UDP goes can be fenced in by neither.
		 */
		if (f->role & (F | N | V))
			rule(f, SCMP_ACT_ERRNO(EACCES), "bind", 0, NULL);
		rule(f, SCMP_ACT_ERRNO(EACCES), "listen", 0, NULL);
	} else if (f->role & (I | H))
		for (size_t i = 0; i < nitems(other); i++)
			rule(f, SCMP_ACT_ERRNO(EACCES), other[i], 0, NULL);
}

static void
filter_rules(struct filter *f, const struct sandbox_paths *p)
{
	for (size_t i = 0; i < nitems(allowed); i++)
		if (allowed[i].roles & f->role)
			rule(f, SCMP_ACT_ALLOW, allowed[i].name, 0, NULL);
	if (f->role & D) {
		for (size_t i = 0; i < nitems(in_vain); i++)
			rule(f, SCMP_ACT_ERRNO((uint32_t)in_vain[i].error), in_vain[i].name, 0, NULL);
		/* not into the files it is handed */
		RULE(SCMP_ACT_ALLOW, "write", word(0, p->link));
		RULE(SCMP_ACT_ALLOW, "write", word(0, STDERR_FILENO));
	} else
		for (size_t i = 0; i < nitems(forbidden); i++)
			rule(f, SCMP_ACT_KILL_PROCESS, forbidden[i], 0, NULL);
	filter_code(f);
	filter_processes(f);
	filter_sockets(f);
}

static bool
filter_there(void)
{
	uint32_t	 action = SECCOMP_RET_KILL_PROCESS;

	return (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0u, &action) == 0);
}

static int
filter_enter(enum sandbox_role role, const struct sandbox_paths *p, struct err *e)
{
	struct filter	 f = { .role = 1u << role };

	if ((f.ctx = seccomp_init(role == SANDBOX_DECODER ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(ENOSYS))) == NULL)
		return (err_set(e, ERR_TEMP, "sandbox: out of memory"));
	f.rc = seccomp_attr_set(f.ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	filter_rules(&f, p);
	if (f.rc == 0)
		f.rc = seccomp_load(f.ctx);
	seccomp_release(f.ctx);
	return (f.rc == 0 ? 0 : err_set(e, ERR_TEMP, "sandbox: seccomp: %s", strerror(-f.rc)));
}

#endif

/* --- Both ------------------------------------------------------------------------------ */

void
sandbox_probe(struct sandbox_report *r)
{
	*r = (struct sandbox_report){ .relaxed = RELAXED };
	if (r->relaxed)
		return;
#ifdef HAVE_SECCOMP
	r->filter = filter_there();
#endif
#ifdef __linux__
	r->landlock = landlock_version();
	r->files = r->landlock >= 1;
	r->tcp = r->landlock >= 4;
	r->signals = r->landlock >= 6;
#endif
}

bool
sandbox_describe(const struct sandbox_report *r, struct buf *b)
{
	if (r->relaxed) {
		(void)buf_cstr(b, "off, as this dmarcd was built with sanitizers");
		return (false);
	}
	(void)buf_cstr(b, r->filter ? "system calls are filtered (seccomp)" : "system calls are not filtered, seccomp is missing");
	if (r->landlock == 0)
		(void)buf_cstr(b, "; files are not fenced in, Landlock is missing");
	else
		(void)buf_printf(b, "; %s fenced in (Landlock %d)%s", r->signals ? "files, TCP and signals are" : r->tcp ?
		    "files and TCP are" : "files are", r->landlock, r->landlock >= 2 ? "" :
		    ", but not those of fetchers and the ingester: that takes Landlock 2");
	return (r->filter && r->landlock >= 2);
}

int
sandbox_enter(enum sandbox_role role, const struct sandbox_paths *p, struct sandbox_report *r, struct err *e)
{
	const struct rlimit	 none = { 0, 0 };

	sandbox_probe(r);
	(void)setrlimit(RLIMIT_CORE, &none);
	if (r->relaxed)
		return (0);
	tzset();	/* gmtime wants to have read the zone */
	mapped = mapped_now();
	if (p->memory > 0)
		sandbox_memory(p->memory);
#ifdef __linux__
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return (err_set(e, ERR_TEMP, "sandbox: no_new_privs: %s", strerror(errno)));
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (landlock_enter(role, p, r, e) == -1)
		return (-1);
#endif
#ifdef HAVE_SECCOMP
	if (r->filter && filter_enter(role, p, e) == -1)
		return (-1);
#else
	(void)role;
#endif
	return (0);
}
