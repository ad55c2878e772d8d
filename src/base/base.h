/*
 * base.h - what every room needs: errors, strings with a length, memory.
 * Source:    none; no knowledge of mail lives in this room.
 * Trust:     see the headers named here.
 * Units:     see the headers named here.
 * Ownership: see the headers named here.
 * Errors:    see err.h.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#endif
