/* What reboot and shutdown share, and the way of the latter. */
#pragma once

#include <errand/plugin.h>

/* The keys both know: operation, delay, message, timeout. */
int32_t power_check(errand_job *job);

/* Time limit of both operations unless the document sets one, in seconds. */
#define POWER_TIMEOUT_S 600

/* Logs the document's message, if there is one, and shows it to the logged-in users: `seconds` are
 * left to them. Takes 5 s at most; that it fails is only logged. */
void power_announce(errand_job *job, int64_t seconds);

/* Announces and waits `delay` seconds, with heartbeats. ERRAND_SUCCEEDED when the
 * time has come, or ERRAND_CANCELLED. */
int32_t power_delay(errand_job *job);

/* Waits `seconds` unless cancelled, with heartbeats. Same answers. */
int32_t power_wait(errand_job *job, int64_t seconds);

/* Asks the machine to power off and waits for that to happen. This process does not live to see it,
 * so the boot id is saved before: started again on another boot, it has succeeded. */
int32_t power_shutdown(errand_job *job);
