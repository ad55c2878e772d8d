/*
 * table.h - rows out: a table for people, JSON lines or CSV for programs.
 * Source:    NDJSON (one object per line), RFC 8259, RFC 4180, RFC 3339.
 * Trust:     cells hold text of reports: it is escaped here, for each form.
 * Units:     times in seconds since the epoch, UTC; days since the epoch;
 *            rates from 0 to 1.
 * Ownership: cli_table_end gives the table back; texts are copied at once.
 * Errors:    -1 with *e set from cli_table_end when memory ran out; what
 *            standard output refuses is said by cli_main.
 *
 * A command builds its rows once:
 *	static const struct cli_column cols[] = {
 *		{ "source_ip", "address", CLI_CELL_TEXT, 0 },
 *		{ "messages", "messages", CLI_CELL_INT, 0 },
 *	};
 *	t = cli_table_new(ctx, cli_format(args), cols, nitems(cols));
 *	while (...) {
 *		cli_cell_text(t, ip);
 *		cli_cell_int(t, n);
 *		cli_row(t);
 *	}
 *	if (cli_table_end(t, &e) == -1)
 * Cells come in the order of the columns; cli_row fills up with nulls.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <jansson.h>
#include <stdio.h>

#include "cli/cli.h"

enum cli_format { CLI_FORMAT_TABLE, CLI_FORMAT_JSON, CLI_FORMAT_CSV };

enum cli_type {
	CLI_CELL_TEXT,
	CLI_CELL_INT,	/* right-aligned, thousands parted in a table */
	CLI_CELL_RATE,	/* 0.987 in JSON and CSV, 98.7 % in a table */
	CLI_CELL_TIME,	/* RFC 3339 */
	CLI_CELL_EPOCH,	/* a time that is a number in JSON */
	CLI_CELL_DAY,
	CLI_CELL_BYTES,	/* 1.2 MB in a table */
	CLI_CELL_BOOL,
	CLI_CELL_JSON	/* any object; compact text in a table and in CSV */
};

enum cli_column_flags {
	CLI_COL_HIDDEN = 1	/* in JSON and CSV only: too much for a table */
};

enum cli_tone { CLI_TONE_NONE, CLI_TONE_GOOD, CLI_TONE_WARN, CLI_TONE_BAD, CLI_TONE_FAINT };

struct cli_column {
	const char	*key;	/* the name in JSON and CSV, as in the HTTP API */
	const char	*title;	/* the heading in a table */
	enum cli_type	 type;
	unsigned	 flags;
};

struct cli_table;

/* What CLI_OPT_FORMAT was set to. */
enum cli_format	 cli_format(const struct cli_args *);
/* NULL without memory; all calls below take NULL and do nothing then. */
struct cli_table *cli_table_new(const struct cli_ctx *, enum cli_format, const struct cli_column *, size_t n);
void	 cli_table_output(struct cli_table *, FILE *);	/* instead of standard output */
void	 cli_cell_text(struct cli_table *, struct str);	/* STR_NONE is null */
void	 cli_cell_cstr(struct cli_table *, const char *);	/* NULL is null */
void	 cli_cell_int(struct cli_table *, int64_t);
void	 cli_cell_rate(struct cli_table *, double);	/* not a number: null */
void	 cli_cell_time(struct cli_table *, int64_t);	/* also for CLI_CELL_EPOCH */
void	 cli_cell_day(struct cli_table *, int64_t);
void	 cli_cell_bytes(struct cli_table *, int64_t);
void	 cli_cell_bool(struct cli_table *, bool);
void	 cli_cell_json(struct cli_table *, json_t *);	/* takes the reference */
void	 cli_cell_null(struct cli_table *);
void	 cli_cell_tone(struct cli_table *, enum cli_tone);	/* of the cell just put */
void	 cli_row(struct cli_table *);
uint64_t cli_table_rows(const struct cli_table *);
/* Writes what is held and gives the table back; -1 when something got lost. */
int	 cli_table_end(struct cli_table *, struct err *);

/* Valid JSON and safe on a terminal: control and bidi characters as \uNNNN, broken UTF-8 as U+FFFD. */
bool	 cli_json_str(struct buf *, struct str);
bool	 cli_json(struct buf *, const json_t *);
/* A jansson string of hostile text; broken UTF-8 becomes U+FFFD. */
json_t	*cli_json_text(struct str);	/* STR_NONE is null */
/* 1234567 as 1,234,567; 1288490 as 1.3 MB. */
const char *cli_thousands(int64_t, char out[32]);
const char *cli_bytes(int64_t, char out[32]);

/* Where an address is, as four cells: country, network in words, its number, what it is reserved for. */
struct place;
void	 cli_cell_place(struct cli_table *, const struct place *);
#define CLI_PLACE_COLUMNS							\
	{ "country", "country", CLI_CELL_TEXT, CLI_COL_HIDDEN },		\
	{ "network", "network", CLI_CELL_TEXT, CLI_COL_HIDDEN },		\
	{ "asn", "", CLI_CELL_INT, CLI_COL_HIDDEN },				\
	{ "reserved", "", CLI_CELL_TEXT, CLI_COL_HIDDEN }

#endif
