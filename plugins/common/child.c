#include "child.h"

#include "boottime.h"
#include "child-start.h"
#include "descend.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often the cloud's step timer is pushed out, whatever the child says. */
#define HEARTBEAT_MS    (10 * 1000)
/* From SIGTERM to SIGKILL after a cancel, and the time the killing may take: together less than the
 * default cancel-grace of 10 s, after which errand kills the whole group. */
#define CANCEL_GRACE_MS 5000
#define CANCEL_KILL_MS  3000
/* Reads of 4 KiB after the child's end: more than a pipe holds. */
#define READER_REST     32
#define SIGNAL_NAME     32

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

__attribute__((format(printf, 3, 4))) static int32_t
child_fault(ChildEnd *end, const char *word, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(end->text, sizeof end->text, format, args);
    va_end(args);
    end->word = word;
    return ERRAND_FAILED;
}

static int32_t
child_failed_to_start(const ChildSpec *spec, const ChildFault *fault, ChildEnd *end)
{
    const char *what = spec->program;
    const char *word = "internal";

    if (fault->stage == CHILD_STAGE_DIRECTORY)
        what = spec->directory;
    if (fault->stage >= CHILD_STAGE_DIRECTORY &&
        (fault->error == ENOENT || fault->error == ENOTDIR))
        word = "not-found";
    else if (fault->stage >= CHILD_STAGE_DIRECTORY && fault->error == EACCES)
        word = "not-allowed";
    return child_fault(end, word, "starting %s as \"%s\": %s: %s", spec->program,
                       spec->account != NULL ? spec->account->name : "errand", what,
                       strerror(fault->error));
}

static void
child_name_signal(int number, char text[SIGNAL_NAME])
{
    const char *name = sigabbrev_np(number);

    if (name != NULL)
        snprintf(text, SIGNAL_NAME, "SIG%s", name);
    else
        snprintf(text, SIGNAL_NAME, "%d", number);
}

static int32_t
child_judge(const ChildSpec *spec, int status, ChildEnd *end)
{
    char name[SIGNAL_NAME];

    if (WIFEXITED(status)) {
        end->exit_code = WEXITSTATUS(status);
        if (end->exit_code == 0)
            return ERRAND_SUCCEEDED;
        return child_fault(end, "exit-status", "%s exited with status %d", spec->argv[0],
                           end->exit_code);
    }
    end->signal = WTERMSIG(status);
    child_name_signal(end->signal, name);
    return child_fault(end, "killed", "%s was killed by signal %s%s", spec->argv[0], name,
                       end->signal == SIGKILL ? ", perhaps for want of memory" : "");
}

static void
child_stop(errand_job *job)
{
    int left = descend_stop(CANCEL_GRACE_MS, CANCEL_KILL_MS);
    char text[128];

    if (left > 0) {
        snprintf(text, sizeof text, "%d processes of the stopped step could not be killed", left);
        errand_log(job, ERRAND_LOG_WARNING, text);
    }
}

/* ---- What it prints, when somebody reads it ---- */

typedef struct {
    int fd; /* -1: nobody */
    size_t length;
    char line[CHILD_LINE_MAX + 1];
} Reader;

static void
reader_end_line(Reader *self, const ChildSpec *spec)
{
    self->line[self->length] = '\0';
    self->length = 0;
    spec->line(spec->data, self->line);
}

static void
reader_take(Reader *self, const ChildSpec *spec, const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (data[i] == '\n' || self->length == CHILD_LINE_MAX)
            reader_end_line(self, spec);
        if (data[i] != '\n')
            self->line[self->length++] = data[i] != '\0' ? data[i] : '?';
    }
}

/* Whether there may be more right now. */
static bool
reader_read(Reader *self, const ChildSpec *spec)
{
    char data[4096];
    ssize_t length = read(self->fd, data, sizeof data);

    if (length > 0)
        reader_take(self, spec, data, (size_t)length);
    else if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(self->fd);
        self->fd = -1;
    }
    return length > 0;
}

/* What is there now: a grandchild may hold the pipe for ever, or fill it for ever. */
static void
reader_finish(Reader *self, const ChildSpec *spec)
{
    for (int i = 0; i < READER_REST && self->fd >= 0 && reader_read(self, spec); i++)
        continue;
    if (spec->line != NULL && self->length > 0)
        reader_end_line(self, spec);
    if (self->fd >= 0)
        close(self->fd);
}

/* ---- Waiting for it ---- */

/* Milliseconds to sleep at most; 0 when the limit is over. */
static int
child_patience(const ChildSpec *spec, int64_t start)
{
    int64_t left;

    if (spec->limit_ms == 0)
        return HEARTBEAT_MS;
    left = start + spec->limit_ms - boottime_ms();
    if (left <= 0)
        return 0;
    return left < HEARTBEAT_MS ? (int)left : HEARTBEAT_MS;
}

/* ERRAND_SUCCEEDED once the child has ended. */
static int32_t
child_watch(errand_job *job, const ChildSpec *spec, int pidfd, Reader *reader, ChildEnd *end)
{
    int cancel = spec->stubborn ? -1 : errand_cancel_fd(job);
    struct pollfd watched[3] = {{pidfd, POLLIN, 0}, {cancel, POLLIN, 0}, {-1, 0, 0}};
    int64_t start = boottime_ms(), beat = start;

    for (;;) {
        int patience = child_patience(spec, start), ready;

        watched[2] = (struct pollfd){reader->fd, POLLIN, 0};
        ready = poll(watched, 3, patience);
        if (ready < 0 && errno != EINTR)
            return child_fault(end, "internal", "waiting for %s: %s", spec->argv[0],
                               strerror(errno));
        if (ready > 0 && watched[0].revents != 0)
            return ERRAND_SUCCEEDED;
        if (!spec->stubborn && errand_cancelled(job))
            return ERRAND_CANCELLED;
        if (patience == 0)
            return child_fault(end, "timed-out", "%s was stopped after %lld s", spec->argv[0],
                               (long long)(spec->limit_ms / 1000));
        if (ready > 0 && watched[2].revents != 0)
            reader_read(reader, spec);
        if (boottime_ms() - beat < HEARTBEAT_MS)
            continue;
        errand_progress(job, -1, NULL);
        beat = boottime_ms();
    }
}

static int32_t
child_follow(errand_job *job, const ChildSpec *spec, pid_t pid, Reader *reader, ChildEnd *end)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), status = 0;
    int32_t verdict;

    if (pidfd < 0)
        verdict = child_fault(end, "internal", "watching %s: pidfd_open: %s", spec->argv[0],
                              strerror(errno));
    else
        verdict = child_watch(job, spec, pidfd, reader, end);
    if (pidfd >= 0)
        close(pidfd);
    if (verdict != ERRAND_SUCCEEDED) {
        child_stop(job);
        return verdict;
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return child_fault(end, "internal", "collecting the exit status of %s: %s",
                               spec->argv[0], strerror(errno));
    }
    return child_judge(spec, status, end);
}

int32_t
child_try(errand_job *job, const ChildSpec *spec, ChildEnd *end)
{
    ChildFault fault = {0};
    Reader reader = {.fd = -1};
    int pipe[2] = {-1, -1};
    int32_t verdict;
    pid_t pid;

    *end = (ChildEnd){.exit_code = -1};
    if (spec->line != NULL && pipe2(pipe, O_CLOEXEC) != 0)
        return child_fault(end, "internal", "a pipe for %s: %s", spec->argv[0], strerror(errno));
    if (pipe[0] >= 0)
        fcntl(pipe[0], F_SETFL, O_NONBLOCK);
    reader.fd = pipe[0];
    pid = child_start(spec, pipe[1], &fault);
    if (pipe[1] >= 0)
        close(pipe[1]);
    if (pid >= 0)
        verdict = child_follow(job, spec, pid, &reader, end);
    else
        verdict = child_failed_to_start(spec, &fault, end);
    reader_finish(&reader, spec);
    return verdict;
}

int32_t
child_run(errand_job *job, const ChildSpec *spec)
{
    ChildEnd end;
    int32_t verdict = child_try(job, spec, &end);
    char text[SIGNAL_NAME];

    if (end.exit_code > 0) {
        snprintf(text, sizeof text, "%d", end.exit_code);
        errand_detail(job, "exitCode", text);
    }
    if (end.signal != 0) {
        child_name_signal(end.signal, text);
        errand_detail(job, "signal", text);
    }
    return end.word == NULL ? verdict : errand_fail(job, end.word, "%s", end.text);
}
