#include "document.h"

#include <string.h>

#include "errand/plugin.h"
#include "json-text.h"

Document *
document_new(const char *text, GError **error)
{
    gsize length = strlen(text);
    JsonNode *root = json_text_parse(text, length, JSON_TEXT_DEPTH_MAX, error);
    Document *self;

    if (root == NULL)
        return NULL;
    self = g_new0(Document, 1);
    self->text = g_strdup(text);
    self->length = length;
    self->root = root;
    return self;
}

void
document_free(Document *self)
{
    if (self == NULL)
        return;
    json_node_unref(self->root);
    g_free(self->text);
    g_free(self);
}

/* One reference token with ~1 and ~0 undone; NULL when there is another ~. */
static char *
unescape(const char *token, gsize length)
{
    GString *text = g_string_sized_new(length);

    for (gsize i = 0; i < length; i++) {
        if (token[i] != '~') {
            g_string_append_c(text, token[i]);
            continue;
        }
        if (i + 1 == length || (token[i + 1] != '0' && token[i + 1] != '1')) {
            g_string_free(text, TRUE);
            return NULL;
        }
        g_string_append_c(text, token[++i] == '0' ? '~' : '/');
    }
    return g_string_free(text, FALSE);
}

static JsonNode *
element(JsonArray *array, const char *token)
{
    guint64 index;

    if (*token == '0' && token[1] != '\0')
        return NULL;
    if (!g_ascii_string_to_unsigned(token, 10, 0, G_MAXINT32, &index, NULL) ||
        index >= json_array_get_length(array))
        return NULL;
    return json_array_get_element(array, (guint)index);
}

JsonNode *
document_find(const Document *self, const char *pointer)
{
    JsonNode *node = self->root;

    if (*pointer != '\0' && *pointer != '/')
        return NULL;
    while (node != NULL && *pointer == '/') {
        gsize length = strcspn(pointer + 1, "/");
        g_autofree char *token = unescape(pointer + 1, length);

        if (token == NULL)
            return NULL;
        if (JSON_NODE_HOLDS_OBJECT(node))
            node = json_object_get_member(json_node_get_object(node), token);
        else if (JSON_NODE_HOLDS_ARRAY(node))
            node = element(json_node_get_array(node), token);
        else
            node = NULL;
        pointer += 1 + length;
    }
    return node;
}

int
document_type(JsonNode *node)
{
    GType type;

    if (node == NULL)
        return ERRAND_TYPE_NONE;
    if (JSON_NODE_HOLDS_OBJECT(node))
        return ERRAND_TYPE_OBJECT;
    if (JSON_NODE_HOLDS_ARRAY(node))
        return ERRAND_TYPE_ARRAY;
    if (JSON_NODE_HOLDS_NULL(node))
        return ERRAND_TYPE_NULL;
    type = json_node_get_value_type(node);
    if (type == G_TYPE_STRING)
        return ERRAND_TYPE_STRING;
    if (type == G_TYPE_BOOLEAN)
        return ERRAND_TYPE_BOOL;
    return type == G_TYPE_INT64 ? ERRAND_TYPE_INT : ERRAND_TYPE_NUMBER;
}

const char *
document_key(JsonNode *node, int index)
{
    JsonObjectIter iter;
    const char *name;

    if (node == NULL || index < 0 || !JSON_NODE_HOLDS_OBJECT(node))
        return NULL;
    json_object_iter_init_ordered(&iter, json_node_get_object(node));
    while (json_object_iter_next_ordered(&iter, &name, NULL)) {
        if (index-- == 0)
            return name;
    }
    return NULL;
}
