/*
 * notify.h - mail of ours: written as a message, handed over to a server or a
 * sendmail program, at its time and once; alerts also to a web server or to a
 * program.
 * Source:    RFC 5322, 2045 to 2047 (messages), RFC 3834 (Auto-Submitted), RFC
 *            2369 and 8058 (List-Unsubscribe); design: summary mail.
 * Trust:     subject and bodies hold names of strangers: nothing of them can
 *            end a header. Addresses are the operator's, checked by conf.
 * Units:     seconds since the epoch; what is scheduled is local time.
 * Ownership: nothing is kept beyond a call, but in STATE/notify/.
 * Errors:    -1 with *e: ERR_TEMP (try later), ERR_CONFIG (a person must act),
 *            ERR_INPUT (refused for good).
 */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

#include "alert/state.h"
#include "base/base.h"
#include "conf/conf.h"
#include "mailbox/smtp.h"
#include "summary/summary.h"

/* --- One message ----------------------------------------------------------------- */

struct notify_mail {
	const char	*from, *from_name, *to;
	const char	*message_id;	/* without angles */
	const char	*unsubscribe;	/* mailto: or https:; NULL: none */
	const char	*lang;		/* tag */
	int64_t		 date;
	struct str	 prefix, subject;	/* of any bytes */
	struct str	 text, html;	/* UTF-8 with LF */
};
/* multipart/alternative, lines of at most 78 characters that end with CR LF. */
int	 notify_compose(const struct notify_mail *, struct buf *out, struct err *);
/* name.slot.hash@domain: the same again for the same mail, so that a copy is known for one. */
void	 notify_message_id(const char *name, const char *slot, const char *to, const char *about, const char *from, struct buf *out);
/* What the settings say, or mailto: of from. */
void	 notify_unsubscribe(const struct conf_smtp *, struct buf *out);

/* --- Ways out --------------------------------------------------------------------- */

/* As smtp_send, by the server or the program of the settings. */
typedef int	 notify_commit(void *, struct err *);
struct notify_way {
	const struct conf_smtp	*conf;
	const char		*password;	/* NULL: none */
	int			 wake;		/* eventfd; -1: none */
	/* Runs the program; NULL: notify_program does. */
	int			(*program)(void *, const char *to, struct str message, struct err *);
	void			*ctx;
};
int	 notify_send(const struct notify_way *, const char *to, struct str message, notify_commit *, void *, enum smtp_fate *, struct err *);

/*
 * The program of sendmail = with "-f FROM -- TO" behind its own arguments,
 * without a shell; fd is its standard input. 0 and *pid, or -1.
 */
int	 notify_program_start(const struct conf_smtp *, const char *to, int fd, pid_t *pid, struct err *);
/* What the status from waitpid means: 0, or -1 with *e. */
int	 notify_program_ended(const struct conf_smtp *, int status, struct err *);

/* --- Times -------------------------------------------------------------------------- */

#define NOTIFY_SLOT 16
/* The latest time at or before now that a summary was due; its local date is its name. */
int64_t	 notify_slot(const struct conf_summary *, int64_t now, char slot[NOTIFY_SLOT]);
int64_t	 notify_next(const struct conf_summary *, int64_t now);

/* --- What was sent: STATE/notify/NAME.json --------------------------------------------- */

enum notify_state {
	NOTIFY_NEW,		/* nothing has been done */
	NOTIFY_COMMITTED,	/* about to say the last line: whoever finds it so was interrupted */
	NOTIFY_SENT,
	NOTIFY_UNKNOWN,		/* all was said, no answer came: not sent again, as it may have arrived */
	NOTIFY_REFUSED,		/* for good */
	NOTIFY_SKIPPED,		/* all was well, and only then it was wanted */
	NOTIFY_STATES
};
struct notify_record;
/* 1 and *out; 0: another process has it at this moment. Times before begun are past: nothing is due of them. */
int	 notify_record_open(const char *state_dir, const char *name, int64_t now, struct notify_record **out, struct err *);
void	 notify_record_close(struct notify_record *);	/* NULL is fine */
int64_t	 notify_record_begun(const struct notify_record *);
enum notify_state notify_record_get(const struct notify_record *, const char *slot, const char *to, const char *about);
/* Durable when it returns. */
int	 notify_record_set(struct notify_record *, const char *slot, const char *to, const char *about, enum notify_state, int64_t now,
	    struct err *);

/* --- Summaries ------------------------------------------------------------------------------ */

struct notify_boxes { struct summary_mailbox *v; size_t n; struct json_t **keep; };
/* What the fetchers of these mailboxes say of themselves. */
int	 notify_boxes_read(const struct conf *, struct notify_boxes *, struct err *);
void	 notify_boxes_free(struct notify_boxes *);

/* One summary to one recipient; about: the domain, or "" when it is about all. */
int	 notify_summary_mail(const struct conf *, const struct summary *, unsigned lang, const char *to, const char *message_id,
	    int64_t now, struct buf *out, struct err *);

struct notify_due_calls {
	/* e: why not, or NULL; state says what became of it. */
	void	(*mail)(void *, const struct conf_summary *, const char *slot, const char *to, enum notify_state, const struct err *e);
	bool	(*stop)(void *);	/* NULL: never */
};
struct notify_due { unsigned sent, waiting, refused; bool busy; enum err_code worst; };
/*
 * Sends what is due of one summary and was not sent: each mail once. waiting:
 * so many are to be tried again later; busy: another process is sending them.
 */
int	 notify_summary_due(const struct conf *, const struct conf_summary *, const struct notify_way *, int64_t now,
	    const struct notify_due_calls *, void *ctx, struct notify_due *, struct err *);

/* --- Alerts ------------------------------------------------------------------------------------ */

/*
 * The program of alerts { command = } with the alert as JSON on its standard
 * input; fderr: where its complaints go, -1: nowhere. said: what it complained.
 */
int	 notify_command_start(const struct conf_alerts *, int fd, int fderr, pid_t *pid, struct err *);
int	 notify_command_ended(const struct conf_alerts *, int status, bool late, const char *said, struct err *);
/* Starts it and waits. */
int	 notify_command(const struct conf_alerts *, struct str body, struct err *);

/*
 * POSTs body to alerts { webhook = }, with the headers
 *   Dmarcd-Id: id, the same at each try of one message
 *   Dmarcd-Timestamp: now, in seconds
 *   Dmarcd-Signature: sha256=HMAC over timestamp, ".", body; with a secret only
 * No redirect is followed. ERR_INPUT: refused for good. steps gets lines for
 * people about what happened; NULL: nobody wants them.
 */
int	 notify_webhook(const struct conf_alerts *, struct str secret, const char *id, struct str body, int64_t now, struct buf *steps,
	    struct err *);

struct notify_ways {
	struct notify_way	 mail;
	struct str		 secret;	/* of the webhook; absent: none */
	/* Runs the command; NULL: notify_command does. */
	int			(*command)(void *, struct str body, struct err *);
	void			*ctx;
};
struct notify_alerts_calls {
	/* What became of a delivery: e NULL: it is out; dead: it is a dead letter now. */
	void	(*delivered)(void *, const struct alert_delivery *, const struct err *e, bool dead);
	bool	(*stop)(void *);	/* NULL: never */
};
struct notify_alerts { size_t open; unsigned told, sent, waiting, dead; bool busy; enum err_code worst; };
bool	 notify_alerts_wanted(const struct conf *);	/* is there anybody to be told? */
/*
 * One look: judges when asked to, and sends what is due. gap: seconds without
 * a look after which silence and errors are believed only when they last, as
 * the machine may have been off; 0: always. busy: another process is at it.
 */
int	 notify_alerts_run(const struct conf *, const struct notify_ways *, bool judge, int64_t gap, int64_t now, int64_t wait_ms,
	    const struct notify_alerts_calls *, void *ctx, struct notify_alerts *, struct err *);
/* One message by one channel; to: the address of a mail. */
int	 notify_alert_send(const struct conf *, const struct notify_ways *, const struct alert_delivery *, int64_t now, struct buf *steps,
	    struct err *);

#endif
