/*
 * mmdb_write.h - makes files in MaxMind's form, for tests.
 * Source:    the MaxMind DB file format specification, version 2.0.
 * Trust:     none needed.
 * Units:     none.
 * Ownership: struct mmdb_write by new/free.
 * Errors:    aborts without memory.
 */
#ifndef MMDB_WRITE_H
#define MMDB_WRITE_H

#include "base/base.h"

enum mmdb_shape {
	MMDB_COUNTRY,	/* country.iso_code, as GeoLite2 has it */
	MMDB_FLAT,	/* country_code */
	MMDB_ASN,	/* autonomous_system_number, autonomous_system_organization */
	MMDB_OTHER	/* nothing that is known to us */
};

struct mmdb_write;
struct mmdb_write	*mmdb_write_new(enum mmdb_shape);
void			 mmdb_write_free(struct mmdb_write *);
/* An IPv4 or IPv6 network; what is within one added earlier wins over it. */
void			 mmdb_write_add(struct mmdb_write *, const char *net, unsigned bits, const char *country, uint32_t asn, const char *name);
void			 mmdb_write_make(struct mmdb_write *, uint64_t build_epoch, struct buf *out);

#endif
