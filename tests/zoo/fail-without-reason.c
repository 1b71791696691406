/* Fails and does not say why. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    return ERRAND_FAILED;
}

ZOO("fail-without-reason", run);
