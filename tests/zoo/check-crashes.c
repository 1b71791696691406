/* Its check crashes. */
#include "zoo.h"

#include <stdlib.h>

static int32_t
run(errand_job *job)
{
    return ERRAND_SUCCEEDED;
}

static int32_t
check(errand_job *job)
{
    abort();
}

ZOO_WITH("check-crashes", check, run);
