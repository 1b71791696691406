/* A fuzz target as a unit test: its corpus (the argument is the folder), and a few thousand
 * mutations of it, the same on every run. */
#include "fuzz.h"

/* Mutations in all, shared out among the files of the corpus. */
#define ROUNDS 4000

static GPtrArray *corpus; /* GBytes */

static gint
by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
load_corpus(const char *directory)
{
    GDir *list = g_dir_open(directory, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    g_assert_nonnull(list);
    while ((name = g_dir_read_name(list)) != NULL)
        g_ptr_array_add(names, g_strdup(name));
    g_dir_close(list);
    g_ptr_array_sort(names, by_name);
    corpus = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(directory, g_ptr_array_index(names, i), NULL);
        char *content = NULL;
        gsize length;

        g_assert_true(g_file_get_contents(path, &content, &length, NULL));
        g_ptr_array_add(corpus, g_bytes_new_take(content, length));
    }
    g_assert_cmpuint(corpus->len, >=, 5);
}

/* An exact copy, so that the sanitizer sees a read past the end. */
static void
feed(const GByteArray *bytes)
{
    g_autofree guint8 *copy = g_memdup2(bytes->data, bytes->len);

    LLVMFuzzerTestOneInput(copy, bytes->len);
}

static void
test_replay(void)
{
    for (guint i = 0; i < corpus->len; i++) {
        gsize size;
        const guint8 *data = g_bytes_get_data(g_ptr_array_index(corpus, i), &size);
        g_autoptr(GByteArray) bytes = g_byte_array_new();

        g_byte_array_append(bytes, data, (guint)size);
        feed(bytes);
    }
}

/* A piece of another document put over or into this one. */
static void
splice(GRand *random, GByteArray *bytes)
{
    gsize size;
    const guint8 *donor = g_bytes_get_data(
        g_ptr_array_index(corpus, (guint)g_rand_int_range(random, 0, (gint32)corpus->len)), &size);
    guint from = size > 0 ? (guint)g_rand_int_range(random, 0, (gint32)size) : 0;
    guint wanted = (guint)g_rand_int_range(random, 0, 40);
    guint length = MIN(wanted, (guint)size - from);
    guint at = bytes->len > 0 ? (guint)g_rand_int_range(random, 0, (gint32)bytes->len) : 0;
    g_autoptr(GByteArray) tail = g_byte_array_new();

    g_byte_array_append(tail, bytes->data + at, bytes->len - at);
    g_byte_array_set_size(bytes, at);
    g_byte_array_append(bytes, donor + from, length);
    g_byte_array_append(bytes, tail->data, tail->len);
}

static void
mutate(GRand *random, GByteArray *bytes)
{
    static const char telling[] = "{}[]\",:\\0e-.u=;~/?#@%\n\xff\x01";
    guint at = bytes->len > 0 ? (guint)g_rand_int_range(random, 0, (gint32)bytes->len) : 0;
    guint length = (guint)g_rand_int_range(random, 1, 20);

    switch (bytes->len > 0 ? g_rand_int_range(random, 0, 6) : 5) {
    case 0:
        bytes->data[at] ^= (guint8)(1 << g_rand_int_range(random, 0, 8));
        break;
    case 1:
        bytes->data[at] = (guint8)telling[g_rand_int_range(random, 0, (gint32)sizeof telling)];
        break;
    case 2:
        g_byte_array_remove_index(bytes, at);
        break;
    case 3:
        g_byte_array_remove_range(bytes, at, MIN(bytes->len - at, length));
        break;
    case 4:
        g_byte_array_set_size(bytes, at);
        break;
    default:
        splice(random, bytes);
        break;
    }
}

static void
test_mutations(void)
{
    GRand *random = g_rand_new_with_seed(20240131);
    guint rounds = ROUNDS / corpus->len + 1;

    for (guint i = 0; i < corpus->len; i++) {
        gsize size;
        const guint8 *data = g_bytes_get_data(g_ptr_array_index(corpus, i), &size);

        for (guint round = 0; round < rounds; round++) {
            g_autoptr(GByteArray) bytes = g_byte_array_new();
            int changes = g_rand_int_range(random, 1, 5);

            g_byte_array_append(bytes, data, (guint)size);
            while (changes-- > 0)
                mutate(random, bytes);
            feed(bytes);
        }
    }
    g_rand_free(random);
}

int
main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    fuzz_set_up_log();
    load_corpus(argv[1]);
    g_test_add_func("/corpus/replay", test_replay);
    g_test_add_func("/corpus/mutations", test_mutations);
    result = g_test_run();
    g_ptr_array_unref(corpus);
    return result;
}
