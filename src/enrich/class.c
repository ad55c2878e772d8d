/*
 * class.c - see class.h. The rules stand in the order in which they are tried.
 */
#include "enrich/class.h"
#include "enrich/thresholds.h"

const char *const sender_class_names[CLASS_COUNT] = {
	"unknown", "impostor", "own", "list", "forwarder", "service", "candidate", "suspect", "noise"
};
const char *const sender_class_labels[CLASS_COUNT] = {
	"Unknown", "Not ours", "Your servers", "Mailing lists", "Forwarders", "Services you use", "Probably yours", "Impostor suspected",
	"Background noise"
};
const char *const sender_health_names[HEALTH_COUNT] = { "none", "good", "one_leg", "mixed", "failing", "quiet" };

int
sender_class_parse(struct str s)
{
	for (int i = 0; i < CLASS_COUNT; i++)
		if (str_ieq(s, sender_class_names[i]))
			return (i);
	return (-1);
}

bool
sender_class_decidable(enum sender_class c)
{
	return (c != CLASS_SUSPECT && c != CLASS_NOISE);
}

enum sender_fate
sender_class_fate(enum sender_class c)
{
	switch (c) {
	case CLASS_OWN:
	case CLASS_SERVICE:
	case CLASS_CANDIDATE:
		return (FATE_FIX);
	case CLASS_LIST:
	case CLASS_FORWARDER:
		return (FATE_FORWARDED);
	default:
		return (FATE_UNKNOWN);
	}
}

bool
sender_relays(enum sender_kind kind, enum sender_class class)
{
	switch (sender_class_fate(class)) {
	case FATE_FIX:
		return (false);
	case FATE_FORWARDED:
		return (true);
	default:
		return (kind == KIND_PROVIDER || kind == KIND_FORWARDER || kind == KIND_LIST);
	}
}

/* At least so many per cent, and never of nothing. */
static bool
share(uint64_t part, uint64_t all, unsigned percent)
{
	return (all > 0 && (double)part * 100 >= (double)all * percent);
}

/*
 * The domain's own server: what DNS says of the address decides; while that is
 * not known, SPF has to have passed for the domain itself, and nothing may
 * speak of somebody else's service.
 */
static bool
is_own(const struct class_facts *f, enum confidence *sure)
{
	if (f->m < OWN_MESSAGES || f->days < OWN_DAYS || !share(f->pass, f->m, OWN_PASS) || f->direct == KNOWN_NO)
		return (false);
	if (f->direct == NOT_KNOWN && (f->how != HOW_SELF || !share(f->spf, f->m, OWN_PASS)))
		return (false);
	*sure = f->direct == KNOWN_YES ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	return (true);
}

static bool
is_list(const struct class_facts *f, enum confidence *sure)
{
	uint64_t	 carried = f->certain + f->likely;

	*sure = CONFIDENCE_HIGH;
	if (share(f->certain_list, f->m, FORWARD_SHARE))
		return (true);
	*sure = f->kind == KIND_LIST ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	if (!share(carried, f->m, FORWARD_SHARE))
		return (false);
	if (share(f->broken, f->m, LIST_SHARE) && (f->kind == KIND_LIST || f->list_host))
		return (true);
	/* lists change what they carry, and sign it in their own name */
	*sure = CONFIDENCE_LOW;
	if (share(f->resigned, f->m, LIST_SHARE))
		return (true);
	/* not every receiver gives reasons: of those who do, most speak of a list */
	*sure = CONFIDENCE_MEDIUM;
	return (f->certain_list > 0 && share(f->certain_list, f->certain_list + f->certain_plain, LIST_SHARE) &&
	    share(f->broken, f->m, LIST_SHARE));
}

static bool
is_suspect(const struct class_facts *f, enum confidence *sure)
{
	bool	 steady = f->days >= STEADY_DAYS && share(f->days, f->span, STEADY_SHARE);

	*sure = CONFIDENCE_MEDIUM;
	if (f->pass > 0 || f->m < SUSPECT_MESSAGES)
		return (false);
	/* A forgotten server of one's own must never be called that. */
	if (f->near_own || steady || f->entry != NULL)
		return (false);
	return (f->ptr == KNOWN_NO || f->dialup || share(f->stopped, f->m, SUSPECT_STOPPED) || f->networks >= SUSPECT_NETWORKS);
}

bool
class_is_noise(uint64_t pass, uint64_t m, unsigned span)
{
	if (pass > 0)
		return (false);
	return (m < NOISE_MESSAGES || (span > NOISE_DAYS && (double)m * NOISE_DAYS < (double)NOISE_MESSAGES * span));
}

enum sender_class
class_infer(const struct class_facts *f, enum confidence *out)
{
	if (is_own(f, out))
		return (CLASS_OWN);
	if (is_list(f, out))
		return (CLASS_LIST);
	*out = share(f->certain, f->m, FORWARD_SHARE) ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
	if (share(f->certain + f->likely, f->m, FORWARD_SHARE))
		return (CLASS_FORWARDER);
	*out = CONFIDENCE_HIGH;
	if (f->entry != NULL && f->dkim > 0)
		return (CLASS_SERVICE);
	*out = f->dkim > 0 ? CONFIDENCE_MEDIUM : CONFIDENCE_LOW;
	if (f->pass > 0)
		return (CLASS_CANDIDATE);
	/* So little is noise before it is anything, but it is not suspected either. */
	if (is_suspect(f, out))
		return (CLASS_SUSPECT);
	*out = CONFIDENCE_LOW;
	return (class_is_noise(f->pass, f->m, f->span) ? CLASS_NOISE : CLASS_UNKNOWN);
}

enum sender_health
health_of(uint64_t m, uint64_t pass, uint64_t spf, uint64_t dkim, int64_t since)
{
	if (m == 0)
		return (since >= HEALTH_QUIET_DAYS ? HEALTH_QUIET : HEALTH_OF_NONE);
	if (since >= HEALTH_QUIET_DAYS)
		return (HEALTH_QUIET);
	if (share(pass, m, HEALTH_GOOD))
		return (share(spf, m, HEALTH_LEG) && share(dkim, m, HEALTH_LEG) ? HEALTH_IS_GOOD : HEALTH_ONE_LEG);
	return (share(pass, m, HEALTH_MIXED) ? HEALTH_IS_MIXED : HEALTH_FAILING);
}
