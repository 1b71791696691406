/* Never returns and ignores what it may. */
#include "zoo.h"

#include <signal.h>
#include <unistd.h>

static int32_t
run(errand_job *job)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    for (;;)
        pause();
}

ZOO("hang-ignoring-term", run);
