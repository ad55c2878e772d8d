/*
 * replay.c - a plain main for a fuzz target: feeds it every file of the
 * directories (or the files) given, one TAP line each. Without arguments it
 * takes tests/fuzz/NAME.in of the source tree, by its own name fuzz_NAME.
 */
#include <sys/stat.h>

#include <dirent.h>

#include "base/base.h"
#include "base/io.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static unsigned	 count;

static int
feed(const char *path)
{
	struct buf	 b = { 0 };
	struct err	 e = { 0 };
	uint8_t		*copy;
	int		 rv = io_read_file(path, 64u << 20, &b, &e);

	if (rv == 0) {
		/* a block of exactly this size, so that a sanitizer sees one byte too far */
		if ((copy = malloc(b.len == 0 ? 1 : b.len)) == NULL)
			return (-1);
		memcpy(copy, buf_as_str(&b).p, b.len);
		(void)LLVMFuzzerTestOneInput(copy, b.len);
		free(copy);
		(void)printf("ok %u - %s\n", ++count, path);
	} else
		(void)printf("not ok %u - %s\n", ++count, e.msg);
	(void)fflush(stdout);
	buf_free(&b);
	return (rv);
}

static int
feed_dir(const char *dir)
{
	struct dirent	**names;
	struct stat	  st;
	char		  path[4096];
	int		  n, rv = 0;

	if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode))
		return (feed(dir));
	if ((n = scandir(dir, &names, NULL, alphasort)) == -1) {
		(void)printf("not ok %u - %s cannot be read\n", ++count, dir);
		return (-1);
	}
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.') {
			(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
			rv |= feed(path);
		}
		free(names[i]);
	}
	free(names);
	return (rv);
}

int
main(int argc, char **argv)
{
	const char	*src = getenv("srcdir"), *name = strstr(argv[0], "fuzz_");
	char		 dir[4096];
	int		 rv = 0;

	for (int i = 1; i < argc; i++)
		rv |= feed_dir(argv[i]);
	if (argc == 1 && name != NULL) {
		(void)snprintf(dir, sizeof(dir), "%s/tests/fuzz/%s.in", src == NULL ? "." : src, name + 5);
		rv = feed_dir(dir);
	}
	(void)printf("1..%u\n", count);
	return (rv == 0 && count > 0 ? 0 : 1);
}
