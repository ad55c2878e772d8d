/*
 * log.h - one line to standard error, with a level the journal understands.
 * Source:    sd-daemon(3) level prefixes.
 * Trust:     callers escape remote text with esc_text or hand over an err.
 * Units:     none.
 * Ownership: none.
 * Errors:    none; a log that cannot be written is not an error.
 * Used by the loops of roles and by cli only; rooms below return errors.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* name: of this process in the lines; level: what is shown at most. */
void	 log_open(const char *name, enum log_level);
enum log_level log_level_get(void);
void	 log_error(const char *, ...) PRINTFLIKE(1, 2);
void	 log_warn(const char *, ...) PRINTFLIKE(1, 2);
void	 log_info(const char *, ...) PRINTFLIKE(1, 2);
void	 log_debug(const char *, ...) PRINTFLIKE(1, 2);

#endif
