/* The reader thread of a Client. */
#include "client-private.h"
#include "sandbox.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define READER_STACK (256 * 1024) /* bytes; packets are parsed four levels deep at most */

static void
dispatch(Client *self, Packet *packet)
{
    switch (packet->type) {
    case PACKET_GO:
        client_set_waiting(self, FALSE);
        g_async_queue_push(self->control, packet);
        return;
    case PACKET_QUIT:
        g_async_queue_push(self->control, packet);
        return;
    case PACKET_SAVED:
    case PACKET_DOCUMENT:
        g_async_queue_push(self->answers, packet);
        return;
    case PACKET_STREAMED:
        client_stream_push(self, packet);
        return;
    case PACKET_CANCEL:
        g_mutex_lock(&self->lock);
        self->cancel_pending = !self->cancelled;
        client_deliver_cancel_locked(self);
        g_mutex_unlock(&self->lock);
        break;
    default:
        break;
    }
    packet_free(packet);
}

static void
end_of_file(Client *self)
{
    gboolean waiting;

    g_mutex_lock(&self->lock);
    waiting = self->waiting;
    g_mutex_unlock(&self->lock);
    if (waiting)
        _exit(0);
    sandbox_end();
}

/* FALSE when nothing more can be read: the plugin closed the socket under us. */
static gboolean
read_one(Client *self)
{
    g_autoptr(GError) error = NULL;
    Packet *packet = client_receive(self, &error);

    if (packet != NULL) {
        dispatch(self, packet);
        return TRUE;
    }
    if (error == NULL)
        end_of_file(self);
    fprintf(stderr, "errand-runner: %s\n", error->message);
    return error->domain == PACKET_ERROR;
}

static gboolean
progress_is_pending(Client *self)
{
    gboolean pending;

    g_mutex_lock(&self->lock);
    pending = self->progress_pending;
    g_mutex_unlock(&self->lock);
    return pending;
}

/* Never waits: a daemon that does not read for a while may still send a cancel. */
static void
flush_if_possible(Client *self)
{
    if (!g_mutex_trylock(&self->send_lock))
        return;
    client_flush_progress_locked(self, MSG_DONTWAIT);
    g_mutex_unlock(&self->send_lock);
}

static void *
reader_main(void *data)
{
    Client *self = data;

    for (;;) {
        struct pollfd fds[] = {{self->fd, POLLIN, 0}, {self->wake_fd, POLLIN, 0}};
        int n = poll(fds, 2, progress_is_pending(self) ? CLIENT_PROGRESS_INTERVAL_MS : -1);
        guint64 count;

        if (n == 0)
            flush_if_possible(self);
        if (n > 0 && fds[1].revents != 0 && read(self->wake_fd, &count, sizeof count) < 0)
            return NULL;
        if (n > 0 && fds[0].revents != 0 && !read_one(self))
            return NULL;
    }
}

gboolean
client_start_reader(Client *self, GError **error)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    int fault;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, READER_STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    /* Signals are the plugin's: its main thread shall see them, not this one. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    fault = pthread_create(&thread, &attributes, reader_main, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (fault == 0)
        return TRUE;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(fault),
                "cannot start a thread: %s", g_strerror(fault));
    return FALSE;
}
