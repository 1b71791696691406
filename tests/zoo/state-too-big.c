/* Saves more than fits. */
#include "zoo.h"

#include <errno.h>

static int32_t
run(errand_job *job)
{
    static char state[ERRAND_STATE_MAX + 1];

    if (errand_save_state(job, state, sizeof state) != -E2BIG)
        return errand_fail(job, "accepted", "too much state was accepted");
    if (errand_save_state(job, NULL, 1) != -EINVAL)
        return errand_fail(job, "accepted", "state that is NULL was accepted");
    return ERRAND_SUCCEEDED;
}

ZOO("state-too-big", run);
