/* The daemon's end of the socket to one runner: packets in, packets out, never blocking.
 *
 * The other side is untrusted: packets are checked by packet_decode(), a bad one is a fault (told
 * once, then nothing is read any more). A flood cannot starve the loop, for only some packets are
 * taken per round; a runner that does not read cannot fill the daemon, for while something waits
 * that must arrive nothing is read.
 *
 * Main context; not thread-safe. The callbacks may call every function here but runner_link_free().
 */
#pragma once

#include "packet.h"

/* Bytes beyond the socket's own buffer: what one request of a stream yields, in base64, twice. */
#define RUNNER_LINK_OFFER_MAX (512 * 1024)

typedef struct _RunnerLink RunnerLink;

typedef struct {
    void (*packet)(const Packet *packet, gpointer user_data);
    void (*fault)(const char *text, gpointer user_data);
    void (*closed)(gpointer user_data); /* the other side has closed its last end */
} RunnerLinkCallbacks;

/* *child_fd is the runner's end; the caller closes it. */
RunnerLink *runner_link_new(const RunnerLinkCallbacks *callbacks, gpointer user_data, int *child_fd,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Queues a packet. FALSE when it is larger than a packet may be. */
gboolean runner_link_send(RunnerLink *self, const Packet *packet,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for a packet that may get lost: it is dropped while more than RUNNER_LINK_OFFER_MAX
 * bytes wait, so that a runner that does not read costs no memory. FALSE when it was. */
gboolean runner_link_offer(RunnerLink *self, const Packet *packet) G_GNUC_WARN_UNUSED_RESULT;
/* Takes what the runner had sent before it ended, then reads no more. */
void runner_link_drain(RunnerLink *self);
void runner_link_free(RunnerLink *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunnerLink, runner_link_free)
