#include "runner-link.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKETS_PER_ROUND 32
#define PACKETS_TO_DRAIN  1024             /* more than a socket buffer holds */
#define SEND_BUFFER       (2 * 160 * 1024) /* a packet of the largest size fits beside others */

struct _RunnerLink {
    RunnerLinkCallbacks callbacks;
    gpointer user_data;
    int fd;
    GSource *in;
    GSource *out;
    GQueue queue; /* Waiting: what did not fit into the socket yet */
    gsize queued; /* bytes of it */
    guint owed;   /* packets of it that may not get lost */
    gboolean stopped;
};

typedef struct {
    GBytes *bytes;
    gboolean owed;
} Waiting;

static gboolean on_readable(int fd, GIOCondition condition, gpointer user_data);
static gboolean on_writable(int fd, GIOCondition condition, gpointer user_data);

static void
clear_source(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
}

static GSource *
add_source(RunnerLink *self, GIOCondition condition, GUnixFDSourceFunc func)
{
    GSource *source = g_unix_fd_source_new(self->fd, condition);

    g_source_set_callback(source, G_SOURCE_FUNC(func), self, NULL);
    g_source_attach(source, NULL);
    return source;
}

/* Writes while something waits, reads while nothing that must arrive does: blocks of a stream may
 * come without end, and are bounded by themselves. */
static void
arrange(RunnerLink *self)
{
    gboolean writing = !self->stopped && !g_queue_is_empty(&self->queue);
    gboolean reading = !self->stopped && self->owed == 0;

    if (!writing) {
        clear_source(&self->out);
    } else if (!self->out) {
        self->out = add_source(self, G_IO_OUT, on_writable);
    }
    if (!reading) {
        clear_source(&self->in);
    } else if (!self->in) {
        self->in = add_source(self, G_IO_IN | G_IO_HUP, on_readable);
    }
}

static void
waiting_free(gpointer data)
{
    Waiting *waiting = data;

    g_bytes_unref(waiting->bytes);
    g_free(waiting);
}

static void
clear_queue(RunnerLink *self)
{
    g_queue_clear_full(&self->queue, waiting_free);
    self->queued = 0;
    self->owed = 0;
}

static void
push(RunnerLink *self, GBytes *bytes, gboolean owed)
{
    Waiting *waiting = g_new0(Waiting, 1);

    waiting->bytes = bytes;
    waiting->owed = owed;
    g_queue_push_tail(&self->queue, waiting);
    self->queued += g_bytes_get_size(bytes);
    self->owed += owed ? 1 : 0;
}

static void
drop_first(RunnerLink *self)
{
    Waiting *waiting = g_queue_pop_head(&self->queue);

    self->queued -= g_bytes_get_size(waiting->bytes);
    self->owed -= waiting->owed ? 1 : 0;
    waiting_free(waiting);
}

static void
stop(RunnerLink *self)
{
    self->stopped = TRUE;
    clear_queue(self);
    arrange(self);
}

static void
fault(RunnerLink *self, const char *text)
{
    stop(self);
    self->callbacks.fault(text, self->user_data);
}

static void
handle(RunnerLink *self, const char *bytes, gsize length)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Packet) packet = packet_decode(bytes, length, PACKET_FROM_RUNNER, &error);

    if (packet) {
        self->callbacks.packet(packet, self->user_data);
    } else {
        fault(self, error->message);
    }
}

/* A runner that ends without having read all we sent leaves a "connection reset" in front of what
 * it has said. It comes once. */
static ssize_t
receive_message(const RunnerLink *self, struct msghdr *message)
{
    ssize_t count = recvmsg(self->fd, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    return count < 0 && errno == ECONNRESET
               ? recvmsg(self->fd, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC)
               : count;
}

/* Takes one packet; FALSE when there is none now, or never again. */
static gboolean
receive(RunnerLink *self)
{
    static char buffer[PACKET_SIZE_MAX];
    struct iovec vector = {.iov_base = buffer, .iov_len = sizeof buffer};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    ssize_t count = receive_message(self, &message);

    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return FALSE;
    }
    if (count <= 0) {
        stop(self);
        self->callbacks.closed(self->user_data);
        return FALSE;
    }
    if (message.msg_flags & MSG_TRUNC) {
        fault(self, "a packet is larger than packets may be");
        return FALSE;
    }
    handle(self, buffer, (gsize)count);
    return !self->stopped;
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer user_data)
{
    RunnerLink *self = user_data;

    for (guint i = 0; i < PACKETS_PER_ROUND; i++) {
        if (!receive(self) || self->owed > 0) {
            break;
        }
    }
    return G_SOURCE_CONTINUE;
}

/* FALSE when the socket is full. A broken one is noticed by reading. */
static gboolean
send_bytes(RunnerLink *self, GBytes *bytes)
{
    gsize length = 0;
    const void *data = g_bytes_get_data(bytes, &length);

    return send(self->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
           (errno != EAGAIN && errno != EINTR && errno != ENOBUFS);
}

static gboolean
on_writable(int fd, GIOCondition condition, gpointer user_data)
{
    RunnerLink *self = user_data;
    Waiting *waiting = g_queue_peek_head(&self->queue);

    while (waiting && send_bytes(self, waiting->bytes)) {
        drop_first(self);
        waiting = g_queue_peek_head(&self->queue);
    }
    arrange(self);
    return G_SOURCE_CONTINUE;
}

static gboolean
send_packet(RunnerLink *self, const Packet *packet, gboolean owed, GError **error)
{
    g_autoptr(GBytes) bytes = packet_encode(packet, error);

    if (!bytes) {
        return FALSE;
    }
    if (self->stopped || (g_queue_is_empty(&self->queue) && send_bytes(self, bytes))) {
        return TRUE;
    }
    push(self, g_steal_pointer(&bytes), owed);
    arrange(self);
    return TRUE;
}

gboolean
runner_link_send(RunnerLink *self, const Packet *packet, GError **error)
{
    return send_packet(self, packet, TRUE, error);
}

gboolean
runner_link_offer(RunnerLink *self, const Packet *packet)
{
    return self->queued <= RUNNER_LINK_OFFER_MAX && send_packet(self, packet, FALSE, NULL);
}

void
runner_link_drain(RunnerLink *self)
{
    clear_queue(self);
    for (guint i = 0; i < PACKETS_TO_DRAIN && !self->stopped; i++) {
        if (!receive(self)) {
            break;
        }
    }
    stop(self);
}

RunnerLink *
runner_link_new(const RunnerLinkCallbacks *callbacks, gpointer user_data, int *child_fd,
                GError **error)
{
    RunnerLink *self;
    int size = SEND_BUFFER;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        g_set_error(error, PACKET_ERROR, PACKET_ERROR_MALFORMED,
                    "cannot make a socket for the runner: %s", g_strerror(errno));
        return NULL;
    }
    (void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    self = g_new0(RunnerLink, 1);
    self->callbacks = *callbacks;
    self->user_data = user_data;
    self->fd = ends[0];
    g_queue_init(&self->queue);
    arrange(self);
    *child_fd = ends[1];
    return self;
}

void
runner_link_free(RunnerLink *self)
{
    if (!self) {
        return;
    }
    stop(self);
    close(self->fd);
    g_free(self);
}
