#include "clock.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

typedef struct {
    GMainLoop *loop;
    guint left; /* calls before it stops */
    guint calls;
    GSource **clear;
} Ticks;

static gboolean
on_tick(gpointer user_data)
{
    Ticks *ticks = user_data;

    ticks->calls++;
    if (--ticks->left > 0)
        return G_SOURCE_CONTINUE;
    g_main_loop_quit(ticks->loop);
    if (ticks->clear != NULL) {
        clock_timer_clear(ticks->clear);
        return G_SOURCE_CONTINUE; /* must not wake the dead */
    }
    return G_SOURCE_REMOVE;
}

static gint64
run_ticks(gint64 ms, guint count, gboolean scaled, gboolean clear_inside)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    GSource *timer = NULL;
    Ticks ticks = {loop, count, 0, clear_inside ? &timer : NULL};
    gint64 begin = clock_now();

    timer =
        scaled ? clock_timer_add_scaled(ms, on_tick, &ticks) : clock_timer_add(ms, on_tick, &ticks);
    g_main_loop_run(loop);
    gint64 took = clock_now() - begin;
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    g_assert_cmpuint(ticks.calls, ==, count);
    clock_timer_clear(&timer);
    g_assert_null(timer);
    clock_timer_clear(&timer);
    return took;
}

static void
test_once_and_again(void)
{
    g_assert_cmpint(run_ticks(20, 1, FALSE, FALSE), >=, 20000);
    g_assert_cmpint(run_ticks(10, 3, FALSE, FALSE), >=, 30000);
    g_assert_cmpint(run_ticks(5, 2, FALSE, TRUE), >=, 10000);
}

static void
test_at_once(void)
{
    run_ticks(0, 1, FALSE, FALSE);
    run_ticks(-5, 3, FALSE, TRUE);
    run_ticks(G_MININT64, 1, TRUE, FALSE);
}

static void
test_cleared_never_fires(void)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    Ticks ticks = {loop, 1, 0, NULL};
    GSource *timer = clock_timer_add(1, on_tick, &ticks);
    GSource *far = clock_timer_add(G_MAXINT64, on_tick, &ticks);

    clock_timer_clear(&timer);
    run_ticks(10, 1, FALSE, FALSE);
    g_assert_cmpuint(ticks.calls, ==, 0);
    clock_timer_clear(&far);
}

static void
test_scale(void)
{
    g_unsetenv("ERRAND_TEST_TIME_SCALE");
    g_assert_cmpuint(clock_scale(), ==, 1);
    g_setenv("ERRAND_TEST_TIME_SCALE", "1000", TRUE);
    g_assert_cmpuint(clock_scale(), ==, 1000);
    g_assert_cmpint(run_ticks(30000, 1, TRUE, FALSE), <, 20 * G_USEC_PER_SEC);
    g_setenv("ERRAND_TEST_TIME_SCALE", "10001", TRUE);
    g_assert_cmpuint(clock_scale(), ==, 1);
    g_setenv("ERRAND_TEST_TIME_SCALE", "0", TRUE);
    g_assert_cmpuint(clock_scale(), ==, 1);
    g_unsetenv("ERRAND_TEST_TIME_SCALE");
}

static void
check_boot_id(const char *content, gssize length, const char *expected)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int fd = g_file_open_tmp("boot-XXXXXX", &path, NULL);

    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(path, content, length, NULL));
    g_autofree char *id = clock_boot_id(path, &error);
    g_assert_cmpstr(id, ==, expected);
    if (expected == NULL)
        g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
    g_unlink(path);
}

static void
test_boot_id(void)
{
    g_autofree char *longest = g_strnfill(64, 'a');
    g_autofree char *too_long = g_strnfill(65, 'a');
    g_autofree char *huge = g_strnfill(100000, 'a');
    g_autoptr(GError) error = NULL;
    g_autofree char *real = clock_boot_id("/proc/sys/kernel/random/boot_id", &error);

    g_assert_no_error(error);
    g_assert_cmpuint(strlen(real), ==, 36);
    check_boot_id(" id-1\n", -1, "id-1");
    check_boot_id(longest, -1, longest);
    check_boot_id(too_long, -1, NULL);
    check_boot_id(huge, -1, NULL);
    check_boot_id("", -1, NULL);
    check_boot_id("\n \n", -1, NULL);
    check_boot_id("two words", -1, NULL);
    check_boot_id("a\0b", 3, NULL);
    check_boot_id("\xff\xfe", -1, NULL);
    g_assert_null(clock_boot_id("/nowhere/boot", &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

static void
test_boot_id_of_a_fifo(void)
{
    g_autofree char *directory = g_dir_make_tmp("clock-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "fifo", NULL);

    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    g_assert_null(clock_boot_id(path, NULL));
    g_unlink(path);
    g_rmdir(directory);
}

static void
test_wall(void)
{
    g_autofree char *text = clock_wall_text();

    g_assert_true(
        g_regex_match_simple("^2\\d{3}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$", text, 0, 0));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/once-and-again", test_once_and_again);
    g_test_add_func("/clock/at-once", test_at_once);
    g_test_add_func("/clock/cleared", test_cleared_never_fires);
    g_test_add_func("/clock/scale", test_scale);
    g_test_add_func("/clock/boot-id", test_boot_id);
    g_test_add_func("/clock/boot-id-fifo", test_boot_id_of_a_fifo);
    g_test_add_func("/clock/wall", test_wall);
    return g_test_run();
}
