/*
 * cases.h - tables of cases as tests: each case is one line of TAP under the
 * code of its rule.
 * Source:    none.
 * Trust:     none needed.
 * Units:     none.
 * Ownership: cases are static; the list lives as long as the program.
 * Errors:    aborts without memory.
 */
#ifndef CASES_H
#define CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base.h"

struct cases {
	struct CMUnitTest	*t;
	size_t			 n, room;
};

static inline void
case_add(struct cases *c, const char *name, CMUnitTestFunction f, const void *state)
{
	if (c->n == c->room) {
		c->room = c->room == 0 ? 64 : 2 * c->room;
		if ((c->t = realloc(c->t, c->room * sizeof(*c->t))) == NULL)
			abort();
	}
	c->t[c->n++] = (struct CMUnitTest){ .name = name, .test_func = f, .initial_state = (void *)(uintptr_t)state };
}

/* Each element of a table; its first member is its name. */
#define CASES_ADD(c, table, f) do {						\
	for (size_t i_ = 0; i_ < nitems(table); i_++)				\
		case_add((c), *(const char *const *)(const void *)&(table)[i_], (f), &(table)[i_]);	\
} while (0)

static inline int
cases_run(struct cases *c, const char *name)
{
	int	 rv;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	rv = _cmocka_run_group_tests(name, c->t, c->n, NULL, NULL);
	free(c->t);
	*c = (struct cases){ 0 };
	return (rv);
}

#endif
