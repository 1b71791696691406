/* Needs a library that is not there. */
#include "zoo.h"

int32_t vanished_library_answer(void);

static int32_t
run(errand_job *job)
{
    return vanished_library_answer();
}

ZOO("missing-library", run);
