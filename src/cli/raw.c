/*
 * raw.c - see raw.h. The mail comes straight from where it is kept; what is
 * inside it a decoder takes out, as no other process looks into mail.
 */
#include <errno.h>
#include <unistd.h>

#include "base/base.h"
#include "base/io.h"
#include "cli/cli.h"
#include "cli/raw.h"
#include "process/raw.h"
#include "store/store.h"

static int
out(void *arg, const void *p, size_t n)
{
	(void)arg;
	return (fwrite(p, 1, n, stdout) == n ? 0 : -1);
}

static int
whole(int fd, uint64_t offset, uint64_t bytes, struct err *e)
{
	char	 chunk[65536];
	size_t	 want;
	ssize_t	 n;

	for (; bytes > 0; offset += (uint64_t)n, bytes -= (uint64_t)n) {
		want = bytes < sizeof(chunk) ? (size_t)bytes : sizeof(chunk);
		if ((n = pread(fd, chunk, want, (off_t)offset)) == -1 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n <= 0)
			return (err_set(e, ERR_TEMP, "the kept original is shorter than it should be"));
		if (out(NULL, chunk, (size_t)n) == -1)
			return (err_set(e, ERR_TEMP, "standard output: %s", strerror(errno)));
	}
	return (0);
}

int
cli_message_raw(struct store *s, const char *id, bool kept, int64_t message, unsigned payload, enum cli_raw kind, bool revealed)
{
	struct err	 e = { 0 };
	uint64_t	 offset, bytes;
	int		 fd, rv;

	if (!kept) {
		cli_say("the original of report %s was not kept", id);
		return (CLI_SOME);
	}
	if (kind == CLI_RAW_MAIL && !revealed && store_original_private(s, message)) {
		cli_say("a failure report came in the same mail, which is shown by 'dmarcd report f... --reveal --raw mail' only");
		return (CLI_SOME);
	}
	if (store_original_open(s, message, &fd, &offset, &bytes, &e) == -1)
		return (cli_fail(&e));
	if (kind == CLI_RAW_MAIL)
		rv = whole(fd, offset, bytes, &e);
	else
		rv = raw_extract(fd, offset, bytes, payload, kind == CLI_RAW_ORIGINAL ? RAW_CONTAINER : RAW_XML, out, NULL, &e);
	(void)close(fd);
	return (rv == -1 ? cli_fail(&e) : CLI_OK);
}

int
cli_report_raw(struct cli_ctx *ctx, struct store *s, const struct query_report *r, enum cli_raw kind)
{
	char	 id[32];

	(void)ctx;
	(void)snprintf(id, sizeof(id), "%lld", (long long)r->id);
	return (cli_message_raw(s, id, r->kept, r->message, r->payload, kind, r->id == 0));
}
