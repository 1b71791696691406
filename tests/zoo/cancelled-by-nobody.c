/* Says it was cancelled. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    return ERRAND_CANCELLED;
}

ZOO("cancelled-by-nobody", run);
