/* The status keys that FreeRTOS devices keep up, for clouds that look at them: `receive`
 * ("done/total" in blocks), `self_test` ("ready", "active"), `updatedBy` (the version that runs).
 */
#pragma once

#include <errand/plugin.h>

/* The size of a block where nobody told another one. */
#define FREERTOS_BLOCK 4096

void freertos_received(errand_job *job, int64_t have, int64_t total);
/* state: "ready" or "active". */
void freertos_self_test(errand_job *job, const char *state, const char *version);
