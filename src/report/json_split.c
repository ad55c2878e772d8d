/*
 * json_split.c - see json_split.h.
 */
#include "report/json_split.h"
#include "report/refusal.h"

#define OPENED 8	/* containers walked into inside each other */
#define NAME_MAX_BYTES 1024

enum expect {
	X_VALUE,	/* the document, or behind a colon or a comma of a list */
	X_FIRST,	/* a list's first value or its end */
	X_FIRST_NAME,	/* an object's first name or its end */
	X_NAME,
	X_COLON,
	X_NEXT,		/* a comma or the end */
	X_END		/* the document has ended */
};

enum within { W_BETWEEN, W_NAME, W_STRING, W_SCALAR, W_NESTED, W_NESTED_STRING };

struct json_split {
	const struct json_split_calls	*calls;
	void				*ctx;
	size_t				 max;
	unsigned			 depth_max;

	char				 opened[OPENED];	/* '{' or '[' */
	unsigned			 nopened;
	enum expect			 expect;
	enum within			 within;
	bool				 escaped;
	unsigned			 nested;	/* open brackets of the value being collected */
	struct buf			 closers;	/* which bracket closes each of them */
	struct buf			 name, value;
	bool				 has_name;
	struct json_place		 at, value_at;
	unsigned			 bom;		/* bytes of it that were seen */
	bool				 begun, tail, sequence;
	enum json_want			 want;		/* of the value being collected */
	bool				 cut;
};

struct json_split *
json_split_new(const struct json_split_calls *calls, void *ctx)
{
	struct json_split	*j = calloc(1, sizeof(*j));

	if (j == NULL)
		return (NULL);
	j->calls = calls;
	j->ctx = ctx;
	return (j);
}

void
json_split_start(struct json_split *j, size_t value_bytes, unsigned depth)
{
	j->max = value_bytes;
	j->depth_max = depth;
	j->nopened = j->nested = 0;
	j->expect = X_VALUE;
	j->within = W_BETWEEN;
	j->escaped = j->has_name = j->begun = j->tail = j->sequence = j->cut = false;
	j->want = JSON_WHOLE;
	j->bom = 0;
	j->at = (struct json_place){ 1, 1 };
	buf_clear(&j->closers);
	buf_clear(&j->name);
	buf_clear(&j->value);
	if (j->value.cap > (1u << 16))
		buf_free(&j->value);
}

void
json_split_free(struct json_split *j)
{
	if (j == NULL)
		return;
	buf_free(&j->closers);
	buf_free(&j->name);
	buf_free(&j->value);
	free(j);
}

void
json_split_sequence(struct json_split *j)
{
	j->sequence = true;
}

void
json_split_want(struct json_split *j, enum json_want want)
{
	j->want = want;
}

bool
json_split_cut(const struct json_split *j)
{
	return (j->cut);
}

void
json_split_from(struct json_split *j, uint64_t line)
{
	j->at.line = line;
}

struct json_place
json_split_place(const struct json_split *j)
{
	return (j->at);
}

bool
json_split_bom(const struct json_split *j)
{
	return (j->bom == 3);
}

bool
json_split_tail(const struct json_split *j)
{
	return (j->tail);
}

static int
bad(const struct json_split *j, const char *what, struct err *e)
{
	return (refusal_set(e, REFUSAL_NOT_WELL_FORMED, (unsigned)j->at.line, "not valid JSON at line %llu, byte %llu: %s",
	    (unsigned long long)j->at.line, (unsigned long long)j->at.byte, what));
}

static int
too_deep(const struct json_split *j, struct err *e)
{
	return (refusal_set(e, REFUSAL_OVER_LIMIT, (unsigned)j->at.line, "over the limit tls_depth = %u (line %llu)", j->depth_max,
	    (unsigned long long)j->at.line));
}

static int
keep(struct json_split *j, const char *p, size_t n, struct err *e)
{
	if (j->want == JSON_SKIP)
		return (0);
	if (j->want == JSON_HEAD && (j->cut || j->value.len + n > j->max)) {
		n = j->cut ? 0 : j->max - j->value.len;
		j->cut = true;
	}
	if (j->value.len + n > j->max)
		return (refusal_set(e, REFUSAL_OVER_LIMIT, (unsigned)j->value_at.line,
		    "over the limit tls_value = %zu: the value that begins at line %llu, byte %llu", j->max,
		    (unsigned long long)j->value_at.line, (unsigned long long)j->value_at.byte));
	return (buf_add(&j->value, p, n) ? 0 : err_set(e, ERR_TEMP, "out of memory"));
}

/* What follows a value, in the container that it stands in. */
static void
behind_value(struct json_split *j)
{
	j->within = W_BETWEEN;
	j->expect = j->nopened == 0 ? X_END : X_NEXT;
	j->has_name = false;
}

static int
give(struct json_split *j, struct err *e)
{
	if (j->want != JSON_SKIP && j->calls->whole(j->ctx, buf_as_str(&j->value), j->value_at, e) == -1)
		return (-1);
	buf_clear(&j->value);
	behind_value(j);
	return (0);
}

static int
value_begin(struct json_split *j, char c, struct err *e)
{
	bool	 open = false;

	j->want = JSON_WHOLE;
	j->cut = false;
	if (c != '{' && c != '[' && c != '"' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z'))
		return (bad(j, "a value should stand here", e));
	if (j->calls->value(j->ctx, j->has_name ? buf_as_str(&j->name) : STR_NONE, c, &open, e) == -1)
		return (-1);
	j->begun = true;
	if (open && (c == '{' || c == '[') && j->nopened < OPENED) {
		if (j->nopened + 1 > j->depth_max)
			return (too_deep(j, e));
		j->opened[j->nopened++] = c;
		j->expect = c == '{' ? X_FIRST_NAME : X_FIRST;
		j->has_name = false;
		return (0);
	}
	j->value_at = j->at;
	buf_clear(&j->value);
	if (keep(j, &c, 1, e) == -1)
		return (-1);
	j->within = c == '"' ? W_STRING : W_SCALAR;
	if (c == '{' || c == '[') {
		if (j->nopened + 1 > j->depth_max)
			return (too_deep(j, e));
		j->within = W_NESTED;
		j->nested = 1;
		buf_clear(&j->closers);
		if (!buf_byte(&j->closers, c == '{' ? '}' : ']'))
			return (err_set(e, ERR_TEMP, "out of memory"));
	}
	return (0);
}

static int
container_end(struct json_split *j, char c, struct err *e)
{
	if ((c == '}') != (j->opened[j->nopened - 1] == '{'))
		return (bad(j, "the wrong bracket", e));
	j->nopened--;
	behind_value(j);
	return (j->calls->close(j->ctx, e));
}

/* A byte that stands between names and values. */
static int
between(struct json_split *j, char c, struct err *e)
{
	if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
		return (0);
	switch (j->expect) {
	case X_FIRST_NAME:
		if (c == '}')
			return (container_end(j, c, e));
		/* FALLTHROUGH */
	case X_NAME:
		if (c != '"')
			return (bad(j, "the name of a member should stand here", e));
		buf_clear(&j->name);
		j->within = W_NAME;
		return (0);
	case X_COLON:
		if (c != ':')
			return (bad(j, "a colon should stand here", e));
		j->expect = X_VALUE;
		return (0);
	case X_FIRST:
		if (c == ']')
			return (container_end(j, c, e));
		/* FALLTHROUGH */
	case X_VALUE:
		return (value_begin(j, c, e));
	case X_NEXT:
		if (c == '}' || c == ']')
			return (container_end(j, c, e));
		if (c != ',')
			return (bad(j, "a comma or the end should stand here", e));
		j->expect = j->opened[j->nopened - 1] == '{' ? X_NAME : X_VALUE;
		return (0);
	case X_END:
		if (c == '\0') {
			j->tail = true;
			return (0);
		}
		if (j->sequence && !j->tail)
			return (value_begin(j, c, e));
		return (bad(j, "something stands behind the end", e));
	}
	return (0);
}

static int
in_name(struct json_split *j, char c, struct err *e)
{
	if ((unsigned char)c < 0x20)
		return (bad(j, "a control byte in a name", e));
	if (!j->escaped && c == '"') {
		j->within = W_BETWEEN;
		j->expect = X_COLON;
		j->has_name = true;
		return (0);
	}
	j->escaped = !j->escaped && c == '\\';
	if (j->name.len >= NAME_MAX_BYTES)
		return (refusal_set(e, REFUSAL_OVER_LIMIT, (unsigned)j->at.line, "line %llu: the name of a member is longer than %d bytes",
		    (unsigned long long)j->at.line, NAME_MAX_BYTES));
	return (buf_byte(&j->name, (unsigned char)c) ? 0 : err_set(e, ERR_TEMP, "out of memory"));
}

static int
in_nested(struct json_split *j, char c, struct err *e)
{
	switch (c) {
	case '"':
		j->within = W_NESTED_STRING;
		break;
	case '{':
	case '[':
		if (j->nopened + ++j->nested > j->depth_max)
			return (too_deep(j, e));
		if (!buf_byte(&j->closers, c == '{' ? '}' : ']'))
			return (err_set(e, ERR_TEMP, "out of memory"));
		break;
	case '}':
	case ']':
		if (j->closers.p[j->closers.len - 1] != c)
			return (bad(j, "the wrong bracket", e));
		j->closers.len--;
		if (--j->nested > 0)
			break;
		if (keep(j, &c, 1, e) == -1)
			return (-1);
		return (give(j, e));
	default:
		break;
	}
	return (keep(j, &c, 1, e));
}

static bool
ends_scalar(char c)
{
	return (c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0');
}

static int
one(struct json_split *j, char c, struct err *e)
{
	switch (j->within) {
	case W_BETWEEN:
		return (between(j, c, e));
	case W_NAME:
		return (in_name(j, c, e));
	case W_SCALAR:
		if (!ends_scalar(c))
			return (keep(j, &c, 1, e));
		return (give(j, e) == -1 ? -1 : between(j, c, e));
	case W_NESTED:
		return (in_nested(j, c, e));
	case W_STRING:
	case W_NESTED_STRING:
		if (keep(j, &c, 1, e) == -1)
			return (-1);
		if (j->escaped)
			j->escaped = false;
		else if (c == '\\')
			j->escaped = true;
		else if (c == '"') {
			if (j->within == W_STRING)
				return (give(j, e));
			j->within = W_NESTED;
		}
		return (0);
	}
	return (0);
}

/* The plain bytes at p inside a value: they need no look each. */
static size_t
plain(const struct json_split *j, const char *p, size_t n)
{
	size_t	 k = 0;

	if (j->within == W_NESTED)
		while (k < n && p[k] != '"' && p[k] != '{' && p[k] != '}' && p[k] != '[' && p[k] != ']' && p[k] != '\n')
			k++;
	else if ((j->within == W_STRING || j->within == W_NESTED_STRING) && !j->escaped)
		while (k < n && p[k] != '"' && p[k] != '\\' && p[k] != '\n')
			k++;
	return (k);
}

int
json_split_feed(struct json_split *j, const void *data, size_t n, struct err *e)
{
	static const char	 bom[] = "\xef\xbb\xbf";
	const char		*p = data;
	size_t			 k;

	for (; n > 0; p += k, n -= k) {
		if (!j->begun && j->bom < 3 && j->at.byte == j->bom + 1 && *p == bom[j->bom]) {
			j->bom++;
			k = 1;
		} else if ((k = plain(j, p, n)) > 0) {
			if (keep(j, p, k, e) == -1)
				return (-1);
		} else {
			k = 1;
			if (one(j, *p, e) == -1)
				return (-1);
			if (*p == '\n')
				j->at.line++;
		}
		j->at.byte += k;
	}
	return (0);
}

int
json_split_finish(struct json_split *j, struct err *e)
{
	if (j->within == W_SCALAR && j->nopened == 0 && give(j, e) == -1)
		return (-1);
	if (j->expect == X_END && j->within == W_BETWEEN)
		return (0);
	return (refusal_set(e, REFUSAL_CUT_SHORT, (unsigned)j->at.line, "the JSON is cut short at line %llu, byte %llu",
	    (unsigned long long)j->at.line, (unsigned long long)j->at.byte));
}
