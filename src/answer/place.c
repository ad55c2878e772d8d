/*
 * place.c - where an address is, and whose data says so.
 */
#include "answer/answer_int.h"

/* country: two letters; reserved: what an address is for that is nobody's. */
void
answer_place(struct a_obj *o, const struct place *p)
{
	a_set(o, "country", p->country[0] == '\0' ? json_null() : a_text(p->country));
	a_set(o, "asn", p->asn == 0 ? json_null() : a_count(p->asn));
	a_set(o, "network", p->network.len == 0 ? json_null() : a_str(p->network));
	a_set(o, "reserved", p->reserved == RESERVED_NO ? json_null() : a_text(reserved_names[p->reserved]));
}

bool
answer_geo_there(void)
{
	struct places_about	 about;
	bool			 there = false;

	for (int i = 0; i < PLACES_WHATS; i++) {
		places_about(places_used(), (enum places_what)i, &about);
		there |= about.there;
	}
	return (there);
}

struct json_t *
answer_geo(void)
{
	static const char *const	 names[PLACES_WHATS] = { "country", "network" };
	struct places_about		 about;
	struct a_obj			 o = a_object(), one;

	for (int i = 0; i < PLACES_WHATS; i++) {
		places_about(places_used(), (enum places_what)i, &about);
		one = a_object();
		a_set(&one, "there", json_boolean(about.there));
		a_set(&one, "day", about.there ? a_day(about.day) : json_null());
		a_set(&one, "note", a_str(about.note));
		a_set(&one, "why", a_text(about.why));
		a_set(&o, names[i], a_done(&one));
	}
	return (a_done(&o));
}
