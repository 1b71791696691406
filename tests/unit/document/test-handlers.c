#include "document-test.h"

static void
test_handlers(void)
{
    g_autoptr(Plan) plan = document_test_plan(
        "{\"steps\":["
        "{\"action\":{\"type\":\"runHandler\",\"input\":{\"handler\":\"x.sh\",\"args\":[\"a\",2,"
        "true,"
        "\"\"],\"extra\":1}}},"
        "{\"action\":{\"type\":\"runHandler\",\"input\":{\"handler\":\"shutdown\",\"args\":null}}},"
        "{\"action\":{\"type\":\"runHandler\",\"input\":{\"handler\":\"download-file\",\"args\":"
        "[\"https://h/d/my%20file.bin?X-Sig=a/b#c\",\"/srv/\"]}}}]}");

    document_test_step_is(
        plan, 0, "runHandler",
        "{\"handler\":\"x.sh\",\"args\":[\"a\",\"2\",\"true\",\"\"],\"extra\":1}");
    document_test_step_is(plan, 1, "shutdown", "{\"operation\":\"shutdown\"}");
    g_assert_cmpstr(document_test_step(plan, 1)->name, ==, "shutdown");
    document_test_step_is(
        plan, 2, "download",
        "{\"operation\":\"download\",\"url\":\"https://h/d/my%20file.bin?X-Sig=a/b"
        "#c\",\"path\":\"/srv/my file.bin\"}");
}

static void
test_download_arguments(void)
{
    static const char *const bad[] = {
        "",
        ",\"args\":[]",
        ",\"args\":[\"https://h/a\"]",
        ",\"args\":[\"https://h/a\",\"/b\",\"c\"]",
        ",\"args\":[\"\",\"/b\"]",
        ",\"args\":[\"https://h/a\",\"\"]",
    };
    static const char *const nameless[] = {"https://h",      "https://h/",      "https://h/a/",
                                           "https://h/..",   "https://h/a%2fb", "https://h/%2e%2e",
                                           "https://h?a=/b", "https://h/%00",   "https://h/%ff"};

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = g_strdup_printf(
            STEP("{\"type\":\"runHandler\",\"input\":{\"handler\":\"download-file.sh\"%s}}"),
            bad[i]);

        document_test_refused(text, PLAN_ERROR_INVALID_DOCUMENT,
                              "at /steps/0/action/input/args: download-file.sh takes exactly two");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(nameless); i++) {
        g_autofree char *text =
            g_strdup_printf(STEP("{\"type\":\"runHandler\",\"input\":{\"handler\":"
                                 "\"download-file.sh\",\"args\":[\"%s\",\"/srv/\"]}}"),
                            nameless[i]);

        document_test_refused(text, PLAN_ERROR_INVALID_DOCUMENT,
                              "at /steps/0/action/input/args/1: is a directory");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/handlers/shipped-ones-become-operations", test_handlers);
    g_test_add_func("/handlers/download-file-takes-url-and-path", test_download_arguments);
    return g_test_run();
}
