/*
 * err.h - why something failed: a class for the program, a sentence for people.
 * Source:    none.
 * Trust:     text taken from mail or servers is escaped by err_set's callers
 *            with esc_text() or by the precision of "%.*s" on checked words;
 *            err_set itself drops control bytes.
 * Units:     none.
 * Ownership: the caller's struct; nothing is allocated, so it works when
 *            memory is gone.
 * Errors:    err_set and err_prefix return -1, so a caller fails and explains
 *            in one line.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define PRINTFLIKE(f, a) __attribute__((format(printf, f, a)))

enum err_code {
	ERR_NONE,
	ERR_INPUT,	/* sender's fault: quarantine this mail, go on */
	ERR_LIMIT,	/* over limits.h: quarantine, go on */
	ERR_TEMP,	/* network, busy database, full disk: retry later */
	ERR_CONFIG,	/* operator's fault: name the file and the line */
	ERR_BUG		/* ours: this role stops, the parent restarts it */
};

struct err {
	enum err_code	 code;
	unsigned	 detail;	/* finer than code, for rooms that know more (report/refusal.h); 0: none */
	unsigned	 line;		/* of the input, from 1; 0: unknown */
	unsigned long long byte;	/* the same */
	char		 msg[512];	/* one line, no control bytes */
};

int	 err_set(struct err *, enum err_code, const char *, ...) PRINTFLIKE(3, 4);
int	 err_prefix(struct err *, const char *, ...) PRINTFLIKE(2, 3);

#endif
