#include "packet-field.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static gboolean
fault(const Packet *packet, const PacketField *field, const char *what, GError **error)
{
    g_set_error(error, PACKET_ERROR, PACKET_ERROR_MALFORMED, "cannot write packet %s: %s: %s",
                packet_type_name(packet->type), field->json, what);
    return FALSE;
}

/* Valid UTF-8 of at most max bytes. */
static char *
clip_text(const char *text, gsize max)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    gsize length = strlen(valid);

    if (length > max) {
        const char *cut = g_utf8_find_prev_char(valid, valid + max + 1);

        length = cut == NULL ? 0 : (gsize)(cut - valid);
    }
    return g_strndup(valid, length);
}

static gboolean
encode_text(const Packet *packet, const PacketField *field, json_t *object, GError **error)
{
    const char *text = G_STRUCT_MEMBER(char *, packet, field->offset);
    g_autofree char *clipped = NULL;

    if (text == NULL) {
        if (field->required)
            return fault(packet, field, "is missing", error);
        return TRUE;
    }
    if (field->kind == PACKET_FIELD_TEXT)
        text = clipped = clip_text(text, (gsize)field->high);
    if (!packet_field_fits(field, text))
        return fault(packet, field, "has a wrong length or alphabet", error);
    if (json_object_set_new(object, field->json, json_string(text)) < 0)
        return fault(packet, field, "is not UTF-8", error);
    return TRUE;
}

static gboolean
encode_number(const Packet *packet, const PacketField *field, json_t *object, GError **error)
{
    gint64 value = G_STRUCT_MEMBER(int, packet, field->offset);

    if (field->kind == PACKET_FIELD_SWITCH) {
        json_object_set_new(object, field->json, json_boolean(value != 0));
        return TRUE;
    }
    if (value < field->low || value > field->high)
        return fault(packet, field, "is out of range", error);
    json_object_set_new(object, field->json, json_integer(value));
    return TRUE;
}

static gboolean
encode_bytes(const Packet *packet, const PacketField *field, json_t *object, GError **error)
{
    GBytes *bytes = G_STRUCT_MEMBER(GBytes *, packet, field->offset);
    g_autofree char *text = NULL;
    gconstpointer data;
    gsize length;

    if (bytes == NULL)
        return TRUE;
    data = g_bytes_get_data(bytes, &length);
    if (length > (gsize)field->high)
        return fault(packet, field, "is too long", error);
    text = length == 0 ? g_strdup("") : g_base64_encode(data, length);
    json_object_set_new(object, field->json, json_string(text));
    return TRUE;
}

static gboolean
encode_map(const Packet *packet, const PacketField *field, json_t *object, GError **error)
{
    GHashTable *map = G_STRUCT_MEMBER(GHashTable *, packet, field->offset);
    json_auto_t *members = json_object();
    GHashTableIter iter;
    gpointer key, value;

    if (map == NULL)
        return TRUE;
    if (g_hash_table_size(map) > (guint)field->high)
        return fault(packet, field, "has too many members", error);
    g_hash_table_iter_init(&iter, map);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (json_object_set_new(members, key, json_string(value)) < 0)
            return fault(packet, field, "has a member that is not UTF-8", error);
    }
    json_object_set(object, field->json, members);
    return TRUE;
}

static gboolean
encode_field(const Packet *packet, const PacketField *field, json_t *object, GError **error)
{
    switch (field->kind) {
    case PACKET_FIELD_STRING:
    case PACKET_FIELD_TEXT:
    case PACKET_FIELD_NAME:
    case PACKET_FIELD_WORD:
        return encode_text(packet, field, object, error);
    case PACKET_FIELD_NUMBER:
    case PACKET_FIELD_SWITCH:
        return encode_number(packet, field, object, error);
    case PACKET_FIELD_BYTES:
        return encode_bytes(packet, field, object, error);
    case PACKET_FIELD_MAP:
        return encode_map(packet, field, object, error);
    }
    return fault(packet, field, "has no known kind", error);
}

GBytes *
packet_encode(const Packet *packet, GError **error)
{
    json_auto_t *object = json_object();
    const PacketField *field = NULL;
    char *text;
    gsize length;

    json_object_set_new(object, "type", json_string(packet_type_name(packet->type)));
    while ((field = packet_field_next(packet->type, field)) != NULL) {
        if (!encode_field(packet, field, object, error))
            return NULL;
    }
    text = json_dumps(object, JSON_COMPACT);
    length = text == NULL ? 0 : strlen(text);
    if (text == NULL) {
        g_set_error(error, PACKET_ERROR, PACKET_ERROR_MALFORMED,
                    "cannot write packet %s: out of memory", packet_type_name(packet->type));
        return NULL;
    }
    if (length > PACKET_SIZE_MAX) {
        free(text);
        g_set_error(error, PACKET_ERROR, PACKET_ERROR_TOO_BIG,
                    "cannot write packet %s: %" G_GSIZE_FORMAT " bytes, at most %d are allowed",
                    packet_type_name(packet->type), length, PACKET_SIZE_MAX);
        return NULL;
    }
    return g_bytes_new_with_free_func(text, length, free, text);
}
