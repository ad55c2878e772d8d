/*
 * imap.c - everything new in one folder. See imap.h.
 *
 * A look goes like this: list UIDs and sizes above the highest one known (in
 * windows, so that a folder of a million messages needs little memory), then
 * fetch in batches, each message straight into the spool as it arrives; while
 * one batch is made durable the next is on its way. A batch that is durable
 * is settled on the server and remembered.
 *
 * libetpan gives up a whole answer over one word that it does not know. Then
 * the connection is made anew and that batch fetched message by message; the
 * one that is at fault is set aside and tried again at the next looks.
 */
#include <stdlib.h>

#include "base/base.h"
#include "base/escape.h"
#include "mailbox/imap.h"
#include "mailbox/utf7.h"

#define WINDOW		5000u		/* UIDs listed by one command, to begin with */
#define WINDOW_SPARSE	500u		/* fewer messages than this in it: widen */

/* --- Listing ------------------------------------------------------------ */

struct list { struct imap *i; uint32_t first, last; size_t n; bool failed; };

static bool
plan_add(struct imap *i, uint32_t uid, uint64_t size)
{
	struct imap_plan	*more;

	if (i->nplan == i->cap) {
		i->cap = i->cap == 0 ? 256 : i->cap * 2;
		if ((more = realloc(i->plan, i->cap * sizeof(*more))) == NULL)
			return (false);
		i->plan = more;
	}
	i->plan[i->nplan++] = (struct imap_plan){ uid, size };
	return (true);
}

static struct mailimap_msg_att_static *
static_item(clistiter *it)
{
	struct mailimap_msg_att_item	*item = clist_content(it);

	return (item == NULL || item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC ? NULL : item->att_data.att_static);
}

/* One line of the listing; EXISTS, FLAGS and strangers in between are passed over. */
static void
list_message(struct mailimap_msg_att *att, void *ctx)
{
	struct mailimap_msg_att_static	*s;
	struct list			*l = ctx;
	clistiter			*it;
	uint32_t			 uid = 0;
	uint64_t			 size = 0;

	for (it = clist_begin(att->att_list); it != NULL; it = clist_next(it)) {
		if ((s = static_item(it)) == NULL)
			continue;
		if (s->att_type == MAILIMAP_MSG_ATT_UID)
			uid = s->att_data.att_uid;
		else if (s->att_type == MAILIMAP_MSG_ATT_RFC822_SIZE)
			size = s->att_data.att_rfc822_size;
	}
	/* "n:*" names the last message even when it is older; other servers just err. */
	if (uid < l->first || uid > l->last || uid == 0)
		return;
	l->n++;
	if (!plan_add(l->i, uid, size))
		l->failed = true;
}

static void
no_progress(size_t current, size_t maximum, void *ctx)
{
	(void)current;
	(void)maximum;
	(void)ctx;
}

static struct mailimap_fetch_type *
fetch_what(bool body)
{
	struct mailimap_fetch_type	*t = mailimap_fetch_type_new_fetch_att_list_empty();
	struct mailimap_fetch_att	*uid = mailimap_fetch_att_new_uid(), *other;
	struct mailimap_section		*whole = NULL;

	if (body && (whole = mailimap_section_new(NULL)) != NULL)
		other = mailimap_fetch_att_new_body_peek_section(whole);
	else
		other = body ? NULL : mailimap_fetch_att_new_rfc822_size();
	if (t == NULL || uid == NULL || other == NULL ||
	    mailimap_fetch_type_new_fetch_att_list_add(t, uid) != MAILIMAP_NO_ERROR ||
	    mailimap_fetch_type_new_fetch_att_list_add(t, other) != MAILIMAP_NO_ERROR)
		return (NULL);	/* out of memory: the process will not live long anyway */
	return (t);
}

/* last 0 means "*". */
static int
fetch(struct imap *i, struct mailimap_set *set, bool body)
{
	struct mailimap_fetch_type	*t = fetch_what(body);
	clist				*list = NULL;
	int				 r = MAILIMAP_ERROR_MEMORY;

	if (t != NULL && set != NULL)
		r = mailimap_uid_fetch(i->im, set, t, &list);
	/* Only then: on a refusal libetpan has freed it, and does not say so. */
	if (r == MAILIMAP_NO_ERROR && list != NULL)
		mailimap_fetch_list_free(list);
	if (t != NULL)
		mailimap_fetch_type_free(t);
	if (set != NULL)
		mailimap_set_free(set);
	return (r);
}

/* Sizes are a convenience: where the listing trips libetpan up, UIDs alone will do. */
static int
search(struct imap *i, struct list *l, uint32_t last, struct err *e)
{
	struct mailimap_set		*set = mailimap_set_new_interval(l->first, last);
	struct mailimap_search_key	*key = set == NULL ? NULL : mailimap_search_key_new_uid(set);
	clist				*found = NULL;
	clistiter			*it;
	uint32_t			*uid;
	int				 r = MAILIMAP_ERROR_MEMORY;

	stream_command(i->m->stream, SLACK_BYTES + 16ull * (last == 0 ? 1u << 20 : last - l->first), SLACK_BYTES);
	if (key != NULL) {
		r = mailimap_uid_search(i->im, NULL, key, &found);
		mailimap_search_key_free(key);
	}
	if (r != MAILIMAP_NO_ERROR)
		return (imap_failed(i, r, "listing messages", e));
	for (it = found == NULL ? NULL : clist_begin(found); it != NULL; it = clist_next(it)) {
		uid = clist_content(it);
		if (uid == NULL || *uid < l->first || *uid > l->last)
			continue;
		l->n++;
		if (!plan_add(i, *uid, 0))
			l->failed = true;
	}
	if (found != NULL)
		mailimap_search_result_free(found);
	return (l->failed ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

static int
reconnect(struct imap *i, struct err *e)
{
	uint32_t	 before = i->st.uidvalidity;

	if (++i->reconnects > RECONNECTS)
		return (err_set(e, ERR_TEMP, "%s sends answers that cannot be understood, again and again; remedy: look"
		    " at what server this is", i->m->conf->host));
	if (imap_enter(i, e) == -1)
		return (-1);
	if (i->im->imap_selection_info->sel_uidvalidity != 0 &&
	    i->im->imap_selection_info->sel_uidvalidity != before)
		return (err_set(e, ERR_TEMP, "the folder was made anew meanwhile; remedy: none needed, the next look"
		    " starts afresh"));
	return (0);
}

/* last 0: to the end. */
static int
list_window(struct imap *i, uint32_t first, uint32_t last, size_t *n, struct err *e)
{
	struct list	 l = { .i = i, .first = first, .last = last == 0 ? UINT32_MAX : last };
	size_t		 before = i->nplan;
	int		 r;

	stream_command(i->m->stream, SLACK_BYTES + 256ull * (last == 0 ? 1u << 20 : (uint64_t)last - first + 1),
	    64 * WINDOW);
	mailimap_set_progress_callback(i->im, NULL, no_progress, NULL);
	mailimap_set_msg_att_handler(i->im, list_message, &l);
	r = fetch(i, mailimap_set_new_interval(first, last), false);
	mailimap_set_msg_att_handler(i->im, NULL, NULL);
	if (r == MAILIMAP_ERROR_PARSE && !stream_broken(i->m->stream)) {
		i->nplan = before;
		l.n = 0;
		if (reconnect(i, e) == -1 || search(i, &l, last, e) == -1)
			return (-1);
	} else if (r != MAILIMAP_NO_ERROR)
		return (imap_failed(i, r, "listing messages", e));
	*n = l.n;
	return (l.failed ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

static int
by_uid(const void *a, const void *b)
{
	const struct imap_plan	*x = a, *y = b;

	return (x->uid < y->uid ? -1 : x->uid > y->uid);
}

static int
list_new(struct imap *i, struct err *e)
{
	uint32_t	 next = i->im->imap_selection_info->sel_uidnext, first, last;
	uint32_t	 width = WINDOW;
	size_t		 n, k, kept;

	if (i->im->imap_selection_info->sel_exists == 0 || i->st.uid == UINT32_MAX)
		return (0);
	if (next == 0) {	/* an old server: all in one go */
		if (list_window(i, i->st.uid + 1, 0, &n, e) == -1)
			return (-1);
	} else {
		for (first = i->st.uid + 1; first < next; first = last + 1) {
			last = next - 1 - first < width ? next - 1 : first + width - 1;
			if (i->m->calls->stop(i->m->ctx))
				return (0);
			if (list_window(i, first, last, &n, e) == -1)
				return (-1);
			if (n < WINDOW_SPARSE && width <= UINT32_MAX / 4)
				width *= 4;
			else if (n > WINDOW)
				width = width / 4 < WINDOW ? WINDOW : width / 4;
		}
	}
	if (i->nplan == 0)
		return (0);
	qsort(i->plan, i->nplan, sizeof(*i->plan), by_uid);
	for (k = kept = 0; k < i->nplan; k++)
		if (kept == 0 || i->plan[k].uid != i->plan[kept - 1].uid)
			i->plan[kept++] = i->plan[k];
	i->nplan = kept;
	return (0);
}

/* --- Taking what arrives ------------------------------------------------ */

enum fate { MISSING, GOT, EMPTY, LARGE, BAD };

struct take {
	struct imap		*i;
	const struct imap_plan	*want;		/* ascending */
	enum fate		*fate;		/* one for each */
	size_t			 n;
	bool			 large;		/* the one on its way is over the limit */
	bool			 failed;	/* a callback said no: *e is set */
	struct err		*e;
};

static bool
take_body(int type, struct mailimap_msg_att_body_section *section, const char *p, size_t n, void *ctx)
{
	struct take	*t = ctx;

	(void)type;
	(void)section;
	switch (message_data(t->i->m, p, n, t->e)) {
	case 0:
		return (true);
	case 1:
		t->large = true;
		return (false);
	default:
		t->failed = true;
		return (false);
	}
}

/* The message that has just come in whole: is it one that was asked for? */
static void
take_message(struct mailimap_msg_att *att, void *ctx)
{
	struct imap_plan		 key = { 0 }, *p;
	struct mailimap_msg_att_static	*s;
	struct mailimap_msg_att_body_section *sec;
	struct take			*t = ctx;
	struct mailbox			*m = t->i->m;
	clistiter			*it;
	bool				 body = false;

	for (it = clist_begin(att->att_list); it != NULL; it = clist_next(it)) {
		if ((s = static_item(it)) == NULL)
			continue;
		if (s->att_type == MAILIMAP_MSG_ATT_UID)
			key.uid = s->att_data.att_uid;
		if (s->att_type != MAILIMAP_MSG_ATT_BODY_SECTION)
			continue;
		body = true;
		/* A quoted string instead of a literal is not streamed. */
		sec = s->att_data.att_body_section;
		if (!m->open && sec != NULL && sec->sec_body_part != NULL && sec->sec_length > 0)
			(void)take_body(0, NULL, sec->sec_body_part, sec->sec_length, t);
	}
	p = t->n == 0 ? NULL : bsearch(&key, t->want, t->n, sizeof(key), by_uid);
	if (p == NULL || t->failed || t->large || (m->open && t->fate[p - t->want] == GOT)) {
		message_drop(m);
		return;
	}
	if (m->open) {
		if (message_end(m, t->e) == -1)
			t->failed = true;
		else
			t->fate[p - t->want] = GOT;
	} else if (body && t->fate[p - t->want] == MISSING)
		t->fate[p - t->want] = EMPTY;
}

/* One command for all of want; fates are set as far as it came. */
static int
fetch_some(struct take *t, uint64_t budget, uint64_t expect)
{
	struct imap	*i = t->i;
	struct uidset	 u = { 0 };
	size_t		 k, from;
	int		 r;

	/* Neighbours in the folder's list make a range: nothing lies between. */
	for (k = from = 0; k < t->n; k++)
		if (k + 1 == t->n || t->want[k + 1].uid != t->want[k].uid + 1) {
			if (!uidset_add(&u, t->want[from].uid, t->want[k].uid)) {
				uidset_free(&u);
				return (MAILIMAP_ERROR_MEMORY);
			}
			from = k + 1;
		}
	stream_command(i->m->stream, budget, expect);
	mailimap_set_progress_callback(i->im, NULL, no_progress, NULL);
	mailimap_set_msg_body_handler(i->im, take_body, t);
	mailimap_set_msg_att_handler(i->im, take_message, t);
	r = fetch(i, imap_set(&u, 0, u.n), true);
	mailimap_set_msg_body_handler(i->im, NULL, NULL);
	mailimap_set_msg_att_handler(i->im, NULL, NULL);
	uidset_free(&u);
	message_drop(i->m);
	return (r);
}

/* --- Fetching ------------------------------------------------------------ */

/* limit: tries after which it is left for good. */
static int
set_aside(struct imap *i, uint32_t uid, const char *why, uint64_t limit, struct err *e)
{
	uint64_t	 tries = imap_left_get(&i->st.again, uid) + 1;
	char		 what[32];

	(void)snprintf(what, sizeof(what), "uid %u", uid);
	if (tries < limit) {
		if (!imap_left_set(&i->st.again, uid, tries))
			return (err_set(e, ERR_TEMP, "out of memory"));
		return (mailbox_skip(i->m, what, e, "%s; it is tried again at the next look", why));
	}
	imap_left_remove(&i->st.again, uid);
	return (mailbox_skip(i->m, what, e, "%s; given up after %llu tries, it stays on the server", why,
	    (unsigned long long)limit));
}

/*
 * The connection went while this message was on its way. That may be the line
 * or the message: it is counted, and in the end the others get past it.
 */
static int
broke_off(struct imap *i, uint32_t uid, int r, struct err *e)
{
	if (stream_cancelled(i->m->stream) || imap_left_get(&i->st.again, uid) + 1 < STATE_BREAKS) {
		if (!stream_cancelled(i->m->stream))
			(void)imap_left_set(&i->st.again, uid, imap_left_get(&i->st.again, uid) + 1);
		return (imap_failed(i, r, "fetching messages", e));
	}
	if (reconnect(i, e) == -1)
		return (-1);
	return (set_aside(i, uid, "the connection breaks off in the middle of it", STATE_BREAKS, e));
}

static int
leave_large(struct imap *i, uint32_t uid, uint64_t size, struct err *e)
{
	char	 what[32];

	(void)snprintf(what, sizeof(what), "uid %u", uid);
	imap_left_remove(&i->st.again, uid);
	if (!imap_left_set(&i->st.large, uid, size))
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (mailbox_skip_large(i->m, what, size, e));
}

/* One message by itself; 0 whatever became of it, -1 when the run ends. */
static int
fetch_alone(struct imap *i, const struct imap_plan *p, enum fate *fate, struct err *e)
{
	struct take	 t = { .i = i, .want = p, .fate = fate, .n = 1, .e = e };
	uint64_t	 size = p->size > i->m->limits.message_bytes ? i->m->limits.message_bytes : p->size;
	char		 why[300], shown[200];
	int		 r;

	*fate = MISSING;
	r = fetch_some(&t, i->m->limits.message_bytes + SLACK_BYTES, size);
	if (t.failed)
		return (-1);
	if (r == MAILIMAP_NO_ERROR && *fate != EMPTY)
		return (0);	/* here, or gone from the server: nothing left to do */
	if (*fate == GOT && imap_refused(r))
		return (0);
	if (*fate == GOT)
		return (stream_broken(i->m->stream) ? imap_failed(i, r, "fetching messages", e) : reconnect(i, e));
	if (t.large || stream_over_budget(i->m->stream)) {
		*fate = LARGE;
		size = p->size > i->m->limits.message_bytes ? p->size : i->m->limits.message_bytes + 1;
		return (reconnect(i, e) == -1 ? -1 : leave_large(i, p->uid, size, e));
	}
	if (stream_broken(i->m->stream)) {
		*fate = BAD;
		return (broke_off(i, p->uid, r, e));
	}
	if (r == MAILIMAP_NO_ERROR)
		(void)snprintf(why, sizeof(why), "the server gave it without a body");
	else if (imap_refused(r) && imap_answer(i) != NULL)
		(void)snprintf(why, sizeof(why), "the server says \"%s\"",
		    esc_short(shown, sizeof(shown), str_trim(str_of(imap_answer(i)))));
	else
		(void)snprintf(why, sizeof(why), "the server's answer cannot be understood");
	*fate = BAD;
	if (r != MAILIMAP_NO_ERROR && !imap_refused(r) && reconnect(i, e) == -1)
		return (-1);
	return (set_aside(i, p->uid, why, STATE_TRIES, e));
}

/* A batch: all in one command, what is missing afterwards one by one. */
static int
fetch_batch(struct imap *i, const struct imap_plan *p, size_t n, enum fate *fate, struct err *e)
{
	struct take	 t = { .i = i, .want = p, .fate = fate, .n = n, .e = e };
	uint64_t	 budget = SLACK_BYTES, expect = 0;
	size_t		 k;
	int		 r = MAILIMAP_NO_ERROR;

	for (k = 0; k < n; k++) {
		fate[k] = MISSING;
		budget += 2 * p[k].size + SLACK_BYTES;	/* RFC822.SIZE is often wrong, seldom by half */
		expect += p[k].size;
	}
	if (n > 1) {
		r = fetch_some(&t, budget, expect);
		if (t.failed)
			return (-1);
		if (r != MAILIMAP_NO_ERROR && !imap_refused(r)) {
			if (stream_broken(i->m->stream) && !stream_over_budget(i->m->stream)) {
				if (fate[0] != GOT)
					(void)imap_left_set(&i->st.again, p[0].uid, 1);
				return (imap_failed(i, r, "fetching messages", e));
			}
			if (reconnect(i, e) == -1)
				return (-1);
		}
	}
	for (k = 0; k < n; k++)
		if (fate[k] != GOT && fetch_alone(i, &p[k], &fate[k], e) == -1)
			return (-1);
	return (0);
}

/* --- Batches on their way to the disk ------------------------------------ */

static int
remember(struct imap *i, struct err *e)
{
	buf_clear(&i->m->state->text);
	if (!imap_state_print(&i->st, i->m->account, &i->m->state->text))
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (mailbox_remember(i->m, e));
}

/* Settles and remembers what is durable; waits until at most `open` batches are not. */
static int
settle_durable(struct imap *i, uint64_t open, bool connected, struct err *e)
{
	uint64_t		 done = 0;
	struct imap_batch	*b;
	int			 rv = 0;

	if (i->m->calls->durable(i->m->ctx, i->pushed > open ? i->pushed - open : 0, &done, e) == -1)
		return (-1);
	if (done == i->settled)
		return (0);
	for (; i->settled < done && i->settled < i->pushed; i->settled++) {
		b = &i->batch[i->settled % nitems(i->batch)];
		if (b->upto > i->st.uid)
			i->st.uid = b->upto;
		if (!uidset_add_all(&i->st.unsettled, &b->got))
			return (err_set(e, ERR_TEMP, "out of memory"));
		uidset_free(&b->got);
	}
	/* Remembered even if settling fails: the mail is here, it need not come again. */
	if (connected)
		rv = imap_settle(i, e);
	else if (i->m->conf->after == CONF_AFTER_KEEP)
		uidset_clear(&i->st.unsettled);
	if (rv == -1) {
		struct err	 ignored = { 0 };

		(void)remember(i, &ignored);
		return (-1);
	}
	return (remember(i, e));
}

static int
push(struct imap *i, const struct imap_plan *p, const enum fate *fate, size_t n, uint32_t upto, bool connected,
    struct err *e)
{
	struct imap_batch	*b = &i->batch[i->pushed % nitems(i->batch)];
	size_t			 k;

	b->upto = upto;
	for (k = 0; k < n; k++) {
		if (fate[k] != GOT)
			continue;
		imap_left_remove(&i->st.again, p[k].uid);
		imap_left_remove(&i->st.large, p[k].uid);
		if (!uidset_add(&b->got, p[k].uid, p[k].uid))
			return (err_set(e, ERR_TEMP, "out of memory"));
	}
	if (i->m->calls->batch(i->m->ctx, e) == -1)
		return (-1);
	i->pushed++;
	return (settle_durable(i, BATCH_DEPTH, connected, e));
}

/*
 * How many from here make one batch. A size that is not known counts as 64 KB;
 * large messages and those that made trouble come alone.
 */
static size_t
batch_size(const struct imap *i, size_t from, const struct imap_plan *p, size_t n)
{
	uint64_t	 sum = 0, size;
	size_t		 k;
	bool		 alone;

	for (k = from; k < n && k - from < BATCH_MESSAGES; k++) {
		size = p[k].size == 0 ? SLACK_BYTES : p[k].size;
		alone = size > LARGE_MESSAGE || imap_left_get(&i->st.again, p[k].uid) != 0;
		if (p[k].size > i->m->limits.message_bytes || (k > from && (alone || sum + size > BATCH_BYTES)))
			break;
		sum += size;
		if (alone) {
			k++;
			break;
		}
	}
	return (k - from);
}

/* The connection broke in the middle of a batch: what came before need not come again. */
static void
push_rest(struct imap *i, const struct imap_plan *p, const enum fate *fate, size_t n, bool fresh)
{
	struct err	 ignored = { 0 };
	size_t		 k;

	for (k = 0; k < n && fate[k] == GOT; k++)
		;
	if (k > 0)
		(void)push(i, p, fate, k, fresh ? p[k - 1].uid : 0, false, &ignored);
}

static int
fetch_list(struct imap *i, const struct imap_plan *p, size_t n, bool fresh, struct err *e)
{
	enum fate	 fate[BATCH_MESSAGES];
	size_t		 k, count;

	for (k = 0; k < n && !i->m->calls->stop(i->m->ctx); k += count) {
		if ((count = batch_size(i, k, p, n)) == 0) {
			count = 1;
			fate[0] = LARGE;
			if (leave_large(i, p[k].uid, p[k].size, e) == -1)
				return (-1);
		} else if (fetch_batch(i, p + k, count, fate, e) == -1) {
			push_rest(i, p + k, fate, count, fresh);
			return (-1);
		}
		if (push(i, p + k, fate, count, fresh ? p[k + count - 1].uid : 0, true, e) == -1)
			return (-1);
	}
	return (0);
}

/* Those of earlier looks that may come now: large ones under a raised limit, bad ones once more. */
static size_t
second_chances(struct imap *i, struct imap_plan **out)
{
	struct imap_plan	*v = calloc(i->st.again.n + i->st.large.n + 1, sizeof(*v));
	size_t			 k, n = 0;

	for (k = 0; v != NULL && k < i->st.large.n; k++)
		if (i->st.large.v[k].uid <= i->st.uid && i->st.large.v[k].number <= i->m->limits.message_bytes)
			v[n++] = (struct imap_plan){ i->st.large.v[k].uid, i->st.large.v[k].number };
	for (k = 0; v != NULL && k < i->st.again.n; k++)
		if (i->st.again.v[k].uid <= i->st.uid)
			/* alone: as if it were large */
			v[n++] = (struct imap_plan){ i->st.again.v[k].uid, LARGE_MESSAGE + 1 };
	if (n > 0)
		qsort(v, n, sizeof(*v), by_uid);
	*out = v;
	return (n);
}

/* --- One look ------------------------------------------------------------ */

static void
start_afresh(struct imap *i, uint32_t uidvalidity)
{
	imap_state_free(&i->st);
	i->st.uidvalidity = uidvalidity;
}

/* UIDs mean something only together with the folder's UIDVALIDITY. */
static void
check_validity(struct imap *i)
{
	uint32_t	 now = i->im->imap_selection_info->sel_uidvalidity;

	if (i->st.uidvalidity != 0 && now != 0 && i->st.uidvalidity != now) {
		mailbox_notice(i->m, "the folder was made anew on the server (UIDVALIDITY %u, before %u): everything in"
		    " it is fetched again; nothing is counted twice", now, i->st.uidvalidity);
		start_afresh(i, now);
	}
	if (i->st.uidvalidity == 0)
		i->st.uidvalidity = now == 0 ? 1 : now;
}

static int
look(struct imap *i, struct err *e)
{
	struct imap_plan	*chances = NULL;
	uint64_t		 bytes = 0;
	size_t			 k, nchances;
	int			 rv;

	if (imap_enter(i, e) == -1)
		return (-1);
	check_validity(i);
	/* What an earlier look could not settle any more. */
	if (i->st.unsettled.n > 0 && (imap_settle(i, e) == -1 || remember(i, e) == -1))
		return (-1);
	if (list_new(i, e) == -1)
		return (-1);
	nchances = second_chances(i, &chances);
	for (k = 0; k < i->nplan; k++)
		bytes += i->plan[k].size;
	rv = i->m->calls->planned(i->m->ctx, i->nplan + nchances, bytes, e);
	if (rv == 0 && nchances > 0)
		rv = fetch_list(i, chances, nchances, false, e);
	if (rv == 0)
		rv = fetch_list(i, i->plan, i->nplan, true, e);
	free(chances);
	return (rv == 0 ? settle_durable(i, 0, true, e) : -1);
}

static char *
wire_name(const char *folder)
{
	struct buf	 b = { .max = 2048 };

	if (!utf7_encode(&b, str_of(folder == NULL ? "INBOX" : folder))) {
		buf_free(&b);
		return (NULL);
	}
	return (b.p == NULL ? strdup("") : b.p);
}

static void
done(struct imap *i)
{
	size_t	 k;

	imap_state_free(&i->st);
	for (k = 0; k < nitems(i->batch); k++)
		uidset_free(&i->batch[k].got);
	free(i->plan);
	free(i->folder);
	free(i->after_folder);
}

int
imap_look(struct mailbox *m, struct err *e)
{
	struct imap	 i = { .m = m };
	struct err	 ignored = { 0 };
	int		 rv;

	i.folder = wire_name(m->conf->folder);
	i.after_folder = wire_name(m->conf->after_folder);
	if (i.folder == NULL || i.after_folder == NULL) {
		done(&i);
		return (err_set(e, ERR_CONFIG, "folder names are UTF-8 text; remedy: correct folder or after"));
	}
	if (!imap_state_parse(&i.st, m->account, buf_as_str(&m->state->text)) && m->state->text.len > 0)
		mailbox_notice(m, "what was remembered of this mailbox is for another account or cannot be read:"
		    " everything in the folder is fetched; nothing is counted twice");
	rv = look(&i, e);
	/* What came before the trouble is kept and need not come again. */
	message_drop(m);
	if (rv == -1 && i.st.uidvalidity != 0 &&
	    (i.pushed == i.settled || settle_durable(&i, 0, false, &ignored) == 0))
		(void)remember(&i, &ignored);
	imap_leave(&i, rv == 0);
	done(&i);
	return (rv);
}
