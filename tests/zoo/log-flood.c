/* Logs ten thousand lines. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    for (int i = 0; i < 10000; i++)
        errand_log(job, ERRAND_LOG_INFO, "the same line again");
    return ERRAND_SUCCEEDED;
}

ZOO("log-flood", run);
