/*
 * faults.h - what is wrong with a configuration, all of it, in the order of
 * the file; conf/ only.
 * Source:    none.
 * Trust:     sentences are escaped by those who write them.
 * Units:     lines from 1.
 * Ownership: faults_free gives the list back; file names are copied.
 * Errors:    failed is set when memory ran out.
 */
#ifndef CONF_FAULTS_H
#define CONF_FAULTS_H

#include "base/base.h"

struct fault {
	char		*text;		/* "file:line: sentence" */
	unsigned	 file, line, seq;
};

struct faults {
	const char	*name;		/* of the file that is being read */
	unsigned	 file;		/* its number */
	struct fault	*v;
	size_t		 n;
	bool		 failed;
};

void	 faults_add(struct faults *, unsigned line, const char *, ...) PRINTFLIKE(3, 4);
/* Sorted, one line each. */
void	 faults_print(struct faults *, struct buf *);
void	 faults_free(struct faults *);

#endif
