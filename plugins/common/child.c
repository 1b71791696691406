#include "child.h"

#include "child-start.h"
#include "descend.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often the cloud's step timer is pushed out while the child is silent. */
#define HEARTBEAT_MS    (10 * 1000)
/* From SIGTERM to SIGKILL after a cancel, and the time the killing may take: together less than the
 * default cancel-grace of 10 s, after which errand kills the whole group. */
#define CANCEL_GRACE_MS 5000
#define CANCEL_KILL_MS  3000

void
child_environment(errand_job *job, const Account *account, Words *environment)
{
    static const char *const inherited[] = {
        "LANG",     "LC_ALL",     "TZ",          "http_proxy", "https_proxy",
        "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    };

    words_set(environment, "PATH", CHILD_PATH);
    words_set(environment, "HOME", account->home);
    words_set(environment, "USER", account->name);
    words_set(environment, "LOGNAME", account->name);
    words_set(environment, "SHELL", account->shell);
    words_set(environment, "LANG", "C.UTF-8");
    for (size_t i = 0; i < sizeof inherited / sizeof inherited[0]; i++) {
        const char *value = getenv(inherited[i]);

        if (value != NULL)
            words_set(environment, inherited[i], value);
    }
    words_set(environment, "ERRAND_JOB_ID", errand_job_id(job));
    words_set(environment, "ERRAND_STEP", errand_step(job));
}

static int32_t
child_failed_to_start(errand_job *job, const ChildSpec *spec, const ChildFault *fault)
{
    const char *what = spec->program;
    const char *word = "internal";

    if (fault->stage == CHILD_STAGE_DIRECTORY)
        what = spec->directory;
    if (fault->stage >= CHILD_STAGE_DIRECTORY && fault->error == ENOENT)
        word = "not-found";
    else if (fault->stage >= CHILD_STAGE_DIRECTORY && fault->error == EACCES)
        word = "not-allowed";
    return errand_fail(job, word, "starting %s as \"%s\": %s: %s", spec->program,
                       spec->account != NULL ? spec->account->name : "errand", what,
                       strerror(fault->error));
}

static int32_t
child_judge(errand_job *job, const ChildSpec *spec, int status)
{
    char text[32];
    const char *name;

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return ERRAND_SUCCEEDED;
    if (WIFEXITED(status)) {
        snprintf(text, sizeof text, "%d", WEXITSTATUS(status));
        errand_detail(job, "exitCode", text);
        return errand_fail(job, "exit-status", "%s exited with status %s", spec->argv[0], text);
    }
    name = sigabbrev_np(WTERMSIG(status));
    if (name != NULL)
        snprintf(text, sizeof text, "SIG%s", name);
    else
        snprintf(text, sizeof text, "%d", WTERMSIG(status));
    errand_detail(job, "signal", text);
    return errand_fail(job, "killed", "%s was killed by signal %s%s", spec->argv[0], text,
                       WTERMSIG(status) == SIGKILL ? ", perhaps for want of memory" : "");
}

static int32_t
child_stop(errand_job *job)
{
    int left = descend_stop(CANCEL_GRACE_MS, CANCEL_KILL_MS);
    char text[128];

    if (left > 0) {
        snprintf(text, sizeof text, "%d processes of the cancelled step could not be killed", left);
        errand_log(job, ERRAND_LOG_WARNING, text);
    }
    return ERRAND_CANCELLED;
}

/* Until the child has ended or the job is cancelled. */
static int32_t
child_watch(errand_job *job, const ChildSpec *spec, pid_t pid, int pidfd)
{
    struct pollfd watched[2] = {{pidfd, POLLIN, 0}, {errand_cancel_fd(job), POLLIN, 0}};
    int status = 0;

    for (;;) {
        int ready = poll(watched, 2, HEARTBEAT_MS);

        if (ready < 0 && errno != EINTR)
            return errand_fail(job, "internal", "waiting for %s: %s", spec->argv[0],
                               strerror(errno));
        if (ready > 0 && watched[0].revents != 0)
            break;
        if (errand_cancelled(job))
            return child_stop(job);
        if (ready == 0)
            errand_progress(job, -1, NULL);
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return errand_fail(job, "internal", "collecting the exit status of %s: %s",
                               spec->argv[0], strerror(errno));
    }
    return child_judge(job, spec, status);
}

int32_t
child_run(errand_job *job, const ChildSpec *spec)
{
    ChildFault fault = {0};
    pid_t pid = child_start(spec, &fault);
    int32_t verdict;
    int pidfd;

    if (pid < 0)
        return child_failed_to_start(job, spec, &fault);
    pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) {
        int error = errno;

        child_stop(job);
        return errand_fail(job, "internal", "watching %s: pidfd_open: %s", spec->argv[0],
                           strerror(error));
    }
    verdict = child_watch(job, spec, pid, pidfd);
    close(pidfd);
    return verdict;
}
