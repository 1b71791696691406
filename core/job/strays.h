/* Processes that outlived their runner.
 *
 * A runner is the subreaper of its step: when it ends by itself it has killed all that has to go,
 * and what is left (services, in sessions of their own) may stay. When it crashed or was killed,
 * everything left has to go. Either way errandd, a subreaper too, is given what is left before it
 * hears of the runner's end; and it has to wait for these processes one day.
 *
 * Main context; not thread-safe. */
#pragma once

#include <glib.h>

/* Makes this process a subreaper; once, before the first runner. FALSE with errno. */
gboolean strays_adopt(void) G_GNUC_WARN_UNUSED_RESULT;
/* After each runner's end. Waits for the dead. With kill_new kills those it did not see before, and
 * is TRUE when there were any: call again until FALSE, as they may have children. Without, they are
 * left alone from now on. */
gboolean strays_sweep(gboolean kill_new);
