/* A plugin built against a later header: every structure has members this errand does not know. */
#include "plugin-grown.h"

#include "answers.h"

static int32_t
run(errand_job *job)
{
    MUST(ERRAND_HOST_HAS(job, refresh_document));
    MUST(!ERRAND_HOST_HAS(job, later));
    return answers(job);
}

static const errand_operation operations[] = {
    {"grown-other", "Not asked for", 0, 0, NULL, run, run, "later"},
    {"grown", "Asks every host function", ERRAND_OP_RESUMABLE, 60, NULL, run, run, "later"},
};

extern ERRAND_EXPORT const errand_plugin errand_plugin_v1;
const errand_plugin errand_plugin_v1 = {(uint32_t)sizeof(errand_plugin),
                                        ERRAND_PLUGIN_ABI,
                                        "grown",
                                        "2.0",
                                        operations,
                                        2,
                                        (uint32_t)sizeof(operations[0]),
                                        "later"};
