#include "backoff.h"

static void
test_range(void)
{
    Backoff backoff;
    gint64 base = 1000;

    backoff_init(&backoff, 1000, 60000);
    for (guint i = 0; i < 200; i++) {
        gint64 delay = backoff_next(&backoff);
        g_assert_cmpint(delay, >=, base / 2);
        g_assert_cmpint(delay, <=, base);
        base = MIN(base * 2, 60000);
    }
    g_assert_cmpuint(backoff.attempt, ==, 200);
    backoff_reset(&backoff);
    g_assert_cmpint(backoff_next(&backoff), <=, 1000);
}

/* At the cap a fleet must still be spread. */
static void
test_spread(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    Backoff backoff;
    gint64 least = G_MAXINT64;
    gint64 most = 0;

    backoff_init(&backoff, 1000, 1000);
    backoff.random = random;
    for (guint i = 0; i < 1000; i++) {
        gint64 delay = backoff_next(&backoff);
        least = MIN(least, delay);
        most = MAX(most, delay);
    }
    g_assert_cmpint(least, <, 520);
    g_assert_cmpint(most, >, 980);
}

static void
test_extremes(void)
{
    Backoff backoff;

    backoff_init(&backoff, 0, 0);
    g_assert_cmpint(backoff_next(&backoff), ==, 1);
    backoff_init(&backoff, G_MAXINT64, G_MAXINT64);
    g_assert_cmpint(backoff_next(&backoff), >=, G_MAXINT64 / 2);
    backoff_init(&backoff, 3, G_MAXINT64);
    backoff.attempt = G_MAXUINT;
    g_assert_cmpint(backoff_next(&backoff), >=, G_MAXINT64 / 2);
    g_assert_cmpuint(backoff.attempt, ==, G_MAXUINT);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/backoff/range", test_range);
    g_test_add_func("/backoff/spread", test_spread);
    g_test_add_func("/backoff/extremes", test_extremes);
    return g_test_run();
}
