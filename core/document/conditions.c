#include "conditions.h"

#include "fault.h"
#include "field.h"

typedef struct {
    const char *key;
    const char *type;
    GPtrArray *values; /* const char * */
} Condition;

static gboolean
conditions_refuse(const char *place, const char *what, GError **error)
{
    fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, place, "%s", what);
    return FALSE;
}

static gboolean
conditions_add_value(Condition *condition, JsonNode *node, const char *place, GError **error)
{
    if (json_node_get_value_type(node) != G_TYPE_STRING)
        return conditions_refuse(place, "must be a string", error);
    g_ptr_array_add(condition->values, (gpointer)json_node_get_string(node));
    return TRUE;
}

/* An array of strings, or one string. */
static gboolean
conditions_read_values(Condition *condition, JsonNode *node, const char *place, GError **error)
{
    JsonArray *array;

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
        return node != NULL ? conditions_add_value(condition, node, place, error)
                            : conditions_refuse(place, "must be an array of strings", error);
    array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        g_autofree char *element = field_place_at(place, i);

        if (!conditions_add_value(condition, json_array_get_element(array, i), element, error))
            return FALSE;
    }
    return condition->values->len > 0 ||
           conditions_refuse(place, "must hold at least one string", error);
}

static gboolean
conditions_read(Condition *condition, JsonObject *object, const char *place, GError **error)
{
    g_autofree char *value_place = field_place(place, "value");

    if (!field_string(object, place, "key", &condition->key, error) ||
        !field_string(object, place, "type", &condition->type, error))
        return FALSE;
    if (condition->key == NULL || *condition->key == '\0')
        return conditions_refuse(place, "a condition must have a \"key\"", error);
    return conditions_read_values(condition, field_find(object, "value"), value_place, error);
}

static char *
conditions_join(const Condition *condition)
{
    g_autoptr(GString) joined = g_string_new(NULL);

    for (guint i = 0; i < condition->values->len; i++)
        g_string_append_printf(joined, "%s%s", i > 0 ? ", " : "",
                               (const char *)g_ptr_array_index(condition->values, i));
    return fault_quote(joined->str);
}

static gboolean
conditions_evaluate(const Condition *condition, const char *place, const PlanContext *context,
                    GError **error)
{
    const char *fact = dialect_fact(context, condition->key);
    g_autofree char *key = NULL;
    g_autofree char *found = NULL;
    g_autofree char *wanted = NULL;

    if (fact == NULL)
        return TRUE;
    if (condition->type != NULL && *condition->type != '\0' &&
        !g_str_equal(condition->type, "stringEqual")) {
        g_autofree char *where = field_place(place, "type");

        return conditions_refuse(where, "must be \"stringEqual\"", error);
    }
    for (guint i = 0; i < condition->values->len; i++) {
        if (g_str_equal(g_ptr_array_index(condition->values, i), fact))
            return TRUE;
    }
    key = fault_quote(condition->key);
    found = fault_quote(fact);
    wanted = conditions_join(condition);
    fault_set(error, PLAN_ERROR_CONDITION_NOT_MET, place,
              "%s of this gateway is %s, the document is for %s", key, found, wanted);
    return FALSE;
}

static gboolean
conditions_check_one(JsonNode *node, const char *place, const PlanContext *context, GError **error)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    Condition condition = {.values = values};

    if (!JSON_NODE_HOLDS_OBJECT(node))
        return conditions_refuse(place, "must be an object with \"key\" and \"value\"", error);
    return conditions_read(&condition, json_node_get_object(node), place, error) &&
           conditions_evaluate(&condition, place, context, error);
}

gboolean
conditions_check(JsonObject *document, const PlanContext *context, GError **error)
{
    JsonNode *node = field_find(document, "conditions");
    JsonArray *conditions = NULL;

    if (!field_array(document, "", "conditions", &conditions, error) ||
        (node != NULL && !field_is_resolved(node, "/conditions", error)))
        return FALSE;
    for (guint i = 0; conditions != NULL && i < json_array_get_length(conditions); i++) {
        g_autofree char *place = field_place_at("/conditions", i);

        if (!conditions_check_one(json_array_get_element(conditions, i), place, context, error))
            return FALSE;
    }
    return TRUE;
}
