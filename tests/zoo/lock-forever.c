/* Returns while a thread of its holds the lock of stdout. */
#include "zoo.h"

#include <pthread.h>

static void *
hold(void *data)
{
    flockfile(stdout);
    return NULL;
}

static int32_t
run(errand_job *job)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, hold, NULL) != 0)
        return errand_fail(job, "no-thread", "cannot start a thread");
    pthread_join(thread, NULL);
    return ERRAND_SUCCEEDED;
}

ZOO("lock-forever", run);
