/* The first byte chooses format and topic, the rest is the message. Whatever is accepted is within
 * the bounds of its header. */
#include "fuzz.h"
#include "stream-message.h"

static void
check_text(const char *text, gsize max)
{
    if (text == NULL)
        return;
    g_assert_cmpuint(strlen(text), <=, max);
    g_assert_true(g_utf8_validate(text, -1, NULL));
}

static void
check_files(const StreamMessage *message)
{
    g_assert_cmpint(message->version, >=, 0);
    g_assert_cmpuint(message->files->len, <=, STREAM_FILES_MAX);
    for (guint i = 0; i < message->files->len; i++) {
        const StreamFile *file = &g_array_index(message->files, StreamFile, i);

        g_assert_true(file->file >= 0 && file->file <= STREAM_FILE_MAX && file->size >= 0);
    }
}

static void
check_block(const StreamMessage *message)
{
    g_assert_true(message->file >= 0 && message->file <= STREAM_FILE_MAX);
    g_assert_true(message->index >= 0 && message->index < STREAM_BLOCKS_MAX);
    g_assert_true(message->length > 0);
    g_assert_cmpuint(g_bytes_get_size(message->payload), ==, (gsize)message->length);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(StreamMessage) message = NULL;
    g_autoptr(GError) error = NULL;
    StreamFormat format;
    StreamTopic topic;

    if (size == 0)
        return 0;
    format = data[0] % 2 == 0 ? STREAM_JSON : STREAM_CBOR;
    topic = (StreamTopic)(STREAM_DESCRIPTION + data[0] / 2 % 3);
    message = stream_message_parse(format, topic, data + 1, size - 1, &error);
    fuzz_check_error(message != NULL, error);
    if (message == NULL)
        return 0;
    check_text(message->token, STREAM_TOKEN_MAX);
    check_text(message->code, STREAM_TOKEN_MAX);
    check_text(message->text, STREAM_TEXT_MAX);
    if (topic == STREAM_DESCRIPTION)
        check_files(message);
    else if (topic == STREAM_DATA)
        check_block(message);
    else
        g_assert_true(message->code != NULL && stream_message_errno(message) > 0);
    return 0;
}
