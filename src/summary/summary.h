/*
 * summary.h - what a day, a week or a month means: the model, and how it reads
 * as text, HTML, JSON and CSV.
 * Source:    design: the summary mail; the figures are those of the API for
 *            the same filter, since they are asked for in the same way.
 * Trust:     names in the model are the reporters' and anything: each rendering
 *            escapes for its surface, on whole sentences.
 * Units:     messages; days since the epoch, inclusive, UTC; TLS sessions.
 * Ownership: a model lives in its query's arena, until query_end.
 * Errors:    -1 with *e as query.h; false: out of memory.
 *
 * A period is made of complete days: it ends at the day through which the
 * usual reporters have reported. When none have for LAG_MOST days, it ends on
 * the last day that could be complete, and says that it is not: then nothing
 * is compared.
 */
#ifndef SUMMARY_SUMMARY_H
#define SUMMARY_SUMMARY_H

#include "base/base.h"
#include "store/query.h"

struct explanation;
struct json_t;

enum summary_period { PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_DAYS /* from..to */ };
extern const char *const summary_period_names[];	/* "day", "week", "month", "days" */

/* A mailbox, by what its fetcher says of itself. */
struct summary_mailbox {
	const char	*name;
	const char	*error, *remedy;	/* NULL: none */
	int64_t		 last_success;		/* 0: never */
};

struct summary_request {
	enum summary_period		 period;
	int64_t				 from, to;	/* DAY_NONE: by the period */
	const struct query_filter	*filter;	/* domain only; NULL: all */
	/* Names that stand for themselves and all below, as the configuration has them; n 0: the filter decides. */
	const struct str_list		*domains;
	const struct summary_mailbox	*mailboxes;
	size_t				 nmailboxes;
	const char			*base_url;	/* of the web app, without a slash at its end; NULL: no links */
	/* For a list to work off (tasks.h): each sender to review is an item of its own, and what can wait is one, too. */
	bool				 tasks;
};

enum summary_kind {
	ITEM_HURT,		/* n of its own messages put aside or refused, by sender */
	ITEM_SILENT,		/* no report about the domain since day; no domain: about any */
	ITEM_MAILBOX,		/* a mailbox cannot be read */
	ITEM_BROKE,		/* a sender's share of passing mail fell from was to rate */
	ITEM_UNREADABLE,	/* n of of messages could not be read */
	ITEM_FAILING,		/* n of of messages of a sender fail */
	ITEM_TLS,		/* n of of TLS sessions failed */
	ITEM_HURT_FORWARDED,	/* as hurt, of mail that was forwarded */
	ITEM_SURGE,		/* n messages that are not proven, was before; other of them let through */
	ITEM_REVIEW,		/* nobody has decided about a sender with n of of messages; other: so many more */
	ITEM_REPORTER,		/* a usual reporter is silent since day */
	/* of tasks only: */
	ITEM_POLICY,		/* at p=none; n of one's own messages, rate of them pass, other are not proven */
	ITEM_QUARANTINE,	/* n messages wait in quarantine */
	ITEM_KINDS
};
extern const char *const summary_kind_names[ITEM_KINDS];	/* "hurt", ...: also in keys of messages */

enum summary_level { LEVEL_URGENT, LEVEL_WARN, LEVEL_INFO };
extern const char *const summary_level_names[];

struct summary_item {
	enum summary_kind	 kind;
	enum summary_level	 level;
	struct str		 domain;	/* absent: none in particular */
	int64_t			 sender;	/* 0: none */
	struct str		 name;		/* of the sender, mailbox, reporter, or kind of TLS failure */
	uint64_t		 n, of, was, other;
	double			 rate, rate_was;	/* not a number: not known */
	int64_t			 day;		/* DAY_NONE: none */
	unsigned		 code;		/* of explain; 0: none */
	const struct explanation *why;		/* NULL: none */
	struct str		 text, remedy;	/* ours, said elsewhere already */
	char			 link[300];	/* below base_url; "": none */
};

struct summary_domain {
	struct str		 domain;
	const char		*status, *cause;	/* as in the overview */
	struct str		 policy;		/* "reject", absent: not known */
	bool			 testing;
	struct query_counts	 counts, prev;
	int64_t			 last_ever;
	uint64_t		 reports;
};

struct summary_sender {
	int64_t			 id;
	struct str		 domain, label;
	enum sender_class	 class;
	bool			 decided;
	uint64_t		 m;
};

struct summary_change { int64_t day; struct str domain, was, is; uint64_t reporters; };

enum { SUMMARY_DNS_OTHER, SUMMARY_DNS_NEW, SUMMARY_DNS_GONE };
struct summary_dns {		/* a record of ours became another one */
	int64_t			 day;
	struct str		 domain, name, selector;	/* selector: of a key */
	unsigned		 kind;		/* enum txt_kind */
	unsigned		 change;
};

struct summary_fix {		/* that somebody reported, and what mail of later days says */
	int64_t			 sender;
	struct str		 name, domain;	/* domain absent: all */
	unsigned		 code;
	unsigned		 verdict;	/* enum watch_verdict of store/todo.h */
	int64_t			 day, through;	/* of the change; the last day that counted, DAY_NONE: none yet */
	uint64_t		 m, bad, pass;	/* messages of the days after it */
};

struct summary {
	enum summary_period	 period;
	int64_t			 from, to, complete_through, made;
	int64_t			 prev_from, prev_to;
	bool			 complete;	/* the usual reporters have reported through to */
	bool			 compared;	/* there is mail in both periods */
	bool			 empty;		/* there has never been a report */
	uint64_t		 ndomains_with_mail;
	struct query_counts	 counts, prev;
	struct summary_domain	*domains;	/* the most severe first */
	size_t			 ndomains;
	struct summary_item	*items;		/* the worst first */
	size_t			 nitems, nneeds;	/* nneeds: of them urgent or warn */
	struct summary_sender	*senders;	/* new, the largest first */
	size_t			 nsenders;
	uint64_t		 nsenders_all;
	struct query_fresh	 fresh;
	struct summary_change	*changes;
	size_t			 nchanges;
	struct summary_dns	*dns;		/* the latest first */
	size_t			 ndns;
	struct summary_fix	*fixes;		/* the latest first */
	size_t			 nfixes;
	uint64_t		 reporters, reports;
	uint64_t		 messages, unreadable, ignored;	/* mails taken in */
	bool			 intake;	/* the three are known for the period */
	const struct summary_mailbox *mailboxes;
	size_t			 nmailboxes;
	uint64_t		 tls_ok, tls_failed;
	struct str		 only;		/* the domain, when it is about one; absent else */
	const char		*base_url;
};

int	 summary_make(struct query *, const struct summary_request *, struct summary *out, struct err *);
/* For so long that somebody has to look. */
bool	 summary_mailbox_fails(const struct summary_mailbox *, int64_t now);
/* All well: nothing needs anybody. */
bool	 summary_quiet(const struct summary *);

int	 summary_language(struct str tag);	/* -1: none of ours */
const char *summary_language_tag(unsigned lang);	/* NULL past the last */

/* The worst fact in one line, without a prefix; safe for a header: no control characters. */
bool	 summary_subject(struct buf *, const struct summary *, unsigned lang);
/*
 * stop: how to end these mails, for the footer; NULL: no footer. Text is
 * wrapped by us, as its tables must keep their shape; safe for terminals.
 */
bool	 summary_text(struct buf *, const struct summary *, unsigned lang, const char *stop);
bool	 summary_html(struct buf *, const struct summary *, unsigned lang, const char *stop);
struct json_t *summary_json(const struct summary *, unsigned lang);	/* NULL: out of memory */
bool	 summary_csv(struct buf *, const struct summary *);	/* one line for each domain */

#endif
