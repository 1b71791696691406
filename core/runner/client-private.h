/* The inside of a Client, for the files that implement it: client.c sends, client-reader.c receives
 * in a thread of its own, client-stream.c keeps messages of streams between the two. */
#pragma once

#include "client.h"

struct _Client {
    int fd;
    int cancel_fd;
    int wake_fd; /* the reader shall look at progress_pending */
    char *buffer;
    GAsyncQueue *control; /* Packet *: go, quit */
    GAsyncQueue *answers; /* Packet *: saved, document */

    GMutex ask_lock;                /* one question at a time */
    guint stale[PACKET_RESULT + 1]; /* answers still to come for questions given up */

    GMutex send_lock; /* taken before `lock` where both are */
    gboolean closed;

    GMutex lock;
    gboolean waiting; /* `checked` is sent: nothing runs that would have to be killed */
    gboolean cancelled;
    gboolean cancel_pending;
    guint critical;
    gboolean progress_pending;
    gboolean progress_sent;
    gint64 progress_time;
    int percent;
    char *step;

    GAsyncQueue *streamed; /* Packet *: streamed, and a cancel for whoever waits for them */
    gboolean streaming;    /* somebody does */
    gsize streamed_bytes;
};

/* Sends what progress is pending, with more flags for send(). With send_lock held. */
int client_flush_progress_locked(Client *self, int flags);
/* Makes a pending cancel known unless a critical section holds it back. With `lock` held. */
void client_deliver_cancel_locked(Client *self);
/* Takes packet over. For the reader. */
void client_stream_push(Client *self, Packet *packet);
void client_set_waiting(Client *self, gboolean waiting);
