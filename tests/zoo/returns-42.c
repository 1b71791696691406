/* Returns what is no outcome. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    return 42;
}

ZOO("returns-42", run);
