/* Its check tries what only run() may. */
#include "zoo.h"

#include <errno.h>

static int32_t
run(errand_job *job)
{
    return ERRAND_SUCCEEDED;
}

static int32_t
check(errand_job *job)
{
    if (errand_progress(job, 1, NULL) != -EPERM || errand_save_state(job, "x", 1) != -EPERM ||
        errand_detail(job, "k", "v") != -EPERM || errand_critical(job, 1) != -EPERM ||
        errand_refresh_document(job) != -EPERM || errand_private_directory(job) != NULL)
        return errand_fail(job, "accepted", "something only for run() worked");
    return ERRAND_SUCCEEDED;
}

ZOO_WITH("check-acts", check, run);
