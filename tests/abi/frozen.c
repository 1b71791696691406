/* A plugin built against the header of version 1.0, which is kept beside it for ever. */
#include "plugin-1.0.h"

#include "answers.h"

static const errand_operation operations[] = {
    {"frozen-other", "Not asked for", 0, 0, NULL, answers},
    {"frozen", "Asks every host function", ERRAND_OP_RESUMABLE, 60, NULL, answers},
};

ERRAND_PLUGIN("frozen", "1.0", operations);
