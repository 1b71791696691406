/* Whether a file will fit before the first byte of it is written. */
#pragma once

#include <errand/plugin.h>
#include <stdbool.h>

/* Left free beside the file. */
#define SPACE_RESERVE (1024 * 1024)

/* `directory` is open in the file system meant; need in bytes. On tmpfs and ramfs the memory
 * available counts, too. ERRAND_SUCCEEDED (also when it cannot be found out), or FAILED no-space
 * with both numbers. */
int32_t space_check(errand_job *job, int directory, const char *path, int64_t need);
/* Whether more than the reserve is free, or it cannot be found out. */
bool space_is_left(int directory);
/* FAILED no-space, for ENOSPC met on the way; need < 0 when it is not known. */
int32_t space_fail(errand_job *job, int directory, const char *path, int64_t need);
