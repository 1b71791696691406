/* Says SUCCEEDED by itself, then fails. */
#include "zoo.h"

#include <unistd.h>

static int32_t
run(errand_job *job)
{
    static const char result[] = "{\"type\":\"result\",\"outcome\":1}";

    if (write(ZOO_SOCKET, result, sizeof result - 1) < 0)
        return errand_fail(job, "no-socket", "cannot write");
    return errand_fail(job, "second-thoughts", "the other result was not errand's");
}

ZOO("result-twice", run);
