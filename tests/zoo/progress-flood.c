/* Reports progress a million times. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    for (int i = 0; i < 1000000; i++)
        errand_progress(job, i / 10000, "flooding");
    return ERRAND_SUCCEEDED;
}

ZOO("progress-flood", run);
