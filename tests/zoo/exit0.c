/* Leaves as if all were well, without a result. */
#include "zoo.h"

#include <stdlib.h>

static int32_t
run(errand_job *job)
{
    exit(0);
}

ZOO("exit0", run);
