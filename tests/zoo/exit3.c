/* Leaves with a status, without a result. */
#include "zoo.h"

#include <stdlib.h>

static int32_t
run(errand_job *job)
{
    fputs("giving up\n", stderr);
    exit(3);
}

ZOO("exit3", run);
