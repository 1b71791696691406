#include "durable.h"
#include "leftovers.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

typedef struct {
    char *root;
    char *elsewhere;
    char *folder; /* of the job */
    char *step;   /* its first step's private directory */
} World;

static void
set_up(World *world, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    world->root = g_dir_make_tmp("errand-leftovers-XXXXXX", &error);
    g_assert_no_error(error);
    world->elsewhere = g_build_filename(world->root, "elsewhere", NULL);
    world->folder = g_build_filename(world->root, "job.1.100", NULL);
    world->step = g_build_filename(world->folder, "private", "1", NULL);
    g_assert_cmpint(g_mkdir_with_parents(world->elsewhere, 0700), ==, 0);
    g_assert_cmpint(g_mkdir_with_parents(world->step, 0700), ==, 0);
}

static void
tear_down(World *world, gconstpointer data)
{
    g_assert_true(durable_remove_tree(world->root, NULL));
    g_free(world->step);
    g_free(world->folder);
    g_free(world->elsewhere);
    g_free(world->root);
}

static char *
make_file(World *world, const char *name)
{
    char *path = g_build_filename(world->elsewhere, name, NULL);

    g_assert_true(g_file_set_contents(path, "x", 1, NULL));
    return path;
}

static void
list(World *world, const char *text)
{
    g_autofree char *path = g_build_filename(world->step, "leftovers", NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
run(World *world)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(leftovers_remove_all(world->folder, "job", &error));
    g_assert_no_error(error);
    g_assert_false(g_file_test(world->folder, G_FILE_TEST_EXISTS));
}

static void
test_listed(World *world, gconstpointer data)
{
    g_autofree char *first = make_file(world, ".errand-job-1.part");
    g_autofree char *second = make_file(world, ".errand-job-2.part");
    g_autofree char *unlisted = make_file(world, ".errand-job-3.part");
    g_autofree char *text = g_strdup_printf("%s\n/nowhere/.errand-job-x\n%s", first, second);

    list(world, text);
    run(world);
    g_assert_false(g_file_test(first, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(second, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(unlisted, G_FILE_TEST_EXISTS));
}

/* Nothing but the job's own, whatever the list says. */
static void
test_of_others(World *world, gconstpointer data)
{
    static const char *const names[] = {".errand-job2-1.part", ".errand-job", "errand-job-1",
                                        "passwd", ".errand-"};
    GString *text = g_string_new("relative/.errand-job-1\n\n/\n..\n");

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = make_file(world, names[i]);

        g_string_append_printf(text, "%s\n%s/.errand-job-1/../%s\n", path, world->elsewhere,
                               names[i]);
    }
    list(world, text->str);
    run(world);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(world->elsewhere, names[i], NULL);

        g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    }
    g_string_free(text, TRUE);
}

/* Only the link would go if it were followed or removed; a directory is none of ours either. */
static void
test_no_regular_file(World *world, gconstpointer data)
{
    g_autofree char *target = make_file(world, "target");
    g_autofree char *link = g_build_filename(world->elsewhere, ".errand-job-link", NULL);
    g_autofree char *directory = g_build_filename(world->elsewhere, ".errand-job-directory", NULL);
    g_autofree char *text = g_strdup_printf("%s\n%s\n", link, directory);

    g_assert_cmpint(symlink(target, link), ==, 0);
    g_assert_cmpint(g_mkdir(directory, 0700), ==, 0);
    list(world, text);
    run(world);
    g_assert_true(g_file_test(target, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    g_assert_true(g_file_test(directory, G_FILE_TEST_IS_DIR));
}

static guint warnings;

static GLogWriterOutput
count_warnings(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    warnings += (level & G_LOG_LEVEL_WARNING) != 0;
    return G_LOG_WRITER_HANDLED;
}

/* A list that is no list costs a warning; the folder goes all the same. */
static void
test_bad_list(World *world, gconstpointer data)
{
    g_autofree char *path = g_build_filename(world->step, "leftovers", NULL);
    g_autofree char *target = make_file(world, ".errand-job-1.part");

    warnings = 0;
    g_assert_cmpint(symlink(target, path), ==, 0);
    leftovers_remove(world->folder, "job");
    g_assert_cmpuint(warnings, ==, 1);
    g_assert_true(g_file_test(target, G_FILE_TEST_EXISTS));
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    run(world);
    g_assert_cmpuint(warnings, ==, 2);
}

static void
test_nothing(World *world, gconstpointer data)
{
    run(world);
    run(world);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_writer_func(count_warnings, NULL, NULL);
#define ADD(name, func) g_test_add("/leftovers/" name, World, NULL, set_up, func, tear_down)
    ADD("listed", test_listed);
    ADD("of-others", test_of_others);
    ADD("no-regular-file", test_no_regular_file);
    ADD("bad-list", test_bad_list);
    ADD("nothing", test_nothing);
    return g_test_run();
}
