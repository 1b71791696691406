/* Messages of streams as the service and devices are known to write them, in both formats. */
#include "stream-message.h"

#include <errno.h>
#include <string.h>

static StreamMessage *
parse(StreamFormat format, StreamTopic topic, const void *bytes, gsize length)
{
    g_autoptr(GError) error = NULL;
    StreamMessage *message = stream_message_parse(format, topic, bytes, length, &error);

    g_assert_no_error(error);
    g_assert_nonnull(message);
    return message;
}

static StreamMessage *
parse_json(StreamTopic topic, const char *text)
{
    return parse(STREAM_JSON, topic, text, strlen(text));
}

static const StreamFile *
file_at(const StreamMessage *message, guint index)
{
    return &g_array_index(message->files, StreamFile, index);
}

static void
test_description_json(void)
{
    g_autoptr(StreamMessage) message = parse_json(
        STREAM_DESCRIPTION, "{\"c\":\"1bb8aaa1\",\"s\":1,\"d\":\"This is the description\",\"r\":"
                            "[{\"f\":0,\"z\":131072},{\"f\":255,\"z\":51200,\"more\":[{}]}]}");

    g_assert_cmpstr(message->token, ==, "1bb8aaa1");
    g_assert_cmpint(message->version, ==, 1);
    g_assert_cmpuint(message->files->len, ==, 2);
    g_assert_cmpint(file_at(message, 1)->file, ==, 255);
    g_assert_cmpint(file_at(message, 1)->size, ==, 51200);
}

static void
test_data_json(void)
{
    g_autoptr(StreamMessage) message = parse_json(
        STREAM_DATA, "{\"c\":\"t\",\"f\":0,\"l\":5,\"i\":98303,\"p\":\"aGVsbG8=\",\"x\":null}");

    g_assert_cmpint(message->file, ==, 0);
    g_assert_cmpint(message->index, ==, 98303);
    g_assert_cmpmem(g_bytes_get_data(message->payload, NULL), g_bytes_get_size(message->payload),
                    "hello", 5);
}

static void
test_rejected_json(void)
{
    g_autoptr(StreamMessage) short_names =
        parse_json(STREAM_REJECTED, "{\"o\":\"VersionMismatch\",\"m\":\"no\",\"c\":\"t\"}");
    g_autoptr(StreamMessage) long_names =
        parse_json(STREAM_REJECTED, "{\"code\":\"ResourceNotFound\",\"message\":\"none\","
                                    "\"clientToken\":\"u\"}");

    g_assert_cmpstr(short_names->code, ==, "VersionMismatch");
    g_assert_cmpstr(short_names->text, ==, "no");
    g_assert_cmpstr(short_names->token, ==, "t");
    g_assert_cmpstr(long_names->code, ==, "ResourceNotFound");
    g_assert_cmpstr(long_names->text, ==, "none");
    g_assert_cmpstr(long_names->token, ==, "u");
}

static void
test_codes(void)
{
    static const struct {
        const char *code;
        int number;
    } codes[] = {
        {"ResourceNotFound", ENOENT},
        {"Unauthorized", EACCES},
        {"VersionMismatch", ESTALE},
        {"ETagMismatch", ESTALE},
        {"BlockSizeOutOfBounds", EINVAL},
        {"OffsetOutOfBounds", EINVAL},
        {"BlockCountLimitExceeded", EINVAL},
        {"BlockBitmapLimitExceeded", EINVAL},
        {"InvalidTopic", EINVAL},
        {"InvalidRequest", EINVAL},
        {"InvalidJson", EINVAL},
        {"InvalidCbor", EINVAL},
        {"InternalError", EIO},
        {"NeverHeardOf", EIO},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++) {
        StreamMessage message = {.code = (char *)codes[i].code};

        g_assert_cmpint(stream_message_errno(&message), ==, codes[i].number);
    }
}

static void
test_description_cbor(void)
{
    /* {"s": 7, "d": "x", "r": [{"f": 3, "z": 10000}], "c": "t"}, and with maps and arrays that end
     * with a break, as Java writers make them. */
    static const char definite[] = "\xa4\x61s\x07\x61"
                                   "d\x61x\x61r\x81\xa2\x61"
                                   "f\x03\x61z\x19\x27\x10\x61"
                                   "c\x61t";
    static const char open[] = "\xbf\x61s\x07\x61"
                               "d\x61x\x61r\x9f\xbf\x61"
                               "f\x03\x61z\x19\x27\x10\xff\xff\x61"
                               "c\x61t\xff";
    const struct {
        const char *bytes;
        gsize length;
    } both[] = {{definite, sizeof definite - 1}, {open, sizeof open - 1}};

    for (gsize i = 0; i < G_N_ELEMENTS(both); i++) {
        g_autoptr(StreamMessage) message =
            parse(STREAM_CBOR, STREAM_DESCRIPTION, both[i].bytes, both[i].length);

        g_assert_cmpint(message->version, ==, 7);
        g_assert_cmpstr(message->token, ==, "t");
        g_assert_cmpuint(message->files->len, ==, 1);
        g_assert_cmpint(file_at(message, 0)->file, ==, 3);
        g_assert_cmpint(file_at(message, 0)->size, ==, 10000);
    }
}

static void
test_data_cbor(void)
{
    /* {"f": 1, "l": 3, "i": 65536, "p": h'00ff0a', "x": {1: [null, 1.5, 1(2)]}} */
    static const char bytes[] = "\xa5\x61"
                                "f\x01\x61l\x03\x61i\x1a\x00\x01\x00\x00\x61p\x43\x00\xff\x0a\x61x"
                                "\xa1\x01\x83\xf6\xf9\x3e\x00\xc1\x02";
    g_autoptr(StreamMessage) message = parse(STREAM_CBOR, STREAM_DATA, bytes, sizeof bytes - 1);

    g_assert_null(message->token);
    g_assert_cmpint(message->file, ==, 1);
    g_assert_cmpint(message->index, ==, 65536);
    g_assert_cmpmem(g_bytes_get_data(message->payload, NULL), g_bytes_get_size(message->payload),
                    "\x00\xff\x0a", 3);
}

static void
test_rejected_cbor(void)
{
    static const char bytes[] = "\xa3\x64"
                                "code\x6cUnauthorized\x67message\xf6\x61"
                                "c\x61t";
    g_autoptr(StreamMessage) message = parse(STREAM_CBOR, STREAM_REJECTED, bytes, sizeof bytes - 1);

    g_assert_cmpstr(message->code, ==, "Unauthorized");
    g_assert_null(message->text);
    g_assert_cmpstr(message->token, ==, "t");
}

static void
expect_bytes(GBytes *bytes, const void *wanted, gsize length)
{
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), wanted, length);
    g_bytes_unref(bytes);
}

static void
expect_text(GBytes *bytes, const char *wanted)
{
    expect_bytes(bytes, wanted, strlen(wanted));
}

static void
test_requests_json(void)
{
    /* Blocks 20, 21, 24 and 43. */
    static const guint8 bitmap[] = {0x13, 0x00, 0x80};
    StreamGet get = {
        .token = "t", .version = -1, .file = 0, .block_size = 4096, .first = 20, .count = 4};

    expect_text(stream_message_describe(STREAM_JSON, "t"), "{\"c\":\"t\"}");
    expect_text(stream_message_get(STREAM_JSON, &get),
                "{\"c\":\"t\",\"f\":0,\"l\":4096,\"o\":20,\"n\":4}");
    get.version = 2;
    get.bitmap = bitmap;
    get.bitmap_length = sizeof bitmap;
    expect_text(stream_message_get(STREAM_JSON, &get),
                "{\"c\":\"t\",\"s\":2,\"f\":0,\"l\":4096,\"o\":20,\"b\":\"0x130080\"}");
}

static void
test_requests_cbor(void)
{
    static const guint8 bitmap[] = {0x13, 0x00, 0x80};
    static const char plain[] = "\xa5\x61"
                                "c\x61t\x61"
                                "f\x00\x61l\x19\x10\x00\x61o\x14\x61n\x04";
    static const char mapped[] = "\xa6\x61"
                                 "c\x61t\x61s\x02\x61"
                                 "f\x00\x61l\x19\x10\x00\x61o\x14\x61"
                                 "b\x43\x13\x00\x80";
    StreamGet get = {
        .token = "t", .version = -1, .file = 0, .block_size = 4096, .first = 20, .count = 4};

    expect_bytes(stream_message_describe(STREAM_CBOR, "t"),
                 "\xa1\x61"
                 "c\x61t",
                 5);
    expect_bytes(stream_message_get(STREAM_CBOR, &get), plain, sizeof plain - 1);
    get.version = 2;
    get.bitmap = bitmap;
    get.bitmap_length = sizeof bitmap;
    expect_bytes(stream_message_get(STREAM_CBOR, &get), mapped, sizeof mapped - 1);
}

/* The largest request and the largest block are within what is carried. */
static void
test_sizes(void)
{
    g_autofree guint8 *bitmap = g_malloc0(STREAM_BITMAP_MAX);
    g_autofree guchar *block = g_malloc0(STREAM_BLOCK_SIZE_MAX);
    g_autofree char *token = g_strnfill(STREAM_TOKEN_MAX, 'x');
    g_autofree char *text = g_base64_encode(block, STREAM_BLOCK_SIZE_MAX);
    g_autofree char *message =
        g_strdup_printf("{\"c\":\"%s\",\"f\":255,\"l\":%d,\"i\":98303,\"p\":\"%s\"}", token,
                        STREAM_BLOCK_SIZE_MAX, text);
    const StreamGet get = {.token = token,
                           .version = G_MAXINT32,
                           .file = STREAM_FILE_MAX,
                           .block_size = STREAM_BLOCK_SIZE_MAX,
                           .first = STREAM_BLOCKS_MAX,
                           .bitmap = bitmap,
                           .bitmap_length = STREAM_BITMAP_MAX};
    g_autoptr(GBytes) request = stream_message_get(STREAM_JSON, &get);
    g_autoptr(StreamMessage) data = parse_json(STREAM_DATA, message);

    g_assert_cmpuint(g_bytes_get_size(request), <=, STREAM_REQUEST_MAX);
    g_assert_cmpint(data->length, ==, STREAM_BLOCK_SIZE_MAX);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream-message/description-json", test_description_json);
    g_test_add_func("/stream-message/data-json", test_data_json);
    g_test_add_func("/stream-message/rejected-json", test_rejected_json);
    g_test_add_func("/stream-message/codes", test_codes);
    g_test_add_func("/stream-message/description-cbor", test_description_cbor);
    g_test_add_func("/stream-message/data-cbor", test_data_cbor);
    g_test_add_func("/stream-message/rejected-cbor", test_rejected_cbor);
    g_test_add_func("/stream-message/requests-json", test_requests_json);
    g_test_add_func("/stream-message/requests-cbor", test_requests_cbor);
    g_test_add_func("/stream-message/sizes", test_sizes);
    return g_test_run();
}
