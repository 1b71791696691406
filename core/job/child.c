#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 8
#define HIGH_FD         16  /* above every number a child uses, so that no dup2 hits a source */
#define REAP_WAIT_MS    500 /* a killed process is gone in well under a millisecond */

extern char **environ;

static GHashTable *spawned; /* pids not reaped yet */

struct _Child {
    pid_t pid;
    int pidfd;
    GSource *source;
    ChildFunc ended;
    gpointer user_data;
    int status;
    gboolean reaped;
};

static gboolean
on_ended(int fd, GIOCondition condition, gpointer user_data)
{
    Child *self = user_data;

    g_clear_pointer(&self->source, g_source_unref);
    self->ended(self, self->user_data);
    return G_SOURCE_REMOVE;
}

/* Copies of the descriptors at high numbers; FALSE when the table is full. */
static gboolean
lift(const ChildSpec *spec, int *lifted)
{
    for (guint i = 0; i < spec->n_descriptors; i++) {
        int source = spec->descriptors[i];

        lifted[i] = source >= 0 ? fcntl(source, F_DUPFD_CLOEXEC, HIGH_FD)
                                : open("/dev/null", O_RDWR | O_CLOEXEC);
        if (lifted[i] >= 0 && lifted[i] < HIGH_FD) {
            int low = lifted[i];

            lifted[i] = fcntl(low, F_DUPFD_CLOEXEC, HIGH_FD);
            close(low);
        }
        if (lifted[i] < 0) {
            return FALSE;
        }
    }
    return TRUE;
}

static int
prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, const int *lifted,
        guint n_descriptors)
{
    sigset_t all;
    sigset_t none;
    int code = 0;

    sigfillset(&all);
    sigemptyset(&none);
    for (guint i = 0; i < n_descriptors && code == 0; i++) {
        code = posix_spawn_file_actions_adddup2(actions, lifted[i], (int)i);
    }
    if (code == 0) {
        code = posix_spawn_file_actions_addclosefrom_np(actions, (int)n_descriptors);
    }
    if (code == 0) {
        code = posix_spawn_file_actions_addchdir_np(actions, "/");
    }
    if (code == 0) {
        code = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                                        POSIX_SPAWN_SETSIGMASK);
    }
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    return code;
}

static int
spawn(const ChildSpec *spec, const int *lifted, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char *const *environment = (char *const *)(gpointer)spec->environment;
    char *const *argv = (char *const *)(gpointer)spec->argv;
    int code = posix_spawn_file_actions_init(&actions);

    if (code != 0) {
        return code;
    }
    code = posix_spawnattr_init(&attributes);
    if (code != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return code;
    }
    code = prepare(&actions, &attributes, lifted, spec->n_descriptors);
    if (code == 0) {
        code = posix_spawnp(pid, argv[0], &actions, &attributes, argv,
                            environment ? environment : environ);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static void
watch(Child *self)
{
    self->pidfd = (int)syscall(SYS_pidfd_open, self->pid, 0);
    if (self->pidfd < 0) {
        return;
    }
    self->source = g_unix_fd_source_new(self->pidfd, G_IO_IN);
    g_source_set_callback(self->source, G_SOURCE_FUNC(on_ended), self, NULL);
    g_source_attach(self->source, NULL);
}

Child *
child_spawn(const ChildSpec *spec, ChildFunc ended, gpointer user_data, GError **error)
{
    g_autoptr(Child) self = g_new0(Child, 1);
    int lifted[DESCRIPTORS_MAX] = {-1, -1, -1, -1, -1, -1, -1, -1};
    int code = EMFILE;

    self->ended = ended;
    self->user_data = user_data;
    self->pidfd = -1;
    self->reaped = TRUE;
    if (spec->n_descriptors <= DESCRIPTORS_MAX && lift(spec, lifted)) {
        code = spawn(spec, lifted, &self->pid);
    }
    for (guint i = 0; i < DESCRIPTORS_MAX; i++) {
        if (lifted[i] >= 0) {
            close(lifted[i]);
        }
    }
    if (code == 0) {
        self->reaped = FALSE;
        if (!spawned) {
            spawned = g_hash_table_new(NULL, NULL);
        }
        g_hash_table_add(spawned, GINT_TO_POINTER(self->pid));
        watch(self);
        code = self->source ? 0 : errno;
    }
    if (code != 0) {
        g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED, "cannot start %s: %s",
                    spec->argv[0], g_strerror(code));
        return NULL;
    }
    return g_steal_pointer(&self);
}

pid_t
child_group(const Child *self)
{
    return self->pid;
}

void
child_kill_group(Child *self, int signal_number)
{
    if (!self->reaped) {
        kill(-self->pid, signal_number);
        /* A process can leave its group. One that did not gets the signal once: it is pending. */
        if (signal_number == SIGKILL) {
            kill(self->pid, signal_number);
        }
    }
}

int
child_reap(Child *self)
{
    if (!self->reaped) {
        self->status = -1;
        self->reaped = waitpid(self->pid, &self->status, WNOHANG) != 0;
        if (self->reaped) {
            g_hash_table_remove(spawned, GINT_TO_POINTER(self->pid));
        }
    }
    return self->reaped ? self->status : -1;
}

gboolean
child_is_spawned(pid_t pid)
{
    return spawned && g_hash_table_contains(spawned, GINT_TO_POINTER(pid));
}

static void
wait_shortly(Child *self)
{
    struct pollfd poll_fd = {.fd = self->pidfd, .events = POLLIN};

    if (self->pidfd >= 0) {
        (void)poll(&poll_fd, 1, REAP_WAIT_MS);
    }
    child_reap(self);
}

void
child_leave(Child *self)
{
    if (!self) {
        return;
    }
    if (self->source) {
        g_source_destroy(self->source);
        g_source_unref(self->source);
    }
    if (self->pidfd >= 0) {
        close(self->pidfd);
    }
    g_free(self);
}

void
child_free(Child *self)
{
    if (self && !self->reaped) {
        child_kill_group(self, SIGKILL);
        wait_shortly(self);
    }
    child_leave(self);
}
