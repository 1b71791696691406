/* Kills errand at every crash point of core/job, lets it live again, and looks whether the two
 * promises held: an action starts once, and a final status is told and does not change. */
#include "durable.h"
#include "knob.h"

#include <string.h>
#include <sys/wait.h>

#define LIVES_MAX 6

static char **program; /* harness, runner, plugins */

typedef struct {
    const char *name;
    const char *operation;
    const char *extra;
    const char *steps; /* a step document with this in both steps; NULL: none */
} Kind;

static const Kind kinds[] = {
    {"plain", "knob", "\"save\":\"x\"", NULL},
    {"resumable", "knob-resumable", "\"save\":\"x\"", NULL},
    {"reboot", "knob", "\"reboot\":1", NULL},
    {"steps", NULL, NULL, "\"save\":\"x\""},
};

static int
live(World *world, const char *document, const char *crash_at)
{
    const char *const argv[] = {program[0], program[1], program[2], world->root, document, NULL};
    g_auto(GStrv) environment = g_get_environ();
    g_autoptr(GError) error = NULL;
    int status = 0;

    if (crash_at) {
        environment = g_environ_setenv(environment, "ERRAND_TEST_CRASH_AT", crash_at, TRUE);
    }
    g_spawn_sync(NULL, (char **)argv, environment,
                 G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                 &status, &error);
    g_assert_no_error(error);
    g_assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static char *
read_file(World *world, const char *name)
{
    g_autofree char *path = g_build_filename(world->root, name, NULL);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

/* The machine does what it was asked for. */
static void
boot_again(World *world)
{
    g_autofree char *path = g_build_filename(world->root, "rebooted", NULL);

    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        world_set_boot(world, "boot-two");
        g_assert_true(durable_remove_tree(path, NULL));
    }
}

static gboolean
is_settled(World *world)
{
    g_autofree char *reports = read_file(world, "reports");
    g_autofree char *jobs = g_build_filename(world->state, "jobs", NULL);
    g_autoptr(GDir) dir = g_dir_open(jobs, 0, NULL);

    return *reports && (!dir || !g_dir_read_name(dir));
}

static void
expect_promises(World *world, const Kind *kind, const char *point)
{
    g_autofree char *reports = read_file(world, "reports");
    g_autofree char *runs = knob_runs(world);
    g_auto(GStrv) lines = g_strsplit(reports, "\n", -1);
    gboolean succeeded = strcmp(lines[0], "SUCCEEDED") == 0;

    g_test_message("%s: runs \"%s\", %s", point, runs, lines[0]);
    for (gsize i = 0; lines[i] && *lines[i]; i++) {
        g_assert_cmpstr(lines[i], ==, lines[0]);
    }
    if (strcmp(kind->name, "plain") == 0) {
        g_assert_true(strcmp(runs, "0") == 0 || (strcmp(runs, "") == 0 && !succeeded));
    } else if (strcmp(kind->name, "reboot") == 0) {
        g_assert_true(g_str_has_prefix("0 1", runs));
        g_assert_true(!succeeded || strcmp(runs, "0 1") == 0);
    } else if (kind->steps) {
        g_assert_true(g_str_has_prefix("0 0", runs));
        g_assert_true(!succeeded || strcmp(runs, "0 0") == 0);
    } else {
        g_assert_true(strcmp(runs, "0") == 0 || strcmp(runs, "0 2") == 0 || strcmp(runs, "2") == 0);
        g_assert_true(succeeded);
    }
}

/* Whether the point was passed at all. */
static gboolean
try_point(const Kind *kind, const char *point)
{
    g_autofree char *root = g_dir_make_tmp("errand-crash-XXXXXX", NULL);
    g_autoptr(World) world = world_open(root);
    g_autofree char *document = kind->steps ? knob_steps(world, kind->steps, kind->steps, NULL)
                                            : knob_document(world, kind->operation, kind->extra);
    gboolean crashed = FALSE;

    world_set_boot(world, "boot-one");
    for (guint i = 0; i < LIVES_MAX && !is_settled(world); i++) {
        int code = live(world, document, crashed ? NULL : point);

        g_assert_true(code == 0 || (!crashed && code == 137));
        crashed = crashed || code == 137;
        boot_again(world);
    }
    g_assert_true(is_settled(world));
    expect_promises(world, kind, point);
    return crashed;
}

static char **
list_points(void)
{
    const char *const argv[] = {program[0], "--list", NULL};
    char *output = NULL;
    g_auto(GStrv) lines = NULL;
    GPtrArray *points = g_ptr_array_new();

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output,
                               NULL, NULL, NULL));
    lines = g_strsplit(output, "\n", -1);
    for (gsize i = 0; lines[i]; i++) {
        if (g_str_has_prefix(lines[i], "job:")) {
            g_ptr_array_add(points, g_strdup(lines[i]));
        }
    }
    g_free(output);
    g_ptr_array_add(points, NULL);
    return (char **)g_ptr_array_free(points, FALSE);
}

/* The first passage, the second ... until the point is not reached any more. */
static void
test_kind(gconstpointer data)
{
    const Kind *kind = data;
    g_auto(GStrv) points = list_points();
    guint passed = 0;

    g_assert_cmpuint(g_strv_length(points), >=, 15);
    for (gsize i = 0; points[i]; i++) {
        guint n = 1;
        gboolean reached = TRUE;

        for (; reached && n <= 8; n++) {
            g_autofree char *point = g_strdup_printf("%s:%u", points[i], n);

            reached = try_point(kind, point);
            passed += reached ? 1 : 0;
        }
    }
    g_test_message("%s: killed %u times", kind->name, passed);
    g_assert_cmpuint(passed, >=, 15);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    g_assert_cmpint(argc, ==, 4);
    program = (char *[]){argv[3], argv[1], argv[2], NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *path = g_strconcat("/crash/", kinds[i].name, NULL);

        g_test_add_data_func(path, &kinds[i], test_kind);
    }
    return g_test_run();
}
