/*
 * tls.h - the answers about TLS reports: sums, lists, one report.
 * Source:    schema/openapi.yaml says the same shapes.
 * Trust:     as answer.h.
 * Units:     sessions, never added up over policy types but where a report is
 *            told as its sender wrote it; times as in answer.h.
 * Ownership: as answer.h.
 * Errors:    as answer.h.
 */
#ifndef ANSWER_TLS_H
#define ANSWER_TLS_H

#include "answer/answer.h"
#include "store/query_tls.h"

#define ANSWER_TLS_DETAILS 1000		/* of one report, in the API */

/* "t12"; a number alone will do. False: this is no such id. */
bool	 answer_tls_id(struct str, int64_t *id);
/* One of policy_type, result; false: it is neither. 0, or -1 with *e. */
bool	 answer_tls_knows(struct str key);
int	 answer_tls_set(struct answer_request *, struct str key, struct str value, struct err *);

struct json_t	*answer_tls_summary(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_tls_reports(struct query *, const struct answer_request *, struct err *);
struct json_t	*answer_tls_report(struct query *, const struct answer_request *, struct err *);
/* May a domain go to mode: enforce? One of ready[] in the summary. */
struct json_t	*answer_tls_ready(const struct query_tls_ready *);
/* The form of 'dmarcd reports --type tls --format json' and of 'dmarcd import'. */
struct json_t	*answer_tls_line(const struct query_tls_report *);
/* The same with its elements, as in the report itself, and every detail of them. */
struct json_t	*answer_tls_whole(struct query *, const struct query_tls_report *, struct err *);

#endif
