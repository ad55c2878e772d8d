/*
 * rules.h - the functions of the table of rules; alert/ only. Each rule's
 * loader and judge may live in a file of its own.
 * Source:    design: the table of rules.
 * Trust:     as alert.h.
 * Units:     as alert.h.
 * Ownership: as alert.h.
 * Errors:    as alert.h.
 */
#ifndef ALERT_RULES_H
#define ALERT_RULES_H

#include "alert/alert.h"

typedef void	 alert_judge_fn(struct alert_model *, const struct alert_limits *, struct alert_findings *);
typedef int	 alert_load_fn(struct alert_model *, struct err *);

alert_judge_fn	 alert_hurt;		/* A1 */
alert_judge_fn	 alert_broke;		/* A2 */
alert_judge_fn	 alert_dmarc;		/* A3: dns.c, as the next and A10 */
alert_judge_fn	 alert_breaks;		/* A4 */
alert_judge_fn	 alert_new_sender;	/* A5 */
alert_judge_fn	 alert_surge;		/* A6 */
alert_judge_fn	 alert_silent;		/* A7 */
alert_judge_fn	 alert_intake;		/* A8 */
alert_judge_fn	 alert_tls;		/* A9 */
alert_judge_fn	 alert_limits_near;	/* A10 */
alert_judge_fn	 alert_good;		/* A11 */
alert_load_fn	 alert_load_dns;	/* once for all three */

/* Does the request ask about this domain? */
bool	 alert_wanted(const struct alert_model *, struct str domain);

/* The median of a value of the known days before day; -1: too few of them are known. */
int64_t	 alert_median(const struct alert_model *, const struct alert_domain *, int64_t day, uint64_t (*value)(const struct alert_day *));

#endif
