#include "base64url.h"
#include "signing.h"

static void
test_base64url(void)
{
    static const char *const bad[] = {"A",  "AAAAA", "AA=", "AA==", "A A",
                                      "AB", "AAB",   "A+A", "A/A",  "\xc3\xa9_A"};

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_null(base64url_decode(bad[i]));
    for (guint length = 0; length < 300; length++) {
        g_autofree guint8 *bytes = g_malloc0(length + 1);
        g_autofree char *text = NULL;
        g_autoptr(GBytes) decoded = NULL;

        for (guint i = 0; i < length; i++)
            bytes[i] = (guint8)(i * 7 + length);
        text = signing_encode(bytes, length);
        decoded = base64url_decode(text);
        g_assert_nonnull(decoded);
        g_assert_cmpmem(g_bytes_get_data(decoded, NULL), g_bytes_get_size(decoded), bytes, length);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base64url/takes-the-canonical-spelling-only", test_base64url);
    return g_test_run();
}
