/* Which program a document means, and whether the owner's `commands` list allows it. */
#pragma once

#include <errand/plugin.h>
#include <limits.h>
#include <stdbool.h>

typedef struct {
    char path[PATH_MAX]; /* absolute, its directory free of links and dots */
    bool exists;         /* a regular file with an execute bit */
} Program;

/* A name is looked for on CHILD_PATH, an absolute path is taken as it is. The directory is
 * resolved, the last component is not: /sbin/reboot and /bin/systemctl are one file on many
 * systems, and allowing the one must not allow the other. ERRAND_SUCCEEDED, also when it does not
 * exist; or refused, with invalid-document for a relative path or one that ends in a slash, "." or
 * "..", or with not-allowed. */
int32_t program_choose(errand_job *job, const char *name, Program *program);
