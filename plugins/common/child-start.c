#include "child-start.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The one descriptor beyond 0, 1, 2 that lives until exec: reports a failed start. */
#define REPORT_FD 3
/* Most descriptors closed one by one where the kernel has no close_range(). */
#define CLOSE_MAX 65536

static void
close_from(unsigned first)
{
    struct rlimit limit;

    if (syscall(SYS_close_range, first, ~0u, 0) == 0)
        return;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > CLOSE_MAX)
        limit.rlim_cur = CLOSE_MAX;
    for (unsigned fd = first; fd < limit.rlim_cur; fd++)
        close((int)fd);
}

static void
reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        sigaction(number, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Root keeps what it has; everybody else is left with no capability whatever securebits say. */
static int
become(const Account *account)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct nothing[2] = {{0, 0, 0}, {0, 0, 0}};

    if (account == NULL)
        return 0;
    if (account->groups != NULL && setgroups((size_t)account->n_groups, account->groups) != 0)
        return -1;
    if (setresgid(account->gid, account->gid, account->gid) != 0 ||
        setresuid(account->uid, account->uid, account->uid) != 0)
        return -1;
    if (account->uid == 0)
        return 0;
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return (int)syscall(SYS_capset, &header, nothing);
}

__attribute__((noreturn)) static void
child_report(int stage)
{
    ChildFault fault = {stage, errno};
    ssize_t written = write(REPORT_FD, &fault, sizeof fault);

    _exit(written == (ssize_t)sizeof fault ? 127 : 126);
}

__attribute__((noreturn)) static void
child_main(const ChildSpec *spec, int null, int report)
{
    if (dup2(null, 0) < 0 || (report != REPORT_FD && dup3(report, REPORT_FD, O_CLOEXEC) < 0))
        _exit(126);
    close_from(REPORT_FD + 1);
    umask(022);
    if (become(spec->account) != 0)
        child_report(CHILD_STAGE_ACCOUNT);
    if (chdir(spec->directory) != 0)
        child_report(CHILD_STAGE_DIRECTORY);
    reset_signals();
    execve(spec->program, spec->argv, spec->envp);
    child_report(CHILD_STAGE_EXEC);
}

/* Blocks until the child has reported or become the program. */
static pid_t
child_confirm(pid_t pid, int report, ChildFault *fault)
{
    ssize_t length;

    do
        length = read(report, fault, sizeof *fault);
    while (length < 0 && errno == EINTR);
    if (length == 0)
        return pid;
    if (length != (ssize_t)sizeof *fault)
        *fault = (ChildFault){CHILD_STAGE_FORK, EIO};
    waitpid(pid, NULL, 0);
    return -1;
}

/* fork() with all signals held back, so that no handler of the runner runs in the child. */
static pid_t
child_fork(const ChildSpec *spec, int null, int report)
{
    sigset_t all, before;
    pid_t pid;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0)
        child_main(spec, null, report);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

pid_t
child_start(const ChildSpec *spec, ChildFault *fault)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), report[2] = {-1, -1};
    pid_t pid = -1;

    *fault = (ChildFault){CHILD_STAGE_FORK, 0};
    if (null >= 0 && pipe2(report, O_CLOEXEC) == 0)
        pid = child_fork(spec, null, report[1]);
    fault->error = errno;
    close(report[1]);
    if (pid > 0)
        pid = child_confirm(pid, report[0], fault);
    close(report[0]);
    close(null);
    return pid;
}
