/* Does not have the operation its manifest promises. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    return ERRAND_SUCCEEDED;
}

static const errand_operation operations[] = {{"something-else", "One fault", 0, 0, NULL, run}};

ERRAND_PLUGIN("wrong-operation", "1.0", operations);
