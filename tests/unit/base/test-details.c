#include "details.h"

#include <string.h>

static void
collect(const char *key, const char *value, DetailsOrigin origin, gpointer user_data)
{
    g_string_append_printf(user_data, "%s=%s%s ", key, value, origin == DETAILS_OWN ? "" : "*");
}

static void
assert_sent(const Details *details, const char *expected)
{
    GString *text = g_string_new(NULL);

    details_foreach_sent(details, collect, text);
    g_assert_cmpstr(text->str, ==, expected);
    g_string_free(text, TRUE);
}

static void
test_set(void)
{
    g_autoptr(Details) details = details_new();

    g_assert_true(details_set(details, DETAILS_PLUGIN, "b", "2"));
    g_assert_true(details_set(details, DETAILS_OWN, "a", "1"));
    details_setf(details, "c:_-9", "%d", 3);
    assert_sent(details, "a=1 c:_-9=3 b=2* ");
    g_assert_true(details_set(details, DETAILS_OWN, "a", "x"));
    assert_sent(details, "a=x c:_-9=3 b=2* ");
    g_assert_true(details_set(details, DETAILS_OWN, "a", ""));
    g_assert_true(details_set(details, DETAILS_OWN, "c:_-9", NULL));
    g_assert_true(details_set(details, DETAILS_OWN, "absent", " \n\x01 "));
    assert_sent(details, "b=2* ");
    g_assert_null(details_get(details, "a"));
    g_assert_cmpstr(details_get(details, "b"), ==, "2");
    g_assert_cmpuint(details_size(details), ==, 1);
}

static void
test_keys(void)
{
    static const char *const bad[] = {"", "a b", "a.b", "a/b", "\xc3\xa4", "a\n", "$x"};
    g_autoptr(Details) details = details_new();
    g_autofree char *longest = g_strnfill(DETAILS_KEY_MAX, 'k');
    g_autofree char *too_long = g_strnfill(DETAILS_KEY_MAX + 1, 'k');

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(details_set(details, DETAILS_OWN, bad[i], "v"));
    g_assert_false(details_set(details, DETAILS_OWN, NULL, "v"));
    g_assert_false(details_set(details, DETAILS_OWN, too_long, "v"));
    g_assert_cmpuint(details_size(details), ==, 0);
    g_assert_true(details_set(details, DETAILS_OWN, longest, "v"));
}

static void
test_origin(void)
{
    g_autoptr(Details) details = details_new();

    g_assert_true(details_set(details, DETAILS_OWN, "reason", "timed-out"));
    g_assert_false(details_set(details, DETAILS_PLUGIN, "reason", "fine"));
    g_assert_false(details_set(details, DETAILS_PLUGIN, "reason", ""));
    g_assert_true(details_set(details, DETAILS_PLUGIN, "step", "p"));
    g_assert_true(details_set(details, DETAILS_OWN, "step", "o"));
    assert_sent(details, "reason=timed-out step=o ");
    g_assert_true(details_set(details, DETAILS_PLUGIN, "more", "m"));
    assert_sent(details, "reason=timed-out step=o more=m* ");
}

static void
test_limits(void)
{
    g_autoptr(Details) details = details_new();

    for (guint i = 0; i < DETAILS_PLUGIN_PAIRS_MAX; i++) {
        g_autofree char *key = g_strdup_printf("p%u", i);
        g_assert_true(details_set(details, DETAILS_PLUGIN, key, "v"));
    }
    g_assert_false(details_set(details, DETAILS_PLUGIN, "one-more", "v"));
    g_assert_true(details_set(details, DETAILS_PLUGIN, "p3", "w"));
    for (guint i = 0; i < 8; i++) {
        g_autofree char *key = g_strdup_printf("o%u", i);
        g_assert_true(details_set(details, DETAILS_OWN, key, "v"));
    }
    assert_sent(details, "o0=v o1=v o2=v o3=v o4=v o5=v o6=v o7=v p0=v* p1=v* ");

    GString *all = g_string_new(NULL);
    details_foreach(details, collect, all);
    g_assert_nonnull(strstr(all->str, "p31=v* o0=v "));
    g_string_free(all, TRUE);
}

static void
test_values(void)
{
    g_autoptr(Details) details = details_new();
    g_autofree char *big = g_strnfill(5000, 'x');

    g_assert_true(details_set(details, DETAILS_PLUGIN, "v", big));
    g_assert_cmpuint(strlen(details_get(details, "v")), ==, DETAILS_VALUE_MAX);
    g_assert_true(
        details_set(details, DETAILS_PLUGIN, "v", "a\nb\xff https://h/p?sig=s \xf3\xb0\x80\x80"));
    g_assert_cmpstr(details_get(details, "v"), ==, "a | b\xef\xbf\xbd https://h/p?***");
    g_assert_true(details_set(details, DETAILS_PLUGIN, "v", "https://h/\x1b[1mkey\x1b[m?secret"));
    g_assert_cmpstr(details_get(details, "v"), ==, "https://h/key?***");
}

static void
test_copy(void)
{
    g_autoptr(Details) details = details_new();

    g_assert_true(details_set(details, DETAILS_PLUGIN, "b", "2"));
    g_autoptr(Details) copy = details_copy(details);
    g_assert_true(details_set(details, DETAILS_PLUGIN, "b", "3"));
    assert_sent(copy, "b=2* ");
    details_free(NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/details/set", test_set);
    g_test_add_func("/details/keys", test_keys);
    g_test_add_func("/details/origin", test_origin);
    g_test_add_func("/details/limits", test_limits);
    g_test_add_func("/details/values", test_values);
    g_test_add_func("/details/copy", test_copy);
    return g_test_run();
}
