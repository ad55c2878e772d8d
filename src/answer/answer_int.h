/*
 * answer_int.h - making JSON, for the files of this room only.
 * Source:    schema/openapi.yaml.
 * Trust:     a_str makes any bytes valid UTF-8.
 * Units:     as answer.h.
 * Ownership: a_set and a_add take what they are given; a NULL (no memory) is
 *            found at the end, since jansson refuses it and the call says so.
 * Errors:    answer_done gives NULL with *e when anything was refused.
 */
#ifndef ANSWER_ANSWER_INT_H
#define ANSWER_ANSWER_INT_H

#include <jansson.h>

#include "answer/answer.h"

json_t	*a_str(struct str);		/* absent: null */
json_t	*a_text(const char *);		/* NULL: null */
json_t	*a_count(uint64_t);
json_t	*a_rate(uint64_t part, uint64_t whole);	/* null of nothing */
json_t	*a_day(int64_t);		/* DAY_NONE: null */
json_t	*a_time(int64_t);
json_t	*a_id(int64_t);			/* as text */
json_t	*a_counts(const struct query_counts *);
json_t	*a_host(const struct query_host *);	/* NULL: null */
/* Nobody asks the DNS for anything of it: null. seen: its policy as reports have it, or NULL. */
json_t	*a_dns(struct query *, struct str domain, const struct report_policy *seen, struct err *);
int	 a_applies(struct query *, struct str from, json_t **out, struct err *);
json_t	*a_legs(const struct query_legs *);
json_t	*a_policy(const struct report_policy *);
json_t	*a_reporter(struct str key, struct str label);
json_t	*a_message(int64_t received, struct str mailbox, uint64_t bytes, uint64_t token);	/* the mail a report came in; token 0: null */
json_t	*a_row_who(const struct query_row_who *);	/* nobody has looked yet: null */

/* What could not be made is remembered, so that makers need no checks. */
struct a_obj { json_t *j; bool failed; };
void	 a_set(struct a_obj *, const char *key, json_t *);
void	 a_add(struct a_obj *, json_t *);
struct a_obj	 a_object(void);
struct a_obj	 a_array(void);
json_t	*a_done(struct a_obj *);	/* NULL when anything failed */
json_t	*answer_oom(struct err *);

/* senders.c: {id,label,class}, or null; figures of the overview that depend on who sends; whose the groups by address are */
json_t	*answer_whose(const struct query_whose *);
int	 answer_sender_rates(const struct query_counts *, const struct query_counts *prev, json_t *rates, struct err *);	/* prev: or NULL */
int	 answer_groups_senders(struct query *, const struct query_filter *, const struct query_breakdown *, json_t *items, struct err *);

/* place.c */
struct place;
void		 answer_place(struct a_obj *, const struct place *);	/* country, asn, network, reserved */
bool		 answer_geo_there(void);
struct json_t	*answer_geo(void);

/* explain.c: title, what to do, what was checked; of a row, a cause, a message */
struct explanation;
void	 a_explained(struct a_obj *, unsigned lang, const struct explanation *);

/* quarantine.c: parts of answer_ingest */
struct json_t	*answer_actions(const struct query_ingest *, const struct answer_intake *);
struct json_t	*answer_removed(const struct query_ingest *);
struct json_t	*answer_quarantine_sum(const struct query_ingest *, const struct answer_intake *);

/* hosts.c: a part of answer_ingest */
struct json_t	*answer_resolver(struct query *, const struct answer_intake *, struct err *);

#endif
