/*
 * embed.c - turns a directory of web files into a C source.
 * Source:    web/dist as web/build.mjs leaves it, or web/plain.
 * Trust:     our own files; runs at build time only.
 * Units:     lengths in bytes.
 * Ownership: everything is held until the program ends.
 * Errors:    a sentence on stderr and exit 1; the output is then removed.
 *
 *	embed DIRECTORY OUTPUT.c
 *
 * Each regular file becomes one entry of http_assets[], sorted by path. A file
 * x.gz beside x is its compressed form and no entry of its own. A file whose
 * name ends in a hash, as in assets/app-0A1B2C3D.js, never changes.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX	512
#define FILE_MAX	(16u << 20)

struct file {
	char	*path;		/* below the directory, begins with a slash */
	bool	 has_gz;
};

static const struct { const char *suffix, *type; } types[] = {
	{ ".html",        "text/html; charset=utf-8" },
	{ ".js",          "text/javascript; charset=utf-8" },
	{ ".css",         "text/css; charset=utf-8" },
	{ ".svg",         "image/svg+xml" },
	{ ".png",         "image/png" },
	{ ".json",        "application/json" },
	{ ".webmanifest", "application/manifest+json" },
	{ ".txt",         "text/plain; charset=utf-8" },
};

static struct file	 files[FILES_MAX];
static size_t		 nfiles;
static const char	*out_path;
static FILE		*out;

static _Noreturn void
fail(const char *what, const char *why)
{
	fprintf(stderr, "embed: %s: %s\n", what, why);
	if (out != NULL) {
		fclose(out);
		remove(out_path);
	}
	exit(1);
}

static char *
join(const char *a, const char *b, const char *c)
{
	size_t	 size = strlen(a) + strlen(b) + strlen(c) + 1;
	char	*s = malloc(size);

	if (s == NULL)
		fail(a, "out of memory");
	snprintf(s, size, "%s%s%s", a, b, c);
	return (s);
}

static bool
ends_with(const char *s, const char *suffix)
{
	size_t	 n = strlen(s), k = strlen(suffix);

	return (n > k && strcmp(s + n - k, suffix) == 0);
}

static const char *
type_of(const char *path)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (ends_with(path, types[i].suffix))
			return (types[i].type);
	return (NULL);
}

static void
collect(const char *root, const char *below)
{
	char		*dir = join(root, below, "");
	DIR		*d = opendir(dir);
	struct dirent	*e;

	if (d == NULL)
		fail(dir, strerror(errno));
	while ((e = readdir(d)) != NULL) {
		char		*path, *full;
		struct stat	 st;

		if (e->d_name[0] == '.')
			continue;
		path = join(below, "/", e->d_name);
		full = join(root, path, "");
		if (stat(full, &st) == -1)
			fail(full, strerror(errno));
		if (S_ISDIR(st.st_mode)) {
			collect(root, path);
			free(path);
		} else if (S_ISREG(st.st_mode) && !ends_with(path, ".gz")) {
			char	*gz = join(full, ".gz", "");

			if (nfiles == FILES_MAX)
				fail(root, "too many files");
			if (type_of(path) == NULL)
				fail(full, "no content type is known for this name");
			files[nfiles++] = (struct file){ path, stat(gz, &st) == 0 };
			free(gz);
		} else
			free(path);
		free(full);
	}
	closedir(d);
	free(dir);
}

static int
by_path(const void *a, const void *b)
{
	return (strcmp(((const struct file *)a)->path, ((const struct file *)b)->path));
}

/* esbuild's hashes: a dash and eight capitals or digits before the suffix. */
static bool
has_hash(const char *path)
{
	const char	*dot = strrchr(path, '.');

	if (dot == NULL || dot - path < 9 || dot[-9] != '-')
		return (false);
	return (strspn(dot - 8, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == 8);
}

static unsigned char *
slurp(const char *path, size_t *len)
{
	FILE		*f = fopen(path, "rb");
	unsigned char	*data = malloc(FILE_MAX);

	if (f == NULL)
		fail(path, strerror(errno));
	if (data == NULL)
		fail(path, "out of memory");
	*len = fread(data, 1, FILE_MAX, f);
	if (ferror(f))
		fail(path, "cannot be read");
	if (*len == FILE_MAX)
		fail(path, "is too large to embed");
	fclose(f);
	return (data);
}

/* FNV-1a: the same file gives the same ETag on every machine. */
static uint64_t
hash(const unsigned char *data, size_t len)
{
	uint64_t	 h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ data[i]) * UINT64_C(0x100000001b3);
	return (h);
}

static void
put_bytes(const char *prefix, size_t n, const unsigned char *data, size_t len)
{
	fprintf(out, "static const unsigned char %s%zu[] = {", prefix, n);
	for (size_t i = 0; i < len; i++)
		fprintf(out, "%s%u,", i % 24 == 0 ? "\n\t" : "", data[i]);
	/* C knows no empty array; the length in the table says how much counts. */
	fprintf(out, "%s\n};\n", len == 0 ? "\n\t0," : "");
}

int
main(int argc, char **argv)
{
	static uint64_t	 tags[FILES_MAX];
	static size_t	 lens[FILES_MAX], gzlens[FILES_MAX];

	if (argc != 3) {
		fprintf(stderr, "usage: embed DIRECTORY OUTPUT.c\n");
		return (2);
	}
	collect(argv[1], "");
	if (nfiles == 0)
		fail(argv[1], "has no files");
	qsort(files, nfiles, sizeof(files[0]), by_path);

	out_path = argv[2];
	if ((out = fopen(out_path, "w")) == NULL)
		fail(out_path, strerror(errno));
	fprintf(out, "/* Made by web/embed.c from the web app's files; do not edit. */\n"
	    "#include \"http/assets.h\"\n\n#include <stddef.h>\n\n");
	for (size_t i = 0; i < nfiles; i++) {
		char		*path = join(argv[1], files[i].path, ""), *gz = join(path, ".gz", "");
		unsigned char	*data = slurp(path, &lens[i]);

		tags[i] = hash(data, lens[i]);
		put_bytes("file_", i, data, lens[i]);
		free(data);
		if (files[i].has_gz) {
			data = slurp(gz, &gzlens[i]);
			put_bytes("gz_", i, data, gzlens[i]);
			free(data);
		}
		free(gz);
		free(path);
	}
	fprintf(out, "\nconst struct http_asset http_assets[] = {\n");
	for (size_t i = 0; i < nfiles; i++) {
		const char	*path = files[i].path;

		fprintf(out, "\t{ \"%s\", \"%s\", file_%zu, %zu, ", path, type_of(path), i, lens[i]);
		if (files[i].has_gz)
			fprintf(out, "gz_%zu, %zu, ", i, gzlens[i]);
		else
			fprintf(out, "NULL, 0, ");
		fprintf(out, "\"\\\"%016" PRIx64 "\\\"\", %s },\n", tags[i],
		    has_hash(path) ? "true" : "false");
	}
	fprintf(out, "};\nconst size_t http_assets_count = %zu;\n", nfiles);
	if (ferror(out) || fclose(out) != 0) {
		out = NULL;
		remove(out_path);
		fail(out_path, "cannot be written");
	}
	return (0);
}
