#include "json-text.h"

#include <string.h>

static gboolean
parses(const char *text, guint depth)
{
    g_autoptr(GError) error = NULL;
    json_auto_t *node = json_text_parse(text, strlen(text), depth, &error);

    g_assert_true((node == NULL) == (error != NULL));
    return node != NULL;
}

static void
test_accepts(void)
{
    static const char *const good[] = {
        "{}",
        " \t\r\n{ } \n",
        "{\"a\":[1,-2.5e+3,true,false,null,\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"]}",
        "{\"pair\":\"\\ud83d\\ude00\"}",
        "{\"}\":\"{[\"}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(parses(good[i], 8));
}

static const char *const malformed[] = {
    "",
    " ",
    "[]",
    "1",
    "\"x\"",
    "{",
    "}",
    "{}}",
    "{}{}",
    "{} x",
    "{\"a\":1]",
    "{\"a\" 1}",
    "{\"a\":1,}",
    "{a:1}",
    "{'a':1}",
    "{/* c */}",
    "{\"a\":1} // c",
    "# c\n{}",
    "var a = {};",
    "{\"a\":01}",
    "{\"a\":-01}",
    "{\"a\":-}",
    "{\"a\":+1}",
    "{\"a\":.5}",
    "{\"a\":1.}",
    "{\"a\":1e}",
    "{\"a\":1e+}",
    "{\"a\":--1}",
    "{\"a\":0x10}",
    "{\"a\":nul}",
    "{\"a\":True}",
    "{\"a\":NaN}",
    "{\"a\":\"\\u0000\"}",
    "{\"a\":\"\\ud800\"}",
    "{\"a\":\"\\ud800\\u0041\"}",
    "{\"a\":\"\\ud800\\",
    "{\"a\":\"\\udc00\"}",
    "{\"a\":\"\\u12\"}",
    "{\"a\":\"\\u12",
    "{\"a\":\"\\x41\"}",
    "{\"a\":\"\\",
    "{\"a\":\"x\ny\"}",
    "{\"a\":\"x",
    "{\"a\":\"\xc3\x28\"}",
    "{\"a\":\"\xed\xa0\x80\"}",
    "{\"a\":\"\xc0\xaf\"}",
    "{\"a\":\"\xf4\x90\x80\x80\"}",
    "{\"a\":1,\"a\":1}",
    "{\"a\":1,\"\\u0061\":1}",
    "{\"\\u0000\":1}",
    "{\"a\":9223372036854775808}",
    "{\"a\":-9223372036854775809}",
    "{\"a\":123456789012345678901234567890}",
    "{\"a\":1e999}",
    "\xef\xbb\xbf{}",
};

static void
test_refuses(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(malformed); i++) {
        if (parses(malformed[i], 8))
            g_error("accepted: %s", malformed[i]);
    }
    g_assert_null(json_text_parse("{}\0", 3, 8, NULL));
    g_assert_null(json_text_parse("{\"a\":\"\0\"}", 9, 8, NULL));
}

static void
test_depth(void)
{
    g_autofree char *open = g_strnfill(100000, '[');
    g_autofree char *bomb = g_strconcat("{\"a\":", open, NULL);

    g_assert_true(parses("{\"a\":[[1]]}", 3));
    g_assert_true(parses("{\"a\":[[1],[2],{\"b\":\"[[[\\\"[\\\\\"}]}", 3));
    g_assert_false(parses("{\"a\":[[1]]}", 2));
    g_assert_false(parses(bomb, JSON_TEXT_DEPTH_MAX));
}

static void
test_length_counts(void)
{
    json_auto_t *node = json_text_parse("{\"a\":1}garbage", 7, 2, NULL);

    g_assert_nonnull(node);
    g_assert_cmpint(json_integer_value(json_object_get(node, "a")), ==, 1);
}

static void
test_numbers(void)
{
    static const char text[] = "{\"max\":9223372036854775807,\"min\":-9223372036854775808,"
                               "\"zero\":-0,\"real\":-2.5e3,\"end\":7}";
    json_auto_t *node = json_text_parse(text, strlen(text), 4, NULL);

    g_assert_nonnull(node);
    g_assert_cmpint(json_integer_value(json_object_get(node, "max")), ==, G_MAXINT64);
    g_assert_cmpint(json_integer_value(json_object_get(node, "min")), ==, G_MININT64);
    g_assert_true(json_is_integer(json_object_get(node, "zero")));
    g_assert_cmpfloat(json_real_value(json_object_get(node, "real")), ==, -2500.0);
    g_assert_cmpint(json_integer_value(json_object_get(node, "end")), ==, 7);
}

/* A message may go to the cloud; what the text says may be a secret. */
static void
test_messages_quote_nothing(void)
{
    static const char *const bad[] = {
        "{\"secret\":1,\"secret\":2}",
        "{\"a\":\"secret\" \"secret\"}",
        "{\"a\":secret}",
        "{\"a\":\"secret\n\"}",
        "{} secret",
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(json_text_parse(bad[i], strlen(bad[i]), 8, &error));
        g_assert_error(error, JSON_TEXT_ERROR, JSON_TEXT_ERROR_MALFORMED);
        g_assert_null(strstr(error->message, "secret"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-text/accepts", test_accepts);
    g_test_add_func("/json-text/refuses", test_refuses);
    g_test_add_func("/json-text/depth", test_depth);
    g_test_add_func("/json-text/length", test_length_counts);
    g_test_add_func("/json-text/numbers", test_numbers);
    g_test_add_func("/json-text/messages", test_messages_quote_nothing);
    return g_test_run();
}
