/* What the runner makes of a stream's messages: the plugin stream-reader asks, the test is daemon
 * and service. Waits are a hundred times shorter. */
#include "fake-daemon.h"

#include <errno.h>
#include <string.h>

static const char *zoo;

static Fake *
ask(const char *document)
{
    Fake *fake = fake_start(zoo, fake_packet("stream-reader", document));

    fake_go(fake, START_FIRST, NULL);
    return fake;
}

static void
reply_error(Fake *fake, const char *stream, StreamTopic topic, const char *text, int error_number)
{
    Packet *packet = packet_new(PACKET_STREAMED);

    packet->stream = g_strdup(stream);
    packet->format = STREAM_JSON;
    packet->topic = topic;
    packet->error_number = error_number;
    packet->payload = text == NULL ? NULL : g_bytes_new(text, strlen(text));
    fake_send(fake, packet);
}

static void
reply(Fake *fake, StreamTopic topic, const char *text)
{
    reply_error(fake, "s-1", topic, text, 0);
}

/* The request, as text; the stream and the topic must be these. */
static char *
expect_request(Fake *fake, StreamTopic topic)
{
    const Packet *packet = fake_expect(fake, PACKET_STREAM);

    g_assert_cmpstr(packet->stream, ==, "s-1");
    g_assert_cmpint(packet->format, ==, STREAM_JSON);
    g_assert_cmpint(packet->topic, ==, topic);
    return g_strndup(g_bytes_get_data(packet->payload, NULL), g_bytes_get_size(packet->payload));
}

static void
pass_request(Fake *fake, StreamTopic topic)
{
    g_free(expect_request(fake, topic));
}

static void
expect_detail(Fake *fake, const char *key, const char *text)
{
    const Packet *packet = fake_expect(fake, PACKET_DETAIL);

    g_assert_cmpstr(packet->key, ==, key);
    g_assert_cmpstr(packet->text, ==, text);
}

static void
end(Fake *fake)
{
    g_assert_cmpint(fake_expect(fake, PACKET_RESULT)->outcome, ==, OUTCOME_SUCCEEDED);
    fake_wait(fake, FALSE);
    fake_free(fake);
}

#define DESCRIBE "{\"stream\":\"s-1\",\"format\":\"json\",\"file\":3,\"describe\":true}"

static void
test_describe(void)
{
    Fake *fake = ask(DESCRIBE);
    g_autofree char *request = expect_request(fake, STREAM_DESCRIBE);
    g_autofree char *answer = NULL;

    g_assert_true(g_str_has_prefix(request, "{\"c\":\"errand-"));
    request[strlen(request) - 1] = '\0';
    answer = g_strdup_printf("%s,\"s\":7,\"r\":[{\"f\":3,\"z\":1000}]}", request);
    /* To somebody else; of another stream; damaged; of the wrong kind. */
    reply(fake, STREAM_DESCRIPTION, "{\"c\":\"other\",\"s\":1,\"r\":[{\"f\":3,\"z\":1}]}");
    reply_error(fake, "s-2", STREAM_DESCRIPTION, answer, 0);
    reply(fake, STREAM_DESCRIPTION, "{\"s\":7}");
    reply(fake, STREAM_DATA, "{\"f\":3,\"l\":1,\"i\":0,\"p\":\"AA==\"}");
    reply(fake, STREAM_DESCRIPTION, answer);
    expect_detail(fake, "described", "7 1000");
    end(fake);
}

static void
expect_description(const char *answer, StreamTopic topic, const char *detail)
{
    Fake *fake = ask(DESCRIBE);

    pass_request(fake, STREAM_DESCRIBE);
    if (answer != NULL)
        reply(fake, topic, answer);
    expect_detail(fake, "described", detail);
    end(fake);
}

static void
test_no_description(void)
{
    g_autofree char *missing = g_strdup_printf("%d", -ENOENT);
    g_autofree char *late = g_strdup_printf("%d", -ETIMEDOUT);
    g_autofree char *failed = g_strdup_printf("%d", -EIO);

    expect_description("{\"s\":1,\"r\":[{\"f\":4,\"z\":1}]}", STREAM_DESCRIPTION, missing);
    expect_description("{\"s\":4294967296,\"r\":[{\"f\":3,\"z\":1}]}", STREAM_DESCRIPTION, failed);
    expect_description("{\"o\":\"ResourceNotFound\",\"m\":\"none\"}", STREAM_REJECTED, missing);
    expect_description(NULL, STREAM_REJECTED, late);
}

/* Four blocks of 256 bytes, the last one has 232. */
#define GET(more)                                                                                  \
    "{\"stream\":\"s-1\",\"format\":\"json\",\"file\":3,\"version\":7,\"size\":1000,\"block-"      \
    "size\":256" more "}"

static void
send_block(Fake *fake, const char *token, int file, int index, gsize length, char first)
{
    g_autofree char *bytes = g_strnfill(length, first);
    g_autofree char *base64 = g_base64_encode((const guchar *)bytes, length);
    g_autofree char *text =
        g_strdup_printf("{\"c\":\"%s\",\"f\":%d,\"l\":%d,\"i\":%d,\"p\":\"%s\"}", token, file,
                        (int)length, index, base64);

    reply(fake, STREAM_DATA, text);
}

static void
test_get(void)
{
    Fake *fake = ask(GET(",\"first\":0"));
    g_autofree char *request = expect_request(fake, STREAM_GET);
    const char *token = "errand-3-7-256-any";

    g_assert_true(g_str_has_prefix(request, "{\"c\":\"errand-3-7-256-"));
    g_assert_true(g_str_has_suffix(request, "\",\"s\":7,\"f\":3,\"l\":256,\"o\":0,\"n\":4}"));
    send_block(fake, token, 3, 2, 256, 'c');
    send_block(fake, token, 3, 2, 256, 'C');
    send_block(fake, token, 4, 1, 256, 'x');
    send_block(fake, "errand-3-6-256-any", 3, 1, 256, 'x');
    send_block(fake, token, 3, 1, 255, 'x');
    send_block(fake, token, 3, 3, 256, 'x');
    send_block(fake, token, 3, 4, 256, 'x');
    send_block(fake, token, 3, 3, 232, 'd');
    send_block(fake, token, 3, 0, 256, 'a');
    send_block(fake, token, 3, 1, 256, 'b');
    expect_detail(fake, "got", "4");
    expect_detail(fake, "blocks", "2c 3d 0a 1b");
    end(fake);
}

static void
test_some_are_lost(void)
{
    Fake *fake = ask(GET(",\"first\":1"));
    g_autofree char *request = expect_request(fake, STREAM_GET);

    g_assert_nonnull(strstr(request, "\"o\":1,\"n\":3}"));
    send_block(fake, "errand-3-7-256-any", 3, 1, 256, 'b');
    expect_detail(fake, "got", "1");
    expect_detail(fake, "blocks", "1b");
    end(fake);
}

static void
test_none_comes(void)
{
    Fake *fake = ask(GET(""));

    pass_request(fake, STREAM_GET);
    expect_detail(fake, "got", "0");
    end(fake);
}

static void
test_rejected(void)
{
    static const struct {
        const char *code;
        int number;
    } codes[] = {{"VersionMismatch", -ESTALE}, {"Unauthorized", -EACCES}, {"InternalError", -EIO}};

    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++) {
        Fake *fake = ask(GET(""));
        g_autofree char *wanted = g_strdup_printf("%d", codes[i].number);
        g_autofree char *text = g_strdup_printf(
            "{\"code\":\"%s\",\"message\":\"see\\nhttps://x/?secret\"}", codes[i].code);

        pass_request(fake, STREAM_GET);
        reply(fake, STREAM_REJECTED, "{\"o\":\"VersionMismatch\",\"c\":\"somebody-else\"}");
        reply(fake, STREAM_REJECTED, text);
        g_assert_nonnull(strstr(fake_expect(fake, PACKET_LOG)->text, "https://x/?***"));
        expect_detail(fake, "got", wanted);
        end(fake);
    }
}

static void
test_the_daemon_cannot(void)
{
    static const int numbers[] = {ENOTSUP, ENETDOWN, EAGAIN};

    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        Fake *fake = ask(GET(""));
        g_autofree char *wanted = g_strdup_printf("%d", -numbers[i]);

        pass_request(fake, STREAM_GET);
        reply_error(fake, "s-1", STREAM_REJECTED, NULL, numbers[i]);
        expect_detail(fake, "got", wanted);
        end(fake);
    }
}

/* Blocks fit whoever asked for the same ones; a refusal is for one request only. */
static void
test_a_refusal_of_another_request(void)
{
    Fake *fake = ask(GET(""));

    pass_request(fake, STREAM_GET);
    reply(fake, STREAM_REJECTED, "{\"o\":\"VersionMismatch\",\"c\":\"errand-3-7-256-any\"}");
    for (int i = 0; i < 4; i++)
        send_block(fake, "errand-3-7-256-any", 3, i, i < 3 ? 256 : 232, 'a');
    expect_detail(fake, "got", "4");
    end(fake);
}

static void
test_cancel(void)
{
    Fake *fake = ask(GET(""));
    g_autofree char *wanted = g_strdup_printf("%d", -ECANCELED);

    pass_request(fake, STREAM_GET);
    fake_say(fake, PACKET_CANCEL);
    expect_detail(fake, "got", wanted);
    end(fake);
}

static void
test_the_plugin_refuses(void)
{
    Fake *fake = ask(GET(",\"refuse\":true"));
    g_autofree char *wanted = g_strdup_printf("%d", -ENOSPC);

    pass_request(fake, STREAM_GET);
    send_block(fake, "errand-3-7-256-any", 3, 0, 256, 'a');
    send_block(fake, "errand-3-7-256-any", 3, 1, 256, 'b');
    expect_detail(fake, "got", wanted);
    expect_detail(fake, "blocks", "0a");
    end(fake);
}

static void
test_one_at_a_time(void)
{
    Fake *fake = ask(GET(",\"nested\":true"));
    g_autofree char *wanted = g_strdup_printf("%d", -EBUSY);

    pass_request(fake, STREAM_GET);
    send_block(fake, "errand-3-7-256-any", 3, 0, 256, 'a');
    expect_detail(fake, "nested", wanted);
    expect_detail(fake, "got", "1");
    end(fake);
}

int
main(int argc, char **argv)
{
    static char scale[] = "ERRAND_TEST_TIME_SCALE=20";

    g_test_init(&argc, &argv, NULL);
    fake_init(argv[1]);
    zoo = argv[2];
    fake_environment = scale;
    g_test_add_func("/runner-stream/describe", test_describe);
    g_test_add_func("/runner-stream/no-description", test_no_description);
    g_test_add_func("/runner-stream/get", test_get);
    g_test_add_func("/runner-stream/some-are-lost", test_some_are_lost);
    g_test_add_func("/runner-stream/none-comes", test_none_comes);
    g_test_add_func("/runner-stream/rejected", test_rejected);
    g_test_add_func("/runner-stream/the-daemon-cannot", test_the_daemon_cannot);
    g_test_add_func("/runner-stream/a-refusal-of-another-request",
                    test_a_refusal_of_another_request);
    g_test_add_func("/runner-stream/cancel", test_cancel);
    g_test_add_func("/runner-stream/the-plugin-refuses", test_the_plugin_refuses);
    g_test_add_func("/runner-stream/one-at-a-time", test_one_at_a_time);
    return g_test_run();
}
