/*
 * args.c - see args.h. An option is looked for in the command's table, then
 * among the global ones, so that "dmarcd import --state DIR" works as well.
 */
#include "base/base.h"
#include "base/near.h"
#include "base/when.h"
#include "cli/args.h"

static size_t
count(const struct cli_option *o)
{
	size_t	 n = 0;

	if (o != NULL)
		while (o[n].name != NULL)
			n++;
	return (n);
}

int
args_init(struct cli_args *a, const struct cli_option *options)
{
	*a = (struct cli_args){ .options = options };
	a->values = calloc(count(options) + 1, sizeof(*a->values));
	return (a->values == NULL ? -1 : 0);
}

void
args_free(struct cli_args *a)
{
	if (a->values != NULL)
		for (size_t i = 0; i < count(a->options); i++)
			free(a->values[i].v);
	free(a->values);
	free(a->operands.v);
	*a = (struct cli_args){ 0 };
}

static int
push(struct cli_value *v, const char *text, struct err *e)
{
	const char	**p;

	if ((p = realloc(v->v, (v->n + 1) * sizeof(*p))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	v->v = p;
	v->v[v->n++] = text;
	return (0);
}

const char *
args_word_at(const char *words, int k, size_t *len)
{
	for (; k > 0; k--) {
		if ((words = strchr(words, '|')) == NULL)
			return (NULL);
		words++;
	}
	*len = strcspn(words, "|");
	return (words);
}

int
args_word(const char *words, const char *word)
{
	const char	*p;
	size_t		 len;

	for (int k = 0; (p = args_word_at(words, k, &len)) != NULL; k++)
		if (strlen(word) == len && strncmp(p, word, len) == 0)
			return (k);
	return (-1);
}

bool
args_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
	bool	 minus = text[0] == '-';
	int64_t	 v;

	if (!str_i64(str_of(text + minus), &v))
		return (false);
	v = minus ? -v : v;
	if (min == 0 && max == 0)
		max = INT64_MAX;
	if (v < min || v > max)
		return (false);
	*out = v;
	return (true);
}

static int
check(const struct cli_option *o, const char *text, struct err *e)
{
	int64_t	 v;

	switch (o->kind) {
	case CLI_INT:
		if (args_int(text, o->min, o->max, &v))
			return (0);
		if (o->min == 0 && o->max == 0)
			return (err_set(e, ERR_CONFIG, "--%s \"%s\" is not a whole number", o->name, text));
		return (err_set(e, ERR_CONFIG, "--%s \"%s\" is not a number from %lld to %lld", o->name, text,
		    (long long)o->min, (long long)o->max));
	case CLI_WORD:
		if (args_word(o->arg, text) != -1)
			return (0);
		return (err_set(e, ERR_CONFIG, "--%s \"%s\" is not one of %s", o->name, text, o->arg));
	case CLI_DAY:
		if (when_parse_date(str_of(text), &v))
			return (0);
		return (err_set(e, ERR_CONFIG, "--%s \"%s\" is not a day like 2026-05-01", o->name, text));
	default:
		return (0);
	}
}

/* Finds an option by name (len bytes) or by letter; where says in whose table. */
static const struct cli_option *
find(struct cli_args *const where[2], const char *name, size_t len, char letter, struct cli_value **v)
{
	for (int w = 0; w < 2; w++) {
		const struct cli_option	*o = where[w] == NULL ? NULL : where[w]->options;

		for (size_t i = 0; o != NULL && o[i].name != NULL; i++)
			if ((name != NULL && strlen(o[i].name) == len && strncmp(o[i].name, name, len) == 0) ||
			    (letter != 0 && o[i].letter == letter)) {
				*v = &where[w]->values[i];
				return (&o[i]);
			}
	}
	return (NULL);
}

static int
unknown(struct cli_args *const where[2], const char *name, size_t len, struct err *e)
{
	char		 word[NEAR_MAX + 1];
	struct near	 near = { .word = word };

	(void)snprintf(word, sizeof(word), "%.*s", (int)(len < NEAR_MAX ? len : NEAR_MAX), name);
	for (int w = 0; w < 2; w++) {
		const struct cli_option	*o = where[w] == NULL ? NULL : where[w]->options;

		for (; o != NULL && o->name != NULL; o++)
			near_try(&near, o->name);
	}
	if (near.best != NULL)
		return (err_set(e, ERR_CONFIG, "there is no option --%s; is --%s meant?", word, near.best));
	return (err_set(e, ERR_CONFIG, "there is no option --%s", word));
}

static int
add(const struct cli_option *o, struct cli_value *v, const char *text, struct err *e)
{
	if (v->n > 0 && !o->many && o->kind != CLI_FLAG)
		return (err_set(e, ERR_CONFIG, "--%s can be given only once", o->name));
	if (o->kind != CLI_FLAG && check(o, text, e) == -1)
		return (-1);
	return (push(v, text, e));
}

static int
read_long(struct cli_args *const where[2], int argc, char **argv, int *i, struct err *e)
{
	const char		*name = argv[*i] + 2, *eq = strchr(name, '='), *text = NULL;
	size_t			 len = eq == NULL ? strlen(name) : (size_t)(eq - name);
	const struct cli_option	*o;
	struct cli_value	*v;

	if ((o = find(where, name, len, 0, &v)) == NULL)
		return (unknown(where, name, len, e));
	if (o->kind == CLI_FLAG) {
		if (eq != NULL)
			return (err_set(e, ERR_CONFIG, "--%s takes no value", o->name));
	} else if (eq != NULL)
		text = eq + 1;
	else if (*i + 1 < argc)
		text = argv[++*i];
	else
		return (err_set(e, ERR_CONFIG, "--%s needs a value: %s", o->name, o->arg));
	return (add(o, v, text, e));
}

/* "-qv", "-cFILE", "-c FILE". */
static int
read_short(struct cli_args *const where[2], int argc, char **argv, int *i, struct err *e)
{
	const struct cli_option	*o;
	struct cli_value	*v;

	for (const char *p = argv[*i] + 1; *p != '\0'; p++) {
		const char	*text = NULL;

		if ((o = find(where, NULL, 0, *p, &v)) == NULL)
			return (err_set(e, ERR_CONFIG, "there is no option -%c", *p));
		if (o->kind != CLI_FLAG) {
			if (p[1] != '\0')
				text = p + 1;
			else if (*i + 1 < argc)
				text = argv[++*i];
			else
				return (err_set(e, ERR_CONFIG, "-%c needs a value: %s", *p, o->arg));
		}
		if (add(o, v, text, e) == -1)
			return (-1);
		if (text != NULL)
			break;
	}
	return (0);
}

int
args_read(struct cli_args *args, struct cli_args *gargs, int argc, char **argv, int *i, bool first, struct err *e)
{
	struct cli_args *const	 where[2] = { args, gargs };
	bool			 options = true;

	for (; *i < argc; ++*i) {
		const char	*a = argv[*i];

		if (options && strcmp(a, "--") == 0) {
			options = false;
		} else if (options && a[0] == '-' && a[1] == '-') {
			if (read_long(where, argc, argv, i, e) == -1)
				return (-1);
		} else if (options && a[0] == '-' && a[1] != '\0') {
			if (read_short(where, argc, argv, i, e) == -1)
				return (-1);
		} else if (first) {
			return (0);
		} else if (push(&args->operands, a, e) == -1)
			return (-1);
	}
	return (0);
}

static const struct cli_value *
value(const struct cli_args *a, const char *name)
{
	for (size_t i = 0; a->options != NULL && a->options[i].name != NULL; i++)
		if (strcmp(a->options[i].name, name) == 0)
			return (&a->values[i]);
	abort();	/* an option that the command's table does not know: our mistake */
}

size_t
cli_given(const struct cli_args *a, const char *name)
{
	return (value(a, name)->n);
}

bool
cli_flag(const struct cli_args *a, const char *name)
{
	return (value(a, name)->n > 0);
}

const char *
cli_text(const struct cli_args *a, const char *name)
{
	const struct cli_value	*v = value(a, name);

	return (v->n == 0 ? NULL : v->v[v->n - 1]);
}

const char *
cli_text_at(const struct cli_args *a, const char *name, size_t i)
{
	const struct cli_value	*v = value(a, name);

	return (i < v->n ? v->v[i] : NULL);
}

int64_t
cli_int(const struct cli_args *a, const char *name, int64_t otherwise)
{
	const char	*text = cli_text(a, name);
	int64_t		 v;

	/* The range was checked when the arguments were read. */
	return (text != NULL && args_int(text, INT64_MIN + 1, INT64_MAX, &v) ? v : otherwise);
}

int
cli_word(const struct cli_args *a, const char *name, int otherwise)
{
	const char	*text = cli_text(a, name);

	if (text != NULL)
		for (size_t i = 0; a->options[i].name != NULL; i++)
			if (strcmp(a->options[i].name, name) == 0)
				return (args_word(a->options[i].arg, text));
	return (otherwise);
}

size_t
cli_operands(const struct cli_args *a)
{
	return (a->operands.n);
}

const char *
cli_operand(const struct cli_args *a, size_t i)
{
	return (i < a->operands.n ? a->operands.v[i] : NULL);
}
