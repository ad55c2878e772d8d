/*
 * alert.h - what happens now that somebody should hear of: the model, the
 * rules over it, and what is remembered of what was said.
 * Source:    design: the table of rules. Deciding only; notify/ delivers.
 * Trust:     names are the reporters' and anything: escaped when they are said.
 * Units:     messages, sessions; days since the epoch, UTC; seconds since the
 *            epoch. No time is read here: now is always given.
 * Ownership: model and findings live in the arena of their query; a state is
 *            its opener's.
 * Errors:    -1 with *e as query.h; state: as io.h.
 *
 * Figures are those of complete days only, so that a Monday is no collapse.
 * What is about the clock (silence, mailboxes) goes by now.
 */
#ifndef ALERT_ALERT_H
#define ALERT_ALERT_H

#include "alert/limits.h"
#include "base/base.h"
#include "store/query.h"
#include "summary/summary.h"
#include "summary/words.h"

/* --- The model -------------------------------------------------------------------- */

#define ALERT_BASE	28	/* days that a day is held against */
#define ALERT_CATCH_UP	7	/* days that are judged when nobody looked for long */
#define ALERT_DAYS	(ALERT_BASE + ALERT_CATCH_UP + 7)	/* up to today */
#define ALERT_BASE_LEAST 7	/* days with a report that a median needs */

struct alert_request {
	const struct alert_limits	*limits;
	const struct str_list		*domains;	/* and all below; none: all */
	const struct summary_mailbox	*mailboxes;
	size_t				 nmailboxes;
	const struct str_list		*addresses;	/* that reports are to reach; NULL or none: not known */
	int64_t				 judged;	/* the day up to which it was judged before; DAY_NONE: never */
};

struct alert_day { uint64_t m, own /* of collateral: not forwarded */, collateral, unproven, leaked; bool known; /* there is a report */ };

struct alert_sender {
	int64_t			 id, first_day;
	struct str		 label;
	enum sender_class	 class;
	bool			 decided;
	uint64_t		 m, pass, was_m, was_pass;	/* of the week; of the 28 days before */
};

struct alert_tls { int64_t day; uint64_t ok, failed; };

struct alert_domain {
	struct str		 domain;
	int64_t			 first_ever, last_ever;	/* with a report; first_ever: in the days of the model */
	struct alert_day	 days[ALERT_DAYS];	/* from the model's first day */
	struct alert_sender	*senders;		/* own and services that lost something in the week */
	size_t			 nsenders;
	struct alert_sender	*fresh;			/* first seen in the week; m is all that was seen */
	size_t			 nfresh;
	struct alert_tls	*tls;			/* the last days before today */
	size_t			 ntls;
	struct str		 tls_result, tls_mx;	/* of most failures; absent: none */
	bool			 tls_expired;
	int64_t			 rung_day;		/* receivers began to see a stricter policy; DAY_NONE: no */
	struct str		 rung_was, rung_is;	/* "none", "quarantine", "reject" */
	uint64_t		 rung_reporters;
};

struct alert_reporter { struct str name; int64_t last_day; uint64_t usual_m, days; /* of its last seven */ };

/* A fix that somebody said was made, and what came of it. */
struct alert_watch { int64_t id; struct str domain, name, code; uint64_t m, pass; int64_t since; };

struct alert_model {
	struct query		*q;
	struct arena		*a;
	const struct alert_request *rq;
	int64_t			 now, today;
	int64_t			 through;	/* the last complete day; DAY_NONE: there is none */
	int64_t			 from;		/* the first day that is to be judged, at most through */
	int64_t			 first;		/* day of days[0] */
	int64_t			 heard;		/* until when we know that nothing came: now, or when a mailbox was last read */
	struct alert_domain	*domains;
	size_t			 ndomains;
	struct alert_reporter	*reporters;
	size_t			 nreporters;
	uint64_t		 usual_m;	/* of all reporters, a day */
	struct query_ingest	 ingest;
	struct alert_watch	*watches;	/* confirmed */
	size_t			 nwatches;
	const void		*dns;		/* what alert_load_dns() found, for its rules */
};

int	 alert_model_make(struct query *, const struct alert_request *, struct alert_model *out, struct err *);
struct alert_day *alert_day_of(const struct alert_model *, struct alert_domain *, int64_t day);	/* NULL: outside */

/* --- Findings ------------------------------------------------------------------------ */

#define ALERT_VALUES 14
struct alert_finding {
	enum alert_rule_id	 rule;
	enum summary_level	 level;
	struct str		 domain;	/* absent: none in particular */
	/*
	 * What exactly: "sender 41", "mailbox x". What was said of one is not
	 * said again while it lasts, unless weight has doubled.
	 */
	char			 about[96];
	uint64_t		 weight;	/* 0: it has none */
	/* Key of its sentence behind "alert.": "A7.reporter"; that + ".do" is what to do. alert.A7.limit is the threshold. */
	const char		*says;
	struct word		 values[ALERT_VALUES];	/* for the sentences and for JSON; ended by WORDS_END */
	char			 link[300];	/* below the address of the web app; "": none */
};
struct alert_findings { struct alert_finding *v; size_t n, max; bool failed; };
#define ALERT_FINDINGS 500

/* Another one, with what all of them have; NULL when there are too many, or no memory. */
struct alert_finding *alert_add(struct alert_findings *, enum alert_rule_id, enum summary_level, struct str domain, const char *says);
/* One more of its values. */
void	 alert_put(struct alert_finding *, struct word);
struct word	 alert_name(const char *name, struct str);	/* hostile */
struct word	 alert_text(const char *name, struct str);
struct word	 alert_count(const char *name, uint64_t);
struct word	 alert_rate(const char *name, double);
struct word	 alert_date(const char *name, int64_t day);
/* page with the domain and these days; no link to what is no name. */
void	 alert_link(struct alert_finding *, const char *page, int64_t from, int64_t to, const char *more);

struct alert_rule {
	const char	*id;		/* as in ALERT_RULES */
	bool		 event;		/* it happens and is over: nothing is said when it is no more */
	bool		 clock;		/* judged without a complete day, too */
	/* What the rule needs beside the model, from the store; NULL: nothing. */
	int		(*load)(struct alert_model *, struct err *);
	/* Pure: the model and the limits in, findings out. */
	void		(*judge)(struct alert_model *, const struct alert_limits *, struct alert_findings *);
};
extern const struct alert_rule	 alert_rules[ALERT_RULE_COUNT];	/* by enum alert_rule_id */

/* Everything that rules say of the model, whatever was said before. off: ids that are not asked. */
int	 alert_judge(struct alert_model *, const struct str_list *off, struct alert_findings *out, struct err *);

void	 alert_limits_default(struct alert_limits *);

#endif
