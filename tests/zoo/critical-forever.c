/* Enters a critical section and never leaves it. */
#include "zoo.h"

#include <unistd.h>

static int32_t
run(errand_job *job)
{
    errand_critical(job, 1);
    for (;;)
        pause();
}

ZOO("critical-forever", run);
