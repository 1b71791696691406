/* Messages of AWS IoT file streams, in JSON and in CBOR: requests written, answers read.
 *
 * Pure. What comes from the service is untrusted: types, ranges, base64, and that a block is as
 * long as it says are checked here; whether it was asked for is the caller's to know
 * (stream-want.h). Unknown members are ignored; a member given twice is a fault. Of `rejected` the
 * short names (o, m, c) and the older long ones (code, message, clientToken) are read.
 *
 * Numbers that a message does not have are -1, texts NULL. Errors: STREAM_MESSAGE_ERROR; they quote
 * nothing of the message.
 */
#pragma once

#include "stream.h"

#define STREAM_TOKEN_MAX 64  /* bytes of a client token */
#define STREAM_TEXT_MAX  512 /* bytes of a refusal's text that are kept */
#define STREAM_FILES_MAX 256 /* in one description */

#define STREAM_MESSAGE_ERROR (stream_message_error_quark())
GQuark stream_message_error_quark(void);
typedef enum { STREAM_MESSAGE_ERROR_MALFORMED } StreamMessageError;

typedef struct {
    gint64 file; /* 0..255 */
    gint64 size; /* bytes, 0 or more */
} StreamFile;

typedef struct {
    StreamTopic topic;
    char *token;
    /* description */
    gint64 version;
    GArray *files; /* StreamFile */
    /* data */
    gint64 file;
    gint64 index;
    gint64 length; /* that of payload, checked */
    GBytes *payload;
    /* rejected */
    char *code;
    char *text;
} StreamMessage;

/* NULL with error for a message that is malformed, lacks something or contradicts itself. */
StreamMessage *stream_message_parse(StreamFormat format, StreamTopic topic, const void *bytes,
                                    gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void stream_message_free(StreamMessage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StreamMessage, stream_message_free)
/* The positive errno value a refusal's code stands for: ENOENT no such stream or file, EACCES,
 * ESTALE the stream changed, EINVAL the request is out of some bound, EIO anything else. */
int stream_message_errno(const StreamMessage *self);

typedef struct {
    const char *token; /* 1..64 bytes */
    gint64 version;    /* that it must have, -1 for any */
    int file;
    guint32 block_size;
    guint32 first;
    guint32 count;        /* of blocks from first on, when there is no bitmap */
    const guint8 *bitmap; /* bit k of byte n (least significant first): block first + 8n + k */
    gsize bitmap_length;
} StreamGet;

/* The requests; the caller frees. */
GBytes *stream_message_describe(StreamFormat format, const char *token);
GBytes *stream_message_get(StreamFormat format, const StreamGet *get);
