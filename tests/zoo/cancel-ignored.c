/* Hears the cancel, says so, and goes on for ever. */
#include "zoo.h"

#include <poll.h>
#include <unistd.h>

static int32_t
run(errand_job *job)
{
    struct pollfd cancel = {errand_cancel_fd(job), POLLIN, 0};

    poll(&cancel, 1, -1);
    errand_progress(job, -1, "ignoring the cancel");
    for (;;)
        pause();
}

ZOO("cancel-ignored", run);
