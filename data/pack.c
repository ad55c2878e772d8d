/*
 * pack.c - makes one of our files of places from tables of address ranges:
 *
 *	pack country|network OUT YYYYMMDD NOTE TABLE...
 *
 * NOTE is a file: whose data it is. A TABLE is CSV: first and last address,
 * country or number of the network, its name. What is made is opened again
 * before it gets its name, so that a file that is there is sound.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/io.h"
#include "base/when.h"
#include "data/pack.h"

static int
table(struct pack *p, const char *path, struct err *e)
{
	FILE	*f = fopen(path, "r");
	char	*line = NULL;
	size_t	 cap = 0;
	ssize_t	 n;
	unsigned number = 0;
	int	 rv = 0;

	if (f == NULL)
		return (err_set(e, ERR_TEMP, "cannot read %s: %s", path, strerror(errno)));
	while (rv == 0 && (n = getline(&line, &cap, f)) != -1) {
		number++;
		if (n > 1 && (rv = pack_line(p, (struct str){ line, (size_t)n }, e)) == -1)
			(void)err_prefix(e, "%s:%u", path, number);
	}
	if (rv == 0 && ferror(f))
		rv = err_set(e, ERR_TEMP, "cannot read %s", path);
	free(line);
	(void)fclose(f);
	return (rv);
}

static int
make(int argc, char **argv, struct err *e)
{
	enum ranges_kind kind = strcmp(argv[1], "country") == 0 ? RANGES_COUNTRY : RANGES_NETWORK;
	struct pack	*p = pack_new(kind);
	struct ranges	*r;
	struct buf	 out = { 0 }, note = { 0 };
	char		 date[11];
	int64_t		 day;
	int		 rv;

	if (p == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	(void)snprintf(date, sizeof(date), "%.4s-%.2s-%.2s", argv[3], argv[3] + 4, argv[3] + 6);
	rv = when_parse_date(str_of(date), &day) ? io_read_file(argv[4], RANGES_NOTE, &note, e) :
	    err_set(e, ERR_INPUT, "%s is not a day like 20260531", argv[3]);
	for (int i = 5; i < argc && rv == 0; i++)
		rv = table(p, argv[i], e);
	if (rv == 0 && (rv = pack_make(p, day, str_trim(buf_as_str(&note)), &out, e)) == 0 &&
	    (rv = ranges_of(argv[2], out.p, out.len, kind, &r, e)) == 0) {
		(void)printf("%s: %zu entries, %zu bytes\n", argv[2], ranges_entries(r), out.len);
		ranges_free(r);
		rv = io_replace_file(argv[2], out.p, out.len, 0644, e);
	}
	buf_free(&note);
	buf_free(&out);
	pack_free(p);
	return (rv);
}

int
main(int argc, char **argv)
{
	struct err	 e = { .code = ERR_NONE };

	if (argc < 6 || strlen(argv[3]) != 8 || (strcmp(argv[1], "country") != 0 && strcmp(argv[1], "network") != 0)) {
		(void)fputs("usage: pack country|network OUT YYYYMMDD NOTE TABLE...\n", stderr);
		return (2);
	}
	if (make(argc, argv, &e) == -1) {
		(void)fprintf(stderr, "pack: %s\n", e.msg);
		return (1);
	}
	return (0);
}
