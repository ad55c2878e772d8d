/*
 * args.h - arguments read by a table of options; cli/ only.
 * Source:    POSIX utility conventions, with long options.
 * Trust:     the operator's words.
 * Units:     none.
 * Ownership: values point into argv; args_free gives the lists back.
 * Errors:    -1 with *e set (ERR_CONFIG), naming the nearest known option.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "cli/cli.h"

struct cli_value {
	const char	**v;
	size_t		  n;
};

struct cli_args {
	const struct cli_option	*options;	/* the command's own, may be NULL */
	struct cli_value	*values;	/* one for each of them */
	struct cli_value	 operands;
};

/*
 * Reads argv[*i] onwards. With first set it stops at the first operand.
 * global is a second table whose values come out in gargs.
 */
int	 args_read(struct cli_args *args, struct cli_args *gargs, int argc, char **argv, int *i, bool first, struct err *e);
int	 args_init(struct cli_args *, const struct cli_option *);
void	 args_free(struct cli_args *);
/* The number in text between min and max; both 0: from 0 up. */
bool	 args_int(const char *text, int64_t min, int64_t max, int64_t *out);
/* Place of word in "a|b|c", or -1. */
int	 args_word(const char *words, const char *word);
/* The k-th word of "a|b|c" with its length, or NULL past the last. */
const char *args_word_at(const char *words, int k, size_t *len);

#endif
