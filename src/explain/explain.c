/*
 * explain.c - see explain.h.
 */
#include "base/when.h"
#include "explain/explain.h"

static const char *const	 spf_legs[S_STATES] = {
	[S_PASS] = "S+", [S_OTHER] = "S~", [S_FAIL] = "S-", [S_FOREIGN] = "Sf", [S_NOTHING] = "S?", [S_PERM] = "SE", [S_TEMP] = "ST",
};
static const char *const	 dkim_legs[D_STATES] = {
	[D_PASS] = "D+", [D_OTHER] = "D~", [D_FAIL] = "D-", [D_FOREIGN] = "Dx", [D_NONE] = "D0", [D_PERM] = "DE", [D_TEMP] = "DT",
};
static const char *const	 treatments[TREAT_COUNT] = {
	[TREAT_DELIVERED] = "delivered", [TREAT_WATCHED] = "watched", [TREAT_SPARED] = "spared", [TREAT_NONE] = "none",
	[TREAT_PASS] = "pass", [TREAT_QUARANTINE] = "quarantine", [TREAT_REJECT] = "reject", [TREAT_OTHER] = "other",
};
static const char *const	 obediences[OBEY_COUNT] = {
	[OBEY_AS_ASKED] = "asked", [OBEY_WEAKER] = "weaker", [OBEY_STRICTER] = "stricter",
};
static const char *const	 overrides[OVERRIDE_COUNT] = {
	[OVERRIDE_FORWARDED] = "forwarded", [OVERRIDE_TRUSTED_FORWARDER] = "trusted_forwarder",
	[OVERRIDE_MAILING_LIST] = "mailing_list", [OVERRIDE_LOCAL_POLICY] = "local_policy", [OVERRIDE_ARC] = "arc",
	[OVERRIDE_TEST_MODE] = "policy_test_mode", [OVERRIDE_SAMPLED_OUT] = "sampled_out", [OVERRIDE_OTHER] = "other",
	[OVERRIDE_UNKNOWN] = "unknown",
};

/* One explanation in the making. */
struct job {
	struct arena			*a;
	const struct report_policy	*p;
	const struct report_record	*r;
	const struct explain_facts	*f;
	struct explanation		*x;
	const struct verdict		*v;
	const char			*variants[12];	/* what holds beyond the code, the most telling first */
	unsigned			 nvariants;
	char				 code[8];
	bool				 oom;
};

static void
set(struct job *j, enum explain_name n, enum explain_kind kind, struct str text)
{
	if (text.p != NULL && (text.len > 0 || kind == VALUE_TEXT))
		j->x->values.v[n] = (struct explain_value){ kind, text };
}

static void
set_message(struct job *j, enum explain_name n, const char *key)
{
	j->x->values.v[n] = (struct explain_value){ VALUE_MESSAGE, str_of(key) };
}

static struct str
printed(struct job *j, const char *fmt, ...) PRINTFLIKE(2, 3);

static struct str
printed(struct job *j, const char *fmt, ...)
{
	struct buf	 b = { .max = 4096 };
	struct str	 s;
	va_list		 ap;

	va_start(ap, fmt);
	(void)buf_vprintf(&b, fmt, ap);
	va_end(ap);
	s = arena_str(j->a, buf_as_str(&b));
	j->oom |= b.failed || s.p == NULL;
	buf_free(&b);
	return (s.p == NULL ? STR("") : s);
}

static struct str
date(struct job *j, int64_t day)
{
	char	 text[WHEN_TEXT];

	return (day == EXPLAIN_NO_DAY ? STR_NONE : printed(j, "%s", when_date(day, text)));
}

/* --- What holds ----------------------------------------------------------------------- */

static void
variant(struct job *j, const char *word, bool holds)
{
	if (holds && j->nvariants < nitems(j->variants))
		j->variants[j->nvariants++] = word;
}

static bool
selector_good(const struct forward_facts *w)
{
	return (w->selector_m > 0 && w->selector_ok * 100 >= w->selector_m * 95);
}

static bool
selector_bad(const struct forward_facts *w)
{
	return (w->selector_m > 0 && w->selector_ok * 100 <= w->selector_m * 5);
}

static bool
of_kind(const struct job *j, const char *kind)
{
	return (j->f->sender.kind != NULL && strcmp(j->f->sender.kind, kind) == 0);
}

static void
find_variants(struct job *j)
{
	const struct verdict	*v = j->v;
	bool			 silent = v->spf_state == S_NOTHING;

	variant(j, "notyours", j->f->owner == OWNER_OTHER);
	/* what others run is not put into SPF by its addresses */
	variant(j, "service", of_kind(j, "service") || of_kind(j, "provider"));

	variant(j, "many", j->f->ips != NULL && j->f->nall > j->f->nips);
	variant(j, "strict", v->spf_strict || v->dkim_strict);
	variant(j, "fwd", j->x->forwarding != FORWARD_NO);
	variant(j, "policy", v->dkim_state == D_FAIL && v->dkim->result == RES_POLICY);
	variant(j, "absent", silent && v->spf_basis == SPF_NOT_TOLD);
	variant(j, "helo", silent && v->spf_basis == SPF_HELO_ONLY);
	variant(j, "null", v->spf_basis == SPF_NULL_SENDER);
	if (j->f->forward.selector_m > 0 && (v->dkim_state == D_FAIL || v->dkim_state == D_PERM)) {
		variant(j, "keygood", selector_good(&j->f->forward));
		variant(j, "keybad", selector_bad(&j->f->forward));
	}
	variant(j, "none", silent && v->spf != NULL && v->spf->result == RES_NONE);
	variant(j, "neutral", silent && v->spf != NULL && v->spf->result == RES_NEUTRAL);
	variant(j, "foreign", v->spf_state == S_FOREIGN);
}

/* The key, or its most telling variant that has a message. */
static bool
choose(const struct job *j, char key[32], const char *base)
{
	for (unsigned i = 0; i < j->nvariants; i++) {
		(void)snprintf(key, 32, "%s.%s", base, j->variants[i]);
		if (explain_text(0, key) != NULL)
			return (true);
	}
	(void)snprintf(key, 32, "%s", base);
	return (explain_text(0, key) != NULL);
}

static struct explain_line *
say(struct job *j, enum explain_part part, const char *key)
{
	struct explain_line	*l;

	if (j->x->nlines == EXPLAIN_LINES)
		return (NULL);
	l = &j->x->lines[j->x->nlines++];
	*l = (struct explain_line){ .part = part };
	(void)snprintf(l->key, sizeof(l->key), "%s", key);
	return (l);
}

static void
say_code(struct job *j, enum explain_part part, const char *what)
{
	char	 base[32], key[32];

	(void)snprintf(base, sizeof(base), "code.%s.%s", j->code, what);
	if (choose(j, key, base))
		(void)say(j, part, key);
}

/* --- Values ------------------------------------------------------------------------------ */

struct str
explain_source(const struct verdict *v)
{
	if (v->foreign != NULL && !v->dkim_strict)
		return (v->foreign->domain);
	return (v->spf_state == S_OTHER && !v->spf_strict ? v->spf_domain : STR_NONE);
}

/* For a few addresses; of many nobody knows which one is meant. */
static struct str
mechanisms(struct job *j)
{
	const struct str	*ips = j->f->ips != NULL ? j->f->ips : &j->r->source_ip;
	size_t			 n = j->f->ips != NULL ? j->f->nips : j->r->ip_len != 0;
	struct str		 s = STR_NONE;

	if (j->f->ips != NULL && j->f->nall > n)
		return (STR_NONE);
	for (size_t i = 0; i < n; i++) {
		const char	*kind = memchr(ips[i].p, ':', ips[i].len) != NULL ? "ip6" : "ip4";

		s = printed(j, "%.*s%s%s:%.*s", (int)s.len, s.p == NULL ? "" : s.p, i > 0 ? " " : "", kind, (int)ips[i].len, ips[i].p);
	}
	return (s);
}

static void
values_of_sender(struct job *j)
{
	const struct explain_sender	*s = &j->f->sender;

	switch (s->named) {
	case NAMED_LABEL:
		set(j, NAME_sender, VALUE_LABEL, s->label);
		break;
	case NAMED_DOMAIN:
	case NAMED_PREFIX:
		set(j, NAME_sender, VALUE_NAME, s->label);
		break;
	case NAMED_SELF:
		set_message(j, NAME_sender, "fact.sender.self");
		break;
	case NAMED_SIGNED:
		set_message(j, NAME_sender, "fact.sender.signed");
		break;
	default:
		break;
	}
	if (s->setup_dkim != NULL)
		set(j, NAME_setup_dkim, VALUE_TEXT, str_of(s->setup_dkim));
	if (s->setup_path != NULL)
		set(j, NAME_setup_path, VALUE_TEXT, str_of(s->setup_path));
}

static void
values_of_source(struct job *j)
{
	const struct explain_facts	*f = j->f;
	struct str			 ip = j->r->ip_len != 0 ? j->r->source_ip : STR_NONE;

	if (f->ips != NULL && f->nips > 0)
		ip = f->ips[0];
	set(j, NAME_ip, VALUE_NAME, ip);
	if (f->nall > 1 && ip.p != NULL) {
		set(j, NAME_first, VALUE_NAME, ip);
		set(j, NAME_n, VALUE_TEXT, printed(j, "%llu", (unsigned long long)f->nall - 1));
		set_message(j, NAME_ip, "fact.ips");
	}
	if (f->sender.named == NAMED_LABEL)
		set(j, NAME_source, VALUE_LABEL, f->sender.label);
	else if ((f->several_spf || f->several_sig) && explain_source(j->v).len > 0)
		set_message(j, NAME_source, "fact.source.ips");
	else if (explain_source(j->v).len > 0)
		set(j, NAME_source, VALUE_NAME, explain_source(j->v));
	else if (f->sender.named == NAMED_DOMAIN)
		set(j, NAME_source, VALUE_NAME, f->sender.label);
	else if (ip.p != NULL)
		set_message(j, NAME_source, f->nall > 1 ? "fact.source.ips" : "fact.source.ip");
	set(j, NAME_spf_snippet, VALUE_TEXT, mechanisms(j));
}

static void
values_of_spf(struct job *j)
{
	const struct report_auth	*s = j->v->spf;

	/* nothing was read: the sender's domain is known all the same */
	set(j, NAME_spfd, VALUE_NAME, j->v->spf_domain.len > 0 ? j->v->spf_domain : j->r->envelope_from);
	if (j->f->several_spf && (j->v->spf_state == S_OTHER || j->v->spf_state == S_FOREIGN))
		set_message(j, NAME_spfd, "fact.several");
	if (s == NULL)
		return;
	if (s->word.len > 0)
		set(j, NAME_spf_result, VALUE_NAME, s->word);
	else if (s->result != RES_ABSENT)
		set(j, NAME_spf_result, VALUE_TEXT, str_of(auth_result_names[s->result]));
	if (j->f->several_spf && j->v->spf_state == S_FOREIGN)
		set_message(j, NAME_spf_result, "fact.spf_result.several");
	if (s->human_result.len > 0) {
		set(j, NAME_human, VALUE_QUOTED, s->human_result);
		set_message(j, NAME_spf_error, "fact.spf_error.told");
	}
}

static bool
key_known(const struct verdict *v)
{
	return (explain_plain_name(v->dkim_selector) && explain_plain_name(v->dkim_domain));
}

static void
values_of_dkim(struct job *j)
{
	const struct verdict	*v = j->v;

	set(j, NAME_sig, VALUE_NAME, v->dkim_domain);
	set(j, NAME_sel, VALUE_NAME, v->dkim_selector);
	if (v->dkim_selector.len > 0)
		set(j, NAME_keyname, VALUE_NAME, printed(j, "%.*s._domainkey.%.*s", (int)v->dkim_selector.len, v->dkim_selector.p,
		    (int)v->dkim_domain.len, v->dkim_domain.p));
	if (v->dkim_state == D_OTHER && (v->dkim_strict || !v->spf_strict))
		set(j, NAME_other, VALUE_NAME, v->dkim_domain);
	else
		set(j, NAME_other, VALUE_NAME, v->spf_domain);
	if (j->f->several_sig && v->dkim_state == D_OTHER)
		set_message(j, NAME_sig, "fact.several");
	if (v->dkim_state == D_OTHER ? j->f->several_sig : j->f->several_spf && v->spf_state == S_OTHER)
		set_message(j, NAME_other, "fact.several");
}

static void
values_of_policy(struct job *j)
{
	struct policy_asked	 asked;
	static const char	*enforce[REQUEST_ABSENT] = { "enforce.none", "enforce.quarantine", "enforce.reject" };

	dmarc_asked(j->p, j->r, &asked);
	set(j, NAME_domain, VALUE_NAME, j->p->domain);
	set(j, NAME_tag, VALUE_TEXT, j->v->dkim_strict ? STR("adkim") : STR("aspf"));
	set(j, NAME_policy_tag, VALUE_TEXT, str_of(asked.tag));
	if (asked.told)
		set(j, NAME_policy, VALUE_TEXT, str_of(dmarc_request_names[asked.published]));
	set_message(j, NAME_enforce, asked.told ? enforce[asked.published] : "enforce.unknown");
	set(j, NAME_disposition, VALUE_TEXT, str_of(disposition_names[j->r->disposition]));
}

static void
values_of_legs(struct job *j, struct str spf, struct str dkim)
{
	bool	 temp = j->v->spf_state == S_TEMP;

	set(j, NAME_dkim_leg, VALUE_LEG, dkim);
	set(j, NAME_leg_text, VALUE_LEG, temp ? dkim : spf);
	set_message(j, NAME_what, temp ? "fact.what.spf" : "fact.what.dkim");
	j->x->values.v[NAME_zone] = j->x->values.v[temp ? NAME_spfd : NAME_sig];
}

/*
 * Mail that somebody handed on and that failed: whoever wrote it, nothing is to
 * be repaired where it came from last. A broken key or record is.
 */
static bool
relay_advice(const struct job *j)
{
	const struct verdict	*v = j->v;

	if (v->pass || v->spf_strict || v->dkim_strict || v->spf_state == S_PERM || v->spf_state == S_TEMP || v->dkim_state == D_PERM ||
	    v->dkim_state == D_TEMP || (v->dkim_state == D_FAIL && v->dkim->result == RES_POLICY) ||
	    (v->dkim_state == D_FAIL && selector_bad(&j->f->forward)))
		return (false);
	/* of a network nobody knows more than that mail was handed on there, too */
	if (j->f->owner == OWNER_RELAY && j->f->sender.named == NAMED_PREFIX && v->dkim_state != D_FAIL)
		return (j->x->forwarding == FORWARD_CERTAIN);
	return (j->f->owner == OWNER_RELAY || (j->f->owner == OWNER_UNKNOWN && j->x->forwarding == FORWARD_CERTAIN));
}

/* --- Snippets ------------------------------------------------------------------------------ */

static void
snippet(struct job *j, const char *key, struct str name, struct str value)
{
	struct explanation	*x = j->x;

	if (x->nsnippets < EXPLAIN_SNIPPETS && explain_plain_name(name) && value.len > 0)
		x->snippets[x->nsnippets++] = (struct explain_snippet){ key, name, value };
}

static void
snippets_spf(struct job *j)
{
	const struct verdict	*v = j->v;
	struct str		 ips = mechanisms(j);

	/* addresses of a service change, and those of a forwarder are nobody's own */
	if (j->f->owner == OWNER_OTHER || j->f->owner == OWNER_RELAY || of_kind(j, "service") || of_kind(j, "provider") ||
	    (v->pass && j->x->forwarding != FORWARD_NO))
		return;
	if (v->spf_basis == SPF_NULL_SENDER && v->spf_state == S_NOTHING)
		snippet(j, "snippet.helo", v->spf_domain, STR("v=spf1 a -all"));
	else if (v->spf_state == S_NOTHING && v->spf != NULL && v->spf->result == RES_NONE && ips.len > 0)
		snippet(j, "snippet.spf.new", v->spf_domain, printed(j, "v=spf1 %.*s ~all", (int)ips.len, ips.p));
	else if (v->spf_state == S_FAIL || (v->spf_state == S_NOTHING && v->spf != NULL))
		snippet(j, "snippet.spf", v->spf_domain, ips);
	else if (v->spf_state == S_FOREIGN && !v->pass && (v->dkim_state == D_NONE || v->dkim_state == D_FOREIGN))
		snippet(j, "snippet.spf", j->r->header_from, ips);
}

static void
snippets_of(struct job *j)
{
	const struct verdict	*v = j->v;

	snippets_spf(j);
	if (j->f->owner != OWNER_OTHER && !relay_advice(j) && key_known(v) && (v->dkim_state == D_FAIL || v->dkim_state == D_PERM) &&
	    v->dkim->result != RES_POLICY && !selector_good(&j->f->forward))
		snippet(j, "snippet.dkim", j->x->values.v[NAME_keyname].text, STR("v=DKIM1; k=rsa; p=..."));
	if ((v->spf_strict || v->dkim_strict) && explain_plain_name(j->p->domain))
		snippet(j, "snippet.dmarc", printed(j, "_dmarc.%.*s", (int)j->p->domain.len, j->p->domain.p),
		    v->dkim_strict ? STR("adkim=r") : STR("aspf=r"));
}

/* --- The lines -------------------------------------------------------------------------------- */

static void
say_legs(struct job *j)
{
	char			 base[32], key[32];
	struct explain_line	*spf, *dkim;

	(void)snprintf(base, sizeof(base), "leg.%s", spf_legs[j->v->spf_state]);
	(void)choose(j, key, base);
	spf = say(j, EXPLAIN_LEG, key);
	if (j->v->spf_strict)
		(void)say(j, EXPLAIN_LEG, "leg.strict.aspf");
	(void)snprintf(base, sizeof(base), "leg.%s", dkim_legs[j->v->dkim_state]);
	(void)choose(j, key, base);
	dkim = say(j, EXPLAIN_LEG, key);
	if (j->v->dkim_strict)
		(void)say(j, EXPLAIN_LEG, "leg.strict.adkim");
	/* both lines live as long as the explanation, and so do their keys */
	values_of_legs(j, str_of(spf->key), str_of(dkim->key));
}

static void
say_advice(struct job *j)
{
	bool	 split;
	char	 key[32];

	say_code(j, EXPLAIN_TITLE, "title");
	say_code(j, EXPLAIN_WHY, "why");
	(void)snprintf(key, sizeof(key), "code.%s.y", j->code);
	split = explain_text(0, key) != NULL;
	if (relay_advice(j))
		(void)say(j, EXPLAIN_DO, j->v->dkim_state == D_FAIL ? "do.relay.changed" : j->v->dkim_state == D_OTHER ? "do.relay.other" :
		    "do.relay.unsigned");
	else if (!split)
		say_code(j, EXPLAIN_DO, "do");
	else if (j->f->owner == OWNER_YOU || j->f->owner == OWNER_OTHER ||
	    (j->f->owner == OWNER_RELAY && j->v->dkim_state == D_PERM))
		say_code(j, EXPLAIN_DO, j->f->owner == OWNER_OTHER ? "n" : "y");
	else {
		say_code(j, EXPLAIN_YOURS, "y");
		say_code(j, EXPLAIN_NOT_YOURS, "n");
	}
}

static void
say_who(struct job *j)
{
	const struct explain_sender	*s = &j->f->sender;
	char				 key[32];
	bool				 advises = j->f->owner == OWNER_YOU || j->f->owner == OWNER_UNKNOWN;

	if (s->class != NULL) {
		(void)snprintf(key, sizeof(key), "who.%.16s", s->class);
		if (strcmp(s->class, "unknown") == 0 && s->kind != NULL && !s->decided) {
			(void)snprintf(key, sizeof(key), "who.unknown.%.8s", strcmp(s->kind, "isp") == 0 ? "hosting" : s->kind);
			if (explain_text(0, key) == NULL)
				(void)snprintf(key, sizeof(key), "who.unknown");
		}
		(void)say(j, EXPLAIN_WHO, key);
		if (s->decided)
			(void)say(j, EXPLAIN_WHO, "who.decided");
	}
	if (!advises || relay_advice(j) || (j->v->pass && j->x->forwarding != FORWARD_NO))
		return;
	if (s->setup_dkim != NULL && j->v->dkim_state != D_PASS && j->v->dkim_state != D_TEMP)
		(void)say(j, EXPLAIN_SETUP, "setup.dkim");
	if (s->setup_path != NULL && j->v->spf_state != S_PASS && j->v->spf_state != S_TEMP)
		(void)say(j, EXPLAIN_SETUP, "setup.path");
}

static void
say_receiver(struct job *j)
{
	const struct report_record	*r = j->r;
	enum obedience			 o = dmarc_obedience(j->p, r);
	struct explain_line		*l;
	char				 key[32];

	(void)snprintf(key, sizeof(key), "treatment.%s", treatments[dmarc_treatment(j->p, r)]);
	l = say(j, EXPLAIN_TREATMENT, key);
	l->word = r->disposition_word.len > 0 ? r->disposition_word : str_of(disposition_names[r->disposition]);
	if (o != OBEY_NOTHING) {
		(void)snprintf(key, sizeof(key), "obey.%s%s", obediences[o],
		    o == OBEY_WEAKER && r->disposition == DISP_QUARANTINE ? ".spam" : "");
		(void)say(j, EXPLAIN_TREATMENT, key);
	}
	for (size_t i = 0; i < r->nreasons && i < EXPLAIN_OVERRIDES; i++) {
		(void)snprintf(key, sizeof(key), "override.%s", overrides[dmarc_override(&r->reasons[i])]);
		if ((l = say(j, EXPLAIN_OVERRIDE, key)) == NULL)
			return;
		l->word = r->reasons[i].type;
		l->comment = r->reasons[i].comment;
	}
}

static void
say_forwarding(struct job *j)
{
	const struct verdict	*v = j->v;

	if (j->x->forwarding == FORWARD_NO)
		return;
	(void)say(j, EXPLAIN_FORWARD, v->dkim_aligned ? "fwd.text.pass" : v->pass ? "fwd.text.spf" :
	    v->dkim_state == D_FAIL ? "fwd.text.changed" : v->dkim_state == D_NONE ? "fwd.text.unsigned" : "fwd.text.fail");
	if (j->x->forwarding == FORWARD_LIKELY)
		(void)say(j, EXPLAIN_FORWARD, "fwd.text.pattern");
}

static void
say_selector(struct job *j)
{
	const struct forward_facts	*w = &j->f->forward;

	if (w->selector_m == 0 || j->v->dkim_selector.len == 0 || (j->v->dkim_state != D_FAIL && j->v->dkim_state != D_PERM))
		return;
	set(j, NAME_ok, VALUE_TEXT, printed(j, "%llu", (unsigned long long)w->selector_ok));
	set(j, NAME_all, VALUE_TEXT, printed(j, "%llu", (unsigned long long)w->selector_m));
	set(j, NAME_day_from, VALUE_TEXT, date(j, j->f->forward_from));
	set(j, NAME_day_to, VALUE_TEXT, date(j, j->f->forward_to));
	(void)say(j, EXPLAIN_NOTE, selector_good(w) ? "note.selector.good" : selector_bad(w) ? "note.selector.bad" : "note.selector.mixed");
}

static void
say_notes(struct job *j)
{
	const struct report_record	*r = j->r;
	const struct verdict		*v = j->v;
	bool				 reported = r->dkim == EVAL_PASS || r->spf == EVAL_PASS;

	if (v->differs) {
		set_message(j, NAME_a, reported ? "differs.pass" : "differs.fail");
		set_message(j, NAME_b, v->pass ? "differs.pass" : "differs.fail");
		(void)say(j, EXPLAIN_DIFFERS, "differs.text");
	} else if (!reported && (r->dkim != EVAL_FAIL || r->spf != EVAL_FAIL))
		(void)say(j, EXPLAIN_NOTE, "note.untold");
	say_selector(j);
	if (v->spf_basis == SPF_NULL_SENDER && v->spf_state != S_PASS && v->spf_state != S_NOTHING)
		(void)say(j, EXPLAIN_NOTE, "note.null");
	if ((v->estimates & ESTIMATE_HELO) != 0)
		(void)say(j, EXPLAIN_NOTE, "note.helo");
	if ((j->f->walked & WALK_USED) != 0)
		(void)say(j, EXPLAIN_NOTE, j->f->walk_old ? "note.walk.old" : "note.walk");
	else if ((j->f->walked & WALK_LACKED) != 0)
		(void)say(j, EXPLAIN_NOTE, "note.walk.list");
	else if ((v->estimates & ESTIMATE_ORG) != 0)
		(void)say(j, EXPLAIN_NOTE, "note.org");
	if (r->header_from_derived)
		(void)say(j, EXPLAIN_NOTE, "note.derived");
}

int
explain_row(struct arena *a, const struct report_policy *p, const struct report_record *r, const struct explain_facts *f,
    struct explanation *x, struct err *e)
{
	struct job	 j = { .a = a, .p = p, .r = r, .f = f, .x = x, .v = &x->verdict };

	memset(x, 0, sizeof(*x));
	dmarc_judge_with(p, r, f->dns, &x->verdict);
	x->code = x->verdict.code;
	x->forwarding = dmarc_forwarding(&x->verdict, &f->forward);
	(void)dmarc_code_name(x->code, j.code);
	find_variants(&j);
	set(&j, NAME_from, VALUE_NAME, r->header_from);
	if (f->reporters)
		set_message(&j, NAME_reporter, "fact.reporters");
	else
		set(&j, NAME_reporter, VALUE_LABEL, f->reporter);
	set(&j, NAME_day, VALUE_TEXT, date(&j, f->day));
	values_of_sender(&j);
	values_of_source(&j);
	values_of_spf(&j);
	values_of_dkim(&j);
	values_of_policy(&j);
	say_advice(&j);
	say_who(&j);
	say_legs(&j);
	say_receiver(&j);
	say_forwarding(&j);
	say_notes(&j);
	snippets_of(&j);
	return (j.oom ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

const char *
explain_title(unsigned code)
{
	char		 name[8], key[32];
	const char	*text;

	(void)snprintf(key, sizeof(key), "code.%s.title", dmarc_code_name(code, name));
	text = explain_text(0, key);
	return (text == NULL ? "" : text);
}

bool
explain_say(struct buf *b, unsigned lang, const struct explanation *x, const struct explain_line *l)
{
	struct explain_values	 v;

	if (l->word.len == 0)
		return (explain_fill(b, lang, l->key, &x->values));
	v = x->values;
	v.v[NAME_word] = (struct explain_value){ VALUE_NAME, l->word };
	return (explain_fill(b, lang, l->key, &v));
}

bool
explain_say_snippet(struct buf *b, unsigned lang, const struct explanation *x, const struct explain_snippet *s)
{
	struct explain_values	 v = x->values;

	v.v[NAME_name] = (struct explain_value){ VALUE_NAME, s->name };
	return (explain_fill(b, lang, s->key, &v));
}
