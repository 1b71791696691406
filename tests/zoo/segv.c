/* Writes where nothing is. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    volatile int *nowhere = (volatile int *)(uintptr_t)8;

    *nowhere = 1;
    return ERRAND_SUCCEEDED;
}

ZOO("segv", run);
