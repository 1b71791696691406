#include "crash-point.h"

static void
pass_points(void)
{
    for (guint i = 0; i < 3; i++)
        crash_point("test:loop");
    crash_point("test:after");
    crash_point("test:last");
    crash_point("test:last");
}

/* What a child of this program does, started with the point to die at. */
static void
test_child(void)
{
    if (!g_test_subprocess())
        return;
    pass_points();
    crash_point_list();
}

static int
run_child(const char *crash_at)
{
    if (crash_at != NULL)
        g_setenv("ERRAND_TEST_CRASH_AT", crash_at, TRUE);
    else
        g_unsetenv("ERRAND_TEST_CRASH_AT");
    g_test_trap_subprocess("/crash-point/child", 0, 0);
    g_unsetenv("ERRAND_TEST_CRASH_AT");
    return g_test_trap_has_passed();
}

static void
test_dies(void)
{
    g_assert_false(run_child("test:loop"));
    g_assert_false(run_child("test:loop:3"));
    g_assert_false(run_child("test:after"));
    g_assert_false(run_child("test:after:1"));
}

static void
test_lives(void)
{
    g_assert_true(run_child(NULL));
    g_assert_true(run_child("test:loop:4"));
    g_assert_true(run_child("test:loop:0"));
    g_assert_true(run_child("test:loop:x"));
    g_assert_true(run_child("test:loo"));
    g_assert_true(run_child("test:looped"));
    g_assert_true(run_child(""));
}

static void
test_lists(void)
{
    g_assert_true(run_child(NULL));
    g_test_trap_assert_stdout("*test:after\ntest:last\ntest:loop\n*");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/crash-point/child", test_child);
    g_test_add_func("/crash-point/dies", test_dies);
    g_test_add_func("/crash-point/lives", test_lives);
    g_test_add_func("/crash-point/lists", test_lists);
    return g_test_run();
}
