#include "stream.h"

#include "text.h"

static const char *const formats[STREAM_N_FORMATS] = {
    [STREAM_JSON] = "json",
    [STREAM_CBOR] = "cbor",
};
static const char *const topics[STREAM_N_TOPICS] = {
    [STREAM_DESCRIBE] = "describe",       [STREAM_GET] = "get",
    [STREAM_DESCRIPTION] = "description", [STREAM_DATA] = "data",
    [STREAM_REJECTED] = "rejected",
};

gboolean
stream_name_valid(const char *text)
{
    return text_is_name(text, "_-", STREAM_NAME_MAX);
}

const char *
stream_format_word(StreamFormat format)
{
    return (guint)format < STREAM_N_FORMATS ? formats[format] : "unknown";
}

const char *
stream_topic_word(StreamTopic topic)
{
    return (guint)topic < STREAM_N_TOPICS ? topics[topic] : "unknown";
}

gboolean
stream_topic_is_request(StreamTopic topic)
{
    return topic == STREAM_DESCRIBE || topic == STREAM_GET;
}
