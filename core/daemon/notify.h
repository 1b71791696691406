/* What the service manager is told, in the protocol of sd_notify(3).
 *
 * Not through libsystemd: that brings six more libraries into the daemon, and 1 MB of the budget
 * for its resident pages (tests/bench/README.md), for one datagram now and then. Nor is it needed:
 * sd_notify(3) documents the protocol as stable, for programs that implement it themselves, and
 * sd_watchdog_enabled(3) the variables of the watchdog. */
#pragma once

#include <glib.h>

/* Sends one message, such as "READY=1", to the socket that NOTIFY_SOCKET names; nothing when it is
 * not set. Sent before it returns, within 0.1 s or not at all. A failure is logged, not each time.
 * Main thread only. */
void notify_send(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Within how many microseconds the service manager wants "WATCHDOG=1" again; 0: not at all. */
guint64 notify_watchdog_us(void);
