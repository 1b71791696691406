#include "document-test.h"

#include <json-glib/json-glib.h>

static const char *const shipped[] = {"shell",    "runCommand", "runHandler", "download", "reboot",
                                      "shutdown", "firmware",   "afr_ota",    NULL};

static gboolean
knows_operation(const char *operation, gpointer user_data)
{
    Gateway *gateway = user_data;

    return g_strv_contains(gateway->operations != NULL ? gateway->operations : shipped, operation);
}

static const char *
operation_for_key(const char *key, gpointer user_data)
{
    return g_str_equal(key, "afr_ota") && knows_operation("afr_ota", user_data) ? "afr_ota" : NULL;
}

static gboolean
has_handler(const char *name, gpointer user_data)
{
    Gateway *gateway = user_data;

    g_assert_null(g_strstr_len(name, -1, "/"));
    g_assert_cmpstr(name, !=, "");
    return gateway->handlers != NULL && g_strv_contains(gateway->handlers, name);
}

static const char *
fact(const char *key, gpointer user_data)
{
    Gateway *gateway = user_data;

    return g_str_equal(key, "operatingSystem") ? gateway->os : NULL;
}

void
document_test_gateway(Gateway *gateway)
{
    gateway->context.knows_operation = knows_operation;
    gateway->context.operation_for_key = operation_for_key;
    gateway->context.has_handler = has_handler;
    gateway->context.fact = fact;
    gateway->context.user_data = gateway;
}

Plan *
document_test_plan_on(Gateway *gateway, const char *text)
{
    GError *error = NULL;
    Plan *plan;

    document_test_gateway(gateway);
    plan = plan_parse(text, strlen(text), &gateway->context, &error);
    g_assert_no_error(error);
    g_assert_nonnull(plan);
    return plan;
}

Plan *
document_test_plan(const char *text)
{
    Gateway gateway = {0};

    return document_test_plan_on(&gateway, text);
}

void
document_test_refused_on(Gateway *gateway, const char *text, PlanError code, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = NULL;

    document_test_gateway(gateway);
    plan = plan_parse(text, strlen(text), &gateway->context, &error);
    if (plan != NULL)
        g_error("taken, but should be refused (%s): %s", part, text);
    g_assert_nonnull(error);
    if (error->domain != PLAN_ERROR || error->code != (int)code ||
        g_strstr_len(error->message, -1, part) == NULL)
        g_error("\"%s\" (%s) instead of something with \"%s\" for %s", error->message,
                plan_error_reason(error), part, text);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_null(g_strstr_len(error->message, -1, "\n"));
}

void
document_test_refused(const char *text, PlanError code, const char *part)
{
    Gateway gateway = {0};

    document_test_refused_on(&gateway, text, code, part);
}

const PlanStep *
document_test_step(const Plan *plan, guint index)
{
    g_assert_cmpuint(index, <, plan->steps->len);
    return g_ptr_array_index(plan->steps, index);
}

void
document_test_step_is(const Plan *plan, guint index, const char *operation, const char *input)
{
    const PlanStep *step = document_test_step(plan, index);
    g_autoptr(JsonNode) found = json_from_string(step->input, NULL);
    g_autoptr(JsonNode) wanted = json_from_string(input, NULL);

    g_assert_cmpstr(step->operation, ==, operation);
    g_assert_nonnull(found);
    g_assert_nonnull(wanted);
    if (!json_node_equal(found, wanted))
        g_error("input is %s instead of %s", step->input, input);
}
