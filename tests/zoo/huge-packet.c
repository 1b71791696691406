/* Writes a packet that is larger than any may be. */
#include "zoo.h"

#include <string.h>
#include <unistd.h>

static int32_t
run(errand_job *job)
{
    static char huge[170000];

    memset(huge, ' ', sizeof huge);
    memcpy(huge, "{\"type\":\"refresh\"}", 18);
    if (write(ZOO_SOCKET, huge, sizeof huge) < 0)
        return errand_fail(job, "no-socket", "cannot write");
    return ERRAND_SUCCEEDED;
}

ZOO("huge-packet", run);
