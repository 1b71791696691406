/* Signed documents: JWS in the flattened JSON form (RFC 7515 section 7.2.2),
 * {"payload","protected","signature"}. The payload is what then counts as the document; anything
 * beside these three members is not signed and hence not looked at, but for `header` and
 * `signatures`, which would change what the signature means and are refused.
 *
 * Errors: PLAN_ERROR_BAD_SIGNATURE.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* Whether the document has all three members. */
gboolean signed_is(JsonObject *document);

/* The payload, once its signature was found good with a key of trust_directory; else NULL. */
GBytes *signed_open(JsonObject *document, const char *trust_directory, GError **error);
