/* The runner's end of the conversation with the daemon.
 *
 * A reader thread receives for ever: it notices a cancel while the plugin works, brings answers to
 * those who wait for them, and kills the whole process group when the daemon is gone, so that no
 * orphan works on. Everybody else sends. All functions may be called by any thread unless said
 * otherwise. The one Client lives until the process ends; nothing is ever freed.
 *
 * Functions with an int result: 0 or a negative errno value.
 */
#pragma once

#include "packet.h"

/* A daemon that neither reads nor answers for so long has failed. */
#define CLIENT_TIMEOUT_S            60
/* Ten a second is plenty: the cloud hears of progress every few seconds at most. */
#define CLIENT_PROGRESS_INTERVAL_MS 100

typedef struct _Client Client;

/* Takes the socket over. NULL with G_FILE_ERROR when the process has no descriptor left. */
Client *client_new(int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The next packet, before the reader runs. NULL without error at end of file. */
Packet *client_receive(Client *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean client_start_reader(Client *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Nothing is sent any more after a result: threads a plugin left behind speak to nobody. */
int client_send(Client *self, const Packet *packet);
/* Latest wins: sent at once after a pause or with a new step, otherwise when the interval is over
 * or before the next other packet. */
int client_progress(Client *self, int percent, const char *step);
/* Sends a question and waits for the one answer of that type: -ETIMEDOUT when there is none, or the
 * step was cancelled while it waited for a document. */
int client_ask(Client *self, const Packet *question, PacketType answer_type, Packet **answer);
/* Waits for `go` or `quit`; leaves the process when the daemon goes away meanwhile. */
Packet *client_wait_go(Client *self) G_GNUC_WARN_UNUSED_RESULT;

/* Messages of streams are kept between begin and end, not without limit; others are dropped. -EBUSY
 * when somebody else has begun. */
int client_stream_begin(Client *self);
void client_stream_end(Client *self);
/* Waits until a time of clock_now() for the next one: 0 with *packet, which is the caller's then,
 * -ETIMEDOUT, or at once -ECANCELED. */
int client_stream_wait(Client *self, gint64 until_us, Packet **packet);

gboolean client_cancelled(Client *self);
/* Readable once client_cancelled() is true. */
int client_cancel_fd(const Client *self);
/* A cancel that comes between enter and leave is held back until the last leave; the daemon is told
 * of the first enter and the last leave. -EINVAL for a leave too many. */
int client_critical(Client *self, gboolean enter);
