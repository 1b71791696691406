/* Starts a daemon: another session, another parent, everything still open. Then does what the
 * document's "then" says: end well (default), "exit", "hang", or "wait" for a cancel. */
#include "zoo.h"

#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
start_daemon(void)
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
}

static int32_t
run(errand_job *job)
{
    const char *then = errand_get_string(job, "/then");
    struct pollfd cancel = {errand_cancel_fd(job), POLLIN, 0};

    start_daemon();
    if (then == NULL)
        return ERRAND_SUCCEEDED;
    errand_progress(job, 50, "daemon started");
    if (strcmp(then, "exit") == 0)
        _exit(0);
    while (strcmp(then, "hang") == 0)
        pause();
    poll(&cancel, 1, -1);
    return ERRAND_CANCELLED;
}

ZOO("daemonize", run);
