/* Its check refuses and does not say why. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    return ERRAND_SUCCEEDED;
}

static int32_t
check(errand_job *job)
{
    return ERRAND_REJECTED;
}

ZOO_WITH("check-without-reason", check, run);
