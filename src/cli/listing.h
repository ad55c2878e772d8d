/*
 * listing.h - what the listing commands share: the filters as options, one
 * snapshot of the store, and how rows come out; cli/ only.
 * Source:    design: the filter keys of the API are long options.
 * Trust:     as query.h.
 * Units:     as query.h.
 * Ownership: listing_open and listing_close.
 * Errors:    listing_open returns an exit code, having said why.
 */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include "answer/answer.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "store/query.h"

#define LISTING_KEY(key, what, text) { .name = key, .kind = CLI_TEXT, .arg = what, .many = true, .help = text }
#define LISTING_FILTERS									\
	LISTING_KEY("domain", "DOMAIN", "policy domain; in all filters a,b is or, !a is not, ~a contains"),	\
	{ .name = "t", .kind = CLI_TEXT, .arg = "30d|all",					\
	    .help = "the last so many complete days, or all" },					\
	{ .name = "from", .kind = CLI_DAY, .arg = "DAY", .help = "first day" },			\
	{ .name = "to", .kind = CLI_DAY, .arg = "DAY", .help = "last day" },			\
	LISTING_KEY("ip", "ADDRESS", "address of the sender, or a range like 192.0.2.0/24"),	\
	LISTING_KEY("country", "XX", "country of the address: DE, FR, unknown or reserved"),	\
	LISTING_KEY("asn", "NUMBER", "network of the address: 64500, or ~ and a part of its name"),	\
	LISTING_KEY("ptr", "NAME", "confirmed host name of the address, or the domain it is in; none, unconfirmed, unknown"),	\
	LISTING_KEY("hfrom", "DOMAIN", "header_from: the domain in From:"),			\
	LISTING_KEY("efrom", "DOMAIN", "envelope_from: the bounce domain; <> or absent"),	\
	LISTING_KEY("reporter", "NAME", "who reported"),					\
	LISTING_KEY("spf", "RESULT", "SPF result before alignment: pass, fail, softfail, none, ..."),	\
	LISTING_KEY("dkim", "RESULT", "DKIM result before alignment"),				\
	LISTING_KEY("align", "HOW", "how it passed DMARC: both, dkim, spf, none, untold"),	\
	LISTING_KEY("disp", "WORD", "disposition: none, quarantine, reject, pass, other"),	\
	LISTING_KEY("reason", "TYPE", "why the receiver did not follow the policy, or none"),	\
	LISTING_KEY("selector", "NAME", "DKIM selector"),					\
	LISTING_KEY("sigdomain", "DOMAIN", "DKIM signing domain"),				\
	LISTING_KEY("spfdomain", "DOMAIN", "domain that SPF was checked for"),			\
	LISTING_KEY("sender", "ID", "sender, as dmarcd senders lists them"),			\
	LISTING_KEY("class", "CLASS", "class of the sender: own, service, candidate, forwarder, list, ..."),	\
	LISTING_KEY("health", "WORD", "how well its sender does: good, one_leg, mixed, failing, quiet"),	\
	LISTING_KEY("code", "CODE", "code of our explanation, P1 to F12"),			\
	LISTING_KEY("fwd", "WORD", "forwarded: certain, says the receiver; likely, by the pattern; or no"),	\
	LISTING_KEY("differs", "WORD", "yes: our own DMARC result is another one; or no"),	\
	LISTING_KEY("trust", "WORD", "of the report: authenticated, unauthenticated, unknown"),	\
	LISTING_KEY("apart", "WORD", "reports that do not count: yes, all; or no")

struct listing {
	struct cli_ctx		*ctx;
	struct store		*store;
	struct query		*q;
	struct query_filter	 filter;
	struct query_range	 range;
	enum cli_format		 format;
};

enum listing_mode {
	LISTING_MONTH,	/* without --t, --from and --to: 30 complete days */
	LISTING_EVER,	/* ... everything */
	LISTING_ROWS,	/* the command has no filters; it tells of rows, and who sent them */
	LISTING_PLAIN	/* it has no filters */
};
/* The filters of the command line alone, into an initialised one. */
int	 listing_filters(struct query_filter *, const struct cli_args *, enum listing_mode, struct err *);
/* more: an option that is a filter too, beyond LISTING_FILTERS; or NULL. */
int	 listing_open(struct listing *, struct cli_ctx *, const struct cli_args *, enum listing_mode, const char *more);
void	 listing_close(struct listing *);
/*
 * Finds out who sent what came since somebody looked, if the filter is about
 * that (NULL: the answer is). For a store without a transaction.
 */
void	 listing_senders(const struct cli_ctx *, struct store *, const struct query_filter *);
/* A new snapshot; what came out of the one before is gone. */
int	 listing_again(struct listing *, struct err *);
/* Says e and closes; the exit code. */
int	 listing_fail(struct listing *, const struct err *);
/* --limit; without it: that many rows of a table for people, everything else whole. */
size_t	 listing_limit(const struct listing *, const struct cli_args *, size_t people);
/* One object, one line; takes j. false: out of memory, which is said in *e. */
bool	 listing_json(struct json_t *j, struct err *e);

/* What 'dmarcd reports' lists: its columns, and one of them by its id; t NULL: as a line of JSON. */
struct listing_kind {
	const char			*name;		/* "failure reports" */
	const struct cli_column		*columns;
	size_t				 ncolumns;
	int				(*one)(struct listing *, struct cli_table *t, int64_t id, struct err *);	/* ERR_INPUT: it has gone */
};
/* All of these, a snapshot for every few; ids may live in the first one. total: how many there are beyond --limit. */
int	 listing_ids(struct listing *, const struct listing_kind *, const int64_t *ids, size_t n, uint64_t total, struct err *);
/* Two cells: whose report it is, and does it count? */
void	 listing_trust(struct cli_table *, enum trust, enum trust_apart);
/* "and 12 more with 345 messages" behind a table that is not whole, on standard error. */
void	 listing_note_more(const struct listing *, const struct query_breakdown *);
/* "30 days to 2026-05-31" before a table of sums, on standard error. */
void	 listing_note_range(const struct listing *);

#endif
