/* Its last words have no line end. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    fputs("first line\nlast words", stdout);
    return ERRAND_SUCCEEDED;
}

ZOO("no-newline", run);
