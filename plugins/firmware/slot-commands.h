/* Slots as programs from errand.conf know them: the settings `booted`, `confirm` and `rollback`,
 * for backends whose installer does not know which slot runs.
 *
 *   booted    prints one line, `SLOT [VERSION]`
 *   confirm   the running slot is good
 *   rollback  gets the bad slot's name (or "other") as its last argument; it must not be booted
 *             again, the other one must be next
 *
 * Each is a list (program;argument;...), run without a shell within `command-timeout`, and must
 * exit 0. They are called again after a crash or a power cut and must not mind. */
#pragma once

#include "backend.h"

/* Time limit of these programs, in milliseconds, when `command-timeout` is unset. */
#define SLOT_COMMANDS_LIMIT_MS (60 * 1000)

/* All three are set. ERRAND_SUCCEEDED or refused. */
int32_t slot_commands_check(errand_job *job);

/* As the members of Backend. What fails is FAILED `internal`, naming setting and program. */
int32_t slot_commands_booted(errand_job *job, Booted *booted);
int32_t slot_commands_confirm(errand_job *job);
int32_t slot_commands_reject(errand_job *job, const char *slot);
