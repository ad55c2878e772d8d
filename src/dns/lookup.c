/*
 * lookup.c - see lookup.h.
 */
#include "dns/lookup.h"

#define PAUSE_FIRST	5000
#define PAUSE_LAST	60000
#define PROBES		4	/* at a time while nobody answers */
#define JOINED		65536
#define LATE		3	/* questions one after another that it took too long for: it is left out for a while */
#define LATE_MS		600000
#define BURST_MS	250	/* what was not asked for so long may be asked at once */

enum step { FREE, WAITS, NAMES, NEXT, FORWARD };	/* NEXT: the next name may be asked for */

#define ALL		(LOOKUPS + LOOKUP_NAMES)

struct lookup {
	enum step	 step;
	int64_t		 id;
	unsigned char	 ip[16];
	unsigned	 len;		/* 0: the texts at tried[0] are wanted */
	enum txt_kind	 kind;
	uint64_t	 order;		/* of coming */
	unsigned	 seq;		/* of the question: an answer to another one is late */
	int64_t		 deadline;
	char		 tried[HOST_TRIED][DOMAIN_MAX + 1];
	unsigned	 ntried, at;
	bool		 untold;	/* where one of the names leads could not be had */
	bool		 probe;
	enum dns_view	 view;
	bool		 other;		/* of a name: it is asked of the other one already, as who was meant did not answer */
	struct host	 host;
};

/* One of two that are asked for names: it may be out of reach altogether, as the root of the DNS is from some networks. */
struct reach { unsigned late; int64_t until; };

struct lookups {
	struct lookup		 v[ALL];	/* addresses, then names */
	const struct lookup_calls *calls;
	void			*ctx;
	unsigned		 rate;
	int64_t			 patience;
	uint64_t		 order;
	unsigned		 seq, flying;
	int64_t			 tokens, filled;	/* thousandths of a question; when they were added */
	unsigned		 failures;		/* one after another */
	int64_t			 pause, until;		/* 0: none */
	int64_t			 now;
	bool			 second;	/* there are two that names can be asked of */
	struct reach		 reach[DNS_VIEWS];
	char			*joined;	/* of one text; as long as a message */
};

struct lookups *
lookups_new(unsigned rate, int64_t patience, bool second, const struct lookup_calls *calls, void *ctx, int64_t now)
{
	struct lookups	*l = calloc(1, sizeof(*l));

	if (l == NULL || (l->joined = malloc(JOINED)) == NULL) {
		free(l);
		return (NULL);
	}
	l->calls = calls;
	l->ctx = ctx;
	l->rate = rate == 0 ? 1 : rate;
	l->patience = patience;
	l->second = second;
	l->now = l->filled = now;
	l->tokens = 1000;
	return (l);
}

void
lookups_free(struct lookups *l)
{
	if (l != NULL)
		free(l->joined);
	free(l);
}

static unsigned
token_of(const struct lookups *l, const struct lookup *p)
{
	return (p->seq * ALL + (unsigned)(p - l->v));
}

static bool
flies(const struct lookup *p)
{
	return (p->step == NAMES || p->step == FORWARD);
}

/* A free place from..to-1; NULL: there is none, or that id is there. */
static struct lookup *
place(struct lookups *l, size_t from, size_t to, int64_t id)
{
	struct lookup	*p = NULL;

	for (size_t i = from; i < to; i++)
		if (l->v[i].step == FREE)
			p = p == NULL ? &l->v[i] : p;
		else if (l->v[i].id == id)
			return (NULL);
	return (p);
}

bool
lookups_add(struct lookups *l, int64_t id, const unsigned char *ip, unsigned len)
{
	struct lookup	*p;

	if ((len != 4 && len != 16) || (p = place(l, 0, LOOKUPS, id)) == NULL)
		return (false);
	*p = (struct lookup){ .step = WAITS, .id = id, .len = len, .order = ++l->order };
	memcpy(p->ip, ip, len);
	return (true);
}

/* What can be written as a name at all; the DNS decides about the rest. */
static bool
name_asks(const char *name)
{
	size_t	 label = 0, n = strlen(name);

	if (n == 0 || n > DOMAIN_MAX)
		return (false);
	for (; *name != '\0'; name++) {
		if (*name == '.' ? label == 0 : *name <= ' ' || *name > '~' || *name == '\\' || ++label > 63)
			return (false);
		label = *name == '.' ? 0 : label;
	}
	return (label > 0);
}

bool
lookups_add_name(struct lookups *l, int64_t id, enum txt_kind kind, const char *name, bool second)
{
	struct lookup	*p;

	if (!name_asks(name) || (p = place(l, LOOKUPS, ALL, id)) == NULL)
		return (false);
	*p = (struct lookup){ .step = WAITS, .id = id, .kind = kind, .order = ++l->order, .ntried = 1,
	    .view = second && l->second ? DNS_SECOND : DNS_FIRST };
	memcpy(p->tried[0], name, strlen(name) + 1);
	return (true);
}

static bool
has(const struct lookups *l, size_t from, size_t to, int64_t id)
{
	for (size_t i = from; i < to; i++)
		if (l->v[i].step != FREE && l->v[i].id == id)
			return (true);
	return (false);
}

bool
lookups_has(const struct lookups *l, int64_t id)
{
	return (has(l, 0, LOOKUPS, id));
}

bool
lookups_has_name(const struct lookups *l, int64_t id)
{
	return (has(l, LOOKUPS, ALL, id));
}

static void
land(struct lookups *l, struct lookup *p)
{
	if (flies(p))
		l->flying--;
}

void
lookups_clear(struct lookups *l)
{
	for (struct lookup *p = l->v; p < l->v + ALL; p++) {
		if (flies(p))
			l->calls->cancel(l->ctx, token_of(l, p));
		land(l, p);
		p->step = FREE;
	}
}

size_t
lookups_open(const struct lookups *l)
{
	size_t	 n = 0;

	for (size_t i = 0; i < ALL; i++)
		n += l->v[i].step != FREE;
	return (n);
}

bool
lookups_trouble(const struct lookups *l)
{
	return (l->pause > 0);
}

/* --- Ends ------------------------------------------------------------------------ */

static void
count_end(struct lookups *l, const struct lookup *p, bool failed)
{
	if (!failed) {
		l->failures = 0;
		l->pause = l->until = 0;
		return;
	}
	if (++l->failures < LOOKUP_TROUBLE || (l->pause > 0 && !p->probe) || l->now < l->until)
		return;
	l->pause = l->pause == 0 ? PAUSE_FIRST : l->pause * 2 > PAUSE_LAST ? PAUSE_LAST : l->pause * 2;
	l->until = l->now + l->pause;
}

static void
end(struct lookups *l, struct lookup *p)
{
	struct host	 h = p->host;
	int64_t		 id = p->id;

	land(l, p);
	count_end(l, p, h.failure != HOST_ANSWERED);
	p->step = FREE;		/* its place may be taken again at once */
	l->calls->done(l->ctx, id, &h);
}

static enum dns_view
other(enum dns_view v)
{
	return (v == DNS_FIRST ? DNS_SECOND : DNS_FIRST);
}

/* Nobody answered for a name: is there somebody else to ask? Then it waits for him. */
static bool
falls_back(struct lookups *l, struct lookup *p, enum dns_status why)
{
	struct reach	*r = &l->reach[p->view];

	r->late = why == DNS_TIMEOUT ? r->late + 1 : 0;
	if (r->late >= LATE)
		r->until = l->now + LATE_MS;
	if ((why != DNS_TIMEOUT && why != DNS_SERVFAIL && why != DNS_REFUSED) || !l->second || p->other)
		return (false);
	land(l, p);
	p->step = WAITS;
	p->view = other(p->view);
	p->other = true;
	return (true);
}

/* A name: its texts, or why there are none. A crowd of texts is nothing that mail could be judged by: as if it had failed. */
static void
end_told(struct lookups *l, struct lookup *p, const struct dns_reply *a)
{
	struct txt_set	 set = { .n = 0 };
	struct lookup_texts t = { .status = a->status == DNS_CROWD ? DNS_SERVFAIL : a->status, .set = &set, .ttl = a->ttl, .view = p->view };
	int64_t		 id = p->id;
	size_t		 n;

	if (falls_back(l, p, a->status))
		return;
	for (size_t i = 0; a->status == DNS_OK && i < a->n; i++)
		if (a->records[i].len <= JOINED && txt_join(a->records[i], l->joined, &n))
			txt_add(&set, p->kind, (struct str){ l->joined, n });
	land(l, p);
	/* many names of one zone may be asked for: that its servers are ill says nothing of ours, but in a pause nobody may hurry */
	if ((t.status != DNS_SERVFAIL && t.status != DNS_REFUSED) || p->probe)
		count_end(l, p, t.status == DNS_SERVFAIL || t.status == DNS_REFUSED || t.status == DNS_TIMEOUT);
	p->step = FREE;
	l->calls->told(l->ctx, id, &t);
}

static void
end_failed(struct lookups *l, struct lookup *p, enum host_failure why)
{
	static const enum dns_status	 status[HOST_FAILURES] = { [HOST_TIMEOUT] = DNS_TIMEOUT, [HOST_SERVFAIL] = DNS_SERVFAIL,
	    [HOST_REFUSED] = DNS_REFUSED };

	if (p->len == 0) {
		end_told(l, p, &(struct dns_reply){ .status = status[why] });
		return;
	}
	p->host = (struct host){ .state = HOST_WAITING, .failure = why };
	end(l, p);
}

/* names[0] is the one that was confirmed, then the others in their order. */
static void
end_named(struct lookups *l, struct lookup *p, int confirmed)
{
	struct host	*h = &p->host;
	unsigned	 valid = h->nnames + h->more;	/* as counted by names_take */

	h->nnames = 0;
	if (confirmed >= 0)
		memcpy(h->names[h->nnames++], p->tried[confirmed], sizeof(h->names[0]));
	for (unsigned i = 0; i < p->ntried && h->nnames < HOST_NAMES; i++)
		if ((int)i != confirmed)
			memcpy(h->names[h->nnames++], p->tried[i], sizeof(h->names[0]));
	h->more = valid - h->nnames;
	h->state = confirmed >= 0 ? HOST_CONFIRMED : HOST_UNCONFIRMED;
	h->failure = confirmed < 0 && p->untold ? HOST_FORWARD : HOST_ANSWERED;
	end(l, p);
}

/* --- Answers ---------------------------------------------------------------------- */

/* The first HOST_TRIED in alphabetical order: the same ones at each look-up, in whatever order they come. */
static void
name_take(struct lookup *p, const char *name)
{
	unsigned	 at = 0;

	while (at < p->ntried && strcmp(p->tried[at], name) < 0)
		at++;
	if (at < p->ntried && strcmp(p->tried[at], name) == 0)
		return;
	p->host.more += p->host.more < UINT16_MAX;
	if (at == HOST_TRIED)
		return;
	if (p->ntried < HOST_TRIED)
		p->ntried++;
	for (unsigned i = p->ntried - 1; i > at; i--)
		memcpy(p->tried[i], p->tried[i - 1], sizeof(p->tried[0]));
	memcpy(p->tried[at], name, strlen(name) + 1);
}

static void
names_take(struct lookups *l, struct lookup *p, const struct dns_reply *a)
{
	char	 name[DOMAIN_MAX + 1];

	p->host = (struct host){ .ttl = a->ttl };
	for (size_t i = 0; i < a->n; i++)
		if (dns_name_text(a->records[i], name))
			name_take(p, name);
		else
			p->host.refused += p->host.refused < UINT16_MAX;
	if (a->status == DNS_CROWD)
		p->host.more = HOST_CROWD;
	if (p->ntried == 0) {
		p->host.state = HOST_NONE;
		end(l, p);
	} else
		p->step = NEXT;
}

static void
forward_take(struct lookups *l, struct lookup *p, const struct dns_reply *a)
{
	if (a->status == DNS_OK)
		for (size_t i = 0; i < a->n; i++)
			if (a->records[i].len == p->len && memcmp(a->records[i].p, p->ip, p->len) == 0) {
				p->host.ttl = a->ttl < p->host.ttl ? a->ttl : p->host.ttl;
				end_named(l, p, (int)p->at);
				return;
			}
	p->untold |= a->status != DNS_OK && a->status != DNS_NOTHING && a->status != DNS_NO_NAME &&
	    a->status != DNS_CROWD;
	p->step = NEXT;
	if (++p->at >= p->ntried)
		end_named(l, p, -1);
}

void
lookups_answer(struct lookups *l, unsigned token, const struct dns_reply *a)
{
	struct lookup	*p = &l->v[token % ALL];

	if (!flies(p) || token != token_of(l, p))
		return;
	if (p->step == FORWARD) {
		land(l, p);
		p->step = NEXT;
		forward_take(l, p, a);
		return;
	}
	if (p->len == 0) {
		end_told(l, p, a);
		return;
	}
	switch (a->status) {
	case DNS_OK:
	case DNS_NOTHING:
	case DNS_NO_NAME:
	case DNS_CROWD:
		land(l, p);
		p->step = NEXT;
		names_take(l, p, a);
		break;
	case DNS_TIMEOUT:
		end_failed(l, p, HOST_TIMEOUT);
		break;
	case DNS_REFUSED:
		end_failed(l, p, HOST_REFUSED);
		break;
	case DNS_SERVFAIL:
		end_failed(l, p, HOST_SERVFAIL);
		break;
	}
}

/* --- Questions -------------------------------------------------------------------- */

static void
expire(struct lookups *l)
{
	for (struct lookup *p = l->v; p < l->v + ALL; p++) {
		if (p->step == FREE || p->step == WAITS || l->now < p->deadline)
			continue;
		if (flies(p))
			l->calls->cancel(l->ctx, token_of(l, p));
		if (p->step == NAMES) {
			end_failed(l, p, HOST_TIMEOUT);
			continue;
		}
		land(l, p);
		p->step = NEXT;
		p->untold = true;
		end_named(l, p, -1);
	}
}

static void
fill(struct lookups *l)
{
	int64_t	 most = (int64_t)l->rate * BURST_MS;

	l->tokens += (l->now - l->filled) * l->rate;
	l->filled = l->now;
	if (most < 1000)
		most = 1000;
	if (l->tokens > most)
		l->tokens = most;
}

/* What was begun comes first; then those that wait, in the order in which they came. */
static struct lookup *
next(struct lookups *l)
{
	struct lookup	*best = NULL;
	unsigned	 probes = 0;

	for (struct lookup *p = l->v; p < l->v + ALL; p++) {
		if (p->step == NEXT)
			return (p);
		probes += p->step != FREE && p->step != WAITS;
		if (p->step == WAITS && (best == NULL || p->order < best->order))
			best = p;
	}
	if (l->pause > 0 && (l->now < l->until || probes >= PROBES))
		return (NULL);
	return (best);
}

static void
ask(struct lookups *l, struct lookup *p)
{
	char		 reverse[HOST_REVERSE];
	const char	*name = p->tried[p->at];
	enum dns_type	 type = p->len == 4 ? DNS_A : DNS_AAAA;
	struct err	 e = { 0 };

	if (p->step == WAITS) {
		p->deadline = l->now + l->patience;
		p->probe = l->pause > 0;
		if (p->len == 0 && l->second && !p->other && l->now < l->reach[p->view].until) {
			p->view = other(p->view);
			p->other = true;
		}
		name = p->len == 0 ? p->tried[0] : host_reverse(p->ip, p->len, reverse);
		type = p->len == 0 ? DNS_TXT : DNS_PTR;
	}
	p->step = type == DNS_PTR || type == DNS_TXT ? NAMES : FORWARD;
	p->seq = ++l->seq;
	l->flying++;
	if (l->calls->ask(l->ctx, token_of(l, p), p->view, name, type, &e) == 0)
		return;
	/* it did not go out: as if nobody could answer */
	lookups_answer(l, token_of(l, p), &(struct dns_reply){ .status = DNS_SERVFAIL });
}

int
lookups_tick(struct lookups *l, int64_t now)
{
	struct lookup	*p;
	int64_t		 wait = -1, w;

	l->now = now;
	expire(l);
	fill(l);
	while (l->tokens >= 1000 && l->flying < LOOKUP_FLIGHT && (p = next(l)) != NULL) {
		l->tokens -= 1000;
		ask(l, p);
	}
	for (p = l->v; p < l->v + ALL; p++) {
		if (p->step == FREE)
			continue;
		/* those that wait: for the next question that may be asked, or for the end of a pause */
		w = p->step == WAITS && l->pause > 0 && l->now < l->until ? l->until - now :
		    p->step == WAITS || p->step == NEXT ? (l->flying >= LOOKUP_FLIGHT || (p->step == WAITS && next(l) == NULL) ? -1 :
		    (1000 - l->tokens + l->rate - 1) / l->rate) : p->deadline - now;
		if (p->step == NEXT && (w < 0 || w > p->deadline - now))
			w = p->deadline - now;
		if (w >= 0 && (wait < 0 || w < wait))
			wait = w;
	}
	return (wait < 0 ? -1 : wait > INT32_MAX ? INT32_MAX : (int)wait);
}
