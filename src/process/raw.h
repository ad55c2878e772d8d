/*
 * raw.h - the document inside a kept original, for a person to look at.
 * Source:    ours.
 * Trust:     the original is hostile and so are the bytes that come out; a
 *            decoder process unpacks it, the caller never looks inside.
 * Units:     bytes; payload counts the reports of one message from 0.
 * Ownership: fd stays the caller's; what out is given lives for the call.
 * Errors:    -1 with *e: ERR_INPUT (there is no such payload, or it cannot be
 *            unpacked), ERR_LIMIT, ERR_TEMP, or what out asked for by
 *            returning -1 (ERR_TEMP).
 * Takes up to limits.seconds: to be called from a thread that may wait. Safe
 * in several threads at once.
 */
#ifndef PROCESS_RAW_H
#define PROCESS_RAW_H

#include "base/base.h"

enum raw_kind {
	RAW_XML,	/* the report's text, UTF-8, as the parser was given it */
	RAW_CONTAINER	/* what was attached: the gzip or zip file, or the plain text */
};

int	 raw_extract(int fd, uint64_t offset, uint64_t bytes, unsigned payload, enum raw_kind,
	    int (*out)(void *arg, const void *, size_t), void *arg, struct err *);

#endif
