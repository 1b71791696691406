/* Faults of the file system, told so that somebody can mend them. */
#pragma once

#include <errand/plugin.h>

/* FAILED: "PATH: WHAT: error text", for a positive errno value. The reason is no-space,
 * not-allowed (then with the user that was not allowed) or download-failed. */
int32_t fault_fail(errand_job *job, const char *path, const char *what, int error);
