/* The running version as the image itself tells it: the first line of the file that the setting
 * `version-file` names. It came with the system that runs, and so says more than an installer,
 * which only remembers what it wrote. */
#pragma once

#include "backend.h"

/* Puts it in place of what the installer told; without the setting nothing changes. A file that
 * cannot be read, or whose first line is no version, is FAILED `internal` before an update begins;
 * afterwards the version is VERSION_FILE_NONE, which is never the right one. */
int32_t version_file_read(errand_job *job, char version[BACKEND_TEXT]);

#define VERSION_FILE_NONE "(none)"
