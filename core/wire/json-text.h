/* Strict reading of small JSON objects from outside.
 *
 * json-glib is generous (comments, several roots, lone surrogates, strings cut at an escaped
 * NUL, integers that wrap round)
 * and recurses as deep as the text tells it to. A scan before it takes what RFC 8259 allows and
 * nothing else of that kind, so that neither a plugin nor a document can surprise the parser.
 *
 * Pure, any thread. Errors: JSON_PARSER_ERROR.
 */
#pragma once

#include <json-glib/json-glib.h>

#define JSON_TEXT_DEPTH_MAX 64 /* twice the nesting of a job document; ours adds a little */

/* The object in text (need not be NUL-terminated); NULL with error when it is not UTF-8, not one
 * single object, nested deeper than depth_max, or contains an escaped NUL or half a surrogate
 * pair. An integer beyond 64 bits becomes a double. The caller frees with json_node_unref(). */
JsonNode *json_text_parse(const char *text, gsize length, guint depth_max,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
