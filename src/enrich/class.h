/*
 * class.h - what a sender is to a domain (class) and how well its mail does
 * (health): pure functions over its sums.
 * Source:    design, part 4: two separate axes; the first rule that fits.
 * Trust:     sums over what receivers reported.
 * Units:     counts in messages, days.
 * Ownership: none.
 * Errors:    none.
 */
#ifndef ENRICH_CLASS_H
#define ENRICH_CLASS_H

#include "base/base.h"
#include "enrich/identity.h"

/* The numbers stand in the store; the order is that of the rules. */
enum sender_class {
	CLASS_UNKNOWN, CLASS_IMPOSTOR, CLASS_OWN, CLASS_LIST, CLASS_FORWARDER, CLASS_SERVICE, CLASS_CANDIDATE, CLASS_SUSPECT, CLASS_NOISE,
	CLASS_COUNT
};
extern const char *const sender_class_names[CLASS_COUNT];	/* "unknown", "impostor", ... */
extern const char *const sender_class_labels[CLASS_COUNT];	/* as shown to people */
/* -1: no such word. A person may decide all but suspect and noise. */
int	 sender_class_parse(struct str);
bool	 sender_class_decidable(enum sender_class);

/* What failing mail of it counts as. */
enum sender_fate { FATE_UNKNOWN, FATE_FIX, FATE_FORWARDED, FATE_COUNT };
enum sender_fate sender_class_fate(enum sender_class);

/*
 * Does it hand on what others send you? The class says so, or what kind of host
 * it is, unless it is one of your senders.
 */
bool	 sender_relays(enum sender_kind, enum sender_class);

enum known { NOT_KNOWN, KNOWN_NO, KNOWN_YES };	/* what waits for DNS */

struct class_facts {
	uint64_t		 m, pass;	/* pass: aligned, by our own reading */
	uint64_t		 spf;		/* aligned SPF pass */
	uint64_t		 dkim;		/* aligned DKIM pass that is its own, not carried on */
	uint64_t		 certain;	/* forwarded, says the receiver (W1); of these: */
	uint64_t		 certain_list;	/* it speaks of a mailing list, */
	uint64_t		 certain_plain;	/* or of forwarding; the rest is about ARC */
	uint64_t		 likely;	/* forwarded by the pattern (W2) and not certain */
	uint64_t		 broken;	/* of certain and likely: the domain's signature was broken */
	uint64_t		 resigned;	/* broken, and validly signed by who delivered it */
	uint64_t		 stopped;	/* failing, put into quarantine or refused */
	unsigned		 days;		/* with mail */
	unsigned		 span;		/* from the first to the last of them, both included */
	const struct catalogue_entry *entry;	/* that it was found to be; NULL: none */
	enum sender_kind	 kind;		/* of the entry */
	enum identity_how	 how;
	bool			 list_host;	/* a name of it speaks of lists */
	bool			 near_own;	/* its network holds servers that prove the domain */
	/* from DNS */
	enum known		 direct;	/* a direct ip4, ip6, a or mx of the domain's SPF covers it */
	enum known		 ptr;		/* it has a confirmed host name; and that is */
	bool			 dialup;	/* like those of access lines */
	unsigned		 networks;	/* AS that share its bounce domain; 0: not known */
};

enum sender_class	 class_infer(const struct class_facts *, enum confidence *out);
/* So little that it is folded into one line. */
bool			 class_is_noise(uint64_t pass, uint64_t m, unsigned span);

enum sender_health { HEALTH_OF_NONE, HEALTH_IS_GOOD, HEALTH_ONE_LEG, HEALTH_IS_MIXED, HEALTH_FAILING, HEALTH_QUIET, HEALTH_COUNT };
extern const char *const sender_health_names[HEALTH_COUNT];	/* "none", "good", "one_leg", ... */
/* m 0 and no mail for HEALTH_QUIET_DAYS: quiet. since: days since its last mail. */
enum sender_health	 health_of(uint64_t m, uint64_t pass, uint64_t spf, uint64_t dkim, int64_t since);

#endif
