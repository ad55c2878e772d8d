/*
 * geo.c - see geo.h.
 */
#include "base/log.h"
#include "enrich/places.h"
#include "process/geo.h"

json_t *
geo_to_json(const struct conf_geo *g)
{
	return (json_pack("{s:s?, s:s?}", "country", g->country, "network", g->network));
}

static int
use(const char *country, const char *network, struct err *e)
{
	struct places	*p;

	if (places_open(country, network, &p, e) == -1)
		return (-1);
	places_close(places_use(p));
	return (0);
}

void
geo_close(void)
{
	places_close(places_use(NULL));
}

void
geo_begin(const json_t *j)
{
	static const char *const	 whats[PLACES_WHATS] = { "countries", "networks" };
	const char			*country = json_string_value(json_object_get(j, "country"));
	const char			*network = json_string_value(json_object_get(j, "network"));
	struct places_about		 about;
	struct err			 e = { 0 };

	if (use(country, network, &e) == -1) {
		log_error("geo: %s; countries and networks of addresses are not known until that is mended", e.msg);
		return;
	}
	for (int i = 0; i < PLACES_WHATS; i++) {
		places_about(places_used(), (enum places_what)i, &about);
		if (!about.there)
			log_debug("geo: no data of %s: %s", whats[i], about.why);
	}
}

int
geo_open(const struct conf_geo *g, struct err *e)
{
	return (use(g->country, g->network, e) == -1 ? err_prefix(e, "geo") : 0);
}
