/* Words that the session, the packets and the runner share about AWS IoT file streams (MQTT-based
 * file delivery): formats, topics, names and sizes. Pure, any thread.
 *
 * A stream is a named list of files at the service. A device publishes `describe` to learn their
 * sizes and the stream's version, then `get` for blocks of one file; the answers come as
 * `description`, as `data` (one message per block) or as `rejected`.
 */
#pragma once

#include <glib.h>

/* The last segment of every topic of a stream. */
typedef enum { STREAM_JSON, STREAM_CBOR } StreamFormat;
#define STREAM_N_FORMATS 2

typedef enum {
    /* to the service */
    STREAM_DESCRIBE,
    STREAM_GET,
    /* from the service */
    STREAM_DESCRIPTION,
    STREAM_DATA,
    STREAM_REJECTED,
} StreamTopic;
#define STREAM_N_TOPICS 5

#define STREAM_NAME_MAX 128 /* bytes of [A-Za-z0-9_-] */

/* What the service takes. */
#define STREAM_FILE_MAX       255
#define STREAM_BLOCK_SIZE_MIN 256
#define STREAM_BLOCKS_MAX     98304  /* of a file; also the highest first block of a request */
#define STREAM_BITMAP_MAX     12287  /* bytes of a bitmap in a request */
#define STREAM_ANSWER_MAX     131072 /* bytes of blocks that one request yields at most */
/* A message is 128 KiB at most, and JSON makes four bytes of three; the next power of two would not
 * fit in either format. */
#define STREAM_BLOCK_SIZE_MAX 65536

/* Bytes of a request (a bitmap in hexadecimal and the rest) and of a message that is passed on: a
 * block of the largest size fits in either format, and a packet to a runner holds it. */
#define STREAM_REQUEST_MAX (25 * 1024)
#define STREAM_MESSAGE_MAX (116 * 1024)

gboolean stream_name_valid(const char *text);
/* "json", "cbor". */
const char *stream_format_word(StreamFormat format);
/* "describe", "get" ... */
const char *stream_topic_word(StreamTopic topic);
/* Whether a device sends it, rather than the service. */
gboolean stream_topic_is_request(StreamTopic topic);
