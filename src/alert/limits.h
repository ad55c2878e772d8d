/*
 * limits.h - the rules of alerts by name, and the numbers at which they say
 * something: one table for the configuration, the judges and the messages.
 * Source:    design: the table of rules; summary/model.c has the same over a
 *            period.
 * Trust:     none needed.
 * Units:     messages, days, per cent, hours, as each line says.
 * Ownership: constants.
 * Errors:    none.
 *
 * A new rule is a line in ALERT_RULES, its limits in ALERT_LIMITS, a function
 * in alert/rules.h, its messages alert.Ax... in the five files of summary/,
 * and dmarcd.conf(5).
 */
#ifndef ALERT_LIMITS_H
#define ALERT_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define ALERT_RULES(X)	\
	X(A1) X(A2) X(A3) X(A4) X(A5) X(A6) X(A7) X(A8) X(A9) X(A10) X(A11)

/* X(key, default, smallest, largest, help): alerts { key = ... } */
#define ALERT_LIMITS(X)	\
	X(a1_messages,	10,	1,	1000000,	"A1: own messages of a day that were put aside or refused") \
	X(a1_per_mille,	5,	0,	1000,		"A1: and so many of a thousand of the day's mail") \
	X(a1_times,	3,	1,	1000,		"A1: or, forwarded mail included, twice so many messages more than this many times the median of 28 days") \
	X(a2_messages,	50,	1,	1000000,	"A2: messages of a sender in a week") \
	X(a2_points,	10,	1,	100,		"A2: per cent of its mail that pass no more, against 28 days before") \
	X(a2_z,		3,	1,	100,		"A2: how far beyond chance that is, in standard deviations") \
	X(a5_messages,	10,	1,	1000000,	"A5: messages of a sender that was never seen before") \
	X(a6_messages,	500,	1,	1000000000,	"A6: messages of a day that are not proven yours") \
	X(a6_times,	5,	1,	1000,		"A6: and so many times the median of 28 days") \
	X(a6_leaked,	50,	0,	100,		"A6: per cent of them let through: then it is urgent") \
	X(a7_days,	3,	1,	30,		"A7: days without a report about a domain that had them daily") \
	X(a7_share,	20,	1,	100,		"A7: per cent of all mail that a silent reporter told of") \
	X(a8_hours,	6,	1,	720,		"A8: hours in which a mailbox could not be read") \
	X(a8_percent,	5,	1,	100,		"A8: per cent of a day's mails that could not be read") \
	X(a8_messages,	3,	1,	1000000,	"A8: and at least so many of them") \
	X(a9_percent,	1,	1,	100,		"A9: per cent of a day's TLS sessions that failed") \
	X(a9_sessions,	20,	1,	1000000,	"A9: of so many sessions at least") \
	X(a10_lookups,	9,	1,	10,		"A10: look-ups that an SPF record needs, of ten") \
	X(a10_bits,	1024,	512,	4096,		"A10: bits that a key has at most") \
	X(a10_days,	14,	1,	90,		"A10: days that the certificate of an MTA-STS policy still holds")

#define ALERT_LIMIT_FIELD(key, def, min, max, help) uint64_t key;
struct alert_limits { ALERT_LIMITS(ALERT_LIMIT_FIELD) };
#undef ALERT_LIMIT_FIELD

#define ALERT_RULE_ENUM(id) ALERT_##id,
enum alert_rule_id { ALERT_RULES(ALERT_RULE_ENUM) ALERT_RULE_COUNT };
#undef ALERT_RULE_ENUM

#define ALERT_RULE_NAME(id) #id,
static const char *const	 alert_rule_ids[ALERT_RULE_COUNT + 1] = { ALERT_RULES(ALERT_RULE_NAME) NULL };
#undef ALERT_RULE_NAME

#endif
