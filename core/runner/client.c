#include "client-private.h"
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* How often somebody who waits for an answer looks whether there is still a need for it. */
#define CANCEL_LOOK_USEC (250 * 1000)

Client *
client_new(int fd, GError **error)
{
    Client *self = g_new0(Client, 1);
    struct timeval limit = {.tv_sec = CLIENT_TIMEOUT_S};

    self->fd = fd;
    self->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->cancel_fd < 0 || self->wake_fd < 0) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                    "cannot make an event descriptor: %s", g_strerror(errno));
        return NULL;
    }
    if (fcntl(fd, F_SETFL, 0) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                    "cannot set the daemon's socket up: %s", g_strerror(errno));
        return NULL;
    }
    self->buffer = g_malloc(PACKET_SIZE_MAX + 1);
    self->control = g_async_queue_new();
    self->answers = g_async_queue_new();
    self->streamed = g_async_queue_new();
    return self;
}

Packet *
client_receive(Client *self, GError **error)
{
    ssize_t length;

    do
        length = recv(self->fd, self->buffer, PACKET_SIZE_MAX + 1, 0);
    while (length < 0 && errno == EINTR);
    if (length < 0 && errno != ECONNRESET) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                    "cannot receive from the daemon: %s", g_strerror(errno));
        return NULL;
    }
    if (length <= 0)
        return NULL;
    return packet_decode(self->buffer, (gsize)length, PACKET_FROM_DAEMON, error);
}

void
client_set_waiting(Client *self, gboolean waiting)
{
    g_mutex_lock(&self->lock);
    self->waiting = waiting;
    g_mutex_unlock(&self->lock);
}

static int
send_locked(Client *self, const Packet *packet, int flags)
{
    g_autoptr(GBytes) bytes = NULL;
    gconstpointer data;
    gsize length;
    ssize_t sent;

    if (self->closed)
        return -ESHUTDOWN;
    bytes = packet_encode(packet, NULL);
    if (bytes == NULL)
        return -EINVAL;
    if (packet->type == PACKET_CHECKED)
        client_set_waiting(self, TRUE);
    data = g_bytes_get_data(bytes, &length);
    do
        sent = send(self->fd, data, length, MSG_NOSIGNAL | flags);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno == EAGAIN ? -ETIMEDOUT : -errno;
    self->closed = packet->type == PACKET_RESULT;
    return 0;
}

int
client_flush_progress_locked(Client *self, int flags)
{
    g_autoptr(Packet) packet = NULL;
    int result;

    g_mutex_lock(&self->lock);
    if (self->progress_pending) {
        packet = packet_new(PACKET_PROGRESS);
        packet->percent = self->percent;
        packet->step = g_strdup(self->step);
        self->progress_pending = FALSE;
        self->progress_time = clock_now();
    }
    g_mutex_unlock(&self->lock);
    if (packet == NULL)
        return 0;
    result = send_locked(self, packet, flags);
    if (result == -ETIMEDOUT) {
        g_mutex_lock(&self->lock);
        self->progress_pending = TRUE;
        g_mutex_unlock(&self->lock);
    }
    return result;
}

static int
flush_and_send_locked(Client *self, const Packet *packet)
{
    int result = client_flush_progress_locked(self, 0);

    return result < 0 ? result : send_locked(self, packet, 0);
}

int
client_send(Client *self, const Packet *packet)
{
    int result;

    g_mutex_lock(&self->send_lock);
    result = flush_and_send_locked(self, packet);
    g_mutex_unlock(&self->send_lock);
    return result;
}

static void
raise_event(int fd)
{
    guint64 one = 1;
    ssize_t written;

    do
        written = write(fd, &one, sizeof one);
    while (written < 0 && errno == EINTR);
}

int
client_progress(Client *self, int percent, const char *step)
{
    gboolean soon, was_pending;
    int result;

    g_mutex_lock(&self->lock);
    soon = self->progress_sent && g_strcmp0(step, self->step) == 0 &&
           clock_now() - self->progress_time < CLIENT_PROGRESS_INTERVAL_MS * 1000;
    was_pending = self->progress_pending;
    self->percent = percent;
    self->progress_pending = TRUE;
    self->progress_sent = TRUE;
    if (g_strcmp0(step, self->step) != 0) {
        g_free(self->step);
        self->step = g_strdup(step);
    }
    g_mutex_unlock(&self->lock);
    if (soon) {
        if (!was_pending)
            raise_event(self->wake_fd);
        return 0;
    }
    g_mutex_lock(&self->send_lock);
    result = client_flush_progress_locked(self, 0);
    g_mutex_unlock(&self->send_lock);
    return result;
}

/* NULL when none came in time. A cancelled step does not wait for a document: the cloud is asked
 * for it, and may be away. */
static Packet *
wait_for_answer(Client *self, PacketType type)
{
    gint64 left = CLIENT_TIMEOUT_S * G_USEC_PER_SEC / clock_scale();
    Packet *packet = NULL;

    while (packet == NULL && left > 0 && !(type == PACKET_DOCUMENT && client_cancelled(self))) {
        packet = g_async_queue_timeout_pop(self->answers, MIN(left, CANCEL_LOOK_USEC));
        left -= CANCEL_LOOK_USEC;
    }
    return packet;
}

int
client_ask(Client *self, const Packet *question, PacketType answer_type, Packet **answer)
{
    int result;

    g_mutex_lock(&self->ask_lock);
    result = client_send(self, question);
    while (result == 0) {
        g_autoptr(Packet) packet = wait_for_answer(self, answer_type);

        if (packet == NULL) {
            self->stale[answer_type]++;
            result = -ETIMEDOUT;
        } else if (self->stale[packet->type] > 0) {
            self->stale[packet->type]--;
        } else if (packet->type == answer_type) {
            *answer = g_steal_pointer(&packet);
            break;
        }
    }
    g_mutex_unlock(&self->ask_lock);
    return result;
}

Packet *
client_wait_go(Client *self)
{
    return g_async_queue_pop(self->control);
}

gboolean
client_cancelled(Client *self)
{
    gboolean cancelled;

    g_mutex_lock(&self->lock);
    cancelled = self->cancelled;
    g_mutex_unlock(&self->lock);
    return cancelled;
}

int
client_cancel_fd(const Client *self)
{
    return self->cancel_fd;
}

void
client_deliver_cancel_locked(Client *self)
{
    if (!self->cancel_pending || self->critical > 0)
        return;
    self->cancel_pending = FALSE;
    self->cancelled = TRUE;
    raise_event(self->cancel_fd);
    if (self->streaming)
        g_async_queue_push(self->streamed, packet_new(PACKET_CANCEL));
}

/* Counts and delivers; the packet that the daemon must get, or NULL. With the lock held. */
static Packet *
count_critical(Client *self, gboolean enter)
{
    Packet *packet;

    if (enter)
        self->critical++;
    else
        self->critical--;
    client_deliver_cancel_locked(self);
    if (self->critical != (enter ? 1 : 0))
        return NULL;
    packet = packet_new(PACKET_CRITICAL);
    packet->on = enter;
    return packet;
}

int
client_critical(Client *self, gboolean enter)
{
    g_autoptr(Packet) packet = NULL;
    int result = 0;

    /* Both locks: the daemon must hear of two threads' sections in the order they happened. */
    g_mutex_lock(&self->send_lock);
    g_mutex_lock(&self->lock);
    if (!enter && self->critical == 0)
        result = -EINVAL;
    else
        packet = count_critical(self, enter);
    g_mutex_unlock(&self->lock);
    if (packet != NULL)
        result = flush_and_send_locked(self, packet);
    g_mutex_unlock(&self->send_lock);
    return result;
}
