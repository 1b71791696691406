/* Its check returns what only run() may. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    return ERRAND_SUCCEEDED;
}

static int32_t
check(errand_job *job)
{
    return ERRAND_REBOOT;
}

ZOO_WITH("check-reboots", check, run);
