/*
 * record.h - a DMARC record as it decides mail; faults are named elsewhere.
 * Source:    RFC 9989 4.7, 4.10.1; RFC 7489 6.3 for pct.
 * Trust:     any bytes from the DNS.
 * Units:     pct in per cent.
 * Ownership: results are values.
 * Errors:    the use says what came of it.
 */
#ifndef DMARC_RECORD_H
#define DMARC_RECORD_H

#include "base/base.h"

/* What may be asked for, from weak to strong. */
enum dmarc_request { REQUEST_NONE, REQUEST_QUARANTINE, REQUEST_REJECT, REQUEST_ABSENT };
extern const char *const dmarc_request_names[REQUEST_ABSENT];

enum record_use {
	RECORD_NO,	/* no DMARC record at all */
	RECORD_YES,
	RECORD_NONE,	/* p, sp or np is faulty, and there is a rua: the whole acts as p=none */
	RECORD_OFF	/* the same without rua: as if there were no DMARC */
};

struct dmarc_record {
	enum record_use	 use;
	enum dmarc_request	 p, sp, np;	/* sp, np: REQUEST_ABSENT when not given */
	bool		 strict_dkim, strict_spf;
	bool		 testing;	/* t=y */
	char		 psd;		/* 'u', 'y' or 'n' */
	unsigned	 pct;		/* RFC 7489 only */
};

/* text: the strings of one TXT record, joined. */
enum record_use	 dmarc_record_read(struct str text, struct dmarc_record *out);
/* Where aggregate reports go, as written; absent: nowhere. */
struct str	 dmarc_record_rua(struct str text);
/* One of none, quarantine, reject in any case; REQUEST_ABSENT for every other word. */
enum dmarc_request	 dmarc_request_read(struct str word);
enum dmarc_request	 dmarc_request_lower(enum dmarc_request);	/* one step, for t=y and pct */

#endif
