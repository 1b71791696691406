/* base64url (RFC 4648 section 5) as JWS writes it: no padding, no white space, and only the one
 * canonical spelling of each value, so that a signature cannot be respelled. Pure. */
#pragma once

#include <glib.h>

/* NULL when text is not that. Empty text is zero bytes. */
GBytes *base64url_decode(const char *text);
