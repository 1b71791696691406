/* No fault: works with a child of its own, until somebody ends both. */
#include "zoo.h"

#include <unistd.h>

static int32_t
run(errand_job *job)
{
    if (fork() != 0)
        errand_progress(job, 1, "child started");
    for (;;)
        pause();
}

ZOO("family", run);
