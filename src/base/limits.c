/*
 * limits.c - the defaults of limits.h.
 */
#include "base/limits.h"

#define LIMITS_DEFAULT(name, def, min, max, unit, why) .name = (def),
const struct limits limits_default = { LIMITS(LIMITS_DEFAULT) };
