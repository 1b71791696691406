/* The job document as plugins see it: text, and places in it named by JSON Pointer (RFC 6901).
 *
 * Immutable once made, so any thread may read. Errors: JSON_PARSER_ERROR. */
#pragma once

#include <json-glib/json-glib.h>

typedef struct {
    char *text;
    gsize length;
    JsonNode *root;
} Document;

/* NULL when text is not one JSON object of bearable nesting. */
Document *document_new(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void document_free(Document *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Document, document_free)

/* The node at the place, owned by the document; NULL when there is none or pointer is malformed. */
JsonNode *document_find(const Document *self, const char *pointer);
/* ERRAND_TYPE_* of a node; ERRAND_TYPE_NONE for NULL. */
int document_type(JsonNode *node);
/* Name of the index-th member, owned by the document; NULL past the end or when node is no object.
 */
const char *document_key(JsonNode *node, int index);
