#include "packet.h"

#include "packet-field.h"

#include <stddef.h>
#include <string.h>

G_DEFINE_QUARK(errand - packet - error, packet_error)

static const struct {
    const char *name;
    PacketSide side;
} types[] = {
    [PACKET_START] = {"start", PACKET_FROM_DAEMON},
    [PACKET_GO] = {"go", PACKET_FROM_DAEMON},
    [PACKET_CANCEL] = {"cancel", PACKET_FROM_DAEMON},
    [PACKET_SAVED] = {"saved", PACKET_FROM_DAEMON},
    [PACKET_DOCUMENT] = {"document", PACKET_FROM_DAEMON},
    [PACKET_STREAMED] = {"streamed", PACKET_FROM_DAEMON},
    [PACKET_QUIT] = {"quit", PACKET_FROM_DAEMON},
    [PACKET_READY] = {"ready", PACKET_FROM_RUNNER},
    [PACKET_CHECKED] = {"checked", PACKET_FROM_RUNNER},
    [PACKET_PROGRESS] = {"progress", PACKET_FROM_RUNNER},
    [PACKET_LOG] = {"log", PACKET_FROM_RUNNER},
    [PACKET_DETAIL] = {"detail", PACKET_FROM_RUNNER},
    [PACKET_REASON] = {"reason", PACKET_FROM_RUNNER},
    [PACKET_CRITICAL] = {"critical", PACKET_FROM_RUNNER},
    [PACKET_SAVE] = {"save", PACKET_FROM_RUNNER},
    [PACKET_REFRESH] = {"refresh", PACKET_FROM_RUNNER},
    [PACKET_STREAM] = {"stream", PACKET_FROM_RUNNER},
    [PACKET_RESULT] = {"result", PACKET_FROM_RUNNER},
};

#define IN(type) (1u << PACKET_##type)
#define FIELD(in, json, kind, member, must, low, high)                                             \
    {                                                                                              \
        (in), (json), PACKET_FIELD_##kind, offsetof(Packet, member), (must), (low), (high)         \
    }

/* Low and high are bytes for text and values for numbers. */
static const PacketField fields[] = {
    FIELD(IN(START), "protocol", NUMBER, protocol, TRUE, PACKET_PROTOCOL, PACKET_PROTOCOL),
    FIELD(IN(START), "job-id", NAME, job_id, TRUE, 1, 64),
    FIELD(IN(START), "operation", NAME, operation, TRUE, 1, 64),
    FIELD(IN(START), "step", STRING, step, TRUE, 0, PACKET_TEXT_MAX),
    FIELD(IN(START), "document", STRING, document, TRUE, 2, PACKET_SIZE_MAX),
    FIELD(IN(START), "user", STRING, user, FALSE, 0, 256),
    FIELD(IN(START), "account", STRING, account, FALSE, 0, 256),
    FIELD(IN(START), "private-directory", STRING, private_directory, FALSE, 0, 4095),
    FIELD(IN(START), "plugin", STRING, plugin, TRUE, 1, 128),
    FIELD(IN(START), "settings", MAP, settings, FALSE, 0, 1024),
    FIELD(IN(START), "check-only", SWITCH, check_only, FALSE, 0, 1),
    FIELD(IN(START), "goes-on", SWITCH, goes_on, FALSE, 0, 1),
    FIELD(IN(GO), "reason-started", NUMBER, reason_started, TRUE, START_FIRST, START_CLEANUP),
    FIELD(IN(GO) | IN(SAVE), "state", BYTES, state, FALSE, 0, PACKET_STATE_MAX),
    FIELD(IN(DOCUMENT), "document", STRING, document, FALSE, 2, PACKET_SIZE_MAX),
    FIELD(IN(SAVED) | IN(DOCUMENT) | IN(STREAMED), "error-number", NUMBER, error_number, FALSE, 0,
          4095),
    FIELD(IN(READY), "plugin", STRING, plugin, TRUE, 1, 128),
    FIELD(IN(READY), "version", STRING, version, TRUE, 0, 128),
    FIELD(IN(READY), "resumable", SWITCH, resumable, FALSE, 0, 1),
    FIELD(IN(READY), "cleanup", SWITCH, cleanup, FALSE, 0, 1),
    FIELD(IN(READY), "timeout", NUMBER, timeout_s, FALSE, 0, G_MAXINT32),
    FIELD(IN(CHECKED) | IN(RESULT), "outcome", NUMBER, outcome, TRUE, OUTCOME_FAILED,
          OUTCOME_CANCELLED),
    FIELD(IN(PROGRESS), "percent", NUMBER, percent, TRUE, -1, 100),
    FIELD(IN(PROGRESS), "step", TEXT, step, FALSE, 0, PACKET_TEXT_MAX),
    FIELD(IN(LOG), "level", NUMBER, level, TRUE, 0, 7),
    FIELD(IN(DETAIL), "key", NAME, key, TRUE, 1, 128),
    FIELD(IN(CHECKED), "key", WORD, key, FALSE, 1, 64),
    FIELD(IN(REASON), "key", WORD, key, TRUE, 1, 64),
    FIELD(IN(LOG) | IN(DETAIL) | IN(REASON), "text", TEXT, text, TRUE, 0, PACKET_TEXT_MAX),
    FIELD(IN(SAVED) | IN(DOCUMENT) | IN(CHECKED), "text", TEXT, text, FALSE, 0, PACKET_TEXT_MAX),
    FIELD(IN(CRITICAL), "on", SWITCH, on, TRUE, 0, 1),
    FIELD(IN(STREAM) | IN(STREAMED), "stream", NAME, stream, TRUE, 1, STREAM_NAME_MAX),
    FIELD(IN(STREAM) | IN(STREAMED), "format", NUMBER, format, TRUE, 0, STREAM_N_FORMATS - 1),
    FIELD(IN(STREAM), "topic", NUMBER, topic, TRUE, STREAM_DESCRIBE, STREAM_GET),
    FIELD(IN(STREAMED), "topic", NUMBER, topic, TRUE, STREAM_DESCRIPTION, STREAM_REJECTED),
    FIELD(IN(STREAM), "payload", BYTES, payload, FALSE, 0, STREAM_REQUEST_MAX),
    FIELD(IN(STREAMED), "payload", BYTES, payload, FALSE, 0, STREAM_MESSAGE_MAX),
};

const PacketField *
packet_field_next(PacketType type, const PacketField *after)
{
    const PacketField *field = after == NULL ? fields : after + 1;

    if ((guint)type >= G_N_ELEMENTS(types))
        return NULL;
    for (; field < fields + G_N_ELEMENTS(fields); field++) {
        if (field->types & (1u << type))
            return field;
    }
    return NULL;
}

gboolean
packet_type_from_name(const char *name, PacketSide from, PacketType *type, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        if (strcmp(types[i].name, name) != 0)
            continue;
        if (types[i].side != from) {
            g_set_error(error, PACKET_ERROR, PACKET_ERROR_UNEXPECTED,
                        "packet \"%s\" may not come from the %s", name,
                        from == PACKET_FROM_DAEMON ? "daemon" : "runner");
            return FALSE;
        }
        *type = (PacketType)i;
        return TRUE;
    }
    g_set_error(error, PACKET_ERROR, PACKET_ERROR_UNEXPECTED, "unknown packet type \"%.32s\"",
                name);
    return FALSE;
}

const char *
packet_type_name(PacketType type)
{
    return (guint)type < G_N_ELEMENTS(types) ? types[type].name : "unknown";
}

Packet *
packet_new(PacketType type)
{
    Packet *self = g_new0(Packet, 1);

    self->type = type;
    if (type == PACKET_START) {
        self->protocol = PACKET_PROTOCOL;
        self->settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    return self;
}

void
packet_free(Packet *self)
{
    if (self == NULL)
        return;
    g_free(self->job_id);
    g_free(self->operation);
    g_free(self->step);
    g_free(self->document);
    g_free(self->user);
    g_free(self->account);
    g_free(self->private_directory);
    g_free(self->plugin);
    g_clear_pointer(&self->settings, g_hash_table_unref);
    g_clear_pointer(&self->state, g_bytes_unref);
    g_free(self->version);
    g_free(self->key);
    g_free(self->text);
    g_free(self->stream);
    g_clear_pointer(&self->payload, g_bytes_unref);
    g_free(self);
}
