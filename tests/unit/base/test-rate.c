/* How often something may happen. */
#include "rate.h"

#define SECOND G_USEC_PER_SEC

static void
test_burst_then_steady(void)
{
    Rate rate = {0};
    gint64 now = 1000 * SECOND;

    for (int i = 0; i < 5; i++)
        g_assert_cmpint(rate_take(&rate, 10, 5, now), ==, 0);
    g_assert_cmpint(rate_take(&rate, 10, 5, now), ==, SECOND / 10);
    g_assert_cmpint(rate_take(&rate, 10, 5, now + SECOND / 20), ==, SECOND / 20);
    g_assert_cmpint(rate_take(&rate, 10, 5, now + SECOND / 10), ==, 0);
    g_assert_cmpint(rate_take(&rate, 10, 5, now + SECOND / 10), >, 0);
}

static void
test_a_pause_gives_the_burst_back(void)
{
    Rate rate = {0};
    guint taken = 0;

    while (rate_take(&rate, 10, 5, SECOND) == 0)
        taken++;
    g_assert_cmpuint(taken, ==, 5);
    while (rate_take(&rate, 10, 5, 100 * SECOND) == 0)
        taken++;
    g_assert_cmpuint(taken, ==, 10);
}

static void
test_one_at_a_time(void)
{
    Rate rate = {0};

    g_assert_cmpint(rate_take(&rate, 1, 1, SECOND), ==, 0);
    g_assert_cmpint(rate_take(&rate, 1, 1, SECOND), ==, SECOND);
    g_assert_cmpint(rate_take(&rate, 0, 0, 2 * SECOND), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rate/burst-then-steady", test_burst_then_steady);
    g_test_add_func("/rate/a-pause-gives-the-burst-back", test_a_pause_gives_the_burst_back);
    g_test_add_func("/rate/one-at-a-time", test_one_at_a_time);
    return g_test_run();
}
