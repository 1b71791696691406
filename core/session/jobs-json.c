#include "jobs-json.h"

#include <math.h>
#include <string.h>

gboolean
jobs_json_depth_ok(const char *text, gsize length, guint max)
{
    guint depth = 0;
    gboolean in_string = FALSE;

    for (gsize i = 0; i < length; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = FALSE;
            continue;
        }
        /* json-glib also takes comments and 'strings', which would hide brackets from this count. */
        if (strchr("/'#", c) != NULL)
            return FALSE;
        if (c == '"')
            in_string = TRUE;
        else if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
        if (depth > max)
            return FALSE;
    }
    return TRUE;
}

static JsonNode *
jobs_json_value(JsonObject *object, const char *name)
{
    return json_object_get_member(object, name);
}

const char *
jobs_json_string(JsonObject *object, const char *name, gsize max)
{
    JsonNode *node = jobs_json_value(object, name);

    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    const char *text = json_node_get_string(node);
    return text != NULL && strlen(text) <= max ? text : NULL;
}

gboolean
jobs_json_integer(JsonObject *object, const char *name, gint64 *value)
{
    JsonNode *node = jobs_json_value(object, name);

    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node))
        return FALSE;
    if (json_node_get_value_type(node) == G_TYPE_INT64) {
        *value = json_node_get_int(node);
        return TRUE;
    }
    if (json_node_get_value_type(node) != G_TYPE_DOUBLE)
        return FALSE;
    gdouble number = json_node_get_double(node);
    if (!isfinite(number) || number < -9e18 || number > 9e18)
        return FALSE;
    *value = (gint64)number;
    return TRUE;
}

JsonObject *
jobs_json_object(JsonObject *object, const char *name)
{
    JsonNode *node = jobs_json_value(object, name);

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

JsonArray *
jobs_json_array(JsonObject *object, const char *name)
{
    JsonNode *node = jobs_json_value(object, name);

    return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

char *
jobs_json_text(JsonNode *node)
{
    return json_to_string(node, FALSE);
}
