/* Reading JSON members with strict types. Private to the session library.
 *
 * json-glib's own getters complain on stderr about a wrong type or convert silently; these say
 * no. Borrowed values live as long as the object. */
#pragma once

#include <json-glib/json-glib.h>

/* Whether brackets nest at most max deep. Also FALSE for the comments and 'strings' that json-glib
 * takes beside JSON, as they could hide brackets; other syntax is the parser's to judge. */
gboolean jobs_json_depth_ok(const char *text, gsize length, guint max);
/* Takes "jobDocument" of a message, or of its "execution", out of the message: what users wrote
 * must neither be changed nor make the rest unreadable, or nobody could reject it. `rest` gets the
 * message with null in its place. The document as it came, for the caller to free and for
 * core/document to judge; NULL when there is none. text is UTF-8 without NUL. */
char *jobs_json_take_document(const char *text, gsize length, GString *rest);
/* The member's string, or NULL when absent, not a string, or longer than max bytes. */
const char *jobs_json_string(JsonObject *object, const char *name, gsize max);
/* TRUE and *value when the member is a number within 64 bits; a fraction is cut off. */
gboolean jobs_json_integer(JsonObject *object, const char *name, gint64 *value);
/* The member's object or array, or NULL when absent or another type. */
JsonObject *jobs_json_object(JsonObject *object, const char *name);
JsonArray *jobs_json_array(JsonObject *object, const char *name);
/* Compact JSON text of a value; caller frees. */
char *jobs_json_text(JsonNode *node);
