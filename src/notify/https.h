/*
 * https.h - libcurl as all of ours use it; notify/ only.
 * Source:    libcurl(3).
 * Trust:     servers are strangers: their certificate has to be right for their
 *            name, and nothing that they say sends us elsewhere.
 * Units:     seconds.
 * Ownership: the caller's handle.
 * Errors:    false: libcurl cannot do it, or memory.
 */
#ifndef NOTIFY_HTTPS_H
#define NOTIFY_HTTPS_H

#include <curl/curl.h>

#include "base/base.h"

/* A new handle with what is the same for all; NULL: none can be had. */
CURL	*https_new(void);
/* ca_file NULL: the system's authorities. */
bool	 https_url(CURL *, const char *url, bool tls, const char *ca_file, int64_t timeout);

#endif
