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
        /* json-glib also takes comments and 'strings', which would hide brackets from this. */
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

static const char *
jobs_json_skip_blanks(const char *at, const char *end)
{
    while (at < end && strchr(" \t\r\n", *at) != NULL)
        at++;
    return at;
}

/* From the opening quote to behind the closing one. */
static const char *
jobs_json_skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\' && at + 1 < end)
            at++;
    return at < end ? at + 1 : end;
}

static const char *
jobs_json_skip_value(const char *at, const char *end)
{
    guint depth = 0;

    while (at < end) {
        char c = *at;
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            break;
        if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        at = c == '"' ? jobs_json_skip_string(at, end) : at + 1;
    }
    return at;
}

static gboolean
jobs_json_is_name(const char *at, const char *after, const char *name)
{
    gsize length = strlen(name);

    return (gsize)(after - at) == length + 2 && memcmp(at + 1, name, length) == 0;
}

char *
jobs_json_take_document(const char *text, gsize length, GString *rest)
{
    const char *end = text + length;
    const char *copied = text;
    g_autofree char *document = NULL;
    gboolean in_execution = FALSE;
    guint depth = 0;

    for (const char *at = text; at < end;) {
        const char *after = *at == '"' ? jobs_json_skip_string(at, end) : at + 1;
        const char *colon = *at == '"' ? jobs_json_skip_blanks(after, end) : end;
        depth += *at == '{' || *at == '[' ? 1 : 0;
        depth -= depth > 0 && (*at == '}' || *at == ']') ? 1 : 0;
        if (colon < end && *colon == ':') {
            gboolean ours = depth == 1 || (depth == 2 && in_execution);
            if (depth == 1)
                in_execution = jobs_json_is_name(at, after, "execution");
            if (ours && jobs_json_is_name(at, after, "jobDocument")) {
                const char *value = jobs_json_skip_blanks(colon + 1, end);
                after = jobs_json_skip_value(value, end);
                g_string_append_len(rest, copied, value - copied);
                g_string_append(rest, "null");
                copied = after;
                g_free(document);
                document = g_strchomp(g_strndup(value, (gsize)(after - value)));
            }
        }
        at = after;
    }
    g_string_append_len(rest, copied, end - copied);
    return g_steal_pointer(&document);
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
