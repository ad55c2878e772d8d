/*
 * container.h - packed bytes to the documents inside, chosen by their first
 * bytes and by nothing else; as a stream where the format allows it.
 * Source:    RFC 1952 (gzip), APPNOTE (zip); 7z, xz, bzip2, tar through libarchive.
 * Trust:     hostile. Sizes and ratio are counted while unpacking, never
 *            believed; names are not used; nesting and entries are bounded.
 * Units:     bytes.
 * Ownership: bytes handed to the sink live for the call.
 * Errors:    what is wrong with the input goes to the sink (end with a reason,
 *            or unreadable); -1 with *e is the sink's own error or ERR_TEMP.
 */
#ifndef DECODE_CONTAINER_H
#define DECODE_CONTAINER_H

#include "base/base.h"
#include "base/limits.h"

enum payload_kind { PAYLOAD_XML, PAYLOAD_JSON };

/* Beside the quirks of report/quirk.h, for quirk(): the document was base64 that nothing had declared. */
#define CONTAINER_BASE64 ((uint64_t)1 << 63)

struct container_sink {
	int	(*begin)(void *, enum payload_kind, struct err *);
	int	(*data)(void *, const void *, size_t, struct err *);
	/* broken: NULL when whole and sound, else why it is not */
	int	(*end)(void *, const struct err *broken, struct err *);
	/* a container that gave nothing to read; why says it */
	int	(*unreadable)(void *, const struct err *why, struct err *);
	void	(*quirk)(void *, uint64_t);
	/* what was packed is the word "unused" (seen from large providers): no report, and no fault */
	void	(*unused)(void *);
};

struct container;

struct container *container_new(const struct limits *, const struct container_sink *, void *ctx);
/* What is not unpacked when the process has computed so long (when_cpu_ms) is given up as too slow. */
void		 container_deadline(struct container *, int64_t cpu_ms);
/* A mail or file begins: what its parts unpack to is counted together, too. */
void		 container_mail(struct container *);
/* text: a text part of a mail, taken only if it begins as a report does. */
void		 container_begin(struct container *, bool text);
int		 container_feed(struct container *, const void *, size_t, struct err *);
int		 container_finish(struct container *, struct err *);
/*
 * While one of the sink's calls is made: the entry of an archive that it is
 * about, by its name without folders, or "#" and its number; "": none.
 */
const char	*container_entry(const struct container *);
void		 container_free(struct container *);	/* NULL is fine */

#endif
