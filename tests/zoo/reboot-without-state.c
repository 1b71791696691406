/* Asks for a reboot for ever. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    return ERRAND_REBOOT;
}

ZOO("reboot-without-state", run);
