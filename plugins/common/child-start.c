#include "child-start.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Most descriptors closed one by one where the kernel has no close_range(). */
#define CLOSE_MAX  65536
/* The child's stack, as large as posix_spawn() makes it. */
#define STACK_SIZE (64 * 1024)

/* C libraries change the account of all threads of a process, by what they know of them; the child
 * shares that knowledge with the runner and must use the kernel's calls. */
#ifdef SYS_setresuid32
#define CALL_SETGROUPS SYS_setgroups32
#define CALL_SETRESGID SYS_setresgid32
#define CALL_SETRESUID SYS_setresuid32
#else
#define CALL_SETGROUPS SYS_setgroups
#define CALL_SETRESGID SYS_setresgid
#define CALL_SETRESUID SYS_setresuid
#endif

/* Lent to the child, which is alone with it until exec. */
typedef struct {
    const ChildSpec *spec;
    int null;
    int output;
    ChildFault fault;
} Launch;

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
    if (account->groups != NULL &&
        syscall(CALL_SETGROUPS, (size_t)account->n_groups, account->groups) != 0)
        return -1;
    if (syscall(CALL_SETRESGID, account->gid, account->gid, account->gid) != 0 ||
        syscall(CALL_SETRESUID, account->uid, account->uid, account->uid) != 0)
        return -1;
    if (account->uid == 0)
        return 0;
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return (int)syscall(SYS_capset, &header, nothing);
}

/* AddressSanitizer tidies its view of the stack before a call that does not return; this stack is
 * none it knows, and what it would write about that the child may not be able to. */
#define ON_A_LENT_STACK __attribute__((no_sanitize_address))

__attribute__((noreturn)) ON_A_LENT_STACK static void
child_report(Launch *launch, int stage)
{
    launch->fault = (ChildFault){stage, errno};
    _exit(127);
}

ON_A_LENT_STACK static int
child_main(void *data)
{
    Launch *launch = data;
    const ChildSpec *spec = launch->spec;

    if (dup2(launch->null, 0) < 0 || (launch->output >= 0 && dup2(launch->output, 1) < 0))
        child_report(launch, CHILD_STAGE_FORK);
    close_from(3);
    umask(022);
    if (become(spec->account) != 0)
        child_report(launch, CHILD_STAGE_ACCOUNT);
    if (chdir(spec->directory) != 0)
        child_report(launch, CHILD_STAGE_DIRECTORY);
    reset_signals();
    execve(spec->program, spec->argv, spec->envp);
    child_report(launch, CHILD_STAGE_EXEC);
}

/* As posix_spawn() does it, which cannot change accounts: the child borrows the memory and holds
 * the caller up until exec; a copy of the memory would cost more than all else here. All signals
 * are held back, so that no handler of the runner runs in the child. */
static pid_t
child_clone(Launch *launch)
{
    char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    sigset_t all, before;
    pid_t pid;
    int error;

    if (stack == MAP_FAILED)
        return -1;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = clone(child_main, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, launch);
    error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    munmap(stack, STACK_SIZE);
    errno = error;
    return pid;
}

pid_t
child_start(const ChildSpec *spec, int output, ChildFault *fault)
{
    Launch launch = {spec, open("/dev/null", O_RDWR | O_CLOEXEC), output, {CHILD_STAGE_FORK, 0}};
    pid_t pid = launch.null < 0 ? -1 : child_clone(&launch);

    if (pid < 0)
        launch.fault.error = errno;
    if (launch.null >= 0)
        close(launch.null);
    *fault = launch.fault;
    if (pid < 0 || fault->error == 0)
        return pid;
    waitpid(pid, NULL, 0);
    return -1;
}
