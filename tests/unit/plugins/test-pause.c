/* How long an outage the default retries of a download bear (its README, "Outages"). */
#include "pause.h"

#include <glib.h>

#define RETRY_MS 1000
#define TRIES    8
#define HOUR_MS  (60 * 60 * 1000)

static gint64
sum(int tries)
{
    gint64 all_ms = 0;

    /* After the last one it is over. */
    for (int i = 1; i < tries; i++)
        all_ms += pause_length(RETRY_MS, i);
    return all_ms;
}

static void
test_defaults(void)
{
    g_assert_cmpint(pause_length(RETRY_MS, 1), ==, 2000);
    g_assert_cmpint(pause_length(RETRY_MS, 6), ==, 60000);
    g_assert_cmpint(pause_length(RETRY_MS, 1000000), ==, 60000);
    g_assert_cmpint(sum(TRIES), ==, 182 * 1000);
    g_assert_cmpint(sum(65), >=, HOUR_MS);
}

static void
test_without_a_pause(void)
{
    g_assert_cmpint(pause_length(0, 1000000), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pause/defaults", test_defaults);
    g_test_add_func("/pause/without-a-pause", test_without_a_pause);
    return g_test_run();
}
