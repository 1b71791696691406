/* Strict reading of small JSON objects from outside.
 *
 * Why jansson here and json-glib elsewhere: errand-runner starts once for each step, and loading
 * json-glib and what stands behind it would double the time of that. The daemon reads what people
 * and the service wrote with json-glib, after a look of its own (document/scan.h for documents,
 * session/jobs-json.h for messages).
 *
 * jansson takes RFC 8259 and nothing else. It is told to refuse a name twice in one object, and
 * refuses by itself what is not UTF-8, an escaped NUL, half a surrogate pair, and numbers beyond 64
 * bits or a double. Added here are what it lacks: a limit of nesting that the stack of any thread
 * bears (its own is 2048 levels, read recursively), and messages that quote nothing of the text, as
 * that may hold secrets.
 *
 * jansson and json-glib both have a function json_object_iter_next(). A program may link both, so
 * core/wire calls neither.
 *
 * Pure, any thread. Errors: JSON_TEXT_ERROR.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

#define JSON_TEXT_DEPTH_MAX 64 /* twice the nesting of a job document; ours adds a little */

#define JSON_TEXT_ERROR (json_text_error_quark())
GQuark json_text_error_quark(void);
typedef enum { JSON_TEXT_ERROR_MALFORMED } JsonTextError;

/* The object in text (need not be NUL-terminated); NULL with error when it is not one single object
 * or nested deeper than depth_max. The caller drops it with json_decref(). */
json_t *json_text_parse(const char *text, gsize length, guint depth_max,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
