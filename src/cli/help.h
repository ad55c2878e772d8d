/*
 * help.h - help and shell completion made from the tables; cli/ only.
 * Source:    the tables of commands and options.
 * Trust:     our own words only.
 * Units:     none.
 * Ownership: text is added to the caller's buf.
 * Errors:    as buf.h: failed stays set.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/cli.h"

extern const struct cli_option cli_globals[];	/* known to every command */

void	 help_overview(struct buf *);
void	 help_command(struct buf *, const struct cli_command *);
void	 help_bash(struct buf *);
void	 help_zsh(struct buf *);
void	 help_fish(struct buf *);

#endif
