/*
 * elements.c - see elements.h.
 */
#include "base/base.h"
#include "report/elements.h"

const struct element_row	 elements[E_TABLE] = {
	[E_OUTSIDE] = { "", E_UNKNOWN, ELEMENT_C },
#define ELEMENT_ROW(id, up, nm, k) [E_##id] = { nm, E_##up, ELEMENT_##k },
	ELEMENTS(ELEMENT_ROW)
#undef ELEMENT_ROW
};

/* Children by a small hash of parent and name: one look instead of fifty. */
#define SLOTS 256
static unsigned char	 slots[SLOTS][4];

static unsigned
slot_of(unsigned parent, const char *name, size_t len)
{
	return ((parent * 37u + (unsigned)len * 11u + (unsigned char)name[0] * 5u +
	    (unsigned char)name[len - 1] * 3u + (unsigned char)name[len / 2]) % SLOTS);
}

void
elements_init(void)
{
	static bool	 ready;

	if (ready)
		return;
	ready = true;
	for (unsigned i = 1; i < E_TABLE; i++) {
		unsigned char	*s = slots[slot_of(elements[i].parent, elements[i].name, strlen(elements[i].name))];
		unsigned	 k = 0;

		while (k < 4 && s[k] != 0)
			k++;
		if (k == 4)
			abort();	/* a table of ours that does not fit: seen by the first test */
		s[k] = (unsigned char)i;
	}
}

unsigned
element_of(unsigned parent, const char *name)
{
	size_t			 len = strlen(name);
	const unsigned char	*s;

	if (len == 0)
		return (E_UNKNOWN);
	s = slots[slot_of(parent, name, len)];
	for (unsigned k = 0; k < 4 && s[k] != 0; k++)
		if (elements[s[k]].parent == parent && strcmp(elements[s[k]].name, name) == 0)
			return (s[k]);
	return (E_UNKNOWN);
}

int
element_name_known(const char *name)
{
	for (unsigned i = 1; i < E_TABLE; i++)
		if (strcmp(elements[i].name, name) == 0)
			return (1);
	return (0);
}
