/*
 * query_string.c - see query_string.h.
 */
#include "http/query_string.h"

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

/* Decodes in to out, which may be the same bytes: the text only gets shorter. */
static int
percent_decode(struct str in, bool plus, char *out, size_t *outlen, struct err *e)
{
	size_t	 n = 0;
	int	 hi, lo;

	for (size_t i = 0; i < in.len; i++) {
		if (in.p[i] == '+' && plus) {
			out[n++] = ' ';
		} else if (in.p[i] == '%') {
			if (in.len - i < 3 || (hi = hex_value(in.p[i + 1])) == -1 || (lo = hex_value(in.p[i + 2])) == -1)
				return (err_set(e, ERR_INPUT, "a %% that is not followed by two hexadecimal digits"));
			out[n++] = (char)(hi * 16 + lo);
			i += 2;
		} else
			out[n++] = in.p[i];
	}
	*outlen = n;
	return (0);
}

/* Text that we take in is text: it meets logs, JSON and SQL later. */
static int
check_text(struct str s, struct err *e)
{
	if (!str_utf8_ok(s))
		return (err_set(e, ERR_INPUT, "not valid UTF-8"));
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return (err_set(e, ERR_INPUT, "a control character (%%%02X)", (unsigned)(unsigned char)s.p[i]));
	return (0);
}

/* Keeps the list sorted as it grows; there are a few dozen at most. */
static int
insert(struct query_string *q, struct query_param new, struct err *e)
{
	size_t	 at = q->n;
	int	 c = 1;

	while (at > 0 && (c = str_order(new.key, q->p[at - 1].key)) < 0)
		at--;
	if (at > 0 && c == 0)
		return (err_set(e, ERR_INPUT, "given twice; write several values with commas between them"));
	if (q->n == QUERY_PARAMS)
		return (err_set(e, ERR_LIMIT, "more than %d parameters", QUERY_PARAMS));
	memmove(&q->p[at + 1], &q->p[at], (q->n - at) * sizeof(q->p[0]));
	q->p[at] = new;
	q->n++;
	return (0);
}

/* One "key=value": decoded in place, in q->text. */
static int
parse_pair(struct query_string *q, char *p, size_t len, struct str *param, struct err *e)
{
	struct query_param	 new;
	char			*eq = memchr(p, '=', len), *value;
	size_t			 keylen = eq == NULL ? len : (size_t)(eq - p), n;

	if (percent_decode((struct str){ p, keylen }, true, p, &n, e) == -1)
		return (-1);
	new.key = (struct str){ p, n };
	if (check_text(new.key, e) == -1)
		return (err_prefix(e, "the name of a parameter"));
	if (n == 0)
		return (err_set(e, ERR_INPUT, "a value without a name in front of it"));
	*param = new.key;
	value = eq == NULL ? p + len : eq + 1;
	if (percent_decode((struct str){ value, len - (size_t)(value - p) }, true, value, &n, e) == -1)
		return (-1);
	new.value = (struct str){ value, n };
	if (check_text(new.value, e) == -1)
		return (-1);
	return (insert(q, new, e));
}

int
query_string_parse(struct query_string *q, struct str raw, struct str *param, struct err *e)
{
	char	*p, *end, *amp;

	q->n = 0;
	*param = STR("");
	if (raw.len > QUERY_BYTES)
		return (err_set(e, ERR_LIMIT, "the query has %zu bytes, at most %d are read", raw.len, QUERY_BYTES));
	if (raw.len > 0)
		memcpy(q->text, raw.p, raw.len);
	q->text[raw.len] = '\0';
	for (p = q->text, end = p + raw.len; p < end; p = amp + 1) {
		if ((amp = memchr(p, '&', (size_t)(end - p))) == NULL)
			amp = end;
		*param = STR("");
		if (amp > p && parse_pair(q, p, (size_t)(amp - p), param, e) == -1)
			return (-1);
	}
	return (0);
}

struct str
query_string_get(const struct query_string *q, const char *key)
{
	for (size_t i = 0; i < q->n; i++)
		if (str_eq(q->p[i].key, str_of(key)))
			return (q->p[i].value);
	return (STR_NONE);
}

bool
query_string_canonical(const struct query_string *q, struct buf *b)
{
	/* Lengths in front: no value can look like the next key. */
	for (size_t i = 0; i < q->n; i++) {
		buf_printf(b, "%zu,%zu:", q->p[i].key.len, q->p[i].value.len);
		buf_str(b, q->p[i].key);
		buf_str(b, q->p[i].value);
	}
	return (!b->failed);
}

int
path_segment_decode(struct str in, char *out, struct str *segment, struct err *e)
{
	struct str	 s;
	size_t		 n;

	if (percent_decode(in, false, out, &n, e) == -1)
		return (-1);
	out[n] = '\0';
	s = (struct str){ out, n };
	if (check_text(s, e) == -1)
		return (-1);
	if (str_eq(s, STR(".")) || str_eq(s, STR("..")))
		return (err_set(e, ERR_INPUT, "\".\" and \"..\" have no meaning here"));
	*segment = s;
	return (0);
}
