/* Runs every file of the fuzzer's corpus through the fuzzer's function. */
#include <glib.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
test_replay(gconstpointer directory)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(directory, 0, &error);
    const char *name;
    guint count = 0;

    g_assert_no_error(error);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_autofree char *bytes = NULL;
        gsize length;

        g_assert_true(g_file_get_contents(path, &bytes, &length, &error));
        LLVMFuzzerTestOneInput((const uint8_t *)bytes, length);
        count++;
    }
    g_assert_cmpuint(count, >, 20);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    g_test_add_data_func("/packet/corpus", argv[1], test_replay);
    return g_test_run();
}
