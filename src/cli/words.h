/*
 * words.h - a report in words: "what        value", line by line; cli/ only.
 * Source:    none.
 * Trust:     values are text of reports: escaped here.
 * Units:     none.
 * Ownership: none kept.
 * Errors:    what standard output refuses is said by cli_main.
 */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "cli/cli.h"

/* Nothing when there is no value. */
void	 cli_line(const char *what, struct str value);
void	 cli_line_text(const char *what, const char *, ...) PRINTFLIKE(2, 3);
/* Each line of a text that has several; what stands before the first one only. */
void	 cli_lines(const char *what, struct str);
/* "it counts in no figure: ..."; nothing when it does count. */
void	 cli_line_apart(unsigned apart);

#endif
