/*
 * static.c - the web app: files that were compiled in, as responses made once
 * and queued many times.
 *
 * Names below /assets/ carry a hash of their content and never change; the
 * page itself is asked for anew each time and answered with 304.
 */
#include <microhttpd.h>

#include "base/hash.h"
#include "http/assets.h"
#include "http/http.h"

#define FILES 256
#define PAGE "/index.html"

struct file {
	struct str		 path;
	struct MHD_Response	*plain, *gzip, *unchanged;	/* gzip, unchanged may be NULL */
	char			 etag[40];
	bool			 immutable;
};

static struct file	 files[FILES];
static size_t		 nfiles;
static char		*page;		/* with the base path in it */

static struct MHD_Response *
make(const struct file *f, const char *type, const void *data, size_t len, const char *coding)
{
	struct MHD_Response	*m = MHD_create_response_from_buffer(len, (void *)(uintptr_t)data, MHD_RESPMEM_PERSISTENT);
	bool			 ok;

	if (m == NULL)
		return (NULL);
	ok = headers_secure(m, NULL) && header_add(m, "Vary", "Accept-Encoding");
	if (type != NULL)
		ok = header_add(m, "Content-Type", type) && ok;
	if (coding != NULL)
		ok = header_add(m, "Content-Encoding", coding) && ok;
	if (f->immutable)
		ok = header_add(m, "Cache-Control", "public, max-age=31536000, immutable") && ok;
	else
		ok = header_add(m, "Cache-Control", "no-cache") && header_add(m, "ETag", f->etag) && ok;
	if (ok)
		return (m);
	MHD_destroy_response(m);
	return (NULL);
}

/* Weak: the compressed and the plain form are one page with one name. */
static void
name_content(struct file *f, const void *data, size_t len)
{
	uint8_t	 h[HASH_SIZE];
	size_t	 n;

	hash_sha256(h, data, len);
	n = (size_t)snprintf(f->etag, sizeof(f->etag), "W/\"");
	for (size_t i = 0; i < 12; i++)
		n += (size_t)snprintf(f->etag + n, sizeof(f->etag) - n, "%02x", (unsigned)h[i]);
	(void)snprintf(f->etag + n, sizeof(f->etag) - n, "\"");
}

/*
 * Every root-relative address of the page, and its <base>, gets the base path
 * in front. The page is ours: built from web/src/index.html.
 */
static struct str
with_base(struct str html, const char *base_path, struct err *e)
{
	struct buf	 b = { 0 };
	const char	*p = html.p, *end = html.p + html.len, *hit;

	while ((hit = memmem(p, (size_t)(end - p), "=\"/", 3)) != NULL) {
		buf_add(&b, p, (size_t)(hit - p) + 2);
		buf_cstr(&b, base_path);
		p = hit + 2;
		buf_byte(&b, '/');
		p++;
	}
	buf_add(&b, p, (size_t)(end - p));
	if (b.failed) {
		buf_free(&b);
		err_set(e, ERR_TEMP, "out of memory");
		return (STR_NONE);
	}
	page = b.p;
	return (buf_as_str(&b));
}

static int
add(const struct http_asset *a, const char *base_path, struct err *e)
{
	struct file		*f = &files[nfiles];
	struct str		 data = { (const char *)a->bytes, a->length };
	const unsigned char	*gz = a->gz;

	if (nfiles == FILES)
		return (err_set(e, ERR_BUG, "the web app has more than %d files", FILES));
	f->path = str_of(a->path);
	f->immutable = a->immutable;
	if (base_path[0] != '\0' && str_eq(f->path, STR(PAGE))) {
		if ((data = with_base(data, base_path, e)).p == NULL)
			return (-1);
		gz = NULL;		/* it is of the page as it was */
	}
	name_content(f, data.p, data.len);
	nfiles++;
	f->plain = make(f, a->content_type, data.p, data.len, NULL);
	if (gz != NULL)
		f->gzip = make(f, a->content_type, gz, a->gz_length, "gzip");
	if (!f->immutable)
		f->unchanged = make(f, NULL, "", 0, NULL);
	if (f->plain == NULL || (gz != NULL && f->gzip == NULL) || (!f->immutable && f->unchanged == NULL))
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (0);
}

int
static_start(const char *base_path, struct err *e)
{
	for (size_t i = 0; i < http_assets_count; i++)
		if (add(&http_assets[i], base_path, e) == -1)
			return (-1);
	return (0);
}

void
static_stop(void)
{
	for (size_t i = 0; i < nfiles; i++) {
		MHD_destroy_response(files[i].plain);
		if (files[i].gzip != NULL)
			MHD_destroy_response(files[i].gzip);
		if (files[i].unchanged != NULL)
			MHD_destroy_response(files[i].unchanged);
	}
	nfiles = 0;
	free(page);
	page = NULL;
}

bool
static_has(struct str path)
{
	for (size_t i = 0; i < nfiles; i++)
		if (str_eq(files[i].path, path))
			return (!str_eq(path, STR(PAGE)));
	return (false);
}

struct MHD_Response *
static_find(struct str path, bool gzip, const char *if_none_match, unsigned *status)
{
	for (size_t i = 0; i < nfiles; i++) {
		if (!str_eq(files[i].path, path))
			continue;
		if (files[i].unchanged != NULL && etag_matches(if_none_match, files[i].etag)) {
			*status = 304;
			return (files[i].unchanged);
		}
		return (gzip && files[i].gzip != NULL ? files[i].gzip : files[i].plain);
	}
	return (NULL);
}
