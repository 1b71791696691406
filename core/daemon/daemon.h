/* The daemon as a whole: one session, one dispatcher, and the wires between their callbacks.
 *
 * Lives on the main context's loop. Start order: store (with its lock), recovery, session; end
 * order the reverse, so that nothing is promised that cannot be recorded, and the last statuses
 * still go out. */
#pragma once

#include "config.h"

typedef struct _Daemon Daemon;

/* config is borrowed and must outlive the daemon. Fails when the state directory cannot be used,
 * when another errandd holds it, or when the credentials cannot be read. */
Daemon *daemon_new(const Config *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Runs until SIGTERM or SIGINT has been dealt with. Returns the exit status of the process. */
int daemon_run(Daemon *self);
void daemon_free(Daemon *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Daemon, daemon_free)
