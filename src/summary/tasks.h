/*
 * tasks.h - what needs somebody as a list to work off: what summary_make finds
 * in the last complete week, what people said about each, and the fixes that
 * are watched.
 * Source:    design: To do.
 * Trust:     as summary.h.
 * Units:     messages a week; minutes.
 * Ownership: all of it lives in its query's arena, until query_end.
 * Errors:    as summary.h.
 */
#ifndef SUMMARY_TASKS_H
#define SUMMARY_TASKS_H

#include "store/todo.h"
#include "summary/summary.h"

enum task_severity { TASK_URGENT, TASK_WEEK, TASK_LATER, TASK_SEVERITIES };
extern const char *const task_severity_names[TASK_SEVERITIES];	/* urgent week later */
/* done: a fix that is confirmed. A fix that fails is open again. */
enum task_state { TASK_IS_OPEN, TASK_IS_WATCHING, TASK_IS_SNOOZED, TASK_IS_DISMISSED, TASK_IS_DONE, TASK_STATES };
extern const char *const task_state_names[TASK_STATES];

#define TASK_ID_TEXT	(TODO_TASK_ID + 1)

struct task {
	char				 id[TASK_ID_TEXT];	/* a hash of what it is about: the same tomorrow */
	enum task_severity		 severity;
	enum task_state			 state;
	const struct summary_item	*item;		/* NULL: nothing but a fix that is watched */
	const struct query_watch	*watch;		/* NULL: none */
	const struct query_task_said	*said;		/* NULL: nothing */
	struct str			 domain;
	int64_t				 sender;	/* 0: none */
	unsigned			 code;		/* 0: none */
	uint64_t			 m_week;	/* of mail it is about; 0: of none */
	unsigned			 effort;	/* minutes */
};

struct tasks_request {
	const struct query_filter	*filter;	/* domain, and days instead of the week; NULL: all */
	const struct summary_mailbox	*mailboxes;	/* none for those who may not see them */
	size_t				 nmailboxes;
};
struct tasks {
	struct summary	 s;
	struct task	*v;		/* as they are to be done: open ones first */
	size_t		 n;
	size_t		 count[TASK_STATES], open[TASK_SEVERITIES];
};
int	 tasks_make(struct query *, const struct tasks_request *, struct tasks *, struct err *);

/* As /api/v1/tasks; states: bits of enum task_state. NULL: out of memory. */
struct json_t *tasks_json(const struct tasks *, unsigned states, unsigned lang);
struct json_t *tasks_line(const struct tasks *, const struct task *, unsigned lang);	/* one item */
struct json_t *tasks_watch(const struct query_watch *);
/* "open", "snoozed", "watching", "done" (dismissed, too), "all": as bits; 0: none of these. */
unsigned	 tasks_states(struct str);
/* The sentence about it in that language; names as they are. */
void		 tasks_say(struct buf *, const struct tasks *, const struct task *, unsigned lang);

/* Its parts, for tests: an id, and which of two comes first. */
void		 task_id(const char *kind, struct str domain, int64_t sender, struct str name, char out[TASK_ID_TEXT]);
int		 task_order(const void *, const void *);

#endif
