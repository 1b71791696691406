/* Messages of streams: the reader puts them in, whoever asked takes them out. */
#include "client-private.h"
#include "clock.h"

#include <errno.h>

/* What a message costs besides its payload, at least: empty ones must not be free. */
#define MESSAGE_COST 64
/* Bytes that may wait for a plugin that is busy with a block: what a request yields, and as much of
 * an earlier one. More is dropped, as the service's messages may be. */
#define WAITING_MAX  (2 * STREAM_ANSWER_MAX)

static gsize
size_of(const Packet *packet)
{
    return MESSAGE_COST + (packet->payload == NULL ? 0 : g_bytes_get_size(packet->payload));
}

/* The oldest message, waiting so long for it; a cancel looks like one. */
static Packet *
pop(Client *self, gint64 left_us)
{
    Packet *packet = left_us > 0 ? g_async_queue_timeout_pop(self->streamed, (guint64)left_us)
                                 : g_async_queue_try_pop(self->streamed);

    if (packet != NULL && packet->type != PACKET_CANCEL) {
        g_mutex_lock(&self->lock);
        self->streamed_bytes -= size_of(packet);
        g_mutex_unlock(&self->lock);
    }
    return packet;
}

int
client_stream_begin(Client *self)
{
    gboolean busy;

    g_mutex_lock(&self->lock);
    busy = self->streaming;
    self->streaming = TRUE;
    g_mutex_unlock(&self->lock);
    return busy ? -EBUSY : 0;
}

void
client_stream_end(Client *self)
{
    Packet *packet;

    while ((packet = pop(self, 0)) != NULL)
        packet_free(packet);
    g_mutex_lock(&self->lock);
    self->streaming = FALSE;
    g_mutex_unlock(&self->lock);
}

void
client_stream_push(Client *self, Packet *packet)
{
    gboolean room;

    g_mutex_lock(&self->lock);
    room = self->streaming && self->streamed_bytes <= WAITING_MAX;
    if (room) {
        self->streamed_bytes += size_of(packet);
        g_async_queue_push(self->streamed, packet);
    }
    g_mutex_unlock(&self->lock);
    if (!room)
        packet_free(packet);
}

int
client_stream_wait(Client *self, gint64 until_us, Packet **packet)
{
    g_autoptr(Packet) next = NULL;
    gint64 left_us = until_us - clock_now();

    if (client_cancelled(self))
        return -ECANCELED;
    /* Whatever waits: who is flooded must come to an end, too. */
    if (left_us <= 0)
        return -ETIMEDOUT;
    next = pop(self, left_us);
    if (next == NULL)
        return -ETIMEDOUT;
    if (next->type == PACKET_CANCEL)
        return -ECANCELED;
    *packet = g_steal_pointer(&next);
    return 0;
}
