/* Topics of streams: what is recognised is exactly what would be written. */
#include "stream-topics.h"

static void
test_names(void)
{
    g_autofree char *get = stream_topics_name("gw-1", "s_1", STREAM_GET, STREAM_CBOR);
    g_auto(GStrv) filters = stream_topics_filters("gw-1", "s_1", STREAM_JSON);

    g_assert_cmpstr(get, ==, "$aws/things/gw-1/streams/s_1/get/cbor");
    g_assert_cmpuint(g_strv_length(filters), ==, STREAM_TOPICS_FILTER_COUNT);
    g_assert_cmpstr(filters[0], ==, "$aws/things/gw-1/streams/s_1/description/json");
    g_assert_cmpstr(filters[1], ==, "$aws/things/gw-1/streams/s_1/data/json");
    g_assert_cmpstr(filters[2], ==, "$aws/things/gw-1/streams/s_1/rejected/json");
}

static void
test_answers(void)
{
    for (guint topic = 0; topic < STREAM_N_TOPICS; topic++)
        for (guint format = 0; format < STREAM_N_FORMATS; format++) {
            char stream[STREAM_NAME_MAX + 1];
            StreamTopic found_topic = STREAM_GET;
            StreamFormat found_format = STREAM_JSON;
            g_autofree char *name =
                stream_topics_name("gw-1", "data", (StreamTopic)topic, (StreamFormat)format);
            gboolean found =
                stream_topics_classify("gw-1", name, stream, &found_topic, &found_format);

            g_assert_cmpint(found, ==, !stream_topic_is_request((StreamTopic)topic));
            if (!found)
                continue;
            g_assert_cmpstr(stream, ==, "data");
            g_assert_cmpuint(found_topic, ==, topic);
            g_assert_cmpuint(found_format, ==, format);
        }
}

static void
test_strangers(void)
{
    static const char *const topics[] = {
        "",
        "$aws/things/gw-1/streams/s/data",
        "$aws/things/gw-1/streams/s/data/cbor/",
        "$aws/things/gw-1/streams/s/data/cbor/more/and/more",
        "$aws/things/gw-1/streams//data/cbor",
        "$aws/things/gw-1/streams/s:1/data/cbor",
        "$aws/things/gw-1/streams/s/DATA/cbor",
        "$aws/things/gw-1/streams/s/data/unknown",
        "$aws/things/gw-1/streams/s/unknown/cbor",
        "$aws/things/gw-2/streams/s/data/cbor",
        "$aws/things/gw-1/jobs/s/data/cbor",
        "aws/things/gw-1/streams/s/data/cbor",
    };
    char stream[STREAM_NAME_MAX + 1];
    StreamTopic topic;
    StreamFormat format;
    g_autofree char *name = g_strnfill(STREAM_NAME_MAX + 1, 's');
    g_autofree char *long_one = stream_topics_name("gw-1", name, STREAM_DATA, STREAM_CBOR);

    for (gsize i = 0; i < G_N_ELEMENTS(topics); i++)
        g_assert_false(stream_topics_classify("gw-1", topics[i], stream, &topic, &format));
    g_assert_false(stream_topics_classify("gw-1", NULL, stream, &topic, &format));
    g_assert_false(stream_topics_classify("gw-1", long_one, stream, &topic, &format));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream-topics/names", test_names);
    g_test_add_func("/stream-topics/answers", test_answers);
    g_test_add_func("/stream-topics/strangers", test_strangers);
    return g_test_run();
}
