/* Its constant is shorter than the first version was. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    return ERRAND_SUCCEEDED;
}

static const errand_operation operations[] = {{"short-struct", "One fault", 0, 0, NULL, run}};

extern ERRAND_EXPORT const errand_plugin errand_plugin_v1;
const errand_plugin errand_plugin_v1 = {16,
                                        ERRAND_PLUGIN_ABI,
                                        "short-struct",
                                        "1.0",
                                        operations,
                                        1,
                                        (uint32_t)sizeof(errand_operation)};
