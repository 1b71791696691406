/* Hangs in an exit handler. */
#include "zoo.h"

#include <stdlib.h>
#include <unistd.h>

static void
hang(void)
{
    for (;;)
        pause();
}

static int32_t
run(errand_job *job)
{
    atexit(hang);
    return ERRAND_SUCCEEDED;
}

ZOO("atexit-hang", run);
