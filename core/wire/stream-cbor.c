#include "stream-field.h"

#include <cbor.h>
#include <string.h>

/* Members we do not know may be nested, ours are two levels deep. */
#define DEPTH_MAX 16

typedef enum {
    ITEM_OTHER, /* null, true, a fraction ... */
    ITEM_NUMBER,
    ITEM_TEXT,
    ITEM_BYTES,
    ITEM_ARRAY,
    ITEM_MAP,
    ITEM_TAG,
    ITEM_BREAK,
    ITEM_STRING_IN_PIECES, /* nobody needs them in messages of this size */
} ItemKind;

typedef struct {
    ItemKind kind;
    gboolean open;  /* an array or a map that ends with a break */
    guint64 value;  /* a number, or how many items or pairs */
    const char *at; /* of text and bytes, in the message */
    gsize length;
} Item;

typedef struct {
    StreamMessage *message;
    const guchar *at;
    gsize left;
    Item item;
} Reader;

/* ---- One item ---- */

static void
set_kind(void *item, ItemKind kind, gboolean open, guint64 value)
{
    *(Item *)item = (Item){.kind = kind, .open = open, .value = value};
}

static void
set_string(void *item, ItemKind kind, cbor_data data, size_t length)
{
    *(Item *)item = (Item){.kind = kind, .at = (const char *)data, .length = length};
}

static void
on_uint8(void *item, uint8_t value)
{
    set_kind(item, ITEM_NUMBER, FALSE, value);
}

static void
on_uint16(void *item, uint16_t value)
{
    set_kind(item, ITEM_NUMBER, FALSE, value);
}

static void
on_uint32(void *item, uint32_t value)
{
    set_kind(item, ITEM_NUMBER, FALSE, value);
}

static void
on_uint64(void *item, uint64_t value)
{
    set_kind(item, ITEM_NUMBER, FALSE, value);
}

static void
on_text(void *item, cbor_data data, size_t length)
{
    set_string(item, ITEM_TEXT, data, length);
}

static void
on_bytes(void *item, cbor_data data, size_t length)
{
    set_string(item, ITEM_BYTES, data, length);
}

static void
on_pieces(void *item)
{
    set_kind(item, ITEM_STRING_IN_PIECES, FALSE, 0);
}

static void
on_array(void *item, size_t count)
{
    set_kind(item, ITEM_ARRAY, FALSE, count);
}

static void
on_open_array(void *item)
{
    set_kind(item, ITEM_ARRAY, TRUE, 0);
}

static void
on_map(void *item, size_t count)
{
    set_kind(item, ITEM_MAP, FALSE, count);
}

static void
on_open_map(void *item)
{
    set_kind(item, ITEM_MAP, TRUE, 0);
}

static void
on_tag(void *item, uint64_t value)
{
    set_kind(item, ITEM_TAG, FALSE, 0);
}

static void
on_break(void *item)
{
    set_kind(item, ITEM_BREAK, FALSE, 0);
}

static gboolean
broken(GError **error)
{
    g_set_error(error, STREAM_MESSAGE_ERROR, STREAM_MESSAGE_ERROR_MALFORMED, "not one CBOR map");
    return FALSE;
}

/* Takes the next item; of arrays and maps only the beginning. */
static gboolean
next(Reader *self, GError **error)
{
    struct cbor_callbacks callbacks = cbor_empty_callbacks;
    struct cbor_decoder_result result;

    callbacks.uint8 = on_uint8;
    callbacks.uint16 = on_uint16;
    callbacks.uint32 = on_uint32;
    callbacks.uint64 = on_uint64;
    callbacks.string = on_text;
    callbacks.byte_string = on_bytes;
    callbacks.string_start = on_pieces;
    callbacks.byte_string_start = on_pieces;
    callbacks.array_start = on_array;
    callbacks.indef_array_start = on_open_array;
    callbacks.map_start = on_map;
    callbacks.indef_map_start = on_open_map;
    callbacks.tag = on_tag;
    callbacks.indef_break = on_break;
    self->item = (Item){.kind = ITEM_OTHER};
    if (self->left == 0)
        return broken(error);
    result = cbor_stream_decode(self->at, self->left, &callbacks, &self->item);
    if (result.status != CBOR_DECODER_FINISHED || result.read == 0 || result.read > self->left ||
        self->item.kind == ITEM_STRING_IN_PIECES)
        return broken(error);
    self->at += result.read;
    self->left -= result.read;
    return TRUE;
}

/* ---- Arrays and maps ---- */

/* Whether one more element of the array or map follows; then it is in self->item. done counts. */
static gboolean
next_element(Reader *self, const Item *container, guint64 *done, gboolean *good, GError **error)
{
    if (!container->open && *done >= container->value)
        return FALSE;
    (*done)++;
    *good = next(self, error);
    if (!*good)
        return FALSE;
    if (self->item.kind != ITEM_BREAK)
        return TRUE;
    *good = container->open || broken(error);
    return FALSE;
}

static gboolean
skip(Reader *self, guint depth, GError **error)
{
    const Item container = self->item;
    gboolean good = TRUE;
    guint64 done = 0;

    if (container.kind == ITEM_BREAK || depth > DEPTH_MAX)
        return broken(error);
    if (container.kind == ITEM_TAG)
        return next(self, error) && skip(self, depth + 1, error);
    if (container.kind != ITEM_ARRAY && container.kind != ITEM_MAP)
        return TRUE;
    while (next_element(self, &container, &done, &good, error)) {
        if (!skip(self, depth + 1, error))
            return FALSE;
        if (container.kind == ITEM_MAP && (!next(self, error) || !skip(self, depth + 1, error)))
            return FALSE;
    }
    return good;
}

static gboolean
is_key(const Item *item, const char *name)
{
    return item->kind == ITEM_TEXT && item->length == strlen(name) &&
           memcmp(item->at, name, item->length) == 0;
}

/* A member of an entry: its value into *number, once. */
static gboolean
read_file_member(Reader *self, StreamFile *file, GError **error)
{
    gint64 *number = is_key(&self->item, "f")   ? &file->file
                     : is_key(&self->item, "z") ? &file->size
                                                : NULL;

    if (!next(self, error))
        return FALSE;
    if (number == NULL)
        return skip(self, 2, error);
    if (self->item.kind != ITEM_NUMBER || self->item.value > G_MAXINT64 || *number >= 0)
        return stream_field_fault("r", "has a file with a bad id or size", error);
    *number = (gint64)self->item.value;
    return TRUE;
}

static gboolean
read_file(Reader *self, GError **error)
{
    const Item map = self->item;
    StreamFile file = {-1, -1};
    gboolean good = TRUE;
    guint64 done = 0;

    if (map.kind != ITEM_MAP)
        return stream_field_fault("r", "has an element that is no map", error);
    while (next_element(self, &map, &done, &good, error))
        if (!read_file_member(self, &file, error))
            return FALSE;
    return good && stream_field_add_file(self->message, &file, error);
}

static gboolean
read_files(Reader *self, const StreamField *field, GError **error)
{
    const Item array = self->item;
    gboolean good = TRUE;
    guint64 done = 0;

    if (self->message->files != NULL)
        return stream_field_fault(field->name, "is there twice", error);
    self->message->files = g_array_new(FALSE, FALSE, sizeof(StreamFile));
    while (next_element(self, &array, &done, &good, error))
        if (!read_file(self, error))
            return FALSE;
    return good;
}

/* The value is in self->item. */
static gboolean
read_value(Reader *self, const StreamField *field, GError **error)
{
    const Item *item = &self->item;
    g_autoptr(GBytes) bytes = NULL;

    if (item->kind == ITEM_TEXT && field->kind == STREAM_FIELD_TEXT)
        return stream_field_set_text(self->message, field, item->at, item->length, error);
    if (item->kind == ITEM_NUMBER && field->kind == STREAM_FIELD_NUMBER &&
        item->value <= G_MAXINT64)
        return stream_field_set_number(self->message, field, (gint64)item->value, error);
    if (item->kind == ITEM_BYTES && field->kind == STREAM_FIELD_BYTES) {
        bytes = g_bytes_new(item->at, item->length);
        return stream_field_set_bytes(self->message, field, bytes, error);
    }
    if (item->kind == ITEM_ARRAY && field->kind == STREAM_FIELD_FILES)
        return read_files(self, field, error);
    return stream_field_fault(field->name, "has a wrong type", error);
}

static gboolean
read_member(Reader *self, GError **error)
{
    const StreamField *field =
        self->item.kind == ITEM_TEXT
            ? stream_field_find(self->message->topic, self->item.at, self->item.length)
            : NULL;

    if (field == NULL && !skip(self, 1, error))
        return FALSE;
    if (!next(self, error))
        return FALSE;
    /* Null, as JSON has it: not given. */
    if (field != NULL && self->item.kind != ITEM_OTHER)
        return read_value(self, field, error);
    return skip(self, 1, error);
}

gboolean
stream_cbor_read(StreamMessage *message, const void *bytes, gsize length, GError **error)
{
    Reader self = {.message = message, .at = bytes, .left = length};
    gboolean good = TRUE;
    guint64 done = 0;
    Item map;

    if (!next(&self, error))
        return FALSE;
    map = self.item;
    if (map.kind != ITEM_MAP)
        return broken(error);
    while (next_element(&self, &map, &done, &good, error))
        if (!read_member(&self, error))
            return FALSE;
    return good && (self.left == 0 || broken(error));
}
