/*
 * mmdb.h - files in MaxMind's form that an operator names instead of ours.
 * Source:    libmaxminddb(3); fields as in GeoLite2 Country, City and ASN, and
 *            as in files that have country_code at the top.
 * Trust:     the operator chose the file; what is wrong in it is found when it
 *            is opened, or a look-up finds nothing. It is mapped: see ranges.h.
 * Units:     none.
 * Ownership: struct mmdb by mmdb_open/mmdb_close; texts point into it.
 * Errors:    -1 with *e, ERR_CONFIG: a sentence with the file's name.
 */
#ifndef ENRICH_MMDB_H
#define ENRICH_MMDB_H

#include "enrich/ranges.h"

struct mmdb;
int		 mmdb_open(const char *path, enum ranges_kind, struct mmdb **out, struct err *e);
void		 mmdb_close(struct mmdb *);	/* NULL is fine */
/* As ranges_find. */
uint32_t	 mmdb_find(const struct mmdb *, const unsigned char *ip, unsigned ip_len, struct str *text);
int64_t		 mmdb_day(const struct mmdb *);
uint64_t	 mmdb_stamp(const struct mmdb *);
const char	*mmdb_type(const struct mmdb *);	/* as it calls itself; any bytes */

#endif
