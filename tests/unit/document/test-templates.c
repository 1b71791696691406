/* The eight AWS managed job templates, as the service delivers them. */
#include "document-test.h"

typedef struct {
    const char *name;
    const char *type;
    const char *input; /* without "path" */
    const char *operation;
    const char *expected;
} Template;

static const Template templates[] = {
    {"Reboot", "runHandler", "\"handler\":\"reboot.sh\"", "reboot", "{\"operation\":\"reboot\"}"},
    {"Download-File", "runHandler",
     "\"handler\":\"download-file.sh\",\"args\":[\"https://h.example.com/a.bin?sig=1&x=%2F\","
     "\"/var/lib/app/a.bin\"]",
     "download",
     "{\"operation\":\"download\",\"url\":\"https://h.example.com/a.bin?sig=1&x=%2F\","
     "\"path\":\"/var/lib/app/a.bin\"}"},
    {"Install-Application", "runHandler",
     "\"handler\":\"install-packages.sh\",\"args\":[\"jq chrony\"]", "runHandler", NULL},
    {"Remove-Application", "runHandler", "\"handler\":\"remove-packages.sh\",\"args\":[\"jq\"]",
     "runHandler", NULL},
    {"Start-Application", "runHandler", "\"handler\":\"start-services.sh\",\"args\":[\"a b\"]",
     "runHandler", NULL},
    {"Stop-Application", "runHandler", "\"handler\":\"stop-services.sh\",\"args\":[\"a\"]",
     "runHandler", NULL},
    {"Restart-Application", "runHandler", "\"handler\":\"restart-services.sh\",\"args\":[\"a\"]",
     "runHandler", NULL},
    {"Run-Command", "runCommand", "\"command\":\"echo,Hello\\\\, world\"", "runCommand", NULL},
};

/* Options that people leave empty reach the device in all of these ways. */
static const struct {
    const char *path; /* a member, or "" */
    const char *user;
    const char *expected_path;
    const char *expected_user;
} options[] = {
    {"\"path\":\"default\"", "\"runAsUser\":\"app\"", "default", "app"},
    {"\"path\":\"\"", "\"runAsUser\":\"\"", NULL, NULL},
    {"\"path\":null", "\"runAsUser\":null", NULL, NULL},
    {"", "", NULL, NULL},
    {"\"path\":\"${aws:iot:parameter:pathToHandler}\"",
     "\"runAsUser\":\"${aws:iot:parameter:runAsUser}\"", NULL, NULL},
};

static void
check(const Template *template, gsize option)
{
    gboolean is_command = g_str_equal(template->type, "runCommand");
    const char *path = is_command ? "" : options[option].path;
    const char *user = options[option].user;
    const char *expected_path = is_command ? NULL : options[option].expected_path;
    g_autofree char *text =
        g_strdup_printf("{\"version\":\"1.0\",\"steps\":[{\"action\":{\"name\":\"%s\",\"type\":\"%"
                        "s\",\"input\":{%s%s%s}"
                        "%s%s}}]}",
                        template->name, template->type, template->input, *path != '\0' ? "," : "",
                        path, *user != '\0' ? "," : "", user);
    g_autofree char *as_written =
        expected_path != NULL
            ? g_strdup_printf("{%s,\"path\":\"%s\"}", template->input, expected_path)
            : g_strdup_printf("{%s}", template->input);
    g_autoptr(Plan) plan = document_test_plan(text);
    const PlanStep *step = document_test_step(plan, 0);

    g_assert_true(plan->is_steps);
    g_assert_cmpuint(plan->steps->len, ==, 1);
    g_assert_cmpstr(step->name, ==, template->name);
    g_assert_cmpstr(step->user, ==, options[option].expected_user);
    g_assert_cmpuint(step->timeout_s, ==, 0);
    g_assert_false(step->ignore_failure);
    document_test_step_is(plan, 0, template->operation,
                          template->expected != NULL ? template->expected : as_written);
}

static void
test_template(gconstpointer data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(options); i++)
        check(data, i);
}

/* The owner's file of the same name goes first. */
static void
test_owner_wins(void)
{
    static const char *const handlers[] = {"reboot.sh", NULL};
    Gateway gateway = {.handlers = handlers};
    g_autoptr(Plan) plan = document_test_plan_on(
        &gateway, "{\"steps\":[{\"action\":{\"name\":\"R\",\"type\":\"runHandler\",\"input\":"
                  "{\"handler\":\"reboot.sh\",\"path\":\"default\"}}}]}");

    document_test_step_is(plan, 0, "runHandler",
                          "{\"handler\":\"reboot.sh\",\"path\":\"default\"}");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(templates); i++) {
        g_autofree char *path = g_strdup_printf("/templates/%s", templates[i].name);

        g_test_add_data_func(path, &templates[i], test_template);
    }
    g_test_add_func("/templates/owner-wins", test_owner_wins);
    return g_test_run();
}
