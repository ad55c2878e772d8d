/*
 * replay.c - runs a fuzz target over the files of a folder, for builds without
 * the fuzzer: what was found once stays tested. Emits TAP. Without an argument
 * the folder is tests/fuzz/NAME.in of the sources, NAME being the program's.
 */
#include <dirent.h>
#include <stdlib.h>

#include "base/io.h"

#define FILE_BYTES (1u << 20)
#define FILES 10000

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
visible(const struct dirent *d)
{
	return (d->d_name[0] != '.');
}

static void
find_folder(char *out, size_t size, const char *program)
{
	const char	*srcdir = getenv("srcdir"), *slash = strrchr(program, '/');

	(void)snprintf(out, size, "%s/tests/fuzz/%s.in", srcdir == NULL ? "." : srcdir,
	    slash == NULL ? program : slash + 1);
}

int
main(int argc, char **argv)
{
	struct dirent	**names = NULL;
	struct buf	 b;
	struct err	 e = { 0 };
	char		 folder[2048], path[4096];
	int		 n, bad = 0;

	find_folder(folder, sizeof(folder), argv[0]);
	if (argc == 2)
		(void)snprintf(folder, sizeof(folder), "%s", argv[1]);
	n = scandir(folder, &names, visible, alphasort);
	if (n < 1 || n > FILES) {
		printf("Bail out! no files in %s\n", folder);
		return (1);
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		memset(&b, 0, sizeof(b));
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (io_read_file(path, FILE_BYTES, &b, &e) == -1) {
			printf("not ok %d - %s\n", i + 1, e.msg);
			bad = 1;
		} else {
			(void)LLVMFuzzerTestOneInput((const uint8_t *)(b.p == NULL ? "" : b.p), b.len);
			printf("ok %d - %s\n", i + 1, names[i]->d_name);
		}
		(void)fflush(stdout);
		buf_free(&b);
		free(names[i]);
	}
	free(names);
	return (bad);
}
