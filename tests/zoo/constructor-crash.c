/* Crashes while it is being loaded. */
#include "zoo.h"

#include <stdlib.h>

__attribute__((constructor)) static void
crash(void)
{
    abort();
}

static int32_t
run(errand_job *job)
{
    return ERRAND_SUCCEEDED;
}

ZOO("constructor-crash", run);
