/*
 * request.h - what people ask of the ingester, which alone writes to the
 * store, on its way there: a file for each in requests/. It is carried out
 * once (requests.h), and then its file goes; what became of it stands in the
 * store under its token, where who asked waits for it (store/requests.h).
 * Source:    ours: "NANOSECONDS-TOKEN.KIND", so that names sort as they were
 *            asked; JSON, {"who","at"} and what the kind needs: "item",
 *            "decisions", "todo", "people" or "mute". Of an upload the file is what was
 *            uploaded, as it came: it moves on to the spool whole.
 * Trust:     the web server writes them: all that is in a file is checked.
 * Units:     seconds since the epoch, UTC.
 * Ownership: request_clear() gives back what request_read() filled in; its
 *            decisions and texts live as long. Lists by free().
 * Errors:    -1 with *e: ERR_TEMP (disk), ERR_LIMIT (too many wait, or too
 *            much at once), ERR_INPUT (of request_read: it makes no sense).
 */
#ifndef PROCESS_REQUEST_H
#define PROCESS_REQUEST_H

#include "alert/limits.h"
#include "auth/auth.h"
#include "store/requests.h"
#include "store/senders.h"
#include "store/todo.h"

#define REQUESTS_WAITING	1000	/* more are refused */
#define REQUEST_WHO		100	/* bytes */

struct json_t;

/* Of alerts: rule NULL is any, domain absent all, until 0 for ever. */
struct asking_mute { bool on; const char *rule; struct str domain; int64_t until; };

struct asking {
	/* request_put() gives it where it is 0, request_list() and request_read() fill it in */
	int64_t			 token;
	enum request_kind	 kind;
	char			 who[REQUEST_WHO + 1];
	int64_t			 at;
	int64_t			 item;		/* retry, discard: of quarantine; undo: the token of what is taken back */
	struct store_decision	*decisions;	/* decide */
	size_t			 n;
	struct store_todo	 todo;		/* todo */
	struct auth_change	 people;	/* people; request_clear() wipes it, also of who asks */
	struct asking_mute	 mute;		/* mute */
	char			 name[64];	/* its file */
	struct json_t		*json;		/* ours */
};

/*
 * Asks; durable when it returns. What is asked of a quarantined message and
 * waits already is not asked twice: then the token is that of the one waiting.
 */
int	 request_put(const char *state_dir, struct asking *, struct err *);
/* Does it take a moment, so that whoever asks may wait for it? */
bool	 request_quick(enum request_kind);
/*
 * A file to be read as any mail is: what stands in fd from offset on; it is
 * copied, and durable when it returns. *token names it for api and store.
 * ERR_LIMIT: too much waits already.
 */
#define UPLOADS_BYTES	((uint64_t)512 << 20)	/* that may wait */
int	 request_upload(const char *state_dir, int fd, uint64_t offset, uint64_t bytes, int64_t *token, struct err *);
/* Where such a file was put: the folder of all of them. */
int	 request_folder(const char *state_dir, struct err *);
/* When it was asked, by the name of its file; seconds. */
int64_t	 request_time(const struct asking *);

/* Those that wait, quick ones first, then as they were asked, at most max: name, token and kind only. */
int	 request_list(const char *state_dir, struct asking **out, size_t *n, size_t max, struct err *);
/* The rest of one of the list. */
int	 request_read(const char *state_dir, struct asking *, struct err *);
void	 request_clear(struct asking *);
int	 request_remove(const char *state_dir, const struct asking *, struct err *);
/* request_todo.c: what is said about tasks, fixes and views as JSON, and back; texts live as long as the JSON. */
struct json_t	*request_todo_json(const struct store_todo *);
bool		 request_todo_read(const struct json_t *, struct store_todo *);
/* request_people.c: the same of users and tokens, of which the texts are copies, and of mutes. */
struct json_t	*request_people_json(const struct auth_change *);
bool		 request_people_read(const struct json_t *, struct auth_change *);
struct json_t	*request_mute_json(const struct asking_mute *);
bool		 request_mute_read(const struct json_t *, struct asking_mute *);

#endif
