/* Its progress goes backwards, and beyond. */
#include "zoo.h"

#include <errno.h>

static int32_t
run(errand_job *job)
{
    errand_progress(job, 90, "up");
    errand_progress(job, 10, "down");
    if (errand_progress(job, 101, NULL) != -EINVAL || errand_progress(job, -2, NULL) != -EINVAL)
        return errand_fail(job, "accepted", "progress out of range was accepted");
    return ERRAND_SUCCEEDED;
}

ZOO("progress-backwards", run);
