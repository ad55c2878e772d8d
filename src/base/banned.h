/*
 * banned.h - calls that have no safe use here become compile errors.
 * Included before everything else by the build, so that no file can forget it.
 * The system headers that declare them are read first.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* glibc makes a macro of it for clang with _FORTIFY_SOURCE. */
#undef sprintf
#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok atoi atol atoll
#pragma GCC poison gmtime localtime ctime asctime mktemp tmpnam

#endif
