/* What SWUpdate's texts mean. */
#include "swupdate-text.h"

#include <glib.h>
#include <string.h>

static void
test_percent(void)
{
    static const struct {
        unsigned step, n_steps, percent;
        int expected;
    } cases[] = {
        {0, 0, 0, -1},         {1, 0, 50, -1},
        {0, 2, 0, 0},          {1, 2, 0, 0},
        {1, 2, 50, 25},        {2, 2, 0, 50},
        {2, 2, 100, 100},      {3, 2, 0, 100},
        {1, 1, 4000, 100},     {UINT_MAX, UINT_MAX, UINT_MAX, 100},
        {1, UINT_MAX, 100, 0}, {UINT_MAX, 1, 0, 100},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(swupdate_text_percent(cases[i].step, cases[i].n_steps, cases[i].percent),
                        ==, cases[i].expected);
}

static void
test_version(void)
{
    static const struct {
        const char *info, *version;
    } cases[] = {
        {"{\"0\": {\"VERSION\" : \"2.0.0\"}}", "2.0.0"},
        {"{\"0\": {\"VERSION\":\"2023.10 beta\"}}", "2023.10 beta"},
        {"errand job 1", NULL},
        {"", NULL},
        {"{\"VERSION\" : \"\"}", NULL},
        {"{\"VERSION\" : 7}", NULL},
        {"{\"VERSION\" ", NULL},
        {"{\"VERSION\" : ", NULL},
        {"{\"VERSION\" : \"1.0", NULL},
        {"{\"VERSION\" : \"1\n0\"}", NULL},
        {"{\"VERSION\" : \"1\xff\"}", NULL},
        {"{\"VERSION\" : \"0123456789\"}", NULL}, /* longer than the room for it */
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gsize length = strlen(cases[i].info);
        g_autofree char *exact = g_memdup2(cases[i].info, length); /* no NUL behind it */
        char version[16] = "left alone";
        gsize size = i + 1 == G_N_ELEMENTS(cases) ? 10 : sizeof version;
        bool found = swupdate_text_version(exact, length, version, size);

        g_test_message("case %u", i);
        g_assert_cmpint(found, ==, cases[i].version != NULL);
        g_assert_cmpstr(version, ==, found ? cases[i].version : "left alone");
    }
}

static void
test_selection(void)
{
    static const char *const bad[] = {"stable", ",main", "stable,",
                                      ",",      "a,b,c", "stable,longer!!"};
    char set[8], mode[8];

    g_assert_true(swupdate_text_selection("stable,main", set, mode, sizeof set));
    g_assert_cmpstr(set, ==, "stable");
    g_assert_cmpstr(mode, ==, "main");
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(swupdate_text_selection(bad[i], set, mode, sizeof set));
    g_assert_true(swupdate_text_selection("", set, mode, sizeof set));
    g_assert_cmpstr(set, ==, "");
    g_assert_true(swupdate_text_selection(NULL, set, mode, sizeof set));
    g_assert_cmpstr(mode, ==, "");
}

static void
test_reason(void)
{
    g_assert_cmpstr(swupdate_text_reason(""), ==, "install-failed");
    g_assert_cmpstr(swupdate_text_reason("cannot write 4096 bytes: No space left on device"), ==,
                    "no-space");
    g_assert_cmpstr(swupdate_text_reason("Found nothing to install; HASH mismatch : a <--> b"), ==,
                    "bad-signature");
    g_assert_cmpstr(swupdate_text_reason("SW not compatible with hardware"), ==, "install-failed");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/swupdate-text/percent", test_percent);
    g_test_add_func("/swupdate-text/version", test_version);
    g_test_add_func("/swupdate-text/selection", test_selection);
    g_test_add_func("/swupdate-text/reason", test_reason);
    return g_test_run();
}
