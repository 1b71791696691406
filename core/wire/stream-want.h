/* The blocks that one `get` asks for, and which of them have come.
 *
 * Of what is wanted only as much is asked for as one request yields (STREAM_ANSWER_MAX), so that it
 * is known when all that may come has come. Pure; one thread at a time.
 */
#pragma once

#include "stream-message.h"

typedef struct {
    gint64 size; /* bytes of the file */
    guint32 block_size;
    guint32 first;     /* the block of the bitmap's first bit */
    guint32 asked;     /* blocks */
    guint32 got;       /* of them */
    gboolean gap;      /* they do not follow each other */
    guint8 *open;      /* bitmap: asked for and not come yet */
    guint8 *request;   /* bitmap: asked for */
    gsize open_length; /* bytes of both */
} StreamWant;

/* wanted: bit k of byte n (least significant first) is block first + 8n + k; bits past the end of
 * the file do not count. NULL wants all from first on. FALSE when something is out of bounds. With
 * nothing to ask for `asked` is 0. Clear it in any case. */
gboolean stream_want_init(StreamWant *self, gint64 size, guint32 block_size, guint32 first,
                          const guint8 *wanted, gsize wanted_length) G_GNUC_WARN_UNUSED_RESULT;
void stream_want_clear(StreamWant *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(StreamWant, stream_want_clear)

/* Fills in what of the request says which blocks; the bitmap stays the want's. */
void stream_want_request(const StreamWant *self, StreamGet *get);
/* A block has come. TRUE when it was asked for, comes for the first time and is as long as it must
 * be. */
gboolean stream_want_take(StreamWant *self, gint64 index, gsize length) G_GNUC_WARN_UNUSED_RESULT;
gboolean stream_want_is_complete(const StreamWant *self);
