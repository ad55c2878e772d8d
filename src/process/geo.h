/*
 * geo.h - where addresses are, for a process of ours: which files it looks
 * into travels with its configuration; it opens them before it is locked in.
 * Source:    enrich/places.h.
 * Trust:     the parent's configuration.
 * Units:     none.
 * Ownership: the files stay open until the process ends.
 * Errors:    none that end anything: what cannot be opened is logged, and not
 *            known.
 */
#ifndef PROCESS_GEO_H
#define PROCESS_GEO_H

#include <jansson.h>

#include "conf/conf.h"

json_t	*geo_to_json(const struct conf_geo *);
void	 geo_begin(const json_t *);	/* as geo_to_json made it; logs */
/* The same for a command. -1: a file that the configuration names is not what it should be; nothing is known then. */
int	 geo_open(const struct conf_geo *, struct err *e);
void	 geo_close(void);

#endif
