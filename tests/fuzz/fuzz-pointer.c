/* A JSON Pointer, a line end, a document: whatever the pointer is, it names a node of the document
 * or none; and every node is found by the pointer that is written for it. */
#include "document.h"
#include "errand/plugin.h"
#include "fuzz.h"

/* Nodes looked up by name; more cost time and show nothing new. */
#define NODES_MAX 200

typedef struct {
    const Document *document;
    const json_t *wanted; /* what the fuzzer's pointer gave */
    gboolean met;
    guint nodes;
} Walk;

static void walk(Walk *self, json_t *node, const char *pointer);

static void
walk_object(Walk *self, json_t *node, const char *pointer)
{
    int size = (int)json_object_size(node);

    for (int i = 0; i < size; i++) {
        const char *key = document_key(node, i);
        g_autoptr(GString) token = g_string_new(key);
        g_autofree char *below = NULL;

        g_assert_true(g_utf8_validate(key, -1, NULL));
        g_string_replace(token, "~", "~0", 0);
        g_string_replace(token, "/", "~1", 0);
        below = g_strconcat(pointer, "/", token->str, NULL);
        walk(self, json_object_get(node, key), below);
    }
    g_assert_null(document_key(node, size));
    g_assert_null(document_key(node, -1));
}

static void
walk_array(Walk *self, json_t *node, const char *pointer)
{
    for (gsize i = 0; i < json_array_size(node); i++) {
        g_autofree char *below = g_strdup_printf("%s/%" G_GSIZE_FORMAT, pointer, i);

        walk(self, json_array_get(node, i), below);
    }
}

static void
walk(Walk *self, json_t *node, const char *pointer)
{
    self->met = self->met || node == self->wanted;
    if (++self->nodes > NODES_MAX) {
        self->met = TRUE;
        return;
    }
    g_assert_true(document_find(self->document, pointer) == node);
    g_assert_cmpint(document_type(node), !=, ERRAND_TYPE_NONE);
    if (json_is_object(node))
        walk_object(self, node, pointer);
    else if (json_is_array(node))
        walk_array(self, node, pointer);
    else
        g_assert_null(document_key(node, 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *pointer = fuzz_string(data, size);
    char *line_end = strchr(pointer, '\n');
    g_autoptr(GError) error = NULL;
    g_autoptr(Document) document = NULL;
    Walk self = {0};

    if (line_end == NULL)
        return 0;
    *line_end = '\0';
    document = document_new(line_end + 1, &error);
    fuzz_check_error(document != NULL, error);
    if (document == NULL)
        return 0;
    g_assert_true(json_is_object(document->root));
    self.document = document;
    self.wanted = document_find(document, pointer);
    walk(&self, document->root, "");
    g_assert_true(self.wanted == NULL || self.met);
    return 0;
}
