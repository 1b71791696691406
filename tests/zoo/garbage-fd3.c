/* Writes to the socket to the daemon. */
#include "zoo.h"

#include <unistd.h>

static int32_t
run(errand_job *job)
{
    static const char garbage[] = "\x00\xff not a packet";

    if (write(ZOO_SOCKET, garbage, sizeof garbage) < 0)
        return errand_fail(job, "no-socket", "cannot write");
    return ERRAND_SUCCEEDED;
}

ZOO("garbage-fd3", run);
