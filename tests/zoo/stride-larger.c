/* No fault: its operations are larger than ours, as a later header might make them. */
#include "zoo.h"

typedef struct {
    errand_operation known;
    const char *later[3];
} larger_operation;

static int32_t
fail(errand_job *job)
{
    return errand_fail(job, "wrong-one", "the stride was not respected");
}

static int32_t
run(errand_job *job)
{
    return ERRAND_SUCCEEDED;
}

static const larger_operation operations[] = {
    {{"stride-first", "Not this one", 0, 0, NULL, fail}, {"x", "y", "z"}},
    {{"stride-larger", "This one", 0, 0, NULL, run}, {"x", "y", "z"}},
};

extern ERRAND_EXPORT const errand_plugin errand_plugin_v1;
const errand_plugin errand_plugin_v1 = {(uint32_t)sizeof(errand_plugin),
                                        ERRAND_PLUGIN_ABI,
                                        "stride-larger",
                                        "1.0",
                                        (const errand_operation *)operations,
                                        2,
                                        (uint32_t)sizeof(larger_operation)};
