/* Topic names of file streams: made here, told apart here, nowhere else. Pure. */
#pragma once

#include "stream.h"

/* What a stream answers on in one format: description, data, rejected. */
#define STREAM_TOPICS_FILTER_COUNT 3

/* The topic of that kind. Caller frees. */
char *stream_topics_name(const char *thing_name, const char *stream, StreamTopic topic,
                         StreamFormat format);
/* The filters, in the order of their SUBACK codes; NULL-terminated, caller frees. */
char **stream_topics_filters(const char *thing_name, const char *stream, StreamFormat format);
/* What a message is; stream has STREAM_NAME_MAX + 1 bytes. FALSE for everything that is not an
 * answer of a stream of this thing. */
gboolean stream_topics_classify(const char *thing_name, const char *text, char *stream,
                                StreamTopic *topic, StreamFormat *format) G_GNUC_WARN_UNUSED_RESULT;
