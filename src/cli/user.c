/*
 * user.c - dmarcd user: who may sign in to the web app.
 *
 * A password is never an argument: those stand in the list of processes and
 * in the shell's history.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"
#include "base/when.h"
#include "cli/account.h"
#include "cli/commands.h"
#include "cli/table.h"

/* --- Shared with token.c ------------------------------------------------------------ */

int
account_domains(const struct cli_args *args, char **out, struct err *e)
{
	*out = NULL;
	for (size_t i = 0; i < cli_given(args, "domain"); i++)
		if (auth_domains_add(out, cli_text_at(args, "domain", i), e) == -1) {
			free(*out);
			*out = NULL;
			return (-1);
		}
	return (0);
}

void
account_log(const struct cli_ctx *ctx, enum auth_event event, const char *what)
{
	struct auth_entry	 x = { .event = event, .from = "command line" };
	const struct passwd	*pw = getpwuid(getuid());
	struct err		 e = { 0 };

	if (pw != NULL && auth_name_ok(pw->pw_name))
		(void)snprintf(x.who, sizeof(x.who), "%s", pw->pw_name);
	else
		(void)snprintf(x.who, sizeof(x.who), "uid-%lu", (unsigned long)getuid());
	(void)snprintf(x.what, sizeof(x.what), "%s", what);
	if (auth_audit(ctx->state, &x, &e) == -1)
		cli_say("it is done, but could not be written to the log: %s", e.msg);
}

void
account_show_domains(const char *domains, struct buf *out)
{
	if (domains == NULL)
		(void)buf_cstr(out, "all");
	for (; domains != NULL && *domains != '\0'; domains++) {
		if (*domains == ' ')
			(void)buf_byte(out, ',');
		(void)buf_byte(out, (unsigned char)*domains);
	}
}

/* --- Passwords ------------------------------------------------------------------------ */

static int
read_line(FILE *in, char *out, size_t size, struct err *e)
{
	size_t	 n;

	if (fgets(out, (int)size, in) == NULL)
		return (err_set(e, ERR_CONFIG, "no password was given"));
	n = strlen(out);
	if (n + 1 == size && out[n - 1] != '\n')
		return (err_set(e, ERR_CONFIG, "the password is longer than %d bytes", AUTH_PASSWORD_MAX));
	while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == '\r'))
		out[--n] = '\0';
	return (0);
}

/* Without echo, which is given back whatever happens but a kill. */
static int
ask(FILE *tty, const char *prompt, char *out, size_t size, struct err *e)
{
	struct termios	 was, quiet;
	int		 rv;
	bool		 have = tcgetattr(fileno(tty), &was) == 0;

	(void)fprintf(tty, "%s", prompt);
	(void)fflush(tty);
	if (have) {
		quiet = was;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(fileno(tty), TCSAFLUSH, &quiet);
	}
	rv = read_line(tty, out, size, e);
	if (have)
		(void)tcsetattr(fileno(tty), TCSAFLUSH, &was);
	(void)fprintf(tty, "\n");
	return (rv);
}

/* Its first line when standard input is no terminal. */
static int
get_password(const char *user, char out[AUTH_PASSWORD_MAX + 3], struct err *e)
{
	char	 again[AUTH_PASSWORD_MAX + 3];
	FILE	*tty;
	int	 rv;

	if (!isatty(STDIN_FILENO))
		return (read_line(stdin, out, AUTH_PASSWORD_MAX + 3, e) == -1 ? -1 : auth_password_ok(out, user, e));
	if ((tty = fopen("/dev/tty", "r+")) == NULL)
		return (err_set(e, ERR_CONFIG, "there is no terminal to ask for the password on; give it on standard input"));
	if ((rv = ask(tty, "Password: ", out, AUTH_PASSWORD_MAX + 3, e)) == 0 && (rv = auth_password_ok(out, user, e)) == 0 &&
	    (rv = ask(tty, "Again: ", again, sizeof(again), e)) == 0 && strcmp(out, again) != 0)
		rv = err_set(e, ERR_CONFIG, "the two are not the same");
	explicit_bzero(again, sizeof(again));
	(void)fclose(tty);
	return (rv);
}

/* --- Changes ---------------------------------------------------------------------------- */

struct change {
	const char	*name;
	enum auth_role	 role;
	char		*domains, *hash;	/* taken over */
	bool		 last_admin;		/* there is no admin left */
};

static void
look_for_admins(const struct auth *a, struct change *c)
{
	c->last_admin = a->nusers > 0;
	for (size_t i = 0; i < a->nusers; i++)
		c->last_admin = c->last_admin && a->users[i].role != AUTH_ADMIN;
}

static struct auth_user *
known(struct auth *a, const char *name, struct err *e)
{
	struct auth_user	*u = auth_user(a, name);

	if (u == NULL)
		err_set(e, ERR_CONFIG, "there is no user %s", auth_name_ok(name) ? name : "of that name");
	return (u);
}

static int
do_add(struct auth *a, void *ctx, struct err *e)
{
	struct change		*c = ctx;
	struct auth_user	*u;

	if (auth_user(a, c->name) != NULL)
		return (err_set(e, ERR_CONFIG, "there is a user %s already; 'dmarcd user passwd' and 'dmarcd user role' change it", c->name));
	if ((u = auth_user_add(a, c->name, e)) == NULL)
		return (-1);
	u->role = c->role;
	u->made = when_now();
	u->domains = c->domains;
	u->hash = c->hash;
	c->domains = c->hash = NULL;
	look_for_admins(a, c);
	return (auth_user_stamp(u, e));
}

static int
do_passwd(struct auth *a, void *ctx, struct err *e)
{
	struct change		*c = ctx;
	struct auth_user	*u = known(a, c->name, e);

	if (u == NULL)
		return (-1);
	free(u->hash);
	u->hash = c->hash;
	c->hash = NULL;
	return (auth_user_stamp(u, e));
}

static int
do_role(struct auth *a, void *ctx, struct err *e)
{
	struct change		*c = ctx;
	struct auth_user	*u = known(a, c->name, e);

	if (u == NULL)
		return (-1);
	u->role = c->role;
	free(u->domains);
	u->domains = c->domains;
	c->domains = NULL;
	look_for_admins(a, c);
	return (auth_user_stamp(u, e));
}

static int
do_remove(struct auth *a, void *ctx, struct err *e)
{
	struct change		*c = ctx;
	struct auth_user	*u = known(a, c->name, e);

	if (u == NULL)
		return (-1);
	auth_user_remove(a, u);
	look_for_admins(a, c);
	return (0);
}

/* Errors of these are the operator's. */
static int
fail(struct err *e)
{
	if (e->code == ERR_INPUT)
		e->code = ERR_CONFIG;
	return (cli_fail(e));
}

static int
change(struct cli_ctx *ctx, struct change *c, int (*what)(struct auth *, void *, struct err *), enum auth_event event, const char *detail)
{
	struct err	 e = { 0 };
	char		 text[128];
	int		 rv = auth_edit(ctx->state, what, c, &e);

	free(c->domains);
	free(c->hash);
	if (rv == -1)
		return (fail(&e));
	(void)snprintf(text, sizeof(text), "%s%s%s", c->name, detail[0] == '\0' ? "" : " ", detail);
	account_log(ctx, event, text);
	if (c->last_admin)
		cli_note(ctx, "note: no user is an admin; what only admins may do is done by commands then");
	return (CLI_OK);
}

/* The word itself, and whether it goes with domains. */
static int
get_role(const char *word, struct change *c)
{
	if (strcmp(word, auth_role_names[AUTH_VIEWER]) == 0)
		c->role = AUTH_VIEWER;
	else if (strcmp(word, auth_role_names[AUTH_ADMIN]) == 0)
		c->role = AUTH_ADMIN;
	else
		return (cli_usage(&cli_cmd_user, "'%s' is neither viewer nor admin", word));
	if (c->role == AUTH_ADMIN && c->domains != NULL)
		return (cli_usage(&cli_cmd_user, "an admin sees all domains; --domain goes with viewers"));
	return (CLI_OK);
}

static int
hash_password(struct change *c, struct err *e)
{
	char	 password[AUTH_PASSWORD_MAX + 3];
	int	 rv;

	if ((rv = get_password(c->name, password, e)) == 0)
		rv = auth_hash(password, &c->hash, e);
	explicit_bzero(password, sizeof(password));
	return (rv);
}

static int
add(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct change	 c = { .name = cli_operand(args, 1) };
	struct err	 e = { 0 };
	struct auth	*a;
	bool		 taken;
	int		 rc;

	if (account_domains(args, &c.domains, &e) == -1)
		return (fail(&e));
	if ((rc = get_role(cli_word(args, "role", 0) == 1 ? "admin" : "viewer", &c)) != CLI_OK) {
		free(c.domains);
		return (rc);
	}
	if (!auth_name_ok(c.name)) {
		free(c.domains);
		return (cli_usage(&cli_cmd_user, "a name has letters, digits and . _ - @, %d at most", AUTH_NAME_MAX));
	}
	/* before anybody types a password for nothing */
	if ((a = auth_load(ctx->state, &e)) == NULL) {
		free(c.domains);
		return (fail(&e));
	}
	taken = auth_user(a, c.name) != NULL;
	auth_free(a);
	if ((!taken && hash_password(&c, &e) == -1)) {
		free(c.domains);
		return (fail(&e));
	}
	return (change(ctx, &c, do_add, AUTH_USER_ADDED, auth_role_names[c.role]));
}

static int
passwd(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct change	 c = { .name = cli_operand(args, 1) };
	struct err	 e = { 0 };
	struct auth	*a;
	bool		 there;
	int		 rc;

	if ((a = auth_load(ctx->state, &e)) == NULL)
		return (fail(&e));
	there = known(a, c.name, &e) != NULL;
	auth_free(a);
	if (!there || hash_password(&c, &e) == -1)
		return (fail(&e));
	if ((rc = change(ctx, &c, do_passwd, AUTH_USER_PASSWORD, "")) == CLI_OK)
		cli_note(ctx, "the password of %s is another one now; wherever %s was signed in, that is over", c.name, c.name);
	return (rc);
}

static int
role(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct change	 c = { .name = cli_operand(args, 1) };
	struct err	 e = { 0 };
	int		 rc;

	if (cli_operands(args) != 3)
		return (cli_usage(&cli_cmd_user, "role takes a name and viewer or admin"));
	if (account_domains(args, &c.domains, &e) == -1)
		return (fail(&e));
	if ((rc = get_role(cli_operand(args, 2), &c)) != CLI_OK) {
		free(c.domains);
		return (rc);
	}
	return (change(ctx, &c, do_role, AUTH_USER_ROLE, auth_role_names[c.role]));
}

static int
list(struct cli_ctx *ctx, const struct cli_args *args)
{
	static const struct cli_column	 cols[] = {
		{ "name", "name", CLI_CELL_TEXT, 0 }, { "role", "role", CLI_CELL_TEXT, 0 }, { "domains", "domains", CLI_CELL_TEXT, 0 },
		{ "made", "made", CLI_CELL_TIME, 0 }, { "changed", "changed", CLI_CELL_TIME, 0 },
	};
	struct cli_table	*t;
	struct auth		*a;
	struct buf		 b = { 0 };
	struct err		 e = { 0 };

	if (cli_operands(args) > 1)
		return (cli_usage(&cli_cmd_user, "list takes no name"));
	if ((a = auth_load(ctx->state, &e)) == NULL)
		return (fail(&e));
	t = cli_table_new(ctx, cli_format(args), cols, nitems(cols));
	for (size_t i = 0; i < a->nusers; i++) {
		const struct auth_user	*u = &a->users[i];

		buf_clear(&b);
		account_show_domains(u->domains, &b);
		cli_cell_cstr(t, u->name);
		cli_cell_cstr(t, auth_role_names[u->role]);
		cli_cell_text(t, buf_as_str(&b));
		cli_cell_time(t, u->made);
		cli_cell_time(t, u->changed);
		cli_row(t);
	}
	if (a->nusers == 0)
		cli_note(ctx, "there are no users: the web app asks for no sign-in and answers this machine only");
	buf_free(&b);
	auth_free(a);
	return (cli_table_end(t, &e) == -1 ? cli_fail(&e) : CLI_OK);
}

static int
user_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct change	 c = { .name = cli_operand(args, 1) };
	const char	*verb = cli_operand(args, 0);

	if (strcmp(verb, "list") == 0)
		return (list(ctx, args));
	if (strcmp(verb, "role") != 0 && cli_operands(args) != 2)
		return (cli_usage(&cli_cmd_user, "%s takes one name", verb));
	if (strcmp(verb, "add") == 0)
		return (add(ctx, args));
	if (strcmp(verb, "passwd") == 0)
		return (passwd(ctx, args));
	if (strcmp(verb, "role") == 0)
		return (role(ctx, args));
	if (strcmp(verb, "remove") == 0 || strcmp(verb, "delete") == 0)
		return (change(ctx, &c, do_remove, AUTH_USER_REMOVED, ""));
	return (cli_usage(&cli_cmd_user, "'%s' is none of add, passwd, role, remove and list", verb));
}

static const struct cli_option	 options[] = {
	{ .name = "role", .kind = CLI_WORD, .arg = "viewer|admin", .help = "add: what the user may do; viewer when it is not given" },
	{ .name = "domain", .kind = CLI_TEXT, .arg = "DOMAIN", .many = true,
	    .help = "add, role: a viewer sees this domain and all below it only; may be given several times" },
	CLI_OPT_FORMAT,
	CLI_OPTIONS_END
};

const struct cli_command cli_cmd_user = {
	.name = "user",
	.group = "Care",
	.help = "who may sign in to the web app",
	.usage = "add|passwd|remove NAME | role NAME viewer|admin | list",
	.text = "Without users the web app asks for no sign-in and answers this machine only. From the first user on nothing is shown "
	    "without one.\n\n"
	    "A viewer looks, at all domains or at those that are named; an admin also decides, reveals, and sees who did what.\n\n"
	    "The password is asked for without echo; when standard input is no terminal, it is its first line. It is never an "
	    "argument. A new password or another role signs the user out everywhere.\n\n"
	    "Changes hold at once; the daemon need not be told.",
	.options = options,
	.min_args = 1,
	.max_args = 3,
	.words = "add|passwd|role|remove|list",
	.needs = CLI_NEEDS_STATE,
	.run = user_run,
};
