/*
 * file.c - STATE/users: users and tokens, a line each, parted by blanks:
 *
 *	user NAME ROLE STAMP MADE CHANGED DOMAINS HASH
 *	token NAME ROLE ID MADE DOMAINS HASH
 *
 * DOMAINS is a list with commas, or "*" for all. The commands write it anew as
 * a whole; who reads it sees the old file or the new one. A line that is not
 * understood is an error: better nobody gets in than somebody who should not.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/escape.h"
#include "base/io.h"
#include "base/when.h"
#include "dmarc/name.h"

#define FILE_BYTES (4u << 20)
#define FIELDS 8
#define DOMAINS_BYTES 16384

const char *const	 auth_role_names[AUTH_ROLES] = { "viewer", "admin" };
const char *const	 auth_token_role_names[AUTH_ROLES] = { "read", "admin" };

/* --- In memory ----------------------------------------------------------------- */

void
auth_free(struct auth *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->nusers; i++) {
		if (a->users[i].hash != NULL)
			explicit_bzero(a->users[i].hash, strlen(a->users[i].hash));
		free(a->users[i].hash);
		free(a->users[i].domains);
	}
	for (size_t i = 0; i < a->ntokens; i++)
		free(a->tokens[i].domains);
	free(a->users);
	free(a->tokens);
	free(a);
}

struct auth_user *
auth_user(const struct auth *a, const char *name)
{
	for (size_t i = 0; i < a->nusers; i++)
		if (strcmp(a->users[i].name, name) == 0)
			return (&a->users[i]);
	return (NULL);
}

struct auth_token *
auth_token(const struct auth *a, const char *name)
{
	for (size_t i = 0; i < a->ntokens; i++)
		if (strcmp(a->tokens[i].name, name) == 0)
			return (&a->tokens[i]);
	return (NULL);
}

bool
auth_name_ok(const char *s)
{
	size_t	 n = strlen(s);

	if (n == 0 || n > AUTH_NAME_MAX || s[0] == '-')
		return (false);
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= '0' && s[i] <= '9') ||
		    strchr("._-@", s[i]) != NULL))
			return (false);
	return (true);
}

static int
name_wrong(const char *name, struct err *e)
{
	char	 shown[80];

	return (err_set(e, ERR_INPUT, "\"%s\" is no name: letters, digits and . _ - @, %d at most", esc_short(shown, sizeof(shown),
	    str_of(name)), AUTH_NAME_MAX));
}

struct auth_user *
auth_user_add(struct auth *a, const char *name, struct err *e)
{
	struct auth_user	*v;

	if (!auth_name_ok(name)) {
		(void)name_wrong(name, e);
		return (NULL);
	}
	if (a->nusers >= AUTH_USERS_MAX || (v = realloc(a->users, (a->nusers + 1) * sizeof(*v))) == NULL) {
		err_set(e, ERR_TEMP, a->nusers >= AUTH_USERS_MAX ? "there are too many users" : "out of memory");
		return (NULL);
	}
	a->users = v;
	v += a->nusers;
	memset(v, 0, sizeof(*v));
	(void)snprintf(v->name, sizeof(v->name), "%s", name);
	a->nusers++;
	return (v);
}

struct auth_token *
auth_token_add(struct auth *a, const char *name, struct err *e)
{
	struct auth_token	*v;

	if (!auth_name_ok(name)) {
		(void)name_wrong(name, e);
		return (NULL);
	}
	if (a->ntokens >= AUTH_USERS_MAX || (v = realloc(a->tokens, (a->ntokens + 1) * sizeof(*v))) == NULL) {
		err_set(e, ERR_TEMP, a->ntokens >= AUTH_USERS_MAX ? "there are too many tokens" : "out of memory");
		return (NULL);
	}
	a->tokens = v;
	v += a->ntokens;
	memset(v, 0, sizeof(*v));
	(void)snprintf(v->name, sizeof(v->name), "%s", name);
	a->ntokens++;
	return (v);
}

void
auth_user_remove(struct auth *a, struct auth_user *u)
{
	size_t	 at = (size_t)(u - a->users);

	free(u->hash);
	free(u->domains);
	memmove(u, u + 1, (a->nusers - at - 1) * sizeof(*u));
	a->nusers--;
}

void
auth_token_remove(struct auth *a, struct auth_token *t)
{
	size_t	 at = (size_t)(t - a->tokens);

	free(t->domains);
	memmove(t, t + 1, (a->ntokens - at - 1) * sizeof(*t));
	a->ntokens--;
}

int
auth_user_stamp(struct auth_user *u, struct err *e)
{
	char	 secret[AUTH_SECRET_TEXT];

	if (auth_secret(secret, e) == -1)
		return (-1);
	(void)snprintf(u->stamp, sizeof(u->stamp), "%.16s", secret);
	u->changed = when_now();
	return (0);
}

/* Sorted, each once: equal rights are equal texts. */
int
auth_domains_add(char **domains, const char *name, struct err *e)
{
	struct buf	 b = { .max = DOMAINS_BYTES };
	char		 one[DOMAIN_MAX + 1], shown[80];
	const char	*p = *domains == NULL ? "" : *domains;
	size_t		 n;
	bool		 in = false;

	if (name[0] == '*' || strpbrk(name, "@<>/ \t,;:") != NULL || domain_normal(str_of(name), one, &n, NULL) != NAME_DOMAIN)
		return (err_set(e, ERR_INPUT, "\"%s\" is no name of a domain; a name stands for all below it",
		    esc_short(shown, sizeof(shown), str_of(name))));
	while (*p != '\0' || !in) {
		size_t	 len = strcspn(p, " ");
		int	 c = *p == '\0' ? 1 : strncmp(p, one, len);

		if (c == 0)
			c = len < n ? -1 : 0;
		if (c >= 0 && !in) {
			(void)buf_printf(&b, "%s%s", b.len == 0 ? "" : " ", one);
			in = true;
		}
		if (*p == '\0')
			break;
		if (c != 0)
			(void)buf_printf(&b, "%s%.*s", b.len == 0 ? "" : " ", (int)len, p);
		p += len + (p[len] == ' ');
	}
	if (b.failed || b.p == NULL) {
		buf_free(&b);
		return (err_set(e, ERR_INPUT, "there are too many domains"));
	}
	free(*domains);
	*domains = b.p;
	return (0);
}

/* --- From the file --------------------------------------------------------------- */

static bool
take_role(const char *const names[AUTH_ROLES], const char *word, enum auth_role *out)
{
	for (unsigned i = 0; i < AUTH_ROLES; i++)
		if (strcmp(names[i], word) == 0) {
			*out = (enum auth_role)i;
			return (true);
		}
	return (false);
}

static bool
take_domains(char *word, char **out, struct err *e)
{
	char	*p, *next;

	if (strcmp(word, "*") == 0)
		return (true);
	for (p = word; p != NULL; p = next) {
		if ((next = strchr(p, ',')) != NULL)
			*next++ = '\0';
		if (auth_domains_add(out, p, e) == -1)
			return (false);
	}
	return (*out != NULL);
}

static bool
is_hex(const char *s, size_t n)
{
	return (strlen(s) == n && strspn(s, "0123456789abcdef") == n);
}

static int
take_user(struct auth *a, char *f[FIELDS], struct err *e)
{
	struct auth_user	*u;

	if (auth_user(a, f[1]) != NULL || (u = auth_user_add(a, f[1], e)) == NULL)
		return (-1);
	if (!take_role(auth_role_names, f[2], &u->role) || !is_hex(f[3], 16) || !str_i64(str_of(f[4]), &u->made) ||
	    !str_i64(str_of(f[5]), &u->changed) || !take_domains(f[6], &u->domains, e) || f[7][0] != '$')
		return (-1);
	memcpy(u->stamp, f[3], sizeof(u->stamp));
	return ((u->hash = strdup(f[7])) == NULL ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

static int
take_token(struct auth *a, char *f[FIELDS], struct err *e)
{
	struct auth_token	*t;

	if (auth_token(a, f[1]) != NULL || (t = auth_token_add(a, f[1], e)) == NULL)
		return (-1);
	if (!take_role(auth_token_role_names, f[2], &t->role) || !is_hex(f[3], 12) || !str_i64(str_of(f[4]), &t->made) ||
	    !take_domains(f[5], &t->domains, e) || !is_hex(f[6], AUTH_SECRET_TEXT - 1))
		return (-1);
	memcpy(t->id, f[3], sizeof(t->id));
	memcpy(t->hash, f[6], sizeof(t->hash));
	return (0);
}

static int
take_line(struct auth *a, char *line, struct err *e)
{
	char	*f[FIELDS + 1], *p = line;
	size_t	 n = 0;

	if (line[0] == '\0' || line[0] == '#')
		return (0);
	for (; p != NULL && n <= FIELDS; n++) {
		f[n] = p;
		if ((p = strchr(p, ' ')) != NULL)
			*p++ = '\0';
	}
	if (p == NULL && n == 8 && strcmp(f[0], "user") == 0)
		return (take_user(a, f, e));
	if (p == NULL && n == 7 && strcmp(f[0], "token") == 0)
		return (take_token(a, f, e));
	return (-1);
}

static int
take_all(struct auth *a, struct buf *text, const char *path, struct err *e)
{
	struct err	 why;
	unsigned	 line = 0;
	char		*p, *next;

	if (!buf_byte(text, '\0'))
		return (err_set(e, ERR_TEMP, "out of memory"));
	for (p = text->p; *p != '\0'; p = next) {
		line++;
		why = (struct err){ 0 };
		if ((next = strchr(p, '\n')) == NULL)
			next = p + strlen(p);
		else
			*next++ = '\0';
		if (take_line(a, p, &why) == 0)
			continue;
		if (why.code == ERR_TEMP)
			return (err_set(e, ERR_TEMP, "%s", why.msg));
		return (err_set(e, ERR_CONFIG, "%s:%u: the line is damaged%s%s; nobody can sign in until it is removed", path, line,
		    why.msg[0] == '\0' ? "" : ": ", why.msg));
	}
	return (p == text->p + text->len - 1 ? 0 : err_set(e, ERR_CONFIG, "%s: is damaged after line %u", path, line));
}

static int
path_of(const char *state_dir, const char *name, char path[PATH_MAX], struct err *e)
{
	if (snprintf(path, PATH_MAX, "%s/%s", state_dir, name) >= PATH_MAX)
		return (err_set(e, ERR_CONFIG, "%s: the path is too long", state_dir));
	return (0);
}

struct auth *
auth_load(const char *state_dir, struct err *e)
{
	struct auth	*a;
	struct buf	 text = { 0 };
	char		 path[PATH_MAX];
	int		 rv = 0;

	if (path_of(state_dir, AUTH_FILE, path, e) == -1)
		return (NULL);
	if ((a = calloc(1, sizeof(*a))) == NULL) {
		err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	if (access(path, F_OK) == -1 && errno == ENOENT)
		return (a);
	if (io_read_file(path, FILE_BYTES, &text, e) == -1 || take_all(a, &text, path, e) == -1)
		rv = -1;
	if (text.p != NULL)
		explicit_bzero(text.p, text.cap);
	buf_free(&text);
	if (rv == 0)
		return (a);
	auth_free(a);
	return (NULL);
}

/* --- To the file ------------------------------------------------------------------- */

static void
put_domains(struct buf *b, const char *domains)
{
	(void)buf_byte(b, ' ');
	if (domains == NULL)
		(void)buf_byte(b, '*');
	for (; domains != NULL && *domains != '\0'; domains++)
		(void)buf_byte(b, *domains == ' ' ? ',' : (unsigned char)*domains);
}

void
auth_give(const char *state_dir, const char *path)
{
	struct stat	 dir, st;
	int		 fd;

	if (geteuid() != 0 || stat(state_dir, &dir) == -1 || (fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) == -1)
		return;
	/* by descriptor, which the ingester's sandbox allows, too */
	if (fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) && (st.st_uid != dir.st_uid || st.st_gid != dir.st_gid))
		(void)!fchown(fd, dir.st_uid, dir.st_gid);
	(void)close(fd);
}

static int
save(const struct auth *a, const char *state_dir, struct err *e)
{
	struct buf	 b = { 0 };
	char		 path[PATH_MAX];
	int		 rv = -1;

	(void)buf_cstr(&b, "# Users and tokens of dmarcd; 'dmarcd user' and 'dmarcd token' write this file.\n");
	for (size_t i = 0; i < a->nusers; i++) {
		const struct auth_user	*u = &a->users[i];

		(void)buf_printf(&b, "user %s %s %s %" PRId64 " %" PRId64, u->name, auth_role_names[u->role], u->stamp, u->made, u->changed);
		put_domains(&b, u->domains);
		(void)buf_printf(&b, " %s\n", u->hash);
	}
	for (size_t i = 0; i < a->ntokens; i++) {
		const struct auth_token	*t = &a->tokens[i];

		(void)buf_printf(&b, "token %s %s %s %" PRId64, t->name, auth_token_role_names[t->role], t->id, t->made);
		put_domains(&b, t->domains);
		(void)buf_printf(&b, " %s\n", t->hash);
	}
	if (b.failed)
		err_set(e, ERR_TEMP, "out of memory");
	else if (path_of(state_dir, AUTH_FILE, path, e) == 0 && io_replace_file(path, b.p, b.len, 0600, e) == 0) {
		auth_give(state_dir, path);
		rv = 0;
	}
	if (b.p != NULL)
		explicit_bzero(b.p, b.cap);
	buf_free(&b);
	return (rv);
}

int
auth_edit(const char *state_dir, int (*change)(struct auth *, void *, struct err *), void *ctx, struct err *e)
{
	struct auth	*a;
	char		 path[PATH_MAX];
	int		 lock, rv = -1;

	if (io_mkdir_p(state_dir, 0700, e) == -1 || path_of(state_dir, AUTH_FILE ".lock", path, e) == -1)
		return (-1);
	if ((lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return (err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno)));
	auth_give(state_dir, path);
	if (flock(lock, LOCK_EX) == -1)
		err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno));
	else if ((a = auth_load(state_dir, e)) != NULL) {
		if ((rv = change(a, ctx, e)) == 0)
			rv = save(a, state_dir, e);
		auth_free(a);
	}
	(void)close(lock);
	return (rv);
}
