/* Whether the new system works: the owner's commands (`health-checks`) and systemd units
 * (`health-units`), all of them, within `health-timeout`. */
#pragma once

#include <errand/plugin.h>
#include <stdbool.h>
#include <stddef.h>

/* Time for the new system to become healthy, in milliseconds, when `health-timeout` is unset. */
#define HEALTH_LIMIT_MS (5 * 60 * 1000)

/* For check(): the settings can be read. ERRAND_SUCCEEDED or refused. */
int32_t health_check_settings(errand_job *job);
/* Milliseconds. */
int64_t health_limit(errand_job *job);
/* Asks again until all is well or the time is over. False: `fault`, empty before, says which one
 * failed last and how. Blocks, with heartbeats. */
bool health_prove(errand_job *job, char *fault, size_t size);
/* Waits a moment with a heartbeat. False when `until` (CLOCK_BOOTTIME, ms) has come. */
bool health_pause(errand_job *job, const char *step, int64_t until);
int64_t health_now_ms(void);
