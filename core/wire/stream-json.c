#include "json-text.h"
#include "stream-field.h"

#include <stdlib.h>
#include <string.h>

/* Members we do not know may be nested, ours are two levels deep. */
#define DEPTH_MAX 16

#define BASE64 G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+/"

/* GLib skips what is not base64 and bears a missing end. */
static gboolean
is_base64(const char *text, gsize length)
{
    gsize digits = strspn(text, BASE64);

    return length % 4 == 0 && length - digits <= 2 && strspn(text + digits, "=") == length - digits;
}

static gboolean
read_bytes(StreamMessage *message, const StreamField *field, const json_t *node, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    const char *text = json_string_value(node);
    gsize length = 0;
    guchar *data;

    if (!is_base64(text, json_string_length(node)))
        return stream_field_fault(field->name, "is not base64", error);
    data = g_base64_decode(text, &length);
    bytes = g_bytes_new_take(data, length);
    return stream_field_set_bytes(message, field, bytes, error);
}

static gint64
integer_of(const json_t *object, const char *name)
{
    const json_t *node = json_object_get(object, name);

    return json_is_integer(node) ? json_integer_value(node) : -1;
}

static gboolean
read_files(StreamMessage *message, const StreamField *field, const json_t *node, GError **error)
{
    message->files = g_array_new(FALSE, FALSE, sizeof(StreamFile));
    for (gsize i = 0; i < json_array_size(node); i++) {
        const json_t *entry = json_array_get(node, i);
        const StreamFile file = {integer_of(entry, "f"), integer_of(entry, "z")};

        if (!stream_field_add_file(message, &file, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_field(StreamMessage *message, const StreamField *field, const json_t *node, GError **error)
{
    switch (field->kind) {
    case STREAM_FIELD_TEXT:
        if (!json_is_string(node))
            break;
        return stream_field_set_text(message, field, json_string_value(node),
                                     json_string_length(node), error);
    case STREAM_FIELD_NUMBER:
        if (!json_is_integer(node))
            break;
        return stream_field_set_number(message, field, json_integer_value(node), error);
    case STREAM_FIELD_BYTES:
        if (!json_is_string(node))
            break;
        return read_bytes(message, field, node, error);
    case STREAM_FIELD_FILES:
        if (!json_is_array(node))
            break;
        return read_files(message, field, node, error);
    }
    return stream_field_fault(field->name, "has a wrong type", error);
}

gboolean
stream_json_read(StreamMessage *message, const void *bytes, gsize length, GError **error)
{
    json_auto_t *root = json_text_parse(bytes, length, DEPTH_MAX, error);
    const StreamField *field = NULL;

    if (root == NULL)
        return FALSE;
    while ((field = stream_field_next(message->topic, field)) != NULL) {
        const json_t *node = json_object_get(root, field->name);

        if (node != NULL && !json_is_null(node) && !read_field(message, field, node, error))
            return FALSE;
    }
    return TRUE;
}

static GBytes *
write_object(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);

    json_decref(object);
    return g_bytes_new_with_free_func(text, strlen(text), free, text);
}

GBytes *
stream_json_describe(const char *token)
{
    json_t *object = json_object();

    json_object_set_new(object, "c", json_string(token));
    return write_object(object);
}

static char *
hex_of(const guint8 *bitmap, gsize length)
{
    GString *text = g_string_sized_new(2 * length + 3);

    g_string_append(text, "0x");
    for (gsize i = 0; i < length; i++)
        g_string_append_printf(text, "%02x", bitmap[i]);
    return g_string_free(text, FALSE);
}

GBytes *
stream_json_get(const StreamGet *get)
{
    json_t *object = json_object();

    json_object_set_new(object, "c", json_string(get->token));
    if (get->version >= 0)
        json_object_set_new(object, "s", json_integer(get->version));
    json_object_set_new(object, "f", json_integer(get->file));
    json_object_set_new(object, "l", json_integer(get->block_size));
    json_object_set_new(object, "o", json_integer(get->first));
    if (get->bitmap == NULL) {
        json_object_set_new(object, "n", json_integer(get->count));
    } else {
        g_autofree char *hex = hex_of(get->bitmap, get->bitmap_length);

        json_object_set_new(object, "b", json_string(hex));
    }
    return write_object(object);
}
