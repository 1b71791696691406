/* A strict look at JSON text (RFC 8259) before json-glib sees it.
 *
 * json-glib's parser is recursive, takes more than JSON (comments, assignments, hexadecimal) and
 * asserts on broken surrogate pairs, none of which text from outside may reach. This scan is linear
 * and keeps a fixed stack. Beyond the grammar it refuses what two readers could understand
 * differently, as a signed document must mean one thing only: a name twice in one object (also when
 * written with different escapes), U+0000 in names and strings, integers beyond 64 bits, numbers
 * beyond a double.
 *
 * Errors: PLAN_ERROR_INVALID_DOCUMENT, naming the place.
 */
#pragma once

#include <glib.h>

/* text need not be NUL-terminated. Any JSON value passes, nested up to PLAN_DEPTH_MAX. */
gboolean scan_text(const char *text, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
