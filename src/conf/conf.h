/*
 * conf.h - the configuration file, checked, with every default filled in.
 * Source:    dmarcd.conf(5); the grammar is libconfuse's.
 * Trust:     the operator's file: mistakes are named with file and line, all
 *            of them in one run; a secret itself never stands in it.
 * Units:     seconds for times, bytes for sizes, in what this struct holds.
 * Ownership: conf_free gives everything back.
 * Errors:    conf_load returns NULL with *e set (ERR_CONFIG) and, for every
 *            fault, one line "file:line: sentence" in faults.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "alert/limits.h"
#include "base/base.h"
#include "base/limits.h"
#include "dmarc/trust.h"
#include "enrich/catalogue.h"

enum conf_protocol { CONF_IMAP, CONF_POP3 };
enum conf_tls { CONF_TLS_IMPLICIT, CONF_TLS_STARTTLS, CONF_TLS_NONE };	/* none: loopback only */
enum conf_after { CONF_AFTER_KEEP, CONF_AFTER_SEEN, CONF_AFTER_MOVE, CONF_AFTER_DELETE };

enum conf_suffixes { CONF_SUFFIXES_ALL, CONF_SUFFIXES_ICANN };

struct conf_mailbox {
	char			*name;		/* [A-Za-z0-9._-]{1,64}: it names files */
	enum conf_protocol	 protocol;
	char			*host;
	uint16_t		 port;		/* 993/143/995/110 by protocol and tls */
	enum conf_tls		 tls;
	char			*tls_ca_file;	/* NULL: the system's */
	char			*user;
	char			*password_file;	/* one of the two is set */
	char			*password_command;
	char			*folder;	/* IMAP: UTF-8, default INBOX */
	enum conf_after		 after;
	char			*after_folder;	/* with CONF_AFTER_MOVE */
	int64_t			 poll;		/* seconds between two looks */
	int64_t			 timeout;	/* seconds a command may take without progress */
	unsigned		 line;		/* where it stands in its file */
};

struct conf_http {
	bool	 enabled;
	char	*address;	/* numeric */
	uint16_t port;
	char	*base_path;	/* "" or "/reports": no slash at the end */
	struct str_list	 names;	/* of ours, in the Host header */
	char	*tls_certificate, *tls_key;	/* both or neither */
	struct str_list	 proxies;	/* addresses and networks of theirs */
	char	*proxy_address_header, *proxy_user_header;	/* the second may be NULL: they sign nobody in */
	int64_t	 session_idle, session_length;	/* seconds */
	char	*public_url;	/* NULL: no links in mails */
	bool	 metrics;	/* for Prometheus, at /metrics */
};

struct conf_store {
	int64_t	 keep_originals;	/* seconds; 0 keeps them for ever */
	int64_t	 keep_reports;		/* aggregate and TLS reports, and their figures; 0 for ever */
	int64_t	 keep_quarantine;
	int64_t	 keep_failures;		/* failure reports and their originals */
	bool	 keep_failure_bodies;
	unsigned redact;		/* none, local-parts, all: enum redact */
};

struct conf_resolver {		/* host names of addresses */
	bool		 enabled;
	struct str_list	 servers;	/* "192.0.2.53@53"; the only one "root"; none: the system's */
	unsigned	 rate;		/* questions a second */
	int64_t		 timeout;	/* seconds for all that is asked of one address */
	unsigned	 cache;		/* addresses of which names are kept */
	bool		 policies;	/* MTA-STS policies are looked at */
	char		*policy_ca_file;	/* NULL: the system's */
	struct str_list	 policy_server;	/* at most one, "192.0.2.1@443"; none: as the DNS says */
};

struct conf_geo {		/* see enrich/places.h */
	char	*country;	/* NULL: our own file; "none"; or a path */
	char	*network;
};

struct conf_smtp {		/* how mail of ours goes out */
	char		*host;		/* NULL: not by SMTP */
	uint16_t	 port;		/* 465, 587 or 25 by tls */
	enum conf_tls	 tls;
	char		*tls_ca_file;
	char		*user;		/* NULL: no login */
	char		*password_file;	/* with user: one of the two is set */
	char		*password_command;
	int64_t		 timeout;
	char		*sendmail;	/* instead of host: a program and its arguments, parted by blanks */
	char		*from;		/* NULL: no mail can be sent */
	char		*from_name;
	char		*subject_prefix;
	char		*unsubscribe;	/* mailto: or https:; NULL: mailto of from */
};

enum conf_period { CONF_DAY, CONF_WEEK, CONF_MONTH };	/* as enum summary_period */

/* When a period's mail is sent, local time. */
struct conf_when {
	int	 day;		/* of the week from 0, Sunday; of the month from 1; -1: the first that fits */
	int	 minutes;	/* since midnight */
};

struct conf_summary {
	char			*name;		/* as of mailboxes: it names files */
	struct str_list		 to;		/* addresses, normalised */
	struct str_list		 domains;	/* and all below; none: all */
	unsigned		 language;	/* a place in CONF_LANGUAGES */
	enum conf_period	 period;
	struct conf_when	 when;
	bool			 heartbeat;	/* send when all is well, too */
	bool			 per_domain;	/* one mail for each domain */
	unsigned		 line;
};
#define CONF_LANGUAGES "en|ru|pt|cs|de"

/* From one time of the day to another, local time, in minutes since midnight; from -1: never. */
struct conf_quiet { int from, to; };

struct conf_alerts {
	struct str_list		 to;		/* addresses, normalised */
	struct str_list		 domains;	/* and all below; none: all */
	struct str_list		 off;		/* ids of rules, lower case */
	struct str_list		 report_addresses;	/* where aggregate reports are to arrive, normalised */
	struct str_list		 mute;		/* "a6", "a6 example.org", "* example.org 2026-12-31" */
	unsigned		 language;
	struct conf_quiet	 quiet;
	bool			 quiet_urgent;	/* then urgent ones wait, too */
	unsigned		 digest;	/* more than so many at once are one message */
	int64_t			 interval;	/* seconds between two looks */
	unsigned		 attempts;	/* then a message is a dead letter */
	char			*webhook;	/* NULL: none */
	char			*webhook_secret_file;	/* at most one of the two */
	char			*webhook_secret_command;
	char			*webhook_ca_file;
	bool			 webhook_plain;	/* http: elsewhere than on this machine is meant */
	int64_t			 webhook_timeout;
	char			*command;	/* a program and its arguments; NULL: none */
	int64_t			 command_timeout;
	struct alert_limits	 limits;
};

struct conf_sender {		/* somebody who is not in our list, or otherwise */
	char			*name;
	int			 kind;		/* enum sender_kind, less one */
	struct str_list		 any, dkim, bounce, ptr, spf, selector;
	unsigned		 line;
};

struct conf_place;		/* where something was set: conf/ only */

struct conf {
	char			*path;		/* NULL: built-in defaults only */
	char			*state_dir;
	struct conf_mailbox	*mailboxes;
	size_t			 nmailboxes;
	struct conf_http	 http;
	struct conf_store	 store;
	struct conf_geo		 geo;
	struct conf_resolver	 resolver;
	struct limits		 limits;
	struct conf_sender	*senders;
	size_t			 nsenders;
	struct conf_smtp	 smtp;
	struct conf_summary	*summaries;
	size_t			 nsummaries;
	struct conf_alerts	 alerts;
	struct trust_settings	 trust;		/* with the domains that are ours */
	unsigned		 decoders;	/* 0: one per core */
	enum conf_suffixes	 suffixes;
	char			*warnings;	/* lines as faults, for what works but should not be; "": none */
	char			**files;	/* that were read: itself, then what it includes */
	size_t			 nfiles;
	struct conf_place	*places;
	size_t			 nplaces;
	bool			 state_given;	/* state_dir is not the file's */
};

/*
 * path NULL: no file, the defaults. state (--state or DMARCD_STATE) may be
 * NULL; it wins over the file. Faults are added to faults, one line each.
 */
struct conf	*conf_load(const char *path, const char *state, struct buf *faults, struct err *e);
/* The same from memory, for tests: opens no file, so include() is refused. */
struct conf	*conf_load_text(const char *name, struct str text, struct buf *faults, struct err *);
void		 conf_free(struct conf *);	/* NULL is fine */
/* The effective settings as a file that conf_load reads; secrets are only named by place. */
/* Is the address of the http section on this machine only? */
bool		 conf_http_loopback(const struct conf_http *);
void		 conf_print(const struct conf *, struct buf *out);
/*
 * show.c: every key for people who may see settings, but no secrets: of a
 * command that prints one, and of addresses and commands that may hold one,
 * there is no more than what kind of thing it is. f is called for each section,
 * with key NULL, and for each key of it; texts hold until it returns.
 */
enum conf_how { CONF_PLAIN, CONF_FROM_FILE /* value: its path */, CONF_FROM_COMMAND /* no value */, CONF_PART /* the rest of it is nobody's business */ };
struct conf_shown {
	const char	*section, *title;	/* "": the file itself; title NULL: it has none */
	const char	*key, *value;		/* as in the file, of a long list its beginning; NULL: nothing is set */
	enum conf_how	 how;
	bool		 set, cut;		/* set: not the default */
	const char	*file;			/* NULL: no file says it */
	unsigned	 line;
};
int		 conf_show(const struct conf *, int (*f)(void *, const struct conf_shown *), void *);
/*
 * The password: first line of the file, or of what the command prints within
 * CONF_COMMAND_MS. The caller wipes out (explicit_bzero of p, cap bytes) and
 * frees it. ERR_CONFIG when a person must act, ERR_TEMP when it may pass.
 */
#define CONF_COMMAND_MS	30000
int		 conf_password(const struct conf_mailbox *, struct buf *out, struct err *e);
int		 conf_smtp_password(const struct conf_smtp *, struct buf *out, struct err *e);
int		 conf_webhook_secret(const struct conf_alerts *, struct buf *out, struct err *e);
/* Where a webhook is: false when that is no address of one. loopback: on this machine. */
struct conf_url { char host[256]; uint16_t port; bool tls, loopback; };
bool		 conf_webhook_parts(const char *url, struct conf_url *out);
/* A line of mute: rule NULL is any, domain absent is all, until 0 is for ever. false: it is none. */
struct conf_mute { const char *rule; struct str domain; int64_t until; };
bool		 conf_mute_parts(const char *text, struct conf_mute *out);
/*
 * name@domain as it stands in a message and in SMTP: the domain in its ASCII
 * form, lower case. What cannot be sent to is refused by a sentence.
 */
#define CONF_ADDRESS_MAX 253
int		 conf_address(const char *, char out[CONF_ADDRESS_MAX + 1], struct err *e);

#endif
