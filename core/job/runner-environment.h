/* The environment of a runner, and by that what plugins and the programs they start can know of
 * errand's own: where it is and how to get out of it. Nothing else of it is passed on, for a
 * service manager puts secrets there. */
#pragma once

#include <glib.h>

/* PATH (fixed), LANG (errand's, else C.UTF-8), HOME=/, TMPDIR (the step's private directory, NULL
 * for /tmp); where errand has them LC_ALL, TZ, the proxy variables in both spellings and
 * DBUS_SYSTEM_BUS_ADDRESS. NULL-terminated; caller frees with g_strfreev(). */
char **runner_environment(const char *private_directory);
