/* Leaves a child behind that keeps the socket and the output open. */
#include "zoo.h"

#include <unistd.h>

static int32_t
run(errand_job *job)
{
    if (fork() == 0) {
        for (;;)
            pause();
    }
    return ERRAND_SUCCEEDED;
}

ZOO("orphan", run);
