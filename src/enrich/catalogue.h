/*
 * catalogue.h - who sends mail, by the domains and selectors it is known by:
 * our list (senders.txt, built in) and what the operator adds to it.
 * Source:    our own research; senders.txt explains its form.
 * Trust:     the list is ours, additions are the operator's: both are checked,
 *            mistakes are named "file:line: sentence". Names that are looked up
 *            come from reports; nothing is done but comparing.
 * Units:     none.
 * Ownership: entries and their texts live as long as the catalogue.
 * Errors:    -1 or NULL with *e: ERR_CONFIG (see faults), ERR_TEMP (memory).
 */
#ifndef ENRICH_CATALOGUE_H
#define ENRICH_CATALOGUE_H

#include "base/base.h"

/* The numbers stand in the store. */
enum sender_kind {
	KIND_UNKNOWN, KIND_SERVICE, KIND_PROVIDER, KIND_FORWARDER, KIND_LIST, KIND_GATEWAY, KIND_HOSTING, KIND_ISP, KIND_COUNT
};
extern const char *const sender_kind_names[KIND_COUNT];	/* "unknown", "service", ... */

enum sender_aligns { ALIGNS_UNKNOWN, ALIGNS_YES, ALIGNS_NO, ALIGNS_DEDICATED, ALIGNS_COUNT };
extern const char *const sender_aligns_names[ALIGNS_COUNT];

enum catalogue_role { ROLE_DKIM, ROLE_BOUNCE, ROLE_PTR, ROLE_SPF, ROLE_COUNT };

struct catalogue_entry {
	const char		*name;
	enum sender_kind	 kind;
	enum sender_aligns	 aligns;
	const char		*setup_dkim, *setup_path;	/* NULL: not known */
	bool			 user;		/* the operator's */
	unsigned		 line;
	unsigned		 domains;	/* how many it has, selectors too */
};

struct catalogue;
extern const char	 catalogue_text[];	/* senders.txt, without its comments */

/*
 * Reads a list in the form of senders.txt; strict: unknown keys and kinds,
 * names out of order, bad or repeated domains are faults, one line each, of
 * which *e holds the first. file is the name they are given.
 */
struct catalogue	*catalogue_parse(const char *file, struct str text, struct buf *faults, struct err *e);
/* The list that is built in. */
struct catalogue	*catalogue_builtin(struct err *);
void			 catalogue_free(struct catalogue *);	/* NULL is fine */

/* An entry of the operator: it wins over ours, whatever is longer. Lists of names are separated by spaces; NULL: none. */
struct catalogue_user {
	const char	*name;
	const char	*kind;		/* NULL: service */
	const char	*any, *dkim, *bounce, *ptr, *spf, *selector;
};
int	 catalogue_add(struct catalogue *, const struct catalogue_user *, struct err *);
/* One domain or selector as catalogue_add takes it? */
bool	 catalogue_domain_ok(struct str);
bool	 catalogue_selector_ok(struct str);
enum sender_kind sender_kind_parse(struct str);		/* KIND_UNKNOWN: no such word */

size_t	 catalogue_size(const struct catalogue *);
const struct catalogue_entry *catalogue_at(const struct catalogue *, size_t);
const struct catalogue_entry *catalogue_named(const struct catalogue *, struct str name);	/* NULL: none */
/* The entry with the longest domain that is this one or stands above it. */
const struct catalogue_entry *catalogue_find(const struct catalogue *, enum catalogue_role, struct str domain);
const struct catalogue_entry *catalogue_selector(const struct catalogue *, struct str selector);
/* Of all entries: another number, and what is known of sources has to be looked at again. */
uint64_t catalogue_stamp(const struct catalogue *);

#endif
