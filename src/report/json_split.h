/*
 * json_split.h - a JSON document cut into values small enough to be held, as
 * a stream: objects and lists that are asked to be opened are walked through,
 * every other value is collected whole and handed to whoever reads it (a JSON
 * library, which also checks what stands inside it).
 * Source:    RFC 8259.
 * Trust:     hostile: depth and the size of a collected value are bounded.
 * Units:     bytes from 1, lines from 1.
 * Ownership: texts live for the call.
 * Errors:    -1 with *e: ERR_INPUT with line and byte, ERR_LIMIT with the
 *            limit's name, or a call's own.
 */
#ifndef REPORT_JSON_SPLIT_H
#define REPORT_JSON_SPLIT_H

#include "base/base.h"

struct json_split;

struct json_place { uint64_t line, byte; };

struct json_split_calls {
	/*
	 * A value begins: name is that of the member (quoted, as written; absent
	 * in a list and for the document itself), first its first byte. For '{'
	 * and '[' *open may be set to walk into it; close() ends it.
	 */
	int	(*value)(void *, struct str name, char first, bool *open, struct err *);
	/* A value that was not opened, whole; of scalars its syntax is not checked yet. */
	int	(*whole)(void *, struct str text, struct json_place, struct err *);
	int	(*close)(void *, struct err *);
};

/* bytes: the most one collected value may have; its limit's name is "tls_value". */
struct json_split *json_split_new(const struct json_split_calls *, void *ctx);
void	 json_split_start(struct json_split *, size_t value_bytes, unsigned depth);
/* One document after another, as in a file with an object a line. */
void	 json_split_sequence(struct json_split *);
/*
 * For value(), of the value that begins: SKIP is not collected, and whole() is
 * not called for it; HEAD is collected as far as the limit allows, of a string
 * (then whole() gets it without its end, see json_split_cut).
 */
enum json_want { JSON_WHOLE, JSON_SKIP, JSON_HEAD };
void	 json_split_want(struct json_split *, enum json_want);
bool	 json_split_cut(const struct json_split *);
int	 json_split_feed(struct json_split *, const void *, size_t, struct err *);
int	 json_split_finish(struct json_split *, struct err *);	/* the input is at its end */
void	 json_split_from(struct json_split *, uint64_t line);	/* it begins at that line */
struct json_place json_split_place(const struct json_split *);	/* where it has come to */
bool	 json_split_bom(const struct json_split *);
bool	 json_split_tail(const struct json_split *);	/* there were NUL bytes behind the end */
void	 json_split_free(struct json_split *);	/* NULL is fine */

#endif
