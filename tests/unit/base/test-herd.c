/* 1,000 devices lose their broker at the same instant: no second holds more than a tenth of what
 * they then try, be it back at once or away. */
#include "backoff.h"

enum { DEVICES = 1000, FIRST_MS = 1000, CAP_MS = 40000, SPREAD_MS = 15000, SECONDS = 60 };

static void
note(guint tries[SECONDS], gint64 at_ms)
{
    if (at_ms / 1000 < SECONDS) {
        tries[at_ms / 1000]++;
    }
}

static void
assert_spread(const guint tries[SECONDS], guint seconds)
{
    guint all = 0;

    for (guint i = 0; i < seconds; i++) {
        all += tries[i];
    }
    for (guint i = 0; i < seconds; i++) {
        g_assert_cmpuint(tries[i] * 10, <=, all);
    }
}

static void
lose(guint seed, gboolean is_back, guint tries[SECONDS])
{
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    Backoff backoff;
    gint64 at_ms;

    backoff_init(&backoff, FIRST_MS, CAP_MS);
    backoff.random = random;
    at_ms = backoff_next_spread(&backoff, SPREAD_MS);
    note(tries, at_ms);
    while (!is_back && at_ms < SECONDS * 1000) {
        at_ms += backoff_next(&backoff);
        note(tries, at_ms);
    }
}

/* Each needs one try. */
static void
test_back_at_once(void)
{
    for (guint32 fleet = 0; fleet < 20; fleet++) {
        guint tries[SECONDS] = {0};

        for (guint device = 0; device < DEVICES; device++) {
            lose(fleet * DEVICES + device, TRUE, tries);
        }
        assert_spread(tries, SECONDS);
    }
}

/* And whoever looks only at the beginning sees no peak either. */
static void
test_away(void)
{
    guint tries[SECONDS] = {0};

    for (guint device = 0; device < DEVICES; device++) {
        lose(device, FALSE, tries);
    }
    assert_spread(tries, SECONDS);
    assert_spread(tries, SECONDS / 3);
}

static void
test_at_least_the_back_off(void)
{
    Backoff backoff;

    backoff_init(&backoff, FIRST_MS, CAP_MS);
    backoff.attempt = 20;
    for (guint i = 0; i < 1000; i++) {
        g_assert_cmpint(backoff_next_spread(&backoff, SPREAD_MS), >=, CAP_MS / 2);
        g_assert_cmpint(backoff_next_spread(&backoff, -1), >=, CAP_MS / 2);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/herd/back-at-once", test_back_at_once);
    g_test_add_func("/herd/away", test_away);
    g_test_add_func("/herd/at-least", test_at_least_the_back_off);
    return g_test_run();
}
