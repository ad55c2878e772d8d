/*
 * dmarcd.c - main: one of our own processes ("-x ROLE", started by the
 * supervisor), or what a person typed.
 */
#include "base/base.h"
#include "cli/cli.h"
#include "process/role.h"

int
main(int argc, char **argv)
{
	const struct role	*role;

	if (argc == 3 && strcmp(argv[1], "-x") == 0) {
		if ((role = role_find(argv[2])) == NULL) {
			cli_say("there is no process called '%s'", argv[2]);
			return (CLI_USAGE);
		}
		return (role->main(ROLE_FD));
	}
	return (cli_main(argc, argv));
}
