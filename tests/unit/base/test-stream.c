/* Words and names of streams. */
#include "stream.h"

static void
test_names(void)
{
    g_autofree char *longest = g_strnfill(STREAM_NAME_MAX, 'x');
    g_autofree char *too_long = g_strnfill(STREAM_NAME_MAX + 1, 'x');

    g_assert_true(stream_name_valid("AFR_OTA-1"));
    g_assert_true(stream_name_valid(longest));
    g_assert_false(stream_name_valid(too_long));
    g_assert_false(stream_name_valid(NULL));
    g_assert_false(stream_name_valid(""));
    g_assert_false(stream_name_valid("a/b"));
    g_assert_false(stream_name_valid("a:b"));
    g_assert_false(stream_name_valid("a+"));
    g_assert_false(stream_name_valid("\xc3\xa4"));
}

static void
test_words(void)
{
    g_assert_cmpstr(stream_format_word(STREAM_JSON), ==, "json");
    g_assert_cmpstr(stream_format_word(STREAM_CBOR), ==, "cbor");
    g_assert_cmpstr(stream_format_word((StreamFormat)7), ==, "unknown");
    g_assert_cmpstr(stream_topic_word(STREAM_DESCRIBE), ==, "describe");
    g_assert_cmpstr(stream_topic_word(STREAM_REJECTED), ==, "rejected");
    g_assert_cmpstr(stream_topic_word((StreamTopic)7), ==, "unknown");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream/names", test_names);
    g_test_add_func("/stream/words", test_words);
    return g_test_run();
}
