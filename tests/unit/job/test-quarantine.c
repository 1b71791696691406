#include "quarantine.h"

#include <string.h>

#define HOUR_US ((gint64)QUARANTINE_COOL_DOWN_MS * 1000)

static const struct stat module = {.st_dev = 1, .st_ino = 2, .st_size = 3, .st_mtim = {4, 5}};

static gboolean
admit(Quarantine *self, const struct stat *stamp, gint64 now_us)
{
    g_autoptr(GError) error = NULL;
    gboolean good = quarantine_admit(self, "bad", stamp, now_us, &error);

    if (!good) {
        g_assert_error(error, QUARANTINE_ERROR, QUARANTINE_ERROR_HELD);
        g_assert_nonnull(strstr(error->message, "plugin bad crashed"));
    } else {
        g_assert_no_error(error);
    }
    return good;
}

static gboolean
ended(Quarantine *self, VerdictEnd end, gint64 now_us)
{
    Verdict verdict = {.end = end};

    return quarantine_ended(self, "bad", &verdict, now_us);
}

static void
crash_often(Quarantine *self, guint times, gint64 now_us)
{
    for (guint i = 1; i <= times; i++) {
        g_assert_true(admit(self, &module, now_us));
        g_assert_cmpint(ended(self, VERDICT_END_CRASHED, now_us), ==, i >= QUARANTINE_CRASHES);
    }
}

static void
test_held(void)
{
    g_autoptr(Quarantine) self = quarantine_new(QUARANTINE_COOL_DOWN_MS);
    g_autoptr(GError) error = NULL;

    crash_often(self, QUARANTINE_CRASHES, 7);
    g_assert_false(admit(self, &module, 7));
    g_assert_true(quarantine_admit(self, "other", &module, 7, &error));
}

static void
test_forgiven(void)
{
    g_autoptr(Quarantine) self = quarantine_new(QUARANTINE_COOL_DOWN_MS);

    crash_often(self, QUARANTINE_CRASHES - 1, 0);
    g_assert_false(ended(self, VERDICT_END_SAID, 0));
    crash_often(self, QUARANTINE_CRASHES - 1, 0);
    g_assert_false(ended(self, VERDICT_END_STOPPED, 0));
    g_assert_true(ended(self, VERDICT_END_CRASHED, 0));
    g_assert_false(admit(self, &module, 0));
}

static void
test_new_module(void)
{
    struct stat others[] = {module, module, module, module};

    others[0].st_ino++;
    others[1].st_size++;
    others[2].st_mtim.tv_nsec++;
    others[3].st_dev++;
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(Quarantine) self = quarantine_new(QUARANTINE_COOL_DOWN_MS);

        crash_often(self, QUARANTINE_CRASHES, 0);
        g_assert_false(admit(self, &module, 0));
        g_assert_true(admit(self, &others[i], 0));
        g_assert_false(ended(self, VERDICT_END_CRASHED, 0));
    }
}

static void
test_cool_down(void)
{
    g_autoptr(Quarantine) self = quarantine_new(QUARANTINE_COOL_DOWN_MS);

    crash_often(self, QUARANTINE_CRASHES, 100);
    g_assert_false(admit(self, &module, 100 + HOUR_US - 1));
    g_assert_true(admit(self, &module, 100 + HOUR_US));
    g_assert_true(ended(self, VERDICT_END_CRASHED, 200 + HOUR_US));
    g_assert_false(admit(self, &module, 201 + HOUR_US));
    g_assert_true(admit(self, &module, 200 + 2 * HOUR_US));
    g_assert_false(ended(self, VERDICT_END_SAID, 300 + 2 * HOUR_US));
    g_assert_true(admit(self, &module, 300 + 2 * HOUR_US));
    g_assert_false(ended(self, VERDICT_END_CRASHED, 300 + 2 * HOUR_US));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quarantine/held", test_held);
    g_test_add_func("/quarantine/forgiven", test_forgiven);
    g_test_add_func("/quarantine/new-module", test_new_module);
    g_test_add_func("/quarantine/cool-down", test_cool_down);
    return g_test_run();
}
