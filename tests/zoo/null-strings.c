/* Has no version. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    return ERRAND_SUCCEEDED;
}

static const errand_operation operations[] = {{"null-strings", "One fault", 0, 0, NULL, run}};

extern ERRAND_EXPORT const errand_plugin errand_plugin_v1;
const errand_plugin errand_plugin_v1 = {
    (uint32_t)sizeof(errand_plugin),   ERRAND_PLUGIN_ABI, "null-strings", NULL, operations, 1,
    (uint32_t)sizeof(errand_operation)};
