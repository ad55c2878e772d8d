/*
 * thresholds.h - every number that decides who a source is, what class a
 * sender has, and how well it does.
 * Source:    design, part 4 of the web pages; those marked "tuned" were tried
 *            on generated months (tests/unit/test_truth.c).
 * Trust:     none needed.
 * Units:     shares in per cent; counts in messages.
 * Ownership: constants.
 * Errors:    none.
 */
#ifndef ENRICH_THRESHOLDS_H
#define ENRICH_THRESHOLDS_H

/* A piece of evidence names a source when it covers this share of what names it at all. */
#define IDENTITY_SHARE		20

/* own: proven by the domain itself, often and steadily */
#define OWN_PASS		90
#define OWN_MESSAGES		50
#define OWN_DAYS		3

/* list, forwarder: this share of the messages came over it from elsewhere */
#define FORWARD_SHARE		50
/* of these, as many with reasons that speak of lists, or broken by it, make it a list */
#define LIST_SHARE		50
/* tuned: a signature is borrowed where at most this share of its valid mail comes from */
#define BORROWED_SHARE		25
/* tuned: and only when it was seen valid so often elsewhere */
#define BORROWED_MESSAGES	20
/* a selector is sound when this share of what its own senders sign verifies */
#define SELECTOR_SOUND		95

/* suspect: no proof at all, and ... */
#define SUSPECT_MESSAGES	10
#define SUSPECT_STOPPED		90
#define SUSPECT_NETWORKS	3	/* networks (AS) that share one bounce domain */
/* tuned: a sender without proof that is there on this share of the days, that many of them, is no wave of imitation */
#define STEADY_SHARE		60
#define STEADY_DAYS		14

/* noise: fewer than this in NOISE_DAYS days */
#define NOISE_MESSAGES		10
#define NOISE_DAYS		30

/* Classes are inferred from a sender's mail of the last days that it was seen within. */
#define CLASS_WINDOW_DAYS	90

/* health */
#define HEALTH_GOOD		98
#define HEALTH_LEG		90
#define HEALTH_MIXED		50
#define HEALTH_QUIET_DAYS	30

#endif
