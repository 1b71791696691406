#include "steps.h"

#include "conditions.h"
#include "fault.h"
#include "field.h"
#include "handlers.h"

#include <string.h>

/* An action being turned into a step. */
typedef struct {
    JsonObject *action;
    const char *place; /* "/steps/0/action" */
    const char *type;
    JsonObject *input; /* NULL when the document gives none */
    char *input_place;
    const PlanContext *context;
} Action;

static gboolean
steps_plan_command(const Action *self, PlanStep *step, GError **error)
{
    g_autofree char *where = field_place(self->input_place, "command");
    const char *command = NULL;

    if (!field_string(self->input, self->input_place, "command", &command, error))
        return FALSE;
    if (command == NULL || command[strspn(command, ", \t\n\v\f\r")] == '\0') {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, where,
                  "must hold the program and its arguments, separated by commas");
        return FALSE;
    }
    step->operation = g_strdup(self->type);
    step->input = dialect_text(self->input);
    return TRUE;
}

/* Any operation errand knows: the input is its native document, without the remarks that step
 * documents may carry anywhere. */
static gboolean
steps_plan_native(const Action *self, PlanStep *step, GError **error)
{
    g_autoptr(JsonObject) document = json_object_new();
    const char *operation = NULL;
    const char *user = NULL;
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    json_object_set_string_member(document, "operation", self->type);
    if (self->input != NULL) {
        if (!field_string(self->input, self->input_place, "operation", &operation, error) ||
            !field_string(self->input, self->input_place, "user", &user, error))
            return FALSE;
        json_object_iter_init_ordered(&iter, self->input);
        while (json_object_iter_next_ordered(&iter, &name, &node)) {
            if (!g_str_equal(name, "operation") && !g_str_equal(name, "_comment"))
                json_object_set_member(document, name, json_node_copy(node));
        }
    }
    if (operation != NULL && !g_str_equal(operation, self->type)) {
        g_autofree char *where = field_place(self->input_place, "operation");

        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, where,
                  "must be the same as the action's \"type\", or left out");
        return FALSE;
    }
    if (user != NULL && *user != '\0' && step->user == NULL)
        step->user = g_strdup(user);
    step->operation = g_strdup(self->type);
    step->input = dialect_text(document);
    return TRUE;
}

static gboolean
steps_plan_type(const Action *self, PlanStep *step, GError **error)
{
    gboolean is_handler = g_str_equal(self->type, "runHandler");
    gboolean is_command = g_str_equal(self->type, "runCommand");
    g_autoptr(JsonNode) node = NULL;

    if (self->input == NULL) {
        if (!is_handler && !is_command)
            return steps_plan_native(self, step, error);
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, self->input_place,
                  "must be an object with \"%s\"", is_handler ? "handler" : "command");
        return FALSE;
    }
    if (is_handler)
        return handlers_plan(self->input, self->input_place, self->context, step, error);
    node = json_node_init_object(json_node_alloc(), self->input);
    if (!field_is_resolved(node, self->input_place, error))
        return FALSE;
    return is_command ? steps_plan_command(self, step, error)
                      : steps_plan_native(self, step, error);
}

/* What is said about the step beside what it does. */
static gboolean
steps_read_options(const Action *self, PlanStep *step, GError **error)
{
    const char *name = NULL;
    const char *user = NULL;

    if (!field_optional(self->action, self->place, "name", &name, error) ||
        !field_optional(self->action, self->place, "runAsUser", &user, error) ||
        !field_flag(self->action, self->place, "ignoreStepFailure", &step->ignore_failure, error))
        return FALSE;
    if (self->input != NULL &&
        !field_timeout(self->input, self->input_place, TRUE, &step->timeout_s, error))
        return FALSE;
    if (!field_timeout(self->action, self->place, TRUE, &step->timeout_s, error))
        return FALSE;
    step->name = g_strdup(name);
    step->user = g_strdup(user);
    return TRUE;
}

static gboolean
steps_read_type(Action *self, GError **error)
{
    g_autofree char *where = field_place(self->place, "type");
    JsonNode *node = field_find(self->action, "type");

    if (!field_string(self->action, self->place, "type", &self->type, error) ||
        (node != NULL && !field_is_resolved(node, where, error)))
        return FALSE;
    if (self->type == NULL || *self->type == '\0') {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, where,
                  "must be runHandler, runCommand or an operation this gateway has");
        return FALSE;
    }
    return dialect_knows(self->context, self->type) || g_str_equal(self->type, "runHandler") ||
           dialect_require(self->context, self->type, where, error);
}

static PlanStep *
steps_read_action(Action *self, GError **error)
{
    g_autoptr(PlanStep) step = g_new0(PlanStep, 1);
    g_autofree char *where = field_place(self->place, "type");

    if (!steps_read_type(self, error) ||
        !field_object(self->action, self->place, "input", &self->input, error) ||
        !steps_read_options(self, step, error) || !steps_plan_type(self, step, error) ||
        !dialect_require(self->context, step->operation, where, error))
        return NULL;
    if (step->name == NULL)
        step->name = g_strdup(step->operation);
    return g_steal_pointer(&step);
}

/* Adds the step of one entry, {"action":{...}} at place; nothing for one without action. */
static gboolean
steps_add(Plan *plan, JsonNode *entry, const char *place, const PlanContext *context,
          GError **error)
{
    g_autofree char *action_place = field_place(place, "action");
    g_autofree char *input_place = field_place(action_place, "input");
    Action action = {.place = action_place, .input_place = input_place, .context = context};
    PlanStep *step;

    if (JSON_NODE_HOLDS_NULL(entry))
        return TRUE;
    if (!JSON_NODE_HOLDS_OBJECT(entry)) {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, place, "must be an object with \"action\"");
        return FALSE;
    }
    if (!field_object(json_node_get_object(entry), place, "action", &action.action, error))
        return FALSE;
    if (action.action == NULL)
        return TRUE;
    if (plan->steps->len == PLAN_STEPS_MAX) {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, place, "is one step too many, %d are allowed",
                  PLAN_STEPS_MAX);
        return FALSE;
    }
    step = steps_read_action(&action, error);
    if (step == NULL)
        return FALSE;
    g_ptr_array_add(plan->steps, step);
    return TRUE;
}

static gboolean
steps_add_all(Plan *plan, JsonArray *steps, const PlanContext *context, GError **error)
{
    for (guint i = 0; i < json_array_get_length(steps); i++) {
        g_autofree char *place = field_place_at("/steps", i);

        if (!steps_add(plan, json_array_get_element(steps, i), place, context, error))
            return FALSE;
    }
    if (plan->steps->len > 0)
        return TRUE;
    fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, "/steps",
              "must hold at least one entry with an \"action\"");
    return FALSE;
}

Plan *
steps_plan(JsonObject *document, const PlanContext *context, GError **error)
{
    g_autoptr(Plan) plan = dialect_plan_new();
    JsonNode *final_step = field_find(document, "finalStep");
    JsonArray *steps = NULL;

    plan->is_steps = TRUE;
    if (!field_array(document, "", "steps", &steps, error) ||
        !field_flag(document, "", "includeStdOut", &plan->include_stdout, error) ||
        !conditions_check(document, context, error) || !steps_add_all(plan, steps, context, error))
        return NULL;
    if (final_step != NULL && !steps_add(plan, final_step, "/finalStep", context, error))
        return NULL;
    return g_steal_pointer(&plan);
}
