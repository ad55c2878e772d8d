/*
 * todo.h - what people do about what needs them: tasks put off, fixes that are
 * watched, questions with a name.
 * Source:    schema/0013-todo.sql; design: To do, fix watch, saved views.
 * Trust:     as store.h; names and queries of views are people's text.
 * Units:     messages; days since the epoch, UTC; at, ended in seconds.
 * Ownership: as store.h and query.h.
 * Errors:    -1 with *e as there; ERR_INPUT: no such sender, domain, watch or
 *            view; ERR_CONFIG: what was asked for cannot be; ERR_LIMIT: there
 *            are too many already.
 */
#ifndef STORE_TODO_H
#define STORE_TODO_H

#include "store/query.h"

/* --- Writing ---------------------------------------------------------------------- */

#define TODO_TASK_ID	16	/* hexadecimal digits */
#define TODO_WATCHES	200	/* at a time */
#define TODO_VIEWS	50	/* of a user */
#define TODO_VIEW_NAME	80	/* characters */
#define TODO_VIEW_PAGE	200	/* bytes */
#define TODO_VIEW_QUERY	4096

enum todo_act { TODO_TASK, TODO_WATCH, TODO_UNWATCH, TODO_VIEW, TODO_UNVIEW, TODO_ACTS };
extern const char *const todo_acts[TODO_ACTS];	/* task watch unwatch view unview */

/* The numbers stand in the store. */
enum task_said { TASK_OPEN, TASK_SNOOZED, TASK_DISMISSED, TASK_SAID };
extern const char *const task_said_names[TASK_SAID];

struct store_todo {
	enum todo_act	 act;
	struct str	 task;		/* task: its id */
	enum task_said	 state;
	int64_t		 until;		/* snoozed: the day on which it is open again; else DAY_NONE */
	int64_t		 sender;	/* watch */
	struct str	 domain;	/* task, watch: may be absent */
	unsigned	 code;
	int64_t		 id;		/* unwatch, unview */
	struct str	 owner, name, page, query;	/* view; owner: unview, too. Owner "": everybody's */
};
/* Can this be asked for? Looks at nothing but itself. */
int	 store_todo_check(const struct store_todo *, struct err *);
/*
 * Does it, in the transaction that is open. token is the id of what is made: a
 * watch takes the place of an open one of the same, a view of one with the
 * same name.
 */
int	 store_todo(struct store *, const struct store_todo *, int64_t token, const char *who, int64_t now, struct err *);

/* --- Fixes that are watched --------------------------------------------------------- */

#define WATCH_SURE	50	/* messages after the change, and ... */
#define WATCH_PERCENT	2	/* of them with the code at most: confirmed */
#define WATCH_FEW	5	/* messages without it: looks fixed */
#define WATCH_DAYS	30	/* after the change are looked at */
#define WATCH_SHOWN	90	/* days that one is told of */

enum watch_verdict { WATCH_NO_MAIL, WATCH_FAILING, WATCH_LOOKS_FIXED, WATCH_CONFIRMED, WATCH_VERDICTS };
extern const char *const watch_verdict_names[WATCH_VERDICTS];	/* no_mail failing looks_fixed confirmed */

/* Of m messages after the change bad still show the code. Too few to say anything is no_mail, too. */
enum watch_verdict	 watch_verdict(uint64_t m, uint64_t bad);
/* The same of sums by day: since is the day, from 0, from which on it has been so to the end; n when there is no day. */
enum watch_verdict	 watch_verdict_since(const uint64_t *m, const uint64_t *bad, size_t n, size_t *since);

struct query_watch {
	int64_t			 id, at, day;
	struct str		 who;
	int64_t			 sender;
	struct str		 label;
	struct str		 domain;	/* absent: every domain */
	unsigned		 code;
	enum watch_verdict	 verdict;
	int64_t			 since;		/* day from which on the verdict is this one; DAY_NONE: no day has counted yet */
	int64_t			 through;	/* the last day that counted; DAY_NONE: none yet */
	uint64_t		 m, bad, pass;	/* messages of the days after the change; with the code; that pass */
	int64_t			 expected;	/* when the first of those days is usually told of: seconds */
	bool			 over;		/* it has been looked at for WATCH_DAYS: no more will come */
};
/*
 * Those that are watched and began at most WATCH_SHOWN days ago, the latest
 * first. Of the filter the domains count; NULL: all. through: days up to this
 * one count; DAY_NONE: up to the one through which all is complete.
 */
int	 query_watches(struct query *, const struct query_filter *, int64_t through, struct query_watch **, size_t *n, struct err *);

/* --- Tasks that were put off, and views ------------------------------------------------ */

struct query_task_said { struct str task, who; enum task_said state; int64_t at, until; };
/* What holds of each that anything was said about but open, today: by id. */
int	 query_tasks_said(struct query *, struct query_task_said **, size_t *n, struct err *);

struct query_view { int64_t id, at; struct str name, page, query; };
/* Of one owner, by name. */
int	 query_views(struct query *, const char *owner, struct query_view **, size_t *n, struct err *);

#endif
