/* What the service manager is told, in the protocol of sd_notify(3).
 *
 * Not through libsystemd: it brings six more libraries into the daemon, 1 MB of its resident pages
 * for one datagram (tests/bench/README.md). */
#pragma once

#include <glib.h>

/* Sends one message, such as "READY=1", to the socket that NOTIFY_SOCKET names; nothing when it is
 * not set. Sent before it returns, within 0.1 s or not at all. A failure is logged, not each time.
 * Main thread only. */
void notify_send(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Within how many microseconds the service manager wants "WATCHDOG=1" again; 0: not at all. */
guint64 notify_watchdog_us(void);
