/* Prints 100 MB, half of it on each pipe. */
#include "zoo.h"

#include <string.h>

static int32_t
run(errand_job *job)
{
    char line[1024];

    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (int i = 0; i < 50 * 1024; i++) {
        fwrite(line, 1, sizeof line, stdout);
        fwrite(line, 1, sizeof line, stderr);
    }
    return ERRAND_SUCCEEDED;
}

ZOO("spew", run);
