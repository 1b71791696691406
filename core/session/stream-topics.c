#include "stream-topics.h"

#include <string.h>

/* "$aws things T streams S data cbor"; one more shows that there is more. */
#define SEGMENTS     7
#define SEGMENTS_MAX (SEGMENTS + 1)

char *
stream_topics_name(const char *thing_name, const char *stream, StreamTopic topic,
                   StreamFormat format)
{
    return g_strdup_printf("$aws/things/%s/streams/%s/%s/%s", thing_name, stream,
                           stream_topic_word(topic), stream_format_word(format));
}

char **
stream_topics_filters(const char *thing_name, const char *stream, StreamFormat format)
{
    char **filters = g_new0(char *, STREAM_TOPICS_FILTER_COUNT + 1);
    guint n = 0;

    for (guint topic = 0; topic < STREAM_N_TOPICS; topic++)
        if (!stream_topic_is_request((StreamTopic)topic))
            filters[n++] = stream_topics_name(thing_name, stream, (StreamTopic)topic, format);
    return filters;
}

static gboolean
stream_topics_find_format(const char *word, StreamFormat *format)
{
    for (guint i = 0; i < STREAM_N_FORMATS; i++)
        if (strcmp(stream_format_word((StreamFormat)i), word) == 0) {
            *format = (StreamFormat)i;
            return TRUE;
        }
    return FALSE;
}

static gboolean
stream_topics_find_answer(const char *word, StreamTopic *topic)
{
    for (guint i = 0; i < STREAM_N_TOPICS; i++)
        if (strcmp(stream_topic_word((StreamTopic)i), word) == 0) {
            *topic = (StreamTopic)i;
            return !stream_topic_is_request((StreamTopic)i);
        }
    return FALSE;
}

gboolean
stream_topics_classify(const char *thing_name, const char *text, char *stream, StreamTopic *topic,
                       StreamFormat *format)
{
    if (text == NULL)
        return FALSE;
    g_auto(GStrv) segments = g_strsplit(text, "/", SEGMENTS_MAX);
    if (g_strv_length(segments) != SEGMENTS || strcmp(segments[0], "$aws") != 0 ||
        strcmp(segments[1], "things") != 0 || strcmp(segments[2], thing_name) != 0 ||
        strcmp(segments[3], "streams") != 0 || !stream_name_valid(segments[4]))
        return FALSE;
    g_strlcpy(stream, segments[4], STREAM_NAME_MAX + 1);
    return stream_topics_find_answer(segments[5], topic) &&
           stream_topics_find_format(segments[6], format);
}
