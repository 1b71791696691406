#include "sandbox.h"

#include "children.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kernel sends it when the daemon dies; no plugin uses the last real-time signal. */
#define PARENT_GONE SIGRTMAX

/* Longer than REAP_ROUNDS may take. */
#define PARENT_GONE_WAIT_MS 1500

#define REAP_ROUNDS       100
#define REAP_PAUSE_MS     10
#define REAP_MERCY_ROUNDS 5 /* for a service that has forked and not yet called setsid() */

static pthread_t plugin_thread;

G_DEFINE_QUARK(errand - sandbox - error, sandbox_error)

static gboolean
failed(GError **error, const char *what, const char *on)
{
    g_set_error(error, SANDBOX_ERROR, SANDBOX_ERROR_FAILED, "cannot %s%s: %s", what, on,
                g_strerror(errno));
    return FALSE;
}

void
sandbox_kill_group(void)
{
    /* Run by hand the group may be a shell's; the daemon makes us its leader. */
    if (getpgrp() == getpid())
        kill(0, SIGKILL);
    _exit(1);
}

/* The plugin goes no further, while the reader thread sees to what has left the group: that takes
 * more than a signal handler may do. Where no reader is left, the group alone goes. */
static void
on_parent_gone(int number)
{
    poll(NULL, 0, PARENT_GONE_WAIT_MS);
    sandbox_kill_group();
}

/* The socket's end may come before the signal; the plugin must not see its programs die and draw
 * conclusions. */
void
sandbox_end(void)
{
    if (getpgrp() == getpid()) {
        pthread_kill(plugin_thread, PARENT_GONE);
        sandbox_reap(TRUE);
    }
    sandbox_kill_group();
}

static gboolean
look_up(const char *account, struct passwd *entry, char **buffer, GError **error)
{
    gsize size = 1024;
    struct passwd *found = NULL;
    int fault;

    do {
        size *= 4;
        *buffer = g_realloc(*buffer, size);
        fault = getpwnam_r(account, entry, *buffer, size, &found);
    } while (fault == ERANGE && size < 1024 * 1024);
    if (found != NULL)
        return TRUE;
    g_set_error(error, SANDBOX_ERROR, SANDBOX_ERROR_NOT_ALLOWED,
                "the plugin is to run as account \"%s\" (user= in its manifest): %s", account,
                fault == 0 ? "there is no such account; create it or change the manifest"
                           : g_strerror(fault));
    return FALSE;
}

static gboolean
become(const char *account, GError **error)
{
    g_autofree char *buffer = NULL;
    struct passwd entry;
    uid_t real, effective, saved;

    if (!look_up(account, &entry, &buffer, error))
        return FALSE;
    if (initgroups(entry.pw_name, entry.pw_gid) < 0 ||
        setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid) < 0 ||
        setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid) < 0)
        return failed(error, "become account ", account);
    if (getresuid(&real, &effective, &saved) < 0 || real != entry.pw_uid ||
        effective != entry.pw_uid || saved != entry.pw_uid || getegid() != entry.pw_gid) {
        g_set_error(error, SANDBOX_ERROR, SANDBOX_ERROR_FAILED,
                    "cannot become account %s: the kernel kept another one", account);
        return FALSE;
    }
    return TRUE;
}

static gboolean
drop_capabilities(GError **error)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};

    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
        syscall(SYS_capset, &header, none) < 0)
        return failed(error, "drop all capabilities", "");
    return TRUE;
}

/* The credentials' change clears the death signal, hence after it; and a daemon that died before
 * this is noticed by the parent being another one. */
static gboolean
die_with_parent(pid_t parent, GError **error)
{
    struct sigaction action = {.sa_handler = on_parent_gone};
    sigset_t none;

    plugin_thread = pthread_self();
    sigemptyset(&none);
    sigfillset(&action.sa_mask);
    if (sigaction(PARENT_GONE, &action, NULL) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0 ||
        prctl(PR_SET_PDEATHSIG, PARENT_GONE) < 0)
        return failed(error, "ask for a signal when the daemon dies", "");
    if (getppid() != parent)
        sandbox_kill_group();
    return TRUE;
}

/* The daemon protects itself from the kernel's memory killer; a plugin must not inherit that. Not
 * worth failing for: it may have been 0 all along. */
static void
reset_oom_score(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (write(fd, "0", 1) < 0)
        fprintf(stderr, "errand-runner: cannot reset oom_score_adj: %s\n", g_strerror(errno));
    close(fd);
}

gboolean
sandbox_enter(const Packet *start, GError **error)
{
    const char *directory = start->private_directory != NULL ? start->private_directory : "/";
    gboolean named = start->account != NULL && *start->account != '\0';
    pid_t parent = getppid();

    reset_oom_score();
    if (named && geteuid() == 0 && strcmp(start->account, "root") != 0 &&
        !become(start->account, error))
        return FALSE;
    if (geteuid() != 0 && !drop_capabilities(error))
        return FALSE;
    if (!die_with_parent(parent, error))
        return FALSE;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return failed(error, "become the reaper of orphans", "");
    umask(077);
    if (chdir(directory) < 0)
        return failed(error, "change to directory ", directory);
    return TRUE;
}

/* Counts a child that has to go, and kills it when `kill_now` points to TRUE. */
static gboolean
visit_own_session(pid_t pid, gpointer kill_now)
{
    if (getsid(pid) != getsid(0))
        return FALSE;
    if (*(const gboolean *)kill_now)
        kill(pid, SIGKILL);
    return TRUE;
}

static gboolean
visit_all(pid_t pid, gpointer kill_now)
{
    kill(pid, SIGKILL);
    return TRUE;
}

void
sandbox_reap(gboolean everything)
{
    for (int round = 0; round < REAP_ROUNDS; round++) {
        gboolean kill_now = everything || round >= REAP_MERCY_ROUNDS;
        pid_t pid;

        do
            pid = waitpid(-1, NULL, WNOHANG);
        while (pid > 0 || (pid < 0 && errno == EINTR));
        if (pid < 0)
            return;
        if (children_visit(everything ? visit_all : visit_own_session, &kill_now) == 0)
            return;
        poll(NULL, 0, round == 0 ? 1 : REAP_PAUSE_MS);
    }
}
