/* Its check never returns. */
#include "zoo.h"

#include <unistd.h>

static int32_t
run(errand_job *job)
{
    return ERRAND_SUCCEEDED;
}

static int32_t
check(errand_job *job)
{
    for (;;)
        pause();
}

ZOO_WITH("check-hangs", check, run);
