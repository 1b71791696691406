#include "document.h"

#include "errand/plugin.h"

/* The example of RFC 6901, section 5, and more. */
static const char text[] =
    "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,"
    "\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8,\"~1\":9,"
    "\"big\":9223372036854775807,\"small\":-9223372036854775808,"
    "\"real\":1.0,\"yes\":true,\"null\":null,\"deep\":[[{\"x\":\"y\"}]]}";

static const struct {
    const char *pointer;
    int type;
    gint64 value; /* of an integer */
} places[] = {
    {"", ERRAND_TYPE_OBJECT, 0},
    {"/foo", ERRAND_TYPE_ARRAY, 0},
    {"/foo/0", ERRAND_TYPE_STRING, 0},
    {"/foo/1", ERRAND_TYPE_STRING, 0},
    {"/", ERRAND_TYPE_INT, 0},
    {"/a~1b", ERRAND_TYPE_INT, 1},
    {"/c%d", ERRAND_TYPE_INT, 2},
    {"/e^f", ERRAND_TYPE_INT, 3},
    {"/g|h", ERRAND_TYPE_INT, 4},
    {"/i\\j", ERRAND_TYPE_INT, 5},
    {"/k\"l", ERRAND_TYPE_INT, 6},
    {"/ ", ERRAND_TYPE_INT, 7},
    {"/m~0n", ERRAND_TYPE_INT, 8},
    {"/~01", ERRAND_TYPE_INT, 9},
    {"/big", ERRAND_TYPE_INT, G_MAXINT64},
    {"/small", ERRAND_TYPE_INT, G_MININT64},
    {"/real", ERRAND_TYPE_NUMBER, 0},
    {"/yes", ERRAND_TYPE_BOOL, 0},
    {"/null", ERRAND_TYPE_NULL, 0},
    {"/deep/0/0/x", ERRAND_TYPE_STRING, 0},
    {"foo", ERRAND_TYPE_NONE, 0},
    {"/foo/", ERRAND_TYPE_NONE, 0},
    {"/foo/2", ERRAND_TYPE_NONE, 0},
    {"/foo/-1", ERRAND_TYPE_NONE, 0},
    {"/foo/+1", ERRAND_TYPE_NONE, 0},
    {"/foo/01", ERRAND_TYPE_NONE, 0},
    {"/foo/ 1", ERRAND_TYPE_NONE, 0},
    {"/foo/-", ERRAND_TYPE_NONE, 0},
    {"/foo/99999999999999999999", ERRAND_TYPE_NONE, 0},
    {"/foo/0/x", ERRAND_TYPE_NONE, 0},
    {"/foo//0", ERRAND_TYPE_NONE, 0},
    {"/m~n", ERRAND_TYPE_NONE, 0},
    {"/m~", ERRAND_TYPE_NONE, 0},
    {"/m~2n", ERRAND_TYPE_NONE, 0},
    {"//", ERRAND_TYPE_NONE, 0},
    {"/null/x", ERRAND_TYPE_NONE, 0},
    {"#/foo", ERRAND_TYPE_NONE, 0},
};

static void
test_places(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Document) document = document_new(text, &error);

    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        json_t *node = document_find(document, places[i].pointer);

        g_test_message("\"%s\"", places[i].pointer);
        g_assert_cmpint(document_type(node), ==, places[i].type);
        if (places[i].type == ERRAND_TYPE_INT)
            g_assert_cmpint(json_integer_value(node), ==, places[i].value);
    }
}

static void
test_keys(void)
{
    g_autoptr(Document) document = document_new("{\"z\":1,\"a\":{},\"m\":[1]}", NULL);
    json_t *root = document_find(document, "");

    g_assert_cmpstr(document_key(root, 0), ==, "z");
    g_assert_cmpstr(document_key(root, 1), ==, "a");
    g_assert_cmpstr(document_key(root, 2), ==, "m");
    g_assert_null(document_key(root, 3));
    g_assert_null(document_key(root, -1));
    g_assert_null(document_key(document_find(document, "/a"), 0));
    g_assert_null(document_key(document_find(document, "/m"), 0));
    g_assert_null(document_key(NULL, 0));
}

static void
test_bad_documents(void)
{
    static const char *const bad[] = {"",
                                      "[]",
                                      "7",
                                      "{",
                                      "{}{}",
                                      "{\"a\":\"\\u0000\"}",
                                      "{\"a\":\"\xff\"}",
                                      "{\"a\":9223372036854775808}"};

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(document_new(bad[i], &error));
        g_assert_nonnull(error);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/document/places", test_places);
    g_test_add_func("/document/keys", test_keys);
    g_test_add_func("/document/bad", test_bad_documents);
    return g_test_run();
}
