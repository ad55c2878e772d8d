/*
 * token.c - dmarcd token: programs that use the API.
 */
#include "base/when.h"
#include "cli/account.h"
#include "cli/commands.h"
#include "cli/table.h"

struct change {
	const char	*name;
	enum auth_role	 role;
	char		*domains;
	char		 secret[80];
};

static int
fail(struct err *e)
{
	if (e->code == ERR_INPUT)
		e->code = ERR_CONFIG;
	return (cli_fail(e));
}

static int
do_add(struct auth *a, void *ctx, struct err *e)
{
	struct change		*c = ctx;
	struct auth_token	*t;

	if (auth_token(a, c->name) != NULL)
		return (err_set(e, ERR_CONFIG, "there is a token %s already; revoke it, or take another name", c->name));
	if ((t = auth_token_add(a, c->name, e)) == NULL)
		return (-1);
	t->role = c->role;
	t->made = when_now();
	t->domains = c->domains;
	c->domains = NULL;
	return (auth_token_make(t, c->secret, e));
}

static int
do_revoke(struct auth *a, void *ctx, struct err *e)
{
	struct change		*c = ctx;
	struct auth_token	*t = auth_token(a, c->name);

	if (t == NULL)
		return (err_set(e, ERR_CONFIG, "there is no token %s", auth_name_ok(c->name) ? c->name : "of that name"));
	auth_token_remove(a, t);
	return (0);
}

static int
add(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct change	 c = { .name = cli_operand(args, 1), .role = (enum auth_role)cli_word(args, "role", AUTH_VIEWER) };
	struct err	 e = { 0 };
	char		 what[128];
	int		 rv;

	if (c.role == AUTH_ADMIN && cli_given(args, "domain") > 0)
		return (cli_usage(&cli_cmd_token, "a token with the role admin is for all domains; --domain goes with read"));
	if (account_domains(args, &c.domains, &e) == -1)
		return (fail(&e));
	rv = auth_edit(ctx->state, do_add, &c, &e);
	free(c.domains);
	if (rv == -1)
		return (fail(&e));
	(void)snprintf(what, sizeof(what), "%s %s", c.name, auth_token_role_names[c.role]);
	account_log(ctx, AUTH_TOKEN_ADDED, what);
	cli_note(ctx, "this is the only time that the token is shown; programs send it as 'Authorization: Bearer TOKEN'");
	(void)printf("%s\n", c.secret);
	explicit_bzero(c.secret, sizeof(c.secret));
	return (CLI_OK);
}

static int
revoke(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct change	 c = { .name = cli_operand(args, 1) };
	struct err	 e = { 0 };

	if (auth_edit(ctx->state, do_revoke, &c, &e) == -1)
		return (fail(&e));
	account_log(ctx, AUTH_TOKEN_REVOKED, c.name);
	return (CLI_OK);
}

static int
list(struct cli_ctx *ctx, const struct cli_args *args)
{
	static const struct cli_column	 cols[] = {
		{ "name", "name", CLI_CELL_TEXT, 0 }, { "role", "role", CLI_CELL_TEXT, 0 }, { "domains", "domains", CLI_CELL_TEXT, 0 },
		{ "id", "id", CLI_CELL_TEXT, CLI_COL_HIDDEN }, { "made", "made", CLI_CELL_TIME, 0 }, { "used", "last used", CLI_CELL_TIME, 0 },
	};
	struct cli_table	*t;
	struct auth_seen	*seen;
	struct auth		*a;
	struct buf		 b = { 0 };
	struct err		 e = { 0 };
	int64_t			 at;

	if (cli_operands(args) > 1)
		return (cli_usage(&cli_cmd_token, "list takes no name"));
	if ((a = auth_load(ctx->state, &e)) == NULL)
		return (fail(&e));
	if ((seen = auth_seen_open(ctx->state, &e)) == NULL) {
		auth_free(a);
		return (fail(&e));
	}
	t = cli_table_new(ctx, cli_format(args), cols, nitems(cols));
	for (size_t i = 0; i < a->ntokens; i++) {
		const struct auth_token	*k = &a->tokens[i];

		buf_clear(&b);
		account_show_domains(k->domains, &b);
		at = auth_seen_at(seen, k->id);
		cli_cell_cstr(t, k->name);
		cli_cell_cstr(t, auth_token_role_names[k->role]);
		cli_cell_text(t, buf_as_str(&b));
		cli_cell_cstr(t, k->id);
		cli_cell_time(t, k->made);
		if (at == 0)
			cli_cell_null(t);
		else
			cli_cell_time(t, at);
		cli_row(t);
	}
	buf_free(&b);
	auth_seen_close(seen);
	auth_free(a);
	return (cli_table_end(t, &e) == -1 ? cli_fail(&e) : CLI_OK);
}

static int
token_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	const char	*verb = cli_operand(args, 0);

	if (strcmp(verb, "list") == 0)
		return (list(ctx, args));
	if (cli_operands(args) != 2)
		return (cli_usage(&cli_cmd_token, "%s takes one name", verb));
	if (strcmp(verb, "add") == 0)
		return (add(ctx, args));
	if (strcmp(verb, "revoke") == 0)
		return (revoke(ctx, args));
	return (cli_usage(&cli_cmd_token, "'%s' is none of add, revoke and list", verb));
}

static const struct cli_option	 options[] = {
	{ .name = "role", .kind = CLI_WORD, .arg = "read|admin", .help = "add: what the program may do; read when it is not given" },
	{ .name = "domain", .kind = CLI_TEXT, .arg = "DOMAIN", .many = true,
	    .help = "add: it reads this domain and all below it only; may be given several times" },
	CLI_OPT_FORMAT,
	CLI_OPTIONS_END
};

const struct cli_command cli_cmd_token = {
	.name = "token",
	.group = "Care",
	.help = "which programs may use the API",
	.usage = "add NAME | revoke NAME | list",
	.text = "add prints a new token, once: only its hash is kept. A program sends it as 'Authorization: Bearer TOKEN'. It may read, "
	    "or with the role admin do all that an admin may.\n\n"
	    "revoke ends it at once. list says when each was used last, to the minute.\n\n"
	    "Tokens count once there are users: before that nothing is asked for, on this machine only.",
	.options = options,
	.min_args = 1,
	.max_args = 2,
	.words = "add|revoke|list",
	.needs = CLI_NEEDS_STATE,
	.run = token_run,
};
