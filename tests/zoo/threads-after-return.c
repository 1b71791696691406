/* Returns while its threads go on talking. */
#include "zoo.h"

#include <pthread.h>

static void *
chatter(void *data)
{
    for (int i = 0;; i++) {
        errand_progress(data, i % 100, i % 2 == 0 ? "even" : "odd");
        errand_fail(data, "after-return", "round %d", i);
        printf("round %d\n", i);
    }
}

static int32_t
run(errand_job *job)
{
    for (int i = 0; i < 8; i++) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, chatter, job) != 0)
            return errand_fail(job, "no-thread", "cannot start a thread");
        pthread_detach(thread);
    }
    return ERRAND_SUCCEEDED;
}

ZOO("threads-after-return", run);
