/* Its operations are shorter than the first version's were. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    return ERRAND_SUCCEEDED;
}

static const errand_operation operations[] = {{"short-stride", "One fault", 0, 0, NULL, run}};

extern ERRAND_EXPORT const errand_plugin errand_plugin_v1;
const errand_plugin errand_plugin_v1 = {
    (uint32_t)sizeof(errand_plugin), ERRAND_PLUGIN_ABI, "short-stride", "1.0", operations, 1, 8};
