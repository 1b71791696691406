/* Where a handler is, and whether it may be trusted. */
#pragma once

#include <errand/plugin.h>
#include <limits.h>
#include <stdbool.h>

/* Looks `name` up in the directories of [plugin handler], first match wins; a `place` other than
 * NULL, "" and "default" must be one of them and is then the only one. Directory and file must
 * belong to root or errand's own account and be writable by no one else, the file regular and
 * executable. ERRAND_SUCCEEDED with the absolute path, or refused: invalid-document (the name),
 * not-allowed (the place, or an unsafe file) or not-found; a file that is gone when running is
 * ERRAND_FAILED not-found. */
int32_t find_handler(errand_job *job, bool running, const char *name, const char *place,
                     char path[PATH_MAX]);
