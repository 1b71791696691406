/* Goes around errand's functions: asks for streams without end, with payloads and names that are
 * none, and never looks at what comes. */
#include "zoo.h"

#include <string.h>
#include <sys/socket.h>

#define REQUESTS 5000

static int32_t
run(errand_job *job)
{
    static const char *const packets[] = {
        "{\"type\":\"stream\",\"stream\":\"s-1\",\"format\":1,\"topic\":1,\"payload\":\"AAAA\"}",
        "{\"type\":\"stream\",\"stream\":\"s-2\",\"format\":0,\"topic\":0,\"payload\":\"\"}",
        "{\"type\":\"stream\",\"stream\":\"a:b\",\"format\":0,\"topic\":0,\"payload\":\"AAAA\"}",
        "{\"type\":\"stream\",\"stream\":\"s-3\",\"format\":0,\"topic\":0}",
    };

    for (int i = 0; i < REQUESTS; i++) {
        const char *packet = packets[i % 4];

        if (send(ZOO_SOCKET, packet, strlen(packet), 0) < 0)
            return errand_fail(job, "no-socket", "cannot write: %s", strerror(errno));
    }
    return ERRAND_SUCCEEDED;
}

ZOO("stream-flood", run);
