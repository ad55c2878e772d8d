/*
 * card.h - explanations on lines, for explain and bounce; cli/ only.
 * Source:    schema/openapi.yaml: RowExplanation, Bounce.
 * Trust:     texts are escaped here.
 * Units:     columns.
 * Ownership: nothing is kept.
 * Errors:    none; what is absent is not printed.
 */
#ifndef CLI_CARD_H
#define CLI_CARD_H

#include <stddef.h>

struct json_t;

/* One text behind a label, broken into lines. text NULL: nothing. */
void	 card_line(size_t indent, const char *label, const char *text);
/* Why, what to do, what was checked. lang: of the headings. */
void	 card_put(unsigned lang, const struct json_t *);

#endif
