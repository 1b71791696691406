/* Aborts. */
#include "zoo.h"

#include <stdlib.h>

static int32_t
run(errand_job *job)
{
    abort();
}

ZOO("abort", run);
