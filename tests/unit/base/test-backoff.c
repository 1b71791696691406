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

/* A thousand devices lose their broker in the same moment and try for ten minutes with the delays
 * of a session. */
static void
test_herd(void)
{
    enum { DEVICES = 1000, SECONDS = 600, FIRST_MS = 1000, CAP_MS = 40000, AT_CAP = 120 };
    guint tries[SECONDS] = {0};
    guint all = 0;

    for (guint32 seed = 0; seed < DEVICES; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        Backoff backoff;
        backoff_init(&backoff, FIRST_MS, CAP_MS);
        backoff.random = random;
        for (gint64 at = backoff_next(&backoff); at < SECONDS * 1000;
             at += backoff_next(&backoff)) {
            tries[at / 1000]++;
            all++;
        }
    }
    for (guint i = 0; i < SECONDS; i++)
        g_assert_cmpuint(tries[i] * 10, <=, all);
    /* Later nobody has caught up with anybody: never a tenth of the devices in one second. */
    for (guint i = AT_CAP; i < SECONDS; i++)
        g_assert_cmpuint(tries[i] * 10, <=, DEVICES);
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
    g_test_add_func("/backoff/herd", test_herd);
    g_test_add_func("/backoff/extremes", test_extremes);
    return g_test_run();
}
