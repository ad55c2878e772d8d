/*
 * texts.h - the messages of src/explain/XX.txt, filled in.
 * Source:    en.txt says which there are; texts_data.c is made from the files.
 * Trust:     values are hostile text and stay text: they may look odd, so what
 *            is no plain name is put in quotes and cut. Escaping for a surface
 *            (terminal, JSON, page) is the caller's, on the whole sentence.
 * Units:     bytes.
 * Ownership: messages are constants; what is filled in goes to the caller's buf.
 * Errors:    false when the buf has failed; a missing message is our mistake,
 *            and its key is said instead.
 */
#ifndef EXPLAIN_TEXTS_H
#define EXPLAIN_TEXTS_H

#include "base/base.h"

struct explain_language {
	const char		*tag;		/* "en" */
	const char *const	*texts;		/* by number of key; NULL: say it in English */
};
extern const char *const explain_keys[];	/* in the order of strcmp */
extern const size_t explain_nkeys;
extern const struct explain_language explain_languages[];	/* English first */
extern const size_t explain_nlanguages;

/* Every {name} that messages use. */
#define EXPLAIN_NAMES(X)								\
	X(from)		/* domain in From: */						\
	X(domain)	/* policy domain: where the DMARC record is */			\
	X(sender)	/* who sent it, as people call it */				\
	X(setup_dkim) X(setup_path)							\
	X(ip) X(source)	/* the address, or several; what sends: a service's domain, or the address */	\
	X(spfd)		/* domain whose SPF was asked */				\
	X(spf_result) X(spf_error)							\
	X(sig) X(sel)	/* signing domain, selector */					\
	X(keyname)	/* SELECTOR._domainkey.DOMAIN */				\
	X(other)	/* the other domain that passed */				\
	X(reporter) X(day) X(what) X(zone) X(leg_text) X(dkim_leg) X(spf_snippet)	\
	X(tag)		/* adkim or aspf: the one that asks for strict */		\
	X(policy) X(policy_tag)	/* what was published for this name, and its tag */	\
	X(disposition) X(word) X(human) X(a) X(b) X(ok) X(all) X(day_from) X(day_to)	\
	X(first) X(n) X(name) X(enforce)						\
	X(m) X(failing) X(rate)	/* messages, those that failed, their share */
#define EXPLAIN_NAME_ENUM(name) NAME_##name,
enum explain_name { EXPLAIN_NAMES(EXPLAIN_NAME_ENUM) NAME_COUNT };

enum explain_kind {
	VALUE_ABSENT,	/* the message fact.NAME stands in */
	VALUE_NAME,	/* hostile: a name, in quotes unless it looks like one */
	VALUE_LABEL,	/* hostile: words of people, like a reporter's own name */
	VALUE_QUOTED,	/* hostile: stands in quotes of the message */
	VALUE_TEXT,	/* ours */
	VALUE_MESSAGE,	/* another message: text is its key */
	VALUE_LEG	/* the same, without the "SPF: " or "DKIM: " in front */
};
struct explain_value {
	enum explain_kind	 kind;
	struct str		 text;
};
struct explain_values { struct explain_value v[NAME_COUNT]; };

/* The text of a key in that language, else in English; NULL: there is no such message. */
const char	*explain_text(unsigned lang, const char *key);
/* A message with its values. */
bool		 explain_fill(struct buf *, unsigned lang, const char *key, const struct explain_values *);
/* By tag: "de", "pt-BR"; -1: none of ours. */
int		 explain_language(struct str tag);
/* The one of ours that an Accept-Language header likes best; English when none is. */
unsigned	 explain_accept(const char *header);
/* Letters, digits, dots, hyphens and underscores only: safe to copy into a zone. */
bool		 explain_plain_name(struct str);

#endif
