/* Returns while a thread of its holds the lock of stdout for ever and goes on talking. */
#include "zoo.h"

#include <pthread.h>
#include <semaphore.h>

static sem_t locked;

static void *
hold(void *job)
{
    flockfile(stdout);
    sem_post(&locked);
    for (int i = 0;; i++)
        errand_progress(job, -1, i % 2 == 0 ? "even" : "odd");
}

static int32_t
run(errand_job *job)
{
    pthread_t thread;

    sem_init(&locked, 0, 0);
    if (pthread_create(&thread, NULL, hold, job) != 0)
        return errand_fail(job, "no-thread", "cannot start a thread");
    sem_wait(&locked);
    return ERRAND_SUCCEEDED;
}

ZOO("lock-forever", run);
