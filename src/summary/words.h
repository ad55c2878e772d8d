/*
 * words.h - the messages of src/summary/XX.txt, filled in; summary/ and alert/
 * only (and their tests).
 * Source:    en.txt says which there are; words_data.c is made from the files.
 *            Plural rules are those of Unicode's CLDR for whole numbers.
 * Trust:     values are hostile text and stay text; escaping for a surface
 *            (terminal, page, header) is the caller's, on the whole sentence.
 * Units:     rates from 0 to 1; days since the epoch.
 * Ownership: messages are constants; what is filled in goes to the caller's buf.
 * Errors:    a message that is missing is our mistake: its key is said instead.
 */
#ifndef SUMMARY_WORDS_H
#define SUMMARY_WORDS_H

#include "base/base.h"

struct words_language {
	const char		*tag;		/* "en" */
	const char *const	*texts;		/* by number of key; NULL: say it in English */
};
extern const char *const words_keys[];		/* in the order of strcmp */
extern const size_t words_nkeys;
extern const struct words_language words_languages[];	/* English first */
extern const size_t words_nlanguages;

enum word_kind {
	WORD_TEXT,	/* hostile or ours, as it is */
	WORD_NAME,	/* hostile: what could be read as words of ours stands in quotes */
	WORD_COUNT,	/* 12,480; {name, plural, ...} chooses by it */
	WORD_RATE,	/* part of whole: 98.3 % */
	WORD_POINTS,	/* the same, signed, without the sign for per cent: +0.4 */
	WORD_DAY	/* 17 May */
};
struct word {
	const char	*name;		/* as in {name}; NULL ends the list */
	enum word_kind	 kind;
	struct str	 text;
	uint64_t	 n;		/* WORD_COUNT */
	double		 rate;		/* not a number: a dash */
	int64_t		 day;
};
#define WORDS_END { .name = NULL }

/* By tag: "de", "pt-BR"; -1: none of ours. */
int	 words_language(struct str tag);
const char *words_text(unsigned lang, const char *key);
bool	 words_has(const char *key);
/* A message with its values; {n, plural, one {...} other {...}} is chosen by the language's rule. */
bool	 words_fill(struct buf *, unsigned lang, const char *key, const struct word *);
bool	 words_count(struct buf *, unsigned lang, uint64_t);
bool	 words_rate(struct buf *, unsigned lang, double);
bool	 words_points(struct buf *, unsigned lang, double);
bool	 words_day(struct buf *, unsigned lang, int64_t day);
/* 11-17 May 2026, or one day. */
bool	 words_span(struct buf *, unsigned lang, int64_t from, int64_t to);
/* A name of a stranger's choosing: in quotes and cut unless it looks like one. */
bool	 words_name(struct buf *, struct str);

#endif
