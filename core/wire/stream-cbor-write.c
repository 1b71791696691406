#include "stream-field.h"

#include <cbor.h>
#include <string.h>

#define HEAD_MAX 9 /* bytes before the content of an item */

static void
put_text(GByteArray *out, const char *text)
{
    guint8 head[HEAD_MAX];

    g_byte_array_append(out, head, (guint)cbor_encode_string_start(strlen(text), head, HEAD_MAX));
    g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text));
}

static void
put_number(GByteArray *out, const char *key, guint64 value)
{
    guint8 head[HEAD_MAX];

    put_text(out, key);
    g_byte_array_append(out, head, (guint)cbor_encode_uint(value, head, HEAD_MAX));
}

static void
put_bytes(GByteArray *out, const char *key, const guint8 *bytes, gsize length)
{
    guint8 head[HEAD_MAX];

    put_text(out, key);
    g_byte_array_append(out, head, (guint)cbor_encode_bytestring_start(length, head, HEAD_MAX));
    g_byte_array_append(out, bytes, (guint)length);
}

static GByteArray *
begin_map(guint pairs, const char *token)
{
    GByteArray *out = g_byte_array_new();
    guint8 head[HEAD_MAX];

    g_byte_array_append(out, head, (guint)cbor_encode_map_start(pairs, head, HEAD_MAX));
    put_text(out, "c");
    put_text(out, token);
    return out;
}

GBytes *
stream_cbor_describe(const char *token)
{
    return g_byte_array_free_to_bytes(begin_map(1, token));
}

GBytes *
stream_cbor_get(const StreamGet *get)
{
    GByteArray *out = begin_map(get->version >= 0 ? 6 : 5, get->token);

    if (get->version >= 0)
        put_number(out, "s", (guint64)get->version);
    put_number(out, "f", (guint64)get->file);
    put_number(out, "l", get->block_size);
    put_number(out, "o", get->first);
    if (get->bitmap == NULL)
        put_number(out, "n", get->count);
    else
        put_bytes(out, "b", get->bitmap, get->bitmap_length);
    return g_byte_array_free_to_bytes(out);
}
