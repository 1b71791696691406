/* The members of stream messages as a table, shared by the readers of both formats. Private to
 * core/wire. */
#pragma once

#include "stream-message.h"

typedef enum {
    STREAM_FIELD_TEXT,   /* char * */
    STREAM_FIELD_NUMBER, /* gint64, 0 or more */
    STREAM_FIELD_BYTES,  /* GBytes * */
    STREAM_FIELD_FILES,  /* GArray * of StreamFile */
} StreamFieldKind;

typedef struct {
    guint32 topics; /* bit (1 << StreamTopic) for every message that has it */
    const char *name;
    StreamFieldKind kind;
    gsize offset;
} StreamField;

/* The field of such a message that follows `after` (NULL: the first); NULL at the end. */
const StreamField *stream_field_next(StreamTopic topic, const StreamField *after);
/* The field of that name, or NULL. name need not end in NUL. */
const StreamField *stream_field_find(StreamTopic topic, const char *name, gsize length);

/* Set a member, once; bytes are copied. FALSE with error. */
gboolean stream_field_set_text(StreamMessage *message, const StreamField *field, const char *text,
                               gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean stream_field_set_number(StreamMessage *message, const StreamField *field, gint64 value,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean stream_field_set_bytes(StreamMessage *message, const StreamField *field, GBytes *bytes,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean stream_field_add_file(StreamMessage *message, const StreamFile *file,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE, with an error that says what is wrong with the field. */
gboolean stream_field_fault(const char *name, const char *what, GError **error);

/* One reader and one writer for each format. The readers fill what there is. */
gboolean stream_json_read(StreamMessage *message, const void *bytes, gsize length,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean stream_cbor_read(StreamMessage *message, const void *bytes, gsize length,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *stream_json_describe(const char *token);
GBytes *stream_cbor_describe(const char *token);
GBytes *stream_json_get(const StreamGet *get);
GBytes *stream_cbor_get(const StreamGet *get);
