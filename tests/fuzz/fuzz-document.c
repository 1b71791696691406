/* Any bytes as a job document: either a plan that keeps its promises or an error with a reason. */
#include "fuzz.h"
#include "plan.h"
#include "scan.h"

static gboolean
knows_operation(const char *operation, gpointer user_data)
{
    static const char *const shipped[] = {"shell",    "runCommand", "runHandler",
                                          "download", "reboot",     "shutdown",
                                          "firmware", "afr_ota",    NULL};

    return g_strv_contains(shipped, operation);
}

static const char *
operation_for_key(const char *key, gpointer user_data)
{
    return g_str_equal(key, "afr_ota") ? "afr_ota" : NULL;
}

static gboolean
has_handler(const char *name, gpointer user_data)
{
    g_assert_null(strchr(name, '/'));
    return g_str_has_suffix(name, "s.sh");
}

static const char *
fact(const char *key, gpointer user_data)
{
    return g_str_equal(key, "operatingSystem") ? "debian" : NULL;
}

static void
check_step(const PlanStep *step)
{
    g_assert_nonnull(step->name);
    g_assert_true(knows_operation(step->operation, NULL));
    g_assert_cmpuint(step->timeout_s, <=, PLAN_TIMEOUT_MAX_S);
    g_assert_true(step->user == NULL || *step->user != '\0');
    g_assert_true(scan_text(step->input, strlen(step->input), NULL));
    g_assert_cmpint(step->input[strspn(step->input, " \t\r\n")], ==, '{');
}

static void
check_plan(const Plan *plan)
{
    g_assert_cmpuint(plan->steps->len, >=, 1);
    g_assert_cmpuint(plan->steps->len, <=, PLAN_STEPS_MAX);
    for (guint i = 0; i < plan->steps->len; i++)
        check_step(g_ptr_array_index(plan->steps, i));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const PlanContext context = {.knows_operation = knows_operation,
                                        .operation_for_key = operation_for_key,
                                        .has_handler = has_handler,
                                        .fact = fact,
                                        .trust_directory = "/nonexistent"};
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = plan_parse((const char *)data, size, &context, &error);

    g_assert_true((plan == NULL) == (error != NULL));
    if (plan != NULL) {
        check_plan(plan);
        return 0;
    }
    g_assert_true(error->domain == PLAN_ERROR);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    return 0;
}
