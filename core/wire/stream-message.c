#include "stream-message.h"

#include "stream-field.h"

#include <errno.h>
#include <string.h>

G_DEFINE_QUARK(errand - stream - message - error, stream_message_error)

#define IN(topic) (1u << STREAM_##topic)
#define FIELD(in, name, kind, member)                                                              \
    {                                                                                              \
        (in), (name), STREAM_FIELD_##kind, offsetof(StreamMessage, member)                         \
    }

static const StreamField fields[] = {
    FIELD(IN(DESCRIPTION) | IN(DATA) | IN(REJECTED), "c", TEXT, token),
    FIELD(IN(REJECTED), "clientToken", TEXT, token),
    FIELD(IN(DESCRIPTION), "s", NUMBER, version),
    FIELD(IN(DESCRIPTION), "r", FILES, files),
    FIELD(IN(DATA), "f", NUMBER, file),
    FIELD(IN(DATA), "l", NUMBER, length),
    FIELD(IN(DATA), "i", NUMBER, index),
    FIELD(IN(DATA), "p", BYTES, payload),
    FIELD(IN(REJECTED), "o", TEXT, code),
    FIELD(IN(REJECTED), "code", TEXT, code),
    FIELD(IN(REJECTED), "m", TEXT, text),
    FIELD(IN(REJECTED), "message", TEXT, text),
};

const StreamField *
stream_field_next(StreamTopic topic, const StreamField *after)
{
    const StreamField *field = after == NULL ? fields : after + 1;

    for (; field < fields + G_N_ELEMENTS(fields); field++)
        if (field->topics & (1u << topic))
            return field;
    return NULL;
}

const StreamField *
stream_field_find(StreamTopic topic, const char *name, gsize length)
{
    const StreamField *field = NULL;

    while ((field = stream_field_next(topic, field)) != NULL)
        if (strlen(field->name) == length && memcmp(field->name, name, length) == 0)
            return field;
    return NULL;
}

gboolean
stream_field_fault(const char *name, const char *what, GError **error)
{
    g_set_error(error, STREAM_MESSAGE_ERROR, STREAM_MESSAGE_ERROR_MALFORMED, "%s: %s", name, what);
    return FALSE;
}

/* A refusal's text is for people and may be cut; the rest is compared with something. */
gboolean
stream_field_set_text(StreamMessage *message, const StreamField *field, const char *text,
                      gsize length, GError **error)
{
    char **member = G_STRUCT_MEMBER_P(message, field->offset);
    gboolean is_prose = member == &message->text;

    if (*member != NULL)
        return stream_field_fault(field->name, "is there twice", error);
    if (memchr(text, '\0', length) != NULL || !g_utf8_validate(text, (gssize)length, NULL))
        return stream_field_fault(field->name, "is not proper text", error);
    if (length > STREAM_TOKEN_MAX && !is_prose)
        return stream_field_fault(field->name, "is too long", error);
    if (length > STREAM_TEXT_MAX) {
        const char *cut = g_utf8_find_prev_char(text, text + STREAM_TEXT_MAX + 1);

        length = cut == NULL ? 0 : (gsize)(cut - text);
    }
    *member = g_strndup(text, length);
    return TRUE;
}

gboolean
stream_field_set_number(StreamMessage *message, const StreamField *field, gint64 value,
                        GError **error)
{
    gint64 *member = G_STRUCT_MEMBER_P(message, field->offset);

    if (*member >= 0)
        return stream_field_fault(field->name, "is there twice", error);
    if (value < 0)
        return stream_field_fault(field->name, "is negative", error);
    *member = value;
    return TRUE;
}

gboolean
stream_field_set_bytes(StreamMessage *message, const StreamField *field, GBytes *bytes,
                       GError **error)
{
    GBytes **member = G_STRUCT_MEMBER_P(message, field->offset);

    if (*member != NULL)
        return stream_field_fault(field->name, "is there twice", error);
    *member = g_bytes_ref(bytes);
    return TRUE;
}

gboolean
stream_field_add_file(StreamMessage *message, const StreamFile *file, GError **error)
{
    if (file->file < 0 || file->file > STREAM_FILE_MAX)
        return stream_field_fault("r", "has a file without an id of 0 to 255", error);
    if (file->size < 0)
        return stream_field_fault("r", "has a file without a size", error);
    if (message->files->len >= STREAM_FILES_MAX)
        return stream_field_fault("r", "has too many files", error);
    for (guint i = 0; i < message->files->len; i++)
        if (g_array_index(message->files, StreamFile, i).file == file->file)
            return stream_field_fault("r", "has a file twice", error);
    g_array_append_vals(message->files, file, 1);
    return TRUE;
}

static gboolean
check_data(const StreamMessage *self, GError **error)
{
    if (self->file < 0 || self->file > STREAM_FILE_MAX)
        return stream_field_fault("f", "is not a file id of 0 to 255", error);
    if (self->index < 0 || self->index >= STREAM_BLOCKS_MAX)
        return stream_field_fault("i", "is not the number of a block", error);
    if (self->payload == NULL)
        return stream_field_fault("p", "is missing", error);
    if (self->length < 1 || self->length > STREAM_ANSWER_MAX)
        return stream_field_fault("l", "is not the length of a block", error);
    if ((gsize)self->length != g_bytes_get_size(self->payload))
        return stream_field_fault("p", "is not as long as l says", error);
    return TRUE;
}

static gboolean
check(const StreamMessage *self, GError **error)
{
    if (self->token != NULL && strlen(self->token) > STREAM_TOKEN_MAX)
        return stream_field_fault("c", "is too long", error);
    if (self->topic == STREAM_DATA)
        return check_data(self, error);
    if (self->topic == STREAM_REJECTED)
        return self->code != NULL || stream_field_fault("o", "is missing", error);
    if (self->version < 0)
        return stream_field_fault("s", "is missing", error);
    return self->files != NULL || stream_field_fault("r", "is missing", error);
}

StreamMessage *
stream_message_parse(StreamFormat format, StreamTopic topic, const void *bytes, gsize length,
                     GError **error)
{
    g_autoptr(StreamMessage) self = g_new0(StreamMessage, 1);
    gboolean good;

    self->topic = topic;
    self->version = self->file = self->index = self->length = -1;
    if (stream_topic_is_request(topic) || length > STREAM_MESSAGE_MAX) {
        g_set_error(error, STREAM_MESSAGE_ERROR, STREAM_MESSAGE_ERROR_MALFORMED,
                    "%" G_GSIZE_FORMAT " bytes on topic %s", length, stream_topic_word(topic));
        return NULL;
    }
    good = format == STREAM_JSON ? stream_json_read(self, bytes, length, error)
                                 : stream_cbor_read(self, bytes, length, error);
    return good && check(self, error) ? g_steal_pointer(&self) : NULL;
}

void
stream_message_free(StreamMessage *self)
{
    if (self == NULL)
        return;
    g_free(self->token);
    g_clear_pointer(&self->files, g_array_unref);
    g_clear_pointer(&self->payload, g_bytes_unref);
    g_free(self->code);
    g_free(self->text);
    g_free(self);
}

int
stream_message_errno(const StreamMessage *self)
{
    static const struct {
        const char *code;
        int number;
    } meanings[] = {
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
    };

    for (gsize i = 0; i < G_N_ELEMENTS(meanings); i++)
        if (strcmp(meanings[i].code, self->code) == 0)
            return meanings[i].number;
    return EIO;
}

GBytes *
stream_message_describe(StreamFormat format, const char *token)
{
    return format == STREAM_JSON ? stream_json_describe(token) : stream_cbor_describe(token);
}

GBytes *
stream_message_get(StreamFormat format, const StreamGet *get)
{
    return format == STREAM_JSON ? stream_json_get(get) : stream_cbor_get(get);
}
