#include "durable.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASIDE_MAX 32

typedef struct {
    char *directory;
} Fixture;

static void
set_up(Fixture *self, gconstpointer data)
{
    self->directory = g_dir_make_tmp("durable-XXXXXX", NULL);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    g_assert_true(durable_remove_tree(self->directory, NULL));
    g_assert_false(g_file_test(self->directory, G_FILE_TEST_EXISTS));
    g_free(self->directory);
}

static guint
count_entries(const char *directory)
{
    g_autoptr(GDir) listing = g_dir_open(directory, 0, NULL);
    guint count = 0;

    while (g_dir_read_name(listing) != NULL)
        count++;
    return count;
}

static void
assert_content(Fixture *self, const char *name, const char *expected)
{
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *content = durable_read(self->directory, name, 1000, &length, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(content, ==, expected);
    g_assert_cmpuint(length, ==, strlen(expected));
}

static void
test_write(Fixture *self, gconstpointer data)
{
    g_autofree char *path = g_build_filename(self->directory, "n", NULL);
    g_autoptr(GError) error = NULL;
    mode_t mask = umask(0377);
    struct stat found;

    g_assert_true(durable_write(self->directory, "n", "one", 3, &error));
    umask(mask);
    g_assert_true(durable_write(self->directory, "n", "two", 3, &error));
    g_assert_no_error(error);
    assert_content(self, "n", "two");
    g_assert_true(durable_write(self->directory, "n", NULL, 0, &error));
    assert_content(self, "n", "");
    g_assert_cmpint(stat(path, &found), ==, 0);
    g_assert_cmpuint(found.st_mode & 07777, ==, 0600);
    g_assert_cmpuint(count_entries(self->directory), ==, 1);
}

static void
test_write_fails(Fixture *self, gconstpointer data)
{
    static const char *const bad[] = {"", ".", "..", "a/b", "/x"};
    g_autofree char *folder = g_build_filename(self->directory, "folder", NULL);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(durable_write(self->directory, bad[i], "x", 1, &error));
        g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
        g_clear_error(&error);
    }
    g_assert_false(durable_write(folder, "n", "x", 1, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_clear_error(&error);
    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    g_assert_false(durable_write(self->directory, "folder", "x", 1, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
    g_assert_nonnull(strstr(error->message, folder));
    g_assert_cmpuint(count_entries(self->directory), ==, 1);
}

static void
assert_no_read(Fixture *self, const char *name, gsize limit, GFileError code)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(durable_read(self->directory, name, limit, NULL, &error));
    g_assert_error(error, G_FILE_ERROR, (gint)code);
}

static void
test_read_refuses(Fixture *self, gconstpointer data)
{
    g_autofree char *fifo = g_build_filename(self->directory, "fifo", NULL);
    g_autofree char *link = g_build_filename(self->directory, "link", NULL);

    g_assert_true(durable_write(self->directory, "n", "12345", 5, NULL));
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_cmpint(symlink("n", link), ==, 0);
    assert_no_read(self, "absent", 10, G_FILE_ERROR_NOENT);
    assert_no_read(self, "n", 4, G_FILE_ERROR_FAILED);
    assert_no_read(self, "fifo", 10, G_FILE_ERROR_INVAL);
    assert_no_read(self, "link", 10, G_FILE_ERROR_INVAL);
    assert_no_read(self, "..", 10, G_FILE_ERROR_INVAL);
    g_autofree char *exact = durable_read(self->directory, "n", 5, NULL, NULL);
    g_assert_cmpstr(exact, ==, "12345");
}

static void
test_append(Fixture *self, gconstpointer data)
{
    g_assert_true(durable_append_line(self->directory, "log", "one", 6, NULL));
    g_assert_true(durable_append_line(self->directory, "log", "two", 6, NULL));
    assert_content(self, "log", "one\ntwo\n");
    g_assert_true(durable_append_line(self->directory, "log", "three", 6, NULL));
    assert_content(self, "log", "three\n");
    assert_content(self, "log.1", "one\ntwo\n");
    g_assert_true(durable_write(self->directory, "log", "to", 2, NULL));
    g_assert_true(durable_append_line(self->directory, "log", "whole", 100, NULL));
    assert_content(self, "log", "to\nwhole\n");
    g_assert_false(durable_append_line(self->directory, "log", "a\nb", 100, NULL));
    g_assert_false(durable_append_line("/nowhere", "log", "a", 100, NULL));
}

static void
test_make_directory(Fixture *self, gconstpointer data)
{
    g_autofree char *deep = g_build_filename(self->directory, "a/b//c/", NULL);
    g_autofree char *file = g_build_filename(self->directory, "file", NULL);
    g_autofree char *below = g_build_filename(file, "x", NULL);
    g_autoptr(GError) error = NULL;
    mode_t mask = umask(0377);
    struct stat found;

    g_assert_true(durable_make_directory(deep, &error));
    umask(mask);
    g_assert_true(durable_make_directory(deep, &error));
    g_assert_cmpint(stat(deep, &found), ==, 0);
    g_assert_cmpuint(found.st_mode & 07777, ==, 0700);
    g_assert_true(durable_make_directory("/", &error));
    g_assert_true(durable_write(self->directory, "file", "", 0, NULL));
    g_assert_false(durable_make_directory(file, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR);
    g_assert_false(durable_make_directory(below, NULL));
}

static void
test_set_aside(Fixture *self, gconstpointer data)
{
    g_autofree char *path = g_build_filename(self->directory, "job", NULL);
    g_autofree char *aside = g_build_filename(self->directory, "aside", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(durable_set_aside(path, aside, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    for (guint i = 1; i <= ASIDE_MAX; i++) {
        g_autofree char *wanted = g_strdup_printf("%s/job.%u", aside, i);
        g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
        g_assert_true(durable_write(path, "x", "x", 1, NULL));
        g_autofree char *target = durable_set_aside(path, aside, NULL);
        g_assert_cmpstr(target, ==, wanted);
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    }
    g_assert_true(durable_write(self->directory, "job", "x", 1, NULL));
    g_autofree char *target = durable_set_aside(path, aside, NULL);
    g_assert_nonnull(target);
    g_assert_cmpuint(count_entries(aside), ==, ASIDE_MAX);
}

/* Deeper than any descriptor limit and any path the kernel takes. */
static void
test_remove_deep(Fixture *self, gconstpointer data)
{
    g_autofree char *top = g_build_filename(self->directory, "top", NULL);
    g_autofree char *back = g_get_current_dir();
    g_autofree char *keep = g_build_filename(self->directory, "keep", NULL);

    g_assert_cmpint(g_mkdir(top, 0700), ==, 0);
    g_assert_cmpint(g_mkdir(keep, 0700), ==, 0);
    g_assert_true(durable_write(keep, "me", "x", 1, NULL));
    g_assert_cmpint(chdir(top), ==, 0);
    for (guint i = 0; i < 3000; i++) {
        g_assert_cmpint(g_mkdir("d", 0700), ==, 0);
        g_assert_cmpint(chdir("d"), ==, 0);
    }
    g_assert_cmpint(symlink(keep, "link"), ==, 0);
    g_assert_true(g_file_set_contents("file", "x", 1, NULL));
    g_assert_cmpint(chdir(back), ==, 0);
    g_autoptr(GError) error = NULL;
    g_assert_true(durable_remove_tree(top, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(count_entries(self->directory), ==, 1);
    g_assert_cmpuint(count_entries(keep), ==, 1);
}

static void
test_remove_small(Fixture *self, gconstpointer data)
{
    g_autofree char *link = g_build_filename(self->directory, "link", NULL);
    g_autofree char *folder = g_build_filename(self->directory, "folder", NULL);

    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    g_assert_cmpint(symlink(folder, link), ==, 0);
    g_assert_true(durable_remove_tree(link, NULL));
    g_assert_true(g_file_test(folder, G_FILE_TEST_IS_DIR));
    g_assert_true(durable_remove_tree(link, NULL));
    g_assert_true(durable_remove_tree(folder, NULL));
    g_assert_cmpuint(count_entries(self->directory), ==, 0);
}

static void
test_child(void)
{
    if (!g_test_subprocess())
        return;
    g_assert_true(durable_write(g_getenv("TEST_DURABLE"), "n", "new", 3, NULL));
}

static void
test_crash(Fixture *self, gconstpointer data)
{
    g_assert_true(durable_write(self->directory, "n", "old", 3, NULL));
    g_setenv("TEST_DURABLE", self->directory, TRUE);
    g_setenv("ERRAND_TEST_CRASH_AT", "durable:temp-written", TRUE);
    g_test_trap_subprocess("/durable/child", 0, 0);
    g_assert_false(g_test_trap_has_passed());
    assert_content(self, "n", "old");
    g_assert_cmpuint(count_entries(self->directory), ==, 2);
    g_setenv("ERRAND_TEST_CRASH_AT", "durable:renamed", TRUE);
    g_test_trap_subprocess("/durable/child", 0, 0);
    g_assert_false(g_test_trap_has_passed());
    assert_content(self, "n", "new");
    g_unsetenv("ERRAND_TEST_CRASH_AT");
}

static void
test_ahead(Fixture *self, gconstpointer data)
{
    DurableAhead *ahead;

    g_assert_true(durable_write(self->directory, "n", "old", 3, NULL));
    ahead = durable_ahead_new(self->directory, "n", "new", 3);
    g_assert_nonnull(ahead);
    assert_content(self, "n", "old");
    g_assert_cmpuint(count_entries(self->directory), ==, 2);
    g_assert_true(durable_write_ahead(ahead, self->directory, "n", "new", 3, NULL));
    assert_content(self, "n", "new");
    g_assert_cmpuint(count_entries(self->directory), ==, 1);
    durable_ahead_free(durable_ahead_new(self->directory, "n", "never", 5));
    assert_content(self, "n", "new");
    g_assert_cmpuint(count_entries(self->directory), ==, 1);
    g_assert_null(durable_ahead_new("/nowhere", "n", "x", 1));
    g_assert_null(durable_ahead_new(self->directory, "../n", "x", 1));
}

static void
test_ahead_of_something_else(Fixture *self, gconstpointer data)
{
    const char *directory = self->directory;
    g_autoptr(GError) error = NULL;

    g_assert_true(durable_write_ahead(NULL, directory, "a", "one", 3, &error));
    assert_content(self, "a", "one");
    g_assert_true(durable_write_ahead(durable_ahead_new(directory, "a", "two", 3), directory, "a",
                                      "2.0", 3, &error));
    assert_content(self, "a", "2.0");
    g_assert_true(durable_write_ahead(durable_ahead_new(directory, "a", "three", 5), directory, "b",
                                      "three", 5, &error));
    assert_content(self, "a", "2.0");
    assert_content(self, "b", "three");
    g_assert_cmpuint(count_entries(directory), ==, 2);
    g_assert_no_error(error);
}

/* What was prepared is gone: that is said, not passed over. */
static void
test_ahead_lost(Fixture *self, gconstpointer data)
{
    DurableAhead *ahead = durable_ahead_new(self->directory, "n", "new", 3);
    g_autoptr(GError) error = NULL;

    g_assert_true(durable_remove_tree(self->directory, NULL));
    g_assert_false(durable_write_ahead(ahead, self->directory, "n", "new", 3, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

static void
test_speed(Fixture *self, gconstpointer data)
{
    gint64 begin = g_get_monotonic_time();

    if (!g_test_perf()) {
        g_test_skip("measured with -m perf");
        return;
    }
    for (guint i = 0; i < 1000; i++)
        g_assert_true(durable_write(self->directory, "n", "0123456789", 10, NULL));
    double took = (double)(g_get_monotonic_time() - begin) / 1000.0;
    g_test_minimized_result(took, "%.0f us per write", took);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/durable/write", test_write);
    ADD("/durable/write-fails", test_write_fails);
    ADD("/durable/read-refuses", test_read_refuses);
    ADD("/durable/append", test_append);
    ADD("/durable/make-directory", test_make_directory);
    ADD("/durable/set-aside", test_set_aside);
    ADD("/durable/remove-deep", test_remove_deep);
    ADD("/durable/remove-small", test_remove_small);
    ADD("/durable/crash", test_crash);
    ADD("/durable/ahead", test_ahead);
    ADD("/durable/ahead-of-something-else", test_ahead_of_something_else);
    ADD("/durable/ahead-lost", test_ahead_lost);
    ADD("/durable/speed", test_speed);
    g_test_add_func("/durable/child", test_child);
    return g_test_run();
}
