/*
 * commands.h - the list of commands, in the order in which help shows them.
 * Source:    design: the command line.
 * Trust:     none needed.
 * Units:     none.
 * Ownership: constants.
 * Errors:    a command without its file is an error of the linker.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

/* X(name): const struct cli_command cli_cmd_name, in its own file. */
#define CLI_COMMANDS(X)		\
	X(serve)		\
	X(status)		\
	X(fetch)		\
	X(import)		\
	X(deliver)		\
	X(domains)		\
	X(sources)		\
	X(senders)		\
	X(records)		\
	X(reports)		\
	X(report)		\
	X(export)		\
	X(explain)		\
	X(summary)		\
	X(todo)			\
	X(alert)		\
	X(bounce)		\
	X(quarantine)		\
	X(reprocess)		\
	X(verify)		\
	X(backup)		\
	X(vacuum)		\
	X(purge)		\
	X(user)			\
	X(token)		\
	X(config)		\
	X(version)		\
	X(help)

#define CLI_DECLARE(name) extern const struct cli_command cli_cmd_##name;
CLI_COMMANDS(CLI_DECLARE)
#undef CLI_DECLARE

#endif
