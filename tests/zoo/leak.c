/* Leaks 100 MB, and touches them. */
#include "zoo.h"

#include <stdlib.h>

static int32_t
run(errand_job *job)
{
    for (int i = 0; i < 100; i++) {
        char *leaked = malloc(1024 * 1024);

        if (leaked == NULL)
            return errand_fail(job, "no-memory", "cannot leak");
        for (int at = 0; at < 1024 * 1024; at += 1024)
            ((volatile char *)leaked)[at] = 1;
    }
    return ERRAND_SUCCEEDED;
}

ZOO("leak", run);
