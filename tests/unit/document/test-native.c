#include "document-test.h"

#include <string.h>

static void
test_whole_document(void)
{
    static const char text[] = " {\"operation\":\"download\",\"url\":\"https://h/a?b=%2F\\u0026c\","
                               "\"ratio\":0.1,\"timeout\":30,\"user\":\"app\"}\n";
    g_autoptr(Plan) plan = document_test_plan(text);
    const PlanStep *step = document_test_step(plan, 0);

    g_assert_false(plan->is_steps);
    g_assert_cmpuint(plan->steps->len, ==, 1);
    g_assert_cmpstr(step->operation, ==, "download");
    g_assert_cmpstr(step->name, ==, "download");
    g_assert_cmpstr(step->user, ==, "app");
    g_assert_cmpuint(step->timeout_s, ==, 30);
    g_assert_cmpstr(step->input, ==, text);
}

static void
test_text_without_end(void)
{
    static const char text[] = {'{', '"', 'o', 'p', 'e', 'r', 'a', 't', 'i', 'o', 'n',
                                '"', ':', '"', 'r', 'e', 'b', 'o', 'o', 't', '"', '}'};
    g_autofree char *exact = g_memdup2(text, sizeof text);
    Gateway gateway = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = NULL;

    document_test_gateway(&gateway);
    plan = plan_parse(exact, sizeof text, &gateway.context, &error);
    g_assert_no_error(error);
    document_test_step_is(plan, 0, "reboot", "{\"operation\":\"reboot\"}");
}

static void
test_options(void)
{
    static const char *const timeouts[] = {"0", "604801", "\"30\"", "1.0", "null", "-5", "[1]"};
    static const char *const users[] = {"\"\"", "null", "1", "[]"};

    for (gsize i = 0; i < G_N_ELEMENTS(timeouts); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"operation\":\"shell\",\"timeout\":%s}", timeouts[i]);

        document_test_refused(text, PLAN_ERROR_INVALID_DOCUMENT,
                              "at /timeout: must be whole seconds, 1 to 604800");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(users); i++) {
        g_autofree char *text = g_strdup_printf("{\"operation\":\"shell\",\"user\":%s}", users[i]);

        document_test_refused(text, PLAN_ERROR_INVALID_DOCUMENT, "at /user: must be the name");
    }
    document_test_refused("{\"operation\":\"shell\",\"timeout\":9223372036854775808}",
                          PLAN_ERROR_INVALID_DOCUMENT, "at /timeout: an integer must fit 64 bits");
}

static void
test_longest_names(void)
{
    g_autofree char *user = g_strnfill(PLAN_USER_MAX + 1, 'u');
    g_autofree char *name = g_strnfill(PLAN_NAME_MAX + 1, 'n');
    g_autofree char *native = g_strdup_printf("{\"operation\":\"shell\",\"user\":\"%s\"}", user);
    g_autofree char *steps = g_strdup_printf(
        "{\"steps\":[{\"action\":{\"name\":\"%s\",\"type\":\"shell\",\"input\":{}}}]}", name);

    document_test_refused(native, PLAN_ERROR_INVALID_DOCUMENT, "its user has more than 256 bytes");
    document_test_refused(steps, PLAN_ERROR_INVALID_DOCUMENT, "its name has more than 1024 bytes");
}

static void
test_placeholders(void)
{
    document_test_refused("{\"operation\":\"download\",\"a\":[{\"b\":\"x${aws:iot:package:n}\"}]}",
                          PLAN_ERROR_INVALID_DOCUMENT, "at /a/0/b: still contains a placeholder");
    document_test_refused("{\"operation\":\"${aws:iot:parameter:o}\"}", PLAN_ERROR_INVALID_DOCUMENT,
                          "at /operation: still contains a placeholder");
    document_test_refused("{\"afr_ota\":{\"files\":[{\"update_data_url\":\"${aws:iot:s3}\"}]}}",
                          PLAN_ERROR_INVALID_DOCUMENT,
                          "at /afr_ota/files/0/update_data_url: still");
}

static void
test_legacy(void)
{
    static const char *const handlers[] = {"collect.sh", "reboot", NULL};
    Gateway gateway = {.handlers = handlers};
    g_autoptr(Plan) plan = document_test_plan_on(
        &gateway, "{\"operation\":\"collect.sh\",\"args\":[\"a b\",7],\"path\":\"default\","
                  "\"allowStdErr\":2,\"includeStdOut\":\"true\",\"timeout\":\"20\",\"x\":1}");
    g_autoptr(Plan) bare = document_test_plan_on(
        &gateway, "{\"operation\":\"collect.sh\",\"args\":null,\"path\":\"\"}");
    g_autoptr(Plan) plugin = document_test_plan_on(&gateway, "{\"operation\":\"reboot\"}");

    g_assert_false(plan->is_steps);
    g_assert_true(plan->include_stdout);
    g_assert_cmpstr(document_test_step(plan, 0)->name, ==, "collect.sh");
    g_assert_cmpuint(document_test_step(plan, 0)->timeout_s, ==, 20);
    g_assert_null(document_test_step(plan, 0)->user);
    document_test_step_is(
        plan, 0, "runHandler",
        "{\"handler\":\"collect.sh\",\"args\":[\"a b\",\"7\"],\"path\":\"default\"}");
    document_test_step_is(bare, 0, "runHandler", "{\"handler\":\"collect.sh\"}");
    document_test_step_is(plugin, 0, "reboot", "{\"operation\":\"reboot\"}");
    document_test_refused_on(&gateway, "{\"operation\":\"collect.sh\",\"args\":[[]]}",
                             PLAN_ERROR_INVALID_DOCUMENT, "at /args/0: must be a string");
    document_test_refused_on(&gateway,
                             "{\"operation\":\"collect.sh\",\"args\":[\"${aws:iot:parameter:a}\"]}",
                             PLAN_ERROR_INVALID_DOCUMENT, "at /args/0: still");
}

/* The handlers errand serves by itself, in a legacy document. */
static void
test_legacy_known(void)
{
    g_autoptr(Plan) reboot = document_test_plan("{\"operation\":\"reboot.sh\"}");
    g_autoptr(Plan) download = document_test_plan(
        "{\"operation\":\"download-file.sh\",\"args\":[\"https://h/a\",\"/b\"]}");

    document_test_step_is(reboot, 0, "reboot", "{\"operation\":\"reboot\"}");
    document_test_step_is(download, 0, "download",
                          "{\"operation\":\"download\",\"url\":\"https://h/a\",\"path\":\"/b\"}");
}

static void
test_claimed(void)
{
    static const char text[] =
        "{\"execution\":{},\"afr_ota\":{\"protocols\":[\"MQTT\"],\"streamname\":\"AFR_OTA-1\","
        "\"files\":"
        "[{\"filepath\":null,\"filesize\":5,\"fileid\":0,\"certfile\":\"prod\","
        "\"sig-sha256-ecdsa\":\"MEQ=\"}]},\"operation\":null,\"steps\":null}";
    static const char *const no_firmware[] = {"reboot", NULL};
    Gateway gateway = {.operations = no_firmware};
    g_autoptr(Plan) plan = document_test_plan(text);

    g_assert_cmpstr(document_test_step(plan, 0)->operation, ==, "afr_ota");
    g_assert_cmpstr(document_test_step(plan, 0)->input, ==, text);
    document_test_refused_on(&gateway, "{\"afr_ota\":{}}", PLAN_ERROR_UNKNOWN_OPERATION,
                             "at /afr_ota: no plugin on this gateway claims");
}

static void
test_unknown(void)
{
    static const char *const handlers[] = {"x", NULL};
    static const char *const only_reboot[] = {"reboot", NULL};
    Gateway no_plugin = {.operations = only_reboot, .handlers = handlers};

    document_test_refused(
        "{\"operation\":\"echo\",\"args\":[\"Hello world!\"]}", PLAN_ERROR_UNKNOWN_OPERATION,
        "at /operation: no plugin on this gateway serves the operation \"echo\", and "
        "no handler has that name");
    document_test_refused("{\"operation\":\"../../bin/sh\"}", PLAN_ERROR_UNKNOWN_OPERATION,
                          "\"../../bin/sh\"");
    document_test_refused_on(&no_plugin, "{\"operation\":\"x\"}", PLAN_ERROR_UNKNOWN_OPERATION,
                             "\"x\"; ");
    document_test_refused("{\"operation\":\"https://h/p?X-Amz-Signature=secret\\n\\u001b[31m\"}",
                          PLAN_ERROR_UNKNOWN_OPERATION, "\"https://h/p?***");
    document_test_refused("{\"ota\":{\"packages\":{}}}", PLAN_ERROR_UNKNOWN_OPERATION, "at /ota: ");
}

static void
test_not_a_job(void)
{
    static const struct {
        const char *text;
        const char *part;
    } cases[] = {
        {"", "has 0 bytes, 1 to 131072"},
        {"[]", "must be a JSON object"},
        {"\"\\\"{}\\\"\"", "must be a JSON object"},
        {"\"{}\"", "neither \"operation\" nor \"steps\""},
        {"null", "must be a JSON object"},
        {"3", "must be a JSON object"},
        {"{}", "neither \"operation\" nor \"steps\""},
        {"{\"url\":\"https://h/a\"}", "neither \"operation\" nor \"steps\""},
        {"{\"action\":\"print\",\"message\":\"x\"}", "neither \"operation\" nor \"steps\""},
        {"{\"operation\":7}", "at /operation: must be a string"},
        {"{\"operation\":\"\"}", "at /operation: must name an operation"},
        {"{\"operation\":\"reboot\",\"operation\":\"shell\"}",
         "at /operation: this name stands twice"},
        {"{\"operation\":\"reboot\\u0000x\"}", "U+0000"},
        {"{\"operation\":\"reboot\"", "the text ends"},
        {"{\"operation\":\"reboot\"}}", "text after the end"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        document_test_refused(cases[i].text, PLAN_ERROR_INVALID_DOCUMENT, cases[i].part);
}

static char *
padded(gsize length)
{
    static const char text[] = "{\"operation\":\"reboot\"}";
    char *padding = g_strnfill(length, ' ');

    memcpy(padding, text, strlen(text));
    return padding;
}

static void
test_size(void)
{
    g_autofree char *most = padded(PLAN_DOCUMENT_MAX);
    g_autofree char *more = padded(PLAN_DOCUMENT_MAX + 1);

    plan_free(document_test_plan(most));
    document_test_refused(more, PLAN_ERROR_INVALID_DOCUMENT, "has 131073 bytes, 1 to 131072");
}

static void
test_bare_context(void)
{
    static const char text[] = "{\"operation\":\"reboot\"}";
    PlanContext context = {0};
    g_autoptr(GError) error = NULL;

    g_assert_null(plan_parse(text, strlen(text), &context, &error));
    g_assert_error(error, PLAN_ERROR, PLAN_ERROR_UNKNOWN_OPERATION);
}

static void
test_reasons(void)
{
    static const char *const words[] = {"invalid-document", "unknown-operation", "not-allowed",
                                        "bad-signature", "condition-not-met"};
    g_autoptr(GError) foreign = g_error_new_literal(G_FILE_ERROR, 0, "x");

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autoptr(GError) error = g_error_new_literal(PLAN_ERROR, (int)i, "x");

        g_assert_cmpstr(plan_error_reason(error), ==, words[i]);
    }
    g_assert_cmpstr(plan_error_reason(foreign), ==, "internal");
    g_assert_cmpstr(plan_error_reason(NULL), ==, "internal");
    plan_free(NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/native/whole-document", test_whole_document);
    g_test_add_func("/native/text-without-end", test_text_without_end);
    g_test_add_func("/native/options", test_options);
    g_test_add_func("/native/longest-names", test_longest_names);
    g_test_add_func("/native/placeholders", test_placeholders);
    g_test_add_func("/native/legacy", test_legacy);
    g_test_add_func("/native/legacy-known", test_legacy_known);
    g_test_add_func("/native/claimed", test_claimed);
    g_test_add_func("/native/unknown", test_unknown);
    g_test_add_func("/native/not-a-job", test_not_a_job);
    g_test_add_func("/native/size", test_size);
    g_test_add_func("/native/bare-context", test_bare_context);
    g_test_add_func("/native/reasons", test_reasons);
    return g_test_run();
}
