/* What a runner makes of itself before it lets a plugin in: account, capabilities, place, and the
 * promise to die with the daemon. sandbox_enter() belongs to the only thread, which then runs the
 * plugin. (errand-sandbox, the local Jobs service, is something else.) */
#pragma once

#include "packet.h"

#define SANDBOX_ERROR (sandbox_error_quark())
GQuark sandbox_error_quark(void);
typedef enum {
    SANDBOX_ERROR_NOT_ALLOWED, /* no such account */
    SANDBOX_ERROR_FAILED,
} SandboxError;

/* Becomes the start packet's account when root, and goes to its private directory (or to /). */
gboolean sandbox_enter(const Packet *start, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* SIGKILL to the own process group, or at least the end of this process. Async-signal-safe. */
G_NORETURN void sandbox_kill_group(void);
/* When the daemon is gone: kills whatever descends from this process, in sessions of its own or
 * not, then the group with this process. For the thread that reads from the daemon. */
G_NORETURN void sandbox_end(void);
/* Kills what the plugin left behind; takes a second at most. With everything (the step was
 * cancelled) whatever descends from it; otherwise what made a session of its own lives on, as a
 * service does that was started where no service manager is. */
void sandbox_reap(gboolean everything);
