/* Exits without a result; a child keeps the socket and the output open. */
#include "zoo.h"

#include <unistd.h>

static int32_t
run(errand_job *job)
{
    if (fork() == 0) {
        for (;;)
            pause();
    }
    _exit(0);
}

ZOO("orphan-exit", run);
