/*
 * measure - runs a command and says what it took: time, and with -m the
 * memory of every process that it had.
 *
 *     measure [-m] COMMAND [ARGUMENT...]
 *
 * -m looks into /proc every 5 ms for all descendants and keeps the highest
 * VmHWM of each; it is left out where time is measured. The last line of the
 * output is JSON on descriptor 3 if that is open, else on standard output:
 * {"exit","seconds","user","sys","max_kb","sum_kb","processes":[{"name","kb","cpu"}]}
 * Exit code: that of the command.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCS_MAX	4096

static struct proc {
	pid_t		 pid, parent;
	uint64_t	 start;		/* with the pid it names a process */
	bool		 ours, live;
	unsigned long	 kb, ticks;	/* ticks: of computing, when last looked at */
	char		 name[96];
} procs[PROCS_MAX];
static size_t	 nprocs;

static void	 die(const char *) __attribute__((noreturn));

static void
die(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* The text of /proc/PID/FILE, or false when the process is gone. */
static bool
proc_read(pid_t pid, const char *file, char *out, size_t size, size_t *len)
{
	char	 path[64];
	ssize_t	 n;
	int	 fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return (false);
	n = read(fd, out, size - 1);
	close(fd);
	if (n < 0)
		return (false);
	out[n] = '\0';
	*len = (size_t)n;
	return (true);
}

/* Fields 4 (parent), 14 and 15 (computing time) and 22 (start) of stat; the name, field 2, may hold blanks. */
static bool
proc_stat(pid_t pid, pid_t *parent, uint64_t *start, unsigned long *ticks)
{
	char	 text[1024], *p;
	size_t	 len;
	int	 ppid = 0;

	if (!proc_read(pid, "stat", text, sizeof(text), &len) ||
	    (p = strrchr(text, ')')) == NULL || sscanf(p + 1, " %*c %d", &ppid) != 1)
		return (false);
	*parent = (pid_t)ppid;
	p++;
	*ticks = 0;
	for (int i = 0; i < 19 && p != NULL; i++) {
		if (i == 11 || i == 12)
			*ticks += strtoul(p, NULL, 10);
		p = strchr(p + 1, ' ');
	}
	*start = p != NULL ? strtoull(p, NULL, 10) : 0;
	return (true);
}

/* "dmarcd -x decoder": the command line up to what fits, for people. */
static void
proc_name(struct proc *pr)
{
	char	 text[sizeof(pr->name)];
	const char *base;
	size_t	 len;

	if (!proc_read(pr->pid, "cmdline", text, sizeof(text), &len) || len == 0)
		return;
	for (size_t i = 0; i + 1 < len; i++)
		if (text[i] == '\0')
			text[i] = ' ';
		else if (text[i] == '"' || text[i] == '\\' || (unsigned char)text[i] < 32)
			text[i] = '?';
	base = text;
	for (size_t i = 0; text[i] != '\0' && text[i] != ' '; i++)
		if (text[i] == '/')
			base = text + i + 1;
	snprintf(pr->name, sizeof(pr->name), "%s", base);
}

static struct proc *
proc_find(pid_t pid, uint64_t start)
{
	for (size_t i = 0; i < nprocs; i++)
		if (procs[i].pid == pid && procs[i].start == start)
			return (&procs[i]);
	if (nprocs == PROCS_MAX)
		return (NULL);
	procs[nprocs] = (struct proc){ .pid = pid, .start = start };
	return (&procs[nprocs++]);
}

static void
proc_memory(struct proc *pr)
{
	char		 text[4096];
	const char	*p;
	size_t		 len;
	unsigned long	 kb = 0;

	if (!proc_read(pr->pid, "status", text, sizeof(text), &len) ||
	    (p = strstr(text, "VmHWM:")) == NULL || sscanf(p, "VmHWM: %lu", &kb) != 1)
		return;
	if (kb > pr->kb)
		pr->kb = kb;
}

static bool
descends(pid_t pid, pid_t root)
{
	for (int depth = 0; depth < 32; depth++) {
		const struct proc	*pr = NULL;

		if (pid == root)
			return (true);
		for (size_t i = 0; i < nprocs; i++)
			if (procs[i].live && procs[i].pid == pid)
				pr = &procs[i];
		if (pr == NULL || pr->parent <= 1)
			return (false);
		pid = pr->parent;
	}
	return (false);
}

/* Everything below us, since orphans become our children (subreaper). */
static void
sample(void)
{
	DIR		*d = opendir("/proc");
	struct dirent	*e;

	if (d == NULL)
		die("/proc");
	for (size_t i = 0; i < nprocs; i++)
		procs[i].live = false;
	while ((e = readdir(d)) != NULL) {
		pid_t		 pid = (pid_t)strtol(e->d_name, NULL, 10), parent;
		uint64_t	 start;
		unsigned long	 ticks;
		struct proc	*pr;

		if (pid <= 0 || pid == getpid() || !proc_stat(pid, &parent, &start, &ticks) ||
		    (pr = proc_find(pid, start)) == NULL)
			continue;
		pr->parent = parent;
		pr->live = true;
		pr->ticks = ticks;
	}
	closedir(d);
	for (size_t i = 0; i < nprocs; i++) {
		if (!procs[i].live || !descends(procs[i].parent, getpid()))
			continue;
		procs[i].ours = true;
		proc_memory(&procs[i]);
		proc_name(&procs[i]);
	}
}

static double
seconds(struct timeval t)
{
	return ((double)t.tv_sec + (double)t.tv_usec / 1e6);
}

static void
result(FILE *out, int code, double took, bool memory)
{
	struct rusage	 ru;
	unsigned long	 max, sum = 0;
	bool		 first = true;

	getrusage(RUSAGE_CHILDREN, &ru);
	max = (unsigned long)ru.ru_maxrss;	/* also what sampling missed */
	for (size_t i = 0; i < nprocs; i++) {
		if (!procs[i].ours)
			continue;
		sum += procs[i].kb;
		if (procs[i].kb > max)
			max = procs[i].kb;
	}
	fprintf(out, "{\"exit\": %d, \"seconds\": %.3f, \"user\": %.3f, \"sys\": %.3f, "
	    "\"max_kb\": %lu, \"sum_kb\": %lu, \"processes\": [", code, took,
	    seconds(ru.ru_utime), seconds(ru.ru_stime), max, sum);
	for (size_t i = 0; memory && i < nprocs; i++) {
		if (!procs[i].ours)
			continue;
		fprintf(out, "%s{\"name\": \"%s\", \"kb\": %lu, \"cpu\": %.2f}", first ? "" : ", ",
		    procs[i].name, procs[i].kb, (double)procs[i].ticks / (double)sysconf(_SC_CLK_TCK));
		first = false;
	}
	fputs("]}\n", out);
}

int
main(int argc, char **argv)
{
	struct timespec	 t0, t1, nap = { 0, 5000000 };
	bool		 memory = argc > 1 && strcmp(argv[1], "-m") == 0;
	FILE		*out = fcntl(3, F_GETFD) != -1 ? fdopen(3, "w") : stdout;
	pid_t		 child, pid;
	int		 status, code = 0;

	argv += memory ? 2 : 1;
	if (argc < (memory ? 3 : 2)) {
		fputs("usage: measure [-m] COMMAND [ARGUMENT...]\n", stderr);
		return (125);
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	if ((child = fork()) == -1)
		die("fork");
	if (child == 0) {
		close(3);
		execvp(argv[0], argv);
		fprintf(stderr, "measure: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	for (;;) {
		if (memory)
			sample();
		pid = waitpid(child, &status, memory ? WNOHANG : 0);
		if (pid == child)
			break;
		if (pid == -1 && errno != EINTR)
			die("wait");
		nanosleep(&nap, NULL);
	}
	clock_gettime(CLOCK_MONOTONIC, &t1);
	if (WIFEXITED(status))
		code = WEXITSTATUS(status);
	else if (WIFSIGNALED(status))
		code = 128 + WTERMSIG(status);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	result(out, code, (double)(t1.tv_sec - t0.tv_sec) +
	    (double)(t1.tv_nsec - t0.tv_nsec) / 1e9, memory);
	return (code);
}
