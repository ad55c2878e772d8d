/*
 * imap_settle.c - what becomes of a message once it is safe in the spool. See imap.h.
 *
 * EXPUNGE without UIDs would also remove what somebody else has marked as
 * deleted, so without UIDPLUS (RFC 4315) nothing is removed at all.
 */
#include "base/base.h"
#include "base/escape.h"
#include "mailbox/imap.h"

#define RANGES	200	/* in one command; servers cut lines at 8 KB */

struct mailimap_set *
imap_set(const struct uidset *s, size_t from, size_t n)
{
	struct mailimap_set	*set = mailimap_set_new_empty();
	size_t			 k;

	for (k = from; set != NULL && k < s->n && k < from + n; k++)
		if (mailimap_set_add_interval(set, s->r[k].first, s->r[k].last) != MAILIMAP_NO_ERROR) {
			mailimap_set_free(set);
			set = NULL;
		}
	return (set);
}

static int
add_flag(struct imap *i, struct mailimap_set *set, struct mailimap_flag *flag)
{
	struct mailimap_flag_list	*list = mailimap_flag_list_new_empty();
	struct mailimap_store_att_flags	*store;
	int				 r = MAILIMAP_ERROR_MEMORY;

	if (flag == NULL || list == NULL || mailimap_flag_list_add(list, flag) != MAILIMAP_NO_ERROR) {
		if (flag != NULL)
			mailimap_flag_free(flag);
	} else if ((store = mailimap_store_att_flags_new_add_flags_silent(list)) != NULL) {
		r = mailimap_uid_store(i->im, set, store);
		mailimap_store_att_flags_free(store);
		return (r);
	}
	if (list != NULL)
		mailimap_flag_list_free(list);
	return (r);
}

static int
seen(struct imap *i, struct mailimap_set *set, struct err *e)
{
	int	 r = add_flag(i, set, mailimap_flag_new_seen());

	return (r == MAILIMAP_NO_ERROR ? 0 : imap_failed(i, r, "marking messages as seen", e));
}

static int
expunge(struct imap *i, struct mailimap_set *set, struct err *e)
{
	int	 r;

	if ((r = add_flag(i, set, mailimap_flag_new_deleted())) == MAILIMAP_NO_ERROR)
		r = mailimap_uid_expunge(i->im, set);
	return (r == MAILIMAP_NO_ERROR ? 0 : imap_failed(i, r, "deleting messages", e));
}

static int
move_or_copy(struct imap *i, struct mailimap_set *set)
{
	return (i->has_move ? mailimap_uid_move(i->im, set, i->after_folder) :
	    mailimap_uid_copy(i->im, set, i->after_folder));
}

static int
move(struct imap *i, struct mailimap_set *set, struct err *e)
{
	char	 doing[200], folder[120];
	int	 r, made;

	if ((r = move_or_copy(i, set)) == MAILIMAP_ERROR_UID_MOVE || r == MAILIMAP_ERROR_UID_COPY ||
	    r == MAILIMAP_ERROR_MOVE || r == MAILIMAP_ERROR_EXTENSION) {
		/* The folder may not be there yet; if it is, CREATE does no harm. */
		if ((made = mailimap_create(i->im, i->after_folder)) == MAILIMAP_NO_ERROR)
			mailbox_notice(i->m, "folder %s was not there and has been made",
			    esc_short(folder, sizeof(folder), str_of(i->m->conf->after_folder)));
		if (made == MAILIMAP_NO_ERROR || imap_refused(made))
			r = move_or_copy(i, set);
	}
	if (r != MAILIMAP_NO_ERROR) {
		(void)snprintf(doing, sizeof(doing), "moving messages to %s",
		    esc_short(folder, sizeof(folder), str_of(i->m->conf->after_folder)));
		if (!imap_refused(r))
			return (imap_failed(i, r, doing, e));
		return (mailbox_failed(i->m, ERR_CONFIG, doing, imap_answer(i) == NULL ? "NO" : imap_answer(i),
		    "correct the folder in after, and look at quota and rights", e));
	}
	return (i->has_move ? 0 : expunge(i, set, e));
}

static int
without_uidplus(struct imap *i, struct mailimap_set *set, struct err *e)
{
	if (!i->told_uidplus)
		mailbox_notice(i->m, "%s offers no %sUIDPLUS, so no message can be %s safely: all are kept and marked"
		    " as seen; remedy: set after to seen or keep", i->m->conf->host,
		    i->m->conf->after == CONF_AFTER_MOVE ? "MOVE and no " : "",
		    i->m->conf->after == CONF_AFTER_MOVE ? "moved" : "deleted");
	i->told_uidplus = true;
	return (seen(i, set, e));
}

static int
settle_set(struct imap *i, struct mailimap_set *set, struct err *e)
{
	switch (i->m->conf->after) {
	case CONF_AFTER_KEEP:
		return (0);
	case CONF_AFTER_SEEN:
		return (seen(i, set, e));
	case CONF_AFTER_MOVE:
		return (i->has_move || i->has_uidplus ? move(i, set, e) : without_uidplus(i, set, e));
	case CONF_AFTER_DELETE:
		return (i->has_uidplus ? expunge(i, set, e) : without_uidplus(i, set, e));
	}
	return (0);
}

int
imap_settle(struct imap *i, struct err *e)
{
	struct uidset		*u = &i->st.unsettled;
	struct mailimap_set	*set;
	struct uidset		 left = { 0 };
	size_t			 k;
	int			 rv = 0;

	if (u->n > 0 && i->m->conf->after != CONF_AFTER_KEEP && i->read_only) {
		mailbox_notice(i->m, "the folder may only be read, so messages stay as they are; remedy: set after to"
		    " keep, or give this account more rights");
		uidset_clear(u);
	}
	if (i->m->conf->after == CONF_AFTER_KEEP)
		uidset_clear(u);
	for (k = 0; k < u->n && rv == 0; k += RANGES) {
		if ((set = imap_set(u, k, RANGES)) == NULL)
			return (err_set(e, ERR_TEMP, "out of memory"));
		stream_command(i->m->stream, SLACK_BYTES + 512 * uidset_count(u), SLACK_BYTES);
		rv = settle_set(i, set, e);
		mailimap_set_free(set);
		if (rv == -1)
			break;
	}
	/* What was settled before the trouble need not be settled again. */
	for (; rv == -1 && k < u->n; k++)
		(void)uidset_add(&left, u->r[k].first, u->r[k].last);
	uidset_free(u);
	*u = left;
	return (rv);
}
