/*
 * say.c - see say.h.
 */
#include <math.h>

#include "explain/explain.h"
#include "summary/say.h"

#define LIST_MOST 8	/* names in one sentence */
#define NONE ((double)NAN)

static struct word
name(const char *n, struct str v)
{
	return ((struct word){ .name = n, .kind = WORD_NAME, .text = v.p == NULL ? STR("?") : v });
}

static struct word
text(const char *n, struct str v)
{
	return ((struct word){ .name = n, .kind = WORD_TEXT, .text = v.p == NULL ? STR("") : v });
}

static struct word
count(const char *n, uint64_t v)
{
	return ((struct word){ .name = n, .kind = WORD_COUNT, .n = v });
}

static struct word
rate(const char *n, double v)
{
	return ((struct word){ .name = n, .kind = WORD_RATE, .rate = v });
}

static struct word
points(const char *n, double v)
{
	return ((struct word){ .name = n, .kind = WORD_POINTS, .rate = v });
}

static struct word
day(const char *n, int64_t v)
{
	return (v == DAY_NONE ? text(n, STR("?")) : (struct word){ .name = n, .kind = WORD_DAY, .day = v });
}

/* --- Shares ------------------------------------------------------------------------------ */

double
say_yours(const struct query_counts *c)
{
	return (c->yours == 0 ? NONE : (double)c->yours_pass / (double)c->yours);
}

double
say_stopped(const struct query_counts *c)
{
	return (c->fail_unk == 0 ? NONE : (double)c->stopped / (double)c->fail_unk);
}

/* Where nobody has been found to be ours yet, of all mail. */
static double
share_of(const struct query_counts *c)
{
	if (c->yours > 0)
		return (say_yours(c));
	return (c->m == 0 ? NONE : (double)query_passing(c) / (double)c->m);
}

double
say_change(const struct summary *s, const struct query_counts *now, const struct query_counts *was)
{
	if (!s->compared || now->yours == 0 || was->yours == 0)
		return (NONE);
	return (say_yours(now) - say_yours(was));
}

/* --- Periods ------------------------------------------------------------------------------- */

void
say_period(struct buf *b, const struct summary *s, unsigned lang)
{
	struct word	 w[] = { day("from", s->from), day("to", s->to), WORDS_END };
	char		 key[32];

	(void)snprintf(key, sizeof(key), "period.%s", s->from == s->to ? "day" : summary_period_names[s->period]);
	(void)words_fill(b, lang, key, w);
}

void
say_complete(struct buf *b, const struct summary *s, unsigned lang)
{
	struct word	 w[] = { count("reporters", s->reporters), day("day", s->complete_through), WORDS_END };

	(void)words_fill(b, lang, s->complete ? "complete" : s->complete_through == DAY_NONE ? "partial.never" : "partial", w);
}

/* --- Items ----------------------------------------------------------------------------------- */

static bool
has_before(enum summary_kind k)
{
	return (k == ITEM_HURT || k == ITEM_HURT_FORWARDED || k == ITEM_FAILING);
}

static void
say_key(struct buf *b, const char *key, const struct summary_item *it, unsigned lang, struct str period)
{
	struct word	 w[] = {
		name("domain", it->domain), name("name", it->name), text("text", it->text), text("remedy", it->remedy),
		count("n", it->n), count("of", it->of), count("was", it->was), count("other", it->other),
		rate("rate", it->rate), rate("rate_was", it->rate_was), day("day", it->day), text("period", period), WORDS_END
	};

	(void)words_fill(b, lang, key, w);
}

static void
say_kind(struct buf *b, const char *what, const struct summary_item *it, unsigned lang, struct str period)
{
	char		 key[48];

	(void)snprintf(key, sizeof(key), "%s.%s%s", what, summary_kind_names[it->kind],
	    it->kind == ITEM_SILENT && it->domain.p == NULL && strcmp(what, "do") != 0 ? "_all" : "");
	say_key(b, key, it, lang, period);
}

void
say_item(struct buf *b, const struct summary *s, const struct summary_item *it, unsigned lang)
{
	struct word	 w[] = { count("was", it->was), WORDS_END };
	char		 key[32], code[8];

	say_kind(b, "item", it, lang, STR_NONE);
	if (s->compared && has_before(it->kind)) {
		(void)snprintf(key, sizeof(key), "was.%s", s->from == s->to ? "day" : summary_period_names[s->period]);
		(void)buf_cstr(b, ", ");
		(void)words_fill(b, lang, key, w);
	}
	if (it->code != 0)
		(void)buf_printf(b, " (%s)", dmarc_code_name(it->code, code));
	/* a mailbox's error is a sentence of its own */
	if (b->len > 0 && b->p[b->len - 1] != '.')
		(void)buf_byte(b, '.');
}

bool
say_do(struct buf *b, const struct summary_item *it, unsigned lang)
{
	static const enum explain_part	 parts[] = { EXPLAIN_DO, EXPLAIN_YOURS };
	int				 in = explain_language(str_of(summary_language_tag(lang)));
	char				 key[48];

	/* what to do if it were yours is no advice about mail that was forwarded */
	for (size_t p = 0; it->why != NULL && p < (it->kind == ITEM_HURT_FORWARDED ? 1 : nitems(parts)); p++)
		for (size_t i = 0; i < it->why->nlines; i++)
			if (it->why->lines[i].part == parts[p])
				return (explain_say(b, in < 0 ? 0 : (unsigned)in, it->why, &it->why->lines[i]));
	/* what failed mostly has a remedy of its own */
	(void)snprintf(key, sizeof(key), "do.tls.%.*s", (int)it->name.len, it->name.len > 0 ? it->name.p : "");
	if (it->kind == ITEM_TLS && strcmp(words_text(lang, key), key) != 0) {
		say_key(b, key, it, lang, STR_NONE);
		return (true);
	}
	(void)snprintf(key, sizeof(key), "do.%s", summary_kind_names[it->kind]);
	if (strcmp(words_text(lang, key), key) == 0 || (it->kind == ITEM_MAILBOX && it->remedy.len == 0))
		return (false);
	say_kind(b, "do", it, lang, STR_NONE);
	return (true);
}

/* --- The subject ------------------------------------------------------------------------------- */

void
say_subject(struct buf *b, const struct summary *s, unsigned lang)
{
	struct buf	 period = { 0 };
	const char	*key = s->empty ? "subject.empty" : s->counts.m == 0 ? "subject.none" : "subject.well";

	say_period(&period, s, lang);
	if (s->nneeds > 0)
		say_kind(b, "subject", &s->items[0], lang, buf_as_str(&period));
	else {
		double		 share = share_of(&s->counts);
		struct word	 w[] = { count("domains", s->ndomains_with_mail), count("m", s->counts.m), rate("rate", share),
				    text("period", buf_as_str(&period)), WORDS_END };

		(void)words_fill(b, lang, key, w);
	}
	b->failed |= period.failed;
	buf_free(&period);
}

/* --- What is well ---------------------------------------------------------------------------------- */

void
say_mail(struct buf *b, const struct summary *s, unsigned lang)
{
	double		 change = say_change(s, &s->counts, &s->prev);
	double		 share = share_of(&s->counts);
	struct word	 w[] = { count("domains", s->ndomains_with_mail), count("m", s->counts.m), rate("rate", share),
			    points("points", change), WORDS_END };

	(void)words_fill(b, lang, s->empty ? "empty" : s->counts.m == 0 ? "none" : isnan(change) ? "well.mail" : "well.mail.change", w);
}

void
say_unproven(struct buf *b, const struct summary *s, unsigned lang)
{
	struct word	 w[] = { count("n", s->counts.fail_unk), rate("rate", say_stopped(&s->counts)), WORDS_END };

	(void)words_fill(b, lang, s->counts.fail_unk == 0 ? "well.unproven.none" : "well.unproven", w);
}

/* --- New, changed, intake ---------------------------------------------------------------------------- */

static void
say_list(struct buf *b, unsigned lang, const char *key, const struct str *v, size_t n)
{
	struct buf	 list = { 0 };
	struct word	 more[] = { count("n", n > LIST_MOST ? n - LIST_MOST : 0), WORDS_END };

	for (size_t i = 0; i < n && i < LIST_MOST; i++) {
		(void)buf_cstr(&list, i == 0 ? "" : ", ");
		(void)words_name(&list, v[i]);
	}
	if (n > LIST_MOST) {
		(void)buf_byte(&list, ' ');
		(void)words_fill(&list, lang, "more", more);
	}
	{
		struct word	 w[] = { count("n", n), text("list", buf_as_str(&list)), WORDS_END };

		(void)words_fill(b, lang, key, w);
	}
	b->failed |= list.failed;
	buf_free(&list);
}

bool
say_new(struct buf *b, const struct summary *s, unsigned lang, unsigned n)
{
	char	 key[32];

	if (n < s->nsenders) {
		const struct summary_sender	*x = &s->senders[n];

		(void)snprintf(key, sizeof(key), "class.%s", sender_class_names[x->class]);
		{
			struct word	 w[] = { name("name", x->label), name("domain", x->domain), count("n", x->m),
					    text("class", str_of(words_text(lang, key))), WORDS_END };

			return (words_fill(b, lang, "new.sender", w) || true);
		}
	}
	n -= (unsigned)s->nsenders;
	if (s->nsenders_all > s->nsenders && n-- == 0) {
		struct word	 w[] = { count("n", s->nsenders_all - s->nsenders), WORDS_END };

		return (words_fill(b, lang, "new.senders.more", w) || true);
	}
	if (s->fresh.nselectors > 0 && n-- == 0) {
		say_list(b, lang, "new.selectors", s->fresh.selectors, s->fresh.nselectors);
		return (true);
	}
	if (s->fresh.nsubdomains > 0 && n-- == 0) {
		say_list(b, lang, "new.subdomains", s->fresh.subdomains, s->fresh.nsubdomains);
		return (true);
	}
	return (false);
}

bool
say_intake(struct buf *b, const struct summary *s, unsigned lang, unsigned n)
{
	struct word	 w[] = { count("n", s->reports), count("reporters", s->reporters), WORDS_END };
	struct word	 in[] = { count("n", s->messages), count("bad", s->unreadable), WORDS_END };
	struct word	 tls[] = { count("n", s->tls_ok + s->tls_failed), rate("rate", s->tls_ok + s->tls_failed == 0 ? NONE :
			    (double)s->tls_ok / (double)(s->tls_ok + s->tls_failed)), WORDS_END };
	size_t		 bad = 0;

	for (size_t i = 0; i < s->nmailboxes; i++)
		bad += s->mailboxes[i].error != NULL;
	if (n-- == 0)
		return (words_fill(b, lang, "intake.reports", w) || true);
	if (s->messages > 0 && n-- == 0)
		return (words_fill(b, lang, s->unreadable > 0 ? "intake.unread" : "intake.read", in) || true);
	if (s->nmailboxes > 0 && bad == 0 && n-- == 0) {
		struct word	 boxes[] = { count("n", s->nmailboxes), WORDS_END };

		return (words_fill(b, lang, "intake.boxes.fine", boxes) || true);
	}
	for (size_t i = 0; i < s->nmailboxes; i++)
		if (s->mailboxes[i].error != NULL && n-- == 0) {
			struct word	 box[] = { name("name", str_of(s->mailboxes[i].name)), text("text", str_of(s->mailboxes[i].error)), WORDS_END };

			return (words_fill(b, lang, "intake.box.bad", box) || true);
		}
	if (s->tls_ok + s->tls_failed > 0 && n-- == 0)
		return (words_fill(b, lang, "intake.tls", tls) || true);
	return (false);
}
