#include "document.h"

#include "errand/plugin.h"
#include "json-text.h"

#include <string.h>

Document *
document_new(const char *text, GError **error)
{
    gsize length = strlen(text);
    json_t *root = json_text_parse(text, length, JSON_TEXT_DEPTH_MAX, error);
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
    json_decref(self->root);
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

static json_t *
element(const json_t *array, const char *token)
{
    guint64 index;

    if (*token == '0' && token[1] != '\0')
        return NULL;
    if (!g_ascii_string_to_unsigned(token, 10, 0, G_MAXINT32, &index, NULL))
        return NULL;
    return json_array_get(array, (gsize)index);
}

json_t *
document_find(const Document *self, const char *pointer)
{
    json_t *node = self->root;

    if (*pointer != '\0' && *pointer != '/')
        return NULL;
    while (node != NULL && *pointer == '/') {
        gsize length = strcspn(pointer + 1, "/");
        g_autofree char *token = unescape(pointer + 1, length);

        if (token == NULL)
            return NULL;
        node = json_is_array(node) ? element(node, token) : json_object_get(node, token);
        pointer += 1 + length;
    }
    return node;
}

int
document_type(const json_t *node)
{
    if (node == NULL)
        return ERRAND_TYPE_NONE;
    switch (json_typeof(node)) {
    case JSON_OBJECT:
        return ERRAND_TYPE_OBJECT;
    case JSON_ARRAY:
        return ERRAND_TYPE_ARRAY;
    case JSON_STRING:
        return ERRAND_TYPE_STRING;
    case JSON_INTEGER:
        return ERRAND_TYPE_INT;
    case JSON_REAL:
        return ERRAND_TYPE_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return ERRAND_TYPE_BOOL;
    case JSON_NULL:
        return ERRAND_TYPE_NULL;
    }
    return ERRAND_TYPE_NONE;
}

const char *
document_key(json_t *node, int index)
{
    void *member = json_object_iter(node);

    if (index < 0)
        return NULL;
    for (; member != NULL && index > 0; index--)
        member = json_object_iter_next(node, member);
    return json_object_iter_key(member);
}
