/* Never returns. */
#include "zoo.h"

#include <unistd.h>

static int32_t
run(errand_job *job)
{
    for (;;)
        pause();
}

ZOO("hang", run);
