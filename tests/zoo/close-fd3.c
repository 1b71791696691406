/* Closes the socket to the daemon. */
#include "zoo.h"

#include <unistd.h>

static int32_t
run(errand_job *job)
{
    close(ZOO_SOCKET);
    errand_progress(job, 50, "cut off");
    return ERRAND_SUCCEEDED;
}

ZOO("close-fd3", run);
