#include "manifest.h"

#include <glib.h>
#include <string.h>

#define GOOD "[plugin]\nname=x\nmodule=x.so\nabi=1\noperations=a;b\n"

static void
test_whole(void)
{
    const char *text =
        GOOD "document-keys=afr_ota\nsettings=one;two:flag\nexclusive=true\nuser=root\n"
             "timeout=10min\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(Manifest) manifest = manifest_parse("x.plugin", "/d", text, strlen(text), &error);

    g_assert_no_error(error);
    g_assert_cmpstr(manifest->name, ==, "x");
    g_assert_cmpstr(manifest->module, ==, "x.so");
    g_assert_cmpstr(manifest->directory, ==, "/d");
    g_assert_cmpuint(manifest->abi, ==, 1);
    g_assert_cmpstr(manifest->operations[1], ==, "b");
    g_assert_cmpstr(manifest->document_keys[0], ==, "afr_ota");
    g_assert_cmpstr(manifest->settings[1], ==, "two");
    g_assert_cmpstr(manifest->setting_kinds[0], ==, "");
    g_assert_cmpstr(manifest->setting_kinds[1], ==, "flag");
    g_assert_true(manifest->exclusive);
    g_assert_cmpstr(manifest->user, ==, "root");
    g_assert_cmpint(manifest->timeout_ms, ==, 600000);
}

static void
test_defaults(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Manifest) manifest = manifest_parse("x.plugin", "/d", GOOD, strlen(GOOD), &error);

    g_assert_no_error(error);
    g_assert_null(manifest->settings);
    g_assert_null(manifest->user);
    g_assert_false(manifest->exclusive);
    g_assert_cmpint(manifest->timeout_ms, ==, 0);
    g_assert_null(manifest->document_keys[0]);
}

/* A plugin for a later errand, which knows more of them, still loads. */
static void
test_kind_of_a_later_version(void)
{
    const char *text = GOOD "settings=one:flag;two:host-and-port\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(Manifest) manifest = manifest_parse("x.plugin", "/d", text, strlen(text), &error);

    g_assert_no_error(error);
    g_assert_cmpstr(manifest->settings[1], ==, "two");
    g_assert_cmpstr(manifest->setting_kinds[0], ==, "flag");
    g_assert_cmpstr(manifest->setting_kinds[1], ==, "");
}

typedef struct {
    const char *name;
    const char *text;
    const char *said;
} Bad;

static const Bad bads[] = {
    {"empty", "", "name"},
    {"other-name", "[plugin]\nname=y\nmodule=x.so\nabi=1\noperations=a\n", "\"y\""},
    {"module-path", "[plugin]\nname=x\nmodule=../x.so\nabi=1\noperations=a\n", "../x.so"},
    {"no-abi", "[plugin]\nname=x\nmodule=x.so\noperations=a\n", "abi"},
    {"abi-2", "[plugin]\nname=x\nmodule=x.so\nabi=2\noperations=a\n", "another errand"},
    {"no-operations", "[plugin]\nname=x\nmodule=x.so\nabi=1\n", "operations"},
    {"bad-operation", "[plugin]\nname=x\nmodule=x.so\nabi=1\noperations=a b\n", "\"a b\""},
    {"unknown-key", GOOD "timout=3\n", "timout"},
    {"unknown-group", GOOD "[settings]\na=b\n", "settings"},
    {"no-kind", GOOD "settings=one:\n", "one:"},
    {"strange-kind", GOOD "settings=one:a number\n", "one:a number"},
    {"bad-timeout", GOOD "timeout=soon\n", "timeout"},
    {"not-a-keyfile",
     "\x7f"
     "ELF",
     "x.plugin"},
};

static void
test_bad(gconstpointer data)
{
    const Bad *bad = data;
    g_autoptr(GError) error = NULL;

    g_assert_null(manifest_parse("x.plugin", "/d", bad->text, strlen(bad->text), &error));
    g_assert_error(error, MANIFEST_ERROR, MANIFEST_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, bad->said));
}

static void
test_all_faults_at_once(void)
{
    const char *text = "[plugin]\nname=y\nabi=9\ncolour=red\n";
    g_autoptr(GError) error = NULL;

    g_assert_null(manifest_parse("x.plugin", "/d", text, strlen(text), &error));
    g_assert_nonnull(strstr(error->message, "\"y\""));
    g_assert_nonnull(strstr(error->message, "module"));
    g_assert_nonnull(strstr(error->message, "abi"));
    g_assert_nonnull(strstr(error->message, "operations"));
    g_assert_nonnull(strstr(error->message, "colour"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manifest/whole", test_whole);
    g_test_add_func("/manifest/defaults", test_defaults);
    g_test_add_func("/manifest/kind-of-a-later-version", test_kind_of_a_later_version);
    g_test_add_func("/manifest/all-faults-at-once", test_all_faults_at_once);
    for (gsize i = 0; i < G_N_ELEMENTS(bads); i++) {
        g_autofree char *path = g_strconcat("/manifest/bad/", bads[i].name, NULL);

        g_test_add_data_func(path, &bads[i], test_bad);
    }
    return g_test_run();
}
