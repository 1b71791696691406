#include "json-text.h"
#include "packet-field.h"
#include "text.h"

#include <string.h>

/* Object in object: settings inside start. */
#define DEPTH_MAX 4

static gboolean
fault(const Packet *packet, const PacketField *field, const char *what, GError **error)
{
    g_set_error(error, PACKET_ERROR, PACKET_ERROR_MALFORMED, "packet %s: %s: %s",
                packet_type_name(packet->type), field->json, what);
    return FALSE;
}

gboolean
packet_field_fits(const PacketField *field, const char *text)
{
    gsize length = strlen(text);

    if (length < (gsize)field->low || length > (gsize)field->high)
        return FALSE;
    if (field->kind == PACKET_FIELD_NAME)
        return text_is_name(text, ":_-", (gsize)field->high);
    return field->kind != PACKET_FIELD_WORD || text_is_word(text, (gsize)field->high);
}

static gboolean
decode_text(Packet *packet, const PacketField *field, json_t *node, GError **error)
{
    const char *text;

    if (!json_is_string(node))
        return fault(packet, field, "is not a string", error);
    text = json_string_value(node);
    if (!packet_field_fits(field, text))
        return fault(packet, field, "has a wrong length or alphabet", error);
    G_STRUCT_MEMBER(char *, packet, field->offset) = g_strdup(text);
    return TRUE;
}

static gboolean
decode_number(Packet *packet, const PacketField *field, json_t *node, GError **error)
{
    gint64 value;

    if (!json_is_integer(node))
        return fault(packet, field, "is not an integer", error);
    value = json_integer_value(node);
    if (value < field->low || value > field->high)
        return fault(packet, field, "is out of range", error);
    G_STRUCT_MEMBER(int, packet, field->offset) = (int)value;
    return TRUE;
}

static gboolean
decode_switch(Packet *packet, const PacketField *field, json_t *node, GError **error)
{
    if (!json_is_boolean(node))
        return fault(packet, field, "is neither true nor false", error);
    G_STRUCT_MEMBER(gboolean, packet, field->offset) = json_is_true(node);
    return TRUE;
}

static gboolean
decode_bytes(Packet *packet, const PacketField *field, json_t *node, GError **error)
{
    g_autofree guchar *data = NULL;
    g_autofree char *again = NULL;
    const char *text;
    gsize length = 0;

    if (!json_is_string(node))
        return fault(packet, field, "is not a string", error);
    text = json_string_value(node);
    data = g_base64_decode(text, &length);
    /* GLib skips what is not base64; only the one proper spelling is taken here. */
    again = length == 0 ? g_strdup("") : g_base64_encode(data, length);
    if (strcmp(again, text) != 0)
        return fault(packet, field, "is not base64", error);
    if (length > (gsize)field->high)
        return fault(packet, field, "is too long", error);
    G_STRUCT_MEMBER(GBytes *, packet, field->offset) =
        g_bytes_new_take(g_steal_pointer(&data), length);
    return TRUE;
}

/* Takes the members out one by one, for want of json_object_iter_next(). */
static gboolean
decode_map(Packet *packet, const PacketField *field, json_t *node, GError **error)
{
    GHashTable *map = G_STRUCT_MEMBER(GHashTable *, packet, field->offset);
    void *first;

    if (!json_is_object(node))
        return fault(packet, field, "is not an object", error);
    if (json_object_size(node) > (gsize)field->high)
        return fault(packet, field, "has too many members", error);
    while ((first = json_object_iter(node)) != NULL) {
        g_autofree char *name = g_strdup(json_object_iter_key(first));
        const json_t *member = json_object_iter_value(first);

        if (!json_is_string(member))
            return fault(packet, field, "has a member that is not a string", error);
        g_hash_table_insert(map, g_strdup(name), g_strdup(json_string_value(member)));
        json_object_del(node, name);
    }
    return TRUE;
}

static gboolean
decode_field(Packet *packet, const PacketField *field, json_t *node, GError **error)
{
    switch (field->kind) {
    case PACKET_FIELD_STRING:
    case PACKET_FIELD_TEXT:
    case PACKET_FIELD_NAME:
    case PACKET_FIELD_WORD:
        return decode_text(packet, field, node, error);
    case PACKET_FIELD_NUMBER:
        return decode_number(packet, field, node, error);
    case PACKET_FIELD_SWITCH:
        return decode_switch(packet, field, node, error);
    case PACKET_FIELD_BYTES:
        return decode_bytes(packet, field, node, error);
    case PACKET_FIELD_MAP:
        return decode_map(packet, field, node, error);
    }
    return fault(packet, field, "has no known kind", error);
}

static Packet *
decode_object(const json_t *object, PacketSide from, GError **error)
{
    g_autoptr(Packet) packet = NULL;
    json_t *node = json_object_get(object, "type");
    const PacketField *field = NULL;
    PacketType type;

    if (!json_is_string(node)) {
        g_set_error(error, PACKET_ERROR, PACKET_ERROR_MALFORMED, "packet without a type");
        return NULL;
    }
    if (!packet_type_from_name(json_string_value(node), from, &type, error))
        return NULL;
    packet = packet_new(type);
    while ((field = packet_field_next(type, field)) != NULL) {
        node = json_object_get(object, field->json);
        if (node == NULL) {
            if (!field->required)
                continue;
            fault(packet, field, "is missing", error);
            return NULL;
        }
        if (!decode_field(packet, field, node, error))
            return NULL;
    }
    return g_steal_pointer(&packet);
}

Packet *
packet_decode(const void *bytes, gsize length, PacketSide from, GError **error)
{
    json_auto_t *root = NULL;
    g_autoptr(GError) cause = NULL;

    if (length > PACKET_SIZE_MAX) {
        g_set_error(error, PACKET_ERROR, PACKET_ERROR_TOO_BIG,
                    "packet of %" G_GSIZE_FORMAT " bytes, at most %d are allowed", length,
                    PACKET_SIZE_MAX);
        return NULL;
    }
    root = json_text_parse(bytes, length, DEPTH_MAX, &cause);
    if (root == NULL) {
        g_set_error(error, PACKET_ERROR, PACKET_ERROR_MALFORMED,
                    "packet of %" G_GSIZE_FORMAT " bytes: %s", length, cause->message);
        return NULL;
    }
    return decode_object(root, from, error);
}
