#include "document-test.h"

static const char full[] =
    "{\"_comment\":\"weekly\",\"version\":\"1.0\",\"includeStdOut\":\"true\",\"other\":[1,null],"
    "\"conditions\":[{\"key\":\"operatingSystem\",\"value\":[\"debian\",\"ubuntu\"],"
    "\"type\":\"stringEqual\"}],"
    "\"steps\":["
    "{\"action\":{\"_comment\":1,\"name\":\"get\",\"type\":\"runHandler\",\"runAsUser\":\"svc\","
    "\"allowStdErr\":3,\"input\":{\"handler\":\"download-file.sh\",\"args\":"
    "[\"https://files.example.com/b.tar\",\"/var/lib/app/b.tar\"],\"path\":\"default\"}}},"
    "{\"note\":\"no action here\"},null,{\"action\":null},"
    "{\"action\":{\"name\":\"say\",\"type\":\"runCommand\",\"runAsUser\":\"root\","
    "\"ignoreStepFailure\":\"true\",\"input\":{\"command\":\"logger,-t,jobs,got it\\\\, next\"}}}],"
    "\"finalStep\":{\"action\":{\"name\":\"bounce\",\"type\":\"runHandler\",\"input\":"
    "{\"handler\":\"restart-services.sh\",\"args\":[\"app.service\"],\"path\":\"default\"}}}}";

static void
test_full(void)
{
    Gateway gateway = {.os = "ubuntu"};
    g_autoptr(Plan) plan = document_test_plan_on(&gateway, full);

    g_assert_true(plan->is_steps);
    g_assert_true(plan->include_stdout);
    g_assert_cmpuint(plan->steps->len, ==, 3);
    document_test_step_is(plan, 0, "download",
                          "{\"operation\":\"download\",\"url\":\"https://files.example.com/b.tar\","
                          "\"path\":\"/var/lib/app/b.tar\"}");
    document_test_step_is(plan, 1, "runCommand",
                          "{\"command\":\"logger,-t,jobs,got it\\\\, next\"}");
    document_test_step_is(plan, 2, "runHandler",
                          "{\"handler\":\"restart-services.sh\",\"args\":[\"app.service\"],"
                          "\"path\":\"default\"}");
    g_assert_cmpstr(document_test_step(plan, 0)->name, ==, "get");
    g_assert_cmpstr(document_test_step(plan, 0)->user, ==, "svc");
    g_assert_false(document_test_step(plan, 0)->ignore_failure);
    g_assert_cmpstr(document_test_step(plan, 1)->user, ==, "root");
    g_assert_true(document_test_step(plan, 1)->ignore_failure);
    g_assert_cmpstr(document_test_step(plan, 2)->name, ==, "bounce");
    g_assert_null(document_test_step(plan, 2)->user);
}

static void
test_version_does_not_matter(void)
{
    static const char *const versions[] = {"\"1.0\"", "1.0", "\"7\"", "null", "\"\"", "{}"};

    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"version\":%s,\"operation\":\"shell\",\"steps\":[{\"action\":{"
                            "\"type\":\"runCommand\",\"input\":{\"command\":\"true\"}}}]}",
                            versions[i]);
        g_autoptr(Plan) plan = document_test_plan(text);

        g_assert_true(plan->is_steps);
        g_assert_cmpstr(document_test_step(plan, 0)->name, ==, "runCommand");
    }
}

static void
test_flags(void)
{
    static const struct {
        const char *value;
        gboolean stdout_told;
        gboolean ignored;
    } flags[] = {{"true", TRUE, TRUE},     {"false", FALSE, FALSE},     {"\"true\"", TRUE, TRUE},
                 {"\"True\"", TRUE, TRUE}, {"\"false\"", FALSE, FALSE}, {"null", TRUE, FALSE},
                 {"\"\"", TRUE, FALSE}};

    for (gsize i = 0; i < G_N_ELEMENTS(flags); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"includeStdOut\":%s,\"steps\":[{\"action\":{\"type\":\"runCommand\","
                            "\"ignoreStepFailure\":%s,\"input\":{\"command\":\"true\"}}}]}",
                            flags[i].value, flags[i].value);
        g_autoptr(Plan) plan = document_test_plan(text);

        g_assert_cmpint(plan->include_stdout, ==, flags[i].stdout_told);
        g_assert_cmpint(document_test_step(plan, 0)->ignore_failure, ==, flags[i].ignored);
    }
    document_test_refused(STEP("{\"type\":\"runCommand\",\"ignoreStepFailure\":\"maybe\","
                               "\"input\":{\"command\":\"true\"}}"),
                          PLAN_ERROR_INVALID_DOCUMENT,
                          "at /steps/0/action/ignoreStepFailure: must be true or false");
    document_test_refused("{\"steps\":[],\"includeStdOut\":2}", PLAN_ERROR_INVALID_DOCUMENT,
                          "at /includeStdOut: must be true or false");
}

static void
test_timeouts(void)
{
    static const struct {
        const char *action;
        const char *input;
        guint seconds;
    } timeouts[] = {{"", "", 0},
                    {",\"timeout\":90", "", 90},
                    {",\"timeout\":\"90\"", "", 90},
                    {"", ",\"timeout\":5", 5},
                    {"", ",\"timeout\":\"5\"", 5},
                    {",\"timeout\":604800", ",\"timeout\":5", 604800},
                    {",\"timeout\":null", "", 0}};
    static const char *const bad[] = {"0", "-1", "604801", "1.5", "\"1h\"", "\"\"", "true", "[]"};

    for (gsize i = 0; i < G_N_ELEMENTS(timeouts); i++) {
        g_autofree char *text =
            g_strdup_printf(STEP("{\"type\":\"runCommand\"%s,\"input\":{\"command\":\"true\"%s}}"),
                            timeouts[i].action, timeouts[i].input);
        g_autoptr(Plan) plan = document_test_plan(text);

        g_assert_cmpuint(document_test_step(plan, 0)->timeout_s, ==, timeouts[i].seconds);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = g_strdup_printf(
            STEP("{\"type\":\"runCommand\",\"timeout\":%s,\"input\":{\"command\":\"true\"}}"),
            bad[i]);

        document_test_refused(text, PLAN_ERROR_INVALID_DOCUMENT,
                              "at /steps/0/action/timeout: must be whole seconds, 1 to 604800");
    }
}

static void
test_native_operations(void)
{
    g_autoptr(Plan) plan =
        document_test_plan("{\"steps\":[{\"action\":{\"type\":\"shell\",\"input\":{\"_comment\":\"$"
                           "{aws:iot:parameter:x}\",\"command\":"
                           "[\"id\"],\"user\":\"nobody\"}}},"
                           "{\"action\":{\"name\":\"off\",\"type\":\"shutdown\"}},"
                           "{\"action\":{\"type\":\"reboot\",\"runAsUser\":\"root\","
                           "\"input\":{\"operation\":\"reboot\",\"delay\":5,\"user\":\"app\"}}}]}");

    document_test_step_is(plan, 0, "shell",
                          "{\"operation\":\"shell\",\"command\":[\"id\"],\"user\":\"nobody\"}");
    g_assert_cmpstr(document_test_step(plan, 0)->user, ==, "nobody");
    document_test_step_is(plan, 1, "shutdown", "{\"operation\":\"shutdown\"}");
    document_test_step_is(plan, 2, "reboot",
                          "{\"operation\":\"reboot\",\"delay\":5,\"user\":\"app\"}");
    g_assert_cmpstr(document_test_step(plan, 2)->user, ==, "root");
    document_test_refused(STEP("{\"type\":\"reboot\",\"input\":{\"operation\":\"shell\"}}"),
                          PLAN_ERROR_INVALID_DOCUMENT, "at /steps/0/action/input/operation: ");
}

static void
test_malformed(void)
{
    static const struct {
        const char *text;
        const char *part;
    } cases[] = {
        {"{\"steps\":{}}", "at /steps: must be an array"},
        {"{\"steps\":[]}", "at /steps: must hold at least one"},
        {"{\"steps\":[{},null],\"finalStep\":{\"action\":{\"type\":\"reboot\"}}}",
         "at /steps: must hold at least one"},
        {"{\"steps\":[3]}", "at /steps/0: must be an object"},
        {"{\"steps\":[{\"action\":[]}]}", "at /steps/0/action: must be an object"},
        {STEP("{}"), "at /steps/0/action/type: must be runHandler"},
        {STEP("{\"type\":\"\"}"), "at /steps/0/action/type: must be runHandler"},
        {STEP("{\"type\":1}"), "at /steps/0/action/type: must be a string"},
        {STEP("{\"type\":\"reboot\",\"name\":1}"), "at /steps/0/action/name: must be a string"},
        {STEP("{\"type\":\"reboot\",\"runAsUser\":1}"),
         "at /steps/0/action/runAsUser: must be a string"},
        {STEP("{\"type\":\"reboot\",\"input\":[]}"), "at /steps/0/action/input: must be an object"},
        {STEP("{\"type\":\"shell\",\"input\":{\"user\":1}}"),
         "at /steps/0/action/input/user: must be a string"},
        {STEP("{\"type\":\"runHandler\"}"),
         "at /steps/0/action/input: must be an object with \"han"},
        {STEP("{\"type\":\"runHandler\",\"input\":{}}"),
         "at /steps/0/action/input/handler: must name the handler"},
        {STEP("{\"type\":\"runHandler\",\"input\":{\"handler\":\"\"}}"),
         "at /steps/0/action/input/handler: must name the handler"},
        {STEP("{\"type\":\"runHandler\",\"input\":{\"handler\":7}}"),
         "at /steps/0/action/input/handler: must be a string"},
        {STEP("{\"type\":\"runHandler\",\"input\":{\"handler\":\"/bin/sh\"}}"),
         "at /steps/0/action/input/handler: must be a bare file name"},
        {STEP("{\"type\":\"runHandler\",\"input\":{\"handler\":\"..\"}}"),
         "at /steps/0/action/input/handler: must be a bare file name"},
        {STEP("{\"type\":\"runHandler\",\"input\":{\"handler\":\"x\",\"path\":1}}"),
         "at /steps/0/action/input/path: must be a string"},
        {STEP("{\"type\":\"runHandler\",\"input\":{\"handler\":\"x\",\"args\":\"a\"}}"),
         "at /steps/0/action/input/args: must be an array"},
        {STEP("{\"type\":\"runHandler\",\"input\":{\"handler\":\"x\",\"args\":[\"a\",1.5]}}"),
         "at /steps/0/action/input/args/1: must be a string"},
        {STEP("{\"type\":\"runCommand\"}"),
         "at /steps/0/action/input: must be an object with \"com"},
        {STEP("{\"type\":\"runCommand\",\"input\":{}}"),
         "at /steps/0/action/input/command: must hold the program"},
        {STEP("{\"type\":\"runCommand\",\"input\":{\"command\":\" , \\t\"}}"),
         "at /steps/0/action/input/command: must hold the program"},
        {STEP("{\"type\":\"runCommand\",\"input\":{\"command\":[\"a\"]}}"),
         "at /steps/0/action/input/command: must be a string"},
        {"{\"steps\":[{\"action\":{\"type\":\"reboot\"}}],\"finalStep\":[]}",
         "at /finalStep: must be an object"},
        {"{\"steps\":[{\"action\":{\"type\":\"reboot\"}}],\"finalStep\":{\"action\":{}}}",
         "at /finalStep/action/type: "},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        document_test_refused(cases[i].text, PLAN_ERROR_INVALID_DOCUMENT, cases[i].part);
}

static void
test_placeholders(void)
{
    static const struct {
        const char *text;
        const char *part;
    } cases[] = {
        {STEP("{\"type\":\"${aws:iot:parameter:t}\"}"), "at /steps/0/action/type: still"},
        {STEP("{\"type\":\"runCommand\",\"input\":{\"command\":\"${aws:iot:parameter:command}\"}}"),
         "at /steps/0/action/input/command: still"},
        {STEP("{\"type\":\"runHandler\",\"input\":{\"handler\":\"${aws:iot:parameter:h}\"}}"),
         "at /steps/0/action/input/handler: still"},
        {STEP("{\"type\":\"runHandler\",\"input\":{\"handler\":\"install-packages.sh\",\"args\":"
              "[\"a\",\"${aws:iot:parameter:packages}\"]}}"),
         "at /steps/0/action/input/args/1: still"},
        {STEP("{\"type\":\"download\",\"input\":{\"url\":\"${aws:iot:s3-presigned-url:https://s/"
              "k}\","
              "\"path\":\"/a\"}}"),
         "at /steps/0/action/input/url: still"},
        {STEP("{\"type\":\"download\",\"input\":{\"url\":\"https://s/k\","
              "\"path\":\"${aws:iot:parameter:path}\"}}"),
         "at /steps/0/action/input/path: still"},
        {"{\"conditions\":[{\"key\":\"a\",\"value\":[\"${aws:iot:parameter:os}\"]}],\"steps\":["
         "{\"action\":{\"type\":\"reboot\"}}]}",
         "at /conditions/0/value/0: still"},
    };
    g_autoptr(Plan) plan = document_test_plan(STEP(
        "{\"name\":\"${aws:iot:parameter:n}\",\"type\":\"runHandler\",\"input\":{\"handler\":"
        "\"x\",\"_comment\":\"${aws:iot:parameter:n}\",\"path\":\"${aws:iot:parameter:p}\"}}"));

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        document_test_refused(cases[i].text, PLAN_ERROR_INVALID_DOCUMENT, cases[i].part);
    g_assert_cmpstr(document_test_step(plan, 0)->name, ==, "runHandler");
    document_test_step_is(plan, 0, "runHandler",
                          "{\"handler\":\"x\",\"_comment\":\"${aws:iot:parameter:n}\"}");
}

static char *
many_steps(guint count, const char *final_step)
{
    GString *text = g_string_new("{\"steps\":[");

    for (guint i = 0; i < count; i++)
        g_string_append_printf(text, "%s{\"action\":{\"type\":\"reboot\"}}", i > 0 ? "," : "");
    g_string_append_printf(text, "]%s}", final_step);
    return g_string_free(text, FALSE);
}

static void
test_limit(void)
{
    g_autofree char *most = many_steps(PLAN_STEPS_MAX, "");
    g_autofree char *more = many_steps(PLAN_STEPS_MAX + 1, "");
    g_autofree char *final =
        many_steps(PLAN_STEPS_MAX, ",\"finalStep\":{\"action\":{\"type\":\"reboot\"}}");
    g_autoptr(Plan) plan = document_test_plan(most);

    g_assert_cmpuint(plan->steps->len, ==, PLAN_STEPS_MAX);
    document_test_refused(more, PLAN_ERROR_INVALID_DOCUMENT, "at /steps/64: is one step too many");
    document_test_refused(final, PLAN_ERROR_INVALID_DOCUMENT,
                          "at /finalStep: is one step too many");
}

static void
test_unknown(void)
{
    static const char *const only_reboot[] = {"reboot", NULL};
    Gateway gateway = {.operations = only_reboot};
    g_autoptr(Plan) plan = document_test_plan_on(
        &gateway, STEP("{\"type\":\"runHandler\",\"input\":{\"handler\":\"reboot.sh\"}}"));

    document_test_step_is(plan, 0, "reboot", "{\"operation\":\"reboot\"}");
    document_test_refused_on(
        &gateway, STEP("{\"type\":\"runHandler\",\"input\":{\"handler\":\"shutdown.sh\"}}"),
        PLAN_ERROR_UNKNOWN_OPERATION,
        "at /steps/0/action/type: no plugin on this gateway serves the "
        "operation \"shutdown\"");
    document_test_refused_on(&gateway,
                             STEP("{\"type\":\"runHandler\",\"input\":{\"handler\":\"x\"}}"),
                             PLAN_ERROR_UNKNOWN_OPERATION, "the operation \"runHandler\"");
    document_test_refused_on(&gateway,
                             STEP("{\"type\":\"runCommand\",\"input\":{\"command\":\"x\"}}"),
                             PLAN_ERROR_UNKNOWN_OPERATION, "the operation \"runCommand\"");
    document_test_refused(STEP("{\"type\":\"runhandler\"}"), PLAN_ERROR_UNKNOWN_OPERATION,
                          "at /steps/0/action/type: no plugin on this gateway serves the operation "
                          "\"runhandler\"");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/steps/takes-all-members", test_full);
    g_test_add_func("/steps/version-does-not-matter", test_version_does_not_matter);
    g_test_add_func("/steps/flags-may-be-text", test_flags);
    g_test_add_func("/steps/action-timeout-beats-input-timeout", test_timeouts);
    g_test_add_func("/steps/types-may-be-operations", test_native_operations);
    g_test_add_func("/steps/refuses-malformed-steps", test_malformed);
    g_test_add_func("/steps/refuses-placeholders-left-in-what-counts", test_placeholders);
    g_test_add_func("/steps/takes-64-steps-at-most", test_limit);
    g_test_add_func("/steps/refuses-operations-nobody-serves", test_unknown);
    return g_test_run();
}
