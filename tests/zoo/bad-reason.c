/* Fails with a word that is no word. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    return errand_fail(job, "Not A Word!", "the text survives");
}

ZOO("bad-reason", run);
