/* Files that hold a key. */
#pragma once

#include <errand/plugin.h>

/* Whether the file that a setting names is a regular file that group and others cannot read, owned
 * by root or the account errand runs as. ERRAND_SUCCEEDED, or refused with `internal`, naming
 * setting, file, what was found and the command that mends it. */
int32_t private_file_check(errand_job *job, const char *plugin, const char *key, const char *path);
