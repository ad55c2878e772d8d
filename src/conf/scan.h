/*
 * scan.h - the shape of a configuration file: statements, sections, names;
 * conf/ only.
 * Source:    dmarcd.conf(5); a subset of libconfuse's grammar.
 * Trust:     any bytes.
 * Units:     lines from 1; instance: the how-manieth section of its kind in
 *            this file, from 0.
 * Ownership: scan_free gives all back.
 * Errors:    everything wrong goes to faults; what is left in text is sound.
 *
 * libconfuse stops at the first thing it does not like, forgets on which line
 * a value stood, and keeps its lexer's state after an error. So this looks
 * first, names every fault of shape and every unknown or doubled name, and
 * hands over only sound statements, each on the line where it stood.
 */
#ifndef CONF_SCAN_H
#define CONF_SCAN_H

#include "base/base.h"
#include "conf/faults.h"
#include "conf/items.h"

struct scan_section {
	enum conf_section	 kind;
	unsigned		 instance, line;
	char			*title;		/* mailboxes: a good name, or NULL */
};

struct scan_place {
	const struct conf_item	*item;
	unsigned		 instance, line;
};

struct scan {
	struct buf		 text;		/* for libconfuse */
	struct scan_section	*sections;
	size_t			 nsections;
	struct scan_place	*places;
	size_t			 nplaces;
	bool			 failed;	/* out of memory */
};

void	 scan_file(struct scan *, struct str text, struct faults *);
void	 scan_free(struct scan *);
const struct scan_place *scan_find(const struct scan *, const struct conf_item *, unsigned instance);

#endif
