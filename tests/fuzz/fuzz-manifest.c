/* Any bytes as a NAME.plugin file. */
#include "fuzz.h"
#include "manifest.h"

#define TIMEOUT_MAX_MS ((gint64)7 * 24 * 3600 * 1000)

static gboolean
is_name(const char *text)
{
    gsize length = strspn(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-");

    return length >= 1 && length <= 64 && text[length] == '\0';
}

static void
check_manifest(const Manifest *manifest)
{
    g_assert_cmpstr(manifest->name, ==, "reboot");
    g_assert_cmpstr(manifest->directory, ==, "/plugins");
    g_assert_cmpuint(manifest->abi, ==, 1);
    g_assert_null(strchr(manifest->module, '/'));
    g_assert_true(*manifest->module != '\0' && *manifest->module != '.');
    g_assert_cmpuint(g_strv_length(manifest->operations), >=, 1);
    for (gsize i = 0; manifest->operations[i] != NULL; i++)
        g_assert_true(is_name(manifest->operations[i]));
    g_assert_nonnull(manifest->document_keys);
    g_assert_true(manifest->user == NULL || *manifest->user != '\0');
    g_assert_cmpint(manifest->timeout_ms, >=, 0);
    g_assert_cmpint(manifest->timeout_ms, <=, TIMEOUT_MAX_MS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Manifest) manifest =
        manifest_parse("reboot.plugin", "/plugins", (const char *)data, size, &error);

    fuzz_check_error(manifest != NULL, error);
    if (manifest != NULL)
        check_manifest(manifest);
    return 0;
}
