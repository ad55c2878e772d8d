/*
 * items.h - every key of the configuration in one table; conf/ only (and the
 * test that compares it with dmarcd.conf(5)).
 * Source:    dmarcd.conf(5).
 * Trust:     none needed.
 * Units:     min and max in seconds, bytes or plain numbers, by type.
 * Ownership: constants.
 * Errors:    item_set: -1 with *e (ERR_CONFIG), a sentence without the place.
 */
#ifndef CONF_ITEMS_H
#define CONF_ITEMS_H

#include "base/base.h"
#include "conf/conf.h"

enum conf_section { CONF_SEC_ROOT, CONF_SEC_MAILBOX, CONF_SEC_HTTP, CONF_SEC_STORE, CONF_SEC_TRUST, CONF_SEC_SENDER, CONF_SEC_GEO,
	CONF_SEC_RESOLVER, CONF_SEC_LIMITS, CONF_SEC_SMTP, CONF_SEC_SUMMARY, CONF_SEC_ALERTS, CONF_SECTIONS };

/* Sections that may stand several times, each with a name. */
static inline bool
conf_titled(enum conf_section s)
{
	return (s == CONF_SEC_MAILBOX || s == CONF_SEC_SENDER || s == CONF_SEC_SUMMARY);
}

/* Where a section that stands once is in struct conf; what stands outside of sections is in it itself. */
extern const size_t	 conf_section_off[CONF_SECTIONS];

enum conf_type {
	CONF_TEXT,	/* UTF-8 without control characters */
	CONF_PATH,	/* as text; begins with a slash */
	CONF_WORD,	/* one of words; kept as its place in the list */
	CONF_BOOL,
	CONF_COUNT,
	CONF_TIME,	/* 30, 30s, 5m, 12h, 7d, 2w, 1y */
	CONF_SIZE,	/* 4096, 64k, 25M, 1G */
	CONF_NAMES	/* one, or { "a", "b" }: a struct str_list, each name once and in lower case */
};

struct conf_item {
	enum conf_section	 section;
	const char		*name;
	enum conf_type		 type;
	size_t			 off, size;	/* of the field in the section's struct */
	uint64_t		 min, max;	/* for text: bytes; for names: how many */
	const char		*def;		/* as in the file; NULL: none, or from limits.h */
	const char		*words;		/* CONF_WORD: "imap|pop3"; CONF_NAMES: "domain", "host", "authserv-id", "selector", "server", "address", "network", "mail", "rule" or "mute" */
	const char		*help;		/* also shown in dmarcd.conf(5) */
	/* for what is not a field of its own */
	int			 (*set)(void *base, const char *, struct err *);
	void			 (*get)(const void *base, struct buf *);
};

extern const struct conf_item	 conf_items[];
extern const size_t		 conf_nitems;
extern const char *const	 conf_section_names[CONF_SECTIONS];	/* "" for the root */

/* Where a key stands, or with item NULL a section; index: which of its kind, over all files. */
struct conf_place { enum conf_section section; unsigned index, file, line; const struct conf_item *item; };

const struct conf_item *item_find(enum conf_section, struct str name);
/* Checks value and puts it into base, the struct of the item's section; adds it to a list of names. */
int	 item_set(const struct conf_item *, void *base, const char *value, struct err *e);
/* "name = value" as item_set reads it; nothing for a text that is not set. */
void	 item_print(const struct conf_item *, const void *base, struct buf *);
/* The item's smallest and largest value in its own writing: "30s", "1G". */
void	 item_number(const struct conf_item *, uint64_t, struct buf *);
/* In double quotes, so that the file's grammar gives s back. */
void	 item_quote(struct buf *, const char *s);

#endif
