#include "dialect.h"

#include "fault.h"

#include <string.h>

/* NAME_MAX of Linux: no directory has a longer name in it. */
#define HANDLER_NAME_MAX 255

gboolean
dialect_knows(const PlanContext *context, const char *operation)
{
    return context->knows_operation != NULL &&
           context->knows_operation(operation, context->user_data);
}

const char *
dialect_operation_for_key(const PlanContext *context, const char *key)
{
    return context->operation_for_key != NULL ? context->operation_for_key(key, context->user_data)
                                              : NULL;
}

const char *
dialect_fact(const PlanContext *context, const char *key)
{
    return context->fact != NULL ? context->fact(key, context->user_data) : NULL;
}

gboolean
dialect_has_handler(const PlanContext *context, const char *name)
{
    if (context->has_handler == NULL || *name == '\0' || strlen(name) > HANDLER_NAME_MAX ||
        strchr(name, '/') != NULL || strstr(name, "..") != NULL)
        return FALSE;
    return context->has_handler(name, context->user_data);
}

gboolean
dialect_require(const PlanContext *context, const char *operation, const char *place,
                GError **error)
{
    g_autofree char *quoted = NULL;

    if (dialect_knows(context, operation))
        return TRUE;
    quoted = fault_quote(operation);
    fault_set(error, PLAN_ERROR_UNKNOWN_OPERATION, place,
              "no plugin on this gateway serves the operation %s; \"errandctl plugins\" lists "
              "what is installed",
              quoted);
    return FALSE;
}

void
dialect_step_free(PlanStep *step)
{
    g_free(step->name);
    g_free(step->operation);
    g_free(step->input);
    g_free(step->user);
    g_free(step);
}

Plan *
dialect_plan_new(void)
{
    Plan *plan = g_new0(Plan, 1);

    plan->include_stdout = TRUE;
    plan->steps = g_ptr_array_new_with_free_func((GDestroyNotify)dialect_step_free);
    return plan;
}

char *
dialect_text(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), object);

    return json_to_string(node, FALSE);
}
