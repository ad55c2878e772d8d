/*
 * export_out.h - where an export goes, and how far an earlier one came; cli/
 * only.
 * Source:    none.
 * Trust:     the cursor file is ours; what does not look like it is refused.
 * Units:     bytes of the output file; report ids.
 * Ownership: out_open and out_close.
 * Errors:    -1 with *e: ERR_CONFIG (the cursor is of another export), ERR_TEMP.
 *
 * Into a file at once: a name beside it, made its own when all is there.
 * Into a file that grows: the cursor says how long the file was when the last
 * report that it names was in it, whole. What stands behind that was being
 * written when somebody pulled the plug; it is cut off and written again. So
 * every report is in the file once, whenever the end came. A pipe cannot take
 * back what it was given: there the last few may come again.
 */
#ifndef CLI_EXPORT_OUT_H
#define CLI_EXPORT_OUT_H

#include "base/base.h"

enum out_mode { OUT_WHOLE, OUT_GROWS };

struct out {
	const char	*path;		/* NULL: standard output */
	const char	*name;		/* for people */
	enum out_mode	 mode;
	int		 fd;
	bool		 regular;
	char		*tmp;		/* OUT_WHOLE: what it is called until it is whole */
	uint64_t	 bytes;		/* regular: its length */
};
/* path NULL: standard output. */
int	 out_open(struct out *, const char *path, enum out_mode, struct err *);
int	 out_write(struct out *, const void *, size_t, struct err *);
int	 out_sync(struct out *, struct err *);
int	 out_finish(struct out *, struct err *);	/* it is whole: now it has its name */
void	 out_close(struct out *);			/* without out_finish nothing is left of OUT_WHOLE */

struct cursor {
	const char	*path;
	const char	*kind, *format;
	uint64_t	 store;		/* store_identity */
	int64_t		 last;		/* the last report that is out; 0: none */
	uint64_t	 dev, ino, bytes;	/* of the file it went to; 0: it was none */
	bool		 there;		/* the file was */
};
/* kind, format, store and path are set: they have to be those of the file. */
int	 cursor_read(struct cursor *, struct err *);
/* Everything up to last is out, durably. */
int	 cursor_write(struct cursor *, const struct out *, struct err *);
/* The end of what counts: cuts off what was written behind it. cut: so many bytes. */
int	 cursor_resume(struct cursor *, struct out *, uint64_t *cut, struct err *);

#endif
