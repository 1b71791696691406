/* Leaves a daemon behind: another session, another parent, everything still open. */
#include "zoo.h"

#include <sys/wait.h>
#include <unistd.h>

static int32_t
run(errand_job *job)
{
    pid_t child = fork();

    if (child == 0) {
        setsid();
        if (fork() != 0)
            _exit(0);
        for (;;)
            pause();
    }
    waitpid(child, NULL, 0);
    return ERRAND_SUCCEEDED;
}

ZOO("daemonize", run);
