/*
 * policies.h - MTA-STS policies of our own domains as they are published, and
 * the certificates of the servers that have them: whose is to be looked at,
 * what was found, and how others read it.
 * Source:    schema/0015-policies.sql; dmarc/sts.h. The visitor process looks
 *            (process/policies.c).
 * Trust:     words are those of web servers, escaped when they came.
 * Units:     seconds since the epoch, UTC.
 * Ownership: store_policy_get and _list: the struct query's until query_end;
 *            else the caller's.
 * Errors:    -1 with *e as in store.h.
 */
#ifndef STORE_POLICIES_H
#define STORE_POLICIES_H

#include "dmarc/name.h"
#include "dmarc/sts.h"
#include "store/store.h"

struct query;

/* What is wrong holds as seen twice when it was found again after so long. */
#define STORE_POLICY_TWICE	900
#define STORE_POLICY_WHY	256

struct store_policy {
	struct str	 domain;
	enum sts_seen	 state;
	struct str	 why;		/* in words; empty when it is sound */
	int64_t		 checked;	/* the latest look */
	int64_t		 since;		/* of the first that found that state */
	int64_t		 seen;		/* of the latest that saw a certificate; 0: none */
	int64_t		 not_after;	/* its end; 0: unknown */
	enum sts_mode	 mode;		/* of the latest sound policy */
	int64_t		 max_age;	/* -1: unknown */
	bool		 twice;
};
/* *out NULL: it has no _mta-sts record, or nobody has looked yet. */
int	 store_policy_get(struct query *, struct str domain, const struct store_policy **out, struct err *);
/* Of all domains of ours that have a record, in order of their names. */
int	 store_policy_list(struct query *, const struct store_policy **out, size_t *n, struct err *);

/* --- Writing: the ingester ------------------------------------------------------------ */

struct store_policy_due { char domain[DOMAIN_MAX + 1]; };
int	 store_policies_due(struct store *, int64_t now, struct store_policy_due *out, size_t max, size_t *n, struct err *);

struct store_policy_found {
	char		 domain[DOMAIN_MAX + 1];
	enum sts_seen	 state;
	int64_t		 not_after;	/* 0: no certificate was seen */
	enum sts_mode	 mode;
	int64_t		 max_age;	/* -1: unknown */
	char		 why[STORE_POLICY_WHY];
};
int	 store_policy_found(struct store *, const struct store_policy_found *, int64_t now, struct err *);

#endif
