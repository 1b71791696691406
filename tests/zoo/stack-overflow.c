/* Recurses for ever. */
#include "zoo.h"

static int
descend(errand_job *job, int depth)
{
    volatile char frame[4096];

    frame[0] = (char)depth;
    /* Never true, but the compiler cannot know. */
    if (errand_start(job) > 1000)
        return depth;
    return descend(job, depth + 1) + frame[0];
}

static int32_t
run(errand_job *job)
{
    return descend(job, 0) > 0 ? ERRAND_SUCCEEDED : ERRAND_FAILED;
}

ZOO("stack-overflow", run);
