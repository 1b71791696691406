#include "field.h"

#include "fault.h"

#include <string.h>

/* How every placeholder of the service begins; in a delivered document it means that nothing was
 * put in its place. */
#define PLACEHOLDER "${aws:iot:"

JsonNode *
field_find(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && !JSON_NODE_HOLDS_NULL(node) ? node : NULL;
}

static gboolean
field_refuse(const char *place, const char *name, const char *allowed, GError **error)
{
    g_autofree char *where = field_place(place, name);

    fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, where, "must be %s", allowed);
    return FALSE;
}

gboolean
field_string(JsonObject *object, const char *place, const char *name, const char **value,
             GError **error)
{
    JsonNode *node = field_find(object, name);

    if (node == NULL)
        return TRUE;
    if (json_node_get_value_type(node) != G_TYPE_STRING)
        return field_refuse(place, name, "a string", error);
    *value = json_node_get_string(node);
    return TRUE;
}

gboolean
field_object(JsonObject *object, const char *place, const char *name, JsonObject **value,
             GError **error)
{
    JsonNode *node = field_find(object, name);

    if (node == NULL)
        return TRUE;
    if (!JSON_NODE_HOLDS_OBJECT(node))
        return field_refuse(place, name, "an object", error);
    *value = json_node_get_object(node);
    return TRUE;
}

gboolean
field_array(JsonObject *object, const char *place, const char *name, JsonArray **value,
            GError **error)
{
    JsonNode *node = field_find(object, name);

    if (node == NULL)
        return TRUE;
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return field_refuse(place, name, "an array", error);
    *value = json_node_get_array(node);
    return TRUE;
}

gboolean
field_flag(JsonObject *object, const char *place, const char *name, gboolean *value, GError **error)
{
    JsonNode *node = field_find(object, name);
    GType type = node != NULL ? json_node_get_value_type(node) : G_TYPE_INVALID;
    const char *text = type == G_TYPE_STRING ? json_node_get_string(node) : NULL;

    if (node == NULL || g_strcmp0(text, "") == 0)
        return TRUE;
    if (type == G_TYPE_BOOLEAN)
        *value = json_node_get_boolean(node);
    else if (text != NULL && g_ascii_strcasecmp(text, "true") == 0)
        *value = TRUE;
    else if (text != NULL && g_ascii_strcasecmp(text, "false") == 0)
        *value = FALSE;
    else
        return field_refuse(place, name, "true or false", error);
    return TRUE;
}

gboolean
field_optional(JsonObject *object, const char *place, const char *name, const char **value,
               GError **error)
{
    const char *text = NULL;

    if (!field_string(object, place, name, &text, error))
        return FALSE;
    if (text != NULL && *text != '\0' && strstr(text, PLACEHOLDER) == NULL)
        *value = text;
    return TRUE;
}

static gboolean
field_integer(JsonNode *node, gboolean tolerant, gint64 *value)
{
    GType type = json_node_get_value_type(node);

    if (type == G_TYPE_INT64) {
        *value = json_node_get_int(node);
        return TRUE;
    }
    return tolerant && type == G_TYPE_STRING &&
           g_ascii_string_to_signed(json_node_get_string(node), 10, G_MININT64, G_MAXINT64, value,
                                    NULL);
}

gboolean
field_timeout(JsonObject *object, const char *place, gboolean tolerant, guint *value,
              GError **error)
{
    JsonNode *node =
        tolerant ? field_find(object, "timeout") : json_object_get_member(object, "timeout");
    gint64 seconds = 0;

    if (node == NULL)
        return TRUE;
    if (!field_integer(node, tolerant, &seconds) || seconds < 1 || seconds > PLAN_TIMEOUT_MAX_S) {
        g_autofree char *allowed =
            g_strdup_printf("whole seconds, 1 to %d (one week)", PLAN_TIMEOUT_MAX_S);

        return field_refuse(place, "timeout", allowed, error);
    }
    *value = (guint)seconds;
    return TRUE;
}

gboolean
field_members_are_resolved(JsonObject *object, const char *place, const char *except,
                           GError **error)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    json_object_iter_init_ordered(&iter, object);
    while (json_object_iter_next_ordered(&iter, &name, &node)) {
        g_autofree char *where = field_place(place, name);

        if (g_str_equal(name, "_comment") || g_strcmp0(name, except) == 0)
            continue;
        if (!field_is_resolved(node, where, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
field_array_is_resolved(JsonArray *array, const char *place, GError **error)
{
    for (guint i = 0; i < json_array_get_length(array); i++) {
        g_autofree char *where = field_place_at(place, i);

        if (!field_is_resolved(json_array_get_element(array, i), where, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
field_is_resolved(JsonNode *node, const char *place, GError **error)
{
    if (JSON_NODE_HOLDS_OBJECT(node))
        return field_members_are_resolved(json_node_get_object(node), place, NULL, error);
    if (JSON_NODE_HOLDS_ARRAY(node))
        return field_array_is_resolved(json_node_get_array(node), place, error);
    if (json_node_get_value_type(node) != G_TYPE_STRING ||
        strstr(json_node_get_string(node), PLACEHOLDER) == NULL)
        return TRUE;
    fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, place,
              "still contains a placeholder (" PLACEHOLDER
              "...}) that the service did not replace; mend the job's parameters or "
              "presigned URL settings");
    return FALSE;
}

char *
field_place(const char *place, const char *name)
{
    g_autoptr(GString) escaped = g_string_new(name);

    g_string_replace(escaped, "~", "~0", 0);
    g_string_replace(escaped, "/", "~1", 0);
    return g_strconcat(place, "/", escaped->str, NULL);
}

char *
field_place_at(const char *place, guint index)
{
    return g_strdup_printf("%s/%u", place, index);
}
