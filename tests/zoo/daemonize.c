/* Leaves a daemon behind: another session, another parent, everything still open. */
#include "zoo.h"

#include <unistd.h>

static int32_t
run(errand_job *job)
{
    if (fork() == 0) {
        setsid();
        if (fork() != 0)
            _exit(0);
        for (;;)
            pause();
    }
    return ERRAND_SUCCEEDED;
}

ZOO("daemonize", run);
