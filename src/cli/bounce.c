/*
 * bounce.c - dmarcd bounce: what the answer of a mail server means.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <unistd.h>

#include "answer/answer.h"
#include "base/io.h"
#include "cli/card.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "explain/bounce.h"
#include "explain/texts.h"

static const struct cli_option options[] = {
	{ .name = "lang", .kind = CLI_TEXT, .arg = "LANGUAGE", .help = "language of the sentences, en without this" },
	{ .name = "format", .kind = CLI_WORD, .arg = "table|json", .help = "text for people, or one JSON object" },
	CLI_OPTIONS_END
};

static const char *
text_of(const json_t *j, const char *key)
{
	return (json_string_value(json_object_get(j, key)));
}

/* The whole of it, one byte more than is taken. */
static ssize_t
read_text(const char *path, char *to, size_t room)
{
	bool	 file = path != NULL && strcmp(path, "-") != 0;
	int	 fd = file ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	ssize_t	 n;

	if (fd == -1) {
		cli_say("bounce: %s: %s", path, strerror(errno));
		return (-1);
	}
	if ((n = io_read_full(fd, to, room)) == -1)
		cli_say("bounce: %s: %s", file ? path : "standard input", strerror(errno));
	if (file)
		(void)close(fd);
	return (n);
}

static void
say(unsigned lang, const char *key, const json_t *j)
{
	struct explain_values	 v = { 0 };
	struct buf		 b = { .max = 4096 };
	const char		*domain = text_of(j, "domain"), *ip = text_of(j, "ip");

	v.v[NAME_from] = (struct explain_value){ domain == NULL ? VALUE_ABSENT : VALUE_NAME, str_of(domain) };
	v.v[NAME_ip] = (struct explain_value){ ip == NULL ? VALUE_ABSENT : VALUE_NAME, str_of(ip) };
	if (explain_fill(&b, lang, key, &v) && buf_byte(&b, 0))
		card_line(0, "", b.p);
	buf_free(&b);
}

static void
put_seen(unsigned lang, const json_t *j)
{
	const json_t	*seen = json_object_get(j, "seen"), *one;
	const char	*label = text_of(json_object_get(seen, "sender"), "label");
	char		 n[32], front[64];
	size_t		 i;

	if (json_is_null(seen)) {
		if (json_is_true(json_object_get(j, "known")) && text_of(j, "ip") != NULL) {
			(void)putchar('\n');
			say(lang, "bounce.unseen", j);
		}
		return;
	}
	(void)putchar('\n');
	say(lang, "bounce.seen", j);
	if (label != NULL)
		card_line(2, "", label);
	json_array_foreach(json_object_get(seen, "codes"), i, one) {
		(void)snprintf(front, sizeof(front), "%s  %-3s", cli_thousands(json_integer_value(json_object_get(one, "m")), n),
		    text_of(one, "code"));
		card_line(2, front, text_of(one, "title"));
	}
}

static void
put(struct cli_ctx *ctx, unsigned lang, const json_t *j)
{
	const char	*on = ctx->color ? "\033[1m" : "", *off = ctx->color ? "\033[0m" : "";
	const json_t	*one, *checks = json_object_get(j, "checks");
	bool		 first = true;
	size_t		 i;

	json_array_foreach(json_object_get(j, "matches"), i, one) {
		if (!first)
			(void)putchar('\n');
		first = false;
		(void)printf("%s%s%s\n", on, text_of(one, "title"), off);	/* ours */
		card_line(2, "", text_of(one, "why"));
		card_line(2, explain_text(lang, "card.do"), text_of(one, "do"));
		card_line(2, ">", text_of(one, "words"));
	}
	if (first && json_is_null(checks))
		say(lang, "bounce.none", j);
	if (json_is_true(json_object_get(j, "temporary")))
		say(lang, "bounce.temporary", j);
	if (!json_is_null(checks)) {
		if (!first)
			(void)putchar('\n');
		say(lang, "bounce.checks", j);
		(void)printf("%s%s  %s%s\n", on, text_of(checks, "code"), text_of(checks, "title"), off);
		card_put(lang, checks);
	}
	put_seen(lang, j);
}

static int
run(struct cli_ctx *ctx, const struct cli_args *args)
{
	static char	 text[BOUNCE_BYTES + 1];
	struct listing	 l;
	struct err	 e = { 0 };
	const char	*path = cli_operand(args, 0), *tag = cli_text(args, "lang");
	json_t		*j;
	ssize_t		 n;
	int		 rc, lang = tag == NULL ? 0 : explain_language(str_of(tag));

	if (lang < 0)
		return (cli_usage(&cli_cmd_bounce, "--lang: there are no sentences in \"%s\"", tag));
	if ((path == NULL || strcmp(path, "-") == 0) && isatty(STDIN_FILENO) == 1)
		cli_note(ctx, "paste the answer of the mail server, then press Ctrl-D");
	if ((n = read_text(path, text, sizeof(text))) == -1)
		return (CLI_SOME);
	if ((rc = listing_open(&l, ctx, args, LISTING_ROWS, NULL)) != CLI_OK)
		return (rc);
	if ((j = answer_bounce(l.q, (struct str){ text, (size_t)n }, (unsigned)lang, NULL, &e)) == NULL)
		return (listing_fail(&l, &e));
	if (l.format == CLI_FORMAT_JSON) {
		if (!listing_json(j, &e))
			return (listing_fail(&l, &e));
	} else {
		put(ctx, (unsigned)lang, j);
		json_decref(j);
	}
	listing_close(&l);
	return (CLI_OK);
}

const struct cli_command cli_cmd_bounce = {
	.name = "bounce",
	.group = "Answers",
	.help = "what a mail server's refusal means, and what to do",
	.usage = "[FILE | < TEXT]",
	.text = "Takes the answer of a mail server (\"550 5.7.26 ...\", a bounce message) or the header of a message with its "
	    "Authentication-Results, says in plain words what happened, and shows what the reports say of the domain and address "
	    "it names. Nothing of the text is kept.",
	.options = options,
	.max_args = 1,
	.words = "FILE",
	.needs = CLI_NEEDS_STATE,
	.run = run,
};
