#include "native.h"

#include "fault.h"
#include "field.h"
#include "handlers.h"

/* The whole document is the operation's input, byte for byte as it came, so that URLs and numbers
 * reach the plugin unchanged. */
static Plan *
native_whole(JsonObject *document, const char *text, gsize length, const char *operation,
             GError **error)
{
    g_autoptr(Plan) plan = dialect_plan_new();
    PlanStep *step = g_new0(PlanStep, 1);
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), document);
    JsonNode *user = json_object_get_member(document, "user");

    g_ptr_array_add(plan->steps, step);
    if (!field_is_resolved(node, "", error) ||
        !field_timeout(document, "", FALSE, &step->timeout_s, error))
        return NULL;
    if (user != NULL &&
        (json_node_get_value_type(user) != G_TYPE_STRING || *json_node_get_string(user) == '\0')) {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, "/user",
                  "must be the name of an account, or left out");
        return NULL;
    }
    step->user = user != NULL ? json_node_dup_string(user) : NULL;
    step->operation = g_strdup(operation);
    step->name = g_strdup(operation);
    step->input = g_strndup(text, length);
    return g_steal_pointer(&plan);
}

/* {"operation":HANDLER,"args":[...],"path":...} as one runHandler step. */
static Plan *
native_legacy(JsonObject *document, const char *handler, const PlanContext *context, GError **error)
{
    g_autoptr(Plan) plan = dialect_plan_new();
    g_autoptr(JsonObject) input = json_object_new();
    PlanStep *step = g_new0(PlanStep, 1);
    static const char *const members[] = {"args", "path"};

    g_ptr_array_add(plan->steps, step);
    json_object_set_string_member(input, "handler", handler);
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        JsonNode *node = field_find(document, members[i]);

        if (node != NULL)
            json_object_set_member(input, members[i], json_node_copy(node));
    }
    if (!field_flag(document, "", "includeStdOut", &plan->include_stdout, error) ||
        !field_timeout(document, "", TRUE, &step->timeout_s, error) ||
        !handlers_plan(input, "", context, step, error))
        return NULL;
    step->name = g_strdup(handler);
    return g_steal_pointer(&plan);
}

static Plan *
native_unknown(const char *operation, const PlanContext *context, GError **error)
{
    g_autofree char *quoted = fault_quote(operation);

    fault_set(error, PLAN_ERROR_UNKNOWN_OPERATION, "/operation",
              "no plugin on this gateway serves the operation %s%s; \"errandctl plugins\" lists "
              "what is installed",
              quoted, dialect_knows(context, "runHandler") ? ", and no handler has that name" : "");
    return NULL;
}

static Plan *
native_operation(JsonObject *document, const char *text, gsize length, const PlanContext *context,
                 GError **error)
{
    JsonNode *node = field_find(document, "operation");
    const char *operation = NULL;

    if (!field_string(document, "", "operation", &operation, error) ||
        !field_is_resolved(node, "/operation", error))
        return NULL;
    if (*operation == '\0') {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, "/operation", "must name an operation");
        return NULL;
    }
    if (dialect_knows(context, operation))
        return native_whole(document, text, length, operation, error);
    if (handlers_serve(operation, context))
        return native_legacy(document, operation, context, error);
    return native_unknown(operation, context, error);
}

/* The operation of the first top-level key that a manifest claims, or NULL. */
static const char *
native_claimed(JsonObject *document, const PlanContext *context)
{
    g_autoptr(GList) names = json_object_get_members(document);

    for (GList *item = names; item != NULL; item = item->next) {
        const char *operation = dialect_operation_for_key(context, item->data);

        if (operation != NULL)
            return operation;
    }
    return NULL;
}

/* The first member that is an object: the way dialects of their own are written
 * ({"afr_ota":{...}}). */
static const char *
native_own_dialect(JsonObject *document)
{
    g_autoptr(GList) names = json_object_get_members(document);

    for (GList *item = names; item != NULL; item = item->next) {
        if (JSON_NODE_HOLDS_OBJECT(json_object_get_member(document, item->data)))
            return item->data;
    }
    return NULL;
}

static Plan *
native_refuse(JsonObject *document, GError **error)
{
    const char *key = native_own_dialect(document);
    g_autofree char *place = NULL;

    if (key == NULL) {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, "",
                  "has neither \"operation\" nor \"steps\" nor a member that a plugin claims");
        return NULL;
    }
    place = field_place("", key);
    fault_set(error, PLAN_ERROR_UNKNOWN_OPERATION, place,
              "no plugin on this gateway claims this member, and there is neither \"operation\" "
              "nor \"steps\"");
    return NULL;
}

Plan *
native_plan(JsonObject *document, const char *text, gsize length, const PlanContext *context,
            GError **error)
{
    const char *claimed;

    if (field_find(document, "operation") != NULL)
        return native_operation(document, text, length, context, error);
    claimed = native_claimed(document, context);
    if (claimed != NULL)
        return native_whole(document, text, length, claimed, error);
    return native_refuse(document, error);
}
