/* Operations firmware and afr_ota. */
#include "backends.h"

static int32_t
firmware_check(errand_job *job)
{
    const Backend *backend = backends_choose(job, errand_get_string(job, "/backend"));

    return backend != NULL ? backend->check(job) : ERRAND_REJECTED;
}

static int32_t
firmware_run(errand_job *job)
{
    return errand_fail(job, "internal", "not there yet");
}

static const errand_operation operations[] = {
    {"afr_ota", "Updates the system, FreeRTOS documents", ERRAND_OP_RESUMABLE, 0, firmware_check,
     firmware_run},
    {"firmware", "Updates the system in the slot that does not run", ERRAND_OP_RESUMABLE, 0,
     firmware_check, firmware_run},
};

ERRAND_PLUGIN("firmware", ERRAND_VERSION, operations);
