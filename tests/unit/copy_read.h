/*
 * copy_read.h - a document of another program read by report/copy.h, with all
 * that came of it as text: for test_copy and fuzz_copy.
 * Source:    ours.
 * Trust:     the document is anything.
 * Units:     piece: bytes given at a time; 0: all at once.
 * Ownership: the caller's, cleared by copy_read_free.
 * Errors:    as copy_finish.
 */
#ifndef COPY_READ_H
#define COPY_READ_H

#include "recorder.h"
#include "report/copy.h"
#include "tls_recorder.h"

struct copy_all {
	struct recorder		 r;
	struct tls_recorder	 t;
	struct buf		 failures, refused;	/* a line for each */
	unsigned		 read, nfailures, nrefused;
};

int	 copy_read(struct copy_all *, const struct limits *, struct str doc, size_t piece, struct err *);
void	 copy_read_free(struct copy_all *);

#endif
