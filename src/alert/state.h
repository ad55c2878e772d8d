/*
 * state.h - which alerts there are, what was said of them and to whom it is
 * still to be said: STATE/notify/alerts.json.
 * Source:    design: at most one message for each rule and domain in 24 hours,
 *            one more when it is over, quiet hours, digest, mute.
 * Trust:     the file is ours; names in it are anybody's. A file that cannot
 *            be read as ours is put aside, not overwritten.
 * Units:     seconds since the epoch, days; now is given, so that a clock that
 *            jumps can be tested.
 * Ownership: a state is its opener's; views of it point into it.
 * Errors:    -1 with *e: ERR_TEMP.
 *
 * Nothing is lost: a message is in the file before it is sent, and stays until
 * its receiver took it or it is a dead letter. Nothing is said twice: what was
 * said is in the same file, written at the same moment as the message. Only
 * when we are killed between a receiver's yes and our note of it, the message
 * goes out again, with the same id, by which it can be known.
 *
 * A clock that was set back silences nothing for more than 24 hours and makes
 * nothing be said twice; one that was set forward makes nothing be believed
 * that half an hour of fetching would undo.
 */
#ifndef ALERT_STATE_H
#define ALERT_STATE_H

#include "alert/alert.h"

struct json_t;
struct alert_state;

/* 1 and *out; 0: another process has it, for longer than wait_ms. */
int	 alert_state_open(const char *state_dir, int64_t now, int64_t wait_ms, struct alert_state **out, struct err *);
/* To look at only: as it was last written. */
int	 alert_state_read(const char *state_dir, struct alert_state **out, struct err *);
int	 alert_state_save(struct alert_state *, struct err *);	/* durable when it returns */
void	 alert_state_close(struct alert_state *);		/* NULL is fine; saves nothing */

int64_t	 alert_state_judged(const struct alert_state *);	/* DAY_NONE: never */
/*
 * Does nothing but remember what holds now: what opens, what is over. Nobody
 * looked for longer than gap (0: never mind): then what goes by the clock
 * neither opens nor ends for half an hour, until mail that waited has been read.
 */
int	 alert_state_take(struct alert_state *, const struct alert_model *, const struct str_list *off, const struct alert_findings *,
	    int64_t gap, struct err *);
size_t	 alert_state_open_count(const struct alert_state *);

/* --- What is said -------------------------------------------------------------------- */

struct alert_mute { const char *rule; struct str domain; int64_t until; };	/* NULL, absent, 0: any, all, for ever */

struct alert_voice {
	unsigned			 lang;
	const char			*base_url;
	const struct str_list		*to;		/* by mail */
	bool				 webhook, command;
	bool				 quiet;		/* now is within quiet hours */
	bool				 quiet_urgent;	/* and what is urgent waits, too */
	unsigned			 digest;
	const struct alert_mute		*mutes;		/* of the configuration; the state has more */
	size_t				 nmutes;
};
/* Puts what is to be said now into the outbox; so many messages, or -1. */
int	 alert_state_tell(struct alert_state *, const struct alert_voice *, int64_t now, struct err *);

/* --- The outbox ------------------------------------------------------------------------ */

enum alert_channel { ALERT_MAIL, ALERT_WEBHOOK, ALERT_COMMAND, ALERT_CHANNELS };
extern const char *const alert_channel_names[ALERT_CHANNELS];

struct alert_delivery {
	enum alert_channel	 channel;
	const char		*to;		/* mail: the address; "" else */
	const char		*id;		/* the message's, the same at each try */
	const char		*lang;
	const char		*subject, *text;
	const struct json_t	*json;		/* for programs */
	int64_t			 made, last, next;
	unsigned		 tries;
	bool			 dead;
	const char		*error;		/* "" */
};
size_t	 alert_state_deliveries(const struct alert_state *);
void	 alert_state_delivery(const struct alert_state *, size_t i, struct alert_delivery *out);
bool	 alert_state_due(struct alert_state *, size_t i, int64_t now);
/* It is out: the i-th is gone, those behind move up. */
int	 alert_state_sent(struct alert_state *, size_t i);
/* It is not; never: not to be tried again. After attempts it is a dead letter. */
int	 alert_state_failed(struct alert_state *, size_t i, int64_t now, bool never, unsigned attempts, const char *why);
/* Dead letters wait again from now; how many. */
size_t	 alert_state_retry(struct alert_state *, int64_t now);

/* --- For people --------------------------------------------------------------------------- */

/*
 * {open: [], past: [], mutes: [], letters: [], dropped: dead letters that went
 * as there were too many}, fields as in the API; sentences in that language. domains: only those whose name this says yes to; NULL: all.
 */
struct json_t *alert_state_json(const struct alert_state *, unsigned lang, const char *base_url, bool (*allowed)(void *, const char *domain),
	    void *ctx);
/* by: who asked, shown to whoever sees the mute; "": the command. */
int	 alert_state_mute(struct alert_state *, const struct alert_mute *, const char *by, int64_t now, struct err *);
size_t	 alert_state_unmute(struct alert_state *, const char *rule, struct str domain);	/* how many */
/* Of what is asked for by a number: is it the first time? It is remembered, of the last hundred. */
bool	 alert_state_first(struct alert_state *, int64_t number);

/* --- say.c: findings as sentences and JSON ---------------------------------------------------- */

struct json_t *alert_finding_json(const struct alert_finding *);	/* to be remembered */
bool	 alert_say(struct buf *, unsigned lang, const struct json_t *finding);	/* one line, safe for terminals */
bool	 alert_say_do(struct buf *, unsigned lang, const struct json_t *finding);	/* false: there is nothing to be done */
bool	 alert_say_limit(struct buf *, unsigned lang, const char *rule, const struct json_t *finding);
bool	 alert_say_mute(struct buf *, const char *rule, const char *domain);	/* the command */
/* An alert as the API has it. */
struct json_t *alert_public(const struct json_t *record, const struct json_t *alert, unsigned lang, const char *base_url);
/* Subject, text and JSON of a message about n alerts; over: they are over. */
struct alert_item { const struct json_t *record, *alert; };
int	 alert_message(struct buf *subject, struct buf *text, struct json_t **json, const struct alert_item *, size_t n, bool over, unsigned lang,
	    const char *base_url, const char *id, int64_t now);
int	 alert_test_message(struct buf *subject, struct buf *text, struct json_t **json, unsigned lang, const char *id, int64_t now);

#endif
