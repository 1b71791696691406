/* The job document as plugins see it: text, and places in it named by JSON Pointer (RFC 6901).
 *
 * Immutable once made, so any thread may read. Errors: JSON_TEXT_ERROR. */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct {
    char *text;
    gsize length;
    json_t *root;
} Document;

/* NULL when text is not one JSON object of bearable nesting, or has a number beyond 64 bits. */
Document *document_new(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void document_free(Document *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Document, document_free)

/* The node at the place, owned by the document; NULL when there is none or pointer is malformed. */
json_t *document_find(const Document *self, const char *pointer);
/* ERRAND_TYPE_* of a node; ERRAND_TYPE_NONE for NULL. */
int document_type(const json_t *node);
/* Name of the index-th member, owned by the document; NULL past the end or when node is no object.
 */
const char *document_key(json_t *node, int index);
