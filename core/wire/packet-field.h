/* The layout of a packet as a table, shared by packet_encode() and packet_decode(). Private to
 * core/wire. */
#pragma once

#include "packet.h"

typedef enum {
    PACKET_FIELD_STRING, /* char *, passed on as it is */
    PACKET_FIELD_TEXT,   /* char *, for people: made valid and clipped when encoded */
    PACKET_FIELD_NAME,   /* char * of [A-Za-z0-9:_-] */
    PACKET_FIELD_WORD,   /* char * of [a-z0-9-] */
    PACKET_FIELD_NUMBER, /* int, guint or an enum */
    PACKET_FIELD_SWITCH, /* gboolean */
    PACKET_FIELD_BYTES,  /* GBytes *, base64 on the wire */
    PACKET_FIELD_MAP,    /* GHashTable * of char *; high is the number of members */
} PacketFieldKind;

typedef struct {
    guint32 types; /* bit (1 << PacketType) for every packet that has it */
    const char *json;
    PacketFieldKind kind;
    gsize offset;
    gboolean required;
    gint64 low;
    gint64 high;
} PacketField;

/* The field of such a packet that follows `after` (NULL: the first); NULL at the end. */
const PacketField *packet_field_next(PacketType type, const PacketField *after);
/* FALSE with PACKET_ERROR_UNEXPECTED when there is no such type or that side may not send it. */
gboolean packet_type_from_name(const char *name, PacketSide from, PacketType *type,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether text fits the alphabet and the length of the field. */
gboolean packet_field_fits(const PacketField *field, const char *text);
